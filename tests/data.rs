//! Markets: what is read is what was written, in whichever form it came.

use decile::data::{Market, Sample};
use decile::panel::{Date, FieldData, FieldId, MarketData};
use decile::types::{Basis, Unit};
use jiff::civil::date;
use std::{fs, path::Path};

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
fn a_figure_may_be_used_on_the_day_it_reaches_its_greatest_age() {
    let figures = [
        ("A", date(2018, 9, 30), date(2018, 12, 2), 7.0),
        ("B", date(2018, 9, 30), date(2018, 12, 2), 8.0),
    ];
    // A later record without the figure says nothing about it.
    let blank = ("B", date(2019, 9, 30), date(2019, 12, 2), f64::NAN);
    let market = Market::from_parts(days(3), &["A", "B"])
        .panel("close", &[1.0; 6])
        .as_of("reports", "book_equity", Unit::MONEY, &[figures[0], figures[1], blank])
        .build();
    let equity = market.schema().find(None, "book_equity")[0];
    // Published on 2 December 2018; eighteen months later is 2 June 2020.
    for (asset, figure) in [(0, 7.0), (1, 8.0)] {
        assert_eq!([0, 1].map(|row| market.value(equity, row, asset)), [figure; 2]);
        assert!(market.value(equity, 2, asset).is_nan());
    }
}

#[test]
fn prices_adjusted_for_dividends_hold_them() {
    let prices = |basis: Basis| {
        Market::from_parts(days(1), &["A"]).basis(basis).panel("close", &[1.0]).build()
    };
    assert!(prices(Basis::FullyAdjusted).schema().is_total_return());
    assert!(!prices(Basis::SplitAdjusted).schema().is_total_return());
}

#[test]
fn the_sample_market_is_what_its_page_says() {
    let market = Market::sample();
    let schema = market.schema();
    assert_eq!((market.calendar().len(), schema.symbols.len()), (3780, 501));
    assert_eq!(market.calendar().rows_per_year(), 252);
    let close = market.prices().close;
    let total = market.prices().total_return;
    for (c, t) in close.iter().zip(total) {
        assert_eq!(c.is_nan(), t.is_nan());
        assert!(c.is_nan() || (*c > 0.0 && t.is_finite()));
    }
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
        assert!(ratios.len() > 300 && (0.3..1.2).contains(&at(0.5)));
        assert!(at(0.05) > 0.1 && at(0.95) < 3.0);
        let members = (0..501).filter(|&a| market.value(id("index"), row, a) == 1.0).count();
        assert!((150..=200).contains(&members));
    }
    let market_asset = schema.asset("MARKET").expect("the benchmark").0 as usize;
    let growth = total[[3779, market_asset]] / total[[0, market_asset]];
    assert!((1.35..20.0).contains(&growth), "2% to 20% a year: {growth}");
    assert!(market.notes()[0].contains("synthetic"));
}

/// Every value of a market as bits, with the names, so that two markets can be compared whole.
fn bits(market: &Market) -> Vec<(String, Vec<u64>)> {
    let floats = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let whole = |v: &[u32]| v.iter().map(|x| u64::from(*x)).collect::<Vec<_>>();
    let schema = market.schema();
    let mut list = vec![];
    for (i, field) in schema.fields.iter().enumerate() {
        let values = match market.field(FieldId(i as u16)) {
            FieldData::Panel(p) => p.iter().map(|x| x.to_bits()).collect(),
            FieldData::Series(v) | FieldData::Static(v) => floats(v),
            FieldData::AsOf(a) => {
                let ends = a.period_end.iter().map(|d| *d as u64).collect();
                [
                    whole(a.offsets),
                    whole(a.known_from),
                    whole(a.known_until),
                    ends,
                    floats(a.values),
                ]
                .concat()
            }
            FieldData::Spells(s) => [whole(s.assets), whole(s.from), whole(s.until)].concat(),
            FieldData::Steps(s) => {
                [whole(s.offsets), whole(s.from), floats(s.values), floats(&[s.before])].concat()
            }
        };
        list.push((format!("{field:?}"), values));
    }
    list
}

