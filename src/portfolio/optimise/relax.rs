//! `on infeasible`: what may give does, in the order it is named, each by the least that is enough.

use super::{
    super::{constrain::conflict_of_bounds, error, program::Source},
    Outcome, Search, Trouble,
    conflict::{is_infeasible, missing},
};
use crate::{diagnostic::Diagnostic, panel::AssetId};

/// Above the least by which a constraint must give, so that rounding does not make it too little.
const ROUNDING: f64 = 1e-9;

/// The portfolio after what may give has given, or the holdings, or an error that explains the conflict.
pub(super) fn relax(search: &Search<'_>) -> Result<Outcome, Box<Diagnostic>> {
    let policy = search.decision.policy;
    let explained = || {
        let assets: Vec<usize> = search.found.list.iter().map(|c| c.asset).collect();
        conflict_of_bounds(search.decision, &assets)
            .unwrap_or_else(|| error::infeasible_program(search.decision, &search.conflict()))
    };
    let Some(rule) = &policy.on_infeasible else { return Err(explained()) };
    if let Some(widened) = widths(search, &rule.relax) {
        match search.solve(&widened) {
            Ok(outcome) => return Ok(outcome),
            Err(Trouble::Said(complaint)) => return Err(complaint),
            Err(Trouble::Infeasible) => {}
        }
    }
    if rule.keep_holdings && search.standing.is_started {
        let holdings = search.standing.holdings.iter();
        let weights = holdings.map(|&(asset, weight)| (AssetId(asset as u32), weight)).collect();
        return Ok(Outcome { weights, kept_holdings: true, ..Outcome::default() });
    }
    Err(explained())
}

/// By constraint, how much it gives: the first names as little as the later ones allow, and these only if the first are
/// not enough.
fn widths(search: &Search<'_>, relax: &[Vec<usize>]) -> Option<Vec<f64>> {
    let policy = search.decision.policy;
    let mut widened = vec![0.0; policy.constraints()];
    let strict = |n: usize| policy.bounds.get(n).is_none_or(|b| !b.else_cash);
    let without = |gone: &[Vec<usize>], n: usize| !gone.iter().any(|g| g.contains(&n));
    let is_enough = |count: &usize| {
        let wanted = |n: usize| strict(n) && without(&relax[..*count], n);
        !is_infeasible(&search.feasibility(&widened, &wanted))
    };
    let needed = (1..=relax.len()).find(is_enough)?;
    for place in (0..needed).rev() {
        let program = {
            let wanted = |n: usize| strict(n) && without(&relax[..place], n);
            search.feasibility(&widened, &wanted)
        };
        let sources: Vec<Source> = relax[place].iter().map(|&n| Source::Rule(n)).collect();
        for (&number, least) in relax[place].iter().zip(missing(&program, &sources)?) {
            if least > ROUNDING {
                widened[number] = least + ROUNDING;
            }
        }
    }
    Some(widened)
}
