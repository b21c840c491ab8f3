//! The rows of a piece of a CSV file → its stretch of the columns.

use super::{
    Csv,
    decimal::{self, Month},
    fields::{Fields, skip_blank},
};
use crate::data::{
    faults::Faults,
    moment::DayForm,
    table::{NO_DATE, Slot, Wanted},
    value,
};
use crate::diagnostic::{Code, Diagnostic};
use rustc_hash::FxHashMap;

/// How the columns of a file are read.
pub(super) struct Plan<'a> {
    file: &'a Csv,
    wanted: &'a [(usize, Wanted)],
    /// More texts that stand for a missing number.
    missing: &'a [String],
}

/// What was found in a piece besides its numbers. Lines count from 0 at its start.
pub(super) struct Piece {
    pub(super) rows: usize,
    /// Of each column that was wanted: the texts that its codes stand for.
    pub(super) texts: Vec<Vec<String>>,
    pub(super) lines: Vec<(usize, u64)>,
    pub(super) line_count: u64,
    pub(super) faults: Faults,
}

/// Where the fields of a column of the file go, and how they are read.
enum Target<'a> {
    Skip,
    Number(&'a mut [f64]),
    Text { codes: &'a mut [u32], dictionary: Dictionary, to: usize },
    Date { days: &'a mut [i32], month: Month, form: &'a DayForm, optional: bool },
}

impl Target<'_> {
    /// The value of a field that is not there.
    fn blank(&mut self, row: usize) {
        match self {
            Self::Skip => {}
            Self::Number(values) => values[row] = f64::NAN,
            Self::Text { codes, dictionary, .. } => codes[row] = dictionary.code(b""),
            Self::Date { days, .. } => days[row] = NO_DATE,
        }
    }
}

impl<'a> Plan<'a> {
    pub(super) fn new(file: &'a Csv, wanted: &'a [(usize, Wanted)], missing: &'a [String]) -> Self {
        Self { file, wanted, missing }
    }

    /// By column of the file.
    fn targets<'s>(&'s self, slots: Vec<Slot<'s>>) -> Vec<Target<'s>> {
        let mut targets: Vec<Target<'s>> =
            self.file.head.names.iter().map(|_| Target::Skip).collect();
        for (to, ((column, what), slot)) in self.wanted.iter().zip(slots).enumerate() {
            targets[*column] = match (slot, what) {
                (Slot::Date(days), Wanted::Date { form, optional }) => {
                    Target::Date { days, month: Month::default(), form, optional: *optional }
                }
                (Slot::Text(codes), _) => {
                    Target::Text { codes, dictionary: Dictionary::default(), to }
                }
                (Slot::Number(values), _) => Target::Number(values),
                (Slot::Date(_), _) => unreachable!("the room is that of a column as it is wanted"),
            };
        }
        targets
    }

    /// Reads the rows from `start` to the end of `bytes`.
    pub(super) fn piece(&self, bytes: &[u8], start: usize, slots: Vec<Slot<'_>>) -> Piece {
        let mut fields = Fields { bytes, at: start, line: 0, delimiter: self.file.delimiter };
        let texts = self.wanted.iter().map(|_| vec![]).collect();
        let mut piece =
            Piece { rows: 0, texts, lines: vec![], line_count: 0, faults: Faults::default() };
        let mut targets = self.targets(slots);
        let mut expected_line = u64::MAX;
        skip_blank(bytes, &mut fields.at, &mut fields.line);
        while fields.at < bytes.len() {
            let line = fields.line;
            if line != expected_line {
                piece.lines.push((piece.rows, line));
            }
            self.row(&mut fields, piece.rows, &mut targets, &mut piece.faults);
            piece.rows += 1;
            expected_line = line + 1;
        }
        for target in targets {
            if let Target::Text { dictionary, to, .. } = target {
                piece.texts[to] = dictionary.texts;
            }
        }
        piece.line_count = fields.line;
        piece
    }

