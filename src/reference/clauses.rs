//! The clauses as entries, read from the table of the language's own page.

use super::{Entry, EntryKind, fact};
use std::sync::LazyLock;

const LANGUAGE: &str = include_str!("../../docs/language.md");

/// One row of the table.
struct Clause {
    /// The word it starts with.
    word: &'static str,
    /// How it is written, with what else stands in its row.
    forms: &'static str,
    /// Its first form alone.
    form: &'static str,
    meaning: &'static str,
    default: &'static str,
    repeats: bool,
}

static CLAUSES: LazyLock<Vec<Clause>> = LazyLock::new(|| {
    let table = LANGUAGE.split_once("| clause | meaning | default |").map_or("", |(_, t)| t);
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut clauses = vec![];
    for row in rows {
        let cells: Vec<&'static str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [forms, meaning, default] = cells[..] else { continue };
        let repeats = forms.ends_with('*');
        let forms = forms.trim_end_matches('*').trim();
        for form in forms.split('`').skip(1).step_by(2) {
            let word = form.split(' ').next().unwrap_or(form);
            // Parts of forms, such as `… else cash` and `next close`, begin no clause of their own.
            if ["…", "next", "this"].contains(&word)
                || clauses.iter().any(|c: &Clause| c.word == word)
            {
                continue;
            }
            clauses.push(Clause { word, forms, form, meaning, default, repeats });
        }
    }
    clauses
});

/// The words that clauses start with.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CLAUSES.iter().map(|c| c.word)
}

/// The clause that a text is or begins: `cap`, `trade at`.
pub(super) fn find(name: &str) -> Option<Entry> {
    let word = match name.split(' ').next() {
        Some("long") => "select",
        word => word?,
    };
    let clause = CLAUSES
        .iter()
        .find(|c| c.word == word && (name == word || word == "select" || c.forms.contains(name)))?;
    let mut facts = vec![fact("forms", clause.forms), fact("default", clause.default)];
    if clause.repeats {
        facts.push(fact("repeated", "may stand more than once; all count"));
    }
    Some(Entry {
        kind: EntryKind::Clause,
        name: clause.word.to_owned(),
        section: "Clauses".to_owned(),
        signature: clause.form.to_owned(),
        summary: sentence(clause.meaning),
        definition: None,
        facts,
        examples: vec![],
    })
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
