//! The prices of a market as a long table, in CSV or Parquet.

use super::Market;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, io_reason};
use crate::panel::{FieldData, MarketData, days_since_epoch};
use ndarray::ArrayView2;
use parquet::{
    basic::{Compression, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use rayon::prelude::*;
use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

const COLUMNS: [(&str, &str); 6] = [
    ("open", "open"),
    ("high", "high"),
    ("low", "low"),
    ("close", "close"),
    ("adj_close", "total_return"),
    ("volume", "volume"),
];
const GROUP_ROWS: usize = 1 << 20;

impl Market {
    /// Writes symbol, date and the prices that there are (`adj_close` is the index of total return) as CSV, a row for
    /// each asset and date with a close, by asset and date. Shortest decimals, so reading gives the same bits.
    ///
    /// # Errors
    /// `output-folder` if the file cannot be written.
    pub fn write_csv(&self, path: &Path) -> Result<(), Diagnostics> {
        write_csv(self, path).map_err(|e| cannot(path, &io_reason(&e)))
    }

    /// Writes the same as Parquet.
    ///
    /// # Errors
    /// As [`Market::write_csv`].
    pub fn write_parquet(&self, path: &Path) -> Result<(), Diagnostics> {
        write_parquet(self, path).map_err(|e| match e {
            // The file's own error, which the crate wraps.
            ParquetError::External(inner) if inner.is::<io::Error>() => {
                let inner = inner.downcast::<io::Error>().map(|e| io_reason(&e));
                cannot(path, &inner.unwrap_or_default())
            }
            other => cannot(path, &other.to_string()),
        })
    }

    fn long_columns(&self) -> Vec<(&'static str, ArrayView2<'_, f64>)> {
        let panel = |name: &str| {
            let id = *self.schema.find(Some("prices"), name).first()?;
            if let FieldData::Panel(panel) = self.field(id) { Some(panel) } else { None }
        };
        let all = COLUMNS.iter().filter_map(|(column, name)| Some((*column, panel(name)?)));
        all.filter(|(column, _)| *column != "adj_close" || self.schema.has_dividends).collect()
    }
}

fn cannot(path: &Path, error: &str) -> Diagnostics {
    let message = format!("cannot write `{}`: {error}", path.display());
    Diagnostic::error(Code::OutputFolder, message).into()
}

fn write_csv(market: &Market, path: &Path) -> io::Result<()> {
    let columns = market.long_columns();
    let close = market.prices().close;
    let dates: Vec<String> = market.calendar.dates().iter().map(ToString::to_string).collect();
    let mut file = File::create(path)?;
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    writeln!(file, "symbol,date,{}", names.join(","))?;
    let symbols: Vec<(usize, &String)> = market.schema.symbols.iter().enumerate().collect();
    for block in symbols.chunks(64) {
        let texts: Vec<String> = block
            .par_iter()
            .map(|(asset, symbol)| {
                let mut text = String::new();
                for (row, date) in
                    dates.iter().enumerate().filter(|(r, _)| !close[[*r, *asset]].is_nan())
                {
                    text.push_str(symbol);
                    text.push(',');
                    text.push_str(date);
                    for (_, panel) in &columns {
                        let value = panel[[row, *asset]];
                        text.push(',');
                        if !value.is_nan() {
                            let _ = write!(text, "{value}");
                        }
                    }
                    text.push('\n');
                }
                text
            })
            .collect();
        for text in texts {
            file.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}

fn write_parquet(market: &Market, path: &Path) -> Result<(), ParquetError> {
    let columns = market.long_columns();
    let mut message = String::from(
        "message prices { required binary symbol (STRING); required int32 date (DATE); ",
    );
    for (name, _) in &columns {
        let _ = write!(message, "optional double {name}; ");
    }
    let schema = Arc::new(parse_message_type(&(message + "}"))?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let mut writer = SerializedFileWriter::new(File::create(path)?, schema, Arc::new(properties))?;
    let close = market.prices().close;
    let days: Vec<i32> = market.calendar.dates().iter().map(|d| days_since_epoch(*d)).collect();
    let mut cells: Vec<(usize, usize)> = vec![];
    for asset in 0..market.schema.symbols.len() {
        cells.extend((0..days.len()).filter(|r| !close[[*r, asset]].is_nan()).map(|r| (r, asset)));
        if cells.len() >= GROUP_ROWS || asset + 1 == market.schema.symbols.len() {
            group(market, &columns, &days, &cells, &mut writer)?;
            cells.clear();
        }
    }
    writer.close()?;
    Ok(())
}

/// Writes cells (row, asset) as a row group.
fn group(
    market: &Market,
    columns: &[(&'static str, ArrayView2<'_, f64>)],
    days: &[i32],
    cells: &[(usize, usize)],
    writer: &mut SerializedFileWriter<File>,
) -> Result<(), ParquetError> {
    let symbols: Vec<ByteArray> =
        market.schema.symbols.iter().map(|s| ByteArray::from(s.as_str())).collect();
    let mut group = writer.next_row_group()?;
    let mut i = 0;
    while let Some(mut column) = group.next_column()? {
        match column.untyped() {
            ColumnWriter::ByteArrayColumnWriter(w) => {
                let values: Vec<ByteArray> =
                    cells.iter().map(|(_, a)| symbols[*a].clone()).collect();
                w.write_batch(&values, None, None)?;
            }
            ColumnWriter::Int32ColumnWriter(w) => {
                let values: Vec<i32> = cells.iter().map(|(r, _)| days[*r]).collect();
                w.write_batch(&values, None, None)?;
            }
            ColumnWriter::DoubleColumnWriter(w) => {
                let panel = &columns[i - 2].1;
                let all: Vec<f64> = cells.iter().map(|c| panel[*c]).collect();
                let levels: Vec<i16> = all.iter().map(|v| i16::from(!v.is_nan())).collect();
                let values: Vec<f64> = all.into_iter().filter(|v| !v.is_nan()).collect();
                w.write_batch(&values, Some(&levels), None)?;
            }
            _ => unreachable!("the schema has three types"),
        }
        column.close()?;
        i += 1;
    }
    group.close()?;
    Ok(())
}
