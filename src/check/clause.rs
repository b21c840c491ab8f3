//! The clauses of a strategy to its policy. A clause that this version does not carry out is refused by name.

use super::{
    amount::Measure,
    error,
    expression::{Expression, ExpressionId},
    infer::{Checker, Place, builtin},
    program::{Scope, SignalSource, Strategy},
    schedule,
    scope::{FileId, Found},
    strategy::{
        Benchmark, Bound, BoundKind, BoundTarget, CalendarRule, CashRate, Every, On, Pick,
        PickCount, Policy, SignalId, TradeAt, Weight,
    },
};
use crate::{
    diagnostic::{Code, Diagnostic},
    panel::{Date, from_days},
    source::Span,
    syntax::ast::{self, ClauseKind},
    types::{Kind, Shape},
};

/// A clause of one strategy with its place.
pub(super) type Placed<'a> = (&'a ClauseKind, Span);

/// The expressions of a file's clauses see the file's names.
pub(super) const FILE: Place<'static> = Place { file: FileId::File(0), locals: &[] };

/// The name of a clause, and whether it may stand several times.
pub(super) fn clause_name(kind: &ClauseKind) -> (&'static str, bool) {
    match kind {
        ClauseKind::From(_) => ("from", false),
        ClauseKind::To(_) => ("to", false),
        ClauseKind::Universe(_) | ClauseKind::UniverseTop { .. } => ("universe", false),
        ClauseKind::Where(_) => ("where", true),
        ClauseKind::Pick(p) if p.side == ast::Side::Short => ("short", false),
        ClauseKind::Pick(_) => ("select", false),
        ClauseKind::Hold(_) => ("hold", false),
        ClauseKind::Weight(_) => ("weight", false),
        ClauseKind::Cap { .. } => ("cap", true),
        ClauseKind::Floor { .. } => ("floor", true),
        ClauseKind::Names { .. } => ("names", false),
        ClauseKind::CapTurnover(_) => ("cap turnover", false),
        ClauseKind::CapVolume(_) => ("cap volume", false),
        ClauseKind::LimitBudget { .. } | ClauseKind::Limit { .. } => ("limit", true),
        ClauseKind::OnInfeasible { .. } => ("on infeasible", false),
        ClauseKind::Neutralize(_) => ("neutralize", false),
        ClauseKind::Exposure(_) => ("exposure", false),
        ClauseKind::TargetVolatility { .. } => ("target volatility", false),
        ClauseKind::Rebalance(_) => ("rebalance", false),
        ClauseKind::ExitWhen(_) => ("exit when", true),
        ClauseKind::TradeAt { .. } => ("trade at", false),
        ClauseKind::TradeIf(_) => ("trade if", false),
        ClauseKind::Cost(_) => ("cost", true),
        ClauseKind::Commission { .. } => ("commission", true),
        ClauseKind::Slippage(_) => ("slippage", true),
        ClauseKind::Impact(_) => ("impact", true),
        ClauseKind::Borrow(_) => ("borrow", true),
        ClauseKind::Cash(_) => ("cash", false),
        ClauseKind::Capital(_) => ("capital", false),
        ClauseKind::Lot(_) => ("lot", false),
        ClauseKind::Delisting(_) => ("delisting", false),
        ClauseKind::Benchmark(_) => ("benchmark", false),
        ClauseKind::Expect(_) => ("expect", true),
    }
}

/// Gathers the signals of one strategy while its clauses are checked.
#[derive(Default)]
struct SignalTable(Vec<SignalSource>);

impl SignalTable {
    fn add(&mut self, source: SignalSource) -> SignalId {
        let place = self.0.iter().position(|s| *s == source).unwrap_or_else(|| {
            self.0.push(source);
            self.0.len() - 1
        });
        SignalId(place as u16)
    }

    fn eligible(&mut self, id: ExpressionId) -> SignalId {
        self.add(SignalSource::Expression(id, Scope::Eligible))
    }
}

