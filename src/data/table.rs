//! A table as it was read, column by column, and where each of its rows stands.

use super::{
    buffer::{Number, Numbers},
    moment::DayForm,
};
use crate::diagnostic::{Code, Diagnostic};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// As what a column is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Number,
    /// Text in which nothing stands for a missing value.
    Text,
    /// A date. `optional`: a missing one is no fault.
    Date {
        form: DayForm,
        optional: bool,
    },
}

/// The date that a missing optional date is read as.
pub(super) const NO_DATE: i32 = i32::MIN;

/// The values of a column.
#[derive(Debug)]
pub(super) enum Column {
    Number(Numbers<f64>),
    Text(Text),
    Date(Numbers<i32>),
}

/// A stretch of a column that is being filled.
pub(super) enum Slot<'a> {
    Number(&'a mut [f64]),
    Text(&'a mut [u32]),
    Date(&'a mut [i32]),
}

impl Column {
    /// Room for so many rows.
    pub(super) fn zeroed(what: &Wanted, rows: usize) -> Self {
        match what {
            Wanted::Number => Self::Number(Numbers::zeroed(rows)),
            Wanted::Text => Self::Text(Text { codes: Numbers::zeroed(rows), texts: vec![] }),
            Wanted::Date { .. } => Self::Date(Numbers::zeroed(rows)),
        }
    }

    /// Cuts the room into stretches of these lengths.
    pub(super) fn cut<'a>(
        &'a mut self,
        lengths: &'a [usize],
    ) -> Box<dyn Iterator<Item = Slot<'a>> + 'a> {
        fn cut<'a, T>(
            mut rest: &'a mut [T],
            lengths: &'a [usize],
        ) -> impl Iterator<Item = &'a mut [T]> {
            lengths.iter().map(move |length| {
                let (taken, left) = std::mem::take(&mut rest).split_at_mut(*length);
                rest = left;
                taken
            })
        }
        match self {
            Self::Number(values) => Box::new(cut(values, lengths).map(Slot::Number)),
            Self::Text(text) => Box::new(cut(&mut text.codes, lengths).map(Slot::Text)),
            Self::Date(days) => Box::new(cut(days, lengths).map(Slot::Date)),
        }
    }

    /// Puts columns of one kind one below the other.
    fn join(parts: Vec<Self>, lengths: &[usize]) -> Self {
        fn join<T: Number>(parts: Vec<Numbers<T>>, lengths: &[usize]) -> Numbers<T> {
            let mut whole = Numbers::zeroed(lengths.iter().sum());
            let mut at = 0;
            for part in parts {
                whole[at..at + part.len()].copy_from_slice(&part);
                at += part.len();
            }
            whole
        }
        let (mut numbers, mut days, mut codes, mut texts) = (vec![], vec![], vec![], vec![]);
        for part in parts {
            match part {
                Self::Number(values) => numbers.push(values),
                Self::Date(values) => days.push(values),
                Self::Text(text) => {
                    codes.push(text.codes);
                    texts.push(text.texts);
                }
            }
        }
        if !numbers.is_empty() {
            Self::Number(join(numbers, lengths))
        } else if !days.is_empty() {
            Self::Date(join(days, lengths))
        } else {
            let mut text = Text { codes: join(codes, lengths), texts: vec![] };
            unite(&mut text, texts, lengths);
            Self::Text(text)
        }
    }

    /// Moves the filled stretches together: of each stretch of `room`, the first `filled` rows stay.
    pub(super) fn close_gaps(&mut self, room: &[usize], filled: &[usize]) {
        fn close<T: Number>(values: &mut Numbers<T>, room: &[usize], filled: &[usize]) {
            let (mut from, mut to) = (0, 0);
            for (room, filled) in room.iter().zip(filled) {
                if from != to {
                    values.copy_within(from..from + filled, to);
                }
                from += room;
                to += filled;
            }
            values.truncate(to);
        }
        match self {
            Self::Number(values) => close(values, room, filled),
            Self::Text(text) => close(&mut text.codes, room, filled),
            Self::Date(days) => close(days, room, filled),
        }
    }
}

/// A column of texts: `texts[codes[row]]`.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) codes: Numbers<u32>,
    pub(super) texts: Vec<String>,
}

impl Text {
    pub(super) fn get(&self, row: usize) -> &str {
        &self.texts[self.codes[row] as usize]
    }
}

/// Gives the codes of all parts of a column one list of texts, in the order in which they first stand.
pub(super) fn unite(text: &mut Text, groups: Vec<Vec<String>>, lengths: &[usize]) {
    let mut known: FxHashMap<String, u32> = FxHashMap::default();
    let mut maps = vec![];
    for texts in groups {
        let mut map = Vec::with_capacity(texts.len());
        for one in texts {
            let next = text.texts.len() as u32;
            let code = *known.entry(one.clone()).or_insert(next);
            if code == next {
                text.texts.push(one);
            }
            map.push(code);
        }
        maps.push(map);
    }
    let mut stretches = vec![];
    let mut rest = &mut *text.codes;
    for (length, map) in lengths.iter().zip(&maps) {
        let (taken, left) = rest.split_at_mut(*length);
        stretches.push((taken, map));
        rest = left;
    }
    stretches.into_par_iter().for_each(|(codes, map)| {
        codes.iter_mut().for_each(|code| *code = map[*code as usize]);
    });
}

