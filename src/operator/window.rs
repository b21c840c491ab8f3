//! Operators over the last rows of each asset, and the one way windows are computed.
//!
//! A window of d rows is the tail of one block of d rows and the head of the next (van Herk 1992, Gil and Werman 1993),
//! blocks being aligned to the calendar: one step a row, only additions, and the same bits from whichever date the
//! computation starts. The tail is gathered backwards from the end of its block, the head forwards from its start; the
//! head always holds at least the row itself.

use super::{
    Accepts, Body, Default, Example, MIN, Operator, Parameter, ResultType, finite, least_present,
    number, parameter, vectorise::vectorised, window,
};

/// What is gathered over a window: a state of some planes of lanes (a lane is an asset).
pub trait WindowKernel: Sync {
    /// How many numbers the state of one lane has.
    fn planes(&self) -> usize;

    /// The rows of the window for these constants.
    fn rows(&self, constants: &[f64]) -> u32 {
        constants.first().map_or(1, |d| *d as u32)
    }

    /// The state of no rows.
    fn empty(&self, state: &mut [f64]) {
        state.fill(0.0);
    }

    /// `next` = `state` with the row before the ones it holds. All planes are `lanes` long, one after the other.
    fn push(&self, state: &[f64], inputs: &[&[f64]], constants: &[f64], next: &mut [f64]);

    /// `next` = `state` with the row after the ones it holds; differs where the order of rows matters.
    fn push_newer(&self, state: &[f64], inputs: &[&[f64]], constants: &[f64], next: &mut [f64]) {
        self.push(state, inputs, constants, next);
    }

    /// The result of a window whose older rows gave `tail` and whose last `head_rows` rows gave `head`.
    fn finish(
        &self,
        tail: &[f64],
        head: &[f64],
        head_rows: u32,
        constants: &[f64],
        out: &mut [f64],
    );
}

const N: f64 = f64::NAN;
const X_D_MIN: &[Parameter] = &[number("x"), window("d"), MIN];
const X_D: &[Parameter] = &[number("x"), window("d")];
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
        body: Body::Window(&Sum { mean: false }),
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
        body: Body::Window(&Sum { mean: true }),
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
        body: Body::Window(&Extreme { sign: 1.0 }),
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
        body: Body::Window(&Extreme { sign: -1.0 }),
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
        body: Body::Direct(rank),
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
        body: Body::Direct(decay_linear),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 4.0]],
            constants: &[2.0],
            result: &[N, 5.0 / 3.0, 10.0 / 3.0],
        }],
    },
    Operator {
        name: "ema",
        summary: "Exponentially weighted mean, adjusted, with the smoothing 2 / (span + 1).",
        formula: "Σ (1 − α)ᵏ·x(t − k) / Σ (1 − α)ᵏ over the present, α = 2 / (span + 1); k runs until the weight falls under 10⁻¹²",
        missing: "left out, their weights with them; a value once any is present",
        source: "pandas ewm(span, adjust=True).mean(), with the memory cut at 10⁻¹²",
        parameters: &[
            number("x"),
            Parameter {
                name: "span",
                accepts: Accepts::Constant { low: 1.0, high: 1e5, whole: false },
                default: Default::Required,
            },
        ],
        result: ResultType::Same,
        body: Body::Window(&Exponential),
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
        body: Body::Window(&Count { present: false }),
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
        body: Body::Window(&Count { present: true }),
        examples: &[Example {
            inputs: &[&[1.0, 0.0, N, 1.0]],
            constants: &[3.0],
            result: &[1.0, 2.0, 2.0, 2.0],
        }],
    },
];

/// Splits a state into its planes.
pub(super) fn planes<const K: usize>(state: &[f64]) -> [&[f64]; K] {
    let lanes = state.len() / K;
    std::array::from_fn(|k| &state[k * lanes..(k + 1) * lanes])
}

/// Splits a state into its planes, to be written.
pub(super) fn planes_mut<const K: usize>(state: &mut [f64]) -> [&mut [f64]; K] {
    let lanes = state.len() / K;
    let mut rest = state;
    std::array::from_fn(|_| {
        let (plane, after) = std::mem::take(&mut rest).split_at_mut(lanes);
        rest = after;
        plane
    })
}

struct Sum {
    mean: bool,
}

impl WindowKernel for Sum {
    fn planes(&self) -> usize {
        2
    }

    fn push(&self, state: &[f64], inputs: &[&[f64]], _: &[f64], next: &mut [f64]) {
        let ([sum, count], [next_sum, next_count]) = (planes(state), planes_mut(next));
        add_present(inputs[0], sum, count, next_sum, next_count);
    }

    fn finish(&self, tail: &[f64], head: &[f64], _: u32, constants: &[f64], out: &mut [f64]) {
        let least = least_present(constants[0] as u32, constants[1]);
        let ([a, m], [b, n]) = (planes(tail), planes(head));
        if self.mean {
            join_means(a, b, m, n, least, out);
        } else {
            join_sums(a, b, m, n, least, out);
        }
    }
}

