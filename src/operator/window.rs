//! Operators over the last rows of each asset.

use super::{
    Accepts, Body, Default, Example, MIN, Operator, Parameter, ResultType, WindowBlock,
    WindowKernel,
    fold::{Fold, Folded, Part, Window, least},
    lanes::{Lanes, Mask},
    least_present, number, parameter,
    tile::{self, Tile},
    window,
};
use pulp::Simd;

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
        body: Body::Window(&Rank),
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

impl<const MEAN: bool> Fold<1, 0, 2> for Sum<MEAN> {
    type Constants = f64;

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 2>, [x]: [Lanes<S>; 1], _: f64, _: f64) {
        let [sum, count] = part.state;
        let here = x.is_present();
        part.state = [sum + here.or_zero(x), count + here.as_number()];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 2>,
        head: Part<S, 0, 2>,
        _: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let ([a, m], [b, n]) = (tail.state, head.state);
        let (sum, count) = (a + b, m + n);
        let value = if MEAN { sum / count } else { sum };
        count.at_least(count.like(least)).or_missing(value.finite())
    }
}

/// The least or the greatest value, and the count of those present.
struct Extreme<const LEAST: bool>;

impl<const LEAST: bool> Extreme<LEAST> {
    #[inline(always)]
    fn further<S: Simd>(x: Lanes<S>, y: Lanes<S>) -> Lanes<S> {
        // A comparison with a missing value is false, so it changes nothing.
        let further = if LEAST { x.below(y) } else { x.above(y) };
        further.choose(x, y)
    }
}

impl<const LEAST: bool> Fold<1, 0, 2> for Extreme<LEAST> {
    type Constants = f64;

    const EMPTY: [f64; 2] = [if LEAST { f64::INFINITY } else { f64::NEG_INFINITY }, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 2>, [x]: [Lanes<S>; 1], _: f64, _: f64) {
        let [extreme, count] = part.state;
        part.state = [Self::further(x, extreme), count + x.is_present().as_number()];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 2>,
        head: Part<S, 0, 2>,
        _: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let ([a, m], [b, n]) = (tail.state, head.state);
        (m + n).at_least(m.like(least)).or_missing(Self::further(a, b))
    }
}

/// How many are present, or true.
struct Count<const PRESENT: bool>;

impl<const PRESENT: bool> Fold<1, 0, 1> for Count<PRESENT> {
    type Constants = ();

    fn constants(_: &[f64]) {}

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 1>, [x]: [Lanes<S>; 1], _: f64, (): ()) {
        let counts: Mask<S> = if PRESENT { x.is_present() } else { x.equals(x.like(1.0)) };
        part.state[0] = part.state[0] + counts.as_number();
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 1>,
        head: Part<S, 0, 1>,
        _: Window<S, 1>,
        (): (),
    ) -> Lanes<S> {
        tail.state[0] + head.state[0]
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

impl Fold<1, 0, 2> for Exponential {
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
    fn push<S: Simd>(part: &mut Part<S, 0, 2>, [x]: [Lanes<S>; 1], weight: f64, _: f64) {
        let [sum, weights] = part.state;
        let here = x.is_present();
        part.state = [sum + here.or_zero(x * weight), weights + here.or_zero(x.like(weight))];
    }

    #[inline(always)]
    fn push_newer<S: Simd>(part: &mut Part<S, 0, 2>, [x]: [Lanes<S>; 1], _: f64, keep: f64) {
        let [sum, weights] = part.state;
        let here = x.is_present();
        part.state = [sum * keep + here.or_zero(x), weights * keep + here.as_number()];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 2>,
        head: Part<S, 0, 2>,
        window: Window<S, 1>,
        _: f64,
    ) -> Lanes<S> {
        let ([a, u], [b, v]) = (tail.state, head.state);
        let weights = u * window.next + v;
        weights.is_positive().or_missing(((a * window.next + b) / weights).finite())
    }
}

/// Σ x, Σ i·x, n, Σ i over the present, i counted from 1 at the oldest row of the part.
struct LinearDecay;

impl Fold<1, 0, 4> for LinearDecay {
    /// The rows of the window, and how many must be present.
    type Constants = (f64, f64);

    fn constants(constants: &[f64]) -> (f64, f64) {
        (constants[0], least(constants))
    }

    /// A row before all others moves them up by one.
    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 4>, [x]: [Lanes<S>; 1], _: f64, _: (f64, f64)) {
        let [sum, weighted, count, weights] = part.state;
        let here = x.is_present();
        let sum = sum + here.or_zero(x);
        let count = count + here.as_number();
        part.state = [sum, weighted + sum, count, weights + count];
    }

    #[inline(always)]
    fn push_newer<S: Simd>(
        part: &mut Part<S, 0, 4>,
        [x]: [Lanes<S>; 1],
        place: f64,
        _: (f64, f64),
    ) {
        let [sum, weighted, count, weights] = part.state;
        let here = x.is_present();
        let i = place + 1.0;
        part.state = [
            sum + here.or_zero(x),
            weighted + here.or_zero(x * i),
            count + here.as_number(),
            weights + here.or_zero(x.like(i)),
        ];
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 4>,
        head: Part<S, 0, 4>,
        window: Window<S, 1>,
        (length, least): (f64, f64),
    ) -> Lanes<S> {
        let ([a, ai, m, mi], [b, bi, n, ni]) = (tail.state, head.state);
        // By how much the weights of each part lie above its own places: the newest row of the window weighs its length.
        let above_head = length - window.head;
        let above_tail = above_head - window.tail;
        let sum = (ai + a * above_tail) + (bi + b * above_head);
        let weights = (mi + m * above_tail) + (ni + n * above_head);
        (m + n).at_least(m.like(least)).or_missing((sum / weights).finite())
    }
}

/// Today's rank in a window, which is counted out.
struct Rank;

impl WindowKernel for Rank {
    fn depends_on_blocks(&self) -> bool {
        false
    }

    fn block(&self, block: &mut WindowBlock<'_, '_>) {
        tile::run(self, block);
    }
}

impl Tile for Rank {
    const REGISTERS: usize = 2;

    #[inline(always)]
    fn tile<S: Simd>(&self, simd: S, block: &mut WindowBlock<'_, '_>, start: usize) {
        let least = least_present(block.length as u32, block.constants[1]);
        let (x, width) = (block.inputs[0], 2 * S::F64_LANES);
        let zero = Lanes::splat(simd, 0.0);
        for (wanted, out) in block.wanted.iter().zip(&mut *block.out) {
            let row = block.older + wanted;
            let today = &x.row(row, start)[..width];
            let today = [Lanes::load(simd, today, 0), Lanes::load(simd, today, 1)];
            // Those below count twice and the equal once; today's own value is one of the equal.
            let (mut places, mut count) = ([zero; 2], [zero; 2]);
            for row in (row + 1).saturating_sub(block.length)..=row {
                let values = &x.row(row, start)[..width];
                for side in 0..2 {
                    let x = Lanes::load(simd, values, side);
                    places[side] = places[side]
                        + x.below(today[side]).as_number()
                        + x.at_most(today[side]).as_number();
                    count[side] = count[side] + x.is_present().as_number();
                }
            }
            for side in 0..2 {
                // The mid-rank less one: those below, and half of the others that are equal.
                let place = (places[side] - 1.0) / 2.0;
                let others = count[side] - 1.0;
                let value = others.is_positive().choose(place / others, zero.like(0.5));
                let enough = count[side].at_least(zero.like(least)) & today[side].is_present();
                enough.or_missing(value).store(&mut out[start..start + width], side);
            }
        }
    }
}
