//! The card's line as a whole process, on a stored market of 3,000 assets × 20 years: start, open, plan, run with a
//! daily book, print. Beside it the same in memory, without the process, and the opening of the market alone.

mod market;

use criterion::{Criterion, criterion_group, criterion_main};
use decile::{Market, Strategy};
use market::{CARD, stored};
use std::{hint::black_box, process::Command};

fn card(criterion: &mut Criterion) {
    let folder = stored();
    let mut group = criterion.benchmark_group("card 3000x5040");
    group.sample_size(20);
    group.bench_function("process", |b| {
        b.iter(|| {
            let output = Command::new(env!("CARGO_BIN_EXE_decile"))
                .args(["run", "-e", CARD, "--data"])
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
            let strategy = Strategy::parse(CARD).expect("it parses");
            black_box(
                strategy.compile(&market).expect("it checks").run().expect("it runs").runs().len(),
            )
        });
    });
    group.finish();
}

criterion_group!(benches, card);
criterion_main!(benches);
