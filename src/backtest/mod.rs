//! Targets × prices → book: what a strategy would have held, traded, paid and been worth, row by row.

pub mod schedule;
pub mod benchmark;
mod ahead;
mod book;
mod daily;
mod decide;
mod condition;
mod cost;
mod error;
mod fill;
mod hold;
mod ledger;
mod price;
mod run;
mod simulate;
mod state;
mod track;
mod tranche;

pub use daily::daily;
pub use ledger::{ByCause, CAUSES, Cause, Entry, Ledger};
pub use simulate::{Simulation, Trial, first_decision, simulate};
pub use track::{Delisting, Exit, Holding, Reason, Rebalance, Track, Trade, Trigger};
