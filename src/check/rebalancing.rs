//! When a checked strategy decides.

use super::condition::Condition;

/// One calendar rule of `rebalance`; several are joined by "or".
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarRule {
    /// How often.
    pub every: Every,
    /// On which day of the period.
    pub on: On,
    /// Only in these months (1 to 12); empty: in all.
    pub months: Vec<i8>,
    /// `if turnover > 10%`: only where this is so.
    pub gate: Option<Condition>,
}

/// What makes decisions between those of the calendar, and what a decision renews.
#[derive(Debug, Clone, PartialEq)]
pub struct Triggers {
    /// `when max_drift > 5%`: asked after every close.
    pub when: Vec<Condition>,
    /// `to target`: they restore the last target instead of picking anew.
    pub to_target: bool,
    /// `in 4 tranches`: into so many sleeves, of which a decision renews one. 1 without the words.
    pub tranches: usize,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { when: vec![], to_target: false, tranches: 1 }
    }
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
