//! Numbers and days of a Parquet column, through the crate's column readers.

use crate::data::{
    moment::DayForm,
    table::{NO_DATE, Slot},
    value,
};
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical},
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::ParquetError,
    schema::types::ColumnDescriptor,
};

/// How the integers of a column stand for days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Days,
    /// So many a second, of UTC if they are instants.
    Ticks {
        rate: i64,
        is_instant: bool,
    },
}

/// How the integers of a column stand for days, if its type says so.
pub(super) fn time(column: &ColumnDescriptor) -> Option<Time> {
    let instants = |rate| Time::Ticks { rate, is_instant: true };
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (Physical::INT32, Some(LogicalType::Date), _) | (_, _, ConvertedType::DATE) => {
            Some(Time::Days)
        }
        (Physical::INT64, Some(LogicalType::Timestamp(t)), _) => Some(Time::Ticks {
            rate: match t.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            },
            is_instant: t.is_adjusted_to_u_t_c,
        }),
        (_, _, ConvertedType::TIMESTAMP_MILLIS) => Some(instants(1_000)),
        (_, _, ConvertedType::TIMESTAMP_MICROS) => Some(instants(1_000_000)),
        (Physical::INT96, ..) => Some(Time::Ticks { rate: 1_000, is_instant: false }),
        _ => None,
    }
}

/// Reads a column of numbers or days (whole numbers without a type of time are read as yyyymmdd); decimals are divided
/// by ten to their scale.
pub(super) fn numbers(
    reader: ColumnReader,
    slot: Slot<'_>,
    time: Option<Time>,
    form: &DayForm,
    scale: Option<i32>,
) -> Result<(), ParquetError> {
    let sound = |n: i64| i32::try_from(n).ok().filter(|d| value::is_sound(*d)).unwrap_or(NO_DATE);
    let day = |n: i64| match time {
        Some(Time::Days) => sound(n),
        Some(Time::Ticks { rate, is_instant }) => {
            form.of_ticks(n, rate, is_instant).unwrap_or(NO_DATE)
        }
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
