//! Data as people have them, broken ones above all: what is read from each file of `tests/corpus/data`, or what is said
//! of it, stands in a snapshot.

use decile::data::{Market, Options};
use decile::panel::{FieldData, FieldId, MarketData};
use proptest::prelude::*;
use std::{fmt::Write as _, fs, path::Path};

fn shown(market: &Market) -> String {
    let mut text = String::new();
    for line in market.detected() {
        let _ = writeln!(text, "{line}");
    }
    for note in market.notes() {
        let _ = writeln!(text, "note: {note}");
    }
    for warning in market.warnings() {
        let _ = writeln!(text, "warning[{}]: {}", warning.code.name(), warning.message);
    }
    let _ = writeln!(text, "symbols: {:?}", market.schema().symbols);
    for (i, field) in market.schema().fields.iter().enumerate().take(12) {
        let values = match market.field(FieldId(i as u16)) {
            FieldData::Panel(panel) => {
                format!("{panel:?}").split("], shape").next().unwrap_or("").to_owned() + "]"
            }
            other => format!("{other:?}"),
        };
        let _ = writeln!(text, "{}.{}: {}: {values}", field.table, field.name, field.ty);
    }
    text
}

fn said(path: &Path, folder: &Path) -> String {
    let text = match Market::open(path) {
        Ok(market) => shown(&market),
        Err(error) => {
            assert!(error.about_data(), "the exit code says that it is about data");
            error.to_string()
        }
    };
    text.replace(&folder.display().to_string(), "DIR")
}

#[test]
fn every_file_of_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/data");
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("the corpus").map(|f| f.expect("readable").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "csv"));
    files.sort();
    assert!(files.len() > 20);
    for file in files {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        insta::with_settings!({ snapshot_path => "corpus/data", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, said(&file, &folder));
        });
    }
}

fn opened(name: &str, bytes: &[u8]) -> Result<Market, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("writable");
    let market = Market::open(&path);
    market.map_err(|e| e.to_string().replace(&folder.path().display().to_string(), "DIR"))
}

#[test]
fn line_endings_and_a_byte_order_mark_make_no_difference() {
    let plain = "symbol,date,close\nA,2020-01-02,1\nA,2020-01-03,2\nB,2020-01-02,3\n";
    let expected = shown(&opened("m.csv", plain.as_bytes()).expect("it is sound"));
    let mixed =
        "\u{feff}symbol,date,close\r\nA,2020-01-02,1\nA,2020-01-03,2\r\n\r\n\nB,2020-01-02,3";
    let old = plain.replace('\n', "\r");
    let with_quotes = plain.replace("A,", "\"A\",");
    for text in [mixed, &old, &with_quotes] {
        assert_eq!(
            shown(&opened("m.csv", text.as_bytes()).expect("it is sound")),
            expected,
            "{text:?}"
        );
    }
    let fault = "symbol,date,close\r\n\r\nA,2020-01-02,1\n\nA,2020-01-03,x\r\n";
    insta::assert_snapshot!(
        "mixed_line_endings",
        opened("m.csv", fault.as_bytes()).expect_err("`x` is no number")
    );
}

#[test]
fn thousands_of_columns() {
    let mut header = "date".to_owned();
    let mut row = "2020-01-02".to_owned();
    for i in 0..5000 {
        let _ = write!(header, ",S{i:04}");
        let _ = write!(row, ",{}", i + 1);
    }
    let market = opened("wide.csv", format!("{header}\n{row}\n").as_bytes()).expect("it is sound");
    assert_eq!(market.schema().symbols.len(), 5000);
    assert_eq!(market.prices().close[[0, 4999]], 5000.0);
    let fault = opened("wide.csv", format!("{header}\n{row},1\n").as_bytes())
        .expect_err("a field too many");
    insta::assert_snapshot!("thousands_of_columns", fault);
}

#[test]
fn a_parquet_file_that_is_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prices.parquet");
    decile::data::Sample { assets: 5, years: 1, seed: 1 }
        .market()
        .write_parquet(&path)
        .expect("writable");
    let whole = fs::read(&path).expect("readable");
    let mut all = String::new();
    for length in [0, 3, 100, whole.len() / 2, whole.len() - 1] {
        let error = opened("prices.parquet", &whole[..length]).expect_err("it is cut off");
        let _ = writeln!(all, "{error}\n");
    }
    insta::assert_snapshot!("cut_off_parquet", all);
    // Damage anywhere gives an error or a market, and never a panic.
    for at in (0..whole.len()).step_by(37) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xFF;
        let _ = opened("prices.parquet", &damaged);
    }
}

