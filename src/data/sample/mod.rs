//! The sample market: synthetic companies from a seed, with the structure that factor strategies look for.

mod company;
mod economy;

use super::{
    Market,
    asof::{Record, Records},
    columns::conventional_unit,
    market::{Parts, Values, spells},
};
use crate::panel::{Date, Field, MISSING};
use crate::types::{Basis, Shape, Type, Unit};
use company::{FIGURES, History};
use economy::{Economy, SECTORS};
use rayon::prelude::*;
use std::sync::Arc;

/// The symbol of the sample's benchmark.
const BENCHMARK: &str = "MARKET";

/// How large a sample market is, and from which seed it is made. The same numbers give the same market, on every
/// machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Companies (the benchmark comes on top): at most 18,000.
    pub assets: u32,
    /// Years of 252 sessions from 2010-01-04: at most 200.
    pub years: u32,
    /// The seed.
    pub seed: u64,
}

impl Default for Sample {
    /// 500 companies, 15 years.
    fn default() -> Self {
        Self { assets: 500, years: 15, seed: 1 }
    }
}

impl Sample {
    /// The most companies there are symbols for.
    pub const MOST_ASSETS: u32 = 18_000;
    /// The most years.
    pub const MOST_YEARS: u32 = 200;

    /// Makes the market. Sizes beyond the limits are cut to them.
    pub fn market(&self) -> Market {
        let sample = Self {
            assets: self.assets.clamp(1, Self::MOST_ASSETS),
            years: self.years.clamp(1, Self::MOST_YEARS),
            seed: self.seed,
        };
        let economy = Economy::new(&sample);
        let histories: Vec<History> = (0..sample.assets)
            .into_par_iter()
            .map(|i| {
                company::simulate(&economy, &mut economy::random(sample.seed, u64::from(i) + 1))
            })
            .collect();
        assemble(&sample, &economy, histories)
    }
}

impl Market {
    /// The built-in synthetic market: 500 companies, 15 years.
    pub fn sample() -> Self {
        Sample::default().market()
    }
}

/// A made-up symbol: three letters and a digit, which no US stock has. Different for each `i` under 18,000.
fn symbol(i: u32) -> String {
    const CONSONANTS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    const VOWELS: &[u8; 5] = b"AEIOU";
    // 7,919 is prime to 18,000, so this only changes the order.
    let mut n = (u64::from(i) * 7_919 + 1_234) % 18_000;
    let mut digit = |base: u64| {
        let d = (n % base) as usize;
        n /= base;
        d
    };
    let letters =
        [CONSONANTS[digit(20)], VOWELS[digit(5)], CONSONANTS[digit(20)], b'1' + digit(9) as u8];
    letters.iter().map(|b| *b as char).collect()
}

fn assemble(sample: &Sample, economy: &Economy, histories: Vec<History>) -> Market {
    let mut named: Vec<(String, Option<History>)> =
        histories.into_iter().enumerate().map(|(i, h)| (symbol(i as u32), Some(h))).collect();
    named.push((BENCHMARK.to_owned(), None));
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let (symbols, companies): (Vec<String>, Vec<Option<History>>) = named.into_iter().unzip();
    let symbols: Arc<[String]> = symbols.into();
    let mut parts = Parts::new("sample", &economy.calendar, &symbols);
    parts.is_reference = symbols.iter().map(|s| s == BENCHMARK).collect();
    add_prices(&mut parts, economy, &companies);
    let text = |f: &dyn Fn(&History) -> &'static str| -> Vec<Option<&str>> {
        companies.iter().map(|c| c.as_ref().map(f)).collect()
    };
    parts.add_label("labels", "sector", "synthetic", &text(&|h| SECTORS[h.sector].0));
    parts.add_label("labels", "industry", "synthetic", &text(&|h| SECTORS[h.sector].1[h.industry]));
    add_reports(&mut parts, economy, &companies);
    add_members(&mut parts, economy, &companies);
    parts.add(
        field("risk_free", "series", Type::number(Shape::Series, Unit::RATIO), "yearly rate"),
        Values::Series(economy.risk_free.clone().into()),
    );
    parts.notes.push(format!(
        "the data are synthetic: {} made-up companies from seed {}, no real market",
        sample.assets, sample.seed
    ));
    parts.finish()
}

fn field(name: &str, table: &str, ty: Type, note: &str) -> Field {
    Field {
        reported: false,
        name: name.into(),
        table: table.into(),
        ty,
        labels: Arc::default(),
        note: note.into(),
    }
}

