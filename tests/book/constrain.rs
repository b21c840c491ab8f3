//! Caps and floors: closed form against active set, both against the conditions of optimality, and what is said when
//! nothing satisfies them.

use crate::fixed;
use crate::market::{Market, SPAN, Trial, assert_near, weekdays};
use decile::{
    check::{Bound, BoundKind, BoundTarget, SignalId, Weight},
    diagnostic::Diagnostic,
    portfolio::{
        Decision, Standing, Target, construct,
        nearest::{Budget, Partition, Problem, solve_any, solve_one},
    },
};
use ndarray::Array2;
use proptest::prelude::*;

const CAP: BoundKind = BoundKind::Cap;
const FLOOR: BoundKind = BoundKind::Floor;

fn bound(kind: BoundKind, label: Option<SignalId>, amount: f64) -> Bound {
    let target = label.map_or(BoundTarget::Position, BoundTarget::Group);
    let (side, what) = (
        if kind == CAP { "cap" } else { "floor" },
        if label.is_some() { "sector" } else { "position" },
    );
    let text = format!("{side} {what} {:.0}%", amount * 100.0);
    let labels = ["Energy", "Health", "Utilities"].map(str::to_owned).into();
    Bound { kind, target, labels, amount, else_cash: false, active: false, text, span: SPAN }
}

fn market(assets: usize) -> Market {
    let symbols: Vec<String> = (0..assets).map(|i| format!("S{i:03}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    Market::new(&symbols, weekdays("2020-01-01", 2), Array2::from_elem((2, assets), 1.0))
}

fn weighted<'a>(market: &'a Market, weights: &[f64]) -> Trial<'a> {
    let mut strategy = Trial::new(market, &[0]);
    strategy.policy.weight = Weight::By(strategy.constant(weights), SPAN);
    strategy
}

fn target(strategy: &Trial<'_>) -> Result<Target, Box<Diagnostic>> {
    let Trial { market, policy, signals, .. } = strategy;
    construct(Decision { market: *market, policy, signals, row: 0 }, Standing::default())
}

fn weights(strategy: &Trial<'_>) -> Vec<f64> {
    let target = target(strategy).unwrap_or_else(|d| panic!("{}", d.message));
    target.weights.iter().map(|w| w.1).collect()
}

#[track_caller]
fn assert_weights(strategy: &Trial<'_>, expected: &[f64]) {
    let found = weights(strategy);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (f, e) in found.iter().zip(expected) {
        assert_near(*f, *e, 1e-12);
    }
}

#[test]
fn the_excess_of_a_cap_goes_to_the_rest_in_proportion() {
    let market = market(4);
    let mut strategy = weighted(&market, &[50.0, 30.0, 10.0, 10.0]);
    strategy.policy.bounds = vec![bound(CAP, None, 0.4)];
    assert_weights(&strategy, &[0.4, 0.36, 0.12, 0.12]);
    // Handing out the excess brings the second to its cap as well.
    strategy.policy.bounds = vec![bound(CAP, None, 0.35)];
    assert_weights(&strategy, &[0.35, 0.35, 0.15, 0.15]);
}

#[test]
fn a_capped_group_keeps_its_proportions() {
    let market = market(4);
    let mut strategy = weighted(&market, &[40.0, 20.0, 30.0, 10.0]);
    // The last two have no label and are one group.
    let sector = strategy.constant(&[0.0, 0.0, f64::NAN, f64::NAN]);
    strategy.policy.bounds = vec![bound(CAP, Some(sector), 0.5)];
    assert_weights(&strategy, &[1.0 / 3.0, 1.0 / 6.0, 0.375, 0.125]);
    strategy.policy.bounds = vec![bound(CAP, Some(sector), 0.6), bound(FLOOR, Some(sector), 0.4)];
    assert_weights(&strategy, &[0.4, 0.2, 0.3, 0.1]);
    strategy.policy.bounds = vec![bound(FLOOR, Some(sector), 0.45)];
    assert_weights(&strategy, &[0.55 * 2.0 / 3.0, 0.55 / 3.0, 0.3375, 0.1125]);
}

