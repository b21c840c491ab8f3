//! Tables with publication dates → records.

use super::{
    actions::Actions,
    asof::{Record, Records},
    attach::assets,
    catalog::{Published, ReportTable},
    figures::{Figure, place},
    load::{Context, column, symbol_column},
    market::{Parts, Values},
    moment::DayForm,
    source::Source,
    table::{Column, NO_DATE, Table, Wanted},
    words::grouped,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{Date, Field, MISSING, days_since_epoch, from_days};
use crate::types::{Basis, Shape, Type, Unit};
use std::{collections::BTreeMap, sync::Arc};

/// How long a figure may be used where the catalog does not say.
const MAX_AGE_MONTHS: i32 = 18;

/// Which columns of the file are read, by their places in the table.
struct Layout {
    wanted: Vec<(usize, Wanted)>,
    published: Option<usize>,
    only: Vec<(usize, Vec<String>)>,
    // By field.
    figures: Vec<Figure>,
}

const SYMBOL: usize = 0;
const PERIOD_END: usize = 1;

/// A table of reports as it was read.
pub(super) struct ReadReports<'a> {
    pub(super) name: &'a str,
    pub(super) spec: &'a ReportTable,
    table: &'a Table,
    // Of each row the date of publication, where it is known.
    known: &'a [Option<Date>],
    // Of each row the asset, if it has prices.
    assets: &'a [Option<u32>],
    only: &'a [(usize, Vec<String>)],
}

/// A record of an asset with prices, as it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadRecord {
    /// Its line in the file.
    pub(super) row: u64,
    pub(super) asset: u32,
    pub(super) period_end: Date,
    /// The date of publication, where it is known.
    pub(super) published: Option<Date>,
}

impl ReadReports<'_> {
    /// The records that are taken.
    pub(super) fn records(&self) -> impl Iterator<Item = ReadRecord> {
        (0..self.table.rows).filter(|row| is_taken(self.table, self.only, *row)).filter_map(|row| {
            Some(ReadRecord {
                row: self.table.lines.line(row),
                asset: self.assets[row]?,
                period_end: from_days(self.table.date(PERIOD_END)[row])?,
                published: self.known[row],
            })
        })
    }

    /// The file, for a reader.
    pub(super) fn file(&self) -> String {
        self.table.file.display().to_string()
    }
}

fn is_taken(table: &Table, only: &[(usize, Vec<String>)], row: usize) -> bool {
    only.iter().all(|(at, texts)| texts.iter().any(|t| t == table.text(*at).get(row)))
}

