//! The state of the book by its names: what conditions may look at besides the market. One entry each.

use crate::types::{Shape, Type, Unit};

/// What a book knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// One-way turnover to the new target.
    Turnover,
    /// The greatest distance of a weight from its target.
    MaxDrift,
    /// The same as a share of the target.
    MaxRelativeDrift,
    /// The book's value below its greatest.
    BookDrawdown,
    /// Whether it is held.
    Held,
    /// Its share of the book.
    Weight,
    /// Its share by the last decision.
    Target,
    /// The one less the other.
    Drift,
    /// Return since entry.
    Gain,
    /// Return since its best day in the book.
    Drawdown,
    /// Rows held.
    Age,
    /// Its place by the score.
    Place,
    /// By how much a decision changes its weight.
    Change,
}

/// The clauses that may name a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateScope {
    /// Every condition.
    Everywhere,
    /// Where a new target is known, or can be made.
    Decision,
    /// Where each change is judged.
    Trade,
    /// Where candidates are in order; it is no part of a condition.
    Pick,
}

/// What a condition is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// `rebalance when`, `rebalance … if`.
    Decision,
    /// `expect`.
    Expectation,
    /// `exit when`, `keep until`.
    Holding,
    /// `trade if`.
    Trade,
}

impl StateScope {
    /// The clauses, in words.
    pub fn clauses(self) -> &'static str {
        match self {
            Self::Everywhere => {
                "`rebalance when`, `rebalance … if`, `exit when`, `keep until`, `trade if` and `expect`"
            }
            Self::Decision => "`rebalance when`, `rebalance … if` and `expect`",
            Self::Trade => "`trade if`",
            Self::Pick => {
                "`keep until`, as `place > 80`, alone or joined to other conditions by `or`"
            }
        }
    }

    /// Whether a condition may name such a state.
    pub(super) fn allows(self, of: Use) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Decision => matches!(of, Use::Decision | Use::Expectation),
            Self::Trade => of == Use::Trade,
            Self::Pick => false,
        }
    }
}

/// A state with its name and type.
#[derive(Debug)]
pub struct StateName {
    /// Which.
    pub state: State,
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub ty: Type,
    /// Where it may stand.
    pub scope: StateScope,
    /// One sentence.
    pub summary: &'static str,
}

/// One share a date.
const SHARE: Type = Type::number(Shape::Series, Unit::RATIO);
/// One for each asset.
const SHARES: Type = Type::number(Shape::Panel, Unit::RATIO);
const ROWS: Type = Type::number(Shape::Panel, Unit::ROWS);
const ANSWERS: Type = Type::boolean(Shape::Panel);

macro_rules! states {
    ($($state:ident $name:literal $ty:ident $scope:ident $summary:literal;)*) => {
        /// All of them.
        pub const STATES: &[StateName] = &[$(StateName {
            state: State::$state,
            name: $name,
            ty: $ty,
            scope: StateScope::$scope,
            summary: $summary,
        },)*];
    };
}

states! {
    Turnover "turnover" SHARE Decision
        "One-way turnover to the new target, ½Σ|Δw| with cash counted as a holding.";
    MaxDrift "max_drift" SHARE Everywhere
        "The greatest |drift| of what is held or was to be held.";
    MaxRelativeDrift "max_relative_drift" SHARE Everywhere
        "The greatest |drift / target| of what was to be held.";
    BookDrawdown "book_drawdown" SHARE Everywhere
        "Net asset value over its greatest so far, less 1.";
    Held "held" ANSWERS Everywhere
        "Whether the book holds it, long or short.";
    Weight "weight" SHARES Everywhere
        "Its share of net asset value, 0 where it is not held; in `expect`, what the decision makes it.";
    Target "target" SHARES Everywhere
        "Its share by the last decision, 0 where it was not to be held.";
    Drift "drift" SHARES Everywhere
        "weight − target, missing for what is neither.";
    Gain "gain" SHARES Everywhere
        "The position's return since entry, dividends included; missing where it is not held.";
    Drawdown "drawdown" SHARES Everywhere
        "The position's return since its best close in the book, at most 0; missing where it is not held.";
    Age "age" ROWS Everywhere
        "Rows since the position was entered; missing where it is not held.";
    Place "place" SHARES Pick
        "Its place by the score, 1 for the best.";
    Change "change" SHARES Trade
        "|new target − weight|.";
}

/// The state of a name.
pub(super) fn find(name: &str) -> Option<&'static StateName> {
    STATES.iter().find(|s| s.name == name)
}
