//! Entries as text and JSON.

use super::{Entry, EntryKind};
use crate::report::Colors;

const WIDTH: usize = 100;

/// Entries as a person reads them.
pub fn to_text(entries: &[Entry], colors: Colors) -> String {
    entries.iter().map(|e| entry(e, colors)).collect::<Vec<_>>().join("\n")
}

/// Entries as a JSON array.
pub fn to_json(entries: &[Entry]) -> String {
    serde_json::to_string_pretty(entries).expect("an entry is plain data") + "\n"
}

fn entry(entry: &Entry, colors: Colors) -> String {
    let what = match entry.kind {
        EntryKind::Operator => format!("operator · {}", entry.section),
        EntryKind::Library => "definition of the library".to_owned(),
        EntryKind::Field => "field".to_owned(),
        EntryKind::Metric => "metric".to_owned(),
        EntryKind::Clause => "clause".to_owned(),
        EntryKind::State => "state of the portfolio".to_owned(),
        EntryKind::Error => "error".to_owned(),
        EntryKind::Check => "check of data".to_owned(),
    };
    let signature = match colors {
        Colors::No => entry.signature.clone(),
        Colors::Yes => format!("\x1b[1m{}\x1b[0m", entry.signature),
    };
    let mut text = format!("{signature}  ({what})\n");
    for line in entry.summary.lines() {
        text += &wrapped("", line);
    }
    text.push('\n');
    if let Some(definition) = &entry.definition {
        for line in definition.lines() {
            text += &format!("    {line}\n");
        }
        text.push('\n');
    }
    let labels = entry.facts.iter().map(|f| f.label).chain(["example"]);
    let width = labels.map(str::len).max().unwrap_or(0) + 2;
    for fact in &entry.facts {
        text += &wrapped(&format!("{:width$}", fact.label), &fact.text);
    }
    for (i, example) in entry.examples.iter().enumerate() {
        let label = if i == 0 { "example" } else { "" };
        text += &wrapped(&format!("{label:width$}"), example);
    }
    text
}

/// A paragraph that hangs behind its label.
fn wrapped(label: &str, text: &str) -> String {
    let indent = " ".repeat(label.chars().count());
    let mut lines = vec![];
    let mut line = label.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, indent.clone()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines.iter().map(|l| format!("{}\n", l.trim_end())).collect()
}
