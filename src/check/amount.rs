//! Numbers that a text fixes: the values of `param`s, the amounts of clauses.

use super::{
    clause::FILE,
    error,
    expression::ExpressionId,
    infer::{Checker, Place},
    scope::FileId,
};
use crate::{
    syntax::{
        self,
        ast::{self, ExpressionKind, Suffix},
    },
    types::{Kind, Unit},
};
use std::ops::RangeInclusive;

/// The largest number of things or rows that a clause may name; far more than any market has.
const MOST: f64 = 1e7;

/// What an amount measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// A share of something: `25%`, `10bps`, `0.25`.
    Share,
    /// A number of things: `50`.
    Count,
    /// A number of rows: `10d`, `10`.
    Rows,
    /// An amount of money: `1 million`.
    Money,
}

impl Measure {
    fn fits(self, unit: Unit) -> bool {
        unit == Unit::Unknown
            || match self {
                Self::Share => unit == Unit::RATIO,
                Self::Count => false,
                Self::Rows => unit == Unit::ROWS,
                Self::Money => unit == Unit::MONEY,
            }
    }
}

impl<'a> Checker<'a> {
    /// The value of a `param`: what was set from outside, or its default, both within its range.
    pub(super) fn param(&mut self, param: &'a ast::Param, file: FileId) -> Option<ExpressionId> {
        let place = Place::new(file, &[]);
        let loaded = self.loaded;
        let default = self.infer(&param.default, place)?;
        self.in_range(param, default, &param.default, place)?;
        let set = loaded.settings.iter().rev().find(|(name, _)| *name == param.name.text);
        let Some((_, value)) = set else { return Some(default) };
        let id = self.infer(value, place)?;
        let (expected, found) = (self.ty(default), self.ty(id));
        if expected.kind != found.kind {
            self.report(error::wrong_setting(
                value.span,
                &param.name.text,
                expected.kind,
                found.kind,
            ));
            return None;
        }
        self.in_range(param, id, value, place)?;
        Some(id)
    }

    /// Whether a value of a `param`, written as `written`, lies in its range.
    fn in_range(
        &mut self,
        param: &'a ast::Param,
        id: ExpressionId,
        written: &ast::Expression,
        place: Place<'_>,
    ) -> Option<()> {
        let loaded = self.loaded;
        let text = |e: &ast::Expression| syntax::on_one_line(loaded.sources.slice(e.span));
        let expected = match &param.range {
            None => return Some(()),
            Some(ast::ParamRange::Between { low, high, step }) => {
                if let Some(step) = step {
                    let id = self.infer(step, place)?;
                    if self.constant(id).is_none_or(|s| s.is_nan() || s <= 0.0) {
                        let complaint =
                            error::out_of_range(step.span, "the step", "above 0", &text(step));
                        self.report(complaint);
                        return None;
                    }
                }
                let (low_id, high_id) = (self.infer(low, place)?, self.infer(high, place)?);
                for (bound, e) in [(low_id, low), (high_id, high)] {
                    let (kind, wanted) = (self.ty(bound).kind, self.ty(id).kind);
                    if kind != wanted {
                        let ty = self.ty(bound);
                        self.report(error::wrong_type(e.span, &format!("a {wanted}"), ty));
                        return None;
                    }
                }
                let (value, a, b) =
                    (self.constant(id)?, self.constant(low_id)?, self.constant(high_id)?);
                if a > b {
                    let expected = format!("at least {}", text(low));
                    let what = format!("the end of the range of `{}`", param.name.text);
                    let complaint = error::out_of_range(high.span, &what, &expected, &text(high));
                    self.report(complaint);
                    return None;
                }
                if (a..=b).contains(&value) {
                    return Some(());
                }
                format!("between {} and {}", text(low), text(high))
            }
            Some(ast::ParamRange::OneOf(values)) => {
                let mut allowed = false;
                for value in values {
                    allowed |= self.infer(value, place)? == id;
                }
                if allowed {
                    return Some(());
                }
                format!("one of {}", values.iter().map(text).collect::<Vec<_>>().join(", "))
            }
        };
        let what = format!("`{}`", param.name.text);
        let complaint = error::out_of_range(written.span, &what, &expected, &text(written));
        self.report(complaint);
        None
    }

