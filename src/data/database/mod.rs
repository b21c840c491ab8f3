//! Rows that a query to a database gives.

#[cfg(feature = "postgres")]
mod password;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use super::{
    catalog::{Catalog, database::Database},
    source::Rows,
};
use crate::diagnostic::{Code, Diagnostic, nearest};
use std::path::Path;

/// A query to a database of a catalog.
#[cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    allow(dead_code, reason = "a build that reads no database says so")
)]
pub(super) struct Query<'a> {
    /// The database's name in the catalog.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    /// The folder that paths are relative to.
    pub(super) root: &'a Path,
}

impl Query<'_> {
    /// What stands for a file in complaints.
    fn path(&self) -> String {
        format!("database `{}`", self.name)
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    fn unreadable(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Code::DataUnreadable, message).in_file(self.path())
    }
}

/// Asks what columns a query gives.
pub(super) fn open(catalog: &Catalog, query: &Query<'_>) -> Result<Box<dyn Rows>, Diagnostic> {
    let Some(database) = catalog.databases.get(query.name) else {
        let message = format!("there is no `[databases.{}]`", query.name);
        let error = Diagnostic::error(Code::BadCatalog, message);
        let near = nearest(query.name, catalog.databases.keys().map(String::as_str));
        return Err(match near.first() {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("it says where the database is: `sqlite = \"prices.db\"`"),
        });
    };
    match database {
        Database { sqlite: Some(file), postgres: None, url_from: None, .. } => {
            sqlite_rows(&file.0, query)
        }
        Database { sqlite: None, postgres: Some(_), url_from: None, .. }
        | Database { sqlite: None, postgres: None, url_from: Some(_), .. } => {
            postgres_rows(database, query)
        }
        _ => {
            let message =
                format!("`[databases.{}]` does not say where the database is", query.name);
            let error = Diagnostic::error(Code::BadCatalog, message);
            Err(error.help("expected one of `sqlite`, `postgres` and `url_from`"))
        }
    }
}

#[cfg(feature = "sqlite")]
fn sqlite_rows(file: &str, query: &Query<'_>) -> Result<Box<dyn Rows>, Diagnostic> {
    Ok(Box::new(sqlite::Sqlite::open(file, query)?))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite_rows(_: &str, query: &Query<'_>) -> Result<Box<dyn Rows>, Diagnostic> {
    Err(super::source::not_built("SQLite", "sqlite").in_file(query.path()))
}

#[cfg(feature = "postgres")]
fn postgres_rows(database: &Database, query: &Query<'_>) -> Result<Box<dyn Rows>, Diagnostic> {
    Ok(Box::new(postgres::Postgres::open(database, query)?))
}

#[cfg(not(feature = "postgres"))]
fn postgres_rows(_: &Database, query: &Query<'_>) -> Result<Box<dyn Rows>, Diagnostic> {
    Err(super::source::not_built("PostgreSQL", "postgres").in_file(query.path()))
}
