//! `decile data init`: a first `market.toml` for the files of a folder.

use super::{
    super::{Terminal, import::Bar},
    write_whole,
};
use crate::data::{Options, init};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use std::path::PathBuf;

/// Guess what the files of a folder are, and write a first `market.toml` that says what must be looked at.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The folder, or one file.
    path: PathBuf,
    /// Print it, and write nothing.
    #[arg(long)]
    print: bool,
}

pub(super) fn run(arguments: &Init, terminal: Terminal) -> Result<(), Diagnostics> {
    let folder = match arguments.path.is_dir() {
        true => Some(arguments.path.as_path()),
        false => arguments.path.parent(),
    };
    let there = folder.map(|f| f.join("market.toml")).filter(|f| f.exists());
    if let (Some(there), false) = (there, arguments.print) {
        let message = format!("there is a `{}` already; nothing was changed", there.display());
        let error = Diagnostic::error(Code::OutputFolder, message);
        return Err(error.help("`--print` shows what would be written").into());
    }
    let bar = Bar::new();
    let proposal = init::propose(&arguments.path, Options { root: None, progress: &bar });
    bar.finish();
    let proposal = proposal?;
    if arguments.print {
        terminal.print(&proposal.text);
        return Ok(());
    }
    let file = proposal.folder.join("market.toml");
    write_whole(&file, proposal.text.as_bytes())?;
    let mut text = String::new();
    for line in &proposal.found {
        text += &format!("{line}\n");
    }
    text += &format!("written to {}; its comments say what must be looked at\n", file.display());
    for need in &proposal.needs {
        text += &format!("needed: {need}\n");
    }
    terminal.print(&text);
    Ok(())
}
