//! Every `.decile` file under `tests/corpus` is a test; its expected output lies beside it.

use decile::{
    diagnostic::{Diagnostics, Style, render},
    source::{SourceId, Sources},
    syntax,
};
use std::path::Path;

fn check(path: &Path, view: &str, actual: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let stem = path.file_stem().expect("a file of the corpus has a name").to_string_lossy();
    let name = format!("{stem}{view}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder.parent().expect("it lies in a folder"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, actual));
}

fn source(path: &Path, text: String) -> (Sources, SourceId) {
    let mut sources = Sources::default();
    let id = sources.add(path.file_name().expect("it is a file").to_string_lossy(), text);
    (sources, id)
}

/// How a text is read.
fn syntax(path: &Path, text: String) -> datatest_stable::Result<()> {
    let (sources, id) = source(path, text);
    match syntax::parse(&sources, id) {
        Ok(file) => check(path, "", &syntax::tree_text(&file)),
        Err(diagnostic) => {
            return Err(Diagnostics::new(vec![diagnostic], &sources).to_string().into());
        }
    }
    Ok(())
}

/// What is said of a text that is no strategy.
fn errors(path: &Path, text: String) -> datatest_stable::Result<()> {
    let (sources, id) = source(path, text);
    let diagnostic =
        syntax::parse(&sources, id).err().ok_or("the text is read without an error")?;
    check(path, "", &render(&Diagnostics::new(vec![diagnostic], &sources), Style::Plain));
    Ok(())
}

/// The canonical text.
fn format(path: &Path, text: String) -> datatest_stable::Result<()> {
    let (sources, id) = source(path, text);
    let formatted = syntax::format(&sources, id);
    check(path, ".formatted", &formatted.map_err(|d| Diagnostics::new(vec![d], &sources))?);
    Ok(())
}

/// Formatting keeps the tree and the comments and, done again, changes nothing; the same with a comment put between any
/// two words of the text.
fn format_keeps_meaning(path: &Path, text: String) -> datatest_stable::Result<()> {
    format_is_faithful(path, &text)?;
    let words: Vec<usize> = (1..text.len())
        .filter(|i| text.is_char_boundary(*i) && text.as_bytes()[i - 1] == b' ')
        .collect();
    for comment in ["# note\n", "\n## note\n", "# note\n\n", "\n\n\n"] {
        for at in &words {
            let (before, after) = text.split_at(*at);
            let changed = format!("{before}{comment}{after}");
            let (sources, id) = source(path, changed.clone());
            // In a text, a number or a comment a comment is none.
            if syntax::parse(&sources, id).is_ok() {
                format_is_faithful(path, &changed)?;
            }
        }
    }
    Ok(())
}

fn format_is_faithful(path: &Path, text: &str) -> datatest_stable::Result<()> {
    let (before, first) = source(path, text.to_owned());
    let formatted =
        syntax::format(&before, first).map_err(|d| Diagnostics::new(vec![d], &before))?;
    let (after, second) = source(path, formatted.clone());
    let again = syntax::format(&after, second).map_err(|d| Diagnostics::new(vec![d], &after))?;
    let trees = [syntax::parse(&before, first), syntax::parse(&after, second)];
    let [old, new] = trees.map(|tree| tree.map(|file| statements(&syntax::tree_text(&file))));
    if old != new {
        return Err(format!("another tree:\n{text}\n--- became ---\n{formatted}").into());
    }
    if again != formatted {
        return Err(format!(
            "not settled:\n{text}\n--- first ---\n{formatted}\n--- then ---\n{again}"
        )
        .into());
    }
    if notes(text) != notes(&formatted) {
        return Err(format!("a comment is lost:\n{text}\n--- became ---\n{formatted}").into());
    }
    Ok(())
}

/// The lines of a tree, each with its documentation; sorted by their first words, so that the order of clauses does not
/// count but that of clauses of a kind does.
fn statements(tree: &str) -> Vec<(String, String, String)> {
    let mut strategy = String::new();
    let mut documentation = String::new();
    let mut statements = vec![];
    for line in tree.lines() {
        if line.trim_start().starts_with("##") {
            documentation += line;
            continue;
        }
        if !line.starts_with(' ') {
            strategy = if line.starts_with("(strategy") { line.to_owned() } else { String::new() };
        }
        let text = line.trim_end_matches(')').to_owned();
        statements.push((
            strategy.trim_end_matches(')').to_owned(),
            std::mem::take(&mut documentation),
            text,
        ));
    }
    let word = |line: &str| line.split_whitespace().next().map(str::to_owned);
    statements.sort_by_key(|(strategy, _, line)| (strategy.clone(), word(line)));
    statements
}

fn notes(text: &str) -> usize {
    text.matches("note").count()
}

datatest_stable::harness! {
    { test = format, root = "tests/corpus/syntax", pattern = r"\.decile$" },
    { test = format_keeps_meaning, root = "tests/corpus/syntax", pattern = r"\.decile$" },
    { test = syntax, root = "tests/corpus/syntax", pattern = r"\.decile$" },
    { test = errors, root = "tests/corpus/errors", pattern = r"\.decile$" },
}
