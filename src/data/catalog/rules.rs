//! What keys of a `market.toml` say together. One that would have no effect where it stands is refused, as whoever wrote
//! it relies on it.

use super::{Catalog, ColumnSpec, Origin, PriceTable, Published};
use crate::diagnostic::{Code, Diagnostic};
use crate::types::{Basis, Unit};

/// The first rule that a catalog breaks.
pub(super) fn broken(catalog: &Catalog) -> Option<Diagnostic> {
    let keys = || useless_keys(catalog);
    origins(catalog).or_else(|| foreign_table(catalog)).or_else(keys)
}

fn refused(message: String, help: &str) -> Diagnostic {
    Diagnostic::error(Code::BadCatalog, message).help(help)
}

/// A table that does not say where its rows come from.
fn origins(catalog: &Catalog) -> Option<Diagnostic> {
    let of = |(table, origin): (String, Origin<'_>)| {
        Some(Diagnostic::error(Code::BadCatalog, format!("`{table}` {}", origin.fault()?)))
    };
    catalog.origins().into_iter().find_map(of)
}

/// A table whose money is not in the market's currency.
fn foreign_table(catalog: &Catalog) -> Option<Diagnostic> {
    let prices = catalog.prices.iter().map(|t| ("prices".to_owned(), &t.currency));
    let reports = catalog.reports.iter().map(|(n, t)| (format!("reports.{n}"), &t.currency));
    let dividends = catalog.dividends.iter().map(|t| ("dividends".to_owned(), &t.currency));
    let (table, currency) =
        prices.chain(reports).chain(dividends).find_map(|(name, currency)| {
            let currency = currency.as_deref()?;
            (catalog.currency.as_deref() != Some(currency)).then_some((name, currency))
        })?;
    let message = match &catalog.currency {
        Some(own) => format!("`{table}` is in {currency} and the market in {own}"),
        None => format!("`{table}` is in {currency}, and the market does not say in what it is"),
    };
    let help = "money of a market is in one `currency`: convert the figures first, each at the rate of its day";
    Some(refused(message, help))
}

/// A key that has no effect beside the others of its table.
fn useless_keys(catalog: &Catalog) -> Option<Diagnostic> {
    let prices = || catalog.prices.iter().find_map(price_keys);
    let labels = || {
        let (name, _) =
            catalog.labels.iter().find(|(_, t)| t.date_format.is_some() && t.start.is_none())?;
        let help = "`start` names the column of the dates from which the labels hold";
        Some(refused(format!("`labels.{name}` has a `date_format` and no `start`"), help))
    };
    let members = || {
        let (name, _) = catalog.members.iter().find(|(_, t)| t.end_included && t.end.is_none())?;
        let help = "`end` names the column of the days on which spells end";
        Some(refused(format!("`members.{name}` has `end_included` and no `end`"), help))
    };
    let series = || {
        let (name, _) =
            catalog.series.iter().find(|(_, t)| t.block.is_some() && t.format.is_none())?;
        let help = "`format = \"ken_french\"` says that its file has blocks";
        Some(refused(format!("`series.{name}` has a `block` and no `format`"), help))
    };
    let calendar = || {
        let table = catalog.calendar.as_ref().filter(|t| t.every_day)?;
        let is_table =
            table.origin().is_some() || table.date.is_some() || table.date_format.is_some();
        let message = "`calendar` is both every day and a table of sessions".to_owned();
        let help = "take out `every_day`, or all other keys of the table";
        is_table.then(|| refused(message, help))
    };
    prices()
        .or_else(labels)
        .or_else(members)
        .or_else(series)
        .or_else(calendar)
        .or_else(|| bases(catalog))
        .or_else(|| actions(catalog))
}

fn price_keys(table: &PriceTable) -> Option<Diagnostic> {
    if table.symbol.is_some() && table.symbol_is.is_some() {
        let help = "`symbol` names the column of symbols, `symbol_is` the one symbol of a file that has no such column";
        return Some(refused("`prices` has both `symbol` and `symbol_is`".to_owned(), help));
    }
    if table.total_return.is_some() && table.adjusted_close.is_some() {
        let help = "total returns are taken from one of them: take the other out";
        return Some(refused("`prices` has both `return` and `adjusted_close`".to_owned(), help));
    }
    let long = [
        ("symbol", table.symbol.is_some()),
        ("symbol_is", table.symbol_is.is_some()),
        ("return", table.total_return.is_some()),
        ("adjusted_close", table.adjusted_close.is_some()),
        ("columns", !table.columns.is_empty()),
    ];
    if let Some((key, _)) = long.iter().find(|(_, given)| *given && table.wide == Some(true)) {
        let message = format!("`prices` is `wide` and has the key `{key}`");
        let help =
            "each column of a wide table holds the closes of one symbol: take one of the two out";
        return Some(refused(message, help));
    }
    let named = [&table.symbol, &table.date, &table.total_return, &table.adjusted_close];
    let named = named.into_iter().flatten().chain(table.columns.values().map(|c| &c.column));
    if let Some(column) = named.into_iter().find(|c| table.ignore.contains(c)) {
        let help = "take it out of `ignore`, or out of the keys that name it";
        return Some(refused(
            format!("`prices` both ignores and names the column `{column}`"),
            help,
        ));
    }
    let (name, divisor) =
        table.columns.iter().find_map(|(name, c)| Some((name, c.divided_by.as_ref()?)))?;
    let message = format!("the column `{name}` of `prices` is `divided_by` `{divisor}`");
    let help = "prices are taken as they stand, times a `scale`: divide in the file, in a query, or in a strategy";
    Some(refused(message, help))
}

