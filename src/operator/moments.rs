//! Rolling second moments: standard deviation, variance, covariance, correlation.
//!
//! Each part of a window is gathered as deviations from the first row pushed, which lies in the window; so nothing
//! cancels (the loss is at most the length of the window), a level of 1e6 with steps of 1e-3 keeps twelve digits, and
//! equal values give exactly zero at any magnitude. The parts are joined as Chan, Golub and LeVeque (1979) do.

use super::{Accepts, Default, window};
use super::{
    Body, Example, MIN, Operator, Parameter, ResultType, WindowKernel, finite, least_present,
    number,
    vectorise::vectorised,
    window::{planes, planes_mut},
};

const N: f64 = f64::NAN;
const MISSING: &str = "needs `min:` values in the window, by default three quarters of its rows; missing where n ≤ ddof";
const PAIR_MISSING: &str = "rows in which either is missing are left out; needs `min:` complete rows; missing where a deviation is zero";

const fn ddof(default: f64) -> Parameter {
    Parameter {
        name: "ddof",
        accepts: Accepts::Constant { low: 0.0, high: 1.0, whole: true },
        default: Default::Constant(default),
    }
}

const X: &[Parameter] = &[number("x"), window("d"), MIN, ddof(1.0)];
const XY: &[Parameter] = &[number("x"), number("y"), window("d"), MIN];

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "ts_std",
        summary: "Standard deviation of the values present in the last d rows.",
        formula: "√(Σ (x − mean)² / (n − ddof)), ddof 1",
        missing: MISSING,
        source: "pandas rolling(d, min_periods).std()",
        parameters: X,
        result: ResultType::Same,
        body: Body::Window(&Deviation { root: true }),
        examples: &[Example {
            inputs: &[&[1.0, 3.0, 3.0]],
            constants: &[2.0],
            result: &[N, std::f64::consts::SQRT_2, 0.0],
        }],
    },
    Operator {
        name: "ts_var",
        summary: "Variance of the values present in the last d rows.",
        formula: "Σ (x − mean)² / (n − ddof), ddof 1",
        missing: MISSING,
        source: "pandas rolling(d, min_periods).var()",
        parameters: X,
        result: ResultType::Unknown,
        body: Body::Window(&Deviation { root: false }),
        examples: &[Example {
            inputs: &[&[1.0, 3.0, 3.0]],
            constants: &[2.0],
            result: &[N, 2.0, 0.0],
        }],
    },
    Operator {
        name: "ts_corr",
        summary: "Correlation of two values over the last d rows.",
        formula: "Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² Σ (y − ȳ)²)",
        missing: PAIR_MISSING,
        source: "pandas rolling(d, min_periods).corr()",
        parameters: XY,
        result: ResultType::Ratio,
        body: Body::Window(&Joint { correlation: true }),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]],
            constants: &[3.0],
            result: &[N, N, 1.0],
        }],
    },
    Operator {
        name: "ts_cov",
        summary: "Covariance of two values over the last d rows.",
        formula: "Σ (x − x̄)(y − ȳ) / (n − 1)",
        missing: "rows in which either is missing are left out; needs `min:` complete rows",
        source: "pandas rolling(d, min_periods).cov()",
        parameters: XY,
        result: ResultType::Product,
        body: Body::Window(&Joint { correlation: false }),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]],
            constants: &[3.0],
            result: &[N, N, 2.0],
        }],
    },
];

/// Planes: anchor (the first value pushed; missing before), count, Σ d, Σ d², where d = x − anchor.
struct Deviation {
    root: bool,
}

impl WindowKernel for Deviation {
    fn planes(&self) -> usize {
        4
    }

    fn empty(&self, state: &mut [f64]) {
        let [anchor, count, first, second] = planes_mut::<4>(state);
        anchor.fill(N);
        count.fill(0.0);
        first.fill(0.0);
        second.fill(0.0);
    }

    fn push(&self, state: &[f64], inputs: &[&[f64]], _: &[f64], next: &mut [f64]) {
        push_deviation(state, inputs[0], next);
    }

    fn finish(&self, tail: &[f64], head: &[f64], _: u32, constants: &[f64], out: &mut [f64]) {
        let least = least_present(constants[0] as u32, constants[1]);
        join_deviations(tail, head, least, constants[2], out);
        if self.root {
            out.iter_mut().for_each(|x| *x = x.sqrt());
        }
    }
}

vectorised! {
    fn push_deviation(state: &[f64], x: &[f64], next: &mut [f64]) {
        let [anchor, count, first, second] = planes::<4>(state).map(|p| &p[..x.len()]);
        let [next_anchor, next_count, next_first, next_second] =
            planes_mut::<4>(next).map(|p| &mut p[..x.len()]);
        for i in 0..x.len() {
            let c = if anchor[i].is_nan() { x[i] } else { anchor[i] };
            let missing = x[i].is_nan();
            let d = if missing { 0.0 } else { x[i] - c };
            next_anchor[i] = c;
            next_count[i] = count[i] + if missing { 0.0 } else { 1.0 };
            next_first[i] = first[i] + d;
            next_second[i] = second[i] + d * d;
        }
    }

    /// Variances.
    fn join_deviations(tail: &[f64], head: &[f64], least: f64, ddof: f64, out: &mut [f64]) {
        let lanes = out.len();
        let [a, m, a1, a2] = planes::<4>(tail).map(|p| &p[..lanes]);
        let [b, n, b1, b2] = planes::<4>(head).map(|p| &p[..lanes]);
        for i in 0..lanes {
            let count = m[i] + n[i];
            let apart = distance(a[i], a1[i], m[i], b[i], b1[i], n[i]);
            let squares = squares(m[i], a1[i], a2[i])
                + squares(n[i], b1[i], b2[i])
                + between(m[i], n[i]) * apart * apart;
            let enough = count >= least && count > ddof;
            out[i] = if enough { finite(squares / (count - ddof)) } else { N };
        }
    }
}