impl<'a> Checker<'a> {
    /// One strategy from its clauses, or `None` when something was wrong and has been said.
    pub(super) fn strategy(
        &mut self,
        name: &str,
        documentation: Option<&String>,
        place: Span,
        clauses: &[Placed<'a>],
        strategies: &[&str],
    ) -> Option<Strategy> {
        let said = self.diagnostics.len();
        for (kind, span) in clauses {
            self.refuse_later(kind, *span);
        }
        let mut signals = SignalTable::default();
        let universe = self.universe(clauses);
        let filters: Vec<(ExpressionId, Span)> = clauses
            .iter()
            .filter_map(|(kind, _)| if let ClauseKind::Where(e) = kind { Some(e) } else { None })
            .filter_map(|e| Some((self.boolean(e)?, e.span)))
            .collect();
        let universe_signal = signals.add(SignalSource::Universe);
        let eligible = signals.add(SignalSource::Eligible);
        let filter_signals = filters.iter().map(|(id, span)| {
            let text = self.loaded.sources.slice(*span).to_owned();
            (signals.add(SignalSource::Expression(*id, Scope::Universe)), text)
        });
        let filter_signals = filter_signals.collect();
        let pick = self.pick(name, place, clauses, &mut signals);
        let weight = self.weight(clauses, &mut signals);
        let bounds = self.bounds(clauses, &mut signals);
        let rules = schedule::rules(self, clauses);
        let (trade, sized_at_fill) = self.trade(clauses);
        let cost = self.cost(clauses);
        let cash = self.cash(clauses, &mut signals);
        let capital =
            self.single(clauses, |k| if let ClauseKind::Capital(e) = k { Some(e) } else { None });
        let capital = capital.map(|(e, _)| {
            let expected = "an amount of money above 0";
            self.amount(e, "`capital`", Measure::Money, 1e-6..=1e15, expected)
        });
        let (from, to) = self.period(clauses);
        let benchmark = self.benchmark(name, clauses, strategies, &mut signals);
        if self.diagnostics[said..].iter().any(|d| d.severity == crate::diagnostic::Severity::Error)
        {
            return None;
        }
        let daily = match cash? {
            CashRate::Series(id) => vec![id],
            CashRate::Constant(_) => vec![],
        };
        Some(Strategy {
            name: name.to_owned(),
            documentation: documentation.cloned(),
            policy: Policy {
                from,
                to,
                universe: universe_signal,
                filters: filter_signals,
                eligible,
                pick: pick?,
                weight: weight?,
                bounds,
                schedule: rules,
                trade,
                sized_at_fill,
                cost: cost?,
                cash: cash?,
                capital: capital.unwrap_or(Some(1e6))?,
                benchmark: benchmark?,
            },
            universe: universe?,
            filters: filters.into_iter().map(|f| f.0).collect(),
            signals: signals.0,
            daily,
        })
    }

    /// The last clause of a kind that stands once.
    fn single<T>(
        &self,
        clauses: &[Placed<'a>],
        take: impl Fn(&'a ClauseKind) -> Option<T>,
    ) -> Option<(T, Span)> {
        clauses.iter().rev().find_map(|(kind, span)| take(kind).map(|t| (t, *span)))
    }

    fn later(&mut self, span: Span, what: &str) {
        self.report(error::not_available(span, what));
    }

    /// Refuses what the grammar knows and this version does not carry out.
    fn refuse_later(&mut self, kind: &'a ClauseKind, span: Span) {
        match kind {
            ClauseKind::Pick(pick) => {
                if pick.side == ast::Side::Short {
                    self.later(span, "`short`");
                }
                if let Some(e) = &pick.replace_at_most {
                    self.later(e.span, "`replace at most`");
                }
                if let Some(e) = &pick.hold_at_least {
                    self.later(e.span, "`hold at least`");
                }
            }
            ClauseKind::Cap { active: true, .. } => self.later(span, "`cap … active`"),
            ClauseKind::LimitBudget { budget, .. } => {
                let name = match budget {
                    ast::Budget::TradeVolume => "`limit trade_volume`",
                    ast::Budget::TrackingError => "`limit tracking_error`",
                    ast::Budget::Volatility => "`limit volatility`",
                };
                self.later(span, name);
            }
            ClauseKind::TradeAt { when, if_change, .. } => {
                if let ast::TradeWhen::Over(_) = when {
                    self.later(span, "`trade over`");
                }
                if let Some(e) = if_change {
                    self.later(e.span, "`trade … if change`");
                }
            }
            ClauseKind::Rebalance(_)
            | ClauseKind::From(_)
            | ClauseKind::To(_)
            | ClauseKind::Universe(_)
            | ClauseKind::UniverseTop { .. }
            | ClauseKind::Where(_)
            | ClauseKind::Weight(_)
            | ClauseKind::Cap { .. }
            | ClauseKind::Floor { .. }
            | ClauseKind::Cost(_)
            | ClauseKind::Cash(_)
            | ClauseKind::Capital(_)
            | ClauseKind::Benchmark(_) => {}
            other => self.later(span, &format!("`{}`", clause_name(other).0)),
        }
    }

    fn boolean(&mut self, e: &'a ast::Expression) -> Option<ExpressionId> {
        let id = self.infer(e, FILE)?;
        self.want_kind(id, Kind::Boolean, e.span)?;
        Some(id)
    }

    /// A number that differs between assets.
    fn number_of_assets(&mut self, e: &'a ast::Expression) -> Option<ExpressionId> {
        let id = self.infer(e, FILE)?;
        self.want_number_of_assets(id, e.span)
    }

    fn want_number_of_assets(&mut self, id: ExpressionId, span: Span) -> Option<ExpressionId> {
        self.want_kind(id, Kind::Number, span)?;
        let ty = self.ty(id);
        if !ty.shape_has_assets() {
            self.report(error::wrong_type(span, "a number of each asset", ty));
            return None;
        }
        Some(id)
    }

    /// The market's, or the text's, `market_cap`.
    fn market_cap(&mut self, span: Span) -> Option<ExpressionId> {
        let id = self.resolve("market_cap", span, FILE)?;
        self.want_number_of_assets(id, span)
    }

    /// A label of assets, for `cap`, `floor`, `per`.
    fn label(&mut self, e: &'a ast::Expression) -> Option<ExpressionId> {
        let id = self.infer(e, FILE)?;
        self.want_groups(id, e.span)?;
        Some(id)
    }

    /// The universe: `Some(None)` is every priced asset.
    fn universe(&mut self, clauses: &[Placed<'a>]) -> Option<Option<ExpressionId>> {
        let clause = clauses.iter().rev().find_map(|(kind, span)| match kind {
            ClauseKind::Universe(e) => Some((None, e, *span)),
            ClauseKind::UniverseTop { count, by } => Some((Some(count), by, *span)),
            _ => None,
        });
        let Some((count, e, span)) = clause else { return Some(None) };
        match count {
            None => self.boolean(e).map(Some),
            Some(count) => {
                let id = self.number_of_assets(e)?;
                let (n, is_share) = self.count_or_share(count, "the size of the universe")?;
                // The operator tells a share by its being under one.
                let n = if is_share && n == 1.0 { f64::from(u32::MAX) } else { n };
                Some(Some(self.apply(builtin("top"), vec![id], vec![n], None, span)))
            }
        }
    }

    fn pick(
        &mut self,
        strategy: &str,
        place: Span,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Pick> {
        let found = self.single(clauses, |k| match k {
            ClauseKind::Pick(p) if p.side != ast::Side::Short => Some(p),
            _ => None,
        });
        let Some((pick, span)) = found else {
            let other =
                clauses.iter().any(|(k, _)| matches!(k, ClauseKind::Hold(_) | ClauseKind::Pick(_)));
            if !other {
                self.report(error::missing_clause(
                    place,
                    strategy,
                    "select",
                    "select top 50 by rank(value)",
                ));
            }
            return None;
        };
        // Every part is looked at before any of them ends it.
        let by = pick.by.as_ref().map(|e| self.number_of_assets(e));
        if by.is_none() && !matches!(pick.count, ast::PickCount::All) {
            self.report(
                Diagnostic::error(Code::MissingClause, "a pick needs a score")
                    .at(span, "by what?")
                    .help("write for example `select top 50 by rank(value)`; only `select all` needs none"),
            );
            return None;
        }
        let per = pick.per.as_ref().map(|e| self.label(e));
        let at_most = pick.at_most.as_ref().map(|(count, label)| {
            (self.whole(count, "`at most`", Measure::Count), self.label(label))
        });
        let count = self.pick_count(&pick.count);
        let keep = pick.keep_until.as_ref().map(|e| self.keep_until_place(e, count));
        let count = count?;
        let by = by.map_or(Some(None), |id| id.map(Some))?;
        let per = per.map_or(Some(None), |id| id.map(Some))?;
        let keep = keep.map_or(Some(None), |place| place.map(Some))?;
        let at_most = match at_most {
            Some((n, label)) => Some((n?, label?)),
            None => None,
        };
        Some(Pick {
            count,
            by: by.map(|id| signals.eligible(id)),
            per: per.map(|id| signals.eligible(id)),
            at_most: at_most.map(|(n, id)| (n, signals.eligible(id))),
            keep_until_place: keep,
            span,
        })
    }

    fn pick_count(&mut self, count: &'a ast::PickCount) -> Option<PickCount> {
        Some(match count {
            ast::PickCount::All => PickCount::All,
            ast::PickCount::Top(e) => match self.count_or_share(e, "`top`")? {
                (share, true) => PickCount::TopShare(share),
                (n, false) => PickCount::Top(n as usize),
            },
            ast::PickCount::Bottom(e) => match self.count_or_share(e, "`bottom`")? {
                (share, true) => PickCount::BottomShare(share),
                (n, false) => PickCount::Bottom(n as usize),
            },
            ast::PickCount::Quantile { number, of } => {
                let (n, k) = (
                    self.whole(number, "the quantile", Measure::Count),
                    self.whole(of, "the number of quantiles", Measure::Count),
                );
                let (n, k) = (n?, k?);
                if k < 2 {
                    self.report(error::out_of_range(
                        of.span,
                        "the number of quantiles",
                        "at least 2",
                        &k.to_string(),
                    ));
                    return None;
                }
                if n > k {
                    let expected = format!("between 1 and {k}");
                    self.report(error::out_of_range(
                        number.span,
                        "the quantile",
                        &expected,
                        &n.to_string(),
                    ));
                    return None;
                }
                PickCount::Quantile { number: n, of: k }
            }
        })
    }

    /// `keep until place > 80` keeps the best 80.
    fn keep_until_place(
        &mut self,
        e: &'a ast::Expression,
        count: Option<PickCount>,
    ) -> Option<usize> {
        use ast::{BinaryOperator as B, ExpressionKind as K};
        if let K::Binary { left, operator, right } = &e.kind
            && let K::Name(path) = &left.kind
            && path.table.is_none()
            && path.name.text == "place"
            && matches!(operator, B::Greater | B::GreaterOrEqual)
        {
            let n = self.whole(right, "the place", Measure::Count)?;
            let kept = if *operator == B::Greater { n } else { n - 1 };
            let picked = match count {
                Some(PickCount::All) => None,
                Some(PickCount::Top(n) | PickCount::Bottom(n)) => Some(n),
                _ => Some(0),
            };
            // A buffer inside the pick, or around everybody, would be accepted and do nothing.
            if picked.is_none_or(|picked| kept < picked) {
                self.report(error::idle_buffer(e.span, kept, picked));
                return None;
            }
            return Some(kept);
        }
        self.report(
            error::not_available(e.span, "this condition of `keep until`")
                .help("`keep until place > 80` keeps a holding while it is among the best 80"),
        );
        None
    }

    fn weight(&mut self, clauses: &[Placed<'a>], signals: &mut SignalTable) -> Option<Weight> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Weight(m) = k { Some(m) } else { None });
        let Some((method, span)) = found else { return Some(Weight::Equal) };
        let (name, arguments) = match method {
            ast::WeightMethod::By(e) => {
                return Some(Weight::By(signals.eligible(self.number_of_assets(e)?), e.span));
            }
            ast::WeightMethod::Named { name, arguments } => (name, arguments),
        };
        let weight = match name.text.as_str() {
            "equal" => Weight::Equal,
            "market_cap" => Weight::By(signals.eligible(self.market_cap(name.span)?), name.span),
            "score" => Weight::Score(span),
            "rank" => Weight::Rank,
            "inverse volatility" => {
                let id = self.volatility(name.span, arguments)?;
                return Some(Weight::InverseVolatility(signals.eligible(id), span));
            }
            "risk_parity"
            | "min_variance"
            | "max_sharpe"
            | "max_diversification"
            | "mean_variance"
            | "hierarchical_risk_parity"
            | "min_cvar"
            | "track" => {
                self.later(name.span, &format!("`weight {}`", name.text));
                return None;
            }
            other => {
                let known = ["equal", "market_cap", "score", "rank", "inverse volatility"];
                let complaint = Diagnostic::error(Code::UnknownName, format!("unknown weight method `{other}`")).at(
                    name.span,
                    "expected `equal`, `market_cap`, `by EXPR`, `score`, `rank` or `inverse volatility`",
                );
                let mut complaint = error::did_you_mean(complaint, name.span, other, known);
                if !matches!(self.names.find(FileId::File(0), other, self.schema), Found::Nothing) {
                    let by = format!("by {other}");
                    complaint = complaint.change("to weigh by a number of yours", name.span, by);
                }
                self.report(complaint);
                return None;
            }
        };
        if let Some(argument) = arguments.first() {
            let what = "takes no arguments";
            self.report(error::arguments(
                argument.value.span,
                &name.text,
                &format!("weight {}", name.text),
                what,
            ));
            return None;
        }
        if matches!(weight, Weight::Score(_) | Weight::Rank) && !self.has_score(clauses) {
            self.report(
                Diagnostic::error(
                    Code::MissingClause,
                    format!("`weight {}` needs a score", name.text),
                )
                .at(name.span, "the pick has no `by`"),
            );
            return None;
        }
        Some(weight)
    }

    fn has_score(&self, clauses: &[Placed<'a>]) -> bool {
        clauses.iter().any(|(k, _)| matches!(k, ClauseKind::Pick(p) if p.by.is_some()))
    }

    /// The library's `volatility` over the `window:` of `inverse volatility`, six months by default.
    fn volatility(&mut self, span: Span, arguments: &'a [ast::Argument]) -> Option<ExpressionId> {
        let (called, signature) = ("inverse volatility", "inverse volatility(window: 6m)");
        let mut window = None;
        for argument in arguments {
            if let Some(name) = argument.name.as_ref().filter(|n| n.text != "window") {
                let known = ["window"];
                let complaint =
                    error::unknown_argument(name.span, called, signature, &name.text, known);
                self.report(complaint);
                return None;
            }
            if window.is_some() {
                let at = argument.value.span;
                self.report(error::arguments(at, called, signature, "takes one window"));
                return None;
            }
            let id = self.infer(&argument.value, FILE)?;
            let rows = self.constant(id).filter(|_| self.ty(id).kind == Kind::Number);
            if rows.is_none_or(|d| !(2.0..=1e5).contains(&d) || d.fract() != 0.0) {
                let found = self.loaded.sources.slice(argument.value.span);
                let what = "`window` of `inverse volatility`";
                let expected = "2 to 100,000 rows";
                self.report(error::out_of_range(argument.value.span, what, expected, found));
                return None;
            }
            window = Some(id);
        }
        let half_year = f64::from(self.schema.rows_per_year) / 2.0;
        let window = match window {
            Some(id) => id,
            None => self.rows_constant(half_year.round().max(2.0), span),
        };
        let definition =
            self.names.in_library("volatility").expect("the library defines `volatility`");
        self.expand(definition, vec![window], span)
    }

    fn bounds(&mut self, clauses: &[Placed<'a>], signals: &mut SignalTable) -> Vec<Bound> {
        let mut bounds = vec![];
        for (clause, span) in clauses {
            let (kind, target, amount, else_cash) = match clause {
                ClauseKind::Cap { target, amount, else_cash, .. } => {
                    (BoundKind::Cap, target, amount, *else_cash)
                }
                ClauseKind::Floor { target, amount } => (BoundKind::Floor, target, amount, false),
                _ => continue,
            };
            let what = if kind == BoundKind::Cap { "`cap`" } else { "`floor`" };
            let expected = "above 0% and at most 100%";
            let amount =
                self.amount(amount, what, Measure::Share, f64::MIN_POSITIVE..=1.0, expected);
            let target = match target {
                ast::BoundTarget::Position => Some(BoundTarget::Position),
                ast::BoundTarget::Group(label) => {
                    self.label(label).map(|id| BoundTarget::Group(signals.eligible(id)))
                }
            };
            if let (Some(amount), Some(target)) = (amount, target) {
                let text = self
                    .loaded
                    .sources
                    .slice(*span)
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ");
                bounds.push(Bound { kind, target, amount, else_cash, text, span: *span });
            }
        }
        bounds
    }

    fn trade(&mut self, clauses: &[Placed<'a>]) -> (TradeAt, bool) {
        let found = self.single(clauses, |k| match k {
            ClauseKind::TradeAt { when, sized_at_fill, .. } => Some((when, *sized_at_fill)),
            _ => None,
        });
        let Some(((when, sized), span)) = found else { return (TradeAt::NextClose, false) };
        let at = match when {
            ast::TradeWhen::NextOpen => {
                if self.schema.find(Some("prices"), "open").is_empty() {
                    self.report(error::no_opening_prices(span));
                }
                TradeAt::NextOpen
            }
            ast::TradeWhen::NextClose | ast::TradeWhen::Over(_) => TradeAt::NextClose,
            ast::TradeWhen::ThisClose => {
                self.report(
                    Diagnostic::warning(
                        Code::ThisClose,
                        "trades are made at the close they were decided from",
                    )
                    .at(span, "nobody knows this close before it is over")
                    .help("`trade at next close` is what can be done"),
                );
                TradeAt::ThisClose
            }
        };
        (at, sized)
    }

    fn cost(&mut self, clauses: &[Placed<'a>]) -> Option<Option<f64>> {
        let mut total = None;
        for (kind, _) in clauses {
            if let ClauseKind::Cost(e) = kind {
                let expected = "from 0% up to 100%";
                let cost = self.amount(e, "`cost`", Measure::Share, 0.0..=1.0, expected)?;
                total = Some(total.unwrap_or(0.0) + cost);
            }
        }
        Some(total)
    }

    fn cash(&mut self, clauses: &[Placed<'a>], signals: &mut SignalTable) -> Option<CashRate> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Cash(e) = k { Some(e) } else { None });
        let Some((e, _)) = found else {
            let field = self.schema.find(None, "risk_free").into_iter().find(|f| {
                let ty = self.schema.field(*f).ty;
                ty.kind == Kind::Number && ty.shape == Shape::Series
            });
            return Some(match field {
                Some(field) => {
                    let id = self.field(field, self.loaded.files[0].tree.span);
                    CashRate::Series(signals.eligible(id))
                }
                None => CashRate::Constant(0.0),
            });
        };
        let id = self.infer(e, FILE)?;
        self.want_kind(id, Kind::Number, e.span)?;
        if self.constant(id).is_some() {
            let expected = "a yearly rate between -100% and 100%";
            return self
                .amount(e, "`cash`", Measure::Share, -1.0..=1.0, expected)
                .map(CashRate::Constant);
        }
        if self.ty(id).shape != Shape::Series {
            let ty = self.ty(id);
            self.report(error::wrong_type(e.span, "one rate a date", ty));
            return None;
        }
        Some(CashRate::Series(signals.eligible(id)))
    }

    fn period(&mut self, clauses: &[Placed<'a>]) -> (Option<Date>, Option<Date>) {
        let from =
            self.single(clauses, |k| if let ClauseKind::From(e) = k { Some(e) } else { None });
        let to = self.single(clauses, |k| if let ClauseKind::To(e) = k { Some(e) } else { None });
        let first = from.and_then(|(e, _)| self.date(e));
        let last = to.and_then(|(e, _)| self.date(e));
        if let (Some(a), Some(b), Some((e, _))) = (first, last, to)
            && b < a
        {
            self.report(error::out_of_range(
                e.span,
                "`to`",
                &format!("on or after {a}"),
                &b.to_string(),
            ));
        }
        (first, last)
    }

    fn date(&mut self, e: &'a ast::Expression) -> Option<Date> {
        let id = self.infer(e, FILE)?;
        self.want_kind(id, Kind::Date, e.span)?;
        let Some(days) = self.constant(id) else {
            self.report(error::not_constant(e.span, "a date of the period"));
            return None;
        };
        let date = from_days(days as i32).filter(|_| days.is_finite());
        if date.is_none() {
            let found = self.loaded.sources.slice(e.span);
            let complaint = error::out_of_range(
                e.span,
                "a date of the period",
                "a date such as 2015-01-31",
                found,
            );
            self.report(complaint);
        }
        date
    }

    fn benchmark(
        &mut self,
        own: &str,
        clauses: &[Placed<'a>],
        strategies: &[&str],
        signals: &mut SignalTable,
    ) -> Option<Option<Benchmark>> {
        let found =
            self.single(clauses, |k| if let ClauseKind::Benchmark(b) = k { Some(b) } else { None });
        let Some((benchmark, _)) = found else { return Some(None) };
        match benchmark {
            ast::BenchmarkName::Symbol(symbol) => self.benchmark_asset(&symbol.text, symbol.span),
            ast::BenchmarkName::Name(name) if name.text == "market_cap" => {
                let id = self.market_cap(name.span)?;
                Some(Some(Benchmark::MarketCap(
                    signals.add(SignalSource::Expression(id, Scope::Universe)),
                )))
            }
            ast::BenchmarkName::Name(name) => {
                // A strategy that is compared with itself in a shared clause simply has no benchmark.
                if name.text == own {
                    return Some(None);
                }
                if let Some(symbol) = self.text_param(name) {
                    return self.benchmark_asset(&symbol, name.span);
                }
                match strategies.iter().position(|s| *s == name.text) {
                    Some(index) => Some(Some(Benchmark::Strategy(index))),
                    None => {
                        let complaint = Diagnostic::error(
                            Code::UnknownName,
                            format!("unknown strategy `{}`", name.text),
                        )
                        .at(
                            name.span,
                            "expected a symbol in quotes, `market_cap`, or a strategy of this file",
                        );
                        let complaint = match self.schema.asset(&name.text) {
                            Some(_) => complaint.change(
                                "a symbol stands in quotes",
                                name.span,
                                format!("{:?}", name.text),
                            ),
                            None => {
                                let known = strategies.iter().copied();
                                error::did_you_mean(complaint, name.span, &name.text, known)
                            }
                        };
                        self.report(complaint);
                        None
                    }
                }
            }
        }
    }

    fn benchmark_asset(&mut self, symbol: &str, span: Span) -> Option<Option<Benchmark>> {
        let asset = self.schema.asset(symbol);
        if asset.is_none() {
            let known = self.schema.symbols.iter().map(String::as_str);
            self.report(error::unknown_symbol(span, symbol, known));
        }
        asset.map(|asset| Some(Benchmark::Asset(asset)))
    }

    /// The text of a `param` that holds one.
    fn text_param(&mut self, name: &'a ast::Name) -> Option<String> {
        let Found::Definition(definition) =
            self.names.find(FileId::File(0), &name.text, self.schema)
        else {
            return None;
        };
        let id = self.expand_bare(definition, name.span)?;
        match self.expressions.get(id) {
            Expression::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The calendar rule of one trigger.
    pub(super) fn calendar_rule(
        &mut self,
        every: &'a ast::Every,
        on: Option<&'a ast::On>,
        months: &'a [ast::Name],
        span: Span,
    ) -> Option<CalendarRule> {
        let every = match every {
            ast::Every::Day => Every::Day,
            ast::Every::Week => Every::Week,
            ast::Every::Month => Every::Month,
            ast::Every::Quarter => Every::Quarter,
            ast::Every::HalfYear => Every::HalfYear,
            ast::Every::Year => Every::Year,
            ast::Every::Duration(e) => Every::Rows(self.whole(e, "`every`", Measure::Rows)? as u32),
        };
        let on = match on {
            None | Some(ast::On::LastDay) => On::LastDay,
            Some(ast::On::FirstDay) => On::FirstDay,
            Some(ast::On::Weekday { ordinal, weekday }) => {
                let ordinal_fits = ordinal.is_none_or(|n| n == -1 || (1..=5).contains(&n));
                if !ordinal_fits {
                    self.report(error::out_of_range(
                        weekday.span,
                        "the week",
                        "first to fifth, or last",
                        "another",
                    ));
                    return None;
                }
                if ordinal.is_some() && every == Every::Week {
                    self.report(error::weekday_of_a_week(weekday.span, &weekday.text));
                    return None;
                }
                On::Weekday { weekday: schedule::weekday(self, weekday)?, ordinal: *ordinal }
            }
        };
        if on != On::LastDay && matches!(every, Every::Day | Every::Rows(_)) {
            self.report(
                Diagnostic::error(Code::OutOfRange, "`on` needs a period of several days")
                    .at(span, "there is no choice of a day here"),
            );
            return None;
        }
        let months =
            months.iter().map(|m| schedule::month(self, m)).collect::<Option<Vec<i8>>>()?;
        Some(CalendarRule { every, on, months })
    }
}
