//! The book: the five-day example of `docs/backtest.md` by hand, and each rule of trading and settlement.

use crate::market::{Market, Trial, assert_near, weekdays};
use decile::{
    backtest::{Reason, benchmark},
    check::{CashRate, PickCount, TradeAt},
    diagnostic::Code,
    panel::AssetId,
};
use ndarray::{Array2, array};

const NONE: f64 = f64::NAN;

/// Five days of two assets, as in `docs/backtest.md`.
fn five_days() -> Market {
    let close = array![[10.0, 20.0], [10.0, 20.0], [11.0, 20.0], [12.0, 18.0], [12.0, 19.0]];
    Market::new(&["A", "B"], weekdays("2024-01-01", 5), close)
}

#[test]
fn the_example_of_the_documentation() {
    let market = five_days();
    let mut strategy = Trial::new(&market, &[0, 2]);
    strategy.policy.costs.proportional = Some(0.01);
    strategy.policy.capital = 1010.0;
    let track = strategy.run();
    // Bought on the second day: 505 in each is ordered (50.5 and 25.25 shares). They cost 1,010 and 10.10 in fees, so
    // both shrink by 1/1.01 to 50 and 25 shares.
    assert_near(track.ledger.costs()[1], 10.0, 1e-12);
    assert_eq!(track.cash[1], 0.0);
    assert_near(track.nav[1], 1000.0, 1e-12);
    // Third day: A rises to 11. 1,050 is decided to be halved: 525/11 of A, 525/20 of B.
    assert_near(track.nav[2], 1050.0, 1e-12);
    // Fourth day, at 12 and 18: 50 − 47.7272… = 2.2727… A are sold for 27.2727…, less 1% is 27 exactly. 1.25 B would be
    // bought for 22.50 and 0.225.
    assert_near(track.ledger.costs()[3], 3.0 / 11.0 + 0.225, 1e-12);
    assert_near(track.cash[3], 27.0 - 22.725, 1e-12);
    assert_near(track.nav[3], 1050.0 - track.ledger.costs()[3], 1e-12);
    // Fifth day: 26.25 B rise by one.
    assert_near(track.nav[4], track.nav[3] + 26.25, 1e-12);
    assert_eq!(track.names, [0, 2, 2, 2, 2]);
    let trades: Vec<(u32, u32, u32, Reason)> =
        track.trades.iter().map(|t| (t.decided, t.traded, t.asset.0, t.reason)).collect();
    assert_eq!(
        trades,
        [
            (0, 1, 0, Reason::Entered),
            (0, 1, 1, Reason::Entered),
            (2, 3, 0, Reason::Decreased),
            (2, 3, 1, Reason::Increased),
        ]
    );
    assert_near(track.rebalances[0].turnover, 1000.0 / 1010.0, 1e-12);
    assert_near(track.rebalances[1].turnover, 27.272727272727273 / 1050.0, 1e-12);
    assert_near(track.rebalances[0].unpaid, 10.0 / 1010.0, 1e-12);
    assert_eq!(track.holdings.len(), 4);
    assert_near(track.holdings[2].value / track.holdings[2].price, 525.0 / 11.0, 1e-12);
}

#[test]
fn deciding_twice_on_a_row_trades_nothing_the_second_time() {
    let market = five_days();
    for trade in [TradeAt::NextClose, TradeAt::ThisClose] {
        let mut once = Trial::new(&market, &[0, 2]);
        once.policy.costs.proportional = Some(0.01);
        once.policy.trade = trade;
        let mut twice = Trial::new(&market, &[0, 2, 2]);
        twice.policy = once.policy.clone();
        assert_eq!(once.run(), twice.run());
    }
}

#[test]
fn a_book_that_is_on_target_trades_nothing() {
    let close = Array2::from_elem((8, 3), 7.0);
    let market = Market::new(&["A", "B", "C"], weekdays("2024-01-01", 8), close);
    let mut strategy = Trial::new(&market, &[0, 1, 2, 3, 4, 5, 6]);
    strategy.policy.costs.proportional = Some(0.003);
    let track = strategy.run();
    assert_eq!(track.trades.len(), 3);
    assert!(track.rebalances[1..].iter().all(|r| r.turnover == 0.0 && r.traded.is_none()));
}

