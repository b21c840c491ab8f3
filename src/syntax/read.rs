//! A source file as text: its length and its encoding are checked before anything else sees it.

use super::{MAX_LENGTH, error};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use std::{
    fs::File,
    io::{Read, Write as _},
    path::Path,
};

/// The text of a strategy file.
///
/// # Errors
/// `unreadable-file`, `too-long` (no more than the limit is read), or `not-utf8` with the offset of the first bad byte.
pub fn read(path: &Path) -> Result<String, Diagnostic> {
    File::open(path)
        .map_err(|e| error::unreadable(&e))
        .and_then(read_from)
        .map_err(|d| d.in_file(path))
}

/// The text that a reader gives, with the same checks.
///
/// # Errors
/// As `read`, without a file's name.
pub fn read_from(reader: impl Read) -> Result<String, Diagnostic> {
    let mut bytes = vec![];
    let limit = MAX_LENGTH as u64 + 1;
    reader.take(limit).read_to_end(&mut bytes).map_err(|e| error::unreadable(&e))?;
    if bytes.len() > MAX_LENGTH {
        return Err(Diagnostic::error(
            Code::TooLong,
            format!("a strategy text is at most {MAX_LENGTH} bytes long"),
        ));
    }
    String::from_utf8(bytes).map_err(|e| error::not_utf8(e.utf8_error().valid_up_to()))
}

/// Writes a strategy file whole or not at all.
///
/// # Errors
/// `output-folder` if it cannot be written; a file that is there is as it was then.
pub fn write(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.persist(path)?;
        Ok(())
    });
    written.map_err(|e| {
        let message = format!("`{}` cannot be written: {}", path.display(), io_reason(&e));
        Diagnostic::error(Code::OutputFolder, message)
    })
}
