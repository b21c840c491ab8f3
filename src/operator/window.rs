//! Operators over the last rows of each asset.

use super::{
    Accepts, Body, Default, Example, MIN, Operator, Parameter, ResultType, WindowBlock,
    WindowKernel, finite,
    fold::{Fold, Folded, Parts, least},
    least_present, number, parameter,
    vectorise::vectorised,
    window,
};

const N: f64 = f64::NAN;
const X_D_MIN: &[Parameter] = &[number("x"), window("d"), MIN];
const X_D: &[Parameter] = &[number("x"), window("d")];

/// One of the ways to say how long an exponential mean remembers.
const fn memory(name: &'static str, low: f64, high: f64) -> Parameter {
    let accepts = Accepts::Constant { low, high, whole: false };
    Parameter { name, accepts, default: Default::Alternative }
}

const WINDOW_MISSING: &str = "needs `min:` values in the window, by default three quarters of its rows; the others are left out";

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "lag",
        summary: "The value d rows ago.",
        formula: "x(t − d)",
        missing: "missing where that row's value is, and before the first row",
        source: "pandas shift(d)",
        parameters: &[
            parameter("x", Accepts::Any),
            Parameter { name: "d", accepts: Accepts::Lag, default: Default::Constant(1.0) },
        ],
        result: ResultType::Same,
        body: Body::Lag,
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 3.0]],
            constants: &[1.0],
            result: &[N, 1.0, 2.0],
        }],
    },
    Operator {
        name: "ts_sum",
        summary: "Sum of the values present in the last d rows.",
        formula: "Σ x(t − k), k = 0 … d − 1",
        missing: WINDOW_MISSING,
        source: "pandas rolling(d, min_periods).sum()",
        parameters: X_D_MIN,
        result: ResultType::Same,
        body: Body::Window(&Folded(Sum::<false>)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, N, 4.0]],
            constants: &[3.0, 2.0],
            result: &[N, 3.0, 3.0, 6.0],
        }],
    },
    Operator {
        name: "ts_mean",
        summary: "Mean of the values present in the last d rows.",
        formula: "Σ x(t − k) / n over the n present, k = 0 … d − 1",
        missing: WINDOW_MISSING,
        source: "pandas rolling(d, min_periods).mean()",
        parameters: X_D_MIN,
        result: ResultType::Same,
        body: Body::Window(&Folded(Sum::<true>)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 6.0]],
            constants: &[2.0],
            result: &[N, 1.5, 4.0],
        }],
    },
    Operator {
        name: "ts_min",
        summary: "Least value of the last d rows.",
        formula: "min x(t − k), k = 0 … d − 1",
        missing: WINDOW_MISSING,
        source: "pandas rolling(d, min_periods).min()",
        parameters: X_D_MIN,
        result: ResultType::Same,
        body: Body::Window(&Folded(Extreme::<true>)),
        examples: &[Example {
            inputs: &[&[3.0, 1.0, 2.0, 4.0]],
            constants: &[2.0],
            result: &[N, 1.0, 1.0, 2.0],
        }],
    },
    Operator {
        name: "ts_max",
        summary: "Greatest value of the last d rows.",
        formula: "max x(t − k), k = 0 … d − 1",
        missing: WINDOW_MISSING,
        source: "pandas rolling(d, min_periods).max()",
        parameters: X_D_MIN,
        result: ResultType::Same,
        body: Body::Window(&Folded(Extreme::<false>)),
        examples: &[Example {
            inputs: &[&[3.0, 1.0, 2.0, 4.0]],
            constants: &[2.0],
            result: &[N, 3.0, 2.0, 4.0],
        }],
    },
    Operator {
        name: "ts_rank",
        summary: "Today's rank among the values of the last d rows, from 0 (least) to 1 (greatest).",
        formula: "(r − 1) / (n − 1), r the mid-rank of x(t) among the n present; ½ where n = 1",
        missing: "missing where today's value is; needs `min:` values in the window",
        source: "pandas rolling(d).rank() scaled to 0 … 1; BRAIN's ts_rank",
        parameters: X_D_MIN,
        result: ResultType::Ratio,
        body: Body::Window(&Whole(rank)),
        examples: &[
            Example { inputs: &[&[1.0, 3.0, 2.0]], constants: &[3.0], result: &[N, N, 0.5] },
            Example { inputs: &[&[1.0, 2.0, 2.0]], constants: &[3.0], result: &[N, N, 0.75] },
        ],
    },
    Operator {
        name: "decay_linear",
        summary: "Mean of the last d rows, weighted d for today down to 1.",
        formula: "Σ (d − k)·x(t − k) / Σ (d − k) over the present, k = 0 … d − 1",
        missing: WINDOW_MISSING,
        source: "Kakushadze (2016), 101 Formulaic Alphas",
        parameters: X_D_MIN,
        result: ResultType::Same,
        body: Body::Window(&Folded(LinearDecay)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 4.0]],
            constants: &[2.0],
            result: &[N, 5.0 / 3.0, 10.0 / 3.0],
        }],
    },
    Operator {
        name: "ema",
        summary: "Exponentially weighted mean, adjusted, with a span, a half-life or the smoothing α itself.",
        formula: "Σ (1 − α)ᵏ·x(t − k) / Σ (1 − α)ᵏ over the present, α = 2 / (span + 1) = 1 − ½^(1 / halflife); k runs until the weight falls under 10⁻¹²",
        missing: "left out, their weights with them; a value once any is present",
        source: "pandas ewm(span, halflife or alpha, adjust=True).mean(), with the memory cut at 10⁻¹²",
        parameters: &[
            number("x"),
            memory("span", 1.0, 1e5),
            memory("halflife", 1e-3, 1e5),
            memory("alpha", 1e-5, 1.0),
        ],
        result: ResultType::Same,
        body: Body::Window(&Folded(Exponential)),
        examples: &[Example {
            inputs: &[&[1.0, 2.0]],
            constants: &[3.0],
            result: &[1.0, 5.0 / 3.0],
        }],
    },
    Operator {
        name: "ts_count",
        summary: "In how many of the last d rows the condition is true.",
        formula: "Σ [c(t − k)], k = 0 … d − 1",
        missing: "counts as not true; never missing itself",
        source: "pandas rolling(d, min_periods=0).sum() of booleans",
        parameters: &[parameter("c", Accepts::Boolean), window("d")],
        result: ResultType::Rows,
        body: Body::Window(&Folded(Count::<false>)),
        examples: &[Example {
            inputs: &[&[1.0, 0.0, N, 1.0]],
            constants: &[3.0],
            result: &[1.0, 1.0, 1.0, 1.0],
        }],
    },
    Operator {
        name: "ts_present",
        summary: "How many of the last d rows have a value.",
        formula: "Σ [x(t − k) is present], k = 0 … d − 1",
        missing: "is what is counted out; never missing itself",
        source: "pandas rolling(d, min_periods=0).count()",
        parameters: X_D,
        result: ResultType::Rows,
        body: Body::Window(&Folded(Count::<true>)),
        examples: &[Example {
            inputs: &[&[1.0, 0.0, N, 1.0]],
            constants: &[3.0],
            result: &[1.0, 2.0, 2.0, 2.0],
        }],
    },
];

