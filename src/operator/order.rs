//! One sorted order of the values of a date, behind ranks, quantiles and buckets: a radix sort of the leading bits of each
//! value packed with its place, mended by what is left of the value.

use super::vectorise::vectorised;

/// Buffers that are used again from date to date.
#[derive(Debug, Default)]
pub(super) struct Order {
    keys: Vec<i64>,
    packed: Vec<u64>,
    other: Vec<u64>,
    ties: Vec<(u32, u32)>,
}

/// The bits of one pass of the radix sort, of which there are two.
const BITS: u32 = 11;
const RADIX: usize = 1 << BITS;

/// Fewer values are sorted by comparison.
const FEW: usize = 128;

const LANES: usize = 8;

vectorised! {
    /// The largest absolute value; missing ones are passed over.
    fn largest(values: &[f64], found: &mut f64) {
        let mut most = [0.0_f64; LANES];
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for (most, x) in most.iter_mut().zip(chunk) {
                let x = x.abs();
                *most = if x > *most { x } else { *most };
            }
        }
        *found = rest.iter().chain(&most).fold(0.0, |m, x| if x.abs() > m { x.abs() } else { m });
    }

    /// Whole numbers that rise with the values (equal ones may stand for values that differ in their last bits), and the
    /// least and greatest of those that are present.
    ///
    /// An offset of a small part of the largest value is added to each absolute value before its bits are taken: it
    /// squeezes the many octaves around zero into a few, so that the leading bits of the number tell most values apart.
    fn spread_out(values: &[f64], offset: f64, keys: &mut [i64], least: &mut i64, greatest: &mut i64) {
        let base = offset.to_bits() as i64;
        let (mut low, mut high) = ([i64::MAX; LANES], [i64::MIN; LANES]);
        let key = |x: f64| {
            let size = (x.abs() + offset).to_bits() as i64 - base;
            if x < 0.0 { -size } else { size }
        };
        let (whole, rest) = values.as_chunks::<LANES>();
        let (whole_keys, rest_keys) = keys.as_chunks_mut::<LANES>();
        for (values, keys) in whole.iter().zip(whole_keys) {
            for lane in 0..LANES {
                let x = values[lane];
                let own = key(x);
                keys[lane] = own;
                let (below, above) =
                    if x.is_nan() { (i64::MAX, i64::MIN) } else { (own, own) };
                low[lane] = if below < low[lane] { below } else { low[lane] };
                high[lane] = if above > high[lane] { above } else { high[lane] };
            }
        }
        for (x, place) in rest.iter().zip(rest_keys).filter(|(x, _)| !x.is_nan()) {
            *place = key(*x);
            low[0] = low[0].min(*place);
            high[0] = high[0].max(*place);
        }
        *least = low.iter().fold(i64::MAX, |a, b| a.min(*b));
        *greatest = high.iter().fold(i64::MIN, |a, b| a.max(*b));
    }

    /// How many neighbours have the same leading bits.
    fn equal_neighbours(packed: &[u64], index_bits: u32, found: &mut u64) {
        let later = packed.get(1..).unwrap_or_default();
        *found = packed
            .iter()
            .zip(later)
            .map(|(a, b)| u64::from((a ^ b) >> index_bits == 0))
            .sum();
    }
}

impl Order {
    /// Sorts the places of the `values` that are not missing by value, ties by place.
    pub(super) fn sort<'a>(&'a mut self, values: &'a [f64]) -> Sorted<'a> {
        let (mut most, mut least, mut greatest) = (0.0, 0, 0);
        largest(values, &mut most);
        self.keys.resize(values.len(), 0);
        spread_out(values, most * (1.0 / 65536.0), &mut self.keys, &mut least, &mut greatest);
        self.ties.clear();
        let span = greatest.wrapping_sub(least) as u64;
        let index_bits = usize::BITS - values.len().leading_zeros();
        let value_bits = 64 - span.leading_zeros();
        let lost = value_bits.saturating_sub(64 - index_bits);
        self.packed.resize(values.len(), 0);
        let mut n = 0;
        if greatest >= least {
            let packed = &mut self.packed[..];
            for (i, (x, key)) in values.iter().zip(&self.keys).enumerate() {
                let leading = key.wrapping_sub(least) as u64 >> lost;
                packed[n] = leading << index_bits | i as u64;
                n += usize::from(!x.is_nan());
            }
        }
        self.packed.truncate(n);
        if n <= FEW {
            self.packed.sort_unstable();
        } else {
            let bits = value_bits - lost + index_bits;
            self.radix(bits.saturating_sub(2 * BITS).max(index_bits));
            insert(&mut self.packed);
        }
        self.mend(values, index_bits);
        Sorted { packed: &self.packed, ties: &self.ties, values, mask: (1 << index_bits) - 1 }
    }

