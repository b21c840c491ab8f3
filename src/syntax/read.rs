//! A source file as text: its length and its encoding are checked before anything else sees it.

use super::{MAX_LENGTH, error};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
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

/// Writes a strategy file whole or not at all. One that is there keeps its permissions, and a link stays one.
///
/// # Errors
/// `output-folder` if it cannot be written; a file that is there is as it was then.
pub fn write(path: &Path, text: &str) -> Result<(), Diagnostic> {
    let is_there = path.exists();
    let written = if is_there { replace(path, text) } else { create(path, text) };
    written.map_err(|e| {
        let reason = io_reason(&e);
        let message = match is_there {
            true => format!("the file cannot be rewritten and was left as it is: {reason}"),
            false => format!("the file cannot be written: {reason}"),
        };
        Diagnostic::error(Code::OutputFolder, message).in_file(path)
    })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    put(tempfile::Builder::new(), &path, text, Some(permissions))
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // Those of any new file, where one of a temporary kind would be its owner's alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    put(builder, path, text, None)
}

/// Writes a new file beside a path and then moves it there in one step.
fn put(
    builder: tempfile::Builder<'_, '_>,
    path: &Path,
    text: &str,
    permissions: Option<fs::Permissions>,
) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = builder.tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        new.as_file().set_permissions(permissions)?;
    }
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}
