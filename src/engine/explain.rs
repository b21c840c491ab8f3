//! What a compiled program will do, as data: every stage from the types to the steps with their dates.

use super::{
    Compiled,
    period::{Period, SignalUse, lookback},
};
use crate::{
    diagnostic::{Diagnostics, Result},
    execute::{self, Measure},
    operator::Default,
    panel::{MarketData, Schema},
    plan::{self, Applied, ExecutionPlan, LogicalPlan, Node, NodeId, Op, StepKind},
    syntax,
};
use serde::Serialize;
use std::{collections::BTreeSet, fmt::Write};

/// All stages of a program.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The market it was planned for.
    pub market: String,
    /// The canonical text.
    pub text: String,
    /// Named expressions with their types.
    pub types: Vec<(String, String)>,
    /// The logical plan as lowered.
    pub logical: Vec<String>,
    /// How often each rewrite rule applied.
    pub rules: Applied,
    /// The logical plan after the rules.
    pub optimized: Vec<String>,
    /// The steps.
    pub steps: Vec<ExplainedStep>,
    /// Rows of the market before the first decision that the windows need, by strategy.
    pub lookbacks: Vec<(String, u32)>,
}

/// One step of the execution plan.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedStep {
    /// `load`, `pass`, `cross`, `column`.
    pub kind: &'static str,
    /// What it computes.
    pub nodes: Vec<ExplainedNode>,
    /// What it took, when it was run.
    pub microseconds: Option<u128>,
    /// The bytes of its results, when it was run.
    pub bytes: Option<usize>,
}

/// One node of a step.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedNode {
    /// Its number.
    pub id: u32,
    /// `ts_mean(#2, 20)`
    pub expression: String,
    /// Kind, shape, unit.
    pub ty: String,
    /// Rows before today that it sees of the market.
    pub lookback: u32,
    /// Whether it looks at every row from the first on.
    pub never_forgets: bool,
    /// For how many dates it is computed; `None` for what does not change in time.
    pub dates: Option<usize>,
    /// Who asked for those dates.
    pub why: String,
}

impl Compiled<'_> {
    /// Every stage of the program; with `analyze`, run once and measured.
    ///
    /// # Errors
    /// With `analyze`, a strategy whose returns another one takes and that cannot be run.
    pub fn explain(&self, analyze: bool) -> Result<Explanation> {
        let periods: Vec<Period> = self.checked.strategies.iter().map(|s| self.period(s)).collect();
        let wanted = self.wanted(&periods);
        let plan = plan::schedule(&self.logical, &wanted, self.calendar());
        let returns = if analyze { Some(self.returns()?) } else { None };
        let measures = returns.map(|returns| execute::run(&plan, self.market, &returns, &wanted).1);
        let schema = self.market.schema();
        let mut roots = vec![];
        for ((strategy, period), signals) in
            self.checked.strategies.iter().zip(&periods).zip(&self.signals)
        {
            for (i, node) in signals.iter().enumerate() {
                let reason = match SignalUse::of(strategy, i) {
                    SignalUse::EveryRow => format!("every row of {}", strategy.name),
                    SignalUse::EveryRowOfPeriod => {
                        format!("every row of {} in its period", strategy.name)
                    }
                    SignalUse::Decisions => {
                        format!("the {} decisions of {}", period.decisions.len(), strategy.name)
                    }
                };
                roots.push((*node, reason));
            }
        }
        let main = self.loaded.files[0].source;
        let text = syntax::format(&self.loaded.sources, main);
        let text = text.map_err(|d| Diagnostics::new(vec![d], &self.loaded.sources))?;
        let strategies = self.checked.strategies.iter().enumerate();
        Ok(Explanation {
            market: schema.name.clone(),
            text,
            types: self
                .checked
                .named
                .iter()
                .map(|(name, id)| (name.clone(), self.checked.expressions.ty(*id).to_string()))
                .collect(),
            logical: logical_lines(&self.lowered, schema),
            rules: self.applied.clone(),
            optimized: logical_lines(&self.logical, schema),
            steps: steps(&plan, self.market, &roots, measures.as_deref()),
            lookbacks: strategies
                .map(|(i, s)| (s.name.clone(), lookback(s, &self.signals[i], &self.logical)))
                .collect(),
        })
    }
}

