//! Whole books against the plain ones of `docs/validation/accounting/make.py`: the same files, strategies as text, and
//! the net asset value of every day.

use decile::{
    Market, Strategy,
    backtest::{Cause, Track},
    panel::MarketData,
};
use serde_json::Value as Json;
use std::{fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/validation/accounting")
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// Where two lines are first further apart than a share of the first of them.
fn first_difference(found: &[f64], expected: &[f64], scale: &[f64]) -> Option<String> {
    let near = |i: &usize| (found[*i] - expected[*i]).abs() <= 1e-9 * scale[*i];
    let row = (0..expected.len()).find(|i| !near(i))?;
    Some(format!("row {row}: {} instead of {}", found[row], expected[row]))
}

fn differences(name: &str, track: &Track, reference: &Json, start: &str) -> Vec<String> {
    let mut out = vec![];
    let mut say = |what: &str, text: Option<String>| {
        out.extend(text.map(|text| format!("{name}, {what}: {text}")));
    };
    if start != reference["start"] {
        say("start", Some(format!("{start} instead of {}", reference["start"])));
    }
    let nav = numbers(&reference["nav"]);
    if nav.len() != track.nav.len() {
        say("rows", Some(format!("{} instead of {}", track.nav.len(), nav.len())));
        return out;
    }
    let decisions = track.rebalances.len() as u64;
    if reference["decisions"] != decisions {
        say("decisions", Some(format!("{decisions} instead of {}", reference["decisions"])));
    }
    say("net asset value", first_difference(&track.nav, &nav, &nav));
    say("cash", first_difference(&track.cash, &numbers(&reference["cash"]), &nav));
    let capital = track.capital;
    for cause in Cause::ALL {
        let (found, expected) = (track.ledger.total(*cause), &reference["causes"][cause.name()]);
        let expected = expected.as_f64().expect("every cause is there");
        say(cause.name(), first_difference(&[found], &[expected], &[capital]));
    }
    out
}

/// The tracks of the strategies of a folder on a market, each beside its entry of a reference.
fn each(
    market: &str,
    strategies: &str,
    reference: &str,
    mut see: impl FnMut(&str, &Track, &Json, &str),
) {
    let market = Market::open(folder().join(market)).unwrap_or_else(|e| panic!("{e}"));
    let text = fs::read_to_string(folder().join(reference)).expect("it is in the tree");
    let reference: Json = serde_json::from_str(&text).expect("it is JSON");
    for (name, reference) in reference.as_object().expect("by strategy") {
        let path = folder().join(strategies).join(format!("{name}.decile"));
        let strategy = Strategy::open(&path).unwrap_or_else(|e| panic!("{e}"));
        let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
        let results = compiled.run().unwrap_or_else(|e| panic!("{name}: {e}"));
        let track = &results.runs()[0].track;
        let start = market.calendar().date(track.first).to_string();
        see(name, track, reference, &start);
    }
}

#[test]
fn books_equal_those_kept_the_plain_way() {
    let mut wrong = vec![];
    each("market", "strategies", "reference.json", |name, track, reference, start| {
        wrong.extend(differences(name, track, reference, start));
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn books_equal_those_of_bt_and_vectorbt() {
    let mut wrong = vec![];
    each("clean", "peers", "peers.json", |name, track, reference, start| {
        let nav = numbers(&reference["nav"]);
        if start != reference["start"] || nav.len() != track.nav.len() {
            wrong.push(format!("{name} starts on {start}, with {} rows", track.nav.len()));
        }
        let off = first_difference(&track.nav, &nav, &nav);
        wrong.extend(off.map(|text| format!("{name}: {text}")));
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
