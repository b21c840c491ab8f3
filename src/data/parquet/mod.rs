//! Parquet files: row groups and columns in parallel, numbers through the crate's column readers, texts by the indices
//! of their dictionaries.

mod convert;
mod file;
mod numbers;
mod texts;

use super::{
    faults::Faults,
    moment::DayForm,
    progress::Progress,
    source::{Head, Rows},
    table::{Column, Lines, Looks, Slot, Table, Wanted, unite},
};
use crate::diagnostic::{Code, Diagnostic, guarded, io_reason};
use file::Whole;
use numbers::{Time, numbers, time};
use parquet::{
    basic::{ConvertedType, Type as Physical},
    column::reader::get_column_reader,
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::FileReader,
        serialized_reader::{SerializedFileReader, SerializedPageReader},
    },
    schema::types::ColumnDescriptor,
};
use rayon::prelude::*;
use std::{fs::File, path::Path, sync::Arc};

/// A Parquet file whose footer was read.
pub(super) struct Parquet {
    head: Head,
    times: Vec<Option<Time>>,
    metadata: Arc<ParquetMetaData>,
}

impl Parquet {
    pub(super) fn open(path: &Path) -> Result<Self, Diagnostic> {
        let unreadable = |what: String| {
            let message = format!("the file cannot be read as Parquet: {what}");
            let error = Diagnostic::error(Code::DataUnreadable, message).in_file(path);
            error.help("a file that was cut off, as by a broken download, lacks its last bytes: fetch it again")
        };
        let file = File::open(path).map_err(|e| unreadable(io_reason(&e)))?;
        if file.metadata().is_ok_and(|m| m.len() == 0) {
            return Err(Diagnostic::error(Code::NoRows, "the file is empty").in_file(path));
        }
        let reader = guarded(|| SerializedFileReader::new(file))
            .ok_or_else(|| unreadable("its footer is damaged".to_owned()))?
            .map_err(|e| unreadable(plain(&e)))?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let columns = schema.columns();
        let names = columns.iter().map(|c| c.path().string()).collect();
        let times: Vec<Option<Time>> = columns.iter().map(|c| time(c)).collect();
        let looks = columns.iter().zip(&times).map(|(c, t)| looks(c, *t)).collect();
        let metadata = Arc::new(reader.metadata().clone());
        let length = path.metadata().map_or(0, |m| m.len());
        if !metadata.row_groups().iter().all(|g| is_sound(g, length)) {
            return Err(unreadable("its footer names places outside the file".to_owned()));
        }
        let head = Head { path: path.to_owned(), names, looks };
        Ok(Self { head, times, metadata })
    }

    /// [`Self::column`], where a panic of the crate over a damaged page is an error like any other.
    fn guarded_column(
        &self,
        group: usize,
        (column, what): &(usize, Wanted),
        slot: Slot<'_>,
    ) -> Result<Vec<String>, Diagnostic> {
        let column = *column;
        guarded(|| self.column(group, column, what, slot)).unwrap_or_else(|| {
            let message = format!("row group {} cannot be read: a page is damaged", group + 1);
            let error = self.head.fault(column, Code::DataUnreadable, message);
            Err(error.help("fetch the file again"))
        })
    }

    /// Room for a column, in the form nearest to how it is stored: numbers, days, or texts.
    fn room(&self, column: usize, what: &Wanted, rows: usize) -> Column {
        let physical = self.metadata.file_metadata().schema_descr().column(column).physical_type();
        match (physical, what) {
            (Physical::BYTE_ARRAY, _) => Column::zeroed(&Wanted::Text, rows),
            (_, Wanted::Date { .. }) => Column::zeroed(what, rows),
            (_, Wanted::Number | Wanted::Text) => Column::zeroed(&Wanted::Number, rows),
        }
    }

