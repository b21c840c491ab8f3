//! Markets: read from CSV, Parquet and a catalog of tables, stored as mapped panels, or made up from a seed.

mod asof;
mod buffer;
mod builder;
mod columns;
mod market;
mod npy;
mod progress;
mod sample;
mod store;

pub use builder::MarketBuilder;
pub use market::Market;
pub use progress::Progress;
pub use sample::Sample;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use std::path::{Path, PathBuf};

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
        let _ = options;
        let path: PathBuf = path.as_ref().to_owned();
        if store::is_store(&path) {
            return store::open(&path);
        }
        let message = format!("there are no data at `{}`", path.display());
        Err(Diagnostic::error(Code::DataNotFound, message).into())
    }
}
