//! Markets made by hand, for tests and for programs that have their data in memory.

use super::{
    Market,
    asof::{Record, Records},
    market::{Parts, Values, spells},
};
use crate::panel::{Calendar, Date, Field, MISSING, Numbers};
use crate::types::{Basis, Shape, Type, Unit};
use std::{collections::BTreeMap, sync::Arc};

/// Puts a [`Market`] together from values in memory. Symbols may come in any order; the market sorts them.
///
/// # Panics
/// Each method panics if the values have the wrong length or name an unknown symbol: a market made by hand is part of
/// the program, not input.
pub struct MarketBuilder {
    calendar: Calendar,
    // Sorted; `place[i]` is where the i-th given symbol went.
    symbols: Arc<[String]>,
    place: Vec<usize>,
    parts: Parts,
}

impl Market {
    /// A market of these dates (sorted, unique) and symbols, for the builder's methods to fill.
    ///
    /// Without a panel `close` every close is 100; without `total_return` that is `close`.
    pub fn from_parts(dates: Vec<Date>, symbols: &[&str]) -> MarketBuilder {
        let given = dates.len();
        let calendar = Calendar::new(dates);
        assert_eq!(calendar.len(), given, "dates are unique");
        let mut order: Vec<usize> = (0..symbols.len()).collect();
        order.sort_by_key(|&i| symbols[i]);
        let mut place = vec![0; symbols.len()];
        for (sorted, &i) in order.iter().enumerate() {
            place[i] = sorted;
        }
        let symbols: Arc<[String]> = order.iter().map(|&i| symbols[i].to_owned()).collect();
        let parts = Parts::new("in memory", &calendar, &symbols);
        MarketBuilder { calendar, symbols, place, parts }
    }
}

impl MarketBuilder {
    /// Names the market.
    pub fn name(mut self, name: &str) -> Self {
        self.parts.name = name.to_owned();
        self
    }

    /// Sets the rows a year that the calendar counts, where the dates given are too few to tell.
    pub fn rows_per_year(mut self, rows: u32) -> Self {
        self.calendar = self.calendar.with_rows_per_year(rows);
        self.parts.calendar = self.calendar.clone();
        self
    }

    /// Sets the basis of the prices (split-adjusted otherwise). Comes before the panels of prices.
    pub fn basis(mut self, basis: Basis) -> Self {
        self.parts.basis = basis;
        self
    }

    /// Adds a number panel of table `prices`, dates × symbols as given, row after row; NaN is missing. The unit is the
    /// conventional one of the name (`close` a price, `volume` shares), else unknown.
    pub fn panel(self, name: &str, values: &[f64]) -> Self {
        let unit = super::columns::conventional_unit(name, self.parts.basis);
        self.panel_of(name, unit, values)
    }

    /// Adds a number panel with a unit.
    pub fn panel_of(mut self, name: &str, unit: Unit, values: &[f64]) -> Self {
        let assets = self.symbols.len();
        assert_eq!(values.len(), assets * self.calendar.len(), "`{name}` is dates × symbols");
        let mut sorted = Numbers::room(values.len());
        for (from, to) in values.chunks_exact(assets).zip(sorted.chunks_exact_mut(assets)) {
            for (i, &value) in from.iter().enumerate() {
                to[self.place[i]] = if value.is_finite() { value } else { MISSING };
            }
        }
        self.parts.add(
            Field {
                reported: false,
                name: name.to_owned(),
                table: "prices".to_owned(),
                ty: Type::number(Shape::Panel, unit),
                labels: Arc::default(),
                note: String::new(),
            },
            Values::Panel(sorted.into()),
        );
        self
    }

    /// Adds a static label, a text for each symbol as given; an empty text is missing.
    pub fn label(mut self, name: &str, texts: &[&str]) -> Self {
        assert_eq!(texts.len(), self.symbols.len(), "`{name}` has a text for each symbol");
        let mut by_asset = vec![None; texts.len()];
        for (i, text) in texts.iter().enumerate() {
            by_asset[self.place[i]] = (!text.is_empty()).then_some(*text);
        }
        self.parts.add_label("labels", name, "", &by_asset);
        self
    }

    /// Adds a number for each symbol as given.
    pub fn fixed(mut self, name: &str, unit: Unit, values: &[f64]) -> Self {
        assert_eq!(values.len(), self.symbols.len(), "`{name}` has a value for each symbol");
        let mut by_asset = vec![MISSING; values.len()];
        for (i, &value) in values.iter().enumerate() {
            by_asset[self.place[i]] = value;
        }
        let field = Field {
            reported: false,
            name: name.to_owned(),
            table: "labels".to_owned(),
            ty: Type::number(Shape::Static, unit),
            labels: Arc::default(),
            note: String::new(),
        };
        self.parts.add(field, Values::Static(by_asset.into()));
        self
    }

