//! A text as a row of pieces, without grammar: enough to find comments, to bound the nesting before the parser recurses,
//! and to say what stands at a place.

use super::{MAX_LENGTH, MAX_NAME, MAX_NESTING, error};
use crate::{
    diagnostic::Diagnostic,
    source::{SourceId, Span},
};
use std::ops::Range;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// From `#` to the end of the line.
    Comment,
    /// `"text"`
    Text,
    /// A `"` without its partner on the line.
    UnclosedText,
    /// A name in backticks.
    Backticked,
    /// A backtick without its partner on the line.
    UnclosedBacktick,
    /// `(`, `[`, `{`
    Open,
    /// `)`, `]`, `}`
    Close,
    /// Letters, digits and `_`.
    Word,
    /// `50`, `1.5`, `25%`
    Number,
    /// An operator or anything else.
    Other,
}

/// A stretch of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    pub(super) range: Range<usize>,
}

/// The pieces of a text, without the whitespace between them.
#[derive(Debug, Clone)]
pub(super) struct Pieces<'t> {
    text: &'t str,
    at: usize,
}

/// The pieces of a text.
pub(super) fn pieces(text: &str) -> Pieces<'_> {
    Pieces { text, at: 0 }
}

/// A stretch of text on one line, without its comments.
pub fn on_one_line(text: &str) -> String {
    let mut line = String::new();
    let mut end = 0;
    for piece in pieces(text).filter(|piece| piece.kind != PieceKind::Comment) {
        if !line.is_empty() && piece.range.start > end {
            line.push(' ');
        }
        end = piece.range.end;
        line.push_str(&text[piece.range]);
    }
    line
}

/// Operators and typical slips of more than one character, longest first.
const SYMBOLS: &[&str] =
    &["===", "==", "!=", "<=", ">=", "<>", "|>", "??", "..", "&&", "||", "**", "->", "=>", ":="];

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.find(|c: char| !c.is_whitespace() && c != '\u{feff}')?;
        let rest = &self.text[start..];
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            '#' => (PieceKind::Comment, line_length(rest)),
            '"' => quoted(rest),
            '`' => backticked(rest),
            '(' | '[' | '{' => (PieceKind::Open, 1),
            ')' | ']' | '}' => (PieceKind::Close, 1),
            c if c.is_ascii_digit() => number(rest),
            c if is_word(c) => (PieceKind::Word, word_length(rest)),
            c => {
                let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s));
                (PieceKind::Other, symbol.map_or(c.len_utf8(), |s| s.len()))
            }
        };
        self.at = start + length;
        Some(Piece { kind, range: start..self.at })
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word_length(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

fn line_length(rest: &str) -> usize {
    rest.find(['\n', '\r']).unwrap_or(rest.len())
}

// Both stop at their partner or at the end of the line, whichever comes first: looking for the end of the line first
// would read a long line once for every quote on it.
fn quoted(rest: &str) -> (PieceKind, usize) {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return (PieceKind::Text, i + 1),
            '\n' | '\r' => return (PieceKind::UnclosedText, i),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    (PieceKind::UnclosedText, rest.len())
}

fn backticked(rest: &str) -> (PieceKind, usize) {
    match rest[1..].find(['`', '\n', '\r']) {
        Some(i) if rest[1 + i..].starts_with('`') => (PieceKind::Backticked, i + 2),
        Some(i) => (PieceKind::UnclosedBacktick, i + 1),
        None => (PieceKind::UnclosedBacktick, rest.len()),
    }
}

fn number(rest: &str) -> (PieceKind, usize) {
    let mut length = word_length(rest);
    let fraction = &rest[length..];
    if fraction.strip_prefix('.').is_some_and(|f| f.starts_with(|c: char| c.is_ascii_digit())) {
        length += 1 + word_length(&fraction[1..]);
    }
    if rest[length..].starts_with('%') {
        length += 1;
    }
    (PieceKind::Number, length)
}

/// A comment: where it stands, and whether it is a documentation comment (`##` on a line of its own).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) range: Range<usize>,
    pub(super) documents: bool,
    /// Whether nothing but space stands before it on its line.
    pub(super) own_line: bool,
}

/// The comments of a text that keeps the limits and closes its quotes.
///
/// # Errors
/// `too-long`, `too-deep`, or `syntax` at an open quote or an endless name.
pub(super) fn check(text: &str, source: SourceId) -> Result<Vec<Comment>, Diagnostic> {
    if text.len() > MAX_LENGTH {
        return Err(error::too_long(text.len(), Span::new(source, 0, 0)));
    }
    let mut comments = vec![];
    // An `if` opens a level that its `else` closes, so that a row of `else if` stays on one level.
    let mut open: Vec<bool> = vec![];
    for Piece { kind, range } in pieces(text) {
        let span = Span::new(source, range.start, range.end);
        let first = Span::new(source, range.start, range.start + 1);
        if matches!(kind, PieceKind::Word | PieceKind::Backticked) && range.len() > MAX_NAME {
            return Err(error::long_name(first, range.len()));
        }
        match kind {
            PieceKind::Comment => {
                let line = text[..range.start].rfind('\n').map_or(0, |i| i + 1);
                let own_line =
                    text[line..range.start].trim_start_matches('\u{feff}').trim().is_empty();
                let documents = own_line && text[range.clone()].starts_with("##");
                comments.push(Comment { range, documents, own_line });
            }
            PieceKind::UnclosedText => return Err(error::unclosed_text(first)),
            PieceKind::UnclosedBacktick => return Err(error::unclosed_backtick(first)),
            PieceKind::Open => open.push(true),
            PieceKind::Close => {
                let bracket = open.iter().rposition(|is_bracket| *is_bracket);
                open.truncate(bracket.unwrap_or(open.len()));
            }
            PieceKind::Word => match &text[range] {
                "if" => open.push(false),
                "else" if open.last() == Some(&false) => {
                    open.pop();
                }
                _ => {}
            },
            _ => {}
        }
        if open.len() > MAX_NESTING {
            return Err(error::too_many_brackets(span));
        }
    }
    Ok(comments)
}
