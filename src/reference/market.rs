//! The fields of a market as entries.

use super::{Entry, EntryKind, fact};
use crate::panel::MarketData;

/// Every field, in the order of the schema; its section is its table.
pub(super) fn entries(market: &dyn MarketData) -> Vec<Entry> {
    let schema = market.schema();
    let entry = |field: &crate::panel::Field| {
        let mut facts = vec![fact("type", field.ty.to_string()), fact("table", &field.table)];
        if !field.labels.is_empty() {
            let shown = field.labels.iter().take(20).map(String::as_str).collect::<Vec<_>>();
            let more = if field.labels.len() > 20 { ", …" } else { "" };
            facts.push(fact("labels", shown.join(", ") + more));
        }
        Entry {
            kind: EntryKind::Field,
            name: field.name.clone(),
            section: field.table.clone(),
            signature: format!("{}.{}", field.table, field.name),
            summary: format!(
                "A field of the market {}: {}.",
                schema.name,
                field.note.trim_end_matches('.')
            ),
            definition: None,
            facts,
            examples: vec![],
        }
    };
    schema.fields.iter().map(entry).collect()
}
