//! Factor portfolios inside expressions: the return of the best less that of the worst.

use super::{Accepts, Body, Default, Operator, Parameter, ResultType, number};

const fn share(name: &'static str) -> Parameter {
    Parameter {
        name,
        accepts: Accepts::Constant { low: 0.0, high: 1.0, whole: false },
        default: Default::Constant(0.3),
    }
}

pub(super) const OPERATORS: &[Operator] = &[Operator {
    name: "spread",
    summary: "Daily return of the portfolio of the highest x less that of the lowest, formed anew from time to time.",
    formula: "mean over the groups of R(high) − R(low); high: x above its quantile 1 − top, low: x at or below its quantile bottom, over all assets together; each side bought at the close of the last session of the period and held, in shares, to the next",
    missing: "an asset without x, price or a positive weight is not bought, a price that is missing stands still until the next formation, also that of an asset that is delisted; missing before the first formation and where no group has both sides",
    source: "Fama and French (1993), Common risk factors in the returns on stocks and bonds: independent sorts, value weights",
    parameters: &[
        number("x"),
        share("top"),
        share("bottom"),
        Parameter {
            name: "rebalance",
            accepts: Accepts::Calendar,
            // Monthly.
            default: Default::Constant(100.0),
        },
        Parameter { name: "weight", accepts: Accepts::Number, default: Default::Value(1.0) },
        Parameter { name: "over", accepts: Accepts::Boolean, default: Default::Value(1.0) },
    ],
    result: ResultType::Ratio,
    body: Body::Spread,
    examples: &[],
}];
