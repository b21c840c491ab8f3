//! Operators over the reports of a company: which fiscal periods were known on a date, and what they said.
//!
//! Each looks at the newest period known at t, in its latest version known at t, and at periods some quarters or years
//! before it. A period is found by its end, to within 20 days (fiscal years of 52 and 53 weeks end on another day each
//! year); one that was skipped is missing, and none stands in for it.

use super::{Accepts, Body, Default, Example, Operator, Parameter, ResultType, parameter};
use crate::panel::{KnownReports, MISSING};

/// The value of an operator at one row, from the reports of one asset that are known then.
pub type ReportKernel = fn(known: &KnownReports<'_>, constants: &[f64]) -> f64;

const F: &[Parameter] = &[parameter("f", Accepts::Reported)];
const N: f64 = f64::NAN;
const MISSING_RULE: &str =
    "missing where that period is not known, or the newest is older than the table's `max_age`";

const fn back(longest: f64) -> Parameter {
    Parameter {
        name: "k",
        accepts: Accepts::Constant { low: 0.0, high: longest, whole: true },
        default: Default::Constant(0.0),
    }
}

const fn reports(
    name: &'static str,
    summary: &'static str,
    formula: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    kernel: ReportKernel,
    examples: &'static [Example],
) -> Operator {
    Operator {
        name,
        summary,
        formula,
        missing: MISSING_RULE,
        source: "",
        parameters,
        result,
        body: Body::Reports(kernel),
        examples,
    }
}

pub(super) const OPERATORS: &[Operator] = &[
    reports(
        "latest",
        "The figure of the newest fiscal period known; what the name of a reported field means.",
        "f of the newest period",
        F,
        ResultType::Same,
        |known, _| known.newest(),
        &[Example { inputs: &[&[10.0, N, 20.0]], constants: &[], result: &[10.0, 10.0, 20.0] }],
    ),
    reports(
        "as_reported",
        "The figure of the newest fiscal period known, as it was first published, without later restatements.",
        "f of the newest period, in the first version published",
        F,
        ResultType::Same,
        |known, _| known.first_published(),
        &[Example { inputs: &[&[10.0, N, 20.0]], constants: &[], result: &[10.0, 10.0, 20.0] }],
    ),
    reports(
        "quarter",
        "The figure of the period that ended k quarters before the newest known.",
        "f of the period whose end lies k·¼ year before the newest's, ± 20 days",
        &[parameter("f", Accepts::Reported), back(200.0)],
        ResultType::Same,
        |known, constants| known.before(constants[0] / 4.0),
        &[Example {
            inputs: &[&[10.0, 20.0, N, 30.0]],
            constants: &[1.0],
            result: &[N, 10.0, 10.0, 20.0],
        }],
    ),
    reports(
        "year",
        "The figure of the period that ended k years before the newest known.",
        "f of the period whose end lies k years before the newest's, ± 20 days",
        &[parameter("f", Accepts::Reported), back(50.0)],
        ResultType::Same,
        |known, constants| known.before(constants[0]),
        &[Example {
            inputs: &[&[1.0, 2.0, 3.0, 4.0, 5.0]],
            constants: &[1.0],
            result: &[N, N, N, N, 1.0],
        }],
    ),
    reports(
        "ttm",
        "The sum of the four quarters that ended with the newest known, or k years before it; where the periods known are years (the newest, and most, ended over nine months after the one before), that year; a year is never summed as a quarter.",
        "quarter(f, 4k) + quarter(f, 4k + 1) + quarter(f, 4k + 2) + quarter(f, 4k + 3)",
        &[parameter("f", Accepts::Reported), back(50.0)],
        ResultType::Same,
        |known, constants| match known.is_yearly() {
            true => known.before(constants[0]),
            false => known.four_quarters(constants[0]),
        },
        &[Example {
            inputs: &[&[10.0, 20.0, 30.0, 40.0, 50.0]],
            constants: &[],
            result: &[N, N, N, 100.0, 140.0],
        }],
    ),
    reports(
        "age",
        "Rows since the newest period's figure became known, in its latest version.",
        "t − the first row at which it was known",
        F,
        ResultType::Rows,
        |known, _| if known.newest().is_nan() { MISSING } else { known.age() },
        &[Example {
            inputs: &[&[10.0, N, N, 20.0]],
            constants: &[],
            result: &[0.0, 1.0, 2.0, 0.0],
        }],
    ),
    Operator {
        missing: "false where nothing is known; never missing",
        ..reports(
            "new",
            "Whether the newest period's figure became known since the row before.",
            "age(f) == 0",
            F,
            ResultType::Boolean,
            |known, _| f64::from(u8::from(!known.newest().is_nan() && known.age() == 0.0)),
            &[Example { inputs: &[&[10.0, N, 20.0]], constants: &[], result: &[1.0, 0.0, 1.0] }],
        )
    },
];
