//! `decile data`: what data hold, what is wrong with them, and a first `market.toml`.

mod check;
mod show;

use super::Terminal;
use crate::diagnostic::Diagnostics;
use clap::Subcommand;
use std::process::ExitCode;

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
}

pub(super) fn run(arguments: &Data, terminal: Terminal) -> Result<ExitCode, Diagnostics> {
    match &arguments.command {
        Command::Show(command) => show::run(command, terminal).map(|()| ExitCode::SUCCESS),
        Command::Check(command) => check::run(command, terminal),
    }
}
