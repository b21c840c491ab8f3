//! `decile help`: what a command, an operator, a field or any other name means.

use super::{Arguments, Terminal, market::MarketOptions};
use crate::{diagnostic::Diagnostics, reference, report::Colors};
use clap::CommandFactory;

/// Explain a command or a name: an operator, a factor, a field, a metric, a clause, an error, a check.
#[derive(Debug, clap::Args)]
pub(super) struct Help {
    /// The command or name; without one, the list of commands.
    #[arg(value_name = "NAME")]
    name: Vec<String>,
    #[command(flatten)]
    market: MarketOptions,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Help, terminal: Terminal) -> Result<(), Diagnostics> {
    let mut command = Arguments::command();
    command.build();
    let of_command = match arguments.name.as_slice() {
        [] => Some(command.render_long_help()),
        [name] => command.find_subcommand_mut(name).map(clap::Command::render_long_help),
        [name, inner] => command
            .find_subcommand_mut(name)
            .and_then(|c| c.find_subcommand_mut(inner))
            .map(clap::Command::render_long_help),
        _ => None,
    };
    if let Some(help) = of_command {
        match terminal.colors {
            true => terminal.print(&help.ansi().to_string()),
            false => terminal.print(&help.to_string()),
        }
        return Ok(());
    }
    let market = arguments.market.open(terminal)?;
    let entries = reference::find(&arguments.name.join(" "), &market)?;
    if arguments.json {
        terminal.print(&reference::to_json(&entries));
    } else {
        let colors = if terminal.colors { Colors::Yes } else { Colors::No };
        terminal.print(&reference::to_text(&entries, colors));
    }
    Ok(())
}
