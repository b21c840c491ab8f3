//! Operators across the eligible assets of one date, or of one group of them.

use super::{
    Accepts, Body, Default, Example, Operator, Parameter, ResultType, finite, number, order::Order,
    parameter,
};

/// Buffers of the cross-sectional kernels, used again from date to date.
#[derive(Debug, Default)]
pub struct Scratch {
    order: Order,
}

const X: &[Parameter] = &[number("x")];
const N: f64 = f64::NAN;
const LEFT_OUT: &str = "left out, and missing in its place; so is what is not eligible";

const fn across(
    name: &'static str,
    summary: &'static str,
    formula: &'static str,
    source: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    Operator {
        name,
        summary,
        formula,
        missing: LEFT_OUT,
        source,
        parameters,
        result,
        body,
        examples,
    }
}

const fn example(
    input: &'static [&'static [f64]],
    constants: &'static [f64],
    result: &'static [f64],
) -> Example {
    Example { inputs: input, constants, result }
}

pub(super) const OPERATORS: &[Operator] = &[
    across(
        "rank",
        "Rank from 0 (the least) to 1 (the greatest); equal values share their mean.",
        "(r − 1) / (n − 1), r the mid-rank; ½ where n = 1",
        "BRAIN's rank; scipy.stats.rankdata, scaled",
        X,
        ResultType::Ratio,
        Body::Cross(rank),
        &[
            example(&[&[10.0, 30.0, N, 20.0, 20.0]], &[], &[0.0, 1.0, N, 0.5, 0.5]),
            example(&[&[7.0]], &[], &[0.5]),
        ],
    ),
    across(
        "ordinal",
        "Rank from 1 (the least) to n; equal values share their mean.",
        "the mid-rank r",
        "scipy.stats.rankdata(method=\"average\")",
        X,
        ResultType::Ratio,
        Body::Cross(ordinal),
        &[example(&[&[10.0, 30.0, 20.0, 20.0]], &[], &[1.0, 4.0, 2.5, 2.5])],
    ),
    across(
        "zscore",
        "Deviation from the mean in standard deviations.",
        "(x − mean) / std, std dividing by n; missing where std = 0",
        "scipy.stats.zscore",
        X,
        ResultType::Ratio,
        Body::Cross(zscore),
        &[example(&[&[1.0, 3.0, N]], &[], &[-1.0, 1.0, N]), example(&[&[2.0, 2.0]], &[], &[N, N])],
    ),
    across(
        "demean",
        "Deviation from the mean.",
        "x − mean",
        "",
        X,
        ResultType::Same,
        Body::Cross(demean),
        &[example(&[&[1.0, 3.0]], &[], &[-1.0, 1.0])],
    ),
    across(
        "scale",
        "Divided by the sum of absolute values.",
        "x / Σ|x|; missing where the sum is 0",
        "Kakushadze (2016), 101 Formulaic Alphas",
        X,
        ResultType::Ratio,
        Body::Cross(scale),
        &[example(&[&[1.0, -3.0]], &[], &[0.25, -0.75])],
    ),
    across(
        "winsorize",
        "Both tails pulled to their quantiles.",
        "min(max(x, q(p)), q(1 − p)), quantiles interpolated linearly (type 7)",
        "numpy.quantile and clip",
        &[
            number("x"),
            Parameter {
                name: "p",
                accepts: Accepts::Constant { low: 0.0, high: 0.5, whole: false },
                default: Default::Constant(0.01),
            },
        ],
        ResultType::Same,
        Body::Cross(winsorize),
        &[example(&[&[0.0, 1.0, 2.0, 3.0, 100.0]], &[0.25], &[1.0, 1.0, 2.0, 3.0, 3.0])],
    ),
    across(
        "bucket",
        "An ordered label from 1 to n, the greatest values in n; by mid-rank, so ties never fail.",
        "⌊n·(r − ½) / N⌋ + 1, r the mid-rank of N",
        "pandas qcut without its failure on ties",
        &[
            number("x"),
            Parameter {
                name: "n",
                accepts: Accepts::Constant { low: 2.0, high: 1000.0, whole: true },
                default: Default::Required,
            },
        ],
        ResultType::Label,
        Body::Cross(bucket),
        &[example(&[&[1.0, 2.0, 3.0, 4.0]], &[2.0], &[1.0, 1.0, 2.0, 2.0])],
    ),
    across(
        "top",
        "Whether among the n greatest, or the greatest share n under 1; equal values go by symbol. Written `universe top`.",
        "place ≤ n; place ≤ ⌈n·N⌉ for a share",
        "",
        &[
            number("x"),
            Parameter {
                name: "n",
                accepts: Accepts::Constant { low: 0.0, high: 1e9, whole: false },
                default: Default::Required,
            },
        ],
        ResultType::Boolean,
        Body::Cross(top),
        &[example(&[&[1.0, 3.0, 3.0, N]], &[1.0], &[0.0, 1.0, 0.0, N])],
    ),
    reduce(
        "cs_mean",
        "Mean over the eligible assets that have a value.",
        "Σ x / n",
        ResultType::Same,
        Body::Reduce(mean),
        &[example(&[&[1.0, 2.0, N, 6.0]], &[], &[3.0])],
    ),
    reduce(
        "cs_sum",
        "Sum over the eligible assets that have a value.",
        "Σ x",
        ResultType::Same,
        Body::Reduce(sum),
        &[example(&[&[1.0, 2.0, N]], &[], &[3.0])],
    ),
    Operator {
        parameters: &[parameter("x", Accepts::Any)],
        ..reduce(
            "cs_count",
            "How many eligible assets have a value.",
            "n",
            ResultType::Ratio,
            Body::Reduce(|values| values.len() as f64),
            &[example(&[&[1.0, 2.0, N]], &[], &[2.0])],
        )
    },
];

