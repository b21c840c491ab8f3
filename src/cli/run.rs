//! `decile run`: strategies in, track records out.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions},
};
use crate::{
    diagnostic::Diagnostics,
    engine::run_together,
    report::{self, Colors, FileOptions},
    table::TableFormat,
};
use std::path::PathBuf;

/// Run strategies and print their track records side by side.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    #[command(flatten)]
    strategies: StrategyOptions,
    #[command(flatten)]
    market: MarketOptions,
    /// Also print the further figures: tails, captures, tests, exposures to factors, what each sector brought.
    #[arg(long)]
    details: bool,
    /// Also run on all other rebalance days, without and with twice the costs, and a day later.
    #[arg(long)]
    stress: bool,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
    /// Write tables of values, holdings, trades, the ledger and contributions, and summary.json, into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The form of these tables.
    #[arg(long, value_enum, default_value_t, requires = "out")]
    format: TableFormat,
    /// With the positions of every day, not only of those with trades.
    #[arg(long, requires = "out")]
    daily: bool,
}

pub(super) fn run(arguments: &Run, terminal: Terminal) -> Result<(), Diagnostics> {
    let strategies = arguments.strategies.strategies()?;
    let market = arguments.market.open(terminal)?;
    let programs = arguments.strategies.programs(&strategies, &market, terminal)?;
    let mut results = run_together(&programs)?;
    if arguments.details {
        results.add_factors(&programs)?;
    }
    let mut stress = vec![];
    for program in programs.iter().filter(|_| arguments.stress) {
        stress.extend(program.stress()?);
    }
    results.report(|report| {
        if let Some(folder) = &arguments.out {
            let options = FileOptions { format: arguments.format, daily: arguments.daily };
            report::write_files(report, folder, options).map_err(|d| Diagnostics::from(*d))?;
        }
        if arguments.json {
            let mut json = report::to_json(report);
            if arguments.stress {
                json["stress"] = serde_json::json!(stress);
            }
            let text = serde_json::to_string_pretty(&json);
            terminal.print(&(text.expect("a report is plain data") + "\n"));
        } else {
            let colors = if terminal.colors { Colors::Yes } else { Colors::No };
            terminal.print(&report::to_text(report, colors));
            if arguments.details {
                terminal.print(&format!("\n{}", report::details_to_text(report, colors)));
            }
            if arguments.stress {
                terminal.print(&format!("\n{}", report::stress_to_text(&stress)));
            }
        }
        Ok(())
    })
}
