//! A table of prices as it was read: symbols, dates, fields, and that they are sound.

use super::{
    buffer::Numbers,
    catalog::{Catalog, Duplicates, Nonpositive, PriceTable},
    layout::{self, Layout},
    panels,
    table::{Column, Faults, NO_DATE, Table, TableFile, Text},
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::from_days;
use crate::types::Unit;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// A table of prices that was read, with what its columns are.
pub(super) struct Read {
    pub(super) spec: PriceTable,
    pub(super) table: Table,
    /// Of each row, its place in `symbols`.
    pub(super) codes: Numbers<u32>,
    pub(super) symbols: Vec<String>,
    pub(super) days: Numbers<i32>,
    pub(super) fields: Vec<PriceColumn>,
    /// Places among the table's columns.
    pub(super) adjusted: Option<usize>,
    pub(super) returns: Option<usize>,
}

/// A field that a table of prices has.
#[derive(Debug, Clone)]
pub(super) struct PriceColumn {
    pub(super) name: String,
    /// Its name in the file.
    pub(super) column: String,
    pub(super) at: usize,
    pub(super) unit: Option<Unit>,
    pub(super) scale: Option<f64>,
}

pub(super) const PRICES: [&str; 4] = ["open", "high", "low", "close"];

/// Reads one table of prices, long or wide, and says what was read as what. The rows are as they stand: see [`check`].
pub(super) fn read_rows(
    spec: &PriceTable,
    file: &TableFile,
    catalog: &Catalog,
    progress: &dyn super::Progress,
    detected: &mut Vec<String>,
) -> Result<Read, Vec<Diagnostic>> {
    if super::wide::is_wide(spec, file) {
        return super::wide::read(spec, file, catalog, progress, detected);
    }
    let layout = layout::layout(spec, file).map_err(|d| vec![d])?;
    let mut table = file.read(&layout.wanted, &spec.missing, progress)?;
    let (codes, symbols) = match layout.symbol {
        Some(at) => {
            let Text { codes, texts } = table.take_text(at);
            let symbols = texts.iter().map(|t| replaced(t, catalog, &spec.symbol_replace));
            let symbols: Vec<String> = symbols.collect();
            named(&table, &codes, &symbols, &file.names()[layout.wanted[at].0])?;
            (codes, symbols)
        }
        None => (Numbers::zeroed(table.rows), vec![sole_symbol(spec, file)]),
    };
    let days = table.take_date(layout.date);
    layout::report(file, &layout, &symbols, &table, detected);
    for field in &layout.fields {
        if let (Some(scale), Column::Number(values)) = (field.scale, &mut table.columns[field.at]) {
            values.iter_mut().for_each(|v| *v *= scale);
        }
    }
    let Layout { fields, adjusted, returns, .. } = layout;
    Ok(Read { spec: spec.clone(), table, codes, symbols, days, fields, adjusted, returns })
}

/// Makes sure of what the panels rely on: prices above zero, and one row for each symbol and date.
pub(super) fn check(read: &mut Read) -> Result<(), Vec<Diagnostic>> {
    check_prices(read)?;
    check_duplicates(read)
}

/// A symbol as it is known in the market.
pub(super) fn replaced(text: &str, catalog: &Catalog, own: &[(String, String)]) -> String {
    let mut symbol = text.trim().to_owned();
    for (from, to) in catalog.symbol_replace.iter().chain(own) {
        if !from.is_empty() {
            symbol = symbol.replace(from.as_str(), to);
        }
    }
    symbol
}

fn sole_symbol(spec: &PriceTable, file: &TableFile) -> String {
    let stem = || {
        let name = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.split('.').next().unwrap_or_default().to_owned()
    };
    spec.symbol_is.clone().unwrap_or_else(stem)
}

/// Every row has a symbol.
fn named(
    table: &Table,
    codes: &[u32],
    symbols: &[String],
    column: &str,
) -> Result<(), Vec<Diagnostic>> {
    if symbols.iter().all(|s| !s.is_empty()) {
        return Ok(());
    }
    let mut faults = Faults::default();
    for (row, code) in codes.iter().enumerate() {
        if symbols[*code as usize].is_empty() {
            faults.add(|| {
                Diagnostic::error(Code::DataFormat, "expected a symbol, found nothing")
                    .in_file(&table.file)
                    .row(table.lines.line(row))
                    .column(column)
            });
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into_list(&table.file)) }
}

/// Prices are above zero, or missing where the catalog says that others are.
fn check_prices(read: &mut Read) -> Result<(), Vec<Diagnostic>> {
    let mut places: Vec<(usize, String)> = read
        .fields
        .iter()
        .filter(|f| PRICES.contains(&f.name.as_str()))
        .map(|f| (f.at, f.column.clone()))
        .collect();
    places.extend(read.adjusted.map(|at| (at, "adjusted close".to_owned())));
    let mut faults = Faults::default();
    for (at, name) in places {
        let Column::Number(values) = &mut read.table.columns[at] else { continue };
        if !values.par_iter().any(|v| *v <= 0.0) {
            continue;
        }
        for (row, value) in values.iter_mut().enumerate().filter(|(_, v)| **v <= 0.0) {
            let found = std::mem::replace(value, f64::NAN);
            if read.spec.nonpositive_prices == Nonpositive::Error {
                faults.add(|| {
                    let symbol = &read.symbols[read.codes[row] as usize];
                    let message = format!("the price of `{symbol}` is {found}: expected one above zero");
                    let error = Diagnostic::error(Code::BadPrice, message)
                        .in_file(&read.table.file)
                        .row(read.table.lines.line(row))
                        .column(name.as_str());
                    error.help("mend the row, or let a `market.toml` say `nonpositive_prices = \"missing\"`")
                });
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into_list(&read.table.file)) }
}

/// No symbol has two rows of one date; or the last one holds, where the catalog says so.
fn check_duplicates(read: &mut Read) -> Result<(), Vec<Diagnostic>> {
    let (codes, days) = (&*read.codes, &*read.days);
    let key = |row: usize| (codes[row], days[row]);
    // Symbols that became equal by replacement share a key only through their text.
    let mut distinct: BTreeSet<&str> = BTreeSet::new();
    if read.symbols.iter().all(|s| distinct.insert(s))
        && (1..read.table.rows).into_par_iter().all(|r| key(r - 1) < key(r))
    {
        return Ok(());
    }
    let order = panels::by_asset_and_day(&panels::ranks(&read.symbols, &read.codes), &read.days);
    let mut faults = Faults::default();
    let mut dropped = vec![];
    for pair in order.windows(2) {
        let (a, b) = (pair[0] as usize, pair[1] as usize);
        let symbol = &read.symbols[read.codes[a] as usize];
        if read.days[a] != read.days[b] || *symbol != read.symbols[read.codes[b] as usize] {
            continue;
        }
        dropped.push(pair[0]);
        if read.spec.duplicates == Duplicates::Error {
            faults.add(|| {
                let date = from_days(read.days[a]).map(|d| d.to_string()).unwrap_or_default();
                let (first, second) = (read.table.lines.line(a), read.table.lines.line(b));
                let message =
                    format!("`{symbol}` on {date} stands twice: in rows {first} and {second}");
                let error = Diagnostic::error(Code::DuplicateRow, message);
                error
                    .in_file(&read.table.file)
                    .row(second)
                    .help("delete one, or let a `market.toml` say `duplicates = \"last\"`")
            });
        }
    }
    if !faults.is_empty() {
        return Err(faults.into_list(&read.table.file));
    }
    for row in dropped {
        read.days[row as usize] = NO_DATE;
    }
    Ok(())
}
