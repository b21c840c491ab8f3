//! The books of a company: its quarters, what it reports of them and when, and what it takes back later.

use super::{
    company::{Character, End},
    economy::{Economy, normal, uniform},
};
use crate::panel::{Date, Row};
use rand_pcg::Pcg64;

/// The figures of a report, in the order of `Report::values`.
pub(super) const FIGURES: [&str; 15] = [
    "book_equity",
    "net_income",
    "revenue",
    "gross_profit",
    "operating_income",
    "ebitda",
    "operating_cash_flow",
    "capital_expenditure",
    "total_assets",
    "total_debt",
    "cash",
    "current_assets",
    "current_liabilities",
    "dividends",
    "shares_outstanding",
];

/// Places in `FIGURES` of what a restatement changes: profits, and the equity that they went into.
const RESTATED: [usize; 5] = [1, 3, 4, 5, 0];
/// The place in `FIGURES` of the count of shares.
pub(super) const SHARES: usize = 14;

/// A quarterly report, or its restatement.
pub(super) struct Report {
    pub(super) period_end: Date,
    pub(super) published: Date,
    /// The row from which it is known.
    pub(super) known_from: Row,
    /// Shares are of the day of publication, restated for splits until then.
    pub(super) values: [f64; 15],
}

/// The books, quarter by quarter.
pub(super) struct Books {
    pub(super) equity: f64,
    pub(super) shares: f64,
    /// Paid since the last quarter's end.
    dividends: f64,
    /// How many of the economy's quarters are closed.
    closed: usize,
    /// By how much the return on equity is off its usual.
    luck: f64,
    /// Rows on which something becomes known, with what it moves the price by.
    news: Vec<(Row, f64)>,
    pub(super) reports: Vec<Report>,
}

impl Books {
    /// Books that have `equity` at the company's first row, and reports of the two years before it.
    pub(super) fn new(
        character: &Character,
        economy: &Economy,
        equity: f64,
        shares: f64,
        random: &mut Pcg64,
    ) -> Self {
        let over = economy.quarters_over[character.first];
        let mut books = Self {
            equity,
            shares,
            dividends: 0.0,
            closed: over.saturating_sub(8),
            luck: 0.0,
            news: vec![],
            reports: vec![],
        };
        books.close_quarters(character, character.first, economy, None, random);
        // The past was made forwards; scale it so that it ends where the company starts.
        let (scale, count) = (equity / books.equity, shares / books.shares);
        for report in &mut books.reports {
            let (last, money) = report.values.split_last_mut().expect("a report has figures");
            money.iter_mut().for_each(|v| *v = (*v * scale).round());
            *last = (*last * count).round();
        }
        (books.equity, books.shares) = (equity, shares);
        books
    }

    /// Closes the quarters that are over at a row.
    pub(super) fn close_quarters(
        &mut self,
        character: &Character,
        row: usize,
        economy: &Economy,
        price: Option<f64>,
        random: &mut Pcg64,
    ) {
        while self.closed < economy.quarters_over[row] {
            let period_end = economy.quarters[self.closed];
            self.closed += 1;
            let fails = matches!(character.end, End::Fails { decline } if row >= decline);
            let (values, surprise) = self.close_quarter(character, fails, price, random);
            self.publish(character, fails, period_end, values, surprise, economy, random);
        }
    }

