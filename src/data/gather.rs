//! Values that come one after the other → columns, each as it is wanted.

use super::{
    faults::Faults,
    moment::DayForm,
    table::{Column, NO_DATE, Table, Text, Wanted},
    value,
};
use crate::{
    diagnostic::{Code, Diagnostic},
    panel::{Date, from_days},
};
use rustc_hash::FxHashMap;
use std::path::Path;

/// A value as a file or database holds it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Missing,
    Whole(i64),
    Number(f64),
    Text(&'a str),
    /// Days since 1970-01-01.
    #[cfg_attr(
        not(any(feature = "arrow", feature = "postgres")),
        allow(dead_code, reason = "SQLite has no dates")
    )]
    Day(i64),
    /// So many ticks since 1970-01-01: of UTC if it is an instant, else of the market's clocks.
    #[cfg_attr(
        not(any(feature = "arrow", feature = "postgres")),
        allow(dead_code, reason = "SQLite has no dates")
    )]
    Moment {
        ticks: i64,
        rate: i64,
        is_instant: bool,
    },
}

impl Cell<'_> {
    /// The date of a day or moment.
    fn date(&self) -> Option<Date> {
        let day = match self {
            Self::Day(day) => i32::try_from(*day).ok(),
            Self::Moment { ticks, rate, is_instant } => {
                DayForm::default().of_ticks(*ticks, *rate, *is_instant)
            }
            _ => None,
        };
        day.and_then(from_days)
    }

    fn shown(&self) -> String {
        match self {
            Self::Missing => "nothing".to_owned(),
            Self::Whole(n) => format!("`{n}`"),
            Self::Number(x) => format!("`{x}`"),
            Self::Text(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
            Self::Day(_) | Self::Moment { .. } => match self.date() {
                Some(date) => format!("the date {date}"),
                None => "a date outside the years 1 to 9999".to_owned(),
            },
        }
    }
}

/// A column that grows.
pub(super) struct Growing<'a> {
    what: &'a Wanted,
    missing: &'a [String],
    path: &'a Path,
    name: &'a str,
    values: Values,
    rows: u64,
    faults: Faults,
}

enum Values {
    Number(Vec<f64>),
    Date(Vec<i32>),
    Text { codes: Vec<u32>, texts: Vec<String>, known: FxHashMap<String, u32>, last: u32 },
}

impl<'a> Growing<'a> {
    /// A column without rows; `missing` are more texts that stand for a missing number.
    pub(super) fn new(
        path: &'a Path,
        name: &'a str,
        what: &'a Wanted,
        missing: &'a [String],
    ) -> Self {
        let values = match what {
            Wanted::Number => Values::Number(vec![]),
            Wanted::Date { .. } => Values::Date(vec![]),
            Wanted::Text => Values::Text {
                codes: vec![],
                texts: vec![],
                known: FxHashMap::default(),
                last: u32::MAX,
            },
        };
        Self { what, missing, path, name, values, rows: 0, faults: Faults::default() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, cell: Cell<'_>) {
        self.rows += 1;
        let fault = match &mut self.values {
            Values::Number(values) => {
                let value = number(cell, self.missing);
                values.push(value.unwrap_or(f64::NAN));
                value.is_none().then_some((Code::BadNumber, "a number"))
            }
            Values::Date(days) => {
                let day = day(cell, self.what);
                days.push(day.unwrap_or(NO_DATE));
                day.is_none().then_some((Code::BadDate, "a date such as 2010-01-31"))
            }
            Values::Text { codes, texts, known, last } => {
                codes.push(code(cell, texts, known, last));
                None
            }
        };
        if let Some((code, expected)) = fault {
            let (path, name, row) = (self.path, self.name, self.rows);
            self.faults.add(|| {
                let message = format!("expected {expected}, found {}", cell.shown());
                Diagnostic::error(code, message).in_file(path).row(row).column(name)
            });
        }
    }

    /// All columns as a table of which each has so many rows.
    pub(super) fn table(
        columns: Vec<Self>,
        path: &Path,
        rows: usize,
    ) -> Result<Table, Vec<Diagnostic>> {
        let mut faults = Faults::default();
        let mut list = vec![];
        for column in columns {
            faults.append(column.faults);
            list.push(match column.values {
                Values::Number(values) => Column::Number(values.into()),
                Values::Date(days) => Column::Date(days.into()),
                Values::Text { codes, texts, .. } => {
                    Column::Text(Text { codes: codes.into(), texts })
                }
            });
        }
        if !faults.is_empty() {
            return Err(faults.into_list(path));
        }
        Ok(Table { file: path.to_owned(), rows, columns: list, lines: Default::default() })
    }
}

/// A number, NaN if it is missing; `None` if it is none.
fn number(cell: Cell<'_>, missing: &[String]) -> Option<f64> {
    match cell {
        Cell::Missing => Some(f64::NAN),
        Cell::Whole(n) => Some(n as f64),
        // Infinite numbers are what remains of a division by zero: missing.
        Cell::Number(x) => Some(if x.is_finite() { x } else { f64::NAN }),
        Cell::Text(text) if missing.iter().any(|m| m == text.trim()) => Some(f64::NAN),
        Cell::Text(text) => value::number(text),
        Cell::Day(_) | Cell::Moment { .. } => None,
    }
}

/// A day; `None` if it is none, or missing where it must not be.
fn day(cell: Cell<'_>, what: &Wanted) -> Option<i32> {
    let Wanted::Date { form, optional } = what else { return None };
    let blank = match cell {
        Cell::Missing => true,
        Cell::Number(x) => x.is_nan(),
        Cell::Text(text) => value::is_missing(text),
        Cell::Whole(_) | Cell::Day(_) | Cell::Moment { .. } => false,
    };
    match cell {
        _ if blank => optional.then_some(NO_DATE),
        Cell::Missing => None,
        Cell::Whole(n) => value::from_integer(n),
        Cell::Number(x) => value::from_integer(x as i64),
        Cell::Text(text) => form.of_text(text),
        Cell::Day(day) => i32::try_from(day).ok().filter(|d| value::is_sound(*d)),
        Cell::Moment { ticks, rate, is_instant } => form.of_ticks(ticks, rate, is_instant),
    }
}

/// The code of a text; a missing one is empty.
fn code(
    cell: Cell<'_>,
    texts: &mut Vec<String>,
    known: &mut FxHashMap<String, u32>,
    last: &mut u32,
) -> u32 {
    let made: String;
    let text = match cell {
        Cell::Missing => "",
        Cell::Text(text) => text.trim(),
        Cell::Number(x) if x.is_nan() => "",
        Cell::Whole(n) => {
            made = n.to_string();
            &made
        }
        Cell::Number(x) => {
            made = x.to_string();
            &made
        }
        Cell::Day(_) | Cell::Moment { .. } => {
            made = cell.date().map(|d| d.to_string()).unwrap_or_default();
            &made
        }
    };
    // Neighbouring rows mostly hold the same text.
    if texts.get(*last as usize).is_some_and(|t| t == text) {
        return *last;
    }
    *last = known.get(text).copied().unwrap_or_else(|| {
        texts.push(text.to_owned());
        let code = texts.len() as u32 - 1;
        known.insert(text.to_owned(), code);
        code
    });
    *last
}
