//! Expressions → layouts. Brackets, numbers and names are printed as they were written.

use super::layout::{Layout, group, nest, row, text};
use crate::{
    source::{Sources, Span},
    syntax::ast::{Argument, BinaryOperator, Expression, ExpressionKind, Path, UnaryOperator},
};

/// The text under a span with every stretch of space as one space.
pub(super) fn written(sources: &Sources, span: Span) -> Layout {
    text(sources.slice(span).split_whitespace().collect::<Vec<_>>().join(" "))
}

/// An expression.
pub(super) fn expression(sources: &Sources, value: &Expression) -> Layout {
    let of = |value: &Expression| expression(sources, value);
    match &value.kind {
        ExpressionKind::Text(_) => text(sources.slice(value.span)),
        ExpressionKind::Number { .. }
        | ExpressionKind::Duration { .. }
        | ExpressionKind::Boolean(_)
        | ExpressionKind::Missing
        | ExpressionKind::Date(_) => written(sources, value.span),
        ExpressionKind::Name(path) => text(path_text(sources, path)),
        ExpressionKind::Call { callee, arguments } => {
            row([text(path_text(sources, callee)), call_brackets(sources, arguments)])
        }
        ExpressionKind::Member { value, name, arguments } => {
            let arguments = arguments.as_ref().map(|list| call_brackets(sources, list));
            row([of(value), text("."), text(sources.slice(name.span))].into_iter().chain(arguments))
        }
        ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => {
            row([text("-"), of(operand)])
        }
        ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
            row([text("not "), of(operand)])
        }
        ExpressionKind::Binary { operator, .. } => chain(sources, value, *operator),
        ExpressionKind::If { .. } => conditional(sources, value),
        ExpressionKind::Pipe { .. } => pipes(sources, value),
        ExpressionKind::Of { value, symbol } => {
            row([of(value), text(" of "), text(sources.slice(symbol.span))])
        }
        ExpressionKind::In { value, list } => {
            row([of(value), text(" in "), brackets("[", list.iter().map(of).collect(), "]")])
        }
        ExpressionKind::Between { value, low, high } => group([
            of(value),
            nest([Layout::Line, text("between "), of(low), text(" and "), of(high)]),
        ]),
        ExpressionKind::List(list) => brackets("[", list.iter().map(of).collect(), "]"),
        ExpressionKind::Bracketed(value) => brackets("(", vec![of(value)], ")"),
    }
}

/// The arguments of a call in their brackets.
pub(super) fn call_brackets(sources: &Sources, arguments: &[Argument]) -> Layout {
    let list = arguments.iter().map(|argument| {
        let name = argument.name.as_ref();
        let name = name.map(|name| text(format!("{}: ", sources.slice(name.span))));
        row(name.into_iter().chain([expression(sources, &argument.value)]))
    });
    brackets("(", list.collect(), ")")
}

/// `[a, b]`, or an item a line.
pub(super) fn brackets(open: &str, items: Vec<Layout>, close: &str) -> Layout {
    if items.is_empty() {
        return text(format!("{open}{close}"));
    }
    let mut inside = vec![Layout::SoftLine];
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            inside.extend([text(","), Layout::Line]);
        }
        inside.push(item);
    }
    group([text(open), nest(inside), Layout::SoftLine, text(close)])
}

/// A name as it was written.
pub(super) fn path_text(sources: &Sources, path: &Path) -> String {
    let name = sources.slice(path.name.span);
    match &path.table {
        Some(table) => format!("{}.{name}", sources.slice(table.span)),
        None => name.to_owned(),
    }
}

fn level(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Or => 0,
        BinaryOperator::And => 1,
        BinaryOperator::Equal
        | BinaryOperator::NotEqual
        | BinaryOperator::Less
        | BinaryOperator::LessOrEqual
        | BinaryOperator::Greater
        | BinaryOperator::GreaterOrEqual => 2,
        BinaryOperator::Otherwise => 3,
        BinaryOperator::Add | BinaryOperator::Subtract => 4,
        BinaryOperator::Multiply | BinaryOperator::Divide => 5,
        BinaryOperator::Power => 6,
    }
}

/// `a + b - c`: operators of one level, broken before each or before none.
fn chain(sources: &Sources, value: &Expression, top: BinaryOperator) -> Layout {
    let mut steps = vec![];
    let mut first = value;
    while let ExpressionKind::Binary { left, operator, right } = &first.kind {
        if level(*operator) != level(top) {
            break;
        }
        let step =
            [Layout::Line, text(format!("{} ", operator.symbol())), expression(sources, right)];
        steps.push(row(step));
        first = left;
    }
    steps.reverse();
    group([expression(sources, first), nest(steps)])
}

/// `if a then x else if b then y else z`: broken before each `else`.
fn conditional(sources: &Sources, value: &Expression) -> Layout {
    let mut parts = vec![];
    let mut rest = value;
    while let ExpressionKind::If { condition, then, otherwise } = &rest.kind {
        parts.extend([
            text("if "),
            expression(sources, condition),
            text(" then "),
            expression(sources, then),
            Layout::Line,
            text("else "),
        ]);
        rest = otherwise;
    }
    parts.push(expression(sources, rest));
    group([nest(parts)])
}

/// `x |> f |> g(1)`
fn pipes(sources: &Sources, value: &Expression) -> Layout {
    let mut steps = vec![];
    let mut first = value;
    while let ExpressionKind::Pipe { value, callee, arguments } = &first.kind {
        let arguments = arguments.as_ref().map(|list| call_brackets(sources, list));
        let step = [Layout::Line, text(format!("|> {}", path_text(sources, callee)))];
        steps.push(row(step.into_iter().chain(arguments)));
        first = value;
    }
    steps.reverse();
    group([expression(sources, first), nest(steps)])
}
