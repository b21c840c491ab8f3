//! Why an asset was held at a decision, or was not: the whole way from the figures to the trade.

use super::{
    number::{fixed, grouped, percent},
    values::{Cell, written_cell},
};
use crate::panel::Date;
use serde::Serialize;
use std::fmt::Write as _;

/// The way of one asset through one decision of one strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Why {
    /// The strategy.
    pub strategy: String,
    /// The asset.
    pub symbol: String,
    /// The date that was asked for.
    #[serde(serialize_with = "as_text")]
    pub asked: Date,
    /// The decision that held on it: the last one until then that picked anew.
    #[serde(serialize_with = "as_text")]
    pub decided: Date,
    /// The fields that the strategy reads.
    pub fields: Vec<WhyField>,
    /// The named expressions of the file.
    pub named: Vec<WhyValue>,
    /// The stations of the way, in their order.
    pub stations: Vec<Station>,
    /// Its place among those to be held long, then among those to be sold short, where the strategy has such a side.
    pub picks: Vec<WhyPick>,
    /// Its weight in the target; 0 if it is not in it.
    pub target: f64,
    /// The constraints that bound at the decision, as they are written.
    pub binding: Vec<String>,
    /// The trades that were decided from then on until the date.
    pub trades: Vec<WhyTrade>,
    /// What decided, in a sentence, with what would have had to differ.
    pub because: String,
}

/// A field's value for the asset at the decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyField {
    /// `reports.book_equity`
    pub name: String,
    /// The value.
    pub value: Cell,
    /// Of reports: the session from which it was known.
    #[serde(serialize_with = "as_optional_text", skip_serializing_if = "Option::is_none")]
    pub known_from: Option<Date>,
    /// Of reports: the end of the fiscal period.
    #[serde(serialize_with = "as_optional_text", skip_serializing_if = "Option::is_none")]
    pub period_end: Option<Date>,
}

/// A named expression's value for the asset at the decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyValue {
    /// Its name.
    pub name: String,
    /// The value.
    pub value: Cell,
    /// Its place among the assets with a value, the greatest first.
    pub place: Option<usize>,
    /// How many have a value.
    pub of: usize,
}

/// Whether the asset passed a station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Station {
    /// `universe`, `where close > 5`, `score`, `select top 50`.
    pub name: String,
    /// Whether it did.
    pub passed: bool,
}

/// Its place on one side of the book.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyPick {
    /// Which.
    pub side: Side,
    /// Its score, if it has one.
    pub score: Option<f64>,
    /// Its place among the scored: 1 is the best.
    pub place: Option<usize>,
    /// How many have a score.
    pub scored: usize,
    /// How many were picked.
    pub picked: usize,
    /// The last of them by score that has a weight.
    pub last: Option<WhyLast>,
}

/// A side of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Held.
    Long,
    /// Sold short.
    Short,
}

impl Side {
    /// Whether a weight is of this side.
    pub fn is_of(self, weight: f64) -> bool {
        match self {
            Self::Long => weight > 0.0,
            Self::Short => weight < 0.0,
        }
    }
}

/// The last of those that were picked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyLast {
    /// What.
    pub symbol: String,
    /// Its score.
    pub score: f64,
}

/// A trade.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhyTrade {
    /// When it was filled.
    #[serde(serialize_with = "as_text")]
    pub date: Date,
    /// At what price.
    pub price: f64,
    /// Money: above zero for a purchase.
    pub value: f64,
    /// Why.
    pub reason: &'static str,
}

fn as_text<S: serde::Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&date.to_string())
}

fn as_optional_text<S: serde::Serializer>(
    date: &Option<Date>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    date.map(|d| d.to_string()).serialize(serializer)
}

