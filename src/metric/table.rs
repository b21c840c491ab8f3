//! The table of metrics.

use super::{
    Better::{Higher, Lower, Neither},
    Metric, TrackRecord,
    Unit::{Count, Date, Money, Percent, Ratio},
    record::{deviation, mean, ratio},
};

macro_rules! metrics {
    ($($name:literal $title:literal $unit:ident $better:ident $($relative:ident)?
        $summary:literal $formula:literal $compute:expr;)*) => {
        /// Every metric, in the order of reports.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            title: $title,
            summary: $summary,
            formula: $formula,
            unit: $unit,
            better: $better,
            relative: metrics!(@ $($relative)?),
            compute: |record| ($compute)(record).into(),
        },)*];
    };
    (@ relative) => { true };
    (@) => { false };
}

metrics! {
    "total_return" "Total return" Percent Higher
        "What the start value became, less 1."
        "V_end / capital − 1"
        total_return;
    "annual_return" "Annualised return" Percent Higher
        "The constant yearly return that gives the total return."
        "(V_end / capital)^(1 / years) − 1, years = days / 365.25"
        annual_return;
    "volatility" "Volatility" Percent Lower
        "How much the return varies, a year."
        "sd(r)·√rows a year, sd with n − 1"
        volatility;
    "sharpe" "Sharpe ratio" Ratio Higher
        "Mean return above the risk-free rate for each unit of its variation."
        "mean(r − f) / sd(r − f)·√rows a year"
        sharpe;
    "sortino" "Sortino ratio" Ratio Higher
        "Mean return above the risk-free rate for each unit of downward variation."
        "mean(r − f) / √mean(min(r − f, 0)²)·√rows a year"
        sortino;
    "calmar" "Calmar ratio" Ratio Higher
        "Annualised return for each unit of the maximum drawdown."
        "annual_return / |max_drawdown|"
        |r: &TrackRecord| ratio(annual_return(r)?, max_drawdown(r)?.abs());
    "max_drawdown" "Maximum drawdown" Percent Higher
        "The deepest fall below an earlier greatest value."
        "min over t of V_t / max(capital, V_0..V_t) − 1"
        max_drawdown;
    "drawdown_peak" "  peak" Date Neither
        "The date from which the deepest fall began."
        "the last date before the trough with V at its greatest"
        |r: &TrackRecord| r.deepest_drawdown().map(|d| d.peak);
    "drawdown_trough" "  trough" Date Neither
        "The date of its lowest value."
        "the first date at which the maximum drawdown is reached"
        |r: &TrackRecord| r.deepest_drawdown().map(|d| d.trough);
    "drawdown_recovery" "  recovered" Date Neither
        "The date at which the value of the peak was reached again."
        "the first date after the trough with V at its greatest again; missing if there is none"
        |r: &TrackRecord| r.deepest_drawdown().and_then(|d| d.recovery);
    "best_year" "Best year" Percent Higher
        "The highest return of a calendar year (the first and last may be parts)."
        "max of the yearly returns"
        |r: &TrackRecord| r.yearly_returns().iter().map(|y| y.1).reduce(f64::max);
    "worst_year" "Worst year" Percent Higher
        "The lowest return of a calendar year (the first and last may be parts)."
        "min of the yearly returns"
        |r: &TrackRecord| r.yearly_returns().iter().map(|y| y.1).reduce(f64::min);
    "hit_rate_rows" "Up days" Percent Higher
        "The share of rows with a gain."
        "count(r > 0) / n"
        |r: &TrackRecord| share_above_zero(&r.returns());
    "hit_rate_months" "Up months" Percent Higher
        "The share of calendar months with a gain."
        "count(monthly return > 0) / months"
        |r: &TrackRecord| share_above_zero(&months(r));
    "turnover" "Turnover a year" Percent Lower
        "How much of the book is traded one way in a year, without the first purchase."
        "Σ ½Σ|Δw| over all rebalances but the first / years, cash counted as a holding"
        turnover;
    "costs_annual" "Costs a year" Percent Lower
        "Costs as a share of net asset value, a year, with those of the first purchase."
        "Σ (cost_t / V_t−1) / years"
        costs_annual;
    "costs_total" "Costs in all" Money Lower
        "All costs paid."
        "Σ cost_t"
        |r: &TrackRecord| (!r.costs.is_empty()).then(|| r.costs.iter().sum::<f64>());
    "names" "Names held" Count Neither
        "How many assets are held, on average over the rows after the first."
        "mean(number of holdings)"
        |r: &TrackRecord| mean(&r.names.iter().skip(1).map(|n| f64::from(*n)).collect::<Vec<_>>());
    "exposure" "Invested" Percent Neither
        "The share of net asset value in assets, on average over the rows after the first."
        "mean(1 − cash / V)"
        |r: &TrackRecord| mean(r.exposure.get(1..)?);
    "beta" "Beta" Ratio Neither relative
        "How much it moves with the benchmark."
        "cov(r − f, b − f) / var(b − f)"
        |r: &TrackRecord| regression(r).map(|(beta, _)| beta);
    "alpha" "Alpha a year" Percent Higher relative
        "The yearly return that the benchmark does not explain."
        "(mean(r − f) − beta·mean(b − f))·rows a year"
        |r: &TrackRecord| regression(r).map(|(_, alpha)| alpha * r.rows_per_year);
    "correlation" "Correlation" Ratio Neither relative
        "How closely it follows the benchmark."
        "cov(r − f, b − f) / (sd(r − f)·sd(b − f))"
        correlation;
    "tracking_error" "Tracking error" Percent Neither relative
        "How much the difference to the benchmark varies, a year."
        "sd(r − b)·√rows a year"
        |r: &TrackRecord| Some(deviation(&active(r))? * r.rows_per_year.sqrt());
    "information_ratio" "Information ratio" Ratio Higher relative
        "Mean return above the benchmark for each unit of tracking error."
        "mean(r − b) / sd(r − b)·√rows a year"
        |r: &TrackRecord| annual_ratio(&active(r), r.rows_per_year);
}

