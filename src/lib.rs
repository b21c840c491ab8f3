#![doc = include_str!("../README.md")]

pub mod source;
pub mod diagnostic;
pub mod types;
pub mod panel;
pub mod table;
pub mod operator;
pub mod syntax;
pub mod check;
pub mod plan;
pub mod execute;
pub mod portfolio;
pub mod backtest;
pub mod metric;
pub mod report;
pub mod data;
pub mod engine;
pub mod reference;
pub mod session;
pub mod cli;

pub use data::Market;
pub use engine::{Compiled, Query, Results, Strategy};
