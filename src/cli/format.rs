//! `decile fmt`: strategy files in canonical form.

use super::Terminal;
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    source::Sources,
    syntax,
};
use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Put strategy files into canonical form
#[derive(Debug, clap::Args)]
pub(super) struct Format {
    /// The files to rewrite; `-` formats standard input to standard output
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing: list the files that would change, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

/// Formats each file. A file is rewritten as a whole or, if anything is wrong with it, left as it is.
pub(super) fn run(arguments: &Format, terminal: Terminal) -> Result<ExitCode, Diagnostics> {
    let mut sources = Sources::default();
    let mut complaints = vec![];
    let mut changes = false;
    for path in &arguments.files {
        let done = if path == Path::new("-") {
            format_input(arguments.check, &mut sources, terminal)
        } else {
            format_file(path, arguments.check, &mut sources, terminal)
        };
        match done {
            Ok(changed) => changes |= changed,
            Err(diagnostic) => complaints.push(diagnostic),
        }
    }
    if !complaints.is_empty() {
        return Err(Diagnostics::new(complaints, &sources));
    }
    Ok(if arguments.check && changes { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn format_input(
    check: bool,
    sources: &mut Sources,
    terminal: Terminal,
) -> Result<bool, Diagnostic> {
    let text = syntax::read_from(io::stdin().lock())?;
    let id = sources.add("<standard input>", text);
    let formatted = syntax::format(sources, id)?;
    let changed = formatted != sources.get(id).text;
    if !check {
        terminal.print(&formatted);
    } else if changed {
        terminal.print("<standard input>\n");
    }
    Ok(changed)
}

fn format_file(
    path: &Path,
    check: bool,
    sources: &mut Sources,
    terminal: Terminal,
) -> Result<bool, Diagnostic> {
    let text = syntax::read(path)?;
    let id = sources.add(path.display().to_string(), text);
    let formatted = syntax::format(sources, id)?;
    if formatted == sources.get(id).text {
        return Ok(false);
    }
    if check {
        terminal.print(&format!("{}\n", path.display()));
    } else {
        syntax::write(path, &formatted)?;
    }
    Ok(true)
}
