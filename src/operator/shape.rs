//! Operators over the last rows of each asset: products, higher moments, places of extremes, slope, and what is carried
//! forward.

use super::{
    Accepts, Body, Example, MIN, Operator, Parameter, ResultType,
    fold::{Fold, Folded, Part, Window, least},
    lanes::{Lanes, Mask},
    moments::{between, deviations, squares},
    number, parameter, window,
};
use pulp::Simd;

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

impl Fold<1, 0, 2> for Product {
    type Constants = f64;

    const EMPTY: [f64; 2] = [1.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 2>, [x]: [Lanes<S>; 1], _: f64, _: f64) {
        let [product, count] = part.state;
        part.state = [product * x.or(1.0), count + x.is_present().as_number()];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 2>,
        head: Part<S, 0, 2>,
        _: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let ([a, m], [b, n]) = (tail.state, head.state);
        (m + n).at_least(m.like(least)).or_missing((a * b).finite())
    }
}

/// The anchor, and the count, Σ d and Σ d².
struct Standardised;

impl Fold<1, 1, 3> for Standardised {
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 1, 3>, x: [Lanes<S>; 1], _: f64, _: f64) {
        let (here, [d]) = deviations(&mut part.anchors, x);
        let [count, first, second] = part.state;
        part.state = [count + here.as_number(), first + d, second + d * d];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 1, 3>,
        head: Part<S, 1, 3>,
        window: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let [n, d, dd] = squares(&tail, &head);
        let deviation = ((n * dd - d * d).at_least_bound(0.0) / (n * (n - 1.0))).sqrt();
        // Where today is present the head has an anchor.
        let value = ((window.today[0] - head.anchors[0]) - d / n) / deviation;
        (n.at_least(n.like(least)) & deviation.is_positive()).or_missing(value.finite())
    }
}

/// The anchor, and the count and Σ dᵏ for k = 1 … 4.
struct Shape<const KURTOSIS: bool>;

impl<const KURTOSIS: bool> Fold<1, 1, 5> for Shape<KURTOSIS> {
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 1, 5>, x: [Lanes<S>; 1], _: f64, _: f64) {
        let (here, [d]) = deviations(&mut part.anchors, x);
        let [n, s1, s2, s3, s4] = part.state;
        let square = d * d;
        part.state =
            [n + here.as_number(), s1 + d, s2 + square, s3 + square * d, s4 + square * square];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 1, 5>,
        head: Part<S, 1, 5>,
        _: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let (a, b) = (Central::of(tail.state), Central::of(head.state));
        let [apart] = between((&tail, a.count), (&head, b.count));
        let both = a.count.is_positive() & b.count.is_positive();
        let all = Central::join(a, b, both.or_zero((b.mean - a.mean) - apart));
        let (n, m2) = (all.count, all.second / all.count);
        let (value, enough) = if KURTOSIS {
            let ratio = (all.fourth / n) / m2 / m2;
            let factor = (n - 1.0) / ((n - 2.0) * (n - 3.0));
            (factor * ((n + 1.0) * ratio - (n - 1.0) * 3.0), n.above(n.like(3.0)))
        } else {
            let ratio = (all.third / n) / m2 / m2.sqrt();
            ((n * (n - 1.0)).sqrt() / (n - 2.0) * ratio, n.above(n.like(2.0)))
        };
        (enough & n.at_least(n.like(least)) & m2.is_positive()).or_missing(value.finite())
    }
}

/// Count, mean (from the anchor) and Σ of the second to fourth powers about it.
#[derive(Clone, Copy)]
struct Central<S: Simd> {
    count: Lanes<S>,
    mean: Lanes<S>,
    second: Lanes<S>,
    third: Lanes<S>,
    fourth: Lanes<S>,
}

impl<S: Simd> Central<S> {
    #[inline(always)]
    fn of([n, s1, s2, s3, s4]: [Lanes<S>; 5]) -> Self {
        let mean = s1 / n.at_least_bound(1.0);
        let square = mean * mean;
        Self {
            count: n,
            mean,
            second: (s2 - s1 * mean).at_least_bound(0.0),
            third: s3 - mean * s2 * 3.0 + n * square * mean * 2.0,
            fourth: s4 - mean * s3 * 4.0 + square * s2 * 6.0 - n * square * square * 3.0,
        }
    }

    /// Two parts as one, their means being `d` apart (Pébay 2008).
    #[inline(always)]
    fn join(a: Self, b: Self, d: Lanes<S>) -> Self {
        let (m, n) = (a.count, b.count);
        let count = m + n;
        let r = d / count.at_least_bound(1.0);
        let mn = m * n;
        Self {
            count,
            mean: d.like(0.0),
            second: a.second + b.second + mn * d * r,
            third: a.third
                + b.third
                + mn * (m - n) * d * r * r
                + r * (m * b.second - n * a.second) * 3.0,
            fourth: a.fourth
                + b.fourth
                + mn * (m * m - mn + n * n) * d * r * r * r
                + r * r * (m * m * b.second + n * n * a.second) * 6.0
                + r * (m * b.third - n * a.third) * 4.0,
        }
    }
}

