//! How much of each factor a strategy held.

use super::{Compiled, Query, Results, Run, query::CompiledQuery};
use crate::{
    diagnostic::Result,
    panel::{Row, Rows},
    report::FactorExposure,
    types::Kind,
};
use std::sync::Arc;

impl Compiled<'_> {
    /// The file's named expressions and those of the library that its text names; `None` if there are none.
    pub(super) fn named(&self) -> Result<Option<CompiledQuery<'_>>> {
        self.query(&self.names())
    }

    /// Some expressions that see the definitions of the file.
    fn query(&self, expressions: &[String]) -> Result<Option<CompiledQuery<'_>>> {
        if expressions.is_empty() {
            return Ok(None);
        }
        let none = Query::of(self.loaded.clone());
        let query = expressions.iter().try_fold(none, |query, text| query.and(text))?;
        let compiled = query.compile(self.market)?;
        Ok(Some(match &self.kept {
            Some(kept) => compiled.keeping(kept),
            None => compiled,
        }))
    }

    /// The exposures of each run of this file.
    fn exposures(&self, runs: &[Run]) -> Result<Vec<Vec<FactorExposure>>> {
        let named = self.named()?;
        let columns = named.iter().flat_map(|query| query.columns());
        let factors: Vec<&str> = columns
            .filter(|c| c.ty.kind == Kind::Number && c.ty.shape_has_assets())
            .map(|c| c.name.as_str())
            .collect();
        let scores: Vec<String> =
            factors.iter().map(|name| format!("zscore(winsorize({name}))")).collect();
        let Some(query) = self.query(&scores)? else { return Ok(vec![vec![]; runs.len()]) };
        let decisions =
            |run: &Run| -> Vec<Row> { run.track.rebalances.iter().map(|r| r.target.row).collect() };
        let mut rows: Vec<Row> = runs.iter().flat_map(decisions).collect();
        rows.sort_unstable();
        rows.dedup();
        let rows = Arc::new(Rows::new(rows, self.calendar().len()));
        let evaluated = query.evaluate_each(&vec![rows; factors.len()]);
        let of_run = |run: &Run| {
            let of_factor = |(name, score): (&&str, &super::Evaluated)| {
                // Where a factor is missing the asset stands at its mean.
                let score = |row, asset: u32| {
                    Some(score.values.value(row, asset as usize)).filter(|z| !z.is_nan())
                };
                let exposures = run.track.rebalances.iter().map(|r| {
                    let weights = r.target.weights.iter();
                    let parts = weights.filter_map(|(a, w)| Some(w * score(r.target.row, a.0)?));
                    // The sum of nothing would be −0.
                    parts.fold(0.0, |sum, part| sum + part)
                });
                FactorExposure::new(name, &exposures.collect::<Vec<f64>>())
            };
            factors.iter().zip(&evaluated).map(of_factor).collect()
        };
        Ok(runs.iter().map(of_run).collect())
    }
}

impl Results<'_> {
    /// Adds how much of its factors each strategy held: those its file names, of its own and of the library. `programs`
    /// are those that were run.
    ///
    /// # Errors
    /// As [`Query::compile`].
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