fn add_prices(parts: &mut Parts, economy: &Economy, companies: &[Option<History>]) {
    let benchmark = benchmark(economy, companies);
    let mut add = |name: &str, column: fn(&History) -> &[f64]| {
        let volume = name == "volume";
        let columns: Vec<&[f64]> = companies
            .iter()
            .map(|c| c.as_ref().map_or(if volume { &[][..] } else { &benchmark }, column))
            .collect();
        let unit = conventional_unit(name, Basis::SplitAdjusted);
        parts.add(
            field(name, "prices", Type::number(Shape::Panel, unit), "synthetic"),
            Values::Panel(transpose(&columns, economy.calendar.len()).into()),
        );
    };
    add("open", |h| &h.open);
    add("high", |h| &h.high);
    add("low", |h| &h.low);
    add("close", |h| &h.close);
    add("volume", |h| &h.volume);
    add("total_return", |h| &h.total_return);
}

/// Columns (by asset) to a panel (by date); an empty column is missing throughout.
fn transpose(columns: &[&[f64]], rows: usize) -> Vec<f64> {
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

/// The market weighted by yesterday's capitalisation, dividends included, from 1,000.
fn benchmark(economy: &Economy, companies: &[Option<History>]) -> Vec<f64> {
    let mut level = 1000.0;
    let mut index = vec![level];
    for row in 1..economy.calendar.len() {
        let (mut before, mut after) = (0.0, 0.0);
        for company in companies.iter().flatten() {
            let growth = company.total_return[row] / company.total_return[row - 1];
            if !growth.is_nan() {
                before += company.market_cap[row - 1];
                after += company.market_cap[row - 1] * growth;
            }
        }
        if before > 0.0 {
            level *= after / before;
        }
        index.push(level);
    }
    index
}

fn add_reports(parts: &mut Parts, economy: &Economy, companies: &[Option<History>]) {
    let mut list = vec![];
    let mut reports = vec![];
    for (asset, company) in companies.iter().enumerate() {
        for report in company.iter().flat_map(|c| &c.reports) {
            let until = report.published.checked_add(jiff::Span::new().months(18));
            list.push(Record {
                asset: asset as u32,
                period_end: report.period_end,
                published: report.published,
                until: until.expect("the sample ends long before the last date"),
                source: reports.len() as u32,
            });
            reports.push(report);
        }
    }
    let (records, order) = Records::new(&economy.calendar, companies.len(), list);
    let records = Arc::new(records);
    for (i, name) in FIGURES.iter().enumerate() {
        let unit = match *name {
            "shares_outstanding" => Unit::shares(Basis::SplitAdjusted),
            _ => Unit::MONEY,
        };
        let values: Vec<f64> = order.iter().map(|&r| reports[r as usize].values[i]).collect();
        parts.add(
            field(name, "reports", Type::number(Shape::Panel, unit), "quarterly, synthetic"),
            Values::AsOf { records: records.clone(), values: values.into() },
        );
    }
}

/// `index`: at the first session of each year, the two fifths with the largest capitalisation the session before.
fn add_members(parts: &mut Parts, economy: &Economy, companies: &[Option<History>]) {
    let dates = economy.calendar.dates();
    let revisions: Vec<usize> =
        (0..dates.len()).filter(|&r| r == 0 || dates[r].year() != dates[r - 1].year()).collect();
    let most = companies.len() * 2 / 5;
    let mut list: Vec<(u32, Date, Option<Date>)> = vec![];
    for (i, &row) in revisions.iter().enumerate() {
        let known = row.saturating_sub(1);
        let mut caps: Vec<(f64, u32)> = vec![];
        for (asset, company) in companies.iter().enumerate() {
            let Some(company) = company else { continue };
            let cap = company.market_cap[known];
            if !cap.is_nan() && !company.market_cap[row].is_nan() {
                caps.push((cap, asset as u32));
            }
        }
        caps.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let next = revisions.get(i + 1).copied().unwrap_or(dates.len());
        for &(_, asset) in caps.iter().take(most) {
            let company = companies[asset as usize].as_ref().expect("only companies are ranked");
            let gone = (row..next).find(|&r| company.market_cap[r].is_nan()).unwrap_or(next);
            list.push((asset, dates[row], dates.get(gone).copied()));
        }
    }
    parts.add(
        field("index", "members", Type::boolean(Shape::Panel), "largest two fifths, yearly"),
        spells(&economy.calendar, list),
    );
}