    /// An amount of a clause: a constant number between the two.
    pub(super) fn amount(
        &mut self,
        e: &'a ast::Expression,
        what: &str,
        measure: Measure,
        range: RangeInclusive<f64>,
        expected: &str,
    ) -> Option<f64> {
        let id = self.infer(e, FILE)?;
        self.want_kind(id, Kind::Number, e.span)?;
        let Some(value) = self.constant(id) else {
            self.report(error::not_constant(e.span, what));
            return None;
        };
        let unit = self.ty(id).unit;
        if range.contains(&value) && measure.fits(unit) {
            return Some(value);
        }
        let found = self.shown(e, value, unit);
        let is_too_many = measure.fits(unit) && value > MOST && *range.end() == MOST;
        let expected = if is_too_many { "at most 10,000,000" } else { expected };
        let mut complaint = error::out_of_range(e.span, what, expected, &found);
        if measure == Measure::Share && unit == Unit::Unknown && (1.0..=100.0).contains(&value) {
            let suffix = if what == "`cost`" { "bps" } else { "%" };
            complaint = if is_bare(e) {
                let meant = format!("{found}{suffix}");
                complaint.change(format!("did you mean {meant}?"), e.span, meant)
            } else {
                complaint.help("a share is written with a percent sign: `25%` is 0.25")
            };
        }
        self.report(complaint);
        None
    }

    /// A whole number of at least one.
    pub(super) fn whole(
        &mut self,
        e: &'a ast::Expression,
        what: &str,
        measure: Measure,
    ) -> Option<usize> {
        let expected = "a whole number of at least 1";
        let value = self.amount(e, what, measure, 1.0..=MOST, expected)?;
        if value.fract() != 0.0 {
            let found = self.shown(e, value, Unit::Unknown);
            self.report(error::out_of_range(e.span, what, expected, &found));
            return None;
        }
        Some(value as usize)
    }

    /// An amount as it is written, and its value where that does not say it.
    fn shown(&self, e: &ast::Expression, value: f64, unit: Unit) -> String {
        let written = self.written(e.span);
        let rows = if unit == Unit::ROWS { " rows" } else { "" };
        match &e.kind {
            ExpressionKind::Name(_) | ExpressionKind::Bracketed(_) if !value.is_nan() => {
                format!("`{written}`, which is {value}{rows}")
            }
            _ => written,
        }
    }

    /// A whole number of at least one, or a share of at most one: `top 50`, `top 10%`.
    pub(super) fn count_or_share(
        &mut self,
        e: &'a ast::Expression,
        what: &str,
    ) -> Option<(f64, bool)> {
        let id = self.infer(e, FILE)?;
        let is_share = self.ty(id).unit == Unit::RATIO;
        let (measure, most, expected) = match is_share {
            true => (Measure::Share, 1.0, "above 0% and at most 100%"),
            false => (Measure::Count, MOST, "a whole number of at least 1, or a share such as 10%"),
        };
        let value = self.amount(e, what, measure, f64::MIN_POSITIVE..=most, expected)?;
        if !is_share && value.fract() != 0.0 {
            let found = self.shown(e, value, Unit::Unknown);
            let mut complaint = error::out_of_range(e.span, what, expected, &found);
            if value < 1.0 && is_bare(e) {
                let share = format!("{}%", value * 100.0);
                complaint = complaint.change(format!("did you mean {share}?"), e.span, share);
            }
            self.report(complaint);
            return None;
        }
        Some((value, is_share))
    }
}

/// Whether it is digits and nothing else.
fn is_bare(e: &ast::Expression) -> bool {
    matches!(e.kind, ExpressionKind::Number { suffix: Suffix::None, .. })
}
