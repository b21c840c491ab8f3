//! `decile sample`: the synthetic market of any size, stored, as a file of prices, or as tables.

use super::{Terminal, import::Bar};
use crate::{data::Sample as Market, diagnostic::Diagnostics, table::TableFormat};
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
    /// Write the folder as tables with a `market.toml`, a template for your own data: prices as traded, splits,
    /// dividends, delistings, reports with their restatements, and more.
    #[arg(long, requires = "to")]
    raw: bool,
    /// How the tables are written.
    #[arg(long, requires = "raw", value_enum, default_value_t)]
    format: TableFormat,
    /// A file for the prices as a long CSV table.
    #[arg(long, value_name = "FILE", group = "output")]
    csv: Option<PathBuf>,
    /// A file for the prices as a long Parquet table.
    #[arg(long, value_name = "FILE", group = "output")]
    parquet: Option<PathBuf>,
}

pub(super) fn run(arguments: &Sample, terminal: Terminal) -> Result<(), Diagnostics> {
    let Sample { assets, years, seed, .. } = *arguments;
    let sample = Market { assets, years, seed };
    let mut text = String::new();
    if let (Some(folder), true) = (&arguments.to, arguments.raw) {
        sample.write_tables(folder, arguments.format)?;
        let folder = folder.display();
        text += &format!("tables written to {folder}; `decile data show {folder}` lists them\n");
    }
    let stored = arguments.to.as_ref().filter(|_| !arguments.raw);
    if stored.is_some() || arguments.csv.is_some() || arguments.parquet.is_some() {
        let market = sample.market();
        let bar = Bar::new();
        if let Some(folder) = stored {
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
    }
    terminal.print(&text);
    Ok(())
}