/// Σ x and the count of those present.
struct Sum<const MEAN: bool>;

impl<const MEAN: bool> Fold<1, 2> for Sum<MEAN> {
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push([sum, count]: [f64; 2], [x]: [f64; 1], _: f64, _: f64) -> [f64; 2] {
        let missing = x.is_nan();
        [sum + if missing { 0.0 } else { x }, count + if missing { 0.0 } else { 1.0 }]
    }

    #[inline(always)]
    fn finish([a, m]: [f64; 2], [b, n]: [f64; 2], _: Parts, least: f64) -> f64 {
        let (sum, count) = (a + b, m + n);
        if count >= least { finite(if MEAN { sum / count } else { sum }) } else { N }
    }
}

/// The least or the greatest value, and the count of those present.
struct Extreme<const LEAST: bool>;

impl<const LEAST: bool> Extreme<LEAST> {
    #[inline(always)]
    fn further(x: f64, y: f64) -> f64 {
        // A comparison with a missing value is false, so it changes nothing.
        if (LEAST && x < y) || (!LEAST && x > y) { x } else { y }
    }
}

impl<const LEAST: bool> Fold<1, 2> for Extreme<LEAST> {
    type Constants = f64;

    const EMPTY: [f64; 2] = [if LEAST { f64::INFINITY } else { f64::NEG_INFINITY }, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push([extreme, count]: [f64; 2], [x]: [f64; 1], _: f64, _: f64) -> [f64; 2] {
        [Self::further(x, extreme), count + if x.is_nan() { 0.0 } else { 1.0 }]
    }

    #[inline(always)]
    fn finish([a, m]: [f64; 2], [b, n]: [f64; 2], _: Parts, least: f64) -> f64 {
        if m + n >= least { Self::further(a, b) } else { N }
    }
}

/// How many are present, or true.
struct Count<const PRESENT: bool>;

impl<const PRESENT: bool> Fold<1, 1> for Count<PRESENT> {
    type Constants = ();