#[test]
fn this_close_and_next_open() {
    let mut market = five_days();
    let mut strategy = Trial::new(&market, &[0]);
    strategy.policy.trade = TradeAt::ThisClose;
    let track = strategy.run();
    assert_eq!(track.names[0], 2);
    assert_near(track.nav[4], 500.0 * 1.2 + 500.0 * 0.95, 1e-12);

    market.open = Some(array![[10.0, 20.0], [8.0, 16.0], [11.0, 20.0], [12.0, 18.0], [12.0, 19.0]]);
    let mut strategy = Trial::new(&market, &[0]);
    strategy.policy.trade = TradeAt::NextOpen;
    // 50 A at 8 and 25 B at 16 are 800; 200 stay in cash. At the close they are worth 1,000.
    let track = strategy.run();
    assert_near(track.cash[1], 200.0, 1e-12);
    assert_near(track.nav[1], 1200.0, 1e-12);
    assert_eq!(track.trades[0].price, 8.0);
    let mut at_fill = Trial::new(&market, &[0]);
    at_fill.policy.trade = TradeAt::NextOpen;
    at_fill.policy.sized_at_fill = true;
    assert_near(at_fill.run().nav[1], 1250.0, 1e-12);
    market.open = None;
    let mut strategy = Trial::new(&market, &[0]);
    strategy.policy.trade = TradeAt::NextOpen;
    assert_eq!(strategy.try_run().expect_err("no opens").code, Code::MissingField);
}

#[test]
fn an_order_waits_for_a_price_until_the_next_decision() {
    let close =
        array![[10.0, 20.0], [10.0, NONE], [10.0, NONE], [10.0, 25.0], [10.0, NONE], [10.0, 25.0]];
    let market = Market::new(&["A", "B"], weekdays("2024-01-01", 6), close);
    let track = Trial::new(&market, &[0]).run();
    assert_near(track.cash[2], 500.0, 1e-12);
    // 25 B were ordered; on the fourth day they cost 625, and there are 500.
    assert_eq!((track.trades[1].traded, track.cash[3]), (3, 0.0));
    assert_near(track.trades[1].value, 500.0, 1e-12);
    assert_eq!(track.stale, 1);
    assert_eq!(track.rebalances[0].unfilled, 0);

    let mut replaced = Trial::new(&market, &[0, 2]);
    replaced.policy.pick.count = PickCount::All;
    let track = replaced.run();
    // On the third day B has no price, so only A is wanted; the order for B is gone.
    assert_eq!(track.rebalances[0].unfilled, 1);
    assert!(track.trades.iter().all(|t| t.asset == AssetId(0)));
}

#[test]
fn what_stops_trading_is_paid_out_on_the_next_session() {
    let close = array![[10.0, 20.0], [10.0, 20.0], [10.0, 10.0], [10.0, NONE], [11.0, NONE]];
    let market = Market::new(&["A", "B"], weekdays("2024-01-01", 5), close);
    let mut strategy = Trial::new(&market, &[0]);
    strategy.policy.costs.proportional = Some(0.0);
    let track = strategy.run();
    assert_eq!((track.names[2], track.names[3]), (2, 1));
    assert_near(track.cash[3], 250.0, 1e-12);
    assert_near(track.nav[4], 800.0, 1e-12);
    let delisting = track.delistings[0];
    assert_eq!((delisting.last_priced, delisting.settled), (2, 3));
    assert_near(delisting.weight, 250.0 / 750.0, 1e-12);
    assert_eq!(track.trades[2].reason, Reason::StoppedTrading);
    // Data that end with the market are no delisting.
    assert_eq!(Trial::new(&five_days(), &[0]).run().delistings, []);
}

#[test]
fn cash_earns_the_rate_known_on_the_row_before() {
    let market = Market::new(&["A"], weekdays("2024-01-01", 4), Array2::from_elem((4, 1), 5.0));
    let mut strategy = Trial::new(&market, &[0]);
    strategy.policy.eligible = strategy.signal(array![[1.0], [0.0], [0.0], [0.0]]);
    strategy.decisions = vec![0, 1];
    strategy.policy.cash =
        CashRate::Series(strategy.signal(array![[0.252], [0.504], [NONE], [0.0]]));
    let track = strategy.run();
    assert_near(track.ledger.interest()[1], 1.0, 1e-12);
    // On the second row all but that interest is in A.
    assert_near(track.ledger.interest()[2], 0.002, 1e-12);
    // Sold on the third row; the missing rate is the last known, 50.4%.
    assert_near(track.ledger.interest()[3], 1001.002 * 0.002, 1e-12);
    assert_near(track.nav[3], 1001.002 * 1.002, 1e-12);
}

