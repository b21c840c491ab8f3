//! Targets × prices → book: what a strategy would have held, traded, paid and been worth, row by row.

pub mod schedule;
pub mod benchmark;
mod book;
mod error;
mod hold;
mod simulate;
mod track;

pub use simulate::{Simulation, first_decision, simulate};
pub use track::{Delisting, Holding, Reason, Rebalance, Track, Trade};
