//! Why a file or folder could not be used, in words that a person can act on.

use std::io::{Error, ErrorKind};

/// The reason alone, without the file's name: `there is no such file`. Errors that were made with a text of their own
/// keep it; of those of the system that have no words here, its words without its number.
pub fn io_reason(error: &Error) -> String {
    if let Some(inner) = error.get_ref() {
        return inner.to_string();
    }
    let words = match error.kind() {
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::PermissionDenied => "permission is denied",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of its path is a file, not a folder",
        ErrorKind::AlreadyExists => "a file is where a folder should be",
        ErrorKind::DirectoryNotEmpty => "the folder is not empty",
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::QuotaExceeded => "the disk quota is used up",
        ErrorKind::FileTooLarge => "the file becomes too large for the disk",
        ErrorKind::CrossesDevices => "it lies on another disk",
        ErrorKind::InvalidFilename => {
            "its name is too long, or has characters that names cannot have"
        }
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => "another program is using it",
        ErrorKind::UnexpectedEof => "it is cut off",
        ErrorKind::InvalidData => "it is no text in UTF-8",
        ErrorKind::BrokenPipe => "the reader has gone",
        ErrorKind::OutOfMemory => "there is not enough memory",
        ErrorKind::TimedOut => "it took too long to answer",
        _ => {
            let text = error.to_string();
            return text.split_once(" (os error").map_or(text.clone(), |(t, _)| t.to_lowercase());
        }
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_numbers_are_not_shown() {
        for number in 1..134 {
            let words = io_reason(&Error::from_raw_os_error(number));
            assert!(!words.contains("os error"), "{words}");
        }
        let read = std::fs::read("src").expect_err("it is a folder");
        assert_eq!(io_reason(&read), "it is a folder");
        assert_eq!(io_reason(&Error::other("a page is damaged")), "a page is damaged");
    }
}
