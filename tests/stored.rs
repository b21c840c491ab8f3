//! Stored markets: appended to, fingerprinted, checked, and replaced while they are read.

use decile::{
    Market,
    data::{Options, check},
    panel::MarketData,
};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

fn prices(days: u32, factor: f64) -> String {
    let mut text = "symbol,date,close,volume\n".to_owned();
    for symbol in ["AAA", "BBB", "CCC"] {
        for day in 1..=days {
            text.push_str(&format!("{symbol},2020-01-{day:02},{},100\n", f64::from(day) * factor));
        }
    }
    text
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("writable");
}

fn fingerprint(store: &Path) -> String {
    let market = Market::open(store).unwrap_or_else(|e| panic!("{e}"));
    market.fingerprint().expect("it is stored").to_owned()
}

#[test]
fn dates_are_added_where_the_past_is_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, store) = (folder.path().join("p.csv"), folder.path().join("store"));
    write(&file, &prices(10, 1.0));
    let missing = Market::append(&file, &store, false, Options::default()).err();
    assert!(missing.is_some_and(|e| e.to_string().contains("no stored market")));
    Market::import(&file, &store, Options::default()).expect("stored");

    write(&file, &prices(12, 1.0));
    let (market, history) =
        Market::append(&file, &store, false, Options::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((history.added, history.changes.len(), market.calendar().len()), (2, 0, 12));
    let before = fingerprint(&store);
    assert_eq!(market.fingerprint(), Some(before.as_str()));

    // A price that changed, an asset that went, and a session that is not there any more.
    let changed = prices(13, 1.0).replace("BBB,2020-01-05,5,", "BBB,2020-01-05,5.5,");
    let lines = changed.lines().filter(|l| !l.starts_with("CCC") && !l.contains("2020-01-02"));
    write(&file, &(lines.collect::<Vec<_>>().join("\n") + "\n"));
    let error = Market::append(&file, &store, false, Options::default()).err();
    let text = error.expect("it changed").to_string();
    for part in [
        "no sessions any more: 1 date (2020-01-02)",
        "not there any more: 1 asset (CCC)",
        "`prices.close`: 1 value of 1 asset changed: BBB 2020-01-05 5 → 5.5",
        "`prices.total_return`: 2 values of 1 asset changed",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(fingerprint(&store), before, "the store was left as it was");
    let (market, history) =
        Market::append(&file, &store, true, Options::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((history.added, history.changes.len(), market.calendar().len()), (1, 4, 12));
}

#[test]
fn reports_and_labels_of_the_past_are_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    write(
        &at("market.toml"),
        "[prices]\nfile = \"p.csv\"\nbasis = \"raw\"\n[reports.r]\nfile = \"r.csv\"\nperiod_end = \"end\"\npublished = \"filed\"\ncolumns = { revenue = \"revenue\" }\n[labels.l]\nfile = \"l.csv\"\ncolumns = { sector = \"sector\" }\n[members.index]\nfile = \"m.csv\"\nstart = \"start\"\nend = \"end\"\n",
    );
    write(&at("p.csv"), &prices(10, 1.0));
    write(&at("r.csv"), "symbol,end,filed,revenue\nAAA,2019-12-31,2020-01-04,7\n");
    write(&at("l.csv"), "symbol,sector\nAAA,Banks\nBBB,Mines\n");
    write(&at("m.csv"), "symbol,start,end\nAAA,2020-01-01,2020-01-09\n");
    let store = at("store");
    Market::import(folder.path(), &store, Options::default()).unwrap_or_else(|e| panic!("{e}"));

    // What is new is no change: a session, and a report that becomes known on it.
    write(&at("p.csv"), &prices(11, 1.0));
    write(
        &at("r.csv"),
        "symbol,end,filed,revenue\nAAA,2019-12-31,2020-01-04,7\nAAA,2019-12-31,2020-01-10,8\n",
    );
    let (_, history) = Market::append(folder.path(), &store, false, Options::default())
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((history.added, history.changes.len()), (1, 0));

    // A report that was always there, they say; another sector; a longer membership.
    write(
        &at("r.csv"),
        "symbol,end,filed,revenue\nAAA,2019-12-31,2020-01-03,7\nAAA,2019-12-31,2020-01-10,8\n",
    );
    write(&at("l.csv"), "symbol,sector\nAAA,Shops\nBBB,Mines\n");
    write(&at("m.csv"), "symbol,start,end\nAAA,2020-01-01,2020-01-10\n");
    let error = Market::append(folder.path(), &store, false, Options::default()).err();
    let text = error.expect("it changed").to_string();
    for part in [
        "`r.revenue`: 2 values of 1 asset changed: AAA 2020-01-05 7 (period to 2019-12-31) → nothing, AAA 2020-01-04 nothing → 7",
        "`l.sector`: 1 value of 1 asset changed: AAA Banks → Shops",
        "`members.index`: 1 value of 1 asset changed: AAA 2020-01-09 0 → 1",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_fingerprint_is_of_what_is_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = |name: &str, text: &str| {
        let (file, store) = (folder.path().join("p.csv"), folder.path().join(name));
        write(&file, text);
        Market::import(&file, &store, Options::default()).expect("stored");
        fingerprint(&store)
    };
    let text = prices(9, 1.0);
    let mut reversed: Vec<&str> = text.lines().skip(1).collect();
    reversed.reverse();
    let reversed = format!("symbol,date,close,volume\n{}\n", reversed.join("\n"));
    let first = store("a", &text);
    assert_eq!(first, store("b", &reversed), "the order of rows does not count");
    assert_ne!(first, store("c", &text.replace(",9,100", ",9.0001,100")));
}

#[test]
fn damage_is_found_by_the_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, store) = (folder.path().join("p.csv"), folder.path().join("store"));
    write(&file, &prices(9, 1.0));
    Market::import(&file, &store, Options::default()).expect("stored");
    let found = || {
        let examined = check::examine(&store, Options::default()).expect("it opens");
        let group = examined.groups.into_iter().find(|g| g.check == check::Check::DamagedFile);
        group.map_or(vec![], |g| g.findings)
    };
    assert!(found().is_empty());
    let closes = store.join("prices.close.npy");
    let mut bytes = fs::read(&closes).expect("readable");
    *bytes.last_mut().expect("not empty") ^= 1;
    fs::write(&closes, bytes).expect("writable");
    let findings = found();
    assert_eq!(findings.len(), 1);
    assert!(findings[0].file.as_ref().is_some_and(|f| f.ends_with("prices.close.npy")));
}

