//! Text → syntax tree, and back to canonical text.

pub mod ast;
