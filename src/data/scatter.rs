//! Columns of long tables → panels of dates × assets, a block of dates at a time: in memory, or straight into their files.

use super::{
    buffer::{Buffer, Numbers},
    npy,
    panels::{NO_ROW, Placed},
};
use crate::panel::{Lifetime, MISSING, Row};
use rayon::prelude::*;
use std::{
    io,
    ops::Range,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Dates that are written at once: few enough for their panel rows to stay in the processor's cache.
const DATES: usize = 32;
/// Assets that are written at once, where a panel is stored by asset.
const ASSETS: usize = 16;

/// A panel to be made: of each table, the column that its values stand in, if the table has it.
pub(super) struct Source<'a> {
    pub(super) columns: Vec<Option<&'a [f64]>>,
    /// The file to write it to.
    pub(super) file: Option<PathBuf>,
    /// Whether it is stored as assets × dates rather than dates × assets.
    pub(super) by_asset: bool,
}

/// Makes panels: those with a file are written and mapped. Of these no more than a block for each thread is held in
/// memory of the process.
pub(super) fn panels(
    tables: &[Placed],
    rows: usize,
    assets: usize,
    sources: &[Source<'_>],
) -> io::Result<Vec<Buffer<f64>>> {
    let maker = Maker { tables, rows, assets };
    let stored: Vec<(&Source<'_>, &PathBuf)> =
        sources.iter().filter_map(|s| Some((s, s.file.as_ref()?))).collect();
    if is_sorted(tables) {
        maker.store(&stored)?;
    }
    let made = sources.iter().map(|source| match &source.file {
        Some(file) if is_sorted(tables) => {
            npy::map(file, &maker.shape(source)).map_err(io::Error::other)
        }
        _ => Ok(maker.panel(source)),
    });
    made.collect()
}

/// Whether the rows of all tables stand by asset and date, so that blocks of panels can be made of them.
pub(super) fn is_sorted(tables: &[Placed]) -> bool {
    tables.iter().all(|t| t.runs.is_some())
}

struct Maker<'a> {
    tables: &'a [Placed],
    rows: usize,
    assets: usize,
}

impl Maker<'_> {
    fn shape(&self, source: &Source<'_>) -> [usize; 2] {
        if source.by_asset { [self.assets, self.rows] } else { [self.rows, self.assets] }
    }

    /// Writes panels on all threads, block by block. Neighbouring jobs are of different files, as a file is written by
    /// one thread at a time.
    fn store(&self, stored: &[(&Source<'_>, &PathBuf)]) -> io::Result<()> {
        for (source, file) in stored {
            npy::create(file, self.shape(source))?;
        }
        let block = |by_asset: bool| if by_asset { ASSETS } else { DATES };
        let blocks = |s: &Source<'_>| self.shape(s)[0].div_ceil(block(s.by_asset));
        let most = stored.iter().map(|(s, _)| blocks(s)).max().unwrap_or(0);
        let next = AtomicUsize::new(0);
        let work = || -> io::Result<()> {
            let mut room = Numbers::zeroed((DATES * self.assets).max(ASSETS * self.rows));
            loop {
                let job = next.fetch_add(1, Ordering::Relaxed);
                if job >= most * stored.len() {
                    return Ok(());
                }
                let (source, file) = stored[job % stored.len()];
                let [lines, width] = self.shape(source);
                let first = job / stored.len() * block(source.by_asset);
                if first < lines {
                    let out = &mut room[..block(source.by_asset).min(lines - first) * width];
                    self.fill(source, first, out);
                    npy::write_at(file, first * width, out)?;
                }
            }
        };
        rayon::broadcast(|_| work()).into_iter().collect()
    }

    /// Makes a panel in memory.
    fn panel(&self, source: &Source<'_>) -> Buffer<f64> {
        let mut panel = Numbers::zeroed(self.rows * self.assets);
        let blocks = panel.par_chunks_mut(DATES * self.assets.max(1)).enumerate();
        blocks.for_each(|(block, out)| self.fill(source, block * DATES, out));
        for (table, values) in self.tables.iter().zip(&source.columns) {
            let Some(values) = values.filter(|_| table.runs.is_none()) else { continue };
            for ((row, asset), value) in table.rows.iter().zip(&*table.assets).zip(values) {
                if *row != NO_ROW {
                    panel[*row as usize * self.assets + *asset as usize] = *value;
                }
            }
        }
        panel.into()
    }

    /// Makes the block that begins with line `first` of a panel, of the tables that are sorted.
    fn fill(&self, source: &Source<'_>, first: usize, out: &mut [f64]) {
        out.fill(MISSING);
        for (table, values) in self.tables.iter().zip(&source.columns) {
            if let (Some(values), Some(runs)) = (values, &table.runs) {
                match source.by_asset {
                    true => table.fill_assets(runs, values, first, self.rows, out),
                    false => table.fill_dates(runs, values, first, self.assets, out),
                }
            }
        }
    }
}

impl Placed {
    /// Writes the values of a block of calendar rows that begins at `first`.
    fn fill_dates(
        &self,
        runs: &[Range<usize>],
        values: &[f64],
        first: usize,
        assets: usize,
        out: &mut [f64],
    ) {
        let from = first as Row;
        let count = out.len() / assets.max(1);
        let (rows, columns) = (&*self.rows, &*self.assets);
        for run in runs {
            let own = &rows[run.clone()];
            let asset = columns[run.start] as usize;
            // Rows rise by one or more: no place is later than if all were there.
            let latest = own.len().min(from.saturating_sub(own[0]) as usize);
            let start = match own.get(latest) {
                Some(row) if *row == from || latest == 0 => latest,
                _ => own[..latest].partition_point(|r| *r < from),
            };
            let end = own.len().min(start + count);
            let (own, values) = (&own[start..end], &values[run.start + start..run.start + end]);
            let (Some(first), Some(last)) = (own.first(), own.last()) else { continue };
            if (last - first) as usize == own.len() - 1 && *last < from + count as Row {
                // No date is left out, as is usual.
                let places = out[(first - from) as usize * assets + asset..].iter_mut();
                places.step_by(assets).zip(values).for_each(|(place, value)| *place = *value);
                continue;
            }
            for (row, value) in own.iter().zip(values) {
                let Some(place) = out.get_mut((*row - from) as usize * assets + asset) else {
                    break;
                };
                *place = *value;
            }
        }
    }

    /// Writes the values of a block of assets that begins at `first`, each with all its dates.
    fn fill_assets(
        &self,
        runs: &[Range<usize>],
        values: &[f64],
        first: usize,
        dates: usize,
        out: &mut [f64],
    ) {
        let (rows, columns) = (&*self.rows, &*self.assets);
        for run in runs {
            let Some(line) = (columns[run.start] as usize).checked_sub(first) else { continue };
            let Some(out) = out.get_mut(line * dates..(line + 1) * dates) else { continue };
            for (row, value) in rows[run.clone()].iter().zip(&values[run.clone()]) {
                out[*row as usize] = *value;
            }
        }
    }
}

/// First and last row of each asset with a value in the panel, read off the sorted columns that it is made of.
pub(super) fn lifetimes(
    tables: &[Placed],
    assets: usize,
    columns: &[Option<&[f64]>],
) -> Vec<Lifetime> {
    let mut lives: Vec<Lifetime> = vec![None; assets];
    for (table, values) in tables.iter().zip(columns) {
        let (Some(values), Some(runs)) = (values, &table.runs) else { continue };
        let (rows, columns) = (&*table.rows, &*table.assets);
        for run in runs {
            let there = |i: &usize| !values[*i].is_nan();
            let (Some(first), Some(last)) =
                (run.clone().find(there), run.clone().rev().find(there))
            else {
                continue;
            };
            let life = &mut lives[columns[run.start] as usize];
            let (from, until) = life.unwrap_or((rows[first], rows[last]));
            *life = Some((from.min(rows[first]), until.max(rows[last])));
        }
    }
    lives
}