    fn close_quarter(
        &mut self,
        character: &Character,
        fails: bool,
        price: Option<f64>,
        random: &mut Pcg64,
    ) -> ([f64; 15], f64) {
        let surprise = normal(random);
        self.luck = 0.75 * self.luck + 0.02 * surprise;
        // Before the first row there is no price; books were then a little over half of it.
        let capitalisation = price.map_or(1.8 * self.equity, |p| self.shares * p);
        if price.is_none() {
            self.dividends = character.dividend_yield / 4.0 * capitalisation;
        }
        // What the market thinks highly of earns more, and sells shares: books follow prices slowly.
        let dear = libm::log(0.55 * capitalisation / self.equity).clamp(-1.8, 1.8);
        let trouble = if fails { 1.0 } else { 0.0 };
        let net_income =
            self.equity * (character.return_on_equity + self.luck + 0.05 * dear - trouble) / 4.0;
        let issued = 0.004 * normal(random) - 0.004 + 0.006 * dear;
        // Nobody gives back more to the holders than can be borne.
        let given = (issued * capitalisation - self.dividends).max(-0.04 * self.equity);
        // What the market thinks little of for long is written off.
        let written_off = 0.06 * (-0.7 - dear).max(0.0) * self.equity;
        let kept = (net_income + given - written_off).clamp(-0.4 * self.equity, 0.3 * self.equity);
        self.equity = (self.equity + kept).max(1e6);
        self.shares = (self.shares * (1.0 + issued)).round();
        let total_assets = self.equity * character.leverage;
        let revenue =
            total_assets * character.asset_turnover / 4.0 * libm::exp(0.04 * normal(random));
        let operating_income = net_income * 1.35 + 0.01 * revenue;
        let depreciation = 0.01 * total_assets;
        let values = [
            self.equity,
            net_income,
            revenue,
            revenue * character.gross_margin * libm::exp(0.03 * normal(random)),
            operating_income,
            operating_income + depreciation,
            net_income + depreciation + 0.01 * self.equity * normal(random),
            depreciation * libm::exp(0.2 * normal(random)),
            total_assets,
            0.5 * (total_assets - self.equity),
            0.08 * total_assets * libm::exp(0.3 * normal(random)),
            0.35 * total_assets * libm::exp(0.1 * normal(random)),
            0.22 * total_assets * libm::exp(0.1 * normal(random)),
            self.dividends,
            self.shares,
        ];
        self.dividends = 0.0;
        (values.map(f64::round), surprise)
    }

    /// Reports a quarter: mostly in time, sometimes late; and sometimes again, when some of it was wrong.
    fn publish(
        &mut self,
        character: &Character,
        fails: bool,
        period_end: Date,
        values: [f64; 15],
        surprise: f64,
        economy: &Economy,
        random: &mut Pcg64,
    ) {
        let (lateness, restated, size) = (uniform(random), uniform(random), uniform(random));
        let mut days = character.publication_days + (uniform(random) * 9.0) as i64;
        if lateness < if fails { 0.35 } else { 0.025 } {
            days += 15 + (size * 60.0) as i64;
        }
        self.report(economy, period_end, days, values, 0.035 * surprise);
        if restated < if fails { 0.12 } else { 0.012 } {
            let mut corrected = values;
            // Three times in four it was less than was said.
            let share = if size < 0.75 { -0.05 - 0.3 * size } else { 0.04 + 0.1 * (size - 0.75) };
            let lost = share * values[1].abs();
            for place in RESTATED {
                corrected[place] = (corrected[place] + lost).round();
            }
            let after = 60 + (uniform(random) * 330.0) as i64;
            self.report(economy, period_end, days + after, corrected, 0.25 * share);
        }
    }

    fn report(
        &mut self,
        economy: &Economy,
        period_end: Date,
        days: i64,
        values: [f64; 15],
        effect: f64,
    ) {
        let published = period_end.checked_add(jiff::Span::new().days(days));
        let published = published.expect("the sample ends long before the last date");
        let known_from = economy.calendar.dates().partition_point(|d| *d <= published) as Row;
        self.news.push((known_from, effect));
        self.reports.push(Report { period_end, published, known_from, values });
    }

    /// What becomes known on a row moves the price by so much, a logarithm.
    pub(super) fn news(&mut self, row: usize) -> f64 {
        let now = |news: &&(Row, f64)| news.0 as usize == row;
        let effect = self.news.iter().filter(now).map(|n| n.1).sum();
        self.news.retain(|n| n.0 as usize > row);
        effect
    }

    /// Pays money for each share.
    pub(super) fn pay(&mut self, money: f64) {
        self.dividends += money * self.shares;
    }

    /// Splits the shares on a row; reports that are still to come speak of the new ones.
    pub(super) fn split(&mut self, row: usize, ratio: f64) {
        self.shares = (self.shares * ratio).round();
        for report in self.reports.iter_mut().filter(|r| r.known_from as usize > row) {
            report.values[SHARES] = (report.values[SHARES] * ratio).round();
        }
    }
}
