//! The life of an asset: its gaps, rows in which nothing happens, and whether it is long enough.

use super::{
    asset::Found,
    bars::{Bars, CLOSE, VOLUME},
    checks::{Check, Severity, limit},
    days::Days,
    moves::price,
};
use crate::panel::from_days;

/// Looks at the life of an asset whose rows are sound.
pub(super) fn check(bars: &Bars, days: &Days, out: &mut Vec<Found>) {
    if bars.rows.is_empty() {
        return;
    }
    if bars.rows.len() < limit::SHORT_ROWS {
        let found = format!("{} rows", bars.rows.len());
        out.push(Found::at(bars, 0, Check::ShortHistory, Severity::Note, found));
    }
    gaps(bars, days, out);
    stale(bars, out);
}

fn gaps(bars: &Bars, days: &Days, out: &mut Vec<Found>) {
    for i in 1..bars.rows.len() {
        if bars.days[i] - bars.days[i - 1] <= limit::GAP_SESSIONS as i32 {
            continue;
        }
        let (Some(a), Some(b)) = (days.session(bars.days[i - 1]), days.session(bars.days[i]))
        else {
            continue;
        };
        let lost = b.saturating_sub(a + 1);
        if lost >= limit::GAP_SESSIONS {
            let last = from_days(bars.days[i - 1]).map(|d| d.to_string()).unwrap_or_default();
            let found = format!("no rows for {lost} sessions since {last}");
            out.push(Found::at(bars, i, Check::Gap, Severity::Warning, found));
        }
    }
}

fn stale(bars: &Bars, out: &mut Vec<Found>) {
    let closes = &bars.columns[CLOSE];
    let same = closes.windows(2).filter(|c| c[0] == c[1]).count() as f64;
    let often = same / (closes.len() as f64 - 1.0).max(1.0);
    // How likely a stretch of so many rows is, if the close stays as often as it does and by chance.
    let chance = |rows: usize| closes.len() as f64 * libm::pow(often, rows as f64 - 1.0);
    let mut start = 0;
    for i in 1..=closes.len() {
        if i < closes.len() && closes[i] == closes[start] {
            continue;
        }
        let rows = i - start;
        // The first row of a stretch may well have moved there.
        let traded = (start + 1..i).filter(|j| bars.value(VOLUME, *j) != 0.0).count();
        let alive = traded * 2 > rows - 1;
        let odd = alive && rows >= limit::STALE_ROWS && chance(rows) < limit::STALE_CHANCE;
        if odd || rows >= limit::DEAD_ROWS {
            let price = price(closes[start]);
            let (severity, volume) = match (alive, bars.has(VOLUME)) {
                (true, true) => (Severity::Warning, format!(", {traded} of them with volume")),
                (true, false) => (Severity::Warning, String::new()),
                (false, _) => (Severity::Note, format!(", {traded} of them with volume")),
            };
            let found = format!("close {price} for {rows} rows{volume}");
            out.push(Found::at(bars, start, Check::StalePrice, severity, found));
        }
        start = i;
    }
}
