//! The rules of the house: layers look down only, files stay small, and no test is left out.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The modules of `src`, lowest first: a module may use only modules before it (and itself).
const LAYERS: &[&str] = &[
    "source",
    "diagnostic",
    "types",
    "panel",
    "table",
    "operator",
    "syntax",
    "check",
    "plan",
    "execute",
    "portfolio",
    "backtest",
    "metric",
    "report",
    "data",
    "engine",
    "reference",
    "session",
    "cli",
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).expect("the folder is in the tree") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

fn sources() -> Vec<PathBuf> {
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

#[test]
fn layers_only_look_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources() {
        let inner = file.strip_prefix(&root).expect("it lies in src");
        let module =
            inner.iter().next().expect("a file has a name").to_string_lossy().replace(".rs", "");
        let Some(own) = LAYERS.iter().position(|l| *l == module) else { continue };
        for line in fs::read_to_string(&file).expect("readable").lines() {
            for above in &LAYERS[own + 1..] {
                let used = line.contains(&format!("crate::{above}::"))
                    || line.contains(&format!("crate::{above};"));
                assert!(!used, "{}: `{module}` may not use `{above}`: {line}", inner.display());
            }
        }
    }
}

#[test]
fn every_module_has_a_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).expect("src is there") {
        let name = entry.expect("readable").file_name().to_string_lossy().replace(".rs", "");
        assert!(
            LAYERS.contains(&name.as_str()) || ["lib", "main"].contains(&name.as_str()),
            "`{name}` has no layer"
        );
    }
}

#[test]
fn each_crate_of_a_kind_has_one_user() {
    let homes: [(&str, &[&str]); 3] = [
        ("pest::", &["syntax"]),
        ("annotate_snippets", &["diagnostic/render.rs"]),
        ("parquet::", &["src/data/", "src/table.rs"]),
    ];
    for (word, homes) in homes {
        for file in sources() {
            let text = fs::read_to_string(&file).expect("readable");
            let path = file.to_string_lossy().replace('\\', "/");
            let at_home = homes.iter().any(|home| path.contains(home));
            assert!(at_home || !text.contains(word), "{path}: only {homes:?} may use `{word}`");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in sources() {
        let text = fs::read_to_string(&file).expect("readable");
        let documented = text.starts_with("//!") || text.starts_with("#![doc");
        assert!(documented, "{} does not begin with `//!`", file.display());
    }
}
