//! Questions to a run: why an asset was held, and how the universe shrank.

use super::{Compiled, Prepared, Query, Results};
use crate::{
    backtest::Rebalance,
    check::SignalId,
    diagnostic::{Code, Diagnostic, Result, nearest},
    panel::{AssetId, Date, FieldId, MarketData, Row, Rows, from_days},
    plan::{NodeId, Op},
    report::{
        self, Cell, Coverage, FunnelTable, Given, Station, Why, WhyField, WhyTrade, WhyValue,
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
        let named = self.named(asset)?;
        let mut list = vec![];
        for (i, run) in runs.iter().enumerate() {
            let last = run.track.last();
            let asked = match date {
                None => last,
                Some(date) => self.calendar().last_at_or_before(date).unwrap_or(0).min(last),
            };
            let decisions = &run.track.rebalances;
            let Some(at) = decisions.partition_point(|r| r.target.row <= asked).checked_sub(1)
            else {
                let first = self.calendar().date(run.track.first);
                let message = format!(
                    "`{}` decides nothing until {}; its first decision is on {first}",
                    run.name,
                    date.unwrap_or(first)
                );
                return Err(Diagnostic::error(Code::OutOfRange, message).into());
            };
            let rebalance = &decisions[at];
            let before = at.checked_sub(1).map(|b| &decisions[b]);
            let question = Question { compiled: self, prepared: &prepared, strategy: i, asset };
            let mut why = question.answer(rebalance, before, named(rebalance.target.row));
            let date = |row: Row| self.calendar().date(row);
            (why.asked, why.decided) = (date(asked), date(rebalance.target.row));
            let trade = run.track.trades.iter().find(|t| {
                t.asset == asset && t.decided == rebalance.target.row && t.traded <= last
            });
            why.trade = trade.map(|t| WhyTrade {
                date: date(t.traded),
                price: t.price,
                value: t.value,
                reason: t.reason.name(),
            });
            list.push(why);
        }
        Ok(list)
    }

    /// The values of the file's named expressions for an asset, by row.
    fn named(&self, asset: AssetId) -> Result<impl Fn(Row) -> Vec<WhyValue> + '_> {
        let names = self.names();
        let compiled = match names.is_empty() {
            true => None,
            false => {
                let none = Query::of(self.loaded.clone());
                let query = names.iter().try_fold(none, |query, name| query.and(name))?;
                Some(query.compile(self.market)?)
            }
        };
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

    /// The definitions of the file that can be evaluated, then those of the library that its text names.
    fn names(&self) -> Vec<String> {
        let file = &self.loaded.files[0];
        let plain = |item: &ast::Item| match &item.kind {
            ast::ItemKind::Let(definition) if definition.parameters.is_none() => {
                Some(definition.name.text.clone())
            }
            _ => None,
        };
        let known: BTreeSet<&str> =
            self.checked.named.iter().map(|(name, _)| name.as_str()).collect();
        let mut names: Vec<String> = file.tree.items.iter().filter_map(plain).collect();
        names.retain(|name| known.contains(name.as_str()));
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
            let is_field = !self.market.schema().find(None, word).is_empty();
            if of_library.contains(word) && !is_field && !names.iter().any(|n| n == word) {
                names.push(word.to_owned());
            }
        }
        names
    }

    /// The fields that a strategy reads, in the order of the market.
    fn fields(&self, strategy: usize) -> Vec<FieldId> {
        let mut waiting: Vec<NodeId> = self.signals[strategy].clone();
        let (mut seen, mut fields) = (BTreeSet::new(), BTreeSet::new());
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let node = self.logical.node(id);
            if let Op::Field(field) = node.op {
                fields.insert(field);
            }
            waiting.extend(node.inputs.iter().copied());
        }
        fields.into_iter().collect()
    }

    /// How the universe of each strategy shrank at each decision, with what is missing of the fields that it reads.
    pub fn funnels(&self, results: &Results<'_>) -> Vec<FunnelTable> {
        let schema = self.market.schema();
        results.report(|report| {
            let runs = report.runs.iter().enumerate();
            let of_run = |(i, run): (usize, &report::StrategyRun<'_>)| {
                let rows: Vec<Row> = run.track.rebalances.iter().map(|r| r.target.row).collect();
                let universe = |row: Row| {
                    let close = self.market.prices().close;
                    let references = self.market.is_reference();
                    (0..references.len())
                        .filter(move |a| !references[*a] && !close[[row as usize, *a]].is_nan())
                };
                let coverage = |id: FieldId| {
                    let field = schema.field(id);
                    let data = self.market.field(id);
                    let present = |row: &Row| {
                        universe(*row).filter(|a| !data.value(*a, *row).is_nan()).count()
                    };
                    Coverage {
                        name: format!("{}.{}", field.table, field.name),
                        present: rows.iter().map(present).collect(),
                    }
                };
                let has_assets = |id: &FieldId| schema.field(*id).ty.shape_has_assets();
                let fields = self.fields(i).into_iter().filter(has_assets);
                let coverage: Vec<Coverage> = fields.map(coverage).collect();
                report::funnel_table(report, run, &coverage)
            };
            runs.map(of_run).collect()
        })
    }
}

