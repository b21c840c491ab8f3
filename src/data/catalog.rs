//! `market.toml`: which tables a market is made of, and what their columns mean. The form only; `load` carries it out.

use crate::diagnostic::{Code, Diagnostic, io_reason};
use crate::types::{Basis, Unit};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use std::{collections::BTreeMap, fmt, fs, path::Path};

/// A whole `market.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    /// What the market is called; the folder's name otherwise.
    pub(super) name: Option<String>,
    /// Sentences that every report on these data must say.
    #[serde(default)]
    pub(super) notes: Vec<String>,
    /// Rows a year, where the dates do not show it.
    pub(super) rows_per_year: Option<u32>,
    /// In symbols of all tables, texts to be replaced: `[[".", "-"]]`.
    #[serde(default)]
    pub(super) symbol_replace: Vec<(String, String)>,
    #[serde(deserialize_with = "one_or_many")]
    pub(super) prices: Vec<PriceTable>,
    #[serde(default)]
    pub(super) reports: BTreeMap<String, ReportTable>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, LabelTable>,
    #[serde(default)]
    pub(super) members: BTreeMap<String, MemberTable>,
    #[serde(default)]
    pub(super) series: BTreeMap<String, SeriesTable>,
}

/// A table of prices.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceTable {
    pub(super) file: String,
    pub(super) basis: Option<Basis>,
    /// The column of symbols, or the one symbol of a file that has no such column.
    pub(super) symbol: Option<String>,
    pub(super) symbol_is: Option<String>,
    #[serde(default)]
    pub(super) symbol_replace: Vec<(String, String)>,
    pub(super) date: Option<String>,
    pub(super) date_format: Option<String>,
    /// The column of total returns of a row.
    #[serde(rename = "return")]
    pub(super) total_return: Option<String>,
    pub(super) adjusted_close: Option<String>,
    /// Fields by their names in the language; what stands here is not detected by name.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, ColumnSpec>,
    /// Columns that are left out.
    #[serde(default)]
    pub(super) ignore: Vec<String>,
    #[serde(default)]
    pub(super) missing: Vec<String>,
    #[serde(default)]
    pub(super) reference: bool,
    #[serde(default)]
    pub(super) nonpositive_prices: Nonpositive,
    #[serde(default)]
    pub(super) duplicates: Duplicates,
    /// Whether each column but the first is a symbol.
    pub(super) wide: Option<bool>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Nonpositive {
    #[default]
    Error,
    Missing,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Duplicates {
    #[default]
    Error,
    Last,
}

/// A table of figures with publication dates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportTable {
    pub(super) file: String,
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) symbol_replace: Vec<(String, String)>,
    pub(super) period_end: String,
    /// The column of the dates of publication, here or in another file.
    pub(super) published: Option<Published>,
    /// How long after the period's end a figure is taken to be public where the date is not known.
    pub(super) lag: Option<Span>,
    /// How long after its publication a figure may be used.
    pub(super) max_age: Option<Span>,
    pub(super) date_format: Option<String>,
    /// Rows are taken only where a column holds one of these texts.
    #[serde(default)]
    pub(super) only: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) missing: Vec<String>,
    pub(super) columns: BTreeMap<String, ColumnSpec>,
}

/// Where the dates of publication stand: a column, or a column of another file that has the same symbols and periods.
#[derive(Debug, Clone, Default)]
pub(super) struct Published {
    pub(super) column: String,
    pub(super) file: Option<PublishedFile>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishedFile {
    pub(super) file: String,
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) symbol_replace: Vec<(String, String)>,
    pub(super) period_end: String,
    pub(super) column: String,
}

/// A table of labels that never change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelTable {
    pub(super) file: String,
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) symbol_replace: Vec<(String, String)>,
    /// Columns by the names of the fields.
    pub(super) columns: BTreeMap<String, String>,
}

/// A table of spells of membership.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberTable {
    pub(super) file: String,
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) symbol_replace: Vec<(String, String)>,
    pub(super) start: String,
    pub(super) end: Option<String>,
    /// Whether the end is the last day in, rather than the first day out.
    #[serde(default)]
    pub(super) end_included: bool,
    pub(super) date_format: Option<String>,
}

/// A table of series.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesTable {
    pub(super) file: String,
    pub(super) date: Option<String>,
    pub(super) date_format: Option<String>,
    /// How long after its date a value is public.
    pub(super) lag: Option<Span>,
    /// How long a value may be used.
    pub(super) max_age: Option<Span>,
    #[serde(default)]
    pub(super) missing: Vec<String>,
    pub(super) columns: BTreeMap<String, ColumnSpec>,
}

