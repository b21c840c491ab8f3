//! What every name of the language means, gathered from the tables that the program works by: shown by `decile help`,
//! and written to `docs/reference`.

mod checks;
mod clauses;
mod errors;
mod examples;
mod library;
mod market;
mod metrics;
mod operators;
mod pages;
mod states;
mod text;

pub use errors::complaint;
pub use library::library_names;
pub use pages::{Page, pages};
pub use text::{to_json, to_text};

use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics, Result, nearest},
    panel::MarketData,
};
use serde::Serialize;

/// What kind of name an entry explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// An operator of the table.
    Operator,
    /// A definition of the standard library.
    Library,
    /// A field of a market.
    Field,
    /// A figure of a track record.
    Metric,
    /// A clause of a strategy.
    Clause,
    /// A state of the portfolio.
    State,
    /// A complaint.
    Error,
    /// A check of data.
    Check,
}

/// Something to know of a name, under a label: its formula, what a missing value does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its label.
    pub label: &'static str,
    /// What it says.
    pub text: String,
    /// Whether it is a formula or code rather than words.
    #[serde(skip)]
    pub is_code: bool,
}

/// Everything that is known of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// The name.
    pub name: String,
    /// The section of the reference it stands in.
    pub section: String,
    /// How it is written.
    pub signature: String,
    /// What it is, in words.
    pub summary: String,
    /// Its definition in the language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// What else there is to know.
    pub facts: Vec<Fact>,
    /// Calls with what they give.
    pub examples: Vec<String>,
}

fn fact(label: &'static str, text: impl Into<String>) -> Fact {
    Fact { label, text: text.into(), is_code: false }
}

fn formula(label: &'static str, text: impl Into<String>) -> Fact {
    Fact { label, text: text.into(), is_code: true }
}

/// Every entry of a name: an operator and a field may share one. Examples of library definitions and fields are
/// computed on the market.
///
/// # Errors
/// `unknown-name`, with the nearest names.
pub fn find(name: &str, market: &dyn MarketData) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> =
        operators::entries().into_iter().flat_map(|(_, list)| list).collect();
    entries.extend(library::entries(market.schema()));
    entries.extend(market::entries(market));
    entries.extend(metrics::entries());
    entries.extend(states::entries());
    entries.extend(errors::entries());
    entries.extend(checks::entries());
    let (plain, bracketed) = (name.trim(), format!("[{}]", name.trim()));
    let is_it = |e: &Entry| {
        e.name == plain || format!("{}.{}", e.section, e.name) == plain || bracketed == e.name
    };
    let mut found: Vec<Entry> = entries.iter().filter(|e| is_it(e)).cloned().collect();
    found.extend(clauses::find(plain));
    if found.is_empty() {
        let mut names: Vec<&str> = entries.iter().map(|e| e.name.as_str()).collect();
        for name in clauses::names() {
            names.push(name);
        }
        let message = format!("there is nothing called `{plain}`");
        let complaint = Diagnostic::error(Code::UnknownName, message);
        let near: Vec<String> = nearest(plain, names).iter().map(|n| format!("`{n}`")).collect();
        let help = match near.as_slice() {
            [] => "operators, definitions of the library, fields, metrics, clauses, errors, checks and commands have help".to_owned(),
            [one] => format!("did you mean {one}?"),
            some => format!("did you mean one of {}?", some.join(", ")),
        };
        return Err(Diagnostics::from(complaint.help(help)));
    }
    for entry in &mut found {
        examples::add(entry, market);
    }
    Ok(found)
}