/// Adds the fields of a table.
pub(super) fn add(
    parts: &mut Parts,
    context: &Context<'_>,
    actions: &Actions,
    name: &str,
    spec: &ReportTable,
) -> Result<(), Vec<Diagnostic>> {
    let one = |d: Diagnostic| vec![d];
    if spec.published.is_none() && spec.lag.is_none() {
        let message = format!("`reports.{name}` does not say when its figures were published");
        let help = "name the column of the dates of publication (`published = \"filed\"`), or say how long after the \
                    period's end they are taken to be public (`lag = \"90d\"`)";
        return Err(one(Diagnostic::error(Code::BadCatalog, message).help(help)));
    }
    let file = context.source(spec.origin()).map_err(one)?;
    let layout = layout(context, spec, &file).map_err(one)?;
    let table = file.read(&layout.wanted, &spec.missing, context.options.progress)?;
    let known = publications(context, spec, &layout, &table)?;
    let mut account = Account::default();
    let (mut list, mut published_on) = (vec![], vec![0; table.rows]);
    let lag = spec.lag.map(|l| l.0);
    let age = spec.max_age.map_or_else(|| jiff::Span::new().months(MAX_AGE_MONTHS), |a| a.0);
    let day = |row: usize| known[row].map_or(table.date(PERIOD_END)[row], days_since_epoch);
    let assets = assets(parts, context, &spec.symbol_replace, &table, day);
    if let Some(inspector) = context.inspector {
        let only = &layout.only;
        let read = ReadReports { name, spec, table: &table, known: &known, assets: &assets, only };
        inspector.reports(&read, &parts.symbols);
    }
    for row in 0..table.rows {
        if !is_taken(&table, &layout.only, row) {
            continue;
        }
        let Some(asset) = assets[row] else {
            account.without_prices += 1;
            continue;
        };
        let Some(period_end) = from_days(table.date(PERIOD_END)[row]) else { continue };
        let published = match (known[row], lag) {
            (Some(date), _) => {
                account.known += 1;
                date
            }
            (None, Some(lag)) => {
                account.lagged += 1;
                later(period_end, lag)
            }
            (None, None) => {
                account.undated += 1;
                continue;
            }
        };
        let until = later(published, age);
        published_on[row] = days_since_epoch(published);
        list.push(Record { asset, period_end, published, until, source: row as u32 });
    }
    account.report(parts, name, spec);
    let (records, order) = Records::new(&parts.calendar, parts.symbols.len(), list);
    let records = Arc::new(records);
    for ((field, column), figure) in spec.columns.iter().zip(&layout.figures) {
        let mut unit = column.unit(field, parts.basis);
        // Counts as reported, brought to the shares of the last day, of which the prices are.
        let power = match column.basis {
            Some(Basis::Raw) if parts.basis == Basis::SplitAdjusted && actions.has_splits() => {
                i32::from(unit.share_power())
            }
            _ => 0,
        };
        if power != 0 {
            unit = unit.on(Basis::SplitAdjusted);
        }
        let counts = matches!(unit, Unit::Known { shares: 1, money: 0, .. });
        let value = |row: &u32| {
            let row = *row as usize;
            let mut value = figure.value(&table, row);
            if let (Some(asset), true) = (assets[row], power != 0) {
                value *= actions.splits_after(asset, published_on[row]).powi(power);
            }
            // No company has a count of shares of zero or less: it stands for one that is not known.
            let sound = value.is_finite() && (!counts || value > 0.0);
            if sound { value } else { MISSING }
        };
        let values: Vec<f64> = order.iter().map(value).collect();
        let note = column.shown();
        parts.add(
            Field {
                reported: false,
                name: field.clone(),
                table: name.to_owned(),
                ty: Type::number(Shape::Panel, unit),
                labels: Arc::default(),
                note,
            },
            Values::AsOf { records: records.clone(), values: values.into() },
        );
    }
    Ok(())
}

/// A date some time later; the last date there is, if that lies beyond it.
fn later(date: Date, span: jiff::Span) -> Date {
    date.checked_add(span).unwrap_or(Date::MAX)
}

/// How dates of publication are written, of which the time counts.
fn published_form(context: &Context<'_>, format: Option<&String>) -> Wanted {
    let close = context.catalog.session_close.clone();
    Wanted::Date { form: DayForm { close, ..DayForm::plain(format) }, optional: true }
}

fn layout(context: &Context<'_>, spec: &ReportTable, file: &Source) -> Result<Layout, Diagnostic> {
    let format = spec.date_format.as_ref();
    let mut wanted = vec![
        (symbol_column(file, spec.symbol.as_ref())?, Wanted::Text),
        (
            column(file, &spec.period_end)?,
            Wanted::Date { form: DayForm::plain(format), optional: false },
        ),
    ];
    let published = match &spec.published {
        Some(Published { column: name, file: None }) => {
            Some(place(file, name, published_form(context, format), &mut wanted)?)
        }
        _ => None,
    };
    let mut only = vec![];
    for (name, texts) in &spec.only {
        only.push((place(file, name, Wanted::Text, &mut wanted)?, texts.clone()));
    }
    let mut figures = vec![];
    for figure in spec.columns.values() {
        figures.push(Figure::place(file, figure, &mut wanted)?);
    }
    Ok(Layout { wanted, published, only, figures })
}

