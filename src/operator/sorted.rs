//! Operators for which the values of a window must stand in order: median, quantile, absolute deviation, entropy, rank
//! correlation.
//!
//! The windows of eight assets are kept sorted side by side. A row that leaves and a row that comes move the values
//! between them by one place, in one sweep without a branch: for windows of some hundred rows that is faster than any
//! search. Only comparisons decide, so nothing depends on where the sweep began.

use super::{
    Accepts, Body, Example, MIN, Operator, Parameter, ResultType, Strip, WindowBlock, WindowKernel,
    finite, least_present, number, vectorise::vectorised, window,
};
use std::ops::Range;

const N: f64 = f64::NAN;
const X_D_MIN: &[Parameter] = &[number("x"), window("d"), MIN];
const MISSING: &str = "needs `min:` values in the window, by default three quarters of its rows; the others are left out";

pub(super) const OPERATORS: &[Operator] = &[
    Operator {
        name: "ts_median",
        summary: "Median of the values present in the last d rows.",
        formula: "the middle one in order, or the mean of the two in the middle",
        missing: MISSING,
        source: "pandas rolling(d, min_periods).median()",
        parameters: X_D_MIN,
        result: ResultType::Same,
        body: Body::Window(&Ordered(|values, _| values.median())),
        examples: &[Example {
            inputs: &[&[5.0, 1.0, 3.0, 4.0]],
            constants: &[3.0, 2.0],
            result: &[N, 3.0, 3.0, 3.0],
        }],
    },
    Operator {
        name: "ts_quantile",
        summary: "Quantile of the values present in the last d rows.",
        formula: "x₍ᵢ₎ + (h − i)(x₍ᵢ₊₁₎ − x₍ᵢ₎), h = p (n − 1), i = ⌊h⌋, counted from 0 (type 7)",
        missing: MISSING,
        source: "pandas rolling(d, min_periods).quantile(p), linear",
        parameters: &[
            number("x"),
            window("d"),
            Parameter {
                name: "p",
                accepts: Accepts::Constant { low: 0.0, high: 1.0, whole: false },
                default: super::Default::Required,
            },
            MIN,
        ],
        result: ResultType::Same,
        body: Body::Window(&Ordered(|values, constants| values.quantile(constants[1]))),
        examples: &[Example {
            inputs: &[&[5.0, 1.0, 3.0]],
            constants: &[3.0, 0.25],
            result: &[N, N, 2.0],
        }],
    },
    Operator {
        name: "ts_mad",
        summary: "Median absolute deviation of the values present in the last d rows, scaled to a standard deviation.",
        formula: "1.4826 · median |x − median x|",
        missing: MISSING,
        source: "Hampel (1974); scipy.stats.median_abs_deviation, times 1.4826",
        parameters: X_D_MIN,
        result: ResultType::Same,
        body: Body::Window(&Ordered(|values, _| 1.4826 * values.median_deviation())),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 4.0, 9.0]],
            constants: &[3.0],
            result: &[N, N, 1.4826, 2.0 * 1.4826],
        }],
    },
    Operator {
        name: "ts_entropy",
        summary: "Shannon entropy of how the values of the last d rows fall into bins of equal width.",
        formula: "−Σ p ln p over `bins` equal parts of min … max of the window, p the share of values in each; 0 where all are equal",
        missing: MISSING,
        source: "numpy.histogram(x, bins) and scipy.stats.entropy; natural logarithm",
        parameters: &[
            number("x"),
            window("d"),
            Parameter {
                name: "bins",
                accepts: Accepts::Constant { low: 1.0, high: 10_000.0, whole: true },
                default: super::Default::Constant(10.0),
            },
            MIN,
        ],
        result: ResultType::Ratio,
        body: Body::Window(&Ordered(|values, constants| values.entropy(constants[1]))),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 2.0, 1.0]],
            constants: &[4.0, 2.0],
            result: &[N, N, 0.636_514_168_294_813, std::f64::consts::LN_2],
        }],
    },
    Operator {
        name: "ts_spearman",
        summary: "Rank correlation of two values over the last d rows.",
        formula: "the correlation of their mid-ranks among the rows where both are present",
        missing: "rows in which either is missing are left out; needs `min:` complete rows; missing where all of one are equal",
        source: "scipy.stats.spearmanr; pandas corr(method=\"spearman\")",
        parameters: &[number("x"), number("y"), window("d"), MIN],
        result: ResultType::Ratio,
        body: Body::Window(&Spearman),
        examples: &[Example {
            inputs: &[&[1.0, 2.0, 9.0], &[1.0, 3.0, 2.0]],
            constants: &[3.0],
            result: &[N, N, 0.5],
        }],
    },
];

/// How many assets are kept side by side: a line of cache.
const LANES: usize = 8;

type Lanes = [f64; LANES];

/// The values of some assets at a row; missing beyond the last asset, and where they are not finite.
#[inline(always)]
fn lanes(rows: &Strip<'_>, row: usize, start: usize, assets: usize) -> Lanes {
    // One zero, whatever its sign was.
    rows.lanes(row, start, assets).map(|x| finite(x) + 0.0)
}

