//! Rolling second moments: standard deviation, variance, covariance, correlation.
//!
//! Each part of a window is gathered as deviations from the first row pushed, which lies in the window; so nothing
//! cancels (the loss is at most the length of the window), a level of 1e6 with steps of 1e-3 keeps twelve digits, and
//! equal values give exactly zero at any magnitude. The parts are joined as Chan, Golub and LeVeque (1979) do.

use super::{Accepts, Default, window};
use super::{
    Body, Example, MIN, Operator, Parameter, ResultType, WindowKernel, finite, least_present,
    number,
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
        let [anchor, count, first, second] = planes::<4>(state);
        let [next_anchor, next_count, next_first, next_second] = planes_mut::<4>(next);
        let x = inputs[0];
        let lanes = x.len();
        let (anchor, count, first, second) =
            (&anchor[..lanes], &count[..lanes], &first[..lanes], &second[..lanes]);
        let (next_anchor, next_count) = (&mut next_anchor[..lanes], &mut next_count[..lanes]);
        let (next_first, next_second) = (&mut next_first[..lanes], &mut next_second[..lanes]);
        for i in 0..lanes {
            let c = if anchor[i].is_nan() { x[i] } else { anchor[i] };
            let missing = x[i].is_nan();
            let d = if missing { 0.0 } else { x[i] - c };
            next_anchor[i] = c;
            next_count[i] = count[i] + if missing { 0.0 } else { 1.0 };
            next_first[i] = first[i] + d;
            next_second[i] = second[i] + d * d;
        }
    }

    fn finish(&self, tail: &[f64], head: &[f64], _: u32, constants: &[f64], out: &mut [f64]) {
        let least = least_present(constants[0] as u32, constants[1]);
        let ddof = constants[2];
        let ([a, m, a1, a2], [b, n, b1, b2]) = (planes::<4>(tail), planes::<4>(head));
        for i in 0..out.len() {
            let count = m[i] + n[i];
            let squares = squares(m[i], a1[i], a2[i])
                + squares(n[i], b1[i], b2[i])
                + between(m[i], n[i]) * squared(distance(a[i], a1[i], m[i], b[i], b1[i], n[i]));
            let variance = squares / (count - ddof);
            let value = if self.root { variance.sqrt() } else { variance };
            out[i] = if count >= least && count > ddof { finite(value) } else { N };
        }
    }
}

/// Σ (x − mean)² of one part, from Σ d and Σ d².
#[inline(always)]
fn squares(n: f64, first: f64, second: f64) -> f64 {
    if n > 0.0 { (second - first * first / n).max(0.0) } else { 0.0 }
}

#[inline(always)]
fn squared(x: f64) -> f64 {
    x * x
}

/// m·n / (m + n), the weight of the distance between the means of two parts; 0 where one is empty.
#[inline(always)]
fn between(m: f64, n: f64) -> f64 {
    if m > 0.0 && n > 0.0 { m * n / (m + n) } else { 0.0 }
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
        let [ax, ay, n, sx, sy, sxx, syy, sxy] = planes::<8>(state);
        let [bx, by, bn, tx, ty, txx, tyy, txy] = planes_mut::<8>(next);
        let (x, y) = (inputs[0], inputs[1]);
        for i in 0..x.len() {
            let missing = x[i].is_nan() || y[i].is_nan();
            let first = ax[i].is_nan() && !missing;
            let (cx, cy) = if first { (x[i], y[i]) } else { (ax[i], ay[i]) };
            let (d, e) = if missing { (0.0, 0.0) } else { (x[i] - cx, y[i] - cy) };
            (bx[i], by[i]) = (cx, cy);
            bn[i] = n[i] + if missing { 0.0 } else { 1.0 };
            tx[i] = sx[i] + d;
            ty[i] = sy[i] + e;
            txx[i] = sxx[i] + d * d;
            tyy[i] = syy[i] + e * e;
            txy[i] = sxy[i] + d * e;
        }
    }

    fn finish(&self, tail: &[f64], head: &[f64], _: u32, constants: &[f64], out: &mut [f64]) {
        let least = least_present(constants[0] as u32, constants[1]);
        let [ax, ay, m, ax1, ay1, axx, ayy, axy] = planes::<8>(tail);
        let [bx, by, n, bx1, by1, bxx, byy, bxy] = planes::<8>(head);
        for i in 0..out.len() {
            let (m, n) = (m[i], n[i]);
            let weight = between(m, n);
            let dx = distance(ax[i], ax1[i], m, bx[i], bx1[i], n);
            let dy = distance(ay[i], ay1[i], m, by[i], by1[i], n);
            let xx = squares(m, ax1[i], axx[i]) + squares(n, bx1[i], bxx[i]) + weight * dx * dx;
            let yy = squares(m, ay1[i], ayy[i]) + squares(n, by1[i], byy[i]) + weight * dy * dy;
            let xy = products(m, ax1[i], ay1[i], axy[i])
                + products(n, bx1[i], by1[i], bxy[i])
                + weight * dx * dy;
            let value = if self.correlation {
                // The roots are taken apart, so that the product of two huge deviations does not overflow.
                let scale = xx.sqrt() * yy.sqrt();
                if scale > 0.0 { (xy / scale).clamp(-1.0, 1.0) } else { N }
            } else if m + n > 1.0 {
                xy / (m + n - 1.0)
            } else {
                N
            };
            out[i] = if m + n >= least { finite(value) } else { N };
        }
    }
}

/// Σ (x − x̄)(y − ȳ) of one part.
#[inline(always)]
fn products(n: f64, first_x: f64, first_y: f64, second: f64) -> f64 {
    if n > 0.0 { second - first_x * first_y / n } else { 0.0 }
}
