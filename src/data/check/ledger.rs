//! Findings, by check: all are counted, and as many kept as memory can bear.

use super::checks::{CHECKS, Check, Severity};
use crate::panel::Date;
use serde::Serialize;

/// How many findings of a check are kept in full.
const KEPT: usize = 100_000;

/// Something that is wrong, or may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which check found it.
    #[serde(skip)]
    pub check: Check,
    /// How grave it is.
    pub severity: Severity,
    /// The path of the file.
    pub file: Option<String>,
    /// The row, counted from 1 with the header as row 1.
    pub row: Option<u64>,
    /// The asset.
    pub symbol: Option<String>,
    /// The date.
    #[serde(serialize_with = "as_text")]
    pub date: Option<Date>,
    /// What was found.
    pub found: String,
    /// Closes around it, days and values.
    #[serde(skip)]
    pub picture: Vec<(i32, f64)>,
}

fn as_text<S: serde::Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    date.map(|d| d.to_string()).serialize(serializer)
}

impl Finding {
    /// One that is about the whole of something.
    pub(super) fn new(check: Check, severity: Severity, found: String) -> Self {
        Self {
            check,
            severity,
            file: None,
            row: None,
            symbol: None,
            date: None,
            found,
            picture: vec![],
        }
    }

    /// One that is about a day.
    pub(super) fn of_day(check: Check, severity: Severity, date: Date, found: String) -> Self {
        Self { date: Some(date), ..Self::new(check, severity, found) }
    }
}

/// What one check found.
#[derive(Debug, Clone)]
pub struct Group {
    /// The check.
    pub check: Check,
    /// How many findings there are, by severity: errors, warnings, notes.
    pub counts: [u64; 3],
    /// How many assets they are about.
    pub symbols: u64,
    /// The findings, by table, symbol and date; of very many, the first.
    pub findings: Vec<Finding>,
}

impl Group {
    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The gravest of them.
    pub fn severity(&self) -> Severity {
        match self.counts {
            [0, 0, _] => Severity::Note,
            [0, ..] => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// All findings.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    groups: Vec<Option<Group>>,
}

impl Ledger {
    pub(super) fn add(&mut self, finding: Finding) {
        self.groups.resize(CHECKS.len(), None);
        let check = finding.check;
        let group = self.groups[check as usize].get_or_insert_with(|| Group {
            check,
            counts: [0; 3],
            symbols: 0,
            findings: vec![],
        });
        group.counts[finding.severity as usize] += 1;
        if group.findings.len() < KEPT {
            let before = group.findings.last().and_then(|f| f.symbol.as_ref());
            group.symbols +=
                u64::from(finding.symbol.is_some() && finding.symbol.as_ref() != before);
            group.findings.push(finding);
        }
    }

    /// Takes back the findings of a check that turned out to be none.
    pub(super) fn withdraw(&mut self, check: Check, is_none: impl Fn(&Finding) -> bool) {
        let Some(Some(group)) = self.groups.get_mut(check as usize) else { return };
        let findings = std::mem::take(&mut group.findings);
        let (gone, kept): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_none);
        for finding in gone {
            group.counts[finding.severity as usize] -= 1;
        }
        let mut symbols: Vec<&String> = kept.iter().filter_map(|f| f.symbol.as_ref()).collect();
        symbols.dedup();
        group.symbols = symbols.len() as u64;
        group.findings = kept;
        if group.total() == 0 {
            self.groups[check as usize] = None;
        }
    }

    /// How many findings of a check are kept by now.
    pub(super) fn count(&self, check: Check) -> usize {
        self.groups.get(check as usize).and_then(Option::as_ref).map_or(0, |g| g.findings.len())
    }

    /// Those of the checks that found something, the gravest first.
    pub(super) fn into_groups(self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.groups.into_iter().flatten().collect();
        groups.sort_by_key(Group::severity);
        groups
    }
}