/// A result that follows from the sorted values of the window of one asset.
struct Ordered(fn(values: Sorted<'_>, constants: &[f64]) -> f64);

impl WindowKernel for Ordered {
    fn depends_on_blocks(&self) -> bool {
        false
    }

    fn block(&self, block: &mut WindowBlock<'_, '_>) {
        let least = least_present(block.length as u32, *block.constants.last().expect("`min:`"));
        let (result, constants) = (self.0, block.constants);
        sorted_windows(block, &mut |values| {
            if values.count as f64 >= least { finite(result(values, constants)) } else { N }
        });
    }
}

/// The values present in the window of one asset, ascending.
#[derive(Clone, Copy)]
struct Sorted<'a> {
    values: &'a [Lanes],
    lane: usize,
    count: usize,
}

impl Sorted<'_> {
    #[inline(always)]
    fn get(self, i: usize) -> f64 {
        self.values[i][self.lane]
    }

    fn median(self) -> f64 {
        // Halves are added, since the sum of two huge values overflows.
        0.5 * self.get((self.count - 1) / 2) + 0.5 * self.get(self.count / 2)
    }

    fn quantile(self, p: f64) -> f64 {
        let at = p * (self.count - 1) as f64;
        let below = at.floor() as usize;
        let (low, high) = (self.get(below), self.get((below + 1).min(self.count - 1)));
        low + (at - below as f64) * (high - low)
    }

    /// The median of the distances from the median.
    fn median_deviation(self) -> f64 {
        let middle = self.median();
        let low = self.deviation((self.count - 1) / 2, middle);
        if self.count % 2 == 1 {
            return low;
        }
        0.5 * low + 0.5 * self.deviation(self.count / 2, middle)
    }

    /// The distance of the value that is `k`-th nearest (from 0) to the middle: those at least as near are k + 1
    /// neighbours. The distance of the first of them falls as they move up, that of the last rises.
    fn deviation(self, k: usize, middle: f64) -> f64 {
        let (mut low, mut high) = (0, self.count - k - 1);
        while low < high {
            let i = (low + high) / 2;
            if self.get(i + k) - middle >= middle - self.get(i) {
                high = i;
            } else {
                low = i + 1;
            }
        }
        let widest = |i: usize| (middle - self.get(i)).max(self.get(i + k) - middle);
        if low > 0 { widest(low).min(widest(low - 1)) } else { widest(low) }
    }

    fn entropy(self, bins: f64) -> f64 {
        let (least, greatest) = (self.get(0), self.get(self.count - 1));
        let range = greatest - least;
        if range == 0.0 {
            return 0.0;
        }
        let bin = |i: usize| ((self.get(i) - least) / range * bins).floor().min(bins - 1.0);
        // Values of one bin are neighbours.
        let (mut sum, mut start) = (0.0, 0);
        let mut current = bin(0);
        for i in 1..=self.count {
            let next = if i < self.count { bin(i) } else { N };
            if next != current {
                let inside = (i - start) as f64;
                sum += inside * libm::log(inside);
                (current, start) = (next, i);
            }
        }
        let n = self.count as f64;
        // Rounding must not make it negative.
        (libm::log(n) - sum / n).max(0.0)
    }
}

