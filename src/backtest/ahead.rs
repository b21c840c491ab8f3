//! Targets made before the book comes to their decisions, side by side. To solve for weights is most of the work of a run
//! with optimised weights; where what is held plays no part in them, only who is picked can still differ.

use super::{Simulation, hold};
use crate::{
    check::Policy,
    panel::Row,
    portfolio::{self, Decision, Picks, Standing, Target},
};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The targets by row, with the picks they are of.
#[derive(Debug, Default)]
pub(super) struct Ahead(BTreeMap<Row, (Picks, Target)>);

impl Ahead {
    /// The targets of some decisions, as a book that holds nothing would make them. One that cannot be made is left for
    /// the book to complain of.
    pub(super) fn new(simulation: &Simulation<'_>, rows: &[Row]) -> Self {
        let Simulation { market, policy, signals, .. } = *simulation;
        if !portfolio::is_solved_alone(policy) || !policy.hold.is_empty() {
            return Self::default();
        }
        let make = |&row: &Row| {
            let decision = Decision { market, policy, signals, row };
            let benchmark = hold::benchmark(simulation, row);
            let standing = Standing { benchmark: &benchmark, ..Standing::default() };
            let picks = portfolio::picks(decision, standing);
            let target = portfolio::weights(decision, standing, &picks).ok()?;
            Some((row, (picks, target)))
        };
        Self(rows.par_iter().filter_map(make).collect())
    }

    /// The target of a decision, if it was made of picks that are weighed as these.
    pub(super) fn take(&mut self, row: Row, picks: &Picks, policy: &Policy) -> Option<Target> {
        let (made_of, target) = self.0.remove(&row)?;
        made_of.weigh_as(picks, policy).then_some(target)
    }
}
