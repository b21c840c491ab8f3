//! Text → syntax tree, and back to canonical text.

pub mod ast;
mod build;
mod error;
mod expected;
mod follows;
mod print;
mod read;
mod scan;
mod tree;

pub use expected::{MONTHS, STATEMENTS};
pub use follows::{Follows, follows, open_text};
pub use read::{read, read_from, write};
pub use scan::on_one_line;
pub use tree::{expression_text, tree_text};

use crate::{
    diagnostic::Diagnostic,
    source::{SourceId, Sources},
};

/// The longest text that is parsed, in bytes.
pub const MAX_LENGTH: usize = 1 << 20;
/// The longest name, in bytes.
pub const MAX_NAME: usize = 1000;
/// How deep brackets and `if`s may nest.
pub const MAX_NESTING: usize = 200;
/// How many operators may lie on the way from the top of an expression to any of its parts, so that walking a tree never
/// exhausts the stack.
pub const MAX_OPERATORS: usize = 500;

/// The tree of a file.
///
/// # Errors
/// The first place where the text does not follow the grammar; `too-long` or `too-deep` beyond the limits.
pub fn parse(sources: &Sources, id: SourceId) -> Result<ast::File, Diagnostic> {
    let source = sources.get(id);
    let comments = scan::check(&source.text, id)?;
    build::file(&source.text, id, comments)
}

/// The tree of a text that is one expression.
///
/// # Errors
/// As `parse`.
pub fn parse_expression(sources: &Sources, id: SourceId) -> Result<ast::Expression, Diagnostic> {
    let source = sources.get(id);
    let comments = scan::check(&source.text, id)?;
    build::single_expression(&source.text, id, comments)
}

/// The canonical text of a file: one clause a line, in one order, every comment kept. Formatting it again changes
/// nothing, and it reads as the same tree but for the order of its clauses.
///
/// # Errors
/// As `parse`.
pub fn format(sources: &Sources, id: SourceId) -> Result<String, Diagnostic> {
    let source = sources.get(id);
    let comments = scan::check(&source.text, id)?;
    let file = build::file(&source.text, id, comments.clone())?;
    Ok(print::file(sources, &file, &comments))
}
