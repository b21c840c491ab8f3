//! The days of a table: which are sessions, which seem to be lost, and how the market moved.

use super::{
    bars::{Bars, CLOSE, Source},
    checks::{Check, Severity, limit},
    ledger::Finding,
    moves,
};
use crate::data::{progress::Progress, sessions};
use crate::panel::{Date, days_since_epoch, from_days};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Moves are added up as whole millionths, so that their sum does not depend on the order.
const PARTS: f64 = 1e6;
/// The market's move is the mean of moves cut to this.
const CUT: f64 = 0.2;
/// Assets that are looked at in one go.
pub(super) const BATCH: usize = 256;

/// What is known of the days of a table.
pub(super) struct Days {
    first: i32,
    /// By day from the first: the session's number; none for days that are none.
    sessions: Vec<Option<u32>>,
    /// By session: the market's move since the one before.
    moves: Vec<f64>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Clone, Default)]
struct Tally {
    priced: u32,
    moved: u32,
    sum: i64,
}

impl Days {
    /// Counts the days of all assets.
    pub(super) fn new(source: &dyn Source, progress: &dyn Progress) -> Self {
        let Some((first, last)) = source.days() else {
            return Self { first: 0, sessions: vec![], moves: vec![], findings: vec![] };
        };
        let length = (i64::from(last) - i64::from(first) + 1) as usize;
        let batches = source.assets().div_ceil(BATCH);
        progress.begin("counting days", batches as u64);
        let tally = (0..batches)
            .into_par_iter()
            .map(|batch| {
                let mut tally = vec![Tally::default(); length];
                for asset in batch * BATCH..((batch + 1) * BATCH).min(source.assets()) {
                    add(&mut tally, first, source.bars(asset));
                }
                progress.advance(1);
                tally
            })
            .reduce(Vec::new, joined);
        let counts: Vec<(i32, usize)> = (first..)
            .zip(&tally)
            .filter(|(_, t)| t.priced > 0)
            .map(|(day, t)| (day, t.priced as usize))
            .collect();
        let mut days =
            Self { first, sessions: vec![None; length], moves: vec![], findings: vec![] };
        let mut dates = vec![];
        for (&(day, priced), usual) in counts.iter().zip(sessions::usual(&counts)) {
            let Some(date) = from_days(day) else { continue };
            if !sessions::is_session(priced, usual) {
                days.findings.push(Finding::of_day(
                    Check::EmptySession,
                    Severity::Warning,
                    date,
                    format!("{priced} of about {usual} assets have a price"),
                ));
                continue;
            }
            let place = (day - first) as usize;
            days.sessions[place] = Some(days.moves.len() as u32);
            let Tally { moved, sum, .. } = tally[place];
            let known = moved >= limit::MARKET_ASSETS;
            days.moves.push(if known { sum as f64 / PARTS / f64::from(moved) } else { 0.0 });
            dates.push(date);
        }
        let empty: BTreeSet<Date> = days.findings.iter().filter_map(|f| f.date).collect();
        days.findings.extend(missing(&dates, &empty));
        days
    }

    /// The number of the session on a day.
    pub(super) fn session(&self, day: i32) -> Option<u32> {
        self.sessions.get(usize::try_from(day - self.first).ok()?).copied().flatten()
    }

    /// The market's move into a day.
    pub(super) fn market(&self, day: i32) -> f64 {
        self.session(day).map_or(0.0, |s| self.moves[s as usize])
    }
}

fn add(tally: &mut [Tally], first: i32, mut bars: Bars) {
    let there: Vec<bool> = (0..bars.days.len())
        .map(|i| {
            let twice = bars.days.get(i + 1) == Some(&bars.days[i]);
            bars.value(CLOSE, i) > 0.0 && !twice
        })
        .collect();
    bars.retain(&there);
    for (i, log) in moves::logs(&bars).into_iter().enumerate() {
        let tally = &mut tally[(bars.days[i] - first) as usize];
        tally.priced += 1;
        if log.is_finite() && bars.days[i] - bars.days[i - 1] <= limit::GAP_DAYS {
            tally.moved += 1;
            tally.sum += (log.clamp(-CUT, CUT) * PARTS).round() as i64;
        }
    }
}

fn joined(mut a: Vec<Tally>, b: Vec<Tally>) -> Vec<Tally> {
    if a.is_empty() {
        return b;
    }
    for (a, b) in a.iter_mut().zip(b) {
        a.priced += b.priced;
        a.moved += b.moved;
        a.sum += b.sum;
    }
    a
}

