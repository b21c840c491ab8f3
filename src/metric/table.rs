//! The table of metrics.

use super::{
    Better::{Higher, Lower, Neither},
    Metric, TrackRecord,
    Unit::{Count, Date, Money, Percent, Ratio},
    detail,
    record::{deviation, mean, ratio},
};

macro_rules! metrics {
    ($($name:literal $title:literal $unit:ident $better:ident $($mark:ident)*
        $summary:literal $formula:literal $compute:expr;)*) => {
        /// Every metric, in the order of reports.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            title: $title,
            summary: $summary,
            formula: $formula,
            unit: $unit,
            better: $better,
            relative: metrics!(@relative $($mark)*),
            detail: metrics!(@detail $($mark)*),
            compute: |record| ($compute)(record).into(),
        },)*];
    };
    (@relative relative $($rest:ident)*) => { true };
    (@relative $other:ident $($rest:ident)*) => { metrics!(@relative $($rest)*) };
    (@relative) => { false };
    (@detail detail $($rest:ident)*) => { true };
    (@detail $other:ident $($rest:ident)*) => { metrics!(@detail $($rest)*) };
    (@detail) => { false };
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
        "Σ ½Σ|Δw| over all rebalances but the first, and of exits / years, cash counted as a holding"
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
    "active_share" "Active share" Percent Neither relative detail
        "How much of the target differs from the benchmark's, on average over the rebalances that both decide."
        "mean(½Σ|w − b|)"
        |r: &TrackRecord| mean(&r.active_share);
    "up_capture" "Up capture" Percent Higher relative detail
        "Growth on the rows on which the benchmark rose, over the benchmark's."
        "(Π(1 + r)^(1/n) − 1) / (Π(1 + b)^(1/n) − 1) over rows with b > 0"
        |r: &TrackRecord| detail::capture(r, true);
    "down_capture" "Down capture" Percent Lower relative detail
        "Growth on the rows on which the benchmark fell, over the benchmark's."
        "the same over rows with b < 0"
        |r: &TrackRecord| detail::capture(r, false);
    "alpha_t" "t of alpha" Ratio Higher relative detail
        "How far alpha is from zero in standard errors that allow for autocorrelation (Newey and West 1987)."
        "alpha / se, Bartlett weights over ⌊4(n/100)^(2/9)⌋ rows"
        |r: &TrackRecord| detail::newey_west(r).map(|(alpha, _)| alpha);
    "beta_t" "t of beta" Ratio Neither relative detail
        "The same of beta."
        "beta / se"
        |r: &TrackRecord| detail::newey_west(r).map(|(_, beta)| beta);
    "omega" "Omega ratio" Ratio Higher detail
        "What was won over the risk-free rate for each unit that was lost."
        "Σ max(r − f, 0) / Σ max(f − r, 0)"
        detail::omega;
    "average_drawdown" "Average drawdown" Percent Higher detail
        "How deep the value fell between one greatest value and the next, on average."
        "mean of the least drawdown of each spell below the greatest value"
        detail::average_drawdown;
    "ulcer_index" "Ulcer index" Percent Lower detail
        "How deep and how long the value was below its greatest (Martin and McCann 1989)."
        "√mean(drawdown²)"
        detail::ulcer_index;
    "skew" "Skew" Ratio Higher detail
        "Whether large gains (above 0) or large losses (below) stand out."
        "mean((r − mean)³) / sd³, sd with n"
        detail::skew;
    "kurtosis" "Excess kurtosis" Ratio Lower detail
        "How much more often returns are extreme than normal ones are."
        "mean((r − mean)⁴) / sd⁴ − 3, sd with n"
        detail::kurtosis;
    "value_at_risk_95" "Worst 5% begin at" Percent Higher detail
        "The return of a row that 5% of all are below: value at risk."
        "5% quantile of r, by linear interpolation"
        |r: &TrackRecord| detail::quantile(&r.returns(), 0.05);
    "value_at_risk_99" "Worst 1% begin at" Percent Higher detail
        "The return of a row that 1% of all are below."
        "1% quantile of r, by linear interpolation"
        |r: &TrackRecord| detail::quantile(&r.returns(), 0.01);
    "tail_mean_95" "Mean of worst 5%" Percent Higher detail
        "The mean of the worst 5% of rows: conditional value at risk."
        "mean(r at or below its 5% quantile)"
        |r: &TrackRecord| detail::tail_mean(&r.returns(), 0.05);
    "tail_mean_99" "Mean of worst 1%" Percent Higher detail
        "The mean of the worst 1% of rows."
        "mean(r at or below its 1% quantile)"
        |r: &TrackRecord| detail::tail_mean(&r.returns(), 0.01);
    "best_row" "Best day" Percent Higher detail
        "The highest return of a row."
        "max(r)"
        |r: &TrackRecord| r.returns().into_iter().reduce(f64::max);
    "worst_row" "Worst day" Percent Higher detail
        "The lowest return of a row."
        "min(r)"
        |r: &TrackRecord| r.returns().into_iter().reduce(f64::min);
    "best_month" "Best month" Percent Higher detail
        "The highest return of a calendar month (the first and last may be parts)."
        "max of the monthly returns"
        |r: &TrackRecord| months(r).into_iter().reduce(f64::max);
    "worst_month" "Worst month" Percent Higher detail
        "The lowest return of a calendar month (the first and last may be parts)."
        "min of the monthly returns"
        |r: &TrackRecord| months(r).into_iter().reduce(f64::min);
    "tail_ratio" "Tail ratio" Ratio Higher detail
        "How the good days compare with the bad ones."
        "|95% quantile of r| / |5% quantile of r|"
        detail::tail_ratio;
    "stability" "Stability" Ratio Higher detail
        "How straight the line of the value's logarithm is."
        "R² of log V on time"
        detail::stability;
    "probabilistic_sharpe" "P(Sharpe above 0)" Percent Higher detail
        "The probability that the true Sharpe ratio is above zero (Bailey and López de Prado 2012)."
        "Φ(S√(n − 1) / √(1 − skew·S + (kurtosis − 1)/4·S²)), S = mean(r − f) / sd(r − f)"
        detail::probabilistic_sharpe;
    "deflated_sharpe" "P(Sharpe above luck)" Percent Higher detail
        "The probability that the true Sharpe ratio is above the best that as many strategies without skill would show; of several run together (Bailey and López de Prado 2014)."
        "Φ((S − S₀)√(n − 1) / √(1 − skew·S + (kurtosis − 1)/4·S²)), S₀ = sd of their S·((1 − γ)Φ⁻¹(1 − 1/N) + γΦ⁻¹(1 − 1/(N·e))), γ Euler's constant"
        detail::deflated_sharpe;
    "days_to_sell" "Days to sell" Count Lower detail
        "How many days selling all takes at a tenth of the usual volume, on average by value and over the rows with trades."
        "mean(Σ|v|·(|v| / (0.1·V20)) / Σ|v|), V20 the mean of close × volume over 20 rows, at most 252 days each"
        |r: &TrackRecord| mean(&r.days_to_sell);
    "capacity" "Capacity" Money Higher detail
        "The net asset value at which selling all would take five days."
        "mean(5·V / days to sell), V the net asset value of the row"
        |r: &TrackRecord| mean(&r.capacity);
    "effective_names" "Effective names" Count Neither detail
        "How many equal holdings would be as concentrated, on average over the rows with trades."
        "mean(1 / Σw²), w in shares of what is held"
        |r: &TrackRecord| mean(&r.effective_names);
    "largest_weight" "Largest weight" Percent Lower detail
        "The greatest weight after any trade."
        "max |w|"
        |r: &TrackRecord| r.largest_weight;
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
