//! The one user of Clarabel's solver, which takes cones of every kind.

use super::{
    Fault,
    translate::{Cones, Point},
};
use clarabel::solver::{
    DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, ZeroConeT,
};

/// A point, and whether it is within the tolerance.
///
/// # Errors
/// If there is no optimum, or none was found.
pub(super) fn solve(cones: &Cones, tolerance: f64) -> Result<(Point, bool), Fault> {
    let settings = DefaultSettings {
        verbose: false,
        max_threads: 1,
        tol_gap_abs: tolerance,
        tol_gap_rel: tolerance,
        tol_feas: tolerance,
        presolve_enable: false,
        ..DefaultSettings::default()
    };
    let Cones { p, q, a, b, zeros, nonnegatives, others } = cones;
    let mut cones = vec![];
    if *zeros > 0 {
        cones.push(ZeroConeT(*zeros));
    }
    if *nonnegatives > 0 {
        cones.push(NonnegativeConeT(*nonnegatives));
    }
    cones.extend(others.iter().cloned());
    let Ok(mut solver) = DefaultSolver::new(p, q, a, b, &cones, settings) else {
        return Err(Fault::Stuck);
    };
    solver.solve();
    let solution = solver.solution;
    let point = Point { x: solution.x, z: solution.z, s: solution.s };
    match solution.status {
        SolverStatus::Solved => Ok((point, true)),
        SolverStatus::AlmostSolved => Ok((point, false)),
        // Tighter than it could get, but as near as it will ever be.
        SolverStatus::InsufficientProgress | SolverStatus::NumericalError
            if solution.r_prim < 1e-7 && solution.r_dual < 1e-7 =>
        {
            Ok((point, false))
        }
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => {
            Err(Fault::Infeasible)
        }
        SolverStatus::DualInfeasible | SolverStatus::AlmostDualInfeasible => Err(Fault::Unbounded),
        _ => Err(Fault::Stuck),
    }
}
