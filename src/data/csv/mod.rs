//! CSV files: cut into pieces at the ends of rows, which are read in parallel, each into its stretch of the columns.

mod decimal;
mod fields;
mod pieces;
mod rows;

use super::{
    buffer::{self, Bytes},
    faults::Faults,
    progress::Progress,
    source::Rows,
    table::{Column, Lines, Looks, Table, Wanted, unite},
    value,
};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use fields::{Fields, delimiter, skip_blank};
use flate2::read::MultiGzDecoder;
use rayon::prelude::*;
use rows::{Piece, Plan};
use std::{
    fs::File,
    io::Read,
    ops::Deref,
    path::{Path, PathBuf},
};

/// Rows by whose fields columns are judged.
const SAMPLE: usize = 100;

/// A CSV file whose header was read.
pub(super) struct Csv {
    path: PathBuf,
    names: Vec<String>,
    looks: Vec<Looks>,
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
            let message = format!("the file cannot be read: {}", io_reason(&e));
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

    fn read_once(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let pieces = pieces::cut(&self.content, self.body);
        progress.begin("reading", pieces.len() as u64);
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
                let read = plan.piece(&self.content[..piece.end], piece.start, slots);
                progress.advance(1);
                read
            })
            .collect();
        drop(slots);
        self.join(columns, &room, read)
    }

    /// The columns as one table, when each piece has filled its stretch of them.
    fn join(
        &self,
        mut columns: Vec<Column>,
        room: &[usize],
        pieces: Vec<Piece>,
    ) -> Result<Table, Vec<Diagnostic>> {
        let mut lines = vec![];
        let mut faults = Faults::default();
        let (mut row, mut line) = (0, self.body_line);
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
            return Err(faults.into_list(&self.path));
        }
        columns.par_iter_mut().zip(texts).for_each(|(column, texts)| {
            column.close_gaps(room, &rows);
            if let Column::Text(text) = column {
                unite(text, texts, &rows);
            }
        });
        Ok(Table {
            file: self.path.clone(),
            rows: row,
            columns,
            lines: Lines { stretches: lines, files: vec![] },
        })
    }
}

impl Rows for Csv {
    fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn looks(&self, column: usize) -> Looks {
        self.looks[column]
    }

    /// One that is wanted several times is read as often.
    fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let mut seen = vec![false; self.names.len()];
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