#[test]
fn readers_see_the_old_or_the_new_and_never_both() {
    const ROUNDS: u32 = 40;
    let folder = tempfile::tempdir().expect("a folder");
    let (file, store) = (folder.path().join("p.csv"), folder.path().join("store"));
    write(&file, &prices(9, 1.0));
    Market::import(&file, &store, Options::default()).expect("stored");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut opened = 0;
                    while !done.load(Ordering::Relaxed) {
                        let market = Market::open(&store).unwrap_or_else(|e| panic!("{e}"));
                        let (close, days) = (market.prices().close, market.calendar().len());
                        // The number of sessions says by what factor all prices are multiplied.
                        let factor = if days == 9 { 1.0 } else { 3.0 };
                        for day in 0..days {
                            assert_eq!(close[[day, 2]], factor * (day + 1) as f64);
                        }
                        opened += 1;
                    }
                    opened
                })
            })
            .collect();
        for round in 0..ROUNDS {
            let (days, factor) = if round % 2 == 0 { (12, 3.0) } else { (9, 1.0) };
            write(&file, &prices(days, factor));
            Market::import(&file, &store, Options::default()).expect("stored");
        }
        done.store(true, Ordering::Relaxed);
        let opened: u32 = readers.into_iter().map(|r| r.join().expect("no panic")).sum();
        assert!(opened > 0);
    });
}
