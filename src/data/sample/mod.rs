//! The sample market: synthetic companies from a seed, with the structure that factor strategies look for.

mod books;
mod company;
mod economy;
mod indicators;
mod market;
mod moods;
mod tables;
mod trade;
mod world;

use super::Market;
use crate::diagnostic::Diagnostics;
use crate::table::TableFormat;
use crate::types::Basis;
use std::path::Path;
use world::World;

/// How large a sample market is, and from which seed it is made. The same numbers give the same market, on every
/// machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Companies (the benchmark comes on top): at most 18,000.
    pub assets: u32,
    /// Years of 252 sessions from 2010-01-04: at most 200.
    pub years: u32,
    /// The seed.
    pub seed: u64,
}

impl Default for Sample {
    /// 500 companies, 15 years.
    fn default() -> Self {
        Self { assets: 500, years: 15, seed: 1 }
    }
}

impl Sample {
    /// The most companies there are symbols for.
    pub const MOST_ASSETS: u32 = 18_000;
    /// The most years.
    pub const MOST_YEARS: u32 = 200;

    /// Makes the market, with prices and counts in the shares of the last day. Sizes beyond the limits are cut to them.
    pub fn market(&self) -> Market {
        market::assemble(&self.world(), Basis::SplitAdjusted)
    }

    /// Makes the same market with prices as they were traded: what importing the tables of [`Sample::write_tables`]
    /// gives. Total returns are the same bits.
    pub fn market_as_traded(&self) -> Market {
        market::assemble(&self.world(), Basis::Raw)
    }

    /// Writes the market as tables with a `market.toml`, as data come from a vendor: prices as traded by the symbols of
    /// their days, reports with their restatements, splits, dividends, delistings, changes of symbols, spells of
    /// membership, series. The folder is made, whole or not at all.
    ///
    /// # Errors
    /// `output-folder` if the folder is there and not empty, or cannot be written.
    pub fn write_tables(&self, folder: &Path, format: TableFormat) -> Result<(), Diagnostics> {
        tables::write(&self.world(), folder, format)
    }

    fn world(&self) -> World {
        World::new(Self {
            assets: self.assets.clamp(1, Self::MOST_ASSETS),
            years: self.years.clamp(1, Self::MOST_YEARS),
            seed: self.seed,
        })
    }
}

impl Market {
    /// The built-in synthetic market: 500 companies, 15 years.
    pub fn sample() -> Self {
        Sample::default().market()
    }
}
