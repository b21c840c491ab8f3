//! What the fields of a market hold: their range, and how much of the market they cover, year by year.

use super::reports::Publications;
use crate::data::Market;
use crate::panel::{Field, FieldData, FieldId, MarketData, Row};
use crate::types::{Kind, Shape};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldSummary {
    /// Its table.
    pub table: String,
    /// Its name.
    pub field: String,
    /// Kind of an element: number, boolean, label, date.
    pub kind: String,
    /// Along which axes it varies.
    pub shape: String,
    /// What a number measures.
    pub unit: Option<String>,
    /// The least, the median and the greatest number; of reports, of the figures as reported.
    pub range: Option<[f64; 3]>,
    /// How many labels there are.
    pub labels: Option<usize>,
    /// The first date with a value.
    pub first: Option<String>,
    /// The last date with a value.
    pub last: Option<String>,
    /// The share of what `covers` counts that has a value (of a membership, that is inside).
    pub coverage: f64,
    /// What is counted: asset-days with a price, or dates.
    pub covers: &'static str,
    /// The same for each year.
    pub years: Vec<(i16, f64)>,
    /// The share of a table's reports whose date of publication is assumed, where that is known.
    pub lagged: Option<f64>,
}

/// Values counted by year.
#[derive(Clone)]
struct Tally {
    by_year: Vec<u64>,
    rows: Option<(Row, Row)>,
}

/// Which asset-days have a price, by asset.
struct Priced {
    rows: usize,
    flags: Vec<bool>,
    /// The place of each row's year.
    year: Vec<usize>,
    years: Vec<i16>,
}

impl Priced {
    fn new(market: &Market) -> Self {
        let close = market.prices().close;
        let (rows, assets) = close.dim();
        let mut flags = vec![false; rows * assets];
        // Blocks of assets, so that each line of the panel in memory is used whole.
        const BLOCK: usize = 16;
        flags.par_chunks_mut((BLOCK * rows).max(1)).enumerate().for_each(|(block, flags)| {
            for row in 0..rows {
                for (i, line) in flags.chunks_mut(rows).enumerate() {
                    line[row] = !close[[row, block * BLOCK + i]].is_nan();
                }
            }
        });
        let all: Vec<i16> = market.calendar().dates().iter().map(|d| d.year()).collect();
        let years: Vec<i16> = all.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let year = all.iter().map(|y| years.partition_point(|x| x < y)).collect();
        Self { rows, flags, year, years }
    }

    fn of(&self, asset: usize) -> &[bool] {
        &self.flags[asset * self.rows..(asset + 1) * self.rows]
    }

    fn assets(&self) -> usize {
        self.flags.len().checked_div(self.rows).unwrap_or(0)
    }

    fn empty(&self) -> Tally {
        Tally { by_year: vec![0; self.years.len()], rows: None }
    }

    /// Counts by asset: `each` calls back with the rows that have a value.
    fn tally(&self, each: impl Fn(usize, &mut dyn FnMut(usize)) + Sync) -> Tally {
        let of_asset = |mut tally: Tally, asset: usize| {
            let priced = self.of(asset);
            each(asset, &mut |row| {
                if priced[row] {
                    tally.add(self.year[row], row as Row);
                }
            });
            tally
        };
        (0..self.assets())
            .into_par_iter()
            .fold(|| self.empty(), of_asset)
            .reduce(|| self.empty(), Tally::joined)
    }
}

impl Tally {
    fn add(&mut self, year: usize, row: Row) {
        self.by_year[year] += 1;
        self.rows = Some(self.rows.map_or((row, row), |(a, b)| (a.min(row), b.max(row))));
    }

    fn joined(mut self, other: Self) -> Self {
        for (a, b) in self.by_year.iter_mut().zip(other.by_year) {
            *a += b;
        }
        self.rows = match (self.rows, other.rows) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (a, b) => a.or(b),
        };
        self
    }

    fn total(&self) -> u64 {
        self.by_year.iter().sum()
    }
}