    /// Adds a figure with publication dates: symbol, end of the period, published, value. It is known from the first
    /// row after the date of publication and for eighteen months after it.
    pub fn as_of(
        mut self,
        table: &str,
        name: &str,
        unit: Unit,
        figures: &[(&str, Date, Date, f64)],
    ) -> Self {
        let months = jiff::Span::new().months(18);
        let list = figures.iter().enumerate().map(|(i, &(symbol, period_end, published, _))| {
            let until = published.checked_add(months).expect("the date has a successor");
            Record { asset: self.asset(symbol), period_end, published, until, source: i as u32 }
        });
        let (records, order) = Records::new(&self.calendar, self.symbols.len(), list.collect());
        let values: Vec<f64> = order.iter().map(|&i| figures[i as usize].3).collect();
        let field = Field {
            reported: false,
            name: name.to_owned(),
            table: table.to_owned(),
            ty: Type::number(Shape::Panel, unit),
            labels: Arc::default(),
            note: String::new(),
        };
        self.parts.add(field, Values::AsOf { records: Arc::new(records), values: values.into() });
        self
    }

    /// Adds splits: symbol, first day on which the price is of the new shares, new shares for one old. Prices must be as
    /// traded ([`Basis::Raw`]).
    pub fn splits(mut self, list: &[(&str, Date, f64)]) -> Self {
        let list = list.iter().map(|&(symbol, date, ratio)| (self.asset(symbol), date, ratio));
        let mut list: Vec<(u32, Date, f64)> = list.collect();
        list.sort_by_key(|(asset, date, _)| (*asset, *date));
        super::actions::add_splits(&mut self.parts, list);
        self
    }

    /// Adds dividends: symbol, first day on which the price is without it, money for one share of that day. Such a market
    /// pays them in cash; `total_return` is not made of them.
    pub fn dividends(mut self, list: &[(&str, Date, f64)]) -> Self {
        let list = list.iter().map(|&(symbol, date, money)| (self.asset(symbol), date, money));
        let mut list: Vec<(u32, Date, f64)> = list.collect();
        list.sort_by_key(|(asset, date, _)| (*asset, *date));
        super::actions::add_dividends(&mut self.parts, &list);
        self
    }

    /// Adds one number a date.
    pub fn series(mut self, name: &str, unit: Unit, values: &[f64]) -> Self {
        assert_eq!(values.len(), self.calendar.len(), "`{name}` has a value for each date");
        let field = Field {
            reported: false,
            name: name.to_owned(),
            table: "series".to_owned(),
            ty: Type::number(Shape::Series, unit),
            labels: Arc::default(),
            note: String::new(),
        };
        self.parts.add(field, Values::Series(values.to_vec().into()));
        self
    }

    /// Adds a membership: symbol, first day, and the first day it no longer holds, if any.
    pub fn members(mut self, name: &str, list: &[(&str, Date, Option<Date>)]) -> Self {
        let list = list.iter().map(|&(symbol, from, until)| (self.asset(symbol), from, until));
        let values = spells(&self.calendar, list.collect());
        let field = Field {
            reported: false,
            name: name.to_owned(),
            table: "members".to_owned(),
            ty: Type::boolean(Shape::Panel),
            labels: Arc::default(),
            note: String::new(),
        };
        self.parts.add(field, values);
        self
    }

    /// Marks an asset as a reference: an index or benchmark, not held unless named.
    pub fn reference(mut self, symbol: &str) -> Self {
        let asset = self.asset(symbol) as usize;
        self.parts.is_reference[asset] = true;
        self
    }

    /// Adds a sentence that a report must say of the data.
    pub fn note(mut self, note: &str) -> Self {
        self.parts.notes.push(note.to_owned());
        self
    }

    /// The market.
    pub fn build(mut self) -> Market {
        if !self.parts.has("close") {
            let full = vec![100.0; self.symbols.len() * self.calendar.len()];
            self = self.panel("close", &full);
        }
        self.parts.finish()
    }

    fn asset(&self, symbol: &str) -> u32 {
        let found = self.symbols.binary_search_by(|s| s.as_str().cmp(symbol));
        found.unwrap_or_else(|_| panic!("`{symbol}` is a symbol of the market")) as u32
    }
}

/// How many codes a label has, and the code of each text: texts sorted, so that codes do not depend on the order of
/// rows.
pub(super) fn encode(texts: &[Option<&str>]) -> (Arc<[String]>, Vec<f64>) {
    let mut codes: BTreeMap<&str, usize> = texts.iter().flatten().map(|t| (*t, 0)).collect();
    for (i, code) in codes.values_mut().enumerate() {
        *code = i;
    }
    let values = texts.iter().map(|t| t.map_or(MISSING, |t| codes[t] as f64)).collect();
    (codes.keys().map(|t| (*t).to_owned()).collect(), values)
}
