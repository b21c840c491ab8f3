//! Operators over the last rows of each asset: products, higher moments, places of extremes, slope, and what is carried
//! forward.

use super::{
    Accepts, Body, Example, MIN, Operator, Parameter, ResultType, finite,
    fold::{Fold, Folded, Parts, least},
    number, parameter, window,
};

const N: f64 = f64::NAN;
const X_D_MIN: &[Parameter] = &[number("x"), window("d"), MIN];
const MISSING: &str = "needs `min:` values in the window, by default three quarters of its rows; the others are left out";

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "ts_product",
        summary: "Product of the values present in the last d rows.",
        formula: "Π x(t − k), k = 0 … d − 1",
        missing: MISSING,
        source: "pandas rolling(d, min_periods).apply(numpy.prod)",
        parameters: X_D_MIN,
        result: ResultType::Unknown,
        body: Body::Window(&Folded(Product)),
        examples: &[Example {
            inputs: &[&[2.0, 3.0, 4.0]],
            constants: &[2.0],
            result: &[N, 6.0, 12.0],
        }],
    },
    Operator {
        name: "ts_zscore",
        summary: "How many standard deviations today's value lies above the mean of the last d rows.",
        formula: "(x(t) − mean) / √(Σ (x − mean)² / (n − 1))",
        missing: "missing where today's value is, and where all are equal; needs `min:` values in the window",
        source: "pandas: (x − rolling(d).mean()) / rolling(d).std()",
        parameters: X_D_MIN,
        result: ResultType::Ratio,
        body: Body::Window(&Folded(Standardised)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 3.0]],
            constants: &[3.0],
            result: &[N, N, 1.0],
        }],
    },
    Operator {
        name: "ts_skew",
        summary: "Skewness of the values present in the last d rows, corrected for bias.",
        formula: "√(n (n − 1)) / (n − 2) · m₃ / m₂^1.5, m the central moments",
        missing: "needs `min:` values in the window, and at least three; missing where all are equal",
        source: "pandas rolling(d, min_periods).skew(), which gives 0 for equal values",
        parameters: X_D_MIN,
        result: ResultType::Ratio,
        body: Body::Window(&Folded(Shape::<false>)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 6.0]],
            constants: &[3.0],
            result: &[N, N, 1.457_862_967_321_305_5],
        }],
    },
    Operator {
        name: "ts_kurtosis",
        summary: "Excess kurtosis of the values present in the last d rows, corrected for bias.",
        formula: "(n − 1) / ((n − 2)(n − 3)) · ((n + 1) m₄ / m₂² − 3 (n − 1)), m the central moments",
        missing: "needs `min:` values in the window, and at least four; missing where all are equal",
        source: "pandas rolling(d, min_periods).kurt(), which gives −3 for equal values",
        parameters: X_D_MIN,
        result: ResultType::Ratio,
        body: Body::Window(&Folded(Shape::<true>)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 3.0, 4.0]],
            constants: &[4.0],
            result: &[N, N, N, -1.2],
        }],
    },
    Operator {
        name: "ts_argmin",
        summary: "How many rows ago the least value of the last d rows was.",
        formula: "the least k with x(t − k) = ts_min(x, d); 0 is today",
        missing: MISSING,
        source: "WorldQuant BRAIN ts_arg_min (Qlib's IdxMin counts from the oldest)",
        parameters: X_D_MIN,
        result: ResultType::Rows,
        body: Body::Window(&Folded(Place::<true>)),
        examples: &[Example {
            inputs: &[&[1.0, 3.0, 1.0, 2.0]],
            constants: &[3.0],
            result: &[N, N, 0.0, 1.0],
        }],
    },
    Operator {
        name: "ts_argmax",
        summary: "How many rows ago the greatest value of the last d rows was.",
        formula: "the least k with x(t − k) = ts_max(x, d); 0 is today",
        missing: MISSING,
        source: "WorldQuant BRAIN ts_arg_max (Qlib's IdxMax counts from the oldest)",
        parameters: X_D_MIN,
        result: ResultType::Rows,
        body: Body::Window(&Folded(Place::<false>)),
        examples: &[Example {
            inputs: &[&[1.0, 3.0, 3.0, 2.0]],
            constants: &[3.0],
            result: &[N, N, 0.0, 1.0],
        }],
    },
    Operator {
        name: "trend",
        summary: "Slope of the least-squares line through the values present in the last d rows, for each row of time.",
        formula: "Σ (s − s̄)(x(s) − x̄) / Σ (s − s̄)² over the rows s that have a value",
        missing: "needs `min:` values in the window, by default three quarters of its rows, and at least two",
        source: "numpy.polyfit of degree 1; Qlib's Slope",
        parameters: X_D_MIN,
        result: ResultType::Unknown,
        body: Body::Window(&Folded(Trend)),
        examples: &[Example {
            inputs: &[&[1.0, 3.0, 5.0, 5.0]],
            constants: &[3.0],
            result: &[N, N, 2.0, 1.0],
        }],
    },
    Operator {
        name: "fill",
        summary: "The last value present, carried forward at most d rows.",
        formula: "x(t − k), k the least of 0 … d with a value there",
        missing: "missing where today's value and the d before it are",
        source: "pandas ffill(limit=d)",
        parameters: &[parameter("x", Accepts::Any), window("d")],
        result: ResultType::Same,
        body: Body::Window(&Folded(Fill)),
        examples: &[Example {
            inputs: &[&[1.0, N, N, 4.0, N]],
            constants: &[1.0],
            result: &[1.0, 1.0, N, 4.0, 4.0],
        }],
    },
];

