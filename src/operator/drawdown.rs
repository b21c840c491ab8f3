//! What happens on the way through a window.

use super::{
    Body, Example, MIN, Operator, ResultType,
    fold::{Fold, Folded, Parts, least},
    number, window,
};

const N: f64 = f64::NAN;

pub(super) const OPERATORS: &[Operator] = &[Operator {
    name: "ts_drawdown",
    summary: "The deepest fall of the last d rows, from a row to a later one, as a share of the former; zero or negative.",
    formula: "min over i ≥ j of x(t − j) / x(t − i) − 1, i < d",
    missing: "a value that is missing or not positive is left out; needs `min:` values in the window",
    source: "the maximum drawdown of Magdon-Ismail and Atiya (2004); numpy: (x / maximum.accumulate(x)).min() − 1",
    parameters: &[number("x"), window("d"), MIN],
    result: ResultType::Ratio,
    body: Body::Window(&Folded(Drawdown)),
    examples: &[Example {
        inputs: &[&[2.0, 4.0, 3.0, 5.0]],
        constants: &[3.0],
        result: &[N, N, -0.25, -0.25],
    }],
}];

/// The highest and the lowest value, the deepest fall, and the count.
struct Drawdown;

impl Fold<1, 4> for Drawdown {
    type Constants = f64;

    /// From nothing to something there is no fall: the quotients are infinite.
    const EMPTY: [f64; 4] = [0.0, f64::INFINITY, 0.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push([high, low, fall, count]: [f64; 4], [x]: [f64; 1], _: f64, _: f64) -> [f64; 4] {
        Self::with([high, low, fall, count], x, low / x - 1.0)
    }

    #[inline(always)]
    fn push_newer([high, low, fall, count]: [f64; 4], [x]: [f64; 1], _: f64, _: f64) -> [f64; 4] {
        Self::with([high, low, fall, count], x, x / high - 1.0)
    }

    #[inline(always)]
    fn finish(tail: [f64; 4], head: [f64; 4], _: Parts, least: f64) -> f64 {
        let [high, _, before, m] = tail;
        let [_, low, after, n] = head;
        let across = low / high - 1.0;
        let deeper = if before < after { before } else { after };
        let fall = if across < deeper { across } else { deeper };
        if m + n >= least { fall } else { N }
    }
}

impl Drawdown {
    /// The state with one more value, whose deepest fall to or from the others is `own`.
    #[inline(always)]
    fn with([high, low, fall, count]: [f64; 4], x: f64, own: f64) -> [f64; 4] {
        let counts = x > 0.0;
        [
            if counts & (x > high) { x } else { high },
            if counts & (x < low) { x } else { low },
            if counts & (own < fall) { own } else { fall },
            count + if counts { 1.0 } else { 0.0 },
        ]
    }
}
