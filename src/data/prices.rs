//! A table of prices as it was read: symbols, dates, fields, and that they are sound.

use super::{
    buffer::Numbers,
    catalog::{Duplicates, Nonpositive, PriceTable},
    faults::Faults,
    identity::Names,
    layout::{self, Layout},
    panels,
    source::Source,
    table::{Column, NO_DATE, Table, Text},
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::from_days;
use crate::types::Unit;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

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
    file: &Source,
    names: &Names,
    progress: &dyn super::Progress,
    detected: &mut Vec<String>,
) -> Result<Read, Vec<Diagnostic>> {
    if super::wide::is_wide(spec, file) {
        return super::wide::read(spec, file, names, progress, detected);
    }
    let layout = layout::layout(spec, file).map_err(|d| vec![d])?;
    let mut table = file.read(&layout.wanted, &spec.missing, progress)?;
    let (codes, symbols) = match layout.symbol {
        Some(at) => {
            let Text { codes, texts } = table.take_text(at);
            let symbols = texts.iter().map(|t| names.replaced(t, &spec.symbol_replace));
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
    let mut read =
        Read { spec: spec.clone(), table, codes, symbols, days, fields, adjusted, returns };
    read.follow(names);
    Ok(read)
}

/// Makes sure of what the panels rely on: prices above zero, and one row for each symbol and date.
pub(super) fn check(read: &mut Read) -> Result<(), Vec<Diagnostic>> {
    check_prices(read)?;
    check_duplicates(read)
}

impl Read {
    /// Gives each row the name of the asset that its symbol stood for on its day.
    pub(super) fn follow(&mut self, names: &Names) {
        let changing: Vec<bool> = self.symbols.iter().map(|s| names.changes_hands(s)).collect();
        if !changing.contains(&true) {
            return;
        }
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        let mut assets = vec![];
        let mut code_of = |asset: &str| match known.get(asset) {
            Some(code) => *code,
            None => {
                let code = assets.len() as u32;
                assets.push(asset.to_owned());
                known.insert(asset.to_owned(), code);
                code
            }
        };
        // Where nothing changes, a symbol has one code; it is looked up once.
        let fixed: Vec<Option<u32>> = self
            .symbols
            .iter()
            .zip(&changing)
            .map(|(symbol, changes)| (!changes).then(|| code_of(symbol)))
            .collect();
        for (code, day) in self.codes.iter_mut().zip(&*self.days) {
            *code = match fixed[*code as usize] {
                Some(code) => code,
                None => code_of(&names.asset(&self.symbols[*code as usize], *day)),
            };
        }
        self.symbols = assets;
    }
}

fn sole_symbol(spec: &PriceTable, file: &Source) -> String {
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
                table
                    .fault(row, Code::DataFormat, "expected a symbol, found nothing")
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
        let Table { file, columns, lines, .. } = &mut read.table;
        let Column::Number(values) = &mut columns[at] else { continue };
        if !values.par_iter().any(|v| *v <= 0.0) {
            continue;
        }
        for (row, value) in values.iter_mut().enumerate().filter(|(_, v)| **v <= 0.0) {
            let found = std::mem::replace(value, f64::NAN);
            if read.spec.nonpositive_prices == Nonpositive::Error {
                faults.add(|| {
                    let symbol = &read.symbols[read.codes[row] as usize];
                    let message = format!("the price of `{symbol}` is {found}: expected one above zero");
                    let error = Diagnostic::error(Code::BadPrice, message);
                    let error = lines.place(row, file, error).column(name.as_str());
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
                let error = read.table.twice(&format!("`{symbol}` on {date}"), a, b);
                error.help("delete one, or let a `market.toml` say `duplicates = \"last\"`")
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
