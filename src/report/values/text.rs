//! Values as text.

use super::{Cell, Distribution, Entry, ExpressionValues};
use crate::{
    panel::Date,
    report::{
        chart::{extremes, sparkline},
        number::{counted, fixed, grouped},
        text::Colors,
    },
    types::Shape,
};
use comfy_table::{CellAlignment, Table, presets};
use std::fmt::Write as _;

/// How wide the bars of histograms and the lines of series are.
const WIDTH: usize = 40;
/// The most labels that are listed.
const LABELS: usize = 40;
const SIGNIFICANT: i32 = 5;

/// One expression's values in full.
pub fn values_to_text(
    market: &str,
    date: Date,
    values: &ExpressionValues,
    colors: Colors,
) -> String {
    let mut text = String::new();
    let name = heading(&values.name, colors);
    let _ = writeln!(text, "{name} · {}", values.ty);
    match values.shape {
        Shape::Scalar => {
            let value = values.value.as_ref().map_or_else(|| "missing".to_owned(), written);
            let _ = writeln!(text, "{value}");
            return text;
        }
        Shape::Series => {
            let dates = counted(values.of, "date", "dates");
            let _ = writeln!(text, "{market} · {dates} to {date}, {}", missing(values));
        }
        Shape::Static | Shape::Panel => {
            let eligible = counted(values.of, "eligible asset", "eligible assets");
            let _ = writeln!(text, "{market} · {date} · {eligible}, {}", missing(values));
        }
    }
    if !values.line.is_empty() && values.present > 0 {
        let (low, high) = extremes(&values.line);
        let _ = writeln!(text, "\n{}", sparkline(&values.line, WIDTH + 20, low, high));
    }
    if !values.last.is_empty() {
        text.push('\n');
        text += &plain(values.last.iter().map(|e| vec![e.at.clone(), written(&e.value)]), &[], 1);
    }
    if !values.highest.is_empty() {
        text.push('\n');
        text += &best_and_worst(&values.highest, &values.lowest);
    }
    if !values.counts.is_empty() {
        text.push('\n');
        text += &label_counts(values);
    }
    if let Some(d) = &values.distribution {
        text.push('\n');
        text += &distribution(d, values.shape != Shape::Series);
    }
    text
}

/// Many expressions, a line each.
pub fn columns_to_text(market: &str, date: Date, list: &[ExpressionValues]) -> String {
    let header = ["", "type", "present", "missing", "min", "median", "max"];
    let rows = list.iter().map(|values| {
        let mut row = vec![values.name.clone(), values.ty.clone()];
        match (&values.value, &values.distribution) {
            (Some(value), _) => {
                row.extend([String::new(), String::new(), String::new(), written(value)]);
            }
            (None, distribution) => {
                row.extend([grouped(values.present as f64), grouped(values.missing as f64)]);
                match distribution {
                    Some(d) => row.extend([d.min, d.median, d.max].map(significant)),
                    None if values.counts.is_empty() => {}
                    None => {
                        row.extend([
                            String::new(),
                            counted(values.counts.len(), "value", "values"),
                        ]);
                    }
                }
            }
        }
        row.resize(header.len(), String::new());
        row
    });
    let table = plain(rows, &header, 2);
    let series = list.iter().any(|v| v.shape == Shape::Series);
    let note = if series { "; of series, the dates of the year up to it" } else { "" };
    format!("{market} · {date} · of the eligible assets{note}\n\n{table}")
}

/// One expression's values on one line: `325 of 325, median 0.62, from 0.14 to 6.84`.
pub fn values_in_short(values: &ExpressionValues) -> String {
    if let Some(value) = &values.value {
        return written(value);
    }
    let of = match values.shape {
        Shape::Series => "dates of the last year",
        _ => "eligible assets",
    };
    let head = format!("{} of {} {of}", grouped(values.present as f64), grouped(values.of as f64));
    match (&values.distribution, values.counts.first()) {
        (Some(d), _) => {
            let [min, median, max] = [d.min, d.median, d.max].map(significant);
            format!("{head}, median {median}, from {min} to {max}")
        }
        (None, Some(first)) => {
            let values = counted(values.counts.len(), "value", "values");
            let most = counted(first.count, "time", "times");
            format!("{head}, {values}, such as {} ({most})", written(&first.value))
        }
        (None, None) => head,
    }
}

fn heading(text: &str, colors: Colors) -> String {
    match colors {
        Colors::No => text.to_owned(),
        Colors::Yes => format!("\x1b[1m{text}\x1b[0m"),
    }
}

