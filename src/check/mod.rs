//! Syntax tree → checked program, against a schema, never against data.

mod strategy;

pub use strategy::{
    Benchmark, Bound, BoundKind, BoundTarget, CalendarRule, CashRate, Every, On, Pick, PickCount,
    Policy, SignalId, TradeAt, Weight,
};
