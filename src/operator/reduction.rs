//! Sums over the members of a date, missing ones passed over. Values are added in lanes by their place, so the order is
//! one and the same on every processor.

use super::vectorise::vectorised;

const LANES: usize = 16;

/// Adds what `of` gives for each of `values`, in lanes.
#[inline(always)]
fn lanes(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += of(*x);
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += of(*x);
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
    }
    sums[0]
}

vectorised! {
    /// How many are present.
    pub(super) fn count(values: &[f64]) -> f64 {
        lanes(values, |x| if x.is_nan() { 0.0 } else { 1.0 })
    }

    /// How many are 1.
    pub(super) fn count_true(values: &[f64]) -> f64 {
        lanes(values, |x| if x == 1.0 { 1.0 } else { 0.0 })
    }

    /// The sum of what is present, 0 where nothing is.
    pub(super) fn sum(values: &[f64]) -> f64 {
        lanes(values, |x| if x.is_nan() { 0.0 } else { x })
    }

    /// The sum of absolute values.
    pub(super) fn absolute_sum(values: &[f64]) -> f64 {
        lanes(values, |x| if x.is_nan() { 0.0 } else { x.abs() })
    }

    fn distances(values: &[f64], from: f64) -> f64 {
        lanes(values, |x| if x.is_nan() { 0.0 } else { x - from })
    }

    fn squares(values: &[f64], from: f64, unit: f64) -> f64 {
        lanes(values, |x| {
            let distance = (x - from) / unit;
            if x.is_nan() { 0.0 } else { distance * distance }
        })
    }

    fn plain_squares(values: &[f64], from: f64) -> f64 {
        lanes(values, |x| {
            let distance = x - from;
            if x.is_nan() { 0.0 } else { distance * distance }
        })
    }

    /// The sum of products of values none of which is missing.
    pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
        let mut sums = [0.0; LANES];
        let ((a, a_rest), (b, b_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
        for (a, b) in a.iter().zip(b) {
            for ((sum, x), y) in sums.iter_mut().zip(a).zip(b) {
                *sum += x * y;
            }
        }
        for ((sum, x), y) in sums.iter_mut().zip(a_rest).zip(b_rest) {
            *sum += x * y;
        }
        for width in [8, 4, 2, 1] {
            for i in 0..width {
                sums[i] += sums[i + width];
            }
        }
        sums[0]
    }

    /// `(x − from) / unit`, missing where it is not finite.
    pub(super) fn standardise(values: &[f64], from: f64, unit: f64, out: &mut [f64]) {
        for (out, x) in out.iter_mut().zip(values) {
            *out = super::finite((x - from) / unit);
        }
    }

    /// `x − from`, missing where it is not finite.
    pub(super) fn shift(values: &[f64], from: f64, out: &mut [f64]) {
        for (out, x) in out.iter_mut().zip(values) {
            *out = super::finite(x - from);
        }
    }

    /// `x` kept between two bounds.
    pub(super) fn clamp(values: &[f64], low: f64, high: f64, out: &mut [f64]) {
        for (out, x) in out.iter_mut().zip(values) {
            let x = if *x < low { low } else { *x };
            *out = if x > high { high } else { x };
        }
    }

    /// `target − factor · x`.
    pub(super) fn subtract(target: &mut [f64], x: &[f64], factor: f64) {
        for (target, x) in target.iter_mut().zip(x) {
            *target -= factor * x;
        }
    }

    fn extremes(values: &[f64]) -> (f64, f64) {
        let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        let mut chunk = |values: &[f64]| {
            for ((low, high), x) in low.iter_mut().zip(&mut high).zip(values) {
                *low = if *x < *low { *x } else { *low };
                *high = if *x > *high { *x } else { *high };
            }
        };
        let (chunks, rest) = values.as_chunks::<LANES>();
        chunks.iter().for_each(|c| chunk(c));
        chunk(rest);
        (low.iter().copied().fold(f64::INFINITY, f64::min), high.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }
}

/// The least and the greatest; missing where nothing is present.
pub(super) fn range(values: &[f64]) -> (f64, f64) {
    let (low, high) = extremes(values);
    if low <= high { (low, high) } else { (f64::NAN, f64::NAN) }
}

/// The mean as the first value and the mean distance from it: equal values give exactly that value. Missing where nothing
/// is present, infinite or missing where the distances have no finite sum.
pub(super) fn mean(values: &[f64]) -> f64 {
    let Some(first) = values.iter().copied().find(|x| !x.is_nan()) else { return f64::NAN };
    first + distances(values, first) / count(values)
}

/// The standard deviation from a mean, dividing by n − `ddof`; missing where that is not above 0.
pub(super) fn deviation(values: &[f64], mean: f64, ddof: f64) -> f64 {
    let n = count(values) - ddof;
    if n <= 0.0 {
        return f64::NAN;
    }
    let squared = plain_squares(values, mean);
    if (1e-280..1e300).contains(&squared) {
        return (squared / n).sqrt();
    }
    // Scaled by the largest deviation, so that squares neither overflow nor vanish.
    let (low, high) = range(values);
    let largest = (low - mean).abs().max((high - mean).abs());
    if largest == 0.0 {
        return 0.0;
    }
    largest * (squares(values, mean, largest) / n).sqrt()
}
