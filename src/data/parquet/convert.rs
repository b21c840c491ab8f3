//! A Parquet column in the form nearest to how it is stored → as it is wanted.

use super::Parquet;
use crate::data::{
    buffer::Numbers,
    faults::Faults,
    table::{Column, NO_DATE, Text, Wanted},
    value,
};
use crate::diagnostic::Code;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

impl Parquet {
    /// A column as it is wanted.
    pub(super) fn convert(
        &self,
        read: Column,
        column: usize,
        what: &Wanted,
        missing: &[String],
    ) -> (Column, Faults) {
        let mut faults = Faults::default();
        let fault = |row: usize, code, expected: &str, found: &str| {
            let message = format!("expected {expected}, found `{found}`");
            self.head.fault(column, code, message).row(row as u64 + 1)
        };
        let column = match (read, what) {
            (Column::Text(text), Wanted::Number) => {
                let parse = |t: &String| match missing.contains(t) {
                    true => Some(f64::NAN),
                    false => value::number(t),
                };
                let parsed: Vec<Option<f64>> = text.texts.iter().map(parse).collect();
                let number = |(row, code): (usize, &u32)| {
                    parsed[*code as usize].unwrap_or_else(|| {
                        let found = &text.texts[*code as usize];
                        faults.add(|| fault(row, Code::BadNumber, "a number", found));
                        f64::NAN
                    })
                };
                Column::Number(text.codes.iter().enumerate().map(number).collect())
            }
            (Column::Text(text), Wanted::Date { form, optional }) => {
                let parse = |t: &String| match *optional && value::is_missing(t) {
                    true => Some(NO_DATE),
                    false => form.of_text(t),
                };
                let parsed: Vec<Option<i32>> = text.texts.iter().map(parse).collect();
                let day = |(row, code): (usize, &u32)| {
                    parsed[*code as usize].unwrap_or_else(|| {
                        let found = &text.texts[*code as usize];
                        faults
                            .add(|| fault(row, Code::BadDate, "a date such as 2010-01-31", found));
                        NO_DATE
                    })
                };
                Column::Date(text.codes.iter().enumerate().map(day).collect())
            }
            (Column::Date(days), Wanted::Date { optional: false, .. }) => {
                for row in (0..days.len()).filter(|r| days[*r] == NO_DATE) {
                    let expected = "a date in the years 1 to 9999";
                    faults.add(|| fault(row, Code::BadDate, expected, "something else"));
                }
                Column::Date(days)
            }
            (Column::Number(values), Wanted::Text) => {
                let mut texts = vec![];
                let mut known = FxHashMap::<u64, u32>::default();
                let code = |value: &f64| {
                    *known.entry(value.to_bits()).or_insert_with(|| {
                        let shown = if value.is_nan() { String::new() } else { value.to_string() };
                        texts.push(shown);
                        texts.len() as u32 - 1
                    })
                };
                let codes = values.iter().map(code).collect();
                Column::Text(Text { codes, texts })
            }
            (Column::Number(values), Wanted::Number) => Column::Number(without_infinite(values)),
            (other, _) => other,
        };
        (column, faults)
    }
}

/// Infinite numbers are what remains of a division by zero: missing.
fn without_infinite(mut values: Numbers<f64>) -> Numbers<f64> {
    values.par_iter_mut().filter(|v| v.is_infinite()).for_each(|v| *v = f64::NAN);
    values
}
