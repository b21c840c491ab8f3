//! One sorted order of the values of a date, shared by rank, quantile and bucket: a radix sort of the leading half of
//! each value packed with its place, mended by the rest of the value.

/// Buffers that are used again from date to date.
#[derive(Debug, Default)]
pub(super) struct Order {
    packed: Vec<u64>,
    other: Vec<u64>,
    keys: Vec<u64>,
}

const BITS: u32 = 11;
const DIGITS: usize = 3;
const RADIX: usize = 1 << BITS;

/// The value's bits, so that unsigned order is numeric order; −0 and 0 are one.
#[inline(always)]
fn key(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    bits ^ (((bits as i64 >> 63) as u64) | 1 << 63)
}

impl Order {
    /// Sorts the places of `values` (none missing) by value, ties by place.
    pub(super) fn sort(&mut self, values: &[f64]) -> Sorted<'_> {
        self.keys.clear();
        self.keys.extend(values.iter().map(|x| key(*x)));
        self.packed.clear();
        self.packed.extend(self.keys.iter().enumerate().map(|(i, k)| (k >> 32) << 32 | i as u64));
        if values.len() < 192 {
            self.packed.sort_unstable();
        } else {
            self.radix();
        }
        self.mend();
        Sorted { packed: &self.packed, keys: &self.keys }
    }

    /// Least significant digit first over the upper 32 bits; stable, so the places below them stay in order.
    fn radix(&mut self) {
        let mut counts = [[0u32; RADIX]; DIGITS];
        for packed in &self.packed {
            for (digit, count) in counts.iter_mut().enumerate() {
                count[(packed >> (32 + digit as u32 * BITS)) as usize & (RADIX - 1)] += 1;
            }
        }
        self.other.resize(self.packed.len(), 0);
        for (digit, count) in counts.iter_mut().enumerate() {
            let shift = 32 + digit as u32 * BITS;
            let first = self.packed[0] >> shift & (RADIX as u64 - 1);
            if count[first as usize] as usize == self.packed.len() {
                continue;
            }
            let mut start = 0;
            for count in count.iter_mut() {
                (*count, start) = (start, start + *count);
            }
            for &packed in &self.packed {
                let place = &mut count[(packed >> shift) as usize & (RADIX - 1)];
                self.other[*place as usize] = packed;
                *place += 1;
            }
            std::mem::swap(&mut self.packed, &mut self.other);
        }
    }

    /// Sorts each run of equal leading halves by the whole value.
    fn mend(&mut self) {
        let n = self.packed.len();
        let mut start = 0;
        while start < n {
            let mut end = start + 1;
            while end < n && self.packed[end] >> 32 == self.packed[start] >> 32 {
                end += 1;
            }
            if end - start > 1 {
                let keys = &self.keys;
                self.packed[start..end]
                    .sort_unstable_by_key(|p| (keys[*p as u32 as usize], *p as u32));
            }
            start = end;
        }
    }
}

/// A sorted order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sorted<'a> {
    packed: &'a [u64],
    keys: &'a [u64],
}

impl Sorted<'_> {
    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.packed.len()
    }

    /// The place of the `i`-th smallest value.
    #[inline(always)]
    pub(super) fn place(&self, i: usize) -> usize {
        self.packed[i] as u32 as usize
    }

    /// Calls with the mid-rank (1 … n; equal values share their mean) of each place.
    #[inline(always)]
    pub(super) fn mid_ranks(&self, mut found: impl FnMut(usize, f64)) {
        let n = self.len();
        let mut start = 0;
        while start < n {
            let value = self.keys[self.place(start)];
            let mut end = start + 1;
            while end < n && self.keys[self.place(end)] == value {
                end += 1;
            }
            let rank = (start + 1 + end) as f64 / 2.0;
            for i in start..end {
                found(self.place(i), rank);
            }
            start = end;
        }
    }

    /// The quantile at `p` of 0 … 1, interpolated linearly (type 7, numpy's default).
    pub(super) fn quantile(&self, values: &[f64], p: f64) -> f64 {
        let at = p * (self.len() - 1) as f64;
        let below = at.floor();
        let low = values[self.place(below as usize)];
        let high = values[self.place((below as usize + 1).min(self.len() - 1))];
        low + (at - below) * (high - low)
    }
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
        for n in [1usize, 2, 63, 191, 192, 500, 3000] {
            for scale in [1e-300, 1.0, 1e300] {
                let values: Vec<f64> = (0..n)
                    .map(|_| match next() % 5 {
                        0 => 0.0,
                        1 => -0.0,
                        2 => (next() % 7) as f64 * scale,
                        3 => 1.0 + next() as f64 * 1e-19,
                        _ => (next() as f64 - 1e9) * scale,
                    })
                    .collect();
                let mut expected: Vec<usize> = (0..n).collect();
                expected
                    .sort_by(|a, b| values[*a].partial_cmp(&values[*b]).unwrap().then(a.cmp(b)));
                let mut order = Order::default();
                let sorted = order.sort(&values);
                let places: Vec<usize> = (0..n).map(|i| sorted.place(i)).collect();
                assert_eq!(places, expected);
            }
        }
    }
}