/// Π x and the count of those present.
struct Product;

impl Fold<1, 2> for Product {
    type Constants = f64;

    const EMPTY: [f64; 2] = [1.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push([product, count]: [f64; 2], [x]: [f64; 1], _: f64, _: f64) -> [f64; 2] {
        let missing = x.is_nan();
        [product * if missing { 1.0 } else { x }, count + if missing { 0.0 } else { 1.0 }]
    }

    #[inline(always)]
    fn finish([a, m]: [f64; 2], [b, n]: [f64; 2], _: Parts, least: f64) -> f64 {
        if m + n >= least { finite(a * b) } else { N }
    }
}

/// The anchor (the first value pushed; missing before), the count, Σ d and Σ d², where d = x − anchor; and in the head
/// the newest value.
struct Standardised;

impl Fold<1, 5> for Standardised {
    type Constants = f64;

    const EMPTY: [f64; 5] = [N, 0.0, 0.0, 0.0, N];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push(
        [anchor, count, first, second, _]: [f64; 5],
        [x]: [f64; 1],
        _: f64,
        _: f64,
    ) -> [f64; 5] {
        let anchor = if anchor.is_nan() { x } else { anchor };
        let missing = x.is_nan();
        let d = if missing { 0.0 } else { x - anchor };
        [anchor, count + if missing { 0.0 } else { 1.0 }, first + d, second + d * d, x]
    }

