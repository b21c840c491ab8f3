//! `decile run`: strategies in, track records out.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions},
};
use crate::{
    diagnostic::Diagnostics,
    engine::run_together,
    report::{self, Colors},
};
use std::path::PathBuf;

/// Run strategies and print their track records side by side.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    #[command(flatten)]
    strategies: StrategyOptions,
    #[command(flatten)]
    market: MarketOptions,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
    /// Write nav.csv, holdings.csv, trades.csv and summary.json into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Run, terminal: Terminal) -> Result<(), Diagnostics> {
    let strategies = arguments.strategies.strategies()?;
    let market = arguments.market.open(terminal)?;
    let mut programs = vec![];
    for strategy in &strategies {
        let program =
            strategy.compile(&market)?.between(arguments.strategies.from, arguments.strategies.to);
        terminal.complain(&program.warnings());
        programs.push(program);
    }
    let results = run_together(&programs)?;
    results.report(|report| {
        if let Some(folder) = &arguments.out {
            report::write_files(report, folder).map_err(|d| Diagnostics::from(*d))?;
        }
        if arguments.json {
            let text = serde_json::to_string_pretty(&report::to_json(report));
            terminal.print(&(text.expect("a report is plain data") + "\n"));
        } else {
            let colors = if terminal.colors { Colors::Yes } else { Colors::No };
            terminal.print(&report::to_text(report, colors));
        }
        Ok(())
    })
}
