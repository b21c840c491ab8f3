//! A question to a run: why an asset was held.

use super::{Compiled, Prepared, Query, Run};
use crate::{
    backtest::{Rebalance, Trade, Trigger},
    check::{Held, Pick, PickCount, SignalId},
    diagnostic::{Code, Diagnostic, Result, nearest},
    execute::Signals,
    panel::{AssetId, Date, FieldId, MarketData, Row, Rows, from_days},
    report::{
        self, Cell, Given, Side, Station, Why, WhyField, WhyLast, WhyPick, WhyTrade, WhyValue,
        given_cell,
    },
    syntax::ast,
};
use std::collections::BTreeSet;

/// The asset of a symbol.
///
/// # Errors
/// A symbol that the market does not have; the nearest ones are named.
pub fn asset(market: &dyn MarketData, symbol: &str) -> Result<AssetId> {
    let schema = market.schema();
    schema.asset(symbol).ok_or_else(|| {
        let message = format!("the market has no asset `{symbol}`");
        let error = Diagnostic::error(Code::UnknownName, message);
        let near = nearest(symbol, schema.symbols.iter().map(String::as_str));
        match near.first() {
            Some(near) => error.help(format!("did you mean `{near}`?")).into(),
            None => error.into(),
        }
    })
}

impl Compiled<'_> {
    /// Why an asset was held on a date, or was not, by each strategy: at the last decision until then.
    ///
    /// # Errors
    /// As [`Compiled::run`]; a symbol that the market does not have; a date before the first decision.
    pub fn why(&self, symbol: &str, date: Option<Date>) -> Result<Vec<Why>> {
        let asset = asset(self.market, symbol)?;
        let prepared = self.prepare()?;
        let first = self.start(&prepared)?;
        let runs = self.run_from(&prepared, first)?;
        let named = self.named_values(asset)?;
        let runs = runs.iter().enumerate();
        runs.map(|(strategy, run)| {
            let question = Question { compiled: self, prepared: &prepared, strategy, run, asset };
            question.answer(date, &named)
        })
        .collect()
    }

    /// The values of the file's named expressions for an asset, by row.
    fn named_values(&self, asset: AssetId) -> Result<impl Fn(Row) -> Vec<WhyValue> + '_> {
        let compiled = self.named()?;
        Ok(move |row: Row| {
            let Some(compiled) = &compiled else { return vec![] };
            let rows = Rows::new(vec![row], self.calendar().len());
            let eligible = compiled.eligible(row);
            let value = |e: &super::Evaluated| {
                let column = &e.column;
                let given = Given {
                    name: &column.name,
                    ty: column.ty,
                    labels: &column.labels,
                    values: &e.values.values,
                };
                let value = e.values.value(row, asset.0 as usize);
                let all = e.values.row(row).unwrap_or_default();
                let ranked = all.len() == eligible.len() && !value.is_nan();
                let seen = || {
                    all.iter().zip(&eligible).filter(|(v, e)| **e && !v.is_nan()).map(|(v, _)| *v)
                };
                let is_number = column.ty.kind == crate::types::Kind::Number;
                WhyValue {
                    name: column.name.clone(),
                    value: given_cell(given, value),
                    place: (ranked && is_number).then(|| seen().filter(|v| *v > value).count() + 1),
                    of: if all.len() == eligible.len() { seen().count() } else { 0 },
                }
            };
            compiled.evaluate(&rows).iter().map(value).collect()
        })
    }

    /// The definitions of the file as they are written, then those of the library that its text names; only what can be
    /// evaluated by itself.
    pub(super) fn names(&self) -> Vec<String> {
        let file = &self.loaded.files[0];
        let defined = file.tree.items.iter().filter_map(|item| match &item.kind {
            ast::ItemKind::Let(definition) => Some(definition),
            _ => None,
        });
        let own: BTreeSet<&str> = defined.clone().map(|d| d.name.text.as_str()).collect();
        let mut names: Vec<String> = defined
            .filter(|definition| definition.parameters.is_none())
            .map(|definition| self.loaded.sources.slice(definition.name.span).to_owned())
            .collect();
        let bare = |item: &ast::Item| match &item.kind {
            ast::ItemKind::Let(definition) => {
                let mut parameters = definition.parameters.iter().flatten();
                parameters.all(|p| p.default.is_some()).then(|| definition.name.text.clone())
            }
            _ => None,
        };
        let of_library: BTreeSet<String> =
            self.loaded.library.tree.items.iter().filter_map(bare).collect();
        let text = &self.loaded.sources.get(file.source).text;
        for word in text.lines().flat_map(|line| {
            let code = line.split('#').next().unwrap_or_default();
            code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        }) {
            let is_other = own.contains(word) || !self.market.schema().find(None, word).is_empty();
            if of_library.contains(word) && !is_other && !names.iter().any(|n| n == word) {
                names.push(word.to_owned());
            }
        }
        // What is a text, sees the future, or needs what the market has not.
        let query = |name: &String| Query::of(self.loaded.clone()).and(name);
        names.retain(|name| query(name).is_ok_and(|query| query.fits(self.market)));
        names
    }
}

