//! Execution plan × market → signals.

mod signals;

pub use signals::{Signal, Signals};