    #[inline(always)]
    fn finish(
        [a, m, a1, a2, _]: [f64; 5],
        [b, n, b1, b2, today]: [f64; 5],
        _: Parts,
        least: f64,
    ) -> f64 {
        // Where today is present the head has an anchor; everything is measured from it.
        let apart = if m > 0.0 { a - b } else { 0.0 };
        let count = m + n;
        let first = (a1 + m * apart) + b1;
        let mean = first / count;
        // The squares of each part about its own mean, then the distance of the means.
        let squares = (a2 - a1 * a1 / m.max(1.0)) + (b2 - b1 * b1 / n.max(1.0));
        let between = if m > 0.0 { apart + a1 / m.max(1.0) - b1 / n.max(1.0) } else { 0.0 };
        let squares = (squares + m * n / count * between * between).max(0.0);
        let deviation = (squares / (count - 1.0)).sqrt();
        let value = ((today - b) - mean) / deviation;
        if (count >= least) & (deviation > 0.0) { finite(value) } else { N }
    }
}

/// The anchor (the first value pushed; missing before), the count, and Σ dᵏ for k = 1 … 4, where d = x − anchor.
struct Shape<const KURTOSIS: bool>;

/// Count, mean (from the anchor) and Σ of the second to fourth powers about it.
#[derive(Clone, Copy)]
struct Central {
    count: f64,
    mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
}

impl Central {
    #[inline(always)]
    fn of([_, n, s1, s2, s3, s4]: [f64; 6]) -> Self {
        let mean = s1 / n.max(1.0);
        let square = mean * mean;
        Self {
            count: n,
            mean,
            second: (s2 - s1 * mean).max(0.0),
            third: s3 - 3.0 * mean * s2 + 2.0 * n * square * mean,
            fourth: s4 - 4.0 * mean * s3 + 6.0 * square * s2 - 3.0 * n * square * square,
        }
    }

    /// Two parts as one, their means being `d` apart (Pébay 2008).
    #[inline(always)]
    fn join(a: Self, b: Self, d: f64) -> Self {
        let (m, n) = (a.count, b.count);
        let count = m + n;
        let r = d / count.max(1.0);
        let mn = m * n;
        Self {
            count,
            mean: 0.0,
            second: a.second + b.second + mn * d * r,
            third: a.third
                + b.third
                + mn * (m - n) * d * r * r
                + 3.0 * r * (m * b.second - n * a.second),
            fourth: a.fourth
                + b.fourth
                + mn * (m * m - mn + n * n) * d * r * r * r
                + 6.0 * r * r * (m * m * b.second + n * n * a.second)
                + 4.0 * r * (m * b.third - n * a.third),
        }
    }
}

impl<const KURTOSIS: bool> Fold<1, 6> for Shape<KURTOSIS> {
    type Constants = f64;

    const EMPTY: [f64; 6] = [N, 0.0, 0.0, 0.0, 0.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push([anchor, n, s1, s2, s3, s4]: [f64; 6], [x]: [f64; 1], _: f64, _: f64) -> [f64; 6] {
        let anchor = if anchor.is_nan() { x } else { anchor };
        let missing = x.is_nan();
        let d = if missing { 0.0 } else { x - anchor };
        let square = d * d;
        let n = n + if missing { 0.0 } else { 1.0 };
        [anchor, n, s1 + d, s2 + square, s3 + square * d, s4 + square * square]
    }

    #[inline(always)]
    fn finish(tail: [f64; 6], head: [f64; 6], _: Parts, least: f64) -> f64 {
        let (a, b) = (Central::of(tail), Central::of(head));
        let apart = (head[0] - tail[0]) + (b.mean - a.mean);
        let both = (a.count > 0.0) & (b.count > 0.0);
        let all = Central::join(a, b, if both { apart } else { 0.0 });
        let (n, m2) = (all.count, all.second / all.count);
        let (value, enough) = if KURTOSIS {
            let ratio = (all.fourth / n) / m2 / m2;
            let factor = (n - 1.0) / ((n - 2.0) * (n - 3.0));
            (factor * ((n + 1.0) * ratio - 3.0 * (n - 1.0)), n > 3.0)
        } else {
            let ratio = (all.third / n) / m2 / m2.sqrt();
            ((n * (n - 1.0)).sqrt() / (n - 2.0) * ratio, n > 2.0)
        };
        if enough & (n >= least) & (m2 > 0.0) { finite(value) } else { N }
    }
}

/// The extreme, how many rows lie between it and the inner end of its part, and the count of those present.
struct Place<const LEAST: bool>;

impl<const LEAST: bool> Fold<1, 3> for Place<LEAST> {
    type Constants = f64;

