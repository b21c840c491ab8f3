//! How many assets are left after each clause, decision by decision.

use super::{Report, StrategyRun, number::counted};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use std::fmt::Write as _;

/// The share of the assets that a clause may leave before the reader is warned.
const FEW: f64 = 0.5;
/// The share of the universe for which a figure may be missing before the reader is warned.
const MISSING: f64 = 0.25;

/// How a strategy's universe shrank to its holdings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunnelTable {
    /// The strategy.
    pub strategy: String,
    /// The stages, in their order.
    pub stages: Vec<String>,
    /// By decision.
    pub rows: Vec<FunnelRow>,
    /// What the reader should know, a sentence each.
    pub warnings: Vec<String>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunnelRow {
    /// Its date.
    pub date: String,
    /// How many were left after each stage.
    pub counts: Vec<usize>,
}

/// How far a figure is there at a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// The field or expression.
    pub name: String,
    /// By decision of the run: how many of the universe have a value.
    pub present: Vec<usize>,
}

/// The funnel of a run; `coverage` are the figures that it reads.
pub fn funnel_table(
    report: &Report<'_>,
    run: &StrategyRun<'_>,
    coverage: &[Coverage],
) -> FunnelTable {
    let mut stages = vec!["universe".to_owned()];
    stages.extend(run.policy.filters.iter().map(|(_, text)| format!("where {text}")));
    let has_score = run.policy.pick.by.is_some();
    if has_score {
        stages.push("with a score".to_owned());
    }
    stages.extend(["picked", "held"].map(str::to_owned));
    let rows: Vec<FunnelRow> = run
        .track
        .rebalances
        .iter()
        .map(|rebalance| {
            let funnel = &rebalance.target.funnel;
            let mut counts = vec![funnel.universe];
            counts.extend(&funnel.filters);
            counts.extend(has_score.then_some(funnel.scored));
            counts.extend([funnel.picked, funnel.held]);
            FunnelRow { date: report.date(rebalance.target.row), counts }
        })
        .collect();
    let warnings = warnings(&stages, &rows, coverage);
    FunnelTable { strategy: run.name.to_owned(), stages, rows, warnings }
}

/// Clauses that leave few, and figures that are missing for many, each at its worst date.
fn warnings(stages: &[String], rows: &[FunnelRow], coverage: &[Coverage]) -> Vec<String> {
    let mut warnings = vec![];
    // What is picked and held is few by intention.
    for stage in 1..stages.len().saturating_sub(2) {
        let share =
            |row: &FunnelRow| row.counts[stage] as f64 / row.counts[stage - 1].max(1) as f64;
        let worst = rows.iter().min_by(|a, b| share(a).total_cmp(&share(b)));
        if let Some(row) = worst.filter(|row| share(row) < FEW && row.counts[stage - 1] > 0) {
            warnings.push(format!(
                "`{}` leaves {} of {} on {}",
                stages[stage],
                row.counts[stage],
                counted(row.counts[stage - 1], "asset", "assets"),
                row.date
            ));
        }
    }
    for Coverage { name, present } in coverage {
        let missing = |i: &usize| {
            let universe = rows[*i].counts[0].max(1);
            1.0 - present[*i].min(universe) as f64 / universe as f64
        };
        let worst = (0..rows.len()).max_by(|a, b| missing(a).total_cmp(&missing(b)).then(b.cmp(a)));
        if let Some(i) = worst.filter(|i| missing(i) > MISSING) {
            let often = (0..rows.len()).filter(|i| missing(i) > MISSING).count();
            warnings.push(format!(
                "`{name}` is missing for {:.0}% of the universe on {}, and for more than {:.0}% at {often} of {} decisions",
                missing(&i) * 100.0,
                rows[i].date,
                MISSING * 100.0,
                rows.len()
            ));
        }
    }
    warnings
}

/// The table as text.
pub fn funnel_to_text(funnel: &FunnelTable) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(std::iter::once("decided").chain(funnel.stages.iter().map(String::as_str)));
    for row in &funnel.rows {
        let counts = row.counts.iter().map(usize::to_string);
        table.add_row(std::iter::once(row.date.clone()).chain(counts));
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if i == 0 { CellAlignment::Left } else { CellAlignment::Right });
        column.set_padding((0, 2));
    }
    let mut text = format!("{}: from universe to holdings\n\n", funnel.strategy);
    let _ = writeln!(text, "{}", table.trim_fmt());
    for (i, warning) in funnel.warnings.iter().enumerate() {
        if i == 0 {
            text.push('\n');
        }
        let _ = writeln!(text, "· {warning}");
    }
    text
}
