//! `decile data show`: the fields of a market.

use super::super::{Terminal, import::Bar};
use crate::data::{Options, check};
use crate::diagnostic::Diagnostics;
use std::path::PathBuf;

/// Show what a market holds: fields with their types, ranges, dates and coverage.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// A stored market, a `market.toml` or its folder, or a file of prices.
    path: PathBuf,
    /// The folder that paths in the `market.toml` are relative to, if not its own.
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Show, terminal: Terminal) -> Result<(), Diagnostics> {
    let bar = Bar::new();
    let options = Options { root: arguments.data_root.as_deref(), progress: &bar };
    let description = check::describe(&arguments.path, options);
    bar.finish();
    let description = description?;
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&description).expect("it is plain data") + "\n",
        false => check::fields_to_text(&description),
    };
    terminal.print(&text);
    Ok(())
}