/// One asset at one decision of one strategy.
struct Question<'a, 'm> {
    compiled: &'a Compiled<'m>,
    prepared: &'a Prepared,
    strategy: usize,
    asset: AssetId,
}

impl Question<'_, '_> {
    fn answer(
        &self,
        rebalance: &Rebalance,
        before: Option<&Rebalance>,
        named: Vec<WhyValue>,
    ) -> Why {
        let strategy = &self.compiled.checked.strategies[self.strategy];
        let (policy, row) = (&strategy.policy, rebalance.target.row);
        let asset = self.asset.0 as usize;
        let signals = &self.prepared.signals[self.strategy];
        let value = |id: SignalId| signals.get(id).value(row, asset);
        let scores: Vec<f64> = match policy.pick.by {
            None => vec![],
            Some(id) => {
                let of = |a: usize| match signals.get(policy.eligible).value(row, a) == 1.0 {
                    true => signals.get(id).value(row, a),
                    false => f64::NAN,
                };
                (0..self.compiled.market.schema().symbols.len()).map(of).collect()
            }
        };
        let score = scores.get(asset).copied().filter(|s| s.is_finite());
        let lowest_first = matches!(
            policy.pick.count,
            crate::check::PickCount::Bottom(_) | crate::check::PickCount::BottomShare(_)
        );
        let better = |a: f64, b: f64| if lowest_first { a < b } else { a > b };
        let scored = scores.iter().filter(|s| s.is_finite()).count();
        let place = score
            .map(|own| scores.iter().filter(|s| s.is_finite() && better(**s, own)).count() + 1);
        let weight = |r: &Rebalance| {
            let weights = &r.target.weights;
            weights.iter().find(|(a, _)| *a == self.asset).map_or(0.0, |(_, w)| *w)
        };
        let target = weight(rebalance);
        let mut stations = vec![];
        let mut pass = |name: String, passed: bool| stations.push(Station { name, passed });
        pass("universe".to_owned(), value(policy.universe) == 1.0);
        for (id, text) in &policy.filters {
            pass(format!("where {text}"), value(*id) == 1.0);
        }
        let eligible = value(policy.eligible) == 1.0;
        if policy.pick.by.is_some() {
            pass("score".to_owned(), eligible && score.is_some());
        }
        pass("in the target".to_owned(), target != 0.0);
        let failed = stations.iter().find(|s| !s.passed).map(|s| s.name.clone());
        let missing: Vec<&str> =
            named.iter().filter(|v| v.value == Cell::Missing).map(|v| v.name.as_str()).collect();
        let fields = self.fields(row);
        let empty: Vec<&str> =
            fields.iter().filter(|f| f.value == Cell::Missing).map(|f| f.name.as_str()).collect();
        let symbols = &self.compiled.market.schema().symbols;
        let last = rebalance
            .target
            .weights
            .iter()
            .filter_map(|(a, _)| Some((a.0 as usize, *scores.get(a.0 as usize)?)))
            .filter(|(_, s)| s.is_finite())
            .reduce(|a, b| if better(a.1, b.1) { b } else { a })
            .map(|(a, s)| (symbols[a].as_str(), s));
        let was = before.map_or(0.0, weight);
        let because = match (failed.as_deref(), place) {
            (None, Some(place)) => format!(
                "It was held: place {place} of {scored}, of which {} were picked.",
                rebalance.target.funnel.picked
            ),
            (None, None) => "It was held.".to_owned(),
            (Some("universe"), _) => {
                let priced = self.compiled.market.prices().close[[row as usize, asset]];
                match (priced.is_nan(), self.compiled.market.is_reference()[asset]) {
                    (true, _) => "It had no price on that day.".to_owned(),
                    (_, true) => "It is a reference of the market, held only if named.".to_owned(),
                    _ => "It was not in the universe.".to_owned(),
                }
            }
            (Some("score"), _) => {
                report::without_score(if missing.is_empty() { &empty } else { &missing })
            }
            (Some("in the target"), Some(place)) => {
                report::missed(place, scored, rebalance.target.funnel.picked, last)
            }
            (Some(station), _) => format!("It failed `{station}`."),
        };
        let because = match (was > 0.0, target > 0.0) {
            (true, false) => format!("{because} It was held before."),
            _ => because,
        };
        let binding = &rebalance.target.binding;
        let date = Date::default();
        Why {
            strategy: strategy.name.clone(),
            symbol: symbols[asset].clone(),
            asked: date,
            decided: date,
            fields,
            named,
            stations,
            score,
            place,
            scored,
            target,
            binding: binding.iter().map(|b| policy.constraint(b.bound).0.to_owned()).collect(),
            trade: None,
            because,
        }
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
                known_from: record.map(|(known, _)| market.calendar().date(known)),
                period_end: record.and_then(|(_, end)| from_days(end)),
            }
        };
        self.compiled.fields(self.strategy).into_iter().map(field).collect()
    }
}