vectorised! {
fn add_present(
    x: &[f64],
    sum: &[f64],
    count: &[f64],
    next_sum: &mut [f64],
    next_count: &mut [f64],
) {
    let n = x.len();
    let (sum, count) = (&sum[..n], &count[..n]);
    let (next_sum, next_count) = (&mut next_sum[..n], &mut next_count[..n]);
    for i in 0..n {
        let missing = x[i].is_nan();
        next_sum[i] = sum[i] + if missing { 0.0 } else { x[i] };
        next_count[i] = count[i] + if missing { 0.0 } else { 1.0 };
    }
}

fn join_means(a: &[f64], b: &[f64], m: &[f64], n: &[f64], least: f64, out: &mut [f64]) {
    let lanes = out.len();
    let (a, b, m, n) = (&a[..lanes], &b[..lanes], &m[..lanes], &n[..lanes]);
    for i in 0..lanes {
        let count = m[i] + n[i];
        out[i] = if count >= least { finite((a[i] + b[i]) / count) } else { N };
    }
}

fn join_sums(a: &[f64], b: &[f64], m: &[f64], n: &[f64], least: f64, out: &mut [f64]) {
    let lanes = out.len();
    let (a, b, m, n) = (&a[..lanes], &b[..lanes], &m[..lanes], &n[..lanes]);
    for i in 0..lanes {
        out[i] = if m[i] + n[i] >= least { finite(a[i] + b[i]) } else { N };
    }
}
}

/// The least (`sign` 1) or greatest (−1) value.
struct Extreme {
    sign: f64,
}

impl WindowKernel for Extreme {
    fn planes(&self) -> usize {
        2
    }

    fn empty(&self, state: &mut [f64]) {
        let [extreme, count] = planes_mut::<2>(state);
        extreme.fill(f64::INFINITY);
        count.fill(0.0);
    }

    fn push(&self, state: &[f64], inputs: &[&[f64]], _: &[f64], next: &mut [f64]) {
        push_extreme(state, inputs[0], self.sign, next);
    }

    fn finish(&self, tail: &[f64], head: &[f64], _: u32, constants: &[f64], out: &mut [f64]) {
        let least = least_present(constants[0] as u32, constants[1]);
        join_extremes(tail, head, self.sign, least, out);
    }
}

vectorised! {
    fn push_extreme(state: &[f64], x: &[f64], sign: f64, next: &mut [f64]) {
        let [extreme, count] = planes::<2>(state).map(|p| &p[..x.len()]);
        let [next_extreme, next_count] = planes_mut::<2>(next).map(|p| &mut p[..x.len()]);
        for i in 0..x.len() {
            let value = x[i] * sign;
            // A comparison with a missing value is false, so it changes nothing.
            next_extreme[i] = if value < extreme[i] { value } else { extreme[i] };
            next_count[i] = count[i] + if value.is_nan() { 0.0 } else { 1.0 };
        }
    }

    fn join_extremes(tail: &[f64], head: &[f64], sign: f64, least: f64, out: &mut [f64]) {
        let lanes = out.len();
        let [a, m] = planes::<2>(tail).map(|p| &p[..lanes]);
        let [b, n] = planes::<2>(head).map(|p| &p[..lanes]);
        for i in 0..lanes {
            let value = if a[i] < b[i] { a[i] } else { b[i] };
            out[i] = if m[i] + n[i] >= least { value * sign } else { N };
        }
    }
}

struct Count {
    present: bool,
}

impl WindowKernel for Count {
    fn planes(&self) -> usize {
        1
    }

    fn push(&self, state: &[f64], inputs: &[&[f64]], _: &[f64], next: &mut [f64]) {
        for ((next, count), x) in next.iter_mut().zip(state).zip(inputs[0]) {
            let counts = if self.present { !x.is_nan() } else { *x == 1.0 };
            *next = count + if counts { 1.0 } else { 0.0 };
        }
    }

    fn finish(&self, tail: &[f64], head: &[f64], _: u32, _: &[f64], out: &mut [f64]) {
        for ((out, a), b) in out.iter_mut().zip(tail).zip(head) {
            *out = a + b;
        }
    }
}

/// Planes: weighted sum, sum of weights, weight of the next older row. In the tail weights fall from 1 at its newest row;
/// in the head the older rows are scaled down as newer ones come.
struct Exponential;

impl Exponential {
    fn keep(constants: &[f64]) -> f64 {
        1.0 - 2.0 / (constants[0] + 1.0)
    }
}

impl WindowKernel for Exponential {
    fn planes(&self) -> usize {
        3
    }

    fn rows(&self, constants: &[f64]) -> u32 {
        let keep = Self::keep(constants);
        if keep <= 0.0 { 1 } else { (libm::log(1e-12) / libm::log(keep)).ceil() as u32 + 1 }
    }

