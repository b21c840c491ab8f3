//! The report as files in a folder: written whole or not at all.

use super::{Report, json, tables};
use crate::{
    diagnostic::{Code, Diagnostic, io_reason},
    table::{self, TableFormat},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What is written, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileOptions {
    /// The form of the tables.
    pub format: TableFormat,
    /// With the positions of every row, not only of those with trades.
    pub daily: bool,
}

/// Writes tables of values, holdings, trades, the ledger and contributions, and `summary.json`, into a folder, which is
/// made if it is not there. They are written beside it first, so that a fault leaves everything as it was.
///
/// # Errors
/// `output-folder` if that is not possible.
pub fn write(
    report: &Report<'_>,
    folder: &Path,
    options: FileOptions,
) -> Result<(), Box<Diagnostic>> {
    store(report, folder, options).map_err(|fault| {
        let reason = io_reason(&fault);
        let text = format!("the results cannot be written to {}: {reason}", folder.display());
        let help = "name a folder that can be made or written to; nothing was changed";
        Box::new(Diagnostic::error(Code::OutputFolder, text).help(help))
    })
}

fn store(report: &Report<'_>, folder: &Path, options: FileOptions) -> io::Result<()> {
    if let Some(there) = folder.ancestors().find(|a| a.exists())
        && !there.is_dir()
    {
        let text = format!("`{}` is a file", there.display());
        return Err(io::Error::new(io::ErrorKind::NotADirectory, text));
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let made = MadeFolders::make(parent)?;
    // A folder inside the temporary one has the usual permissions, as the temporary one has not.
    let beside = tempfile::Builder::new().prefix(".decile-").tempdir_in(parent)?;
    let new = beside.path().join("new");
    fs::create_dir(&new)?;
    let mut names = vec![];
    for table in tables::all(report, options.daily) {
        let name = format!("{}.{}", table.name, options.format.extension());
        let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
        table::write(&new.join(&name), options.format, &columns, table.blocks)?;
        names.push(name);
    }
    let summary = "summary.json".to_owned();
    fs::write(new.join(&summary), self::summary(report))?;
    names.push(summary);
    if folder.exists() {
        replace(&names, &new, folder, &beside.path().join("old"))?;
    } else {
        fs::rename(&new, folder)?;
    }
    made.keep();
    Ok(())
}

/// Folders that were made on the way; they go again unless they are kept.
struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    fn make(folder: &Path) -> io::Result<Self> {
        let missing = folder.ancestors().take_while(|a| !a.as_os_str().is_empty() && !a.exists());
        let made = Self(missing.map(Path::to_path_buf).collect());
        fs::create_dir_all(folder)?;
        Ok(made)
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            // What cannot be taken away again is an empty folder.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Moves the new files over the old ones; if one cannot be moved, the old ones come back.
fn replace(names: &[String], new: &Path, folder: &Path, old: &Path) -> io::Result<()> {
    fs::create_dir(old)?;
    let mut moved = vec![];
    for name in names {
        let place = folder.join(name);
        let existed = place.exists();
        let step = match existed {
            true => fs::rename(&place, old.join(name)),
            false => Ok(()),
        };
        let step = step.and_then(|()| {
            moved.push((name, existed));
            fs::rename(new.join(name), &place)
        });
        if let Err(fault) = step {
            for (name, existed) in moved {
                let place = folder.join(name);
                let _ = match existed {
                    true => fs::rename(old.join(name), place),
                    false => fs::remove_file(place),
                };
            }
            return Err(fault);
        }
    }
    Ok(())
}

fn summary(report: &Report<'_>) -> Vec<u8> {
    let mut text = serde_json::to_string_pretty(&json::summary(report)).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}
