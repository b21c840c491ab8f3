//! Calendar rules × calendar → the rows at which decisions are made. Knows nothing of what is decided.

use crate::{
    check::{CalendarRule, Every, On},
    panel::{Calendar, Date, Row, Week, days_since_epoch},
};

/// The rows from `from` to `to` (both included) at which at least one of the rules asks for a decision: sorted, each
/// once.
///
/// A period ends where the calendar's next session lies in another one, and begins where the session before does, so
/// neither end of the data makes a period's last or first day by itself. `every n rows` counts from `from`.
pub fn decision_rows(rules: &[CalendarRule], calendar: &Calendar, from: Row, to: Row) -> Vec<Row> {
    let Some(last) = (calendar.len() as Row).checked_sub(1) else { return vec![] };
    let mut rows = vec![];
    for rule in rules {
        rule_rows(rule, calendar, from, to.min(last), &mut rows);
    }
    rows.sort_unstable();
    rows.dedup();
    rows
}

fn rule_rows(rule: &CalendarRule, calendar: &Calendar, from: Row, to: Row, out: &mut Vec<Row>) {
    // With `in june` the day is counted inside June, whatever longer period the rule names.
    let within_months = !rule.months.is_empty();
    let period = match rule.every {
        Every::Day | Every::Rows(_) => None,
        Every::Week => Some(Period::Week),
        Every::Month => Some(Period::Months(1)),
        _ if within_months => Some(Period::Months(1)),
        Every::Quarter => Some(Period::Months(3)),
        Every::HalfYear => Some(Period::Months(6)),
        Every::Year => Some(Period::Months(12)),
    };
    let in_months = |date: Date| !within_months || rule.months.contains(&date.month());
    let step = match rule.every {
        Every::Rows(rows) => rows.max(1) as usize,
        _ => 1,
    };
    let rows = (from..=to).step_by(step);
    match (period, rule.on) {
        (None, _) => out.extend(rows.filter(|&r| in_months(calendar.date(r)))),
        (Some(period), On::LastDay) => out.extend(rows.filter(|&r| {
            let date = calendar.date(r);
            in_months(date) && period.of(calendar.next_session(r)) != period.of(date)
        })),
        (Some(period), On::FirstDay) => out.extend(rows.filter(|&r| {
            let date = calendar.date(r);
            in_months(date) && period.of(previous_session(calendar, r)) != period.of(date)
        })),
        (Some(period), On::Weekday { weekday, ordinal }) => {
            let day = Weekday { weekday, ordinal: ordinal.unwrap_or(-1), period };
            out.extend(rows.filter(|&r| day.moves_to(calendar, r, &in_months)));
        }
    }
}

/// A stretch of the civil calendar by which rules count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    /// An ISO week.
    Week,
    /// So many months; 12 of them divide by it.
    Months(i32),
}

impl Period {
    /// The number of the period a date lies in; neighbours differ by one.
    fn of(self, date: Date) -> i32 {
        match self {
            // 1970-01-01 was a Thursday.
            Self::Week => (days_since_epoch(date) + 3).div_euclid(7),
            Self::Months(months) => {
                (i32::from(date.year()) * 12 + i32::from(date.month()) - 1).div_euclid(months)
            }
        }
    }
}

/// The nth (−1: the last) weekday of a period.
#[derive(Debug, Clone, Copy)]
struct Weekday {
    weekday: i8,
    ordinal: i8,
    period: Period,
}

impl Weekday {
    /// Whether the wanted day is the date of `row`, or one of the days without a session between it and the next.
    fn moves_to(self, calendar: &Calendar, row: Row, in_months: &impl Fn(Date) -> bool) -> bool {
        let next = calendar.next_session(row);
        let mut date = calendar.date(row);
        loop {
            if self.is(date) && in_months(date) {
                return true;
            }
            match date.tomorrow() {
                Ok(tomorrow) if tomorrow < next => date = tomorrow,
                _ => return false,
            }
        }
    }

    /// Whether a date is the wanted day of its period.
    fn is(self, date: Date) -> bool {
        if date.weekday().to_monday_zero_offset() != self.weekday {
            return false;
        }
        if self.period == Period::Week {
            return true;
        }
        let own = self.period.of(date);
        let weeks_away = |weeks: i32| {
            date.checked_add(jiff::Span::new().days(7 * weeks)).ok().map(|d| self.period.of(d))
        };
        if self.ordinal < 0 {
            return weeks_away(1) != Some(own);
        }
        let n = i32::from(self.ordinal);
        weeks_away(1 - n) == Some(own) && weeks_away(-n) != Some(own)
    }
}

/// The date of the session before `row`: of the row before, or, at the first row, the weekday before (the day before
/// where weekends trade).
fn previous_session(calendar: &Calendar, row: Row) -> Date {
    if let Some(before) = row.checked_sub(1) {
        return calendar.date(before);
    }
    let mut date = calendar.date(row);
    loop {
        let Ok(before) = date.yesterday() else { return date };
        date = before;
        if calendar.week() == Week::SevenDays || date.weekday().to_monday_zero_offset() < 5 {
            return date;
        }
    }
}
