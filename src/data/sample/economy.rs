//! What all companies of the sample market share: its sessions, its factors and its rate.

use super::Sample;
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
    Pcg64::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(stream))
}

/// The shared history; daily log returns by row.
pub(super) struct Economy {
    pub(super) calendar: Calendar,
    /// Return of the market above the rate.
    pub(super) market: Vec<f64>,
    /// By sector, then by row.
    pub(super) sectors: Vec<Vec<f64>>,
    /// Returns of cheap and of small companies, each for one standard deviation of exposure.
    pub(super) value: Vec<f64>,
    pub(super) size: Vec<f64>,
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
        let draw = |yearly: f64, mean: f64, random: &mut Pcg64| -> Vec<f64> {
            let daily = yearly / 252f64.sqrt();
            (0..rows).map(|_| mean / 252.0 + daily * normal(random)).collect()
        };
        // Quiet and nervous times: the logarithm of volatility returns to its mean within half a year.
        let mut nerves = 0.0;
        let market = (0..rows)
            .map(|_| {
                nerves = 0.985 * nerves + 0.07 * normal(&mut random);
                let daily = 0.14 / 252f64.sqrt() * libm::exp(nerves);
                0.075 / 252.0 - 0.5 * daily * daily + daily * normal(&mut random)
            })
            .collect();
        let sectors = SECTORS.iter().map(|_| draw(0.08, 0.0, &mut random)).collect();
        let value = draw(0.04, 0.005, &mut random);
        let size = draw(0.04, 0.005, &mut random);
        let mut rate = 0.02;
        let risk_free = (0..rows)
            .map(|_| {
                rate = (rate + 0.0002 * normal(&mut random)).clamp(0.0005, 0.05);
                (rate * 1e4).round() / 1e4
            })
            .collect();
        let quarters = quarter_ends(&calendar);
        let over = |d: &Date| quarters.partition_point(|q| q <= d);
        let quarters_over = calendar.dates().iter().map(over).collect();
        Self { calendar, market, sectors, value, size, risk_free, quarters, quarters_over }
    }
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
