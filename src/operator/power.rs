//! Powers, of many numbers at once.
//!
//! What `libm::pow` does for ordinary operands, step by step but without a branch, so that it runs in lanes; the bits are
//! the same. It is that of FreeBSD: Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved. Permission to use,
//! copy, modify, and distribute this software is freely granted, provided that this notice is preserved.

use super::{finite, vectorise::vectorised};

/// `x[i]` to the power of `y[i]`.
pub(super) fn powers(x: &[f64], y: &[f64], out: &mut [f64]) {
    if !y.iter().all(|y| is_easy(*y)) {
        ordinary_powers(x, y, out);
    } else {
        out.fill(f64::NAN);
    }
    for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
        if out.is_nan() {
            *out = power(*x, *y);
        }
    }
}

vectorised! {
    fn ordinary_powers(x: &[f64], y: &[f64], out: &mut [f64]) {
        for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
            *out = ordinary(*x, *y);
        }
    }
}

/// xʸ, missing where either is: C's `pow` takes 1 to any power as 1, and any number to the power of 0.
fn power(x: f64, y: f64) -> f64 {
    finite(match y {
        _ if x.is_nan() || y.is_nan() => f64::NAN,
        2.0 => x * x,
        // A root of −0 is −0, its power 0.
        0.5 if x >= 0.0 => x.sqrt() + 0.0,
        _ => libm::pow(x, y),
    })
}

/// Whether a power needs no logarithm.
#[inline(always)]
fn is_easy(y: f64) -> bool {
    (y == 0.0) | (y == 0.5) | (y == 1.0) | (y == -1.0) | (y == 2.0) | y.is_nan()
}

/// A number without the lower half of its bits.
#[inline(always)]
fn high(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & !0xffff_ffff)
}

