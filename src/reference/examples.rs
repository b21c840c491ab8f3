//! Examples that are computed on a market: of definitions of the library, and of fields.

use super::{Entry, EntryKind};
use crate::{
    engine::Query,
    panel::MarketData,
    report::{ExpressionValues, values_in_short},
};

/// Adds what the name gives on the last date of the market, if the market can feed it.
pub(super) fn add(entry: &mut Entry, market: &dyn MarketData) {
    let call = match entry.kind {
        EntryKind::Field => entry.signature.clone(),
        EntryKind::Library => library_call(entry),
        _ => return,
    };
    let Some(row) = (market.calendar().len() as u32).checked_sub(1) else { return };
    let values = Query::parse(&call).and_then(|query| query.compile(market)).map(|compiled| {
        let mut list = compiled.sum_up(row, 1);
        list.pop()
    });
    if let Ok(Some(values)) = values {
        entry.examples.push(line(&call, market, row, &values));
    }
}

/// The definition by its name; parameters that must be given are a closing price.
fn library_call(entry: &Entry) -> String {
    let Some((name, parameters)) = entry.signature.split_once('(') else {
        return entry.name.clone();
    };
    let required = parameters.trim_end_matches(')').split(", ").filter(|p| !p.contains('='));
    match required.count() {
        0 => name.to_owned(),
        n => format!("{name}({})", vec!["close"; n].join(", ")),
    }
}

fn line(call: &str, market: &dyn MarketData, row: u32, values: &ExpressionValues) -> String {
    let (name, date) = (&market.schema().name, market.calendar().date(row));
    format!("{call}: {} ({name}, {date})", values_in_short(values))
}
