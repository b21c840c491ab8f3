//! What is known of the economy as a whole: rates day by day, and figures of a month that are published later.

use super::{
    economy::{Economy, normal},
    moods::Mood,
};
use crate::panel::{Date, MISSING};
use rand_pcg::Pcg64;

/// Days from the end of a month to the publication of its figures.
pub(super) const MONTHLY_LAG_DAYS: i64 = 14;
/// Months for which a figure of a month may be used.
pub(super) const MONTHLY_AGE_MONTHS: i64 = 2;

/// Names and notes of the daily series, in the order of `Indicators::daily`.
pub(super) const DAILY: [(&str, &str); 4] = [
    ("risk_free", "yearly rate of the money market"),
    ("term_spread", "yield of ten years less that of three months"),
    ("credit_spread", "yield of risky bonds less that of safe ones"),
    ("volatility_index", "volatility of the market that options imply, a year"),
];

/// Names and notes of the monthly series, in the order of `Month::values`.
pub(super) const MONTHLY: [(&str, &str); 2] = [
    ("inflation", "rise of consumer prices over a year"),
    ("unemployment", "share of those who look for work"),
];

/// The figures of a month.
pub(super) struct Month {
    /// Its last day.
    pub(super) end: Date,
    pub(super) values: [f64; 2],
}

/// All series.
pub(super) struct Indicators {
    /// By series, then by row.
    pub(super) daily: [Vec<f64>; 4],
    pub(super) months: Vec<Month>,
}

/// The yearly rate by row: cut in a crisis, raised when it is over.
pub(super) fn risk_free(moods: &[Mood], random: &mut Pcg64) -> Vec<f64> {
    let mut rate = 0.02;
    let day = |mood: &Mood| {
        let (goal, speed) = match mood {
            Mood::Calm => (0.028, 0.002),
            Mood::Crisis => (0.001, 0.009),
            Mood::Rebound => (0.002, 0.004),
        };
        rate = (rate + speed * (goal - rate) + 0.00012 * normal(random)).clamp(0.0, 0.08);
        rounded(rate, 1e4)
    };
    moods.iter().map(day).collect()
}

impl Indicators {
    pub(super) fn new(economy: &Economy, random: &mut Pcg64) -> Self {
        let moods = &economy.moods;
        let (mut term, mut credit) = (0.015, 0.013);
        let (mut term_spread, mut credit_spread, mut volatility_index) = (vec![], vec![], vec![]);
        for (row, mood) in moods.iter().enumerate() {
            // The curve is inverted in the year before a crisis.
            let ahead = moods[row..].iter().take(252).any(|m| *m == Mood::Crisis);
            let (term_goal, credit_goal) = match mood {
                Mood::Calm if ahead => (-0.008, 0.014),
                Mood::Calm => (0.014, 0.012),
                Mood::Crisis => (0.024, 0.055),
                Mood::Rebound => (0.028, 0.028),
            };
            term += 0.012 * (term_goal - term) + 0.0005 * normal(random);
            credit += 0.03 * (credit_goal - credit) + 0.02 * credit * normal(random);
            credit = credit.max(0.004);
            term_spread.push(rounded(term, 1e4));
            credit_spread.push(rounded(credit, 1e4));
            let implied = (0.02 + 1.05 * economy.fear[row]) * libm::exp(0.04 * normal(random));
            volatility_index.push(rounded(implied, 1e4));
        }
        let daily = [economy.risk_free.clone(), term_spread, credit_spread, volatility_index];
        Self { daily, months: months(economy, random) }
    }

    /// A monthly series by row: on each day the last figure that was public by then.
    pub(super) fn known(&self, economy: &Economy, series: usize) -> Vec<f64> {
        let (lag, age) = (
            jiff::Span::new().days(MONTHLY_LAG_DAYS),
            jiff::Span::new().months(MONTHLY_AGE_MONTHS),
        );
        let later = |date: Date, by: jiff::Span| date.checked_add(by).unwrap_or(Date::MAX);
        let public: Vec<Date> = self.months.iter().map(|m| later(m.end, lag)).collect();
        let on = |date: &Date| {
            let Some(last) = public.partition_point(|p| p <= date).checked_sub(1) else {
                return MISSING;
            };
            let fresh = *date < later(public[last], age);
            if fresh { self.months[last].values[series] } else { MISSING }
        };
        economy.calendar.dates().iter().map(on).collect()
    }
}

/// The months from two before the first session to the last that is over.
fn months(economy: &Economy, random: &mut Pcg64) -> Vec<Month> {
    let dates = economy.calendar.dates();
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return vec![] };
    let (mut inflation, mut unemployment) = (0.021, 0.052);
    let mut list = vec![];
    let mut end = first.first_of_month();
    for _ in 0..2 {
        end = end.yesterday().map_or(end, Date::first_of_month);
    }
    end = end.last_of_month();
    while end <= *last {
        let row = economy.calendar.first_at_or_after(end) as usize;
        let (price_goal, work_goal, speed) = match economy.moods.get(row) {
            Some(Mood::Crisis) => (0.004, 0.105, 0.075),
            Some(Mood::Rebound) => (0.012, 0.100, 0.03),
            _ => (0.024, 0.042, 0.035),
        };
        inflation += 0.08 * (price_goal - inflation) + 0.0016 * normal(random);
        unemployment += speed * (work_goal - unemployment) + 0.0008 * normal(random);
        list.push(Month { end, values: [rounded(inflation, 1e3), rounded(unemployment, 1e3)] });
        let Ok(next) = end.tomorrow() else { break };
        end = next.last_of_month();
    }
    list
}

/// The nearest number with so few decimals.
fn rounded(value: f64, one_over: f64) -> f64 {
    // No negative zero, which a table would show.
    (value * one_over).round() / one_over + 0.0
}
