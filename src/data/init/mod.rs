//! A first `market.toml` from the files of a folder.

mod guess;
mod write;

use super::{
    Options,
    catalog::Catalog,
    identity::Names,
    load::{self, Context},
    source::Source,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, io_reason};
use guess::{Guess, Kind};
use std::{
    fs,
    path::{Path, PathBuf},
};
use write::Guessed;

/// Folders within folders that are looked into.
const DEPTH: usize = 2;

/// A first `market.toml`.
#[derive(Debug)]
pub struct Proposal {
    /// The folder in which it belongs.
    pub folder: PathBuf,
    /// Its text.
    pub text: String,
    /// What was found, a line for each file.
    pub found: Vec<String>,
    /// What is still needed from a person.
    pub needs: Vec<String>,
}

/// Looks at the files of a folder, or at one file, and proposes a `market.toml` for them.
///
/// # Errors
/// Where there is nothing to look at.
pub fn propose(path: &Path, options: Options<'_>) -> Result<Proposal, Diagnostics> {
    let (folder, paths) = files(path)?;
    let mut guessed = vec![];
    let mut found = vec![];
    for path in paths {
        let relative = path.strip_prefix(&folder).unwrap_or(&path);
        let file = relative.to_string_lossy().replace('\\', "/");
        let guess = Source::at(&path).map_err(|d| vec![d]).and_then(|t| guess::guess(&t));
        let guess = guess.unwrap_or_else(|faults| Guess::Unknown {
            why: faults.first().map_or_else(String::new, |d| d.message.clone()),
        });
        found.push(format!("{file}: {}", in_words(&guess)));
        guessed.push(Guessed { file, guess });
    }
    let absolute = std::path::absolute(&folder).unwrap_or_else(|_| folder.clone());
    let name = absolute.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut written = write::write(&name, &guessed);
    let priced =
        |f: &Guessed| matches!(f.guess, Guess::LongPrices { .. } | Guess::WidePrices { .. });
    // Without prices nothing opens, and the text says so.
    let fault = if guessed.iter().any(priced) {
        opens(&written.text, &folder, &name, options)
    } else {
        None
    };
    if let Some(fault) = fault {
        let lines: Vec<String> = fault.lines().map(|l| format!("# {l}")).collect();
        written.text = format!("# It does not open yet:\n{}\n{}", lines.join("\n"), written.text);
        written.needs.push(format!("it does not open yet: {fault}"));
    }
    Ok(Proposal { folder, text: written.text, found, needs: written.needs })
}

/// Why the proposal cannot be opened, if it cannot.
fn opens(text: &str, folder: &Path, name: &str, options: Options<'_>) -> Option<String> {
    let catalog: Catalog = match toml::from_str(text) {
        Ok(catalog) => catalog,
        Err(error) => return Some(error.message().to_owned()),
    };
    let context = Context {
        catalog: &catalog,
        root: folder.to_owned(),
        options,
        stage: None,
        names: Names::default(),
        inspector: None,
    };
    let faults = load::load(context, name).err()?;
    let first = faults.list.first()?;
    let place = first.data.as_ref().and_then(|place| {
        let file = place.file.file_name()?.to_string_lossy().into_owned();
        Some(place.row.map_or(file.clone(), |row| format!("{file}, row {row}")) + ": ")
    });
    let help = first.help.first().map_or_else(String::new, |help| format!("; {}", help.text));
    Some(format!("{}{}{help}", place.unwrap_or_default(), first.message))
}

fn in_words(guess: &Guess) -> String {
    match guess {
        Guess::LongPrices { symbol: Some(_), .. } => {
            "prices, a row for each symbol and date".to_owned()
        }
        Guess::LongPrices { symbol: None, .. } => "prices of one asset".to_owned(),
        Guess::WidePrices { .. } => "prices, a column for each symbol".to_owned(),
        Guess::Reports { published: Some(column), .. } => {
            format!("reports, published on `{column}`")
        }
        Guess::Reports { .. } => "reports without a date of publication".to_owned(),
        Guess::Publications { published, .. } => format!("dates of publication in `{published}`"),
        Guess::Labels { labels, .. } => format!("labels: {}", listed(labels)),
        Guess::Members { .. } => "spells of membership".to_owned(),
        Guess::Series { figures, .. } => format!("series by date: {}", listed(figures)),
        Guess::Actions { what: Kind::Splits, number, .. } => format!("splits: `{number}`"),
        Guess::Actions { what: Kind::Dividends, number, .. } => format!("dividends: `{number}`"),
        Guess::Unknown { why } => format!("left out: {why}"),
    }
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut list: Vec<String> = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
    if names.len() > SHOWN {
        list.push("…".to_owned());
    }
    list.join(", ")
}

/// The folder, and the files in it that may be tables, by name.
fn files(path: &Path) -> Result<(PathBuf, Vec<PathBuf>), Diagnostic> {
    let nothing = |message: String| Diagnostic::error(Code::DataNotFound, message);
    if !path.exists() {
        return Err(nothing(format!("there are no data at `{}`", path.display())));
    }
    if path.is_file() {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
        return Ok((parent.unwrap_or(Path::new(".")).to_owned(), vec![path.to_owned()]));
    }
    let mut list = vec![];
    gather(path, DEPTH, &mut list).map_err(|e| {
        let message = format!("the folder cannot be read: {}", io_reason(&e));
        Diagnostic::error(Code::DataUnreadable, message).in_file(path)
    })?;
    list.sort();
    if list.is_empty() {
        return Err(nothing(format!("`{}` holds no CSV or Parquet files", path.display())));
    }
    Ok((path.to_owned(), list))
}

fn gather(folder: &Path, depth: usize, list: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let ending = plain.rsplit_once('.').map_or("", |(_, ending)| ending);
        if path.is_dir() {
            if depth > 1 && !name.starts_with('.') {
                gather(&path, depth - 1, list)?;
            }
        } else if ["csv", "tsv", "parquet", "pq"].contains(&ending) {
            list.push(path);
        }
    }
    Ok(())
}
