//! The fields of a CSV text, one after the other, with quotes as in RFC 4180, and the ends of its lines.

use std::borrow::Cow;

/// The character between fields: the most frequent of the usual ones in the first line.
pub(super) fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let count = |d: u8| line.iter().filter(|b| **b == d).count();
    let mut best = b',';
    for other in [b'\t', b';', b'|'] {
        if count(other) > count(best) {
            best = other;
        }
    }
    best
}

/// Moves past line ends.
pub(super) fn skip_blank(bytes: &[u8], at: &mut usize, line: &mut u64) {
    while let Some(b'\n' | b'\r') = bytes.get(*at) {
        end_line(bytes, at, line);
    }
}

/// Moves past one line end: `\n`, `\r\n` or `\r`.
fn end_line(bytes: &[u8], at: &mut usize, line: &mut u64) {
    if bytes[*at] == b'\r' && bytes.get(*at + 1) == Some(&b'\n') {
        *at += 1;
    }
    *at += 1;
    *line += 1;
}

/// Takes field after field, with quotes as in RFC 4180.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) line: u64,
    pub(super) delimiter: u8,
}

impl<'a> Fields<'a> {
    /// The next field, and whether it is the last of its row; `None` at the end of the bytes. Stands at the next row
    /// after a last field.
    #[inline]
    pub(super) fn next_field(&mut self) -> Option<(Cow<'a, [u8]>, bool)> {
        if self.at >= self.bytes.len() {
            // A delimiter at the very end of the file is followed by one empty field.
            let open = self.bytes.last() == Some(&self.delimiter);
            return open.then_some((Cow::Borrowed(&[]), true));
        }
        let field = if self.bytes[self.at] == b'"' { self.quoted() } else { self.plain() };
        Some((field, self.end_field()))
    }

    #[inline]
    fn plain(&mut self) -> Cow<'a, [u8]> {
        let rest = &self.bytes[self.at..];
        let ends = |b: &u8| *b == self.delimiter || *b == b'\n' || *b == b'\r';
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        Cow::Borrowed(&rest[..length])
    }

    #[cold]
    fn quoted(&mut self) -> Cow<'a, [u8]> {
        self.at += 1;
        let start = self.at;
        let mut owned: Option<Vec<u8>> = None;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'"' {
                if self.bytes.get(self.at) != Some(&b'"') {
                    let inside = &self.bytes[start..self.at - 1];
                    // What follows a closing quote within the field is kept as it stands.
                    let after = self.plain();
                    return match owned {
                        None if after.is_empty() => Cow::Borrowed(inside),
                        owned => {
                            let mut field = owned.unwrap_or_else(|| inside.to_vec());
                            field.extend_from_slice(&after);
                            Cow::Owned(field)
                        }
                    };
                }
                let before = &self.bytes[start..self.at - 1];
                owned.get_or_insert_with(|| before.to_vec()).push(b'"');
                self.at += 1;
                continue;
            }
            if byte == b'\n' {
                self.line += 1;
            }
            if let Some(field) = &mut owned {
                field.push(byte);
            }
        }
        Cow::Owned(owned.unwrap_or_else(|| self.bytes[start..].to_vec()))
    }

    /// Moves past what ends a field and says whether it ended the row.
    #[inline]
    pub(super) fn end_field(&mut self) -> bool {
        match self.bytes.get(self.at) {
            Some(b) if *b == self.delimiter => {
                self.at += 1;
                false
            }
            Some(_) => {
                end_line(self.bytes, &mut self.at, &mut self.line);
                skip_blank(self.bytes, &mut self.at, &mut self.line);
                true
            }
            None => true,
        }
    }
}
