//! Weight methods as objectives of a program.

use super::{
    super::{
        Decision,
        program::{Program, Source},
        select::AtRow,
    },
    candidates::Candidate,
    hierarchical,
    outlook::Outlook,
    rows::{Terms, Trades},
};
use crate::check::{CashRate, Objective, Optimised, SignalId};

/// The weights before constraints of methods that are no optimum: signed, each side with its size.
pub(super) fn starts(
    terms: &Terms<'_>,
    outlook: Option<&Outlook>,
    weigh: Option<Objective>,
) -> Vec<f64> {
    let candidates = terms.candidates;
    let exposure = &terms.decision.policy.exposure;
    let mut starts: Vec<f64> = candidates.iter().map(|c| c.start).collect();
    if let (Some(Objective::HierarchicalRiskParity), Some(outlook)) = (weigh, outlook) {
        for side in [1.0, -1.0] {
            let own = |i: &usize| candidates[*i].side == side && candidates[*i].is_picked;
            let places: Vec<usize> = (0..candidates.len()).filter(own).collect();
            let weights = hierarchical::weights(&outlook.covariance.of(&places));
            places.iter().zip(weights).for_each(|(&i, w)| starts[i] = w);
        }
    }
    let size = |side: f64| if side > 0.0 { exposure.long } else { exposure.short };
    let total = |side: f64| {
        let own = candidates.iter().zip(&starts).filter(|(c, _)| c.side == side);
        own.map(|(_, s)| s).sum::<f64>()
    };
    let totals = (total(1.0), total(-1.0));
    for (candidate, start) in candidates.iter().zip(&mut starts) {
        let total = if candidate.side > 0.0 { totals.0 } else { totals.1 };
        *start =
            if total > 0.0 { candidate.side * size(candidate.side) * *start / total } else { 0.0 };
    }
    starts
}

/// Nearest to given weights: Σ (w − start)²/d with d the start, or what is held of a holding that is not picked.
pub(super) fn nearest(program: &mut Program<'_>, candidates: &[Candidate], starts: &[f64]) {
    for (i, (candidate, start)) in candidates.iter().zip(starts).enumerate() {
        let divisor = if candidate.is_picked { start.abs() } else { candidate.now.abs() };
        let divisor = divisor.max(1e-6);
        program.diagonal[i] = 2.0 / divisor;
        program.linear[i] = -2.0 * start / divisor;
    }
}

/// Sets what a method makes best.
pub(super) fn optimise<'a>(
    program: &mut Program<'a>,
    method: Optimised,
    terms: &Terms<'_>,
    outlook: &'a Outlook,
) {
    program.risk = 1.0;
    let decision = terms.decision;
    match method.objective {
        Objective::MinVariance => costs(program, method, terms),
        Objective::Track => program.is_relative = true,
        Objective::MeanVariance { risk_aversion, expected } => {
            program.risk = risk_aversion;
            for (i, value) in excess(decision, terms.candidates, expected).into_iter().enumerate() {
                program.linear[i] -= value;
            }
            costs(program, method, terms);
        }
        Objective::MaxSharpe { expected } => {
            program.is_homogeneous = true;
            let excess = excess(decision, terms.candidates, expected);
            let mut normal: Vec<(usize, f64)> = excess.into_iter().enumerate().collect();
            if method.turnover_cost > 0.0 && terms.standing.is_started {
                let trades = Trades::new(terms.candidates, program);
                let paid = trades.bought.iter().chain(&trades.sold);
                normal.extend(paid.map(|(v, c)| (*v, -c * method.turnover_cost)));
            }
            program.normal = Some(normal);
        }
        Objective::MaxDiversification => {
            program.is_homogeneous = true;
            let deviations = outlook.covariance.variances();
            let candidates = terms.candidates.iter().zip(deviations).enumerate();
            program.normal = Some(candidates.map(|(i, (c, v))| (i, c.side * v.sqrt())).collect());
        }
        Objective::RiskParity => {
            program.is_homogeneous = true;
            let share = 1.0 / terms.candidates.len() as f64;
            let candidates = terms.candidates.iter().enumerate();
            program.logarithms = candidates.map(|(i, c)| (i, c.side, share)).collect();
        }
        Objective::MinCvar { level } => {
            program.risk = 0.0;
            worst_losses(program, level, outlook);
        }
        Objective::HierarchicalRiskParity => {}
    }
}

/// Expected returns over that of cash.
fn excess(decision: Decision<'_>, candidates: &[Candidate], expected: SignalId) -> Vec<f64> {
    let Decision { policy, signals, row, .. } = decision;
    let cash = match policy.cash {
        CashRate::Constant(rate) => rate,
        CashRate::Series(id) => signals.get(id).value(row, 0),
    };
    let cash = if cash.is_finite() { cash } else { 0.0 };
    let expected = AtRow::new(signals, expected, row);
    candidates.iter().map(|c| expected.of(c.asset) - cash).collect()
}

fn costs(program: &mut Program<'_>, method: Optimised, terms: &Terms<'_>) {
    if method.turnover_cost > 0.0 && terms.standing.is_started {
        let trades = Trades::new(terms.candidates, program);
        for (variable, coefficient) in trades.bought.iter().chain(&trades.sold) {
            program.linear[*variable] += coefficient * method.turnover_cost;
        }
    }
}

/// Rockafellar and Uryasev (2000): a + Σ (loss − a)⁺/((1 − level)·rows) is least, with a the value at risk.
fn worst_losses(program: &mut Program<'_>, level: f64, outlook: &Outlook) {
    let history = &outlook.history;
    let value_at_risk = program.variable(1.0);
    let share = 1.0 / ((1.0 - level) * history.rows as f64);
    let columns = history.returns.len() / history.rows.max(1);
    for row in history.returns.chunks_exact(columns.max(1)) {
        let excess = program.variable(share);
        program.row(vec![(excess, 1.0)], 0.0, f64::INFINITY, Source::Meaning);
        let returns = row[..program.weights].iter().copied().enumerate();
        let terms = returns.chain([(excess, 1.0), (value_at_risk, 1.0)]).collect();
        program.row(terms, 0.0, f64::INFINITY, Source::Meaning);
    }
}
