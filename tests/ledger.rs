//! Laws of the ledger on random markets and strategies: every change of value has its cause, and the book of each day
//! can be told from its trades.

use decile::{
    Market, Strategy,
    backtest::{CAUSES, Cause, Track, daily},
    metric::Value,
    panel::{Date, MarketData},
    types::Basis,
};
use proptest::{
    prelude::{
        Just, ProptestConfig, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof,
        proptest,
    },
    sample::subsequence,
    strategy::Strategy as Strategy2,
    test_runner::RngSeed,
};

const ROWS: usize = 80;
const SYMBOLS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
const ASSETS: usize = SYMBOLS.len();

/// A market as plain values: what it is worth, how it is cut, what it pays.
#[derive(Debug, Clone)]
struct World {
    steps: Vec<f64>,
    gaps: Vec<bool>,
    ends: Vec<usize>,
    /// Asset, row, new shares for one old.
    splits: Vec<(usize, usize, f64)>,
    /// Asset, row, share of the price.
    dividends: Vec<(usize, usize, f64)>,
    volumes: Vec<f64>,
}

fn worlds() -> impl Strategy2<Value = World> {
    let cells = ROWS * ASSETS;
    let place = || (0..ASSETS, 1..ROWS);
    (
        prop::collection::vec(-0.08f64..0.08, cells),
        prop::collection::vec(prop::bool::weighted(0.04), cells),
        prop::collection::vec(prop_oneof![3 => Just(ROWS), 1 => 10usize..ROWS], ASSETS),
        prop::collection::vec((place(), prop_oneof![Just(2.0), Just(0.25), Just(1.5)]), 0..6),
        prop::collection::vec((place(), 0.0f64..1.3), 0..12),
        prop::collection::vec(0.0f64..5e4, cells),
    )
        .prop_map(|(steps, gaps, ends, splits, dividends, volumes)| World {
            steps,
            gaps,
            ends,
            splits: splits.into_iter().map(|((a, r), x)| (a, r, x)).collect(),
            dividends: dividends.into_iter().map(|((a, r), x)| (a, r, x)).collect(),
            volumes,
        })
}

fn dates() -> Vec<Date> {
    let mut day: Date = "2021-01-01".parse().expect("a date");
    let mut list = vec![];
    while list.len() < ROWS {
        if day.weekday().to_monday_zero_offset() < 5 {
            list.push(day);
        }
        day = day.tomorrow().expect("a next day");
    }
    list
}

impl World {
    fn market(&self) -> Market {
        let dates = dates();
        let mut close = vec![f64::NAN; ROWS * ASSETS];
        let mut splits = self.splits.clone();
        splits.sort_by_key(|(asset, row, _)| (*asset, *row));
        splits.dedup_by_key(|(asset, row, _)| (*asset, *row));
        let mut dividends = vec![];
        for asset in 0..ASSETS {
            let mut price = 50.0 + 7.0 * asset as f64;
            for row in 0..ROWS {
                let i = row * ASSETS + asset;
                price *= 1.0 + self.steps[i];
                let split = splits.iter().find(|s| (s.0, s.1) == (asset, row));
                price /= split.map_or(1.0, |s| s.2);
                let paid = self.dividends.iter().filter(|d| (d.0, d.1) == (asset, row));
                for (.., share) in paid {
                    dividends.push((SYMBOLS[asset], dates[row], share * price));
                    // What is paid is gone, as far as there is anything left.
                    price *= (1.0 - share).max(0.05);
                }
                let is_gone = self.gaps[i] && row > 0 || row >= self.ends[asset];
                close[i] = if is_gone { f64::NAN } else { price };
            }
        }
        let open: Vec<f64> =
            close.iter().zip(&self.steps).map(|(c, s)| c * (1.0 + s / 3.0)).collect();
        let splits: Vec<(&str, Date, f64)> =
            splits.iter().map(|(a, row, ratio)| (SYMBOLS[*a], dates[*row], *ratio)).collect();
        Market::from_parts(dates, &SYMBOLS)
            .basis(Basis::Raw)
            .panel("close", &close)
            .panel("open", &open)
            .panel("volume", &self.volumes)
            .splits(&splits)
            .dividends(&dividends)
            .build()
    }
}

