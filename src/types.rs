//! What the checker knows of a value before any data are read: kind, shape and unit.

use std::fmt;

/// What one element of a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A category, such as a sector.
    Label,
    /// A date.
    Date,
}

/// Along which axes a value varies. Shapes widen on their own (`Scalar` to all, `Series` and `Static` to `Panel`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// One value: `50`.
    Scalar,
    /// One value a date: `risk_free`.
    Series,
    /// One value an asset: `sector`.
    Static,
    /// One value a date and asset: `close`.
    Panel,
}

impl Shape {
    /// The narrowest shape that both widen to.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Scalar, b) => b,
            (a, Self::Scalar) => a,
            _ => Self::Panel,
        }
    }

    /// Whether a value of this shape may stand where `wider` is wanted.
    pub fn widens_to(self, wider: Self) -> bool {
        self.join(wider) == wider
    }
}

/// To which share units a price or a share count refers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// As traded (or reported) on the day itself.
    Raw,
    /// Adjusted for all splits up to the last day of the data.
    SplitAdjusted,
    /// Adjusted for splits and dividends.
    FullyAdjusted,
}

/// What a number measures: powers of money, shares and rows, and the split basis of prices and share counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// The data do not say; goes with everything.
    Unknown,
    /// `money^m · shares^s · rows^r`.
    Known {
        /// Power of money.
        money: i8,
        /// Power of shares.
        shares: i8,
        /// Power of rows (time).
        rows: i8,
        /// The split basis, where one matters.
        basis: Option<Basis>,
    },
}

impl Unit {
    /// A pure number.
    pub const RATIO: Self = Self::Known { money: 0, shares: 0, rows: 0, basis: None };
    /// Currency.
    pub const MONEY: Self = Self::Known { money: 1, shares: 0, rows: 0, basis: None };
    /// A count of rows.
    pub const ROWS: Self = Self::Known { money: 0, shares: 0, rows: 1, basis: None };

    /// Money a share, on a split basis.
    pub fn price(basis: Basis) -> Self {
        Self::Known { money: 1, shares: -1, rows: 0, basis: Some(basis) }
    }

    /// A count of shares, on a split basis.
    pub fn shares(basis: Basis) -> Self {
        Self::Known { money: 0, shares: 1, rows: 0, basis: Some(basis) }
    }

    /// The unit of a product (`sign` 1) or quotient (`sign` −1).
    pub fn times(self, other: Self, sign: i8) -> Self {
        let (
            Self::Known { money: m, shares: s, rows: r, basis: b },
            Self::Known { money: n, shares: t, rows: u, basis: c },
        ) = (self, other)
        else {
            return Self::Unknown;
        };
        let add = |a: i8, b: i8| a.saturating_add(b.saturating_mul(sign));
        let (money, shares, rows) = (add(m, n), add(s, t), add(r, u));
        Self::Known { money, shares, rows, basis: if shares == 0 { None } else { b.or(c) } }
    }

    /// Whether adding or comparing the two makes sense (an unknown unit goes with everything).
    pub fn agrees(self, other: Self) -> bool {
        self == Self::Unknown || other == Self::Unknown || self == other
    }

    /// The unit of what may be the one or the other: the known one, or unknown where they differ.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (a, b) if a == b => a,
            _ => Self::Unknown,
        }
    }

    /// The same on a split basis, where shares are a part of it.
    pub fn on(self, basis: Basis) -> Self {
        match self {
            Self::Known { money, shares, rows, .. } if shares != 0 => {
                Self::Known { money, shares, rows, basis: Some(basis) }
            }
            other => other,
        }
    }

    /// The power of shares as they were counted on the day itself, which every split changes: −1 for a price as traded, 1
    /// for a volume; 0 where splits change nothing.
    pub fn share_power(self) -> i8 {
        match self {
            Self::Known { shares, basis: None | Some(Basis::Raw), .. } => shares,
            _ => 0,
        }
    }

    /// Whether it is money a share.
    pub fn is_price(self) -> bool {
        matches!(self, Self::Known { money: 1, shares: -1, rows: 0, .. })
    }

    /// The split basis, if it has one.
    pub fn basis(self) -> Option<Basis> {
        match self {
            Self::Known { basis, .. } => basis,
            Self::Unknown => None,
        }
    }
}

/// The full type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Type {
    /// What an element is.
    pub kind: Kind,
    /// Along which axes it varies.
    pub shape: Shape,
    /// What it measures; `Unit::RATIO` for what is no number.
    pub unit: Unit,
}

impl Type {
    /// A number of this shape and unit.
    pub const fn number(shape: Shape, unit: Unit) -> Self {
        Self { kind: Kind::Number, shape, unit }
    }

    /// A boolean of this shape.
    pub const fn boolean(shape: Shape) -> Self {
        Self { kind: Kind::Boolean, shape, unit: Unit::RATIO }
    }

    /// Whether there is a value for each asset.
    pub fn shape_has_assets(&self) -> bool {
        matches!(self.shape, Shape::Static | Shape::Panel)
    }

    /// A label of this shape.
    pub const fn label(shape: Shape) -> Self {
        Self { kind: Kind::Label, shape, unit: Unit::RATIO }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Label => "label",
            Self::Date => "date",
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Series => "series",
            Self::Static => "static",
            Self::Panel => "panel",
        })
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::SplitAdjusted => "split-adjusted",
            Self::FullyAdjusted => "fully adjusted",
        })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Known { money, shares, rows, basis } = *self else {
            return f.write_str("unknown unit");
        };
        let name = match (money, shares, rows) {
            (0, 0, 0) => "ratio".to_owned(),
            (1, 0, 0) => "money".to_owned(),
            (1, -1, 0) => "price".to_owned(),
            (0, 1, 0) => "shares".to_owned(),
            (0, 0, 1) => "rows".to_owned(),
            _ => {
                let part = |name: &str, power: i8| match power {
                    0 => None,
                    1 => Some(name.to_owned()),
                    p => Some(format!("{name}^{p}")),
                };
                let parts = [part("money", money), part("shares", shares), part("rows", rows)];
                parts.into_iter().flatten().collect::<Vec<_>>().join("·")
            }
        };
        match basis {
            Some(basis) if basis != Basis::Raw => write!(f, "{basis} {name}"),
            _ => f.write_str(&name),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.shape)?;
        if self.kind == Kind::Number { write!(f, " ({})", self.unit) } else { Ok(()) }
    }
}
