//! `decile why`: why an asset was held on a date, or was not.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions, date},
};
use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics},
    panel::Date,
    report,
};
use std::path::PathBuf;

/// Say why an asset was held on a date, or was not.
#[derive(Debug, clap::Args)]
pub(super) struct Why {
    /// The strategy file; `-` reads standard input.
    file: PathBuf,
    /// The asset.
    symbol: String,
    /// The date; the last of the run if none is given.
    #[arg(long, value_name = "DATE", value_parser = date)]
    at: Option<Date>,
    #[command(flatten)]
    market: MarketOptions,
    /// Set a `param` of the strategy.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::market::setting)]
    settings: Vec<(String, String)>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Why, terminal: Terminal) -> Result<(), Diagnostics> {
    let strategies = StrategyOptions::of_file(&arguments.file, &arguments.settings).strategies()?;
    let market = arguments.market.open(terminal)?;
    let nothing = || Diagnostic::error(Code::EmptyFile, "there is no strategy to ask");
    let strategy = strategies.first().ok_or_else(|| Diagnostics::from(nothing()))?;
    let program = strategy.compile(&market)?;
    terminal.complain(&program.warnings());
    let list = program.why(&arguments.symbol, arguments.at)?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&list).expect("answers are plain data");
        terminal.print(&(text + "\n"));
    } else {
        let texts: Vec<String> = list.iter().map(report::why_to_text).collect();
        terminal.print(&texts.join("\n"));
    }
    Ok(())
}
