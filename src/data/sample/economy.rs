//! What all companies of the sample market share: its sessions, its factors and its rate.

use super::{
    Sample, indicators,
    moods::{Mood, market, moods},
};
use crate::panel::{Calendar, Date};
use jiff::civil::{Weekday, date};
use rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

/// The sectors, each with its industries.
pub(super) const SECTORS: &[(&str, &[&str])] = &[
    ("Energy", &["Oil and Gas", "Energy Services"]),
    ("Materials", &["Chemicals", "Metals"]),
    ("Industrials", &["Machinery", "Transport", "Construction"]),
    ("Consumer Discretionary", &["Retail", "Leisure", "Automobiles"]),
    ("Consumer Staples", &["Food", "Household Goods"]),
    ("Health Care", &["Pharmaceuticals", "Medical Devices"]),
    ("Financials", &["Banks", "Insurance"]),
    ("Information Technology", &["Software", "Semiconductors", "Hardware"]),
    ("Communication Services", &["Media", "Telecom"]),
    ("Utilities", &["Electric Utilities"]),
];

/// Of the price, paid as dividends by a company that is like the market.
pub(super) const TYPICAL_YIELD: f64 = 0.018;

/// A normal number.
pub(super) fn normal(random: &mut Pcg64) -> f64 {
    StandardNormal.sample(random)
}

/// A number in 0..1.
pub(super) fn uniform(random: &mut Pcg64) -> f64 {
    use rand_core::RngCore;
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// The source of random numbers of one company (or, with number 0, of the economy): no two depend on each other.
pub(super) fn random(seed: u64, stream: u64) -> Pcg64 {
    // Counted so that the first seed gives a history in which each premium can be seen, and each fails for some years.
    let seed = seed.wrapping_add(49);
    Pcg64::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(stream))
}

/// The styles whose returns companies share, in the order of `Economy::styles` and of a company's exposures.
pub(super) const STYLES: [Style; 5] = [
    // Cheap beside the books.
    Style { premium: 0.014, swing: 0.027, volatility: 0.036, in_crisis: -0.02, in_rebound: 0.08 },
    // Risen in the year before the last month: pays, until a rebound lifts what had fallen.
    Style { premium: 0.022, swing: 0.022, volatility: 0.036, in_crisis: 0.01, in_rebound: -0.14 },
    // Profitable.
    Style { premium: 0.015, swing: 0.018, volatility: 0.026, in_crisis: 0.04, in_rebound: -0.05 },
    // Small.
    Style { premium: 0.015, swing: 0.027, volatility: 0.032, in_crisis: -0.04, in_rebound: 0.08 },
    // Calm.
    Style { premium: 0.016, swing: 0.018, volatility: 0.028, in_crisis: 0.02, in_rebound: -0.06 },
];

/// What one standard deviation of exposure to a style earns in a year.
pub(super) struct Style {
    /// On average over the whole history.
    premium: f64,
    /// How far what can be expected wanders from that over the years: good and bad years follow one another.
    swing: f64,
    volatility: f64,
    /// What comes on top in a crisis and in a rebound; the average makes up for it.
    in_crisis: f64,
    in_rebound: f64,
}

/// The shared history; daily log returns by row.
pub(super) struct Economy {
    pub(super) calendar: Calendar,
    pub(super) moods: Vec<Mood>,
    /// Return of the market above the rate.
    pub(super) market: Vec<f64>,
    /// By row, what the volatility of the market is thought to be, a year.
    pub(super) fear: Vec<f64>,
    /// By sector, then by row.
    pub(super) sectors: Vec<Vec<f64>>,
    /// By style, then by row: the return of one standard deviation of exposure.
    pub(super) styles: [Vec<f64>; 5],
    /// Logarithm of the price, over that of the first row, of a company that is like the market.
    pub(super) level: Vec<f64>,
    /// By how much that price is ahead of its books, which follow slowly; a logarithm.
    pub(super) slack: Vec<f64>,
    /// Yearly rate, a decimal.
    pub(super) risk_free: Vec<f64>,
    /// The quarter ends from two years before the first session to the last.
    pub(super) quarters: Vec<Date>,
    /// How many of `quarters` are over at each row.
    pub(super) quarters_over: Vec<usize>,
}

