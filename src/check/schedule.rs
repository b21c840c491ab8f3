//! The calendar forms of `rebalance`.

use super::{
    clause::Placed,
    error,
    infer::Checker,
    strategy::{CalendarRule, Every, On},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    syntax::ast::{self, ClauseKind},
};

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The rules of the `rebalance` clause; monthly where there is none.
pub(super) fn rules<'a>(checker: &mut Checker<'a>, clauses: &[Placed<'a>]) -> Vec<CalendarRule> {
    let clause = clauses
        .iter()
        .rev()
        .find_map(|(k, _)| if let ClauseKind::Rebalance(r) = k { Some(r) } else { None });
    let Some(rebalance) = clause else {
        return vec![CalendarRule { every: Every::Month, on: On::LastDay, months: vec![] }];
    };
    let mut rules = vec![];
    for trigger in &rebalance.triggers {
        match trigger {
            ast::Trigger::When(e) => {
                checker.report(error::not_available(e.span, "`rebalance when`"))
            }
            ast::Trigger::Calendar { every, on, months, gate, span } => {
                if let Some(gate) = gate {
                    checker.report(error::not_available(gate.span, "`rebalance … if`"));
                }
                rules.extend(checker.calendar_rule(every, on.as_ref(), months, *span));
            }
        }
    }
    if let Some(tranches) = &rebalance.tranches {
        checker.report(error::not_available(tranches.span, "`in … tranches`"));
    }
    if rebalance.to_target
        && let Some(ast::Trigger::Calendar { span, .. }) = rebalance.triggers.first()
    {
        checker.report(error::not_available(*span, "`to target`"));
    }
    rules
}

/// The number of a weekday, 0 for Monday.
pub(super) fn weekday(checker: &mut Checker<'_>, name: &ast::Name) -> Option<i8> {
    word(checker, name, "a weekday", &WEEKDAYS)
}

/// The number of a month, 1 for January.
pub(super) fn month(checker: &mut Checker<'_>, name: &ast::Name) -> Option<i8> {
    word(checker, name, "a month", &MONTHS).map(|m| m + 1)
}

fn word(checker: &mut Checker<'_>, name: &ast::Name, what: &str, known: &[&str]) -> Option<i8> {
    let lower = name.text.to_lowercase();
    let place =
        known.iter().position(|k| *k == lower || (lower.len() == 3 && k.starts_with(&lower)));
    if place.is_none() {
        let complaint =
            Diagnostic::error(Code::UnknownName, format!("expected {what}, found `{}`", name.text))
                .at(name.span, format!("expected {what}"));
        checker.report(error::did_you_mean(
            complaint,
            name.span,
            &name.text,
            known.iter().copied(),
        ));
    }
    place.map(|p| p as i8)
}
