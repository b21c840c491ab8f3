//! Markets: read from CSV, Parquet and a catalog of tables, stored as mapped panels, or made up from a seed.

mod actions;
#[cfg(feature = "arrow")]
mod arrow;
mod asof;
mod assemble;
mod attach;
mod buffer;
mod builder;
mod catalog;
pub mod check;
mod columns;
mod csv;
mod database;
mod export;
mod faults;
mod french;
#[cfg(any(feature = "arrow", feature = "postgres", feature = "sqlite"))]
mod gather;
mod identity;
pub mod init;
mod layout;
mod load;
mod long;
mod market;
mod npy;
mod panels;
mod parquet;
mod pattern;
mod prices;
mod progress;
mod reports;
mod sample;
mod scatter;
mod sessions;
mod source;
mod store;
mod table;
mod value;
mod wide;
mod words;

pub use builder::MarketBuilder;
pub use long::{LongColumn, LongTable, LongWriter};
pub use market::Market;
pub use progress::Progress;
pub use sample::{Sample, TableFormat};

use crate::diagnostic::Diagnostics;
use std::path::Path;

/// How a market is opened.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The folder that the paths of a `market.toml` are relative to; the one it lies in if `None`.
    pub root: Option<&'a Path>,
    /// Who is told how far the work is.
    pub progress: &'a dyn Progress,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { root: None, progress: &() }
    }
}

impl Market {
    /// Opens a stored market, a `market.toml` (or the folder it lies in), or one CSV or Parquet file of prices, long
    /// (a row for each symbol and date) or wide (a column for each symbol).
    ///
    /// # Errors
    /// Everything that is wrong with the data, with file, row and column.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Diagnostics> {
        Self::open_with(path, Options::default())
    }

    /// [`Market::open`] with options.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_with(path: impl AsRef<Path>, options: Options<'_>) -> Result<Self, Diagnostics> {
        load::open(path.as_ref(), options, None)
    }

    /// Opens a market and stores it in a folder as [`Market::store`] does; the same as the two one after the other, but
    /// that prices go straight into their files.
    ///
    /// # Errors
    /// As `open` and `store`.
    pub fn import(
        path: impl AsRef<Path>,
        folder: &Path,
        options: Options<'_>,
    ) -> Result<Self, Diagnostics> {
        let stage = store::Stage::new(folder)?;
        let market = load::open(path.as_ref(), options, Some(stage.folder()))?;
        stage.finish(&market, options.progress)?;
        Ok(market)
    }
}
