//! `decile funnel`: how many assets are left after each clause, decision by decision.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions},
};
use crate::{diagnostic::Diagnostics, report};

/// Show how many assets are left after each clause, decision by decision.
#[derive(Debug, clap::Args)]
pub(super) struct Funnel {
    #[command(flatten)]
    strategies: StrategyOptions,
    #[command(flatten)]
    market: MarketOptions,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Funnel, terminal: Terminal) -> Result<(), Diagnostics> {
    let strategies = arguments.strategies.strategies()?;
    let market = arguments.market.open(terminal)?;
    let mut funnels = vec![];
    for program in arguments.strategies.programs(&strategies, &market, terminal)? {
        funnels.extend(program.funnels(&program.run()?));
    }
    if arguments.json {
        let text = serde_json::to_string_pretty(&funnels).expect("counts are plain data");
        terminal.print(&(text + "\n"));
    } else {
        let texts: Vec<String> = funnels.iter().map(report::funnel_to_text).collect();
        terminal.print(&texts.join("\n"));
    }
    Ok(())
}
