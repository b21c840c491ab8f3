//! How much of each factor a strategy held.

use super::{Compiled, Evaluated, Query, Results, Run, query::CompiledQuery};
use crate::{
    backtest::Rebalance,
    diagnostic::Result,
    operator::{self, Body, Eligible, Members, Scratch},
    panel::{Row, Rows},
    report::FactorExposure,
    types::Kind,
};

impl Compiled<'_> {
    /// The file's named expressions and those of the library that its text names; `None` if there are none.
    pub(super) fn named(&self) -> Result<Option<CompiledQuery<'_>>> {
        let names = self.names();
        if names.is_empty() {
            return Ok(None);
        }
        let none = Query::of(self.loaded.clone());
        let query = names.iter().try_fold(none, |query, name| query.and(name))?;
        let compiled = query.compile(self.market)?;
        Ok(Some(match &self.kept {
            Some(kept) => compiled.keeping(kept),
            None => compiled,
        }))
    }

    /// The exposures of each run of this file.
    fn exposures(&self, runs: &[Run]) -> Result<Vec<Vec<FactorExposure>>> {
        let Some(named) = self.named()? else { return Ok(vec![vec![]; runs.len()]) };
        let decisions = runs.iter().flat_map(|run| &run.track.rebalances);
        let mut rows: Vec<Row> = decisions.map(|r| r.target.row).collect();
        rows.sort_unstable();
        rows.dedup();
        let evaluated = named.evaluate(&Rows::new(rows, self.calendar().len()));
        let is_factor =
            |e: &&Evaluated| e.column.ty.kind == Kind::Number && e.column.ty.shape_has_assets();
        let of_run = |run: &Run| {
            let factors = evaluated.iter().filter(is_factor).map(|factor| {
                let held = |r: &Rebalance| exposure(factor, &named.eligible(r.target.row), r);
                let exposures: Vec<f64> = run.track.rebalances.iter().map(held).collect();
                FactorExposure::new(&factor.column.name, &exposures)
            });
            factors.collect()
        };
        Ok(runs.iter().map(of_run).collect())
    }
}

/// Σ w·z of a decision.
fn exposure(factor: &Evaluated, eligible: &[bool], decision: &Rebalance) -> f64 {
    let values = factor.values.row(decision.target.row).unwrap_or_default();
    let mask: Vec<f64> = eligible.iter().map(|e| f64::from(u8::from(*e))).collect();
    let seen = values.iter().zip(eligible).map(|(x, e)| if *e { *x } else { f64::NAN });
    let trimmed = across("winsorize", &seen.collect::<Vec<f64>>(), &mask, &[0.01]);
    let scores = across("zscore", &trimmed, &mask, &[0.0]);
    let weights = decision.target.weights.iter();
    let parts = weights.map(|(asset, weight)| weight * scores[asset.0 as usize]);
    // Where a factor is missing the asset stands at its mean. The sum of nothing would be −0.
    parts.filter(|part| !part.is_nan()).fold(0.0, |sum, part| sum + part)
}

/// An operator across the assets of a date, whatever the file calls by its name.
fn across(name: &str, values: &[f64], mask: &[f64], constants: &[f64]) -> Vec<f64> {
    let Some(Body::Cross(kernel)) = operator::find(name).map(|operator| operator.body) else {
        unreachable!("the table has `{name}`, which works across assets")
    };
    let eligible = Eligible { mask, members: None };
    let members = Members { inputs: &[values], kinds: &[Kind::Number], eligible, constants };
    let mut out = vec![f64::NAN; values.len()];
    kernel(&members, &mut Scratch::default(), &mut out);
    out
}

impl Results<'_> {
    /// Adds how much of its factors each strategy held: those its file names, of its own and of the library. `programs`
    /// are those that were run.
    ///
    /// # Errors
    /// As [`Query::compile`].
    ///
    /// # Panics
    /// If `programs` are others.
    pub fn add_factors(&mut self, programs: &[Compiled<'_>]) -> Result<()> {
        let mut runs = self.runs.as_mut_slice();
        for program in programs {
            let (own, later) = runs.split_at_mut(program.checked.strategies.len());
            let exposures = program.exposures(own)?;
            for (run, factors) in own.iter_mut().zip(exposures) {
                run.factors = factors;
            }
            runs = later;
        }
        Ok(())
    }
}
