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
mod events;
mod export;
mod faults;
mod figures;
mod french;
mod history;
#[cfg(any(feature = "arrow", feature = "postgres", feature = "sqlite"))]
mod gather;
mod identity;
pub mod init;
mod layout;
mod load;
mod long;
mod market;
mod moment;
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
pub use history::History;
pub use long::{LongColumn, LongTable, LongWriter};
pub use market::Market;
pub use progress::Progress;
pub use sample::Sample;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
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
        let mut market = load::open(path.as_ref(), options, Some(stage.folder()))?;
        market.fingerprint = Some(stage.finish(&market, options.progress)?);
        Ok(market)
    }

    /// [`Market::import`] over a stored market that is there: all rows are read again, and it is replaced only if what it
    /// held is unchanged, or `accept_changes`. Gives also what was added and what changed.
    ///
    /// # Errors
    /// As `import`; `data-not-found` if the folder holds no stored market; `history-changed`, once for each field that
    /// changed. The stored market is as it was then.
    pub fn append(
        path: impl AsRef<Path>,
        folder: &Path,
        accept_changes: bool,
        options: Options<'_>,
    ) -> Result<(Self, History), Diagnostics> {
        if !store::is_store(folder) {
            let message =
                format!("there is no stored market in `{}` to append to", folder.display());
            let error = Diagnostic::error(Code::DataNotFound, message);
            return Err(error.help("leave `--append` out the first time").into());
        }
        let before = store::open(folder)?;
        let stage = store::Stage::new(folder)?;
        let mut market = load::open(path.as_ref(), options, Some(stage.folder()))?;
        let history = history::compare(&before, &market);
        if !history.changes.is_empty() && !accept_changes {
            let error = |d: &Diagnostic| Diagnostic { severity: Severity::Error, ..d.clone() };
            let mut list: Vec<Diagnostic> = history.changes.iter().map(error).collect();
            if let Some(last) = list.pop() {
                list.push(last.help(
                    "the stored market was left as it was; `--accept-changes` replaces it all the same",
                ));
            }
            return Err(Diagnostics { list, ..Diagnostics::default() });
        }
        market.fingerprint = Some(stage.finish(&market, options.progress)?);
        Ok((market, history))
    }
}
