//! A source file as text: its length and its encoding are checked before anything else sees it.

use super::{MAX_LENGTH, error};
use crate::diagnostic::{Code, Diagnostic};
use std::{fs::File, io::Read, path::Path};

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
