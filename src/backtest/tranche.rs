//! `in 4 tranches`: sleeves of one book, of which a decision renews one. Between its own decisions each drifts as what it
//! holds does.

use super::price::growth;
use crate::panel::{AssetId, MarketData, Row};
use std::collections::BTreeMap;

/// A part of the book that is renewed as a whole.
#[derive(Debug, Clone, Default)]
struct Sleeve {
    /// Its share of the book when its weights were last taken.
    share: f64,
    /// Shares of itself, by asset; the rest of it is cash.
    weights: BTreeMap<usize, f64>,
    /// The row at which they were last taken.
    row: Row,
}

/// All sleeves of a book, in the order in which they are renewed.
#[derive(Debug, Clone)]
pub(super) struct Sleeves {
    list: Vec<Sleeve>,
    /// What the last decision made of them.
    decided: Vec<Sleeve>,
    next: usize,
    is_started: bool,
}

impl Sleeves {
    pub(super) fn new(count: usize) -> Self {
        let share = 1.0 / count as f64;
        let sleeve = Sleeve { share, ..Sleeve::default() };
        Self { list: vec![sleeve; count], decided: vec![], next: 0, is_started: false }
    }

    /// Takes the weights of all sleeves as they are at a row.
    pub(super) fn drift(&mut self, market: &dyn MarketData, row: Row) {
        for sleeve in &mut self.list {
            let cash = 1.0 - sleeve.weights.values().sum::<f64>();
            for (asset, weight) in &mut sleeve.weights {
                *weight *= growth(market, *asset, sleeve.row, row);
            }
            let grown = cash + sleeve.weights.values().sum::<f64>();
            sleeve.weights.values_mut().for_each(|w| *w /= grown);
            sleeve.share *= grown;
            sleeve.row = row;
        }
        let total: f64 = self.list.iter().map(|s| s.share).sum();
        self.list.iter_mut().for_each(|s| s.share /= total);
    }

    /// What the sleeve holds that comes next, as shares of itself.
    pub(super) fn holdings(&self) -> Vec<(usize, f64)> {
        self.list[self.next].weights.iter().map(|(a, w)| (*a, *w)).collect()
    }

    /// Renews the sleeve that comes next; at the start, all of them.
    pub(super) fn renew(&mut self, weights: &[(AssetId, f64)], row: Row) {
        let weights: BTreeMap<usize, f64> =
            weights.iter().map(|(asset, w)| (asset.0 as usize, *w)).collect();
        if !self.is_started {
            self.is_started = true;
            self.list.iter_mut().for_each(|s| (s.weights, s.row) = (weights.clone(), row));
        } else {
            let sleeve = &mut self.list[self.next];
            (sleeve.weights, sleeve.row) = (weights, row);
            self.next = (self.next + 1) % self.list.len();
        }
        self.decided = self.list.clone();
    }

    /// As the last decision made them, from this row on.
    pub(super) fn restored(&self, row: Row) -> Self {
        let mut list = self.decided.clone();
        list.iter_mut().for_each(|sleeve| sleeve.row = row);
        Self { list, ..self.clone() }
    }

    /// Turns what is held of some assets into cash.
    pub(super) fn leave(&mut self, market: &dyn MarketData, assets: &[usize], row: Row) {
        self.drift(market, row);
        for sleeve in &mut self.list {
            sleeve.weights.retain(|asset, _| !assets.contains(asset));
        }
    }

    /// Shares of the book, by asset, of what has a price at the row; the rest is cash.
    pub(super) fn weights(&self, market: &dyn MarketData, row: Row) -> Vec<(AssetId, f64)> {
        let closes = market.prices().close;
        let mut sum: BTreeMap<usize, f64> = BTreeMap::new();
        for sleeve in &self.list {
            for (asset, weight) in &sleeve.weights {
                *sum.entry(*asset).or_default() += sleeve.share * weight;
            }
        }
        sum.retain(|asset, w| *w != 0.0 && !closes[[row as usize, *asset]].is_nan());
        sum.into_iter().map(|(asset, w)| (AssetId(asset as u32), w)).collect()
    }
}
