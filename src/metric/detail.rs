//! What the further figures are computed with.

use super::{
    TrackRecord,
    record::{deviation, mean, ratio},
};
use crate::operator::normal_quantile;

/// The value below which a share of the values lies, by linear interpolation (numpy's default).
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = *sorted.get(low + 1).unwrap_or(&sorted[low]);
    Some(sorted[low] + part * (high - sorted[low]))
}

/// The mean of the returns at or below their quantile.
pub(super) fn tail_mean(returns: &[f64], share: f64) -> Option<f64> {
    let edge = quantile(returns, share)?;
    mean(&returns.iter().copied().filter(|r| *r <= edge).collect::<Vec<_>>())
}

/// The nth central moment over the standard deviation (dividing by n) to the same power.
fn standardised_moment(values: &[f64], power: i32) -> Option<f64> {
    let centre = mean(values)?;
    let of =
        |power: i32| mean(&values.iter().map(|v| (v - centre).powi(power)).collect::<Vec<_>>());
    ratio(of(power)?, of(2)?.sqrt().powi(power))
}

pub(super) fn skew(record: &TrackRecord) -> Option<f64> {
    standardised_moment(&record.returns(), 3)
}

pub(super) fn kurtosis(record: &TrackRecord) -> Option<f64> {
    standardised_moment(&record.returns(), 4).map(|k| k - 3.0)
}

pub(super) fn omega(record: &TrackRecord) -> Option<f64> {
    let excess = record.excess_returns();
    let won: f64 = excess.iter().map(|r| r.max(0.0)).sum();
    let lost: f64 = excess.iter().map(|r| (-r).max(0.0)).sum();
    ratio(won, lost)
}

/// The mean of the lowest points between one greatest value and the next.
pub(super) fn average_drawdown(record: &TrackRecord) -> Option<f64> {
    let (mut lowest, mut depths) = (0.0f64, vec![]);
    for depth in record.drawdowns() {
        if depth == 0.0 && lowest < 0.0 {
            depths.push(lowest);
            lowest = 0.0;
        }
        lowest = lowest.min(depth);
    }
    depths.extend((lowest < 0.0).then_some(lowest));
    mean(&depths)
}

pub(super) fn ulcer_index(record: &TrackRecord) -> Option<f64> {
    Some(mean(&record.drawdowns().iter().map(|d| d * d).collect::<Vec<_>>())?.sqrt())
}

pub(super) fn tail_ratio(record: &TrackRecord) -> Option<f64> {
    let returns = record.returns();
    ratio(quantile(&returns, 0.95)?.abs(), quantile(&returns, 0.05)?.abs())
}

/// How well a straight line through the logarithm of the value explains it: R².
pub(super) fn stability(record: &TrackRecord) -> Option<f64> {
    let logs: Vec<f64> = record.nav.iter().map(|v| libm::log(*v)).collect();
    let times: Vec<f64> = (0..logs.len()).map(|i| i as f64).collect();
    let (x, y) = (mean(&times)?, mean(&logs)?);
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        times.iter().zip(&logs).map(|(t, l)| of(t - x, l - y)).sum()
    };
    let (both, own, other) = (sum(&|a, b| a * b), sum(&|a, _| a * a), sum(&|_, b| b * b));
    ratio(both * both, own * other)
}

/// The mean growth a row on the rows on which the benchmark rose (`up`) or fell, over the benchmark's.
pub(super) fn capture(record: &TrackRecord, up: bool) -> Option<f64> {
    let pairs = record.beside_benchmark();
    let rows: Vec<&(f64, f64, f64)> =
        pairs.iter().filter(|(_, b, _)| if up { *b > 0.0 } else { *b < 0.0 }).collect();
    let growth = |of: &dyn Fn(&(f64, f64, f64)) -> f64| {
        let logs: Vec<f64> = rows.iter().map(|r| libm::log1p(of(r))).collect();
        mean(&logs).map(libm::expm1)
    };
    ratio(growth(&|r| r.0)?, growth(&|r| r.1)?)
}

