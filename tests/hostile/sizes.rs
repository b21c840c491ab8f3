//! Texts that are long, deep, or grow when they are expanded: an answer in moments, and in little memory.

use crate::market::TINY;
use decile::{diagnostic::Code, engine::Strategy};
use std::{
    fmt::Write,
    time::{Duration, Instant},
};

/// The codes of what is said, or none if it compiles; within a time that only a blow-up would miss.
fn codes(text: &str) -> Vec<&'static str> {
    let start = Instant::now();
    let said = Strategy::parse(text)
        .and_then(|s| s.compile(&*TINY).map(|c| drop(c.explain(false).map(|e| e.to_text()))));
    let codes = match said {
        Ok(()) => vec![],
        Err(errors) => {
            let shown = errors.to_string();
            assert!(shown.len() < 4 << 20, "{} bytes are said", shown.len());
            let mut codes: Vec<&str> = errors.list.iter().map(|d| d.code.name()).collect();
            codes.dedup();
            codes
        }
    };
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    codes
}

fn many(n: usize, mut line: impl FnMut(&mut String, usize)) -> String {
    let mut text = String::new();
    (0..n).for_each(|i| line(&mut text, i));
    text
}

#[test]
fn nested_brackets() {
    let text = format!("select top 5 by {}close{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(codes(&text), [Code::TooDeep.name()]);
    assert_eq!(codes(&format!("select top 5 by {}", "(".repeat(10_000))), [Code::TooDeep.name()]);
    let calls = format!("select top 5 by {}close{}", "abs(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(codes(&calls), [Code::TooDeep.name()]);
    assert_eq!(
        codes(&format!("select top 5 by {}close", "-".repeat(10_000))),
        [Code::TooDeep.name()]
    );
}

#[test]
fn a_megabyte_of_junk() {
    for junk in ["a ", "( ", "\u{1F980}", "0", "select ", "let a = ", "\\", "where x ", "\n"] {
        let text = junk.repeat((1 << 20) / junk.len());
        assert!(!codes(&text).is_empty(), "{junk:?}");
    }
    assert_eq!(codes(&"a".repeat((1 << 20) + 1)), [Code::TooLong.name()]);
}

#[test]
fn thousands_of_unknown_names() {
    let lets = many(20_000, |t, i| writeln!(t, "let a{i} = nosuch{i}").expect("a string takes it"));
    assert_eq!(codes(&format!("{lets}select all")), [Code::UnknownName.name()]);
}

#[test]
fn lets_in_a_chain() {
    let forwards =
        many(5_000, |t, i| writeln!(t, "let a{} = a{i} + 1", i + 1).expect("a string takes it"));
    assert!(codes(&format!("let a0 = close\n{forwards}select top 5 by a5000")).is_empty());
    let backwards = many(5_000, |t, i| {
        let n = 5_000 - i;
        writeln!(t, "let a{n} = a{} + 1", n - 1).expect("a string takes it");
    });
    assert!(
        codes(&format!("{backwards}let a0 = close\nselect top 5 by a5000 of \"IDX\" + close"))
            .is_empty()
    );
}

#[test]
fn functions_in_a_chain() {
    let chain = many(5_000, |t, i| {
        writeln!(t, "let f{}(x) = f{i}(x) + 1", i + 1).expect("a string takes it")
    });
    assert_eq!(
        codes(&format!("let f0(x) = x\n{chain}select top 5 by f5000(close)")),
        [Code::TooDeep.name()]
    );
}

#[test]
fn functions_that_double() {
    let same = many(60, |t, i| {
        writeln!(t, "let f{}(x) = f{i}(x) + f{i}(x)", i + 1).expect("a string takes it")
    });
    assert!(codes(&format!("let f0(x) = x\n{same}select top 5 by f60(close)")).is_empty());
    let other = many(60, |t, i| {
        writeln!(t, "let f{}(x) = f{i}(x * {}) + f{i}(x / {})", i + 1, i + 2, i + 3)
            .expect("a string takes it");
    });
    assert_eq!(
        codes(&format!("let f0(x) = x\n{other}select top 5 by f60(close)")),
        [Code::TooLarge.name()]
    );
}

#[test]
fn lets_in_large_circles() {
    let circle = many(5_000, |t, i| {
        writeln!(t, "let a{i} = a{}", (i + 1) % 5_000).expect("a string takes it")
    });
    assert_eq!(codes(&format!("{circle}select top 5 by a0")), [Code::Recursion.name()]);
    let all = many(2_000, |t, i| {
        writeln!(t, "let a{i} = a0 + a{} + a{i}", (i + 1) % 2_000).expect("a string takes it")
    });
    assert_eq!(codes(&format!("{all}select top 5 by a0")), [Code::Recursion.name()]);
}

#[test]
fn long_sums_and_lists() {
    let sum = many(150, |t, i| write!(t, " + close * {i}").expect("a string takes it"));
    assert!(codes(&format!("select top 5 by close{sum}")).is_empty());
    let list = many(20_000, |t, i| write!(t, "{i}, ").expect("a string takes it"));
    assert!(codes(&format!("where close in [{list}0] select all")).is_empty());
    let clauses = "where close > 0\n".repeat(20_000);
    assert!(codes(&format!("{clauses}select all")).is_empty());
    let strategies = many(1_000, |t, i| {
        writeln!(t, "strategy s{i} {{ select top 2 by close + {i} }}").expect("a string takes it")
    });
    assert!(codes(&strategies).is_empty());
}

#[test]
fn more_conditions_and_caps_than_anybody_has() {
    let conditions =
        many(50_000, |t, i| writeln!(t, "where volume > {i}").expect("a string takes it"));
    assert_eq!(codes(&format!("{conditions}select all")), [Code::TooLarge.name()]);
    let caps = "cap position 1%\n".repeat(20_000);
    assert_eq!(codes(&format!("{caps}select all")), [Code::TooLarge.name()]);
}

#[test]
fn files_that_use_files_that_use_files() {
    // Each layer uses both files of the next: 2^40 ways down, but 80 files.
    let folder = tempfile::tempdir().expect("a temporary folder");
    for layer in 0..40 {
        let next = layer + 1;
        let uses = if next < 40 {
            format!("use \"a{next}.decile\"\nuse \"b{next}.decile\"\n")
        } else {
            String::new()
        };
        for side in ["a", "b"] {
            let text = format!("{uses}let {side}{layer} = close\n");
            std::fs::write(folder.path().join(format!("{side}{layer}.decile")), text)
                .expect("it can be written");
        }
    }
    let main = folder.path().join("main.decile");
    std::fs::write(&main, "use \"a0.decile\"\nselect top 2 by b39 + a0 + nosuch")
        .expect("it can be written");
    let start = Instant::now();
    let errors = Strategy::open(&main)
        .expect("it parses")
        .compile(&*TINY)
        .err()
        .expect("one name is unknown");
    assert_eq!(errors.list.len(), 1, "{errors}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}
