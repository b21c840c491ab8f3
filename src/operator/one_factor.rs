//! The coefficient of a rolling regression on one value: by far the most frequent one, and a fold.

use super::{
    fold::{Fold, Part, Window, least},
    lanes::Lanes,
    moments::{between, deviations},
};
use pulp::Simd;

/// Two anchors, and the count, Σ d, Σ e, Σ e² and Σ de over the rows where both are present; d is of y, e of the one
/// regressor.
pub(super) struct OneFactor;

impl Fold<2, 2, 5> for OneFactor {
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        least(constants).max(2.0)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 2, 5>, values: [Lanes<S>; 2], _: f64, _: f64) {
        let (here, [d, e]) = deviations(&mut part.anchors, values);
        let [n, y, x, xx, xy] = part.state;
        part.state = [n + here.as_number(), y + d, x + e, xx + e * e, xy + d * e];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 2, 5>,
        head: Part<S, 2, 5>,
        _: Window<S, 2>,
        least: f64,
    ) -> Lanes<S> {
        let ([m, ay, ax, axx, axy], [n, by, bx, bxx, bxy]) = (tail.state, head.state);
        let [dy, dx] = between((&tail, m), (&head, n));
        let (my, mx) = (ay + m * dy, ax + m * dx);
        let (n, y, x) = (m + n, my + by, mx + bx);
        let xx = n * ((axx + dx * (ax + mx)) + bxx) - x * x;
        let xy = n * ((axy + (dx * my + dy * ax)) + bxy) - x * y;
        let value = xy / xx;
        (n.at_least(n.like(least)) & xx.is_positive()).or_missing(value.finite())
    }
}