impl Economy {
    pub(super) fn new(sample: &Sample) -> Self {
        let calendar = Calendar::new(sessions(sample.years as usize * 252)).with_rows_per_year(252);
        let rows = calendar.len();
        let mut random = random(sample.seed, 0);
        let moods = moods(rows, &mut random);
        let (market, fear) = market(&moods, &mut random);
        let sectors = SECTORS
            .iter()
            .map(|_| {
                let day = |m: &Mood| daily(0.07 * m.unrest()) * normal(&mut random);
                let mut returns: Vec<f64> = moods.iter().map(day).collect();
                recentre(&mut returns, 0.0);
                returns
            })
            .collect();
        let styles = STYLES.map(|style| style.returns(&moods, &mut random));
        let risk_free = indicators::risk_free(&moods, &mut random);
        let mut level = 0.0;
        let level = market.iter().zip(&risk_free).map(|(m, rate)| {
            level += m + (rate - TYPICAL_YIELD) / 252.0;
            level
        });
        let level: Vec<f64> = level.collect();
        let mut books = 0.0;
        let slack = level.iter().map(|level| {
            books += (0.045 + 0.12 * (level - books)) / 252.0;
            level - books
        });
        let slack = slack.collect();
        let quarters = quarter_ends(&calendar);
        let over = |d: &Date| quarters.partition_point(|q| q <= d);
        let quarters_over = calendar.dates().iter().map(over).collect();
        Self {
            calendar,
            moods,
            market,
            fear,
            sectors,
            styles,
            level,
            slack,
            risk_free,
            quarters,
            quarters_over,
        }
    }
}

impl Style {
    /// Returns by row. Over the whole history they have the mean that the style is said to have: fifteen years alone
    /// would leave it to chance whether a premium can be seen.
    fn returns(&self, moods: &[Mood], random: &mut Pcg64) -> Vec<f64> {
        // Halves within a year and a half.
        const KEPT: f64 = 0.9982;
        let mut wandering = normal(random);
        let day = |mood: &Mood| {
            wandering = KEPT * wandering + (1.0 - KEPT * KEPT).sqrt() * normal(random);
            let extra = match mood {
                Mood::Calm => 0.0,
                Mood::Crisis => self.in_crisis,
                Mood::Rebound => self.in_rebound,
            };
            (self.swing * wandering + extra) / 252.0
                + daily(self.volatility * (0.5 + 0.5 * mood.unrest())) * normal(random)
        };
        let mut returns: Vec<f64> = moods.iter().map(day).collect();
        recentre(&mut returns, self.premium / 252.0);
        returns
    }
}

/// The volatility of a day of one that is meant of a year.
pub(super) fn daily(yearly: f64) -> f64 {
    yearly / 252f64.sqrt()
}

/// Shifts numbers so that their mean is the one given.
pub(super) fn recentre(values: &mut [f64], mean: f64) {
    let shift = mean - values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter_mut().for_each(|v| *v += shift);
}

fn quarter_ends(calendar: &Calendar) -> Vec<Date> {
    let (Some(first), Some(&last)) = (calendar.dates().first(), calendar.dates().last()) else {
        return vec![];
    };
    let years = first.year() - 2..=last.year();
    let ends =
        years.flat_map(|year| [(3, 31), (6, 30), (9, 30), (12, 31)].map(|(m, d)| date(year, m, d)));
    ends.filter(|d| *d <= last).collect()
}

/// Weekdays from 2010-01-04 without the holidays that fall on the same rule each year.
fn sessions(count: usize) -> Vec<Date> {
    let mut day = date(2010, 1, 4);
    let mut list = Vec::with_capacity(count);
    while list.len() < count {
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day) {
            list.push(day);
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    list
}

fn is_holiday(day: Date) -> bool {
    let nth = (day.day() - 1) / 7 + 1;
    match (day.month(), day.weekday()) {
        (1, Weekday::Monday) => nth == 3 || day.day() == 1,
        (2, Weekday::Monday) => nth == 3,
        (5, Weekday::Monday) => day.day() > 24,
        (9, Weekday::Monday) => nth == 1,
        (11, Weekday::Thursday) => nth == 4,
        (1, _) => day.day() == 1,
        (7, _) => day.day() == 4,
        (12, _) => day.day() == 25,
        _ => false,
    }
}
