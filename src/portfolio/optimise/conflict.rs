//! Why no portfolio satisfies the constraints: a smallest set that conflicts, and what each of them would have to give.

use super::{
    super::program::{Program, Source},
    Search,
    rows::Terms,
};

/// What must be missing before constraints are said to conflict.
const MISSING: f64 = 1e-8;

/// A smallest set of constraints that conflict.
pub(in crate::portfolio) struct Conflict {
    /// By number of the constraint: by how much it alone would have to give, where that is enough.
    pub(in crate::portfolio) members: Vec<(usize, Option<f64>)>,
    /// How many names there are to hold.
    pub(in crate::portfolio) names: usize,
}

/// Whether nothing satisfies the rows of a program.
pub(super) fn is_infeasible(program: &Program<'_>) -> bool {
    let mut sources: Vec<Source> = program.rows.iter().map(|r| r.source).collect();
    sources.extend(program.balls.iter().map(|b| b.source));
    sources.retain(|s| matches!(s, Source::Rule(_)));
    sources.sort_unstable();
    sources.dedup();
    if sources.is_empty() {
        return false;
    }
    missing(program, &sources).is_none_or(|m| m.iter().any(|m| *m > MISSING))
}

/// The least by which some constraints must give together, by constraint; `None` if even that is not enough.
pub(super) fn missing(program: &Program<'_>, sources: &[Source]) -> Option<Vec<f64>> {
    let (relaxed, slacks) = program.relaxed(sources);
    let optimum = relaxed.solve().ok()?;
    Some(slacks.iter().map(|&s| optimum.values[s].max(0.0)).collect())
}

impl Search<'_> {
    /// The rows of some of the constraints.
    pub(super) fn feasibility(
        &self,
        widened: &[f64],
        wanted: &dyn Fn(usize) -> bool,
    ) -> Program<'_> {
        let candidates = &self.found.list;
        let mut program = Program::new(candidates.len());
        program.covariance = self.outlook.map(|o| &o.covariance);
        let terms: Terms<'_> = self.terms(candidates, widened, wanted);
        terms.fill(&mut program);
        let (fewest, _) = self.names(widened);
        if fewest > 0 {
            let places: Vec<usize> = (0..candidates.len()).collect();
            let lifted: Vec<usize> = places.iter().copied().take(fewest).collect();
            let names = |n: usize| n >= self.decision.policy.bounds.len() && self.is_names(n);
            if (0..self.decision.policy.constraints()).any(|n| names(n) && wanted(n)) {
                self.lift(&mut program, candidates, &places, &lifted);
            }
        }
        program
    }

    fn is_names(&self, number: usize) -> bool {
        let policy = self.decision.policy;
        let limit = number.checked_sub(policy.bounds.len()).map(|i| &policy.limits[i].rule);
        matches!(limit, Some(crate::check::LimitRule::Names(..)))
    }

    /// A smallest set of constraints that conflict: each is left out in turn, and stays out if the others conflict
    /// without it.
    pub(super) fn conflict(&self) -> Conflict {
        let policy = self.decision.policy;
        let none = vec![0.0; policy.constraints()];
        let strict = |n: &usize| policy.bounds.get(*n).is_none_or(|b| !b.else_cash);
        let mut set: Vec<usize> = (0..policy.constraints()).filter(strict).collect();
        for number in set.clone() {
            let without: Vec<usize> = set.iter().copied().filter(|&n| n != number).collect();
            if is_infeasible(&self.feasibility(&none, &|n| without.contains(&n))) {
                set = without;
            }
        }
        let program = self.feasibility(&none, &|n| set.contains(&n));
        let gives = |&number: &usize| {
            let alone = missing(&program, &[Source::Rule(number)]);
            (number, alone.map(|m| m[0]))
        };
        Conflict { members: set.iter().map(gives).collect(), names: self.found.list.len() }
    }
}
