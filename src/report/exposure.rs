//! What a book leans on: groups of labels, and factors; and what groups brought.

use super::labels::LabelField;
use crate::{
    backtest::{Holding, Track},
    panel::{AssetId, MarketData, Row},
};
use std::collections::BTreeMap;

/// How much of a factor a strategy held: Σ w·z over what it decided to hold, z being `zscore(winsorize(factor))` across
/// all priced assets on that day that are no reference. An asset for which the factor is missing counts as its mean.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FactorExposure {
    /// The factor's name.
    pub name: String,
    /// The mean over all decisions; missing without any.
    pub mean: Option<f64>,
    /// At the last decision.
    pub last: Option<f64>,
}

impl FactorExposure {
    /// From the exposure at each decision.
    pub fn new(name: &str, exposures: &[f64]) -> Self {
        let mean = exposures.iter().sum::<f64>() / exposures.len() as f64;
        let last = exposures.last().copied();
        Self { name: name.to_owned(), mean: last.map(|_| mean), last }
    }
}

/// By label, in the order of the market, a number for each of its groups; what has no text stands under an empty one.
pub(super) type ByLabel<'a> = Vec<(&'a str, BTreeMap<&'a str, f64>)>;

/// The net weights after the last trades.
pub(super) fn weights<'a>(market: &'a dyn MarketData, track: &Track) -> ByLabel<'a> {
    let holdings = &track.holdings;
    let last = holdings.last().map(|h| h.row);
    let is_empty = track.names.last() == Some(&0);
    let has_ended =
        |h: &Holding| track.delistings.iter().any(|d| d.asset == h.asset && Some(d.settled) > last);
    let is_held = |h: &&Holding| !is_empty && !has_ended(h);
    let held = holdings.iter().rev().take_while(|h| Some(h.row) == last).filter(is_held);
    by_label(market, &held.map(|h| (h.asset, h.row, h.weight)).collect::<Vec<_>>())
}

/// The money that assets brought, all causes together, by their labels at the end of the run.
pub(super) fn contributions<'a>(market: &'a dyn MarketData, track: &Track) -> ByLabel<'a> {
    let assets = track.ledger.assets.iter();
    let brought = assets.map(|(asset, causes)| (*asset, track.last(), causes.iter().sum()));
    by_label(market, &brought.collect::<Vec<_>>())
}

/// The sums of numbers of assets on rows.
fn by_label<'a>(market: &'a dyn MarketData, parts: &[(AssetId, Row, f64)]) -> ByLabel<'a> {
    let of_label = |label: LabelField<'a>| {
        let mut groups: BTreeMap<&str, f64> = BTreeMap::new();
        for (asset, row, part) in parts {
            *groups.entry(label.text(*asset, *row)).or_default() += part;
        }
        (label.name, groups)
    };
    LabelField::all(market).into_iter().map(of_label).collect()
}
