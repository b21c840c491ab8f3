//! Portfolios by the solver: optimised weights, and the nearest portfolio under constraints of every kind.

mod candidates;
mod conflict;
mod hierarchical;
mod method;
mod outlook;
mod parity;
mod relax;
mod rows;

use super::{
    Binding, Decision, Estimate, Picked, Relaxed, Standing, error,
    program::{Fault, Optimum, Program, Source},
};
use crate::{
    check::{BoundKind, BoundTarget, LimitRule, Objective, Optimised, Weight},
    diagnostic::Diagnostic,
    panel::AssetId,
};
use candidates::{Candidate, Candidates, candidates};
pub(super) use conflict::Conflict;
use outlook::{Outlook, outlook};
use rows::Terms;

/// A weight below this is no holding.
const DUST: f64 = 1e-9;

/// The least weight of a name that `names between` keeps, where no floor says another.
const LEAST_NAME: f64 = 1e-4;

/// What came of a decision.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// By asset.
    pub(super) weights: Vec<(AssetId, f64)>,
    pub(super) binding: Vec<Binding>,
    pub(super) relaxed: Vec<Relaxed>,
    pub(super) kept_holdings: bool,
    pub(super) dropped: usize,
    pub(super) without_weight: usize,
    pub(super) without_history: usize,
    pub(super) estimate: Option<Estimate>,
    pub(super) gap: Option<f64>,
}

/// The portfolio of a decision whose picks are given.
pub(super) fn construct(
    decision: Decision<'_>,
    standing: Standing<'_>,
    long: &[Picked],
    short: &[Picked],
) -> Result<Outcome, Box<Diagnostic>> {
    let exposure = &decision.policy.exposure;
    if long.is_empty() && short.is_empty() {
        return Ok(Outcome::default());
    }
    let is_missing = |picks: &[Picked], size: f64| picks.is_empty() && size > 0.0;
    if is_missing(long, exposure.long) || is_missing(short, exposure.short) {
        return Err(error::empty_side(decision, long.is_empty()));
    }
    let mut found = candidates(decision, standing, long, short)?;
    let outlook = outlook(decision, standing, &mut found)?;
    for (side, size) in [(1.0, exposure.long), (-1.0, exposure.short)] {
        if size > 0.0 && !found.list.iter().any(|c| c.side == side) {
            return Err(error::empty_side(decision, side > 0.0));
        }
    }
    let without_history = outlook.as_ref().map_or(0, |o| o.history.left_out.len());
    let search = Search { decision, standing, found: &found, outlook: outlook.as_ref() };
    let mut outcome = match search.solve(&vec![0.0; decision.policy.constraints()]) {
        Ok(outcome) => outcome,
        Err(Trouble::Infeasible) => relax::relax(&search)?,
        Err(Trouble::Said(complaint)) => return Err(complaint),
    };
    outcome.without_weight = found.without_weight;
    outcome.without_history = without_history;
    outcome.estimate = outlook.as_ref().map(|o| o.estimate(&outcome.weights));
    Ok(outcome)
}

/// Why a search found nothing.
enum Trouble {
    /// Nothing satisfies the constraints.
    Infeasible,
    /// Something else, which is said.
    Said(Box<Diagnostic>),
}

/// All that a portfolio is sought from.
struct Search<'a> {
    decision: Decision<'a>,
    standing: Standing<'a>,
    found: &'a Candidates,
    outlook: Option<&'a Outlook>,
}

/// An optimum over some of the candidates.
struct Found {
    /// By candidate of the program.
    weights: Vec<f64>,
    prices: Vec<(usize, f64, usize)>,
    objective: f64,
}

impl<'a> Search<'a> {
    fn method(&self) -> Option<Optimised> {
        match self.decision.policy.weight {
            Weight::Optimised(method) => Some(method),
            _ => None,
        }
    }