/// The date of publication of each row, where it is known.
fn publications(
    context: &Context<'_>,
    spec: &ReportTable,
    layout: &Layout,
    table: &Table,
) -> Result<Vec<Option<Date>>, Vec<Diagnostic>> {
    let date = |day: i32| if day == NO_DATE { None } else { from_days(day) };
    if let Some(at) = layout.published {
        return Ok(table.date(at).iter().map(|d| date(*d)).collect());
    }
    let Some(Published { file: Some(join), .. }) = &spec.published else {
        return Ok(vec![None; table.rows]);
    };
    let one = |d: Diagnostic| vec![d];
    let file = context.source(join.origin()).map_err(one)?;
    let wanted = [
        (symbol_column(&file, join.symbol.as_ref()).map_err(one)?, Wanted::Text),
        (
            column(&file, &join.period_end).map_err(one)?,
            Wanted::Date { form: DayForm::default(), optional: false },
        ),
        (column(&file, &join.column).map_err(one)?, published_form(context, None)),
    ];
    let other = file.read(&wanted, &[], context.options.progress)?;
    let mut dates: BTreeMap<(String, i32), i32> = BTreeMap::new();
    for row in 0..other.rows {
        let symbol = context.names.replaced(other.text(0).get(row), &join.symbol_replace);
        dates.insert((symbol, other.date(1)[row]), other.date(2)[row]);
    }
    let Column::Text(symbols) = &table.columns[SYMBOL] else { unreachable!("symbols are texts") };
    let named: Vec<String> =
        symbols.texts.iter().map(|t| context.names.replaced(t, &spec.symbol_replace)).collect();
    let find = |row: usize| {
        let key = (named[symbols.codes[row] as usize].clone(), table.date(PERIOD_END)[row]);
        dates.get(&key).copied().and_then(date)
    };
    Ok((0..table.rows).map(find).collect())
}

/// `90 days`.
fn in_words(span: jiff::Span) -> String {
    let parts = [
        (i64::from(span.get_years()), "year"),
        (i64::from(span.get_months()), "month"),
        (i64::from(span.get_weeks()), "week"),
        (i64::from(span.get_days()), "day"),
    ];
    let part = parts.into_iter().find(|(n, _)| *n != 0).unwrap_or((0, "day"));
    format!("{} {}{}", part.0, part.1, if part.0 == 1 { "" } else { "s" })
}

/// What became of the rows of a table.
#[derive(Default)]
struct Account {
    known: usize,
    lagged: usize,
    undated: usize,
    without_prices: usize,
}

impl Account {
    fn report(&self, parts: &mut Parts, name: &str, spec: &ReportTable) {
        let records = self.known + self.lagged;
        let share = |n: usize| format!("{:.1}%", 100.0 * n as f64 / records.max(1) as f64);
        let lag = spec.lag.map_or_else(String::new, |l| in_words(l.0));
        parts.detected.push(format!("{name}: {} records of {}", grouped(records), spec.origin()));
        if records > 0 {
            parts.notes.push(match (self.known, self.lagged) {
                (_, 0) => format!("{name}: the publication date of all {} records is known", grouped(records)),
                (0, _) => format!(
                    "{name}: no publication date is known; all {} records are taken as public {lag} after the period's end",
                    grouped(records)
                ),
                (known, lagged) => format!(
                    "{name}: the publication date of {} of {} records is known ({}), the other {} are taken as public {lag} after the period's end",
                    grouped(known),
                    grouped(records),
                    share(known),
                    share(lagged),
                ),
            });
        }
        let mut lost = |count: usize, why: &str| {
            if count > 0 {
                let message = format!("{name}: records left out, as {why}: {}", grouped(count));
                parts.warnings.push(Diagnostic::warning(Code::DataNote, message));
            }
        };
        lost(self.without_prices, "their symbols have no prices");
        lost(self.undated, "their publication date is not known and the catalog gives no `lag`");
    }
}
