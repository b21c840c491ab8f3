//! What went wrong, as data. Wording is made by each stage's own `error.rs`; text is made by `render`.

mod code;
mod guard;
mod io;
mod render;
mod suggest;

pub use code::{CODES, Code, CodeEntry};
pub use guard::{guarded, quiet_guarded_panics};
pub use io::io_reason;
pub use render::{Style, render};
pub use suggest::nearest;

use crate::source::{Sources, Span};
use std::{fmt, path::PathBuf, sync::Arc};

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// It runs, and the reader should know.
    Warning,
}

/// Where in a data file something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct DataPlace {
    /// The file.
    pub file: PathBuf,
    /// The row, counted from 1 with the header as row 1, as an editor counts lines.
    pub row: Option<u64>,
    /// The column's name.
    pub column: Option<String>,
}

/// A place in the text and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// In words.
    pub text: String,
    /// As a change of the text, where there is one: replace the span by the string.
    pub change: Option<(Span, String)>,
}

/// One complaint: where, what, what was expected, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which complaint of the table it is.
    pub code: Code,
    /// How grave.
    pub severity: Severity,
    /// Understandable alone, on one line: lower case, no full stop.
    pub message: String,
    /// The place in the text.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// The place in a data file.
    pub data: Option<DataPlace>,
    /// What to do.
    pub help: Vec<Help>,
}

impl Diagnostic {
    /// An error at no place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: None,
            secondary: vec![],
            data: None,
            help: vec![],
        }
    }

    /// A warning at no place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Says where in the text it is, and what is wrong there.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// Points at another place that explains it.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Says where in a data file it is.
    pub fn in_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.data.get_or_insert_default().file = file.into();
        self
    }

    /// Says in which row of the data file (the header is row 1).
    pub fn row(mut self, row: u64) -> Self {
        self.data.get_or_insert_default().row = Some(row);
        self
    }

    /// Says in which column of the data file.
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.data.get_or_insert_default().column = Some(column.into());
        self
    }

    /// Adds what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(Help { text: text.into(), change: None });
        self
    }

    /// Adds what to do, as a change of the text.
    pub fn change(
        mut self,
        text: impl Into<String>,
        span: Span,
        replacement: impl Into<String>,
    ) -> Self {
        self.help.push(Help { text: text.into(), change: Some((span, replacement.into())) });
        self
    }
}

/// Everything that was found in one go, with the texts it points into.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// The complaints, in the order of the text.
    pub list: Vec<Diagnostic>,
    /// The texts their spans lie in.
    pub sources: Arc<Sources>,
}

impl Diagnostics {
    /// Complaints about these texts.
    pub fn new(list: Vec<Diagnostic>, sources: &Sources) -> Self {
        Self { list, sources: Arc::new(sources.clone()) }
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether all that is wrong lies in the data rather than in the text.
    pub fn about_data(&self) -> bool {
        let mut errors = self.list.iter().filter(|d| d.severity == Severity::Error).peekable();
        errors.peek().is_some() && errors.all(|d| d.primary.is_none() && d.code.entry().about_data)
    }
}

impl From<Diagnostic> for Diagnostics {
    /// A complaint that points into no text.
    fn from(diagnostic: Diagnostic) -> Self {
        debug_assert!(diagnostic.primary.is_none(), "a diagnostic with a span needs its sources");
        Self { list: vec![diagnostic], sources: Arc::default() }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(self, Style::Plain))
    }
}

impl std::error::Error for Diagnostics {}

/// The result of everything that can go wrong for a user's reasons.
pub type Result<T, E = Diagnostics> = std::result::Result<T, E>;
