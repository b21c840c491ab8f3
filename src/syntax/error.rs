//! The wording of what can be wrong with a text before anything in it has a meaning.

use super::{MAX_LENGTH, MAX_NAME, MAX_NESTING, MAX_OPERATORS};
use crate::{
    diagnostic::{Code, Diagnostic, io_reason},
    source::Span,
};

pub(super) fn too_long(length: usize, start: Span) -> Diagnostic {
    let message =
        format!("a strategy text is at most {MAX_LENGTH} bytes long, but this one has {length}");
    Diagnostic::error(Code::TooLong, message).at(start, "the text starts here")
}

pub(super) fn long_name(start: Span, length: usize) -> Diagnostic {
    let message = format!("a name is at most {MAX_NAME} bytes long, but this one has {length}");
    Diagnostic::error(Code::Syntax, message).at(start, "it starts here")
}

pub(super) fn too_many_brackets(at: Span) -> Diagnostic {
    Diagnostic::error(Code::TooDeep, format!("brackets and `if`s nest at most {MAX_NESTING} deep"))
        .at(at, "this one is a level too deep")
        .help("give parts of the expression names with `let`")
}

pub(super) fn too_many_operators(at: Span) -> Diagnostic {
    let message = format!(
        "at most {MAX_OPERATORS} operators may follow or contain each other in an expression"
    );
    Diagnostic::error(Code::TooDeep, message)
        .at(at, "this is one operator too many")
        .help("give parts of the expression names with `let`")
}

pub(super) fn no_date(text: &str, at: Span) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("`{text}` is no date of the calendar"))
        .at(at, "expected year-month-day, such as 2005-01-31")
}

pub(super) fn number_too_large(at: Span) -> Diagnostic {
    Diagnostic::error(Code::OutOfRange, "the number is too large")
        .at(at, "expected at most about 1.8e308")
}

pub(super) fn unclosed_text(start: Span) -> Diagnostic {
    Diagnostic::error(
        Code::Syntax,
        "a text ends on the line where it starts, but this one does not",
    )
    .at(start, "expected a second `\"` on this line")
}

pub(super) fn unclosed_backtick(start: Span) -> Diagnostic {
    Diagnostic::error(
        Code::Syntax,
        "a name in backticks ends on the line where it starts, but this one does not",
    )
    .at(start, "expected a second backtick on this line")
}

pub(super) fn twice(what: &str, first: Span, second: Span) -> Diagnostic {
    Diagnostic::error(Code::Syntax, format!("`{what}` stands twice in one clause"))
        .at(second, "expected it once")
        .also(first, "it stands here already")
}

pub(super) fn not_utf8(offset: usize) -> Diagnostic {
    let message =
        format!("a strategy is UTF-8 text, but the byte at offset {offset} is not part of any");
    Diagnostic::error(Code::NotUtf8, message)
}

pub(super) fn unreadable(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(
        Code::UnreadableFile,
        format!("the file cannot be read: {}", io_reason(error)),
    )
}
