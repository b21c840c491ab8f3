//! Who is picked, and with which weights.

use crate::market::{Market, SPAN, Trial, assert_near, weekdays};
use decile::{
    check::{Condition, PickCount, Weight},
    portfolio::{Decision, Incumbents, Picked, Standing, Target, construct, select},
};
use ndarray::Array2;

const SYMBOLS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

fn market() -> Market {
    Market::new(&SYMBOLS, weekdays("2020-01-01", 2), Array2::from_elem((2, 6), 10.0))
}

fn decision<'a>(strategy: &'a Trial<'_>) -> Decision<'a> {
    let Trial { market, policy, signals, .. } = strategy;
    Decision { market: *market, policy, signals, row: 0 }
}

/// The symbols of the picked, best first.
fn picked(strategy: &Trial<'_>, held: &str) -> String {
    let holds: Vec<usize> = (0..6).filter(|a| held.contains(SYMBOLS[*a])).collect();
    let picked =
        select(decision(strategy), Incumbents { held: &holds, ..Incumbents::default() }).picked;
    picked.iter().map(|p: &Picked| SYMBOLS[p.asset]).collect()
}

fn scored<'a>(market: &'a Market, scores: &[f64; 6], count: PickCount) -> Trial<'a> {
    let mut strategy = Trial::new(market, &[0]);
    strategy.policy.pick.by = Some(strategy.constant(scores));
    strategy.policy.pick.count = count;
    strategy
}

const UP: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

#[test]
fn counts_shares_and_quantiles() {
    let market = market();
    let pick = |count| picked(&scored(&market, &UP, count), "");
    assert_eq!(pick(PickCount::Top(2)), "FE");
    assert_eq!(pick(PickCount::Bottom(2)), "AB");
    assert_eq!(pick(PickCount::TopShare(0.34)), "FED");
    assert_eq!(pick(PickCount::BottomShare(0.5)), "ABC");
    assert_eq!(pick(PickCount::All), "FEDCBA");
    assert_eq!(pick(PickCount::Quantile { number: 3, of: 3 }), "FE");
    assert_eq!(pick(PickCount::Quantile { number: 1, of: 3 }), "BA");
    assert_eq!(pick(PickCount::Top(9)), "FEDCBA");
}

