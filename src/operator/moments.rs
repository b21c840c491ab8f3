//! Rolling second moments: standard deviation, variance, covariance, correlation.
//!
//! Each part of a window is gathered as deviations from the first row pushed, which lies in the window; so nothing
//! cancels (the loss is at most the length of the window), a level of 1e6 with steps of 1e-3 keeps twelve digits, and
//! equal values give exactly zero at any magnitude. The parts are joined as Chan, Golub and LeVeque (1979) do.

use super::{
    Accepts, Body, Default, Example, MIN, Operator, Parameter, ResultType, finite,
    fold::{Fold, Folded, Parts, least},
    number, window,
};

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

/// The anchor (the first value pushed; missing before), the count, Σ d and Σ d², where d = x − anchor.
struct Deviation<const ROOT: bool>;

impl<const ROOT: bool> Fold<1, 4> for Deviation<ROOT> {
    /// How many must be present, and ddof.
    type Constants = (f64, f64);

    const EMPTY: [f64; 4] = [N, 0.0, 0.0, 0.0];

    fn constants(constants: &[f64]) -> (f64, f64) {
        (least(constants), constants[2])
    }

    #[inline(always)]
    fn push(
        [anchor, count, first, second]: [f64; 4],
        [x]: [f64; 1],
        _: f64,
        _: (f64, f64),
    ) -> [f64; 4] {
        let anchor = if anchor.is_nan() { x } else { anchor };
        let missing = x.is_nan();
        let d = if missing { 0.0 } else { x - anchor };
        [anchor, count + if missing { 0.0 } else { 1.0 }, first + d, second + d * d]
    }

    #[inline(always)]
    fn finish(
        [a, m, a1, a2]: [f64; 4],
        [b, n, b1, b2]: [f64; 4],
        _: Parts,
        (least, ddof): (f64, f64),
    ) -> f64 {
        let pair = Pair::of(m, n);
        let apart = pair.distance(a, a1, b, b1);
        let squares = pair.squares(a2 + b2, a1, b1, apart);
        let variance = squares / pair.divisor(ddof);
        let enough = (pair.count >= least) & (pair.count > ddof);
        let value = if enough { finite(variance) } else { N };
        if ROOT { value.sqrt() } else { value }
    }
}

/// How two parts of a window with `m` and `n` values are joined. Distances of the means come out times m·n, an empty part
/// counting as one, and sums of squares times that twice and the count of both: divisions are most of the work, and a
/// quotient of two such sums needs none of these.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    m: f64,
    n: f64,
    count: f64,
    /// m·n, an empty part counting as one.
    times: f64,
}

impl Pair {
    #[inline(always)]
    pub(super) fn of(m: f64, n: f64) -> Self {
        Self { m, n, count: m + n, times: m.max(1.0) * n.max(1.0) }
    }

    /// The distance between the means of the parts; 0 where one is empty.
    #[inline(always)]
    pub(super) fn distance(self, a: f64, a1: f64, b: f64, b1: f64) -> f64 {
        let apart = (b - a) * self.times + (b1 * self.m - a1 * self.n);
        if self.m * self.n > 0.0 { apart } else { 0.0 }
    }

    /// Σ (x − x̄)(y − ȳ), from Σ de of both parts, the products Σ d·Σ e of each, and the distances of the means.
    #[inline(always)]
    pub(super) fn products(self, second: f64, a1a1: f64, b1b1: f64, dx: f64, dy: f64) -> f64 {
        let within = second * self.times - (a1a1 * self.n.max(1.0) + b1b1 * self.m.max(1.0));
        within * self.times * self.count + self.m * self.n * (dx * dy)
    }

    /// [`Self::products`] of one value with itself, which rounding must not make negative.
    #[inline(always)]
    pub(super) fn squares(self, second: f64, a1: f64, b1: f64, d: f64) -> f64 {
        self.products(second, a1 * a1, b1 * b1, d, d).max(0.0)
    }

    /// What [`Self::products`] are divided by for a variance or covariance.
    #[inline(always)]
    fn divisor(self, ddof: f64) -> f64 {
        self.times * self.times * self.count * (self.count - ddof)
    }
}

/// The two anchors, the count, Σ d, Σ e, Σ d², Σ e² and Σ de over the rows where both are present.
struct Joint<const CORRELATION: bool>;

impl<const CORRELATION: bool> Fold<2, 8> for Joint<CORRELATION> {
    type Constants = f64;

    const EMPTY: [f64; 8] = [N, N, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push(
        [ax, ay, n, x1, y1, xx, yy, xy]: [f64; 8],
        [x, y]: [f64; 2],
        _: f64,
        _: f64,
    ) -> [f64; 8] {
        let missing = x.is_nan() | y.is_nan();
        let first = ax.is_nan() & !missing;
        let (ax, ay) = (if first { x } else { ax }, if first { y } else { ay });
        let d = if missing { 0.0 } else { x - ax };
        let e = if missing { 0.0 } else { y - ay };
        let n = n + if missing { 0.0 } else { 1.0 };
        [ax, ay, n, x1 + d, y1 + e, xx + d * d, yy + e * e, xy + d * e]
    }

    #[inline(always)]
    fn finish(
        [ax, ay, m, ax1, ay1, axx, ayy, axy]: [f64; 8],
        [bx, by, n, bx1, by1, bxx, byy, bxy]: [f64; 8],
        _: Parts,
        least: f64,
    ) -> f64 {
        let pair = Pair::of(m, n);
        let dx = pair.distance(ax, ax1, bx, bx1);
        let dy = pair.distance(ay, ay1, by, by1);
        let xy = pair.products(axy + bxy, ax1 * ay1, bx1 * by1, dx, dy);
        let (value, enough) = if CORRELATION {
            let xx = pair.squares(axx + bxx, ax1, bx1, dx);
            let yy = pair.squares(ayy + byy, ay1, by1, dy);
            // The roots are taken apart, so that the product of two huge deviations does not overflow.
            let scale = xx.sqrt() * yy.sqrt();
            ((xy / scale).clamp(-1.0, 1.0), scale > 0.0)
        } else {
            (xy / pair.divisor(1.0), pair.count > 1.0)
        };
        if enough & (pair.count >= least) { finite(value) } else { N }
    }
}
