//! Functions of one element, or of a few at the same place.

use super::{
    Accepts, Body, Default, Example, Last, Operator, Parameter, ResultType, arithmetic::map,
    constant, example, finite, number, parameter, power::powers,
};

const X: &[Parameter] = &[number("x")];
const N: f64 = f64::NAN;
const ANY_MISSING: &str = "missing where any input is";

const fn function(
    name: &'static str,
    summary: &'static str,
    formula: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    Operator {
        name,
        summary,
        formula,
        missing: ANY_MISSING,
        source: "",
        parameters,
        result,
        body,
        examples,
    }
}

const ANY_NUMBER: Accepts = Accepts::Constant { low: f64::MIN, high: f64::MAX, whole: false };
const MORE: &[Parameter] =
    &[number("x"), Parameter { name: "y", accepts: Accepts::Number, default: Default::Repeated }];

pub(super) const OPERATORS: &[Operator] = &[
    function(
        "abs",
        "Absolute value.",
        "|x|",
        X,
        ResultType::Same,
        map!(|x| x.abs()),
        &[example(&[&[-2.0, N]], &[], &[2.0, N])],
    ),
    function(
        "sign",
        "−1, 0 or 1.",
        "sgn x",
        X,
        ResultType::Ratio,
        map!(|x| sign(x)),
        &[example(&[&[-2.0, 0.0, 3.0]], &[], &[-1.0, 0.0, 1.0])],
    ),
    function(
        "exp",
        "Exponential.",
        "eˣ",
        X,
        ResultType::Ratio,
        map!(|x| finite(libm::exp(x))),
        &[example(&[&[0.0, 1e3]], &[], &[1.0, N])],
    ),
    function(
        "log",
        "Natural logarithm; missing at or below zero.",
        "ln x",
        X,
        ResultType::Ratio,
        map!(|x| finite(libm::log(x))),
        &[example(&[&[1.0, 0.0, -1.0]], &[], &[0.0, N, N])],
    ),
    function(
        "log1p",
        "Natural logarithm of 1 + x, exact near zero.",
        "ln(1 + x)",
        X,
        ResultType::Ratio,
        map!(|x| finite(libm::log1p(x))),
        &[example(&[&[0.0, -1.0]], &[], &[0.0, N])],
    ),
    function(
        "sqrt",
        "Square root; missing below zero.",
        "√x",
        X,
        ResultType::Unknown,
        map!(|x| finite(x.sqrt())),
        &[example(&[&[9.0, -1.0]], &[], &[3.0, N])],
    ),
    function(
        "floor",
        "Greatest whole number not above x.",
        "⌊x⌋",
        X,
        ResultType::Same,
        map!(|x| x.floor()),
        &[example(&[&[1.5, -1.5]], &[], &[1.0, -2.0])],
    ),
    function(
        "ceil",
        "Least whole number not below x.",
        "⌈x⌉",
        X,
        ResultType::Same,
        map!(|x| x.ceil()),
        &[example(&[&[1.5, -1.5]], &[], &[2.0, -1.0])],
    ),
    function(
        "round",
        "Nearest multiple of a step; halves go to the even one.",
        "step · round(x / step)",
        &[
            number("x"),
            Parameter {
                name: "step",
                accepts: Accepts::Constant { low: f64::MIN_POSITIVE, high: f64::MAX, whole: false },
                default: Default::Constant(1.0),
            },
        ],
        ResultType::Same,
        Body::Map(round),
        &[example(&[&[2.5, 3.26]], &[], &[2.0, 3.0]), example(&[&[3.26]], &[0.5], &[3.5])],
    ),
    function(
        "min",
        "The least of its values.",
        "min(x, y, …)",
        MORE,
        ResultType::Joined(0),
        map!(|x, y| least(x, y)),
        &[example(&[&[1.0, N], &[2.0, 2.0]], &[], &[1.0, N])],
    ),
    function(
        "max",
        "The greatest of its values.",
        "max(x, y, …)",
        MORE,
        ResultType::Joined(0),
        map!(|x, y| -least(-x, -y)),
        &[example(&[&[1.0, N], &[2.0, 2.0]], &[], &[2.0, N])],
    ),
    function(
        "clip",
        "The value, kept between two bounds.",
        "min(max(x, low), high)",
        &[number("x"), parameter("low", ANY_NUMBER), parameter("high", ANY_NUMBER)],
        ResultType::Same,
        Body::Map(clip),
        &[example(&[&[-2.0, 0.5, 2.0]], &[-1.0, 1.0], &[-1.0, 0.5, 1.0])],
    ),
    function(
        "signed_power",
        "Power of the absolute value, with the sign kept.",
        "sgn(x)·|x|^a",
        &[number("x"), number("a")],
        ResultType::Unknown,
        Body::Map(signed_power),
        &[example(&[&[-4.0, 1.0], &[0.5, N]], &[], &[-2.0, N])],
    ),
    function(
        "signed_log",
        "Logarithm of 1 + |x|, with the sign kept.",
        "sgn(x)·ln(1 + |x|)",
        X,
        ResultType::Ratio,
        map!(|x| sign(x) * libm::log1p(x.abs())),
        &[example(&[&[0.0]], &[], &[0.0])],
    ),
    function(
        "sigmoid",
        "Logistic function.",
        "1 / (1 + e⁻ˣ)",
        X,
        ResultType::Ratio,
        map!(|x| 1.0 / (1.0 + libm::exp(-x))),
        &[example(&[&[0.0]], &[], &[0.5])],
    ),
    function(
        "tanh",
        "Hyperbolic tangent.",
        "tanh x",
        X,
        ResultType::Ratio,
        map!(|x| libm::tanh(x)),
        &[example(&[&[0.0]], &[], &[0.0])],
    ),
    Operator {
        missing: "true where the value is missing; never missing itself",
        ..function(
            "is_missing",
            "Whether the value is missing.",
            "",
            &[parameter("x", Accepts::Any)],
            ResultType::Boolean,
            map!(|x| f64::from(u8::from(x.is_nan()))),
            &[example(&[&[1.0, N]], &[], &[0.0, 1.0])],
        )
    },
    Operator {
        missing: "missing where the condition is not true, or the value is missing",
        ..function(
            "keep",
            "The value where the condition is true, else missing.",
            "x where c",
            &[parameter("x", Accepts::Any), parameter("where", Accepts::Boolean)],
            ResultType::Same,
            map!(|x, c| if c == 1.0 { x } else { f64::NAN }),
            &[example(&[&[1.0, 2.0, 3.0], &[1.0, 0.0, N]], &[], &[1.0, N, N])],
        )
    },
    Operator {
        source: "numpy.digitize; pandas.cut(right=False)",
        ..function(
            "cut",
            "An ordered label from 1: which of the ranges between rising edges x lies in, a value at an edge in the range \
             above it.",
            "1 + the number of edges ≤ x",
            &[number("x"), constant("edges", f64::MIN, f64::MAX, false, Default::List(1))],
            ResultType::Label(Last::AfterEdges),
            Body::Map(cut),
            &[example(&[&[-1.0, 0.0, 0.5, 1.0, N]], &[0.0, 1.0], &[1.0, 2.0, 2.0, 3.0, N])],
        )
    },
    Operator {
        missing: "left out; missing where fewer than `min` parts are present",
        source: "pandas.DataFrame.mean(axis=1)",
        ..function(
            "average",
            "The mean of the parts that are present, if at least `min` are.",
            "Σ x / n over the n parts present",
            &[
                number("x"),
                Parameter { name: "y", accepts: Accepts::Number, default: Default::Many },
                constant("min", 1.0, 1e6, true, Default::Constant(1.0)),
            ],
            ResultType::Joined(0),
            Body::Map(average),
            &[
                example(&[&[1.0, N, N], &[2.0, 4.0, N]], &[], &[1.5, 4.0, N]),
                example(&[&[1.0, N], &[2.0, 4.0]], &[2.0], &[1.5, N]),
            ],
        )
    },
];

