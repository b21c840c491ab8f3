//! Operators across the eligible assets of one date, or of one group of them.

mod neutralize;
mod ranks;
mod scaling;
mod summaries;

pub(super) use ranks::OPERATORS as RANKS;
pub(super) use scaling::OPERATORS as SCALINGS;
pub(super) use summaries::OPERATORS as SUMMARIES;

use super::{
    Accepts, Body, Default, Example, Operator, Parameter, ResultType, constant, example, number,
    order::{Order, median},
    parameter,
};

/// Buffers of the cross-sectional kernels, used again from date to date.
#[derive(Debug, Default)]
pub struct Scratch {
    order: Order,
    values: Vec<f64>,
    other: Vec<f64>,
}

impl Scratch {
    /// The values that are present, in a buffer that may be put in another order.
    fn present(&mut self, values: &[f64]) -> &mut [f64] {
        self.values.resize(values.len(), 0.0);
        let mut n = 0;
        for x in values {
            self.values[n] = *x;
            n += usize::from(!x.is_nan());
        }
        &mut self.values[..n]
    }

    /// The median of the values that are present; missing where none is.
    fn median(&mut self, values: &[f64]) -> f64 {
        median(self.present(values))
    }
}

const X: &[Parameter] = &[number("x")];
const N: f64 = f64::NAN;
const LEFT_OUT: &str = "left out, and missing in its place; so is what is not eligible";

/// A condition that may be left out.
const BREAKS: Parameter =
    Parameter { name: "breaks", accepts: Accepts::Boolean, default: Default::Absent };

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