/// Σ (x − mean)² of one part, from Σ d and Σ d².
#[inline(always)]
fn squares(n: f64, first: f64, second: f64) -> f64 {
    // A part of no rows has Σ d = 0, and is divided by one instead.
    (second - first * first / n.max(1.0)).max(0.0)
}

/// m·n / (m + n), the weight of the distance between the means of two parts; 0 where one is empty.
#[inline(always)]
fn between(m: f64, n: f64) -> f64 {
    m * n / (m + n).max(1.0)
}

/// The distance between the means of two parts; 0 where one is empty.
#[inline(always)]
fn distance(a: f64, a1: f64, m: f64, b: f64, b1: f64, n: f64) -> f64 {
    if m > 0.0 && n > 0.0 { (b - a) + (b1 / n - a1 / m) } else { 0.0 }
}

/// Planes: the two anchors, count, Σ d, Σ e, Σ d², Σ e², Σ de over the rows where both are present.
struct Joint {
    correlation: bool,
}

impl WindowKernel for Joint {
    fn planes(&self) -> usize {
        8
    }

    fn empty(&self, state: &mut [f64]) {
        let [x, y, ..] = planes_mut::<8>(state);
        x.fill(N);
        y.fill(N);
        let anchors = 2 * x.len();
        state[anchors..].fill(0.0);
    }

    fn push(&self, state: &[f64], inputs: &[&[f64]], _: &[f64], next: &mut [f64]) {
        push_joint(state, inputs[0], inputs[1], next);
    }

    fn finish(&self, tail: &[f64], head: &[f64], _: u32, constants: &[f64], out: &mut [f64]) {
        let least = least_present(constants[0] as u32, constants[1]);
        if self.correlation {
            join_correlations(tail, head, least, out);
        } else {
            join_covariances(tail, head, least, out);
        }
    }
}

/// Σ (x − x̄)², Σ (y − ȳ)² and Σ (x − x̄)(y − ȳ) of a window, from the planes of its two parts at one lane.
#[inline(always)]
fn joined(tail: [f64; 8], head: [f64; 8]) -> (f64, f64, f64) {
    let [ax, ay, m, ax1, ay1, axx, ayy, axy] = tail;
    let [bx, by, n, bx1, by1, bxx, byy, bxy] = head;
    let weight = between(m, n);
    let dx = distance(ax, ax1, m, bx, bx1, n);
    let dy = distance(ay, ay1, m, by, by1, n);
    (
        squares(m, ax1, axx) + squares(n, bx1, bxx) + weight * dx * dx,
        squares(m, ay1, ayy) + squares(n, by1, byy) + weight * dy * dy,
        products(m, ax1, ay1, axy) + products(n, bx1, by1, bxy) + weight * dx * dy,
    )
}

vectorised! {
    fn push_joint(state: &[f64], x: &[f64], y: &[f64], next: &mut [f64]) {
        let lanes = x.len();
        let y = &y[..lanes];
        let [ax, ay, n, sx, sy, sxx, syy, sxy] = planes::<8>(state).map(|p| &p[..lanes]);
        let [bx, by, bn, tx, ty, txx, tyy, txy] = planes_mut::<8>(next).map(|p| &mut p[..lanes]);
        for i in 0..lanes {
            let missing = x[i].is_nan() || y[i].is_nan();
            let first = ax[i].is_nan() && !missing;
            let cx = if first { x[i] } else { ax[i] };
            let cy = if first { y[i] } else { ay[i] };
            let d = if missing { 0.0 } else { x[i] - cx };
            let e = if missing { 0.0 } else { y[i] - cy };
            bx[i] = cx;
            by[i] = cy;
            bn[i] = n[i] + if missing { 0.0 } else { 1.0 };
            tx[i] = sx[i] + d;
            ty[i] = sy[i] + e;
            txx[i] = sxx[i] + d * d;
            tyy[i] = syy[i] + e * e;
            txy[i] = sxy[i] + d * e;
        }
    }

    fn join_correlations(tail: &[f64], head: &[f64], least: f64, out: &mut [f64]) {
        let lanes = out.len();
        let (tail, head) = (planes::<8>(tail).map(|p| &p[..lanes]), planes::<8>(head).map(|p| &p[..lanes]));
        for i in 0..lanes {
            let (xx, yy, xy) = joined(tail.map(|p| p[i]), head.map(|p| p[i]));
            // The roots are taken apart, so that the product of two huge deviations does not overflow.
            let scale = xx.sqrt() * yy.sqrt();
            let enough = tail[2][i] + head[2][i] >= least && scale > 0.0;
            out[i] = if enough { finite((xy / scale).clamp(-1.0, 1.0)) } else { N };
        }
    }

    fn join_covariances(tail: &[f64], head: &[f64], least: f64, out: &mut [f64]) {
        let lanes = out.len();
        let (tail, head) = (planes::<8>(tail).map(|p| &p[..lanes]), planes::<8>(head).map(|p| &p[..lanes]));
        for i in 0..lanes {
            let (_, _, xy) = joined(tail.map(|p| p[i]), head.map(|p| p[i]));
            let n = tail[2][i] + head[2][i];
            let enough = n >= least && n > 1.0;
            out[i] = if enough { finite(xy / (n - 1.0)) } else { N };
        }
    }
}

/// Σ (x − x̄)(y − ȳ) of one part.
#[inline(always)]
fn products(n: f64, first_x: f64, first_y: f64, second: f64) -> f64 {
    second - first_x * first_y / n.max(1.0)
}
