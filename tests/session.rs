//! Conversations: what is answered to each line. The transcripts of `tests/corpus/session` and the tutorial's pages are
//! run whole. `UPDATE_DOCS=1` writes the answers of the pages.

use decile::{
    Market,
    diagnostic::{Style, render},
    report::Colors,
    session::{Session, is_unfinished},
};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What is shown for an input: warnings or errors, then the answer.
fn answer(session: &mut Session, input: &str) -> String {
    match session.enter(input) {
        Ok(reply) => {
            let warnings = reply.warnings.filter(|w| !w.list.is_empty());
            let warnings = warnings.map_or(String::new(), |w| render(&w, Style::Plain) + "\n");
            warnings + &reply.text
        }
        Err(faults) => render(&faults, Style::Plain) + "\n",
    }
}

/// Runs the inputs of a transcript, each behind `> `, and writes it with the answers.
fn transcript(session: &mut Session, text: &str) -> String {
    let mut out = String::new();
    for input in text.lines().filter_map(|line| line.strip_prefix("> ")) {
        let shown: Vec<String> =
            answer(session, input).lines().map(|l| l.trim_end().to_owned()).collect();
        let _ = writeln!(out, "> {input}");
        for line in shown {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

#[test]
fn every_transcript() {
    let folder = root().join("tests/corpus/session");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("it is in the tree")
        .map(|f| f.expect("readable").path())
        .collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "txt"));
    files.sort();
    assert!(files.len() >= 3);
    for file in files {
        let text = fs::read_to_string(&file).expect("readable");
        let mut session = Session::new(Market::sample(), Colors::No);
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        insta::with_settings!({ snapshot_path => "corpus/session", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, transcript(&mut session, &text));
        });
    }
}

#[test]
fn the_tutorial_is_true() {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("docs/tutorial"))
        .expect("it is in the tree")
        .map(|f| f.expect("readable").path())
        .collect();
    pages.sort();
    let mut blocks = 0;
    for page in pages {
        let text = fs::read_to_string(&page).expect("readable").replace("\r\n", "\n");
        let mut session = Session::new(Market::sample(), Colors::No);
        let (mut out, mut rest) = (String::new(), text.as_str());
        while let Some((before, after)) = rest.split_once("```session\n") {
            let (block, after) = after.split_once("```").expect("a block ends");
            out = out + before + "```session\n" + &transcript(&mut session, block) + "```";
            rest = after;
            blocks += 1;
        }
        out += rest;
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&page, &out).expect("writable");
        } else {
            assert_eq!(
                text,
                out,
                "UPDATE_DOCS=1 cargo test --test session writes {}",
                page.display()
            );
        }
    }
    assert!(blocks > 15);
}

#[test]
fn what_goes_wrong_changes_nothing() {
    let mut session = Session::new(Market::sample(), Colors::No);
    session.enter("select top 5 by value").expect("it is sound");
    let before = session.enter("show").expect("it prints").text;
    for wrong in [
        "weight equall",
        "let x = ",
        "cap sectr 5%",
        ":at tomorrow",
        "\u{1}\u{2}",
        "\"open",
        ":nothing",
    ] {
        assert!(session.enter(wrong).is_err(), "{wrong}");
        assert_eq!(session.enter("show").expect("it prints").text, before, "{wrong}");
    }
    let long = "1 + ".repeat(3_000_000) + "1";
    assert!(session.enter(&long).is_err());
    assert!(!is_unfinished(&"(".repeat(0)));
}

#[test]
fn a_strategy_is_saved_and_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.decile");
    let mut session = Session::new(Market::sample(), Colors::No);
    assert!(
        session.enter(&format!("save {}", path.display())).is_err(),
        "there is nothing to save"
    );
    session.enter("let cheap = rank(value)").expect("it is sound");
    session.enter("select top 5 by cheap").expect("it is sound");
    session.enter(&format!("save {}", path.display())).expect("writable");
    let text = fs::read_to_string(&path).expect("readable");
    let mut other = Session::new(Market::sample(), Colors::No);
    assert_eq!(other.enter(&format!("load \"{}\"", path.display())).expect("readable").text, text);
    #[cfg(unix)]
    {
        // A file that is there keeps its permissions, and one that is read-only is left as it is.
        use std::os::unix::fs::PermissionsExt;
        let allow = |mode: u32| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("settable");
        };
        allow(0o640);
        session.enter("select top 6 by cheap").expect("it is sound");
        session.enter(&format!("save {}", path.display())).expect("writable");
        assert!(fs::read_to_string(&path).expect("readable").contains("top 6"));
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        allow(0o440);
        session.enter("select top 7 by cheap").expect("it is sound");
        assert!(session.enter(&format!("save {}", path.display())).is_err());
        assert!(fs::read_to_string(&path).expect("readable").contains("top 6"));
    }
    let nowhere = Path::new("/nowhere/at/all.decile");
    assert!(session.enter(&format!("save {}", nowhere.display())).is_err());
}

#[test]
fn what_is_kept_changes_no_answer() {
    let said = [
        "let cheap = rank(value)",
        "ts_mean(close, 20) @ 2016-03-31",
        "ts_mean(close, 20) @ 2015-03-31",
        "ts_std(close / ts_mean(close, 20), 60) @ 2016-03-31",
        "select top 20 by cheap",
        "run",
        "select top 20 by cheap + rank(momentum)",
        "run",
        ":set nothing = 1",
        "rebalance weekly",
        "run",
        "cap sector 30%",
        "run",
        "ts_mean(close, 20)",
        "risk_free",
        ":undo",
        "run",
        ":why LUS1 2020-06-30",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("market");
    Market::sample().store(&store, &()).expect("it can be written");
    let new = || Session::new(Market::open(&store).expect("it was stored"), Colors::No);
    let mut session = new();
    for (i, line) in said.iter().enumerate() {
        let found = answer(&mut session, line);
        // In a conversation in which nothing was computed before but what the statements themselves show.
        let mut fresh = new();
        let is_statement = |l: &&&str| {
            ["let", "select", "rebalance", "cap", ":undo"].iter().any(|word| l.starts_with(word))
        };
        for before in said[..i].iter().filter(is_statement) {
            answer(&mut fresh, before);
        }
        assert_eq!(found, answer(&mut fresh, line), "{line}");
    }
}

#[test]
#[cfg(unix)]
fn data_that_vanish_are_still_there_for_the_conversation() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("market");
    Market::sample().store(&store, &()).expect("it can be written");
    let mut session = Session::new(Market::open(&store).expect("it was stored"), Colors::No);
    fs::remove_dir_all(&store).expect("it is there");
    let mut whole = Session::new(Market::sample(), Colors::No);
    for line in ["ts_mean(close, 20) @ 2016-03-31", "select top 5 by value", "run"] {
        assert_eq!(answer(&mut session, line), answer(&mut whole, line));
    }
    let said = answer(&mut session, &format!(":data {}", store.display()));
    assert!(said.contains("error["), "{said}");
    assert_eq!(answer(&mut session, "1 + 1"), answer(&mut whole, "1 + 1"));
}