vectorised! {
    /// Calls with every window that is wanted.
    fn sorted_windows(block: &mut WindowBlock<'_, '_>, result: &mut dyn FnMut(Sorted<'_>) -> f64) {
        let length = block.length;
        let rows = &block.inputs[0];
        let count = block.out[0].len();
        let mut values: Vec<Lanes> = vec![[f64::INFINITY; LANES]; length + 1];
        for start in (0..count).step_by(LANES) {
            let mut present: Lanes = [0.0; LANES];
            // The place of the row after the window.
            let mut end = 0;
            for (i, wanted) in block.wanted.iter().enumerate() {
                let wanted_end = block.older + wanted + 1;
                if i == 0 || wanted_end - end >= length {
                    present = fill(&mut values, wanted_end.saturating_sub(length)..wanted_end, |row| lanes(rows, row, start, count));
                } else {
                    for place in end..wanted_end {
                        let leaving = place.checked_sub(length);
                        let old = leaving.map_or([N; LANES], |row| lanes(rows, row, start, count));
                        slide(&mut values, &mut present, old, lanes(rows, place, start, count));
                    }
                }
                end = wanted_end;
                for lane in 0..LANES.min(count - start) {
                    let sorted = Sorted { values: &values, lane, count: present[lane] as usize };
                    block.out[i][start + lane] = if sorted.count > 0 { result(sorted) } else { N };
                }
            }
        }
    }
}

/// Sorts the values of some rows, those that are missing last as infinite; gives how many are present.
fn fill(values: &mut [Lanes], rows: Range<usize>, row: impl Fn(usize) -> Lanes) -> Lanes {
    let mut present = [0.0; LANES];
    let mut columns: [Vec<f64>; LANES] = Default::default();
    for row in rows.map(row) {
        for (column, x) in columns.iter_mut().zip(row) {
            if !x.is_nan() {
                column.push(x);
            }
        }
    }
    values.fill([f64::INFINITY; LANES]);
    for (lane, column) in columns.iter_mut().enumerate() {
        column.sort_unstable_by(f64::total_cmp);
        present[lane] = column.len() as f64;
        for (values, x) in values.iter_mut().zip(column) {
            values[lane] = *x;
        }
    }
    present
}

/// Takes `old` out of sorted values and puts `new` in. The last of `values` stays infinite.
#[inline(always)]
fn slide(values: &mut [Lanes], present: &mut Lanes, old: Lanes, new: Lanes) {
    let as_last = |x: f64| if x.is_nan() { f64::INFINITY } else { x };
    for lane in 0..LANES {
        present[lane] -= if old[lane].is_nan() { 0.0 } else { 1.0 };
        present[lane] += if new[lane].is_nan() { 0.0 } else { 1.0 };
    }
    let (old, new) = (old.map(as_last), new.map(as_last));
    let mut before = [f64::NEG_INFINITY; LANES];
    for k in 0..values.len() - 1 {
        let (here, next) = (values[k], values[k + 1]);
        for lane in 0..LANES {
            // The k-th of those without the old one: those from it on move down.
            let x = if here[lane] < old[lane] { here[lane] } else { next[lane] };
            let low = if x < new[lane] { x } else { new[lane] };
            values[k][lane] = if before[lane] > low { before[lane] } else { low };
            before[lane] = x;
        }
    }
}

/// Σ sign(x − other) over the others is the doubled rank less its mean; it is kept for each row of the window as rows
/// come and go. All of it is whole numbers, so it is exact.
struct Spearman;

impl WindowKernel for Spearman {
    fn depends_on_blocks(&self) -> bool {
        false
    }

    fn block(&self, block: &mut WindowBlock<'_, '_>) {
        spearman(block);
    }
}

/// Values of the rows of a window (in a ring), and the place of each among them.
struct Places {
    values: Vec<Lanes>,
    places: Vec<Lanes>,
}

impl Places {
    fn new(length: usize) -> Self {
        Self { values: vec![[N; LANES]; length], places: vec![[0.0; LANES]; length] }
    }

    /// Puts a value into the slot of one that leaves.
    #[inline(always)]
    fn replace(&mut self, slot: usize, new: Lanes) {
        let old = std::mem::replace(&mut self.values[slot], [N; LANES]);
        self.places[slot] = [0.0; LANES];
        let mut own = [0.0; LANES];
        for (value, place) in self.values.iter().zip(&mut self.places) {
            for lane in 0..LANES {
                let over_new = sign(value[lane], new[lane]);
                place[lane] += over_new - sign(value[lane], old[lane]);
                own[lane] -= over_new;
            }
        }
        self.values[slot] = new;
        self.places[slot] = own;
    }
}

/// The sign of x − y; 0 where one is missing.
#[inline(always)]
fn sign(x: f64, y: f64) -> f64 {
    (if x > y { 1.0 } else { 0.0 }) - (if x < y { 1.0 } else { 0.0 })
}

vectorised! {
    fn spearman(block: &mut WindowBlock<'_, '_>) {
        let length = block.length;
        let least = least_present(length as u32, block.constants[1]);
        let count = block.out[0].len();
        for start in (0..count).step_by(LANES) {
            let (mut x, mut y) = (Places::new(length), Places::new(length));
            let mut end = 0;
            for (i, wanted) in block.wanted.iter().enumerate() {
                let wanted_end = block.older + wanted + 1;
                if i == 0 || wanted_end - end >= length {
                    (x, y) = (Places::new(length), Places::new(length));
                    end = wanted_end.saturating_sub(length);
                }
                for place in end..wanted_end {
                    let a = lanes(&block.inputs[0], place, start, count);
                    let b = lanes(&block.inputs[1], place, start, count);
                    let both = |x: &Lanes| -> Lanes {
                        std::array::from_fn(|l| if a[l].is_nan() | b[l].is_nan() { N } else { x[l] })
                    };
                    x.replace(place % length, both(&a));
                    y.replace(place % length, both(&b));
                }
                end = wanted_end;
                let results = correlation(&x, &y, least);
                let out = &mut block.out[i][start..];
                for (out, result) in out.iter_mut().zip(results) {
                    *out = result;
                }
            }
        }
    }
}

/// The correlation of the places.
#[inline(always)]
fn correlation(x: &Places, y: &Places, least: f64) -> Lanes {
    let (mut xx, mut yy, mut xy) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let mut count = [0.0; LANES];
    for ((a, b), value) in x.places.iter().zip(&y.places).zip(&x.values) {
        for lane in 0..LANES {
            xx[lane] += a[lane] * a[lane];
            yy[lane] += b[lane] * b[lane];
            xy[lane] += a[lane] * b[lane];
            count[lane] += if value[lane].is_nan() { 0.0 } else { 1.0 };
        }
    }
    std::array::from_fn(|lane| {
        let scale = (xx[lane] * yy[lane]).sqrt();
        let value = (xy[lane] / scale).clamp(-1.0, 1.0);
        if (count[lane] >= least) & (scale > 0.0) { value } else { N }
    })
}
