//! Rolling second moments: standard deviation, variance, covariance, correlation.
//!
//! Each part of a window is gathered as deviations from an anchor, its first row pushed, which lies in the window; so
//! nothing cancels (the loss is at most the length of the window), a level of 1e6 with steps of 1e-3 keeps twelve digits,
//! and equal values give exactly zero at any magnitude. Where the parts meet, the sums of the tail are moved to the anchor
//! of the head, which lies in the window, too.

use super::{
    Accepts, Body, Default, Example, MIN, Operator, Parameter, ResultType,
    fold::{Fold, Folded, Part, Window, least},
    lanes::{Lanes, Mask},
    number, window,
};
use pulp::Simd;

const N: f64 = f64::NAN;
const MISSING: &str = "needs `min:` values in the window, by default three quarters of its rows; missing where n ≤ ddof";
const PAIR_MISSING: &str = "rows in which either is missing are left out; needs `min:` complete rows; missing where a deviation is zero";

const fn ddof(default: f64) -> Parameter {
    Parameter {
        name: "ddof",
        accepts: Accepts::Constant { low: 0.0, high: 1.0, whole: true },
        default: Default::Constant(default),
    }
}

const X: &[Parameter] = &[number("x"), window("d"), MIN, ddof(1.0)];
const XY: &[Parameter] = &[number("x"), number("y"), window("d"), MIN];

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "ts_std",
        summary: "Standard deviation of the values present in the last d rows.",
        formula: "√(Σ (x − mean)² / (n − ddof)), ddof 1",
        missing: MISSING,
        source: "pandas rolling(d, min_periods).std()",
        parameters: X,
        result: ResultType::Same,
        body: Body::Window(&Folded(Deviation::<true>)),
        examples: &[Example {
            inputs: &[&[1.0, 3.0, 3.0]],
            constants: &[2.0],
            result: &[N, std::f64::consts::SQRT_2, 0.0],
        }],
    },
    Operator {
        name: "ts_var",
        summary: "Variance of the values present in the last d rows.",
        formula: "Σ (x − mean)² / (n − ddof), ddof 1",
        missing: MISSING,
        source: "pandas rolling(d, min_periods).var()",
        parameters: X,
        result: ResultType::Unknown,
        body: Body::Window(&Folded(Deviation::<false>)),
        examples: &[Example {
            inputs: &[&[1.0, 3.0, 3.0]],
            constants: &[2.0],
            result: &[N, 2.0, 0.0],
        }],
    },
    Operator {
        name: "ts_corr",
        summary: "Correlation of two values over the last d rows.",
        formula: "Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²)",
        missing: PAIR_MISSING,
        source: "pandas rolling(d, min_periods).corr()",
        parameters: XY,
        result: ResultType::Ratio,
        body: Body::Window(&Folded(Joint::<true>)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]],
            constants: &[3.0],
            result: &[N, N, 1.0],
        }],
    },
    Operator {
        name: "ts_cov",
        summary: "Covariance of two values over the last d rows.",
        formula: "Σ (x − x̄)(y − ȳ) / (n − 1)",
        missing: "rows in which either is missing are left out; needs `min:` complete rows",
        source: "pandas rolling(d, min_periods).cov()",
        parameters: XY,
        result: ResultType::Product,
        body: Body::Window(&Folded(Joint::<false>)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]],
            constants: &[3.0],
            result: &[N, N, 2.0],
        }],
    },
];

/// Takes the values of a row into the anchors of a part that has none; gives whether all are present, and how far each
/// lies from its anchor, 0 where one is missing.
#[inline(always)]
pub(super) fn deviations<S: Simd, const N: usize>(
    anchors: &mut [Lanes<S>; N],
    values: [Lanes<S>; N],
) -> (Mask<S>, [Lanes<S>; N]) {
    let mut here = values[0].is_present();
    for i in 1..N {
        here = here & values[i].is_present();
    }
    let mut deviations = values;
    for i in 0..N {
        // An anchor of one value may as well be missing once more.
        let first = if N == 1 { values[i] } else { here.or_missing(values[i]) };
        anchors[i] = anchors[i].is_present().choose(anchors[i], first);
        deviations[i] = here.or_zero(values[i] - anchors[i]);
    }
    (here, deviations)
}

