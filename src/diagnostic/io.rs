//! Why a file or folder could not be used, in words that a person can act on.

use std::io::{Error, ErrorKind};

/// The reason alone, without the file's name: `there is no such file`. Errors that were made with a text of their own
/// keep it; of those of the system that have no words here, its words without its number.
pub fn io_reason(error: &Error) -> String {
    if error.raw_os_error().is_none() {
        return error.to_string();
    }
    let words = match error.kind() {
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::PermissionDenied => "permission is denied",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of its path is a file, not a folder",
        ErrorKind::AlreadyExists => "there is something of that name already",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::QuotaExceeded => "the quota of disk space is used up",
        ErrorKind::FileTooLarge => "it would be larger than files may be",
        ErrorKind::ReadOnlyFilesystem => "the disk can only be read",
        ErrorKind::InvalidFilename => "its name is too long or not allowed",
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            let mut letters = text.chars();
            let first = letters.next().map(|c| c.to_lowercase().collect::<String>());
            return first.unwrap_or_default() + letters.as_str();
        }
    };
    words.to_owned()
}
