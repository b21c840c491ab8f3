//! One company of the sample market: its prices and its reports.

use super::economy::{Economy, SECTORS, normal, uniform};
use crate::panel::{Date, MISSING};
use rand_pcg::Pcg64;

/// The figures of a report, in the order of `Report::values`.
pub(super) const FIGURES: &[&str] = &[
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

/// One quarterly report.
pub(super) struct Report {
    pub(super) period_end: Date,
    pub(super) published: Date,
    pub(super) values: [f64; 15],
}

/// What happened to a company; by row, missing outside its life.
pub(super) struct History {
    pub(super) sector: usize,
    pub(super) industry: usize,
    pub(super) open: Vec<f64>,
    pub(super) high: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) close: Vec<f64>,
    pub(super) total_return: Vec<f64>,
    pub(super) volume: Vec<f64>,
    pub(super) market_cap: Vec<f64>,
    pub(super) reports: Vec<Report>,
}

/// What a company is like, drawn once.
struct Character {
    sector: usize,
    industry: usize,
    first: usize,
    // One past its last row.
    end: usize,
    falls: bool,
    beta: f64,
    idiosyncratic: f64,
    cheapness: f64,
    smallness: f64,
    dividend_yield: f64,
    return_on_equity: f64,
    leverage: f64,
    asset_turnover: f64,
    gross_margin: f64,
    publication_days: i64,
    dividend_row: usize,
}

impl Character {
    fn draw(rows: usize, random: &mut Pcg64) -> Self {
        let sector = (uniform(random) * SECTORS.len() as f64) as usize;
        let industry = (uniform(random) * SECTORS[sector].1.len() as f64) as usize;
        let late = uniform(random) < 0.2;
        let first = if late { (uniform(random) * 0.8 * rows as f64) as usize } else { 0 };
        // Three in a hundred leave each year.
        let life = -libm::log(1.0 - uniform(random)) / 0.03 * 252.0;
        let end = (first as f64 + life.max(40.0)).min(rows as f64) as usize;
        let financial = SECTORS[sector].0 == "Financials";
        Self {
            sector,
            industry,
            first,
            end,
            falls: end < rows && uniform(random) < 0.4,
            beta: (1.0 + 0.3 * normal(random)).clamp(0.2, 2.0),
            idiosyncratic: 0.26 * libm::exp(0.3 * normal(random)),
            cheapness: normal(random),
            smallness: normal(random),
            dividend_yield: (0.02 + 0.015 * normal(random)).clamp(0.0, 0.06),
            return_on_equity: (0.11 + 0.05 * normal(random)).clamp(-0.05, 0.3),
            leverage: if financial { 7.0 } else { 1.6 + 1.6 * uniform(random) },
            asset_turnover: if financial { 0.08 } else { 0.3 + 0.9 * uniform(random) },
            gross_margin: 0.2 + 0.5 * uniform(random),
            publication_days: 30 + (uniform(random) * 40.0) as i64,
            dividend_row: (uniform(random) * 63.0) as usize,
        }
    }
}

/// Simulates a company.
pub(super) fn simulate(economy: &Economy, random: &mut Pcg64) -> History {
    let rows = economy.calendar.len();
    let character = Character::draw(rows, random);
    let missing = || vec![MISSING; rows];
    let mut history = History {
        sector: character.sector,
        industry: character.industry,
        open: missing(),
        high: missing(),
        low: missing(),
        close: missing(),
        total_return: missing(),
        volume: missing(),
        market_cap: missing(),
        reports: vec![],
    };
    let price = (15.0 + 85.0 * uniform(random)) * libm::exp(0.4 * normal(random));
    let cap = 4e9 * libm::exp(-1.1 * character.smallness + 0.3 * normal(random));
    let book_to_market = 0.55 * libm::exp(0.4 * character.cheapness);
    let mut books = Books::new(&character, economy, cap * book_to_market, cap / price, random);
    trade(&character, economy, &mut books, price, random, &mut history);
    history.reports = books.reports;
    let last = economy.calendar.dates()[character.end - 1];
    history.reports.retain(|r| r.published <= last);
    history
}