#[test]
fn a_cap_with_else_cash_leaves_its_excess_in_cash() {
    let market = market(4);
    let mut strategy = weighted(&market, &[50.0, 30.0, 10.0, 10.0]);
    let cash = |bound: Bound| Bound { else_cash: true, ..bound };
    strategy.policy.bounds = vec![cash(bound(CAP, None, 0.4))];
    assert_weights(&strategy, &[0.4, 0.3, 0.1, 0.1]);
    let sector = strategy.constant(&[0.0, 0.0, 1.0, 1.0]);
    strategy.policy.bounds = vec![cash(bound(CAP, Some(sector), 0.4))];
    assert_weights(&strategy, &[0.25, 0.15, 0.1, 0.1]);
    // The cap without it comes first and hands on; the other then cuts.
    strategy.policy.bounds = vec![bound(CAP, None, 0.4), cash(bound(CAP, Some(sector), 0.5))];
    let group = 0.4 + 0.36;
    assert_weights(&strategy, &[0.4 * 0.5 / group, 0.36 * 0.5 / group, 0.12, 0.12]);
}

#[test]
fn a_position_floor_drops_the_smallest_until_all_are_above() {
    let market = market(4);
    let mut strategy = weighted(&market, &[50.0, 30.0, 15.0, 5.0]);
    strategy.policy.bounds = vec![bound(FLOOR, None, 0.16)];
    // Without the last the third would have 15/95, still too little.
    assert_weights(&strategy, &[0.625, 0.375]);
    let target = target(&strategy).expect("feasible");
    assert_eq!((target.funnel.below_floor, target.funnel.held), (2, 2));
    assert_eq!((target.binding[0].bound, target.binding[0].count), (0, 2));
    strategy.policy.bounds = vec![bound(FLOOR, None, 0.25)];
    let mut equal = Trial::new(&market, &[0]);
    equal.policy.bounds = vec![bound(FLOOR, None, 0.25)];
    assert_weights(&equal, &[0.25; 4]);
}

#[test]
fn overlapping_labels() {
    let market = market(4);
    let mut strategy = weighted(&market, &[40.0, 30.0, 20.0, 10.0]);
    let sector = strategy.constant(&[0.0, 0.0, 1.0, 1.0]);
    let country = strategy.constant(&[0.0, 1.0, 0.0, 1.0]);
    strategy.policy.bounds = vec![bound(CAP, Some(sector), 0.5), bound(CAP, Some(country), 0.5)];
    let target = target(&strategy).expect("feasible");
    assert_eq!(target.binding.len(), 2);
    // Half in each sector and each country leaves one number open: x, ½−x, ½−x, x.
    let open = |x: f64| {
        let w = [x, 0.5 - x, 0.5 - x, x];
        let s = [0.4, 0.3, 0.2, 0.1];
        w.iter().zip(s).map(|(w, s)| (w - s) * (w - s) / s).sum::<f64>()
    };
    let found = target.weights[0].1;
    assert_near(target.weights[3].1, found, 1e-12);
    assert!(open(found) < open(found + 1e-4) && open(found) < open(found - 1e-4));
}

fn message(strategy: &Trial<'_>) -> (String, Vec<String>) {
    let diagnostic = target(strategy).expect_err("infeasible");
    let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
    (diagnostic.message.clone(), labels.map(|l| l.text.clone()).collect())
}

#[test]
fn what_cannot_be_satisfied_is_said_with_date_caps_and_amount() {
    let market = market(50);
    let mut strategy = Trial::new(&market, &[0]);
    strategy.policy.bounds = vec![bound(CAP, None, 0.01)];
    assert_eq!(
        message(&strategy),
        (
            "`cap position 1%` allows at most 50% in 50 names on 2020-01-01, 50% short of 100%"
                .to_owned(),
            vec!["at most 1% in each of 50 names".to_owned()]
        )
    );
    let thirds: Vec<f64> = (0..50).map(|i| f64::from(i % 3)).collect();
    let sector = strategy.constant(&thirds);
    strategy.policy.bounds = vec![bound(CAP, None, 0.05), bound(CAP, Some(sector), 0.25)];
    assert_eq!(
        message(&strategy),
        (
            "`cap sector 25%` allows at most 75% in 50 names on 2020-01-01, 25% short of 100%"
                .to_owned(),
            vec!["at most 25% in each of Energy, Health and Utilities".to_owned()]
        )
    );
    strategy.policy.bounds = vec![bound(FLOOR, Some(sector), 0.4)];
    assert_eq!(
        message(&strategy).0,
        "`floor sector 40%` asks for at least 120% in 50 names on 2020-01-01, 20% over 100%"
    );
    let mut few = vec![0.0; 50];
    few[0] = 1.0;
    let lonely = strategy.constant(&few);
    strategy.policy.bounds = vec![bound(CAP, None, 0.05), bound(FLOOR, Some(lonely), 0.1)];
    assert_eq!(
        message(&strategy).0,
        "`cap position 5%` and `floor sector 10%` cannot be met together with 50 names on 2020-01-01"
    );
}

