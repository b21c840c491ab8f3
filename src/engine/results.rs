//! What came of runs.

use crate::{
    backtest::Track,
    check::Policy,
    metric::Value,
    panel::{FieldData, MarketData},
    report::{self, BenchmarkLine, Colors, FactorExposure, Report, StrategyRun},
};

/// One strategy's track record and what it is compared with.
#[derive(Debug, Clone)]
pub struct Run {
    /// The strategy's name.
    pub name: String,
    /// What it says.
    pub policy: Policy,
    /// What came of it.
    pub track: Track,
    /// What it is compared with.
    pub benchmark: Option<BenchmarkLine>,
    /// How much of each factor it held; empty until [`Results::add_factors`].
    pub factors: Vec<FactorExposure>,
}

/// The runs of one or several strategy files on one market.
pub struct Results<'m> {
    pub(super) market: &'m dyn MarketData,
    pub(super) runs: Vec<Run>,
}

impl<'m> Results<'m> {
    /// The runs, in the order of the text.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Makes the report and hands it to a view.
    pub fn report<T>(&self, view: impl FnOnce(&Report<'_>) -> T) -> T {
        let risk_free = risk_free(self.market);
        let runs: Vec<StrategyRun<'_>> = self
            .runs
            .iter()
            .map(|run| StrategyRun {
                name: &run.name,
                policy: &run.policy,
                track: &run.track,
                benchmark: run.benchmark.clone(),
                factors: &run.factors,
                risk_free,
            })
            .collect();
        view(&Report::new(self.market, &runs))
    }

    /// The value of a metric of the table (`sharpe`, `annualised_return`), by strategy.
    pub fn metric(&self, name: &str) -> Vec<(String, Value)> {
        self.report(|report| {
            let strategies = report.columns.iter().filter(|c| c.run.is_some());
            strategies.map(|c| (c.name.clone(), c.metric(name))).collect()
        })
    }
}

impl std::fmt::Display for Results<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.report(|report| report::to_text(report, Colors::No)))
    }
}

/// The market's yearly risk-free rate by row, where it knows one.
pub(super) fn risk_free(market: &dyn MarketData) -> Option<&[f64]> {
    let fields = market.schema().find(None, "risk_free");
    fields.into_iter().find_map(|id| match market.field(id) {
        FieldData::Series(values) => Some(values),
        _ => None,
    })
}
