//! The daily prices of a company, as traded, with its splits and dividends.

use super::{
    books::Books,
    company::{Character, End},
    economy::{Economy, daily, normal, uniform},
};
use crate::panel::MISSING;
use rand_pcg::Pcg64;

/// What was traded, by row; missing outside the company's life.
pub(super) struct Trades {
    pub(super) open: Vec<f64>,
    pub(super) high: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) close: Vec<f64>,
    pub(super) volume: Vec<f64>,
    /// What one share of the first close is worth with all that came to it, dividends put in at the next close.
    pub(super) total_return: Vec<f64>,
    pub(super) market_cap: Vec<f64>,
    /// Rows with their new shares for one old.
    pub(super) splits: Vec<(usize, f64)>,
    /// Rows with the money for one share.
    pub(super) dividends: Vec<(usize, f64)>,
}

impl Trades {
    /// The shares that one share of the first row has become by a row.
    pub(super) fn factor(&self, row: usize) -> f64 {
        let until = self.splits.iter().take_while(|(split, _)| *split <= row);
        until.fold(1.0, |factor, (_, ratio)| factor * ratio)
    }
}

/// Where a company stands while it is traded.
struct State {
    /// The price, not rounded.
    price: f64,
    /// Logarithms of what the company gained beyond the market, cumulated by row: momentum is made of them.
    own: Vec<f64>,
    /// Exposures to the styles, in standard deviations; brought up to date each week.
    exposures: [f64; 5],
    /// Sum of the last weeks' surprises, a little of which is taken back.
    excess: f64,
    /// What is left of the drift after the last report.
    aftermath: f64,
    /// Money for one share each quarter.
    dividend: f64,
    /// How much more than usual is traded, a logarithm.
    interest: f64,
}

pub(super) fn simulate(
    character: &Character,
    economy: &Economy,
    books: &mut Books,
    price: f64,
    random: &mut Pcg64,
) -> Trades {
    let rows = economy.calendar.len();
    let missing = || vec![MISSING; rows];
    let mut trades = Trades {
        open: missing(),
        high: missing(),
        low: missing(),
        close: missing(),
        volume: missing(),
        total_return: missing(),
        market_cap: missing(),
        splits: vec![],
        dividends: vec![],
    };
    let mut state = State {
        price,
        own: vec![],
        exposures: [0.0; 5],
        excess: 0.0,
        aftermath: 0.0,
        dividend: 0.0,
        interest: 0.0,
    };
    let (mut total, mut before) = (MISSING, MISSING);
    for row in character.first..character.last {
        let is_first = row == character.first;
        books.close_quarters(character, row, economy, Some(state.price), random);
        let (mut change, noise, own) = state.change(character, economy, books, row, random);
        if is_first {
            change = 0.0;
        }
        state.price = (state.price * libm::exp(change)).max(0.02);
        let mut ratio = 1.0;
        let mut money = 0.0;
        if row % 63 == character.dividend_row {
            money = state.pay(character, row);
            if money > 0.0 && !is_first {
                state.price -= money;
                trades.dividends.push((row, money));
                books.pay(money);
            } else {
                money = 0.0;
            }
        } else if row % 21 == 7 && !is_first {
            ratio = split(character, state.price);
            if ratio != 1.0 {
                trades.splits.push((row, ratio));
                state.price /= ratio;
                state.dividend = (state.dividend / ratio * 1e4).round() / 1e4;
                books.split(row, ratio);
            }
        }
        let close = quoted(state.price);
        total = if is_first { close } else { total * ((ratio * close + money) / before) };
        before = close;
        let start = state.price * (1.0 - change * (0.6 + 0.25 * normal(random))).max(0.5);
        let open = quoted(start);
        let range = 0.45 * noise * (normal(random).abs() + 0.2);
        trades.open[row] = open;
        trades.close[row] = close;
        trades.high[row] = quoted(open.max(close) * (1.0 + range)).max(open.max(close));
        trades.low[row] = quoted(open.min(close) * (1.0 - range).max(0.5)).min(open.min(close));
        trades.total_return[row] = total;
        state.interest = 0.9 * state.interest + 0.15 * normal(random);
        let share = 0.004 * libm::exp(state.interest + 0.3 * own.abs());
        trades.volume[row] = (books.shares * share / 100.0).round().max(1.0) * 100.0;
        trades.market_cap[row] = books.shares * close;
    }
    trades
}

