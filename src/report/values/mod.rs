//! What the values of an expression look like on a date: the best and worst assets, the distribution, what is missing.

mod summary;
mod text;

pub use summary::{Distribution, HistogramBin};
pub(super) use text::written as written_cell;
pub use text::{columns_to_text, values_in_short, values_to_text};

use crate::{
    panel::{Date, from_days},
    types::{Kind, Shape, Type},
};
use serde::Serialize;
use summary::{counts, distribution};

/// The values of an expression, as they were computed.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Its name or text.
    pub name: &'a str,
    /// Its type.
    pub ty: Type,
    /// The texts of a label, by code.
    pub labels: &'a [String],
    /// By asset on the date; for a series, by date up to it; one for a scalar.
    pub values: &'a [f64],
}

/// What expressions were evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The dates of a series' values, up to the one that is looked at.
    pub dates: &'a [Date],
    /// The symbols, by asset.
    pub symbols: &'a [String],
    /// By asset: whether cross-sections see it on the date.
    pub eligible: &'a [bool],
}

/// One value: a number, a truth, a text, a date, or missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing is known.
    Missing,
    /// True or false.
    Boolean(bool),
    /// A number, or a label's code without a text.
    Number(f64),
    /// A label or a date.
    Text(String),
}

/// An asset or a date, and its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The symbol or the date.
    pub at: String,
    /// The value.
    pub value: Cell,
}

/// How many there are of a label or truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Count {
    /// Which.
    pub value: Cell,
    /// How many.
    pub count: usize,
}

/// An expression's values on a date.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpressionValues {
    /// Its name or text.
    pub name: String,
    /// Kind, shape and unit: `number panel (ratio)`.
    #[serde(rename = "type")]
    pub ty: String,
    /// The value of what does not vary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Cell>,
    /// How many assets are eligible, or how many dates a series was looked at.
    pub of: usize,
    /// How many of them have a value.
    pub present: usize,
    /// How many have none.
    pub missing: usize,
    /// The assets with the highest values, best first; the first symbol first of equals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub highest: Vec<Entry>,
    /// The assets with the lowest values, worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lowest: Vec<Entry>,
    /// A series' last values, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub last: Vec<Entry>,
    /// How its numbers are distributed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// How many there are of each label or truth, the most frequent first; labels without texts in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Count>,
    /// A series' numbers, for its line.
    #[serde(skip)]
    line: Vec<f64>,
    #[serde(skip)]
    shape: Shape,
}

impl ExpressionValues {
    /// Sums up the values of an expression, with at most `top` of the best, worst or last.
    pub fn new(given: Given<'_>, place: Place<'_>, top: usize) -> Self {
        let shape = given.ty.shape;
        let has_assets = given.ty.shape_has_assets();
        let seen: Vec<(usize, f64)> = given
            .values
            .iter()
            .copied()
            .enumerate()
            .filter(|(i, _)| !has_assets || place.eligible[*i])
            .collect();
        let mut present: Vec<(usize, f64)> =
            seen.iter().copied().filter(|(_, v)| !v.is_nan()).collect();
        let mut this = Self {
            name: given.name.to_owned(),
            ty: given.ty.to_string(),
            value: None,
            of: seen.len(),
            present: present.len(),
            missing: seen.len() - present.len(),
            highest: vec![],
            lowest: vec![],
            last: vec![],
            distribution: None,
            counts: vec![],
            line: vec![],
            shape,
        };
        let at = |(i, value): (usize, f64)| Entry {
            at: if has_assets { place.symbols[i].clone() } else { place.dates[i].to_string() },
            value: cell(given, value),
        };
        match shape {
            Shape::Scalar => {
                this.value = given.values.first().map(|v| cell(given, *v));
                return this;
            }
            Shape::Series => {
                let from = seen.len().saturating_sub(top);
                this.last = seen[from..].iter().map(|s| at(*s)).collect();
                if given.ty.kind == Kind::Number {
                    this.line = given.values.to_vec();
                }
            }
            Shape::Static | Shape::Panel => {}
        }
        let numbers: Vec<f64> = present.iter().map(|(_, v)| *v).collect();
        match given.ty.kind {
            Kind::Number | Kind::Date if has_assets => {
                present.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                this.highest = present.iter().take(top).map(|p| at(*p)).collect();
                present.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                this.lowest = present.iter().take(top).map(|p| at(*p)).collect();
            }
            Kind::Number | Kind::Date => {}
            Kind::Boolean | Kind::Label => this.counts = counts(given, &numbers),
        }
        if given.ty.kind == Kind::Number {
            this.distribution = distribution(&numbers);
        }
        this
    }
}

/// A value of an expression as a reader wants it.
pub fn given_cell(given: Given<'_>, value: f64) -> Cell {
    cell(given, value)
}

fn cell(given: Given<'_>, value: f64) -> Cell {
    match given.ty.kind {
        _ if value.is_nan() => Cell::Missing,
        Kind::Boolean => Cell::Boolean(value != 0.0),
        Kind::Label => match given.labels.get(value as usize) {
            Some(text) => Cell::Text(text.clone()),
            None => Cell::Number(value),
        },
        Kind::Date => from_days(value as i32).map_or(Cell::Missing, |d| Cell::Text(d.to_string())),
        Kind::Number => Cell::Number(value),
    }
}
