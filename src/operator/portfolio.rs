//! Operators of section 10 of the language that look beyond single values: returns that lie ahead, what is learned of
//! them, and the returns of strategies.

use super::{Accepts, Body, Default, Operator, Parameter, ResultType, number, parameter, window};
use crate::panel::Row;

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "forward_return",
        summary: "Return from the fill after a decision to the fill d rows later, dividends included: what a score is meant to foresee.",
        formula: "I[t+1+d] / I[t+1] − 1, I being the total return index",
        missing: "missing where the asset has no price on the next row, and where the data end before; an asset that stops trading before counts with its last price and the return of its delisting, where the data give it",
        source: "the trades of the book: decided after the close of t, filled at the next",
        parameters: &[window("d")],
        result: ResultType::Ratio,
        body: Body::Forward,
        examples: &[],
    },
    Operator {
        name: "predict",
        summary: "Score learned walk-forward: what the target has been, by a linear model of the values given.",
        formula: "a + Σ bₖ·zₖ, z being the values standardised by mean and standard deviation of the training; fitted anew every `refit` rows, counted from the first, on dates one target apart within the last `train` rows, of which every target is known by then",
        missing: "an asset without one of the values, or not eligible, has no score and is not learned from; missing before the first fit, and after one that found fewer dates than `min`, by default three quarters of those that `train` holds",
        source: "Hoerl and Kennard (1970), Ridge regression; as scikit-learn's StandardScaler and Ridge: Σ (y − a − Σ bₖ·zₖ)² + λ Σ bₖ² is least",
        parameters: &[
            number("target"),
            Parameter { default: Default::List(1), ..number("from") },
            Parameter { default: Default::Constant(0.0), ..parameter("model", Accepts::Model) },
            window("train"),
            window("refit"),
            super::MIN,
        ],
        result: ResultType::Like(0),
        body: Body::Predict,
        examples: &[],
    },
    Operator {
        name: "returns",
        summary: "Daily return of another strategy of the file, after its costs, as it runs over all the data.",
        formula: "V[t] / V[t−1] − 1, V being its net asset value",
        missing: "missing up to its first decision",
        source: "the book of that strategy",
        parameters: &[parameter("strategy", Accepts::Strategy)],
        result: ResultType::Ratio,
        body: Body::Returns,
        examples: &[],
    },
];

/// The models of `predict`: name, whether it takes a penalty.
pub const MODELS: &[(&str, bool)] = &[("ols", false), ("ridge", true)];

/// When a score is learned, and from which dates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WalkForward {
    /// λ.
    pub penalty: f64,
    /// Dates that a fit needs at least.
    pub least: usize,
    train: Row,
    refit: Row,
    /// After how many rows a target is known.
    horizon: Row,
}

impl WalkForward {
    /// As the constants of `predict` say, for a target that looks so many rows ahead.
    pub fn new(constants: &[f64], horizon: Row) -> Self {
        let [penalty, train, refit, min] = constants else {
            unreachable!("the table gives `predict` four constants")
        };
        let mut walk = Self {
            penalty: *penalty,
            least: 1,
            train: *train as Row,
            refit: *refit as Row,
            horizon: horizon.max(1),
        };
        walk.least = super::least_present(walk.most(), *min) as usize;
        walk
    }

    /// How many dates `train` holds: none, where it is too short for a target to be known.
    pub fn most(&self) -> u32 {
        self.train.checked_sub(1 + self.horizon).map_or(0, |rest| rest / self.step() + 1)
    }

    /// How many rows before today a score sees of its inputs.
    pub fn lookback(&self) -> u32 {
        (self.train - 1).saturating_add(self.refit - 1)
    }

    /// Rows from one date of the training to the next: the targets of two do not overlap.
    fn step(&self) -> Row {
        (self.horizon - 1).max(1)
    }

    /// The row of the fit that is in force at a row.
    pub fn fit_of(&self, row: Row) -> Row {
        row - row % self.refit
    }

    /// The rows that a fit learns from, the newest first.
    pub fn origins(&self, fit: Row) -> impl Iterator<Item = Row> + use<> {
        let walk = *self;
        let rows =
            (0..self.most()).map_while(move |k| fit.checked_sub(walk.horizon + k * walk.step()));
        rows.filter(move |row| row + walk.train > fit)
    }
}