fn assert_same(a: &Market, b: &Market) {
    assert_eq!(a.schema(), b.schema());
    assert_eq!(a.calendar(), b.calendar());
    assert_eq!(a.lifetimes(), b.lifetimes());
    assert_eq!(a.is_reference(), b.is_reference());
    assert_eq!(a.notes(), b.notes());
    for ((name, x), (_, y)) in bits(a).iter().zip(bits(b)) {
        assert!(*x == y, "{name} differs");
    }
}

fn small_sample() -> Market {
    Sample { assets: 12, years: 1, seed: 3 }.market()
}

#[test]
fn a_stored_market_is_the_market() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/stored");
    let market = small_sample();
    market.store(&path, &()).expect("it can be stored");
    assert_same(&market, &Market::open(&path).expect("it opens"));
    let plain = Market::from_parts(days(2), &["A"]).panel("close", &[1.0, 2.0]).build();
    plain.store(&path, &()).expect("a stored market is replaced");
    assert_same(&plain, &Market::open(&path).expect("it opens"));
    assert!(!path.join("prices.total_return.npy").exists(), "the closes are stored once");
    assert_eq!(fs::read_dir(folder.path().join("deep")).expect("readable").count(), 1);
}

/// What an error says, with the folder's name taken out.
fn complaint(error: &decile::diagnostic::Diagnostics, folder: &Path) -> String {
    error.to_string().replace(&folder.display().to_string(), "DIR")
}

#[test]
fn a_damaged_store_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stored");
    let mut said = vec![];
    let mut damage = |what: &str, how: &dyn Fn()| {
        small_sample().store(&path, &()).expect("it can be stored");
        how();
        let error = Market::open(&path).expect_err("it is damaged");
        assert!(error.about_data());
        said.push(format!("{what}\n{}\n", complaint(&error, folder.path())));
    };
    let (panel, manifest) = (path.join("prices.close.npy"), path.join("manifest.json"));
    let text = || fs::read_to_string(&manifest).expect("readable");
    let cut = |file: &Path, length: u64| {
        let file = fs::OpenOptions::new().write(true).open(file).expect("it is there");
        file.set_len(length).expect("it can be cut");
    };
    damage("a panel was cut off", &|| cut(&panel, 1000));
    damage("a panel was deleted", &|| fs::remove_file(&panel).expect("it is there"));
    damage("the manifest was cut off", &|| cut(&manifest, 300));
    damage("the manifest was changed", &|| {
        fs::write(&manifest, text().replace("\"sample\"", "\"simple\"")).expect("writable");
    });
    damage("another version made it", &|| {
        let text = text().replace("\"format\": 4", "\"format\": 9");
        let body =
            text.split_once('\n').expect("two lines").1.strip_suffix("\n}\n").expect("closed");
        let seal = blake3::hash(body.as_bytes()).to_hex();
        fs::write(&manifest, format!("{{\"checksum\": \"{seal}\", \"market\":\n{body}\n}}\n"))
            .expect("writable");
    });
    damage("a panel has another shape", &|| {
        let bytes = fs::read(&panel).expect("readable");
        let text = String::from_utf8_lossy(&bytes[..128]).replace("252, 13", "13, 252");
        assert_ne!(text.as_bytes(), &bytes[..128]);
        let mut new = bytes.clone();
        let at = bytes.windows(7).position(|w| w == b"252, 13").expect("the shape");
        new[at..at + 7].copy_from_slice(b"13, 252");
        fs::write(&panel, new).expect("writable");
    });
    insta::assert_snapshot!("damaged_store", said.join("\n"));
}

#[test]
fn a_folder_that_is_no_store_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("thesis.tex"), "years of work").expect("writable");
    let error = small_sample().store(folder.path(), &()).expect_err("it is refused");
    insta::assert_snapshot!("occupied_folder", complaint(&error, folder.path()));
    fs::read(folder.path().join("thesis.tex")).expect("it is still there");
}
