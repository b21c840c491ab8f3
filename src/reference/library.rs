//! The standard library as entries. A line `# Title` of its file, without a full stop, begins a section.

use super::{Entry, EntryKind, fact};
use crate::{
    check::names_used,
    engine::LIBRARY,
    operator,
    panel::Schema,
    source::Sources,
    syntax::{self, ast},
};
use std::collections::{BTreeMap, BTreeSet};

/// The section of what stands before the first title.
const UNTITLED: &str = "Library";

/// Every definition of the library, in the order of its file.
pub(super) fn entries(schema: &Schema) -> Vec<Entry> {
    let mut sources = Sources::default();
    let id = sources.add("library.decile", LIBRARY);
    let Ok(file) = syntax::parse(&sources, id) else { return vec![] };
    let lets: Vec<(&ast::Item, &ast::Let)> = file
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ast::ItemKind::Let(definition) => Some((item, definition)),
            _ => None,
        })
        .collect();
    let names: BTreeMap<&str, &ast::Let> =
        lets.iter().map(|(_, l)| (l.name.text.as_str(), *l)).collect();
    let entry = |(item, definition): &(&ast::Item, &ast::Let)| {
        let text = sources.slice(item.span);
        let canonical = canonical(text);
        let fields = needed(definition, &names);
        let mut facts = vec![];
        facts.push(fact("fields", listed(&fields)));
        let lacking = fields.iter().filter(|f| schema.find(None, f).is_empty());
        let lacking: BTreeSet<&str> = lacking.copied().collect();
        if !lacking.is_empty() {
            facts.push(fact("not here", format!("{} has no {}", schema.name, listed(&lacking))));
        }
        Entry {
            kind: EntryKind::Library,
            name: definition.name.text.clone(),
            section: section(item.span.start as usize).to_owned(),
            signature: signature(&canonical),
            summary: item.documentation.clone().unwrap_or_default().trim().to_owned(),
            definition: Some(canonical.trim_end().to_owned()),
            facts,
            examples: vec![],
        }
    };
    lets.iter().map(entry).collect()
}

/// The last title before a place of the file.
fn section(place: usize) -> &'static str {
    let mut titles = LIBRARY[..place].lines().filter_map(|line| line.strip_prefix("# "));
    titles.rfind(|t| !t.ends_with(['.', ':'])).map_or(UNTITLED, str::trim)
}

fn canonical(text: &str) -> String {
    let mut sources = Sources::default();
    let id = sources.add("library.decile", text);
    syntax::format(&sources, id).unwrap_or_else(|_| text.to_owned())
}

/// The names of the library, each with how it is called if it takes arguments.
pub fn library_names() -> impl Iterator<Item = (String, Option<String>)> {
    let definitions = LIBRARY.lines().filter(|line| line.starts_with("let "));
    definitions.map(|line| {
        let signature = signature(line);
        let name = signature.split('(').next().unwrap_or_default().to_owned();
        let is_called = signature.len() > name.len();
        (name, is_called.then_some(signature))
    })
}

/// What stands between `let` and the equals sign that is in no brackets.
fn signature(definition: &str) -> String {
    let mut depth = 0;
    let end = definition.char_indices().find(|(_, c)| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        *c == '=' && depth == 0
    });
    let head = &definition[..end.map_or(definition.len(), |(i, _)| i)];
    head.trim().trim_start_matches("let ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The fields that a definition needs, itself or through others.
fn needed<'a>(
    definition: &'a ast::Let,
    library: &BTreeMap<&str, &'a ast::Let>,
) -> BTreeSet<&'a str> {
    let (mut fields, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![definition];
    while let Some(definition) = open.pop() {
        if !seen.insert(definition.name.text.as_str()) {
            continue;
        }
        let parameters = definition.parameters.as_deref().unwrap_or_default();
        let defaults = parameters.iter().filter_map(|p| p.default.as_ref());
        for expression in defaults.chain([&definition.value]) {
            for (name, called) in names_used(expression) {
                if parameters.iter().any(|p| p.name.text == name) {
                    continue;
                }
                match library.get(name) {
                    Some(other) => open.push(other),
                    None if called || operator::find(name).is_some() => {}
                    None => {
                        fields.insert(name);
                    }
                }
            }
        }
    }
    fields
}

fn listed(names: &BTreeSet<&str>) -> String {
    match names.len() {
        0 => "none".to_owned(),
        _ => names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "),
    }
}
