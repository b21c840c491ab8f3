//! The files that a path with wildcards stands for.

use crate::diagnostic::{Code, Diagnostic};
use glob::{MatchOptions, Pattern};
use std::path::{Component, Path, PathBuf};

/// What stands in a path for the symbol that the file's name holds.
pub(super) const SYMBOL: &str = "{symbol}";

/// The files of a table, sorted by their names.
pub(super) struct Found {
    /// At least one.
    pub(super) paths: Vec<PathBuf>,
    /// The symbol of each file, if the pattern has a place for it.
    pub(super) symbols: Vec<String>,
}

/// Whether a path that does not exist may stand for others.
pub(super) fn has_wildcards(name: &str) -> bool {
    name.contains(['*', '?', '[']) || name.contains(SYMBOL)
}

/// The file of a name, or all that fit if it is a pattern.
pub(super) fn find(root: &Path, name: &str) -> Result<Found, Diagnostic> {
    let path = root.join(name);
    // A file may have brackets in its name.
    if !has_wildcards(name) || (!name.contains(SYMBOL) && path.exists()) {
        return Ok(Found { paths: vec![path], symbols: vec![] });
    }
    let fault = |message: String| Diagnostic::error(Code::BadCatalog, message);
    let part = symbol_part(name).map_err(fault)?;
    let inside = Path::new(name).is_absolute();
    let before = if inside { String::new() } else { Pattern::escape(&root.to_string_lossy()) };
    let pattern = Path::new(&before).join(name.replace(SYMBOL, "*"));
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::default() };
    let unreadable =
        |e: glob::PatternError| fault(format!("`{name}` is no pattern of files: {}", e.msg));
    let matches = glob::glob_with(&pattern.to_string_lossy(), options).map_err(unreadable)?;
    // What cannot be looked into holds no files of this table, or its absence shows below.
    let mut paths: Vec<PathBuf> = matches.filter_map(Result::ok).filter(|p| p.is_file()).collect();
    paths.sort();
    if paths.is_empty() {
        let message = format!("no file fits `{}`", path.display());
        let folder = fixed_folder(&path);
        let error = Diagnostic::error(Code::DataNotFound, message);
        return Err(match folder.is_dir() {
            true => error.help(format!("the folder `{}` is there", folder.display())),
            false => error.help(format!("there is no folder `{}`", folder.display())),
        });
    }
    let mut symbols = vec![];
    if let Some(part) = part {
        for path in &paths {
            symbols.push(part.symbol(path).ok_or_else(|| {
                let message = format!("the name holds no symbol where `{name}` has `{SYMBOL}`");
                Diagnostic::error(Code::DataFormat, message).in_file(path)
            })?);
        }
    }
    Ok(Found { paths, symbols })
}

/// The folders of a pattern that have no wildcards.
fn fixed_folder(path: &Path) -> PathBuf {
    let fixed = |c: &Component<'_>| !has_wildcards(&c.as_os_str().to_string_lossy());
    let folder: PathBuf = path.components().take_while(fixed).collect();
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

/// The part of a path that holds the symbol.
struct SymbolPart {
    /// Its place from the end.
    from_end: usize,
    before: String,
    after: String,
}

fn symbol_part(name: &str) -> Result<Option<SymbolPart>, String> {
    let parts: Vec<&str> = name.split('/').collect();
    match name.matches(SYMBOL).count() {
        0 => return Ok(None),
        1 => {}
        _ => return Err(format!("`{SYMBOL}` stands more than once in `{name}`")),
    }
    let at = parts.iter().position(|p| p.contains(SYMBOL)).unwrap_or_default();
    let (before, after) = parts[at].split_once(SYMBOL).unwrap_or_default();
    if has_wildcards(before) || has_wildcards(after) {
        return Err(format!(
            "beside `{SYMBOL}` in `{name}` stands a wildcard: which part is the symbol cannot be told"
        ));
    }
    if parts[at + 1..].contains(&"**") {
        return Err(format!(
            "`**` stands after `{SYMBOL}` in `{name}`: which folder is the symbol cannot be told"
        ));
    }
    let from_end = parts.len() - 1 - at;
    Ok(Some(SymbolPart { from_end, before: before.to_owned(), after: after.to_owned() }))
}

impl SymbolPart {
    fn symbol(&self, path: &Path) -> Option<String> {
        let part = path.components().rev().nth(self.from_end)?;
        let text = part.as_os_str().to_str()?;
        let symbol = text.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?.trim();
        (!symbol.is_empty()).then(|| symbol.to_owned())
    }
}
