//! `decile explain`: what a strategy will do, stage by stage.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions},
};
use crate::{
    data::Market,
    diagnostic::Diagnostics,
    engine::{Explanation, Strategy, run_together},
    panel::Date,
    report,
};

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
    /// Run the strategies, and show the decision in force at a date: what is held, which constraints bound, and at
    /// which shadow price.
    #[arg(long, value_name = "DATE", value_parser = super::market::date, conflicts_with = "analyze")]
    at: Option<Date>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Explain, terminal: Terminal) -> Result<(), Diagnostics> {
    let strategies = arguments.strategies.strategies()?;
    let market = arguments.market.open(terminal)?;
    if let Some(date) = arguments.at {
        return decisions(arguments, &strategies, &market, date, terminal);
    }
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

fn decisions(
    arguments: &Explain,
    strategies: &[Strategy],
    market: &Market,
    date: Date,
    terminal: Terminal,
) -> Result<(), Diagnostics> {
    let mut programs = vec![];
    for strategy in strategies {
        let program =
            strategy.compile(market)?.between(arguments.strategies.from, arguments.strategies.to);
        terminal.complain(&program.warnings());
        programs.push(program);
    }
    run_together(&programs)?.report(|report| {
        if arguments.json {
            let text = serde_json::to_string_pretty(&report::decisions_json(report, date));
            terminal.print(&(text.expect("a decision is plain data") + "\n"));
        } else {
            terminal.print(&report::decisions_text(report, date));
        }
    });
    Ok(())
}
