//! The options of every command that needs a market and strategies.

use super::{Terminal, import::Bar};
use crate::{
    data::{Market, Options},
    diagnostic::{Code, Diagnostic, Diagnostics},
    engine::{Compiled, Strategy},
    panel::Date,
};
use std::path::PathBuf;

/// Which data.
#[derive(Debug, clap::Args)]
pub(super) struct MarketOptions {
    /// A stored market, a folder with a `market.toml`, or a CSV or Parquet file of prices; the built-in synthetic sample
    /// market if none is given.
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// The folder that paths in the `market.toml` are relative to, if not its own.
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
}

impl MarketOptions {
    /// The folder that paths are relative to, if one is named.
    pub(super) fn root(&self) -> Option<PathBuf> {
        self.data_root.clone()
    }

    /// Opens the market; says what was read as what, and what the reader should know.
    pub(super) fn open(&self, terminal: Terminal) -> Result<Market, Diagnostics> {
        let Some(path) = &self.data else { return Ok(Market::sample()) };
        let bar = Bar::new();
        let market =
            Market::open_with(path, Options { root: self.data_root.as_deref(), progress: &bar });
        bar.finish();
        let market = market?;
        if !market.is_stored() {
            terminal.note(market.detected());
        }
        let warnings = market.warnings().to_vec();
        terminal.complain(&Diagnostics { list: warnings, ..Diagnostics::default() });
        Ok(market)
    }
}

/// Which strategies, with which settings.
#[derive(Debug, clap::Args)]
pub(super) struct StrategyOptions {
    /// Strategy files; `-` reads standard input.
    #[arg(value_name = "FILE", required_unless_present = "expression")]
    files: Vec<PathBuf>,
    /// A strategy as text.
    #[arg(short = 'e', long = "expression", value_name = "TEXT")]
    expression: Vec<String>,
    /// Set a `param` of the strategy.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// First date of the backtest.
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) from: Option<Date>,
    /// Last date of the backtest.
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) to: Option<Date>,
}

impl StrategyOptions {
    /// One file over its whole period.
    pub(super) fn of_file(file: &std::path::Path, settings: &[(String, String)]) -> Self {
        Self {
            files: vec![file.to_owned()],
            expression: vec![],
            settings: settings.to_vec(),
            from: None,
            to: None,
        }
    }

    /// The parsed files and texts, in the order of files, then texts.
    pub(super) fn strategies(&self) -> Result<Vec<Strategy>, Diagnostics> {
        in_order(self.from, self.to)?;
        let mut strategies = vec![];
        for file in &self.files {
            strategies.push(if file.as_os_str() == "-" {
                let text = crate::syntax::read_from(std::io::stdin().lock())?;
                Strategy::parse_as(&text, "<standard input>", "strategy")?
            } else {
                Strategy::open(file)?
            });
        }
        for (i, text) in self.expression.iter().enumerate() {
            let name = if self.expression.len() == 1 {
                "strategy".to_owned()
            } else {
                format!("strategy_{}", i + 1)
            };
            strategies.push(Strategy::parse_as(text, "<command line>", &name)?);
        }
        let set = |strategy: Strategy| {
            self.settings.iter().try_fold(strategy, |s, (name, value)| s.set(name, value))
        };
        strategies.into_iter().map(set).collect()
    }

    /// The strategies compiled for a market, with their period; says what the reader should know of them.
    pub(super) fn programs<'m>(
        &self,
        strategies: &[Strategy],
        market: &'m Market,
        terminal: Terminal,
    ) -> Result<Vec<Compiled<'m>>, Diagnostics> {
        let compile = |strategy: &Strategy| {
            let program = strategy.compile(market)?.between(self.from, self.to);
            terminal.complain(&program.warnings());
            Ok(program)
        };
        strategies.iter().map(compile).collect()
    }
}

/// A period must not end before it begins.
pub(super) fn in_order(from: Option<Date>, to: Option<Date>) -> Result<(), Diagnostics> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => {
            let message = format!("`--to {to}` lies before `--from {from}`");
            Err(Diagnostic::error(Code::OutOfRange, message).into())
        }
        _ => Ok(()),
    }
}

pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected NAME=VALUE, such as n=30".to_owned()),
    }
}

pub(super) fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "expected a date such as 2015-01-31".to_owned())
}
