//! Importing a long table and opening the store: `cargo bench --bench import`. The size is that of the sample market,
//! or of `--assets 3000 --years 20` with `DECILE_BENCH=full` (1.5 GB of disk in the temporary folder).

use criterion::{Criterion, criterion_group, criterion_main};
use decile::data::{Market, Options, Sample};

fn import(criterion: &mut Criterion) {
    let full = std::env::var("DECILE_BENCH").is_ok_and(|v| v == "full");
    let sample = if full { Sample { assets: 3000, years: 20, seed: 1 } } else { Sample::default() };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (csv, parquet) = (folder.path().join("p.csv"), folder.path().join("p.parquet"));
    let store = folder.path().join("store");
    let market = sample.market();
    market.write_csv(&csv).expect("the temporary folder is writable");
    market.write_parquet(&parquet).expect("the temporary folder is writable");
    drop(market);
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10);
    for (name, path) in [("csv", &csv), ("parquet", &parquet)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                Market::import(path, &store, Options::default()).expect("the table is sound")
            });
        });
    }
    group.bench_function("open_store", |b| {
        b.iter(|| Market::open(&store).expect("the store is sound"));
    });
    group.bench_function("sample", |b| b.iter(|| Sample::default().market()));
    group.finish();
}

criterion_group!(benches, import);
criterion_main!(benches);
