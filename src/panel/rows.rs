//! Sets of calendar rows: which dates are asked for.

use super::Row;
use std::ops::Range;

/// A sorted set of rows of a calendar of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    // Invariant: sorted, no duplicates, all under `bound`.
    list: Vec<Row>,
    bound: usize,
}

impl Rows {
    /// No rows of a calendar of `bound` rows.
    pub fn none(bound: usize) -> Self {
        Self { list: vec![], bound }
    }

    /// All rows.
    pub fn all(bound: usize) -> Self {
        Self { list: (0..bound as Row).collect(), bound }
    }

    /// These rows, sorted and made unique; those out of bounds are left out.
    pub fn new(mut list: Vec<Row>, bound: usize) -> Self {
        list.retain(|r| (*r as usize) < bound);
        if !list.is_sorted() {
            list.sort_unstable();
        }
        list.dedup();
        Self { list, bound }
    }

    /// The rows, sorted.
    pub fn as_slice(&self) -> &[Row] {
        &self.list
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The length of the calendar.
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// Whether it holds every row of the calendar.
    pub fn is_all(&self) -> bool {
        self.list.len() == self.bound
    }

    /// At which place of the set a row stands.
    pub fn position(&self, row: Row) -> Option<usize> {
        let first = *self.list.first()?;
        let last = *self.list.last()?;
        if (last - first) as usize + 1 == self.list.len() {
            return (first..=last).contains(&row).then(|| (row - first) as usize);
        }
        self.list.binary_search(&row).ok()
    }

    /// The places of the set's rows that lie in a range of the calendar.
    pub fn places(&self, range: Range<Row>) -> Range<usize> {
        let place = |row| self.list.partition_point(|r| *r < row);
        place(range.start)..place(range.end)
    }

    /// The rows at some places.
    pub fn part(&self, places: Range<usize>) -> Self {
        Self { list: self.list[places].to_vec(), bound: self.bound }
    }

    /// Whether all rows of another set are in this one.
    pub fn contains(&self, other: &Self) -> bool {
        self.is_all() || self == other || other.list.iter().all(|r| self.position(*r).is_some())
    }

    /// The rows of both.
    pub fn union(&self, other: &Self) -> Self {
        if other.is_empty() || self == other || self.is_all() {
            return self.clone();
        }
        let mut list = Vec::with_capacity(self.len() + other.len());
        let (mut a, mut b) = (self.list.iter().peekable(), other.list.iter().peekable());
        while let (Some(&&x), Some(&&y)) = (a.peek(), b.peek()) {
            list.push(x.min(y));
            if x <= y {
                a.next();
            }
            if y <= x {
                b.next();
            }
        }
        list.extend(a);
        list.extend(b);
        Self { list, bound: self.bound }
    }

    /// Each row moved back by `lag`; those before the calendar fall away.
    pub fn shifted_back(&self, lag: u32) -> Self {
        let list = self.list.iter().filter_map(|r| r.checked_sub(lag)).collect();
        Self { list, bound: self.bound }
    }

    /// Each row with the `lookback` rows before it.
    pub fn widened_back(&self, lookback: u32) -> Self {
        let mut list: Vec<Row> = Vec::with_capacity(self.len() + lookback as usize);
        for &row in &self.list {
            let from = row.saturating_sub(lookback).max(list.last().map_or(0, |l| l + 1));
            list.extend(from..=row);
        }
        Self { list, bound: self.bound }
    }
}