/// A basis of what has none: only prices and counts of shares change with splits.
fn bases(catalog: &Catalog) -> Option<Diagnostic> {
    let prices = catalog.prices.iter().map(|t| ("prices".to_owned(), &t.columns));
    let reports = catalog.reports.iter().map(|(n, t)| (format!("reports.{n}"), &t.columns));
    let events = catalog.events.iter().map(|(n, t)| (format!("events.{n}"), &t.columns));
    let series = catalog.series.iter().map(|(n, t)| (format!("series.{n}"), &t.columns));
    let mut tables = prices.chain(reports).chain(events).chain(series);
    let (table, name) = tables.find_map(|(table, columns)| {
        let has_none = |(name, column): &(&String, &ColumnSpec)| {
            let basis = column.basis?;
            let has_one = matches!(column.unit(name, basis), Unit::Known { basis: Some(_), .. });
            (!has_one).then(|| (*name).clone())
        };
        Some((table, columns.iter().find_map(|c| has_none(&c))?))
    })?;
    let message = format!(
        "the column `{name}` of `{table}` has a `basis` and is no price or count of shares"
    );
    let help = "say `unit = \"price\"` or `unit = \"shares\"` beside it, or take it out";
    Some(refused(message, help))
}

/// What the numbers of actions are is fixed; but a dividend may be of the shares of its day where prices are not.
fn actions(catalog: &Catalog) -> Option<Diagnostic> {
    let splits = catalog.splits.as_ref().map(|t| ("splits", "ratio", &t.ratio, false));
    let dividends = catalog.dividends.as_ref().map(|t| ("dividends", "amount", &t.amount, true));
    let delistings =
        catalog.delistings.as_ref().map(|t| ("delistings", "return", &t.outcome, false));
    let is_meant =
        |basis: Basis| basis == Basis::Raw || catalog.prices.iter().any(|t| t.basis == Some(basis));
    let useless = |number: &ColumnSpec, has_basis: bool| match (number.unit, number.basis) {
        (Some(_), _) => Some("unit"),
        (None, Some(basis)) if !(has_basis && is_meant(basis)) => Some("basis"),
        _ => None,
    };
    let all = [splits, dividends, delistings];
    let (table, name, key) = all
        .into_iter()
        .flatten()
        .find_map(|(table, name, number, basis)| Some((table, name, useless(number, basis)?)))?;
    let help = match (table, key) {
        ("dividends", "basis") => {
            "`basis = \"raw\"` says that a dividend is for a share of its day; otherwise it is for one as the prices are of"
        }
        _ => {
            "its numbers have one meaning: take the key out; `scale` and `divided_by` bring others to it"
        }
    };
    Some(refused(format!("`{name}` of `{table}` has a `{key}`"), help))
}

impl Catalog {
    /// Where the rows of all tables come from, by the names of the tables.
    fn origins(&self) -> Vec<(String, Origin<'_>)> {
        let mut list: Vec<_> =
            self.prices.iter().map(|t| ("prices".to_owned(), t.origin())).collect();
        for (name, table) in &self.reports {
            list.push((format!("reports.{name}"), table.origin()));
            if let Some(Published { file: Some(file), .. }) = &table.published {
                list.push((format!("reports.{name}.published"), file.origin()));
            }
        }
        list.extend(self.labels.iter().map(|(n, t)| (format!("labels.{n}"), t.origin())));
        list.extend(self.members.iter().map(|(n, t)| (format!("members.{n}"), t.origin())));
        list.extend(self.series.iter().map(|(n, t)| (format!("series.{n}"), t.origin())));
        list.extend(self.events.iter().map(|(n, t)| (format!("events.{n}"), t.origin())));
        let listed = self.calendar.iter().filter(|t| !t.every_day);
        list.extend(listed.map(|t| ("calendar".to_owned(), t.origin())));
        list.extend(self.renames.iter().map(|t| ("renames".to_owned(), t.origin())));
        list.extend(self.splits.iter().map(|t| ("splits".to_owned(), t.origin())));
        list.extend(self.dividends.iter().map(|t| ("dividends".to_owned(), t.origin())));
        list.extend(self.delistings.iter().map(|t| ("delistings".to_owned(), t.origin())));
        list
    }
}

impl Origin<'_> {
    fn is_some(&self) -> bool {
        self.file.is_some() || self.database.is_some() || self.query.is_some()
    }

    /// What is wrong with what the catalog says, if something is.
    fn fault(&self) -> Option<&'static str> {
        match (self.file, self.database, self.query) {
            // Such an address may hold a password, which no error repeats.
            (Some(file), None, None) if file.contains("://") => {
                Some("has a URL as its `file`: expected a path")
            }
            (None, Some(database), Some(_)) if database.contains("://") => {
                Some("has a URL as its `database`: expected the name of one of `[databases]`")
            }
            (Some(_), None, None) | (None, Some(_), Some(_)) => None,
            (None, Some(_), None) => Some("has a `database` and no `query`"),
            (None, None, Some(_)) => Some("has a `query` and no `database`"),
            (None, None, None) => Some(
                "does not say where its rows come from: a `file`, or a `database` and a `query`",
            ),
            (Some(_), ..) => Some("has a `file` and a `database` or `query`: expected one of them"),
        }
    }
}
