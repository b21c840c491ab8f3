//! Wide tables of prices: a column of dates, and a column of closes for each symbol.

use super::{
    Progress,
    buffer::Numbers,
    catalog::PriceTable,
    columns::{self, Role},
    identity::Names,
    moment::DayForm,
    prices::{PriceColumn, Read},
    source::Source,
    table::{Column, Lines, Looks, Table, Wanted},
    words::grouped,
};
use crate::diagnostic::{Code, Diagnostic};

/// Whether a file is wide: it says so, or it has dates and columns of numbers, and neither symbols nor, for the most
/// part, names that columns of prices have.
pub(super) fn is_wide(spec: &PriceTable, file: &Source) -> bool {
    if let Some(wide) = spec.wide {
        return wide;
    }
    let names_columns = [&spec.symbol, &spec.symbol_is, &spec.total_return, &spec.adjusted_close];
    if names_columns.iter().any(|n| n.is_some()) || !spec.columns.is_empty() {
        return false;
    }
    let names = file.names();
    let Some(date) = date_column(spec, file) else { return false };
    let roles = columns::detect(names);
    if roles.contains(&Role::Symbol) {
        return false;
    }
    let others = (0..names.len()).filter(|i| *i != date);
    let (mut numbers, mut usual) = (0, 0);
    for i in others {
        let known = match &roles[i] {
            Role::AdjustedClose | Role::Return => true,
            Role::Field(name) => {
                ["open", "high", "low", "close", "volume", "market_cap"].contains(&name.as_str())
            }
            Role::Symbol | Role::Date => false,
        };
        numbers += usize::from(file.looks(i) == Looks::Number);
        usual += usize::from(known);
    }
    let has_close = roles.iter().any(|r| {
        matches!(r, Role::AdjustedClose | Role::Return) || *r == Role::Field("close".to_owned())
    });
    numbers > 0 && numbers * 2 >= names.len() - 1 && (!has_close || usual * 2 < names.len() - 1)
}

/// The column of dates: declared, or by its name, or the first that holds dates.
fn date_column(spec: &PriceTable, file: &Source) -> Option<usize> {
    if let Some(name) = &spec.date {
        return file.names().iter().position(|n| n == name);
    }
    let named = columns::detect(file.names()).iter().position(|r| *r == Role::Date);
    let looks_dated = |i: &usize| file.looks(*i) == Looks::Date || spec.date_format.is_some();
    named
        .filter(|i| *i == 0 || looks_dated(i))
        .or_else(|| (0..file.names().len()).find(|i| file.looks(*i) == Looks::Date))
}

/// Reads a wide table as if it were long, without the cells that are missing.
pub(super) fn read(
    spec: &PriceTable,
    file: &Source,
    known: &Names,
    progress: &dyn Progress,
    detected: &mut Vec<String>,
) -> Result<Read, Vec<Diagnostic>> {
    let names = file.names();
    let Some(date) = date_column(spec, file) else {
        let usual = "`date`, `timestamp`, `day`";
        return Err(vec![super::load::missing_column(file, "a column of dates", usual)]);
    };
    for name in &spec.ignore {
        super::load::column(file, name).map_err(|d| vec![d])?;
    }
    let held = |i: &usize| *i != date && !names[*i].is_empty() && !spec.ignore.contains(&names[*i]);
    let assets: Vec<usize> = (0..names.len()).filter(held).collect();
    let symbols: Vec<String> =
        assets.iter().map(|i| known.replaced(&names[*i], &spec.symbol_replace)).collect();
    twice(file, &symbols)?;
    let mut wanted = vec![(
        date,
        Wanted::Date { form: DayForm::plain(spec.date_format.as_ref()), optional: false },
    )];
    wanted.extend(assets.iter().map(|i| (*i, Wanted::Number)));
    let table = file.read(&wanted, &spec.missing, progress)?;
    detected.push(format!(
        "{}: a wide table of {} dates: `{}` as date, closes of {} symbols in the other columns",
        file.label(),
        grouped(table.rows),
        names[date],
        grouped(symbols.len())
    ));
    let days = table.date(0).to_vec();
    check_dates(&table, &days)?;
    let mut read = Read {
        spec: spec.clone(),
        codes: Numbers::default(),
        symbols,
        days: Numbers::default(),
        fields: vec![PriceColumn {
            name: "close".to_owned(),
            column: "close".to_owned(),
            at: 0,
            unit: None,
            scale: None,
        }],
        adjusted: None,
        returns: None,
        table: Table {
            file: table.file.clone(),
            rows: 0,
            columns: vec![],
            lines: Lines::default(),
        },
    };
    let (mut closes, mut codes, mut taken) = (vec![], vec![], vec![]);
    let mut lines = Lines::default();
    for asset in 0..read.symbols.len() {
        for (row, close) in table.number(asset + 1).iter().enumerate() {
            if !close.is_nan() {
                lines.push(closes.len(), table.lines.line(row), table.lines.file(row));
                closes.push(*close);
                codes.push(asset as u32);
                taken.push(days[row]);
            }
        }
    }
    if closes.is_empty() {
        let error = Diagnostic::error(Code::NoRows, "the table holds no price");
        return Err(vec![error.in_file(file.path())]);
    }
    read.table.rows = closes.len();
    (read.codes, read.days) = (codes.into(), taken.into());
    read.table.columns = vec![Column::Number(closes.into())];
    read.table.lines = lines;
    read.follow(known);
    Ok(read)
}

fn twice(file: &Source, symbols: &[String]) -> Result<(), Vec<Diagnostic>> {
    let mut sorted: Vec<&String> = symbols.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|w| w[0] == w[1]) {
        None => Ok(()),
        Some(pair) => {
            let message = format!("the symbol `{}` has two columns", pair[0]);
            let error = Diagnostic::error(Code::DuplicateRow, message).in_file(file.path());
            Err(vec![error.column(pair[0].as_str())])
        }
    }
}

/// A date has one row, whether or not its prices are there.
fn check_dates(table: &Table, days: &[i32]) -> Result<(), Vec<Diagnostic>> {
    let mut order: Vec<usize> = (0..days.len()).collect();
    order.sort_by_key(|row| days[*row]);
    let mut list = vec![];
    for pair in order.windows(2).filter(|w| days[w[0]] == days[w[1]]).take(20) {
        let date =
            crate::panel::from_days(days[pair[0]]).map(|d| d.to_string()).unwrap_or_default();
        list.push(table.twice(&date, pair[0], pair[1]));
    }
    if list.is_empty() { Ok(()) } else { Err(list) }
}
