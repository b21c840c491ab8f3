//! One company of the sample market: what it is like, and what becomes of it.

use super::{
    books::{Books, Report},
    economy::{Economy, SECTORS, normal, uniform},
    moods::Mood,
    trade::{self, Trades},
};
use rand_pcg::Pcg64;

/// What happened to a company.
pub(super) struct History {
    pub(super) sector: usize,
    pub(super) industry: usize,
    /// The first row on which it has the symbol that it is called by, if it had another before.
    pub(super) renamed: Option<usize>,
    pub(super) trades: Trades,
    pub(super) reports: Vec<Report>,
    pub(super) delisting: Option<Delisting>,
}

/// The end of a company.
pub(super) struct Delisting {
    /// The first row without a price.
    pub(super) row: usize,
    /// From the last price to what its holders got.
    pub(super) outcome: f64,
}

/// How a company leaves the market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    /// It does not.
    Stays,
    /// Another company buys it, which is known from a row on.
    Bought { known: usize },
    /// It fails, after a decline from a row on.
    Fails { decline: usize },
}

/// What a company is like, drawn once.
pub(super) struct Character {
    pub(super) sector: usize,
    pub(super) first: usize,
    /// One past its last row.
    pub(super) last: usize,
    pub(super) end: End,
    pub(super) beta: f64,
    pub(super) idiosyncratic: f64,
    /// Exposures to the styles of quality and low volatility, which it keeps.
    pub(super) quality: f64,
    pub(super) calmness: f64,
    pub(super) dividend_yield: f64,
    pub(super) return_on_equity: f64,
    pub(super) leverage: f64,
    pub(super) asset_turnover: f64,
    pub(super) gross_margin: f64,
    pub(super) publication_days: i64,
    pub(super) dividend_row: usize,
    /// The price above which it splits its shares, and below which it joins them.
    pub(super) split_above: f64,
    pub(super) join_below: f64,
}

impl Character {
    fn draw(economy: &Economy, random: &mut Pcg64) -> Self {
        let rows = economy.calendar.len();
        let sector = (uniform(random) * SECTORS.len() as f64) as usize;
        let late = uniform(random) < 0.36;
        let first = if late { (uniform(random) * 0.92 * rows as f64) as usize } else { 0 };
        let (last, end) = leave(economy, first, random);
        let financial = SECTORS[sector].0 == "Financials";
        let (quality, steadiness) = (normal(random), normal(random));
        let quality = if matches!(end, End::Fails { .. }) { quality - 0.8 } else { quality };
        let beta: f64 = (1.0 - 0.2 * steadiness + 0.15 * normal(random)).clamp(0.3, 1.9);
        let idiosyncratic =
            0.245 * libm::exp(-0.22 * steadiness - 0.06 * quality + 0.12 * normal(random));
        let pays = uniform(random) < 0.7;
        let generosity: f64 = 0.024 + 0.004 * steadiness + 0.008 * normal(random);
        Self {
            sector,
            first,
            last,
            end,
            beta,
            idiosyncratic,
            quality,
            calmness: steadiness,
            dividend_yield: if pays { generosity.clamp(0.006, 0.06) } else { 0.0 },
            return_on_equity: (0.115 + 0.035 * quality + 0.025 * normal(random)).clamp(-0.1, 0.32),
            leverage: match financial {
                true => 7.0,
                false => (2.3 - 0.25 * quality + 0.45 * normal(random)).clamp(1.2, 4.5),
            },
            asset_turnover: match financial {
                true => 0.08,
                false => (0.7 + 0.1 * quality + 0.18 * normal(random)).clamp(0.15, 1.6),
            },
            gross_margin: (0.42 + 0.08 * quality + 0.1 * normal(random)).clamp(0.08, 0.85),
            publication_days: 30 + (uniform(random) * 35.0) as i64,
            dividend_row: (uniform(random) * 63.0) as usize,
            split_above: 110.0 + 190.0 * uniform(random),
            join_below: 1.0 + 2.0 * uniform(random),
        }
    }
}

/// The row after a company's last, and how it leaves: three in a hundred each year, more than a fourth of them by failing,
/// a good part of these in hard times.
fn leave(economy: &Economy, first: usize, random: &mut Pcg64) -> (usize, End) {
    let rows = economy.calendar.len();
    let life = -libm::log(1.0 - uniform(random)) / 0.03 * 252.0;
    let mut last = (first as f64 + life.max(60.0)) as usize;
    let (kind, timing, length) = (uniform(random), uniform(random), uniform(random));
    if last >= rows {
        return (rows, End::Stays);
    }
    if kind < 0.72 {
        return (last, End::Bought { known: last - 15 - (length * 40.0) as usize });
    }
    let hard = |row: &usize| economy.moods[*row] != Mood::Calm && *row > first + 60;
    let rows_of_hard_times: Vec<usize> = (0..rows).filter(hard).collect();
    if timing < 0.25 && !rows_of_hard_times.is_empty() {
        last = rows_of_hard_times[(4.0 * timing * rows_of_hard_times.len() as f64) as usize];
    }
    let decline = last.saturating_sub(120 + (length * 200.0) as usize).max(first);
    (last, End::Fails { decline })
}

/// Simulates a company.
pub(super) fn simulate(economy: &Economy, random: &mut Pcg64) -> History {
    let character = Character::draw(economy, random);
    let industry = (uniform(random) * SECTORS[character.sector].1.len() as f64) as usize;
    let (first, last) = (character.first, character.last);
    let renames = (uniform(random) < 0.06, uniform(random));
    let within = first + 40 + (renames.1 * last.saturating_sub(first + 80) as f64) as usize;
    let outcome = (uniform(random), normal(random));
    let price = (14.0 + 70.0 * uniform(random)) * libm::exp(0.35 * normal(random));
    let capitalisation =
        3e9 * libm::exp(1.25 * normal(random) + economy.level[first] + 0.3 * normal(random));
    let book_to_market = 0.5 * libm::exp(0.45 * normal(random));
    let shares = (capitalisation / price).round();
    let mut books =
        Books::new(&character, economy, capitalisation * book_to_market, shares, random);
    let trades = trade::simulate(&character, economy, &mut books, price, random);
    let delisting = match character.end {
        End::Stays => None,
        End::Bought { .. } => Some(0.004 * outcome.1.clamp(-3.0, 3.0)),
        End::Fails { .. } => Some(-0.6 - 0.4 * outcome.0),
    };
    let last_date = economy.calendar.dates()[last - 1];
    let mut reports = books.reports;
    reports.retain(|r| r.published <= last_date);
    History {
        sector: character.sector,
        industry,
        renamed: (renames.0 && within + 20 < last).then_some(within),
        trades,
        reports,
        // No negative zero, which a table would show.
        delisting: delisting
            .map(|o| Delisting { row: last, outcome: (o * 1e4).round() / 1e4 + 0.0 }),
    }
}
