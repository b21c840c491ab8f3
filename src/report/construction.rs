//! What shaped the portfolios: constraints that bound and what they cost, what had to give, what the risk rests on.

use super::{
    Report, StrategyRun,
    number::{counted, percent},
};
use crate::{
    backtest::Rebalance,
    panel::{Date, Row},
    portfolio::Target,
};
use serde_json::{Value as Json, json};
use std::fmt::Write;

fn targets<'a>(run: &'a StrategyRun<'_>) -> impl Iterator<Item = &'a Target> {
    run.track.rebalances.iter().map(|r| &r.target)
}

fn rebalances(run: &StrategyRun<'_>) -> String {
    counted(run.track.rebalances.len(), "rebalance", "rebalances")
}

/// How often each constraint bound.
pub(super) fn binding(run: &StrategyRun<'_>) -> Vec<String> {
    let bound_on =
        |i: usize| targets(run).filter(|t| t.binding.iter().any(|b| b.bound == i)).count();
    let constraints = 0..run.policy.constraints();
    constraints
        .map(|i| {
            let text = run.policy.constraint(i).0;
            match bound_on(i) {
                0 => format!("`{text}` never bound."),
                n => format!("`{text}` bound on {n} of {}.", rebalances(run)),
            }
        })
        .collect()
}

/// Of several constraints the one whose shadow price was greatest on average.
pub(super) fn dearest(run: &StrategyRun<'_>) -> Option<String> {
    let count = run.track.rebalances.len().max(1) as f64;
    let price = |i: usize| {
        let prices = targets(run).flat_map(|t| &t.binding).filter(|b| b.bound == i);
        prices.filter_map(|b| b.price).sum::<f64>() / count
    };
    let prices = (0..run.policy.constraints()).map(|i| (i, price(i)));
    let (constraint, price) = prices.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    (price > 0.0 && run.policy.constraints() > 1).then(|| {
        format!(
            "`{}` cost most: a hundredth more room would have lowered what is made least by {} on average.",
            run.policy.constraint(constraint).0,
            shown(price / 100.0)
        )
    })
}

/// Four digits of a number of any size.
fn shown(number: f64) -> String {
    if (1e-3..1e6).contains(&number) { format!("{number:.4}") } else { format!("{number:.2e}") }
}

/// Where constraints had to give, or the holdings were kept.
pub(super) fn relaxed(run: &StrategyRun<'_>) -> Vec<String> {
    let mut notes = vec![];
    for i in 0..run.policy.constraints() {
        let gave: Vec<f64> = targets(run)
            .flat_map(|t| &t.relaxed)
            .filter(|r| r.constraint == i)
            .map(|r| r.by)
            .collect();
        if let Some(most) = gave.iter().copied().reduce(f64::max) {
            notes.push(format!(
                "`{}` had to give on {} of {}, at most by {}.",
                run.policy.constraint(i).0,
                gave.len(),
                rebalances(run),
                percent(most)
            ));
        }
    }
    let kept = targets(run).filter(|t| t.kept_holdings).count();
    if kept > 0 {
        let rebalances = rebalances(run);
        notes.push(format!(
            "On {kept} of {rebalances} nothing satisfied the constraints and the holdings stayed."
        ));
    }
    notes
}

/// What the covariances rest on.
pub(super) fn estimates(run: &StrategyRun<'_>) -> Option<String> {
    let estimates: Vec<_> = targets(run).filter_map(|t| t.estimate).collect();
    let least = estimates.iter().map(|e| e.rows).min()?;
    let most = estimates.iter().map(|e| e.rows).max()?;
    let rows = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    let singular = estimates.iter().filter(|e| e.is_singular).count();
    let mut text = format!("Risk is estimated from {rows} rows of complete returns.");
    if singular > 0 {
        let _ = write!(
            text,
            " On {singular} of {} its covariance is singular; of several optima the smallest is taken.",
            rebalances(run)
        );
    }
    Some(text)
}

/// Picks that were too young for the covariance.
pub(super) fn without_history(run: &StrategyRun<'_>) -> Option<String> {
    let count: usize = targets(run).map(|t| t.funnel.without_history).sum();
    (count > 0).then(|| {
        let picks = counted(count, "pick was", "picks were");
        format!("{picks} left out for want of three quarters of the window's prices.")
    })
}

/// What `names between` cost.
pub(super) fn gaps(run: &StrategyRun<'_>) -> Option<String> {
    let worst = targets(run).filter_map(|t| t.gap).reduce(f64::max)?;
    Some(format!(
        "`names` is met one name after the other; what is made best is at most {} worse than without it.",
        percent(worst)
    ))
}

/// The decision of each strategy that is in force at a date.
fn in_force<'a>(report: &'a Report<'_>, date: Date) -> Vec<(&'a StrategyRun<'a>, &'a Rebalance)> {
    let row: Row = report.market.calendar().last_at_or_before(date).unwrap_or(0);
    let runs = report.runs.iter();
    runs.filter_map(|run| Some((run, run.track.rebalances.iter().rfind(|r| r.target.row <= row)?)))
        .collect()
}

/// The decisions in force at a date, as text.
pub fn decisions_text(report: &Report<'_>, date: Date) -> String {
    let mut out = String::new();
    for (run, rebalance) in in_force(report, date) {
        let target = &rebalance.target;
        let _ = writeln!(out, "{} decided on {}", run.name, report.date(target.row));
        let short: f64 = -target.weights.iter().map(|w| w.1.min(0.0)).sum::<f64>();
        let sides = match short > 0.0 {
            true => {
                format!("{} long, {} short", percent(target.invested() + short), percent(short))
            }
            false => format!("{} invested", percent(target.invested())),
        };
        let held = counted(target.weights.len(), "name", "names");
        let _ = writeln!(out, "  {held}, {sides}");
        if let Some(estimate) = target.estimate {
            let volatility = percent(estimate.volatility);
            let _ = writeln!(out, "  volatility {volatility} by {} rows of returns", estimate.rows);
        }
        if let Some(factor) = target.scaled {
            let _ = writeln!(out, "  scaled by {factor:.4} to the target volatility");
        }
        for binding in &target.binding {
            let text = run.policy.constraint(binding.bound).0;
            let price =
                binding.price.map_or_else(String::new, |p| format!(", shadow price {}", shown(p)));
            let _ = writeln!(
                out,
                "  `{text}` bound {}{price}",
                counted(binding.count, "time", "times")
            );
        }
        if target.binding.is_empty() && run.policy.constraints() > 0 {
            let _ = writeln!(out, "  no constraint bound");
        }
        for relaxed in &target.relaxed {
            let text = run.policy.constraint(relaxed.constraint).0;
            let _ = writeln!(out, "  `{text}` gave by {}", percent(relaxed.by));
        }
        if target.kept_holdings {
            let _ = writeln!(out, "  nothing satisfied the constraints; the holdings stay");
        }
        let mut weights = target.weights.clone();
        weights.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let symbols = &report.market.schema().symbols;
        for (asset, weight) in weights {
            let _ = writeln!(out, "  {:>9}  {}", percent(weight), symbols[asset.0 as usize]);
        }
    }
    out
}

/// The decisions in force at a date, as data.
pub fn decisions_json(report: &Report<'_>, date: Date) -> Json {
    let decisions = in_force(report, date).into_iter().map(|(run, rebalance)| {
        let mut decision = super::json::rebalance(report, run, rebalance);
        decision["strategy"] = json!(run.name);
        decision
    });
    decisions.collect()
}
