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
    /// Replace the stored market only if everything that it held is unchanged, and say what was added.
    #[arg(long)]
    append: bool,
    /// With `--append`: replace it also if the past changed, and say what did.
    #[arg(long, requires = "append")]
    accept_changes: bool,
    /// The folder that paths in the `market.toml` are relative to, if not its own.
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
}

pub(super) fn run(arguments: &Import, terminal: Terminal) -> Result<(), Diagnostics> {
    let bar = Bar::new();
    let options = Options { root: arguments.data_root.as_deref(), progress: &bar };
    let (path, folder) = (&arguments.path, &arguments.to);
    let (market, history) = match arguments.append {
        true => {
            let (market, history) =
                Market::append(path, folder, arguments.accept_changes, options)?;
            (market, Some(history))
        }
        false => (Market::import(path, folder, options)?, None),
    };
    bar.finish();
    let mut text = String::new();
    for line in market.detected() {
        text += &format!("{line}\n");
    }
    for note in crate::panel::MarketData::notes(&market) {
        text += &format!("note: {note}\n");
    }
    if let Some(history) = &history {
        text += &match history.added {
            0 => "no date was added\n".to_owned(),
            1 => "1 date was added\n".to_owned(),
            n => format!("{n} dates were added\n"),
        };
    }
    text += &format!("stored in {}\n", folder.display());
    if let Some(fingerprint) = market.fingerprint() {
        text += &format!("fingerprint {}\n", &fingerprint[..16]);
    }
    terminal.print(&text);
    let mut list = market.warnings().to_vec();
    list.extend(history.into_iter().flat_map(|h| h.changes));
    terminal.complain(&Diagnostics { list, ..Diagnostics::default() });
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
