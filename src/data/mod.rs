//! Markets: read from CSV, Parquet and a catalog of tables, stored as mapped panels, or made up from a seed.

mod asof;
mod buffer;
mod builder;
mod columns;
mod market;
mod progress;

pub use builder::MarketBuilder;
pub use market::Market;
pub use progress::Progress;
