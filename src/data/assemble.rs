//! Tables of prices → the parts of a market: the calendar, the assets and the panels.

use super::{
    actions::Actions,
    catalog::CalendarTable,
    columns,
    load::{Context, date_column},
    market::{Parts, Values},
    moment::DayForm,
    panels::Placed,
    prices::Read,
    scatter::{self, Source},
    sessions::Sessions,
    store,
    table::Wanted,
    words::{counted, grouped},
};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use crate::panel::{Calendar, Date, Field, from_days};
use crate::types::{Basis, Shape, Type};
use std::{borrow::Cow, collections::BTreeSet, io, path::Path, sync::Arc};

/// The panels that go straight into files of their names.
const USUAL: [&str; 6] = ["open", "high", "low", "close", "volume", "total_return"];

/// Tables of prices → the parts of a market.
pub(super) fn assemble(
    context: &Context<'_>,
    name: &str,
    tables: Vec<Read>,
    detected: Vec<String>,
) -> Result<(Parts, Actions), Vec<Diagnostic>> {
    let (catalog, stage) = (context.catalog, context.stage);
    let symbols: BTreeSet<&str> =
        tables.iter().flat_map(|t| t.symbols.iter().map(String::as_str)).collect();
    let symbols: Arc<[String]> = symbols.into_iter().map(str::to_owned).collect();
    one_table_each(&tables)?;
    let mut sessions = super::sessions::find(&tables);
    if let (true, Some(table)) = (sessions.dates.is_empty(), tables.first()) {
        let error = Diagnostic::error(Code::NoRows, "no row of the table has a price");
        let help = "check which column holds the prices, and how missing ones are written";
        return Err(vec![error.in_file(&table.table.file).help(help)]);
    }
    too_thin(&tables, sessions.dates.len(), symbols.len())?;
    if let Some(spec) = &catalog.calendar {
        sessions = of_calendar(context, spec, sessions)?;
    }
    let mut calendar = Calendar::new(sessions.dates).with_next_session(sessions.next);
    if let Some(rows) = catalog.rows_per_year {
        calendar = calendar.with_rows_per_year(rows);
    }
    let mut parts = Parts::new(name, &calendar, &symbols);
    parts.detected = detected;
    parts.currency = catalog.currency.clone();
    parts.warnings.extend(sessions.warnings);
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
    let actions = Actions::read(&mut parts, context)?;
    let placed: Vec<Placed> =
        tables.into_iter().map(|t| Placed::new(t, &calendar, &symbols)).collect();
    for table in &placed {
        for asset in table.assets() {
            parts.is_reference[asset as usize] |= table.spec.reference;
        }
    }
    add_panels(&mut parts, placed, &actions, stage).map_err(|e| {
        vec![Diagnostic::error(
            Code::OutputFolder,
            format!("cannot store the prices: {}", io_reason(&e)),
        )]
    })?;
    actions.add(&mut parts);
    Ok((parts, actions))
}

/// The sessions of the catalog's calendar, from the first with prices to the last.
fn of_calendar(
    context: &Context<'_>,
    spec: &CalendarTable,
    sessions: Sessions,
) -> Result<Sessions, Vec<Diagnostic>> {
    let (Some(&first), Some(&last)) = (sessions.dates.first(), sessions.dates.last()) else {
        return Ok(sessions);
    };
    if spec.every_day {
        let days = first.series(jiff::Span::new().days(1)).take_while(|d| *d <= last);
        let mut days: Vec<Date> = days.collect();
        days.extend(last.tomorrow());
        return Ok(sessions.of_calendar(&days));
    }
    let one = |d: Diagnostic| vec![d];
    let file = context.source(spec.origin()).map_err(one)?;
    let date = date_column(&file, spec.date.as_ref()).map_err(one)?;
    let form = DayForm::plain(spec.date_format.as_ref());
    let wanted = [(date, Wanted::Date { form, optional: false })];
    let table = file.read(&wanted, &[], context.options.progress)?;
    let mut days: Vec<Date> = table.date(0).iter().filter_map(|d| from_days(*d)).collect();
    days.sort_unstable();
    days.dedup();
    // A list that begins late or ends early would leave prices out without a word of it.
    let covers =
        days.first().is_some_and(|d| *d <= first) && days.last().is_some_and(|d| *d >= last);
    if !covers {
        let message =
            format!("the sessions listed do not reach from {first} to {last}, where prices are");
        let error = Diagnostic::error(Code::DataFormat, message).in_file(file.path());
        return Err(vec![
            error.help("list all sessions from the first day with prices to the last"),
        ]);
    }
    Ok(sessions.of_calendar(&days))
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

/// The fields that some table has, the usual ones first.
fn panel_names(tables: &[Placed]) -> Vec<String> {
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
    names
}

/// Adds the panels; where the market is being stored, those of the usual names go straight into their files.
fn add_panels(
    parts: &mut Parts,
    tables: Vec<Placed>,
    actions: &Actions,
    stage: Option<&Path>,
) -> io::Result<()> {
    let mut names = panel_names(&tables);
    let (rows, assets) = (parts.calendar.len(), parts.symbols.len());
    let closes: Vec<Cow<'_, [f64]>> = tables.iter().map(Placed::closes).collect();
    let totals: Option<Vec<Cow<'_, [f64]>>> = tables
        .iter()
        .any(|t| t.has_total_return(actions))
        .then(|| tables.iter().zip(&closes).map(|(t, c)| t.total_returns(c, actions)).collect());
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
        // What the book values positions at; see `Market::book_panel`.
        let has_total = names.iter().any(|n| n == "total_return");
        let name = if has_total && !actions.has_dividends() { "total_return" } else { "close" };
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
                reported: false,
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