/// Clauses of which a strategy has some; those of one list exclude each other.
const PICKS: &[&str] = &[
    "select all",
    "select top 3 by return(5d)",
    "select top 2 by return(5d) keep until place > 4 or gain < -5%",
    "select top 3 by return(5d) hold at least 12d replace at most 1",
    "long top 2 by return(5d) short bottom 2 by return(5d) borrow 4%",
    "long top 2 by return(5d) short bottom 1 by return(5d) exposure long 130% short 30%",
    "hold \"A\" 60%, \"B\" 30%",
];
const SCHEDULES: &[&str] = &[
    "rebalance weekly",
    "rebalance monthly",
    "rebalance when max_drift > 4%",
    "rebalance monthly or when max_relative_drift > 20% to target",
    "rebalance weekly if turnover > 5%",
    "rebalance every 7d or when book_drawdown < -5%",
];
const TRADES: &[&str] = &[
    "trade at next close",
    "trade at next open",
    "trade at next close sized at fill",
    "trade over 3d",
];
const OTHERS: &[&str] = &[
    "cost 20bps",
    "commission 0.02 per share min 3",
    "slippage 10bps",
    "impact 50%",
    "cash 5%",
    "lot 10",
    "cap volume 10%",
    "trade if change > 1%",
    "delisting -40%",
    "capital 100000",
];

fn texts() -> impl Strategy2<Value = String> {
    (
        0..PICKS.len(),
        0..SCHEDULES.len(),
        0..TRADES.len(),
        subsequence(OTHERS.to_vec(), 0..=OTHERS.len()),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(pick, schedule, trade, others, exits, tranches)| {
            let pick = PICKS[pick];
            let mut text = format!("{pick}\n{}", SCHEDULES[schedule]);
            let is_fixed = pick.starts_with("hold");
            if tranches && !is_fixed && !text.contains("to target") {
                text += " in 3 tranches";
            }
            text = format!("{text}\n{}\n{}\n", TRADES[trade], others.join("\n"));
            if exits && !is_fixed {
                text += "exit when gain < -8% or age > 25\n";
            }
            text
        })
}

/// The track of a strategy; `None` where it never starts, or loses all there is.
fn run(market: &Market, text: &str) -> Option<Track> {
    let strategy = Strategy::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let compiled = strategy.compile(market).unwrap_or_else(|e| panic!("{text}\n{e}"));
    match compiled.run() {
        Ok(results) => Some(results.runs()[0].track.clone()),
        Err(complaint) => {
            let said = complaint.to_string();
            let is_known =
                ["empty-run", "bad-price", "infeasible"].iter().any(|c| said.contains(c));
            assert!(is_known, "{text}\n{said}");
            None
        }
    }
}

