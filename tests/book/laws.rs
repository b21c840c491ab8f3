//! Laws of the book on random markets with missing prices, delistings, costs and caps.

use crate::fixed;
use crate::market::{Market, SPAN, Trial, assert_near, weekdays};
use decile::{
    backtest::{Track, simulate},
    check::{Bound, BoundKind, BoundTarget, CashRate, PickCount, TradeAt},
};
use ndarray::Array2;
use proptest::prelude::*;

const ROWS: usize = 30;
const ASSETS: usize = 7;
const SYMBOLS: [&str; ASSETS] = ["A", "B", "C", "D", "E", "F", "G"];

/// A market and a way to trade it, as plain values.
#[derive(Debug, Clone)]
struct Case {
    close: Array2<f64>,
    score: Array2<f64>,
    decisions: Vec<u32>,
    cost: f64,
    rate: f64,
    cap: f64,
    sized_at_fill: bool,
    trade: TradeAt,
    capital: f64,
}

fn cases() -> impl Strategy<Value = Case> {
    let cells = ROWS * ASSETS;
    (
        prop::collection::vec(-0.3f64..0.3, cells),
        prop::collection::vec(prop::bool::weighted(0.1), cells),
        prop::collection::vec(-1.0f64..1.0, cells),
        prop::collection::vec(prop_oneof![3 => Just(ROWS), 1 => 5usize..ROWS], ASSETS),
        prop::collection::vec(0u32..ROWS as u32, 1..8),
        (0.0f64..0.05, -0.05f64..0.2, 0.4f64..1.0, any::<bool>(), 0u8..2),
    )
        .prop_map(|(steps, gaps, scores, ends, mut decisions, rest)| {
            let mut close = Array2::zeros((ROWS, ASSETS));
            let mut price = [20.0; ASSETS];
            for row in 0..ROWS {
                for asset in 0..ASSETS {
                    price[asset] *= 1.0 + steps[row * ASSETS + asset];
                    let gone = gaps[row * ASSETS + asset] || row >= ends[asset];
                    close[[row, asset]] = if gone { f64::NAN } else { price[asset] };
                }
            }
            decisions.sort_unstable();
            let score = Array2::from_shape_vec((ROWS, ASSETS), scores).expect("as many cells");
            let (cost, rate, cap, sized_at_fill, trade) = rest;
            let trade = if trade == 0 { TradeAt::NextClose } else { TradeAt::ThisClose };
            let capital = 1000.0;
            Case { close, score, decisions, cost, rate, cap, sized_at_fill, trade, capital }
        })
}

fn reordered(panel: &Array2<f64>, order: &[usize]) -> Array2<f64> {
    panel.select(ndarray::Axis(1), order).as_standard_layout().into_owned()
}

/// The same values, an asset after the other in memory.
fn by_asset(panel: &Array2<f64>) -> Array2<f64> {
    panel.t().as_standard_layout().into_owned().reversed_axes()
}

/// The track of a case with its assets in this order; `None` where no decision finds an asset.
fn run(case: &Case, order: &[usize]) -> Option<Track> {
    let close = reordered(&case.close, order);
    // The total return keeps the layout of the case's panel.
    let total_return =
        if case.close.is_standard_layout() { close.clone() } else { by_asset(&close) };
    let dates = weekdays("2021-01-01", ROWS);
    let market = Market::with_total_return(&SYMBOLS, dates, close, total_return);
    let mut strategy = Trial::new(&market, &case.decisions);
    let policy = &mut strategy.policy;
    policy.costs.proportional = Some(case.cost);
    policy.cash = CashRate::Constant(case.rate);
    policy.sized_at_fill = case.sized_at_fill;
    policy.trade = case.trade;
    policy.capital = case.capital;
    policy.pick.count = PickCount::Top(3);
    policy.bounds = vec![Bound {
        kind: BoundKind::Cap,
        target: BoundTarget::Position,
        labels: Default::default(),
        amount: case.cap,
        else_cash: true,
        active: false,
        text: "cap position".to_owned(),
        span: SPAN,
    }];
    strategy.policy.pick.by = Some(strategy.signal(reordered(&case.score, order)));
    simulate(&strategy.simulation()).ok()
}