/// The daily prices. Three things are worth knowing beforehand: prices return slowly to the books (value pays), the
/// drift of a company lasts for some months (momentum pays), and neither pays much beside the noise.
fn trade(
    character: &Character,
    economy: &Economy,
    books: &mut Books,
    price: f64,
    random: &mut Pcg64,
    history: &mut History,
) {
    let daily = |yearly: f64| yearly / 252f64.sqrt();
    let noise = daily(character.idiosyncratic);
    let (mut close, mut total) = (price, price);
    let mut drift = 0.07 * normal(random);
    let mut interest = 0.0;
    for row in character.first..character.end {
        books.close_quarters(economy.quarters_over[row], economy, Some(close), random);
        let cheap = libm::log(books.equity.max(1e6) / (books.shares * close) / 0.55);
        drift = 0.9945 * drift + 0.07 * (1.0f64 - 0.9945 * 0.9945).sqrt() * normal(random);
        let own = normal(random);
        let mut change = economy.risk_free[row] / 252.0
            + character.beta * economy.market[row]
            + economy.sectors[character.sector][row]
            + character.cheapness * economy.value[row]
            + character.smallness * economy.size[row]
            + (0.06 * cheap + drift + 0.005 * character.smallness) / 252.0
            - 0.5 * noise * noise
            + noise * own;
        if character.falls && row + 15 >= character.end {
            change -= 0.08 * uniform(random);
        }
        let pays = row % 63 == character.dividend_row;
        let dividend = if pays { character.dividend_yield / 4.0 } else { 0.0 };
        let before = close;
        if row > character.first {
            total *= libm::exp(change);
            close *= libm::exp(change) / (1.0 + dividend);
        }
        if dividend > 0.0 {
            books.dividends += dividend * close * books.shares;
        }
        let open = cents(before * libm::exp(0.4 * noise * normal(random)));
        let range = 0.5 * noise * (normal(random).abs() + 0.2);
        let shown = cents(close);
        history.open[row] = open;
        history.close[row] = shown;
        history.high[row] = cents(open.max(shown) * (1.0 + range)).max(open.max(shown));
        history.low[row] = cents(open.min(shown) * (1.0 - range)).min(open.min(shown)).max(0.01);
        history.total_return[row] = total;
        interest = 0.9 * interest + 0.15 * normal(random);
        let share = 0.004 * libm::exp(interest + 0.25 * own.abs());
        history.volume[row] = (books.shares * share / 100.0).round() * 100.0;
        history.market_cap[row] = books.shares * shown;
    }
}

fn cents(price: f64) -> f64 {
    ((price * 100.0).round() / 100.0).max(0.01)
}

/// The books, quarter by quarter.
struct Books {
    equity: f64,
    shares: f64,
    dividends: f64,
    closed: usize,
    traits: [f64; 4],
    publication_days: i64,
    income: f64,
    reports: Vec<Report>,
}

impl Books {
    /// Books that have `equity` at the company's first row, and reports of the two years before it.
    fn new(
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
            traits: [
                character.return_on_equity,
                character.leverage,
                character.asset_turnover,
                character.gross_margin,
            ],
            publication_days: character.publication_days,
            income: 0.0,
            reports: vec![],
        };
        books.close_quarters(over, economy, None, random);
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

    fn close_quarters(
        &mut self,
        over: usize,
        economy: &Economy,
        price: Option<f64>,
        random: &mut Pcg64,
    ) {
        while self.closed < over {
            // What the market thinks highly of grows: books follow prices slowly, as prices follow books.
            if let Some(price) = price {
                let dear = libm::log(0.55 * self.shares * price / self.equity);
                self.equity *= 1.0 + (0.03 * dear).clamp(-0.1, 0.1);
            }
            let period_end = economy.quarters[self.closed];
            self.closed += 1;
            self.close_quarter(period_end, random);
        }
    }

    fn close_quarter(&mut self, period_end: Date, random: &mut Pcg64) {
        let [return_on_equity, leverage, asset_turnover, gross_margin] = self.traits;
        self.income = 0.8 * self.income + 0.02 * normal(random);
        let net_income = self.equity * (return_on_equity + self.income) / 4.0;
        // Buying back and issuing shares at book value keeps equity from running away from prices.
        let issued = 0.004 * normal(random) - 0.001;
        self.equity =
            (self.equity * (1.0 + issued) + 0.6 * net_income - 0.2 * self.dividends).max(1e6);
        self.shares *= 1.0 + issued;
        let total_assets = self.equity * leverage;
        let revenue = total_assets * asset_turnover / 4.0 * libm::exp(0.05 * normal(random));
        let operating_income = net_income * 1.35 + 0.01 * revenue;
        let depreciation = 0.01 * total_assets;
        let total_debt = 0.5 * (total_assets - self.equity);
        let values = [
            self.equity,
            net_income,
            revenue,
            revenue * gross_margin * libm::exp(0.03 * normal(random)),
            operating_income,
            operating_income + depreciation,
            net_income + depreciation + 0.01 * self.equity * normal(random),
            depreciation * libm::exp(0.2 * normal(random)),
            total_assets,
            total_debt,
            0.08 * total_assets * libm::exp(0.3 * normal(random)),
            0.35 * total_assets * libm::exp(0.1 * normal(random)),
            0.22 * total_assets * libm::exp(0.1 * normal(random)),
            self.dividends,
            self.shares,
        ];
        self.dividends = 0.0;
        let days = self.publication_days + (uniform(random) * 11.0) as i64;
        let published = period_end.checked_add(jiff::Span::new().days(days));
        self.reports.push(Report {
            period_end,
            published: published.expect("the sample ends long before the last date"),
            values: values.map(f64::round),
        });
    }
}