/// One asset in the run of one strategy.
struct Question<'a, 'm> {
    compiled: &'a Compiled<'m>,
    prepared: &'a Prepared,
    strategy: usize,
    run: &'a Run,
    asset: AssetId,
}

impl Question<'_, '_> {
    fn answer(&self, date: Option<Date>, named: impl Fn(Row) -> Vec<WhyValue>) -> Result<Why> {
        let Run { name, policy, track, .. } = self.run;
        let last = track.last();
        let at_or_before = |date| self.compiled.calendar().last_at_or_before(date);
        let asked = date.map_or(last, |date| at_or_before(date).unwrap_or(0).min(last));
        let until = track.rebalances.partition_point(|r| r.target.row <= asked);
        let decisions = &track.rebalances[..until];
        let Some(latest) = decisions.last() else {
            let first = self.date(track.first);
            let message = format!(
                "`{name}` decides nothing until {}; its first decision is on {first}",
                date.unwrap_or(first)
            );
            return Err(Diagnostic::error(Code::OutOfRange, message).into());
        };
        // A decision that restores a target looks at nothing; the one that made it did.
        let restores =
            |r: &Rebalance| policy.triggers.to_target && matches!(r.trigger, Trigger::When(_));
        let known = decisions.iter().rposition(|r| !restores(r));
        let at = known.unwrap_or(decisions.len() - 1);
        let (decision, before) = (&decisions[at], at.checked_sub(1).map(|b| &decisions[b]));
        let row = decision.target.row;
        let target = self.weight(latest);
        let picks = if policy.hold.is_empty() { self.picks(decision) } else { vec![] };
        let binding = decision.target.binding.iter();
        let is_of_it = |t: &&Trade| t.asset == self.asset && (row..=asked).contains(&t.decided);
        let mut why = Why {
            strategy: name.clone(),
            symbol: self.symbol(self.asset).to_owned(),
            asked: self.date(asked),
            decided: self.date(row),
            fields: self.fields(row),
            named: named(row),
            stations: self.stations(row, &picks, target),
            picks,
            target,
            binding: binding.map(|b| policy.constraint(b.bound).0.to_owned()).collect(),
            trades: track.trades.iter().filter(is_of_it).map(|t| self.trade(t)).collect(),
            because: String::new(),
        };
        why.because = match policy.hold.is_empty() {
            true => self.because(decision, &why),
            false => self.because_of_hold(target),
        };
        if target == 0.0 && before.is_some_and(|b| self.weight(b) != 0.0) {
            why.because += " It was held before.";
        }
        if latest.target.row != row {
            let date = self.date(latest.target.row);
            why.because += &format!(" The target was restored on {date}.");
        }
        why.because += &self.left(latest.target.row, asked);
        Ok(why)
    }

