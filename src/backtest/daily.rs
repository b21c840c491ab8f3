//! The book of every row, told from what was held after trades: between them positions only drift, split and pay.

use super::{
    price::{Actions, BookPrices},
    track::{Holding, Track},
};
use crate::panel::{MarketData, Row};

/// A position between trades.
struct Standing {
    holding: Holding,
    units: f64,
    price: f64,
    actions: Actions,
}

/// Hands every row of a track over with what was held after its trades, by asset.
pub fn daily(market: &dyn MarketData, track: &Track, mut see: impl FnMut(Row, &[Holding])) {
    let prices = BookPrices::new(market);
    let mut standing: Vec<Standing> = vec![];
    let (mut next, mut gone) = (0, 0);
    let (mut list, nav) = (vec![], &track.nav);
    for row in track.first..=track.last() {
        let close = prices.at_close(row);
        let end = next + track.holdings[next..].partition_point(|h| h.row == row);
        // A row that leaves nothing to be held writes nothing, so cash tells.
        let i = (row - track.first) as usize;
        if end > next || track.names[i] == 0 {
            standing = track.holdings[next..end].iter().map(|h| taken(h, &prices)).collect();
            next = end;
        } else {
            for position in &mut standing {
                position.carry(row, &prices);
            }
            let ended = track.delistings[gone..].iter().take_while(|d| d.settled <= row);
            ended.for_each(|d| standing.retain(|s| s.holding.asset != d.asset));
        }
        gone += track.delistings[gone..].partition_point(|d| d.settled <= row);
        list.clear();
        for position in &mut standing {
            let asset = position.holding.asset.0 as usize;
            let now = close[asset];
            if !now.is_nan() {
                position.price = now;
            }
            let value = position.units * position.price;
            let mut holding = Holding { row, value, weight: value / nav[i], ..position.holding };
            if !now.is_nan() {
                holding.price = prices.market().close[[row as usize, asset]];
                holding.shares = position.units * prices.shares(row, asset);
            }
            position.holding = holding;
            list.push(holding);
        }
        see(row, &list);
    }
}

/// A position as it was written down after a trade.
fn taken(holding: &Holding, prices: &BookPrices<'_>) -> Standing {
    let asset = holding.asset.0 as usize;
    let units = holding.shares / prices.shares(holding.row, asset);
    let actions = prices.actions(asset, holding.row);
    Standing { holding: *holding, units, price: holding.value / units, actions }
}

impl Standing {
    fn carry(&mut self, row: Row, prices: &BookPrices<'_>) {
        if self.actions.next > row {
            return;
        }
        let asset = self.holding.asset.0 as usize;
        let (ratio, dividend) = prices.act(asset, row, &mut self.actions);
        self.units *= ratio;
        self.price = (self.price / ratio - dividend).max(0.0);
    }
}
