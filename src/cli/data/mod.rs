//! `decile data`: what data hold, what is wrong with them, and a first `market.toml`.

mod check;
mod init;
mod show;

use super::Terminal;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, io_reason};
use clap::Subcommand;
use std::{fs, io::Write, path::Path, process::ExitCode};

/// Look at data before anyone bets on them.
#[derive(Debug, clap::Args)]
pub(super) struct Data {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Show),
    Check(check::Check),
    Init(init::Init),
}

/// Writes a file whole or not at all.
fn write_whole(path: &Path, content: &[u8]) -> Result<(), Diagnostics> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let beside = tempfile::Builder::new()
            .prefix(".decile-")
            .tempdir_in(folder.unwrap_or(Path::new(".")))?;
        // A file inside of a temporary folder has the usual permissions, as a temporary file has not.
        let new = beside.path().join("new");
        let mut file = fs::File::create(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(|error| {
        let message = format!("{} cannot be written: {}", path.display(), io_reason(&error));
        Diagnostic::error(Code::OutputFolder, message).into()
    })
}

pub(super) fn run(arguments: &Data, terminal: Terminal) -> Result<ExitCode, Diagnostics> {
    match &arguments.command {
        Command::Show(command) => show::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Init(command) => init::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Check(command) => check::run(command, terminal),
    }
}
