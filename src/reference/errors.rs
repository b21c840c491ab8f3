//! The table of complaints as entries.

use super::{Entry, EntryKind, fact};
use crate::{
    diagnostic::{CODES, Style, render},
    engine::Strategy,
    panel::MarketData,
};

/// Every complaint, in the order of the table.
pub(super) fn entries() -> Vec<Entry> {
    let entry = |code: &crate::diagnostic::CodeEntry| {
        let (section, exit) = match code.about_data {
            true => ("In data", "3"),
            false => {
                ("In a strategy or the command line", "1; 2 where the command line is to blame")
            }
        };
        Entry {
            kind: EntryKind::Error,
            name: code.name.to_owned(),
            section: section.to_owned(),
            signature: code.name.to_owned(),
            summary: code.explanation.to_owned(),
            definition: (!code.example.is_empty()).then(|| code.example.to_owned()),
            facts: vec![fact("exit code", exit)],
            examples: vec![],
        }
    };
    CODES.iter().map(|(_, code)| entry(code)).collect()
}

/// What is said of a strategy's text when it is compiled and run; `None` if nothing.
pub fn complaint(text: &str, market: &dyn MarketData) -> Option<String> {
    let said = Strategy::parse_as(text, "strategy.decile", "strategy").and_then(|strategy| {
        let compiled = strategy.compile(market)?;
        let warnings = compiled.warnings();
        if warnings.list.is_empty() { compiled.run().map(|_| warnings) } else { Ok(warnings) }
    });
    let said = said.unwrap_or_else(|errors| errors);
    (!said.list.is_empty()).then(|| render(&said, Style::Plain))
}
