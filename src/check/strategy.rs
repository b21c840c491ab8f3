//! A checked strategy: what to hold and when, with every expression replaced by the number of a signal. It cannot say
//! an unknown name, a clause twice, or an amount out of range.

use crate::{
    panel::{AssetId, Date},
    source::Span,
};
use std::sync::Arc;

/// A signal of one strategy: an expression whose values are wanted at the strategy's decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalId(pub u16);

/// The policy of a strategy: everything but the expressions themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// First and last date of the backtest, as written.
    pub from: Option<Date>,
    /// See `from`.
    pub to: Option<Date>,
    /// Which assets may be considered (boolean panel): priced, no reference, in the universe.
    pub universe: SignalId,
    /// One boolean panel for each `where`, in the order of the text, with its text for the funnel.
    pub filters: Vec<(SignalId, String)>,
    /// The assets that pass universe and filters (boolean panel).
    pub eligible: SignalId,
    /// What is picked of them.
    pub pick: Pick,
    /// The weights before constraints.
    pub weight: Weight,
    /// `cap`s and `floor`s, in the order of the text.
    pub bounds: Vec<Bound>,
    /// When decisions are made.
    pub schedule: Vec<CalendarRule>,
    /// At which price they become trades.
    pub trade: TradeAt,
    /// `sized at fill`: the number of shares is fixed at the fill's price rather than the decision's.
    pub sized_at_fill: bool,
    /// Share of the value traded, each way; several `cost`s add up. `None` where none is declared.
    pub cost: Option<f64>,
    /// Yearly rate earned on cash.
    pub cash: CashRate,
    /// Start value.
    pub capital: f64,
    /// What it is compared with.
    pub benchmark: Option<Benchmark>,
}

/// What is picked.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// How many.
    pub count: PickCount,
    /// The score (number panel; the greatest is the best). `None` only with `All`.
    pub by: Option<SignalId>,
    /// `top 5 per sector`: the count is meant for each group of this label.
    pub per: Option<SignalId>,
    /// `at most 12 per sector`.
    pub at_most: Option<(usize, SignalId)>,
    /// `keep until place > 80`: a holding stays while its place is at most this.
    pub keep_until_place: Option<usize>,
    /// Where the clause stands.
    pub span: Span,
}

/// How many are picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PickCount {
    /// `top 50`
    Top(usize),
    /// `top 10%`: a share of the eligible with a score, rounded up.
    TopShare(f64),
    /// `bottom 50`
    Bottom(usize),
    /// `bottom 10%`
    BottomShare(f64),
    /// Every eligible asset (with a score, if there is a score).
    All,
    /// `quantile 5 of 5`: the last is the best.
    Quantile {
        /// 1 to `of`.
        number: usize,
        /// At least 2.
        of: usize,
    },
}

/// The weights before constraints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weight {
    /// One each.
    Equal,
    /// In proportion to a non-negative number (`market_cap`, `by EXPR`).
    By(SignalId, Span),
    /// In proportion to the score.
    Score(Span),
    /// In proportion to n + 1 − place.
    Rank,
    /// In proportion to the inverse of this volatility.
    InverseVolatility(SignalId, Span),
}

/// A `cap` or `floor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// `cap` or `floor`.
    pub kind: BoundKind,
    /// Of each asset, or of each group of a label (label panel).
    pub target: BoundTarget,
    /// The texts of the group label's codes, for messages; empty where the codes are numbers (`bucket`).
    pub labels: Arc<[String]>,
    /// A share of net asset value, 0 to 1.
    pub amount: f64,
    /// The excess of a cap stays in cash.
    pub else_cash: bool,
    /// As it is written, for messages: `cap sector 25%`.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// `cap` or `floor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// The most.
    Cap,
    /// The least of what is held.
    Floor,
}

/// Of what a bound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundTarget {
    /// Each asset.
    Position,
    /// Each group of a label; assets without one are a group of their own.
    Group(SignalId),
}

/// One calendar rule of `rebalance`; several are joined by "or".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarRule {
    /// How often.
    pub every: Every,
    /// On which day of the period.
    pub on: On,
    /// Only in these months (1 to 12); empty: in all.
    pub months: Vec<i8>,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Every row.
    Day,
    /// Every ISO week.
    Week,
    /// Every month.
    Month,
    /// Every calendar quarter.
    Quarter,
    /// January to June, July to December.
    HalfYear,
    /// Every year.
    Year,
    /// Every so many rows, counted from the first row of the run's period.
    Rows(u32),
}

/// On which day of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Its first session.
    FirstDay,
    /// Its last session.
    LastDay,
    /// A weekday (0 is Monday): of a week, or the nth (1 to 5; −1 the last) of a longer period, by default the last. A
    /// day without a session moves to the session before it.
    Weekday {
        /// 0 is Monday.
        weekday: i8,
        /// 1 to 5, or −1.
        ordinal: Option<i8>,
    },
}

/// At which price decisions become trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeAt {
    /// The open of the next row.
    NextOpen,
    /// The close of the next row.
    NextClose,
    /// The close that the decision was made from.
    ThisClose,
}

/// The yearly rate earned on cash.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CashRate {
    /// A constant.
    Constant(f64),
    /// A series, wanted on every row.
    Series(SignalId),
}

/// What a strategy is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Benchmark {
    /// An asset, by total return.
    Asset(AssetId),
    /// The universe weighted by market capitalisation (number panel), rebalanced with the strategy, without costs.
    MarketCap(SignalId),
    /// Another strategy of the program, by its index.
    Strategy(usize),
}
