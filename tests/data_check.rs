//! The check of data: each fault alone is found, by its check and in its row, and sound data have no finding.

use decile::{
    data::{
        Market, Options,
        check::{self, Check, Examination},
        init,
    },
    panel::MarketData,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::{fmt::Write as _, fs, path::Path};

const SYMBOLS: [&str; 3] = ["AAA", "BBB", "CCC"];
const ROWS: usize = 160;

/// A row of a table of prices.
#[derive(Debug, Clone)]
struct Row {
    symbol: &'static str,
    date: Date,
    prices: [f64; 4],
    volume: f64,
}

/// Sound prices of three companies: small moves, weekdays without a gap.
fn sound() -> Vec<Row> {
    let mut dates = vec![];
    let mut day = date(2021, 1, 4);
    while dates.len() < ROWS {
        if day.weekday().to_monday_zero_offset() < 5 {
            dates.push(day);
        }
        day = day.tomorrow().expect("in range");
    }
    let mut rows = vec![];
    // A fixed sequence that looks like chance (Park and Miller).
    let mut state = 7u64;
    let mut next = || {
        state = state * 48_271 % 2_147_483_647;
        state as f64 / 2_147_483_647.0
    };
    for (asset, symbol) in SYMBOLS.into_iter().enumerate() {
        let mut close = 40.0 + 30.0 * asset as f64;
        for date in &dates {
            let before: f64 = close;
            close = (before * (0.98 + 0.04 * next()) * 100.0).round() / 100.0;
            if close == before {
                close += 0.01;
            }
            let (high, low) = (before.max(close) + 0.2, before.min(close) - 0.2);
            let volume = 1000.0 + (9000.0 * next()).round();
            rows.push(Row { symbol, date: *date, prices: [before, high, low, close], volume });
        }
    }
    rows
}

fn table(rows: &[Row]) -> String {
    let mut text = "symbol,date,open,high,low,close,volume\n".to_owned();
    for Row { symbol, date, prices: [open, high, low, close], volume } in rows {
        let _ = writeln!(text, "{symbol},{date},{open:.4},{high:.4},{low:.4},{close:.4},{volume}");
    }
    text
}

fn examined(rows: &[Row]) -> Examination {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prices.csv");
    fs::write(&path, table(rows)).expect("writable");
    check::examine(&path, Options::default()).expect("it is a table")
}

/// The checks that found something, with the rows.
fn found(examination: &Examination) -> Vec<(Check, Vec<Option<u64>>)> {
    let rows = |g: &check::Group| g.findings.iter().map(|f| f.row).collect();
    examination.groups.iter().map(|g| (g.check, rows(g))).collect()
}

/// The line of a row in the file.
fn line(i: usize) -> Option<u64> {
    Some(i as u64 + 2)
}

fn scale(row: &mut Row, factor: f64) {
    row.prices.iter_mut().for_each(|p| *p *= factor);
}

/// Makes a fault at a row, and gives the rows in which it must be found.
type Fault = fn(&mut Vec<Row>, usize) -> Vec<Option<u64>>;

const FAULTS: &[(Check, Fault)] = &[
    (Check::DuplicateRow, |rows, i| {
        let again = rows[i].clone();
        rows.insert(i + 1, again);
        vec![line(i + 1)]
    }),
    (Check::NonpositivePrice, |rows, i| {
        rows[i].prices[0] = 0.0;
        vec![line(i)]
    }),
    (Check::HighBelowLow, |rows, i| {
        rows[i].prices.swap(1, 2);
        vec![line(i)]
    }),
    (Check::OutsideRange, |rows, i| {
        rows[i].prices[0] = rows[i].prices[1] + 1.0;
        vec![line(i)]
    }),
    (Check::VolumeZeroMove, |rows, i| {
        rows[i].volume = 0.0;
        vec![line(i)]
    }),
    (Check::Spike, |rows, i| {
        scale(&mut rows[i], 4.7);
        vec![line(i)]
    }),
    (Check::UnitBreak, |rows, i| {
        let symbol = rows[i].symbol;
        rows[i..].iter_mut().filter(|r| r.symbol == symbol).for_each(|r| scale(r, 100.0));
        vec![line(i)]
    }),
    (Check::UnadjustedSplit, |rows, i| {
        let symbol = rows[i].symbol;
        for row in rows[i..].iter_mut().filter(|r| r.symbol == symbol) {
            scale(row, 0.5);
            row.volume *= 2.0;
        }
        vec![line(i)]
    }),
    (Check::Jump, |rows, i| {
        let symbol = rows[i].symbol;
        rows[i..].iter_mut().filter(|r| r.symbol == symbol).for_each(|r| scale(r, 4.45));
        vec![line(i)]
    }),
    (Check::StalePrice, |rows, i| {
        let close = rows[i].prices[3];
        for row in &mut rows[i..i + 14] {
            row.prices = [close, close + 0.2, close - 0.2, close];
        }
        vec![line(i)]
    }),
    (Check::Gap, |rows, i| {
        rows.drain(i..i + 8);
        vec![line(i)]
    }),
    (Check::MissingSession, |rows, i| {
        let lost = rows[i].date;
        rows.retain(|r| r.date != lost);
        vec![None]
    }),
    (Check::EmptySession, |rows, i| {
        // Of three assets none is fewer than a fifth, so more are needed.
        let lost = rows[i].date;
        let first = rows[..ROWS].to_vec();
        for symbol in ["D", "E", "F", "G", "H", "I", "J", "K"] {
            rows.extend(first.iter().map(|r| Row { symbol, ..r.clone() }));
        }
        rows.retain(|r| r.date != lost || r.symbol == "AAA");
        vec![None]
    }),
];

#[test]
fn sound_prices_have_no_finding() {
    let examination = examined(&sound());
    assert!(examination.groups.is_empty(), "{:#?}", examination.groups);
    assert!(examination.market.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// One fault anywhere is found by its own check alone, in its own row.
    #[test]
    fn a_fault_is_found_wherever_it_is(asset in 0usize..3, place in 25usize..ROWS - 25) {
        for (check, fault) in FAULTS {
            let mut rows = sound();
            let expected = fault(&mut rows, asset * ROWS + place);
            let examination = examined(&rows);
            prop_assert_eq!(found(&examination), vec![(*check, expected)], "{:#?}", examination.groups);
        }
    }
}

fn shown(examination: &Examination, folder: &Path) -> String {
    let text = check::findings_to_text(examination, 3, decile::report::Colors::No);
    text.replace(&folder.display().to_string(), "DIR")
}

fn snapshot(name: &str, page: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, page);
    });
}

