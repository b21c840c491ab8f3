//! SQLite: the file is opened for reading, and the rows are taken one by one.

use super::Query;
use crate::data::{
    gather::{Cell, Growing},
    progress::Progress,
    source::{Head, Rows},
    table::{Looks, Table, Wanted},
    value,
};
use crate::diagnostic::{Code, Diagnostic};
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, types::ValueRef};
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

/// Rows by which columns are judged.
const SAMPLE: usize = 100;

/// A query of which the columns are known.
pub(super) struct Sqlite {
    head: Head,
    connection: Mutex<Connection>,
    query: String,
}

impl Sqlite {
    pub(super) fn open(file: &str, query: &Query<'_>) -> Result<Self, Diagnostic> {
        let path = query.root.join(file);
        if !path.is_file() {
            let message = format!("there is no file `{}`", path.display());
            return Err(Diagnostic::error(Code::DataNotFound, message).in_file(query.path()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let fault = |e: Error| query.unreadable(said(&e, &path));
        let connection = Connection::open_with_flags(&path, flags).map_err(fault)?;
        let (names, looks) = columns(&connection, query.text).map_err(fault)?;
        if names.is_empty() {
            let message = "the query gives no columns: expected a `select`";
            return Err(query.unreadable(message));
        }
        Ok(Self {
            head: Head { path: query.path().into(), names, looks },
            connection: Mutex::new(connection),
            query: query.text.to_owned(),
        })
    }
}

/// The names of a query's columns, and what they seem to hold by the first rows.
fn columns(connection: &Connection, query: &str) -> Result<(Vec<String>, Vec<Looks>), Error> {
    let mut statement = connection.prepare(query)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let (mut numbers, mut dates) = (vec![true; names.len()], vec![false; names.len()]);
    let mut texts = vec![false; names.len()];
    let mut rows = statement.query([])?;
    for _ in 0..SAMPLE {
        let Some(row) = rows.next()? else { break };
        for column in 0..names.len() {
            match row.get_ref(column)? {
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {}
                ValueRef::Blob(_) => (numbers[column], texts[column]) = (false, true),
                ValueRef::Text(text) => {
                    let text = String::from_utf8_lossy(text);
                    let date = value::date(&text, None).is_some();
                    dates[column] |= date;
                    numbers[column] &= value::number(&text).is_some();
                    texts[column] |= !date && !value::is_missing(&text);
                }
            }
        }
    }
    let looks = (0..names.len()).map(|c| match (dates[c] && !texts[c], numbers[c]) {
        (true, _) => Looks::Date,
        (_, true) => Looks::Number,
        _ => Looks::Text,
    });
    let looks = looks.collect();
    Ok((names, looks))
}

/// What an error says, without the query.
fn said(error: &Error, path: &Path) -> String {
    match error {
        Error::SqliteFailure(e, _) if e.code == ErrorCode::NotADatabase => {
            format!("`{}` is no database of SQLite", path.display())
        }
        Error::SqlInputError { msg, .. } => format!("the query cannot be carried out: {msg}"),
        Error::SqliteFailure(_, Some(message)) => {
            format!("the query cannot be carried out: {message}")
        }
        Error::MultipleStatement => "the query is more than one statement".to_owned(),
        other => format!("the query cannot be carried out: {other}"),
    }
}

impl Rows for Sqlite {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let unreadable = |message: String| {
            vec![Diagnostic::error(Code::DataUnreadable, message).in_file(&self.head.path)]
        };
        let fault = |e: Error| unreadable(said(&e, &self.head.path));
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut columns = self.head.growing(wanted, missing);
        progress.begin("reading", 1);
        let mut statement = connection.prepare(&self.query).map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(fault)? {
            count += 1;
            for ((column, _), to) in wanted.iter().zip(&mut columns) {
                match row.get_ref(*column).map_err(fault)? {
                    ValueRef::Null => to.push(Cell::Missing),
                    ValueRef::Integer(n) => to.push(Cell::Whole(n)),
                    ValueRef::Real(x) => to.push(Cell::Number(x)),
                    ValueRef::Text(text) => to.push(Cell::Text(&String::from_utf8_lossy(text))),
                    ValueRef::Blob(_) => {
                        let name = &self.head.names[*column];
                        let message = format!("the column `{name}` holds a blob in row {count}");
                        return Err(unreadable(message));
                    }
                }
            }
        }
        progress.advance(1);
        Growing::table(columns, &self.head.path, count)
    }
}
