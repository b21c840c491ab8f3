//! The views of a report, on a small market that is made up.

use crate::market::{Market, SPAN, Trial, assert_near, weekdays};
use decile::{
    backtest::{Track, benchmark, schedule::decision_rows},
    check::{Bound, BoundKind, BoundTarget, CashRate, PickCount},
    diagnostic::Code,
    panel::AssetId,
    report::{
        BenchmarkLine, Colors, FileOptions, Report, StrategyRun, to_json, to_summary_json, to_text,
        write_files,
    },
};
use ndarray::Array2;
use std::fs;

const SYMBOLS: [&str; 9] = ["ANT", "BEE", "CAT", "DOG", "ELK", "FOX", "GNU", "HEN", "SPY"];
const ROWS: usize = 900;

/// Prices that wander and fall together in the middle; one asset stops trading, one misses days.
fn market() -> Market {
    let mut state = 12345u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / f64::from(1u32 << 31) - 0.5
    };
    let mut close = Array2::zeros((ROWS, SYMBOLS.len()));
    let mut price = [30.0; SYMBOLS.len()];
    for row in 0..ROWS {
        let drift = if (400..460).contains(&row) { -0.006 } else { 0.0008 };
        let common = drift + 0.02 * random();
        for asset in 0..SYMBOLS.len() {
            price[asset] *= 1.0 + common + if asset == 8 { 0.0 } else { 0.03 * random() };
            let gone = (asset == 3 && row > 600) || (asset == 5 && row % 97 == 64);
            close[[row, asset]] = if gone { f64::NAN } else { price[asset] };
        }
    }
    let mut market = Market::new(&SYMBOLS, weekdays("2015-01-01", ROWS), close);
    market.notes.push("The market is made up: no figure says anything about the world.".into());
    market
}

fn momentum(market: &Market, lookback: usize) -> Array2<f64> {
    Array2::from_shape_fn((ROWS, SYMBOLS.len()), |(row, asset)| {
        let before = row.checked_sub(lookback).map_or(f64::NAN, |r| market.close[[r, asset]]);
        market.close[[row, asset]] / before
    })
}

fn trial<'a>(market: &'a Market, lookback: usize, cap: Option<f64>) -> Trial<'a> {
    let mut trial = Trial::new(market, &[]);
    let last = ROWS as u32 - 1;
    trial.decisions = decision_rows(&trial.policy.schedule, &market.calendar, 0, last);
    let mut held = market.close.mapv(|c| f64::from(u8::from(!c.is_nan())));
    held.column_mut(8).fill(0.0);
    trial.policy.universe = trial.signal(held.clone());
    let filter = trial.signal(market.close.mapv(|c| f64::from(u8::from(c > 20.0))));
    trial.policy.filters.push((filter, "close > 20".to_owned()));
    held.zip_mut_with(&market.close, |h, c| *h *= f64::from(u8::from(*c > 20.0)));
    trial.policy.eligible = trial.signal(held);
    trial.policy.pick.by = Some(trial.signal(momentum(market, lookback)));
    trial.policy.pick.count = PickCount::Top(3);
    trial.policy.costs.proportional = cap.map(|_| 0.001);
    trial.policy.cash = CashRate::Constant(0.01);
    trial.policy.capital = 1_000_000.0;
    trial.policy.bounds.extend(cap.map(|amount| Bound {
        kind: BoundKind::Cap,
        target: BoundTarget::Position,
        labels: Default::default(),
        amount,
        else_cash: true,
        active: false,
        text: "cap position 30% else cash".to_owned(),
        span: SPAN,
    }));
    trial
}

fn spy(market: &Market, track: &Track) -> BenchmarkLine {
    let values = benchmark::of_asset(market, AssetId(8), track.first, track.last(), track.capital);
    BenchmarkLine { name: "SPY".to_owned(), values, is_strategy: false, targets: vec![] }
}

