//! The usual texts of numbers and dates, read eight characters at a time; anything else is left to the careful way.

use crate::data::value;

const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
/// Whole numbers up to this are numbers of 64 bits.
const EXACT: u64 = 1 << 53;
const TENS: [u64; 17] = {
    let mut tens = [1; 17];
    let mut i = 1;
    while i < tens.len() {
        tens[i] = tens[i - 1] * 10;
        i += 1;
    }
    tens
};

/// The eight characters from a place on, if there are so many.
#[inline]
fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(word.try_into().ok()?))
}

/// The number that up to eight digits make, and how many they are.
#[inline]
fn digits(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const PAIR: u64 = 0x0000_00FF_0000_00FF;
    let word = eight(bytes, at)? ^ ZEROS;
    // The high bit of each byte that is above nine.
    let other = (((word & !HIGH) + 0x7676_7676_7676_7676) | word) & HIGH;
    let count = other.trailing_zeros() as usize / 8;
    if count == 0 {
        return Some((0, 0));
    }
    // Digits behind zeros; then pairs, fours and all eight are added up in place.
    let word = word << (64 - 8 * count);
    let word = word.wrapping_mul(10).wrapping_add(word >> 8);
    let upper = (word & PAIR).wrapping_mul(100 + (1_000_000 << 32));
    let lower = ((word >> 16) & PAIR).wrapping_mul(1 + (10_000 << 32));
    Some((upper.wrapping_add(lower) >> 32, count))
}

/// Up to sixteen digits.
#[inline]
fn many_digits(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let (first, count) = digits(bytes, at)?;
    if count < 8 {
        return Some((first, count));
    }
    let (second, more) = digits(bytes, at + 8)?;
    Some((first * TENS[more] + second, 8 + more))
}

/// The number of a plain field that begins at a place, and where it ends: up to sixteen digits on either side of a
/// point, of which a division mostly makes the nearest number there is. `None` for any other text.
#[inline]
pub(super) fn number(bytes: &[u8], at: usize, delimiter: u8) -> Option<(f64, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    let start = at + usize::from(negative);
    let (mut mantissa, count) = many_digits(bytes, start)?;
    let mut end = start + count;
    if count == 0 {
        return None;
    }
    let mut value = mantissa as f64;
    if bytes.get(end) == Some(&b'.') {
        let (fraction, places) = many_digits(bytes, end + 1)?;
        if places == 0 || count + places > 19 {
            return None;
        }
        mantissa = mantissa.checked_mul(TENS[places])?.checked_add(fraction)?;
        value = mantissa as f64 / TENS[places] as f64;
        end += 1 + places;
    }
    let ended = match bytes.get(end) {
        Some(b) => *b == delimiter || *b == b'\n' || *b == b'\r',
        None => true,
    };
    if ended && mantissa > EXACT {
        // More digits than a number holds: rounding takes more than a division.
        return Some((fast_float2::parse(&bytes[at..end]).ok()?, end));
    }
    ended.then_some((if negative { -value } else { value }, end))
}

/// The month of the last date that was read: the next one is mostly of the same.
#[derive(Default)]
pub(super) struct Month {
    /// `2010-01-`.
    text: u64,
    /// The day before its first, since 1970-01-01.
    before: i32,
    days: u8,
}

impl Month {
    fn of(text: u64) -> Option<Self> {
        let [a, b, c, d, e, f, g, h] = text.to_le_bytes();
        let day = |n: u8| value::iso(&[a, b, c, d, e, f, g, h, b'0' + n / 10, b'0' + n % 10]);
        let days = (28..=31).rev().find(|n| day(*n).is_some())?;
        Some(Self { text, before: day(1)? - 1, days })
    }

    /// The day of a plain field `2010-01-04` that begins at a place, and where it ends.
    #[inline]
    pub(super) fn day(&mut self, bytes: &[u8], at: usize, delimiter: u8) -> Option<(i32, usize)> {
        let text = eight(bytes, at)?;
        let &[tens, ones, after] = bytes.get(at + 8..at + 11)? else { return None };
        if after != delimiter && after != b'\n' && after != b'\r' {
            return None;
        }
        if text != self.text {
            *self = Self::of(text)?;
        }
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        if tens > 3 || ones > 9 {
            return None;
        }
        let day = tens * 10 + ones;
        (day > 0 && day <= self.days).then_some((self.before + i32::from(day), at + 10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_careful_way() {
        let texts = [
            "0",
            "7",
            "88.05",
            "80900",
            "123456789",
            "12345678.25",
            "0.1",
            "0.3",
            "-2.5",
            "-0",
            "00.10",
            "88.44131060051184",
            "9007199254740992",
            "9007199254740993",
            "0.0000000000000001",
            "1234567890123456",
            "123456789012345678901234567890",
            "99999999.99999999",
            "179.76931348623157",
            "",
            "-",
            ".5",
            "5.",
            "1e5",
            "1.5e-3",
            "+1",
            "12x",
            "1.2.3",
            "nan",
            " 1",
        ];
        let mut read = 0;
        for text in texts {
            for end in [",", "\n", "\r\n"] {
                let row = format!("{text}{end}1,2,3,4,5,6,7,8,9,0,1,2,3");
                let Some((value, at)) = number(row.as_bytes(), 0, b',') else { continue };
                let (field, _) = row.split_once(end).expect("it is there");
                let careful = value::number(field).expect("it is a number");
                assert_eq!((value.to_bits(), at), (careful.to_bits(), field.len()), "{text}");
                read += 1;
            }
        }
        assert!(read > 50, "{read} texts were read");
    }

    #[test]
    fn days_are_those_of_the_careful_way() {
        let mut month = Month::default();
        for text in [
            "2020-02-28",
            "2020-02-29",
            "2020-02-30",
            "2021-02-29",
            "2021-02-28",
            "2010/01/31",
            "2010/01-31",
            "2010-13-01",
            "2010-01-00",
            "2010-01-1x",
            "0000-01-01",
            "1999-12-31",
        ] {
            let row = format!("{text},1,2");
            let day = month.day(row.as_bytes(), 0, b',');
            assert_eq!(day.map(|d| d.0), value::date(text, None), "{text}");
        }
        assert_eq!(month.day(b"2020-02-28T00,", 0, b','), None);
    }
}