    /// What passed and what did not.
    fn stations(&self, row: Row, picks: &[WhyPick], target: f64) -> Vec<Station> {
        let policy = &self.run.policy;
        let passes = |id: SignalId| self.signals().get(id).value(row, self.asset.0 as usize) == 1.0;
        let mut stations = vec![];
        let mut pass = |name: String, passed: bool| stations.push(Station { name, passed });
        if policy.hold.is_empty() {
            pass("universe".to_owned(), passes(policy.universe));
            for (id, text) in &policy.filters {
                pass(format!("where {text}"), passes(*id));
            }
            if policy.pick.by.is_some() {
                pass("score".to_owned(), picks.iter().any(|p| p.score.is_some()));
            }
        }
        pass("in the target".to_owned(), target != 0.0);
        stations
    }

    /// Its place among those to be held long, and among those to be sold short.
    fn picks(&self, decision: &Rebalance) -> Vec<WhyPick> {
        let (policy, funnel) = (&self.run.policy, &decision.target.funnel);
        let long = self.pick(decision, &policy.pick, Side::Long, funnel.picked - funnel.short);
        let short = policy.short.as_ref();
        let short = short.map(|pick| self.pick(decision, pick, Side::Short, funnel.short));
        std::iter::once(long).chain(short).collect()
    }

    fn pick(&self, decision: &Rebalance, pick: &Pick, side: Side, picked: usize) -> WhyPick {
        let row = decision.target.row;
        let value = |id: SignalId, asset: usize| self.signals().get(id).value(row, asset);
        let is_eligible = |asset: usize| value(self.run.policy.eligible, asset) == 1.0;
        let score = |asset: usize| {
            let score = pick.by.filter(|_| is_eligible(asset)).map(|by| value(by, asset));
            score.filter(|score| score.is_finite())
        };
        let assets = self.compiled.market.schema().symbols.len();
        let scores: Vec<f64> = (0..assets).filter_map(score).collect();
        let is_lowest_first =
            matches!(pick.count, PickCount::Bottom(_) | PickCount::BottomShare(_));
        let is_better = |a: f64, b: f64| if is_lowest_first { a < b } else { a > b };
        let own = score(self.asset.0 as usize);
        let of_side = decision.target.weights.iter().filter(|(_, w)| side.is_of(*w));
        let last = of_side.filter_map(|(asset, _)| Some((*asset, score(asset.0 as usize)?)));
        let last = last.reduce(|a, b| if is_better(a.1, b.1) { b } else { a });
        WhyPick {
            side,
            score: own,
            place: own.map(|own| scores.iter().filter(|s| is_better(**s, own)).count() + 1),
            scored: scores.len(),
            picked,
            last: last.map(|(a, score)| WhyLast { symbol: self.symbol(a).to_owned(), score }),
        }
    }

    /// What a decision that picks made of it.
    fn because(&self, decision: &Rebalance, why: &Why) -> String {
        let row = decision.target.row as usize;
        match why.stations.iter().find(|s| !s.passed).map(|s| s.name.as_str()) {
            None => report::held(why.picks.iter().find(|p| p.side.is_of(why.target))),
            Some("universe") => {
                let (market, asset) = (self.compiled.market, self.asset.0 as usize);
                match (market.prices().close[[row, asset]].is_nan(), market.is_reference()[asset]) {
                    (true, _) => "It had no price on that day.".to_owned(),
                    (_, true) => "It is a reference of the market, held only if named.".to_owned(),
                    _ => "It was not in the universe.".to_owned(),
                }
            }
            Some("score") => {
                let named = why.named.iter().map(|v| (v.name.as_str(), &v.value));
                let fields = why.fields.iter().map(|f| (f.name.as_str(), &f.value));
                let is_missing = |of: &(&str, &Cell)| *of.1 == Cell::Missing;
                let named: Vec<&str> = named.filter(is_missing).map(|n| n.0).collect();
                let fields: Vec<&str> = fields.filter(is_missing).map(|f| f.0).collect();
                report::without_score(if named.is_empty() { &fields } else { &named })
            }
            Some("in the target") => {
                let passed_over = self.passed_over(decision);
                let missed = why.picks.iter().map(|pick| report::missed(pick, &passed_over));
                missed.collect::<Vec<_>>().join(" ")
            }
            Some(station) => format!("It failed `{station}`."),
        }
    }

