//! The program as it is called: what it prints, where, and with which exit code, when something is wrong.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_decile");

const MOMENTUM: &str = "select top 2 by return(20d)\n";

/// A folder with a market of three companies and half a year, and some strategies.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &[u8]| {
        fs::write(folder.path().join(name), text).expect("it can be written");
    };
    let mut prices = "symbol,date,close,volume\n".to_owned();
    let mut date = jiff::civil::date(2020, 1, 1);
    for row in 0..130 {
        for (asset, symbol) in ["AAA", "BBB", "CCC"].iter().enumerate() {
            let close = 10 + asset * 7 + (row * (asset + 3)) % 11;
            let _ = writeln!(prices, "{symbol},{date},{close},1000");
        }
        date = date.tomorrow().expect("a date of 2020");
        while date.weekday().to_monday_zero_offset() > 4 {
            date = date.tomorrow().expect("a date of 2020");
        }
    }
    write("prices.csv", prices.as_bytes());
    write("momentum.decile", MOMENTUM.as_bytes());
    write("params.decile", b"param n = 2 in 1..3\nparam at = \"x\"\nselect top n by return(20d)\n");
    write("dates.decile", b"from 2020-02-01 to 2020-04-30\nselect top 2 by return(20d)\n");
    write("latin.decile", b"select top 2 by close # caf\xe9\n");
    write("binary.decile", &[0xff, 0xfe, 0, 1, 2, 3]);
    write("empty.decile", b"");
    write("file", b"not a folder");
    fs::create_dir(folder.path().join("full")).expect("it can be made");
    write("full/notes.txt", b"keep me");
    folder
}

/// Runs the program in the folder; the page gets the command, the exit code and everything that was printed.
fn call(page: &mut String, folder: &Path, arguments: &[&str]) {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let shown = |bytes: &[u8]| {
        let root = folder.to_string_lossy();
        String::from_utf8_lossy(bytes).replace(root.as_ref(), "FOLDER").trim_end().to_owned()
    };
    let _ = writeln!(page, "$ decile {}", arguments.join(" "));
    for text in [shown(&output.stdout), shown(&output.stderr)] {
        if !text.is_empty() {
            let _ = writeln!(page, "{text}");
        }
    }
    let _ = writeln!(page, "[exit {}]\n", output.status.code().unwrap_or(-1));
}

fn snapshot(name: &str, page: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, page);
    });
}

fn page(cases: &[&[&str]]) -> String {
    let folder = folder();
    let mut page = String::new();
    for arguments in cases {
        call(&mut page, folder.path(), arguments);
    }
    page
}

#[test]
fn command_line() {
    snapshot(
        "command_line",
        &page(&[
            &["run"],
            &["runn"],
            &["run", "momentum.decile", "--form", "2020-01-01"],
            &["run", "momentum.decile", "--from", "2020-13-01"],
            &["run", "momentum.decile", "--from", "yesterday"],
            &["run", "momentum.decile", "--set", "n"],
            &["run", "momentum.decile", "--set", "=3"],
            &["run", "momentum.decile", "--from", "2020-05-01", "--to", "2020-04-01"],
        ]),
    );
}

#[test]
fn files() {
    snapshot(
        "files",
        &page(&[
            &["run", "nowhere.decile", "--data", "prices.csv"],
            &["run", "full", "--data", "prices.csv"],
            &["run", "latin.decile", "--data", "prices.csv"],
            &["run", "binary.decile", "--data", "prices.csv"],
            &["run", "empty.decile", "--data", "prices.csv"],
            &["run", "momentum.decile", "empty.decile", "--data", "prices.csv"],
            &["run", "-e", "", "--data", "prices.csv"],
            &["run", "momentum.decile", "--data", "nowhere"],
            &["run", "momentum.decile", "--data", "full"],
            &["run", "momentum.decile", "--data", "file"],
            &["explain", "latin.decile", "--data", "prices.csv"],
        ]),
    );
}

#[test]
fn settings() {
    snapshot(
        "settings",
        &page(&[
            &["run", "momentum.decile", "--data", "prices.csv", "--set", "n=3"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "m=3"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "lookback=3"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "n=30"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "n=two"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "n=close * 2"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "n=)("],
            &["run", "params.decile", "--data", "prices.csv", "--set", "n="],
            &["run", "params.decile", "--data", "prices.csv", "--set", "n=-1"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "n=1.5"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "at=5"],
            &["run", "params.decile", "--data", "prices.csv", "--set", "at=2020-01-01"],
        ]),
    );
}

#[test]
fn periods() {
    snapshot(
        "periods",
        &page(&[
            &["run", "momentum.decile", "--data", "prices.csv", "--from", "2030-01-01"],
            &["run", "momentum.decile", "--data", "prices.csv", "--to", "2010-01-01"],
            &["run", "momentum.decile", "--data", "prices.csv", "--from", "2020-06-27"],
            &[
                "run",
                "momentum.decile",
                "--data",
                "prices.csv",
                "--from",
                "2020-02-29",
                "--to",
                "2020-03-01",
            ],
            &["run", "momentum.decile", "--data", "prices.csv", "--to", "2020-01-15"],
            &["run", "dates.decile", "--data", "prices.csv", "--from", "2020-06-01"],
            &["run", "-e", "select top 2 by return(6m) rebalance annually", "--data", "prices.csv"],
            &[
                "run",
                "-e",
                "where close > 1000 select top 2 by return(20d)",
                "--data",
                "prices.csv",
            ],
            &["run", "-e", "select top 5 by return(20d)", "--data", "prices.csv"],
            &["run", "-e", "select top 2 by lag(close, 100000)", "--data", "prices.csv"],
        ]),
    );
}

#[test]
fn portfolios() {
    let texts = [
        "select top 3 by close cap position 1%",
        "select top 3 by close cap position 40% floor position 60%",
        "select top 3 by -close weight score",
        "select top 3 by close weight by -close",
        "select top 3 by value",
        "select top 3 by close cap sector 25%",
        "select top 3 by close trade at next open",
        "select top 3 by close weight market_cap",
    ];
    let calls = texts.map(|text| ["run", "-e", text, "--data", "prices.csv"]);
    let calls: Vec<&[&str]> = calls.iter().map(<[&str; 5]>::as_slice).collect();
    snapshot("portfolios", &page(&calls));
}

#[test]
fn output() {
    let folder = folder();
    let mut page = String::new();
    let run = |page: &mut String, out: &str| {
        call(
            page,
            folder.path(),
            &["run", "momentum.decile", "--data", "prices.csv", "--out", out],
        );
    };
    for out in ["file", "file/below"] {
        run(&mut page, out);
    }
    snapshot("output", &page);
    assert_eq!(fs::read(folder.path().join("file")).expect("it is still there"), b"not a folder");
    assert_eq!(
        fs::read(folder.path().join("full/notes.txt")).expect("it is still there"),
        b"keep me"
    );
}

#[test]
fn short_and_json_errors() {
    let of = |format| {
        ["run", "-e", "select top 0 by closs", "--data", "prices.csv", "--error-format", format]
    };
    snapshot("short_and_json_errors", &page(&[&of("short"), &of("json")]));
}

#[test]
fn a_panic_over_a_damaged_page_is_only_an_error() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/data/no_dictionary.parquet");
    let output = Command::new(PROGRAM).args(["data", "check", file]).output();
    let output = output.expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert!(error.starts_with("error[data-unreadable]: "), "{error}");
    assert!(!error.contains("panicked"), "{error}");
}