    fn terms<'t>(
        &'t self,
        candidates: &'t [Candidate],
        widened: &'t [f64],
        wanted: &'t dyn Fn(usize) -> bool,
    ) -> Terms<'t> {
        let (decision, standing, forced) = (self.decision, self.standing, self.found.forced);
        Terms { decision, standing, candidates, forced, may_hold_cash: false, widened, wanted }
    }

    /// The portfolio with every constraint as much wider as `widened` says. What `floor position` and `names` leave out
    /// is dropped, and the rest solved again.
    fn solve(&self, widened: &[f64]) -> Result<Outcome, Trouble> {
        let policy = self.decision.policy;
        let floor = self.floor(widened);
        let (fewest, most) = self.names(widened);
        let mut places: Vec<usize> = (0..self.found.list.len()).collect();
        if places.len() < fewest {
            return Err(Trouble::Infeasible);
        }
        let (mut lifted, mut dropped, mut relaxed_objective) = (vec![], 0, None);
        loop {
            let found = self.optimum(&places, widened, &lifted)?;
            relaxed_objective = relaxed_objective.or(Some(found.objective));
            let held = |i: &usize| found.weights[*i].abs() > DUST;
            let holdings: Vec<usize> = (0..places.len()).filter(held).collect();
            let size = |i: usize| found.weights[i].abs();
            let by_size = |list: &[usize]| {
                let mut sorted = list.to_vec();
                sorted.sort_by(|&a, &b| size(b).total_cmp(&size(a)).then(a.cmp(&b)));
                sorted
            };
            if holdings.len() > most {
                let mut kept = by_size(&holdings)[..most].to_vec();
                kept.sort_unstable();
                dropped += places.len() - kept.len();
                places = kept.into_iter().map(|i| places[i]).collect();
                lifted.clear();
                continue;
            }
            let smallest = by_size(&holdings).last().copied();
            if let Some(smallest) = smallest.filter(|&i| floor > 0.0 && size(i) < floor - DUST) {
                dropped += 1;
                let kept = holdings.into_iter().filter(|&i| i != smallest);
                places = kept.map(|i| places[i]).collect();
                if places.len() < fewest.max(1) {
                    return Err(Trouble::Infeasible);
                }
                continue;
            }
            if holdings.len() < fewest && lifted.is_empty() {
                let all: Vec<usize> = (0..places.len()).collect();
                lifted = by_size(&all)[..fewest].iter().map(|&i| places[i]).collect();
                continue;
            }
            let changed = dropped > 0 || !lifted.is_empty();
            let has_names = policy.limits.iter().any(|l| matches!(l.rule, LimitRule::Names(..)));
            let gap = match relaxed_objective {
                Some(bound) if changed && has_names => {
                    Some((found.objective - bound).abs() / bound.abs().max(1e-300))
                }
                _ => None,
            };
            return self.outcome(&places, found, widened, dropped, gap);
        }
    }

    fn floor(&self, widened: &[f64]) -> f64 {
        let bounds = self.decision.policy.bounds.iter().zip(widened);
        let floors =
            bounds.filter(|(b, _)| b.kind == BoundKind::Floor && b.target == BoundTarget::Position);
        floors.map(|(b, wider)| b.amount - wider).fold(0.0, f64::max)
    }

    fn names(&self, widened: &[f64]) -> (usize, usize) {
        let policy = self.decision.policy;
        let first = policy.bounds.len();
        let limits = policy.limits.iter().zip(&widened[first..]);
        let mut names = limits.filter_map(|(l, wider)| match l.rule {
            LimitRule::Names(low, high) if *wider == 0.0 => Some((low, high)),
            _ => None,
        });
        names.next().unwrap_or((0, usize::MAX))
    }

    /// The optimum over the candidates at some places; those that are `lifted` have a least weight.
    fn optimum(
        &self,
        places: &[usize],
        widened: &[f64],
        lifted: &[usize],
    ) -> Result<Found, Trouble> {
        let policy = self.decision.policy;
        let candidates: Vec<Candidate> = places.iter().map(|&i| self.found.list[i]).collect();
        let outlook = self.outlook.map(|o| o.of(places));
        let strict = |number: usize| policy.bounds.get(number).is_none_or(|b| !b.else_cash);
        let terms = self.terms(&candidates, widened, &strict);
        let first = self.program(&terms, outlook.as_ref(), places, lifted, None)?;
        if !policy.bounds.iter().any(|b| b.else_cash) {
            return Ok(first);
        }
        // What the caps with `else cash` are then cut off stays in cash: the nearest of all that they allow.
        let all = |_: usize| true;
        let terms = Terms { may_hold_cash: true, wanted: &all, ..terms };
        self.program(&terms, outlook.as_ref(), places, lifted, Some(&first.weights))
    }

    fn program(
        &self,
        terms: &Terms<'_>,
        outlook: Option<&Outlook>,
        places: &[usize],
        lifted: &[usize],
        near: Option<&[f64]>,
    ) -> Result<Found, Trouble> {
        let candidates = terms.candidates;
        let mut program = Program::new(candidates.len());
        program.covariance = outlook.map(|o| &o.covariance);
        let own = |m: &Optimised| m.objective != Objective::HierarchicalRiskParity;
        match (near, self.method().filter(own), outlook) {
            (Some(near), ..) => method::nearest(&mut program, candidates, near),
            (None, Some(method), Some(outlook)) => {
                method::optimise(&mut program, method, terms, outlook);
            }
            _ => {
                let starts = method::starts(terms, outlook, self.method().map(|m| m.objective));
                method::nearest(&mut program, candidates, &starts);
            }
        }
        terms.fill(&mut program);
        self.lift(&mut program, candidates, places, lifted);
        let solved = match parity::closed(&program) {
            Some(optimum) => Ok(optimum),
            None => program.solve(),
        };
        match solved {
            Ok(optimum) => Ok(self.tidied(&program, candidates, &optimum)),
            Err(_) if conflict::is_infeasible(&program) => Err(Trouble::Infeasible),
            Err(fault) => Err(Trouble::Said(self.no_optimum(fault))),
        }
    }

    fn lift(
        &self,
        program: &mut Program<'_>,
        candidates: &[Candidate],
        places: &[usize],
        lifted: &[usize],
    ) {
        let policy = self.decision.policy;
        let is_names = |l: &crate::check::Limit| matches!(l.rule, LimitRule::Names(..));
        let Some(number) = policy.limits.iter().position(is_names) else { return };
        let source = Source::Rule(policy.bounds.len() + number);
        let least = self.floor(&vec![0.0; policy.bounds.len()]).max(LEAST_NAME);
        for (i, place) in places.iter().enumerate() {
            if lifted.contains(place) {
                program.row(vec![(i, candidates[i].side)], least, f64::INFINITY, source);
            }
        }
    }

    fn no_optimum(&self, fault: Fault) -> Box<Diagnostic> {
        match self.method().map(|m| m.objective) {
            Some(Objective::MaxSharpe { .. }) if fault != Fault::Stuck => {
                error::nothing_above_cash(self.decision)
            }
            _ => error::no_optimum(self.decision),
        }
    }

    /// Weights without dust, each side with its size, and the prices of the constraints.
    fn tidied(&self, program: &Program<'_>, candidates: &[Candidate], optimum: &Optimum) -> Found {
        let mut weights = optimum.values[..candidates.len()].to_vec();
        weights.iter_mut().filter(|w| w.abs() <= DUST).for_each(|w| *w = 0.0);
        for row in program.rows.iter().filter(|r| r.source == Source::Budget && r.low == r.high) {
            let total: f64 = row.terms.iter().map(|(i, side)| weights[*i] * side).sum();
            if total > 0.0 {
                row.terms.iter().for_each(|(i, _)| weights[*i] *= row.high / total);
            }
        }
        let scale = 1e-9 * (1.0 + optimum.objective.abs());
        let mut prices: Vec<(usize, f64, usize)> = vec![];
        let rows = program.rows.iter().map(|r| r.source).zip(&optimum.prices);
        let balls = program.balls.iter().map(|b| b.source).zip(&optimum.ball_prices);
        for (source, &price) in rows.chain(balls) {
            let Source::Rule(number) = source else { continue };
            if price <= scale {
                continue;
            }
            match prices.iter_mut().find(|p| p.0 == number) {
                Some(known) => {
                    known.1 += price;
                    known.2 += 1;
                }
                None => prices.push((number, price, 1)),
            }
        }
        prices.sort_by_key(|p| p.0);
        Found { weights, prices, objective: optimum.objective }
    }

    fn outcome(
        &self,
        places: &[usize],
        found: Found,
        widened: &[f64],
        dropped: usize,
        gap: Option<f64>,
    ) -> Result<Outcome, Trouble> {
        let policy = self.decision.policy;
        let held = places.iter().zip(&found.weights).filter(|(_, w)| w.abs() > DUST);
        let weights: Vec<(AssetId, f64)> =
            held.map(|(&i, &w)| (AssetId(self.found.list[i].asset as u32), w)).collect();
        let prices = found.prices.iter();
        let mut binding: Vec<Binding> = prices
            .map(|&(bound, price, count)| Binding { bound, count, price: Some(price) })
            .collect();
        let is_floor = |i: &usize| {
            policy.bounds[*i].kind == BoundKind::Floor
                && policy.bounds[*i].target == BoundTarget::Position
        };
        if let (Some(bound), 1..) = ((0..policy.bounds.len()).find(is_floor), dropped) {
            binding.push(Binding { bound, count: dropped, price: None });
        }
        let relaxed = widened.iter().enumerate().filter(|(_, w)| **w > 0.0);
        let relaxed = relaxed.map(|(constraint, &by)| Relaxed { constraint, by }).collect();
        Ok(Outcome { weights, binding, relaxed, dropped, gap, ..Outcome::default() })
    }
}

