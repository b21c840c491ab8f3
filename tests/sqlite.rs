//! Tables that queries to SQLite give.
#![cfg(feature = "sqlite")]

use decile::data::Market;
use decile::panel::MarketData;
use rusqlite::Connection;
use std::{fmt::Write as _, fs, path::Path};

/// A folder with a database and a catalog.
fn folder(statements: &str, catalog: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = Connection::open(folder.path().join("m.db")).expect("it can be made");
    connection.execute_batch(statements).expect("sound statements");
    fs::write(folder.path().join("market.toml"), catalog).expect("writable");
    folder
}

const TABLES: &str = "
create table prices (symbol text, day text, close real, volume integer, name text);
insert into prices values ('A', '2020-01-02', 1.5, 7, 'x'), ('B', '2020-01-02', 2, null, 'x'),
  ('A', '2020-01-03', 2.5, 8, 'x'), ('B', '2020-01-03', null, 9, 'x');
create table reports (ticker text, ended integer, filed text, equity text);
insert into reports values ('A', 20181231, '2019-03-01', '12.5'), ('B', 20181231, null, '-99');
create table sectors (ticker text, sector text);
insert into sectors values ('A', 'Banks'), ('B', null);
create table spells (ticker text, since text);
insert into spells values ('B', '2020-01-03');
create table rates (date text, rf real);
insert into rates values ('2020-01-02', 0.5), ('2020-01-03', 1e999);
";

#[test]
fn every_kind_of_table_can_be_a_query() {
    let folder = folder(
        TABLES,
        r#"databases.m.sqlite = "m.db"
prices = { database = "m", query = "select * from prices order by symbol, day", date = "day", basis = "raw" }
reports.r = { database = "m", query = "select * from reports", period_end = "ended", published = "filed", missing = ["-99"], lag = "90d", columns = { book_equity = "equity" } }
labels.s = { database = "m", query = "select * from sectors", columns = { sector = "sector" } }
members.index = { database = "m", query = "select * from spells", start = "since" }
series.f = { database = "m", query = "select * from rates", columns = { risk_free = "rf" } }
"#,
    );
    let market = Market::open(folder.path()).unwrap_or_else(|e| panic!("{e}"));
    let value = |name: &str, row: u32, asset: usize| {
        market.value(market.schema().find(None, name)[0], row, asset)
    };
    assert_eq!(market.schema().symbols.as_ref(), ["A", "B"]);
    assert_eq!(market.prices().close.column(0).to_vec(), [1.5, 2.5]);
    assert!(value("close", 1, 1).is_nan() && value("volume", 0, 1).is_nan());
    assert_eq!((value("close", 0, 1), value("volume", 1, 1)), (2.0, 9.0));
    assert_eq!(value("book_equity", 0, 0), 12.5);
    assert!(value("book_equity", 0, 1).is_nan());
    let sector = market.schema().find(None, "sector")[0];
    assert_eq!(market.label(sector, market.value(sector, 0, 0)), Some("Banks"));
    assert_eq!([0, 1].map(|row| value("index", row, 1)), [0.0, 1.0]);
    assert_eq!(value("risk_free", 1, 0), 0.5, "an infinite number is missing");
    insta::assert_snapshot!("sqlite_report", market.detected().join("\n"));
}

#[test]
fn what_is_said_of_queries_that_fail() {
    let said = |path: &Path| {
        let error = Market::open(path).expect_err("it fails");
        assert!(error.about_data());
        error.to_string().replace(&path.display().to_string(), "DIR")
    };
    let database = "databases.m.sqlite = \"m.db\"\n";
    let query = |text: &str| format!("prices = {{ database = \"m\", query = \"{text}\" }}\n");
    let cases = [
        query("select 1"),
        format!("{database}prices = {{ database = \"n\", query = \"select 1\" }}\n"),
        format!("{database}prices = {{ database = \"m\" }}\n"),
        format!("{database}prices = {{ file = \"p.csv\", query = \"select 1\" }}\n"),
        format!("databases.m.sqlite = \"n.db\"\n{}", query("select 1")),
        format!("databases.m.sqlite = \"market.toml\"\n{}", query("select 1")),
        format!("databases.m = {{}}\n{}", query("select 1")),
        format!("{database}{}", query("selct 1")),
        format!("{database}{}", query("select nought from prices")),
        format!("{database}{}", query("select * from nowhere")),
        format!("{database}{}", query("delete from prices")),
        format!("{database}{}", query("select 1; select 2")),
        format!("{database}{}", query("select symbol, day, volume as v2 from prices")),
        format!("{database}{}", query("select * from prices where close > 5")),
        format!("{database}{}", query("select symbol, day as date, 'dear' as close from prices")),
        format!("{database}{}", query("select symbol, null as date, close from prices")),
        format!("{database}{}", query("select symbol, day as date, x'00' as close from prices")),
    ];
    let mut all = String::new();
    for toml in cases {
        let folder = folder(TABLES, &toml);
        let _ = writeln!(all, "{toml}-----\n{}\n=====\n", said(folder.path()));
    }
    insta::assert_snapshot!("bad_sqlite", all);
}
