//! Operators that never forget: each asset's state is carried from its first row on, so all rows are computed whatever
//! dates are asked for.

use super::{
    Accepts, Body, Default, Example, Operator, Parameter, ResultType, ScanKernel, finite, number,
    parameter,
};
use std::array;

const N: f64 = f64::NAN;
const X: &[Parameter] = &[number("x")];
const SKIPPED: &str = "missing where x is; the others go on without it";

const fn cumulative(
    name: &'static str,
    summary: &'static str,
    formula: &'static str,
    source: &'static str,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    Operator {
        name,
        summary,
        formula,
        missing: SKIPPED,
        source,
        parameters: X,
        result: ResultType::Same,
        body,
        examples,
    }
}

pub(super) const OPERATORS: &[Operator] = &[
    cumulative(
        "cumulative_sum",
        "Sum of all values since the asset's first row.",
        "Σ x(s), s ≤ t, with the rounding of each addition carried along (Neumaier 1974)",
        "pandas cumsum()",
        Body::Scan(&Scanned(Sum)),
        &[Example { inputs: &[&[1.0, 2.0, N, 4.0]], constants: &[], result: &[1.0, 3.0, N, 7.0] }],
    ),
    Operator {
        result: ResultType::Unknown,
        ..cumulative(
            "cumulative_product",
            "Product of all values since the asset's first row.",
            "Π x(s), s ≤ t",
            "pandas cumprod()",
            Body::Scan(&Scanned(Product)),
            &[Example {
                inputs: &[&[1.0, 2.0, N, 4.0]],
                constants: &[],
                result: &[1.0, 2.0, N, 8.0],
            }],
        )
    },
    cumulative(
        "cumulative_max",
        "Greatest value since the asset's first row.",
        "max x(s), s ≤ t",
        "pandas cummax()",
        Body::Scan(&Scanned(Extreme::<false>)),
        &[Example { inputs: &[&[1.0, 3.0, N, 2.0]], constants: &[], result: &[1.0, 3.0, N, 3.0] }],
    ),
    cumulative(
        "cumulative_min",
        "Least value since the asset's first row.",
        "min x(s), s ≤ t",
        "pandas cummin()",
        Body::Scan(&Scanned(Extreme::<true>)),
        &[Example { inputs: &[&[2.0, 3.0, N, 1.0]], constants: &[], result: &[2.0, 2.0, N, 1.0] }],
    ),
    Operator {
        name: "streak",
        summary: "For how many rows up to today the condition has been true without a break.",
        formula: "0 where c(t) is not true, else 1 + streak(t − 1)",
        missing: "counts as not true; never missing itself",
        source: "the length of a run up to today",
        parameters: &[parameter("c", Accepts::Boolean)],
        result: ResultType::Rows,
        body: Body::Scan(&Scanned(Streak)),
        examples: &[Example {
            inputs: &[&[1.0, 1.0, 0.0, 1.0, N]],
            constants: &[],
            result: &[1.0, 2.0, 0.0, 1.0, 0.0],
        }],
    },
    Operator {
        name: "since",
        summary: "How many rows ago the condition was last true.",
        formula: "t − max {s ≤ t: c(s)}; 0 where it is true today",
        missing: "a missing condition is not true; missing before the first true",
        source: "Pine Script ta.barssince",
        parameters: &[parameter("c", Accepts::Boolean)],
        result: ResultType::Rows,
        body: Body::Scan(&Scanned(Since)),
        examples: &[Example {
            inputs: &[&[0.0, 1.0, 0.0, N, 1.0]],
            constants: &[],
            result: &[N, 0.0, 1.0, 2.0, 0.0],
        }],
    },
    Operator {
        name: "value_when",
        summary: "The value when the condition was true for the k-th last time.",
        formula: "x(s), s the k-th last row up to today with c(s); k = 1 is the last",
        missing: "a missing condition is not true; missing where x was, and before the k-th true",
        source: "Pine Script ta.valuewhen, which counts from 0",
        parameters: &[
            parameter("c", Accepts::Boolean),
            parameter("x", Accepts::Any),
            Parameter {
                name: "k",
                accepts: Accepts::Constant { low: 1.0, high: 1000.0, whole: true },
                default: Default::Constant(1.0),
            },
        ],
        result: ResultType::Like(1),
        body: Body::Scan(&ValueWhen),
        examples: &[
            Example {
                inputs: &[&[0.0, 1.0, 0.0, 1.0], &[5.0, 6.0, 7.0, 8.0]],
                constants: &[1.0],
                result: &[N, 6.0, 6.0, 8.0],
            },
            Example {
                inputs: &[&[0.0, 1.0, 0.0, 1.0], &[5.0, 6.0, 7.0, 8.0]],
                constants: &[2.0],
                result: &[N, N, N, 6.0],
            },
        ],
    },
    Operator {
        name: "previous",
        summary: "The last value that differs from today's.",
        formula: "x(s), s the last row before t with x(s) ≠ x(t), missing rows left out",
        missing: "missing where x is, and before the first change",
        source: "BRAIN's last_diff_value, without its limit in time",
        parameters: &[parameter("x", Accepts::Any)],
        result: ResultType::Same,
        body: Body::Scan(&Scanned(Previous)),
        examples: &[Example {
            inputs: &[&[1.0, 1.0, 2.0, N, 2.0, 3.0]],
            constants: &[],
            result: &[N, N, 1.0, N, 1.0, 2.0],
        }],
    },
    Operator {
        name: "trade_when",
        summary: "Takes the value where the condition is true and keeps it until it is true again, or until the exit.",
        formula: "missing where exit(t); else x(t) where c(t); else yesterday's result",
        missing: "a missing condition or exit is not true; missing before the first true",
        source: "WorldQuant BRAIN trade_when",
        parameters: &[
            parameter("c", Accepts::Boolean),
            parameter("x", Accepts::Any),
            Parameter { name: "exit", accepts: Accepts::Boolean, default: Default::Absent },
        ],
        result: ResultType::Like(1),
        body: Body::Scan(&TradeWhen),
        examples: &[
            Example {
                inputs: &[
                    &[0.0, 1.0, 0.0, 1.0, 0.0],
                    &[5.0, 6.0, 7.0, 8.0, 9.0],
                    &[0.0, 0.0, 0.0, 0.0, 1.0],
                ],
                constants: &[],
                result: &[N, 6.0, 6.0, 8.0, N],
            },
            Example {
                inputs: &[&[0.0, 1.0, 0.0], &[5.0, 6.0, 7.0]],
                constants: &[],
                result: &[N, 6.0, 6.0],
            },
        ],
    },
    Operator {
        name: "hump",
        summary: "The value held until it moves by more than the limit, which keeps turnover down.",
        formula: "yesterday's result y where |x(t) − y| ≤ limit, else x(t)",
        missing: "missing where x is; what was held is remembered",
        source: "WorldQuant BRAIN hump, with the limit in units of x rather than of Σ|x|",
        parameters: &[
            number("x"),
            Parameter {
                name: "limit",
                accepts: Accepts::Constant { low: 0.0, high: 1e300, whole: false },
                default: Default::Required,
            },
        ],
        result: ResultType::Same,
        body: Body::Scan(&Scanned(Hump)),
        examples: &[Example {
            inputs: &[&[1.0, 1.5, 3.0, N, 2.5]],
            constants: &[1.0],
            result: &[1.0, 1.0, 3.0, N, 3.0],
        }],
    },
];