    const EMPTY: [f64; 3] = [if LEAST { f64::INFINITY } else { f64::NEG_INFINITY }, 0.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    /// Rows become older, so only what is further than the extreme takes its place.
    #[inline(always)]
    fn push([extreme, at, count]: [f64; 3], [x]: [f64; 1], place: f64, _: f64) -> [f64; 3] {
        let further = if LEAST { x < extreme } else { x > extreme };
        [
            if further { x } else { extreme },
            if further { place } else { at },
            count + if x.is_nan() { 0.0 } else { 1.0 },
        ]
    }

    /// Rows become newer, so an equal takes the place of the extreme.
    #[inline(always)]
    fn push_newer([extreme, at, count]: [f64; 3], [x]: [f64; 1], place: f64, _: f64) -> [f64; 3] {
        let further = if LEAST { x <= extreme } else { x >= extreme };
        [
            if further { x } else { extreme },
            if further { place } else { at },
            count + if x.is_nan() { 0.0 } else { 1.0 },
        ]
    }

    #[inline(always)]
    fn finish([a, i, m]: [f64; 3], [b, j, n]: [f64; 3], rows: Parts, least: f64) -> f64 {
        let older = if LEAST { a < b } else { a > b };
        let ago = if older { rows.head + i } else { rows.head - 1.0 - j };
        if m + n >= least { ago } else { N }
    }
}

/// The anchor (the first value pushed; missing before), then over those present the count, Σ d, Σ i·d, Σ i and Σ i².
/// d = x − anchor; i is the row, counted from the first of the head, so the tail has those below 0.
struct Trend;

impl Trend {
    #[inline(always)]
    fn take([anchor, n, d1, di, i1, i2]: [f64; 6], x: f64, i: f64) -> [f64; 6] {
        let anchor = if anchor.is_nan() { x } else { anchor };
        let missing = x.is_nan();
        let (d, here) = if missing { (0.0, 0.0) } else { (x - anchor, 1.0) };
        let i = i * here;
        [anchor, n + here, d1 + d, di + i * d, i1 + i, i2 + i * i]
    }
}

impl Fold<1, 6> for Trend {
    type Constants = f64;

    const EMPTY: [f64; 6] = [N, 0.0, 0.0, 0.0, 0.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push(state: [f64; 6], [x]: [f64; 1], place: f64, _: f64) -> [f64; 6] {
        Self::take(state, x, -1.0 - place)
    }

    #[inline(always)]
    fn push_newer(state: [f64; 6], [x]: [f64; 1], place: f64, _: f64) -> [f64; 6] {
        Self::take(state, x, place)
    }

    #[inline(always)]
    fn finish(
        [a, m, ad, adi, ai, aii]: [f64; 6],
        [b, n, bd, bdi, bi, bii]: [f64; 6],
        _: Parts,
        least: f64,
    ) -> f64 {
        let count = m + n;
        // All deviations from the anchor of the head.
        let apart = if (m > 0.0) & (n > 0.0) { a - b } else { 0.0 };
        let d = (ad + m * apart) + bd;
        let di = (adi + ai * apart) + bdi;
        let (i, ii) = (ai + bi, aii + bii);
        let slope = (count * di - i * d) / (count * ii - i * i);
        if (count >= least) & (count > 1.0) { finite(slope) } else { N }
    }
}

/// The newest value present.
struct Fill;

impl Fold<1, 1> for Fill {
    type Constants = ();

    const EMPTY: [f64; 1] = [N];

    fn constants(_: &[f64]) {}

    fn rows(constants: &[f64]) -> u32 {
        constants[0] as u32 + 1
    }

    #[inline(always)]
    fn push([value]: [f64; 1], [x]: [f64; 1], _: f64, (): ()) -> [f64; 1] {
        [if value.is_nan() { x } else { value }]
    }

    #[inline(always)]
    fn push_newer([value]: [f64; 1], [x]: [f64; 1], _: f64, (): ()) -> [f64; 1] {
        [if x.is_nan() { value } else { x }]
    }

    #[inline(always)]
    fn finish([tail]: [f64; 1], [head]: [f64; 1], _: Parts, (): ()) -> f64 {
        if head.is_nan() { tail } else { head }
    }
}