    fn constants(_: &[f64]) {}

    #[inline(always)]
    fn push([count]: [f64; 1], [x]: [f64; 1], _: f64, (): ()) -> [f64; 1] {
        let counts = if PRESENT { !x.is_nan() } else { x == 1.0 };
        [count + if counts { 1.0 } else { 0.0 }]
    }

    #[inline(always)]
    fn finish([m]: [f64; 1], [n]: [f64; 1], _: Parts, (): ()) -> f64 {
        m + n
    }
}

/// Weighted sum and sum of weights. Weights fall from 1 at the newest row of a part: in the tail older rows come with
/// ever smaller weights, in the head they are scaled down as newer ones come.
struct Exponential;

impl Exponential {
    fn keep(constants: &[f64]) -> f64 {
        let [span, half_life, alpha] = [0, 1, 2].map(|i| constants.get(i).copied().unwrap_or(N));
        if !span.is_nan() {
            1.0 - 2.0 / (span + 1.0)
        } else if !half_life.is_nan() {
            libm::exp2(-1.0 / half_life)
        } else {
            1.0 - alpha
        }
    }
}

impl Fold<1, 2> for Exponential {
    /// What a weight keeps from row to row.
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        Self::keep(constants)
    }

    fn rows(constants: &[f64]) -> u32 {
        let keep = Self::keep(constants);
        if keep <= 0.0 { 1 } else { (libm::log(1e-12) / libm::log(keep)).ceil() as u32 + 1 }
    }

    /// A place is the weight of its row.
    const FIRST: f64 = 1.0;

    fn next(weight: f64, keep: f64) -> f64 {
        weight * keep
    }

    #[inline(always)]
    fn push([sum, weights]: [f64; 2], [x]: [f64; 1], weight: f64, _: f64) -> [f64; 2] {
        let missing = x.is_nan();
        [sum + if missing { 0.0 } else { weight * x }, weights + if missing { 0.0 } else { weight }]
    }

    #[inline(always)]
    fn push_newer([sum, weights]: [f64; 2], [x]: [f64; 1], _: f64, keep: f64) -> [f64; 2] {
        let missing = x.is_nan();
        [
            keep * sum + if missing { 0.0 } else { x },
            keep * weights + if missing { 0.0 } else { 1.0 },
        ]
    }

    #[inline(always)]
    fn finish([a, u]: [f64; 2], [b, v]: [f64; 2], parts: Parts, _: f64) -> f64 {
        let decay = parts.next;
        let weights = decay * u + v;
        if weights > 0.0 { finite((decay * a + b) / weights) } else { N }
    }
}

/// Σ x, Σ i·x, n, Σ i over the present, i counted from 1 at the oldest row of the part.
struct LinearDecay;

impl Fold<1, 4> for LinearDecay {
    /// The rows of the window, and how many must be present.
    type Constants = (f64, f64);

