//! The values: numbers, booleans and labels over dates × assets, and the one view of a market that the later stages
//! see. Every element is an `f64`: a boolean is 1 or 0, a label the index of its text, and missing is NaN.

mod calendar;
mod field;
mod numbers;
mod rows;

pub use calendar::{Calendar, Date, Week, days_since_epoch, from_days};
pub use field::{AsOf, FieldData, KnownReports, Spells, Steps};
pub use numbers::{Number, Numbers};
pub use rows::Rows;

use crate::types::{Basis, Type};
use ndarray::ArrayView2;
use std::sync::Arc;

/// A row of the calendar.
pub type Row = u32;

/// A column of the market: an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct AssetId(pub u32);

/// A field of the market's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u16);

/// The missing value.
pub const MISSING: f64 = f64::NAN;

/// What the checker may know of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name in the language.
    pub name: String,
    /// The table it comes from (`prices`, `reports`): `reports.cash` names it in full.
    pub table: String,
    /// Kind, shape, unit.
    pub ty: Type,
    /// Whether it is of reports, with fiscal periods and dates of publication.
    pub reported: bool,
    /// The texts of a label field, by code.
    pub labels: Arc<[String]>,
    /// One line on where it comes from, for listings.
    pub note: String,
}

/// What the checker may know of a market: names and types, never values.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// What the market is called.
    pub name: String,
    /// Its fields, by `FieldId`.
    pub fields: Vec<Field>,
    /// The symbols of its assets, by `AssetId`, sorted.
    pub symbols: Arc<[String]>,
    /// Rows of the calendar a year: 252, 365, 52, 12.
    pub rows_per_year: u32,
    /// What its money is in, where that is known: `USD`.
    pub currency: Option<String>,
    /// To which share units its closes refer.
    pub price_basis: Basis,
    /// Whether `total_return` holds more than the closes do (dividends are known).
    pub has_dividends: bool,
}

impl Schema {
    /// Whether returns hold dividends: they are known, or the closes are adjusted for them.
    pub fn is_total_return(&self) -> bool {
        self.has_dividends || self.price_basis == Basis::FullyAdjusted
    }

    /// The fields of this name, in any table; `table` narrows it.
    pub fn find(&self, table: Option<&str>, name: &str) -> Vec<FieldId> {
        let fits = |f: &Field| f.name == name && table.is_none_or(|t| t == f.table);
        let ids = self.fields.iter().enumerate().filter(|(_, f)| fits(f));
        ids.map(|(i, _)| FieldId(i as u16)).collect()
    }

    /// The shares that one share of the first day has become, where the prices are as traded and splits are known.
    pub fn split_factor(&self) -> Option<FieldId> {
        let found = self.find(Some("splits"), "split_factor");
        found.into_iter().next().filter(|_| self.price_basis == Basis::Raw)
    }

    /// Whether dividends are known as such, so that a book receives them as cash.
    pub fn pays_dividends(&self) -> bool {
        !self.find(Some("dividends"), "dividend").is_empty()
    }

    /// The field of an id.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.0 as usize]
    }

    /// The asset of a symbol.
    pub fn asset(&self, symbol: &str) -> Option<AssetId> {
        self.symbols.binary_search_by(|s| s.as_str().cmp(symbol)).ok().map(|i| AssetId(i as u32))
    }
}

/// Prices as the book needs them; all dates × assets.
#[derive(Debug, Clone, Copy)]
pub struct Prices<'a> {
    /// The price at which the asset traded at the close (on the schema's basis).
    pub close: ArrayView2<'a, f64>,
    /// The opening price on the same basis, where the data have it.
    pub open: Option<ArrayView2<'a, f64>>,
    /// A price index that includes dividends where they are known; equal to `close` where they are not. Only its
    /// ratios mean something. Present exactly where `close` is.
    pub total_return: ArrayView2<'a, f64>,
    /// What the book values positions at: `close` where the data have a table of dividends, which are paid in cash, else
    /// `total_return`. It may lie in memory by row or by asset; by asset (a transposed view) the daily book touches the
    /// fewest pages.
    pub book: ArrayView2<'a, f64>,
}

/// The rows at which an asset was first and last priced; `None` for one that never was.
pub type Lifetime = Option<(Row, Row)>;

/// A loaded market, as every stage after the checker sees it.
///
/// Invariants: assets are sorted by symbol; panels are dates × assets in standard (row-major) layout; no element is
/// infinite.
pub trait MarketData: Sync {
    /// Names and types.
    fn schema(&self) -> &Schema;
    /// The dates.
    fn calendar(&self) -> &Calendar;
    /// The values of a field.
    fn field(&self, id: FieldId) -> FieldData<'_>;
    /// The prices the book is kept in.
    fn prices(&self) -> Prices<'_>;
    /// By asset: first and last priced row.
    fn lifetimes(&self) -> &[Lifetime];
    /// By asset: whether it is a reference (index, benchmark), never held unless named.
    fn is_reference(&self) -> &[bool];
    /// By asset that stopped trading: the return from its last price to what its holders got; missing where it is not
    /// known. `None` where the data say nothing of it.
    fn delisting_returns(&self) -> Option<&[f64]> {
        let field = self.schema().find(Some("delistings"), "delisting_return");
        match self.field(*field.first()?) {
            FieldData::Static(values) => Some(values),
            _ => None,
        }
    }

    /// What a report must say of the data: synthetic, survivors only, share of lagged publication dates.
    fn notes(&self) -> &[String];
}
