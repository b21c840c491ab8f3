//! The residual of a regression across assets, by orthogonal projection: the largest label by the means of its groups, all
//! else by Gram–Schmidt, twice over, with columns dropped that the ones before them explain.

use super::{
    super::{
        Members, finite,
        reduction::{dot, mean, range, subtract},
    },
    N, Scratch,
};
use crate::types::Kind;

/// A column of which no more than this share of its deviation is left is explained by the others.
const COLLINEAR: f64 = 1e-10;

/// What is left of a value that is explained to this share is nothing.
const EXPLAINED: f64 = 1e-12;

/// A column that moves by no more than this share of its size does not move.
const FLAT: f64 = 8.0 * f64::EPSILON;

pub(super) fn neutralize(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    out.fill(N);
    let complete = |i: &usize| members.inputs.iter().all(|input| !input[*i].is_nan());
    let places: Vec<usize> = (0..out.len()).filter(complete).collect();
    if places.is_empty() {
        return;
    }
    let gather = |input: &[f64]| places.iter().map(|i| input[*i]).collect::<Vec<f64>>();
    let (mut labels, mut numbers) = (vec![], vec![]);
    for (input, kind) in members.inputs.iter().zip(members.kinds).skip(1) {
        match kind {
            Kind::Label => labels.push(Groups::of(&gather(input))),
            _ => numbers.push(gather(input)),
        }
    }
    // The label of the most groups needs no columns: taking away the means of its groups is the projection.
    labels.sort_by_key(|groups| std::cmp::Reverse(groups.count));
    let mut labels = labels.into_iter();
    let groups = labels.next().unwrap_or_else(|| Groups::all(places.len()));
    numbers.extend(labels.flat_map(|label| label.indicators()));
    let mut basis: Vec<Vec<f64>> = vec![];
    for mut column in numbers {
        if groups.centre(&mut column).is_none() {
            continue;
        }
        let before = norm(&column);
        project_off(&mut column, &basis, &groups);
        let left = norm(&column);
        if left > COLLINEAR * before {
            column.iter_mut().for_each(|x| *x /= left);
            basis.push(column);
        }
    }
    let mut x = gather(members.inputs[0]);
    let unit = groups.centre(&mut x).unwrap_or(0.0);
    let before = norm(&x);
    project_off(&mut x, &basis, &groups);
    let unit = if norm(&x) > EXPLAINED * before { unit } else { 0.0 };
    for (place, x) in places.iter().zip(&x) {
        // 0 without the sign of what was rounded away.
        out[*place] = if unit == 0.0 { 0.0 } else { finite(x * unit) };
    }
}

fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

/// Twice: what rounding leaves after the first time goes the second time.
fn project_off(x: &mut [f64], basis: &[Vec<f64>], groups: &Groups) {
    for _ in 0..2 {
        for column in basis {
            let share = dot(column, x);
            subtract(x, column, share);
        }
        groups.take_means(x);
    }
}

/// Which of the assets belong together.
struct Groups {
    of: Vec<usize>,
    count: usize,
}

impl Groups {
    fn all(n: usize) -> Self {
        Self { of: vec![0; n], count: 1 }
    }

    fn of(codes: &[f64]) -> Self {
        let mut known = codes.to_vec();
        known.sort_unstable_by(f64::total_cmp);
        known.dedup();
        let place = |code: &f64| known.partition_point(|k| k < code);
        Self { of: codes.iter().map(place).collect(), count: known.len() }
    }

    /// A column of 0 and 1 for each group but the first, which the intercept stands for.
    fn indicators(self) -> impl Iterator<Item = Vec<f64>> {
        (1..self.count)
            .map(move |group| self.of.iter().map(|g| f64::from(u8::from(*g == group))).collect())
    }

    /// Takes the means of the groups away and scales what is left to at most 1; gives that scale, or nothing where the
    /// values do not move within any group.
    fn centre(&self, x: &mut [f64]) -> Option<f64> {
        let (low, high) = range(x);
        let size = low.abs().max(high.abs());
        if size == 0.0 {
            return None;
        }
        // Distances from a value of the group first, so that a high level costs no precision.
        x.iter_mut().for_each(|x| *x /= size);
        let mut first = vec![N; self.count];
        let mut sizes = vec![0.0_f64; self.count];
        for (x, group) in x.iter_mut().zip(&self.of) {
            if first[*group].is_nan() {
                first[*group] = *x;
            }
            sizes[*group] = sizes[*group].max(x.abs());
            *x -= first[*group];
        }
        self.take_means(x);
        let mut moves = vec![0.0_f64; self.count];
        for (x, group) in x.iter().zip(&self.of) {
            moves[*group] = moves[*group].max(x.abs());
        }
        for (x, group) in x.iter_mut().zip(&self.of) {
            if moves[*group] <= FLAT * sizes[*group] {
                *x = 0.0;
            }
        }
        let (low, high) = range(x);
        let moves = low.abs().max(high.abs());
        if moves == 0.0 {
            return None;
        }
        x.iter_mut().for_each(|x| *x /= moves);
        Some(size * moves)
    }

    fn take_means(&self, x: &mut [f64]) {
        if self.count == 1 {
            let mean = mean(x);
            x.iter_mut().for_each(|x| *x -= mean);
            return;
        }
        let mut sums = vec![(0.0, 0.0); self.count];
        for (x, group) in x.iter().zip(&self.of) {
            sums[*group].0 += x;
            sums[*group].1 += 1.0;
        }
        for (x, group) in x.iter_mut().zip(&self.of) {
            *x -= sums[*group].0 / sums[*group].1;
        }
    }
}
