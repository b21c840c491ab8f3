//! A table as it was read from a file, column by column, and the file it is read from.

use super::{buffer::Numbers, csv::Csv, parquet::Parquet, progress::Progress};
use crate::diagnostic::{Code, Diagnostic};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

/// How many faulty rows are reported one by one.
const SHOWN: usize = 20;

/// As what a column is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Number,
    /// Text in which nothing stands for a missing value.
    Text,
    /// A date, in a declared format or one of the usual ones. `optional`: a missing one is no fault.
    Date {
        format: Option<String>,
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

    /// Moves the filled stretches together: of each stretch of `room`, the first `filled` rows stay.
    pub(super) fn close_gaps(&mut self, room: &[usize], filled: &[usize]) {
        fn close<T: super::buffer::Number>(
            values: &mut Numbers<T>,
            room: &[usize],
            filled: &[usize],
        ) {
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

/// Where in the file the rows of a table stand: stretches of rows on consecutive lines, each with its first row and the
/// line of that.
#[derive(Debug, Default)]
pub(super) struct Lines(pub(super) Vec<(usize, u64)>);

impl Lines {
    /// The line of a row, as an editor counts.
    pub(super) fn line(&self, row: usize) -> u64 {
        let stretch = self.0.partition_point(|(first, _)| *first <= row);
        match stretch.checked_sub(1).map(|i| self.0[i]) {
            Some((first, line)) => line + (row - first) as u64,
            None => row as u64 + 1,
        }
    }
}

/// Faults in rows: the first few in full, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Vec<Diagnostic>,
    total: usize,
}

impl Faults {
    /// Adds a fault; it is only put into words if it will be shown.
    pub(super) fn add(&mut self, fault: impl FnOnce() -> Diagnostic) {
        if self.list.len() < SHOWN {
            self.list.push(fault());
        }
        self.total += 1;
    }

    /// Adds those of the rows that follow.
    pub(super) fn append(&mut self, other: Self) {
        self.total += other.total;
        let room = SHOWN - self.list.len();
        self.list.extend(other.list.into_iter().take(room));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// All that is to be said.
    pub(super) fn into_list(mut self, file: &Path) -> Vec<Diagnostic> {
        let shown = self.list.len();
        if self.total > shown {
            let message = format!("{} more rows of this file are faulty", self.total - shown);
            self.list.push(Diagnostic::error(Code::DataFormat, message).in_file(file));
        }
        self.list
    }

    /// For each to be changed: rows counted within a piece become lines of the file.
    pub(super) fn each(&mut self, change: impl FnMut(&mut Diagnostic)) {
        self.list.iter_mut().for_each(change);
    }
}

/// What a column seems to hold, from its type or its first rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    Number,
    Date,
    Text,
}

/// A file with a table, of which the names of the columns are known and nothing else was read.
pub(super) enum TableFile {
    Csv(Csv),
    Parquet(Parquet),
}

impl TableFile {
    /// Opens a CSV file (`.csv`, `.tsv`, `.txt`, each also with `.gz`) or a Parquet file (`.parquet`, `.pq`).
    pub(super) fn open(path: &Path) -> Result<Self, Diagnostic> {
        if !path.exists() {
            let message = format!("there is no file `{}`", path.display());
            return Err(Diagnostic::error(Code::DataNotFound, message));
        }
        if path.is_dir() {
            let message = format!("expected a file, found the folder `{}`", path.display());
            return Err(Diagnostic::error(Code::DataUnreadable, message));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let ends = |endings: &[&str]| endings.iter().any(|e| plain.ends_with(e));
        if ends(&[".parquet", ".pq"]) {
            Parquet::open(path).map(Self::Parquet)
        } else if ends(&[".csv", ".tsv", ".txt"]) {
            Csv::open(path).map(Self::Csv)
        } else {
            let message = format!("`{name}` is neither CSV nor Parquet by its name");
            let error = Diagnostic::error(Code::DataFormat, message).in_file(path);
            Err(error.help("name it `.csv`, `.csv.gz` or `.parquet`"))
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Csv(file) => &file.path,
            Self::Parquet(file) => &file.path,
        }
    }

    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::Csv(file) => &file.names,
            Self::Parquet(file) => &file.names,
        }
    }

    pub(super) fn looks(&self, column: usize) -> Looks {
        match self {
            Self::Csv(file) => file.looks[column],
            Self::Parquet(file) => file.looks[column],
        }
    }

    /// Reads columns, by their places in `names`; `missing` are more texts that stand for a missing number.
    pub(super) fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let mut table = match self {
            Self::Csv(file) => file.read(wanted, missing, progress)?,
            Self::Parquet(file) => file.read(wanted, missing, progress)?,
        };
        let numbers: Vec<f64> = missing.iter().filter_map(|m| m.trim().parse().ok()).collect();
        if !numbers.is_empty() {
            for column in &mut table.columns {
                let Column::Number(values) = column else { continue };
                values.iter_mut().filter(|v| numbers.contains(v)).for_each(|v| *v = f64::NAN);
            }
        }
        if table.rows == 0 {
            let error = Diagnostic::error(Code::NoRows, "the table has a header and no rows");
            return Err(vec![error.in_file(self.path())]);
        }
        Ok(table)
    }
}
