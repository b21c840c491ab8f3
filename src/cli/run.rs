//! `decile run`: strategies in, track records out.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions},
};
use crate::{
    data::Market,
    diagnostic::Diagnostics,
    engine::{Results, Strategy},
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
    let market = arguments.market.open()?;
    terminal.complain(&Diagnostics { list: market.warnings().to_vec(), ..Diagnostics::default() });
    let results = run_all(&strategies, &market, arguments, terminal)?;
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

/// Runs the files one after the other; their results stand side by side.
fn run_all<'m>(
    strategies: &[Strategy],
    market: &'m Market,
    arguments: &Run,
    terminal: Terminal,
) -> Result<Results<'m>, Diagnostics> {
    let mut all: Option<Results<'m>> = None;
    for strategy in strategies {
        let compiled =
            strategy.compile(market)?.between(arguments.strategies.from, arguments.strategies.to);
        terminal.complain(&compiled.warnings());
        let results = compiled.run()?;
        match &mut all {
            None => all = Some(results),
            Some(all) => all.extend(results),
        }
    }
    Ok(all.expect("the command line asks for at least one strategy"))
}