/// What is carried for one asset, in `STATE` numbers. Compiled into loops over assets, so it must not branch on anything
/// but what a select can do.
trait Scan<const INPUTS: usize, const STATE: usize>: Sync {
    /// The state before the first row.
    const START: [f64; STATE];

    /// The state after a row, and the row's result; `constant` is the first of the call, or 0.
    fn step(state: [f64; STATE], inputs: [f64; INPUTS], constant: f64) -> ([f64; STATE], f64);
}

/// A scan as a kernel of the operator table.
struct Scanned<S, const INPUTS: usize, const STATE: usize>(S);

impl<S: Scan<INPUTS, STATE>, const INPUTS: usize, const STATE: usize> ScanKernel
    for Scanned<S, INPUTS, STATE>
{
    fn start(&self, _: &[f64], lanes: usize) -> Vec<f64> {
        S::START.iter().flat_map(|x| std::iter::repeat_n(*x, lanes)).collect()
    }

    fn row(&self, inputs: &[&[f64]], constants: &[f64], state: &mut [f64], out: &mut [f64]) {
        step::<S, INPUTS, STATE>(inputs, constants, state, out);
    }
}

#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq",
    "x86_64+avx2",
    "aarch64+neon",
))]
fn step<S: Scan<INPUTS, STATE>, const INPUTS: usize, const STATE: usize>(
    inputs: &[&[f64]],
    constants: &[f64],
    state: &mut [f64],
    out: &mut [f64],
) {
    let lanes = out.len();
    let constant = constants.first().copied().unwrap_or(0.0);
    let mut numbers = state.chunks_exact_mut(lanes);
    let state: [&mut [f64]; STATE] =
        array::from_fn(|_| numbers.next().expect("`start` made room for all of them"));
    let inputs: [&[f64]; INPUTS] = array::from_fn(|i| &inputs[i][..lanes]);
    for (lane, out) in out.iter_mut().enumerate() {
        let old = array::from_fn(|k| state[k][lane]);
        let x = array::from_fn(|i| inputs[i][lane]);
        let (new, result) = S::step(old, x, constant);
        for k in 0..STATE {
            state[k][lane] = new[k];
        }
        *out = result;
    }
}