#[test]
fn findings_as_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut page = String::new();
    for (check, fault) in FAULTS {
        let mut rows = sound();
        fault(&mut rows, ROWS + 60);
        let path = folder.path().join("prices.csv");
        fs::write(&path, table(&rows)).expect("writable");
        let examination = check::examine(&path, Options::default()).expect("it is a table");
        let text = shown(&examination, folder.path());
        let lines = text.lines().filter(|l| !l.starts_with("         "));
        let lines: Vec<&str> =
            lines.filter(|l| !l.contains("means:") && !l.contains("mend:")).collect();
        let _ = writeln!(page, "## {}\n{}\n", check.entry().name, lines.join("\n"));
    }
    snapshot("data_check_faults", &page);
}

/// A market with everything that is said of reports, labels and survivors.
fn market(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("writable");
    let mut prices = "symbol,date,close\n".to_owned();
    for asset in 0..12 {
        for month in 1..=36 {
            let year = 2018 + (month - 1) / 12;
            for day in [5, 12, 19, 26] {
                let close = 20 + asset + (month * 7 + day * 3 + asset) % 11;
                let _ = writeln!(
                    prices,
                    "S{asset:02},{year}-{:02}-{day:02},{close}",
                    (month - 1) % 12 + 1
                );
            }
        }
    }
    write("prices.csv", &prices);
    let mut reports = "symbol,period_end,filed,equity\n".to_owned();
    for asset in 0..12 {
        for quarter in 0..8 {
            let (year, month) = (2018 + quarter / 4, quarter % 4 * 3 + 3);
            let _ = writeln!(
                reports,
                "S{asset:02},{year}-{month:02}-28,{year}-{month:02}-30,{}",
                100 + asset
            );
        }
    }
    reports += "S00,2020-03-28,2020-03-01,5\n";
    write("reports.csv", &reports);
    write(
        "sectors.csv",
        "ticker,sector\nS00,Energy\nS01,Banks\nS02,Banks\nS03,Energy\nS04,Energy\nS05,Energy\n",
    );
}