/// The extreme, how many rows lie between it and the inner end of its part, and the count of those present.
struct Place<const LEAST: bool>;

impl<const LEAST: bool> Place<LEAST> {
    #[inline(always)]
    fn take<S: Simd>(part: &mut Part<S, 0, 3>, x: Lanes<S>, place: f64, further: Mask<S>) {
        let [extreme, at, count] = part.state;
        part.state = [
            further.choose(x, extreme),
            further.choose(x.like(place), at),
            count + x.is_present().as_number(),
        ];
    }
}

impl<const LEAST: bool> Fold<1, 0, 3> for Place<LEAST> {
    type Constants = f64;

    const EMPTY: [f64; 3] = [if LEAST { f64::INFINITY } else { f64::NEG_INFINITY }, 0.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    /// Rows become older, so only what is further than the extreme takes its place.
    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 3>, [x]: [Lanes<S>; 1], place: f64, _: f64) {
        let extreme = part.state[0];
        Self::take(part, x, place, if LEAST { x.below(extreme) } else { x.above(extreme) });
    }

    /// Rows become newer, so an equal takes the place of the extreme.
    #[inline(always)]
    fn push_newer<S: Simd>(part: &mut Part<S, 0, 3>, [x]: [Lanes<S>; 1], place: f64, _: f64) {
        let extreme = part.state[0];
        Self::take(part, x, place, if LEAST { x.at_most(extreme) } else { x.at_least(extreme) });
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 3>,
        head: Part<S, 0, 3>,
        window: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let ([a, i, m], [b, j, n]) = (tail.state, head.state);
        let older = if LEAST { a.below(b) } else { a.above(b) };
        let ago = older.choose(i + window.head, -j + (window.head - 1.0));
        (m + n).at_least(m.like(least)).or_missing(ago)
    }
}

/// The anchor, and over those present the count, Σ d, Σ i·d, Σ i and Σ i². i is the row, counted from the first of the
/// head, so the tail has those below 0.
struct Trend;

impl Trend {
    #[inline(always)]
    fn take<S: Simd>(part: &mut Part<S, 1, 5>, x: [Lanes<S>; 1], i: f64) {
        let (here, [d]) = deviations(&mut part.anchors, x);
        let [n, d1, di, i1, i2] = part.state;
        let row = d.like(i);
        part.state = [
            n + here.as_number(),
            d1 + d,
            di + row * d,
            i1 + here.or_zero(row),
            i2 + here.or_zero(row * row),
        ];
    }
}

impl Fold<1, 1, 5> for Trend {
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 1, 5>, x: [Lanes<S>; 1], place: f64, _: f64) {
        Self::take(part, x, -1.0 - place);
    }

    #[inline(always)]
    fn push_newer<S: Simd>(part: &mut Part<S, 1, 5>, x: [Lanes<S>; 1], place: f64, _: f64) {
        Self::take(part, x, place);
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 1, 5>,
        head: Part<S, 1, 5>,
        _: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let ([m, ad, adi, ai, aii], [n, bd, bdi, bi, bii]) = (tail.state, head.state);
        let [by] = between((&tail, m), (&head, n));
        let n = m + n;
        let d = (ad + m * by) + bd;
        let di = (adi + ai * by) + bdi;
        let (i, ii) = (ai + bi, aii + bii);
        let slope = (n * di - i * d) / (n * ii - i * i);
        (n.at_least(n.like(least)) & n.above(n.like(1.0))).or_missing(slope.finite())
    }
}

/// The newest value present.
struct Fill;

impl Fold<1, 0, 1> for Fill {
    type Constants = ();

    const EMPTY: [f64; 1] = [N];

    fn constants(_: &[f64]) {}

    fn rows(constants: &[f64]) -> u32 {
        constants[0] as u32 + 1
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 1>, [x]: [Lanes<S>; 1], _: f64, (): ()) {
        let value = part.state[0];
        part.state[0] = value.is_present().choose(value, x);
    }

    #[inline(always)]
    fn push_newer<S: Simd>(part: &mut Part<S, 0, 1>, [x]: [Lanes<S>; 1], _: f64, (): ()) {
        part.state[0] = x.is_present().choose(x, part.state[0]);
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 1>,
        head: Part<S, 0, 1>,
        _: Window<S, 1>,
        (): (),
    ) -> Lanes<S> {
        let (older, newer) = (tail.state[0], head.state[0]);
        newer.is_present().choose(newer, older)
    }
}
