//! One number of as many assets as a register of the processor holds. Kernels that are written with it are compiled for
//! several instruction sets; the widest that the processor has is taken at run time. Each asset's number is computed for
//! itself, nothing is contracted or reordered, so the bits are the same on all.
//!
//! What is called with lanes must be inlined into the function that was chosen for the processor: every function here and
//! in the kernels says so, and none takes a closure.

use pulp::Simd;
use std::ops::{Add, BitAnd, Div, Mul, Neg, Sub};

/// A number of some assets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes<S: Simd> {
    simd: S,
    numbers: S::f64s,
}

/// A truth of some assets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mask<S: Simd> {
    simd: S,
    truths: S::m64s,
}

impl<S: Simd> Lanes<S> {
    /// The same number for all.
    #[inline(always)]
    pub(super) fn splat(simd: S, number: f64) -> Self {
        Self { simd, numbers: simd.splat_f64s(number) }
    }

    /// Another number, the same for all.
    #[inline(always)]
    pub(super) fn like(self, number: f64) -> Self {
        Self::splat(self.simd, number)
    }

    /// The `place`-th register of a row, which must reach so far.
    #[inline(always)]
    pub(super) fn load(simd: S, row: &[f64], place: usize) -> Self {
        Self { simd, numbers: S::as_simd_f64s(row).0[place] }
    }

    /// Writes to the `place`-th register of a row, which must reach so far.
    #[inline(always)]
    pub(super) fn store(self, row: &mut [f64], place: usize) {
        S::as_mut_simd_f64s(row).0[place] = self.numbers;
    }

    #[inline(always)]
    pub(super) fn is_present(self) -> Mask<S> {
        Mask { simd: self.simd, truths: self.simd.equal_f64s(self.numbers, self.numbers) }
    }

    /// The number, or another where it is missing.
    #[inline(always)]
    pub(super) fn or(self, other: f64) -> Self {
        self.is_present().choose(self, self.like(other))
    }

    /// The number where it is finite, else missing.
    #[inline(always)]
    pub(super) fn finite(self) -> Self {
        self.abs().at_most(self.like(f64::MAX)).or_missing(self)
    }

    #[inline(always)]
    pub(super) fn abs(self) -> Self {
        Self { numbers: self.simd.abs_f64s(self.numbers), ..self }
    }

    #[inline(always)]
    pub(super) fn sqrt(self) -> Self {
        Self { numbers: self.simd.sqrt_f64s(self.numbers), ..self }
    }

    /// The number, or a bound that it lies below; missing where it is.
    #[inline(always)]
    pub(super) fn at_least_bound(self, bound: f64) -> Self {
        let bound = self.like(bound);
        self.below(bound).choose(bound, self)
    }

    /// The number, or a bound that it lies above; missing where it is.
    #[inline(always)]
    pub(super) fn at_most_bound(self, bound: f64) -> Self {
        let bound = self.like(bound);
        self.above(bound).choose(bound, self)
    }

    /// Whether it is below another; not where one is missing, as in all comparisons.
    #[inline(always)]
    pub(super) fn below(self, other: Self) -> Mask<S> {
        Mask { simd: self.simd, truths: self.simd.less_than_f64s(self.numbers, other.numbers) }
    }

    #[inline(always)]
    pub(super) fn above(self, other: Self) -> Mask<S> {
        other.below(self)
    }

    #[inline(always)]
    pub(super) fn at_most(self, other: Self) -> Mask<S> {
        let truths = self.simd.less_than_or_equal_f64s(self.numbers, other.numbers);
        Mask { simd: self.simd, truths }
    }

    #[inline(always)]
    pub(super) fn at_least(self, other: Self) -> Mask<S> {
        other.at_most(self)
    }

    #[inline(always)]
    pub(super) fn equals(self, other: Self) -> Mask<S> {
        Mask { simd: self.simd, truths: self.simd.equal_f64s(self.numbers, other.numbers) }
    }

    #[inline(always)]
    pub(super) fn is_positive(self) -> Mask<S> {
        self.above(self.like(0.0))
    }
}

impl<S: Simd> Mask<S> {
    /// `yes` where it is true, else `no`.
    #[inline(always)]
    pub(super) fn choose(self, yes: Lanes<S>, no: Lanes<S>) -> Lanes<S> {
        let numbers = self.simd.select_f64s(self.truths, yes.numbers, no.numbers);
        Lanes { simd: self.simd, numbers }
    }

    /// The value where it is true, else missing.
    #[inline(always)]
    pub(super) fn or_missing(self, value: Lanes<S>) -> Lanes<S> {
        self.choose(value, value.like(f64::NAN))
    }

    /// The value where it is true, else 0.
    #[inline(always)]
    pub(super) fn or_zero(self, value: Lanes<S>) -> Lanes<S> {
        self.choose(value, value.like(0.0))
    }

    /// 1 where it is true, else 0.
    #[inline(always)]
    pub(super) fn as_number(self) -> Lanes<S> {
        self.or_zero(Lanes::splat(self.simd, 1.0))
    }
}

impl<S: Simd> BitAnd for Mask<S> {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self { truths: self.simd.and_m64s(self.truths, other.truths), ..self }
    }
}

impl<S: Simd> Neg for Lanes<S> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self { numbers: self.simd.neg_f64s(self.numbers), ..self }
    }
}

macro_rules! arithmetic {
    ($($operation:ident $function:ident $instruction:ident)+) => {$(
        impl<S: Simd> $operation for Lanes<S> {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                Self { numbers: self.simd.$instruction(self.numbers, other.numbers), ..self }
            }
        }

        impl<S: Simd> $operation<f64> for Lanes<S> {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: f64) -> Self {
                self.$function(self.like(other))
            }
        }
    )+};
}

arithmetic! {
    Add add add_f64s
    Sub sub sub_f64s
    Mul mul mul_f64s
    Div div div_f64s
}