#[test]
fn a_market_as_a_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    market(folder.path());
    let proposal = init::propose(folder.path(), Options::default()).expect("there are files");
    let own = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
    snapshot(
        "data_init",
        &format!("{}\n{}\n{:?}", proposal.text, proposal.found.join("\n"), proposal.needs)
            .replace(&own, "FOLDER"),
    );
    fs::write(folder.path().join("market.toml"), &proposal.text).expect("writable");
    let examination = check::examine(folder.path(), Options::default()).expect("it opens");
    let description = check::describe(folder.path(), Options::default()).expect("it opens");
    let text = shown(&examination, folder.path()).replace(&examination.name, "NAME");
    let fields = check::fields_to_text(&description).replace(&examination.name, "NAME");
    snapshot("data_check_market", &format!("{text}\n{fields}"));
    let page = check::findings_to_page(&examination);
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(!page.contains("{{") && !page.contains("http"), "the page is whole and needs no other");
    let json = check::findings_to_json(&examination);
    let csv = check::findings_to_csv(&examination);
    let rows = csv::Reader::from_reader(&*csv).into_records().count();
    let counted: u64 =
        json["checks"].as_array().expect("a list").iter().filter_map(|c| c["count"].as_u64()).sum();
    assert_eq!(rows as u64, counted);
}

#[test]
fn a_cell_that_cannot_be_read_is_a_finding() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prices.csv");
    let text = table(&sound()).replacen("AAA,2021-01-06,", "AAA,6th of January,", 1);
    fs::write(&path, text).expect("writable");
    let examination = check::examine(&path, Options::default()).expect("it is a table");
    assert_eq!(found(&examination), [(Check::Unreadable, vec![Some(4)])]);
    assert!(examination.market.is_none());
    assert!(check::examine(&folder.path().join("nothing"), Options::default()).is_err());
}

#[test]
fn a_stored_market_has_the_findings_of_its_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, to) = (folder.path().join("prices.csv"), folder.path().join("stored"));
    let mut rows = sound();
    scale(&mut rows[ROWS + 40], 4.7);
    fs::write(&path, table(&rows)).expect("writable");
    Market::import(&path, &to, Options::default()).expect("it is sound enough");
    let examination = check::examine(&to, Options::default()).expect("it opens");
    assert_eq!(found(&examination), [(Check::Spike, vec![None])]);
    assert_eq!(examination.groups[0].findings[0].symbol.as_deref(), Some("BBB"));
    assert_eq!(examination.groups[0].findings[0].date, Some(rows[ROWS + 40].date));
}

#[test]
fn a_first_catalog_takes_splits_and_dividends() {
    let folder = tempfile::tempdir().expect("a folder");
    market(folder.path());
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write("splits.csv", "symbol,date,split_ratio\nS03,2019-03-05,2\nS04,2019-06-05,0.5\n");
    write("dividends.csv", "ticker,date,dividend\nS03,2019-03-12,0.25\n");
    let proposal = init::propose(folder.path(), Options::default()).expect("there are files");
    assert!(proposal.needs.is_empty(), "{:?}", proposal.needs);
    fs::write(folder.path().join("market.toml"), &proposal.text).expect("writable");
    let market = Market::open(folder.path()).unwrap_or_else(|e| panic!("{e}"));
    for field in ["split_factor", "dividend"] {
        let id = market.schema().find(None, field)[0];
        let row = market.calendar().last_at_or_before(date(2019, 3, 12)).expect("a session");
        let asset = market.schema().asset("S03").expect("it has prices").0 as usize;
        assert_eq!(market.value(id, row, asset), if field == "dividend" { 0.25 } else { 2.0 });
    }
}

