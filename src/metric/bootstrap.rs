//! How far a record might have been another by chance alone: its own stretches drawn anew.

use super::{TrackRecord, detail::quantile};

/// How many records are drawn.
const DRAWS: usize = 1000;

/// The yearly returns between which a share of all records lies that are made of stretches of this one, a month long and
/// drawn with replacement (circular block bootstrap, Politis and Romano 1992). The same record always gives the same.
pub fn band(record: &TrackRecord, share: f64) -> Option<[f64; 2]> {
    let returns = record.returns();
    let rows = returns.len();
    let block = ((record.rows_per_year / 12.0).round() as usize).clamp(1, rows.max(1));
    if rows < 2 * block {
        return None;
    }
    // The growth of the stretch from each row on, once round the record.
    let logs: Vec<f64> = returns.iter().map(|r| libm::log1p(*r)).collect();
    let mut sums = vec![0.0];
    for i in 0..rows + block {
        sums.push(sums[i] + logs[i % rows]);
    }
    let blocks = rows.div_ceil(block);
    let last = rows - block * (blocks - 1);
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut draws: Vec<f64> = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let mut growth = 0.0;
        for b in 0..blocks {
            let length = if b + 1 == blocks { last } else { block };
            let start = random.below(rows);
            growth += sums[start + length] - sums[start];
        }
        draws.push(libm::expm1(growth * record.rows_per_year / rows as f64));
    }
    let rest = (1.0 - share) / 2.0;
    Some([quantile(&draws, rest)?, quantile(&draws, 1.0 - rest)?])
}

/// Splitmix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}
