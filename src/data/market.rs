//! The loaded market, and the parts it is put together from.

use super::{asof::Records, buffer::Buffer, builder::encode, columns};
use crate::diagnostic::Diagnostic;
use crate::panel::{
    Calendar, Date, Field, FieldData, FieldId, Lifetime, MarketData, Prices, Row, Schema, Spells,
    Steps,
};
use crate::types::{Basis, Shape, Type};
use ndarray::ArrayView2;
use std::{fmt, sync::Arc};

/// A market that is loaded, or mapped from disk.
pub struct Market {
    pub(super) schema: Schema,
    pub(super) calendar: Calendar,
    pub(super) values: Vec<Values>,
    pub(super) lifetimes: Vec<Lifetime>,
    pub(super) is_reference: Vec<bool>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) detected: Vec<String>,
    close: FieldId,
    open: Option<FieldId>,
    total_return: FieldId,
    /// The total return as assets × dates, where it is stored so as well.
    by_asset: Option<Buffer<f64>>,
    pub(super) fingerprint: Option<String>,
}

/// A field's values as they lie in memory or in a mapped file.
#[derive(Clone)]
pub(super) enum Values {
    Panel(Buffer<f64>),
    Series(Buffer<f64>),
    Static(Buffer<f64>),
    AsOf { records: Arc<Records>, values: Buffer<f64> },
    Spells { assets: Buffer<u32>, from: Buffer<Row>, until: Buffer<Row> },
    Steps { offsets: Buffer<u32>, from: Buffer<Row>, values: Buffer<f64>, before: f64 },
}

impl Values {
    /// Changes of assets, given in any order as (asset, row, value); of several on one row, the last given holds.
    pub(super) fn steps(assets: usize, mut list: Vec<(u32, Row, f64)>, before: f64) -> Self {
        list.sort_by_key(|(asset, row, _)| (*asset, *row));
        list.reverse();
        list.dedup_by_key(|(asset, row, _)| (*asset, *row));
        list.reverse();
        let mut offsets = vec![0u32; assets + 1];
        for (asset, ..) in &list {
            offsets[*asset as usize + 1] += 1;
        }
        for asset in 0..assets {
            offsets[asset + 1] += offsets[asset];
        }
        Self::Steps {
            offsets: offsets.into(),
            from: list.iter().map(|s| s.1).collect::<Vec<_>>().into(),
            values: list.iter().map(|s| s.2).collect::<Vec<_>>().into(),
            before,
        }
    }
}

/// What a market is put together from.
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) calendar: Calendar,
    pub(super) symbols: Arc<[String]>,
    pub(super) basis: Basis,
    pub(super) currency: Option<String>,
    /// Of a stored market.
    pub(super) fingerprint: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) values: Vec<Values>,
    pub(super) is_reference: Vec<bool>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) detected: Vec<String>,
    /// Known beforehand, or read off the closes.
    pub(super) lifetimes: Option<Vec<Lifetime>>,
    /// The total return as assets × dates.
    pub(super) by_asset: Option<Buffer<f64>>,
}

impl Parts {
    pub(super) fn new(name: &str, calendar: &Calendar, symbols: &Arc<[String]>) -> Self {
        Self {
            name: name.to_owned(),
            calendar: calendar.clone(),
            symbols: symbols.clone(),
            basis: Basis::SplitAdjusted,
            currency: None,
            fingerprint: None,
            fields: vec![],
            values: vec![],
            is_reference: vec![false; symbols.len()],
            notes: vec![],
            warnings: vec![],
            detected: vec![],
            lifetimes: None,
            by_asset: None,
        }
    }

    pub(super) fn add(&mut self, mut field: Field, values: Values) {
        field.reported = matches!(values, Values::AsOf { .. });
        self.fields.push(field);
        self.values.push(values);
    }

