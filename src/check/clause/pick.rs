//! What is picked: `select`, `long`, with their refinements.

use super::{Placed, SignalTable};
use crate::{
    check::{
        amount::Measure,
        error,
        infer::Checker,
        state::Use,
        strategy::{Pick, PickCount},
    },
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::ast::{self, ClauseKind, ExpressionKind},
};

impl<'a> Checker<'a> {
    pub(super) fn pick(
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
            let other = clauses.iter().any(|(k, _)| matches!(k, ClauseKind::Hold(_)));
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
        self.picked(pick, span, signals)
    }

    /// What is sold short: `Some(None)` without a `short`.
    pub(super) fn short(
        &mut self,
        clauses: &[Placed<'a>],
        signals: &mut SignalTable,
    ) -> Option<Option<Pick>> {
        let found = self.single(clauses, |k| match k {
            ClauseKind::Pick(p) if p.side == ast::Side::Short => Some(p),
            _ => None,
        });
        match found {
            None => Some(None),
            Some((pick, span)) => self.picked(pick, span, signals).map(Some),
        }
    }

    fn picked(
        &mut self,
        pick: &'a ast::Pick,
        span: Span,
        signals: &mut SignalTable,
    ) -> Option<Pick> {
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
        let (mut place, mut conditions) = (Some(None), Some(vec![]));
        for part in pick.keep_until.iter().flat_map(alternatives) {
            match place_beyond(part) {
                Some((operator, number)) => {
                    place = self.keep_until_place(part.span, (operator, number), count).map(Some);
                }
                None => {
                    let condition = self.condition(part, Use::Holding, signals);
                    conditions = conditions.zip(condition).map(|(mut list, condition)| {
                        list.push(condition);
                        list
                    });
                }
            }
        }
        let replace = pick
            .replace_at_most
            .as_ref()
            .map(|e| self.whole(e, "`replace at most`", Measure::Count));
        let least =
            pick.hold_at_least.as_ref().map(|e| self.whole(e, "`hold at least`", Measure::Rows));
        let count = count?;
        let by = by.map_or(Some(None), |id| id.map(Some))?;
        let per = per.map_or(Some(None), |id| id.map(Some))?;
        let replace_at_most = replace.map_or(Some(None), |n| n.map(Some))?;
        let hold_at_least = least.map_or(Some(0), |rows| rows)? as u32;
        let at_most = match at_most {
            Some((n, label)) => Some((n?, label?)),
            None => None,
        };
        Some(Pick {
            count,
            by: by.map(|id| signals.eligible(id)),
            per: per.map(|id| signals.eligible(id)),
            at_most: at_most.map(|(n, id)| (n, signals.eligible(id))),
            keep_until_place: place?,
            keep_until: conditions?,
            replace_at_most,
            hold_at_least,
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
        span: Span,
        (operator, number): (ast::BinaryOperator, &'a ast::Expression),
        count: Option<PickCount>,
    ) -> Option<usize> {
        let n = self.whole(number, "the place", Measure::Count)?;
        let kept = if operator == ast::BinaryOperator::Greater { n } else { n - 1 };
        let picked = match count {
            Some(PickCount::All) => None,
            Some(PickCount::Top(n) | PickCount::Bottom(n)) => Some(n),
            _ => Some(1),
        };
        // A buffer inside the pick, or around everybody, would be accepted and do nothing.
        if picked.is_none_or(|picked| kept < picked) {
            self.report(error::idle_buffer(span, kept, picked));
            return None;
        }
        Some(kept)
    }
}

/// What is joined by `or`.
fn alternatives(e: &ast::Expression) -> Vec<&ast::Expression> {
    match &e.kind {
        ExpressionKind::Binary { left, operator: ast::BinaryOperator::Or, right } => {
            alternatives(left).into_iter().chain(alternatives(right)).collect()
        }
        _ => vec![e],
    }
}

/// `place > 80`, taken apart.
fn place_beyond(e: &ast::Expression) -> Option<(ast::BinaryOperator, &ast::Expression)> {
    use ast::BinaryOperator as B;
    let ExpressionKind::Binary { left, operator, right } = &e.kind else { return None };
    let ExpressionKind::Name(path) = &left.kind else { return None };
    let is_place = path.table.is_none() && path.name.text == "place";
    (is_place && matches!(operator, B::Greater | B::GreaterOrEqual)).then_some((*operator, right))
}