/// The t-statistics of alpha and beta in r − f = alpha + beta·(b − f) + e, robust to changing variance and to
/// autocorrelation over ⌊4(n/100)^(2/9)⌋ rows (Newey and West 1987, Bartlett weights, without a correction for small
/// samples).
pub(super) fn newey_west(record: &TrackRecord) -> Option<(f64, f64)> {
    let pairs = record.beside_benchmark();
    let (own, other): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(r, b, f)| (r - f, b - f)).unzip();
    let n = own.len() as f64;
    let (own_mean, other_mean) = (mean(&own)?, mean(&other)?);
    let squares: f64 = other.iter().map(|x| (x - other_mean) * (x - other_mean)).sum();
    let products: f64 =
        own.iter().zip(&other).map(|(y, x)| (y - own_mean) * (x - other_mean)).sum();
    let beta = ratio(products, squares)?;
    let alpha = own_mean - beta * other_mean;
    // Scores of the centred regression: their variance is block diagonal in mean and slope.
    let residuals: Vec<f64> = own.iter().zip(&other).map(|(y, x)| y - alpha - beta * x).collect();
    let lags = (4.0 * libm::pow(n / 100.0, 2.0 / 9.0)).floor() as usize;
    let scores: Vec<[f64; 2]> =
        residuals.iter().zip(&other).map(|(e, x)| [*e, e * (x - other_mean)]).collect();
    let mut middle = [[0.0; 2]; 2];
    for lag in 0..=lags.min(scores.len().saturating_sub(1)) {
        let weight = 1.0 - lag as f64 / (lags + 1) as f64;
        for (now, before) in scores[lag..].iter().zip(&scores) {
            for i in 0..2 {
                for j in 0..2 {
                    let product = now[i] * before[j];
                    middle[i][j] += if lag == 0 { product } else { weight * product };
                    if lag > 0 {
                        middle[j][i] += weight * product;
                    }
                }
            }
        }
    }
    // alpha = mean of own − beta · mean of other, so its influence is e/n − mean · (slope's).
    let slope = middle[1][1] / (squares * squares);
    let level = middle[0][0] / (n * n) - 2.0 * other_mean * middle[0][1] / (n * squares)
        + other_mean * other_mean * slope;
    Some((ratio(alpha, level.sqrt())?, ratio(beta, slope.sqrt())?))
}

/// The Sharpe ratio of a row, not of a year.
pub(super) fn sharpe_of_a_row(record: &TrackRecord) -> Option<f64> {
    let excess = record.excess_returns();
    ratio(mean(&excess)?, deviation(&excess)?)
}

/// The probability that the true Sharpe ratio of a row is above another, given the returns' length, skew and kurtosis
/// (Bailey and López de Prado 2012).
fn probability_above(record: &TrackRecord, other: f64) -> Option<f64> {
    let excess = record.excess_returns();
    let sharpe = sharpe_of_a_row(record)?;
    let (skew, kurtosis) = (standardised_moment(&excess, 3)?, standardised_moment(&excess, 4)?);
    let spread = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
    let z = (sharpe - other) * ((excess.len() as f64 - 1.0) / spread).sqrt();
    Some(0.5 * libm::erfc(-z / std::f64::consts::SQRT_2))
}

pub(super) fn probabilistic_sharpe(record: &TrackRecord) -> Option<f64> {
    probability_above(record, 0.0)
}

/// The same above the greatest that so many trials without any skill would have shown (Bailey and López de Prado 2014).
pub(super) fn deflated_sharpe(record: &TrackRecord) -> Option<f64> {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let count = record.trials.len() as f64;
    let spread = deviation(&record.trials)?;
    let greatest = (1.0 - EULER) * normal_quantile(1.0 - 1.0 / count)
        + EULER * normal_quantile(1.0 - 1.0 / (count * std::f64::consts::E));
    probability_above(record, spread * greatest)
}