#[test]
fn places_that_take_no_store() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "x").expect("writable");
    let market = Market::from_parts(vec![jiff::civil::date(2020, 1, 2)], &["A"]).build();
    let long = "x".repeat(300);
    let all: Vec<String> = ["file", "file/below", "file/below/it", &long]
        .iter()
        .map(|name| {
            let to = folder.path().join(name);
            let error = market.store(&to, &()).expect_err("it cannot be stored there");
            let said = error.list.iter().map(|d| d.message.as_str()).collect::<Vec<_>>().join("\n");
            said.replace(&*folder.path().to_string_lossy(), "DIR").replace(&long, "LONG")
        })
        .collect();
    insta::assert_snapshot!("no_store", all.join("\n"));
}

#[test]
fn paths_that_hold_no_data() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("notes.docx"), "x").expect("writable");
    fs::write(folder.path().join("packed.csv.gz"), "not packed").expect("writable");
    fs::write(folder.path().join("zeros.csv"), [0; 100]).expect("writable");
    fs::create_dir_all(folder.path().join("folders/prices.csv")).expect("writable");
    fs::write(folder.path().join("folders/market.toml"), "prices = { file = \"prices.csv\" }")
        .expect("writable");
    fs::create_dir_all(folder.path().join("catalog/market.toml")).expect("writable");
    fs::write(folder.path().join("latin.toml"), b"name = \"caf\xE9\"").expect("writable");
    let names = [
        "nowhere",
        "notes.docx",
        "",
        "packed.csv.gz",
        "zeros.csv",
        "folders",
        "catalog",
        "latin.toml",
    ];
    let all: Vec<String> =
        names.iter().map(|name| said(&folder.path().join(name), folder.path())).collect();
    insta::assert_snapshot!("no_data", all.join("\n\n"));
}

/// The same bytes again and again, and how many are left in all.
struct Endless<'a>(&'a [u8], usize);

impl std::io::Read for Endless<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let from = (self.0.len() - self.1 % self.0.len()) % self.0.len();
        let length = out.len().min(self.1).min(self.0.len() - from);
        out[..length].copy_from_slice(&self.0[from..from + length]);
        self.1 -= length;
        Ok(length)
    }
}

#[test]
fn packed_files_that_unpack_to_too_much() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = String::new();
    let header = "symbol,date,close\n";
    let cases: [(&str, &str, &[u8]); 5] = [
        ("zeros", "", &[0]),
        ("one line", header, b"A"),
        ("one quote", "symbol,date,close\n\"", b"A\n"),
        ("blank lines", header, b"\n"),
        ("one row", header, b"A,2020-01-02,1\n"),
    ];
    for (name, start, again) in cases {
        let path = folder.path().join(format!("{name}.csv.zst"));
        let again = again.repeat(4096);
        let text = std::io::Read::chain(start.as_bytes(), Endless(&again, 300 << 20));
        fs::write(&path, zstd::encode_all(text, 1).expect("packed")).expect("writable");
        assert!(path.metadata().expect("it is there").len() < 100_000);
        let _ = writeln!(all, "{}\n", said(&path, folder.path()));
    }
    let path = folder.path().join("zeros.csv.gz");
    let text =
        flate2::read::GzEncoder::new(Endless(&[0; 4096], 64 << 20), flate2::Compression::fast());
    std::io::copy(&mut { text }, &mut fs::File::create(&path).expect("writable")).expect("packed");
    let _ = writeln!(all, "{}\n", said(&path, folder.path()));
    for (name, length) in [("cut", 100), ("text", 0)] {
        let path = folder.path().join(format!("{name}.csv.zst"));
        let packed = zstd::encode_all(header.repeat(1000).as_bytes(), 1).expect("packed");
        let bytes = if length > 0 { &packed[..packed.len() / 2] } else { b"symbol,date" };
        fs::write(&path, bytes).expect("writable");
        let _ = writeln!(all, "{}\n", said(&path, folder.path()));
    }
    insta::assert_snapshot!("too_much", all);
}

/// What is said of each of some catalogs in a folder.
fn refusals(folder: &Path, catalogs: &[String]) -> String {
    let mut all = String::new();
    for text in catalogs {
        let path = folder.join("market.toml");
        fs::write(&path, text).expect("writable");
        let _ = writeln!(all, "{text}-----\n{}\n=====\n", said(&path, folder));
    }
    all
}

