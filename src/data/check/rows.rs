//! What is wrong with rows on their own.

use super::{
    asset::Found,
    bars::{ADJUSTED, Bars, CLOSE, HIGH, LOW, OPEN, VOLUME},
    checks::{Check, Severity, limit},
    moves::price,
};

/// How rows that the importer refuses are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared {
    /// Two rows of a date.
    pub(super) duplicates: Severity,
    /// Prices of zero and below.
    pub(super) nonpositive: Severity,
}

/// Looks at each row, and leaves the rows from which prices in time can be told: one a date, with a close above zero.
pub(super) fn check(bars: &mut Bars, declared: Declared, out: &mut Vec<Found>) {
    duplicates(bars, declared, out);
    nonpositive(bars, declared, out);
    for i in 0..bars.rows.len() {
        range(bars, i, out);
    }
    let there: Vec<bool> = bars.columns[CLOSE].iter().map(|c| *c > 0.0).collect();
    bars.retain(&there);
    moves_without_volume(bars, out);
}

/// The last row of a date holds.
fn duplicates(bars: &mut Bars, declared: Declared, out: &mut Vec<Found>) {
    if bars.days.windows(2).all(|d| d[0] != d[1]) {
        return;
    }
    let mut keep = vec![true; bars.days.len()];
    for i in 1..bars.days.len() {
        if bars.days[i] == bars.days[i - 1] {
            keep[i - 1] = false;
            let (before, now) = (bars.value(CLOSE, i - 1), bars.value(CLOSE, i));
            let found = match before == now {
                true => format!("a second row, with the same close {}", price(now)),
                false => format!("a second row: close {} after {}", price(now), price(before)),
            };
            out.push(Found::at(bars, i, Check::DuplicateRow, declared.duplicates, found));
        }
    }
    bars.retain(&keep);
}

fn nonpositive(bars: &mut Bars, declared: Declared, out: &mut Vec<Found>) {
    const PRICES: [(usize, &str); 5] = [
        (OPEN, "open"),
        (HIGH, "high"),
        (LOW, "low"),
        (CLOSE, "close"),
        (ADJUSTED, "adjusted close"),
    ];
    if PRICES.iter().all(|(c, _)| !bars.columns[*c].iter().any(|v| *v <= 0.0)) {
        return;
    }
    for i in 0..bars.rows.len() {
        let bad: Vec<String> = PRICES
            .iter()
            .filter(|(c, _)| bars.value(*c, i) <= 0.0)
            .map(|(c, name)| format!("{name} {}", price(bars.value(*c, i))))
            .collect();
        if !bad.is_empty() {
            let found = bad.join(", ");
            out.push(Found::at(bars, i, Check::NonpositivePrice, declared.nonpositive, found));
        }
    }
    for (column, _) in PRICES {
        bars.columns[column].iter_mut().filter(|v| **v <= 0.0).for_each(|v| *v = f64::NAN);
    }
}

fn range(bars: &Bars, i: usize, out: &mut Vec<Found>) {
    let (high, low) = (bars.value(HIGH, i), bars.value(LOW, i));
    if high < low {
        let found = format!("high {} is below low {}", price(high), price(low));
        out.push(Found::at(bars, i, Check::HighBelowLow, Severity::Error, found));
        return;
    }
    for (column, name) in [(OPEN, "open"), (CLOSE, "close")] {
        let value = bars.value(column, i);
        // Units matter for shares, whose prices are cents; a coin may cost a thousandth.
        let tolerance = (limit::OUTSIDE * value).max(limit::OUTSIDE_UNITS.min(0.01 * value));
        if value > high + tolerance || value < low - tolerance {
            let found =
                format!("{name} {} lies outside {} to {}", price(value), price(low), price(high));
            out.push(Found::at(bars, i, Check::OutsideRange, Severity::Warning, found));
            return;
        }
    }
}

fn moves_without_volume(bars: &Bars, out: &mut Vec<Found>) {
    for i in 1..bars.rows.len() {
        let (before, now) = (bars.value(CLOSE, i - 1), bars.value(CLOSE, i));
        if bars.value(VOLUME, i) == 0.0 && before != now {
            let found = format!("close {} to {} with a volume of 0", price(before), price(now));
            out.push(Found::at(bars, i, Check::VolumeZeroMove, Severity::Warning, found));
        }
    }
}
