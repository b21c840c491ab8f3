//! From a path or a text to parsed files: the strategy, the files it uses, the standard library, values set from outside.

use crate::{
    check::{Loaded, LoadedFile},
    diagnostic::{Code, Diagnostic, Diagnostics, Result},
    source::{SourceId, Sources, Span},
    syntax::{self, ast},
};
use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The most files a program may have.
const MOST_FILES: usize = 100;

/// What errors call the text of a setting, before its name.
pub const SETTING: &str = "--set ";

/// The text of the standard library, always the first of a program.
pub const LIBRARY: &str = include_str!("../operator/library.decile");

static LIBRARY_TREE: LazyLock<ast::File> = LazyLock::new(|| {
    let mut sources = Sources::default();
    let id = sources.add("library.decile", LIBRARY);
    syntax::parse(&sources, id).expect("the standard library is tested to parse")
});

/// Loads a strategy file and the files it uses.
///
/// # Errors
/// Files that cannot be read or parsed, or use each other in a circle.
pub(super) fn file(path: &Path) -> Result<Loaded> {
    let text = syntax::read(path)?;
    let name = path
        .file_stem()
        .map_or_else(|| "strategy".to_owned(), |s| s.to_string_lossy().into_owned());
    Loader::new().finish(&path.display().to_string(), text, Some(path), name)
}

/// Loads a text; the paths of its `use` statements are relative to the working folder.
///
/// # Errors
/// As [`file`].
pub(super) fn text(text: &str, shown_as: &str, name: &str) -> Result<Loaded> {
    Loader::new().finish(shown_as, text.to_owned(), None, name.to_owned())
}

/// Adds a value for a `param`.
///
/// # Errors
/// A value that is no literal.
pub(super) fn set(loaded: &mut Loaded, name: &str, value: &str) -> Result<()> {
    let id = loaded.sources.add(format!("{SETTING}{name}"), value);
    let parsed = syntax::parse_expression(&loaded.sources, id);
    let mut expression = parsed.map_err(|d| Diagnostics::new(vec![d], &loaded.sources))?;
    // A label may be given without quotes, which a shell would take away.
    if let ast::ExpressionKind::Name(path) = &expression.kind
        && path.table.is_none()
    {
        expression.kind = ast::ExpressionKind::Text(path.name.text.clone());
    }
    if !is_literal(&expression) {
        let complaint = Diagnostic::error(
            Code::Arguments,
            format!("`--set {name}` takes a value, not an expression"),
        )
        .at(expression.span, "expected a number, a duration, a text, a date, `true` or `false`");
        return Err(Diagnostics::new(vec![complaint], &loaded.sources));
    }
    loaded.settings.push((name.to_owned(), expression));
    Ok(())
}

fn is_literal(e: &ast::Expression) -> bool {
    use ast::ExpressionKind as K;
    match &e.kind {
        K::Number { .. } | K::Duration { .. } | K::Text(_) | K::Boolean(_) | K::Date(_) => true,
        K::Unary { operator: ast::UnaryOperator::Negate, operand } => {
            matches!(operand.kind, K::Number { .. } | K::Duration { .. })
        }
        _ => false,
    }
}

struct Loader {
    sources: Sources,
    files: Vec<Option<LoadedFile>>,
    /// Where each file lies, so that one used twice is loaded once.
    paths: Vec<Option<PathBuf>>,
    /// Files whose `use` statements are being followed.
    open: Vec<usize>,
    diagnostics: Vec<Diagnostic>,
}

impl Loader {
    fn new() -> Self {
        let mut sources = Sources::default();
        sources.add("library.decile", LIBRARY);
        Self { sources, files: vec![], paths: vec![], open: vec![], diagnostics: vec![] }
    }

    fn finish(
        mut self,
        shown_as: &str,
        text: String,
        path: Option<&Path>,
        name: String,
    ) -> Result<Loaded> {
        self.load(shown_as, text, path);
        let files: Option<Vec<LoadedFile>> = self.files.into_iter().collect();
        let library = LoadedFile { source: SourceId(0), tree: LIBRARY_TREE.clone(), uses: vec![] };
        match files {
            Some(files) if self.diagnostics.is_empty() => {
                Ok(Loaded { sources: self.sources, files, library, name, settings: vec![] })
            }
            _ => Err(Diagnostics::new(self.diagnostics, &self.sources)),
        }
    }

    fn load(&mut self, shown_as: &str, text: String, path: Option<&Path>) -> usize {
        let index = self.files.len();
        let source = self.sources.add(shown_as, text);
        self.files.push(None);
        self.paths.push(path.map(canonical));
        let tree = match syntax::parse(&self.sources, source) {
            Ok(tree) => tree,
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic);
                return index;
            }
        };
        self.open.push(index);
        let folder = path.and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let wanted: Vec<(String, Span)> = tree
            .items
            .iter()
            .filter_map(|i| {
                if let ast::ItemKind::Use(t) = &i.kind {
                    Some((t.text.clone(), t.span))
                } else {
                    None
                }
            })
            .collect();
        let uses =
            wanted.iter().filter_map(|(text, span)| self.used(&folder.join(text), *span)).collect();
        self.open.pop();
        self.files[index] = Some(LoadedFile { source, tree, uses });
        index
    }

    /// The index of a used file.
    fn used(&mut self, path: &Path, span: Span) -> Option<usize> {
        let known = self.paths.iter().position(|p| p.as_ref() == Some(&canonical(path)));
        if let Some(index) = known {
            if self.open.contains(&index) {
                let names: Vec<String> = self
                    .open
                    .iter()
                    .filter_map(|i| self.paths[*i].as_ref())
                    .map(|p| file_name(p))
                    .collect();
                self.diagnostics.push(
                    Diagnostic::error(Code::UseCircle, "files use each other in a circle")
                        .at(span, "this leads back to where it began")
                        .help(format!("{} → {}", names.join(" → "), file_name(path))),
                );
                return None;
            }
            return Some(index);
        }
        if self.files.len() >= MOST_FILES {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::TooLong,
                    format!("a program has at most {MOST_FILES} files"),
                )
                .at(span, "one too many"),
            );
            return None;
        }
        match syntax::read(path) {
            Ok(text) => Some(self.load(&path.display().to_string(), text, Some(path))),
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic.at(span, "used here"));
                None
            }
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}
