//! Values by date and asset as a long table in a file, CSV or Parquet, written block by block: whole or not at all.

use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics, io_reason},
    panel::{Date, Row, days_since_epoch, from_days},
    types::Kind,
};
use parquet::{
    basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::Type,
};
use rayon::prelude::*;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many values a row group of Parquet holds, about.
const GROUP_VALUES: usize = 1 << 24;

/// A column of values.
#[derive(Debug, Clone)]
pub struct LongColumn {
    /// Its name.
    pub name: String,
    /// What an element is.
    pub kind: Kind,
    /// The texts of a label, by code; a label without them is written as its number.
    pub labels: Arc<[String]>,
    /// Whether a row is written for a value of this column alone. It is left out where all such are missing.
    pub decides: bool,
}

/// What a long table holds.
#[derive(Debug, Clone)]
pub struct LongTable<'a> {
    /// The date of each row of the calendar; `None` for a table without dates.
    pub dates: Option<&'a [Date]>,
    /// The symbol of each asset; `None` for a table without assets.
    pub symbols: Option<&'a [String]>,
    /// The columns of values.
    pub columns: Vec<LongColumn>,
}

/// The values of each column at a row: by asset, or one for all.
type RowValues<'v> = Vec<&'v [f64]>;

/// A long table that is being written. Unless it is finished, nothing is left of it.
pub struct LongWriter<'a> {
    table: LongTable<'a>,
    path: PathBuf,
    /// The new file, in a folder beside the place it goes to.
    new: PathBuf,
    _beside: tempfile::TempDir,
    form: Form,
    written: u64,
}

enum Form {
    Csv(BufWriter<File>),
    Parquet { writer: Box<SerializedFileWriter<File>>, group: Group },
}

/// The rows of the next row group.
#[derive(Default)]
struct Group {
    cells: Vec<(Row, u32)>,
    values: Vec<Vec<f64>>,
}

impl<'a> LongWriter<'a> {
    /// Whether a name ends in one of the forms a table can be written in, `.csv` and `.parquet`.
    pub fn knows(path: &Path) -> bool {
        path.extension().is_some_and(|e| e == "csv" || e == "parquet")
    }

    /// Begins a table; the form follows from the name's end, CSV if it is not `.parquet`.
    ///
    /// # Errors
    /// `output-folder` if there can be no file.
    pub fn create(path: &Path, table: LongTable<'a>) -> Result<Self, Diagnostics> {
        if path.is_dir() {
            return Err(cannot(path, "it is a folder"));
        }
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !parent.is_dir() {
            return Err(cannot(path, &format!("there is no folder `{}`", parent.display())));
        }
        // A file inside a temporary folder has the usual permissions, as a temporary file has not.
        let beside = tempfile::Builder::new().prefix(".decile-").tempdir_in(parent);
        let beside = beside.map_err(|e| cannot(path, &io_reason(&e)))?;
        let new = beside.path().join("new");
        let file = File::create(&new).map_err(|e| cannot(path, &io_reason(&e)))?;
        let form = match path.extension() {
            Some(end) if end == "parquet" => {
                let writer = parquet_writer(file, &table).map_err(|e| parquet_fault(path, e))?;
                Form::Parquet { writer: Box::new(writer), group: Group::new(&table) }
            }
            _ => {
                let mut file = BufWriter::new(file);
                header(&mut file, &table).map_err(|e| cannot(path, &io_reason(&e)))?;
                Form::Csv(file)
            }
        };
        Ok(Self { table, path: path.to_owned(), new, _beside: beside, form, written: 0 })
    }

