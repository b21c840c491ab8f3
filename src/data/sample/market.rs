//! The sample as a market, in the shares of the last day or as traded.

use super::{
    books::{FIGURES, Report, SHARES},
    economy::SECTORS,
    indicators::{DAILY, MONTHLY},
    trade::Trades,
    world::{BENCHMARK, Company, World},
};
use crate::data::{
    Market,
    actions::{add_dividends, add_splits},
    asof::{Record, Records},
    columns::conventional_unit,
    market::{Parts, Values, spells},
};
use crate::panel::{Date, Field, MISSING};
use crate::types::{Basis, Shape, Type, Unit};
use rayon::prelude::*;
use std::sync::Arc;

/// The companies of a market by the places of its assets; the benchmark is none.
type Assets<'w> = [Option<&'w Company>];

pub(super) fn assemble(world: &World, basis: Basis) -> Market {
    let mut named: Vec<(&str, Option<&Company>)> =
        world.companies.iter().map(|c| (c.symbol.as_str(), Some(c))).collect();
    named.push((BENCHMARK, None));
    named.sort_by_key(|(symbol, _)| *symbol);
    let symbols: Arc<[String]> = named.iter().map(|(symbol, _)| (*symbol).to_owned()).collect();
    let assets: Vec<Option<&Company>> = named.into_iter().map(|(_, company)| company).collect();
    let mut parts = Parts::new("sample", &world.economy.calendar, &symbols);
    parts.basis = basis;
    parts.is_reference = assets.iter().map(Option::is_none).collect();
    add_prices(&mut parts, world, &assets);
    add_actions(&mut parts, world, &assets);
    add_reports(&mut parts, world, &assets);
    let text = |f: &dyn Fn(&Company) -> &'static str| -> Vec<Option<&str>> {
        assets.iter().map(|c| c.map(f)).collect()
    };
    let sector = |c: &Company| SECTORS[c.history.sector];
    let table = "companies";
    parts.add_label(table, "sector", "synthetic", &text(&|c| sector(c).0));
    parts.add_label(table, "industry", "synthetic", &text(&|c| sector(c).1[c.history.industry]));
    add_members(&mut parts, world);
    for ((name, note), values) in DAILY.iter().zip(&world.indicators.daily) {
        add_series(&mut parts, ("rates", name, note), values.clone());
    }
    for (i, (name, note)) in MONTHLY.iter().enumerate() {
        let values = world.indicators.known(&world.economy, i);
        add_series(&mut parts, ("economy", name, note), values);
    }
    parts.notes.push(note(world));
    parts.finish()
}

/// What every report must say of the data.
pub(super) fn note(world: &World) -> String {
    format!(
        "the data are synthetic: {} made-up companies from seed {}, no real market",
        world.sample.assets, world.sample.seed
    )
}

fn field(table: &str, name: &str, ty: Type, note: &str) -> Field {
    Field {
        reported: false,
        name: name.into(),
        table: table.into(),
        ty,
        labels: Arc::default(),
        note: note.into(),
    }
}

fn add_series(parts: &mut Parts, (table, name, note): (&str, &str, &str), values: Vec<f64>) {
    let ty = Type::number(Shape::Series, Unit::RATIO);
    parts.add(field(table, name, ty, note), Values::Series(values.into()));
}

/// How many shares of the last day one share of each row has become.
fn later_shares(trades: &Trades, rows: usize) -> Vec<f64> {
    let last = trades.factor(rows);
    let mut later = vec![last; rows];
    for (row, _) in &trades.splits {
        let from = last / trades.factor(*row);
        later[*row..].fill(from);
    }
    later
}

fn add_prices(parts: &mut Parts, world: &World, assets: &Assets<'_>) {
    let (rows, basis) = (world.economy.calendar.len(), parts.basis);
    let adjusted = |values: &[f64], trades: &Trades, price: bool| -> Option<Vec<f64>> {
        (basis != Basis::Raw && !trades.splits.is_empty()).then(|| {
            let later = later_shares(trades, rows).into_iter().zip(values);
            later.map(|(later, v)| if price { v / later } else { v * later }).collect()
        })
    };
    let mut add = |name: &str, benchmark: &[f64], column: fn(&Trades) -> &[f64]| {
        let unit = conventional_unit(name, basis);
        let column = |company: &Option<&Company>| {
            let Some(company) = company else { return benchmark.to_vec() };
            let trades = &company.history.trades;
            let values = column(trades);
            let adjusted = match name {
                "total_return" => None,
                _ => adjusted(values, trades, name != "volume"),
            };
            adjusted.unwrap_or_else(|| values.to_vec())
        };
        let columns: Vec<Vec<f64>> = assets.par_iter().map(column).collect();
        parts.add(
            field("prices", name, Type::number(Shape::Panel, unit), "synthetic"),
            Values::Panel(transpose(&columns, rows).into()),
        );
    };
    add("open", &[], |t| &t.open);
    add("high", &[], |t| &t.high);
    add("low", &[], |t| &t.low);
    add("close", &world.benchmark, |t| &t.close);
    add("volume", &[], |t| &t.volume);
    add("total_return", &world.benchmark, |t| &t.total_return);
}