fn cut(inputs: &[&[f64]], edges: &[f64], out: &mut [f64]) {
    for (out, x) in out.iter_mut().zip(inputs[0]) {
        let below = edges.partition_point(|edge| edge <= x);
        *out = if x.is_nan() { N } else { 1.0 + below as f64 };
    }
}

fn average(inputs: &[&[f64]], constants: &[f64], out: &mut [f64]) {
    for (i, out) in out.iter_mut().enumerate() {
        let (mut sum, mut present) = (0.0, 0.0);
        for input in inputs {
            let x = input[i];
            if !x.is_nan() {
                sum += x;
                present += 1.0;
            }
        }
        *out = if present >= constants[0] { finite(sum / present) } else { N };
    }
}

#[inline(always)]
fn sign(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { x } else { x.signum() }
}

#[inline(always)]
fn least(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() { f64::NAN } else { x.min(y) }
}

fn round(inputs: &[&[f64]], constants: &[f64], out: &mut [f64]) {
    let step = constants[0];
    for (out, x) in out.iter_mut().zip(inputs[0]) {
        *out = finite((x / step).round_ties_even() * step);
    }
}

fn signed_power(inputs: &[&[f64]], _: &[f64], out: &mut [f64]) {
    let sizes: Vec<f64> = inputs[0].iter().map(|x| x.abs()).collect();
    powers(&sizes, inputs[1], out);
    for (out, x) in out.iter_mut().zip(inputs[0]) {
        *out *= sign(*x);
    }
}

fn clip(inputs: &[&[f64]], constants: &[f64], out: &mut [f64]) {
    for (out, x) in out.iter_mut().zip(inputs[0]) {
        // Comparisons rather than `max`, which would turn a missing value into a bound.
        *out = if *x < constants[0] {
            constants[0]
        } else if *x > constants[1] {
            constants[1]
        } else {
            *x
        };
    }
}
