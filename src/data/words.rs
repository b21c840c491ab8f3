//! Counts, and the operating system's errors, in people's words.

use std::io::{Error, ErrorKind};

/// What went wrong with a file or folder, as the end of a sentence: `the disk is full`.
pub(crate) fn worded(error: &Error) -> String {
    if let Some(inner) = error.get_ref() {
        return inner.to_string();
    }
    let words = match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "permission is denied",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of its path is no folder",
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

/// `1 symbol`, `2 symbols`.
pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with its thousands apart.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_numbers_are_not_shown() {
        for number in 1..134 {
            let words = worded(&Error::from_raw_os_error(number));
            assert!(!words.contains("os error"), "{words}");
        }
        let read = std::fs::read("src").expect_err("it is a folder");
        assert_eq!(worded(&read), "it is a folder");
        assert_eq!(worded(&Error::other("a page is damaged")), "a page is damaged");
    }
}
