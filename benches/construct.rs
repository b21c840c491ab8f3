//! The least variance under position and sector caps, by factor and by dense covariance: `cargo bench --bench construct`,
//! and with `DECILE_BENCH=full` a run of twenty years by quarters over 3,000 assets.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use decile::{
    Strategy,
    check::CovarianceMethod,
    data::Sample,
    portfolio::{
        program::{Program, Source},
        risk::{Covariance, estimate},
    },
};
use rand_core::{RngCore, SeedableRng};
use rand_pcg::Pcg64;

const ROWS: usize = 252;

fn unit(random: &mut Pcg64) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns with a market in them, by row, then asset.
fn returns(assets: usize) -> Vec<f64> {
    let random = &mut Pcg64::seed_from_u64(1);
    let betas: Vec<f64> = (0..assets).map(|_| 0.5 + unit(random)).collect();
    (0..ROWS)
        .flat_map(|_| {
            let market = 0.02 * (unit(random) - 0.5);
            let own: Vec<f64> =
                betas.iter().map(|b| b * market + 0.05 * (unit(random) - 0.5)).collect();
            own
        })
        .collect()
}

fn program(covariance: &Covariance) -> Program<'_> {
    let n = covariance.assets();
    let mut program = Program::new(n);
    program.covariance = Some(covariance);
    program.risk = 1.0;
    program.row((0..n).map(|i| (i, 1.0)).collect(), 1.0, 1.0, Source::Budget);
    for i in 0..n {
        program.row(vec![(i, 1.0)], 0.0, 0.02, Source::Rule(0));
    }
    for group in 0..11 {
        let members = (0..n).filter(|i| i % 11 == group).map(|i| (i, 1.0)).collect();
        program.row(members, f64::NEG_INFINITY, 0.12, Source::Rule(1));
    }
    program
}

fn construct(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("construct");
    group.sample_size(10);
    for assets in [500, 3000] {
        let returns = returns(assets);
        let covariance = estimate(CovarianceMethod::Factor(20), &returns, ROWS, assets);
        let program = program(&covariance);
        group.bench_function(BenchmarkId::new("solve factor(20)", assets), |b| {
            b.iter(|| program.solve().expect("feasible"));
        });
        group.bench_function(BenchmarkId::new("estimate factor(20)", assets), |b| {
            b.iter(|| estimate(CovarianceMethod::Factor(20), &returns, ROWS, assets));
        });
    }
    let returns = returns(500);
    let shrunk = estimate(CovarianceMethod::LedoitWolf, &returns, ROWS, 500);
    let program = program(&shrunk);
    group.bench_function("solve ledoit_wolf/500", |b| {
        b.iter(|| program.solve().expect("feasible"));
    });
    group.finish();
    if std::env::var("DECILE_BENCH").is_ok_and(|v| v == "full") {
        quarters(criterion);
    }
}

/// A whole run over 3,000 assets and twenty years: eighty covariances and optima, and the book between them.
fn quarters(criterion: &mut Criterion) {
    let market = Sample { assets: 3000, years: 20, seed: 1 }.market();
    let text = "from 2010-01-04 rebalance quarterly select all cap position 2% cap sector 12% \
                weight min_variance(window: 252d, covariance: factor(20))";
    let strategy = Strategy::parse(text).expect("it follows the grammar");
    let compiled = strategy.compile(&market).expect("it is right");
    let mut group = criterion.benchmark_group("construct");
    group.sample_size(10);
    group.bench_function("twenty years by quarters/3000", |b| {
        b.iter(|| compiled.run().expect("it runs"));
    });
    group.finish();
}

criterion_group!(benches, construct);
criterion_main!(benches);
