//! What a file seems to be, by the names of its columns and a look at its values.

use super::super::{
    catalog::PriceTable,
    columns::{self, Role},
    source::Source,
    table::{Column, Looks, Table, Wanted},
    wide,
};
use crate::diagnostic::Diagnostic;
use std::collections::BTreeSet;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Guess {
    /// A row for each symbol and date; without a symbol, the file is of one asset.
    LongPrices {
        symbol: Option<String>,
        date: String,
        adjusted: bool,
        returns: bool,
    },
    /// A column for each symbol.
    WidePrices {
        date: String,
    },
    /// Figures of fiscal periods.
    Reports {
        symbol: String,
        period_end: String,
        published: Option<String>,
        figures: Vec<String>,
        /// Columns of texts that tell kinds of reports apart, with what stands in them.
        kinds: Vec<(String, Vec<String>)>,
    },
    /// The dates on which reports of another file were published.
    Publications {
        symbol: String,
        period_end: String,
        published: String,
    },
    Labels {
        symbol: String,
        labels: Vec<String>,
    },
    Members {
        symbol: String,
        start: String,
        end: Option<String>,
    },
    Series {
        date: String,
        figures: Vec<String>,
    },
    /// Splits or dividends.
    Actions {
        what: Kind,
        symbol: String,
        date: String,
        number: String,
    },
    /// None of these.
    Unknown {
        why: String,
    },
}

/// Which actions of companies a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Splits,
    Dividends,
}

// Names in small letters, with nothing but letters and digits; the better first.
const PERIOD_END: &[&str] = &[
    "periodend",
    "periodending",
    "periodenddate",
    "fiscaldateending",
    "fiscalperiodend",
    "enddate",
    "reportperiod",
    "calendardate",
    "fpe",
    "fiscaldate",
    "datadate",
    "reportdate",
    "period",
];
const PUBLISHED: &[&str] = &[
    "published",
    "publicationdate",
    "publishdate",
    "filed",
    "filingdate",
    "filedate",
    "fileddate",
    "captured",
    "accepted",
    "accepteddate",
    "acceptancedate",
    "announced",
    "announcementdate",
    "rdq",
    "datekey",
    "available",
    "availabledate",
    "avail",
    "knownfrom",
];
const START: &[&str] =
    &["startdate", "start", "from", "datefrom", "entry", "entrydate", "added", "namedt"];
const END: &[&str] =
    &["enddate", "end", "to", "thru", "until", "dateto", "exit", "exitdate", "removed", "nameendt"];
const KINDS: &[&str] =
    &["form", "formtype", "doctype", "periodfocus", "fiscalperiod", "fp", "dimension", "frequency"];
/// Columns of numbers that are no figures.
const NO_FIGURES: &[&str] =
    &["", "index", "unnamed0", "fiscalyear", "year", "fy", "cik", "amend", "foryear"];
/// Rows whose values are looked at.
const LABELS: usize = 400;

fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

struct Columns<'a> {
    file: &'a Source,
    bare: Vec<String>,
    roles: Vec<Role>,
}

/// What a file seems to be.
pub(super) fn guess(file: &Source) -> Result<Guess, Vec<Diagnostic>> {
    let columns = Columns {
        file,
        bare: file.names().iter().map(|n| bare(n)).collect(),
        roles: columns::detect(file.names()),
    };
    let symbol = columns.role(&Role::Symbol);
    if let Some(symbol) = symbol {
        if let Some(members) = columns.members(symbol) {
            return Ok(members);
        }
        if let Some(reports) = columns.reports(symbol)? {
            return Ok(reports);
        }
        if let Some(actions) = columns.actions(symbol) {
            return Ok(actions);
        }
    }
    if let Some(prices) = columns.long_prices(symbol) {
        return Ok(prices);
    }
    if let Some(symbol) = symbol {
        return columns.labels(symbol);
    }
    columns.by_date()
}

