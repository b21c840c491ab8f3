//! Tables of prices → a calendar, assets and panels.

use super::{
    buffer::Numbers,
    catalog::{Catalog, Duplicates, Nonpositive, PriceTable},
    columns::{self, Role},
    fault,
    market::{Parts, Values},
    panels::{self, Placed},
    scatter::{self, Source},
    store,
    table::{Faults, Looks, Table, TableFile, Text, Wanted},
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{Calendar, Field, from_days};
use crate::types::{Basis, Shape, Type, Unit};
use rayon::prelude::*;
use std::{borrow::Cow, collections::BTreeSet, io, path::Path, sync::Arc};

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

const PRICES: [&str; 4] = ["open", "high", "low", "close"];
const USUAL: [&str; 6] = ["open", "high", "low", "close", "volume", "total_return"];

/// Which columns of a long table to read.
struct Layout {
    wanted: Vec<(usize, Wanted)>,
    symbol: Option<usize>,
    date: usize,
    fields: Vec<PriceColumn>,
    adjusted: Option<usize>,
    returns: Option<usize>,
    ignored: Vec<String>,
}

/// Reads one table of prices, long or wide, and says what was read as what.
pub(super) fn read(
    spec: &PriceTable,
    file: &TableFile,
    catalog: &Catalog,
    progress: &dyn super::Progress,
    detected: &mut Vec<String>,
) -> Result<Read, Vec<Diagnostic>> {
    if super::wide::is_wide(spec, file) {
        return super::wide::read(spec, file, catalog, progress, detected);
    }
    let layout = layout(spec, file).map_err(|d| vec![d])?;
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
    report(file, &layout, &symbols, &table, detected);
    for field in &layout.fields {
        if let (Some(scale), super::table::Column::Number(values)) =
            (field.scale, &mut table.columns[field.at])
        {
            values.iter_mut().for_each(|v| *v *= scale);
        }
    }
    let Layout { fields, adjusted, returns, .. } = layout;
    let mut read =
        Read { spec: spec.clone(), table, codes, symbols, days, fields, adjusted, returns };
    check_prices(&mut read)?;
    check_duplicates(&mut read)?;
    Ok(read)
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

fn layout(spec: &PriceTable, file: &TableFile) -> Result<Layout, Diagnostic> {
    let names = file.names();
    let find = |name: &String| super::load::column(file, name).map(|at| (at, name.clone()));
    let mut roles: Vec<Option<Role>> = columns::detect(names).into_iter().map(Some).collect();
    // What the catalog declares displaces what the names suggest.
    let mut declared: Vec<(usize, Role)> = vec![];
    let mut clear =
        |role: Role| roles.iter_mut().filter(|r| **r == Some(role.clone())).for_each(|r| *r = None);
    for (name, role) in [
        (&spec.symbol, Role::Symbol),
        (&spec.date, Role::Date),
        (&spec.total_return, Role::Return),
        (&spec.adjusted_close, Role::AdjustedClose),
    ] {
        if let Some(name) = name {
            clear(role.clone());
            declared.push((find(name)?.0, role));
        }
    }
    if spec.symbol_is.is_some() {
        clear(Role::Symbol);
    }
    for (field, column) in &spec.columns {
        clear(Role::Field(field.clone()));
        declared.push((find(&column.column)?.0, Role::Field(field.clone())));
    }
    for name in &spec.ignore {
        roles[find(name)?.0] = None;
    }
    for (at, role) in &declared {
        roles[*at] = Some(role.clone());
    }
    let mut layout = Layout {
        wanted: vec![],
        symbol: None,
        date: usize::MAX,
        fields: vec![],
        adjusted: None,
        returns: None,
        ignored: vec![],
    };
    let format = spec.date_format.clone();
    for (i, role) in roles.into_iter().enumerate() {
        let at = layout.wanted.len();
        let wanted = match role {
            None => continue,
            Some(Role::Symbol) => {
                layout.symbol = Some(at);
                Wanted::Text
            }
            Some(Role::Date) => {
                layout.date = at;
                Wanted::Date { format: format.clone(), optional: false }
            }
            Some(Role::AdjustedClose) => {
                layout.adjusted = Some(at);
                Wanted::Number
            }
            Some(Role::Return) => {
                layout.returns = Some(at);
                Wanted::Number
            }
            Some(Role::Field(name)) => {
                let conventional = PRICES.contains(&name.as_str()) || name == "volume";
                let column = spec.columns.get(&name).filter(|c| c.column == names[i]);
                if column.is_none() && !conventional && file.looks(i) != Looks::Number {
                    layout.ignored.push(names[i].clone());
                    continue;
                }
                if column.is_none() && names[i].is_empty() {
                    continue;
                }
                layout.fields.push(PriceColumn {
                    unit: column
                        .filter(|c| c.unit.is_some())
                        .map(|c| c.unit(&name, spec.basis.unwrap_or(Basis::Raw))),
                    scale: column.and_then(|c| c.scale),
                    name,
                    column: names[i].clone(),
                    at,
                });
                Wanted::Number
            }
        };
        layout.wanted.push((i, wanted));
    }
    complete(spec, file, layout)
}

/// A table of prices has dates, a close or a return, and symbols unless it is of one asset.
fn complete(spec: &PriceTable, file: &TableFile, mut layout: Layout) -> Result<Layout, Diagnostic> {
    let names = file.names();
    if layout.date == usize::MAX {
        // The index of a data frame has no name, or one that says nothing.
        let dated = (0..names.len())
            .find(|i| file.looks(*i) == Looks::Date && !layout.wanted.iter().any(|(c, _)| c == i));
        let at = dated.ok_or_else(|| {
            super::load::missing_column(file, "a column of dates", "`date`, `timestamp`, `day`")
        })?;
        layout.date = layout.wanted.len();
        layout
            .wanted
            .push((at, Wanted::Date { format: spec.date_format.clone(), optional: false }));
        layout.ignored.retain(|i| *i != names[at]);
    }
    let has_close = layout.fields.iter().any(|f| f.name == "close");
    if !has_close && layout.adjusted.is_none() && layout.returns.is_none() {
        let usual = "`close`, `price`, `last`, `adj_close`, `return`";
        return Err(super::load::missing_column(file, "a column of closing prices", usual));
    }
    if layout.symbol.is_none() && spec.symbol_is.is_none() && names.len() > 12 {
        let usual = "`symbol`, `ticker`, `permno`, `name`";
        return Err(super::load::missing_column(file, "a column of symbols", usual));
    }
    Ok(layout)
}

fn report(
    file: &TableFile,
    layout: &Layout,
    symbols: &[String],
    table: &Table,
    out: &mut Vec<String>,
) {
    let name = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = |at: usize| &file.names()[layout.wanted[at].0];
    let mut parts = vec![];
    match layout.symbol {
        Some(at) => parts.push(format!("`{}` as symbol", source(at))),
        None => parts.push(format!("one asset, `{}`", symbols[0])),
    }
    parts.push(format!("`{}` as date", source(layout.date)));
    for field in &layout.fields {
        match field.name == field.column {
            true => parts.push(format!("`{}`", field.name)),
            false => parts.push(format!("`{}` as `{}`", field.column, field.name)),
        }
    }
    if let Some(at) = layout.adjusted {
        parts.push(format!("`{}` as adjusted close", source(at)));
    }
    if let Some(at) = layout.returns {
        parts.push(format!("`{}` as total return", source(at)));
    }
    out.push(format!("{name}: a long table of {} rows: {}", grouped(table.rows), parts.join(", ")));
    if !layout.ignored.is_empty() {
        let names: Vec<String> = layout.ignored.iter().map(|n| format!("`{n}`")).collect();
        out.push(format!("{name}: left out, as they hold no numbers: {}", names.join(", ")));
    }
}

/// `1 symbol`, `2 symbols`.
fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with its thousands apart.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Prices are above zero, or missing where the catalog says that others are.
pub(super) fn check_prices(read: &mut Read) -> Result<(), Vec<Diagnostic>> {
    let mut places: Vec<(usize, String)> = read
        .fields
        .iter()
        .filter(|f| PRICES.contains(&f.name.as_str()))
        .map(|f| (f.at, f.column.clone()))
        .collect();
    places.extend(read.adjusted.map(|at| (at, "adjusted close".to_owned())));
    let mut faults = Faults::default();
    for (at, name) in places {
        let super::table::Column::Number(values) = &mut read.table.columns[at] else { continue };
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
pub(super) fn check_duplicates(read: &mut Read) -> Result<(), Vec<Diagnostic>> {
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
        read.days[row as usize] = super::table::NO_DATE;
    }
    Ok(())
}

/// Tables of prices → the parts of a market.
pub(super) fn assemble(
    catalog: &Catalog,
    name: &str,
    tables: Vec<Read>,
    detected: Vec<String>,
    stage: Option<&Path>,
) -> Result<Parts, Vec<Diagnostic>> {
    let symbols: BTreeSet<&str> =
        tables.iter().flat_map(|t| t.symbols.iter().map(String::as_str)).collect();
    let symbols: Arc<[String]> = symbols.into_iter().map(str::to_owned).collect();
    one_table_each(&tables)?;
    let sessions = super::sessions::find(&tables);
    too_thin(&tables, sessions.dates.len(), symbols.len())?;
    let mut calendar = Calendar::new(sessions.dates);
    if let Some(rows) = catalog.rows_per_year {
        calendar = calendar.with_rows_per_year(rows);
    }
    let mut parts = Parts::new(name, &calendar, &symbols);
    parts.detected = detected;
    parts.warnings.extend(sessions.warning);
    parts.notes.extend(catalog.notes.iter().cloned());
    set_basis(&mut parts, &tables);
    if let (Some(first), Some(last)) = (calendar.dates().first(), calendar.dates().last()) {
        parts.detected.push(format!(
            "{}, {} from {first} to {last}, {} rows a year",
            counted(symbols.len(), "symbol"),
            counted(calendar.len(), "session"),
            calendar.rows_per_year()
        ));
    }
    let placed: Vec<Placed> =
        tables.into_iter().map(|t| Placed::new(t, &calendar, &symbols)).collect();
    for table in &placed {
        for asset in table.assets() {
            parts.is_reference[asset as usize] |= table.spec.reference;
        }
    }
    add_panels(&mut parts, placed, stage).map_err(|e| {
        vec![Diagnostic::error(Code::OutputFolder, format!("cannot store the prices: {}", fault::worded(&e)))]
    })?;
    Ok(parts)
}

/// Refuses tables whose panels would be large and next to empty: their columns are not what they seem to be.
fn too_thin(tables: &[Read], dates: usize, symbols: usize) -> Result<(), Vec<Diagnostic>> {
    const LARGE: usize = 200_000_000;
    const THIN: usize = 200;
    let rows: usize = tables.iter().map(|t| t.table.rows).sum();
    let cells = dates.saturating_mul(symbols);
    if cells < LARGE || cells / THIN < rows {
        return Ok(());
    }
    let message = format!(
        "{} rows have {} dates and {} symbols: fewer than one in {THIN} of the prices would be there",
        grouped(rows),
        grouped(dates),
        grouped(symbols)
    );
    let error = Diagnostic::error(Code::DataFormat, message).in_file(&tables[0].table.file);
    Err(vec![error.help("check which columns hold the symbols and the dates")])
}

/// A symbol stands in one table of prices only.
fn one_table_each(tables: &[Read]) -> Result<(), Vec<Diagnostic>> {
    let mut seen: std::collections::BTreeMap<&str, &Read> = std::collections::BTreeMap::new();
    for table in tables {
        for symbol in &table.symbols {
            let before = seen.insert(symbol, table);
            if let Some(before) = before.filter(|b| !std::ptr::eq(*b, table)) {
                let message = format!(
                    "`{symbol}` has prices in two tables: {} and {}",
                    before.table.file.display(),
                    table.table.file.display()
                );
                return Err(vec![Diagnostic::error(Code::DuplicateRow, message)]);
            }
        }
    }
    Ok(())
}

fn set_basis(parts: &mut Parts, tables: &[Read]) {
    let held: Vec<&Read> = tables.iter().filter(|t| !t.spec.reference).collect();
    let table = held.first().copied().or(tables.first());
    let Some(table) = table else { return };
    parts.basis = table.spec.basis.unwrap_or_else(|| {
        if table.adjusted.is_some() {
            parts.detected.push(
                "prices are taken as split-adjusted, as an adjusted close stands beside them".to_owned(),
            );
            Basis::SplitAdjusted
        } else {
            let note = "the file does not say whether prices are adjusted for splits: they are taken as traded";
            parts.notes.push(note.to_owned());
            parts.detected.push(note.to_owned());
            Basis::Raw
        }
    });
}

/// Adds the panels; where the market is being stored, those of the usual names go straight into their files.
fn add_panels(parts: &mut Parts, tables: Vec<Placed>, stage: Option<&Path>) -> io::Result<()> {
    let mut names: Vec<String> =
        ["open", "high", "low", "close", "volume"].map(str::to_owned).to_vec();
    for field in tables.iter().flat_map(|t| &t.fields) {
        if !names.contains(&field.name) {
            names.push(field.name.clone());
        }
    }
    let has =
        |n: &String| n == "close" || tables.iter().any(|t| t.fields.iter().any(|f| f.name == *n));
    names.retain(has);
    let (rows, assets) = (parts.calendar.len(), parts.symbols.len());
    let closes: Vec<Cow<'_, [f64]>> = tables.iter().map(Placed::closes).collect();
    let totals: Option<Vec<Cow<'_, [f64]>>> = tables
        .iter()
        .any(|t| t.has_total_return())
        .then(|| tables.iter().zip(&closes).map(|(t, c)| t.total_returns(c)).collect());
    let column = |name: &str, table: usize| -> Option<&[f64]> {
        match name {
            "close" => Some(&closes[table]),
            "total_return" if totals.is_some() => totals.as_ref().map(|t| &*t[table]),
            _ => {
                let field = tables[table].fields.iter().find(|f| f.name == name)?;
                Some(tables[table].number(field.at))
            }
        }
    };
    if totals.is_some() {
        names.retain(|n| n != "total_return");
        names.push("total_return".to_owned());
    }
    let sorted = scatter::is_sorted(&tables);
    let source = |name: &str, by_asset: bool, file: String| Source {
        columns: (0..tables.len()).map(|t| column(name, t)).collect(),
        file: stage.filter(|_| sorted && USUAL.contains(&name)).map(|s| s.join(file)),
        by_asset,
    };
    let mut sources: Vec<Source<'_>> =
        names.iter().map(|n| source(n, false, format!("prices.{n}.npy"))).collect();
    if sorted {
        let close = names.iter().position(|n| n == "close").expect("every market has closes");
        parts.lifetimes = Some(scatter::lifetimes(&tables, assets, &sources[close].columns));
        let given = names.iter().any(|n| n == "total_return");
        let name = if given { "total_return" } else { "close" };
        let by_asset = Some(source(name, true, store::BY_ASSET.to_owned()));
        sources.extend(by_asset.filter(|s| s.file.is_some()));
    }
    let panels = scatter::panels(&tables, rows, assets, &sources)?;
    for (name, panel) in names.into_iter().zip(panels) {
        let declared = tables.iter().flat_map(|t| &t.fields).find(|f| f.name == name);
        let unit = declared.and_then(|f| f.unit);
        let unit = unit.unwrap_or_else(|| columns::conventional_unit(&name, parts.basis));
        let note = declared.map_or(String::new(), |f| format!("column `{}`", f.column));
        parts.add(
            Field {
                table: "prices".to_owned(),
                ty: Type::number(Shape::Panel, unit),
                labels: Arc::default(),
                note: if name == "total_return" { "with dividends".to_owned() } else { note },
                name,
            },
            Values::Panel(panel),
        );
    }
    Ok(())
}