/// xʸ where x is above 0, y is of no special kind, and the result far from the bounds of what numbers can be; else NaN.
#[inline(always)]
fn ordinary(x: f64, y: f64) -> f64 {
    /// 2⁵², whose last bit counts ones.
    const ONES: f64 = 4_503_599_627_370_496.0;
    const ONE: u64 = 0x3ff << 52;
    let bits = x.to_bits();
    // x = m·2ⁿ with m near 1 (at most √(3/2)) or near 3/2.
    let fraction = bits >> 32 & 0xf_ffff;
    let near_one = fraction <= 0x3_988e;
    let near_two = fraction >= 0xb_b67a;
    let near_three_halves = !near_one & !near_two;
    let exponent = f64::from_bits(bits >> 52 | ONES.to_bits()) - (ONES + 1023.0);
    let n = exponent + if near_two { 1.0 } else { 0.0 };
    let own = bits & 0xf_ffff_ffff_ffff | ONE;
    let own = if near_two { own - (1 << 52) } else { own };
    let m = f64::from_bits(own);
    let (centre, log_high, log_low, mark) = if near_three_halves {
        (1.5, 0.584_962_487_220_764_2, 1.350_039_202_129_749e-8, 1 << 50)
    } else {
        (1.0, 0.0, 0.0, 0)
    };
    // s = (m − c) / (m + c) in two parts.
    let u = m - centre;
    let v = 1.0 / (m + centre);
    let s = u * v;
    let s_high = high(s);
    let sum = ((own >> 33 | 0x2000_0000) << 32) + (0x8_0000 << 32) + mark;
    let sum_high = f64::from_bits(sum);
    let sum_low = m - (sum_high - centre);
    let s_low = v * ((u - s_high * sum_high) - s_high * sum_low);
    // log₂ m = 2/(3 ln 2) · s·(3 + s² + …), in two parts.
    let s2 = s * s;
    let mut r = s2
        * s2
        * (0.599_999_999_999_994_6
            + s2 * (0.428_571_428_578_550_2
                + s2 * (0.333_333_329_818_377_43
                    + s2 * (0.272_728_123_808_534
                        + s2 * (0.230_660_745_775_561_75 + s2 * 0.206_975_017_800_338_42)))));
    r += s_low * (s_high + s);
    let s2 = s_high * s_high;
    let three_high = high(3.0 + s2 + r);
    let three_low = r - ((three_high - 3.0) - s2);
    let u = s_high * three_high;
    let v = s_low * three_high + three_low * s;
    let p_high = high(u + v);
    let p_low = v - (p_high - u);
    let z_high = 0.961_796_700_954_437_3 * p_high;
    let z_low = -7.028_461_650_952_758e-9 * p_high + p_low * 0.961_796_693_925_975_6 + log_low;
    let log = high(((z_high + z_low) + log_high) + n);
    let log_rest = z_low - (((log - n) - log_high) - z_high);
    // y·log₂ x in two parts, and its whole number.
    let y_high = high(y);
    let low = (y - y_high) * log + y * log_rest;
    let first = y_high * log;
    let z = low + first;
    let size = high(z.abs());
    let whole = if size > 0.5 { (size + 0.5).floor() } else { 0.0 };
    let whole = if z < 0.0 { -whole } else { whole };
    let first = first - whole;
    // 2 to the power of what is left.
    let t = high(low + first);
    let u = t * 0.693_147_182_464_599_6;
    let v = (low - (t - first)) * std::f64::consts::LN_2 + t * -1.904_654_299_957_768e-9;
    let e = u + v;
    let w = v - (e - u);
    let t = e * e;
    let t1 = e - t
        * (0.166_666_666_666_666_02
            + t * (-0.002_777_777_777_701_559_3
                + t * (6.613_756_321_437_934e-5
                    + t * (-1.653_390_220_546_525_2e-6 + t * 4.138_136_797_057_238_5e-8))));
    let r = (e * t1) / (t1 - 2.0) - (w + e * w);
    let fraction = 1.0 - (r - e);
    let two = f64::from_bits((whole + (ONES + 1023.0)).to_bits() << 52);
    let is_ordinary = (f64::MIN_POSITIVE..=f64::MAX).contains(&x)
        & (y.abs() < 1e9)
        & (z.abs() < 1000.0)
        & !is_easy(y);
    if is_ordinary { fraction * two } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_those_of_the_library() {
        let mut state = 5u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let special = [
            0.0,
            -0.0,
            0.5,
            1.0,
            -1.0,
            2.0,
            3.0,
            -2.0,
            5.0,
            1e-310,
            1e308,
            -1e308,
            1e10,
            f64::NAN,
            f64::MIN_POSITIVE,
            1.0 + f64::EPSILON,
            1.0 - f64::EPSILON,
            1024.0,
            0.25,
            -0.5,
        ];
        let mut pairs: Vec<(f64, f64)> =
            special.iter().flat_map(|x| special.iter().map(|y| (*x, *y))).collect();
        for _ in 0..200_000 {
            let (x, y) = (next(), next());
            pairs.push((x, y));
            pairs.push((x * 100.0, (y - 0.5) * 100.0));
            pairs.push((x, (y * 20.0).round()));
            pairs.push((1.0 + (x - 0.5) * 1e-3, (y - 0.5) * 1e6));
            pairs.push((f64::from_bits((x * f64::MAX.to_bits() as f64) as u64), (y - 0.5) * 3.0));
        }
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let mut out = vec![0.0; x.len()];
        powers(&x, &y, &mut out);
        for ((x, y), out) in x.iter().zip(&y).zip(&out) {
            let expected = power(*x, *y);
            let same = out.to_bits() == expected.to_bits() || out.is_nan() && expected.is_nan();
            assert!(same, "{x:e} ^ {y:e}: {out:e}, not {expected:e}");
        }
        let ordinary = x.iter().zip(&y).filter(|(x, y)| !ordinary(**x, **y).is_nan()).count();
        assert!(ordinary > x.len() / 2);
    }
}
