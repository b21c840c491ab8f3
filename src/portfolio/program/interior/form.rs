//! A program by the kinds of its rows.

use super::{
    super::translate::{Cones, Point},
    Missing,
};
use faer::Mat;

/// More rows than these are left to the sparse solver.
const MOST_ROWS: usize = 600;
/// A variable without P that stands in more rows than these is the hub.
const MANY: usize = 8;

/// What kind of row each is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bound of one variable.
    Bound(usize),
    /// Of two variables, neither of which has another such row.
    Pair(usize, usize),
    /// Of the hub alone.
    Hub,
    /// The place among the others.
    Other(usize),
}

/// A program by the kinds of its rows.
pub(super) struct Form<'a> {
    pub(super) cones: &'a Cones,
    /// Without the hub.
    pub(super) rows: Vec<Vec<(usize, f64)>>,
    /// A variable that stands in many rows and has no P, such as the common factor of ratios: it is solved for last.
    pub(super) hub: Option<usize>,
    /// By row: the coefficient of the hub.
    pub(super) ties: Vec<f64>,
    pub(super) kinds: Vec<Kind>,
    /// The diagonal of P.
    pub(super) diagonal: Vec<f64>,
    /// The rows that are neither bounds nor pairs.
    pub(super) others: Vec<usize>,
    /// Of a variable that stands in one of these only: its place there and the coefficient.
    pub(super) lone: Vec<Option<(usize, f64)>>,
    /// By block of variables that stand in several: one, or a pair.
    pub(super) blocks: Vec<(usize, Option<(usize, usize)>)>,
    /// By variable: whether it is one of a pair.
    pub(super) is_paired: Vec<bool>,
    /// The rows of `others` over the variables of the blocks, a column each.
    pub(super) dense: Mat<f64>,
}

impl<'a> Form<'a> {
    pub(super) fn new(cones: &'a Cones) -> Option<Self> {
        let n = cones.q.len();
        if !cones.is_linear() {
            return None;
        }
        let mut diagonal = vec![0.0; n];
        for column in 0..n {
            for entry in cones.p.colptr[column]..cones.p.colptr[column + 1] {
                if cones.p.rowval[entry] != column {
                    return None;
                }
                diagonal[column] = cones.p.nzval[entry];
            }
        }
        let mut rows = cones.rows();
        let hub = hub(&diagonal, &rows);
        let mut ties = vec![0.0; rows.len()];
        for (row, tie) in rows.iter_mut().zip(&mut ties) {
            row.retain(|(v, value)| {
                let stays = Some(*v) != hub;
                *tie += if stays { 0.0 } else { *value };
                stays
            });
        }
        let mut is_paired = vec![false; n];
        let mut is_held: Vec<bool> = diagonal.iter().map(|d| *d > 0.0).collect();
        hub.iter().for_each(|&v| is_held[v] = true);
        let (mut kinds, mut others, mut pairs) = (vec![], vec![], vec![None; n]);
        for (i, row) in rows.iter().enumerate() {
            let is_free = |v: usize| !is_paired[v];
            let kind = match **row {
                [(v, _)] if i >= cones.zeros => {
                    is_held[v] = true;
                    Kind::Bound(v)
                }
                [(v, _), (w, _)] if i >= cones.zeros && is_free(v) && is_free(w) => {
                    (is_paired[v], is_paired[w]) = (true, true);
                    pairs[v] = Some((w, i));
                    Kind::Pair(v, w)
                }
                [] if i >= cones.zeros => Kind::Hub,
                _ => {
                    others.push(i);
                    Kind::Other(others.len() - 1)
                }
            };
            kinds.push(kind);
        }
        // A variable that nothing holds has no place on the diagonal.
        if others.len() > MOST_ROWS || is_held.contains(&false) {
            return None;
        }
        let mut count = vec![0; n];
        let mut lone = vec![None; n];
        for (k, &row) in others.iter().enumerate() {
            for &(v, value) in &rows[row] {
                count[v] += 1;
                lone[v] = Some((k, value));
            }
        }
        for v in 0..n {
            if count[v] != 1 || is_paired[v] {
                lone[v] = None;
            }
        }
        let (mut blocks, mut place, mut size) = (vec![], vec![usize::MAX; n], 0);
        for v in 0..n {
            let is_second = is_paired[v] && pairs[v].is_none();
            if is_second || lone[v].is_some() || count[v] == 0 && !is_paired[v] {
                continue;
            }
            place[v] = size;
            size += 1;
            if let Some((w, _)) = pairs[v] {
                place[w] = size;
                size += 1;
            }
            blocks.push((v, pairs[v]));
        }
        let mut dense = Mat::zeros(size, others.len());
        for (k, &row) in others.iter().enumerate() {
            for &(v, value) in rows[row].iter().filter(|(v, _)| place[*v] != usize::MAX) {
                dense[(place[v], k)] += value;
            }
        }
        let form = Self {
            cones,
            rows,
            hub,
            ties,
            kinds,
            diagonal,
            others,
            lone,
            blocks,
            is_paired,
            dense,
        };
        Some(form)
    }

