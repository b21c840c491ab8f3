//! The stored market: a folder of `.npy` files and a manifest. Written whole or not at all; opened by mapping.

mod manifest;
mod read;
mod write;

use super::{Market, Progress};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, io_reason};
use crate::panel::Row;
pub(super) use read::{damaged, open};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use write::Writer;

/// The file that makes a folder a stored market.
pub(super) const MANIFEST: &str = "manifest.json";
/// What the book values positions at once more, assets × dates: it follows a few assets through all dates, and finds each of them in
/// one stretch of this file rather than on a page of its own for every date.
pub(super) const BY_ASSET: &str = "book.npy";
const NO_ROW: Row = Row::MAX;

/// Whether the folder is a stored market (or what is left of one).
pub(super) fn is_store(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file()
}

impl Market {
    /// Stores the market in a folder, which is made, or replaced if it is a stored market: whole or not at all.
    ///
    /// # Errors
    /// `output-folder` if the folder holds something else or cannot be written; nothing is changed then.
    pub fn store(&self, folder: &Path, progress: &dyn Progress) -> Result<(), Diagnostics> {
        Stage::new(folder)?.finish(self, progress).map(|_| ())
    }
}

/// A folder aside, in which a store is made before it takes its place.
pub(super) struct Stage {
    target: PathBuf,
    aside: tempfile::TempDir,
    new: PathBuf,
}

impl Stage {
    /// Makes the folder beside `target`, if a store may stand there.
    pub(super) fn new(target: &Path) -> Result<Self, Diagnostics> {
        let occupied =
            fs::read_dir(target).is_ok_and(|mut d| d.next().is_some()) || target.is_file();
        if occupied && !is_store(target) {
            let message = format!("`{}` exists and is not a stored market", target.display());
            let error = Diagnostic::error(Code::OutputFolder, message);
            return Err(error.help("name a folder that does not exist yet").into());
        }
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let made = fs::create_dir_all(parent).and_then(|()| {
            let aside = tempfile::Builder::new().prefix(".decile-import-").tempdir_in(parent)?;
            let new = aside.path().join("new");
            fs::create_dir(&new)?;
            Ok(Self { target: target.to_owned(), aside, new })
        });
        made.map_err(|e| cannot(target, &e))
    }

    /// The folder to write into.
    pub(super) fn folder(&self) -> &Path {
        &self.new
    }

    /// Writes what is not there yet, and moves the store to its place; gives its fingerprint.
    pub(super) fn finish(
        self,
        market: &Market,
        progress: &dyn Progress,
    ) -> Result<String, Diagnostics> {
        let writer = Writer::new(&self.new, progress);
        let moved = writer.market(market).and_then(|fingerprint| {
            self.moved()?;
            Ok(fingerprint)
        });
        moved.map_err(|e| cannot(&self.target, &e))
    }
}

impl Stage {
    /// Moves the new store to its place.
    fn moved(&self) -> io::Result<()> {
        if exchanged(&self.new, &self.target) {
            return Ok(());
        }
        let old = self.aside.path().join("old");
        if self.target.exists() {
            fs::rename(&self.target, &old)?;
        }
        fs::rename(&self.new, &self.target).inspect_err(|_| {
            // The old one goes back, so that nothing was changed.
            let _ = fs::rename(&old, &self.target);
        })
    }
}

/// Puts each of two folders in the other's place in one step, so that a reader finds one of them at any time; `false`
/// where the system cannot, or there is only one.
#[cfg(target_os = "linux")]
fn exchanged(new: &Path, target: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchanged(_new: &Path, _target: &Path) -> bool {
    false
}

fn cannot(folder: &Path, error: &io::Error) -> Diagnostics {
    let (folder, why) = (folder.display(), io_reason(error));
    let message = format!("cannot store the market in `{folder}`: {why}");
    Diagnostic::error(Code::OutputFolder, message).into()
}
