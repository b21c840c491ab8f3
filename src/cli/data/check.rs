//! `decile data check`: what is wrong with data, or may be.

use super::{
    super::{Terminal, import::Bar},
    write_whole,
};
use crate::data::{Options, check};
use crate::diagnostic::Diagnostics;
use crate::report::Colors;
use std::{path::PathBuf, process::ExitCode};

/// Report what is wrong with data, or may be: exit code 3 if anything is an error, 0 if there are only warnings and notes.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// A file of prices, a `market.toml` or its folder, or a stored market.
    path: PathBuf,
    /// The folder that paths in the `market.toml` are relative to, if not its own.
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
    /// Show every finding, not only the first of each check.
    #[arg(long)]
    all: bool,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    /// Write a page with charts to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a row for each finding to this file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// Findings of each check that are shown.
const SHOWN: usize = 5;

pub(super) fn run(arguments: &Check, terminal: Terminal) -> Result<ExitCode, Diagnostics> {
    let bar = Bar::new();
    let options = Options { root: arguments.data_root.as_deref(), progress: &bar };
    let examination = check::examine(&arguments.path, options);
    bar.finish();
    let examination = examination?;
    if let Some(file) = &arguments.html {
        write_whole(file, check::findings_to_page(&examination).as_bytes())?;
    }
    if let Some(file) = &arguments.csv {
        write_whole(file, &check::findings_to_csv(&examination))?;
    }
    if arguments.json {
        terminal.print(&format!("{:#}\n", check::findings_to_json(&examination)));
    } else {
        let shown = if arguments.all { usize::MAX } else { SHOWN };
        let colors = if terminal.colors { Colors::Yes } else { Colors::No };
        terminal.print(&check::findings_to_text(&examination, shown, colors));
    }
    let has_errors = examination.counts()[0] > 0;
    Ok(if has_errors { ExitCode::from(3) } else { ExitCode::SUCCESS })
}