    fn constants(constants: &[f64]) -> (f64, f64) {
        (constants[0], least(constants))
    }

    /// A row before all others moves them up by one.
    #[inline(always)]
    fn push(
        [sum, weighted, count, weights]: [f64; 4],
        [x]: [f64; 1],
        _: f64,
        _: (f64, f64),
    ) -> [f64; 4] {
        let missing = x.is_nan();
        let sum = sum + if missing { 0.0 } else { x };
        let count = count + if missing { 0.0 } else { 1.0 };
        [sum, weighted + sum, count, weights + count]
    }

    #[inline(always)]
    fn push_newer(
        [sum, weighted, count, weights]: [f64; 4],
        [x]: [f64; 1],
        place: f64,
        _: (f64, f64),
    ) -> [f64; 4] {
        let missing = x.is_nan();
        let i = place + 1.0;
        [
            sum + if missing { 0.0 } else { x },
            weighted + if missing { 0.0 } else { i * x },
            count + if missing { 0.0 } else { 1.0 },
            weights + if missing { 0.0 } else { i },
        ]
    }

    #[inline(always)]
    fn finish(
        [a, ai, m, mi]: [f64; 4],
        [b, bi, n, ni]: [f64; 4],
        rows: Parts,
        (length, least): (f64, f64),
    ) -> f64 {
        // By how much the weights of each part lie above its own places: the newest row of the window weighs its length.
        let above_head = length - rows.head;
        let above_tail = above_head - rows.tail;
        let sum = (ai + above_tail * a) + (bi + above_head * b);
        let weights = (mi + above_tail * m) + (ni + above_head * n);
        if m + n >= least { finite(sum / weights) } else { N }
    }
}

/// A window that is looked at as a whole: its rows of one input, the oldest first, today the last.
struct Whole(fn(rows: &[&[f64]], constants: &[f64], out: &mut [f64]));

impl WindowKernel for Whole {
    fn block(&self, block: &mut WindowBlock<'_, '_>) {
        for (i, wanted) in block.wanted.iter().enumerate() {
            let rows = &block.inputs[0][block.first(*wanted)..=block.older + wanted];
            self.0(rows, block.constants, block.out[i]);
        }
    }
}

/// How many assets are counted side by side, in registers.
const SIDE_BY_SIDE: usize = 16;

/// The values of some assets; missing beyond the last asset.
#[inline(always)]
fn some(row: &[f64], start: usize) -> [f64; SIDE_BY_SIDE] {
    match row.get(start..start + SIDE_BY_SIDE) {
        Some(values) => values.try_into().expect("it is as long"),
        None => std::array::from_fn(|i| row.get(start + i).copied().unwrap_or(N)),
    }
}

vectorised! {
    fn rank(rows: &[&[f64]], constants: &[f64], out: &mut [f64]) {
        let least = least_present(constants[0] as u32, constants[1]);
        let today = rows.last().expect("a window holds today");
        for (part, out) in out.chunks_mut(SIDE_BY_SIDE).enumerate() {
            let start = part * SIDE_BY_SIDE;
            let today = some(today, start);
            // Those below count twice and the equal once; today's own value is one of the equal.
            let (mut places, mut count) = ([0.0; SIDE_BY_SIDE], [0.0; SIDE_BY_SIDE]);
            for row in rows {
                let x = some(row, start);
                for i in 0..SIDE_BY_SIDE {
                    places[i] += if x[i] < today[i] { 1.0 } else { 0.0 };
                    places[i] += if x[i] <= today[i] { 1.0 } else { 0.0 };
                    count[i] += if x[i].is_nan() { 0.0 } else { 1.0 };
                }
            }
            for (i, out) in out.iter_mut().enumerate() {
                // The mid-rank less one: those below, and half of the others that are equal.
                let place = (places[i] - 1.0) / 2.0;
                let value = if count[i] > 1.0 { place / (count[i] - 1.0) } else { 0.5 };
                *out = if today[i].is_nan() || count[i] < least { N } else { value };
            }
        }
    }
}
