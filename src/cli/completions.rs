//! `decile completions` and `decile man`: what a shell and a manual need, from the same definitions as the commands.

use super::{Arguments, Terminal};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use clap::CommandFactory;
use clap_complete::Shell;

/// Print the completions of a shell.
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page.
#[derive(Debug, clap::Args)]
pub(super) struct Manual {}

pub(super) fn completions(arguments: &Completions, terminal: Terminal) {
    let mut script = vec![];
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "decile", &mut script);
    terminal.print(&String::from_utf8_lossy(&script));
}

pub(super) fn manual(_: &Manual, terminal: Terminal) -> Result<(), Diagnostics> {
    let mut page = vec![];
    let made = clap_mangen::Man::new(Arguments::command()).render(&mut page);
    made.map_err(|e| Diagnostic::error(Code::Internal, format!("the manual: {e}")))?;
    terminal.print(&String::from_utf8_lossy(&page));
    Ok(())
}
