//! Parquet files: row groups and columns in parallel, numbers through the crate's column readers, texts by the indices
//! of their dictionaries.

use super::{
    csv::merge,
    progress::Progress,
    table::{Column, Faults, Lines, Looks, NO_DATE, Table, Text, Wanted},
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
use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

const DAY_SECONDS: i64 = 86_400;
/// Room is made beforehand for so many values only: a damaged file may claim any number.
pub(super) const MOST_RESERVED: usize = 1 << 22;

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
        let file = File::open(path).map_err(|e| unreadable(e.to_string()))?;
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
        let mut tasks: Vec<(usize, usize)> = vec![];
        for group in 0..groups {
            tasks.extend((0..wanted.len()).map(|w| (group, w)));
        }
        let read: Vec<Result<Column, Box<Diagnostic>>> = tasks
            .into_par_iter()
            .map(|(group, w)| {
                let (column, what) = &wanted[w];
                let column = self.guarded(group, *column, what).map_err(Box::new);
                progress.advance(1);
                column
            })
            .collect();
        let mut parts: Vec<Vec<Column>> = wanted.iter().map(|_| vec![]).collect();
        for (i, column) in read.into_iter().enumerate() {
            parts[i % wanted.len().max(1)].push(column.map_err(|d| vec![*d])?);
        }
        let metadata = &self.metadata;
        let rows: usize = (0..groups).map(|g| metadata.row_group(g).num_rows() as usize).sum();
        let jobs: Vec<_> = parts.into_iter().zip(wanted).collect();
        let joined: Vec<(Column, Faults)> = jobs
            .into_par_iter()
            .map(|(parts, (column, what))| self.convert(parts, *column, what, rows, missing))
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
    fn guarded(&self, group: usize, column: usize, what: &Wanted) -> Result<Column, Diagnostic> {
        let read = AssertUnwindSafe(|| self.column(group, column, what));
        catch_unwind(read).unwrap_or_else(|_| {
            let message = format!("row group {} cannot be read: a page is damaged", group + 1);
            let error = Diagnostic::error(Code::DataUnreadable, message).in_file(&self.path);
            Err(error.column(self.names[column].as_str()).help("fetch the file again"))
        })
    }

    /// One column of one row group, in the form nearest to how it is stored: numbers, days, or texts.
    fn column(&self, group: usize, column: usize, what: &Wanted) -> Result<Column, Diagnostic> {
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
        if descriptor.physical_type() == Physical::BYTE_ARRAY {
            let optional = descriptor.max_def_level();
            let text = texts::read(&mut pages, rows, optional).map_err(|e| fault(&e))?;
            return Ok(Column::Text(text));
        }
        let time = match what {
            Wanted::Date { .. } => Some(self.times[column]),
            _ => None,
        };
        let decimal = descriptor.converted_type() == ConvertedType::DECIMAL;
        let scale = decimal.then(|| descriptor.type_scale());
        let reader = get_column_reader(descriptor, Box::new(pages));
        numbers(reader, rows, time, scale).map_err(|e| fault(&e))
    }

    /// The pieces of a column as one, as it is wanted.
    fn convert(
        &self,
        parts: Vec<Column>,
        column: usize,
        what: &Wanted,
        rows: usize,
        missing: &[String],
    ) -> (Column, Faults) {
        let mut faults = Faults::default();
        let fault = |row: usize, code, expected: &str, found: &str| {
            Diagnostic::error(code, format!("expected {expected}, found `{found}`"))
                .in_file(&self.path)
                .row(row as u64 + 1)
                .column(self.names[column].as_str())
        };
        let joined = concatenate(parts, rows);
        let column = match (joined, what) {
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
                let mut text = Text::default();
                let mut codes = rustc_hash::FxHashMap::<u64, u32>::default();
                for value in values {
                    let code = *codes.entry(value.to_bits()).or_insert_with(|| {
                        let shown = if value.is_nan() { String::new() } else { value.to_string() };
                        text.texts.push(shown);
                        text.texts.len() as u32 - 1
                    });
                    text.codes.push(code);
                }
                Column::Text(text)
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
    group.num_rows() >= 0
        && group.columns().iter().all(|c| {
            let start = c.dictionary_page_offset().unwrap_or_else(|| c.data_page_offset());
            inside(start, c.compressed_size()) && inside(c.data_page_offset(), 0)
        })
}

/// Infinite numbers are what remains of a division by zero: missing.
fn without_infinite(mut values: Vec<f64>) -> Vec<f64> {
    for value in &mut values {
        if value.is_infinite() {
            *value = f64::NAN;
        }
    }
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

/// Reads a column of numbers: as days if `time` is given (whole numbers without a time type are read as yyyymmdd),
/// else as numbers, of which decimals are divided by ten to their scale.
fn numbers(
    reader: ColumnReader,
    rows: usize,
    time: Option<Option<Time>>,
    scale: Option<i32>,
) -> Result<Column, ParquetError> {
    let sound = |n: i64| i32::try_from(n).ok().filter(|d| value::is_sound(*d)).unwrap_or(NO_DATE);
    let day = |n: i64| match time.flatten() {
        Some(Time::Days) => sound(n),
        Some(Time::Ticks(rate)) => sound(n.div_euclid(rate.saturating_mul(DAY_SECONDS))),
        None => value::from_integer(n).unwrap_or(NO_DATE),
    };
    let divisor = scale.map_or(1.0, |s| (0..s).fold(1.0, |d, _| d * 10.0));
    let whole = |n: i64| n as f64 / divisor;
    Ok(match (reader, time.is_some()) {
        (ColumnReader::BoolColumnReader(r), false) => {
            Column::Number(values(r, rows, f64::NAN, |v| f64::from(u8::from(*v)))?)
        }
        (ColumnReader::Int32ColumnReader(r), false) => {
            Column::Number(values(r, rows, f64::NAN, |v| whole(i64::from(*v)))?)
        }
        (ColumnReader::Int64ColumnReader(r), false) => {
            Column::Number(values(r, rows, f64::NAN, |v| whole(*v))?)
        }
        (ColumnReader::FloatColumnReader(r), false) => {
            Column::Number(values(r, rows, f64::NAN, |v| f64::from(*v))?)
        }
        (ColumnReader::DoubleColumnReader(r), false) => {
            Column::Number(values(r, rows, f64::NAN, |v| *v)?)
        }
        (ColumnReader::Int32ColumnReader(r), true) => {
            Column::Date(values(r, rows, NO_DATE, |v| day(i64::from(*v)))?)
        }
        (ColumnReader::Int64ColumnReader(r), true) => {
            Column::Date(values(r, rows, NO_DATE, |v| day(*v))?)
        }
        (ColumnReader::Int96ColumnReader(r), true) => {
            Column::Date(values(r, rows, NO_DATE, |v| day(v.to_millis()))?)
        }
        (ColumnReader::DoubleColumnReader(r), true) => {
            Column::Date(values(r, rows, NO_DATE, |v| day(*v as i64))?)
        }
        _ => {
            return Err(ParquetError::General(
                "type: the column's type is not one that is read".into(),
            ));
        }
    })
}

/// All values of a column, with `missing` where it has none.
fn values<T: DataType, U: Copy>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    missing: U,
    convert: impl Fn(&T::T) -> U,
) -> Result<Vec<U>, ParquetError> {
    const BATCH: usize = 8192;
    let mut out = Vec::with_capacity(rows.min(MOST_RESERVED));
    let mut levels: Vec<i16> = Vec::with_capacity(BATCH);
    let mut batch: Vec<T::T> = Vec::with_capacity(BATCH);
    while out.len() < rows {
        levels.clear();
        batch.clear();
        let most = BATCH.min(rows - out.len());
        let (records, found, _) = reader.read_records(most, Some(&mut levels), None, &mut batch)?;
        if records == 0 {
            return Err(ParquetError::EOF("end: fewer values than rows".into()));
        }
        if found == records {
            out.extend(batch.iter().map(&convert));
        } else {
            let top = levels.iter().copied().max().unwrap_or(0);
            let full = if found == 0 { i16::MAX } else { top };
            let mut next = batch.iter();
            for level in &levels {
                let value = if *level == full { next.next() } else { None };
                out.push(value.map_or(missing, &convert));
            }
        }
    }
    Ok(out)
}

fn concatenate(parts: Vec<Column>, rows: usize) -> Column {
    let mut parts = parts.into_iter();
    match parts.next() {
        None => Column::Number(vec![]),
        Some(Column::Text(first)) => Column::Text(merge(first, parts)),
        Some(Column::Number(mut values)) => {
            values.reserve_exact(rows - values.len());
            for part in parts {
                if let Column::Number(more) = part {
                    values.extend_from_slice(&more);
                }
            }
            Column::Number(values)
        }
        Some(Column::Date(mut days)) => {
            days.reserve_exact(rows - days.len());
            for part in parts {
                if let Column::Date(more) = part {
                    days.extend_from_slice(&more);
                }
            }
            Column::Date(days)
        }
    }
}