#[test]
fn a_share_of_a_whole_number_is_not_rounded_up() {
    let symbols: Vec<String> = (0..100).map(|i| format!("S{i:02}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let market = Market::new(&symbols, weekdays("2020-01-01", 2), Array2::from_elem((2, 100), 1.0));
    let mut strategy = Trial::new(&market, &[0]);
    strategy.policy.pick.count = PickCount::TopShare(0.07);
    assert_eq!(select(decision(&strategy), Incumbents::default()).picked.len(), 7);
}

#[test]
fn ties_go_to_what_is_held_then_to_the_symbol() {
    let market = market();
    let strategy = scored(&market, &[1.0, 1.0, 1.0, 1.0, 0.0, -0.0], PickCount::Top(2));
    assert_eq!(picked(&strategy, ""), "AB");
    assert_eq!(picked(&strategy, "D"), "DA");
    assert_eq!(picked(&strategy, "F"), "AB");
    let bottom = scored(&market, &[1.0, 1.0, 1.0, 1.0, 0.0, -0.0], PickCount::Bottom(1));
    assert_eq!(picked(&bottom, "F"), "F");
}

#[test]
fn a_buffer_keeps_holdings_until_their_place_is_behind_it() {
    let market = market();
    let mut strategy = scored(&market, &UP, PickCount::Top(2));
    strategy.policy.pick.keep_until_place = Some(4);
    // C (place 4) stays, the best that is left fills the other place.
    assert_eq!(picked(&strategy, "C"), "FC");
    assert_eq!(picked(&strategy, "CD"), "DC");
    // B (place 5) goes.
    assert_eq!(picked(&strategy, "BC"), "FC");
    // More holdings than places: the best of them stay.
    assert_eq!(picked(&strategy, "CDE"), "ED");
}

#[test]
fn groups() {
    let market = market();
    let mut strategy = scored(&market, &UP, PickCount::Top(1));
    // A, B, C are in group 0; D in 1; E and F have no label and are one group.
    let groups = strategy.constant(&[0.0, 0.0, 0.0, 1.0, f64::NAN, f64::NAN]);
    strategy.policy.pick.per = Some(groups);
    assert_eq!(picked(&strategy, ""), "FDC");
    strategy.policy.pick.per = None;
    strategy.policy.pick.count = PickCount::Top(4);
    strategy.policy.pick.at_most = Some((1, groups));
    assert_eq!(picked(&strategy, ""), "FDC");
    strategy.policy.pick.at_most = Some((2, groups));
    assert_eq!(picked(&strategy, ""), "FEDC");
    strategy.policy.pick.per = Some(groups);
    strategy.policy.pick.at_most = None;
    strategy.policy.pick.count = PickCount::TopShare(0.5);
    assert_eq!(picked(&strategy, ""), "FDCB");
}

#[test]
fn the_funnel_counts_every_stage() {
    let mut market = market();
    market.close[[0, 5]] = f64::NAN;
    let scores = [f64::NAN, 2.0, 3.0, 4.0, 5.0, 6.0];
    let mut strategy = scored(&market, &scores, PickCount::Top(2));
    let filters = [[1.0, 1.0, 1.0, 1.0, f64::NAN, 1.0], [1.0, 1.0, 0.0, 1.0, 1.0, 1.0]];
    for filter in filters {
        let id = strategy.constant(&filter);
        strategy.policy.filters.push((id, String::new()));
    }
    strategy.policy.universe = strategy.constant(&[1.0; 6]);
    strategy.policy.eligible = strategy.constant(&[1.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    let weights = strategy.constant(&[1.0, f64::NAN, 1.0, 3.0, 1.0, 1.0]);
    strategy.policy.weight = Weight::By(weights, SPAN);
    let target = construct(decision(&strategy), Standing::default()).expect("feasible");
    let funnel = &target.funnel;
    assert_eq!(funnel.filters, [5, 4]);
    let counts = (funnel.universe, funnel.eligible, funnel.scored, funnel.picked);
    assert_eq!(counts, (6, 3, 2, 2));
    assert_eq!((funnel.without_weight, funnel.held, funnel.asked), (1, 1, Some(2)));
}

fn weights(strategy: &Trial<'_>) -> Vec<f64> {
    let target: Target = construct(decision(strategy), Standing::default())
        .unwrap_or_else(|d| panic!("{}", d.message));
    target.weights.iter().map(|w| w.1).collect()
}

#[test]
fn methods_of_weighing() {
    let market = market();
    let mut strategy = scored(&market, &UP, PickCount::Top(3));
    assert_eq!(weights(&strategy), [1.0 / 3.0; 3]);
    strategy.policy.weight = Weight::Rank;
    assert_eq!(weights(&strategy), [1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0]);
    strategy.policy.weight = Weight::Score(SPAN);
    for (found, expected) in weights(&strategy).iter().zip([4.0, 5.0, 6.0]) {
        assert_near(*found, expected / 15.0, 1e-14);
    }
    let volatility = strategy.constant(&[0.0, 0.0, 0.0, 0.1, 0.2, 0.4]);
    strategy.policy.weight = Weight::InverseVolatility(volatility, SPAN);
    for (found, expected) in weights(&strategy).iter().zip([4.0, 2.0, 1.0]) {
        assert_near(*found, expected / 7.0, 1e-14);
    }
    let zero = strategy.constant(&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    strategy.policy.weight = Weight::By(zero, SPAN);
    assert_eq!(weights(&strategy), [0.5, 0.5]);
}

#[test]
fn weights_that_cannot_be_made_are_errors() {
    let market = market();
    let message = |strategy: &Trial<'_>| {
        construct(decision(strategy), Standing::default()).expect_err("no weights").message
    };
    let mut strategy = scored(&market, &[1.0, 2.0, 3.0, -4.0, -5.0, 6.0], PickCount::Bottom(2));
    strategy.policy.weight = Weight::Score(SPAN);
    assert_eq!(
        message(&strategy),
        "`weight score` needs scores above zero, but that of E on 2020-01-01 is -5.000000"
    );
    let negative = strategy.constant(&[-1.0; 6]);
    strategy.policy.weight = Weight::By(negative, SPAN);
    assert_eq!(
        message(&strategy),
        "weights are made of numbers not below zero, but that of E on 2020-01-01 is -1.000000"
    );
    let missing = strategy.constant(&[0.0, 0.0, 0.0, 0.0, f64::NAN, 0.0]);
    strategy.policy.weight = Weight::By(missing, SPAN);
    assert_eq!(
        message(&strategy),
        "on 2020-01-01 none of the 2 assets picked has a weight: 1 missing, 1 zero"
    );
}

#[test]
fn holdings_stay_as_they_may() {
    let market = market();
    let scored = || scored(&market, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], PickCount::Top(3));
    let picked = |strategy: &Trial<'_>, book: Incumbents<'_>| -> String {
        let picked = select(decision(strategy), book).picked;
        picked.iter().map(|p| market.schema.symbols[p.asset].as_str()).collect()
    };
    let held = Incumbents { held: &[0, 1, 2], ..Incumbents::default() };
    assert_eq!(picked(&scored(), held), "FED");
    // Of three that would leave by their places one may: the last of them.
    let mut replacing = scored();
    replacing.policy.pick.replace_at_most = Some(1);
    assert_eq!(picked(&replacing, held), "FCB");
    // One may leave.
    assert_eq!(picked(&replacing, Incumbents { held: &[2, 3], ..held }), "FED");
    // What has not been held long enough stays, whatever it scores.
    let mut young = scored();
    young.policy.pick.hold_at_least = 5;
    assert_eq!(picked(&young, Incumbents { bound: &[0], ..held }), "FEA");
    // What no condition of `keep until` releases stays.
    let mut keeping = scored();
    let never = Condition { steps: vec![], text: String::new(), span: SPAN };
    keeping.policy.pick.keep_until = vec![never];
    assert_eq!(picked(&keeping, Incumbents { released: &[1, 2], ..held }), "FEA");
    // What may not be picked is not, held or not.
    assert_eq!(picked(&scored(), Incumbents { barred: &[2, 5], ..held }), "EDB");
}
