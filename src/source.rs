//! Source text and places in it. Knows nothing of what the text means.

use std::{fmt, sync::Arc};

/// Which of the texts of a program a span lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u16);

/// A stretch of bytes of one source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text it lies in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end` in `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Self { source, start: start as u32, end: end as u32 }
    }

    /// The smallest span that holds both; both must lie in one text.
    pub fn to(self, other: Self) -> Self {
        Self {
            source: self.source,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The bytes as a range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// One text with the name it is shown under (a path, or `<command line>`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What error messages call it.
    pub name: String,
    /// The text itself.
    pub text: String,
}

/// All texts of a program: the strategy files, the files they use, the standard library.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(Vec<Arc<Source>>);

impl Sources {
    /// Adds a text and gives its id.
    ///
    /// # Panics
    /// With more than 65,536 texts; loading stops long before.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u16::try_from(self.0.len()).expect("fewer than 65,536 source texts"));
        self.0.push(Arc::new(Source { name: name.into(), text: text.into() }));
        id
    }

    /// The text of an id that `add` gave.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0 as usize]
    }

    /// The text under a span.
    pub fn slice(&self, span: Span) -> &str {
        &self.get(span.source).text[span.range()]
    }
}
