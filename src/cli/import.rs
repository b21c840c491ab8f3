//! `decile import`: any market → a stored market.

use super::Terminal;
use crate::data::{Market, Options, Progress};
use crate::diagnostic::Diagnostics;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

/// Store prices and what belongs to them, so that they open in milliseconds.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// A CSV or Parquet file of prices, a `market.toml`, or the folder of one.
    path: PathBuf,
    /// The folder to store the market in; a stored market that is there is replaced.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The folder that paths in the `market.toml` are relative to, if not its own.
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
}

pub(super) fn run(arguments: &Import, terminal: Terminal) -> Result<(), Diagnostics> {
    let bar = Bar::new();
    let options = Options { root: arguments.data_root.as_deref(), progress: &bar };
    let market = Market::import(&arguments.path, &arguments.to, options)?;
    bar.finish();
    let mut text = String::new();
    for line in market.detected() {
        text += &format!("{line}\n");
    }
    for note in crate::panel::MarketData::notes(&market) {
        text += &format!("note: {note}\n");
    }
    text += &format!("stored in {}\n", arguments.to.display());
    terminal.print(&text);
    terminal.complain(&Diagnostics { list: market.warnings().to_vec(), ..Diagnostics::default() });
    Ok(())
}

/// A bar on a terminal; nothing elsewhere.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let bar = match io::stderr().is_terminal() {
            true => ProgressBar::new(0),
            false => ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()),
        };
        let style = ProgressStyle::with_template("{msg:12} {wide_bar} {percent:>3}%");
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &str, total: u64) {
        self.0.set_message(stage.to_owned());
        self.0.set_position(0);
        self.0.set_length(total);
    }

    fn advance(&self, steps: u64) {
        self.0.inc(steps);
    }
}
