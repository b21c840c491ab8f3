//! Records with publication dates, laid out by asset in the order in which they became known.

use super::buffer::Buffer;
use crate::panel::{AsOf, Calendar, Date, Row, days_since_epoch};

/// One record, before it is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) asset: u32,
    pub(super) period_end: Date,
    /// The day it became public; it is known from the first row after it.
    pub(super) published: Date,
    /// The last day on which it may be used: that on which it reaches its greatest age.
    pub(super) until: Date,
    /// Its place in the input.
    pub(super) source: u32,
}

/// The records of one table, shared by its fields.
#[derive(Clone)]
pub(super) struct Records {
    pub(super) offsets: Buffer<u32>,
    pub(super) known_from: Buffer<Row>,
    pub(super) known_until: Buffer<Row>,
    pub(super) period_end: Buffer<i32>,
}

impl Records {
    /// Lays records out for `assets` assets, and gives the place in the input of each.
    pub(super) fn new(
        calendar: &Calendar,
        assets: usize,
        mut list: Vec<Record>,
    ) -> (Self, Vec<u32>) {
        list.sort_by_key(|r| (r.asset, r.published, r.period_end, r.source));
        let mut offsets = vec![0u32; assets + 1];
        for record in &list {
            offsets[record.asset as usize + 1] += 1;
        }
        for asset in 0..assets {
            offsets[asset + 1] += offsets[asset];
        }
        let first_after = |date: Date| calendar.dates().partition_point(|d| *d <= date) as Row;
        let records = Self {
            offsets: offsets.into(),
            known_from: list.iter().map(|r| first_after(r.published)).collect::<Vec<_>>().into(),
            known_until: list.iter().map(|r| first_after(r.until)).collect::<Vec<_>>().into(),
            period_end: list
                .iter()
                .map(|r| days_since_epoch(r.period_end))
                .collect::<Vec<_>>()
                .into(),
        };
        (records, list.iter().map(|r| r.source).collect())
    }

    /// One field of the table.
    pub(super) fn with<'a>(&'a self, values: &'a [f64]) -> AsOf<'a> {
        AsOf {
            offsets: &self.offsets,
            known_from: &self.known_from,
            known_until: &self.known_until,
            period_end: &self.period_end,
            values,
        }
    }
}