fn check(world: &World, text: &str) -> Result<(), TestCaseError> {
    let market = world.market();
    let Some(track) = run(&market, text) else { return Ok(()) };
    let ledger = &track.ledger;
    let gross = |i: usize| track.nav[i] + 2.0 * (track.nav[i] - track.cash[i]).abs();
    let mut before = track.capital;
    for (i, row) in ledger.rows.iter().enumerate() {
        let change: f64 = row.iter().sum();
        let off = track.nav[i] - before - change;
        prop_assert!(off.abs() <= 1e-9 * gross(i).max(before), "row {i}: {off} of {change}");
        before = track.nav[i];
    }
    for cause in Cause::ALL {
        let sum: f64 = ledger.assets.iter().map(|(_, c)| c[*cause as usize]).sum();
        let of_assets = !matches!(cause, Cause::Interest | Cause::Margin);
        let off = sum - if of_assets { ledger.total(*cause) } else { 0.0 };
        prop_assert!(off.abs() <= 1e-8 * track.capital, "{}: {off}", cause.name());
    }
    let mut paid = [0.0; CAUSES];
    for trade in &track.trades {
        paid.iter_mut().zip(trade.charges).for_each(|(sum, c)| *sum += c);
    }
    for cause in Cause::TRADING {
        let off = paid[cause as usize] + ledger.total(cause);
        prop_assert!(off.abs() <= 1e-9 * track.capital, "{}: {off}", cause.name());
    }
    // Cash is what came in less what went out.
    let traded: f64 = track.trades.iter().map(|t| t.value).sum();
    let others: f64 = Cause::ALL
        .iter()
        .filter(|c| !matches!(c, Cause::Price | Cause::Delisting))
        .map(|c| ledger.total(*c))
        .sum();
    let cash = track.capital - traded + others;
    let last = *track.cash.last().expect("a row");
    prop_assert!((cash - last).abs() <= 1e-8 * track.capital, "{cash} is not {last}");
    let is_long_only = !text.contains("short");
    if is_long_only {
        prop_assert!(track.cash.iter().all(|c| *c >= -1e-9 * track.capital), "{:?}", track.cash);
    }
    let prices = market.prices();
    let open = prices.open.expect("it has opens");
    for trade in track.trades.iter().filter(|t| t.reason.name() != "stopped trading") {
        let at = [trade.traded as usize, trade.asset.0 as usize];
        let price = if text.contains("next open") { open[at] } else { prices.close[at] };
        prop_assert_eq!(trade.price, price);
        prop_assert!(trade.traded > trade.decided);
    }
    let mut wrong = None;
    daily(&market, &track, |row, held| {
        let i = (row - track.first) as usize;
        let sum: f64 = held.iter().map(|h| h.value).sum();
        let off = track.cash[i] + sum - track.nav[i];
        if off.abs() > 1e-9 * gross(i) || held.len() != track.names[i] as usize {
            wrong.get_or_insert((row, off));
        }
    });
    prop_assert_eq!(wrong, None);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn every_change_of_value_has_its_cause(world in worlds(), text in texts()) {
        check(&world, &text)?;
    }

    #[test]
    fn prices_after_a_row_change_nothing_before_it(world in worlds(), text in texts(), cut in 40..ROWS) {
        let whole = world.market();
        let mut other = world;
        // Other prices, other splits and dividends after the cut.
        other.steps[cut * ASSETS..].iter_mut().for_each(|s| *s = -*s);
        other.splits.retain(|s| s.1 < cut);
        other.dividends.retain(|d| d.1 < cut);
        let other = other.market();
        let (Some(a), Some(b)) = (run(&whole, &text), run(&other, &text)) else { return Ok(()) };
        prop_assert_eq!(a.first, b.first);
        let rows = cut.saturating_sub(a.first as usize);
        prop_assert_eq!(&a.nav[..rows], &b.nav[..rows]);
        prop_assert_eq!(&a.ledger.rows[..rows], &b.ledger.rows[..rows]);
    }
}

/// Three assets at constant prices, of which the last two vanish: one after row 22, on which it is bought, the other
/// after row 30.
fn vanishing() -> Market {
    let rows = 40;
    let dates: Vec<Date> = dates().into_iter().take(rows).collect();
    let ends = [rows, 23, 31];
    let price = |row: usize, asset: usize| match row < ends[asset] {
        true => 10.0 * (asset + 1) as f64,
        false => f64::NAN,
    };
    let close: Vec<f64> = (0..rows).flat_map(|r| (0..3).map(move |a| price(r, a))).collect();
    Market::from_parts(dates, &["A", "B", "C"]).panel("close", &close).build()
}

fn report(market: &Market, text: &str) -> String {
    let strategy = Strategy::parse(text).unwrap_or_else(|e| panic!("{e}"));
    match strategy.compile(market).and_then(|c| c.run().map(|results| results.to_string())) {
        Ok(text) => text,
        Err(complaint) => complaint.to_string(),
    }
}

