//! `hold`: fixed shares of assets and strategies. A strategy is held as what it holds itself, so that the book is one of
//! assets; between two decisions of its own the shares of the sleeves drift as the sleeves do.

use super::{Delisting, Simulation, Track, error, price::growth};
use crate::{
    check::{Benchmark, Held, HoldItem},
    diagnostic::Diagnostic,
    panel::{AssetId, Row},
    portfolio::{Funnel, Target},
};
use std::collections::BTreeMap;

/// The rows at which a fixed portfolio is decided: its own, and those of the strategies that it holds.
pub(super) fn decisions(simulation: &Simulation<'_>, own: &[Row], start: Row) -> Vec<Row> {
    let held = simulation.policy.hold.iter().filter_map(|item| track(simulation, item));
    let others = held.flat_map(|track| {
        let exits = track.exits.iter().map(|e| e.row);
        track.rebalances.iter().map(|r| r.target.row).chain(exits)
    });
    let mut rows: Vec<Row> = own.iter().copied().chain(others).collect();
    rows.retain(|row| *row >= start && *row <= simulation.last);
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The first of its own decisions at which everything has a price and every strategy has begun.
///
/// # Errors
/// `empty-run` if there is none.
pub(super) fn first(
    simulation: &Simulation<'_>,
    from: Row,
    end: Row,
) -> Result<Row, Box<Diagnostic>> {
    let closes = simulation.market.prices().close;
    let has_begun = |row: Row, item: &HoldItem| match item.what {
        Held::Asset(asset) => !closes[[row as usize, asset.0 as usize]].is_nan(),
        Held::Strategy(_) => track(simulation, item).is_none_or(|t| t.first <= row),
    };
    let items = &simulation.policy.hold;
    let mut last = None;
    for &row in simulation.decisions.iter().filter(|r| (from..end).contains(r)) {
        match items.iter().find(|item| !has_begun(row, item)) {
            None => return Ok(row),
            Some(item) => last = Some((row, item)),
        }
    }
    Err(match last {
        None => error::empty_run(simulation, None),
        Some((row, item)) => error::cannot_be_held(simulation, row, item),
    })
}

/// The first row on which the strategy has decided that constraints are measured against; 0 without one.
pub(super) fn benchmark_begins(simulation: &Simulation<'_>) -> Row {
    match simulation.policy.benchmark {
        Some(Benchmark::Strategy(index)) if simulation.policy.against_benchmark().is_some() => {
            // None where the start is sought before anything has been run.
            simulation.tracks.get(index).map_or(0, |track| track.first)
        }
        _ => 0,
    }
}

/// What the strategy holds at a row that constraints are measured against, by asset; nothing without one.
pub(super) fn benchmark(simulation: &Simulation<'_>, row: Row) -> Vec<(usize, f64)> {
    let policy = simulation.policy;
    let Some(Benchmark::Strategy(index)) = policy.benchmark else { return vec![] };
    let track = simulation.tracks.get(index).filter(|_| policy.against_benchmark().is_some());
    let held = track.map_or_else(Vec::new, |track| held(simulation, track, row));
    held.into_iter().map(|(asset, share)| (asset.0 as usize, share)).collect()
}

fn track<'a>(simulation: &Simulation<'a>, item: &HoldItem) -> Option<&'a Track> {
    match item.what {
        Held::Asset(_) => None,
        // None where the start is sought before anything has been run.
        Held::Strategy(index) => simulation.tracks.get(index),
    }
}

/// What is to be held at a row, when the shares were last set at `set`.
pub(super) fn target(
    simulation: &Simulation<'_>,
    row: Row,
    set: Row,
    is_held: impl Fn(usize) -> bool,
) -> Target {
    let items = &simulation.policy.hold;
    let values: Vec<f64> =
        items.iter().map(|item| item.weight * grown(simulation, item, set, row)).collect();
    let cash = 1.0 - items.iter().map(|item| item.weight).sum::<f64>();
    let total = values.iter().sum::<f64>() + cash.max(0.0);
    let mut weights: BTreeMap<u32, f64> = BTreeMap::new();
    for (item, value) in items.iter().zip(values) {
        let share = value / total;
        match item.what {
            Held::Asset(asset) => *weights.entry(asset.0).or_default() += share,
            Held::Strategy(_) => {
                let held = track(simulation, item).map(|t| held(simulation, t, row));
                for (asset, weight) in held.unwrap_or_default() {
                    *weights.entry(asset.0).or_default() += share * weight;
                }
            }
        }
    }
    let closes = simulation.market.prices().close;
    // What has no price cannot be ordered, and its share waits in cash; but what is held keeps its place.
    let is_had = |asset: usize| !closes[[row as usize, asset]].is_nan() || is_held(asset);
    weights.retain(|asset, w| *w != 0.0 && is_had(*asset as usize));
    let weights: Vec<(AssetId, f64)> = weights.into_iter().map(|(a, w)| (AssetId(a), w)).collect();
    let count = weights.len();
    let funnel = Funnel {
        universe: count,
        eligible: count,
        scored: count,
        picked: count,
        held: count,
        ..Funnel::default()
    };
    Target { row, weights, funnel, ..Target::default() }
}

/// The value of an item at a row over that at another.
fn grown(simulation: &Simulation<'_>, item: &HoldItem, from: Row, to: Row) -> f64 {
    match item.what {
        Held::Asset(asset) => growth(simulation.market, asset.0 as usize, from, to),
        Held::Strategy(_) => {
            let value = |row| track(simulation, item).and_then(|t| t.nav_at(row));
            value(to).zip(value(from)).map_or(1.0, |(to, from)| to / from)
        }
    }
}

/// What a strategy holds at a row, as shares of its own value: what it has just decided, or what its last trades have
/// become, without what has just been told to leave.
fn held(simulation: &Simulation<'_>, track: &Track, row: Row) -> Vec<(AssetId, f64)> {
    if let Ok(place) = track.rebalances.binary_search_by_key(&row, |r| r.target.row) {
        return track.rebalances[place].target.weights.clone();
    }
    // A row that leaves nothing to be held writes nothing.
    let names = row.checked_sub(track.first).and_then(|i| track.names.get(i as usize));
    if names.is_none_or(|names| *names == 0) {
        return vec![];
    }
    let end = track.holdings.partition_point(|h| h.row <= row);
    let Some(last) = end.checked_sub(1).map(|i| track.holdings[i].row) else { return vec![] };
    let begin = track.holdings.partition_point(|h| h.row < last);
    let Some(nav) = track.nav_at(row) else { return vec![] };
    let is_gone = |d: &Delisting, asset| d.asset == asset && (last..=row).contains(&d.settled);
    let leaves = |asset: AssetId| {
        track.exits.iter().any(|e| e.row == row && e.asset == asset)
            || track.delistings.iter().any(|d| is_gone(d, asset))
    };
    let holdings = track.holdings[begin..end].iter().filter(|h| !leaves(h.asset));
    holdings
        .map(|h| {
            let growth = growth(simulation.market, h.asset.0 as usize, last, row);
            (h.asset, h.value * growth / nav)
        })
        .collect()
}
