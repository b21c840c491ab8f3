//! One sorted order of the values of a date, behind ranks, quantiles and buckets: a radix sort of the leading bits of each
//! value packed with its place into half the width of the value, which the first cache holds, mended by the values.

use super::{reduction::range, vectorise::vectorised};

/// Buffers that are used again from date to date.
#[derive(Debug, Default)]
pub(super) struct Order {
    packed: Vec<u32>,
    other: Vec<u32>,
    ties: Vec<(u32, u32)>,
}

/// The bits of one pass of the radix sort, of which there are two: the leading ones.
const BITS: u32 = 10;
const RADIX: usize = 1 << BITS;
const DIGITS: [u32; 2] = [u32::BITS - 2 * BITS, u32::BITS - BITS];

/// Fewer values are sorted by comparison.
const FEW: usize = 128;

/// What stands for a missing value; no place is so high.
const MISSING: u32 = u32::MAX;

/// How values become whole numbers that rise with them; equal ones may stand for values that differ.
///
/// An offset of a small part of the largest value is added to each absolute value before its bits are taken: it squeezes
/// the many octaves around zero into a few, so that the leading bits of the number tell most values apart.
#[derive(Debug, Clone, Copy)]
struct Leading {
    offset: f64,
    least: i64,
    /// How many bits are left out.
    lost: u32,
    /// How many bits below them are for the place.
    place_bits: u32,
}

impl Leading {
    /// For so many values between two bounds.
    fn of(low: f64, high: f64, count: usize) -> Self {
        let place_bits = (usize::BITS - count.leading_zeros()).max(DIGITS[0]);
        let offset = low.abs().max(high.abs()) * (1.0 / 65536.0);
        let all = Self { offset, least: 0, lost: 0, place_bits };
        let least = all.whole(low);
        let span = all.whole(high).wrapping_sub(least) as u64;
        let kept = u32::BITS.saturating_sub(place_bits);
        let lost = (u64::BITS - span.leading_zeros()).saturating_sub(kept);
        Self { least, lost, ..all }
    }

    #[inline(always)]
    fn whole(self, x: f64) -> i64 {
        let size = (x.abs() + self.offset).to_bits() as i64 - self.offset.to_bits() as i64;
        if x < 0.0 { -size } else { size }
    }
}

vectorised! {
    /// The leading bits of each value, above its place.
    fn pack(values: &[f64], leading: Leading, packed: &mut [u32]) {
        for (i, (x, packed)) in values.iter().zip(packed).enumerate() {
            let bits = leading.whole(*x).wrapping_sub(leading.least) as u64 >> leading.lost;
            let both = (bits << leading.place_bits) as u32 | i as u32;
            *packed = if x.is_nan() { MISSING } else { both };
        }
    }
}

impl Order {
    /// Sorts the places of the `values` that are not missing by value, ties by place.
    pub(super) fn sort<'a>(&'a mut self, values: &'a [f64]) -> Sorted<'a> {
        let (low, high) = range(values);
        let leading = Leading::of(low, high, values.len());
        self.ties.clear();
        self.packed.resize(values.len(), 0);
        self.other.resize(values.len(), 0);
        // Without bounds nothing is present.
        if low <= high {
            pack(values, leading, &mut self.other);
        } else {
            self.other.fill(MISSING);
        }
        let mut n = 0;
        let present = &mut self.packed[..];
        for &packed in &self.other {
            present[n] = packed;
            n += usize::from(packed != MISSING);
        }
        self.packed.truncate(n);
        if n <= FEW {
            self.packed.sort_unstable();
        } else {
            self.radix();
        }
        self.mend(values, leading.place_bits);
        let mask = ((1u64 << leading.place_bits) - 1) as u32;
        Sorted { packed: &self.packed, ties: &self.ties, values, mask }
    }

    /// Sorts by two digits, the lower first; stable, so the places stay in order.
    fn radix(&mut self) {
        self.other.truncate(self.packed.len());
        let mut counts = [[0u32; RADIX]; 2];
        let [low, high] = &mut counts;
        for packed in &self.packed {
            low[digit(*packed, DIGITS[0])] += 1;
            high[digit(*packed, DIGITS[1])] += 1;
        }
        let [low, high] = &mut counts;
        if distribute::<{ DIGITS[0] }>(&self.packed, &mut self.other, low) {
            std::mem::swap(&mut self.packed, &mut self.other);
        }
        if distribute::<{ DIGITS[1] }>(&self.packed, &mut self.other, high) {
            std::mem::swap(&mut self.packed, &mut self.other);
        }
    }

    /// Orders runs of equal leading bits by the values themselves, and notes the runs of equal values.
    fn mend(&mut self, values: &[f64], place_bits: u32) {
        let mask = ((1u64 << place_bits) - 1) as u32;
        let value = |packed: &u32| values[(packed & mask) as usize];
        let mut start = 0;
        while let Some(first) = next_equal(&self.packed, start, place_bits) {
            let leading = u64::from(self.packed[first]) >> place_bits;
            let others = &self.packed[first..];
            let count =
                others.iter().take_while(|p| u64::from(**p) >> place_bits == leading).count();
            let run = &mut self.packed[first..first + count];
            let one = value(&run[0]);
            if run.iter().any(|p| value(p) != one) {
                // None is missing, so there is an order; −0 and 0 are one.
                run.sort_unstable_by(|a, b| {
                    let by_value =
                        value(a).partial_cmp(&value(b)).unwrap_or(std::cmp::Ordering::Equal);
                    by_value.then(a.cmp(b))
                });
            }
            let mut at = first as u32;
            for equal in run.chunk_by(|a, b| value(a) == value(b)) {
                if equal.len() > 1 {
                    self.ties.push((at, at + equal.len() as u32));
                }
                at += equal.len() as u32;
            }
            start = first + count;
        }
    }
}

