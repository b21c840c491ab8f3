//! The card's line as a whole process, on a stored market of 3,000 assets × 20 years: start, open, plan, run with a
//! daily book, print. Beside it the same in memory, without the process, and the opening of the market alone.

use criterion::{Criterion, criterion_group, criterion_main};
use decile::{Market, Strategy, data::Sample};
use std::{hint::black_box, path::PathBuf, process::Command};

const LINE: &str =
    "select top 50 by rank(value) + rank(momentum) weight equal cap sector 25% rebalance quarterly";

/// The stored market, made once and kept beside the build.
fn stored() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("market-3000-20");
    if Market::open(&folder).is_err() {
        let market = Sample { assets: 3000, years: 20, ..Sample::default() }.market();
        market.store(&folder, &()).expect("the folder of the build can be written");
    }
    folder
}

fn card(criterion: &mut Criterion) {
    let folder = stored();
    let mut group = criterion.benchmark_group("card 3000x5040");
    group.sample_size(20);
    group.bench_function("process", |b| {
        b.iter(|| {
            let output = Command::new(env!("CARGO_BIN_EXE_decile"))
                .args(["run", "-e", LINE, "--data"])
                .arg(&folder)
                .output()
                .expect("the program was built");
            assert!(output.status.success());
            black_box(output.stdout.len())
        });
    });
    group.bench_function("open", |b| {
        b.iter(|| black_box(Market::open(&folder).expect("it is stored")))
    });
    let market = Market::open(&folder).expect("it is stored");
    group.bench_function("compile and run", |b| {
        b.iter(|| {
            let strategy = Strategy::parse(LINE).expect("it parses");
            black_box(
                strategy.compile(&market).expect("it checks").run().expect("it runs").runs().len(),
            )
        });
    });
    group.finish();
}

criterion_group!(benches, card);
criterion_main!(benches);