    #[inline]
    fn row(
        &self,
        fields: &mut Fields<'_>,
        row: usize,
        targets: &mut [Target<'_>],
        faults: &mut Faults,
    ) {
        let line = fields.line;
        let columns = targets.len();
        let mut count = 0;
        let mut ended = false;
        for target in targets.iter_mut() {
            let Some(last) = self.field(fields, row, line, count, target, faults) else { break };
            count += 1;
            if last {
                ended = true;
                break;
            }
        }
        let ended = ended || fields.at >= fields.bytes.len();
        if count < columns || !ended {
            self.ragged(fields, row, line, count, ended, targets, faults);
        }
    }

    /// Reads one field, and says whether it is the last of its row; `None` if there is none.
    #[inline]
    fn field(
        &self,
        fields: &mut Fields<'_>,
        row: usize,
        line: u64,
        column: usize,
        target: &mut Target<'_>,
        faults: &mut Faults,
    ) -> Option<bool> {
        let (bytes, at, delimiter) = (fields.bytes, fields.at, fields.delimiter);
        match target {
            Target::Skip => fields.next_field().map(|(_, last)| last),
            Target::Number(values) => {
                if let Some((value, end)) = decimal::number(bytes, at, delimiter) {
                    values[row] = value;
                    fields.at = end;
                    return Some(fields.end_field());
                }
                let (field, last) = fields.next_field()?;
                values[row] = match &*field {
                    [] => f64::NAN,
                    field => self.number(field, line, column, faults),
                };
                Some(last)
            }
            Target::Date { days, month, form, optional } => {
                if form.format.is_none()
                    && let Some((day, end)) = month.day(bytes, at, delimiter)
                {
                    days[row] = day;
                    fields.at = end;
                    return Some(fields.end_field());
                }
                let (field, last) = fields.next_field()?;
                days[row] = self.date(&field, form, *optional, line, column, faults);
                Some(last)
            }
            Target::Text { codes, dictionary, .. } => {
                if let Some((code, end)) = dictionary.again(bytes, at, delimiter) {
                    codes[row] = code;
                    fields.at = end;
                    return Some(fields.end_field());
                }
                let (field, last) = fields.next_field()?;
                codes[row] = dictionary.code(&field);
                Some(last)
            }
        }
    }

    /// A row with too few or too many fields: reported, and filled up so that the columns stay of one length.
    #[cold]
    fn ragged(
        &self,
        fields: &mut Fields<'_>,
        row: usize,
        line: u64,
        count: usize,
        ended: bool,
        targets: &mut [Target<'_>],
        faults: &mut Faults,
    ) {
        let columns = targets.len();
        let mut found = count;
        let mut blank = true;
        if !ended {
            while let Some((field, last)) = fields.next_field() {
                found += 1;
                blank &= field.is_empty();
                if last {
                    break;
                }
            }
        }
        targets[count..].iter_mut().for_each(|target| target.blank(row));
        // Empty fields beyond the header's do no harm.
        if found > columns && blank {
            return;
        }
        faults.add(|| {
            let message = format!("expected {columns} fields, found {found}");
            Diagnostic::error(Code::DataFormat, message).in_file(&self.file.head.path).row(line)
        });
    }

    #[cold]
    fn number(&self, field: &[u8], line: u64, column: usize, faults: &mut Faults) -> f64 {
        let text = &*String::from_utf8_lossy(field);
        if self.missing.iter().any(|m| m == text.trim()) {
            return f64::NAN;
        }
        value::number(text).unwrap_or_else(|| {
            faults.add(|| self.unreadable(Code::BadNumber, "a number", text, line, column));
            f64::NAN
        })
    }

    #[cold]
    fn date(
        &self,
        field: &[u8],
        form: &DayForm,
        optional: bool,
        line: u64,
        column: usize,
        faults: &mut Faults,
    ) -> i32 {
        let text = &*String::from_utf8_lossy(field);
        if optional && value::is_missing(text) {
            return NO_DATE;
        }
        form.of_text(text).unwrap_or_else(|| {
            faults.add(|| {
                let expected = match &form.format {
                    Some(format) => format!("a date such as `{format}`"),
                    None => "a date such as 2010-01-31 or 20100131".to_owned(),
                };
                self.unreadable(Code::BadDate, &expected, text, line, column)
            });
            NO_DATE
        })
    }

    fn unreadable(
        &self,
        code: Code,
        expected: &str,
        text: &str,
        line: u64,
        column: usize,
    ) -> Diagnostic {
        let shown: String = text.chars().take(40).collect();
        Diagnostic::error(code, format!("expected {expected}, found `{shown}`"))
            .in_file(&self.file.head.path)
            .row(line)
            .column(self.file.head.names[column].as_str())
    }
}

/// The texts of a column, each once. Neighbouring rows mostly hold the same text.
#[derive(Default)]
struct Dictionary {
    codes: FxHashMap<Vec<u8>, u32>,
    texts: Vec<String>,
    last: Vec<u8>,
    last_code: u32,
}

impl Dictionary {
    /// The code of a plain field that begins at a place, and where it ends, if it is the text of the row before.
    #[inline]
    fn again(&self, bytes: &[u8], at: usize, delimiter: u8) -> Option<(u32, usize)> {
        let end = at + self.last.len();
        let same =
            bytes.get(at..end)? == self.last.as_slice() && bytes.get(end) == Some(&delimiter);
        (same && !self.last.is_empty()).then_some((self.last_code, end))
    }

    #[inline]
    fn code(&mut self, text: &[u8]) -> u32 {
        if text == self.last.as_slice() && !text.is_empty() {
            return self.last_code;
        }
        let code = match self.codes.get(text) {
            Some(code) => *code,
            None => {
                let code = self.texts.len() as u32;
                self.texts.push(String::from_utf8_lossy(text).trim().to_owned());
                self.codes.insert(text.to_vec(), code);
                code
            }
        };
        self.last.clear();
        // What needs quotes is never found again as it stands.
        if !text.iter().any(|b| matches!(b, b'"' | b',' | b';' | b'\t' | b'|' | b'\n' | b'\r')) {
            self.last.extend_from_slice(text);
            self.last_code = code;
        }
        code
    }
}
