//! Findings for programs: as JSON and as CSV.

use super::{Examination, checks::Severity};
use serde_json::{Value, json};

/// Everything that was found.
pub fn findings_to_json(examination: &Examination) -> Value {
    let [errors, warnings, notes] = examination.counts();
    let checks = examination.groups.iter().map(|group| {
        let entry = group.check.entry();
        json!({
            "check": entry.name,
            "severity": group.severity(),
            "finds": entry.finds,
            "means": entry.means,
            "mend": entry.mend,
            "count": group.total(),
            "symbols": group.symbols,
            "findings": group.findings,
        })
    });
    json!({
        "data": examination.name,
        "opens": examination.market.is_some(),
        "errors": errors,
        "warnings": warnings,
        "notes": notes,
        "checks": checks.collect::<Vec<_>>(),
        "fields": examination.fields,
    })
}

/// A row for each finding.
pub fn findings_to_csv(examination: &Examination) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(vec![]);
    // Writing to memory does not fail.
    let _ = writer.write_record(["check", "severity", "file", "row", "symbol", "date", "found"]);
    for finding in examination.groups.iter().flat_map(|g| &g.findings) {
        let severity: Severity = finding.severity;
        let _ = writer.write_record([
            finding.check.entry().name,
            severity.name(),
            finding.file.as_deref().unwrap_or_default(),
            &finding.row.map_or_else(String::new, |r| r.to_string()),
            finding.symbol.as_deref().unwrap_or_default(),
            &finding.date.map_or_else(String::new, |d| d.to_string()),
            &finding.found,
        ]);
    }
    writer.into_inner().unwrap_or_default()
}
