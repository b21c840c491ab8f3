//! Tables of events → fields that hold on the row on which each became known.

use super::{
    attach::assets,
    catalog::EventTable,
    figures::Figure,
    load::{Context, date_column, symbol_column},
    market::{Parts, Values, spells},
    moment::DayForm,
    table::Wanted,
    words::grouped,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{Date, Field, MISSING, Row, from_days};
use crate::types::{Shape, Type};
use std::sync::Arc;

/// Adds the field `NAME`, true on the row on which an event became known, and the numbers that came with it, which are
/// missing on all other rows. Of two events of an asset on a row the last one's numbers hold.
pub(super) fn add(
    parts: &mut Parts,
    context: &Context<'_>,
    name: &str,
    spec: &EventTable,
) -> Result<(), Vec<Diagnostic>> {
    let one = |d: Diagnostic| vec![d];
    let file = context.source(spec.origin()).map_err(one)?;
    let form = DayForm {
        close: context.catalog.session_close.clone().filter(|_| !spec.known_on_day),
        ..DayForm::plain(spec.date_format.as_ref())
    };
    let mut wanted = vec![
        (symbol_column(&file, spec.symbol.as_ref()).map_err(one)?, Wanted::Text),
        (
            date_column(&file, spec.date.as_ref()).map_err(one)?,
            Wanted::Date { form, optional: false },
        ),
    ];
    let mut figures = vec![];
    for figure in spec.columns.values() {
        figures.push(Figure::place(&file, figure, &mut wanted).map_err(one)?);
    }
    let table = file.read(&wanted, &spec.missing, context.options.progress)?;
    let days = table.date(1);
    let assets = assets(parts, context, &spec.symbol_replace, &table, |row| days[row]);
    let end = parts.calendar.len() as Row;
    let known = |row: usize| -> Option<(u32, Date, Row)> {
        let day = from_days(days[row])?;
        let date = if spec.known_on_day { day } else { day.tomorrow().ok()? };
        let at = parts.calendar.first_at_or_after(date);
        // What lies before the first session was known before it.
        let is_inside = at < end && (at > 0 || parts.calendar.dates().first() == Some(&date));
        Some((assets[row]?, date, at)).filter(|_| is_inside)
    };
    let mut list: Vec<(usize, (u32, Date, Row))> =
        (0..table.rows).filter_map(|row| Some((row, known(row)?))).collect();
    list.sort_by_key(|(row, (asset, date, _))| (*asset, *date, *row));
    let without_prices = assets.iter().filter(|a| a.is_none()).count();
    parts.detected.push(format!(
        "{name}: {} events within the sessions from {}",
        grouped(list.len()),
        spec.origin()
    ));
    if without_prices > 0 {
        let message = format!(
            "{name}: events left out, as their symbols have no prices: {}",
            grouped(without_prices)
        );
        parts.warnings.push(Diagnostic::warning(Code::DataNote, message));
    }
    let date = |row: Row| (row < end).then(|| parts.calendar.date(row));
    let days_of = |(_, (asset, _, row)): &(usize, (u32, Date, Row))| {
        (*asset, parts.calendar.date(*row), date(row + 1))
    };
    let happened = spells(&parts.calendar, list.iter().map(days_of).collect());
    let field = |table: &str, name: &str, ty: Type, note: String| Field {
        reported: false,
        name: name.to_owned(),
        table: table.to_owned(),
        ty,
        labels: Arc::default(),
        note,
    };
    let when = if spec.known_on_day { "on its day" } else { "after its day" };
    let note = format!("events of {}, each known {when}", spec.origin());
    parts.add(field("events", name, Type::boolean(Shape::Panel), note), happened);
    for ((number, declared), figure) in spec.columns.iter().zip(figures) {
        let mut steps = vec![];
        for (row, (asset, _, at)) in &list {
            let value = figure.value(&table, *row);
            steps.push((*asset, *at, if value.is_finite() { value } else { MISSING }));
        }
        let ends: Vec<(u32, Row, f64)> =
            steps.iter().filter(|s| s.1 + 1 < end).map(|s| (s.0, s.1 + 1, MISSING)).collect();
        // Of what is given for one row the last holds, and an event of the next row ends nothing.
        let steps = ends.into_iter().chain(steps).collect();
        let ty = Type::number(Shape::Panel, declared.unit(number, parts.basis));
        let note = format!("{}, on the row of its event", declared.shown());
        let values = Values::steps(parts.symbols.len(), steps, MISSING);
        parts.add(field(name, number, ty, note), values);
    }
    Ok(())
}