/// Sums up every field.
pub(super) fn summarize(market: &Market, publications: &[Publications]) -> Vec<FieldSummary> {
    let priced = Priced::new(market);
    let all = priced.tally(|_, out| (0..priced.rows).for_each(out));
    let mut dates = priced.empty();
    for (row, year) in priced.year.iter().enumerate() {
        dates.add(*year, row as Row);
    }
    let fields = market.schema().fields.iter().enumerate();
    let summary = |(i, field): (usize, &Field)| {
        let data = market.field(FieldId(i as u16));
        let (tally, whole) = match data {
            FieldData::Series(values) => {
                let mut tally = priced.empty();
                for (row, _) in values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                    tally.add(priced.year[row], row as Row);
                }
                (tally, &dates)
            }
            _ => (coverage(&priced, data), &all),
        };
        let date = |row: Row| market.calendar().date(row).to_string();
        let share = |n: u64, of: u64| if of == 0 { 0.0 } else { n as f64 / of as f64 };
        let years = (0..priced.years.len())
            .map(|y| (priced.years[y], share(tally.by_year[y], whole.by_year[y])));
        let is_number = field.ty.kind == Kind::Number;
        let of_table = publications.iter().find(|p| p.table == field.table);
        FieldSummary {
            table: field.table.clone(),
            field: field.name.clone(),
            kind: field.ty.kind.to_string(),
            shape: field.ty.shape.to_string(),
            unit: is_number.then(|| field.ty.unit.to_string()),
            range: if is_number { range(data) } else { None },
            labels: (field.ty.kind == Kind::Label).then_some(field.labels.len()),
            first: tally.rows.map(|(first, _)| date(first)),
            last: tally.rows.map(|(_, last)| date(last)),
            coverage: share(tally.total(), whole.total()),
            covers: if field.ty.shape == Shape::Series { "dates" } else { "asset-days" },
            years: years.collect(),
            lagged: of_table.map(Publications::lagged_share).filter(|s| s.is_finite()),
        }
    };
    fields.map(summary).collect()
}

fn coverage(priced: &Priced, data: FieldData<'_>) -> Tally {
    match data {
        FieldData::Panel(panel) => {
            // By date, as panels lie; whether there is a price is looked up.
            let of_row = |mut tally: Tally, row: usize| {
                for (asset, value) in panel.row(row).iter().enumerate() {
                    if !value.is_nan() && priced.flags[asset * priced.rows + row] {
                        tally.add(priced.year[row], row as Row);
                    }
                }
                tally
            };
            (0..priced.rows)
                .into_par_iter()
                .fold(|| priced.empty(), of_row)
                .reduce(|| priced.empty(), Tally::joined)
        }
        FieldData::Static(values) => priced.tally(|asset, out| {
            if !values[asset].is_nan() {
                (0..priced.rows).for_each(out);
            }
        }),
        FieldData::AsOf(records) => {
            let rows: Vec<Row> = (0..priced.rows as Row).collect();
            priced.tally(|asset, out| {
                records.latest(asset, &rows, |row, value| {
                    if !value.is_nan() {
                        out(row);
                    }
                });
            })
        }
        FieldData::Spells(spells) => priced.tally(|asset, out| {
            let start = spells.assets.partition_point(|a| (*a as usize) < asset);
            let own = spells.assets[start..].iter().take_while(|a| **a as usize == asset).count();
            for i in start..start + own {
                (spells.from[i] as usize..spells.until[i] as usize).for_each(&mut *out);
            }
        }),
        FieldData::Steps(steps) => {
            let rows: Vec<Row> = (0..priced.rows as Row).collect();
            priced.tally(|asset, out| {
                steps.at(asset, &rows, |row, value| {
                    if !value.is_nan() {
                        out(row);
                    }
                });
            })
        }
        FieldData::Series(_) => priced.empty(),
    }
}

/// The least, the median and the greatest.
fn range(data: FieldData<'_>) -> Option<[f64; 3]> {
    let there = |values: &mut dyn Iterator<Item = f64>| -> Vec<f64> {
        values.filter(|v| !v.is_nan()).collect()
    };
    let mut values = match data {
        FieldData::Panel(panel) => there(&mut panel.iter().copied()),
        FieldData::Series(values) | FieldData::Static(values) => there(&mut values.iter().copied()),
        FieldData::AsOf(records) => there(&mut records.values.iter().copied()),
        FieldData::Steps(steps) => there(&mut steps.values.iter().copied()),
        FieldData::Spells(_) => return None,
    };
    let least = values.iter().copied().min_by(f64::total_cmp)?;
    let greatest = values.iter().copied().max_by(f64::total_cmp)?;
    let middle = values.len() / 2;
    let median = *values.select_nth_unstable_by(middle, f64::total_cmp).1;
    Some([least, median, greatest])
}
