//! The track record of a simulated book: its value row by row, and every decision, trade and holding behind it.

use super::ledger::{ByCause, Ledger};
use crate::{
    check::Policy,
    panel::{AssetId, Row},
    portfolio::Target,
};

/// What a book was worth and did, from the row of its first decision.
///
/// By row, each a `Vec` with one element a row from `first` on; after the trades of that row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// The row of the first decision.
    pub first: Row,
    /// The start value.
    pub capital: f64,
    /// By row: net asset value.
    pub nav: Vec<f64>,
    /// By row: cash; below zero where more is held than the book is worth.
    pub cash: Vec<f64>,
    /// Every change of value with its cause, by row.
    pub ledger: Ledger,
    /// By row: the return of cash since the row before (yearly rate / rows a year).
    pub cash_return: Vec<f64>,
    /// By row: how many assets are held.
    pub names: Vec<u32>,
    /// Every decision, in order.
    pub rebalances: Vec<Rebalance>,
    /// What `exit when` had leave between decisions.
    pub exits: Vec<Exit>,
    /// What these traded in all, as shares of net asset value at each.
    pub exit_turnover: f64,
    /// On how many rows of the calendar the `if` of the schedule had nothing done.
    pub passed_over: usize,
    /// Every trade, in order of rows, then sales before purchases, then assets.
    pub trades: Vec<Trade>,
    /// What was held after each row on which orders were filled, in order of rows, then assets.
    pub holdings: Vec<Holding>,
    /// The holdings that stopped trading.
    pub delistings: Vec<Delisting>,
    /// On how many asset-rows a holding had no price and was valued at its last.
    pub stale: u64,
    /// On how many asset-rows anything was held.
    pub holding_rows: u64,
}

impl Track {
    /// The last row.
    pub fn last(&self) -> Row {
        self.first + self.nav.len().saturating_sub(1) as Row
    }

    /// The net asset value at a row, if the track holds it.
    pub fn nav_at(&self, row: Row) -> Option<f64> {
        self.nav.get(row.checked_sub(self.first)? as usize).copied()
    }
}

/// What made a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// It is the first.
    Start,
    /// The schedule.
    Calendar,
    /// This `when` of the strategy.
    When(usize),
    /// A strategy that is held decided, or had something leave.
    Held,
}

impl Trigger {
    /// As it stands in files and on pages.
    pub fn text(self, policy: &Policy) -> String {
        match self {
            Self::Start => "start".to_owned(),
            Self::Calendar => "calendar".to_owned(),
            Self::When(number) => format!("when {}", policy.triggers.when[number].text),
            Self::Held => "a strategy that is held".to_owned(),
        }
    }
}

/// An asset that `exit when` had leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The row after whose close it was decided.
    pub row: Row,
    /// What.
    pub asset: AssetId,
    /// Which `exit when` of the strategy.
    pub condition: usize,
}

/// A decision and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebalance {
    /// What was to be held.
    pub target: Target,
    /// Why it was made.
    pub trigger: Trigger,
    /// The first row on which anything was traded for it; `None` if nothing was.
    pub traded: Option<Row>,
    /// One-way turnover, ½Σ|Δw| with cash counted as a holding: the greater of sales and purchases over net asset value.
    pub turnover: f64,
    /// How many orders found no price until the next decision (or the end).
    pub unfilled: usize,
    /// Purchases that were ordered but could not be paid, as a share of net asset value.
    pub unpaid: f64,
}

/// Why there was a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is a new holding.
    Entered,
    /// It is not in the target any more.
    Left,
    /// Its weight, on either side, was below the target.
    Increased,
    /// Its weight, on either side, was above the target.
    Decreased,
    /// `exit when` had it leave.
    Exit,
    /// It stopped trading: its last price is paid out.
    StoppedTrading,
}

impl Reason {
    /// As it stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Increased => "increased",
            Self::Decreased => "decreased",
            Self::Exit => "exit",
            Self::StoppedTrading => "stopped trading",
        }
    }
}

/// A purchase or sale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    /// The row after whose close it was decided.
    pub decided: Row,
    /// The row on which it was filled.
    pub traded: Row,
    /// What.
    pub asset: AssetId,
    /// The price it was filled at.
    pub price: f64,
    /// Money: above zero for a purchase, below for a sale.
    pub value: f64,
    /// Shares, as they were traded on the day: above zero for a purchase.
    pub shares: f64,
    /// What it cost, by cause.
    pub charges: ByCause,
    /// Why.
    pub reason: Reason,
}

impl Trade {
    /// What it cost in all.
    pub fn cost(&self) -> f64 {
        self.charges.iter().sum()
    }
}

/// What was held of an asset after a row with trades.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holding {
    /// The row.
    pub row: Row,
    /// What.
    pub asset: AssetId,
    /// Its close; without one, what a share is valued at.
    pub price: f64,
    /// Shares, as they were traded on the day.
    pub shares: f64,
    /// Money.
    pub value: f64,
    /// Share of net asset value.
    pub weight: f64,
}

/// A holding that stopped trading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delisting {
    /// What.
    pub asset: AssetId,
    /// Its last row with a price.
    pub last_priced: Row,
    /// The row on which its proceeds arrived.
    pub settled: Row,
    /// The proceeds: its value at the last price, and what came of `outcome`.
    pub value: f64,
    /// The return from the last price to the proceeds, where the data give it.
    pub outcome: Option<f64>,
    /// The return that `delisting` assumes, where they do not.
    pub assumed: Option<f64>,
    /// Its value at the last price, as a share of net asset value on the row before it was settled.
    pub weight: f64,
}