const IN_ORDER: [usize; ASSETS] = [0, 1, 2, 3, 4, 5, 6];

proptest! {
    #![proptest_config(fixed(200))]

    #[test]
    fn money_is_conserved_and_cash_never_negative(case in cases()) {
        let Some(track) = run(&case, &IN_ORDER) else { return Ok(()) };
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let end = track.capital + sum(&track.ledger.gains()) + sum(&track.ledger.interest()) - sum(&track.ledger.costs());
        assert_near(*track.nav.last().expect("a row"), end, 1e-9);
        prop_assert!(track.cash.iter().all(|c| *c >= 0.0));
        let paid: f64 = track.trades.iter().map(|t| t.cost()).sum();
        assert_near(paid + 1.0, sum(&track.ledger.costs()) + 1.0, 1e-9);
        // Cash is what came in less what went out.
        let traded: f64 = track.trades.iter().map(|t| t.value).sum();
        let cash = track.capital - traded - paid + sum(&track.ledger.interest());
        prop_assert!((cash - track.cash.last().expect("a row")).abs() < 1e-9 * track.capital);
    }

    #[test]
    fn nothing_trades_at_a_price_from_the_past(case in cases()) {
        let Some(track) = run(&case, &IN_ORDER) else { return Ok(()) };
        for trade in &track.trades {
            let close = case.close[[trade.traded as usize, trade.asset.0 as usize]];
            match trade.reason {
                decile::backtest::Reason::StoppedTrading => prop_assert!(close.is_nan()),
                _ => {
                    prop_assert_eq!(trade.price, close);
                    let on_time = trade.traded > trade.decided || case.trade == TradeAt::ThisClose;
                    prop_assert!(on_time);
                }
            }
        }
    }

    #[test]
    fn targets_sum_to_one_at_most_and_keep_the_cap(case in cases()) {
        let Some(track) = run(&case, &IN_ORDER) else { return Ok(()) };
        for rebalance in &track.rebalances {
            let target = &rebalance.target;
            prop_assert!(target.invested() <= 1.0 + 1e-12);
            prop_assert!(target.weights.iter().all(|w| w.1 > 0.0 && w.1 <= case.cap + 1e-12));
            let n = target.weights.len() as f64;
            assert_near(target.invested(), (n * case.cap).min(1.0).min(n), 1e-9);
        }
    }

    #[test]
    fn ten_times_the_capital_is_ten_times_everything(case in cases()) {
        let Some(track) = run(&case, &IN_ORDER) else { return Ok(()) };
        let large = run(&Case { capital: case.capital * 10.0, ..case }, &IN_ORDER).expect("runs");
        prop_assert_eq!(track.trades.len(), large.trades.len());
        for (small, large) in track.nav.iter().zip(&large.nav) {
            assert_near(*large, small * 10.0, 1e-10);
        }
    }

    #[test]
    fn the_order_of_the_assets_does_not_matter(
        case in cases(), order in Just(IN_ORDER.to_vec()).prop_shuffle()
    ) {
        let Some(track) = run(&case, &IN_ORDER) else { return Ok(()) };
        let permuted = run(&case, &order).expect("runs");
        for (one, other) in track.nav.iter().zip(&permuted.nav) {
            assert_near(*other, *one, 1e-9);
        }
    }

    #[test]
    fn the_layout_of_the_prices_does_not_matter(case in cases()) {
        let Some(track) = run(&case, &IN_ORDER) else { return Ok(()) };
        let by_asset = Case { close: by_asset(&case.close), ..case };
        prop_assert_eq!(Some(track), run(&by_asset, &IN_ORDER));
    }

    #[test]
    fn prices_after_a_row_change_nothing_before_it(case in cases(), cut in 10..ROWS) {
        let Some(track) = run(&case, &IN_ORDER) else { return Ok(()) };
        let mut other_future = case.clone();
        other_future.close.slice_mut(ndarray::s![cut.., ..]).mapv_inplace(|c| c * 3.0);
        let Some(changed) = run(&other_future, &IN_ORDER) else { return Ok(()) };
        for row in track.first..cut as u32 {
            prop_assert_eq!(track.nav_at(row), changed.nav_at(row));
        }
    }
}
