//! `decile eval` and `decile help` as they are called, on the sample market: what they print, and what they write.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_decile");

const FEATURES: &str = "param n = 20 in 5..60
let cheap = value
let trend = close / ts_mean(close, n) - 1
let group = sector
let rising = close > lag(close, 1)
let market_mean = cs_mean(return(1d))
let fifth = bucket(value, 5)
let three = 3
let own(x) = x + 1
let text = \"Energy\"
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("features.decile"), FEATURES).expect("it can be written");
    folder
}

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// What the calls print, and their exit codes.
fn page(folder: &Path, calls: &[&[&str]]) -> String {
    let mut page = String::new();
    for arguments in calls {
        let output = program(folder, arguments);
        let _ = writeln!(page, "$ decile {}", arguments.join(" "));
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            if !text.is_empty() {
                let _ = writeln!(page, "{}", text.trim_end());
            }
        }
        let _ = writeln!(page, "[exit {}]\n", output.status.code().unwrap_or(-1));
    }
    page
}

fn snapshot(name: &str, calls: &[&[&str]]) {
    let page = page(folder().path(), calls);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, page);
    });
}

#[test]
fn values() {
    snapshot(
        "eval",
        &[
            &["eval", "-e", "rank(value) + rank(momentum)", "--top", "5"],
            &["eval", "-e", "sector", "-e", "close > lag(close, 1)", "--at", "2015-06-30"],
            &["eval", "-e", "cs_mean(return(1d))", "--top", "3"],
            &["eval", "-e", "1y + 1"],
            &["eval", "-e", "momentum", "--at", "2010-06-30"],
            &["eval", "features.decile"],
            &["eval", "features.decile", "-e", "rank(trend)", "--set", "n=30", "--top", "2"],
            &["eval", "-e", "ts_std(return(1d), 20)", "--top", "1", "--json"],
        ],
    );
}

#[test]
fn faults() {
    snapshot(
        "eval_faults",
        &[
            &["eval"],
            &["eval", "-e", "valeu"],
            &["eval", "-e", "\"Energy\""],
            &["eval", "-e", "close", "--at", "2019-01-05"],
            &["eval", "-e", "close", "--at", "2030-01-01"],
            &["eval", "-e", "close", "--top", "0"],
            &["eval", "-e", "close", "--set", "n=30"],
            &["eval", "-e", "close", "--out", "close.txt"],
            &["eval", "-e", "close", "--from", "2020-01-01"],
            &["eval", "-e", "close", "-e", "close", "--out", "twice.csv"],
            &["eval", "-e", "close", "--out", "nowhere/close.csv"],
            &["eval", "-e", "close", "--out", "c.csv", "--from", "2030-01-01"],
            &[
                "eval",
                "-e",
                "close",
                "--out",
                "c.csv",
                "--from",
                "2020-02-01",
                "--to",
                "2020-01-01",
            ],
        ],
    );
}

#[test]
fn help() {
    snapshot(
        "help",
        &[
            &["help", "ts_mean"],
            &["help", "if"],
            &["help", "value"],
            &["help", "close"],
            &["help", "sharpe"],
            &["help", "cap"],
            &["help", "trade", "at"],
            &["help", "unknown-name"],
            &["help", "momentun"],
            &["help", "nothing_like_it"],
            &["help", "value", "--json"],
        ],
    );
    let folder = folder();
    let of_command = program(folder.path(), &["help", "run"]).stdout;
    assert_eq!(of_command, program(folder.path(), &["run", "--help"]).stdout);
}

/// The values of a column of the CSV file that eval writes, by symbol.
fn column(folder: &Path, expression: &str, date: &str) -> Vec<(String, String)> {
    let call = ["eval", "-e", expression, "--at", date, "--out", "out.csv"];
    let output = program(folder, &call);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(folder.join("out.csv")).expect("it was written");
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.splitn(3, ',').collect();
        assert_eq!(cells[0], date);
        (cells[1].to_owned(), cells[2].to_owned())
    });
    rows.collect()
}

#[test]
fn a_table_holds_all_dates_and_shapes() {
    let folder = folder();
    let call = ["eval", "features.decile", "--out", "f.csv", "--from", "2024-11-01"];
    let output = program(folder.path(), &call);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(folder.path().join("f.csv")).expect("it was written");
    let header = "date,symbol,cheap,trend,group,rising,market_mean,fifth,three";
    assert_eq!(text.lines().next(), Some(header));
    assert!(text.lines().skip(1).all(|l| l.split(',').count() == 9 && l >= "2024-11-01"));
    // What has only dates has no symbols.
    let call = ["eval", "-e", "cs_count(close)", "--out", "s.csv", "--from", "2024-11-19"];
    program(folder.path(), &call);
    let text = fs::read_to_string(folder.path().join("s.csv")).expect("it was written");
    assert_eq!(text, "date,cs_count(close)\n2024-11-19,349\n2024-11-20,349\n");
    // A file that could not be replaced is left as it is.
    let call = ["eval", "-e", "closs", "--out", "s.csv"];
    assert!(!program(folder.path(), &call).status.success());
    assert_eq!(fs::read_to_string(folder.path().join("s.csv")).expect("it is there"), text);
    let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 3, "nothing is left beside the files");
}

#[test]
fn both_forms_hold_the_same() {
    let folder = folder();
    for name in ["f.csv", "f.parquet"] {
        let call = ["eval", "-e", "close", "--out", name, "--from", "2024-01-01"];
        assert!(program(folder.path(), &call).status.success());
    }
    // Both read back as prices.
    let shown = |name: &str| {
        let call = ["eval", "-e", "ts_mean(close, 20)", "--data", name, "--top", "3"];
        let output = program(folder.path(), &call);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().skip(2).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(shown("f.csv"), shown("f.parquet"));
}

/// Computed by pandas from the prices that `decile sample --csv` writes.
#[test]
fn figures_are_those_of_pandas() {
    let folder = folder();
    for (expression, expected) in PANDAS {
        let found = column(folder.path(), expression, "2024-11-20");
        for (symbol, value) in *expected {
            let (_, text) = found.iter().find(|(s, _)| s == symbol).expect("it is in the table");
            let number: f64 = text.parse().expect("a number");
            let room = 1e-12 * value.abs();
            assert!((number - value).abs() <= room, "{expression} of {symbol}: {number}");
        }
    }
}

/// Expressions, and some assets' values on the last date.
const PANDAS: &[(&str, &[(&str, f64)])] = &[
    ("ts_mean(close, 20)", &[("BIN6", 24.475500000000004), ("KUW3", 105.452), ("ZOJ3", 47.9405)]),
    (
        "close / lag(close, 63) - 1",
        &[
            ("BIN6", 0.2137962539972591),
            ("KUW3", 0.34726763194768795),
            ("ZOJ3", 0.9223107569721114),
        ],
    ),
    (
        "ts_std(close, 60)",
        &[("BIN6", 2.353205507003604), ("KUW3", 8.137612073221314), ("ZOJ3", 7.11231432095067)],
    ),
    (
        "rank(adv(20))",
        &[
            ("BIN6", 0.5402298850574713),
            ("KUW3", 0.6350574712643678),
            ("ZOJ3", 0.13505747126436782),
        ],
    ),
];
