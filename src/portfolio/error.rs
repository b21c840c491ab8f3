//! What the making of a portfolio can complain of; all its wording.

use super::{
    Decision, Picked,
    constrain::{Conflict, Lack},
    optimise::Conflict as ProgramConflict,
    select::NO_GROUP,
};
use crate::{
    check::{Bound, BoundKind, BoundTarget, LimitRule, Weight},
    diagnostic::{Code, Diagnostic},
    source::Span,
};

fn symbol(decision: Decision<'_>, asset: usize) -> &str {
    &decision.market.schema().symbols[asset]
}

fn date(decision: Decision<'_>) -> String {
    decision.market.calendar().date(decision.row).to_string()
}

/// A share as a percentage with as few digits as tell it from 100%.
fn percent(share: f64) -> String {
    let rounded = format!("{:.4}", share * 100.0);
    let short = rounded.trim_end_matches('0').trim_end_matches('.');
    format!("{short}%")
}

fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("{count} {one}") } else { format!("{count} {many}") }
}

pub(super) fn score_not_positive(
    decision: Decision<'_>,
    picked: &Picked,
    span: Span,
) -> Box<Diagnostic> {
    let text = format!(
        "`weight score` needs scores above zero, but that of {} on {} is {:.6}",
        symbol(decision, picked.asset),
        date(decision),
        picked.score
    );
    let diagnostic = Diagnostic::error(Code::BadScore, text)
        .at(span, "a weight in proportion to this score would be negative or zero")
        .help("use `weight rank`, or a score that is above zero");
    Box::new(diagnostic)
}

pub(super) fn weight_negative(
    decision: Decision<'_>,
    asset: usize,
    value: f64,
    span: Span,
) -> Box<Diagnostic> {
    let text = format!(
        "weights are made of numbers not below zero, but that of {} on {} is {value:.6}",
        symbol(decision, asset),
        date(decision),
    );
    let diagnostic = Diagnostic::error(Code::BadScore, text)
        .at(span, "this is negative")
        .help("cut it off at zero: `max(x, 0)`, or leave such assets out with `where`");
    Box::new(diagnostic)
}

pub(super) fn no_weights(decision: Decision<'_>, picked: usize, missing: usize) -> Box<Diagnostic> {
    let text = format!(
        "on {} none of the {} picked has a weight: {missing} missing, {} zero",
        date(decision),
        plural(picked, "asset", "assets"),
        picked - missing
    );
    let diagnostic = Diagnostic::error(Code::BadScore, text)
        .at(decision.policy.pick.span, "these were picked")
        .help("start later with `from`, or leave out with `where` what has no weight");
    Box::new(diagnostic)
}

/// `each of Energy, Utilities and 3 more groups`
fn in_groups(bound: &Bound, codes: &[u32]) -> String {
    const MOST: usize = 6;
    let name = |code: &u32| match bound.labels.get(*code as usize) {
        _ if *code == NO_GROUP => "those without a label".to_owned(),
        Some(text) => text.clone(),
        None => format!("group {code}"),
    };
    let shown = if codes.len() > MOST { MOST - 1 } else { codes.len() };
    let mut names: Vec<String> = codes[..shown].iter().map(name).collect();
    if shown < codes.len() {
        names.push(format!("{} more groups", codes.len() - shown));
    }
    match names.split_last() {
        None => "no group".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("each of {} and {last}", others.join(", ")),
    }
}

pub(super) fn infeasible(decision: Decision<'_>, conflict: &Conflict) -> Box<Diagnostic> {
    let bounds: Vec<&Bound> = conflict.bounds.iter().map(|&i| &decision.policy.bounds[i]).collect();
    let texts: Vec<String> = bounds.iter().map(|b| format!("`{}`", b.text)).collect();
    let names = plural(conflict.names, "name", "names");
    let (verb, verb_ask) = if texts.len() == 1 { ("allows", "asks") } else { ("allow", "ask") };
    let what = match conflict.lack {
        Lack::TooLittle(most) => format!(
            "{} {verb} at most {} in {names} on {}, {} short of 100%",
            texts.join(" and "),
            percent(most),
            date(decision),
            percent(1.0 - most)
        ),
        Lack::TooMuch(least) => format!(
            "{} {verb_ask} for at least {} in {names} on {}, {} over 100%",
            texts.join(" and "),
            percent(least),
            date(decision),
            percent(least - 1.0)
        ),
        Lack::Unmet => format!(
            "{} cannot be met together with {names} on {}",
            texts.join(" and "),
            date(decision)
        ),
    };
    let mut diagnostic = Diagnostic::error(Code::Infeasible, what);
    for (i, (bound, &place)) in bounds.iter().zip(&conflict.bounds).enumerate() {
        let side = if bound.kind == BoundKind::Cap { "at most" } else { "at least" };
        let amount = percent(bound.amount);
        let text = match bound.target {
            BoundTarget::Position => format!("{side} {amount} in each of {names}"),
            BoundTarget::Group(_) => {
                format!("{side} {amount} in {}", in_groups(bound, &conflict.groups[place]))
            }
        };
        diagnostic = if i == 0 {
            diagnostic.at(bound.span, text)
        } else {
            diagnostic.also(bound.span, text)
        };
    }
    let help = match conflict.lack {
        Lack::TooLittle(_) => {
            "raise a cap, pick more names, or leave the excess in cash: `else cash` behind a cap"
        }
        Lack::TooMuch(_) => "lower a floor, or pick fewer groups",
        Lack::Unmet => "raise a cap or lower a floor",
    };
    Box::new(diagnostic.help(help))
}

