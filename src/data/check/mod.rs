//! What is wrong with data, or may be: found before anyone bets on them, and reported rather than refused.

mod asset;
mod bars;
mod checks;
mod days;
mod fields;
mod ledger;
mod list;
mod lives;
mod moves;
mod page;
mod reports;
mod rows;
mod svg;
mod text;
mod whole;

pub use checks::{CHECKS, Check, CheckEntry, Severity};
pub use fields::FieldSummary;
pub use ledger::{Finding, Group};
pub use list::{findings_to_csv, findings_to_json};
pub use page::findings_to_page;
pub use text::{fields_to_text, findings_to_text};

use super::{
    Market, Options,
    catalog::{Duplicates, Nonpositive},
    load::{self, Inspector},
    prices::{self, Read},
    progress::Progress,
    reports::ReadReports,
    store,
    words::counted,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::panel::MarketData;
use bars::{MarketSource, TableSource};
use ledger::Ledger;
use reports::Publications;
use rows::Declared;
use serde::Serialize;
use std::{cell::RefCell, path::Path};

/// What was found in data.
#[derive(Debug)]
pub struct Examination {
    /// What the data are called.
    pub name: String,
    /// The market, if one could be made of the tables.
    pub market: Option<Market>,
    /// The findings of each check that has any, the gravest first.
    pub groups: Vec<Group>,
    /// What the fields hold, where there is a market.
    pub fields: Vec<FieldSummary>,
}

/// What a market holds.
#[derive(Debug, Serialize)]
pub struct Description {
    /// The market in a line: name, dates, assets.
    pub title: String,
    /// Its fields.
    pub fields: Vec<FieldSummary>,
    /// What every report on it says.
    pub notes: Vec<String>,
    /// What was wrong when it was read.
    pub warnings: Vec<String>,
}

impl Examination {
    /// How many findings there are: errors, warnings, notes.
    pub fn counts(&self) -> [u64; 3] {
        let sum = |i: usize| self.groups.iter().map(|g| g.counts[i]).sum();
        [sum(0), sum(1), sum(2)]
    }
}

/// Looks at data, as [`Market::open`] takes them.
///
/// # Errors
/// Where there are no data to look at. What is wrong inside of a table is a finding.
pub fn examine(path: &Path, options: Options<'_>) -> Result<Examination, Diagnostics> {
    let examiner = Examiner { progress: options.progress, state: RefCell::default() };
    let opened = load::open_inspected(path, options, None, Some(&examiner));
    let State { mut ledger, tables, publications } = examiner.state.into_inner();
    let mut fields = vec![];
    let market = match opened {
        Ok(market) => Some(market),
        Err(faults) if faults.list.iter().all(is_finding) => {
            faults.list.iter().for_each(|fault| ledger.add(as_finding(fault)));
            None
        }
        Err(faults) => return Err(faults),
    };
    if let Some(market) = &market {
        if tables == 0 {
            for (file, found) in store::damaged(path) {
                let file = Some(file.display().to_string());
                let finding = Finding::new(Check::DamagedFile, Severity::Error, found);
                ledger.add(Finding { file, ..finding });
            }
            let declared = Declared { duplicates: Severity::Error, nonpositive: Severity::Error };
            asset::check(&MarketSource::new(market), declared, options.progress, &mut ledger);
        }
        fields = fields::summarize(market, &publications);
        whole::check(market, &fields, &mut ledger);
    }
    let given = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = market.as_ref().map_or_else(given, |m| m.schema().name.clone());
    Ok(Examination { name, market, groups: ledger.into_groups(), fields })
}

/// Sums up what a market holds, as [`Market::open`] opens it.
///
/// # Errors
/// As `open`.
pub fn describe(path: &Path, options: Options<'_>) -> Result<Description, Diagnostics> {
    let reader = Reader { publications: RefCell::default() };
    let market = load::open_inspected(path, options, None, Some(&reader))?;
    let fields = fields::summarize(&market, &reader.publications.into_inner());
    let (schema, calendar) = (market.schema(), market.calendar());
    let dates = match (calendar.dates().first(), calendar.dates().last()) {
        (Some(first), Some(last)) => format!(" from {first} to {last}"),
        _ => String::new(),
    };
    let title = format!(
        "{}: {}, {}{dates}, {} rows a year, {} prices",
        schema.name,
        counted(schema.symbols.len(), "asset"),
        counted(calendar.len(), "session"),
        schema.rows_per_year,
        schema.price_basis
    );
    let warnings = market.warnings().iter().map(|w| w.message.clone()).collect();
    Ok(Description { title, fields, notes: market.notes().to_vec(), warnings })
}

/// Whether a complaint is about what a table holds, rather than that there is none.
fn is_finding(fault: &Diagnostic) -> bool {
    let in_table = matches!(
        fault.code,
        Code::BadDate
            | Code::BadNumber
            | Code::BadPrice
            | Code::DuplicateRow
            | Code::DataFormat
            | Code::NoRows
    );
    in_table && fault.data.is_some()
}

fn as_finding(fault: &Diagnostic) -> Finding {
    let check = match fault.code {
        Code::BadPrice => Check::NonpositivePrice,
        Code::DuplicateRow => Check::DuplicateRow,
        _ => Check::Unreadable,
    };
    let place = fault.data.clone().unwrap_or_default();
    let found = match place.column {
        Some(column) => format!("column `{column}`: {}", fault.message),
        None => fault.message.clone(),
    };
    Finding {
        file: Some(place.file.display().to_string()),
        row: place.row,
        ..Finding::new(check, Severity::Error, found)
    }
}

#[derive(Default)]
struct State {
    ledger: Ledger,
    tables: usize,
    publications: Vec<Publications>,
}

struct Examiner<'a> {
    progress: &'a dyn Progress,
    state: RefCell<State>,
}

impl Inspector for Examiner<'_> {
    fn prices(&self, read: &mut Read) -> Result<(), Vec<Diagnostic>> {
        let mut state = self.state.borrow_mut();
        state.tables += 1;
        let or_note = |note: bool| if note { Severity::Note } else { Severity::Error };
        let declared = Declared {
            duplicates: or_note(read.spec.duplicates == Duplicates::Last),
            nonpositive: or_note(read.spec.nonpositive_prices == Nonpositive::Missing),
        };
        asset::check(&TableSource::new(read), declared, self.progress, &mut state.ledger);
        read.spec.duplicates = Duplicates::Last;
        read.spec.nonpositive_prices = Nonpositive::Missing;
        prices::check(read)
    }

    fn reports(&self, reports: &ReadReports<'_>, symbols: &[String]) {
        let mut state = self.state.borrow_mut();
        reports::check(reports, symbols, &mut state.ledger);
        state.publications.push(Publications::of(reports));
    }
}

/// Only counts the dates of publication.
struct Reader {
    publications: RefCell<Vec<Publications>>,
}

impl Inspector for Reader {
    fn prices(&self, read: &mut Read) -> Result<(), Vec<Diagnostic>> {
        prices::check(read)
    }

    fn reports(&self, reports: &ReadReports<'_>, _symbols: &[String]) {
        self.publications.borrow_mut().push(Publications::of(reports));
    }
}