/// The lines of a logical plan.
fn logical_lines(plan: &LogicalPlan, schema: &Schema) -> Vec<String> {
    let needed = plan.reachable(&BTreeSet::new());
    let nodes = plan.nodes().filter(|(id, _)| needed[id.0 as usize]);
    nodes
        .map(|(id, node)| format!("#{} = {} : {}", id.0, expression(plan, node, schema), node.ty))
        .collect()
}

/// The steps with their dates, and why each was asked for.
fn steps(
    plan: &ExecutionPlan,
    market: &dyn MarketData,
    roots: &[(NodeId, String)],
    measures: Option<&[Measure]>,
) -> Vec<ExplainedStep> {
    let schema = market.schema();
    let reasons = reasons(plan, roots);
    let explained = plan.steps.iter().enumerate().map(|(i, step)| ExplainedStep {
        kind: match step.kind {
            StepKind::Load => "load",
            StepKind::Pass => "pass",
            StepKind::Cross => "cross",
            StepKind::Spread => "spread",
            StepKind::Predict => "predict",
            StepKind::Column => "column",
        },
        nodes: step.nodes.iter().map(|id| explained(plan, *id, schema, &reasons)).collect(),
        microseconds: measures.map(|m| m[i].time.as_micros()),
        bytes: measures.map(|m| m[i].bytes),
    });
    explained.collect()
}

fn explained(
    plan: &ExecutionPlan,
    id: NodeId,
    schema: &Schema,
    reasons: &[Vec<String>],
) -> ExplainedNode {
    let node = plan.logical.node(id);
    ExplainedNode {
        id: id.0,
        expression: expression(&plan.logical, node, schema),
        ty: node.ty.to_string(),
        lookback: plan.lookbacks[id.0 as usize],
        never_forgets: node.never_forgets(),
        dates: node.varies_in_time().then(|| plan.rows[id.0 as usize].len()),
        why: reasons[id.0 as usize].join("; "),
    }
}

/// Who asked for the dates of each node: the clauses, and the nodes that read it.
fn reasons(plan: &ExecutionPlan, roots: &[(NodeId, String)]) -> Vec<Vec<String>> {
    let mut reasons: Vec<Vec<String>> = vec![vec![]; plan.rows.len()];
    for (root, reason) in roots {
        let known = &mut reasons[root.0 as usize];
        if !known.contains(reason) {
            known.push(reason.clone());
        }
    }
    for (user, node) in plan.logical.nodes() {
        let reason = match (&node.op, node.lookback()) {
            (Op::Apply { operator, .. }, rows) if operator.0.name == "lag" => {
                format!("{rows} {} before #{}", if rows == 1 { "row" } else { "rows" }, user.0)
            }
            _ if node.never_forgets() => {
                format!("all rows up to the last date of #{}, which never forgets", user.0)
            }
            (_, 0) => format!("the dates of #{}", user.0),
            (_, rows) => format!("the {} rows up to each date of #{}", rows + 1, user.0),
        };
        for (i, input) in node.inputs.iter().enumerate() {
            if !node.inputs[..i].contains(input) {
                reasons[input.0 as usize].push(reason.clone());
            }
        }
    }
    reasons
}

