//! Clauses and statements → layouts, and the order in which clauses stand.

use super::{
    expression::{brackets, call_brackets, expression},
    layout::{Layout, group, nest, row, text},
};
use crate::{
    source::{Sources, Span},
    syntax::ast::{
        BenchmarkName, BoundTarget, Budget, ClauseKind, Every, ExposureSide, Expression, HoldWhat,
        Let, On, Param, ParamRange, Pick, PickCount, Rebalance, Side, TradeWhen, Trigger,
        WeightMethod,
    },
};

/// Where a clause stands among its neighbours: the order of the language's table.
pub(super) fn order(kind: &ClauseKind) -> u8 {
    match kind {
        ClauseKind::From(_) => 0,
        ClauseKind::To(_) => 1,
        ClauseKind::Universe(_) | ClauseKind::UniverseTop { .. } => 2,
        ClauseKind::Where(_) => 3,
        ClauseKind::Pick(Pick { side: Side::Short, .. }) => 5,
        ClauseKind::Pick(_) => 4,
        ClauseKind::Hold(_) => 6,
        ClauseKind::Weight(_) => 7,
        ClauseKind::Cap { .. } => 8,
        ClauseKind::Floor { .. } => 9,
        ClauseKind::Names { .. } => 10,
        ClauseKind::CapTurnover(_) => 11,
        ClauseKind::CapVolume(_) => 12,
        ClauseKind::Limit { .. } => 14,
        ClauseKind::LimitBudget { budget: Budget::TradeVolume, .. } => 13,
        ClauseKind::LimitBudget { budget: Budget::TrackingError, .. } => 15,
        ClauseKind::LimitBudget { budget: Budget::Volatility, .. } => 16,
        ClauseKind::OnInfeasible { .. } => 17,
        ClauseKind::Neutralize(_) => 18,
        ClauseKind::Exposure(_) => 19,
        ClauseKind::TargetVolatility { .. } => 20,
        ClauseKind::Rebalance(_) => 21,
        ClauseKind::ExitWhen(_) => 22,
        ClauseKind::TradeAt { .. } => 23,
        ClauseKind::TradeIf(_) => 24,
        ClauseKind::Cost(_) => 25,
        ClauseKind::Commission { .. } => 26,
        ClauseKind::Slippage(_) => 27,
        ClauseKind::Impact(_) => 28,
        ClauseKind::Borrow(_) => 29,
        ClauseKind::Cash(_) => 30,
        ClauseKind::Capital(_) => 31,
        ClauseKind::Lot(_) => 32,
        ClauseKind::Delisting(_) => 33,
        ClauseKind::Benchmark(_) => 34,
        ClauseKind::Expect(_) => 35,
    }
}

/// Whether a clause says who may be held and when, so that it stands before the definitions.
pub(super) fn opens(kind: &ClauseKind) -> bool {
    order(kind) <= 3
}

/// What layouts of clauses need: the words as they were written.
pub(super) struct Printer<'s> {
    pub(super) sources: &'s Sources,
}

