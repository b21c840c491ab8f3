//! An interior-point method for programs whose rows are linear (Mehrotra 1992): in every step the bounds of variables
//! join the diagonal of P, a row that ties a variable to another makes both a block of two, and what is left is a dense
//! matrix of the size of all other rows. With covariances in factors and few constraints that matrix is small, however
//! many assets there are.

mod form;
mod system;

use super::translate::{Cones, Point};
use form::Form;

const STEPS: usize = 60;
/// How near the optimum a point is handed on.
const TOLERANCE: f64 = 1e-9;
/// What is handed on where no step leads nearer.
const ACCEPTED: f64 = 1e-6;
const SHORTEST: f64 = 1e-6;
/// The share of the longest step that keeps everything above zero.
const CAUTION: f64 = 0.995;

/// An optimum to within the tolerance, or `None` if the program is not of this form or no optimum was found.
pub(super) fn solve(cones: &Cones) -> Option<Point> {
    let form = Form::new(cones)?;
    let mut point = form.start()?;
    for _ in 0..STEPS {
        let missing = form.missing(&point);
        if missing.is_small(cones, &point, TOLERANCE) {
            return Some(point);
        }
        let system = form.system(&point)?;
        let count = (cones.b.len() - cones.zeros) as f64;
        let mean = form.complementarity(&point) / count.max(1.0);
        let products = |i: usize| -point.s[i] * point.z[i];
        let affine = system.direction(&missing, &point, &products);
        let length = form.longest(&point, &affine);
        let reached = form.complementarity(&point.moved(&affine, length)) / count.max(1.0);
        let centre = mean * (reached / mean).powi(3);
        let corrected = |i: usize| centre - point.s[i] * point.z[i] - affine.s[i] * affine.z[i];
        let direction = match count > 0.0 {
            true => system.direction(&missing, &point, &corrected),
            false => affine,
        };
        let length = CAUTION * form.longest(&point, &direction);
        if length < SHORTEST {
            break;
        }
        point = point.moved(&direction, length);
        if !point.x.iter().chain(&point.z).all(|v| v.abs() < 1e12) {
            return None;
        }
    }
    // As near as the numbers allow.
    form.missing(&point).is_small(cones, &point, ACCEPTED).then_some(point)
}

impl Point {
    fn moved(&self, direction: &Self, length: f64) -> Self {
        let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + length * b).collect();
        Self {
            x: add(&self.x, &direction.x),
            z: add(&self.z, &direction.z),
            s: add(&self.s, &direction.s),
        }
    }
}

/// What is missing of the conditions of the optimum.
struct Missing {
    dual: Vec<f64>,
    primal: Vec<f64>,
}

