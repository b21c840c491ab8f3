//! Texts that nobody would write, and texts that a machine writes: never a panic, a hang, or another result by another
//! plan.

mod generated;
mod laws;
mod market;
mod sizes;