/// Calls `see` with a report on two strategies and a benchmark.
fn with_report(see: impl FnOnce(&Report<'_>)) {
    let market = market();
    let (short, long) = (trial(&market, 21, None), trial(&market, 126, Some(0.3)));
    let tracks = [short.run(), long.run()];
    let runs = [
        StrategyRun {
            name: "short_momentum",
            policy: &short.policy,
            track: &tracks[0],
            benchmark: Some(spy(&market, &tracks[0])),
            risk_free: None,
            factors: &[],
        },
        StrategyRun {
            name: "long_momentum",
            policy: &long.policy,
            track: &tracks[1],
            benchmark: Some(spy(&market, &tracks[1])),
            risk_free: None,
            factors: &[],
        },
    ];
    see(&Report::new(&market, &runs));
}

macro_rules! assert_snapshot {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

#[test]
fn several_strategies_beside_a_benchmark() {
    with_report(|report| {
        let text = to_text(report, Colors::No);
        assert!(text.lines().all(|l| l.chars().count() <= 100), "a line is too wide");
        assert_snapshot!("several", text);
        let colored = to_text(report, Colors::Yes);
        assert!(colored.contains("\x1b[31m-") && !text.contains('\x1b'));
        // Colours change nothing else.
        let codes = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m"];
        let plain = codes.iter().fold(colored, |text, code| text.replace(code, ""));
        assert_eq!(plain, text);
    });
}

#[test]
fn the_risk_free_rate_is_the_one_known_on_the_row_before() {
    let market = market();
    let mut trial = trial(&market, 63, None);
    trial.policy.cash = CashRate::Constant(0.0);
    let track = trial.run();
    // Known only on every other row: the last known one holds.
    let rate = |row: usize| if row.is_multiple_of(2) { 0.03 } else { f64::NAN };
    let rates: Vec<f64> = (0..ROWS).map(rate).collect();
    let run = |risk_free| StrategyRun {
        name: "momentum",
        policy: &trial.policy,
        track: &track,
        benchmark: None,
        risk_free,
        factors: &[],
    };
    let runs = [run(None), run(Some(&rates[..]))];
    let report = Report::new(&market, &runs);
    let number = |i: usize, name: &str| report.columns[i].metric(name).number().unwrap();
    let lost = 0.03 / number(0, "volatility");
    assert_near(number(1, "sharpe"), number(0, "sharpe") - lost, 1e-3);
    assert_eq!(number(1, "volatility"), number(0, "volatility"));
    let note = |text: &str| report.notes.iter().any(|n| n.contains(text));
    assert!(note("No risk-free rate"));
}

#[test]
fn a_benchmark_without_all_prices_says_so() {
    let mut market = market();
    let missing = ndarray::s![..200, 8];
    market.close.slice_mut(missing).fill(f64::NAN);
    market.total_return.slice_mut(missing).fill(f64::NAN);
    let trial = trial(&market, 63, None);
    let track = trial.run();
    let runs = [StrategyRun {
        name: "momentum",
        policy: &trial.policy,
        track: &track,
        benchmark: Some(spy(&market, &track)),
        risk_free: None,
        factors: &[],
    }];
    let report = Report::new(&market, &runs);
    let first = market.calendar.date(200);
    assert_eq!(report.columns[1].record.dates[0], first);
    let note = format!("SPY has prices from {first} to 2018-06-13 only");
    assert!(report.notes.iter().any(|n| n.starts_with(&note)), "{:?}", report.notes);
    assert!(report.columns[0].metric("beta").number().is_some_and(|b| b > 0.5));
}

#[test]
fn one_strategy_alone() {
    let market = market();
    let trial = trial(&market, 63, None);
    let track = trial.run();
    let runs = [StrategyRun {
        name: "momentum",
        policy: &trial.policy,
        track: &track,
        benchmark: None,
        risk_free: None,
        factors: &[],
    }];
    assert_snapshot!("alone", to_text(&Report::new(&market, &runs), Colors::No));
}

#[test]
fn many_strategies_do_not_grow_wide() {
    let market = market();
    let trial = trial(&market, 63, None);
    let track = trial.run();
    let names: Vec<String> = (0..9).map(|i| format!("a_strategy_with_a_long_name_{i}")).collect();
    let runs: Vec<StrategyRun<'_>> = names
        .iter()
        .map(|name| StrategyRun {
            name,
            policy: &trial.policy,
            track: &track,
            benchmark: None,
            risk_free: None,
            factors: &[],
        })
        .collect();
    let text = to_text(&Report::new(&market, &runs), Colors::No);
    assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    assert_eq!(text.matches("Sharpe ratio").count(), 3);
}

#[test]
fn json_holds_what_the_text_shows_and_more() {
    with_report(|report| {
        let summary = to_summary_json(report);
        assert_snapshot!("summary", serde_json::to_string_pretty(&summary["results"][2]).unwrap());
        let full = to_json(report);
        let first = &full["results"][0];
        assert_eq!(first["metrics"], summary["results"][0]["metrics"]);
        assert_eq!(
            first["nav"].as_array().unwrap().len(),
            first["dates"].as_array().unwrap().len()
        );
        let weights = first["rebalances"][0]["weights"].as_object().unwrap();
        let total: f64 = weights.values().map(|w| w.as_f64().unwrap()).sum();
        assert!((total - 1.0).abs() < 1e-12);
        assert_eq!(first["delistings"][0]["symbol"], "DOG");
        assert!(
            full["results"][1]["rebalances"][0]["binding"][0]["bound"]
                .as_str()
                .unwrap()
                .starts_with("cap position")
        );
    });
}

#[test]
fn files_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/results");
    with_report(|report| {
        write_files(report, &out, FileOptions::default())
            .unwrap_or_else(|d| panic!("{}", d.message))
    });
    let head = |name: &str| {
        let text = fs::read_to_string(out.join(name)).unwrap();
        text.lines().take(4).collect::<Vec<_>>().join("\n")
    };
    let heads = ["nav.csv", "holdings.csv", "trades.csv", "ledger.csv", "contributions.csv"]
        .map(head)
        .join("\n\n");
    assert_snapshot!("files", heads);
    assert!(head("summary.json").starts_with("{\n  \"market\""));

    // Again, over what is there, beside something else.
    fs::write(out.join("mine.txt"), "kept").unwrap();
    fs::write(out.join("nav.csv"), "old").unwrap();
    with_report(|report| {
        write_files(report, &out, FileOptions::default())
            .unwrap_or_else(|d| panic!("{}", d.message))
    });
    assert!(head("nav.csv").starts_with("date,short_momentum"));
    assert_eq!(fs::read_to_string(out.join("mine.txt")).unwrap(), "kept");
    assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    for out in [file.clone(), file.join("below"), file.join("far/below")] {
        with_report(|report| {
            let error =
                write_files(report, &out, FileOptions::default()).expect_err("it is a file");
            assert_eq!(error.code, Code::OutputFolder);
            assert!(error.message.starts_with("the results cannot be written to "));
        });
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["file"]);
}