/// The findings of `rows` with a table of splits that says `ratio` for one of `BBB` at a row's date.
fn examined_with_split(rows: &[Row], basis: &str, day: Date, ratio: f64) -> Examination {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write("prices.csv", &table(rows));
    write("splits.csv", &format!("symbol,date,ratio\nBBB,{day},{ratio}\n"));
    write(
        "market.toml",
        &format!(
            "[prices]\nfile = \"prices.csv\"\nbasis = \"{basis}\"\n[splits]\nfile = \"splits.csv\"\nratio = \"ratio\"\n"
        ),
    );
    check::examine(folder.path(), Options::default()).expect("it is a market")
}

#[test]
fn a_table_of_splits_explains_what_prices_do() {
    const AT: usize = ROWS + 60;
    let halved = || {
        let mut rows = sound();
        let day = rows[AT].date;
        for row in rows.iter_mut().filter(|r| r.symbol == "BBB" && r.date >= day) {
            scale(row, 0.5);
            row.volume *= 2.0;
        }
        (rows, day)
    };
    let names =
        |e: &Examination| -> Vec<&str> { e.groups.iter().map(|g| g.check.entry().name).collect() };
    let (rows, day) = halved();
    let after = |n: i32| rows[(AT as i32 + n) as usize].date;
    // On the day, or on a session beside it, the split is the explanation.
    for n in [-1, 0, 1] {
        let examination = examined_with_split(&rows, "raw", after(n), 2.0);
        let unexplained = found(&examination).iter().any(|(c, _)| *c == Check::UnadjustedSplit);
        assert!(!unexplained, "{n}: {:#?}", examination.groups);
    }
    assert_eq!(names(&examined_with_split(&rows, "raw", day, 2.0)), [""; 0]);
    // A split of another day explains nothing, and the prices do not know of it.
    let examination = examined_with_split(&rows, "raw", after(20), 2.0);
    assert_eq!(names(&examination), ["unadjusted-split", "split-not-in-prices"]);
    let finding = &examination.groups[1].findings[0];
    assert_eq!((finding.symbol.as_deref(), finding.date), (Some("BBB"), Some(after(20))));
    // Adjusted prices have no such move left to be explained.
    let examination = examined_with_split(&rows, "split_adjusted", day, 2.0);
    assert_eq!(names(&examination), ["unadjusted-split"]);
}

#[test]
fn a_split_that_raw_prices_do_not_show_is_found() {
    let rows = sound();
    let day = rows[ROWS + 60].date;
    let findings = |basis: &str, ratio: f64| {
        let examination = examined_with_split(&rows, basis, day, ratio);
        let all = examination.groups.iter().flat_map(|g| &g.findings);
        let dates: Vec<_> = all.map(|f| (f.symbol.clone(), f.date)).collect();
        (examination.groups.iter().map(|g| g.check).collect::<Vec<_>>(), dates)
    };
    let here = vec![(Some("BBB".to_owned()), Some(day))];
    for ratio in [2.0, 0.1] {
        assert_eq!(
            findings("raw", ratio),
            (vec![Check::SplitNotInPrices], here.clone()),
            "{ratio}"
        );
    }
    // A small one is lost among the moves of a day, and prices that were adjusted show none.
    assert_eq!(findings("raw", 1.05), (vec![], vec![]));
    assert_eq!(findings("split_adjusted", 2.0), (vec![], vec![]));
}