#[test]
fn total_return_is_reinvested_and_shares_are_counted_at_the_close() {
    // A pays a dividend of 1 on the third day.
    let close = array![[10.0], [10.0], [9.0], [9.0]];
    let index = array![[10.0], [10.0], [10.0], [10.0]];
    let market = Market::with_total_return(&["A"], weekdays("2024-01-01", 4), close, index);
    let track = Trial::new(&market, &[0, 2]).run();
    assert_near(track.nav[3], 1000.0, 1e-12);
    assert_eq!(track.trades.len(), 1);
    assert_near(track.holdings[0].value / track.holdings[0].price, 100.0, 1e-12);
}

#[test]
fn a_run_starts_when_there_are_enough_names() {
    let close = array![[10.0, NONE, NONE], [10.0, 5.0, NONE], [10.0, 5.0, 1.0], [10.0, 5.0, 1.0]];
    let market = Market::new(&["A", "B", "C"], weekdays("2024-01-01", 4), close);
    let start = |n: usize| {
        let mut strategy = Trial::new(&market, &[0, 1, 2, 3]);
        strategy.policy.pick.count = PickCount::Top(n);
        strategy.try_run().map(|t| t.first)
    };
    assert_eq!([start(1), start(2), start(3)], [Ok(0), Ok(1), Ok(2)]);
    let error = start(4).expect_err("there are only three");
    assert_eq!(error.code, Code::EmptyRun);
    assert_eq!(error.message, "no rebalance from 2024-01-01 to 2024-01-04 has 4 eligible assets");
    assert_eq!(
        error.help[0].text,
        "the most were on 2024-01-03: 3 in the universe, 3 of them with a price, 3 picked"
    );
    let strategy = Trial::new(&market, &[0, 1]);
    let mut simulation = strategy.simulation();
    simulation.lookback = 1;
    let track = decile::backtest::simulate(&simulation).expect("enough rows");
    assert_eq!(track.first, 1);
    simulation.lookback = 3;
    let error = decile::backtest::simulate(&simulation).expect_err("too few rows");
    assert_eq!(
        error.message,
        "the windows need 3 earlier rows, but the last rebalance, on 2024-01-02, has 1"
    );
    let strategy = Trial::new(&market, &[]);
    assert_eq!(
        strategy.try_run().expect_err("no decisions").message,
        "`rebalance` asks for no decision from 2024-01-01 to 2024-01-04"
    );
}

#[test]
fn nobody_left_to_pick_is_all_cash() {
    let market = five_days();
    let mut strategy = Trial::new(&market, &[0, 2]);
    let mut eligible = Array2::from_elem((5, 2), 1.0);
    eligible.row_mut(2).fill(0.0);
    strategy.policy.eligible = strategy.signal(eligible);
    let track = strategy.run();
    assert_eq!(track.names, [0, 2, 2, 0, 0]);
    assert_eq!(track.rebalances[1].target.weights, []);
    assert_near(track.cash[4], track.nav[4], 1e-12);
}

#[test]
fn values_that_overflow_are_an_error_about_the_data() {
    let close = array![[1e-300], [1e-300], [1e300], [1e300]];
    let market = Market::new(&["A"], weekdays("2024-01-01", 4), close);
    let error = Trial::new(&market, &[0]).try_run().expect_err("no finite value");
    assert_eq!(error.code, Code::BadPrice);
}

#[test]
fn benchmarks() {
    let close = array![[NONE, 20.0], [10.0, 20.0], [NONE, 20.0], [12.0, 18.0], [NONE, 19.0]];
    let market = Market::new(&["A", "B"], weekdays("2024-01-01", 5), close);
    let line = benchmark::of_asset(&market, AssetId(0), 0, 4, 100.0);
    assert!(line[0].is_nan() && line[4].is_nan());
    assert_eq!(line[1..4], [100.0, 100.0, 120.0]);

    let market = five_days();
    let mut strategy = Trial::new(&market, &[0, 2]);
    strategy.policy.costs.proportional = Some(0.5);
    let cap = strategy.constant(&[3.0, 1.0]);
    let own = strategy.run();
    let track = benchmark::market_cap(&strategy.simulation(), cap, &own)
        .unwrap_or_else(|d| panic!("{}", d.message));
    assert_near(track.nav[2], 750.0 * 1.1 + 250.0, 1e-12);
    assert_eq!(track.ledger.costs(), [0.0; 5]);
    let values = benchmark::of_track(&track, 0, 5);
    assert_eq!(values[..5], track.nav);
    assert!(values[5].is_nan());
}
