//! `market.toml`: which tables a market is made of, and what their columns mean. The form only; `load` carries it out.

pub(in crate::data) mod database;
mod forms;
mod rules;

use super::moment::SessionClose;
use crate::diagnostic::{Code, Diagnostic, io_reason};
use crate::types::{Basis, Unit};
use database::Database;
use forms::{Span, one_or_many};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt, fs, path::Path};

/// A whole `market.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::data) struct Catalog {
    /// What the market is called; the folder's name otherwise.
    pub(in crate::data) name: Option<String>,
    /// Sentences that every report on these data must say.
    #[serde(default)]
    pub(in crate::data) notes: Vec<String>,
    /// In what money is, for a reader.
    pub(in crate::data) currency: Option<String>,
    /// When sessions end, by which the time of a publication counts.
    pub(in crate::data) session_close: Option<SessionClose>,
    /// Which days have rows, if not those that have prices.
    pub(in crate::data) calendar: Option<CalendarTable>,
    /// Rows a year, where the dates do not show it.
    pub(in crate::data) rows_per_year: Option<u32>,
    /// In symbols of all tables, texts to be replaced: `[[".", "-"]]`.
    #[serde(default)]
    pub(in crate::data) symbol_replace: Vec<(String, String)>,
    /// Where the databases are that tables name.
    #[serde(default)]
    pub(in crate::data) databases: BTreeMap<String, Database>,
    #[serde(deserialize_with = "one_or_many")]
    pub(in crate::data) prices: Vec<PriceTable>,
    #[serde(default)]
    pub(in crate::data) reports: BTreeMap<String, ReportTable>,
    #[serde(default)]
    pub(in crate::data) labels: BTreeMap<String, LabelTable>,
    #[serde(default)]
    pub(in crate::data) members: BTreeMap<String, MemberTable>,
    #[serde(default)]
    pub(in crate::data) series: BTreeMap<String, SeriesTable>,
    #[serde(default)]
    pub(in crate::data) events: BTreeMap<String, EventTable>,
    pub(in crate::data) renames: Option<RenameTable>,
    pub(in crate::data) splits: Option<SplitTable>,
    pub(in crate::data) dividends: Option<DividendTable>,
    pub(in crate::data) delistings: Option<DelistingTable>,
}

/// A kind of table, with the keys that every table has: where its rows come from.
macro_rules! tables {
    ($($(#[$about:meta])* struct $name:ident { $($(#[$field:meta])* $key:ident: $kind:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(in crate::data) struct $name {
            /// A path, which may have wildcards.
            pub(in crate::data) file: Option<String>,
            /// One of `[databases]`.
            pub(in crate::data) database: Option<String>,
            /// What gives the rows there.
            pub(in crate::data) query: Option<String>,
            $($(#[$field])* pub(in crate::data) $key: $kind,)*
        }

        impl $name {
            /// Where its rows come from.
            pub(in crate::data) fn origin(&self) -> Origin<'_> {
                Origin {
                    file: self.file.as_deref(),
                    database: self.database.as_deref(),
                    query: self.query.as_deref(),
                }
            }
        }
    )*};
}

/// Where the rows of a table come from, as the catalog says it.
#[derive(Debug, Clone, Copy)]
pub(in crate::data) struct Origin<'a> {
    pub(in crate::data) file: Option<&'a str>,
    pub(in crate::data) database: Option<&'a str>,
    pub(in crate::data) query: Option<&'a str>,
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file, self.database) {
            (Some(file), _) => f.write_str(file),
            (None, database) => write!(f, "database `{}`", database.unwrap_or_default()),
        }
    }
}