impl Printer<'_> {
    fn slice(&self, span: Span) -> Layout {
        text(self.sources.slice(span))
    }

    fn value(&self, value: &Expression) -> Layout {
        expression(self.sources, value)
    }

    /// `word value`
    fn with(&self, word: &str, value: &Expression) -> Layout {
        row([text(format!("{word} ")), self.value(value)])
    }

    /// `word low and high`
    fn bounds(&self, word: &str, low: &Expression, high: &Expression) -> Layout {
        row([self.with(word, low), text(" and "), self.value(high)])
    }

    pub(super) fn param(&self, param: &Param) -> Layout {
        let name = self.slice(param.name.span);
        let mut parts = vec![text("param "), name, text(" = "), self.value(&param.default)];
        match &param.range {
            None => {}
            Some(ParamRange::OneOf(list)) => {
                let list = list.iter().map(|value| self.value(value)).collect();
                parts.extend([text(" in "), brackets("[", list, "]")]);
            }
            Some(ParamRange::Between { low, high, step }) => {
                parts.extend([text(" "), self.with("in", low), text(".."), self.value(high)]);
                let step = step.as_ref();
                parts.extend(step.map(|step| row([text(" "), self.with("step", step)])));
            }
        }
        row(parts)
    }

    pub(super) fn definition(&self, definition: &Let) -> Layout {
        let mut parts = vec![text("let "), self.slice(definition.name.span)];
        if let Some(parameters) = &definition.parameters {
            let list = parameters.iter().map(|parameter| {
                let default = parameter.default.as_ref();
                let default = default.map(|value| row([text(" = "), self.value(value)]));
                row([self.slice(parameter.name.span)].into_iter().chain(default))
            });
            parts.push(brackets("(", list.collect(), ")"));
        }
        parts.extend([text(" = "), self.value(&definition.value)]);
        row(parts)
    }

    pub(super) fn clause(&self, kind: &ClauseKind) -> Layout {
        match kind {
            ClauseKind::From(date) => self.with("from", date),
            ClauseKind::To(date) => self.with("to", date),
            ClauseKind::Universe(value) => self.with("universe", value),
            ClauseKind::UniverseTop { count, by } => {
                words([self.with("universe top", count), self.with("by", by)])
            }
            ClauseKind::Where(value) => self.with("where", value),
            ClauseKind::Pick(pick) => self.pick(pick),
            ClauseKind::Hold(items) => {
                let items = items.iter().map(|item| {
                    let what = match &item.what {
                        HoldWhat::Symbol(symbol) => symbol.span,
                        HoldWhat::Strategy(name) => name.span,
                    };
                    row([self.slice(what), text(" "), self.value(&item.weight)])
                });
                listed("hold", items.collect())
            }
            ClauseKind::Weight(WeightMethod::By(value)) => self.with("weight by", value),
            ClauseKind::Weight(WeightMethod::Named { name, arguments }) => {
                // A method's name keeps its backticks; `inverse volatility` is two words with any space between.
                let name = match name.text.as_str() {
                    inverse @ "inverse volatility" => text(inverse),
                    _ => self.slice(name.span),
                };
                let brackets =
                    (!arguments.is_empty()).then(|| call_brackets(self.sources, arguments));
                row([text("weight "), name].into_iter().chain(brackets))
            }
            ClauseKind::Cap { target, amount, active, else_cash } => {
                let active = active.then(|| text("active"));
                let else_cash = else_cash.then(|| text("else cash"));
                words(
                    [self.bound("cap", target, amount)].into_iter().chain(active).chain(else_cash),
                )
            }
            ClauseKind::Floor { target, amount, active } => {
                let active = active.then(|| text("active"));
                words([self.bound("floor", target, amount)].into_iter().chain(active))
            }
            ClauseKind::Names { low, high } => self.bounds("names between", low, high),
            ClauseKind::CapTurnover(amount) => self.with("cap turnover", amount),
            ClauseKind::CapVolume(amount) => self.with("cap volume", amount),
            ClauseKind::LimitBudget { budget, amount } => match budget {
                Budget::TradeVolume => self.with("limit trade_volume", amount),
                Budget::TrackingError => self.with("limit tracking_error", amount),
                Budget::Volatility => self.with("limit volatility", amount),
            },
            ClauseKind::Limit { value, low, high } => {
                words([self.with("limit", value), self.bounds("between", low, high)])
            }
            ClauseKind::OnInfeasible { relax, keep_holdings } => {
                let names = relax.iter().map(|name| self.slice(name.span)).collect();
                let keep = keep_holdings.then(|| text("else keep holdings"));
                words([listed("on infeasible relax", names)].into_iter().chain(keep))
            }
            ClauseKind::Neutralize(values) => {
                listed("neutralize", values.iter().map(|value| self.value(value)).collect())
            }
            ClauseKind::Exposure(parts) => {
                let parts =
                    parts.iter().map(|(side, value)| self.with(exposure_side(*side), value));
                words([text("exposure")].into_iter().chain(parts))
            }
            ClauseKind::TargetVolatility { amount, window, max } => {
                let window = window.as_ref().map(|value| self.with("window", value));
                let max = max.as_ref().map(|value| self.with("max", value));
                words([self.with("target volatility", amount)].into_iter().chain(window).chain(max))
            }
            ClauseKind::Rebalance(rebalance) => self.rebalance(rebalance),
            ClauseKind::ExitWhen(value) => self.with("exit when", value),
            ClauseKind::TradeAt { when, sized_at_fill, if_change } => {
                let when = match when {
                    TradeWhen::NextOpen => text("trade at next open"),
                    TradeWhen::NextClose => text("trade at next close"),
                    TradeWhen::ThisClose => text("trade at this close"),
                    TradeWhen::Over(duration) => self.with("trade over", duration),
                };
                let sized = sized_at_fill.then(|| text("sized at fill"));
                let gate = if_change.as_ref().map(|value| self.with("if", value));
                words([when].into_iter().chain(sized).chain(gate))
            }
            ClauseKind::TradeIf(value) => self.with("trade if", value),
            ClauseKind::Cost(amount) => self.with("cost", amount),
            ClauseKind::Commission { per_share, min } => {
                let min = min.as_ref().map(|value| self.with("min", value));
                let share = [self.with("commission", per_share), text("per share")];
                words(share.into_iter().chain(min))
            }
            ClauseKind::Slippage(amount) => self.with("slippage", amount),
            ClauseKind::Impact(amount) => self.with("impact", amount),
            ClauseKind::Borrow(amount) => self.with("borrow", amount),
            ClauseKind::Cash(value) => self.with("cash", value),
            ClauseKind::Capital(amount) => self.with("capital", amount),
            ClauseKind::Lot(amount) => self.with("lot", amount),
            ClauseKind::Delisting(amount) => self.with("delisting", amount),
            ClauseKind::Benchmark(BenchmarkName::Symbol(symbol)) => {
                row([text("benchmark "), self.slice(symbol.span)])
            }
            ClauseKind::Benchmark(BenchmarkName::Name(name)) => {
                row([text("benchmark "), self.slice(name.span)])
            }
            ClauseKind::Expect(value) => self.with("expect", value),
        }
    }

    fn bound(&self, word: &str, target: &BoundTarget, amount: &Expression) -> Layout {
        let target = match target {
            BoundTarget::Position => text("position"),
            BoundTarget::Group(label) => self.value(label),
        };
        row([text(format!("{word} ")), target, text(" "), self.value(amount)])
    }

    fn pick(&self, pick: &Pick) -> Layout {
        let side = match pick.side {
            Side::Select => "select",
            Side::Long => "long",
            Side::Short => "short",
        };
        let count = match &pick.count {
            PickCount::Top(count) => self.with("top", count),
            PickCount::Bottom(count) => self.with("bottom", count),
            PickCount::All => text("all"),
            PickCount::Quantile { number, of } => {
                row([self.with("quantile", number), text(" "), self.with("of", of)])
            }
        };
        let per = pick.per.as_ref().map(|label| row([text(" "), self.with("per", label)]));
        let start = row([text(format!("{side} ")), count].into_iter().chain(per));
        let at_most = pick.at_most.as_ref().map(|(count, label)| {
            row([self.with("at most", count), text(" "), self.with("per", label)])
        });
        let parts = [
            pick.by.as_ref().map(|value| self.with("by", value)),
            at_most,
            pick.keep_until.as_ref().map(|value| self.with("keep until", value)),
            pick.replace_at_most.as_ref().map(|value| self.with("replace at most", value)),
            pick.hold_at_least.as_ref().map(|value| self.with("hold at least", value)),
        ];
        words([start].into_iter().chain(parts.into_iter().flatten()))
    }

    fn rebalance(&self, rebalance: &Rebalance) -> Layout {
        let mut parts = vec![];
        for (i, trigger) in rebalance.triggers.iter().enumerate() {
            let word = if i == 0 { "rebalance " } else { "or " };
            parts.push(row([text(word), self.trigger(trigger)]));
        }
        let tranches = rebalance.tranches.as_ref();
        parts.extend(tranches.map(|n| row([self.with("in", n), text(" tranches")])));
        parts.extend(rebalance.to_target.then(|| text("to target")));
        words(parts)
    }

    fn trigger(&self, trigger: &Trigger) -> Layout {
        let (every, on, months, gate) = match trigger {
            Trigger::When(value) => return self.with("when", value),
            Trigger::Calendar { every, on, months, gate, .. } => (every, on, months, gate),
        };
        let mut parts = vec![match every {
            Every::Day => text("daily"),
            Every::Week => text("weekly"),
            Every::Month => text("monthly"),
            Every::Quarter => text("quarterly"),
            Every::HalfYear => text("semiannually"),
            Every::Year => text("annually"),
            Every::Duration(duration) => self.with("every", duration),
        }];
        parts.extend(on.as_ref().map(|on| text(format!(" on {}", day(on)))));
        if !months.is_empty() {
            let names: Vec<&str> = months.iter().map(|month| month.text.as_str()).collect();
            parts.push(text(format!(" in {}", names.join(", "))));
        }
        parts.extend(gate.as_ref().map(|gate| row([text(" "), self.with("if", gate)])));
        row(parts)
    }
}

fn day(on: &On) -> String {
    match on {
        On::FirstDay => "first day".to_owned(),
        On::LastDay => "last day".to_owned(),
        On::Weekday { ordinal, weekday } => {
            let word = match ordinal {
                None => "",
                Some(1) => "first ",
                Some(2) => "second ",
                Some(3) => "third ",
                Some(4) => "fourth ",
                Some(5) => "fifth ",
                Some(_) => "last ",
            };
            format!("{word}{}", weekday.text)
        }
    }
}

fn exposure_side(side: ExposureSide) -> &'static str {
    match side {
        ExposureSide::Gross => "gross",
        ExposureSide::Net => "net",
        ExposureSide::Long => "long",
        ExposureSide::Short => "short",
    }
}

/// Parts of a clause: on one line, or each after the first on a line of its own.
fn words(parts: impl IntoIterator<Item = Layout>) -> Layout {
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_else(|| text(""));
    group([first, nest(parts.map(|part| row([Layout::Line, part])))])
}

/// `word a, b`
fn listed(word: &str, items: Vec<Layout>) -> Layout {
    let mut parts = vec![];
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            parts.push(text(","));
        }
        parts.extend([Layout::Line, item]);
    }
    group([text(word), nest(parts)])
}