#[test]
fn both_caps_are_named_where_only_together_they_leave_too_little() {
    let market = market(8);
    let mut strategy = Trial::new(&market, &[0]);
    // Six in one sector, two in the other.
    let sector = strategy.constant(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    let country = strategy.constant(&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    strategy.policy.bounds = vec![bound(CAP, None, 0.2), bound(CAP, Some(sector), 0.55)];
    assert_eq!(
        message(&strategy).0,
        "`cap position 20%` and `cap sector 55%` allow at most 95% in 8 names on 2020-01-01, \
         5% short of 100%"
    );
    strategy.policy.bounds.push(bound(CAP, Some(country), 0.9));
    assert_eq!(message(&strategy).1.len(), 2, "the cap that does not matter is not named");
}

/// A random problem with one to three partitions. It may have no solution.
fn problems(partitions: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Problem> {
    problems_of(2..24, partitions)
}

fn problems_of(
    names: std::ops::Range<usize>,
    partitions: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Problem> {
    (names, partitions)
        .prop_flat_map(|(n, k)| {
            let start = prop::collection::vec(0.01f64..1.0, n);
            let cap = prop_oneof![Just(f64::INFINITY), (1.0 / n as f64)..1.0];
            let partition = (
                prop::collection::vec(0usize..4, n),
                prop::collection::vec(prop_oneof![3 => Just(0.0), 1 => 0.0f64..0.3], 4),
                prop::collection::vec(prop_oneof![1 => Just(f64::INFINITY), 2 => 0.2f64..0.9], 4),
            );
            (start, cap, prop::collection::vec(partition, k), any::<bool>())
        })
        .prop_map(|(start, position_cap, partitions, whole)| {
            let total: f64 = start.iter().sum();
            let partition = |(group, lower, upper): (Vec<usize>, Vec<f64>, Vec<f64>)| {
                // An empty group holds nothing, so it cannot have a floor.
                let lower = lower.iter().enumerate();
                let lower = lower.map(|(g, l)| if group.contains(&g) { *l } else { 0.0 }).collect();
                Partition { group, lower, upper }
            };
            Problem {
                start: start.iter().map(|s| s / total).collect(),
                position_cap,
                partitions: partitions.into_iter().map(partition).collect(),
                budget: if whole { Budget::Whole } else { Budget::Part },
            }
        })
}

/// Checks that no small move that keeps the constraints comes nearer: of two assets i and j, taking from one and giving
/// to the other; in a convex problem with these constraints, together with moves over a cycle of four, that is all the
/// moves there are for one partition.
fn assert_nearest(problem: &Problem, weights: &[f64]) {
    assert!(problem.satisfied_by(weights), "{weights:?}");
    let distance =
        |w: &[f64]| w.iter().zip(&problem.start).map(|(w, s)| (w - s) * (w - s) / s).sum::<f64>();
    let here = distance(weights);
    let mut moved = weights.to_vec();
    for i in 0..weights.len() {
        for j in 0..weights.len() {
            for step in [1e-3, 1e-5] {
                moved.copy_from_slice(weights);
                moved[i] -= step;
                if i != j || problem.budget == Budget::Part {
                    moved[j] += if i == j { 0.0 } else { step };
                    if problem.satisfied_by(&moved) {
                        assert!(distance(&moved) >= here - 1e-10);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(fixed(400))]

    #[test]
    fn closed_form_and_active_set_agree(problem in problems(1..=1)) {
        let closed = solve_one(&problem, &problem.partitions[0]);
        let general = solve_any(&problem);
        prop_assert_eq!(closed.is_ok(), general.is_ok());
        if let (Ok(closed), Ok(general)) = (closed, general) {
            for (c, g) in closed.iter().zip(&general) {
                prop_assert!((c - g).abs() < 1e-9, "{:?} {:?}", closed, general);
            }
            assert_nearest(&problem, &closed);
        }
    }

    #[test]
    fn overlapping_partitions_satisfy_the_conditions_of_optimality(problem in problems(2..=3)) {
        match problem.solve() {
            Ok(weights) => {
                assert_nearest(&problem, &weights);
                assert_no_descent(&problem, &weights);
            }
            Err(_) => {
                let (most, least) = (problem.extreme(true), problem.extreme(false));
                let possible = match problem.budget {
                    Budget::Whole => most.is_some_and(|m| m >= 1.0 + 1e-7)
                        && least.is_some_and(|l| l <= 1.0 - 1e-7),
                    Budget::Part => least.is_some_and(|l| l <= 1.0 - 1e-7),
                };
                prop_assert!(!possible, "{:?} {:?}", most, least);
            }
        }
    }
}

proptest! {
    #![proptest_config(fixed(20))]

    #[test]
    fn hundreds_of_names_are_no_different(problem in problems_of(300..600, 1..=1)) {
        let closed = solve_one(&problem, &problem.partitions[0]);
        let general = solve_any(&problem);
        prop_assert_eq!(closed.is_ok(), general.is_ok());
        if let (Ok(closed), Ok(general)) = (closed, general) {
            prop_assert!(problem.satisfied_by(&closed) && problem.satisfied_by(&general));
            let difference = closed.iter().zip(&general).map(|(c, g)| (c - g).abs());
            prop_assert!(difference.fold(0.0, f64::max) < 1e-10);
        }
    }
}

/// The conditions of optimality for any constraints: projecting a point moved along the negative gradient back onto the
/// feasible set must lead back to the same weights. The projection is Dykstra's, which shares nothing with the solver.
fn assert_no_descent(problem: &Problem, weights: &[f64]) {
    let start = &problem.start;
    // In coordinates w/√s the nearest point to √s is the projection of √s: project it independently.
    let root: Vec<f64> = start.iter().map(|s| s.sqrt()).collect();
    let mut point = root.clone();
    let mut sets: Vec<(Vec<bool>, f64, f64)> = vec![];
    let everything = match problem.budget {
        Budget::Whole => (1.0, 1.0),
        Budget::Part => (f64::NEG_INFINITY, 1.0),
    };
    sets.push((vec![true; start.len()], everything.0, everything.1));
    for p in &problem.partitions {
        for g in 0..p.lower.len() {
            let members = p.group.iter().map(|m| *m == g).collect();
            sets.push((members, p.lower[g], p.upper[g]));
        }
    }
    let mut corrections = vec![vec![0.0; start.len()]; sets.len() + 1];
    for _ in 0..20_000 {
        let before = (point.clone(), corrections.clone());
        for (set, correction) in corrections.iter_mut().enumerate() {
            let moved: Vec<f64> = point.iter().zip(&*correction).map(|(x, c)| x + c).collect();
            let mut projected = moved.clone();
            if let Some((members, low, high)) = sets.get(set) {
                let inside = || members.iter().enumerate().filter(|(_, m)| **m).map(|(i, _)| i);
                let total: f64 = inside().map(|i| moved[i] * root[i]).sum();
                let length: f64 = inside().map(|i| root[i] * root[i]).sum();
                let wanted = total.max(*low).min(*high);
                if length > 0.0 {
                    inside().for_each(|i| projected[i] += (wanted - total) / length * root[i]);
                }
            } else {
                for (x, r) in projected.iter_mut().zip(&root) {
                    *x = x.max(0.0).min(problem.position_cap / r);
                }
            }
            *correction = moved.iter().zip(&projected).map(|(m, p)| m - p).collect();
            point = projected;
        }
        // The point alone can rest for a while; it has arrived when the corrections rest as well.
        let rests = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-13);
        if rests(&point, &before.0) && corrections.iter().zip(&before.1).all(|(a, b)| rests(a, b)) {
            break;
        }
    }
    for ((x, r), w) in point.iter().zip(&root).zip(weights) {
        assert!((x * r - w).abs() < 1e-5, "projected {} found {w}", x * r);
    }
}