/// The constraints of a program that conflict, each with what it would have to give.
pub(super) fn infeasible_program(
    decision: Decision<'_>,
    conflict: &ProgramConflict,
) -> Box<Diagnostic> {
    let policy = decision.policy;
    let texts: Vec<String> =
        conflict.members.iter().map(|(n, _)| format!("`{}`", policy.constraint(*n).0)).collect();
    let names = plural(conflict.names, "name", "names");
    let book = match &policy.exposure.text {
        text if text.is_empty() => String::new(),
        text => format!(" and {text}"),
    };
    let verb = if texts.len() == 1 { "cannot be met" } else { "cannot be met together" };
    let message =
        format!("{} {verb} with {names}{book} on {}", texts.join(" and "), date(decision));
    let mut diagnostic = Diagnostic::error(Code::Infeasible, message);
    for (i, (number, give)) in conflict.members.iter().enumerate() {
        let (_, span) = policy.constraint(*number);
        let text = match give {
            Some(by) if is_share(decision, *number) => {
                format!("alone it would have to give {}", percent(round_up(*by)))
            }
            Some(by) => format!("alone it would have to give {:.4}", round_up(*by)),
            None => "no matter how much it gave alone".to_owned(),
        };
        diagnostic = match i {
            0 => diagnostic.at(span, text),
            _ => diagnostic.also(span, text),
        };
    }
    let help =
        "ease one of them, or say what may give: `on infeasible relax turnover else keep holdings`";
    Box::new(diagnostic.help(help))
}

/// To six digits, never down to zero.
fn round_up(amount: f64) -> f64 {
    (amount * 1e6 - 1e-3).ceil().max(1.0) / 1e6
}

/// Whether a constraint is of shares of net asset value, or of yearly rates.
fn is_share(decision: Decision<'_>, number: usize) -> bool {
    let policy = decision.policy;
    let limit = number.checked_sub(policy.bounds.len()).map(|i| &policy.limits[i].rule);
    !matches!(
        limit,
        Some(LimitRule::Sum { .. } | LimitRule::NeutralNumber(_) | LimitRule::Names(..))
    )
}

pub(super) fn empty_side(decision: Decision<'_>, is_long: bool) -> Box<Diagnostic> {
    let side = if is_long { "held long" } else { "sold short" };
    let text = format!("on {} nothing can be {side}", date(decision));
    let pick = match (&decision.policy.short, is_long) {
        (Some(short), false) => short,
        _ => &decision.policy.pick,
    };
    let diagnostic = Diagnostic::error(Code::Infeasible, text)
        .at(pick.span, "picks nothing that has the numbers and the history it needs")
        .help("start later with `from`, or pick from more assets");
    Box::new(diagnostic)
}

pub(super) fn no_history(decision: Decision<'_>, assets: usize, window: usize) -> Box<Diagnostic> {
    let text = format!(
        "on {} none of {} has been priced for three quarters of {}",
        date(decision),
        plural(assets, "asset", "assets"),
        plural(window, "row", "rows")
    );
    let diagnostic = Diagnostic::error(Code::Infeasible, text)
        .at(decision.policy.pick.span, "these were picked")
        .help("start later with `from`, or take a shorter `window`");
    Box::new(diagnostic)
}

pub(super) fn no_benchmark_history(decision: Decision<'_>, rows: usize) -> Box<Diagnostic> {
    let text = format!(
        "on {} the benchmark has no returns on the {} that the risk is measured on",
        date(decision),
        plural(rows, "row", "rows")
    );
    let diagnostic = Diagnostic::error(Code::Infeasible, text)
        .at(decision.policy.pick.span, "the risk of this is measured against it")
        .help("start later with `from`, or take a shorter `window`");
    Box::new(diagnostic)
}

pub(super) fn nothing_above_cash(decision: Decision<'_>) -> Box<Diagnostic> {
    let text = format!(
        "on {} no portfolio that keeps the constraints has an expected return above that of cash",
        date(decision)
    );
    let diagnostic = Diagnostic::error(Code::Infeasible, text)
        .at(weight_span(decision), "nothing has a Sharpe ratio above zero")
        .help("leave out with `where` what is expected to lose, or use `mean_variance`");
    Box::new(diagnostic)
}

pub(super) fn no_optimum(decision: Decision<'_>) -> Box<Diagnostic> {
    let text = format!("the solver finds no optimum on {}", date(decision));
    let diagnostic =
        Diagnostic::error(Code::Infeasible, text).at(weight_span(decision), "these weights").help(
            "numbers that differ by many orders of magnitude are hard to solve for: winsorize them",
        );
    Box::new(diagnostic)
}

fn weight_span(decision: Decision<'_>) -> Span {
    match decision.policy.weight {
        Weight::Optimised(method) => method.span,
        _ => decision.policy.pick.span,
    }
}
