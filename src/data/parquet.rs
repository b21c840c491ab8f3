//! Parquet files: row groups and columns in parallel, numbers through the crate's column readers, texts by the indices
//! of their dictionaries.

use super::{
    buffer::Numbers,
    fault,
    progress::Progress,
    table::{Column, Faults, Lines, Looks, NO_DATE, Slot, Table, Text, Wanted},
    texts, value,
};
use crate::diagnostic::{Code, Diagnostic};
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical},
    column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader},
    data_type::DataType,
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::FileReader,
        serialized_reader::{SerializedFileReader, SerializedPageReader},
    },
    schema::types::ColumnDescriptor,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

const DAY_SECONDS: i64 = 86_400;

/// A Parquet file whose footer was read.
pub(super) struct Parquet {
    pub(super) path: PathBuf,
    pub(super) names: Vec<String>,
    pub(super) looks: Vec<Looks>,
    times: Vec<Option<Time>>,
    metadata: Arc<ParquetMetaData>,
}

/// How the integers of a column stand for days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Days,
    /// So many a second.
    Ticks(i64),
}

impl Parquet {
    pub(super) fn open(path: &Path) -> Result<Self, Diagnostic> {
        let unreadable = |what: String| {
            let message = format!("the file cannot be read as Parquet: {what}");
            let error = Diagnostic::error(Code::DataUnreadable, message).in_file(path);
            error.help("a file that was cut off, as by a broken download, lacks its last bytes: fetch it again")
        };
        let file = File::open(path).map_err(|e| unreadable(fault::worded(&e)))?;
        if file.metadata().is_ok_and(|m| m.len() == 0) {
            return Err(Diagnostic::error(Code::NoRows, "the file is empty").in_file(path));
        }
        let reader = SerializedFileReader::new(file).map_err(|e| unreadable(plain(&e)))?;
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
        Ok(Self { path: path.to_owned(), names, looks, times, metadata })
    }

