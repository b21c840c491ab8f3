//! Faults in the rows of a table: the first few are reported one by one.

use crate::diagnostic::{Code, Diagnostic};
use std::path::Path;

/// How many faulty rows are reported one by one.
pub(super) const SHOWN: usize = 20;

/// Faults in rows: the first few in full, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Vec<Diagnostic>,
    total: usize,
}

impl Faults {
    /// Adds a fault; it is only put into words if it will be shown.
    pub(super) fn add(&mut self, fault: impl FnOnce() -> Diagnostic) {
        if self.list.len() < SHOWN {
            self.list.push(fault());
        }
        self.total += 1;
    }

    /// Adds those of the rows that follow.
    pub(super) fn append(&mut self, other: Self) {
        self.total += other.total;
        let room = SHOWN - self.list.len();
        self.list.extend(other.list.into_iter().take(room));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// All that is to be said.
    pub(super) fn into_list(mut self, file: &Path) -> Vec<Diagnostic> {
        let shown = self.list.len();
        if self.total > shown {
            let message = format!("{} more rows of this file are faulty", self.total - shown);
            self.list.push(Diagnostic::error(Code::DataFormat, message).in_file(file));
        }
        self.list
    }

    /// For each to be changed: rows counted within a piece become lines of the file.
    pub(super) fn each(&mut self, change: impl FnMut(&mut Diagnostic)) {
        self.list.iter_mut().for_each(change);
    }
}
