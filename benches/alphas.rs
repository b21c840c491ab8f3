//! The 82 of the 101 alphas that need no sector and no share count, over 3,000 assets × 252 days, all at once, and the
//! 158 of Alpha158 likewise.

use criterion::{Criterion, criterion_group, criterion_main};
use decile::{
    Query,
    data::Market,
    panel::{Rows, from_days},
};
use std::{fs, hint::black_box};

const ASSETS: usize = 3000;
const DAYS: usize = 252;

/// Random walks with the day's range and volume; one row in a hundred is missing.
fn market() -> Market {
    let mut state = 1u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut level = vec![100.0; ASSETS];
    let mut fields: [Vec<f64>; 5] = Default::default();
    for _ in 0..DAYS {
        for level in &mut level {
            let open = *level * (1.0 + (next() - 0.5) * 0.01);
            *level *= 1.0 + (next() - 0.5) * 0.03;
            let high = open.max(*level) * (1.0 + next() * 0.01);
            let low = open.min(*level) * (1.0 - next() * 0.01);
            let values = [open, high, low, *level, (next() * 1e6).round()];
            let here = next() >= 0.01;
            for (field, value) in fields.iter_mut().zip(values) {
                field.push(if here { value } else { f64::NAN });
            }
        }
    }
    let symbols: Vec<String> = (0..ASSETS).map(|a| format!("A{a:04}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let dates =
        (0..DAYS as i32).map(|d| from_days(10_000 + d).expect("a date of this century")).collect();
    let names = ["open", "high", "low", "close", "volume"];
    let market = Market::from_parts(dates, &symbols);
    names.iter().zip(&fields).fold(market, |m, (name, values)| m.panel(name, values)).build()
}

/// A file of `strategies/lib` without the definitions that need more than prices and volumes.
fn of_prices(name: &str) -> Query {
    let path = format!("{}/strategies/lib/{name}.decile", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("the file lies in the tree");
    let needs_more = |part: &&str| {
        ["by_sector", "by_industry", "by_subindustry", "market_cap"]
            .iter()
            .any(|n| part.contains(n))
    };
    let parts: Vec<&str> = text.split("\n\n").filter(|part| !needs_more(part)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alphas.decile");
    fs::write(&path, parts.join("\n\n")).expect("the folder can be written");
    Query::open(&path).unwrap_or_else(|e| panic!("{e}"))
}

fn alphas(criterion: &mut Criterion) {
    let market = market();
    let rows = Rows::all(DAYS);
    let mut group = criterion.benchmark_group("alphas 3000x252");
    group.sample_size(10);
    for (name, count) in [("alpha101", 82), ("alpha158", 158)] {
        let query = of_prices(name);
        let compiled = query.compile(&market).unwrap_or_else(|e| panic!("{e}"));
        let digits = |name: &str| name.starts_with("alpha");
        let alphas = compiled.columns().iter().filter(|c| digits(&c.name)).count();
        assert!(name == "alpha158" || alphas == count, "{alphas} alphas of {count}");
        group.bench_function(format!("{name}, {count}"), |b| {
            b.iter(|| black_box(compiled.evaluate(&rows)));
        });
    }
    group.finish();
}

criterion_group!(benches, alphas);
criterion_main!(benches);
