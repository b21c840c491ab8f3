//! The texts of dates and numbers, as people write them.

use crate::panel::{Date, days_since_epoch};

/// Whether a text stands for a missing value (in any column but that of the symbols).
pub(super) fn is_missing(text: &str) -> bool {
    const MISSING: [&str; 12] =
        ["", "na", "n/a", "nan", "null", "none", "nil", "-", "--", ".", "#n/a", "<na>"];
    let text = text.trim();
    text.len() <= 4 && MISSING.iter().any(|m| text.eq_ignore_ascii_case(m))
}

/// A finite number, or NaN for a missing one; `None` if the text is neither.
pub(super) fn number(text: &str) -> Option<f64> {
    if is_missing(text) {
        return Some(f64::NAN);
    }
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    fast_float2::parse::<f64, _>(text).ok().filter(|v| v.is_finite())
}

/// Days since 1970-01-01 of a text that is a date: in `format`, or ISO with or without a time, or yyyymmdd, or
/// yyyy/mm/dd.
pub(super) fn date(text: &str, format: Option<&str>) -> Option<i32> {
    let text = text.trim();
    if let Some(format) = format {
        return Date::strptime(format, text).ok().map(days_since_epoch);
    }
    let bytes = text.as_bytes();
    if let Some(days) = bytes.get(..10).and_then(iso) {
        // What follows is a time of day, which says nothing about the session.
        return matches!(bytes.get(10), None | Some(b'T' | b't' | b' ')).then_some(days);
    }
    // Another program may have turned the number into 20100104.0.
    let digits = bytes.strip_suffix(b".0").unwrap_or(bytes);
    if digits.len() == 8 { compact(digits) } else { None }
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

/// `2010-01-04` or `2010/01/04`.
pub(super) fn iso(bytes: &[u8]) -> Option<i32> {
    let &[a, b, c, d, s, e, f, t, g, h] = bytes else { return None };
    if s != t || (s != b'-' && s != b'/') {
        return None;
    }
    civil(digits(&[a, b, c, d])?, digits(&[e, f])?, digits(&[g, h])?)
}

/// `20100104`.
fn compact(bytes: &[u8]) -> Option<i32> {
    civil(digits(&bytes[..4])?, digits(&bytes[4..6])?, digits(&bytes[6..])?)
}

/// Days since 1970-01-01 of a year, month and day that exist (after H. Hinnant's `days_from_civil`).
fn civil(year: u32, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *LENGTHS.get(month.checked_sub(1)? as usize)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if year == 0 || day == 0 || day > length || (month == 2 && day == 29 && !leap) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year / 400, year % 400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year * 365 + year / 4 - year / 100 + day_of_year;
    Some((era * 146_097 + day_of_era) as i32 - 719_468)
}

/// Whether days since 1970-01-01 lie in the years 1 to 9999.
pub(super) fn is_sound(days: i32) -> bool {
    (-719_162..=2_932_896).contains(&days)
}

/// A date from a number such as 20100104.
pub(super) fn from_integer(number: i64) -> Option<i32> {
    let number = u32::try_from(number).ok()?;
    civil(number / 10_000, number / 100 % 100, number % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::from_days;

    #[test]
    fn every_day_is_the_calendars() {
        for days in -719_000..200_000 {
            let date = from_days(days).expect("in range");
            if date.year() > 0 {
                assert_eq!(super::date(&date.to_string(), None), Some(days), "{date}");
            }
        }
    }

    #[test]
    fn dates_as_people_write_them() {
        let day = Some(14_613);
        for text in ["2010-01-04", "20100104", "2010/01/04", " 2010-01-04 ", "20100104.0"] {
            assert_eq!(date(text, None), day, "{text}");
        }
        for text in ["2010-01-04T16:00:00Z", "2010-01-04 00:00:00+00:00"] {
            assert_eq!(date(text, None), day, "{text}");
        }
        assert_eq!(date("04.01.2010", Some("%d.%m.%Y")), day);
        for text in
            ["", "2010-02-30", "2010-13-01", "2010-1-4", "01/04/2010", "1.5", "2010-01-04x", "NA"]
        {
            assert_eq!(date(text, None), None, "{text}");
        }
    }

    #[test]
    fn numbers_as_people_write_them() {
        for (text, value) in
            [("1.5", 1.5), ("-2e3", -2000.0), ("+7", 7.0), (" 3 ", 3.0), (".5", 0.5)]
        {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in ["", "NA", "NaN", "nan", "null", "N/A", "-", "#N/A"] {
            assert!(number(text).is_some_and(f64::is_nan), "{text}");
        }
        for text in ["1,000", "12O", "inf", "1e999", "0x10", "$5", "1.2.3"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