    /// Adds a static label from the text of each asset.
    pub(super) fn add_label(
        &mut self,
        table: &str,
        name: &str,
        note: &str,
        texts: &[Option<&str>],
    ) {
        let (labels, codes) = encode(texts);
        let field = Field {
            reported: false,
            name: name.to_owned(),
            table: table.to_owned(),
            ty: Type::label(Shape::Static),
            labels,
            note: note.to_owned(),
        };
        self.add(field, Values::Static(codes.into()));
    }

    /// The asset of a symbol.
    pub(super) fn asset(&self, symbol: &str) -> Option<u32> {
        self.symbols.binary_search_by(|s| s.as_str().cmp(symbol)).ok().map(|i| i as u32)
    }

    /// Whether table `prices` has the field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.price_field(name).is_some()
    }

    fn price_field(&self, name: &str) -> Option<FieldId> {
        let found = self.fields.iter().position(|f| f.table == "prices" && f.name == name);
        found.map(|i| FieldId(i as u16))
    }

    fn same_panel(&self, a: FieldId, b: FieldId) -> bool {
        match (&self.values[a.0 as usize], &self.values[b.0 as usize]) {
            (Values::Panel(a), Values::Panel(b)) => a.as_ptr() == b.as_ptr(),
            _ => false,
        }
    }

    /// The market. Table `prices` must have `close`; `total_return` is `close` where it is not given.
    pub(super) fn finish(mut self) -> Market {
        let close = self.price_field("close").expect("every importer makes a panel `close`");
        let total_return = self.price_field("total_return").unwrap_or_else(|| {
            let field = Field {
                reported: false,
                name: "total_return".to_owned(),
                table: "prices".to_owned(),
                ty: Type::number(
                    Shape::Panel,
                    columns::conventional_unit("total_return", self.basis),
                ),
                labels: Arc::default(),
                note: "the closes: dividends are not known".to_owned(),
            };
            let values = self.values[close.0 as usize].clone();
            self.add(field, values);
            FieldId(self.fields.len() as u16 - 1)
        });
        let open = self.price_field("open");
        let has_dividends = !self.same_panel(close, total_return);
        let lifetimes =
            self.lifetimes.take().unwrap_or_else(|| match &self.values[close.0 as usize] {
                Values::Panel(closes) => lifetimes(closes, self.symbols.len()),
                _ => unreachable!("`close` is a panel"),
            });
        let schema = Schema {
            name: self.name,
            fields: self.fields,
            symbols: self.symbols,
            rows_per_year: self.calendar.rows_per_year(),
            currency: self.currency,
            price_basis: self.basis,
            has_dividends,
        };
        Market {
            schema,
            calendar: self.calendar,
            values: self.values,
            lifetimes,
            is_reference: self.is_reference,
            notes: self.notes,
            warnings: self.warnings,
            detected: self.detected,
            close,
            open,
            total_return,
            by_asset: self.by_asset,
            fingerprint: self.fingerprint,
        }
    }
}

/// First and last row of each asset with a close.
fn lifetimes(closes: &[f64], assets: usize) -> Vec<Lifetime> {
    let mut lives: Vec<Lifetime> = vec![None; assets];
    for (row, values) in closes.chunks_exact(assets.max(1)).enumerate() {
        for (life, value) in lives.iter_mut().zip(values) {
            if !value.is_nan() {
                let first = life.map_or(row as Row, |(first, _)| first);
                *life = Some((first, row as Row));
            }
        }
    }
    lives
}

/// Spells of membership from (asset, first day, first day no longer); those without a row fall away, and spells of one
/// asset that touch or overlap become one.
pub(super) fn spells(calendar: &Calendar, list: Vec<(u32, Date, Option<Date>)>) -> Values {
    let end = calendar.len() as Row;
    let mut rows: Vec<(u32, Row, Row)> = list
        .into_iter()
        .map(|(asset, from, until)| {
            let until = until.map_or(end, |d| calendar.first_at_or_after(d));
            (asset, calendar.first_at_or_after(from), until)
        })
        .filter(|(_, from, until)| from < until)
        .collect();
    rows.sort_unstable();
    let mut merged: Vec<(u32, Row, Row)> = vec![];
    for (asset, from, until) in rows {
        match merged.last_mut() {
            Some(last) if last.0 == asset && from <= last.2 => last.2 = last.2.max(until),
            _ => merged.push((asset, from, until)),
        }
    }
    Values::Spells {
        assets: merged.iter().map(|s| s.0).collect::<Vec<_>>().into(),
        from: merged.iter().map(|s| s.1).collect::<Vec<_>>().into(),
        until: merged.iter().map(|s| s.2).collect::<Vec<_>>().into(),
    }
}

