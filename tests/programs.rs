//! Laws of the solver on random problems: what it gives keeps every row, nothing near it is better, and neither the order
//! of the assets nor the unit of risk matters.

use decile::portfolio::{
    program::{Optimum, Program, Source},
    risk::Covariance,
};
use rand_core::{RngCore, SeedableRng};
use rand_pcg::Pcg64;

const PROBLEMS: u64 = 60;

#[derive(Clone)]
struct Problem {
    covariance: Covariance,
    groups: Vec<usize>,
    exposures: Vec<f64>,
    cap: f64,
    group_cap: f64,
}

/// Between 0 and 1.
fn unit(random: &mut Pcg64) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn problem(seed: u64) -> Problem {
    let random = &mut Pcg64::seed_from_u64(seed);
    let n = 5 + (random.next_u64() % 60) as usize;
    let factors = 1 + (random.next_u64() % 6) as usize;
    let loadings = (0..n * factors).map(|_| (unit(random) - 0.3) * 0.2).collect();
    let specific = (0..n).map(|_| 0.005 + 0.1 * unit(random)).collect();
    let groups: Vec<usize> = (0..n).map(|i| i % 4).collect();
    let exposures = (0..n).map(|_| unit(random) - 0.5).collect();
    let cap = (1.0 + unit(random)) * 1.5 / n as f64;
    Problem {
        covariance: Covariance::new(loadings, specific),
        groups,
        exposures,
        cap,
        group_cap: 0.32,
    }
}

fn program<'a>(problem: &Problem, covariance: &'a Covariance) -> Program<'a> {
    let n = covariance.assets();
    let mut program = Program::new(n);
    program.covariance = Some(covariance);
    program.risk = 1.0;
    program.row((0..n).map(|i| (i, 1.0)).collect(), 1.0, 1.0, Source::Budget);
    for i in 0..n {
        program.row(vec![(i, 1.0)], 0.0, problem.cap, Source::Rule(0));
    }
    for group in 0..4 {
        let members = (0..n).filter(|i| problem.groups[*i] == group).map(|i| (i, 1.0)).collect();
        program.row(members, f64::NEG_INFINITY, problem.group_cap, Source::Rule(1));
    }
    let exposures = problem.exposures.iter().copied().enumerate().collect();
    program.row(exposures, -0.1, 0.1, Source::Rule(2));
    program
}

fn solve(problem: &Problem) -> Option<Optimum> {
    program(problem, &problem.covariance).solve().ok()
}

#[test]
fn an_optimum_keeps_every_row_and_nothing_near_it_is_better() {
    let mut solved = 0;
    for seed in 0..PROBLEMS {
        let problem = problem(seed);
        let Some(optimum) = solve(&problem) else { continue };
        solved += 1;
        let program = program(&problem, &problem.covariance);
        assert!(program.is_kept(&optimum.values, 1e-9), "seed {seed}");
        let n = optimum.values.len();
        // Moving weight from any asset to any other, where the rows allow it, makes nothing better.
        for from in 0..n {
            for to in (0..n).filter(|to| *to != from) {
                let mut near = optimum.values.clone();
                near[from] -= 1e-4;
                near[to] += 1e-4;
                if program.is_kept(&near, 0.0) {
                    assert!(
                        program.objective(&near) >= optimum.objective - 1e-12,
                        "seed {seed}: {from} to {to}"
                    );
                }
            }
        }
    }
    assert!(solved > PROBLEMS / 2, "{solved} problems could be solved");
}

#[test]
fn neither_order_nor_unit_matters() {
    for seed in 0..PROBLEMS {
        let problem = problem(seed);
        let Some(optimum) = solve(&problem) else { continue };
        let n = optimum.values.len();
        let order: Vec<usize> = (0..n).rev().collect();
        let turned = Problem {
            covariance: problem.covariance.of(&order).scaled(1e4),
            groups: order.iter().map(|&i| problem.groups[i]).collect(),
            exposures: order.iter().map(|&i| problem.exposures[i]).collect(),
            ..problem
        };
        let other = solve(&turned).expect("the same problem");
        for (i, &place) in order.iter().enumerate() {
            let (a, b) = (other.values[i], optimum.values[place]);
            assert!((a - b).abs() <= 1e-8, "seed {seed}: {a} {b}");
        }
    }
}

#[test]
fn the_same_problem_has_the_same_bits() {
    for seed in 0..10 {
        let problem = problem(seed);
        assert_eq!(solve(&problem), solve(&problem));
    }
}

#[test]
fn a_price_is_what_a_little_more_room_is_worth() {
    for seed in 0..PROBLEMS {
        let problem = problem(seed);
        let Some(optimum) = solve(&problem) else { continue };
        let of_caps = |p: &Program<'_>, o: &Optimum| {
            let rows = p.rows.iter().zip(&o.prices);
            rows.filter(|(r, _)| r.source == Source::Rule(0)).map(|(_, p)| p).sum::<f64>()
        };
        let program = program(&problem, &problem.covariance);
        // The bound of zero lies in the same rows: where it binds no price of the cap can be told from it.
        if optimum.values.iter().any(|w| *w < 1e-9) {
            continue;
        }
        let step = 1e-7;
        let wider = Problem { cap: problem.cap + step, ..problem.clone() };
        let Some(more) = solve(&wider) else { continue };
        let fell = (optimum.objective - more.objective) / step;
        let price = of_caps(&program, &optimum);
        assert!((fell - price).abs() <= 1e-3 * price.abs() + 1e-7, "seed {seed}: {fell} {price}");
    }
}