    /// Writes some rows of the calendar (one, whichever, for a table without dates), each with its values by column: a
    /// number for each asset, or one for all.
    ///
    /// # Errors
    /// `output-folder` if the file takes no more.
    pub fn write(&mut self, rows: &[Row], values: &[RowValues<'_>]) -> Result<(), Diagnostics> {
        match &mut self.form {
            Form::Csv(file) => {
                for (rows, values) in rows.chunks(64).zip(values.chunks(64)) {
                    let table = &self.table;
                    let texts: Vec<(Vec<u8>, u64)> = rows
                        .par_iter()
                        .zip(values)
                        .map(|(row, values)| text_rows(table, *row, values))
                        .collect();
                    for (text, count) in texts {
                        file.write_all(&text).map_err(|e| cannot(&self.path, &io_reason(&e)))?;
                        self.written += count;
                    }
                }
            }
            Form::Parquet { writer, group } => {
                for (row, values) in rows.iter().zip(values) {
                    self.written += group.add(&self.table, *row, values);
                    if group.is_full() {
                        group
                            .write(&self.table, writer)
                            .map_err(|e| parquet_fault(&self.path, e))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the table and puts it in its place; gives how many rows it has.
    ///
    /// # Errors
    /// `output-folder` if that is not possible; what was there is left as it was.
    pub fn finish(self) -> Result<u64, Diagnostics> {
        match self.form {
            Form::Csv(mut file) => {
                file.flush().map_err(|e| cannot(&self.path, &io_reason(&e)))?;
            }
            Form::Parquet { mut writer, mut group } => {
                let done = group.write(&self.table, &mut writer);
                done.and_then(|()| writer.close().map(|_| ()))
                    .map_err(|e| parquet_fault(&self.path, e))?;
            }
        }
        fs::rename(&self.new, &self.path).map_err(|e| cannot(&self.path, &io_reason(&e)))?;
        Ok(self.written)
    }
}

impl LongTable<'_> {
    /// The assets of a row that are written.
    fn kept(&self, values: &[&[f64]]) -> impl Iterator<Item = usize> {
        let lanes = self.symbols.map_or(1, <[String]>::len);
        let deciding = self.columns.iter().zip(values).filter(|(c, _)| c.decides);
        let deciding: Vec<&[f64]> = deciding.map(|(_, v)| *v).collect();
        (0..lanes).filter(move |i| deciding.iter().any(|v| !at(v, *i).is_nan()))
    }
}

/// The value of an asset.
fn at(values: &[f64], asset: usize) -> f64 {
    if values.len() == 1 { values[0] } else { values[asset] }
}

fn label(column: &LongColumn, value: f64) -> Option<&str> {
    column.labels.get(value as usize).map(String::as_str)
}

fn is_text(column: &LongColumn) -> bool {
    column.kind == Kind::Label && !column.labels.is_empty()
}

fn cannot(path: &Path, reason: &str) -> Diagnostics {
    let message = format!("cannot write `{}`: {reason}", path.display());
    Diagnostic::error(Code::OutputFolder, message).into()
}

fn parquet_fault(path: &Path, fault: ParquetError) -> Diagnostics {
    match fault {
        // The file's own error, which the crate wraps.
        ParquetError::External(inner) if inner.is::<io::Error>() => {
            let inner = inner.downcast::<io::Error>().map(|e| io_reason(&e));
            cannot(path, &inner.unwrap_or_default())
        }
        other => cannot(path, &other.to_string()),
    }
}

fn record(cells: &[&str]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(vec![]);
    // Writing to memory does not fail.
    let _ = writer.write_record(cells);
    writer.into_inner().unwrap_or_default()
}

fn header(file: &mut BufWriter<File>, table: &LongTable<'_>) -> io::Result<()> {
    let mut names = vec![];
    names.extend(table.dates.map(|_| "date"));
    names.extend(table.symbols.map(|_| "symbol"));
    names.extend(table.columns.iter().map(|c| c.name.as_str()));
    file.write_all(&record(&names))
}

/// One date's rows as CSV, and how many they are.
fn text_rows(table: &LongTable<'_>, row: Row, values: &[&[f64]]) -> (Vec<u8>, u64) {
    let mut writer = csv::Writer::from_writer(vec![]);
    let date = table.dates.map(|d| d[row as usize].to_string());
    let mut count = 0;
    let mut cell = Vec::new();
    for asset in table.kept(values) {
        count += 1;
        // Writing to memory does not fail.
        if let Some(date) = &date {
            let _ = writer.write_field(date);
        }
        if let Some(symbols) = table.symbols {
            let _ = writer.write_field(&symbols[asset]);
        }
        for (column, values) in table.columns.iter().zip(values) {
            cell.clear();
            let value = at(values, asset);
            let _ = match column.kind {
                _ if value.is_nan() => Ok(()),
                Kind::Boolean => write!(cell, "{}", value != 0.0),
                Kind::Label if is_text(column) => {
                    write!(cell, "{}", label(column, value).unwrap_or(""))
                }
                Kind::Date => match from_days(value as i32) {
                    Some(date) => write!(cell, "{date}"),
                    None => Ok(()),
                },
                // Shortest digits that read back as the same number, and no hundreds of zeros.
                _ if value == 0.0 || (1e-5..1e16).contains(&value.abs()) => write!(cell, "{value}"),
                _ => write!(cell, "{value:e}"),
            };
            let _ = writer.write_field(&cell);
        }
        let _ = writer.write_record(None::<&[u8]>);
    }
    (writer.into_inner().unwrap_or_default(), count)
}

fn parquet_writer(
    file: File,
    table: &LongTable<'_>,
) -> Result<SerializedFileWriter<File>, ParquetError> {
    let field = |name: &str, physical, logical, repetition| {
        Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .with_converted_type(ConvertedType::NONE)
            .build()
            .map(Arc::new)
    };
    let mut fields = vec![];
    if table.dates.is_some() {
        fields.push(field("date", Physical::INT32, Some(LogicalType::Date), Repetition::REQUIRED)?);
    }
    if table.symbols.is_some() {
        let text = Some(LogicalType::String);
        fields.push(field("symbol", Physical::BYTE_ARRAY, text, Repetition::REQUIRED)?);
    }
    for column in &table.columns {
        let (physical, logical) = match column.kind {
            Kind::Boolean => (Physical::BOOLEAN, None),
            Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
            _ if is_text(column) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            _ => (Physical::DOUBLE, None),
        };
        fields.push(field(&column.name, physical, logical, Repetition::OPTIONAL)?);
    }
    let schema = Type::group_type_builder("values").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
}

impl Group {
    fn new(table: &LongTable<'_>) -> Self {
        Self { cells: vec![], values: vec![vec![]; table.columns.len()] }
    }

    fn is_full(&self) -> bool {
        self.cells.len() * (self.values.len() + 2) >= GROUP_VALUES
    }

    /// Takes in one date; gives how many rows it has.
    fn add(&mut self, table: &LongTable<'_>, row: Row, values: &[&[f64]]) -> u64 {
        let kept: Vec<usize> = table.kept(values).collect();
        self.cells.extend(kept.iter().map(|asset| (row, *asset as u32)));
        for (own, values) in self.values.iter_mut().zip(values) {
            own.extend(kept.iter().map(|asset| at(values, *asset)));
        }
        kept.len() as u64
    }

    fn write(
        &mut self,
        table: &LongTable<'_>,
        writer: &mut SerializedFileWriter<File>,
    ) -> Result<(), ParquetError> {
        if self.cells.is_empty() {
            return Ok(());
        }
        let mut group = writer.next_row_group()?;
        if let Some(dates) = table.dates
            && let Some(mut column) = group.next_column()?
        {
            let days = self.cells.iter().map(|(row, _)| days_since_epoch(dates[*row as usize]));
            if let ColumnWriter::Int32ColumnWriter(writer) = column.untyped() {
                writer.write_batch(&days.collect::<Vec<_>>(), None, None)?;
            }
            column.close()?;
        }
        if let Some(symbols) = table.symbols
            && let Some(mut column) = group.next_column()?
        {
            let symbols: Vec<ByteArray> =
                symbols.iter().map(|s| ByteArray::from(s.as_str())).collect();
            let values = self.cells.iter().map(|(_, asset)| symbols[*asset as usize].clone());
            if let ColumnWriter::ByteArrayColumnWriter(writer) = column.untyped() {
                writer.write_batch(&values.collect::<Vec<_>>(), None, None)?;
            }
            column.close()?;
        }
        for (column, values) in table.columns.iter().zip(&mut self.values) {
            let Some(mut writer) = group.next_column()? else { break };
            write_column(column, values, writer.untyped())?;
            writer.close()?;
            values.clear();
        }
        group.close()?;
        self.cells.clear();
        Ok(())
    }
}

fn write_column(
    column: &LongColumn,
    values: &[f64],
    writer: &mut ColumnWriter<'_>,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|v| i16::from(!v.is_nan())).collect();
    let present = values.iter().copied().filter(|v| !v.is_nan());
    match writer {
        ColumnWriter::DoubleColumnWriter(w) => {
            w.write_batch(&present.collect::<Vec<_>>(), Some(&levels), None)
        }
        ColumnWriter::BoolColumnWriter(w) => {
            w.write_batch(&present.map(|v| v != 0.0).collect::<Vec<_>>(), Some(&levels), None)
        }
        ColumnWriter::Int32ColumnWriter(w) => {
            w.write_batch(&present.map(|v| v as i32).collect::<Vec<_>>(), Some(&levels), None)
        }
        ColumnWriter::ByteArrayColumnWriter(w) => {
            let texts: Vec<ByteArray> =
                column.labels.iter().map(|l| ByteArray::from(l.as_str())).collect();
            let text = |v: f64| texts.get(v as usize).cloned().unwrap_or_default();
            w.write_batch(&present.map(text).collect::<Vec<_>>(), Some(&levels), None)
        }
        _ => unreachable!("the schema has four types"),
    }?;
    Ok(())
}