    fn empty(&self, state: &mut [f64]) {
        let [sum, weights, next] = planes_mut::<3>(state);
        sum.fill(0.0);
        weights.fill(0.0);
        next.fill(1.0);
    }

    fn push(&self, state: &[f64], inputs: &[&[f64]], constants: &[f64], next: &mut [f64]) {
        push_older(state, inputs[0], Self::keep(constants), next);
    }

    fn push_newer(&self, state: &[f64], inputs: &[&[f64]], constants: &[f64], next: &mut [f64]) {
        push_newer(state, inputs[0], Self::keep(constants), next);
    }

    fn finish(
        &self,
        tail: &[f64],
        head: &[f64],
        head_rows: u32,
        constants: &[f64],
        out: &mut [f64],
    ) {
        let decay = libm::pow(Self::keep(constants), f64::from(head_rows));
        join_weighted(tail, head, decay, out);
    }
}

vectorised! {
    fn push_older(state: &[f64], x: &[f64], keep: f64, next: &mut [f64]) {
        let [sum, weights, weight] = planes::<3>(state).map(|p| &p[..x.len()]);
        let [next_sum, next_weights, next_weight] = planes_mut::<3>(next).map(|p| &mut p[..x.len()]);
        for i in 0..x.len() {
            let w = weight[i];
            let missing = x[i].is_nan();
            next_sum[i] = sum[i] + if missing { 0.0 } else { w * x[i] };
            next_weights[i] = weights[i] + if missing { 0.0 } else { w };
            next_weight[i] = w * keep;
        }
    }

    fn push_newer(state: &[f64], x: &[f64], keep: f64, next: &mut [f64]) {
        let [sum, weights, _] = planes::<3>(state).map(|p| &p[..x.len()]);
        let [next_sum, next_weights, _] = planes_mut::<3>(next).map(|p| &mut p[..x.len()]);
        for i in 0..x.len() {
            let missing = x[i].is_nan();
            next_sum[i] = keep * sum[i] + if missing { 0.0 } else { x[i] };
            next_weights[i] = keep * weights[i] + if missing { 0.0 } else { 1.0 };
        }
    }

    fn join_weighted(tail: &[f64], head: &[f64], decay: f64, out: &mut [f64]) {
        let lanes = out.len();
        let [a, u, _] = planes::<3>(tail).map(|p| &p[..lanes]);
        let [b, v, _] = planes::<3>(head).map(|p| &p[..lanes]);
        for i in 0..lanes {
            let weights = decay * u[i] + v[i];
            out[i] = if weights > 0.0 { finite((decay * a[i] + b[i]) / weights) } else { N };
        }
    }
}

fn rank(rows: &[&[f64]], constants: &[f64], out: &mut [f64]) {
    let least = least_present(constants[0] as u32, constants[1]);
    let lanes = out.len();
    let today = rows.last().expect("a window holds today");
    let mut counts = vec![0.0; 3 * lanes];
    for row in rows {
        count_row(row, today, &mut counts);
    }
    let [below, equal, count] = planes::<3>(&counts);
    for i in 0..lanes {
        // The mid-rank less one: those below, and half of the others that are equal.
        let place = below[i] + (equal[i] - 1.0) / 2.0;
        let value = if count[i] > 1.0 { place / (count[i] - 1.0) } else { 0.5 };
        out[i] = if today[i].is_nan() || count[i] < least { N } else { value };
    }
}

fn decay_linear(rows: &[&[f64]], constants: &[f64], out: &mut [f64]) {
    let rows_asked = constants[0] as usize;
    let least = least_present(constants[0] as u32, constants[1]);
    let lanes = out.len();
    let mut sums = vec![0.0; 3 * lanes];
    for (k, row) in rows.iter().enumerate() {
        add_weighted(row, (rows_asked - (rows.len() - 1 - k)) as f64, &mut sums);
    }
    let [sum, weights, count] = planes::<3>(&sums);
    for i in 0..lanes {
        out[i] = if count[i] >= least { finite(sum[i] / weights[i]) } else { N };
    }
}

vectorised! {
    fn count_row(x: &[f64], today: &[f64], counts: &mut [f64]) {
        let lanes = x.len();
        let today = &today[..lanes];
        let [below, equal, count] = planes_mut::<3>(counts).map(|p| &mut p[..lanes]);
        for i in 0..lanes {
            below[i] += if x[i] < today[i] { 1.0 } else { 0.0 };
            equal[i] += if x[i] == today[i] { 1.0 } else { 0.0 };
            count[i] += if x[i].is_nan() { 0.0 } else { 1.0 };
        }
    }

    fn add_weighted(x: &[f64], weight: f64, sums: &mut [f64]) {
        let [sum, weights, count] = planes_mut::<3>(sums).map(|p| &mut p[..x.len()]);
        for i in 0..x.len() {
            let missing = x[i].is_nan();
            sum[i] += if missing { 0.0 } else { weight * x[i] };
            weights[i] += if missing { 0.0 } else { weight };
            count[i] += if missing { 0.0 } else { 1.0 };
        }
    }
}
