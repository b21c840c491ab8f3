//! CSV files: cut into pieces at the ends of rows, which are read in parallel, each into its stretch of the columns.

mod decimal;
mod fields;
mod packed;
mod pieces;
mod rows;

use super::{
    buffer::{self, Bytes},
    faults::Faults,
    progress::Progress,
    source::{Head, Rows},
    table::{Column, Lines, Looks, Table, Wanted, unite},
    value,
};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use fields::{Fields, delimiter, skip_blank};
use packed::{BLOCK, Blocks, HEAD};
use pieces::Cut;
use rayon::prelude::*;
use rows::{Piece, Plan};
use std::{fs::File, io, ops::Deref, path::Path};

pub(super) use packed::{ENDINGS, text};

/// Rows by whose fields columns are judged.
const SAMPLE: usize = 100;

/// How many bytes the names of the columns may take: a hundred thousand columns need less.
const LONGEST_HEADER: usize = 8 << 20;

/// A CSV file whose header was read.
pub(super) struct Csv {
    head: Head,
    content: Content,
    delimiter: u8,
    /// Where the rows begin, and on which line.
    body: usize,
    body_line: u64,
}

enum Content {
    /// The whole file.
    Mapped(Bytes),
    /// The first rows of a packed file.
    Head(Vec<u8>),
    /// All rows, which were taken out of a file.
    Text(Vec<u8>),
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(bytes) => bytes,
            Self::Head(bytes) | Self::Text(bytes) => bytes,
        }
    }
}

impl Csv {
    /// Reads the header and looks at the first rows.
    pub(super) fn open(path: &Path) -> Result<Self, Diagnostic> {
        let read = || {
            Ok(match packed::is_packed(path) {
                true => Content::Head(Blocks::open(path)?.next(HEAD)?.unwrap_or_default()),
                false => Content::Mapped(buffer::map(&File::open(path)?)?),
            })
        };
        let content = read().map_err(|e| unreadable(path, &e))?;
        Self::with_content(path, content)
    }

