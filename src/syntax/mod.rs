//! Text → syntax tree, and back to canonical text.

pub mod ast;
mod build;
mod error;
mod expected;
mod read;
mod scan;
mod tree;

pub use read::{read, read_from};
pub use tree::{expression_text, tree_text};

use crate::{
    diagnostic::Diagnostic,
    source::{SourceId, Sources},
};

/// The longest text that is parsed, in bytes.
pub const MAX_LENGTH: usize = 1 << 20;
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
