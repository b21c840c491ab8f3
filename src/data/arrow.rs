//! Arrow IPC: files (also called Feather version 2) and streams, batch by batch.

use super::{
    gather::{Cell, Growing},
    progress::Progress,
    source::{Head, Rows},
    table::{Looks, Table, Wanted},
};
use crate::diagnostic::{Code, Diagnostic, guarded, io_reason};
use arrow_array::{Array, RecordBatch, cast::AsArray, types::*};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};
use rayon::prelude::*;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Rows that are taken out of a batch at once.
const PART: usize = 8192;

/// An Arrow file whose schema was read.
pub(super) struct Arrow {
    head: Head,
    schema: SchemaRef,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    File,
    Stream,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

impl Arrow {
    pub(super) fn open(path: &Path) -> Result<Self, Diagnostic> {
        let unreadable = |what: String| {
            let message = format!("the file cannot be read as Arrow: {what}");
            Diagnostic::error(Code::DataUnreadable, message).in_file(path)
        };
        let mut start = vec![];
        let begun = File::open(path).and_then(|f| f.take(6).read_to_end(&mut start));
        begun.map_err(|e| unreadable(io_reason(&e)))?;
        let form = match &*start {
            [] => return Err(Diagnostic::error(Code::NoRows, "the file is empty").in_file(path)),
            [b'F', b'E', b'A', b'1', ..] => {
                let error = unreadable("it is Feather of version 1".to_owned());
                return Err(error.help("write it again as version 2, or as Parquet"));
            }
            b"ARROW1" => Form::File,
            _ => Form::Stream,
        };
        let (schema, _) = read_guarded(|| batches(path, form, None))
            .map_err(|e| unreadable(e).help("fetch or write the file again"))?;
        let fields = schema.fields();
        let head = Head {
            path: path.to_owned(),
            names: fields.iter().map(|f| f.name().clone()).collect(),
            looks: fields.iter().map(|f| looks(f.data_type())).collect(),
        };
        Ok(Self { head, schema, form })
    }

    fn fault(&self, what: &str) -> Vec<Diagnostic> {
        let message = format!("the file cannot be read: {what}");
        let error = Diagnostic::error(Code::DataUnreadable, message).in_file(&self.head.path);
        vec![error.help("the file was cut off or damaged: fetch or write it again")]
    }
}

impl Rows for Arrow {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        for (column, _) in wanted {
            let kind = self.schema.field(*column).data_type();
            if !is_read(kind) {
                let message = format!("the column holds values of type {kind}, which are not read");
                return Err(vec![self.head.fault(*column, Code::DataFormat, message)]);
            }
        }
        let mut chosen: Vec<usize> = wanted.iter().map(|(c, _)| *c).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let (_, mut batches) =
            read_guarded(|| batches(&self.head.path, self.form, Some(chosen.clone())))
                .map_err(|e| self.fault(&e))?;
        progress.begin("reading", 1);
        let places = wanted.iter().map(|(column, _)| chosen.partition_point(|c| c < column));
        let mut columns: Vec<(usize, Growing<'_>)> =
            places.zip(self.head.growing(wanted, missing)).collect();
        let mut rows = 0;
        while let Some(batch) =
            read_guarded(|| batches.next().transpose()).map_err(|e| self.fault(&e))?
        {
            rows += batch.num_rows();
            columns.par_iter_mut().for_each(|(place, column)| {
                let array = batch.column(*place);
                for from in (0..array.len()).step_by(PART) {
                    let part = array.slice(from, PART.min(array.len() - from));
                    cells(&part).into_iter().for_each(|cell| column.push(cell));
                }
            });
        }
        progress.advance(1);
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        Growing::table(columns, &self.head.path, rows)
    }
}

/// What the crate gives, where a panic of it over a damaged file is an error like any other.
fn read_guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, String> {
    match guarded(read) {
        Some(read) => read.map_err(|e| match e {
            // The crate looks for the end before the start.
            ArrowError::IoError(_, e) if e.kind() == io::ErrorKind::InvalidInput => {
                "it is cut off".to_owned()
            }
            ArrowError::IoError(_, e) => io_reason(&e),
            other => {
                let text = other.to_string();
                text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned())
            }
        }),
        None => Err("a part of it is damaged".to_owned()),
    }
}

/// The schema of a file, and its batches with some of the columns.
fn batches(
    path: &Path,
    form: Form,
    columns: Option<Vec<usize>>,
) -> Result<(SchemaRef, Batches), ArrowError> {
    let file = File::open(path).map_err(|e: io::Error| ArrowError::from(e))?;
    Ok(match form {
        Form::File => {
            let reader = FileReader::try_new_buffered(file, columns)?;
            (reader.schema(), Box::new(reader))
        }
        Form::Stream => {
            let reader = StreamReader::try_new_buffered(file, columns)?;
            (reader.schema(), Box::new(reader))
        }
    })
}

