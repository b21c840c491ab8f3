//! Labels, memberships and series of a catalog → fields of the market.

use super::{
    builder::encode,
    catalog::{Format, LabelTable, MemberTable, SeriesTable},
    figures::Figure,
    french,
    identity::LAST_DAY,
    load::{Context, column, date_column, symbol_column},
    market::{Parts, Values, spells},
    moment::DayForm,
    table::{Column, NO_DATE, Table, Text, Wanted},
    value,
    words::grouped,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{Date, Field, MISSING, Row, from_days};
use crate::types::{Shape, Type};
use std::sync::Arc;

type Outcome = Result<(), Vec<Diagnostic>>;

fn one(diagnostic: Diagnostic) -> Vec<Diagnostic> {
    vec![diagnostic]
}

/// Of each row of a table, whose symbols stand in the first column: the asset that its symbol stood for on a day, if it
/// has prices.
pub(super) fn assets(
    parts: &Parts,
    context: &Context<'_>,
    own: &[(String, String)],
    table: &Table,
    day: impl Fn(usize) -> i32,
) -> Vec<Option<u32>> {
    let Text { codes, texts } = table.text(0);
    let symbols: Vec<String> = texts.iter().map(|t| context.names.replaced(t, own)).collect();
    let changing = |s: &String| context.names.changes_hands(s);
    let fixed: Vec<Option<Option<u32>>> =
        symbols.iter().map(|s| (!changing(s)).then(|| parts.asset(s))).collect();
    let of_row = |(row, code): (usize, &u32)| match fixed[*code as usize] {
        Some(asset) => asset,
        None => parts.asset(&context.names.asset(&symbols[*code as usize], day(row))),
    };
    codes.iter().enumerate().map(of_row).collect()
}

/// Adds labels: of each asset the first text, or, where the table has dates, each from its date on.
pub(super) fn labels(
    parts: &mut Parts,
    context: &Context<'_>,
    name: &str,
    spec: &LabelTable,
) -> Outcome {
    let file = context.source(spec.origin()).map_err(one)?;
    let mut wanted = vec![(symbol_column(&file, spec.symbol.as_ref()).map_err(one)?, Wanted::Text)];
    for text in spec.columns.values() {
        wanted.push((column(&file, text).map_err(one)?, Wanted::Text));
    }
    if let Some(start) = &spec.start {
        let date =
            Wanted::Date { form: DayForm::plain(spec.date_format.as_ref()), optional: false };
        wanted.push((column(&file, start).map_err(one)?, date));
    }
    let table = file.read(&wanted, &[], context.options.progress)?;
    let days = spec.start.as_ref().map(|_| table.date(wanted.len() - 1));
    let day = |row: usize| days.map_or(LAST_DAY, |days| days[row]);
    let assets = assets(parts, context, &spec.symbol_replace, &table, day);
    for (i, (field, column)) in spec.columns.iter().enumerate() {
        let texts = table.text(i + 1);
        let text = |row: usize| Some(texts.get(row)).filter(|t| !value::is_missing(t));
        let rows = (0..table.rows).filter_map(|row| Some((assets[row]?, row)));
        let found = match days {
            None => fixed_labels(parts, name, (field, column), rows.map(|(a, r)| (a, text(r)))),
            Some(days) => {
                let dated = rows.filter_map(|(a, r)| Some((a, from_days(days[r])?, text(r))));
                dated_labels(parts, name, (field, column), dated.collect())
            }
        };
        let (assets, total) = (grouped(found), grouped(parts.symbols.len()));
        parts.detected.push(format!(
            "{name}: `{field}` of {assets} of {total} symbols from {}",
            spec.origin()
        ));
    }
    Ok(())
}

/// Labels that never change; gives how many assets have one.
fn fixed_labels<'t>(
    parts: &mut Parts,
    table: &str,
    (field, column): (&str, &str),
    texts: impl Iterator<Item = (u32, Option<&'t str>)>,
) -> usize {
    let mut by_asset: Vec<Option<&str>> = vec![None; parts.symbols.len()];
    let mut changes = 0;
    for (asset, text) in texts.filter(|(_, text)| text.is_some()) {
        match by_asset[asset as usize] {
            None => by_asset[asset as usize] = text,
            before => changes += usize::from(before != text),
        }
    }
    let note = format!("column `{column}`; dated as of its file, not of the day");
    parts.add_label(table, field, &note, &by_asset);
    if changes > 0 {
        let message = format!(
            "{table}: `{field}` has {changes} rows that contradict an earlier one and were left out"
        );
        let help = "labels that change have a column of dates, which `start` names";
        parts.warnings.push(Diagnostic::warning(Code::DataNote, message).help(help));
    }
    by_asset.iter().flatten().count()
}

/// Labels that hold from a date on; gives how many assets have one.
fn dated_labels(
    parts: &mut Parts,
    table: &str,
    (field, column): (&str, &str),
    mut list: Vec<(u32, Date, Option<&str>)>,
) -> usize {
    list.sort_by_key(|(asset, date, _)| (*asset, *date));
    let texts: Vec<Option<&str>> = list.iter().map(|l| l.2).collect();
    let (labels, codes) = encode(&texts);
    let end = parts.calendar.len() as Row;
    let steps: Vec<(u32, Row, f64)> = list
        .iter()
        .zip(codes)
        .map(|((asset, date, _), code)| (*asset, parts.calendar.first_at_or_after(*date), code))
        .filter(|(_, row, _)| *row < end)
        .collect();
    let mut with_one: Vec<u32> = steps.iter().filter(|s| !s.2.is_nan()).map(|s| s.0).collect();
    with_one.dedup();
    let field = Field {
        reported: false,
        name: field.to_owned(),
        table: table.to_owned(),
        ty: Type::label(Shape::Panel),
        labels,
        note: format!("column `{column}`, from its dates on"),
    };
    parts.add(field, Values::steps(parts.symbols.len(), steps, MISSING));
    with_one.len()
}

/// Adds a membership.
pub(super) fn members(
    parts: &mut Parts,
    context: &Context<'_>,
    name: &str,
    spec: &MemberTable,
) -> Outcome {
    let file = context.source(spec.origin()).map_err(one)?;
    let date =
        |optional| Wanted::Date { form: DayForm::plain(spec.date_format.as_ref()), optional };
    let mut wanted = vec![
        (symbol_column(&file, spec.symbol.as_ref()).map_err(one)?, Wanted::Text),
        (column(&file, &spec.start).map_err(one)?, date(false)),
    ];
    if let Some(end) = &spec.end {
        wanted.push((column(&file, end).map_err(one)?, date(true)));
    }
    let table = file.read(&wanted, &[], context.options.progress)?;
    let assets = assets(parts, context, &spec.symbol_replace, &table, |row| table.date(1)[row]);
    let mut list = vec![];
    let mut without_prices = 0;
    for row in 0..table.rows {
        let Some(asset) = assets[row] else {
            without_prices += 1;
            continue;
        };
        let Some(start) = from_days(table.date(1)[row]) else { continue };
        let end = spec.end.as_ref().map_or(NO_DATE, |_| table.date(2)[row]);
        let end = if end == NO_DATE { None } else { from_days(end) };
        let until = end.map(|e| if spec.end_included { e.tomorrow().unwrap_or(e) } else { e });
        list.push((asset, start, until));
    }
    parts.detected.push(format!("{name}: {} spells from {}", grouped(list.len()), spec.origin()));
    if without_prices > 0 {
        let message = format!(
            "{}: {} of {} spells of membership were left out, as their symbols have no prices",
            spec.origin(),
            grouped(without_prices),
            grouped(table.rows)
        );
        // Two memberships may be of one file.
        if parts.warnings.iter().all(|w| w.message != message) {
            parts.warnings.push(Diagnostic::warning(Code::DataNote, message));
        }
    }
    let values = spells(&parts.calendar, list);
    parts.add(
        Field {
            reported: false,
            name: name.to_owned(),
            table: "members".to_owned(),
            ty: Type::boolean(Shape::Panel),
            labels: Arc::default(),
            note: format!("members by {}", spec.origin()),
        },
        values,
    );
    Ok(())
}

/// Adds series: at each date the last value public by then, unless it is too old.
pub(super) fn series(
    parts: &mut Parts,
    context: &Context<'_>,
    name: &str,
    spec: &SeriesTable,
) -> Outcome {
    let (file, divisor, age) = match spec.format {
        None => {
            let age = jiff::Span::new().months(1);
            (context.source(spec.origin()).map_err(one)?, 1.0, age)
        }
        Some(Format::KenFrench) => {
            let block = context.french(spec).map_err(one)?;
            let percent = if block.divisor == 1.0 { "" } else { ", percent" };
            parts.detected.push(format!("{name}: {}{percent}, of {}", block.shown, spec.origin()));
            (block.source, block.divisor, block.age)
        }
    };
    let date = date_column(&file, spec.date.as_ref()).map_err(one)?;
    let mut wanted = vec![(
        date,
        Wanted::Date { form: DayForm::plain(spec.date_format.as_ref()), optional: false },
    )];
    let mut figures = vec![];
    for figure in spec.columns.values() {
        figures.push(Figure::place(&file, figure, &mut wanted).map_err(one)?);
    }
    let mut missing = spec.missing.clone();
    if spec.format == Some(Format::KenFrench) {
        missing.extend(french::MISSING.map(str::to_owned));
    }
    let mut table = file.read(&wanted, &missing, context.options.progress)?;
    for column in &mut table.columns {
        if let Column::Number(numbers) = column {
            numbers.iter_mut().for_each(|n| *n /= divisor);
        }
    }
    let lag = spec.lag.map_or_else(jiff::Span::new, |l| l.0);
    let age = spec.max_age.map_or(age, |a| a.0);
    for ((field, declared), figure) in spec.columns.iter().zip(figures) {
        let mut points = vec![];
        for (row, day) in table.date(0).iter().enumerate() {
            let known = from_days(*day).and_then(|d| d.checked_add(lag).ok());
            let value = figure.value(&table, row);
            if let Some(known) = known.filter(|_| value.is_finite()) {
                let until = known.checked_add(age).unwrap_or(Date::MAX);
                points.push((known, until, value));
            }
        }
        points.sort_by_key(|p| p.0);
        let at = |date: &Date| {
            let last = points.partition_point(|p| p.0 <= *date).checked_sub(1).map(|i| points[i]);
            last.filter(|(_, until, _)| date < until).map_or(MISSING, |(_, _, value)| value)
        };
        let values: Vec<f64> = parts.calendar.dates().iter().map(at).collect();
        let found = values.iter().filter(|v| !v.is_nan()).count();
        parts.detected.push(format!(
            "{name}: `{field}` on {} of {} sessions from {}",
            grouped(found),
            grouped(values.len()),
            spec.origin()
        ));
        let ty = Type::number(Shape::Series, declared.unit(field, parts.basis));
        let note = declared.shown();
        parts.add(
            Field {
                reported: false,
                name: field.clone(),
                table: name.to_owned(),
                ty,
                labels: Arc::default(),
                note,
            },
            Values::Series(values.into()),
        );
    }
    Ok(())
}