/// How much further from the anchors of the head than from its own the values of a tail lie; 0 where a part is empty. Both
/// anchors lie in the window, so sums that are moved by this lose no more than by the choice of an anchor.
#[inline(always)]
pub(super) fn between<S: Simd, const N: usize, const STATE: usize>(
    (tail, m): (&Part<S, N, STATE>, Lanes<S>),
    (head, n): (&Part<S, N, STATE>, Lanes<S>),
) -> [Lanes<S>; N] {
    let both = m.is_positive() & n.is_positive();
    let mut between = tail.anchors;
    for i in 0..N {
        between[i] = both.or_zero(tail.anchors[i] - head.anchors[i]);
    }
    between
}

/// The count, Σ d and Σ d² of a window, d being how far a value lies from the anchor of the head; from those of both
/// parts.
#[inline(always)]
pub(super) fn squares<S: Simd>(tail: &Part<S, 1, 3>, head: &Part<S, 1, 3>) -> [Lanes<S>; 3] {
    let ([m, a, aa], [n, b, bb]) = (tail.state, head.state);
    let [by] = between((tail, m), (head, n));
    let moved = a + m * by;
    [m + n, moved + b, (aa + by * (a + moved)) + bb]
}

/// The anchor, and the count, Σ d and Σ d².
struct Deviation<const ROOT: bool>;

impl<const ROOT: bool> Fold<1, 1, 3> for Deviation<ROOT> {
    /// How many must be present, and ddof.
    type Constants = (f64, f64);

    fn constants(constants: &[f64]) -> (f64, f64) {
        (least(constants), constants[2])
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 1, 3>, x: [Lanes<S>; 1], _: f64, _: (f64, f64)) {
        let (here, [d]) = deviations(&mut part.anchors, x);
        let [count, first, second] = part.state;
        part.state = [count + here.as_number(), first + d, second + d * d];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 1, 3>,
        head: Part<S, 1, 3>,
        _: Window<S, 1>,
        (least, ddof): (f64, f64),
    ) -> Lanes<S> {
        let [n, d, dd] = squares(&tail, &head);
        let variance = (n * dd - d * d).at_least_bound(0.0) / (n * (n - ddof));
        let enough = n.at_least(n.like(least)) & n.above(n.like(ddof));
        let value = enough.or_missing(variance.finite());
        if ROOT { value.sqrt() } else { value }
    }
}

/// Two anchors, and the count, Σ d, Σ e, Σ d², Σ e² and Σ de over the rows where both are present.
struct Joint<const CORRELATION: bool>;

impl<const CORRELATION: bool> Fold<2, 2, 6> for Joint<CORRELATION> {
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 2, 6>, values: [Lanes<S>; 2], _: f64, _: f64) {
        let (here, [d, e]) = deviations(&mut part.anchors, values);
        let [n, x, y, xx, yy, xy] = part.state;
        part.state = [n + here.as_number(), x + d, y + e, xx + d * d, yy + e * e, xy + d * e];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 2, 6>,
        head: Part<S, 2, 6>,
        _: Window<S, 2>,
        least: f64,
    ) -> Lanes<S> {
        let ([m, ax, ay, axx, ayy, axy], [n, bx, by, bxx, byy, bxy]) = (tail.state, head.state);
        let [dx, dy] = between((&tail, m), (&head, n));
        let (mx, my) = (ax + m * dx, ay + m * dy);
        let (n, x, y) = (m + n, mx + bx, my + by);
        let xy = n * ((axy + (dx * my + dy * ax)) + bxy) - x * y;
        let enough = n.at_least(n.like(least));
        if !CORRELATION {
            let value = xy / (n * (n - 1.0));
            return (enough & n.above(n.like(1.0))).or_missing(value.finite());
        }
        let xx = (n * ((axx + dx * (ax + mx)) + bxx) - x * x).at_least_bound(0.0);
        let yy = (n * ((ayy + dy * (ay + my)) + byy) - y * y).at_least_bound(0.0);
        // The roots are taken apart, so that the product of two huge deviations does not overflow.
        let scale = xx.sqrt() * yy.sqrt();
        let value = (xy / scale).at_least_bound(-1.0).at_most_bound(1.0);
        (enough & scale.is_positive()).or_missing(value)
    }
}