    /// What may leave out an asset whose place is good enough.
    fn passed_over(&self, decision: &Rebalance) -> Vec<&'static str> {
        let (policy, funnel) = (&self.run.policy, &decision.target.funnel);
        let picks = || std::iter::once(&policy.pick).chain(&policy.short);
        let stays = |p: &Pick| {
            let keeps = p.keep_until_place.is_some() || !p.keep_until.is_empty();
            keeps || p.replace_at_most.is_some() || p.hold_at_least > 0
        };
        let causes = [
            (picks().any(|p| p.per.is_some() || p.at_most.is_some()), "the number of a group"),
            (picks().any(stays), "a holding that stays"),
            (!policy.exits.is_empty(), "`exit when`"),
            (funnel.without_weight > 0, "a missing number for its weight"),
            (funnel.without_history > 0, "too short a history"),
            (funnel.below_floor > 0, "a floor or the number of names"),
            (decision.target.kept_holdings, "that the holdings were kept"),
            (true, "a weight of zero"),
        ];
        causes.into_iter().filter(|c| c.0).map(|c| c.1).collect()
    }

    /// What `hold` makes of it.
    fn because_of_hold(&self, target: f64) -> String {
        let items = &self.run.policy.hold;
        let is_named = items.iter().any(|i| i.what == Held::Asset(self.asset));
        let because = match (target != 0.0, is_named) {
            (true, true) => "It was held: `hold` names it.",
            (true, false) => "It was held through a strategy that `hold` names.",
            (false, true) => "`hold` names it, with nothing of it to be held then.",
            (false, false) => "`hold` does not name it, and no strategy that it names held it.",
        };
        because.to_owned()
    }

    /// What had it leave between two rows.
    fn left(&self, after: Row, until: Row) -> String {
        let Run { policy, track, .. } = self.run;
        let is_between = |row: Row| row > after && row <= until;
        let exits = track.exits.iter().filter(|e| e.asset == self.asset && is_between(e.row));
        let exits = exits.map(|exit| {
            let text = &policy.exits[exit.condition].text;
            format!(" It left after the close of {}: `exit when {text}`.", self.date(exit.row))
        });
        let gone = track.delistings.iter();
        let gone = gone
            .filter(|d| d.asset == self.asset && is_between(d.settled))
            .map(|d| format!(" It stopped trading after {}.", self.date(d.last_priced)));
        exits.chain(gone).collect()
    }

    fn fields(&self, row: Row) -> Vec<WhyField> {
        let (market, asset) = (self.compiled.market, self.asset.0 as usize);
        let field = |id: FieldId| {
            let (field, data) = (market.schema().field(id), market.field(id));
            let value = data.value(asset, row);
            let given =
                Given { name: &field.name, ty: field.ty, labels: &field.labels, values: &[] };
            let record = data.record(asset, row);
            WhyField {
                name: format!("{}.{}", field.table, field.name),
                value: given_cell(given, value),
                known_from: record.map(|(known, _)| self.date(known)),
                period_end: record.and_then(|(_, end)| from_days(end)),
            }
        };
        self.compiled.fields(self.strategy).into_iter().map(field).collect()
    }

    fn trade(&self, trade: &Trade) -> WhyTrade {
        WhyTrade {
            date: self.date(trade.traded),
            price: trade.price,
            value: trade.value,
            reason: trade.reason.name(),
        }
    }

    /// Its weight in the target of a decision.
    fn weight(&self, decision: &Rebalance) -> f64 {
        let weights = &decision.target.weights;
        weights.iter().find(|(a, _)| *a == self.asset).map_or(0.0, |(_, w)| *w)
    }

    fn signals(&self) -> &Signals {
        &self.prepared.signals[self.strategy]
    }

    fn symbol(&self, asset: AssetId) -> &str {
        &self.compiled.market.schema().symbols[asset.0 as usize]
    }

    fn date(&self, row: Row) -> Date {
        self.compiled.calendar().date(row)
    }
}
