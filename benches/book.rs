//! The daily book alone, on a stored market of 3,000 assets × 20 years: 50 and 3,000 names, quarterly, with every kind of
//! cost; and the stress of the card's line with the computing of its values.

mod market;

use criterion::{Criterion, criterion_group, criterion_main};
use decile::{
    Market, Strategy,
    backtest::{Simulation, Trial, schedule::decision_rows, simulate},
    execute::{Signal, Signals},
    panel::{MarketData, Numbers, Row, Rows},
};
use market::{CARD, stored};
use std::{hint::black_box, sync::Arc};

/// A value for each asset that stays the same: everything is eligible, and the score has no ties.
fn constant(assets: usize, rows: usize, of: impl Fn(usize) -> f64) -> Signal {
    let values: Vec<f64> = (0..assets).map(of).collect();
    let values: Arc<Numbers<f64>> = Arc::new(values.into());
    Signal { rows: Arc::new(Rows::all(rows)), width: assets, values, constant: true }
}

fn book(criterion: &mut Criterion) {
    let market = Market::open(stored()).expect("it is stored");
    let (assets, rows) = (market.schema().symbols.len(), market.calendar().len());
    let mut group = criterion.benchmark_group("book 3000x5040");
    group.sample_size(10);
    for (names, share) in [("50", "1.67"), ("3,000", "100")] {
        let text = format!(
            "select top {share}% by market_cap rebalance quarterly cost 5bps slippage 5bps cash 1%"
        );
        let strategy = Strategy::parse(&text).expect("it parses");
        let compiled = strategy.compile(&market).expect("it checks");
        let policy = &compiled.checked().strategies[0].policy;
        let signals = compiled.checked().strategies[0].signals.len();
        let score = |a: usize| ((a * 7919) % assets) as f64;
        let signal = |i: usize| constant(assets, rows, |a| if i < 2 { 1.0 } else { score(a) });
        let signals = Signals((0..signals).map(signal).collect());
        let last = rows as Row - 1;
        let decisions = decision_rows(&policy.schedule, market.calendar(), 0, last);
        group.bench_function(format!("{names} names"), |b| {
            b.iter(|| {
                let simulation = Simulation {
                    market: &market,
                    policy,
                    signals: &signals,
                    decisions: &decisions,
                    first: 0,
                    last,
                    lookback: 0,
                    tracks: &[],
                    trial: Trial::default(),
                };
                let track = simulate(&simulation);
                black_box(track.unwrap_or_else(|d| panic!("{}", d.message)).nav.len())
            });
        });
    }
    let card = Strategy::parse(CARD).expect("it parses");
    let card = card.compile(&market).expect("it checks");
    group.bench_function("stress of the card's line", |b| {
        b.iter(|| black_box(card.stress().expect("it runs").len()))
    });
    group.finish();
}

criterion_group!(benches, book);
criterion_main!(benches);