/// The columns that were wanted, in the order in which they were wanted.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) file: PathBuf,
    pub(super) rows: usize,
    pub(super) columns: Vec<Column>,
    pub(super) lines: Lines,
}

impl Table {
    /// A complaint about a row.
    pub(super) fn fault(&self, row: usize, code: Code, message: impl Into<String>) -> Diagnostic {
        self.lines.place(row, &self.file, Diagnostic::error(code, message))
    }

    /// The complaint that what a row holds stands in an earlier row as well.
    pub(super) fn twice(&self, what: &str, first: usize, second: usize) -> Diagnostic {
        let lines = (self.lines.line(first), self.lines.line(second));
        let message = match (self.lines.file(first), self.lines.file(second)) {
            (Some(a), Some(b)) if a != b => format!(
                "{what} stands twice: in row {} of {} and in row {} of this file",
                lines.0,
                a.display(),
                lines.1
            ),
            _ => format!("{what} stands twice: in rows {} and {}", lines.0, lines.1),
        };
        self.fault(second, Code::DuplicateRow, message)
    }

    /// Puts tables with the same columns one below the other. Where they are of several files, each row remembers its.
    pub(super) fn join(mut tables: Vec<Self>, several_files: bool) -> Option<Self> {
        if tables.len() == 1 && !several_files {
            return tables.pop();
        }
        let lengths: Vec<usize> = tables.iter().map(|t| t.rows).collect();
        let mut lines = Lines::default();
        let mut rows = 0;
        for table in &mut tables {
            if several_files {
                lines.files.push((rows, Arc::from(table.file.as_path())));
            }
            if table.lines.stretches.is_empty() {
                lines.stretches.push((rows, 1));
            }
            let stretches = std::mem::take(&mut table.lines.stretches).into_iter();
            lines.stretches.extend(stretches.map(|(row, line)| (rows + row, line)));
            rows += table.rows;
        }
        let file = tables.first()?.file.clone();
        // Column by column, so that only one stands in memory twice.
        let mut parts: Vec<_> = tables.into_iter().map(|t| t.columns.into_iter()).collect();
        let mut columns = vec![];
        loop {
            let column: Vec<Column> = parts.iter_mut().filter_map(Iterator::next).collect();
            if column.is_empty() {
                break;
            }
            columns.push(Column::join(column, &lengths));
        }
        Some(Self { file, rows, columns, lines })
    }

    pub(super) fn number(&self, i: usize) -> &[f64] {
        match &self.columns[i] {
            Column::Number(values) => values,
            _ => unreachable!("it was read as a number"),
        }
    }

    pub(super) fn text(&self, i: usize) -> &Text {
        match &self.columns[i] {
            Column::Text(text) => text,
            _ => unreachable!("it was read as text"),
        }
    }

    /// The texts of a column, which has none left.
    pub(super) fn take_text(&mut self, i: usize) -> Text {
        match &mut self.columns[i] {
            Column::Text(text) => std::mem::take(text),
            _ => unreachable!("it was read as text"),
        }
    }

    /// The dates of a column, which has none left.
    pub(super) fn take_date(&mut self, i: usize) -> Numbers<i32> {
        match &mut self.columns[i] {
            Column::Date(days) => std::mem::take(days),
            _ => unreachable!("it was read as a date"),
        }
    }

    pub(super) fn date(&self, i: usize) -> &[i32] {
        match &self.columns[i] {
            Column::Date(days) => days,
            _ => unreachable!("it was read as a date"),
        }
    }
}

/// Where the rows of a table stand: stretches of rows on consecutive lines, each with its first row and the line of that;
/// and, where the rows are of several files, the first row of each stretch of rows of one file.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) stretches: Vec<(usize, u64)>,
    pub(super) files: Vec<(usize, Arc<Path>)>,
}

impl Lines {
    /// The line of a row, as an editor counts.
    pub(super) fn line(&self, row: usize) -> u64 {
        let stretch = self.stretches.partition_point(|(first, _)| *first <= row);
        match stretch.checked_sub(1).map(|i| self.stretches[i]) {
            Some((first, line)) => line + (row - first) as u64,
            None => row as u64 + 1,
        }
    }

    /// The file of a row, where there are several.
    pub(super) fn file(&self, row: usize) -> Option<&Arc<Path>> {
        let stretch = self.files.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        Some(&self.files[stretch].1)
    }

    /// Adds to a complaint in which row it is, of `file` unless there are several.
    pub(super) fn place(&self, row: usize, file: &Path, complaint: Diagnostic) -> Diagnostic {
        complaint.in_file(self.file(row).map_or(file, |file| file)).row(self.line(row))
    }

    /// Says that the next row to come, `row`, stands in a line of a file.
    pub(super) fn push(&mut self, row: usize, line: u64, file: Option<&Arc<Path>>) {
        self.stretches.push((row, line));
        if let Some(file) = file
            && self.files.last().is_none_or(|(_, last)| !Arc::ptr_eq(last, file))
        {
            self.files.push((row, file.clone()));
        }
    }
}

/// What a column seems to hold, from its type or its first rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    Number,
    Date,
    Text,
}
