//! The report as files in a folder: written whole or not at all.

use super::{Report, json, number::exact};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const NAMES: [&str; 4] = ["nav.csv", "holdings.csv", "trades.csv", "summary.json"];

/// Writes `nav.csv`, `holdings.csv`, `trades.csv` and `summary.json` into a folder, which is made if it is not there.
/// They are written beside it first, so that a fault leaves everything as it was.
///
/// # Errors
/// `output-folder` if that is not possible.
pub fn write(report: &Report<'_>, folder: &Path) -> Result<(), Box<Diagnostic>> {
    let contents = [nav(report), holdings(report), trades(report), summary(report)];
    store(&contents, folder).map_err(|fault| {
        let reason = io_reason(&fault);
        let text = format!("the results cannot be written to {}: {reason}", folder.display());
        let help = "name a folder that can be made or written to; nothing was changed";
        Box::new(Diagnostic::error(Code::OutputFolder, text).help(help))
    })
}

fn store(contents: &[Vec<u8>; 4], folder: &Path) -> io::Result<()> {
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
    for (name, content) in NAMES.iter().zip(contents) {
        fs::write(new.join(name), content)?;
    }
    if folder.exists() {
        replace(&new, folder, &beside.path().join("old"))?;
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
fn replace(new: &Path, folder: &Path, old: &Path) -> io::Result<()> {
    fs::create_dir(old)?;
    let mut moved = vec![];
    for name in NAMES {
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

/// Rows of texts as CSV.
fn table<R: AsRef<[String]>>(header: &[&str], rows: impl Iterator<Item = R>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(vec![]);
    // Writing to memory does not fail.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row.as_ref());
    }
    writer.into_inner().unwrap_or_default()
}

/// By date, a column for each strategy and benchmark; empty where it has no value.
fn nav(report: &Report<'_>) -> Vec<u8> {
    let names = report.columns.iter().map(|c| match c.run {
        Some(_) => c.name.clone(),
        None => format!("benchmark {}", c.name),
    });
    let header: Vec<String> = std::iter::once("date".to_owned()).chain(names).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut dates: Vec<_> = report.columns.iter().flat_map(|c| &c.record.dates).collect();
    dates.sort_unstable();
    dates.dedup();
    let rows = dates.iter().map(|date| {
        let value = |c: &super::Column| {
            let place = c.record.dates.binary_search(date);
            place.map_or_else(|_| String::new(), |i| exact(c.record.nav[i]))
        };
        let values = report.columns.iter().map(value);
        std::iter::once(date.to_string()).chain(values).collect::<Vec<_>>()
    });
    table(&header, rows)
}

fn holdings(report: &Report<'_>) -> Vec<u8> {
    let header = ["date", "strategy", "symbol", "shares", "price", "value", "weight"];
    let symbols = &report.market.schema().symbols;
    let rows = report.runs.iter().flat_map(|run| {
        run.track.holdings.iter().map(|h| {
            [
                report.date(h.row),
                run.name.to_owned(),
                symbols[h.asset.0 as usize].clone(),
                exact(h.value / h.price),
                exact(h.price),
                exact(h.value),
                exact(h.weight),
            ]
        })
    });
    table(&header, rows)
}

fn trades(report: &Report<'_>) -> Vec<u8> {
    let header =
        ["decided", "traded", "strategy", "symbol", "shares", "price", "value", "cost", "reason"];
    let symbols = &report.market.schema().symbols;
    let rows = report.runs.iter().flat_map(|run| {
        run.track.trades.iter().map(|t| {
            [
                report.date(t.decided),
                report.date(t.traded),
                run.name.to_owned(),
                symbols[t.asset.0 as usize].clone(),
                exact(t.value / t.price),
                exact(t.price),
                exact(t.value),
                exact(t.cost),
                t.reason.name().to_owned(),
            ]
        })
    });
    table(&header, rows)
}

fn summary(report: &Report<'_>) -> Vec<u8> {
    let mut text = serde_json::to_string_pretty(&json::summary(report)).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}