#[test]
fn keys_that_would_have_no_effect() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = |kind: &str, keys: &str| {
        format!("[prices]\nfile = \"p.csv\"\n[{kind}]\nfile = \"t.csv\"\n{keys}\n")
    };
    let prices = |keys: &str| format!("[prices]\nfile = \"p.csv\"\n{keys}\n");
    let cases = [
        prices("symbol = \"a\"\nsymbol_is = \"B\""),
        prices("return = \"r\"\nadjusted_close = \"a\""),
        prices("wide = true\ncolumns.close = \"c\""),
        prices("wide = true\nreturn = \"r\""),
        prices("ignore = [\"c\"]\ncolumns.close = \"c\""),
        prices("columns.close = { column = \"a\", divided_by = \"b\" }"),
        prices("columns.size = { column = \"a\", basis = \"raw\" }"),
        table("series.s", "columns.size = { column = \"a\", unit = \"money\", basis = \"raw\" }"),
        table("series.s", "columns.size = \"a\"\nblock = \"annual\""),
        table("labels.l", "columns.sector = \"a\"\ndate_format = \"%Y\""),
        table("members.m", "start = \"a\"\nend_included = true"),
        table("splits", "ratio = { column = \"a\", unit = \"ratio\" }"),
        table("splits", "ratio = { column = \"a\", basis = \"raw\" }"),
        table("dividends", "amount = { column = \"a\", basis = \"split_adjusted\" }"),
        table("delistings", "return = { column = \"a\", unit = \"money\" }"),
        "[prices]\nfile = \"p.csv\"\n[calendar]\nevery_day = true\ndate = \"a\"\n".to_owned(),
    ];
    insta::assert_snapshot!("useless_keys", refusals(folder.path(), &cases));
}

#[test]
fn catalogs_that_do_not_say_what_they_should() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.csv"), "symbol,date,close\nA,2020-01-02,1\nA,2020-01-03,2\n")
        .expect("writable");
    fs::write(folder.path().join("r.csv"), "symbol,period_end,filed,equity\nA,2019-12-31,,5\n")
        .expect("writable");
    let prices = "[prices]\nfile = \"p.csv\"\n";
    let reports = format!(
        "{prices}[reports.r]\nfile = \"r.csv\"\nperiod_end = \"period_end\"\nlag = \"90d\"\n"
    );
    let cases = [
        "[prices\n".to_owned(),
        "name = \"x\"\n".to_owned(),
        format!("{prices}colour = \"red\"\n"),
        format!("{prices}basis = \"adjusted\"\n"),
        "[prices]\nfile = \"q.csv\"\n".to_owned(),
        format!("{prices}date = \"dat\"\n"),
        format!("{prices}symbol = \"permaticker\"\n"),
        format!("{prices}columns.nav = {{ column = \"close\", unit = \"euro\" }}\n"),
        format!("{}columns.book_equity = \"equity\"\n", reports.replace("90d", "90 sessions")),
        format!("{reports}columns.book_equity = \"equty\"\n"),
        format!("{reports}only = {{ equity = [\"5\"] }}\ncolumns.book_equity = \"equity\"\n"),
        "prices = []\n".to_owned(),
    ];
    insta::assert_snapshot!("bad_catalogs", refusals(folder.path(), &cases));
}

#[test]
fn files_that_make_no_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("writable");
    };
    for name in ["same", "more", "bad", "twice", "one", "wide"] {
        fs::create_dir(folder.path().join(name)).expect("writable");
        write(&format!("{name}/1.csv"), "symbol,date,close\nA,2020-01-02,1\n");
    }
    write("more/2.csv", "ticker,date,close,volume\nA,2020-01-03,1,1\n");
    write("bad/2.csv", "symbol,date,close\nA,2020-01-03,2\nA,2020-01-06,x\n");
    write("bad/3.csv", "");
    write("twice/2.csv", "symbol,date,close\nA,2020-01-06,2\nA,2020-01-02,1\n");
    write("one/1.csv", "date,close\n2020-01-02,1\n");
    write("one/2.csv", "date,close\n2020-01-03,1\n");
    write("wide/1.csv", "date,A,B\n2020-01-02,1,2\n2020-01-03,1,2\n");
    write("wide/2.csv", "date,B,A\n2020-01-06,1,2\n2020-01-03,1,0\n");
    let mut all = String::new();
    for file in [
        "nowhere/*.csv",
        "same/*.parquet",
        "same/[.csv",
        "more/*.csv",
        "bad/*.csv",
        "twice/*.csv",
        "one/*.csv",
        "wide/*.csv",
        "{symbol}/{symbol}.csv",
        "{symbol}*/1.csv",
        "{symbol}/**/*.csv",
        "https://example.com/prices.csv",
    ] {
        let path = folder.path().join("market.toml");
        fs::write(&path, format!("prices = {{ file = \"{file}\" }}")).expect("writable");
        let _ = writeln!(all, "{file}\n-----\n{}\n=====\n", said(&path, folder.path()));
    }
    insta::assert_snapshot!("bad_patterns", all);
}