/// The way as text.
pub fn why_to_text(why: &Why) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} in {} on {}", why.symbol, why.strategy, why.asked);
    if why.decided != why.asked {
        let _ = writeln!(text, "decided on {}, the last decision until then", why.decided);
    }
    let _ = writeln!(text, "\n{}", why.because);
    if !why.fields.is_empty() {
        text += "\nFigures at the decision\n";
        let width = why.fields.iter().map(|f| f.name.chars().count()).max().unwrap_or(0);
        for field in &why.fields {
            let _ = write!(text, "  {:width$}  {}", field.name, written_cell(&field.value));
            if let (Some(known), Some(end)) = (field.known_from, field.period_end) {
                let _ = write!(text, "  (period to {end}, known from {known})");
            }
            text.push('\n');
        }
    }
    if !why.named.is_empty() {
        text += "\nExpressions\n";
        let width = why.named.iter().map(|f| f.name.chars().count()).max().unwrap_or(0);
        for value in &why.named {
            let _ = write!(text, "  {:width$}  {}", value.name, written_cell(&value.value));
            if let Some(place) = value.place {
                let _ = write!(text, "  (place {place} of {})", value.of);
            }
            text.push('\n');
        }
    }
    text += "\nThe way\n";
    for station in &why.stations {
        let mark = if station.passed { "✓" } else { "✗" };
        let _ = writeln!(text, "  {mark} {}", station.name);
    }
    for pick in &why.picks {
        if let (Some(score), Some(place)) = (pick.score, pick.place) {
            let side = if pick.side == Side::Short { "to be sold short: " } else { "" };
            let score = fixed(score, 6);
            let _ = writeln!(text, "  {side}score {score}, place {place} of {}", pick.scored);
        }
    }
    for constraint in &why.binding {
        let _ = writeln!(text, "  bound at this decision: {constraint}");
    }
    let _ = writeln!(text, "  target {}", percent(why.target));
    for trade in &why.trades {
        let _ = writeln!(
            text,
            "  {} for {} at {} on {} ({})",
            if trade.value > 0.0 { "bought" } else { "sold" },
            grouped(trade.value.abs()),
            fixed(trade.price, 4),
            trade.date,
            trade.reason
        );
    }
    if why.trades.is_empty() {
        text += "  no trade\n";
    }
    text
}

/// `It was held: place 1 of 350, of which 20 were picked.`
pub fn held(pick: Option<&WhyPick>) -> String {
    let held = match pick.map(|p| p.side) {
        Some(Side::Short) => "It was sold short",
        _ => "It was held",
    };
    match pick.and_then(|p| Some((p.place?, p))) {
        Some((place, WhyPick { scored, picked, .. })) => {
            let beyond = if place > *picked { "; it stayed, or its group had room" } else { "" };
            format!("{held}: place {place} of {scored}, of which {picked} were picked{beyond}.")
        }
        None => format!("{held}."),
    }
}

/// `It was not picked: place 53 of 390, and 50 are picked.`; `passed_over` are the reasons that may leave out a place that
/// is good enough.
pub fn missed(pick: &WhyPick, passed_over: &[&str]) -> String {
    let short = if pick.side == Side::Short { " to be sold short" } else { "" };
    let picked = match pick.picked {
        1 => "1 is".to_owned(),
        n => format!("{n} are"),
    };
    let scored = pick.scored;
    let mut text = match pick.place {
        None => format!("It was not picked{short}."),
        Some(place) if place > pick.picked => {
            format!("It was not picked{short}: place {place} of {scored}, and {picked} picked.")
        }
        Some(place) => {
            let causes = passed_over.join(", or ");
            return format!(
                "It has no weight{short} at place {place} of {scored}, although {picked} picked: left out by {causes}."
            );
        }
    };
    if let Some(last) = &pick.last {
        let score = fixed(last.score, 6);
        let _ = write!(text, " The last of them, {}, has the score {score}.", last.symbol);
    }
    text
}

/// `it has no score: value and momentum are missing`
pub fn without_score(missing: &[&str]) -> String {
    match missing {
        [] => "It has no score.".to_owned(),
        [one] => format!("It has no score: {one} is missing."),
        [most @ .., last] => {
            format!("It has no score: {} and {last} are missing.", most.join(", "))
        }
    }
}