const fn reduce(
    name: &'static str,
    summary: &'static str,
    formula: &'static str,
    result: ResultType,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    Operator {
        missing: "left out; a mean or sum of nothing is missing",
        ..across(name, summary, formula, "", X, result, body, examples)
    }
}

fn rank(values: &[f64], _: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    if let [_] = values {
        out[0] = 0.5;
        return;
    }
    let last = values.len() as f64 - 1.0;
    scratch.order.sort(values).mid_ranks(|place, r| out[place] = (r - 1.0) / last);
}

fn ordinal(values: &[f64], _: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    scratch.order.sort(values).mid_ranks(|place, r| out[place] = r);
}

fn bucket(values: &[f64], constants: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    let (n, buckets) = (values.len() as f64, constants[0]);
    scratch
        .order
        .sort(values)
        .mid_ranks(|place, r| out[place] = (buckets * (r - 0.5) / n).floor() + 1.0);
}

fn top(values: &[f64], constants: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    let n = constants[0];
    let count = if n < 1.0 { (n * values.len() as f64).ceil() } else { n } as usize;
    // Sorted downwards by the negated values, so that equal ones stay in the order of their symbols.
    let negated: Vec<f64> = values.iter().map(|x| -x).collect();
    let sorted = scratch.order.sort(&negated);
    for i in 0..sorted.len() {
        out[sorted.place(i)] = f64::from(u8::from(i < count));
    }
}

fn winsorize(values: &[f64], constants: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    let sorted = scratch.order.sort(values);
    let (low, high) =
        (sorted.quantile(values, constants[0]), sorted.quantile(values, 1.0 - constants[0]));
    for (out, x) in out.iter_mut().zip(values) {
        *out = x.clamp(low, high.max(low));
    }
}

/// The mean as the first value and the mean distance from it: equal values give exactly that value.
fn mean(values: &[f64]) -> f64 {
    let Some(&first) = values.first() else { return N };
    finite(first + values.iter().map(|x| x - first).sum::<f64>() / values.len() as f64)
}

fn sum(values: &[f64]) -> f64 {
    if values.is_empty() { N } else { finite(values.iter().sum()) }
}

fn demean(values: &[f64], _: &[f64], _: &mut Scratch, out: &mut [f64]) {
    let mean = mean(values);
    for (out, x) in out.iter_mut().zip(values) {
        *out = finite(x - mean);
    }
}

fn zscore(values: &[f64], _: &[f64], _: &mut Scratch, out: &mut [f64]) {
    let mean = mean(values);
    // Scaled by the largest deviation, so that squares neither overflow nor vanish.
    let largest = values.iter().fold(0.0_f64, |m, x| m.max((x - mean).abs()));
    let squares: f64 = values.iter().map(|x| ((x - mean) / largest) * ((x - mean) / largest)).sum();
    let deviation = largest * (squares / values.len() as f64).sqrt();
    for (out, x) in out.iter_mut().zip(values) {
        *out = if deviation > 0.0 { finite((x - mean) / deviation) } else { N };
    }
}

fn scale(values: &[f64], _: &[f64], _: &mut Scratch, out: &mut [f64]) {
    let total: f64 = values.iter().map(|x| x.abs()).sum();
    for (out, x) in out.iter_mut().zip(values) {
        *out = finite(x / total);
    }
}
