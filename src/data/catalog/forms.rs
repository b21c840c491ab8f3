//! Forms that values of a `market.toml` have: lengths of time, and tables for which a text may stand.

use super::{ColumnSpec, PriceTable, Published, PublishedFile, UnitName};
use crate::types::Basis;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use std::fmt;

/// A length of calendar time: `90d`, `8w`, `18m`, `1y`.
#[derive(Debug, Clone, Copy)]
pub(in crate::data) struct Span(pub(in crate::data) jiff::Span);

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
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<PriceTable>, D::Error> {
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
