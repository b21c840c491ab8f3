//! What is written between operands: arithmetic, comparison, logic, `??`, and `if`.

use super::{
    Accepts, Body, Default, Example, Operator, Parameter, ResultType, finite, number, parameter,
    power::powers,
};

macro_rules! map {
    (|$($name:ident),+| $value:expr) => {{
        crate::operator::vectorise::vectorised! {
            fn kernel(inputs: &[&[f64]], _constants: &[f64], out: &mut [f64]) {
                let mut inputs = inputs.iter();
                $(let $name = &inputs.next().expect("the checker gave every argument")[..out.len()];)+
                for (i, out) in out.iter_mut().enumerate() {
                    $(let $name = $name[i];)+
                    *out = $value;
                }
            }
        }
        Body::Map(kernel)
    }};
}
pub(super) use map;

/// 1, 0, or missing where either side is missing.
#[inline(always)]
fn truth(condition: bool, a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { f64::from(u8::from(condition)) }
}

const NUMBERS: &[Parameter] = &[number("x"), number("y")];
const ANY: &[Parameter] = &[parameter("x", Accepts::Any), parameter("y", Accepts::SameAsFirst)];
const BOOLEANS: &[Parameter] =
    &[parameter("x", Accepts::Boolean), parameter("y", Accepts::Boolean)];

const EITHER_MISSING: &str = "missing where either side is";
const N: f64 = f64::NAN;

const fn between(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    Operator {
        name,
        summary,
        formula: "",
        missing: EITHER_MISSING,
        source: "IEEE 754; a result that is not finite is missing",
        parameters,
        result,
        body,
        examples,
    }
}

const fn example(inputs: &'static [&'static [f64]], result: &'static [f64]) -> Example {
    Example { inputs, constants: &[], result }
}

pub(super) const OPERATORS: &[Operator] = &[
    between(
        "+",
        "Sum.",
        NUMBERS,
        ResultType::Joined(0),
        map!(|x, y| finite(x + y)),
        &[example(&[&[1.0, N], &[2.0, 2.0]], &[3.0, N])],
    ),
    between(
        "-",
        "Difference.",
        NUMBERS,
        ResultType::Joined(0),
        map!(|x, y| finite(x - y)),
        &[example(&[&[1.0], &[2.0]], &[-1.0])],
    ),
    between(
        "*",
        "Product.",
        NUMBERS,
        ResultType::Product,
        map!(|x, y| finite(x * y)),
        &[example(&[&[3.0], &[2.0]], &[6.0])],
    ),
    between(
        "/",
        "Quotient; missing where the divisor is zero.",
        NUMBERS,
        ResultType::Quotient,
        map!(|x, y| finite(x / y)),
        &[example(&[&[3.0, 3.0], &[2.0, 0.0]], &[1.5, N])],
    ),
    between(
        "^",
        "Power; the root of a negative number is missing.",
        NUMBERS,
        ResultType::Unknown,
        Body::Map(|inputs, _, out| powers(inputs[0], inputs[1], out)),
        &[example(&[&[3.0, -1.0, 1.0, N], &[2.0, 0.5, N, 0.0]], &[9.0, N, N, N])],
    ),
    between(
        "negate",
        "The number with the other sign, written `-x`.",
        &[number("x")],
        ResultType::Same,
        map!(|x| -x),
        &[example(&[&[3.0]], &[-3.0])],
    ),
    between(
        "==",
        "Whether the two are equal.",
        ANY,
        ResultType::Boolean,
        map!(|x, y| truth(x == y, x, y)),
        &[example(&[&[1.0, N], &[1.0, 1.0]], &[1.0, N])],
    ),
    between(
        "!=",
        "Whether the two differ.",
        ANY,
        ResultType::Boolean,
        map!(|x, y| truth(x != y, x, y)),
        &[example(&[&[1.0], &[1.0]], &[0.0])],
    ),
    between(
        "<",
        "Whether the first is less.",
        NUMBERS,
        ResultType::Boolean,
        map!(|x, y| truth(x < y, x, y)),
        &[example(&[&[1.0], &[2.0]], &[1.0])],
    ),
    between(
        "<=",
        "Whether the first is at most the second.",
        NUMBERS,
        ResultType::Boolean,
        map!(|x, y| truth(x <= y, x, y)),
        &[example(&[&[2.0], &[2.0]], &[1.0])],
    ),
    between(
        ">",
        "Whether the first is greater.",
        NUMBERS,
        ResultType::Boolean,
        map!(|x, y| truth(x > y, x, y)),
        &[example(&[&[1.0], &[2.0]], &[0.0])],
    ),
    between(
        ">=",
        "Whether the first is at least the second.",
        NUMBERS,
        ResultType::Boolean,
        map!(|x, y| truth(x >= y, x, y)),
        &[example(&[&[2.0], &[2.0]], &[1.0])],
    ),
    Operator {
        missing: "three-valued: false where either is false, else missing where either is missing",
        source: "SQL",
        ..between(
            "and",
            "Whether both are true.",
            BOOLEANS,
            ResultType::Boolean,
            map!(|x, y| and(x, y)),
            &[example(&[&[1.0, 0.0, 1.0], &[1.0, N, N]], &[1.0, 0.0, N])],
        )
    },
    Operator {
        missing: "three-valued: true where either is true, else missing where either is missing",
        source: "SQL",
        ..between(
            "or",
            "Whether one of the two is true.",
            BOOLEANS,
            ResultType::Boolean,
            map!(|x, y| or(x, y)),
            &[example(&[&[1.0, 0.0, 0.0], &[N, N, 0.0]], &[1.0, N, 0.0])],
        )
    },
    Operator {
        missing: "missing where the value is",
        source: "SQL",
        ..between(
            "not",
            "Whether it is false.",
            &[parameter("x", Accepts::Boolean)],
            ResultType::Boolean,
            map!(|x| 1.0 - x),
            &[example(&[&[1.0, N]], &[0.0, N])],
        )
    },
    Operator {
        missing: "the second value where the first is missing",
        source: "C#, SQL's coalesce",
        ..between(
            "??",
            "The first value, or the second where it is missing.",
            ANY,
            ResultType::Joined(0),
            map!(|x, y| if x.is_nan() { y } else { x }),
            &[example(&[&[1.0, N], &[2.0, 2.0]], &[1.0, 2.0])],
        )
    },
    Operator {
        missing: "missing where the condition is, or where the chosen side is",
        source: "",
        ..between(
            "if",
            "The first value where the condition is true, the second where it is false.",
            &[
                parameter("condition", Accepts::Boolean),
                parameter("then", Accepts::Any),
                Parameter { name: "else", accepts: Accepts::Any, default: Default::Required },
            ],
            ResultType::Joined(1),
            map!(|c, x, y| if c.is_nan() {
                f64::NAN
            } else if c != 0.0 {
                x
            } else {
                y
            }),
            &[example(&[&[1.0, 0.0, N], &[1.0, 1.0, 1.0], &[2.0, 2.0, 2.0]], &[1.0, 2.0, N])],
        )
    },
];

#[inline(always)]
fn and(x: f64, y: f64) -> f64 {
    if x == 0.0 || y == 0.0 { 0.0 } else { x * y }
}

#[inline(always)]
fn or(x: f64, y: f64) -> f64 {
    if x == 1.0 || y == 1.0 { 1.0 } else { x + y }
}
