//! `from` and `to`: the period of the run.

use super::{FILE, Placed};
use crate::{
    check::{error, infer::Checker},
    panel::{Date, from_days},
    syntax::ast::{self, ClauseKind},
    types::Kind,
};

impl<'a> Checker<'a> {
    pub(super) fn period(&mut self, clauses: &[Placed<'a>]) -> (Option<Date>, Option<Date>) {
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
            let found = &self.written(e.span);
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
}
