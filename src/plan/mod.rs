//! Checked strategies → logical plan → execution plan.

mod logical;
mod lower;
mod optimize;
mod schedule;

pub use logical::{LogicalPlan, Node, NodeId, Op};
pub use lower::{by_strategy, lower, lower_expressions};
pub use optimize::{Applied, RULES, optimize};
pub use schedule::{ExecutionPlan, Step, StepKind, Wanted, schedule, schedule_rest};
