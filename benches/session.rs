//! Answers of a conversation on a stored market of 3,000 assets × 20 years: an expression for one date, its change, and
//! backtests of a strategy that changes.

mod market;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use decile::{Market, report::Colors, session::Session};
use market::{CARD, stored};
use std::hint::black_box;

/// A conversation in which something was said.
fn after(said: &[&str]) -> Session {
    let market = Market::open(stored()).expect("it is stored");
    let mut session = Session::new(market, Colors::No);
    for line in said {
        session.enter(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    }
    session
}

fn session(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("session 3000x5040");
    group.sample_size(20);
    let alpha = "-1 * ts_corr(rank(open), rank(volume), 10) * rank(ts_std(return(1d), 252))";
    let cases: &[(&str, &[&str], &str)] = &[
        ("an expression", &[], "rank(momentum)"),
        ("windows within windows", &[], alpha),
        ("the same again", &[alpha], alpha),
        ("run", &[CARD], "run"),
        ("run after another cap", &[CARD, "run", "cap sector 30%"], "run"),
        (
            "run after another score",
            &[CARD, "run", "select top 50 by rank(value) + 2 * rank(momentum)"],
            "run",
        ),
        ("run after a new factor", &[CARD, "run", "select top 50 by rank(-volatility)"], "run"),
    ];
    for (name, said, line) in cases {
        group.bench_function(*name, |b| {
            // Each from the same state; a clone shares what is kept, so that each has a market and values of its own.
            b.iter_batched_ref(
                || after(said),
                |session| black_box(session.enter(line).map(|r| r.text.len())),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, session);
criterion_main!(benches);
