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
