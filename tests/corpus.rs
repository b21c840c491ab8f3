//! Every `.decile` file under `tests/corpus` is a test; its expected output lies beside it.

use decile::{
    diagnostic::{Diagnostics, Style, render},
    source::{SourceId, Sources},
    syntax,
};
use std::path::Path;

fn check(path: &Path, extension: &str, actual: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let stem = path.file_stem().expect("a file of the corpus has a name").to_string_lossy();
    let name = format!("{stem}{extension}");
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

datatest_stable::harness! {
    { test = syntax, root = "tests/corpus/syntax", pattern = r"\.decile$" },
    { test = errors, root = "tests/corpus/errors", pattern = r"\.decile$" },
}