fn missing(values: &ExpressionValues) -> String {
    match values.missing {
        0 => "none missing".to_owned(),
        n => format!("{} missing", grouped(n as f64)),
    }
}

/// Rows of a table; the first so many columns are texts, the others numbers.
fn plain(rows: impl Iterator<Item = Vec<String>>, header: &[&str], texts: usize) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if !header.is_empty() {
        table.set_header(header);
    }
    for row in rows {
        table.add_row(row);
    }
    for i in texts..table.column_count() {
        if let Some(column) = table.column_mut(i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let text = table.to_string();
    text.lines().map(|l| format!("{}\n", l.strip_prefix(' ').unwrap_or(l).trim_end())).collect()
}

fn best_and_worst(highest: &[Entry], lowest: &[Entry]) -> String {
    let rows = highest.iter().zip(lowest).map(|(high, low)| {
        let (high_value, low_value) = (written(&high.value), written(&low.value));
        vec![high.at.clone(), high_value, "   ".to_owned(), low.at.clone(), low_value]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let width = |i: usize, least: usize| {
        rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0).max(least)
    };
    let (a, b, c, d) = (width(0, 7), width(1, 0), width(3, 6), width(4, 0));
    let mut text = format!("{:<1$}", "highest", a + b + 6);
    text += "lowest\n";
    for r in &rows {
        let _ = writeln!(text, "{:<a$}  {:>b$}    {:<c$}  {:>d$}", r[0], r[1], r[3], r[4]);
    }
    text
}

fn label_counts(values: &ExpressionValues) -> String {
    let most = values.counts.iter().map(|c| c.count).max().unwrap_or(0);
    let rows = values.counts.iter().take(LABELS).map(|c| {
        let share = c.count as f64 / values.present.max(1) as f64;
        let bar = bar(c.count, most);
        vec![
            written(&c.value),
            grouped(c.count as f64),
            format!("{}%", fixed(share * 100.0, 1)),
            bar,
        ]
    });
    let mut text = bars(rows.collect());
    if values.counts.len() > LABELS {
        let _ = writeln!(text, "and {} more", values.counts.len() - LABELS);
    }
    text
}

fn distribution(d: &Distribution, with_histogram: bool) -> String {
    let figures = [
        ("mean", d.mean),
        ("deviation", d.deviation),
        ("minimum", d.min),
        ("25%", d.lower_quartile),
        ("median", d.median),
        ("75%", d.upper_quartile),
        ("maximum", d.max),
    ];
    let rows = figures.map(|(name, value)| vec![name.to_owned(), significant(value)]);
    let mut text = plain(rows.into_iter(), &[], 1);
    if with_histogram && d.histogram.len() > 1 {
        let most = d.histogram.iter().map(|b| b.count).max().unwrap_or(0);
        let rows = d.histogram.iter().map(|b| {
            let range = format!("{} to {}", significant(b.from), significant(b.to));
            vec![range, grouped(b.count as f64), bar(b.count, most)]
        });
        text.push('\n');
        text += &bars(rows.collect());
    }
    text
}

/// Rows that end in a bar.
fn bars(rows: Vec<Vec<String>>) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            let width = widths[i];
            let _ = match i {
                0 => write!(line, "{cell:<width$}"),
                i if i + 1 == count => write!(line, "  {cell}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A bar in eighths of a character.
fn bar(count: usize, most: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = match most {
        0 => 0,
        most => (count as f64 / most as f64 * (WIDTH * 8) as f64).round() as usize,
    };
    let eighths = if count > 0 { eighths.max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

pub(in crate::report) fn written(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "–".to_owned(),
        Cell::Boolean(truth) => truth.to_string(),
        Cell::Number(number) => significant(*number),
        Cell::Text(text) => text.clone(),
    }
}

/// Five significant digits, all of those before the point, with commas; whole numbers as they are.
fn significant(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        return "0".to_owned();
    }
    if !(1e-5..1e15).contains(&size) {
        return format!("{number:.4e}");
    }
    if size >= 10_000.0 || (number.fract() == 0.0 && size < 1e15) {
        return grouped(number);
    }
    let before = libm::log10(size).floor() as i32 + 1;
    fixed(number, usize::try_from(SIGNIFICANT - before).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn five_digits_are_shown() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.5, "0.50000"),
            (-12.345678, "-12.346"),
            (1234.56, "1234.6"),
            (1234567.8, "1,234,568"),
            (0.00012345678, "0.00012346"),
            (1e-9, "1.0000e-9"),
            (1e20, "1.0000e20"),
        ];
        for (number, text) in cases {
            assert_eq!(significant(number), text);
        }
    }
}