    /// A table that was taken out of a file, where its first row stands in this line.
    pub(super) fn of_text(path: &Path, text: Vec<u8>, line: u64) -> Result<Self, Diagnostic> {
        let table = Self::with_content(path, Content::Text(text))?;
        Ok(Self { body_line: line, ..table })
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
            if fields.at - body > LONGEST_HEADER {
                let size = LONGEST_HEADER >> 20;
                let message = format!("its first line is longer than {size} MiB, and no header is");
                return Err(fault(Code::DataFormat, &message)
                    .help("check that the file is a table, and which character ends its lines"));
            }
            if last {
                break;
            }
        }
        let looks = looks(&fields, names.len());
        let (body, body_line) = (fields.at, fields.line);
        let head = Head { path: path.to_owned(), names, looks };
        Ok(Self { head, delimiter, body, body_line, content })
    }

    fn read_once(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let read = match &self.content {
            Content::Mapped(_) | Content::Text(_) => {
                let bytes = &*self.content;
                let pieces = pieces::cut(bytes, self.body);
                progress.begin("reading", pieces.len() as u64);
                self.part(bytes, pieces, self.body_line, wanted, missing, progress).0
            }
            Content::Head(_) => self
                .unpacked(wanted, missing, progress)
                .map_err(|e| vec![unreadable(&self.head.path, &e)])?,
        };
        read.map_err(|faults| faults.into_list(&self.head.path))
    }

    /// Reads a packed file: while the rows of a block are read, the next is unpacked.
    fn unpacked(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> io::Result<Result<Table, Faults>> {
        let mut blocks = Blocks::open(&self.head.path)?;
        progress.begin("reading", blocks.size());
        let (mut body, mut line, mut place) = (self.body, self.body_line, 0);
        let (mut tables, mut faults) = (vec![], Faults::default());
        let mut block = blocks.next(BLOCK)?;
        while let Some(bytes) = block {
            progress.advance(blocks.place() - place);
            place = blocks.place();
            let read = || {
                let pieces = pieces::cut(&bytes, body.min(bytes.len()));
                self.part(&bytes, pieces, line, wanted, missing, &())
            };
            let ((part, lines), next) = rayon::join(read, || blocks.next(BLOCK));
            match part {
                // After a fault, the rest is read for its faults alone.
                Ok(table) if faults.is_empty() => tables.push(table),
                Ok(_) => {}
                Err(more) => {
                    tables.clear();
                    faults.append(more);
                }
            }
            (body, line, block) = (0, line + lines, next?);
        }
        let table = Table::join(tables, false).filter(|_| faults.is_empty());
        Ok(table.ok_or(faults))
    }

    /// Reads rows, cut into pieces, of which the first begins on a line; gives how many lines they have as well.
    fn part(
        &self,
        bytes: &[u8],
        pieces: Vec<Cut>,
        line: u64,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> (Result<Table, Faults>, u64) {
        let room: Vec<usize> = pieces.iter().map(|p| p.rows).collect();
        let mut columns: Vec<Column> =
            wanted.iter().map(|(_, what)| Column::zeroed(what, room.iter().sum())).collect();
        let plan = Plan::new(self, wanted, missing);
        let mut slots: Vec<_> = columns.iter_mut().map(|c| c.cut(&room)).collect();
        let jobs: Vec<_> = pieces
            .into_iter()
            .map(|piece| (piece, slots.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>()))
            .collect();
        let read: Vec<Piece> = jobs
            .into_par_iter()
            .map(|(piece, slots)| {
                let read = plan.piece(&bytes[..piece.end], piece.start, slots);
                progress.advance(1);
                read
            })
            .collect();
        drop(slots);
        let lines = read.iter().map(|p| p.line_count).sum();
        (self.join(columns, &room, line, read), lines)
    }

    /// The columns as one table, when each piece has filled its stretch of them.
    fn join(
        &self,
        mut columns: Vec<Column>,
        room: &[usize],
        mut line: u64,
        pieces: Vec<Piece>,
    ) -> Result<Table, Faults> {
        let mut lines = vec![];
        let mut faults = Faults::default();
        let mut row = 0;
        let mut texts: Vec<Vec<Vec<String>>> = columns.iter().map(|_| vec![]).collect();
        let rows: Vec<usize> = pieces.iter().map(|p| p.rows).collect();
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
            for (all, own) in texts.iter_mut().zip(piece.texts) {
                all.push(own);
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        columns.par_iter_mut().zip(texts).for_each(|(column, texts)| {
            column.close_gaps(room, &rows);
            if let Column::Text(text) = column {
                unite(text, texts, &rows);
            }
        });
        Ok(Table {
            file: self.head.path.clone(),
            rows: row,
            columns,
            lines: Lines { stretches: lines, files: vec![] },
        })
    }
}

impl Rows for Csv {
    fn head(&self) -> &Head {
        &self.head
    }

    /// One that is wanted several times is read as often.
    fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let mut seen = vec![false; self.head.names.len()];
        let again: Vec<bool> =
            wanted.iter().map(|(c, _)| std::mem::replace(&mut seen[*c], true)).collect();
        let part = |second: bool| {
            let chosen = wanted.iter().zip(&again).filter(|(_, again)| **again == second);
            chosen.map(|(w, _)| w.clone()).collect::<Vec<_>>()
        };
        let mut table = self.read_once(&part(false), missing, progress)?;
        if again.contains(&true) {
            let more = self.read(&part(true), missing, progress)?;
            let (mut first, mut more) = (table.columns.into_iter(), more.columns.into_iter());
            let next = again.iter().map(|again| if *again { more.next() } else { first.next() });
            table.columns = next.flatten().collect();
        }
        Ok(table)
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("the file cannot be read: {}", io_reason(error));
    Diagnostic::error(Code::DataUnreadable, message).in_file(path)
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
