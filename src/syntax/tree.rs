//! The syntax tree as short text in brackets, for tests and for people who want to see how a text was read.

use super::ast::{
    Argument, BenchmarkName, BoundTarget, Budget, ClauseKind, DurationUnit, Every, ExposureSide,
    Expression, ExpressionKind, File, HoldWhat, ItemKind, Let, Name, On, Param, ParamRange, Path,
    Pick, PickCount, Rebalance, Side, TradeWhen, Trigger, UnaryOperator, WeightMethod,
};

/// A file, a line a statement; the clauses of a strategy are indented. Places are left out.
pub fn tree_text(file: &File) -> String {
    let mut lines = vec![];
    for item in &file.items {
        documentation(item.documentation.as_deref(), "", &mut lines);
        match &item.kind {
            ItemKind::Use(path) => lines.push(format!("(use {:?})", path.text)),
            ItemKind::Param(param) => lines.push(param_text(param)),
            ItemKind::Let(definition) => lines.push(let_text(definition)),
            ItemKind::Clause(kind) => lines.push(clause_text(kind)),
            ItemKind::Strategy(block) => {
                lines.push(format!("(strategy {}", block.name.text));
                for clause in &block.clauses {
                    documentation(clause.documentation.as_deref(), "    ", &mut lines);
                    lines.push(format!("    {}", clause_text(&clause.kind)));
                }
                let last = lines.last_mut().expect("the strategy's own line is there");
                last.push(')');
            }
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn documentation(text: Option<&str>, indent: &str, lines: &mut Vec<String>) {
    lines.extend(text.into_iter().flat_map(str::lines).map(|line| format!("{indent}## {line}")));
}

/// `(head part part)`
fn node<S: AsRef<str>>(head: &str, parts: impl IntoIterator<Item = S>) -> String {
    let mut text = format!("({head}");
    for part in parts {
        text.push(' ');
        text.push_str(part.as_ref());
    }
    text.push(')');
    text
}

fn one(head: &str, value: &Expression) -> String {
    node(head, [expression_text(value)])
}

fn maybe(head: &str, value: Option<&Expression>) -> Option<String> {
    value.map(|v| one(head, v))
}

fn each(values: &[Expression]) -> impl Iterator<Item = String> {
    values.iter().map(expression_text)
}

fn param_text(param: &Param) -> String {
    let range = param.range.as_ref().map(|range| match range {
        ParamRange::OneOf(list) => node("in", each(list)),
        ParamRange::Between { low, high, step } => {
            let mut parts = vec![expression_text(low), expression_text(high)];
            parts.extend(maybe("step", step.as_ref()));
            node("in", parts)
        }
    });
    let head = format!("param {}", param.name.text);
    node(&head, [expression_text(&param.default)].into_iter().chain(range))
}

fn let_text(definition: &Let) -> String {
    let mut head = format!("let {}", definition.name.text);
    if let Some(parameters) = &definition.parameters {
        let parts = parameters.iter().map(|p| match &p.default {
            Some(default) => format!("{}={}", p.name.text, expression_text(default)),
            None => p.name.text.clone(),
        });
        head += &format!("({})", parts.collect::<Vec<_>>().join(" "));
    }
    one(&head, &definition.value)
}

fn clause_text(kind: &ClauseKind) -> String {
    match kind {
        ClauseKind::From(date) => one("from", date),
        ClauseKind::To(date) => one("to", date),
        ClauseKind::Universe(value) => one("universe", value),
        ClauseKind::UniverseTop { count, by } => {
            node("universe", [one("top", count), one("by", by)])
        }
        ClauseKind::Where(value) => one("where", value),
        ClauseKind::Pick(pick) => pick_text(pick),
        ClauseKind::Hold(items) => node(
            "hold",
            items.iter().map(|item| {
                let what = match &item.what {
                    HoldWhat::Symbol(text) => format!("{:?}", text.text),
                    HoldWhat::Strategy(name) => name_text(name),
                };
                one(&what, &item.weight)
            }),
        ),
        ClauseKind::Weight(WeightMethod::By(value)) => node("weight", [one("by", value)]),
        ClauseKind::Weight(WeightMethod::Named { name, arguments }) => {
            node("weight", [name.text.clone()].into_iter().chain(arguments_text(arguments)))
        }
        ClauseKind::Cap { target, amount, active, else_cash } => {
            let mut parts = vec![target_text(target), expression_text(amount)];
            parts.extend(active.then(|| "active".to_owned()));
            parts.extend(else_cash.then(|| "else-cash".to_owned()));
            node("cap", parts)
        }
        ClauseKind::Floor { target, amount, active } => {
            let active = active.then(|| "active".to_owned());
            let parts = [target_text(target), expression_text(amount)];
            node("floor", parts.into_iter().chain(active))
        }
        ClauseKind::Names { low, high } => node("names", [low, high].map(expression_text)),
        ClauseKind::CapTurnover(amount) => one("cap-turnover", amount),
        ClauseKind::CapVolume(amount) => one("cap-volume", amount),
        ClauseKind::LimitBudget { budget, amount } => match budget {
            Budget::TradeVolume => one("limit-trade-volume", amount),
            Budget::TrackingError => one("limit-tracking-error", amount),
            Budget::Volatility => one("limit-volatility", amount),
        },
        ClauseKind::Limit { value, low, high } => {
            node("limit", [value, low, high].map(expression_text))
        }
        ClauseKind::OnInfeasible { relax, keep_holdings } => {
            let names = relax.iter().map(|name| name.text.clone());
            node("on-infeasible", names.chain(keep_holdings.then(|| "keep-holdings".to_owned())))
        }
        ClauseKind::Neutralize(values) => node("neutralize", each(values)),
        ClauseKind::Exposure(parts) => {
            node("exposure", parts.iter().map(|(side, value)| one(exposure_side(*side), value)))
        }
        ClauseKind::TargetVolatility { amount, window, max } => {
            let options = [maybe("window", window.as_ref()), maybe("max", max.as_ref())];
            let parts = [Some(expression_text(amount))].into_iter().chain(options);
            node("target-volatility", parts.flatten())
        }
        ClauseKind::Rebalance(rebalance) => rebalance_text(rebalance),
        ClauseKind::ExitWhen(value) => one("exit-when", value),
        ClauseKind::TradeAt { when, sized_at_fill, if_change } => {
            let when = match when {
                TradeWhen::NextOpen => "next-open".to_owned(),
                TradeWhen::NextClose => "next-close".to_owned(),
                TradeWhen::ThisClose => "this-close".to_owned(),
                TradeWhen::Over(duration) => one("over", duration),
            };
            let sized = sized_at_fill.then(|| "sized-at-fill".to_owned());
            let parts = [Some(when), sized, maybe("if", if_change.as_ref())];
            node("trade", parts.into_iter().flatten())
        }
        ClauseKind::TradeIf(value) => node("trade", [one("if", value)]),
        ClauseKind::Cost(amount) => one("cost", amount),
        ClauseKind::Commission { per_share, min } => {
            let parts = [maybe("per-share", Some(per_share)), maybe("min", min.as_ref())];
            node("commission", parts.into_iter().flatten())
        }
        ClauseKind::Slippage(amount) => one("slippage", amount),
        ClauseKind::Impact(amount) => one("impact", amount),
        ClauseKind::Borrow(amount) => one("borrow", amount),
        ClauseKind::Cash(value) => one("cash", value),
        ClauseKind::Capital(amount) => one("capital", amount),
        ClauseKind::Lot(amount) => one("lot", amount),
        ClauseKind::Delisting(amount) => one("delisting", amount),
        ClauseKind::Benchmark(BenchmarkName::Symbol(text)) => {
            format!("(benchmark {:?})", text.text)
        }
        ClauseKind::Benchmark(BenchmarkName::Name(name)) => {
            format!("(benchmark {})", name_text(name))
        }
        ClauseKind::Expect(value) => one("expect", value),
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

fn target_text(target: &BoundTarget) -> String {
    match target {
        BoundTarget::Position => "position".to_owned(),
        BoundTarget::Group(label) => one("group", label),
    }
}

fn pick_text(pick: &Pick) -> String {
    let side = match pick.side {
        Side::Select => "select",
        Side::Long => "long",
        Side::Short => "short",
    };
    let count = match &pick.count {
        PickCount::Top(count) => one("top", count),
        PickCount::Bottom(count) => one("bottom", count),
        PickCount::All => "all".to_owned(),
        PickCount::Quantile { number, of } => node("quantile", [number, of].map(expression_text)),
    };
    let parts = [
        Some(count),
        maybe("per", pick.per.as_ref()),
        maybe("by", pick.by.as_ref()),
        pick.at_most.as_ref().map(|(n, label)| node("at-most", [n, label].map(expression_text))),
        maybe("keep-until", pick.keep_until.as_ref()),
        maybe("replace-at-most", pick.replace_at_most.as_ref()),
        maybe("hold-at-least", pick.hold_at_least.as_ref()),
    ];
    node(side, parts.into_iter().flatten())
}

fn rebalance_text(rebalance: &Rebalance) -> String {
    let triggers = rebalance.triggers.iter().map(trigger_text);
    let tranches = maybe("tranches", rebalance.tranches.as_ref());
    let to_target = rebalance.to_target.then(|| "to-target".to_owned());
    node("rebalance", triggers.chain(tranches).chain(to_target))
}

fn trigger_text(trigger: &Trigger) -> String {
    let (every, on, months, gate) = match trigger {
        Trigger::When(value) => return one("when", value),
        Trigger::Calendar { every, on, months, gate, .. } => (every, on, months, gate),
    };
    let every = match every {
        Every::Day => "daily".to_owned(),
        Every::Week => "weekly".to_owned(),
        Every::Month => "monthly".to_owned(),
        Every::Quarter => "quarterly".to_owned(),
        Every::HalfYear => "semiannually".to_owned(),
        Every::Year => "annually".to_owned(),
        Every::Duration(duration) => one("every", duration),
    };
    let on = on.as_ref().map(|on| match on {
        On::FirstDay => "(on first)".to_owned(),
        On::LastDay => "(on last)".to_owned(),
        On::Weekday { ordinal: None, weekday } => format!("(on {})", weekday.text),
        On::Weekday { ordinal: Some(n), weekday } => format!("(on {n} {})", weekday.text),
    });
    let months = (!months.is_empty()).then(|| node("in", months.iter().map(|m| &m.text)));
    node(&every, [on, months, maybe("if", gate.as_ref())].into_iter().flatten())
}

/// An expression, operators first.
pub fn expression_text(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Number { value, .. } => value.to_string(),
        ExpressionKind::Duration { count, unit } => format!("{count}{}", unit_letter(*unit)),
        ExpressionKind::Text(text) => format!("{text:?}"),
        ExpressionKind::Boolean(value) => value.to_string(),
        ExpressionKind::Missing => "missing".to_owned(),
        ExpressionKind::Date(date) => date.to_string(),
        ExpressionKind::Name(path) => path_text(path),
        ExpressionKind::Call { callee, arguments } => {
            node(&path_text(callee), arguments_text(arguments))
        }
        ExpressionKind::Member { value, name, arguments } => {
            let head = if arguments.is_some() { "call-member" } else { "member" };
            let start = [expression_text(value), name_text(name)];
            let arguments = arguments.as_deref().unwrap_or_default();
            node(head, start.into_iter().chain(arguments_text(arguments)))
        }
        ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => one("-", operand),
        ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => one("not", operand),
        ExpressionKind::Binary { left, operator, right } => {
            node(operator.symbol(), [left, right].map(|e| expression_text(e)))
        }
        ExpressionKind::If { condition, then, otherwise } => {
            node("if", [condition, then, otherwise].map(|e| expression_text(e)))
        }
        ExpressionKind::Pipe { value, callee, arguments } => {
            let step = match arguments {
                Some(arguments) => node(&path_text(callee), arguments_text(arguments)),
                None => path_text(callee),
            };
            node("|>", [expression_text(value), step])
        }
        ExpressionKind::Of { value, symbol } => {
            node("of", [expression_text(value), format!("{:?}", symbol.text)])
        }
        ExpressionKind::In { value, list } => {
            node("in", [expression_text(value), node("list", each(list))])
        }
        ExpressionKind::Between { value, low, high } => {
            node("between", [value, low, high].map(|e| expression_text(e)))
        }
        ExpressionKind::List(list) => node("list", each(list)),
        ExpressionKind::Bracketed(value) => one("brackets", value),
    }
}

fn unit_letter(unit: DurationUnit) -> char {
    match unit {
        DurationUnit::Day => 'd',
        DurationUnit::Week => 'w',
        DurationUnit::Month => 'm',
        DurationUnit::Quarter => 'q',
        DurationUnit::Year => 'y',
    }
}

fn path_text(path: &Path) -> String {
    match &path.table {
        Some(table) => format!("{}.{}", name_text(table), name_text(&path.name)),
        None => name_text(&path.name),
    }
}

/// A name, in backticks unless it is a word.
fn name_text(name: &Name) -> String {
    let word = name.text.chars().all(|c| c == '_' || c.is_alphanumeric());
    if word { name.text.clone() } else { format!("`{}`", name.text) }
}

fn arguments_text(arguments: &[Argument]) -> impl Iterator<Item = String> {
    arguments.iter().map(|argument| match &argument.name {
        Some(name) => format!("{}: {}", name.text, expression_text(&argument.value)),
        None => expression_text(&argument.value),
    })
}