    /// Sorts by two digits from `shift` on, the lower first; stable, so the places stay in order.
    fn radix(&mut self, shift: u32) {
        self.other.resize(self.packed.len(), 0);
        let mut counts = [[0u32; RADIX]; 2];
        let [low, high] = &mut counts;
        for packed in &self.packed {
            low[digit(*packed, shift)] += 1;
            high[digit(*packed, shift + BITS)] += 1;
        }
        if distribute(&self.packed, &mut self.other, shift, low) {
            std::mem::swap(&mut self.packed, &mut self.other);
        }
        if distribute(&self.packed, &mut self.other, shift + BITS, high) {
            std::mem::swap(&mut self.packed, &mut self.other);
        }
    }

    /// Orders runs of equal leading bits by the values themselves, and notes the runs of equal values.
    fn mend(&mut self, values: &[f64], index_bits: u32) {
        let mut same = 0;
        equal_neighbours(&self.packed, index_bits, &mut same);
        if same == 0 {
            return;
        }
        let mask = (1u64 << index_bits) - 1;
        let value = |packed: &u64| values[(packed & mask) as usize];
        let mut start = 0;
        for run in self.packed.chunk_by_mut(|a, b| (a ^ b) >> index_bits == 0) {
            if run.len() > 1 {
                let first = value(&run[0]);
                if run.iter().any(|p| value(p) != first) {
                    // None is missing, so there is an order; −0 and 0 are one.
                    run.sort_unstable_by(|a, b| {
                        let by_value =
                            value(a).partial_cmp(&value(b)).unwrap_or(std::cmp::Ordering::Equal);
                        by_value.then(a.cmp(b))
                    });
                }
                let mut at = start;
                for equal in run.chunk_by(|a, b| value(a) == value(b)) {
                    if equal.len() > 1 {
                        self.ties.push((at, at + equal.len() as u32));
                    }
                    at += equal.len() as u32;
                }
            }
            start += run.len() as u32;
        }
    }
}

#[inline(always)]
fn digit(packed: u64, shift: u32) -> usize {
    (packed >> shift) as usize & (RADIX - 1)
}

/// Writes numbers in the order of one digit, of which `counts` says how often each value occurs; whether there was
/// anything to do.
fn distribute(from: &[u64], to: &mut [u64], shift: u32, counts: &mut [u32; RADIX]) -> bool {
    if counts[digit(from[0], shift)] as usize == from.len() {
        return false;
    }
    let mut start = 0;
    for count in counts.iter_mut() {
        (*count, start) = (start, start + *count);
    }
    for &packed in from {
        let place = &mut counts[digit(packed, shift)];
        to[*place as usize] = packed;
        *place += 1;
    }
    true
}

/// Sorts what is nearly sorted; where it is not, gives up and sorts it whole.
fn insert(packed: &mut [u64]) {
    let mut room = 4 * packed.len();
    for i in 1..packed.len() {
        let own = packed[i];
        if own >= packed[i - 1] {
            continue;
        }
        let mut place = i;
        while place > 0 && packed[place - 1] > own {
            packed[place] = packed[place - 1];
            place -= 1;
        }
        packed[place] = own;
        match room.checked_sub(i - place) {
            Some(left) => room = left,
            None => return packed.sort_unstable(),
        }
    }
}

/// A sorted order of the values that are present.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sorted<'a> {
    packed: &'a [u64],
    ties: &'a [(u32, u32)],
    values: &'a [f64],
    mask: u64,
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
