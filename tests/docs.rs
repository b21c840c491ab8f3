//! The examples of the pages: each must check, fail, or type as its page says. `UPDATE_DOCS=1` writes the output blocks.

use decile::{
    Market, Strategy,
    diagnostic::{Severity, Style, render},
};
use std::{fs, path::PathBuf};

fn page(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A fenced block: what stands behind the fence, its lines, and where its content lies in the page.
struct Block {
    tag: String,
    content: String,
    range: std::ops::Range<usize>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = vec![];
    let (mut at, mut open): (usize, Option<(String, usize)>) = (0, None);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if let Some(tag) = line.strip_prefix("```") {
            open = match open {
                None => Some((tag.trim().to_owned(), end)),
                Some((tag, start)) => {
                    blocks.push(Block {
                        tag,
                        content: text[start..at].to_owned(),
                        range: start..at,
                    });
                    None
                }
            };
        }
        at = end;
    }
    blocks
}

/// Replaces contents of a page, last first.
fn write(name: &str, text: &str, changes: Vec<(std::ops::Range<usize>, String)>) {
    let mut text = text.to_owned();
    for (range, content) in changes.into_iter().rev() {
        text.replace_range(range, &content);
    }
    fs::write(page(name), text).expect("the page can be written");
}

fn updating() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

fn complaints(market: &Market, text: &str) -> Option<String> {
    let result = Strategy::parse_as(text, "strategy.decile", "strategy")
        .and_then(|s| s.compile(market).map(|_| ()));
    result.err().map(|d| render(&d, Style::Plain) + "\n")
}

#[test]
fn the_language_page_is_true() {
    let name = "docs/language.md";
    let text = fs::read_to_string(page(name)).unwrap().replace("\r\n", "\n");
    let market = Market::sample();
    let all = blocks(&text);
    let mut changes = vec![];
    let mut seen = 0;
    for (i, block) in all.iter().enumerate() {
        match block.tag.as_str() {
            "decile" => {
                let said = complaints(&market, &block.content);
                assert!(said.is_none(), "{}\n{}", block.content, said.unwrap());
                seen += 1;
            }
            "decile error" => {
                let said = complaints(&market, &block.content)
                    .unwrap_or_else(|| panic!("no error: {}", block.content));
                let output = &all[i + 1];
                assert_eq!(output.tag, "output");
                if updating() {
                    changes.push((output.range.clone(), said));
                } else {
                    assert_eq!(
                        output.content, said,
                        "UPDATE_DOCS=1 cargo test --test docs writes it"
                    );
                }
                seen += 1;
            }
            "decile types" => {
                for line in block.content.lines() {
                    let (expression, expected) =
                        line.rsplit_once('#').expect("a type stands behind each");
                    let file = format!("let x = {expression}\nselect all");
                    let strategy = Strategy::parse(&file).unwrap();
                    let compiled = strategy.compile(&market).unwrap_or_else(|d| panic!("{d}"));
                    let types = compiled.explain(false).unwrap().types;
                    assert_eq!(types[0].1, expected.trim(), "{expression}");
                    seen += 1;
                }
            }
            _ => {}
        }
    }
    assert!(seen > 20, "the page has examples");
    if !changes.is_empty() {
        write(name, &text, changes);
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let name = "README.md";
    let text = fs::read_to_string(page(name)).unwrap().replace("\r\n", "\n");
    let all = blocks(&text);
    let file =
        fs::read_to_string(page("strategies/value_momentum.decile")).unwrap().replace("\r\n", "\n");
    assert_eq!(all[0].content, file, "the first block is the strategy");
    let market = Market::sample();
    let strategy = Strategy::open(page("strategies/value_momentum.decile")).unwrap();
    let printed = strategy.compile(&market).unwrap().run().unwrap().to_string();
    let output = all
        .iter()
        .find(|b| b.content.starts_with("sample ·"))
        .expect("the output stands in the page");
    if updating() {
        write(name, &text, vec![(output.range.clone(), printed)]);
    } else {
        assert_eq!(output.content, printed, "UPDATE_DOCS=1 cargo test --test docs writes it");
    }
}

#[test]
fn shipped_strategies_run_and_are_canonical() {
    let market = Market::sample();
    for entry in fs::read_dir(page("strategies")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "decile") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let mut sources = decile::source::Sources::default();
        let id = sources.add("shipped", text.clone());
        assert_eq!(
            decile::syntax::format(&sources, id).unwrap(),
            text,
            "{}: `decile fmt` mends it",
            path.display()
        );
        let strategy = Strategy::open(&path).unwrap();
        let compiled = strategy.compile(&market).unwrap_or_else(|d| panic!("{d}"));
        let warnings = compiled.warnings().list;
        assert!(warnings.iter().all(|d| d.severity == Severity::Warning), "{}", path.display());
        let results = compiled.run().unwrap_or_else(|d| panic!("{d}"));
        for run in results.runs() {
            assert!(run.track.nav.iter().all(|v| v.is_finite() && *v > 0.0), "{}", run.name);
        }
    }
}
