//! `decile sample`: the synthetic market of any size, stored or as a file of prices.

use super::{Terminal, import::Bar};
use crate::data::Sample as Market;
use crate::diagnostic::Diagnostics;
use std::path::PathBuf;

/// Make a synthetic market: the same numbers give the same market everywhere.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("output").required(true).multiple(true))]
pub(super) struct Sample {
    /// How many companies.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=i64::from(Market::MOST_ASSETS)))]
    assets: u32,
    /// How many years of 252 sessions, from 2010.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=i64::from(Market::MOST_YEARS)))]
    years: u32,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to store the market in.
    #[arg(long, value_name = "DIR", group = "output")]
    to: Option<PathBuf>,
    /// A file for the prices as a long CSV table.
    #[arg(long, value_name = "FILE", group = "output")]
    csv: Option<PathBuf>,
    /// A file for the prices as a long Parquet table.
    #[arg(long, value_name = "FILE", group = "output")]
    parquet: Option<PathBuf>,
}

pub(super) fn run(arguments: &Sample, terminal: Terminal) -> Result<(), Diagnostics> {
    let Sample { assets, years, seed, .. } = *arguments;
    let market = Market { assets, years, seed }.market();
    let bar = Bar::new();
    let mut text = String::new();
    if let Some(folder) = &arguments.to {
        market.store(folder, &bar)?;
        text += &format!("stored in {}\n", folder.display());
    }
    if let Some(file) = &arguments.csv {
        market.write_csv(file)?;
        text += &format!("prices written to {}\n", file.display());
    }
    if let Some(file) = &arguments.parquet {
        market.write_parquet(file)?;
        text += &format!("prices written to {}\n", file.display());
    }
    bar.finish();
    terminal.print(&text);
    Ok(())
}
