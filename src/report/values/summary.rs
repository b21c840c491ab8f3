//! The distribution of numbers, and the counts of what is no number.

use super::{Cell, Count, Given, cell};
use serde::Serialize;

/// How many bins a histogram has between its tails.
const BINS: usize = 12;

/// How the numbers that are present are distributed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// The arithmetic mean.
    pub mean: f64,
    /// The standard deviation, dividing by n.
    pub deviation: f64,
    /// The least.
    pub min: f64,
    /// The first quartile, interpolated linearly (type 7).
    pub lower_quartile: f64,
    /// The median.
    pub median: f64,
    /// The third quartile.
    pub upper_quartile: f64,
    /// The greatest.
    pub max: f64,
    /// Bins of one width from the 1% to the 99% quantile; the first and last take in what lies beyond.
    pub histogram: Vec<HistogramBin>,
}

/// One bar of a histogram: the numbers from `from` to under `to`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistogramBin {
    /// Its lower end, or the least of all.
    pub from: f64,
    /// Its upper end, or the greatest of all, which is in it.
    pub to: f64,
    /// How many numbers are in it.
    pub count: usize,
}

/// The distribution; `None` of nothing.
pub(super) fn distribution(values: &[f64]) -> Option<Distribution> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let n = sorted.len() as f64;
    // Around a value in their midst, huge equal numbers do not round.
    let middle = sorted[sorted.len() / 2];
    let scale = (max - middle).abs().max((min - middle).abs()).max(f64::MIN_POSITIVE);
    let parts = || sorted.iter().map(|v| (v - middle) / scale);
    let mean = parts().sum::<f64>() / n;
    let squares: f64 = parts().map(|p| (p - mean) * (p - mean)).sum();
    let deviation = if min == max { 0.0 } else { (squares / n).sqrt() * scale };
    let quantile = |p: f64| {
        let place = p * (n - 1.0);
        let (low, rest) = (place.floor() as usize, place.fract());
        match sorted.get(low + 1) {
            Some(next) if rest > 0.0 => sorted[low] + (next - sorted[low]) * rest,
            _ => sorted[low],
        }
    };
    Some(Distribution {
        mean: middle + mean * scale,
        deviation,
        min,
        lower_quartile: quantile(0.25),
        median: quantile(0.5),
        upper_quartile: quantile(0.75),
        max,
        histogram: histogram(&sorted, quantile(0.01), quantile(0.99)),
    })
}

/// Sorted numbers in bins of one width between two of them; the outer bins take in what lies beyond.
fn histogram(sorted: &[f64], low: f64, high: f64) -> Vec<HistogramBin> {
    let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else { return vec![] };
    let width = (high - low) / BINS as f64;
    if !(width > 0.0 && width.is_finite() && low + width > low) {
        return vec![HistogramBin { from: min, to: max, count: sorted.len() }];
    }
    let edge = |i: usize| low + width * i as f64;
    let under = |x: f64| sorted.partition_point(|v| *v < x);
    let bins = (0..BINS).map(|i| {
        let first = if i == 0 { 0 } else { under(edge(i)) };
        let end = if i + 1 == BINS { sorted.len() } else { under(edge(i + 1)) };
        HistogramBin {
            from: if i == 0 { min } else { edge(i) },
            to: if i + 1 == BINS { max } else { edge(i + 1) },
            count: end - first,
        }
    });
    bins.collect()
}

/// How many there are of each value, the most frequent first; codes without texts in their order.
pub(super) fn counts(given: Given<'_>, present: &[f64]) -> Vec<Count> {
    let mut sorted = present.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let runs = sorted.chunk_by(|a, b| a == b);
    let mut counts: Vec<Count> =
        runs.map(|run| Count { value: cell(given, run[0]), count: run.len() }).collect();
    if !counts.iter().any(|c| matches!(c.value, Cell::Number(_))) {
        counts.sort_by_key(|c| std::cmp::Reverse(c.count));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_numpy() {
        let d = distribution(&[4.0, 1.0, 3.0, 2.0]).expect("there are numbers");
        assert_eq!((d.min, d.lower_quartile, d.median, d.max), (1.0, 1.75, 2.5, 4.0));
        assert!((d.mean - 2.5).abs() < 1e-15 && (d.deviation - 1.25f64.sqrt()).abs() < 1e-15);
        assert_eq!(d.histogram.iter().map(|b| b.count).sum::<usize>(), 4);
        assert!(distribution(&[]).is_none());
    }

    #[test]
    fn extremes_do_not_overflow() {
        let huge = distribution(&[f64::MAX, f64::MAX]).expect("there are numbers");
        assert_eq!((huge.mean, huge.deviation, huge.histogram.len()), (f64::MAX, 0.0, 1));
        let far = distribution(&[-1e300, 1e300, 0.0]).expect("there are numbers");
        assert_eq!(far.mean, 0.0);
        assert!(far.deviation.is_finite());
    }
}