fn looks(kind: &DataType) -> Looks {
    match kind {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Looks::Date,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Looks::Text,
        DataType::Dictionary(_, values) => looks(values),
        kind if is_read(kind) => Looks::Number,
        _ => Looks::Text,
    }
}

fn is_read(kind: &DataType) -> bool {
    use DataType as D;
    match kind {
        D::Dictionary(_, values) => is_read(values),
        D::Null | D::Boolean | D::Utf8 | D::LargeUtf8 | D::Utf8View => true,
        D::Date32 | D::Date64 | D::Timestamp(..) => true,
        D::Decimal32(..) | D::Decimal64(..) | D::Decimal128(..) => true,
        kind => kind.is_integer() || kind.is_floating(),
    }
}

/// A moment of so many ticks a second: of UTC if its column has a zone.
fn moment<'a>(ticks: i64, rate: i64, is_instant: bool) -> Cell<'a> {
    Cell::Moment { ticks, rate, is_instant }
}

/// The values of a few rows.
fn cells(array: &dyn Array) -> Vec<Cell<'_>> {
    use DataType as D;
    macro_rules! each {
        ($array:expr, $cell:expr) => {
            $array.iter().map(|v| v.map_or(Cell::Missing, $cell)).collect()
        };
        ($kind:ty => $cell:expr) => {
            each!(array.as_primitive::<$kind>(), $cell)
        };
    }
    let tens = |scale: i8| (0..scale).fold(1.0, |d, _| d * 10.0);
    match array.data_type() {
        D::Boolean => each!(array.as_boolean(), |v| Cell::Whole(v.into())),
        D::Int8 => each!(Int8Type => |v| Cell::Whole(v.into())),
        D::Int16 => each!(Int16Type => |v| Cell::Whole(v.into())),
        D::Int32 => each!(Int32Type => |v| Cell::Whole(v.into())),
        D::Int64 => each!(Int64Type => Cell::Whole),
        D::UInt8 => each!(UInt8Type => |v| Cell::Whole(v.into())),
        D::UInt16 => each!(UInt16Type => |v| Cell::Whole(v.into())),
        D::UInt32 => each!(UInt32Type => |v| Cell::Whole(v.into())),
        D::UInt64 => {
            each!(UInt64Type => |v| i64::try_from(v).map_or(Cell::Number(v as f64), Cell::Whole))
        }
        D::Float16 => each!(Float16Type => |v| Cell::Number(v.to_f64())),
        D::Float32 => each!(Float32Type => |v| Cell::Number(v.into())),
        D::Float64 => each!(Float64Type => Cell::Number),
        D::Decimal32(_, s) => {
            let tens = tens(*s);
            each!(Decimal32Type => |v| Cell::Number(f64::from(v) / tens))
        }
        D::Decimal64(_, s) => {
            let tens = tens(*s);
            each!(Decimal64Type => |v| Cell::Number(v as f64 / tens))
        }
        D::Decimal128(_, s) => {
            let tens = tens(*s);
            each!(Decimal128Type => |v| Cell::Number(v as f64 / tens))
        }
        D::Utf8 => each!(array.as_string::<i32>(), Cell::Text),
        D::LargeUtf8 => each!(array.as_string::<i64>(), Cell::Text),
        D::Utf8View => each!(array.as_string_view(), Cell::Text),
        D::Date32 => each!(Date32Type => |v| Cell::Day(v.into())),
        D::Date64 => each!(Date64Type => |v| moment(v, 1_000, false)),
        D::Timestamp(TimeUnit::Second, zone) => {
            each!(TimestampSecondType => |v| moment(v, 1, zone.is_some()))
        }
        D::Timestamp(TimeUnit::Millisecond, zone) => {
            each!(TimestampMillisecondType => |v| moment(v, 1_000, zone.is_some()))
        }
        D::Timestamp(TimeUnit::Microsecond, zone) => {
            each!(TimestampMicrosecondType => |v| moment(v, 1_000_000, zone.is_some()))
        }
        D::Timestamp(TimeUnit::Nanosecond, zone) => {
            each!(TimestampNanosecondType => |v| moment(v, 1_000_000_000, zone.is_some()))
        }
        D::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let (keys, values) = (cells(dictionary.keys()), cells(dictionary.values().as_ref()));
            let value = |key: Cell<'_>| match key {
                Cell::Whole(key) => usize::try_from(key).ok().and_then(|k| values.get(k)).copied(),
                _ => None,
            };
            keys.into_iter().map(|key| value(key).unwrap_or(Cell::Missing)).collect()
        }
        // Every other type was refused.
        _ => vec![Cell::Missing; array.len()],
    }
}
