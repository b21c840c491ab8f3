//! The reference: its pages are those that the tables give, and its examples are true. `UPDATE_DOCS=1` writes the pages.

use decile::{
    Market,
    diagnostic::CODES,
    operator::{self, Body},
    reference,
};
use std::{fs, path::PathBuf, sync::LazyLock};

static SAMPLE: LazyLock<Market> = LazyLock::new(Market::sample);

#[test]
fn pages_are_those_of_the_tables() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let updating = std::env::var_os("UPDATE_DOCS").is_some();
    for page in reference::pages(&*SAMPLE) {
        let path = folder.join(page.name);
        if updating {
            fs::write(&path, &page.text).expect("the page can be written");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            committed == page.text,
            "{}: UPDATE_DOCS=1 cargo test --test reference writes it",
            page.name
        );
    }
}

#[test]
fn links_lead_to_headings() {
    for page in reference::pages(&*SAMPLE) {
        let mut anchors: Vec<String> = vec![];
        for heading in page.text.lines().filter_map(|l| l.strip_prefix("### ")) {
            let kept = heading.to_lowercase();
            let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            let plain = kept.collect::<String>().replace(' ', "-");
            let same = |a: &&String| {
                a.as_str() == plain
                    || a.strip_prefix(&format!("{plain}-"))
                        .is_some_and(|n| n.parse::<u32>().is_ok())
            };
            let count = anchors.iter().filter(same).count();
            anchors.push(if count == 0 { plain } else { format!("{plain}-{count}") });
        }
        let links = page.text.split("](#").skip(1).filter_map(|l| l.split_once(')'));
        for (link, _) in links {
            assert!(anchors.iter().any(|a| a == link), "{}: {link} leads nowhere", page.name);
        }
    }
}

#[test]
fn every_example_of_an_error_gives_it() {
    let mut wrong = vec![];
    for (_, entry) in CODES.iter().filter(|(_, e)| !e.example.is_empty()) {
        let said = reference::complaint(entry.example, &*SAMPLE).unwrap_or_default();
        if !said.contains(&format!("[{}]", entry.name)) {
            wrong.push(format!("{}: {}\n{said}", entry.name, entry.example));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_operator_has_help_with_an_example() {
    // What forms portfolios, learns or runs a strategy cannot show its inputs in a line.
    let shown =
        |body| !matches!(body, Body::Spread | Body::Forward | Body::Predict | Body::Returns);
    for operator in operator::all().filter(|o| shown(o.body)) {
        let entries = reference::find(operator.name, &*SAMPLE).expect("it has help");
        assert!(!entries[0].examples.is_empty(), "{} has no example", operator.name);
    }
}
