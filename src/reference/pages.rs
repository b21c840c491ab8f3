//! The pages of `docs/reference`.

use super::{Entry, EntryKind, checks, complaint, errors, examples, library, metrics, operators};
use crate::panel::MarketData;
use std::fmt::Write as _;

/// A page of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of its file.
    pub name: &'static str,
    /// Its text, in Markdown.
    pub text: String,
}

/// Every page; examples of definitions and complaints are computed on the market.
pub fn pages(market: &dyn MarketData) -> Vec<Page> {
    let conventions = "A missing value (written –) is one value, whatever its reason; an infinite or undefined result is missing. \
        A window of d rows is the last d rows of the calendar, today's among them. \
        Operators across assets work on the eligible assets that have a value, and give missing in place of the others. \
        In examples a list is one value a row for operators in time, one an asset for operators across assets.";
    let operators: Vec<Entry> = operators::entries().into_iter().flat_map(|(_, e)| e).collect();
    let mut factors = library::entries(market.schema());
    for entry in &mut factors {
        // What the sample market lacks is of no interest on a page for all markets.
        entry.facts.retain(|f| f.label != "not here");
        examples::add(entry, market);
    }
    let library = "The standard library, in the language itself. Whatever stands here can be used in a strategy as it is, \
        given another meaning by a `let` of the same name, or named in full as `std.NAME`. \
        Examples are of the last date of the sample market.";
    let metrics_intro = "Every figure of a track record. V is the net asset value, r the return of a row, f the risk-free return, \
        b the benchmark's; sd divides by n − 1. Rows a year are the calendar's: 252 for exchange days, 365, 52 or 12. \
        A figure that is not defined is missing, never zero.";
    let errors_intro = "Every complaint by the name that stands in its brackets: `error[unknown-name]`. \
        Exit codes: 1 for a fault in a strategy, 2 in the command line, 3 in data.";
    let checks_intro = "What `decile data check` looks for. An error is what cannot be true, or what the importer refuses: with one, the exit code is 3. \
        A warning is seldom true, or makes results better than they were; a note is what the reader should know. \
        Findings are reported by row, and nothing is changed.";
    vec![
        page("operators.md", "Operators", conventions, &operators, None),
        page("factors.md", "Prices and factors", library, &factors, None),
        page("metrics.md", "Metrics", metrics_intro, &metrics::entries(), None),
        page("errors.md", "Errors", errors_intro, &errors::entries(), Some(market)),
        page("checks.md", "Checks of data", checks_intro, &checks::entries(), None),
    ]
}

fn page(
    name: &'static str,
    title: &str,
    intro: &str,
    entries: &[Entry],
    market: Option<&dyn MarketData>,
) -> Page {
    let sections: Vec<&[Entry]> = entries.chunk_by(|a, b| a.section == b.section).collect();
    let mut text = format!("# {title}\n\n{}\n", sentences(intro));
    text +=
        "This page is made from the program's own tables; `decile help NAME` shows an entry.\n\n";
    for section in &sections {
        let names: Vec<String> = section
            .iter()
            .map(|e| format!("[`{}`](#{})", e.name, anchor(&heading(e), entries)))
            .collect();
        let _ = writeln!(text, "- **{}**: {}", section[0].section, names.join(", "));
    }
    for section in &sections {
        let _ = write!(text, "\n## {}\n", section[0].section);
        for entry in *section {
            text.push('\n');
            text += &body(entry, market);
        }
    }
    Page { name, text }
}

/// One sentence a line.
fn sentences(text: &str) -> String {
    text.replace(". ", ".\n")
}

fn heading(entry: &Entry) -> String {
    match entry.name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => entry.name.clone(),
        false => entry.signature.clone(),
    }
}

/// The place a heading gets on the page: letters, digits, underscores and dashes are kept, blanks are dashes. Headings
/// that are alike then are counted.
fn anchor(own: &str, entries: &[Entry]) -> String {
    let plain = |heading: &str| -> String {
        let kept = heading.to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    let mut earlier = 0;
    for entry in entries {
        let heading = heading(entry);
        if heading == own {
            break;
        }
        earlier += usize::from(plain(&heading) == plain(own));
    }
    if earlier == 0 { plain(own) } else { format!("{}-{earlier}", plain(own)) }
}

fn body(entry: &Entry, market: Option<&dyn MarketData>) -> String {
    let mut text = format!("### `{}`\n\n", heading(entry));
    if entry.kind == EntryKind::Operator && entry.signature != heading(entry) {
        let _ = write!(text, "```text\n{}\n```\n\n", entry.signature);
    }
    let _ = write!(text, "{}\n\n", entry.summary);
    match (&entry.definition, entry.kind, market) {
        (Some(example), EntryKind::Error, Some(market)) => {
            let said = complaint(example, market).unwrap_or_default();
            let _ = write!(text, "```decile\n{example}\n```\n\n```text\n{said}\n```\n\n");
        }
        (Some(definition), ..) => {
            let _ = write!(text, "```decile\n{definition}\n```\n\n");
        }
        (None, ..) => {}
    }
    for fact in entry.facts.iter().filter(|_| entry.kind != EntryKind::Error) {
        let shown = match fact.is_code && !fact.text.contains('`') {
            true => format!("`{}`", fact.text),
            false => fact.text.clone(),
        };
        let _ = writeln!(text, "- {}: {shown}", fact.label);
    }
    for example in &entry.examples {
        let _ = writeln!(text, "- example: `{example}`");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