#[test]
#[cfg(not(any(feature = "arrow", feature = "sqlite", feature = "postgres")))]
fn data_that_take_another_build() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.feather"), "ARROW1").expect("writable");
    let query = "[prices]\ndatabase = \"m\"\nquery = \"select * from prices\"\n";
    let mut all = String::new();
    for text in [
        "[prices]\nfile = \"p.feather\"\n".to_owned(),
        format!("databases.m.sqlite = \"m.db\"\n{query}"),
        format!("databases.m.postgres = {{ host = \"db\" }}\n{query}"),
        format!("databases.m.url_from = \"SOURCE\"\n{query}"),
    ] {
        let path = folder.path().join("market.toml");
        fs::write(&path, &text).expect("writable");
        let _ = writeln!(all, "{text}-----\n{}\n=====\n", said(&path, folder.path()));
    }
    insta::assert_snapshot!("other_builds", all);
}

#[test]
fn no_error_repeats_a_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = String::new();
    let secret = "\"postgres://me:hidden@db/prices\"";
    for line in [
        format!("postgres = {secret}"),
        format!("postgres = {{ host = {secret} }}"),
        "postgres = { password = \"hidden\" }".to_owned(),
        "postgres = { password_from = \"hidden away\" }".to_owned(),
        format!("url = {secret}"),
        format!("url_from = {secret}"),
        format!("sqlite = {secret}"),
        "password = \"hidden\"".to_owned(),
    ] {
        let path = folder.path().join("market.toml");
        let text =
            format!("[databases.m]\n{line}\n[prices]\ndatabase = \"m\"\nquery = \"select 1\"\n");
        fs::write(&path, &text).expect("writable");
        let said = said(&path, folder.path());
        assert!(!said.contains("hidden") && !said.contains("me:"), "{said}");
        let _ = writeln!(all, "{line}\n-----\n{said}\n=====\n");
    }
    for line in [format!("file = {secret}"), format!("database = {secret}\nquery = \"select 1\"")] {
        let path = folder.path().join("market.toml");
        fs::write(&path, format!("[prices]\n{line}\n")).expect("writable");
        let said = said(&path, folder.path());
        assert!(!said.contains("hidden"), "{said}");
        let _ = writeln!(all, "{line}\n-----\n{said}\n=====\n");
    }
    insta::assert_snapshot!("no_passwords", all);
}

#[test]
fn a_catalog_may_allow_what_is_refused_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/data");
    let toml = "[prices]\nfile = \"duplicate-rows.csv\"\nduplicates = \"last\"\nbasis = \"raw\"\n";
    let path = folder.path().join("market.toml");
    fs::write(&path, toml).expect("writable");
    let options = Options { root: Some(&corpus), ..Options::default() };
    let market = Market::open_with(&path, options).expect("the last row holds");
    assert_eq!(market.prices().close.row(0).to_vec(), [11.0, 20.0]);
    let toml = "[prices]\nfile = \"nonpositive-price.csv\"\nnonpositive_prices = \"missing\"\nbasis = \"raw\"\n";
    fs::write(&path, toml).expect("writable");
    let market = Market::open_with(&path, options).expect("prices may be missing");
    assert_eq!(market.prices().close[[0, 0]], 10.0);
    assert!(market.prices().close[[0, 1]].is_nan());
}

proptest! {
    // The same cases every time: a test does not depend on luck.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn junk_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = opened("junk.csv", &bytes);
        let _ = opened("junk.parquet", &bytes);
        let _ = opened("market.toml", &bytes);
    }

    #[test]
    fn nearly_sound_tables_never_panic(text in r#"(symbol|date|ret),(date|close|id)?(,close)?(\n|\r\n)(([AB"]|NA|)(,|;|")(2020-01-0[1-9]|20200101|x|)(,|\t)(-?[0-9]{1,3}(\.5)?|"|NaN|)(\n|\r|\r\n|,)){0,12}"#) {
        let _ = opened("table.csv", text.as_bytes());
    }
}
