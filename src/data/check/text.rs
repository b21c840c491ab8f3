//! Findings and fields as a person reads them on a terminal.

use super::{
    Description, Examination,
    checks::Severity,
    fields::FieldSummary,
    ledger::{Finding, Group},
    whole::percent,
};
use crate::data::words::grouped;
use crate::report::Colors;
use comfy_table::{CellAlignment, Table, presets};
use std::path::Path;

const WIDTH: usize = 100;

/// What was found, check by check; of each the first `shown`.
pub fn findings_to_text(examination: &Examination, shown: usize, colors: Colors) -> String {
    let mut text = String::new();
    for group in &examination.groups {
        text += &of_group(group, shown, colors);
        text.push('\n');
    }
    text + &summary(examination) + "\n"
}

/// `sp500: 2 errors, 1 warning, no notes`.
pub(super) fn summary(examination: &Examination) -> String {
    let of = |count: u64, what: &str| match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        n => format!("{} {what}s", grouped(n as usize)),
    };
    let [errors, warnings, notes] = examination.counts();
    let counts = [of(errors, "error"), of(warnings, "warning"), of(notes, "note")].join(", ");
    match (&examination.name, examination.market.is_none()) {
        (name, true) => {
            format!("{name}: {counts}; no market can be made of the tables as they are")
        }
        (name, false) => format!("{name}: {counts}"),
    }
}

fn of_group(group: &Group, shown: usize, colors: Colors) -> String {
    let entry = group.check.entry();
    let severity = group.severity();
    let word = match (colors, severity) {
        (Colors::No, _) => severity.name().to_owned(),
        (Colors::Yes, Severity::Error) => format!("\x1b[1;31m{}\x1b[0m", severity.name()),
        (Colors::Yes, Severity::Warning) => format!("\x1b[1;33m{}\x1b[0m", severity.name()),
        (Colors::Yes, Severity::Note) => format!("\x1b[1m{}\x1b[0m", severity.name()),
    };
    let symbols = match group.symbols {
        0 => String::new(),
        1 => ", 1 symbol".to_owned(),
        n => format!(", {} symbols", grouped(n as usize)),
    };
    let counts = format!("{}{symbols}", grouped(group.total() as usize));
    let mut text = format!("{word}[{}] {counts}: {}\n", entry.name, entry.finds);
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    for finding in group.findings.iter().take(shown) {
        let date = finding.date.map_or_else(String::new, |d| d.to_string());
        let symbol = finding.symbol.clone().unwrap_or_default();
        table.add_row([place(finding), symbol, date, finding.found.clone()]);
    }
    for line in table.trim_fmt().lines() {
        text += &format!("  {}\n", line.trim());
    }
    let more = group.total() - shown.min(group.findings.len()) as u64;
    if more > 0 {
        text += &format!("  … and {} more\n", grouped(more as usize));
    }
    text + &wrapped("  means: ", entry.means) + &wrapped("  mend:  ", entry.mend)
}

/// `prices.csv:12`.
fn place(finding: &Finding) -> String {
    match finding.row {
        Some(row) => format!("{}:{row}", file_name(finding)),
        None => file_name(finding),
    }
}

/// The name of the file without its folders; nothing if there is none.
pub(super) fn file_name(finding: &Finding) -> String {
    let Some(file) = &finding.file else { return String::new() };
    let name = Path::new(file).file_name().map(|n| n.to_string_lossy().into_owned());
    name.unwrap_or_else(|| file.clone())
}

/// A paragraph that hangs behind its label.
fn wrapped(label: &str, text: &str) -> String {
    let indent = label.chars().count();
    let mut out = label.to_owned();
    let mut used = indent;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > indent && used + 1 + length > WIDTH {
            out += &format!("\n{}", " ".repeat(indent));
            used = indent;
        }
        if used > indent {
            out.push(' ');
            used += 1;
        }
        out += word;
        used += length;
    }
    out + "\n"
}

/// The fields of a market, and what is to be known of it.
pub fn fields_to_text(description: &Description) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header([
        "field", "shape", "unit", "least", "median", "greatest", "first", "last", "coverage",
    ]);
    for column in
        [3, 4, 5, 8].into_iter().filter_map(|i| table.column_mut(i).map(|_| i)).collect::<Vec<_>>()
    {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for field in &description.fields {
        table.add_row(row(field));
    }
    let mut text = description.title.clone() + "\n\n";
    for line in table.trim_fmt().lines() {
        text += &format!("{}\n", line.strip_prefix(' ').unwrap_or(line).trim_end());
    }
    text += "\nCoverage is the share of asset-days with a price that have a value (of a series, of dates).\n";
    let mut lagged: Vec<String> = vec![];
    for field in &description.fields {
        let Some(share) = field.lagged.filter(|share| *share > 0.0) else { continue };
        let line = format!(
            "{}: the date of publication of {} of the records is not known and assumed",
            field.table,
            percent(share)
        );
        if !lagged.contains(&line) {
            lagged.push(line);
        }
    }
    for note in lagged.iter().chain(&description.notes) {
        text += &wrapped("note: ", note);
    }
    for warning in &description.warnings {
        text += &wrapped("warning: ", warning);
    }
    text
}

fn row(field: &FieldSummary) -> [String; 9] {
    let missing = || "–".to_owned();
    let number = |i: usize| field.range.map_or_else(missing, |r| short(r[i]));
    let unit = match (&field.unit, field.labels) {
        (Some(unit), _) => unit.clone(),
        (None, Some(labels)) => format!("{} labels", grouped(labels)),
        (None, None) => field.kind.clone(),
    };
    [
        format!("{}.{}", field.table, field.field),
        field.shape.clone(),
        unit,
        number(0),
        number(1),
        number(2),
        field.first.clone().unwrap_or_else(missing),
        field.last.clone().unwrap_or_else(missing),
        percent(field.coverage),
    ]
}

/// Four digits, and a power of ten where the number is long.
fn short(number: f64) -> String {
    let size = number.abs();
    match size {
        0.0 => "0".to_owned(),
        s if !(1e-4..1e15).contains(&s) => format!("{number:.3e}"),
        s if s >= 1e12 => format!("{:.2}T", number / 1e12),
        s if s >= 1e9 => format!("{:.2}B", number / 1e9),
        s if s >= 1e6 => format!("{:.2}M", number / 1e6),
        s if s >= 1e3 => format!("{number:.0}"),
        s if s >= 10.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}
