//! The calendar forms of `rebalance`.

use super::{
    amount::Measure,
    clause::{Placed, SignalTable},
    error,
    expression::ExpressionId,
    infer::Checker,
    rebalancing::{CalendarRule, Every, On, Triggers},
    state::Use,
};
use crate::{
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::{
        MONTHS,
        ast::{self, ClauseKind, ExpressionKind},
    },
    types::{Shape, Type, Unit},
};

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The `rebalance` clause: the rules of the calendar, and what else makes decisions; monthly where there is none.
pub(super) fn rules<'a>(
    checker: &mut Checker<'a>,
    clauses: &[Placed<'a>],
    signals: &mut SignalTable,
) -> Option<(Vec<CalendarRule>, Triggers)> {
    let found = clauses.iter().rev().find_map(|(k, span)| match k {
        ClauseKind::Rebalance(r) => Some((r, *span)),
        _ => None,
    });
    let mut triggers = Triggers::default();
    let Some((rebalance, span)) = found else {
        let (every, on) = (Every::Month, On::LastDay);
        return Some((vec![CalendarRule { every, on, months: vec![], gate: None }], triggers));
    };
    let mut rules = vec![];
    let mut is_sound = true;
    for trigger in &rebalance.triggers {
        match trigger {
            ast::Trigger::When(e) => match checker.condition(e, Use::Decision, signals) {
                Some(condition) => {
                    signals.watch(&condition);
                    triggers.when.push(condition);
                }
                None => is_sound = false,
            },
            ast::Trigger::Calendar { every, on, months, gate, span } => {
                let rule = checker.calendar_rule(every, on.as_ref(), months, *span);
                let gate = gate.as_ref().map(|e| checker.condition(e, Use::Decision, signals));
                is_sound &= rule.is_some() && !matches!(gate, Some(None));
                rules.extend(rule.map(|rule| CalendarRule { gate: gate.flatten(), ..rule }));
            }
        }
    }
    if let Some(tranches) = &rebalance.tranches {
        let expected = "between 2 and 100";
        let count =
            checker.amount(tranches, "`in … tranches`", Measure::Count, 2.0..=100.0, expected);
        match count {
            Some(n) if n.fract() == 0.0 => triggers.tranches = n as usize,
            Some(n) => {
                let complaint =
                    error::out_of_range(tranches.span, "`in … tranches`", expected, &n.to_string());
                checker.report(complaint);
                is_sound = false;
            }
            None => is_sound = false,
        }
        if let Some((_, hold)) = clauses.iter().find(|(k, _)| matches!(k, ClauseKind::Hold(_))) {
            let complaint =
                Diagnostic::error(Code::DuplicateClause, "`tranches` do nothing beside `hold`")
                    .at(tranches.span, "the shares of this strategy are fixed")
                    .also(*hold, "by this")
                    .help("keep one of the two");
            checker.report(complaint);
            is_sound = false;
        }
    }
    triggers.to_target = rebalance.to_target;
    if rebalance.to_target && triggers.when.is_empty() {
        let complaint = Diagnostic::error(Code::MissingClause, "`to target` needs a `when`")
            .at(span, "the calendar picks anew")
            .help("for example `rebalance quarterly or when max_drift > 5% to target`");
        checker.report(complaint);
        is_sound = false;
    }
    is_sound.then_some((rules, triggers))
}

impl<'a> Checker<'a> {
    /// When a factor portfolio is formed, as the constant of [`Accepts::Calendar`].
    pub(super) fn formation(&mut self, e: &'a ast::Expression) -> Option<ExpressionId> {
        const FORMS: [(&str, f64); 4] =
            [("monthly", 1.0), ("quarterly", 3.0), ("semiannually", 6.0), ("annually", 12.0)];
        let (word, month) = match &e.kind {
            ExpressionKind::Name(path) => (&path.name, None),
            ExpressionKind::Call { callee, arguments } => match arguments.as_slice() {
                [ast::Argument { name: None, value }] => match &value.kind {
                    ExpressionKind::Name(month) => (&callee.name, Some(&month.name)),
                    _ => return self.no_formation(e.span),
                },
                _ => return self.no_formation(e.span),
            },
            _ => return self.no_formation(e.span),
        };
        let Some((_, months)) = FORMS.iter().find(|(name, _)| *name == word.text) else {
            return self.no_formation(word.span);
        };
        let month = match month {
            Some(month) => f64::from(month_number(self, month)?),
            // At the end of civil quarters, half years and years.
            None => months % 12.0,
        };
        let ty = Type::number(Shape::Scalar, Unit::Unknown);
        Some(self.add_constant(100.0 * months + month, ty, e.span))
    }

    fn no_formation<T>(&mut self, at: Span) -> Option<T> {
        let message = "expected `monthly`, `quarterly`, `semiannually` or `annually`";
        self.report(
            Diagnostic::error(Code::TypeMismatch, message)
                .at(at, "this says when the portfolio is formed")
                .help("the month may be named: `rebalance: annually(june)`"),
        );
        None
    }

    /// The calendar rule of one trigger.
    fn calendar_rule(
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
                On::Weekday { weekday: weekday_number(self, weekday)?, ordinal: *ordinal }
            }
        };
        if on != On::LastDay && matches!(every, Every::Day | Every::Rows(_)) {
            self.report(
                Diagnostic::error(Code::OutOfRange, "`on` needs a period of several days")
                    .at(span, "there is no choice of a day here"),
            );
            return None;
        }
        let months = months.iter().map(|m| month_number(self, m)).collect::<Option<Vec<i8>>>()?;
        Some(CalendarRule { every, on, months, gate: None })
    }
}

/// The number of a weekday, 0 for Monday.
fn weekday_number(checker: &mut Checker<'_>, name: &ast::Name) -> Option<i8> {
    word(checker, name, "a weekday", &WEEKDAYS)
}

/// The number of a month, 1 for January.
fn month_number(checker: &mut Checker<'_>, name: &ast::Name) -> Option<i8> {
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