impl Columns<'_> {
    fn name(&self, i: usize) -> String {
        self.file.names()[i].clone()
    }

    fn role(&self, role: &Role) -> Option<usize> {
        self.roles.iter().position(|r| r == role)
    }

    fn dated(&self, names: &[&str], but: &[usize]) -> Option<usize> {
        names.iter().find_map(|name| {
            (0..self.bare.len()).find(|i| {
                self.bare[*i] == *name && self.file.looks(*i) == Looks::Date && !but.contains(i)
            })
        })
    }

    fn members(&self, symbol: usize) -> Option<Guess> {
        let start = self.dated(START, &[])?;
        let end = END.iter().find_map(|name| self.bare.iter().position(|b| b == name));
        (end.is_some() || self.bare.len() <= 3).then(|| Guess::Members {
            symbol: self.name(symbol),
            start: self.name(start),
            end: end.map(|i| self.name(i)),
        })
    }

    fn reports(&self, symbol: usize) -> Result<Option<Guess>, Vec<Diagnostic>> {
        let Some(period_end) = self.dated(PERIOD_END, &[]) else { return Ok(None) };
        if self.role(&Role::Field("close".to_owned())).is_some() {
            return Ok(None);
        }
        // Where only dates say which is the better known one, the file of one column of texts may hold dates alone.
        let published = self.dated(PUBLISHED, &[period_end]);
        let known = self.dated(&["captured", "filed", "filingdate"], &[period_end]).or(published);
        let figures: Vec<String> = (0..self.bare.len())
            .filter(|i| self.file.looks(*i) == Looks::Number && *i != symbol)
            .filter(|i| !NO_FIGURES.contains(&self.bare[*i].as_str()))
            .filter(|i| Some(*i) != known && Some(*i) != published)
            .map(|i| self.name(i))
            .collect();
        let (symbol, period_end) = (self.name(symbol), self.name(period_end));
        let published = known.map(|i| self.name(i));
        if figures.is_empty() {
            return Ok(published.map(|published| Guess::Publications {
                symbol,
                period_end,
                published,
            }));
        }
        let mut kinds = vec![];
        for i in (0..self.bare.len()).filter(|i| KINDS.contains(&self.bare[*i].as_str())) {
            let table = self.file.read(&[(i, Wanted::Text)], &[], &())?;
            kinds.push((self.name(i), distinct(&table)));
        }
        Ok(Some(Guess::Reports { symbol, period_end, published, figures, kinds }))
    }

    fn actions(&self, symbol: usize) -> Option<Guess> {
        let date = self.role(&Role::Date)?;
        let others = self.bare.len() - 1;
        if self.file.looks(date) != Looks::Date || others > 5 || self.has_price() {
            return None;
        }
        let number = |words: &[&str]| {
            let is_number = |i: &usize| *i != symbol && self.file.looks(*i) == Looks::Number;
            let mut numbers = (0..self.bare.len()).filter(is_number);
            numbers.find(|i| words.iter().any(|w| self.bare[*i].contains(w)))
        };
        let (what, number) = match (number(&["ratio", "split"]), number(&["dividend", "divamount"]))
        {
            (Some(number), _) => (Kind::Splits, number),
            (None, Some(number)) => (Kind::Dividends, number),
            (None, None) => return None,
        };
        let [symbol, date, number] = [symbol, date, number].map(|i| self.name(i));
        Some(Guess::Actions { what, symbol, date, number })
    }

    fn has_price(&self) -> bool {
        // A column `last` may as well hold the last date.
        let prices = [Role::Field("close".to_owned()), Role::AdjustedClose, Role::Return];
        prices
            .iter()
            .filter_map(|role| self.role(role))
            .any(|i| self.file.looks(i) == Looks::Number)
    }

    fn long_prices(&self, symbol: Option<usize>) -> Option<Guess> {
        let date = self.role(&Role::Date).or_else(|| self.first_dates())?;
        if !self.has_price()
            || (symbol.is_none() && wide::is_wide(&PriceTable::default(), self.file))
        {
            return None;
        }
        Some(Guess::LongPrices {
            symbol: symbol.map(|i| self.name(i)),
            date: self.name(date),
            adjusted: self.role(&Role::AdjustedClose).is_some(),
            returns: self.role(&Role::Return).is_some(),
        })
    }

    fn first_dates(&self) -> Option<usize> {
        (0..self.bare.len()).find(|i| self.file.looks(*i) == Looks::Date)
    }

    /// Texts of which many symbols share one.
    fn labels(&self, symbol: usize) -> Result<Guess, Vec<Diagnostic>> {
        let texts: Vec<usize> = (0..self.bare.len())
            .filter(|i| *i != symbol && self.file.looks(*i) == Looks::Text)
            .collect();
        let mut wanted = vec![(symbol, Wanted::Text)];
        wanted.extend(texts.iter().map(|i| (*i, Wanted::Text)));
        let table = self.file.read(&wanted, &[], &())?;
        let symbols = table.text(0).texts.len();
        if symbols * 10 < table.rows * 9 {
            let why =
                "symbols stand in several rows, and neither prices nor fiscal periods were found";
            return Ok(Guess::Unknown { why: why.to_owned() });
        }
        let labels: Vec<String> = texts
            .iter()
            .enumerate()
            .filter(|(at, _)| {
                let known = table.text(at + 1).texts.len();
                known > 1 && known <= LABELS && known * 3 <= symbols
            })
            .map(|(_, i)| self.name(*i))
            .collect();
        if labels.is_empty() {
            let why = "it has symbols, and no prices, periods or labels that several symbols share";
            return Ok(Guess::Unknown { why: why.to_owned() });
        }
        Ok(Guess::Labels { symbol: self.name(symbol), labels })
    }

    /// A table of dates without symbols: a price is never zero or below, a series may be.
    fn by_date(&self) -> Result<Guess, Vec<Diagnostic>> {
        let named = self.role(&Role::Date).filter(|i| self.file.looks(*i) == Looks::Date);
        let Some(date) = named.or_else(|| self.first_dates()) else {
            let why = "it has neither symbols nor dates that can be told";
            return Ok(Guess::Unknown { why: why.to_owned() });
        };
        let numbers: Vec<usize> = (0..self.bare.len())
            .filter(|i| *i != date && self.file.looks(*i) == Looks::Number)
            .collect();
        if numbers.is_empty() {
            return Ok(Guess::Unknown { why: "it has dates and no numbers".to_owned() });
        }
        let is_wide = wide::is_wide(&PriceTable::default(), self.file);
        if is_wide && numbers.len() > 1 {
            let wanted: Vec<_> = numbers.iter().map(|i| (*i, Wanted::Number)).collect();
            let table = self.file.read(&wanted, &[], &())?;
            let positive = |column: &Column| match column {
                Column::Number(values) => values.iter().all(|v| v.is_nan() || *v > 0.0),
                _ => false,
            };
            if table.columns.iter().all(positive) {
                return Ok(Guess::WidePrices { date: self.name(date) });
            }
        }
        let figures = numbers.into_iter().map(|i| self.name(i)).collect();
        Ok(Guess::Series { date: self.name(date), figures })
    }
}

fn distinct(table: &Table) -> Vec<String> {
    let texts: BTreeSet<&String> = table.text(0).texts.iter().filter(|t| !t.is_empty()).collect();
    texts.into_iter().take(12).cloned().collect()
}