#[test]
fn strange_rules_have_a_stated_outcome() {
    let market = vanishing();
    let track = |text: &str| run(&market, text).expect("it runs");
    // The month ends on row 20 (2021-01-29); all three are bought on row 21, B vanishes after row 22.
    let vanished = track("select all rebalance monthly delisting -50%");
    assert_eq!(vanished.delistings.len(), 2);
    let lost = vanished.ledger.total(Cause::Delisting);
    let third = 1e6 / 3.0;
    assert!((lost + 2.0 * third * 0.5).abs() < 1e-3, "{lost}");
    assert!((vanished.nav.last().expect("a row") - (1e6 + lost)).abs() < 1e-6);
    // Always: a decision after every close, and nothing to trade.
    let always = track("select all where close < 15 rebalance when 2 > 1");
    assert_eq!(always.rebalances.len(), always.nav.len());
    assert_eq!(always.trades.len(), 1);
    // Never: the first portfolio stays.
    let never = track("select all where close < 15 rebalance when 1 > 2");
    assert_eq!(never.rebalances.len(), 1);
    // An `if` that never holds leaves the first portfolio, too, and is counted.
    let gated = track("select all rebalance weekly if turnover > 200%");
    assert_eq!((gated.rebalances.len(), gated.passed_over > 3), (1, true));
    // Lots that nobody can pay buy nothing, and the report says so.
    let text = "select all rebalance weekly lot 1000000";
    assert!(track(text).trades.is_empty());
    assert!(report(&market, text).contains("No order was as large as a lot"));
    let complaint = |text: &str| report(&market, text);
    assert!(complaint("select all capital 0").contains("out-of-range"));
    assert!(complaint("select all rebalance annually in june").contains("empty-run"));
    let said = complaint("select all rebalance weekly expect all(weight < 30%)");
    assert!(said.contains("expectation") && said.contains("2021-01-"), "{said}");
    // The first purchase is exempt from what is expected of turnover.
    assert!(
        !track("select all where close < 15 rebalance weekly expect turnover < 60%")
            .trades
            .is_empty()
    );
}

#[test]
fn the_calendar_picks_anew_where_a_trigger_restores() {
    let rows = 40;
    let dates: Vec<Date> = dates().into_iter().take(rows).collect();
    // A leads for half of the time, then B.
    let price = |row: usize, asset: usize| {
        let (up, down) = (row.min(20) as f64, row.saturating_sub(20) as f64);
        100.0 + if asset == 0 { up - down } else { down - up }
    };
    let close: Vec<f64> = (0..rows).flat_map(|r| (0..2).map(move |a| price(r, a))).collect();
    let market = Market::from_parts(dates, &["A", "B"]).panel("close", &close).build();
    let gated = "select top 1 by return(5d) rebalance weekly if turnover > 10% or when max_drift > 50% to target";
    let track = run(&market, gated).expect("it runs");
    let bought: Vec<u32> =
        track.trades.iter().filter(|t| t.value > 0.0).map(|t| t.asset.0).collect();
    assert_eq!(bought, [0, 1]);
    assert!(track.passed_over > 3);
    // A change of everything is no first purchase.
    let said = report(&market, "select top 1 by return(5d) rebalance weekly expect turnover < 60%");
    assert!(said.contains("expectation") && said.contains("2021-02-"), "{said}");
}

