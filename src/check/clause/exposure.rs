//! `exposure` and `target volatility`: how large the book is.

use super::Placed;
use crate::{
    check::{
        amount::Measure,
        error,
        infer::Checker,
        strategy::{Exposure, TargetVolatility},
    },
    diagnostic::{Code, Diagnostic},
    syntax::ast::{self, ClauseKind, ExposureSide},
};

/// The largest side, as a share of net asset value.
const MOST: f64 = 10.0;

impl<'a> Checker<'a> {
    /// The sizes of both sides: 100% long, and 100% short where something is sold short, unless the clause says more.
    pub(super) fn exposure(&mut self, clauses: &[Placed<'a>]) -> Option<Exposure> {
        let is_short =
            |k: &ClauseKind| matches!(k, ClauseKind::Pick(p) if p.side == ast::Side::Short);
        let has_short = clauses.iter().any(|(k, _)| is_short(k));
        let plain = if has_short { 1.0 } else { 0.0 };
        let text = if has_short { "100% long and 100% short" } else { "100% invested" };
        let whole = Exposure { long: 1.0, short: plain, text: text.to_owned(), span: None };
        let found = self.single(clauses, |k| {
            if let ClauseKind::Exposure(parts) = k { Some(parts) } else { None }
        });
        let Some((parts, span)) = found else { return Some(whole) };
        let (mut gross, mut net, mut long, mut short) = (None, None, None, None);
        for (side, amount) in parts {
            let (place, what, least) = match side {
                ExposureSide::Gross => (&mut gross, "`gross`", 0.0),
                ExposureSide::Net => (&mut net, "`net`", -MOST),
                ExposureSide::Long => (&mut long, "`long`", 0.0),
                ExposureSide::Short => (&mut short, "`short`", 0.0),
            };
            let expected = if least < 0.0 { "from -1000% to 1000%" } else { "from 0% to 1000%" };
            let value = self.amount(amount, what, Measure::Share, least..=MOST, expected)?;
            if place.replace(value).is_some() {
                self.report(error::duplicate_clause(amount.span, span, what.trim_matches('`')));
                return None;
            }
        }
        let sides = match (gross, net, long, short) {
            (None, None, long, short) => (long.unwrap_or(1.0), short.unwrap_or(plain)),
            (Some(gross), None, None, None) if !has_short => (gross, 0.0),
            (Some(gross), net, None, None) => {
                let net = net.unwrap_or(0.0);
                (f64::midpoint(gross, net), (gross - net) / 2.0)
            }
            (None, Some(net), None, None) if !has_short => (net, 0.0),
            (None, Some(net), None, None) => (1.0 + net / 2.0, 1.0 - net / 2.0),
            (Some(gross), None, Some(long), None) => (long, gross - long),
            (Some(gross), None, None, Some(short)) => (gross - short, short),
            (None, Some(net), Some(long), None) => (long, long - net),
            (None, Some(net), None, Some(short)) => (net + short, short),
            _ => {
                let complaint =
                    Diagnostic::error(Code::OutOfRange, "two of the four sizes say it all")
                        .at(span, "gross is long plus short, net is long less short")
                        .help("write for example `exposure long 130% short 30%`");
                self.report(complaint);
                return None;
            }
        };
        let shown = |x: f64| (x * 1e6).round() / 1e4;
        let rounded = |x: f64| if x.abs() < 1e-12 { 0.0 } else { x };
        let (long, short) = (rounded(sides.0), rounded(sides.1));
        if long < 0.0 || short < 0.0 || long + short == 0.0 || !has_short && short > 0.0 {
            let message = match !has_short && short > 0.0 {
                true => "nothing is sold short here, so there is no short side to size",
                false => "these sizes leave no book",
            };
            let complaint = Diagnostic::error(Code::OutOfRange, message)
                .at(span, format!("{}% long and {}% short", shown(long), shown(short)))
                .help("a short side is picked with `short top 50 by -value`");
            self.report(complaint);
            return None;
        }
        let text = format!("`{}`", self.written(span));
        Some(Exposure { long, short, text, span: Some(span) })
    }

    pub(super) fn target_volatility(
        &mut self,
        clauses: &[Placed<'a>],
    ) -> Option<Option<TargetVolatility>> {
        let found = self.single(clauses, |k| match k {
            ClauseKind::TargetVolatility { amount, window, max } => Some((amount, window, max)),
            _ => None,
        });
        let Some(((amount, window, max), _)) = found else { return Some(None) };
        let expected = "above 0% and at most 200%";
        let range = 1e-4..=2.0;
        let amount = self.amount(amount, "`target volatility`", Measure::Share, range, expected)?;
        let window = match window {
            None => (self.schema.rows_per_year / 4).max(3),
            Some(e) => {
                let rows = self.whole(e, "`window`", Measure::Rows)?;
                if !(3..=100_000).contains(&rows) {
                    let found = self.written(e.span);
                    let expected = "3 to 100,000 rows";
                    self.report(error::out_of_range(e.span, "`window`", expected, &found));
                    return None;
                }
                rows as u32
            }
        };
        let most = match max {
            None => 1.0,
            Some(e) => {
                let expected = "above 0% and at most 1000%";
                self.amount(e, "`max`", Measure::Share, 1e-4..=MOST, expected)?
            }
        };
        Some(Some(TargetVolatility { amount, window, most }))
    }
}
