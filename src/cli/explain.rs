//! `decile explain`: what a strategy will do, stage by stage.

use super::{
    Terminal,
    market::{MarketOptions, StrategyOptions},
};
use crate::{
    diagnostic::Diagnostics,
    engine::{Compiled, Explanation, run_together},
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
    let programs = arguments.strategies.programs(&strategies, &market, terminal)?;
    if let Some(date) = arguments.at {
        return decisions(arguments, &programs, date, terminal);
    }
    let explained = programs.iter().map(|p| p.explain(arguments.analyze));
    let explanations = explained.collect::<Result<Vec<Explanation>, Diagnostics>>()?;
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
    programs: &[Compiled<'_>],
    date: Date,
    terminal: Terminal,
) -> Result<(), Diagnostics> {
    run_together(programs)?.report(|report| {
        if arguments.json {
            let text = serde_json::to_string_pretty(&report::decisions_json(report, date));
            terminal.print(&(text.expect("a decision is plain data") + "\n"));
        } else {
            terminal.print(&report::decisions_text(report, date));
        }
    });
    Ok(())
}