impl fmt::Debug for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Schema { name, symbols, fields, .. } = &self.schema;
        let (rows, assets, fields) = (self.calendar.len(), symbols.len(), fields.len());
        write!(f, "Market {name}: {rows} rows, {assets} assets, {fields} fields")
    }
}

impl Market {
    /// What the reader should know of the data: sessions left out, names without prices.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// What was found where, a line each: which column was read as what, symbols, dates.
    pub fn detected(&self) -> &[String] {
        &self.detected
    }

    /// The text of a label's code, `None` for missing.
    pub fn label(&self, id: FieldId, code: f64) -> Option<&str> {
        let labels = &self.schema.field(id).labels;
        if code.is_nan() { None } else { labels.get(code as usize).map(String::as_str) }
    }

    /// The value of a field at a row and asset, whatever its form; missing where there is none. For listings and
    /// explanations: reading a whole field this way is slow.
    pub fn value(&self, id: FieldId, row: Row, asset: usize) -> f64 {
        self.field(id).value(asset, row)
    }

    /// The fingerprint of a stored market: the same dates, assets, fields and values under the same names have the same,
    /// whoever imported them, and when.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Whether it was opened as a stored market, rather than read from files or made up.
    pub fn is_stored(&self) -> bool {
        self.by_asset.is_some()
    }

    /// What the book values positions at: closes where dividends are paid in cash, else the total return.
    pub(super) fn book_panel(&self) -> &[f64] {
        let field = if self.schema.pays_dividends() { self.close } else { self.total_return };
        match &self.values[field.0 as usize] {
            Values::Panel(values) => values,
            _ => unreachable!("prices are panels"),
        }
    }

    /// Values stored as assets × dates, seen as dates × assets.
    fn turned<'a>(&'a self, values: &'a [f64]) -> ArrayView2<'a, f64> {
        let shape = (self.schema.symbols.len(), self.calendar.len());
        ArrayView2::from_shape(shape, values).expect("the file is assets × dates").reversed_axes()
    }

    fn panel<'a>(&'a self, values: &'a [f64]) -> ArrayView2<'a, f64> {
        let shape = (self.calendar.len(), self.schema.symbols.len());
        ArrayView2::from_shape(shape, values).expect("panels are dates × assets")
    }
}

impl MarketData for Market {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    fn field(&self, id: FieldId) -> FieldData<'_> {
        match &self.values[id.0 as usize] {
            Values::Panel(values) => FieldData::Panel(self.panel(values)),
            Values::Series(values) => FieldData::Series(values),
            Values::Static(values) => FieldData::Static(values),
            Values::AsOf { records, values } => FieldData::AsOf(records.with(values)),
            Values::Spells { assets, from, until } => {
                FieldData::Spells(Spells { assets, from, until })
            }
            Values::Steps { offsets, from, values, before } => {
                FieldData::Steps(Steps { offsets, from, values, before: *before })
            }
        }
    }

    fn prices(&self) -> Prices<'_> {
        let panel = |id: FieldId| match &self.values[id.0 as usize] {
            Values::Panel(values) => self.panel(values),
            _ => unreachable!("prices are panels"),
        };
        Prices {
            close: panel(self.close),
            open: self.open.map(panel),
            total_return: panel(self.total_return),
            book: match &self.by_asset {
                Some(values) => self.turned(values),
                None => self.panel(self.book_panel()),
            },
        }
    }

    fn lifetimes(&self) -> &[Lifetime] {
        &self.lifetimes
    }

    fn is_reference(&self) -> &[bool] {
        &self.is_reference
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