#[test]
fn figures_of_what_is_held() {
    let rows = 30;
    let dates: Vec<Date> = dates().into_iter().take(rows).collect();
    let of_rows = |values: [f64; 2]| values.repeat(rows);
    let market = Market::from_parts(dates, &["A", "B"])
        .panel("close", &of_rows([10.0, 20.0]))
        .panel("volume", &of_rows([1000.0, 2000.0]))
        .label("sector", &["Energy", ""])
        .build();
    let text = "let dear = close
        let `kept ones` = keep(close, where: close > 15)
        let later = forward_return(1d)
        let word = \"Energy\"
        let zscore(x) = x
        strategy both { select all benchmark one capital 100000 rebalance weekly }
        strategy one { select all where close < 15 rebalance weekly }";
    let strategy = Strategy::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
    let mut results = compiled.run().unwrap_or_else(|e| panic!("{e}"));
    results.add_factors(std::slice::from_ref(&compiled)).unwrap_or_else(|e| panic!("{e}"));
    // Of two prices one lies a deviation above the mean, the other one below; one price alone has none.
    for (place, dear) in [(0, 0.0), (1, -1.0)] {
        let factors = &results.runs()[place].factors;
        let names: Vec<&str> = factors.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["dear", "`kept ones`"]);
        for (factor, expected) in factors.iter().zip([dear, 0.0]) {
            for found in [factor.mean, factor.last] {
                assert!((found.expect("it is defined") - expected).abs() < 1e-12, "{factor:?}");
            }
        }
    }
    let figure = |name: &str| match results.metric(name)[0].1 {
        Value::Number(number) => number,
        other => panic!("{name} is {other:?}"),
    };
    let is = |name: &str, expected: f64| {
        let found = figure(name);
        assert!((found - expected).abs() < 1e-9 * expected, "{name}: {found}, not {expected}");
    };
    // 50,000 each, of which a tenth of 1,000 × 10 and of 2,000 × 20 can be sold in a day: 50 days and 12.5.
    is("days_to_sell", 31.25);
    is("capacity", 5.0 * 100_000.0 / 31.25);
    is("active_share", 0.5);
    let json = results.report(decile::report::to_json);
    let exposures = &json["results"][0]["exposures"]["sector"];
    assert_eq!(exposures, &serde_json::json!({ "": 0.5, "Energy": 0.5 }));
}

#[test]
fn what_groups_brought() {
    let rows = 30;
    let dates: Vec<Date> = dates().into_iter().take(rows).collect();
    let close = (0..rows).map(|row| row as f64 / 10.0).flat_map(|d| [10.0 + d, 20.0 - d]);
    let close: Vec<f64> = close.collect();
    let market = Market::from_parts(dates, &["A", "B"])
        .panel("close", &close)
        .label("sector", &["Energy", ""])
        .build();
    let strategy =
        Strategy::parse("select all rebalance monthly").unwrap_or_else(|e| panic!("{e}"));
    let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
    let results = compiled.run().unwrap_or_else(|e| panic!("{e}"));
    let track = &results.runs()[0].track;
    let gain = track.nav.last().expect("a row") - track.capital;
    let json = results.report(decile::report::to_json);
    let brought = &json["results"][0]["contributions"]["sector"];
    let of = |group: &str| brought[group].as_f64().expect("a number");
    assert!(of("Energy") > 0.0 && of("") < 0.0, "{brought}");
    assert!((of("Energy") + of("") - gain).abs() < 1e-9 * track.capital, "{brought}");
}

#[test]
fn a_strategy_that_has_sold_everything_is_held_as_cash() {
    let rows = 40;
    let dates: Vec<Date> = dates().into_iter().take(rows).collect();
    // Bought on row 21, after the month's end; worth a tenth less from row 24 on, and sold.
    let close: Vec<f64> = (0..rows).map(|row| if row < 24 { 10.0 } else { 9.0 }).collect();
    let market = Market::from_parts(dates, &["A"]).panel("close", &close).build();
    let text = "strategy both { hold one 100% rebalance weekly }
        strategy one { select all rebalance monthly exit when gain < -5% }";
    let strategy = Strategy::parse(text).unwrap_or_else(|e| panic!("{e}"));
    let compiled = strategy.compile(&market).unwrap_or_else(|e| panic!("{e}"));
    let results = compiled.run().unwrap_or_else(|e| panic!("{e}"));
    for run in results.runs() {
        let sides: Vec<bool> = run.track.trades.iter().map(|t| t.value > 0.0).collect();
        assert_eq!(sides, [true, false], "{}", run.name);
        assert_eq!(run.track.names.last(), Some(&0), "{}", run.name);
    }
}