impl State {
    /// The logarithmic return of a row, dividends included; how large a daily surprise is, and what this one was.
    fn change(
        &mut self,
        character: &Character,
        economy: &Economy,
        books: &mut Books,
        row: usize,
        random: &mut Pcg64,
    ) -> (f64, f64, f64) {
        let mood = economy.moods[row];
        let mut noise = daily(character.idiosyncratic * (0.5 + 0.5 * mood.unrest()));
        // Most days are a little quieter than the average, and some much louder.
        let loudness = normal(random);
        let own = normal(random) * (0.707 + 0.236 * loudness * loudness);
        let market = economy.market[row];
        let rate = economy.risk_free[row] / 252.0;
        if let End::Bought { known } = character.end
            && row >= known
        {
            // The price waits below what was offered.
            let premium = if row == known { 0.12 + 0.25 * uniform(random) } else { 0.0 };
            noise *= 0.12;
            self.own.push(self.own.last().copied().unwrap_or(0.0));
            return (premium + rate + 0.05 * market + noise * own, noise, own);
        }
        if self.own.len().is_multiple_of(5) {
            self.exposures = self.exposures_now(character, economy, books, row);
        }
        let exposures = self.exposures.iter().zip(&economy.styles);
        let styles: f64 = exposures.map(|(x, style)| x * style[row]).sum();
        let mut drift = 0.0;
        if let End::Fails { decline } = character.end
            && row >= decline
        {
            noise *= 1.7;
            drift = -1.1 / 252.0;
        }
        let news = books.news(row);
        self.aftermath = 0.97 * self.aftermath + 0.03 * news;
        let beyond =
            economy.sectors[character.sector][row] + styles + drift + news + 0.03 * self.aftermath
                - 0.004 * self.excess
                - 0.5 * noise * noise
                + noise * own;
        self.excess = 0.93 * self.excess + noise * own;
        self.own.push(self.own.last().copied().unwrap_or(0.0) + beyond);
        (rate + character.beta * market + beyond, noise, own)
    }

    /// Exposures to the styles, in standard deviations.
    fn exposures_now(
        &self,
        character: &Character,
        economy: &Economy,
        books: &Books,
        row: usize,
    ) -> [f64; 5] {
        let within = |x: f64| x.clamp(-2.5, 2.5);
        let capitalisation = books.shares * self.price;
        let (level, slack) = (economy.level[row], economy.slack[row]);
        let cheap = libm::log(books.equity.max(1e6) / capitalisation);
        // What is risen in the year before the last month.
        let at = |back: usize| self.own.len().checked_sub(back + 1).map_or(0.0, |i| self.own[i]);
        let risen = at(20) - at(251);
        [
            within((cheap + 0.6 + slack) / 0.6),
            within(risen / 0.28),
            within(character.quality),
            within((libm::log(3e9) + level - libm::log(capitalisation)) / 1.4),
            within(character.calmness),
        ]
    }

    /// Money for one share at a quarter's day of payment; decided anew each year.
    fn pay(&mut self, character: &Character, row: usize) -> f64 {
        if let End::Fails { decline } = character.end
            && row >= decline
        {
            return 0.0;
        }
        if (row / 63).is_multiple_of(4) || self.dividend == 0.0 {
            let wanted = character.dividend_yield / 4.0 * self.price;
            // It is rarely cut.
            let wanted =
                if wanted > 0.6 * self.dividend { wanted.max(self.dividend) } else { wanted };
            self.dividend = (wanted * 100.0).round() / 100.0;
        }
        if self.dividend < 0.1 * self.price { self.dividend } else { 0.0 }
    }
}

/// New shares for one old, if the price is far from what is usual.
fn split(character: &Character, price: f64) -> f64 {
    if price > 2.5 * character.split_above {
        5.0
    } else if price > 1.5 * character.split_above {
        3.0
    } else if price > character.split_above {
        2.0
    } else if price < character.join_below {
        0.1
    } else {
        1.0
    }
}

/// In cents, and under a dollar in hundredths of these.
fn quoted(price: f64) -> f64 {
    let one_over = if price < 1.0 { 1e4 } else { 1e2 };
    ((price * one_over).round() / one_over).max(1e-4)
}