/// A column, and what its numbers mean.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ColumnSpec {
    pub(super) column: String,
    pub(super) unit: Option<UnitName>,
    pub(super) basis: Option<Basis>,
    /// What numbers are multiplied by.
    pub(super) scale: Option<f64>,
    /// A column that numbers are divided by.
    pub(super) divided_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnitName {
    Money,
    Price,
    Shares,
    Ratio,
    Rows,
    Unknown,
}

impl ColumnSpec {
    /// The unit declared, or the conventional one of the field's name.
    pub(super) fn unit(&self, name: &str, prices: Basis) -> Unit {
        let basis = self.basis.unwrap_or(prices);
        match self.unit {
            Some(UnitName::Money) => Unit::MONEY,
            Some(UnitName::Price) => Unit::price(basis),
            Some(UnitName::Shares) => Unit::shares(basis),
            Some(UnitName::Ratio) => Unit::RATIO,
            Some(UnitName::Rows) => Unit::ROWS,
            Some(UnitName::Unknown) => Unit::Unknown,
            None => super::columns::conventional_unit(name, basis),
        }
    }
}

/// A length of calendar time: `90d`, `8w`, `18m`, `1y`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span(pub(super) jiff::Span);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.trim().char_indices().last().and_then(|(i, unit)| {
            let count: i32 =
                text.trim()[..i].trim().parse().ok().filter(|n| (0..=10_000).contains(n))?;
            let span = jiff::Span::new();
            Some(match unit {
                'd' => span.days(count),
                'w' => span.weeks(count),
                'm' => span.months(count),
                'y' => span.years(count),
                _ => return None,
            })
        });
        let expected =
            || format!("expected a length of time such as \"90d\" or \"18m\", found \"{text}\"");
        parsed.map(Self).ok_or_else(|| serde::de::Error::custom(expected()))
    }
}

/// `[prices]` once or `[[prices]]` several times.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PriceTable>, D::Error> {
    struct OneOrMany;

    impl<'de> Visitor<'de> for OneOrMany {
        type Value = Vec<PriceTable>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table of prices, or several")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            PriceTable::deserialize(MapAccessDeserializer::new(map)).map(|table| vec![table])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut tables = vec![];
            while let Some(table) = seq.next_element()? {
                tables.push(table);
            }
            Ok(tables)
        }
    }

    deserializer.deserialize_any(OneOrMany)
}

/// A text alone stands for a table with that `column`.
macro_rules! text_or_table {
    ($kind:ident, $expecting:literal, $from_text:expr, $from_map:expr) => {
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextOrTable;

                impl<'de> Visitor<'de> for TextOrTable {
                    type Value = $kind;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$kind, E> {
                        Ok($from_text(text.to_owned()))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$kind, A::Error> {
                        Deserialize::deserialize(MapAccessDeserializer::new(map)).map($from_map)
                    }
                }

                deserializer.deserialize_any(TextOrTable)
            }
        }
    };
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnTable {
    column: String,
    unit: Option<UnitName>,
    basis: Option<Basis>,
    scale: Option<f64>,
    divided_by: Option<String>,
}

text_or_table!(
    ColumnSpec,
    "the name of a column, or a table with `column` and what it means",
    |column| ColumnSpec { column, ..ColumnSpec::default() },
    |t: ColumnTable| ColumnSpec {
        column: t.column,
        unit: t.unit,
        basis: t.basis,
        scale: t.scale,
        divided_by: t.divided_by,
    }
);

text_or_table!(
    Published,
    "the name of a column, or a table with `file`, `period_end` and `column`",
    |column| Published { column, file: None },
    |file: PublishedFile| Published { column: file.column.clone(), file: Some(file) }
);

/// Reads a `market.toml`.
pub(super) fn read(path: &Path) -> Result<Catalog, Diagnostic> {
    let text = fs::read_to_string(path).map_err(|e| {
        let message = format!("the catalog cannot be read: {}", io_reason(&e));
        Diagnostic::error(Code::DataUnreadable, message).in_file(path)
    })?;
    toml::from_str(&text).map_err(|e| {
        let message = e.message().trim_end_matches('.').to_owned();
        let error = Diagnostic::error(Code::BadCatalog, message).in_file(path);
        match e.span() {
            Some(span) => {
                let before = &text.as_bytes()[..span.start.min(text.len())];
                error.row(before.iter().filter(|b| **b == b'\n').count() as u64 + 1)
            }
            None => error,
        }
    })
}
