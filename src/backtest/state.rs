//! What a book answers when a condition asks for its state.

use super::{book::Book, condition::Stateful};
use crate::{
    check::State,
    panel::{AssetId, MISSING, Row},
};

/// A book at the close of a row.
pub(super) struct BookState<'a> {
    pub(super) book: &'a Book,
    pub(super) row: Row,
    pub(super) assets: usize,
    /// The greatest net asset value so far.
    pub(super) high: f64,
    /// The weights of the last decision, by asset.
    pub(super) target: &'a [(AssetId, f64)],
    /// The weights of the decision that is being made, where there is one.
    pub(super) candidate: Option<&'a [(AssetId, f64)]>,
    /// Whether `weight` is what the decision makes it rather than what it is.
    pub(super) is_decided: bool,
}

impl BookState<'_> {
    fn weights(&self) -> Vec<f64> {
        let nav = self.book.nav();
        let mut out = vec![0.0; self.assets];
        self.book.positions.iter().for_each(|p| out[p.asset] = p.value() / nav);
        out
    }

    fn spread(&self, weights: &[(AssetId, f64)]) -> Vec<f64> {
        let mut out = vec![0.0; self.assets];
        weights.iter().for_each(|(asset, w)| out[asset.0 as usize] = *w);
        out
    }

    /// Of each position; missing elsewhere.
    fn of_positions(&self, value: impl Fn(&super::book::Position) -> f64) -> Vec<f64> {
        let mut out = vec![MISSING; self.assets];
        self.book.positions.iter().for_each(|p| out[p.asset] = value(p));
        out
    }

    /// weight − target of what has either, with the target.
    fn drifts(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        let pairs = self.weights().into_iter().zip(self.spread(self.target));
        let some = |(_, (w, t)): &(usize, (f64, f64))| *w != 0.0 || *t != 0.0;
        pairs.enumerate().filter(some).map(|(a, (w, t))| (a, w - t, t))
    }

    /// ½Σ|Δw| to the decision that is being made, cash counted as a holding.
    fn turnover(&self) -> f64 {
        let Some(candidate) = self.candidate else { return MISSING };
        let (new, old) = (self.spread(candidate), self.weights());
        let moved: f64 = new.iter().zip(&old).map(|(n, o)| (n - o).abs()).sum();
        let cash = (new.iter().sum::<f64>() - old.iter().sum::<f64>()).abs();
        0.5 * (moved + cash)
    }
}

impl Stateful for BookState<'_> {
    fn state(&self, state: State) -> Vec<f64> {
        let most = |values: &mut dyn Iterator<Item = f64>| vec![values.fold(0.0, f64::max)];
        match state {
            State::Turnover => vec![self.turnover()],
            State::MaxDrift => most(&mut self.drifts().map(|(_, d, _)| d.abs())),
            State::MaxRelativeDrift => {
                let relative = self.drifts().filter(|(.., t)| *t != 0.0);
                most(&mut relative.map(|(_, d, t)| (d / t).abs()))
            }
            State::BookDrawdown => vec![self.book.nav() / self.high - 1.0],
            State::Held => {
                let mut out = vec![0.0; self.assets];
                self.book.positions.iter().for_each(|p| out[p.asset] = 1.0);
                out
            }
            State::Weight => match self.candidate.filter(|_| self.is_decided) {
                Some(candidate) => self.spread(candidate),
                None => self.weights(),
            },
            State::Target => match self.candidate.filter(|_| self.is_decided) {
                Some(candidate) => self.spread(candidate),
                None => self.spread(self.target),
            },
            State::Drift => {
                let mut out = vec![MISSING; self.assets];
                self.drifts().for_each(|(asset, drift, _)| out[asset] = drift);
                out
            }
            State::Gain => self.of_positions(|p| p.growth - 1.0),
            State::Drawdown => self.of_positions(|p| p.growth / p.peak - 1.0),
            State::Age => self.of_positions(|p| f64::from(self.row - p.entered)),
            State::Change => {
                let new = self.candidate.map_or_else(|| self.weights(), |c| self.spread(c));
                new.iter().zip(self.weights()).map(|(n, o)| (n - o).abs()).collect()
            }
            State::Place => unreachable!("the checker takes `place` out of conditions"),
        }
    }
}
