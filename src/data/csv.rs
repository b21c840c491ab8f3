//! CSV files: cut into pieces at the ends of rows, which are read in parallel.

use super::{
    buffer::{self, Bytes},
    progress::Progress,
    table::{Column, Faults, Lines, Looks, NO_DATE, Table, Text, Wanted},
    value,
};
use crate::diagnostic::{Code, Diagnostic};
use flate2::read::MultiGzDecoder;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::{
    borrow::Cow,
    fs::File,
    io::Read,
    ops::{Deref, Range},
    path::{Path, PathBuf},
};

/// Rows by whose fields columns are judged.
const SAMPLE: usize = 100;
const PIECE: usize = 4 << 20;

/// A CSV file whose header was read.
pub(super) struct Csv {
    pub(super) path: PathBuf,
    pub(super) names: Vec<String>,
    pub(super) looks: Vec<Looks>,
    content: Content,
    delimiter: u8,
    /// Where the rows begin, and on which line.
    body: usize,
    body_line: u64,
}

enum Content {
    Mapped(Bytes),
    Unpacked(Vec<u8>),
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(bytes) => bytes,
            Self::Unpacked(bytes) => bytes,
        }
    }
}

impl Csv {
    /// Reads the header and looks at the first rows.
    pub(super) fn open(path: &Path) -> Result<Self, Diagnostic> {
        let unreadable = |e: std::io::Error| {
            let message = format!("the file cannot be read: {e}");
            Diagnostic::error(Code::DataUnreadable, message).in_file(path)
        };
        let file = File::open(path).map_err(unreadable)?;
        let content = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) {
            let mut bytes = vec![];
            MultiGzDecoder::new(file).read_to_end(&mut bytes).map_err(unreadable)?;
            Content::Unpacked(bytes)
        } else {
            Content::Mapped(buffer::map(&file).map_err(unreadable)?)
        };
        Self::with_content(path, content)
    }

    fn with_content(path: &Path, content: Content) -> Result<Self, Diagnostic> {
        let start = if content.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let fault = |code, message: &str| Diagnostic::error(code, message).in_file(path);
        if content[start..].iter().all(u8::is_ascii_whitespace) {
            return Err(fault(Code::NoRows, "the file is empty"));
        }
        if content[..content.len().min(4096)].contains(&0) {
            let message = "the file is no CSV in UTF-8: it holds zero bytes";
            return Err(fault(Code::DataUnreadable, message));
        }
        let mut line = 1;
        let mut body = start;
        skip_blank(&content, &mut body, &mut line);
        let delimiter = delimiter(&content[body..]);
        let mut fields = Fields { bytes: &content, at: body, line, delimiter };
        let mut names = vec![];
        while let Some((field, last)) = fields.next_field() {
            names.push(String::from_utf8_lossy(&field).trim().to_owned());
            if last {
                break;
            }
        }
        let looks = looks(&fields, names.len());
        let (body, body_line) = (fields.at, fields.line);
        Ok(Self { path: path.to_owned(), names, looks, delimiter, body, body_line, content })
    }

    /// Reads columns.
    pub(super) fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let plan = Plan::new(self, wanted, missing);
        let pieces = pieces(&self.content, self.body);
        progress.begin("reading", pieces.len() as u64);
        let read: Vec<Piece> = pieces
            .into_par_iter()
            .map(|range| {
                let piece = plan.piece(&self.content[..range.end], range.start);
                progress.advance(1);
                piece
            })
            .collect();
        join(self, wanted, read)
    }
}

