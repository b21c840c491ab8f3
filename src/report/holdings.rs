//! Holdings and lines in a conversation.

use super::{
    chart::{braille, extremes},
    number::{counted, fixed, percent},
};
use crate::{panel::Date, portfolio::Funnel};
use std::fmt::Write as _;

/// How many holdings are listed.
const SHOWN: usize = 12;
const WIDTH: usize = 72;

/// What a strategy would hold on a day, the largest first.
pub fn holdings_to_text(
    name: &str,
    date: Date,
    weights: &[(&str, f64)],
    funnel: &Funnel,
) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{name} on {date}: {}, {} with a score › {} picked › {} held",
        counted(funnel.universe, "asset in the universe", "assets in the universe"),
        funnel.scored,
        funnel.picked,
        funnel.held
    );
    let mut sorted: Vec<&(&str, f64)> = weights.iter().collect();
    sorted.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(b.0)));
    for (symbol, weight) in sorted.iter().take(SHOWN) {
        let _ = writeln!(text, "  {symbol:10} {:>8}", percent(*weight));
    }
    if sorted.len() > SHOWN {
        let rest: f64 = sorted[SHOWN..].iter().map(|(_, w)| w).sum();
        let more = counted(sorted.len() - SHOWN, "more", "more");
        let _ = writeln!(text, "  {more:10} {:>8}", percent(rest));
    }
    text
}

/// A line over all dates.
pub fn line_to_text(name: &str, dates: &[Date], values: &[f64]) -> String {
    let present = values.iter().filter(|v| !v.is_nan()).count();
    let (Some(first), Some(last), true) = (dates.first(), dates.last(), present > 0) else {
        return format!("{name}: no value on any date\n");
    };
    let (low, high) = extremes(values);
    let mut text = format!("{name}: {} to {}\n", fixed(low, 6), fixed(high, 6));
    for line in braille(values, WIDTH.min(values.len().max(2) / 2 + 1), 8) {
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = writeln!(text, "{first} to {last}");
    text
}
