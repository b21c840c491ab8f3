//! Which columns of a long table of prices are read, and as what: by what the catalog declares, else by their names.

use super::{
    catalog::PriceTable,
    columns::{self, Role},
    moment::DayForm,
    prices::{PRICES, PriceColumn},
    source::Source,
    table::{Looks, Table, Wanted},
    words::grouped,
};
use crate::diagnostic::Diagnostic;
use crate::types::Basis;

/// Which columns of a long table to read.
pub(super) struct Layout {
    pub(super) wanted: Vec<(usize, Wanted)>,
    pub(super) symbol: Option<usize>,
    pub(super) date: usize,
    pub(super) fields: Vec<PriceColumn>,
    pub(super) adjusted: Option<usize>,
    pub(super) returns: Option<usize>,
    pub(super) ignored: Vec<String>,
}

/// What the columns of a file are.
pub(super) fn layout(spec: &PriceTable, file: &Source) -> Result<Layout, Diagnostic> {
    let names = file.names();
    let find = |name: &String| super::load::column(file, name).map(|at| (at, name.clone()));
    let mut roles: Vec<Option<Role>> = columns::detect(names).into_iter().map(Some).collect();
    // What the catalog declares displaces what the names suggest.
    let mut declared: Vec<(usize, Role)> = vec![];
    let mut clear =
        |role: Role| roles.iter_mut().filter(|r| **r == Some(role.clone())).for_each(|r| *r = None);
    for (name, role) in [
        (&spec.symbol, Role::Symbol),
        (&spec.date, Role::Date),
        (&spec.total_return, Role::Return),
        (&spec.adjusted_close, Role::AdjustedClose),
    ] {
        if let Some(name) = name {
            clear(role.clone());
            declared.push((find(name)?.0, role));
        }
    }
    if spec.symbol_is.is_some() {
        clear(Role::Symbol);
    }
    for (field, column) in &spec.columns {
        clear(Role::Field(field.clone()));
        declared.push((find(&column.column)?.0, Role::Field(field.clone())));
    }
    for name in &spec.ignore {
        roles[find(name)?.0] = None;
    }
    for (at, role) in &declared {
        roles[*at] = Some(role.clone());
    }
    let mut layout = Layout {
        wanted: vec![],
        symbol: None,
        date: usize::MAX,
        fields: vec![],
        adjusted: None,
        returns: None,
        ignored: vec![],
    };
    let format = spec.date_format.clone();
    for (i, role) in roles.into_iter().enumerate() {
        let at = layout.wanted.len();
        let wanted = match role {
            None => continue,
            Some(Role::Symbol) => {
                layout.symbol = Some(at);
                Wanted::Text
            }
            Some(Role::Date) => {
                layout.date = at;
                Wanted::Date { form: DayForm::plain(format.as_ref()), optional: false }
            }
            Some(Role::AdjustedClose) => {
                layout.adjusted = Some(at);
                Wanted::Number
            }
            Some(Role::Return) => {
                layout.returns = Some(at);
                Wanted::Number
            }
            Some(Role::Field(name)) => {
                let conventional = PRICES.contains(&name.as_str()) || name == "volume";
                let column = spec.columns.get(&name).filter(|c| c.column == names[i]);
                if column.is_none() && !conventional && file.looks(i) != Looks::Number {
                    layout.ignored.push(names[i].clone());
                    continue;
                }
                if column.is_none() && names[i].is_empty() {
                    continue;
                }
                layout.fields.push(PriceColumn {
                    unit: column
                        .filter(|c| c.unit.is_some() || c.basis.is_some())
                        .map(|c| c.unit(&name, spec.basis.unwrap_or(Basis::Raw))),
                    scale: column.and_then(|c| c.scale),
                    name,
                    column: names[i].clone(),
                    at,
                });
                Wanted::Number
            }
        };
        layout.wanted.push((i, wanted));
    }
    complete(spec, file, layout)
}

/// A table of prices has dates, a close or a return, and symbols unless it is of one asset.
fn complete(spec: &PriceTable, file: &Source, mut layout: Layout) -> Result<Layout, Diagnostic> {
    let names = file.names();
    if layout.date == usize::MAX {
        // The index of a data frame has no name, or one that says nothing.
        let dated = (0..names.len())
            .find(|i| file.looks(*i) == Looks::Date && !layout.wanted.iter().any(|(c, _)| c == i));
        let at = dated.ok_or_else(|| {
            super::load::missing_column(file, "a column of dates", "`date`, `timestamp`, `day`")
        })?;
        layout.date = layout.wanted.len();
        layout.wanted.push((
            at,
            Wanted::Date { form: DayForm::plain(spec.date_format.as_ref()), optional: false },
        ));
        layout.ignored.retain(|i| *i != names[at]);
    }
    let has_close = layout.fields.iter().any(|f| f.name == "close");
    if !has_close && layout.adjusted.is_none() && layout.returns.is_none() {
        let usual = "`close`, `price`, `last`, `adj_close`, `return`";
        return Err(super::load::missing_column(file, "a column of closing prices", usual));
    }
    if layout.symbol.is_none() && spec.symbol_is.is_none() {
        let usual = "`symbol`, `ticker`, `permno`, `name`";
        let missing = || super::load::missing_column(file, "a column of symbols", usual);
        if file.has_several() {
            return Err(missing().help(
                "where the files' names hold the symbols, write `{symbol}` in their place: `file = \"prices/{symbol}.csv\"`",
            ));
        }
        if names.len() > 12 {
            return Err(missing());
        }
    }
    Ok(layout)
}

/// Says what was read as what.
pub(super) fn report(
    file: &Source,
    layout: &Layout,
    symbols: &[String],
    table: &Table,
    out: &mut Vec<String>,
) {
    let name = file.label();
    let source = |at: usize| &file.names()[layout.wanted[at].0];
    let mut parts = vec![];
    match layout.symbol {
        Some(at) => parts.push(format!("`{}` as symbol", source(at))),
        None => parts.push(format!("one asset, `{}`", symbols[0])),
    }
    parts.push(format!("`{}` as date", source(layout.date)));
    for field in &layout.fields {
        match field.name == field.column {
            true => parts.push(format!("`{}`", field.name)),
            false => parts.push(format!("`{}` as `{}`", field.column, field.name)),
        }
    }
    if let Some(at) = layout.adjusted {
        parts.push(format!("`{}` as adjusted close", source(at)));
    }
    if let Some(at) = layout.returns {
        parts.push(format!("`{}` as total return", source(at)));
    }
    out.push(format!("{name}: a long table of {} rows: {}", grouped(table.rows), parts.join(", ")));
    if !layout.ignored.is_empty() {
        let names: Vec<String> = layout.ignored.iter().map(|n| format!("`{n}`")).collect();
        out.push(format!("{name}: left out, as they hold no numbers: {}", names.join(", ")));
    }
}
