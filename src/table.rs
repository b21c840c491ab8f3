//! A table of texts, dates and numbers as a CSV or Parquet file.

use crate::panel::{Date, days_since_epoch};
use parquet::{
    basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::Type,
};
use rayon::prelude::*;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    ops::Range,
    path::Path,
    sync::Arc,
};

/// Lines of text that are made at once.
const LINES: usize = 1 << 14;

/// The form of a file with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum TableFormat {
    /// Texts, a line for each row.
    #[default]
    Csv,
    /// Columns of numbers, packed.
    Parquet,
}

impl TableFormat {
    /// How the names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// A column of some rows.
#[derive(Debug)]
pub enum Column<'a> {
    /// Texts; an empty one is no missing one.
    Text(Vec<&'a str>),
    /// `None` is missing.
    Date(Vec<Option<Date>>),
    /// NaN is missing.
    Number(Vec<f64>),
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Date(values) => values.len(),
            Self::Number(values) => values.len(),
        }
    }

    fn field(&self, name: &str) -> Result<Arc<Type>, ParquetError> {
        let (physical, logical) = match self {
            Self::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Self::Date(_) => (Physical::INT32, Some(LogicalType::Date)),
            Self::Number(_) => (Physical::DOUBLE, None),
        };
        let builder = Type::primitive_type_builder(name, physical);
        builder
            .with_logical_type(logical)
            .with_repetition(Repetition::OPTIONAL)
            .build()
            .map(Arc::new)
    }
}

/// Writes a table block by block: each block has the columns of these names, and is made when it is its turn.
///
/// # Errors
/// What the file system says.
pub fn write<'a>(
    path: &Path,
    format: TableFormat,
    names: &[&str],
    blocks: impl IntoIterator<Item = Vec<Column<'a>>>,
) -> io::Result<()> {
    let blocks = blocks.into_iter();
    match format {
        TableFormat::Csv => write_csv(path, names, blocks),
        TableFormat::Parquet => write_parquet(path, names, blocks).map_err(|e| match e {
            // The file's own error, which the crate wraps.
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(inner) => *inner,
                Err(other) => io::Error::other(other),
            },
            other => io::Error::other(other),
        }),
    }
}

fn write_csv<'a>(
    path: &Path,
    names: &[&str],
    blocks: impl Iterator<Item = Vec<Column<'a>>>,
) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{}", names.join(","))?;
    for block in blocks {
        let rows = block.first().map_or(0, Column::len);
        let starts: Vec<usize> = (0..rows).step_by(LINES).collect();
        let part = |start: &usize| text(&block, *start..rows.min(start + LINES));
        let texts: Vec<Vec<u8>> = starts.par_iter().map(part).collect();
        for text in texts {
            file.write_all(&text)?;
        }
    }
    file.flush()
}

fn text(columns: &[Column<'_>], rows: Range<usize>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(vec![]);
    let mut cell = vec![];
    for row in rows {
        for column in columns {
            cell.clear();
            // Writing to memory does not fail. The shortest digits read back as the same number.
            let _ = match column {
                Column::Text(texts) => write!(cell, "{}", texts[row]),
                Column::Date(dates) => dates[row].map_or(Ok(()), |date| write!(cell, "{date}")),
                Column::Number(numbers) if numbers[row].is_nan() => Ok(()),
                Column::Number(numbers) => write!(cell, "{}", numbers[row]),
            };
            let _ = writer.write_field(&cell);
        }
        let _ = writer.write_record(None::<&[u8]>);
    }
    writer.into_inner().unwrap_or_default()
}

fn write_parquet<'a>(
    path: &Path,
    names: &[&str],
    blocks: impl Iterator<Item = Vec<Column<'a>>>,
) -> Result<(), ParquetError> {
    let mut blocks = blocks.peekable();
    let Some(first) = blocks.peek() else { return Ok(()) };
    let fields: Result<Vec<Arc<Type>>, ParquetError> =
        first.iter().zip(names).map(|(column, name)| column.field(name)).collect();
    let schema = Type::group_type_builder("table").with_fields(fields?).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let mut writer =
        SerializedFileWriter::new(File::create(path)?, Arc::new(schema), Arc::new(properties))?;
    for columns in blocks {
        let mut group = writer.next_row_group()?;
        for column in &columns {
            let Some(mut to) = group.next_column()? else { break };
            match (to.untyped(), column) {
                (ColumnWriter::ByteArrayColumnWriter(to), Column::Text(texts)) => {
                    let values: Vec<ByteArray> =
                        texts.iter().map(|text| ByteArray::from(*text)).collect();
                    to.write_batch(&values, Some(&vec![1; values.len()]), None)?;
                }
                (ColumnWriter::Int32ColumnWriter(to), Column::Date(dates)) => {
                    let levels: Vec<i16> = dates.iter().map(|d| i16::from(d.is_some())).collect();
                    let days: Vec<i32> =
                        dates.iter().flatten().map(|d| days_since_epoch(*d)).collect();
                    to.write_batch(&days, Some(&levels), None)?;
                }
                (ColumnWriter::DoubleColumnWriter(to), Column::Number(numbers)) => {
                    let levels: Vec<i16> = numbers.iter().map(|v| i16::from(!v.is_nan())).collect();
                    let values: Vec<f64> =
                        numbers.iter().copied().filter(|v| !v.is_nan()).collect();
                    to.write_batch(&values, Some(&levels), None)?;
                }
                _ => unreachable!("every block has the columns of the first"),
            }
            to.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}