tables! {
    /// A table of prices.
    #[derive(Debug, Default, Clone)]
    struct PriceTable {
        basis: Option<Basis>,
        /// What its money is in, to be compared with the market's.
        currency: Option<String>,
        /// The column of symbols, or the one symbol of a file that has no such column.
        symbol: Option<String>,
        symbol_is: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        date: Option<String>,
        date_format: Option<String>,
        /// The column of total returns of a row.
        #[serde(rename = "return")]
        total_return: Option<String>,
        adjusted_close: Option<String>,
        /// Fields by their names in the language; what stands here is not detected by name.
        #[serde(default)]
        columns: BTreeMap<String, ColumnSpec>,
        /// Columns that are left out.
        #[serde(default)]
        ignore: Vec<String>,
        #[serde(default)]
        missing: Vec<String>,
        #[serde(default)]
        reference: bool,
        #[serde(default)]
        nonpositive_prices: Nonpositive,
        #[serde(default)]
        duplicates: Duplicates,
        /// Whether each column but the first is a symbol.
        wide: Option<bool>,
    }

    /// A table of figures with publication dates.
    #[derive(Debug)]
    struct ReportTable {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        currency: Option<String>,
        period_end: String,
        /// The column of the dates of publication, here or in another file.
        published: Option<Published>,
        /// How long after the period's end a figure is taken to be public where the date is not known.
        lag: Option<Span>,
        /// How long after its publication a figure may be used.
        max_age: Option<Span>,
        date_format: Option<String>,
        /// Rows are taken only where a column holds one of these texts.
        #[serde(default)]
        only: BTreeMap<String, Vec<String>>,
        #[serde(default)]
        missing: Vec<String>,
        columns: BTreeMap<String, ColumnSpec>,
    }

    #[derive(Debug, Clone, Default)]
    struct PublishedFile {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        period_end: String,
        column: String,
    }

    /// A table of labels, which hold from a date on or always.
    #[derive(Debug)]
    struct LabelTable {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        /// The column of the dates from which the labels hold.
        start: Option<String>,
        date_format: Option<String>,
        /// Columns by the names of the fields.
        columns: BTreeMap<String, String>,
    }

    /// A table of spells of membership.
    #[derive(Debug)]
    struct MemberTable {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        start: String,
        end: Option<String>,
        /// Whether the end is the last day in, rather than the first day out.
        #[serde(default)]
        end_included: bool,
        date_format: Option<String>,
    }

    /// A table of events: things that became known of an asset on a day.
    #[derive(Debug)]
    struct EventTable {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        date: Option<String>,
        date_format: Option<String>,
        /// Whether it is known on its day, rather than after it.
        #[serde(default)]
        known_on_day: bool,
        #[serde(default)]
        missing: Vec<String>,
        /// Numbers that came with it, by the names of the fields.
        #[serde(default)]
        columns: BTreeMap<String, ColumnSpec>,
    }

    /// The days that have rows.
    #[derive(Debug)]
    struct CalendarTable {
        /// All of them.
        #[serde(default)]
        every_day: bool,
        date: Option<String>,
        date_format: Option<String>,
    }

    /// A table of symbols that changed.
    #[derive(Debug)]
    struct RenameTable {
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        old: String,
        new: String,
        /// The first day of the new symbol.
        date: String,
        date_format: Option<String>,
    }

    /// A table of splits.
    #[derive(Debug)]
    struct SplitTable {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        /// The first day on which the price is of the new shares.
        date: Option<String>,
        date_format: Option<String>,
        /// New shares for one old.
        ratio: ColumnSpec,
    }

    /// A table of dividends in cash.
    #[derive(Debug)]
    struct DividendTable {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        /// The first day on which the price is without the dividend.
        date: Option<String>,
        date_format: Option<String>,
        currency: Option<String>,
        /// Money for one share.
        amount: ColumnSpec,
    }

    /// A table of companies that stopped trading, with what their holders got.
    #[derive(Debug)]
    struct DelistingTable {
        symbol: Option<String>,
        #[serde(default)]
        symbol_replace: Vec<(String, String)>,
        /// The last day of trading, or the one after it.
        date: Option<String>,
        date_format: Option<String>,
        /// The return from the last price to what was got.
        #[serde(rename = "return")]
        outcome: ColumnSpec,
    }

    /// A table of series.
    #[derive(Debug)]
    struct SeriesTable {
        /// The form of a file that is no plain table.
        format: Option<Format>,
        /// Which block of such a file.
        block: Option<String>,
        date: Option<String>,
        date_format: Option<String>,
        /// How long after its date a value is public.
        lag: Option<Span>,
        /// How long a value may be used.
        max_age: Option<Span>,
        #[serde(default)]
        missing: Vec<String>,
        columns: BTreeMap<String, ColumnSpec>,
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::data) enum Nonpositive {
    #[default]
    Error,
    Missing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::data) enum Duplicates {
    #[default]
    Error,
    Last,
}

/// A form that a file may have besides a plain table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::data) enum Format {
    KenFrench,
}

/// Where the dates of publication stand: a column, or a column of another file that has the same symbols and periods.
#[derive(Debug, Clone, Default)]
pub(in crate::data) struct Published {
    pub(in crate::data) column: String,
    pub(in crate::data) file: Option<PublishedFile>,
}

/// A column, and what its numbers mean.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::data) struct ColumnSpec {
    pub(in crate::data) column: String,
    pub(in crate::data) unit: Option<UnitName>,
    pub(in crate::data) basis: Option<Basis>,
    /// What numbers are multiplied by.
    pub(in crate::data) scale: Option<f64>,
    /// A column that numbers are divided by.
    pub(in crate::data) divided_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::data) enum UnitName {
    Money,
    Price,
    Shares,
    Ratio,
    Rows,
    Unknown,
}

impl ColumnSpec {
    /// Where its numbers are from, for a reader.
    pub(in crate::data) fn shown(&self) -> String {
        match &self.divided_by {
            Some(divisor) => format!("column `{}` / `{divisor}`", self.column),
            None => format!("column `{}`", self.column),
        }
    }

    /// The unit declared, or the conventional one of the field's name.
    pub(in crate::data) fn unit(&self, name: &str, prices: Basis) -> Unit {
        let basis = self.basis.unwrap_or(prices);
        match self.unit {
            Some(UnitName::Money) => Unit::MONEY,
            Some(UnitName::Price) => Unit::price(basis),
            Some(UnitName::Shares) => Unit::shares(basis),
            Some(UnitName::Ratio) => Unit::RATIO,
            Some(UnitName::Rows) => Unit::ROWS,
            Some(UnitName::Unknown) => Unit::Unknown,
            None => {
                let unit = super::columns::conventional_unit(name, basis);
                self.basis.map_or(unit, |basis| unit.on(basis))
            }
        }
    }
}

/// Reads a `market.toml`.
pub(in crate::data) fn read(path: &Path) -> Result<Catalog, Diagnostic> {
    let text = fs::read_to_string(path).map_err(|e| {
        let message = format!("the catalog cannot be read: {}", io_reason(&e));
        Diagnostic::error(Code::DataUnreadable, message).in_file(path)
    })?;
    let catalog: Catalog = toml::from_str(&text).map_err(|e| {
        let message = e.message().trim_end_matches('.').to_owned();
        let error = Diagnostic::error(Code::BadCatalog, message).in_file(path);
        match e.span() {
            Some(span) => {
                let before = &text.as_bytes()[..span.start.min(text.len())];
                error.row(before.iter().filter(|b| **b == b'\n').count() as u64 + 1)
            }
            None => error,
        }
    })?;
    let wrong = rules::broken(&catalog).map(|d| d.in_file(path));
    wrong.map_or(Ok(catalog), Err)
}