/// Columns (by asset) to a panel (by date); an empty column is missing throughout.
fn transpose(columns: &[Vec<f64>], rows: usize) -> Vec<f64> {
    const BLOCK: usize = 64;
    let assets = columns.len();
    let mut panel = vec![MISSING; rows * assets];
    panel.par_chunks_mut(BLOCK * assets).enumerate().for_each(|(block, out)| {
        for (asset, column) in columns.iter().enumerate() {
            for (row, value) in column.iter().skip(block * BLOCK).take(BLOCK).enumerate() {
                out[row * assets + asset] = *value;
            }
        }
    });
    panel
}

fn add_actions(parts: &mut Parts, world: &World, assets: &Assets<'_>) {
    let dates = world.economy.calendar.dates();
    let (mut splits, mut dividends) = (vec![], vec![]);
    let mut outcomes = vec![MISSING; assets.len()];
    for (asset, company) in assets.iter().enumerate() {
        let Some(Company { history, .. }) = company else { continue };
        let trades = &history.trades;
        let later = |row: usize| match parts.basis {
            Basis::Raw => 1.0,
            _ => trades.factor(dates.len()) / trades.factor(row),
        };
        let dated = |(row, number): &(usize, f64)| (asset as u32, dates[*row], *number);
        splits.extend(trades.splits.iter().map(dated));
        let paid = trades.dividends.iter().map(|(row, money)| (*row, money / later(*row)));
        dividends.extend(paid.map(|p| dated(&p)));
        outcomes[asset] = history.delisting.as_ref().map_or(MISSING, |d| d.outcome);
    }
    add_splits(parts, splits);
    add_dividends(parts, &dividends);
    let ty = Type::number(Shape::Static, Unit::RATIO);
    let note = "from the last price to what holders got";
    parts.add(field("delistings", "delisting_return", ty, note), Values::Static(outcomes.into()));
}

fn add_reports(parts: &mut Parts, world: &World, assets: &Assets<'_>) {
    let mut list = vec![];
    let mut reports: Vec<(&Report, &Trades)> = vec![];
    for (asset, company) in assets.iter().enumerate() {
        let Some(Company { history, .. }) = company else { continue };
        for report in &history.reports {
            let until = report.published.checked_add(jiff::Span::new().months(18));
            list.push(Record {
                asset: asset as u32,
                period_end: report.period_end,
                published: report.published,
                until: until.unwrap_or(Date::MAX),
                source: reports.len() as u32,
            });
            reports.push((report, &history.trades));
        }
    }
    let rows = world.economy.calendar.len();
    let (records, order) = Records::new(&world.economy.calendar, assets.len(), list);
    let records = Arc::new(records);
    for (i, name) in FIGURES.iter().enumerate() {
        let counts = i == SHARES;
        let unit = match (counts, parts.basis) {
            (false, _) => Unit::MONEY,
            (true, Basis::Raw) => conventional_unit(name, Basis::Raw),
            (true, basis) => Unit::shares(basis),
        };
        let adjusted = counts && parts.basis != Basis::Raw;
        let value = |place: &u32| {
            let (report, trades) = reports[*place as usize];
            let published = (report.known_from as usize).saturating_sub(1);
            let later = if adjusted { trades.factor(rows) / trades.factor(published) } else { 1.0 };
            report.values[i] * later
        };
        let values: Vec<f64> = order.iter().map(value).collect();
        let ty = Type::number(Shape::Panel, unit);
        parts.add(
            field("fundamentals", name, ty, "quarterly, synthetic"),
            Values::AsOf { records: records.clone(), values: values.into() },
        );
    }
}

fn add_members(parts: &mut Parts, world: &World) {
    let asset = |company: usize| parts.asset(&world.companies[company].symbol);
    let spell = |s: super::world::Spell| Some((asset(s.company)?, s.start, s.end));
    let list = world.index().into_iter().filter_map(spell).collect();
    parts.add(
        field("members", "index", Type::boolean(Shape::Panel), "the largest, half-yearly"),
        spells(&world.economy.calendar, list),
    );
}