/// `ts_mean(#2, 20)`
fn expression(plan: &LogicalPlan, node: &Node, schema: &Schema) -> String {
    let input = |id: &NodeId| match plan.constant(*id) {
        Some(value) if value.is_nan() => "missing".to_owned(),
        Some(value) => value.to_string(),
        None => format!("#{}", id.0),
    };
    match &node.op {
        Op::Constant(bits) => f64::from_bits(*bits).to_string(),
        Op::Field(field) => {
            let field = schema.field(*field);
            format!("{}.{}", field.table, field.name)
        }
        Op::Priced => "priced".to_owned(),
        Op::Of(asset) => {
            format!("{} of {:?}", input(&node.inputs[0]), schema.symbols[asset.0 as usize])
        }
        Op::Apply { operator, grouped, .. } => {
            let values = node.inputs.len()
                - if operator.0.is_cross() { 1 + usize::from(*grouped) } else { 0 };
            let mut parts: Vec<String> = node.inputs[..values].iter().map(input).collect();
            let parameters = operator.0.parameters.iter().filter(|p| p.accepts.is_constant());
            for (parameter, value) in parameters.zip(node.constants()) {
                match parameter.default {
                    _ if value.is_nan() => {}
                    Default::Alternative => parts.push(format!("{}: {value}", parameter.name)),
                    _ => parts.push(value.to_string()),
                }
            }
            if operator.0.is_cross() {
                parts.push(format!("over: {}", input(&node.inputs[values])));
            }
            if *grouped {
                parts.push(format!("within: {}", input(&node.inputs[values + 1])));
            }
            let name = operator.0.name;
            match parts.as_slice() {
                [x, y] if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    format!("{x} {name} {y}")
                }
                [x, y] if matches!(name, "and" | "or") => format!("{x} {name} {y}"),
                _ => format!("{name}({})", parts.join(", ")),
            }
        }
    }
}

impl Explanation {
    /// As text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let mut section = |title: &str, lines: &mut dyn Iterator<Item = String>| {
            let _ = writeln!(out, "── {title}");
            for line in lines {
                let _ = writeln!(out, "   {line}");
            }
            out.push('\n');
        };
        section("strategy", &mut self.text.lines().map(str::to_owned));
        section("types", &mut self.types.iter().map(|(name, ty)| format!("{name} : {ty}")));
        section("logical plan", &mut self.logical.iter().cloned());
        let applied: Vec<String> = self
            .rules
            .iter()
            .filter(|r| r.1 > 0)
            .map(|(name, n)| format!("{name}: {n} {}", if *n == 1 { "time" } else { "times" }))
            .collect();
        if applied.is_empty() {
            section("rules", &mut std::iter::once("none applied".to_owned()));
        } else {
            section("rules", &mut applied.into_iter());
            section("logical plan after the rules", &mut self.optimized.iter().cloned());
        }
        let mut lines = vec![];
        for (i, step) in self.steps.iter().enumerate() {
            let measured = match (step.microseconds, step.bytes) {
                (Some(time), Some(bytes)) => {
                    format!("  {:.3} ms, {}", time as f64 / 1e3, size(bytes))
                }
                _ => String::new(),
            };
            lines.push(format!("{}. {}{measured}", i + 1, step.kind));
            for node in &step.nodes {
                let dates = match node.dates {
                    Some(1) => "1 date".to_owned(),
                    Some(n) => format!("{n} dates"),
                    None => "once".to_owned(),
                };
                lines.push(format!("     #{} = {} : {}", node.id, node.expression, node.ty));
                let lookback = match node.never_forgets {
                    true => "never forgets".to_owned(),
                    false => format!("lookback {}", node.lookback),
                };
                lines.push(format!("          {dates}, {lookback}: {}", node.why));
            }
        }
        section(&format!("execution plan on {}", self.market), &mut lines.into_iter());
        let lookbacks = self.lookbacks.iter();
        section(
            "rows before the first decision",
            &mut lookbacks.map(|(name, rows)| format!("{name}: {rows}")),
        );
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        b if b >= 1 << 20 => format!("{:.1} MiB", b as f64 / f64::from(1 << 20)),
        b if b >= 1 << 10 => format!("{:.1} KiB", b as f64 / f64::from(1 << 10)),
        b => format!("{b} bytes"),
    }
}