/// The days that lack between sessions and are no holidays; days in a row are one finding. Of days that are next to
/// `empty` there is a finding already.
fn missing(dates: &[Date], empty: &BTreeSet<Date>) -> Vec<Finding> {
    let calendar = crate::panel::Calendar::new(dates.to_vec());
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return vec![] };
    if ![252, 365].contains(&calendar.rows_per_year()) {
        return vec![];
    }
    let there: BTreeSet<i32> = dates.iter().map(|d| days_since_epoch(*d)).collect();
    let mut weekdays = [0usize; 7];
    for date in dates {
        weekdays[date.weekday().to_monday_zero_offset() as usize] += 1;
    }
    // A weekday of the pattern is one that has sessions in most weeks; Sundays in some countries.
    let weeks = (days_since_epoch(*last) - days_since_epoch(*first)) as usize / 7 + 1;
    let expected =
        |date: &Date| weekdays[date.weekday().to_monday_zero_offset() as usize] * 2 > weeks;
    let absent: Vec<Date> = (days_since_epoch(*first)..days_since_epoch(*last))
        .filter(|day| !there.contains(day))
        .filter_map(from_days)
        .filter(expected)
        .collect();
    let holidays = Holidays::new(&absent, usize::from((last.year() - first.year()).unsigned_abs()));
    let every_day = calendar.week() == crate::panel::Week::SevenDays;
    let lost =
        absent.iter().filter(|d| !empty.contains(d) && (every_day || !holidays.explain(**d)));
    let mut runs: Vec<(Date, Date, usize)> = vec![];
    for date in lost {
        match runs.last_mut() {
            // Over a weekend as well.
            Some((_, end, count)) if days_since_epoch(*date) - days_since_epoch(*end) <= 3 => {
                (*end, *count) = (*date, *count + 1);
            }
            _ => runs.push((*date, *date, 1)),
        }
    }
    let finding = |(from, to, count): (Date, Date, usize)| {
        let found = match count {
            1 => format!("no asset has a price on this {}", weekday(from)),
            n => format!("no asset has a price on {n} days in a row, to {to}"),
        };
        Finding::of_day(Check::MissingSession, Severity::Warning, from, found)
    };
    runs.into_iter().map(finding).collect()
}

fn weekday(date: Date) -> &'static str {
    const NAMES: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES[date.weekday().to_monday_zero_offset() as usize]
}

/// In what way a date may be a holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rule {
    /// Month and day.
    Fixed(i8, i8),
    /// Month, weekday, and which of the month.
    Nth(i8, i8, i8),
    /// Month and weekday, the last of the month.
    Last(i8, i8),
    /// Days after Easter Sunday.
    Easter(i32),
}

/// The years in which a date by a rule has no session.
struct Holidays {
    years: BTreeMap<Rule, BTreeSet<i16>>,
    /// How many other years must agree.
    needed: usize,
}

impl Holidays {
    fn new(absent: &[Date], span: usize) -> Self {
        let mut years: BTreeMap<Rule, BTreeSet<i16>> = BTreeMap::new();
        for date in absent {
            for rule in rules(*date) {
                years.entry(rule).or_default().insert(date.year());
            }
        }
        Self { years, needed: if span <= 4 { 1 } else { 2 } }
    }

    fn explain(&self, date: Date) -> bool {
        let agree = |rule: &Rule| {
            let years = self.years.get(rule);
            years.map_or(0, |y| y.iter().filter(|y| **y != date.year()).count()) >= self.needed
        };
        rules(date).iter().any(agree)
    }
}

fn rules(date: Date) -> Vec<Rule> {
    let weekday = date.weekday().to_monday_zero_offset();
    let mut rules = vec![
        Rule::Fixed(date.month(), date.day()),
        Rule::Nth(date.month(), weekday, (date.day() - 1) / 7),
    ];
    if date.day() + 7 > date.days_in_month() {
        rules.push(Rule::Last(date.month(), weekday));
    }
    // A holiday on a weekend is kept on the Friday before or the Monday after.
    let moved = match weekday {
        0 => date.yesterday().ok(),
        4 => date.tomorrow().ok(),
        _ => None,
    };
    rules.extend(moved.map(|d| Rule::Fixed(d.month(), d.day())));
    let from_easter = days_since_epoch(date) - days_since_epoch(easter(date.year()));
    if (-60..=70).contains(&from_easter) {
        rules.push(Rule::Easter(from_easter));
    }
    rules
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let days = h + l - 7 * m + 114;
    let date = Date::new(year, (days / 31) as i8, (days % 31 + 1) as i8);
    date.unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn easter_falls_where_it_fell() {
        let known = [(1999, 4, 4), (2005, 3, 27), (2008, 3, 23), (2011, 4, 24), (2024, 3, 31)];
        for (year, month, day) in known {
            assert_eq!(easter(year), date(year, month, day));
        }
    }

    #[test]
    fn holidays_of_other_years_are_fine_and_other_days_are_not() {
        // Christmas, which moves off weekends; Good Friday; Memorial Day; Thanksgiving; and two days of 2012.
        let mut dates = vec![];
        let closed = |d: Date| {
            let (month, day, weekday) = (d.month(), d.day(), d.weekday().to_monday_zero_offset());
            let near = |other: i8| (month, day) == (12, other);
            near(25)
                || (near(24) && weekday == 4)
                || (near(26) && weekday == 0)
                || easter(d.year())
                    .checked_sub(jiff::Span::new().days(2))
                    .is_ok_and(|friday| friday == d)
                || (month == 5 && weekday == 0 && day > 24)
                || (month == 11 && weekday == 3 && (22..=28).contains(&day))
                || [date(2012, 10, 29), date(2012, 10, 30)].contains(&d)
        };
        let mut day = date(2005, 1, 3);
        while day < date(2019, 12, 31) {
            if day.weekday().to_monday_zero_offset() < 5 && !closed(day) {
                dates.push(day);
            }
            day = day.tomorrow().expect("in range");
        }
        let found = missing(&dates, &BTreeSet::new());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].date, Some(date(2012, 10, 29)));
        assert_eq!(found[0].found, "no asset has a price on 2 days in a row, to 2012-10-30");
    }
}