fn total_return(record: &TrackRecord) -> Option<f64> {
    ratio(*record.nav.last()?, record.capital).map(|growth| growth - 1.0)
}

fn annual_return(record: &TrackRecord) -> Option<f64> {
    let years = record.years();
    (years > 0.0).then_some(())?;
    Some(libm::pow(1.0 + total_return(record)?, 1.0 / years) - 1.0)
}

fn volatility(record: &TrackRecord) -> Option<f64> {
    Some(deviation(&record.returns())? * record.rows_per_year.sqrt())
}

fn annual_ratio(returns: &[f64], rows_per_year: f64) -> Option<f64> {
    Some(ratio(mean(returns)?, deviation(returns)?)? * rows_per_year.sqrt())
}

fn sharpe(record: &TrackRecord) -> Option<f64> {
    annual_ratio(&record.excess_returns(), record.rows_per_year)
}

fn sortino(record: &TrackRecord) -> Option<f64> {
    let excess = record.excess_returns();
    let squares: Vec<f64> = excess.iter().map(|r| r.min(0.0) * r.min(0.0)).collect();
    Some(ratio(mean(&excess)?, mean(&squares)?.sqrt())? * record.rows_per_year.sqrt())
}

fn max_drawdown(record: &TrackRecord) -> Option<f64> {
    (!record.nav.is_empty()).then(|| record.deepest_drawdown().map_or(0.0, |d| d.depth))
}

fn share_above_zero(returns: &[f64]) -> Option<f64> {
    mean(&returns.iter().map(|r| f64::from(u8::from(*r > 0.0))).collect::<Vec<_>>())
}

fn months(record: &TrackRecord) -> Vec<f64> {
    record.monthly_returns().into_iter().map(|m| m.1).collect()
}

fn turnover(record: &TrackRecord) -> Option<f64> {
    ratio(record.turnover.as_ref()?.iter().sum(), record.years())
}

fn costs_annual(record: &TrackRecord) -> Option<f64> {
    let base = std::iter::once(&record.capital).chain(&record.nav);
    let shares: f64 = record.costs.iter().zip(base).map(|(c, v)| c / v).sum();
    if record.costs.is_empty() { None } else { ratio(shares, record.years()) }
}

/// Returns less the benchmark's.
fn active(record: &TrackRecord) -> Vec<f64> {
    record.beside_benchmark().iter().map(|(r, b, _)| r - b).collect()
}

/// Own and benchmark's excess returns.
fn excess_pairs(record: &TrackRecord) -> (Vec<f64>, Vec<f64>) {
    record.beside_benchmark().iter().map(|(r, b, f)| (r - f, b - f)).unzip()
}

/// Sample covariance; the variance for two equal lists.
fn covariance(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x_mean, y_mean) = (mean(x)?, mean(y)?);
    let products: f64 = x.iter().zip(y).map(|(a, b)| (a - x_mean) * (b - y_mean)).sum();
    ratio(products, (x.len() - 1) as f64)
}

/// Beta, and alpha a row.
fn regression(record: &TrackRecord) -> Option<(f64, f64)> {
    let (own, benchmark) = excess_pairs(record);
    let spread = deviation(&benchmark)?;
    let beta = ratio(covariance(&own, &benchmark)?, spread * spread)?;
    Some((beta, mean(&own)? - beta * mean(&benchmark)?))
}

fn correlation(record: &TrackRecord) -> Option<f64> {
    let (own, benchmark) = excess_pairs(record);
    ratio(covariance(&own, &benchmark)?, deviation(&own)? * deviation(&benchmark)?)
}
