//! What parses is formatted; the formatted text reads as the same tree, and formatting it again changes nothing.

#![no_main]

use decile::{source::Sources, syntax};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let id = sources.add("before.decile", text);
    let Ok(tree) = syntax::parse(&sources, id) else {
        assert!(syntax::format(&sources, id).is_err());
        return;
    };
    let formatted = syntax::format(&sources, id).expect("what parses can be formatted");
    let id = sources.add("after.decile", formatted.as_str());
    let after = syntax::parse(&sources, id).expect("what was formatted parses");
    assert_eq!(statements(&syntax::tree_text(&tree)), statements(&syntax::tree_text(&after)));
    let again = syntax::format(&sources, id).expect("what was formatted can be formatted");
    assert_eq!(formatted, again);
});

/// The lines of a tree without its documentation, in an order that does not depend on that of the clauses: each with the
/// strategy it belongs to.
fn statements(tree: &str) -> Vec<(&str, &str)> {
    let mut strategy = "";
    let mut lines = vec![];
    for line in tree.lines().filter(|line| !line.trim_start().starts_with("##")) {
        if !line.starts_with(' ') {
            strategy = if line.starts_with("(strategy") { line.trim_end_matches(')') } else { "" };
        }
        lines.push((strategy, line.trim_end_matches(')')));
    }
    lines.sort_unstable();
    lines
}