/// The character between fields: the most frequent of the usual ones in the first line.
fn delimiter(bytes: &[u8]) -> u8 {
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
fn skip_blank(bytes: &[u8], at: &mut usize, line: &mut u64) {
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
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
    delimiter: u8,
}

impl<'a> Fields<'a> {
    /// The next field, and whether it is the last of its row; `None` at the end of the bytes. Stands at the next row
    /// after a last field.
    fn next_field(&mut self) -> Option<(Cow<'a, [u8]>, bool)> {
        if self.at >= self.bytes.len() {
            // A delimiter at the very end of the file is followed by one empty field.
            let open = self.bytes.last() == Some(&self.delimiter);
            return open.then_some((Cow::Borrowed(&[]), true));
        }
        let field = if self.bytes[self.at] == b'"' { self.quoted() } else { self.plain() };
        Some((field, self.end_field()))
    }

    fn plain(&mut self) -> Cow<'a, [u8]> {
        let rest = &self.bytes[self.at..];
        let ends = |b: &u8| *b == self.delimiter || *b == b'\n' || *b == b'\r';
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        Cow::Borrowed(&rest[..length])
    }

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
    fn end_field(&mut self) -> bool {
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

/// What the columns seem to hold, from the first rows.
fn looks(fields: &Fields<'_>, columns: usize) -> Vec<Looks> {
    let mut fields = fields.clone();
    let (mut numbers, mut dates) = (vec![true; columns], vec![true; columns]);
    let mut dated = vec![false; columns];
    let mut column = 0;
    let mut rows = 0;
    while rows < SAMPLE {
        let Some((field, last)) = fields.next_field() else { break };
        if column < columns {
            let text = String::from_utf8_lossy(&field);
            if !value::is_missing(&text) {
                let date = value::date(&text, None).is_some();
                dates[column] &= date;
                dated[column] |= date;
                numbers[column] &= value::number(&text).is_some();
            }
        }
        column += 1;
        if last {
            column = 0;
            rows += 1;
        }
    }
    (0..columns)
        .map(|c| match (dated[c] && dates[c], numbers[c]) {
            (true, _) => Looks::Date,
            (_, true) => Looks::Number,
            _ => Looks::Text,
        })
        .collect()
}

/// Cuts the rows into pieces that end where a row ends. A line end inside quotes ends no row: a place lies inside if
/// the number of quotes before it is odd.
fn pieces(bytes: &[u8], body: usize) -> Vec<Range<usize>> {
    let cuts: Vec<usize> = (body..bytes.len()).step_by(PIECE).collect();
    let quotes: Vec<usize> = cuts
        .par_iter()
        .map(|&from| {
            let piece = &bytes[from..bytes.len().min(from + PIECE)];
            piece
                .chunks(128)
                .map(|c| c.iter().map(|b| u8::from(*b == b'"')).sum::<u8>() as usize)
                .sum()
        })
        .collect();
    let mut starts = vec![body];
    let mut before = 0;
    for (&cut, count) in cuts.iter().zip(quotes) {
        if cut > body {
            let mut inside = before % 2 == 1;
            let end = bytes[cut..].iter().position(|b| {
                inside ^= *b == b'"';
                *b == b'\n' && !inside
            });
            let start = end.map_or(bytes.len(), |e| cut + e + 1);
            if starts.last().is_some_and(|s| *s < start) {
                starts.push(start);
            }
        }
        before += count;
    }
    starts.push(bytes.len());
    starts.windows(2).filter(|w| w[0] < w[1]).map(|w| w[0]..w[1]).collect()
}

/// How a column of the file is read.
#[derive(Clone)]
enum Action<'a> {
    Skip,
    Number(usize),
    Text(usize),
    Date { to: usize, format: Option<&'a str>, optional: bool },
}

struct Plan<'a> {
    file: &'a Csv,
    // By column of the file.
    actions: Vec<Action<'a>>,
    wanted: &'a [(usize, Wanted)],
    missing: &'a [String],
}

/// The rows of a piece. Lines count from 0 at its start.
struct Piece {
    rows: usize,
    columns: Vec<Column>,
    lines: Vec<(usize, u64)>,
    line_count: u64,
    faults: Faults,
}

impl<'a> Plan<'a> {
    fn new(file: &'a Csv, wanted: &'a [(usize, Wanted)], missing: &'a [String]) -> Self {
        let mut actions = vec![Action::Skip; file.names.len()];
        for (to, (column, what)) in wanted.iter().enumerate() {
            actions[*column] = match what {
                Wanted::Number => Action::Number(to),
                Wanted::Text => Action::Text(to),
                Wanted::Date { format, optional } => {
                    Action::Date { to, format: format.as_deref(), optional: *optional }
                }
            };
        }
        Self { file, actions, wanted, missing }
    }

    /// Reads the rows from `start` to the end of `bytes`.
    fn piece(&self, bytes: &[u8], start: usize) -> Piece {
        let mut fields = Fields { bytes, at: start, line: 0, delimiter: self.file.delimiter };
        let mut piece =
            Piece::new(self.wanted, (bytes.len() - start) / (8 * self.actions.len()).max(16));
        let mut texts: Vec<Dictionary> =
            self.wanted.iter().map(|_| Dictionary::default()).collect();
        let mut expected_line = u64::MAX;
        skip_blank(bytes, &mut fields.at, &mut fields.line);
        while fields.at < bytes.len() {
            let line = fields.line;
            if line != expected_line {
                piece.lines.push((piece.rows, line));
            }
            self.row(&mut fields, &mut piece, &mut texts);
            expected_line = line + 1;
        }
        for (column, dictionary) in piece.columns.iter_mut().zip(texts) {
            if let Column::Text(text) = column {
                text.texts = dictionary.texts;
            }
        }
        piece.line_count = fields.line;
        piece
    }

    #[inline]
    fn row(&self, fields: &mut Fields<'_>, piece: &mut Piece, texts: &mut [Dictionary]) {
        let line = fields.line;
        let mut count = 0;
        let mut ended = false;
        for action in &self.actions {
            let last = match (action, &mut piece.columns) {
                (Action::Skip, _) => match fields.next_field() {
                    Some((_, last)) => last,
                    None => break,
                },
                (Action::Number(to), columns) => {
                    let Column::Number(values) = &mut columns[*to] else { unreachable!("planned") };
                    let (value, last) = match fast_number(fields) {
                        Some(value) => (value, fields.end_field()),
                        None => {
                            let Some((field, last)) = fields.next_field() else { break };
                            let text = String::from_utf8_lossy(&field);
                            (self.number(&text, line, count, &mut piece.faults), last)
                        }
                    };
                    values.push(value);
                    last
                }
                (Action::Date { to, format, optional }, columns) => {
                    let Column::Date(days) = &mut columns[*to] else { unreachable!("planned") };
                    let Some((field, last)) = fields.next_field() else { break };
                    let fast = if format.is_none() { value::iso(&field) } else { None };
                    let day = fast.unwrap_or_else(|| {
                        let text = String::from_utf8_lossy(&field);
                        self.date(&text, *format, *optional, line, count, &mut piece.faults)
                    });
                    days.push(day);
                    last
                }
                (Action::Text(to), columns) => {
                    let Column::Text(text) = &mut columns[*to] else { unreachable!("planned") };
                    let Some((field, last)) = fields.next_field() else { break };
                    text.codes.push(texts[*to].code(&field));
                    last
                }
            };
            count += 1;
            if last {
                ended = true;
                break;
            }
        }
        piece.rows += 1;
        let columns = self.actions.len();
        let ended = ended || fields.at >= fields.bytes.len();
        if count < columns || !ended {
            self.ragged(fields, line, count, ended, piece, texts);
        }
    }

    /// A row with too few or too many fields: reported, and filled up so that the columns stay of one length.
    #[cold]
    fn ragged(
        &self,
        fields: &mut Fields<'_>,
        line: u64,
        count: usize,
        ended: bool,
        piece: &mut Piece,
        texts: &mut [Dictionary],
    ) {
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
        for (column, dictionary) in piece.columns.iter_mut().zip(texts) {
            match column {
                Column::Number(values) => values.resize(piece.rows, f64::NAN),
                Column::Date(days) => days.resize(piece.rows, NO_DATE),
                Column::Text(text) if text.codes.len() < piece.rows => {
                    text.codes.push(dictionary.code(b""));
                }
                Column::Text(_) => {}
            }
        }
        let columns = self.actions.len();
        // Empty fields beyond the header's do no harm.
        if found > columns && blank {
            return;
        }
        piece.faults.add(|| {
            let message = format!("expected {columns} fields, found {found}");
            Diagnostic::error(Code::DataFormat, message).in_file(&self.file.path).row(line)
        });
    }

    #[cold]
    fn number(&self, text: &str, line: u64, column: usize, faults: &mut Faults) -> f64 {
        if self.missing.iter().any(|m| m == text.trim()) {
            return f64::NAN;
        }
        value::number(text).unwrap_or_else(|| {
            faults.add(|| self.unreadable(Code::BadNumber, "a number", text, line, column));
            f64::NAN
        })
    }

    fn date(
        &self,
        text: &str,
        format: Option<&str>,
        optional: bool,
        line: u64,
        column: usize,
        faults: &mut Faults,
    ) -> i32 {
        if optional && value::is_missing(text) {
            return NO_DATE;
        }
        value::date(text, format).unwrap_or_else(|| {
            faults.add(|| {
                let expected = match format {
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
            .in_file(&self.file.path)
            .row(line)
            .column(self.file.names[column].as_str())
    }
}

/// A number that stands plainly between delimiters; leaves the rest to the slow way.
#[inline]
fn fast_number(fields: &mut Fields<'_>) -> Option<f64> {
    let rest = &fields.bytes[fields.at..];
    if !matches!(rest.first(), Some(b'0'..=b'9' | b'-' | b'.')) {
        return None;
    }
    let (value, length) = fast_float2::parse_partial::<f64, _>(rest).ok()?;
    let ends = match rest.get(length) {
        Some(b) => *b == fields.delimiter || *b == b'\n' || *b == b'\r',
        None => true,
    };
    if !ends || !value.is_finite() {
        return None;
    }
    fields.at += length;
    Some(value)
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
    #[inline]
    fn code(&mut self, text: &[u8]) -> u32 {
        if text == self.last.as_slice() && !self.texts.is_empty() {
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
        self.last.extend_from_slice(text);
        self.last_code = code;
        code
    }
}

impl Piece {
    fn new(wanted: &[(usize, Wanted)], rows: usize) -> Self {
        let columns = wanted.iter().map(|(_, what)| match what {
            Wanted::Number => Column::Number(Vec::with_capacity(rows)),
            Wanted::Text => Column::Text(Text { codes: Vec::with_capacity(rows), texts: vec![] }),
            Wanted::Date { .. } => Column::Date(Vec::with_capacity(rows)),
        });
        let columns = columns.collect();
        Self { rows: 0, columns, lines: vec![], line_count: 0, faults: Faults::default() }
    }
}

/// The pieces as one table.
fn join(
    file: &Csv,
    wanted: &[(usize, Wanted)],
    pieces: Vec<Piece>,
) -> Result<Table, Vec<Diagnostic>> {
    let rows = pieces.iter().map(|p| p.rows).sum();
    let mut lines = vec![];
    let mut faults = Faults::default();
    let (mut row, mut line) = (0, file.body_line);
    let mut parts: Vec<Vec<Column>> = wanted.iter().map(|_| vec![]).collect();
    for mut piece in pieces {
        lines.extend(piece.lines.iter().map(|(r, l)| (row + r, line + l)));
        piece.faults.each(|d| {
            if let Some(row) = d.data.as_mut().and_then(|p| p.row.as_mut()) {
                *row += line;
            }
        });
        faults.append(piece.faults);
        row += piece.rows;
        line += piece.line_count;
        for (part, column) in parts.iter_mut().zip(piece.columns) {
            part.push(column);
        }
    }
    if !faults.is_empty() {
        return Err(faults.into_list(&file.path));
    }
    let columns = parts.into_par_iter().map(|parts| concatenate(parts, rows)).collect();
    Ok(Table { file: file.path.clone(), rows, columns, lines: Lines(lines) })
}

fn concatenate(parts: Vec<Column>, rows: usize) -> Column {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return Column::Number(vec![]) };
    match first {
        Column::Number(mut values) => {
            values.reserve_exact(rows - values.len());
            for part in parts {
                if let Column::Number(more) = part {
                    values.extend_from_slice(&more);
                }
            }
            Column::Number(values)
        }
        Column::Date(mut days) => {
            days.reserve_exact(rows - days.len());
            for part in parts {
                if let Column::Date(more) = part {
                    days.extend_from_slice(&more);
                }
            }
            Column::Date(days)
        }
        Column::Text(first) => Column::Text(merge(first, parts)),
    }
}

/// Texts of several pieces with one dictionary, in the order in which they first stand.
fn merge(first: Text, rest: impl Iterator<Item = Column>) -> Text {
    let mut codes: FxHashMap<String, u32> = FxHashMap::default();
    let mut all = Text::default();
    let texts = rest.filter_map(|c| if let Column::Text(text) = c { Some(text) } else { None });
    for text in std::iter::once(first).chain(texts) {
        let map: Vec<u32> = text
            .texts
            .into_iter()
            .map(|t| match codes.get(&t) {
                Some(code) => *code,
                None => {
                    let code = all.texts.len() as u32;
                    all.texts.push(t.clone());
                    codes.insert(t, code);
                    code
                }
            })
            .collect();
        all.codes.extend(text.codes.iter().map(|c| map[*c as usize]));
    }
    all
}
