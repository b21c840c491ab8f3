//! How numbers are written, everywhere.

use crate::metric::{Unit, Value};

/// A value as a reader wants it: `12.34%`, `0.87`, `1,234,567`, `2016-02-08`; `–` where it is missing.
pub fn written(unit: Unit, value: Value) -> String {
    match (unit, value) {
        (_, Value::Missing) => "–".to_owned(),
        (_, Value::Date(date)) => date.to_string(),
        (Unit::Percent, Value::Number(x)) => percent(x),
        (Unit::Count, Value::Number(x)) => fixed(x, 1),
        (Unit::Money, Value::Number(x)) => grouped(x),
        (_, Value::Number(x)) => fixed(x, 2),
    }
}

/// A number that reads back as the same one; nothing where it is missing.
pub fn exact(number: f64) -> String {
    if number.is_nan() { String::new() } else { format!("{number}") }
}

/// A share times 100 with two digits.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", fixed(share * 100.0, 2))
}

/// So many digits after the point, without a negative zero.
pub(super) fn fixed(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let is_zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// Whole units with commas.
pub(super) fn grouped(number: f64) -> String {
    let digits = fixed(number.abs(), 0);
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0.0 && digits != "0" { format!("-{text}") } else { text }
}

/// `1 holding`, `2 holdings`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count as f64), if count == 1 { one } else { many })
}
