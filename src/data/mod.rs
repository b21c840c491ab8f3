//! Markets: read from CSV, Parquet and a catalog of tables, stored as mapped panels, or made up from a seed.

mod asof;
mod buffer;
mod builder;
mod columns;
mod market;
mod progress;
mod sample;

pub use builder::MarketBuilder;
pub use market::Market;
pub use progress::Progress;
pub use sample::Sample;