impl Missing {
    fn is_small(&self, cones: &Cones, point: &Point, tolerance: f64) -> bool {
        let most = |v: &[f64]| v.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let gap: f64 = dot(&point.s[cones.zeros..], &point.z[cones.zeros..]);
        let value = dot(&cones.q, &point.x).abs().max(dot(&cones.b, &point.z).abs());
        most(&self.primal) <= tolerance * (1.0 + most(&cones.b))
            && most(&self.dual) <= tolerance * (1.0 + most(&cones.q))
            && gap <= tolerance * (1.0 + value)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Program, Source, conic, polish, translate::Translated},
        solve,
    };
    use crate::portfolio::risk::Covariance;

    const ASSETS: usize = 40;

    /// A fixed sequence that looks like chance (Park and Miller), between zero and one.
    fn numbers(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state * 48_271 % 2_147_483_647;
            state as f64 / 2_147_483_647.0
        }
    }

    fn covariance(next: &mut dyn FnMut() -> f64, factors: usize, own: f64) -> Covariance {
        let loadings = (0..factors * ASSETS).map(|_| 0.02 * (next() - 0.4)).collect();
        let specific = (0..ASSETS).map(|_| own * next()).collect();
        Covariance::new(loadings, specific)
    }

    fn budget(program: &mut Program<'_>, most: f64) {
        program.row((0..ASSETS).map(|i| (i, 1.0)).collect(), 1.0, 1.0, Source::Budget);
        for i in 0..ASSETS {
            program.row(vec![(i, 1.0)], 0.0, most, Source::Rule(0));
        }
    }

    fn groups(program: &mut Program<'_>, most: f64) {
        for group in 0..5 {
            let members = (0..ASSETS).filter(|i| i % 5 == group).map(|i| (i, 1.0)).collect();
            program.row(members, f64::NEG_INFINITY, most, Source::Rule(1));
        }
    }

    /// Purchases and sales, as the limit of turnover has them.
    fn turnover(program: &mut Program<'_>, now: &[f64], most: f64) {
        let mut bought = vec![];
        for (i, now) in now.iter().enumerate() {
            let purchase = program.variable(0.0);
            program.row(vec![(purchase, 1.0)], 0.0, f64::INFINITY, Source::Meaning);
            let difference = vec![(purchase, 1.0), (i, -1.0)];
            program.row(difference, -now, f64::INFINITY, Source::Meaning);
            bought.push((purchase, 1.0));
        }
        program.row(bought, f64::NEG_INFINITY, most, Source::Rule(2));
    }

    /// Both methods find the same, before and after the optimum is settled by its binding rows.
    fn assert_same(program: &Program<'_>, what: &str) {
        let cones = Translated::new(program, false).cones;
        let quick = solve(&cones).unwrap_or_else(|| panic!("{what}: it is of the form"));
        let (sparse, is_near) = conic::solve(&cones, 1e-9).expect("it has an optimum");
        assert!(is_near, "{what}");
        let value = |x: &[f64]| {
            let entries = cones.p.rowval.iter().zip(&cones.p.nzval);
            let squares: f64 = entries.map(|(i, d)| d * x[*i] * x[*i]).sum();
            0.5 * squares + x.iter().zip(&cones.q).map(|(x, q)| x * q).sum::<f64>()
        };
        let (a, b) = (value(&quick.x), value(&sparse.x));
        assert!((a - b).abs() <= 1e-7 * (1.0 + b.abs()), "{what}: {a} and {b}");
        let [quick, sparse] = [quick, sparse].map(|point| {
            polish::polish(&cones, &point).unwrap_or_else(|| panic!("{what}: it is not settled"))
        });
        let missed = quick.x.iter().zip(&sparse.x).map(|(a, b)| (a - b).abs());
        assert!(missed.fold(0.0, f64::max) < 1e-9, "{what}");
    }

    #[test]
    fn it_finds_what_the_sparse_solver_finds() {
        for seed in 1..=20 {
            let next = &mut numbers(seed);
            let known = covariance(next, 6, 4e-4);
            let mut program = Program::new(ASSETS);
            (program.covariance, program.risk) = (Some(&known), 1.0);
            budget(&mut program, 0.08);
            assert_same(&program, "caps");
            groups(&mut program, 0.22);
            assert_same(&program, "groups");
            program.linear = (0..ASSETS).map(|_| -1e-4 * next()).collect();
            assert_same(&program, "with expected returns");
            let now: Vec<f64> = (0..ASSETS).map(|_| 2.0 * next() / ASSETS as f64).collect();
            turnover(&mut program, &now, 0.3);
            assert_same(&program, "turnover");
        }
    }

    #[test]
    fn ratios_have_a_common_factor() {
        for seed in 1..=20 {
            let next = &mut numbers(seed);
            let known = covariance(next, 6, 4e-4);
            let mut program = Program::new(ASSETS);
            (program.covariance, program.risk) = (Some(&known), 1.0);
            program.is_homogeneous = true;
            program.normal = Some((0..ASSETS).map(|i| (i, 0.01 * (next() - 0.2))).collect());
            budget(&mut program, 0.2);
            groups(&mut program, 0.5);
            assert_same(&program, "a ratio");
        }
    }

    #[test]
    fn it_leaves_what_it_cannot_solve() {
        let next = &mut numbers(3);
        let known = covariance(next, 6, 4e-4);
        let mut program = Program::new(ASSETS);
        (program.covariance, program.risk) = (Some(&known), 1.0);
        // Forty weights of at most 2% are no whole.
        budget(&mut program, 0.02);
        assert!(solve(&Translated::new(&program, false).cones).is_none());
        // Nothing holds a variable without a bound and without a variance.
        let mut free = Program::new(2);
        free.row(vec![(0, 1.0), (1, 1.0)], 1.0, 1.0, Source::Budget);
        assert!(solve(&Translated::new(&free, false).cones).is_none());
    }
}
