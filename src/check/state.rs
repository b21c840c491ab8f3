//! The state of the book by its names: what conditions may look at besides the market. One entry each.

use crate::types::{Kind, Shape, Type, Unit};

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

/// A state with its name and type.
#[derive(Debug)]
pub struct StateName {
    /// Which.
    pub state: State,
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub ty: Type,
    /// One sentence.
    pub summary: &'static str,
    /// The clauses that may name it.
    pub clauses: &'static str,
}

const fn state(
    state: State,
    name: &'static str,
    kind: Kind,
    shape: Shape,
    unit: Unit,
    (summary, clauses): (&'static str, &'static str),
) -> StateName {
    StateName { state, name, ty: Type { kind, shape, unit }, summary, clauses }
}

const EVERYWHERE: &str =
    "`rebalance when`, `rebalance … if`, `exit when`, `keep until`, `trade if` and `expect`";

/// All of them.
pub const STATES: &[StateName] = &[
    state(
        State::Turnover,
        "turnover",
        Kind::Number,
        Shape::Series,
        Unit::RATIO,
        (
            "One-way turnover to the new target, ½Σ|Δw| with cash counted as a holding.",
            "`rebalance when`, `rebalance … if` and `expect`",
        ),
    ),
    state(
        State::MaxDrift,
        "max_drift",
        Kind::Number,
        Shape::Series,
        Unit::RATIO,
        ("The greatest |drift| of what is held or was to be held.", EVERYWHERE),
    ),
    state(
        State::MaxRelativeDrift,
        "max_relative_drift",
        Kind::Number,
        Shape::Series,
        Unit::RATIO,
        ("The greatest |drift / target| of what was to be held.", EVERYWHERE),
    ),
    state(
        State::BookDrawdown,
        "book_drawdown",
        Kind::Number,
        Shape::Series,
        Unit::RATIO,
        ("Net asset value over its greatest so far, less 1.", EVERYWHERE),
    ),
    state(
        State::Held,
        "held",
        Kind::Boolean,
        Shape::Panel,
        Unit::RATIO,
        ("Whether the book holds it, long or short.", EVERYWHERE),
    ),
    state(
        State::Weight,
        "weight",
        Kind::Number,
        Shape::Panel,
        Unit::RATIO,
        (
            "Its share of net asset value, 0 where it is not held; in `expect`, what the decision makes it.",
            EVERYWHERE,
        ),
    ),
    state(
        State::Target,
        "target",
        Kind::Number,
        Shape::Panel,
        Unit::RATIO,
        ("Its share by the last decision, 0 where it was not to be held.", EVERYWHERE),
    ),
    state(
        State::Drift,
        "drift",
        Kind::Number,
        Shape::Panel,
        Unit::RATIO,
        ("weight − target, missing for what is neither.", EVERYWHERE),
    ),
    state(
        State::Gain,
        "gain",
        Kind::Number,
        Shape::Panel,
        Unit::RATIO,
        (
            "The position's return since entry, dividends included; missing where it is not held.",
            EVERYWHERE,
        ),
    ),
    state(
        State::Drawdown,
        "drawdown",
        Kind::Number,
        Shape::Panel,
        Unit::RATIO,
        (
            "The position's return since its best close in the book, at most 0; missing where it is not held.",
            EVERYWHERE,
        ),
    ),
    state(
        State::Age,
        "age",
        Kind::Number,
        Shape::Panel,
        Unit::ROWS,
        ("Rows since the position was entered; missing where it is not held.", EVERYWHERE),
    ),
    state(
        State::Place,
        "place",
        Kind::Number,
        Shape::Panel,
        Unit::RATIO,
        (
            "Its place by the score, 1 for the best.",
            "`keep until`, as `place > 80`, alone or joined to other conditions by `or`",
        ),
    ),
    state(
        State::Change,
        "change",
        Kind::Number,
        Shape::Panel,
        Unit::RATIO,
        ("|new target − weight|.", "`trade if`"),
    ),
];

/// The state of a name.
pub(super) fn find(name: &str) -> Option<&'static StateName> {
    STATES.iter().find(|s| s.name == name)
}