    /// The point at which bounds are as good as missing, with all that must be above zero moved there (Mehrotra).
    pub(super) fn start(&self) -> Option<Point> {
        let cones = self.cones;
        let rows = cones.b.len();
        let slack = |i: usize| if i < cones.zeros { 0.0 } else { 1.0 };
        let ones: Vec<f64> = (0..rows).map(slack).collect();
        let zero = Point { x: vec![0.0; cones.q.len()], z: ones.clone(), s: ones };
        let system = self.system(&zero)?;
        let missing =
            Missing { dual: cones.q.iter().map(|q| -q).collect(), primal: cones.b.clone() };
        let mut point = system.direction(&missing, &zero, &|_| 0.0);
        for i in cones.zeros..rows {
            point.s[i] = -point.z[i];
        }
        let least = |v: &[f64]| v[cones.zeros..].iter().fold(0.0_f64, |m, x| m.min(*x));
        let shifts = (-1.5 * least(&point.s), -1.5 * least(&point.z));
        let (mut product, mut sums) = (0.0, (0.0, 0.0));
        for i in cones.zeros..rows {
            let (s, z) = (point.s[i] + shifts.0, point.z[i] + shifts.1);
            product += s * z;
            sums = (sums.0 + s, sums.1 + z);
        }
        let half = |sum: f64| if sum > 0.0 { 0.5 * product / sum } else { 0.0 };
        let shifts = (shifts.0 + half(sums.1), shifts.1 + half(sums.0));
        for i in cones.zeros..rows {
            point.s[i] = (point.s[i] + shifts.0).max(1e-8);
            point.z[i] = (point.z[i] + shifts.1).max(1e-8);
        }
        Some(point)
    }

    pub(super) fn missing(&self, point: &Point) -> Missing {
        let cones = self.cones;
        let products = self.diagonal.iter().zip(&point.x);
        let mut dual: Vec<f64> = products.zip(&cones.q).map(|((d, x), q)| -d * x - q).collect();
        let mut primal = vec![0.0; cones.b.len()];
        for (i, row) in self.rows.iter().enumerate() {
            let mut sum = point.s[i];
            if let Some(hub) = self.hub {
                sum += self.ties[i] * point.x[hub];
                dual[hub] -= self.ties[i] * point.z[i];
            }
            for &(v, value) in row {
                sum += value * point.x[v];
                dual[v] -= value * point.z[i];
            }
            primal[i] = cones.b[i] - sum;
        }
        Missing { dual, primal }
    }

    pub(super) fn complementarity(&self, point: &Point) -> f64 {
        let first = self.cones.zeros;
        point.s[first..].iter().zip(&point.z[first..]).map(|(s, z)| s * z).sum()
    }

    /// The longest step up to 1 that keeps everything at zero or above.
    pub(super) fn longest(&self, point: &Point, direction: &Point) -> f64 {
        let first = self.cones.zeros;
        let of = |now: &[f64], way: &[f64]| {
            let pairs = now[first..].iter().zip(&way[first..]).filter(|(_, way)| **way < 0.0);
            pairs.fold(1.0_f64, |least, (now, way)| least.min(-now / way))
        };
        of(&point.s, &direction.s).min(of(&point.z, &direction.z))
    }
}

/// The variable without P that stands in the most rows, if these are many.
fn hub(diagonal: &[f64], rows: &[Vec<(usize, f64)>]) -> Option<usize> {
    let mut count = vec![0; diagonal.len()];
    rows.iter().flatten().for_each(|(v, _)| count[*v] += 1);
    let without = (0..diagonal.len()).filter(|&v| diagonal[v] == 0.0 && count[v] > MANY);
    without.max_by_key(|&v| count[v])
}
