//! Covariances and portfolios against figures of independent implementations: `tests/golden/construction.py`.

use decile::{
    Strategy,
    check::CovarianceMethod,
    data::Market,
    panel::{Date, from_days},
    portfolio::{
        Target,
        program::{Program, Source},
        risk::{Covariance, estimate},
    },
};
use ndarray::{Array3, s};
use ndarray_npy::ReadNpyExt;
use serde::Deserialize;
use std::{collections::BTreeMap, fs::File, path::PathBuf};

const ASSETS: usize = 12;
const WINDOW: usize = 120;
const AT: usize = 130;

/// How near weights must be where they are the only optimum.
const WEIGHTS: f64 = 1e-6;

/// How near what is made best must be where they are not.
const OBJECTIVE: f64 = 1e-8;

#[derive(Deserialize)]
struct Figures {
    covariances: BTreeMap<String, Vec<f64>>,
    few: BTreeMap<String, Vec<f64>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    clauses: String,
    weights: Vec<f64>,
    /// The row of the decision.
    row: u32,
    /// `cvar`: the mean loss of the worst 10% is compared; `near`: the other solver stops earlier.
    objective: Option<String>,
}

fn file(name: &str) -> File {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn figures() -> Figures {
    serde_json::from_reader(file("construction.json")).expect("the script wrote it")
}

fn inputs() -> Array3<f64> {
    Array3::read_npy(file("construction.inputs.npy")).expect("the script wrote three axes")
}

fn weekdays(count: usize) -> Vec<Date> {
    let weekday = |day: &i32| (day + 3).rem_euclid(7) < 5;
    (17_532..).filter(weekday).take(count).map(|d| from_days(d).expect("a date")).collect()
}

fn market() -> Market {
    let inputs = inputs();
    let symbols: Vec<String> = (0..ASSETS).map(|a| format!("A{a:02}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let field = |i: usize| inputs.slice(s![i, .., ..]).iter().copied().collect::<Vec<f64>>();
    let sectors: Vec<&str> = (0..ASSETS).map(|a| ["a", "b", "c"][a % 3]).collect();
    Market::from_parts(weekdays(inputs.dim().1), &symbols)
        .panel("close", &field(0))
        .panel("expected", &field(1))
        .panel("x", &field(2))
        .panel("market_cap", &field(3))
        .panel("volume", &field(4))
        .label("sector", &sectors)
        .build()
}

/// The returns of the window, by row, then asset.
fn returns() -> Vec<f64> {
    let inputs = inputs();
    let close = |row: usize, asset: usize| inputs[[0, row, asset]];
    let rows = AT - WINDOW + 1..=AT;
    rows.flat_map(|r| (0..ASSETS).map(move |a| (r, a)))
        .map(|(r, a)| close(r, a) / close(r - 1, a) - 1.0)
        .collect()
}

/// The text of a case as a strategy that decides at its row.
fn strategy(case: &Case) -> String {
    let from = weekdays(AT + 1)[AT];
    let has = |word: &str| case.clauses.contains(word);
    let mut text = format!("from {from} trade at next close sized at fill {}", case.clauses);
    if !has("select") {
        text.push_str(" select all");
    }
    if !has("rebalance") {
        text.push_str(" rebalance every 100d");
    }
    if !has("cash ") {
        text.push_str(" cash 0%");
    }
    text
}

fn targets(market: &Market, text: &str) -> Vec<Target> {
    let strategy = Strategy::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let compiled = strategy.compile(market).unwrap_or_else(|e| panic!("{text}: {e}"));
    let results = compiled.run().unwrap_or_else(|e| panic!("{text}: {e}"));
    results.runs()[0].track.rebalances.iter().map(|r| r.target.clone()).collect()
}

fn weights(target: &Target) -> Vec<f64> {
    let mut weights = vec![0.0; ASSETS];
    target.weights.iter().for_each(|(asset, weight)| weights[asset.0 as usize] = *weight);
    weights
}

fn mean_of_worst(weights: &[f64], returns: &[f64]) -> f64 {
    let rows = returns.chunks_exact(ASSETS);
    let mut losses: Vec<f64> =
        rows.map(|r| -r.iter().zip(weights).map(|(r, w)| r * w).sum::<f64>()).collect();
    losses.sort_by(|a, b| b.total_cmp(a));
    losses[..WINDOW / 10].iter().sum::<f64>() / (WINDOW / 10) as f64
}

fn method(name: &str) -> CovarianceMethod {
    match name {
        "sample" => CovarianceMethod::Sample,
        "ledoit_wolf" => CovarianceMethod::LedoitWolf,
        "ledoit_wolf(constant_correlation)" => CovarianceMethod::LedoitWolfConstantCorrelation,
        "ewma(30d)" => CovarianceMethod::Ewma { halflife: 30.0 },
        _ => CovarianceMethod::Factor(3),
    }
}

#[test]
fn covariances() {
    let (figures, returns) = (figures(), returns());
    let few = &returns[(WINDOW - 9) * ASSETS..];
    for (all, returns, rows) in
        [(&figures.covariances, &returns[..], WINDOW), (&figures.few, few, 9)]
    {
        for (name, expected) in all {
            let found = estimate(method(name), returns, rows, ASSETS).dense();
            let scale = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
            for (f, e) in found.iter().zip(expected) {
                assert!((f - e).abs() <= 1e-12 * scale, "{name} of {rows} rows: {f} for {e}");
            }
        }
    }
}

#[test]
fn portfolios() {
    let (market, returns) = (market(), returns());
    let mut wrong = vec![];
    for case in figures().cases {
        let found = targets(&market, &strategy(&case)).into_iter().find(|t| t.row == case.row);
        let found = weights(&found.unwrap_or_else(|| panic!("{}: no decision", case.clauses)));
        let worst = found.iter().zip(&case.weights).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max);
        let (missed, most) = match case.objective.as_deref() {
            Some("cvar") => {
                let losses =
                    (mean_of_worst(&found, &returns), mean_of_worst(&case.weights, &returns));
                (losses.0 - losses.1, OBJECTIVE)
            }
            _ => (worst, WEIGHTS),
        };
        if missed > most {
            wrong.push(format!(
                "{}\n  misses by {missed:e}: {found:?}\n  expected {:?}",
                case.clauses, case.weights
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn first(market: &Market, clauses: &str) -> Vec<f64> {
    let case = Case { clauses: clauses.to_owned(), weights: vec![], row: 130, objective: None };
    weights(&targets(market, &strategy(&case))[0])
}

fn complaint(market: &Market, clauses: &str) -> String {
    let case = Case { clauses: clauses.to_owned(), weights: vec![], row: 130, objective: None };
    let strategy = Strategy::parse(&strategy(&case)).expect("it follows the grammar");
    match strategy.compile(market).and_then(|c| c.run().map(|_| ())) {
        Ok(()) => panic!("{clauses}: nothing to complain of"),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn caps_alone_are_the_same_by_the_solver() {
    let market = market();
    let caps = "weight market_cap cap position 15% cap sector 36% floor sector 30%";
    let exact = first(&market, caps);
    // A limit that never binds takes the way of the solver.
    let solved = first(&market, &format!("{caps} limit x between -100 and 100"));
    for (a, b) in exact.iter().zip(&solved) {
        assert!((a - b).abs() <= 1e-9, "{exact:?} {solved:?}");
    }
    let cash = "weight market_cap cap position 10% else cash";
    let exact = first(&market, cash);
    let solved = first(&market, &format!("{cash} limit x between -100 and 100"));
    for (a, b) in exact.iter().zip(&solved) {
        assert!((a - b).abs() <= 1e-9, "{exact:?} {solved:?}");
    }
}

#[test]
fn a_strategy_as_the_benchmark_is_what_it_holds() {
    let market = market();
    let text =
        |clauses: String| strategy(&Case { clauses, weights: vec![], row: 130, objective: None });
    let index = text("weight market_cap".to_owned());
    let run = |own: &str, benchmark: &str| {
        let own = text(format!("{own} benchmark {benchmark}"));
        let both = format!("strategy own {{ {own} }} strategy index {{ {index} }}");
        weights(&targets(&market, &both)[0])
    };
    for own in [
        "cap sector 2% active",
        "floor sector 1% active",
        "cap position 4% active",
        "weight min_variance(window: 120d, covariance: sample) limit tracking_error 3%",
        "weight track(window: 120d, covariance: sample) names between 5 and 8",
    ] {
        let (by_number, by_strategy) = (run(own, "market_cap"), run(own, "index"));
        for (a, b) in by_number.iter().zip(&by_strategy) {
            assert!((a - b).abs() <= 1e-9, "{own}: {by_number:?} {by_strategy:?}");
        }
    }
    // What a floor against the benchmark leaves: each sector within a point below it.
    let index = first(&market, "weight market_cap");
    let floored = first(&market, "floor sector 1% active benchmark market_cap");
    let plain = first(&market, "");
    let sector = |weights: &[f64], s: usize| -> f64 { weights.iter().skip(s).step_by(3).sum() };
    let short = |weights: &[f64]| {
        (0..3).map(|s| sector(&index, s) - sector(weights, s)).fold(f64::MIN, f64::max)
    };
    assert!(short(&plain) > 0.011, "{plain:?} {index:?}");
    assert!((short(&floored) - 0.01).abs() < 1e-9, "{floored:?} {index:?}");
}

#[test]
fn the_greatest_sharpe_ratio_does_not_depend_on_the_scale_of_returns() {
    let market = market();
    let one = first(&market, "weight max_sharpe(expected: expected, window: 120d)");
    let ten = first(&market, "weight max_sharpe(expected: 10 * expected, window: 120d)");
    for (a, b) in one.iter().zip(&ten) {
        assert!((a - b).abs() <= 1e-8, "{one:?} {ten:?}");
    }
}

#[test]
fn names_are_met_and_floors_kept() {
    let market = market();
    let weight = "weight min_variance(window: 120d, covariance: sample)";
    let held = |clauses: &str| first(&market, clauses).iter().filter(|w| **w > 0.0).count();
    assert_eq!(held(&format!("{weight} names between 3 and 4")), 4);
    assert_eq!(held(&format!("{weight} names between 10 and 12")), 10);
    let floored = first(&market, &format!("{weight} floor position 10%"));
    assert!(floored.iter().all(|w| *w == 0.0 || *w >= 0.1 - 1e-9), "{floored:?}");
    let volatile = first(&market, &format!("{weight} target volatility 5% window 60d"));
    assert!(volatile.iter().sum::<f64>() < 1.0);
}

#[test]
fn a_conflict_is_explained_by_the_constraints_that_make_it() {
    let market = market();
    let said = complaint(
        &market,
        "weight min_variance(window: 120d) cap position 5% cap sector 50% limit x between -9 and 9",
    );
    assert!(said.contains("`cap position 5%` allows at most 60% in 12 names"), "{said}");
    let said = complaint(
        &market,
        "weight equal cap position 15% cap sector 60% limit x between 0 and 9 limit expected between 0 and 1",
    );
    assert!(said.contains("cannot be met"), "{said}");
    assert!(
        said.contains("`cap position 15%` and `limit x between 0 and 9` cannot be met together"),
        "{said}"
    );
    // The two of them, each by what it would have to give, and nothing else.
    assert_eq!(said.matches("alone it would have to give").count(), 2, "{said}");
    let said = complaint(&market, "weight min_variance(window: 120d) limit volatility 1%");
    assert!(said.contains("`limit volatility 1%` cannot be met"), "{said}");
    let said = complaint(&market, "weight max_sharpe(expected: -expected, window: 120d)");
    assert!(said.contains("no portfolio that keeps the constraints"), "{said}");
}

#[test]
fn what_may_give_gives_by_the_least_that_is_enough() {
    let market = market();
    let case = Case {
        clauses: "weight min_variance(window: 120d) cap position 5% on infeasible relax position"
            .into(),
        weights: vec![],
        row: 130,
        objective: None,
    };
    let target = &targets(&market, &strategy(&case))[0];
    let most = weights(target).into_iter().fold(0.0, f64::max);
    assert!((most - 1.0 / 12.0).abs() < 1e-6, "{most}");
    assert_eq!(target.relaxed.len(), 1);
    assert!((target.relaxed[0].by - (1.0 / 12.0 - 0.05)).abs() < 1e-6);
    let kept = "weight min_variance(window: 120d) cap turnover 0.1% limit x between 0.2 and 9 \
                rebalance every 2d on infeasible relax x else keep holdings";
    let case = Case { clauses: kept.into(), ..case };
    let targets = targets(&market, &strategy(&case));
    assert!(targets.len() > 2);
}

#[test]
fn what_bound_is_recorded_with_its_price() {
    let market = market();
    let weight = "weight min_variance(window: 120d, covariance: sample)";
    let bound = |cap: f64| {
        let clauses = format!("{weight} cap position {cap}%");
        let case = Case { clauses, weights: vec![], row: 130, objective: None };
        targets(&market, &strategy(&case))[0].clone()
    };
    let (tight, loose) = (bound(15.0), bound(15.1));
    let price = tight.binding[0].price.expect("it binds");
    let half = |t: &Target| {
        let estimate = t.estimate.expect("there is a risk model");
        estimate.volatility * estimate.volatility / 2.0
    };
    // Half the variance falls by the price for each unit of the cap.
    let fell = (half(&tight) - half(&loose)) / 0.001;
    assert!((fell / price - 1.0).abs() < 0.02, "{fell} {price}");
}

#[test]
fn prices_in_closed_form_are_those_of_the_solver() {
    let market = market();
    for caps in ["cap position 15% cap sector 36%", "cap position 12%", "floor sector 30%"] {
        let prices = |more: &str| -> Vec<(usize, f64)> {
            let clauses = format!("weight market_cap {caps} {more}");
            let case = Case { clauses, weights: vec![], row: 130, objective: None };
            let target = &targets(&market, &strategy(&case))[0];
            let binding = target.binding.iter();
            binding.map(|b| (b.bound, b.price.expect("it has a price"))).collect()
        };
        let (exact, solved) = (prices(""), prices("limit x between -100 and 100"));
        assert!(!exact.is_empty(), "{caps}");
        assert_eq!(exact.len(), solved.len(), "{caps}: {exact:?} {solved:?}");
        for (a, b) in exact.iter().zip(&solved) {
            assert!(
                a.0 == b.0 && (a.1 - b.1).abs() <= 1e-7 * (1.0 + b.1),
                "{caps}: {exact:?} {solved:?}"
            );
        }
    }
}

#[test]
fn two_equal_assets_and_one_that_never_moves() {
    let inputs = inputs();
    let rows = inputs.dim().1;
    let close =
        |r: usize| [inputs[[0, r, 0]], inputs[[0, r, 0]], inputs[[0, r, 1]], inputs[[0, r, 2]]];
    let values: Vec<f64> = (0..rows).flat_map(close).collect();
    let market =
        Market::from_parts(weekdays(rows), &["A", "B", "C", "D"]).panel("close", &values).build();
    let from = weekdays(AT + 1)[AT];
    let text = format!(
        "from {from} select all weight min_variance(window: 120d, covariance: sample) cap position 45% rebalance every 100d"
    );
    let target = &targets(&market, &text)[0];
    assert!((target.weights.iter().map(|w| w.1).sum::<f64>() - 1.0).abs() < 1e-12);
    let of = |i: u32| target.weights.iter().find(|w| w.0.0 == i).map_or(0.0, |w| w.1);
    assert!((of(0) - of(1)).abs() < 1e-6, "{:?}", target.weights);
    let flat: Vec<f64> = (0..rows).flat_map(|r| [inputs[[0, r, 0]], 10.0]).collect();
    let market = Market::from_parts(weekdays(rows), &["A", "B"]).panel("close", &flat).build();
    let text = format!(
        "from {from} select all weight min_variance(window: 120d, covariance: sample) rebalance every 100d"
    );
    let target = &targets(&market, &text)[0];
    assert!((target.weights.iter().map(|w| w.1).sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn a_long_short_book_balances_and_a_strategy_of_strategies_follows() {
    let market = market();
    let from = weekdays(AT + 1)[20];
    let neutral = format!(
        "from {from} select top 4 by x short bottom 4 by x weight equal rebalance every 10d cost 10bps"
    );
    let strategy = Strategy::parse(&neutral).expect("it follows the grammar");
    let compiled = strategy.compile(&market).expect("it is right");
    let results = compiled.run().expect("it runs");
    let target = &results.runs()[0].track.rebalances[0].target;
    assert!(target.invested().abs() < 1e-12);
    assert_eq!(target.weights.iter().filter(|w| w.1 < 0.0).count(), 4);
    // The proceeds of what is sold lie in cash.
    assert!(results.runs()[0].track.cash[3] > 900_000.0);

    let held = format!(
        "from {from} rebalance every 10d \
         strategy a {{ select top 4 by x }} strategy b {{ select bottom 4 by x }} \
         strategy both {{ hold a 60%, b 30%, \"A05\" 10% }}"
    );
    let strategy = Strategy::parse(&held).expect("it follows the grammar");
    let compiled = strategy.compile(&market).expect("it is right");
    let results = compiled.run().expect("it runs");
    let runs = results.runs();
    let target = &runs[2].track.rebalances[0].target;
    assert!((target.invested() - 1.0).abs() < 1e-12);
    let best = runs[0].track.rebalances[0].target.weights[0].0;
    let share = target.weights.iter().find(|w| w.0 == best).expect("it is held").1;
    assert!((share - 0.15).abs() < 1e-12 || (share - 0.25).abs() < 1e-12, "{share}");
    let circle =
        Strategy::parse("strategy a { hold b 50% } strategy b { hold a 50% }").expect("grammar");
    let said = circle.compile(&market).map(|_| ()).expect_err("a circle").to_string();
    assert!(said.contains("needs itself"), "{said}");
}

#[test]
fn the_shipped_strategies_run() {
    let market = Market::sample();
    for name in ["min_variance", "risk_parity", "max_sharpe", "long_130_30", "sector_neutral"] {
        let path = format!("{}/strategies/{name}.decile", env!("CARGO_MANIFEST_DIR"));
        let strategy = Strategy::open(&path).unwrap_or_else(|e| panic!("{e}"));
        let from = "2018-01-01".parse().ok();
        let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
        let results = compiled.between(from, None).run().unwrap_or_else(|e| panic!("{name}: {e}"));
        for target in results.runs()[0].track.rebalances.iter().map(|r| &r.target) {
            assert!(target.weights.iter().all(|w| w.1.is_finite()));
            assert!(target.weights.len() > 10, "{name}: {}", target.weights.len());
        }
    }
}

/// Needs the exchange-traded funds of `docs/validation/markets`: `DECILE_DATA_ROOT` names the folder of the data sets.
#[test]
#[expect(clippy::print_stdout, reason = "a test that is left out says so")]
fn sixty_forty_runs_on_real_funds() {
    let Some(root) = std::env::var_os("DECILE_DATA_ROOT") else {
        println!("skipped: DECILE_DATA_ROOT does not name the folder with the data sets");
        return;
    };
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("docs/validation/markets/us_etf");
    let root = PathBuf::from(root);
    let options = decile::data::Options { root: Some(&root), ..decile::data::Options::default() };
    let market = Market::open_with(&folder, options).unwrap_or_else(|e| panic!("{e}"));
    let path = here.join("strategies/etf/sixty_forty.decile");
    let strategy = Strategy::open(&path).unwrap_or_else(|e| panic!("{e}"));
    let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
    let results = compiled.run().unwrap_or_else(|e| panic!("{e}"));
    for target in results.runs()[0].track.rebalances.iter().map(|r| &r.target) {
        assert_eq!(target.weights.iter().map(|w| w.1).collect::<Vec<_>>().len(), 2);
        assert!((target.invested() - 1.0).abs() < 1e-12);
    }
}

/// A number between zero and one, of a fixed sequence that looks like chance (Park and Miller).
fn chance(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    }
}

#[test]
fn ten_thousand_assets_keep_the_conditions_of_the_optimum() {
    const MANY: usize = 10_000;
    const CAP: f64 = 0.005;
    let mut next = chance(11);
    let loadings = (0..20 * MANY).map(|k| 0.01 * (next() - if k < MANY { -0.5 } else { 0.5 }));
    let covariance =
        Covariance::new(loadings.collect(), (0..MANY).map(|_| 1e-4 + 6e-4 * next()).collect());
    let mut program = Program::new(MANY);
    (program.covariance, program.risk) = (Some(&covariance), 1.0);
    program.row((0..MANY).map(|i| (i, 1.0)).collect(), 1.0, 1.0, Source::Budget);
    for i in 0..MANY {
        program.row(vec![(i, 1.0)], 0.0, CAP, Source::Rule(0));
    }
    let weights = program.solve().expect("there is an optimum").values;
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(weights.iter().all(|w| (0.0..=CAP).contains(w)));
    // Of two assets that may both change none is better than the other; what is at a bound would rather be beyond it.
    let slopes = covariance.times(&weights);
    let between = |i: &usize| weights[*i] > 0.0 && weights[*i] < CAP;
    let open: Vec<f64> = (0..MANY).filter(between).map(|i| slopes[i]).collect();
    assert!(open.len() > 20, "{}", open.len());
    let price = open.iter().sum::<f64>() / open.len() as f64;
    let near = 1e-9 * price;
    assert!(open.iter().all(|slope| (slope - price).abs() <= near));
    for (weight, slope) in weights.iter().zip(&slopes) {
        assert!(*weight > 0.0 || *slope >= price - near);
        assert!(*weight < CAP || *slope <= price + near);
    }
    assert!(weights.contains(&0.0) && weights.contains(&CAP));
}
