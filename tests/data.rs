//! Markets: what is read is what was written, in whichever form it came.

use decile::data::Market;
use decile::panel::{Date, FieldData, MarketData};
use decile::types::Unit;
use jiff::civil::date;

fn days(n: i8) -> Vec<Date> {
    (1..=n).map(|d| date(2020, 6, d)).collect()
}

#[test]
fn a_market_made_by_hand_sorts_its_symbols() {
    let market = Market::from_parts(days(3), &["B", "A"])
        .panel("close", &[1.0, 2.0, 3.0, 4.0, f64::NAN, 6.0])
        .label("sector", &["Energy", "Banks"])
        .members("index", &[("B", date(2020, 6, 2), None)])
        .as_of(
            "reports",
            "book_equity",
            Unit::MONEY,
            &[("B", date(2020, 5, 31), date(2020, 6, 1), 7.0)],
        )
        .reference("A")
        .build();
    assert_eq!(market.schema().symbols.as_ref(), ["A", "B"]);
    let close = market.prices().close;
    assert_eq!(close.row(0).to_vec(), [2.0, 1.0]);
    assert_eq!(market.lifetimes(), [Some((0, 2)), Some((0, 1))]);
    assert_eq!(market.is_reference(), [true, false]);
    let schema = market.schema();
    let sector = schema.find(None, "sector")[0];
    assert_eq!(market.label(sector, market.value(sector, 0, 1)), Some("Energy"));
    let equity = schema.find(None, "book_equity")[0];
    assert!(market.value(equity, 0, 1).is_nan(), "published on the first day, known on the second");
    assert_eq!(market.value(equity, 1, 1), 7.0);
    let index = schema.find(None, "index")[0];
    let FieldData::Spells(spells) = market.field(index) else { panic!("a membership is spells") };
    assert_eq!((spells.assets, spells.from, spells.until), (&[1][..], &[1][..], &[3][..]));
    assert!(!schema.has_dividends);
}

#[test]
fn the_sample_market_is_what_its_page_says() {
    let started = std::time::Instant::now();
    let market = Market::sample();
    println!("made in {:?}", started.elapsed());
    let schema = market.schema();
    assert_eq!((market.calendar().len(), schema.symbols.len()), (3780, 501));
    assert_eq!(market.calendar().rows_per_year(), 252);
    let close = market.prices().close;
    let total = market.prices().total_return;
    for (c, t) in close.iter().zip(total) {
        assert_eq!(c.is_nan(), t.is_nan());
        assert!(c.is_nan() || (*c > 0.0 && t.is_finite()));
    }
    let priced = |row: usize| close.row(row).iter().filter(|c| !c.is_nan()).count();
    println!("priced: {} {} {}", priced(0), priced(1890), priced(3779));
    let id = |name: &str| schema.find(None, name)[0];
    let (equity, shares) = (id("book_equity"), id("shares_outstanding"));
    for row in [0, 500, 1890, 3700] {
        let mut ratios: Vec<f64> = (0..501)
            .map(|a| {
                market.value(equity, row, a)
                    / market.value(shares, row, a)
                    / close[[row as usize, a]]
            })
            .filter(|r| !r.is_nan())
            .collect();
        ratios.sort_by(f64::total_cmp);
        let at = |p: f64| ratios[(p * (ratios.len() - 1) as f64) as usize];
        println!(
            "book to market at {row}: n {} p5 {:.2} p50 {:.2} p95 {:.2}",
            ratios.len(),
            at(0.05),
            at(0.5),
            at(0.95)
        );
        assert!(ratios.len() > 300 && (0.3..1.2).contains(&at(0.5)));
        assert!(at(0.05) > 0.1 && at(0.95) < 3.0);
        let members = (0..501).filter(|&a| market.value(id("large_cap"), row, a) == 1.0).count();
        println!("members {members}");
        assert!((150..=200).contains(&members));
    }
    let market_asset = schema.asset("MARKET").expect("the benchmark").0 as usize;
    let growth = total[[3779, market_asset]] / total[[0, market_asset]];
    let yearly = growth.powi(1).ln() / 15.0;
    println!("market {growth} {yearly}");
    assert!((0.02..0.2).contains(&yearly));
    assert!(market.notes()[0].contains("synthetic"));
}