    /// Reads one column of one row group into its place; gives the texts that its codes stand for, if it has such.
    fn column(
        &self,
        group: usize,
        column: usize,
        what: &Wanted,
        slot: Slot<'_>,
    ) -> Result<Vec<String>, Diagnostic> {
        let fault = |e: &ParquetError| {
            let message = format!("row group {} cannot be read: {}", group + 1, plain(e));
            let error = self.head.fault(column, Code::DataUnreadable, message);
            error.help("the file was cut off or damaged: fetch it again")
        };
        let metadata = self.metadata.row_group(group);
        let rows = metadata.num_rows() as usize;
        let chunk = metadata.column(column);
        let descriptor = chunk.column_descr_ptr();
        if descriptor.max_rep_level() > 0 {
            let message = "the column holds lists: expected one value a row";
            return Err(self.head.fault(column, Code::DataFormat, message));
        }
        // A handle of its own: handles that were cloned share one place in the file, and threads would move it.
        let file = File::open(&self.head.path)
            .map_err(|e| fault(&ParquetError::General(format!("file: {}", io_reason(&e)))))?;
        let mut pages = SerializedPageReader::new(Arc::new(Whole(file)), chunk, rows, None)
            .map_err(|e| fault(&e))?;
        if let Slot::Text(codes) = slot {
            let optional = descriptor.max_def_level();
            return texts::read(&mut pages, codes, optional).map_err(|e| fault(&e));
        }
        let decimal = descriptor.converted_type() == ConvertedType::DECIMAL;
        let scale = decimal.then(|| descriptor.type_scale());
        let reader = get_column_reader(descriptor, Box::new(pages));
        let form = match what {
            Wanted::Date { form, .. } => form,
            Wanted::Number | Wanted::Text => &DayForm::default(),
        };
        numbers(reader, slot, self.times[column], form, scale).map_err(|e| fault(&e))?;
        Ok(vec![])
    }
}

impl Rows for Parquet {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let groups = self.metadata.num_row_groups();
        progress.begin("reading", (groups * wanted.len()) as u64);
        let lengths: Vec<usize> =
            (0..groups).map(|g| self.metadata.row_group(g).num_rows() as usize).collect();
        let rows = lengths.iter().sum();
        let mut columns: Vec<Column> =
            wanted.iter().map(|(c, what)| self.room(*c, what, rows)).collect();
        // Each row group is decoded straight into its stretch of the column.
        let mut tasks: Vec<(usize, usize, Slot<'_>)> = vec![];
        for (w, column) in columns.iter_mut().enumerate() {
            tasks.extend(column.cut(&lengths).enumerate().map(|(group, slot)| (group, w, slot)));
        }
        tasks.sort_by_key(|(group, ..)| *group);
        let read: Vec<Result<Vec<String>, Box<Diagnostic>>> = tasks
            .into_par_iter()
            .map(|(group, w, slot)| {
                let texts = self.guarded_column(group, &wanted[w], slot).map_err(Box::new);
                progress.advance(1);
                texts
            })
            .collect();
        let mut texts: Vec<Vec<Vec<String>>> = wanted.iter().map(|_| vec![]).collect();
        for (i, found) in read.into_iter().enumerate() {
            texts[i % wanted.len().max(1)].push(found.map_err(|d| vec![*d])?);
        }
        for (column, texts) in columns.iter_mut().zip(texts) {
            if let Column::Text(text) = column {
                unite(text, texts, &lengths);
            }
        }
        let jobs: Vec<_> = columns.into_iter().zip(wanted).collect();
        let joined: Vec<(Column, Faults)> = jobs
            .into_par_iter()
            .map(|(read, (column, what))| self.convert(read, *column, what, missing))
            .collect();
        let mut faults = Faults::default();
        let mut columns = vec![];
        for (column, more) in joined {
            columns.push(column);
            faults.append(more);
        }
        if !faults.is_empty() {
            return Err(faults.into_list(&self.head.path));
        }
        Ok(Table { file: self.head.path.clone(), rows, columns, lines: Lines::default() })
    }
}

/// Whether a row group lies within the file; the crate takes that for granted.
fn is_sound(group: &RowGroupMetaData, length: u64) -> bool {
    let inside = |start: i64, size: i64| {
        let end = u64::try_from(start).ok().zip(u64::try_from(size).ok());
        end.and_then(|(start, size)| start.checked_add(size)).is_some_and(|end| end <= length)
    };
    // A byte holds some rows at most, in files that people have.
    u64::try_from(group.num_rows()).is_ok_and(|rows| rows <= (length + 1024) * 1024)
        && group.columns().iter().all(|c| {
            let start = c.dictionary_page_offset().unwrap_or_else(|| c.data_page_offset());
            inside(start, c.compressed_size())
                && inside(c.data_page_offset(), 0)
                && (c.column_descr().max_rep_level() > 0 || c.num_values() == group.num_rows())
        })
}

/// The crate's message without its prefix.
fn plain(error: &ParquetError) -> String {
    let text = error.to_string();
    text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

fn looks(column: &ColumnDescriptor, time: Option<Time>) -> Looks {
    match column.physical_type() {
        _ if time.is_some() => Looks::Date,
        Physical::BYTE_ARRAY => Looks::Text,
        Physical::FIXED_LEN_BYTE_ARRAY => Looks::Text,
        _ => Looks::Number,
    }
}
