//! All that happened: companies with their symbols, the benchmark, the index and the series.

use super::{
    Sample,
    company::{self, History},
    economy::{self, Economy},
    indicators::Indicators,
};
use crate::panel::Date;
use rayon::prelude::*;

/// The symbol of the sample's benchmark.
pub(super) const BENCHMARK: &str = "MARKET";

/// A company and what it was called.
pub(super) struct Company {
    /// Its last symbol.
    pub(super) symbol: String,
    /// The symbol that it had before, and the first day on which it no longer had it.
    pub(super) before: Option<(String, Date)>,
    pub(super) history: History,
}

impl Company {
    /// The symbol that it had on a day.
    pub(super) fn symbol_on(&self, date: Date) -> &str {
        match &self.before {
            Some((before, until)) if date < *until => before,
            _ => &self.symbol,
        }
    }
}

/// A spell in the index.
pub(super) struct Spell {
    /// A place in `World::companies`.
    pub(super) company: usize,
    pub(super) start: Date,
    /// The first day on which it is no member any more, if there is one.
    pub(super) end: Option<Date>,
}

/// The history of the sample market.
pub(super) struct World {
    pub(super) sample: Sample,
    pub(super) economy: Economy,
    pub(super) indicators: Indicators,
    /// By symbol.
    pub(super) companies: Vec<Company>,
    /// The level of the benchmark by row.
    pub(super) benchmark: Vec<f64>,
}

impl World {
    pub(super) fn new(sample: Sample) -> Self {
        let economy = Economy::new(&sample);
        let random = |stream| economy::random(sample.seed, stream);
        let histories: Vec<History> = (0..sample.assets)
            .into_par_iter()
            .map(|i| company::simulate(&economy, &mut random(u64::from(i) + 1)))
            .collect();
        let mut renames = 0;
        let named = |(i, history): (usize, History)| {
            let before = history.renamed.map(|row| {
                renames += 1;
                (former_symbol(renames - 1), economy.calendar.dates()[row])
            });
            Company { symbol: symbol(i as u32), before, history }
        };
        let mut companies: Vec<Company> = histories.into_iter().enumerate().map(named).collect();
        companies.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        let benchmark = benchmark(&economy, &companies);
        let indicators = Indicators::new(&economy, &mut random(u64::MAX));
        Self { sample, economy, indicators, companies, benchmark }
    }

    /// The spells of the index: on the first session of January and July, those with the largest capitalisation the
    /// session before, as many as two fifths of all companies; who leaves the market leaves the index.
    pub(super) fn index(&self) -> Vec<Spell> {
        let dates = self.economy.calendar.dates();
        let half = |date: Date| (date.year(), (date.month() - 1) / 6);
        let is_review = |r: &usize| *r == 0 || half(dates[*r]) != half(dates[*r - 1]);
        let reviews: Vec<usize> = (0..dates.len()).filter(is_review).collect();
        let most = self.companies.len() * 2 / 5;
        let mut spells: Vec<Spell> = vec![];
        // Of each company the spell that it is in.
        let mut inside: Vec<Option<usize>> = vec![None; self.companies.len()];
        for (i, &row) in reviews.iter().enumerate() {
            let known = row.saturating_sub(1);
            let capitalisation = |c: &Company, row: usize| c.history.trades.market_cap[row];
            let mut largest: Vec<(f64, usize)> = (0..self.companies.len())
                .map(|c| (capitalisation(&self.companies[c], known), c))
                .filter(|(cap, c)| {
                    !cap.is_nan() && !capitalisation(&self.companies[*c], row).is_nan()
                })
                .collect();
            largest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            largest.truncate(most);
            let next = reviews.get(i + 1).copied().unwrap_or(dates.len());
            let mut members = vec![false; self.companies.len()];
            largest.iter().for_each(|(_, company)| members[*company] = true);
            for (company, is_member) in members.into_iter().enumerate() {
                if !is_member {
                    inside[company] = None;
                    continue;
                }
                let trades = &self.companies[company].history.trades;
                let gone = (row..next).find(|&r| trades.market_cap[r].is_nan()).unwrap_or(next);
                let end = dates.get(gone).copied();
                match inside[company] {
                    Some(spell) => spells[spell].end = end,
                    None => {
                        inside[company] = Some(spells.len());
                        spells.push(Spell { company, start: dates[row], end });
                    }
                }
            }
        }
        spells
    }
}

/// A made-up symbol: three letters and a digit, which no US stock has. Different for each `i` under 18,000.
fn symbol(i: u32) -> String {
    // 7,919 is prime to 18,000, so this only changes the order.
    let mut n = (u64::from(i) * 7_919 + 1_234) % 18_000;
    let letters = letters(&mut n);
    format!("{letters}{}", n % 9 + 1)
}

/// The symbol that the `i`-th company to be renamed had before: three letters, a zero, and in very large markets more.
fn former_symbol(i: u32) -> String {
    let mut n = (u64::from(i) * 617 + 33) % 2_000;
    let letters = letters(&mut n);
    let round = if i < 2_000 { String::new() } else { (i / 2_000).to_string() };
    format!("{letters}0{round}")
}

fn letters(n: &mut u64) -> String {
    const CONSONANTS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    const VOWELS: &[u8; 5] = b"AEIOU";
    let mut digit = |base: u64| {
        let d = (*n % base) as usize;
        *n /= base;
        d
    };
    let letters = [CONSONANTS[digit(20)], VOWELS[digit(5)], CONSONANTS[digit(20)]];
    letters.iter().map(|b| *b as char).collect()
}

/// The market weighted by yesterday's capitalisation, dividends and what holders of companies that left got included,
/// from 1,000.
fn benchmark(economy: &Economy, companies: &[Company]) -> Vec<f64> {
    let mut level = 1000.0;
    let mut index = vec![level];
    for row in 1..economy.calendar.len() {
        let (mut before, mut after) = (0.0, 0.0);
        for History { trades, delisting, .. } in companies.iter().map(|c| &c.history) {
            let growth = match delisting {
                Some(end) if end.row == row => 1.0 + end.outcome,
                _ => trades.total_return[row] / trades.total_return[row - 1],
            };
            if !growth.is_nan() {
                before += trades.market_cap[row - 1];
                after += trades.market_cap[row - 1] * growth;
            }
        }
        if before > 0.0 {
            level *= after / before;
        }
        index.push((level * 1e4).round() / 1e4);
    }
    index
}