/// Where the next two neighbours with the same leading bits lie, from a place on.
fn next_equal(packed: &[u32], from: usize, place_bits: u32) -> Option<usize> {
    const TOGETHER: usize = 16;
    let same = |(a, b): (&u32, &u32)| u64::from(a ^ b) >> place_bits == 0;
    let (firsts, seconds) = (packed.get(from..)?, packed.get(from + 1..)?);
    let mut at = from;
    for (firsts, seconds) in firsts.chunks(TOGETHER).zip(seconds.chunks(TOGETHER)) {
        // Without a branch for each, so that they are compared side by side.
        if firsts.iter().zip(seconds).map(same).fold(false, |any, same| any | same) {
            return firsts.iter().zip(seconds).position(same).map(|i| at + i);
        }
        at += TOGETHER;
    }
    None
}

#[inline(always)]
fn digit(packed: u32, shift: u32) -> usize {
    (packed >> shift) as usize & (RADIX - 1)
}

/// Writes numbers in the order of the digit from `SHIFT` on, of which `counts` says how often each value occurs; whether
/// there was anything to do.
fn distribute<const SHIFT: u32>(from: &[u32], to: &mut [u32], counts: &mut [u32; RADIX]) -> bool {
    if counts[digit(from[0], SHIFT)] as usize == from.len() {
        return false;
    }
    let mut start = 0;
    for count in counts.iter_mut() {
        (*count, start) = (start, start + *count);
    }
    for &packed in from {
        let place = &mut counts[digit(packed, SHIFT)];
        to[*place as usize] = packed;
        *place += 1;
    }
    true
}

/// A sorted order of the values that are present.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sorted<'a> {
    packed: &'a [u32],
    ties: &'a [(u32, u32)],
    values: &'a [f64],
    mask: u32,
}

impl Sorted<'_> {
    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.packed.len()
    }

    /// The place of the `i`-th smallest value.
    #[inline(always)]
    pub(super) fn place(&self, i: usize) -> usize {
        (self.packed[i] & self.mask) as usize
    }

    /// The values, the smallest first.
    pub(super) fn rising(&self) -> impl Iterator<Item = f64> {
        self.packed.iter().map(|p| self.values[(p & self.mask) as usize])
    }

    /// Writes a function of the mid-rank (1 … n; equal values share their mean) at the place of each value, and missing
    /// elsewhere.
    #[inline(always)]
    pub(super) fn mid_ranks(&self, out: &mut [f64], of: impl Fn(f64) -> f64) {
        if self.len() < out.len() {
            out.fill(f64::NAN);
        }
        for (i, packed) in self.packed.iter().enumerate() {
            out[(packed & self.mask) as usize] = of((i + 1) as f64);
        }
        for (start, end) in self.ties {
            let shared = of(f64::from(start + 1 + end) / 2.0);
            for i in *start..*end {
                out[self.place(i as usize)] = shared;
            }
        }
    }
}

/// The quantile at `p` of 0 … 1 of values none of which is missing, interpolated linearly (type 7, numpy's default); they
/// are left in another order. Missing where there are none.
pub(super) fn quantile(values: &mut [f64], p: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let at = p * last as f64;
    let below = (at as usize).min(last);
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let part = at - below as f64;
    if part == 0.0 || above.is_empty() {
        return low;
    }
    let high = above.iter().fold(f64::INFINITY, |m, x| if *x < m { *x } else { m });
    // Halves, so that the distance cannot overflow.
    low + 2.0 * (part * (0.5 * high - 0.5 * low))
}

/// The median of values none of which is missing, which are left in another order.
pub(super) fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_like_the_standard_library() {
        let mut state = 7u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        for n in [0usize, 1, 2, 63, 128, 129, 500, 3000, 5000] {
            for scale in [1e-300, 1.0, 1e300] {
                let values: Vec<f64> = (0..n)
                    .map(|_| match next() % 6 {
                        0 => 0.0,
                        1 => -0.0,
                        2 => (next() % 7) as f64 * scale,
                        3 => 1.0 + next() as f64 * 1e-19,
                        4 => f64::NAN,
                        _ => (next() as f64 - 1e9) * scale,
                    })
                    .collect();
                let mut expected: Vec<usize> = (0..n).filter(|i| !values[*i].is_nan()).collect();
                expected
                    .sort_by(|a, b| values[*a].partial_cmp(&values[*b]).unwrap().then(a.cmp(b)));
                let mut order = Order::default();
                let sorted = order.sort(&values);
                let places: Vec<usize> = (0..sorted.len()).map(|i| sorted.place(i)).collect();
                assert_eq!(places, expected);
                let mut ranks = vec![0.0; n];
                sorted.mid_ranks(&mut ranks, |r| r);
                for (i, rank) in ranks.iter().enumerate().step_by(37) {
                    let below = values.iter().filter(|x| **x < values[i]).count() as f64;
                    let equal = values.iter().filter(|x| **x == values[i]).count() as f64;
                    assert!(*rank == below + (equal + 1.0) / 2.0 || values[i].is_nan());
                }
            }
        }
    }

    #[test]
    fn the_largest_numbers_have_an_order_too() {
        let values: Vec<f64> = (0..300)
            .map(|i| if i % 2 == 0 { f64::MAX / f64::from(i + 1) } else { f64::MIN / f64::from(i) })
            .collect();
        let mut order = Order::default();
        let rising: Vec<f64> = order.sort(&values).rising().collect();
        assert!(rising.is_sorted() && rising.len() == 300);
    }
}