    pub(super) fn read(
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
                let texts = self.guarded(group, wanted[w].0, slot).map_err(Box::new);
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
                texts::unite(text, texts, &lengths);
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
            return Err(faults.into_list(&self.path));
        }
        Ok(Table { file: self.path.clone(), rows, columns, lines: Lines::default() })
    }

    /// [`Self::column`], where a panic of the crate over a damaged page is an error like any other.
    fn guarded(
        &self,
        group: usize,
        column: usize,
        slot: Slot<'_>,
    ) -> Result<Vec<String>, Diagnostic> {
        let read = AssertUnwindSafe(|| self.column(group, column, slot));
        catch_unwind(read).unwrap_or_else(|_| {
            let message = format!("row group {} cannot be read: a page is damaged", group + 1);
            let error = Diagnostic::error(Code::DataUnreadable, message).in_file(&self.path);
            Err(error.column(self.names[column].as_str()).help("fetch the file again"))
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
        slot: Slot<'_>,
    ) -> Result<Vec<String>, Diagnostic> {
        let fault = |e: &ParquetError| {
            let message = format!("row group {} cannot be read: {}", group + 1, plain(e));
            Diagnostic::error(Code::DataUnreadable, message)
                .in_file(&self.path)
                .column(self.names[column].as_str())
                .help("the file was cut off or damaged: fetch it again")
        };
        let metadata = self.metadata.row_group(group);
        let rows = metadata.num_rows() as usize;
        let chunk = metadata.column(column);
        let descriptor = chunk.column_descr_ptr();
        if descriptor.max_rep_level() > 0 {
            let message = "the column holds lists: expected one value a row";
            let error = Diagnostic::error(Code::DataFormat, message);
            return Err(error.in_file(&self.path).column(self.names[column].as_str()));
        }
        // A handle of its own: handles that were cloned share one place in the file, and threads would move it.
        let file =
            File::open(&self.path).map_err(|e| fault(&ParquetError::External(Box::new(e))))?;
        let mut pages =
            SerializedPageReader::new(Arc::new(file), chunk, rows, None).map_err(|e| fault(&e))?;
        if let Slot::Text(codes) = slot {
            let optional = descriptor.max_def_level();
            return texts::read(&mut pages, codes, optional).map_err(|e| fault(&e));
        }
        let decimal = descriptor.converted_type() == ConvertedType::DECIMAL;
        let scale = decimal.then(|| descriptor.type_scale());
        let reader = get_column_reader(descriptor, Box::new(pages));
        numbers(reader, slot, self.times[column], scale).map_err(|e| fault(&e))?;
        Ok(vec![])
    }

    /// A column as it is wanted.
    fn convert(
        &self,
        read: Column,
        column: usize,
        what: &Wanted,
        missing: &[String],
    ) -> (Column, Faults) {
        let mut faults = Faults::default();
        let fault = |row: usize, code, expected: &str, found: &str| {
            Diagnostic::error(code, format!("expected {expected}, found `{found}`"))
                .in_file(&self.path)
                .row(row as u64 + 1)
                .column(self.names[column].as_str())
        };
        let column = match (read, what) {
            (Column::Text(text), Wanted::Number) => {
                let parse = |t: &String| match missing.contains(t) {
                    true => Some(f64::NAN),
                    false => value::number(t),
                };
                let parsed: Vec<Option<f64>> = text.texts.iter().map(parse).collect();
                let number = |(row, code): (usize, &u32)| {
                    parsed[*code as usize].unwrap_or_else(|| {
                        let found = &text.texts[*code as usize];
                        faults.add(|| fault(row, Code::BadNumber, "a number", found));
                        f64::NAN
                    })
                };
                Column::Number(text.codes.iter().enumerate().map(number).collect())
            }
            (Column::Text(text), Wanted::Date { format, optional }) => {
                let parse = |t: &String| match *optional && value::is_missing(t) {
                    true => Some(NO_DATE),
                    false => value::date(t, format.as_deref()),
                };
                let parsed: Vec<Option<i32>> = text.texts.iter().map(parse).collect();
                let day = |(row, code): (usize, &u32)| {
                    parsed[*code as usize].unwrap_or_else(|| {
                        let found = &text.texts[*code as usize];
                        faults
                            .add(|| fault(row, Code::BadDate, "a date such as 2010-01-31", found));
                        NO_DATE
                    })
                };
                Column::Date(text.codes.iter().enumerate().map(day).collect())
            }
            (Column::Date(days), Wanted::Date { optional: false, .. }) => {
                for row in (0..days.len()).filter(|r| days[*r] == NO_DATE) {
                    let expected = "a date in the years 1 to 9999";
                    faults.add(|| fault(row, Code::BadDate, expected, "something else"));
                }
                Column::Date(days)
            }
            (Column::Number(values), Wanted::Text) => {
                let mut texts = vec![];
                let mut known = FxHashMap::<u64, u32>::default();
                let code = |value: &f64| {
                    *known.entry(value.to_bits()).or_insert_with(|| {
                        let shown = if value.is_nan() { String::new() } else { value.to_string() };
                        texts.push(shown);
                        texts.len() as u32 - 1
                    })
                };
                let codes = values.iter().map(code).collect();
                Column::Text(Text { codes, texts })
            }
            (Column::Number(values), Wanted::Number) => Column::Number(without_infinite(values)),
            (other, _) => other,
        };
        (column, faults)
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

/// Infinite numbers are what remains of a division by zero: missing.
fn without_infinite(mut values: Numbers<f64>) -> Numbers<f64> {
    values.par_iter_mut().filter(|v| v.is_infinite()).for_each(|v| *v = f64::NAN);
    values
}

/// The crate's message without its prefix.
fn plain(error: &ParquetError) -> String {
    let text = error.to_string();
    text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

fn time(column: &ColumnDescriptor) -> Option<Time> {
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (Physical::INT32, Some(LogicalType::Date), _) | (_, _, ConvertedType::DATE) => {
            Some(Time::Days)
        }
        (Physical::INT64, Some(LogicalType::Timestamp(t)), _) => Some(Time::Ticks(match t.unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        })),
        (_, _, ConvertedType::TIMESTAMP_MILLIS) => Some(Time::Ticks(1_000)),
        (_, _, ConvertedType::TIMESTAMP_MICROS) => Some(Time::Ticks(1_000_000)),
        (Physical::INT96, ..) => Some(Time::Ticks(1_000)),
        _ => None,
    }
}

fn looks(column: &ColumnDescriptor, time: Option<Time>) -> Looks {
    match column.physical_type() {
        _ if time.is_some() => Looks::Date,
        Physical::BYTE_ARRAY => Looks::Text,
        Physical::FIXED_LEN_BYTE_ARRAY => Looks::Text,
        _ => Looks::Number,
    }
}

/// Reads a column of numbers or days (whole numbers without a type of time are read as yyyymmdd); decimals are divided
/// by ten to their scale.
fn numbers(
    reader: ColumnReader,
    slot: Slot<'_>,
    time: Option<Time>,
    scale: Option<i32>,
) -> Result<(), ParquetError> {
    let sound = |n: i64| i32::try_from(n).ok().filter(|d| value::is_sound(*d)).unwrap_or(NO_DATE);
    let day = |n: i64| match time {
        Some(Time::Days) => sound(n),
        Some(Time::Ticks(rate)) => sound(n.div_euclid(rate.saturating_mul(DAY_SECONDS))),
        None => value::from_integer(n).unwrap_or(NO_DATE),
    };
    let divisor = scale.map_or(1.0, |s| (0..s).fold(1.0, |d, _| d * 10.0));
    let whole = |n: i64| n as f64 / divisor;
    match (reader, slot) {
        (ColumnReader::BoolColumnReader(r), Slot::Number(to)) => {
            values(r, to, f64::NAN, |v| f64::from(u8::from(*v)))
        }
        (ColumnReader::Int32ColumnReader(r), Slot::Number(to)) => {
            values(r, to, f64::NAN, |v| whole(i64::from(*v)))
        }
        (ColumnReader::Int64ColumnReader(r), Slot::Number(to)) => {
            values(r, to, f64::NAN, |v| whole(*v))
        }
        (ColumnReader::FloatColumnReader(r), Slot::Number(to)) => {
            values(r, to, f64::NAN, |v| f64::from(*v))
        }
        (ColumnReader::DoubleColumnReader(r), Slot::Number(to)) => values(r, to, f64::NAN, |v| *v),
        (ColumnReader::Int32ColumnReader(r), Slot::Date(to)) => {
            values(r, to, NO_DATE, |v| day(i64::from(*v)))
        }
        (ColumnReader::Int64ColumnReader(r), Slot::Date(to)) => values(r, to, NO_DATE, |v| day(*v)),
        (ColumnReader::Int96ColumnReader(r), Slot::Date(to)) => {
            values(r, to, NO_DATE, |v| day(v.to_millis()))
        }
        (ColumnReader::DoubleColumnReader(r), Slot::Date(to)) => {
            values(r, to, NO_DATE, |v| day(*v as i64))
        }
        _ => Err(ParquetError::General("type: the column's type is not one that is read".into())),
    }
}

/// All values of a column, with `missing` where it has none.
fn values<T: DataType, U: Copy>(
    mut reader: ColumnReaderImpl<T>,
    mut out: &mut [U],
    missing: U,
    convert: impl Fn(&T::T) -> U,
) -> Result<(), ParquetError> {
    const BATCH: usize = 8192;
    let mut levels: Vec<i16> = Vec::with_capacity(BATCH);
    let mut batch: Vec<T::T> = Vec::with_capacity(BATCH);
    while !out.is_empty() {
        levels.clear();
        batch.clear();
        let most = BATCH.min(out.len());
        let (records, found, _) = reader.read_records(most, Some(&mut levels), None, &mut batch)?;
        if records == 0 || records > most {
            return Err(ParquetError::EOF("end: fewer values than rows".into()));
        }
        let (place, rest) = out.split_at_mut(records);
        if found == records {
            place.iter_mut().zip(&batch).for_each(|(to, value)| *to = convert(value));
        } else {
            let top = levels.iter().copied().max().unwrap_or(0);
            let full = if found == 0 { i16::MAX } else { top };
            let mut next = batch.iter();
            for (to, level) in place.iter_mut().zip(&levels) {
                let value = if *level == full { next.next() } else { None };
                *to = value.map_or(missing, &convert);
            }
        }
        out = rest;
    }
    Ok(())
}
