//! `decile explain`: what a strategy will do, stage by stage.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions},
};
use crate::{diagnostic::Diagnostics, engine::Explanation};

/// Print every stage of a strategy: types, logical plan, rewrite rules, and the steps with their dates.
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    #[command(flatten)]
    strategies: StrategyOptions,
    #[command(flatten)]
    market: MarketOptions,
    /// Run the plan, and add the time and memory of each step.
    #[arg(long)]
    analyze: bool,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Explain, terminal: Terminal) -> Result<(), Diagnostics> {
    let strategies = arguments.strategies.strategies()?;
    let market = arguments.market.open(terminal)?;
    let mut explanations: Vec<Explanation> = vec![];
    for strategy in &strategies {
        let compiled =
            strategy.compile(&market)?.between(arguments.strategies.from, arguments.strategies.to);
        terminal.complain(&compiled.warnings());
        explanations.push(compiled.explain(arguments.analyze)?);
    }
    if arguments.json {
        let text =
            serde_json::to_string_pretty(&explanations).expect("an explanation is plain data");
        terminal.print(&(text + "\n"));
    } else {
        let texts: Vec<String> = explanations.iter().map(Explanation::to_text).collect();
        terminal.print(&texts.join("\n"));
    }
    Ok(())
}
