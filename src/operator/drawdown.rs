//! What happens on the way through a window.

use super::{
    Body, Example, MIN, Operator, ResultType,
    fold::{Fold, Folded, Part, Window, least},
    lanes::Lanes,
    number, window,
};
use pulp::Simd;

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

impl Fold<1, 0, 4> for Drawdown {
    type Constants = f64;

    /// From nothing to something there is no fall: the quotients are infinite.
    const EMPTY: [f64; 4] = [0.0, f64::INFINITY, 0.0, 0.0];

    fn constants(constants: &[f64]) -> f64 {
        least(constants)
    }

    #[inline(always)]
    fn push<S: Simd>(part: &mut Part<S, 0, 4>, [x]: [Lanes<S>; 1], _: f64, _: f64) {
        let [_, low, _, _] = part.state;
        part.state = Self::with(part.state, x, low / x - 1.0);
    }

    #[inline(always)]
    fn push_newer<S: Simd>(part: &mut Part<S, 0, 4>, [x]: [Lanes<S>; 1], _: f64, _: f64) {
        let [high, _, _, _] = part.state;
        part.state = Self::with(part.state, x, x / high - 1.0);
    }

    #[inline(always)]
    fn finish<S: Simd>(
        tail: Part<S, 0, 4>,
        head: Part<S, 0, 4>,
        _: Window<S, 1>,
        least: f64,
    ) -> Lanes<S> {
        let [high, _, before, m] = tail.state;
        let [_, low, after, n] = head.state;
        let across = low / high - 1.0;
        let deeper = before.below(after).choose(before, after);
        let fall = across.below(deeper).choose(across, deeper);
        (m + n).at_least(m.like(least)).or_missing(fall)
    }
}

impl Drawdown {
    /// The state with one more value, whose deepest fall to or from the others is `own`.
    #[inline(always)]
    fn with<S: Simd>(
        [high, low, fall, count]: [Lanes<S>; 4],
        x: Lanes<S>,
        own: Lanes<S>,
    ) -> [Lanes<S>; 4] {
        let counts = x.is_positive();
        [
            (counts & x.above(high)).choose(x, high),
            (counts & x.below(low)).choose(x, low),
            (counts & own.below(fall)).choose(own, fall),
            count + counts.as_number(),
        ]
    }
}
