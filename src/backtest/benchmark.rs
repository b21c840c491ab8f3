//! What a track is compared with, as values on the same rows.

use super::{Simulation, Track, simulate};
use crate::{
    check::{CalendarRule, Costs, Every, Exposure, On, Pick, Policy, SignalId, Triggers, Weight},
    diagnostic::Diagnostic,
    panel::{AssetId, MarketData, Row},
};

/// The value of `capital` put into an asset at the first of the rows, by total return. Missing where the asset has not
/// been priced yet or is not any more; in between, a row without a price has the last.
pub fn of_asset(
    market: &dyn MarketData,
    asset: AssetId,
    first: Row,
    last: Row,
    capital: f64,
) -> Vec<f64> {
    let index = market.prices().total_return;
    let ends = market.lifetimes()[asset.0 as usize].map_or(0, |(_, end)| end);
    let (mut base, mut known) = (f64::NAN, f64::NAN);
    (first..=last)
        .map(|row| {
            let now = index[[row as usize, asset.0 as usize]];
            if !now.is_nan() {
                known = now;
                base = if base.is_nan() { now } else { base };
            }
            if row > ends { f64::NAN } else { capital * (known / base) }
        })
        .collect()
}

/// The values of another track on these rows; missing where it has none.
pub fn of_track(track: &Track, first: Row, last: Row) -> Vec<f64> {
    (first..=last).map(|row| track.nav_at(row).unwrap_or(f64::NAN)).collect()
}

/// The track of `benchmark market_cap` beside a strategy's: on those of its decisions at which the market was looked at.
///
/// # Errors
/// Those of `simulate`, such as a universe without a market capitalisation.
pub fn market_cap(
    strategy: &Simulation<'_>,
    market_cap: SignalId,
    track: &Track,
) -> Result<Track, Box<Diagnostic>> {
    let policy = market_cap_policy(strategy.policy, market_cap);
    let needed = [strategy.policy.universe, market_cap];
    let is_known =
        |row: &Row| needed.iter().all(|id| strategy.signals.get(*id).row(*row).is_some());
    let rows = track.rebalances.iter().map(|r| r.target.row).filter(is_known);
    let decisions: Vec<Row> = rows.collect();
    let (policy, decisions) = (&policy, decisions.as_slice());
    simulate(&Simulation { policy, decisions, first: track.first, lookback: 0, ..*strategy })
}

/// The policy of `benchmark market_cap`: the whole universe in proportion to `market_cap`, without costs or bounds,
/// traded as the strategy is.
fn market_cap_policy(policy: &Policy, market_cap: SignalId) -> Policy {
    let span = policy.pick.span;
    Policy {
        filters: vec![],
        eligible: policy.universe,
        pick: Pick::all(span),
        short: None,
        hold: vec![],
        weight: Weight::By(market_cap, span),
        bounds: vec![],
        limits: vec![],
        exposure: Exposure { long: 1.0, short: 0.0, text: String::new(), span: None },
        target_volatility: None,
        on_infeasible: None,
        // When it decides is given by the strategy's track.
        schedule: vec![CalendarRule {
            every: Every::Day,
            on: On::LastDay,
            months: vec![],
            gate: None,
        }],
        triggers: Triggers::default(),
        exits: vec![],
        expectations: vec![],
        trade_if: None,
        volume_cap: None,
        lot: None,
        costs: Costs::default(),
        benchmark: None,
        ..policy.clone()
    }
}
