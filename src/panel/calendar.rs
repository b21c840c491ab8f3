//! The sorted dates of a market, and when a week, month, quarter or year ends in it.

use super::Row;

/// A civil date.
pub type Date = jiff::civil::Date;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01.
pub fn days_since_epoch(date: Date) -> i32 {
    (date - EPOCH).get_days()
}

/// The date that many days after 1970-01-01, if it lies in the years −9999 to 9999.
pub fn from_days(days: i32) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// On which days of the week a market has sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Week {
    /// Monday to Friday.
    Weekdays,
    /// Every day.
    SevenDays,
}

/// The sorted dates on which a market has rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    // Invariant: sorted, no duplicates.
    dates: Vec<Date>,
    rows_per_year: u32,
    week: Week,
    // The session after the last date, where it is known.
    next: Option<Date>,
}

impl Calendar {
    /// A calendar of these dates, which are sorted and made unique. The rows a year (365, 252, 52, 12, 4 or 1) and the
    /// week are read off the dates.
    pub fn new(mut dates: Vec<Date>) -> Self {
        dates.sort_unstable();
        dates.dedup();
        let weekend = dates.iter().filter(|d| d.weekday().to_monday_zero_offset() >= 5).count();
        let week = if weekend * 10 > dates.len() { Week::SevenDays } else { Week::Weekdays };
        let rows_per_year = match (dates.first(), dates.last()) {
            (Some(&first), Some(&last)) if dates.len() > 1 => {
                let gap = f64::from(days_since_epoch(last) - days_since_epoch(first))
                    / (dates.len() - 1) as f64;
                match gap {
                    g if g < 1.2 => 365,
                    g if g < 4.0 => 252,
                    g if g < 15.0 => 52,
                    g if g < 60.0 => 12,
                    g if g < 200.0 => 4,
                    _ => 1,
                }
            }
            _ => 252,
        };
        Self { dates, rows_per_year, week, next: None }
    }

    /// The same dates with another number of rows a year.
    pub fn with_rows_per_year(mut self, rows_per_year: u32) -> Self {
        self.rows_per_year = rows_per_year;
        self
    }

    /// The same dates with what the session after the last is known to be.
    pub fn with_next_session(mut self, next: Option<Date>) -> Self {
        self.next = next.filter(|next| self.dates.last().is_some_and(|last| last < next));
        self
    }

    /// The dates.
    pub fn dates(&self) -> &[Date] {
        &self.dates
    }

    /// The session after the last date, where a calendar says so.
    pub fn known_next_session(&self) -> Option<Date> {
        self.next
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// Rows a year, by which durations are read and figures annualised.
    pub fn rows_per_year(&self) -> u32 {
        self.rows_per_year
    }

    /// On which days of the week it has sessions.
    pub fn week(&self) -> Week {
        self.week
    }

    /// The date of a row.
    pub fn date(&self, row: Row) -> Date {
        self.dates[row as usize]
    }

    /// The first row on or after a date (the length of the calendar if there is none).
    pub fn first_at_or_after(&self, date: Date) -> Row {
        self.dates.partition_point(|d| *d < date) as Row
    }

    /// The last row on or before a date.
    pub fn last_at_or_before(&self, date: Date) -> Option<Row> {
        (self.dates.partition_point(|d| *d <= date) as Row).checked_sub(1)
    }

    /// The last sessions of periods of some months: `100·months + month`, month being one in which a period ends.
    pub fn period_ends(&self, months_and_month: f64) -> Vec<Row> {
        let (months, month) =
            ((months_and_month / 100.0).floor().max(1.0), (months_and_month % 100.0));
        let ends = |row: &Row| {
            let date = self.date(*row);
            let next = self.next_session(*row);
            (date.year(), date.month()) != (next.year(), next.month())
                && f64::from(date.month()) % months == month % months
        };
        (0..self.len() as Row).filter(ends).collect()
    }

    /// The date of the session after `row`: of the next row, or, at the last row, what the market's calendar says, else the
    /// next weekday (the next day where weekends trade), so that cutting the data never makes a month end.
    pub fn next_session(&self, row: Row) -> Date {
        if let Some(next) = self.dates.get(row as usize + 1) {
            return *next;
        }
        if let Some(next) = self.next {
            return next;
        }
        let mut date = self.date(row);
        loop {
            let Ok(next) = date.tomorrow() else { return date };
            date = next;
            if self.week == Week::SevenDays || date.weekday().to_monday_zero_offset() < 5 {
                return date;
            }
        }
    }
}