impl Outlook {
    /// Of some of the candidates, with the benchmark if it is there.
    fn of(&self, places: &[usize]) -> Self {
        let columns = self.history.returns.len() / self.history.rows.max(1);
        let mut kept = places.to_vec();
        kept.extend(self.history.assets.len()..columns);
        if kept.len() == columns {
            return self.clone();
        }
        let rows = self.history.returns.chunks_exact(columns.max(1));
        let returns = rows.flat_map(|r| kept.iter().map(|&i| r[i])).collect();
        let assets = places.iter().map(|&i| self.history.assets[i]).collect();
        let left_out = self.history.left_out.clone();
        let history = super::risk::History { assets, returns, left_out, ..self.history };
        Self { history, covariance: self.covariance.of(&kept) }
    }

    /// What a report says of it.
    fn estimate(&self, weights: &[(AssetId, f64)]) -> Estimate {
        let mut of_assets = vec![0.0; self.covariance.assets()];
        for (i, asset) in self.history.assets.iter().enumerate() {
            let place = weights.binary_search_by_key(asset, |w| w.0.0 as usize);
            of_assets[i] = place.map_or(0.0, |p| weights[p].1);
        }
        Estimate {
            rows: self.history.rows,
            is_singular: self.covariance.is_singular(),
            volatility: self.covariance.variance(&of_assets).max(0.0).sqrt(),
        }
    }
}
