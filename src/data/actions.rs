//! Corporate actions: splits, dividends and delistings as fields of the market, and total returns made of them.

use super::{
    catalog::ColumnSpec,
    figures::Figure,
    load::{Context, date_column, symbol_column},
    market::{Parts, Values},
    moment::DayForm,
    source::Source,
    table::Wanted,
    words::grouped,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{Date, Field, MISSING, Row, from_days};
use crate::types::{Basis, Shape, Type, Unit};
use std::sync::Arc;

/// What happened to the shares of each asset, by day.
#[derive(Debug, Default)]
pub(super) struct Actions {
    /// By asset, rising in days: new shares for one old.
    splits: Vec<Vec<(i32, f64)>>,
    /// By asset, rising in days: money for one share of that day, after a split of the same day.
    dividends: Vec<Vec<(i32, f64)>>,
}

/// A row of a table of actions.
struct Action {
    asset: u32,
    day: i32,
    number: f64,
    line: u64,
}

impl Actions {
    /// Reads the tables of the catalog.
    pub(super) fn read(parts: &mut Parts, context: &Context<'_>) -> Result<Self, Vec<Diagnostic>> {
        let mut actions = Self::default();
        let catalog = context.catalog;
        if let Some(spec) = &catalog.splits {
            let file = context.source(spec.origin()).map_err(|d| vec![d])?;
            let format = spec.date_format.as_ref();
            let layout =
                layout(&file, spec.symbol.as_ref(), spec.date.as_ref(), format, &spec.ratio)?;
            let read = read(parts, context, &file, &layout, &spec.symbol_replace, 0)?;
            let wrong = "a split is a number of new shares for one old, above zero";
            let read = sound(parts, read, "splits", &file, |x| x > 0.0, wrong)?;
            if let Some(twice) =
                read.windows(2).find(|w| w[0].asset == w[1].asset && w[0].day == w[1].day)
            {
                let symbol = &parts.symbols[twice[0].asset as usize];
                let day = from_days(twice[0].day).map(|d| d.to_string()).unwrap_or_default();
                let message = format!("splits: `{symbol}` has two on {day}");
                let error = Diagnostic::error(Code::DuplicateRow, message)
                    .in_file(file.path())
                    .row(twice[1].line);
                return Err(vec![error.help("delete one, or write both as one ratio")]);
            }
            actions.splits = by_asset(parts.symbols.len(), read, |_, last| last);
            parts.detected.push(said("splits", &actions.splits, &file));
        }
        if let Some(spec) = &catalog.dividends {
            let file = context.source(spec.origin()).map_err(|d| vec![d])?;
            let format = spec.date_format.as_ref();
            let layout =
                layout(&file, spec.symbol.as_ref(), spec.date.as_ref(), format, &spec.amount)?;
            let read = read(parts, context, &file, &layout, &spec.symbol_replace, 0)?;
            let wrong = "a dividend is money for one share, zero or above";
            let read = sound(parts, read, "dividends", &file, |x| x >= 0.0, wrong)?;
            if parts.basis == Basis::FullyAdjusted {
                let message = "prices that are adjusted for dividends have none to be paid";
                let error = Diagnostic::error(Code::BadCatalog, message).in_file(file.path());
                return Err(vec![error.help(
                    "take `[dividends]` out, or say that the prices are `raw` or `split_adjusted`",
                )]);
            }
            actions.dividends = by_asset(parts.symbols.len(), read, |a, b| a + b);
            if spec.amount.basis == Some(Basis::Raw) && parts.basis == Basis::SplitAdjusted {
                actions.adjust_dividends();
            }
            parts.detected.push(said("dividends", &actions.dividends, &file));
        }
        Ok(actions)
    }

    /// Dividends as paid, in the shares of the last day.
    fn adjust_dividends(&mut self) {
        for (asset, paid) in self.dividends.iter_mut().enumerate() {
            let Some(splits) = self.splits.get(asset) else { continue };
            for (day, amount) in paid {
                let later = splits.iter().filter(|(split, _)| split > day);
                *amount /= later.map(|(_, ratio)| ratio).product::<f64>();
            }
        }
    }

    /// Whether splits are known.
    pub(super) fn has_splits(&self) -> bool {
        !self.splits.is_empty()
    }

    /// Whether dividends are known.
    pub(super) fn has_dividends(&self) -> bool {
        !self.dividends.is_empty()
    }

    /// Whether there are any.
    pub(super) fn is_empty(&self) -> bool {
        self.splits.is_empty() && self.dividends.is_empty()
    }

    /// What one share of an asset becomes after `from` and up to `to`: so many shares, and so much money. Splits count
    /// where prices are as traded.
    pub(super) fn between(&self, asset: u32, from: i32, to: i32, basis: Basis) -> (f64, f64) {
        let within = |list: &[Vec<(i32, f64)>]| -> Vec<(i32, f64)> {
            let Some(list) = list.get(asset as usize) else { return vec![] };
            let start = list.partition_point(|(day, _)| *day <= from);
            list[start..].iter().take_while(|(day, _)| *day <= to).copied().collect()
        };
        let splits = if basis == Basis::Raw { within(&self.splits) } else { vec![] };
        let mut money = 0.0;
        for (day, amount) in within(&self.dividends) {
            let before = splits.iter().take_while(|(split, _)| *split <= day);
            money += amount * before.map(|(_, ratio)| ratio).product::<f64>();
        }
        (splits.iter().map(|(_, ratio)| ratio).product(), money)
    }

    /// New shares for one old after a day.
    pub(super) fn splits_after(&self, asset: u32, day: i32) -> f64 {
        let list = self.splits.get(asset as usize).map_or(&[][..], Vec::as_slice);
        list.iter().filter(|(split, _)| *split > day).map(|(_, ratio)| ratio).product()
    }

    /// Adds the fields `split_factor` and `dividend`, as far as there are such tables.
    pub(super) fn add(&self, parts: &mut Parts) {
        let dated = |lists: &[Vec<(i32, f64)>]| -> Vec<(u32, Date, f64)> {
            let of = |(asset, list): (usize, &Vec<(i32, f64)>)| {
                let date = move |(day, number): &(i32, f64)| {
                    Some((asset as u32, from_days(*day)?, *number))
                };
                list.iter().filter_map(date).collect::<Vec<_>>()
            };
            lists.iter().enumerate().flat_map(of).collect()
        };
        if !self.splits.is_empty() {
            add_splits(parts, dated(&self.splits));
        }
        if !self.dividends.is_empty() {
            add_dividends(parts, &dated(&self.dividends));
        }
    }
}

/// Adds the field `split_factor` from splits: asset, first day on which the price is of the new shares, new shares for
/// one old; by asset and rising in days.
pub(super) fn add_splits(parts: &mut Parts, list: Vec<(u32, Date, f64)>) {
    let (mut steps, mut factor, mut before) = (vec![], 1.0, None);
    for (asset, date, ratio) in list {
        if before != Some(asset) {
            (before, factor) = (Some(asset), 1.0);
        }
        factor *= ratio;
        let row = parts.calendar.first_at_or_after(date);
        if (row as usize) < parts.calendar.len() {
            steps.push((asset, row, factor));
        }
    }
    let note = "the shares that one share of the first day has become";
    add(parts, ("splits", "split_factor", note), Unit::RATIO, steps, 1.0);
}

/// Adds the field `dividend`: money for one share on the first session at or after the day, zero on others.
pub(super) fn add_dividends(parts: &mut Parts, list: &[(u32, Date, f64)]) {
    let mut paid: Vec<(u32, Row, f64)> = vec![];
    for (asset, date, amount) in list {
        let row = parts.calendar.first_at_or_after(*date);
        if (row as usize) >= parts.calendar.len() {
            continue;
        }
        match paid.last_mut() {
            Some(last) if (last.0, last.1) == (*asset, row) => last.2 += amount,
            _ => paid.push((*asset, row, *amount)),
        }
    }
    let mut steps = vec![];
    for (asset, row, amount) in paid {
        steps.extend([(asset, row, amount), (asset, row + 1, 0.0)]);
    }
    // Where the next day pays, too, what it pays holds.
    steps.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    let note = "money for one share, on the first day without it";
    add(parts, ("dividends", "dividend", note), Unit::price(parts.basis), steps, 0.0);
}

/// Adds the field `delisting_return`, if there is a table of delistings.
pub(super) fn delistings(parts: &mut Parts, context: &Context<'_>) -> Result<(), Vec<Diagnostic>> {
    let Some(spec) = &context.catalog.delistings else { return Ok(()) };
    let file = context.source(spec.origin()).map_err(|d| vec![d])?;
    let format = spec.date_format.as_ref();
    let layout = layout(&file, spec.symbol.as_ref(), spec.date.as_ref(), format, &spec.outcome)?;
    let read = read(parts, context, &file, &layout, &spec.symbol_replace, 1)?;
    let wrong = "a return of a delisting is at least -100%";
    let read = sound(parts, read, "delistings", &file, |x| x >= -1.0, wrong)?;
    let mut values = vec![MISSING; parts.symbols.len()];
    for action in &read {
        values[action.asset as usize] = action.number;
    }
    let count = grouped(values.iter().filter(|v| !v.is_nan()).count());
    parts.detected.push(format!("delistings: returns of {count} assets from {}", file.label()));
    let field = Field {
        reported: false,
        name: "delisting_return".to_owned(),
        table: "delistings".to_owned(),
        ty: Type::number(Shape::Static, Unit::RATIO),
        labels: Arc::default(),
        note: format!("column `{}`; from the last price to what holders got", spec.outcome.column),
    };
    parts.add(field, Values::Static(values.into()));
    Ok(())
}

/// The columns of a table of actions: symbol, day and those of the number.
struct Layout {
    wanted: Vec<(usize, Wanted)>,
    figure: Figure,
}

fn layout(
    file: &Source,
    symbol: Option<&String>,
    date: Option<&String>,
    format: Option<&String>,
    number: &ColumnSpec,
) -> Result<Layout, Vec<Diagnostic>> {
    let one = |d: Diagnostic| vec![d];
    let date = date_column(file, date).map_err(one)?;
    let mut wanted = vec![
        (symbol_column(file, symbol).map_err(one)?, Wanted::Text),
        (date, Wanted::Date { form: DayForm::plain(format), optional: false }),
    ];
    let figure = Figure::place(file, number, &mut wanted).map_err(one)?;
    Ok(Layout { wanted, figure })
}

/// The actions of assets that have prices; whose a symbol is, is looked up so many days before the action's.
fn read(
    parts: &mut Parts,
    context: &Context<'_>,
    file: &Source,
    layout: &Layout,
    own: &[(String, String)],
    days_before: i32,
) -> Result<Vec<Action>, Vec<Diagnostic>> {
    let table = file.read(&layout.wanted, &[], context.options.progress)?;
    let (mut actions, mut without_prices) = (vec![], 0);
    for row in 0..table.rows {
        let day = table.date(1)[row];
        let symbol = context.names.replaced(table.text(0).get(row), own);
        let Some(asset) = parts.asset(&context.names.asset(&symbol, day - days_before)) else {
            without_prices += 1;
            continue;
        };
        let number = layout.figure.value(&table, row);
        actions.push(Action { asset, day, number, line: table.lines.line(row) });
    }
    if without_prices > 0 {
        let count = grouped(without_prices);
        let message =
            format!("{}: {count} rows left out, as their symbols have no prices", file.label());
        parts.warnings.push(Diagnostic::warning(Code::DataNote, message));
    }
    actions.sort_by_key(|a| (a.asset, a.day));
    Ok(actions)
}

/// The actions whose numbers make sense; a missing one is left out and counted.
fn sound(
    parts: &mut Parts,
    mut actions: Vec<Action>,
    what: &str,
    file: &Source,
    fits: impl Fn(f64) -> bool,
    expected: &str,
) -> Result<Vec<Action>, Vec<Diagnostic>> {
    let all = actions.len();
    actions.retain(|a| !a.number.is_nan());
    if actions.len() < all {
        let count = grouped(all - actions.len());
        let message = format!("{what}: {count} rows left out, as they have no number");
        parts.warnings.push(Diagnostic::warning(Code::DataNote, message));
    }
    match actions.iter().find(|a| !fits(a.number) || !a.number.is_finite()) {
        None => Ok(actions),
        Some(wrong) => {
            let symbol = &parts.symbols[wrong.asset as usize];
            let day = from_days(wrong.day).map(|d| d.to_string()).unwrap_or_default();
            let message = format!("{what}: `{symbol}` has {} on {day}", wrong.number);
            let error =
                Diagnostic::error(Code::BadNumber, message).in_file(file.path()).row(wrong.line);
            Err(vec![error.help(expected)])
        }
    }
}

/// By asset, one number a day.
fn by_asset(
    assets: usize,
    actions: Vec<Action>,
    join: impl Fn(f64, f64) -> f64,
) -> Vec<Vec<(i32, f64)>> {
    let mut lists: Vec<Vec<(i32, f64)>> = vec![vec![]; assets];
    for Action { asset, day, number, .. } in actions {
        let list = &mut lists[asset as usize];
        match list.last_mut() {
            Some((last, known)) if *last == day => *known = join(*known, number),
            _ => list.push((day, number)),
        }
    }
    lists
}

fn said(what: &str, lists: &[Vec<(i32, f64)>], file: &Source) -> String {
    let count = lists.iter().map(Vec::len).sum();
    let assets = lists.iter().filter(|l| !l.is_empty()).count();
    format!("{what}: {} of {} assets from {}", grouped(count), grouped(assets), file.label())
}

fn add(
    parts: &mut Parts,
    (table, name, note): (&str, &str, &str),
    unit: Unit,
    steps: Vec<(u32, Row, f64)>,
    before: f64,
) {
    let field = Field {
        reported: false,
        name: name.to_owned(),
        table: table.to_owned(),
        ty: Type::number(Shape::Panel, unit),
        labels: Arc::default(),
        note: note.to_owned(),
    };
    parts.add(field, Values::steps(parts.symbols.len(), steps, before));
}
