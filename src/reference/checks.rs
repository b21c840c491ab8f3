//! The table of checks of data as entries.

use super::{Entry, EntryKind, fact};
use crate::data::check::CHECKS;

/// Every check, in the order of the table.
pub(super) fn entries() -> Vec<Entry> {
    let entry = |check: &crate::data::check::CheckEntry| Entry {
        kind: EntryKind::Check,
        name: check.name.to_owned(),
        section: check.section.to_owned(),
        signature: check.name.to_owned(),
        summary: check.finds.to_owned(),
        definition: None,
        facts: vec![
            fact("severity", check.severity),
            fact("threshold", (check.threshold)()),
            fact("means", check.means),
            fact("mend", check.mend),
            fact("why", check.source),
        ],
        examples: vec![],
    };
    CHECKS.iter().map(|(_, check)| entry(check)).collect()
}
