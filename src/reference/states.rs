//! The state of the portfolio as entries.

use super::{Entry, EntryKind, fact};
use crate::check::STATES;

/// Every name of a state, in the order of its table.
pub(super) fn entries() -> Vec<Entry> {
    let entry = |state: &crate::check::StateName| Entry {
        kind: EntryKind::State,
        name: state.name.to_owned(),
        section: "State of the portfolio".to_owned(),
        signature: state.name.to_owned(),
        summary: state.summary.to_owned(),
        definition: None,
        facts: vec![fact("type", state.ty.to_string()), fact("where", state.scope.clauses())],
        examples: vec![],
    };
    STATES.iter().map(entry).collect()
}