/// The sum and what its roundings lost.
struct Sum;

impl Scan<1, 2> for Sum {
    const START: [f64; 2] = [0.0; 2];

    #[inline(always)]
    fn step([sum, lost]: [f64; 2], [x]: [f64; 1], _: f64) -> ([f64; 2], f64) {
        let missing = x.is_nan();
        let d = if missing { 0.0 } else { x };
        let new = sum + d;
        let taken = new - sum;
        let lost = lost + ((sum - (new - taken)) + (d - taken));
        ([new, lost], if missing { N } else { finite(new + lost) })
    }
}

struct Product;

impl Scan<1, 1> for Product {
    const START: [f64; 1] = [1.0];

    #[inline(always)]
    fn step([product]: [f64; 1], [x]: [f64; 1], _: f64) -> ([f64; 1], f64) {
        let missing = x.is_nan();
        let product = product * if missing { 1.0 } else { x };
        ([product], if missing { N } else { finite(product) })
    }
}

struct Extreme<const LEAST: bool>;

impl<const LEAST: bool> Scan<1, 1> for Extreme<LEAST> {
    const START: [f64; 1] = [N];

    #[inline(always)]
    fn step([extreme]: [f64; 1], [x]: [f64; 1], _: f64) -> ([f64; 1], f64) {
        // A comparison with a missing value is false.
        let further = extreme.is_nan() | if LEAST { x < extreme } else { x > extreme };
        let extreme = if further { x } else { extreme };
        ([extreme], if x.is_nan() { N } else { extreme })
    }
}

struct Streak;

impl Scan<1, 1> for Streak {
    const START: [f64; 1] = [0.0];

    #[inline(always)]
    fn step([rows]: [f64; 1], [c]: [f64; 1], _: f64) -> ([f64; 1], f64) {
        let rows = if c == 1.0 { rows + 1.0 } else { 0.0 };
        ([rows], rows)
    }
}

struct Since;

impl Scan<1, 1> for Since {
    const START: [f64; 1] = [N];

    #[inline(always)]
    fn step([rows]: [f64; 1], [c]: [f64; 1], _: f64) -> ([f64; 1], f64) {
        let rows = if c == 1.0 { 0.0 } else { rows + 1.0 };
        ([rows], rows)
    }
}

/// The value that holds, and the one before it.
struct Previous;

impl Scan<1, 2> for Previous {
    const START: [f64; 2] = [N; 2];

    #[inline(always)]
    fn step([held, before]: [f64; 2], [x]: [f64; 1], _: f64) -> ([f64; 2], f64) {
        let missing = x.is_nan();
        let changes = !missing & (x != held);
        let before = if changes { held } else { before };
        let held = if changes { x } else { held };
        ([held, before], if missing { N } else { before })
    }
}

struct Hump;

impl Scan<1, 1> for Hump {
    const START: [f64; 1] = [N];

    #[inline(always)]
    fn step([held]: [f64; 1], [x]: [f64; 1], limit: f64) -> ([f64; 1], f64) {
        let missing = x.is_nan();
        // Whether the first value or one beyond the limit: a distance from a missing value is not within it.
        let stays = missing | ((x - held).abs() <= limit);
        let held = if stays { held } else { x };
        ([held], if missing { N } else { held })
    }
}

/// The last k values, the newest first.
struct ValueWhen;

impl ScanKernel for ValueWhen {
    fn start(&self, constants: &[f64], lanes: usize) -> Vec<f64> {
        vec![N; constants[0] as usize * lanes]
    }

    fn row(&self, inputs: &[&[f64]], constants: &[f64], state: &mut [f64], out: &mut [f64]) {
        let k = constants[0] as usize;
        let lanes = inputs[0].iter().zip(inputs[1]).zip(state.chunks_exact_mut(k)).zip(out);
        for (((c, x), values), out) in lanes {
            if *c == 1.0 {
                values.copy_within(..k - 1, 1);
                values[0] = *x;
            }
            *out = values[k - 1];
        }
    }
}

/// The value that is kept; the exit may be left out.
struct TradeWhen;

impl ScanKernel for TradeWhen {
    fn start(&self, _: &[f64], lanes: usize) -> Vec<f64> {
        vec![N; lanes]
    }

    fn row(&self, inputs: &[&[f64]], _: &[f64], state: &mut [f64], out: &mut [f64]) {
        for (lane, (held, out)) in state.iter_mut().zip(out).enumerate() {
            if inputs[0][lane] == 1.0 {
                *held = inputs[1][lane];
            }
            if inputs.get(2).is_some_and(|exit| exit[lane] == 1.0) {
                *held = N;
            }
            *out = *held;
        }
    }
}
