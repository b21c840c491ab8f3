//! What metrics are computed from: values by date, with what is derived from them once.

use crate::panel::{Date, days_since_epoch};

/// The values of a book (or a benchmark) by date, and what is needed to judge them.
#[derive(Debug, Clone, Default)]
pub struct TrackRecord {
    /// The dates.
    pub dates: Vec<Date>,
    /// Net asset value by date; finite and not below zero.
    pub nav: Vec<f64>,
    /// The value before the first trade.
    pub capital: f64,
    /// Rows of the calendar a year, by which figures are annualised.
    pub rows_per_year: f64,
    /// The risk-free return since the date before, by date; empty for none (zero).
    pub risk_free: Vec<f64>,
    /// The benchmark's values by date; missing where it is not known. Empty for none.
    pub benchmark: Vec<f64>,
    /// Costs paid by date; empty where nothing is known of them.
    pub costs: Vec<f64>,
    /// Assets held by date; empty where nothing is known of them.
    pub names: Vec<u32>,
    /// Share of net asset value in assets by date; empty where nothing is known of it.
    pub exposure: Vec<f64>,
    /// One-way turnover of each rebalance but the first purchase, and of what left between them; `None` where nothing is known of it.
    pub turnover: Option<Vec<f64>>,
    /// On each row with trades that leave anything: the number of equal holdings that would be as concentrated.
    pub effective_names: Vec<f64>,
    /// The greatest |weight| after any trade; `None` where nothing is known of it.
    pub largest_weight: Option<f64>,
    /// On each rebalance on which the benchmark decides, too: ½Σ|w − b| of the two targets.
    pub active_share: Vec<f64>,
    /// On each row with trades: the days that selling what is held takes at a tenth of the usual volume, on average by
    /// value.
    pub days_to_sell: Vec<f64>,
    /// On each such row: the net asset value at which it would take five days.
    pub capacity: Vec<f64>,
    /// The Sharpe ratios by row of all strategies that were tried together, this one among them.
    pub trials: Vec<f64>,
}

/// A fall from a greatest value until it is reached again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawdown {
    /// The lowest value over the one at the peak, less 1: below zero.
    pub depth: f64,
    /// The last date at the greatest value before.
    pub peak: Date,
    /// The date of the lowest value.
    pub trough: Date,
    /// The first date at which the greatest value was reached again; `None` if it was not.
    pub recovery: Option<Date>,
}

impl TrackRecord {
    /// Years by the civil calendar from the first to the last date (a year is 365.25 days).
    pub fn years(&self) -> f64 {
        match (self.dates.first(), self.dates.last()) {
            (Some(&first), Some(&last)) => {
                f64::from(days_since_epoch(last) - days_since_epoch(first)) / 365.25
            }
            _ => 0.0,
        }
    }

    /// The return of each date but the first.
    pub fn returns(&self) -> Vec<f64> {
        returns_of(&self.nav)
    }

    /// The returns less the risk-free ones.
    pub fn excess_returns(&self) -> Vec<f64> {
        let free = |i: usize| self.risk_free.get(i + 1).copied().unwrap_or(0.0);
        self.returns().iter().enumerate().map(|(i, r)| r - free(i)).collect()
    }

    /// Own, benchmark's and risk-free returns of the dates on which the benchmark's is known.
    pub fn beside_benchmark(&self) -> Vec<(f64, f64, f64)> {
        let free = |i: usize| self.risk_free.get(i + 1).copied().unwrap_or(0.0);
        let own = self.returns();
        let benchmark = returns_of(&self.benchmark);
        let both = own.iter().zip(&benchmark).enumerate();
        both.filter(|(_, (_, b))| b.is_finite()).map(|(i, (r, b))| (*r, *b, free(i))).collect()
    }

    /// The value at each date over the greatest up to it, less 1.
    pub fn drawdowns(&self) -> Vec<f64> {
        let mut greatest = self.capital;
        self.nav
            .iter()
            .map(|&value| {
                greatest = greatest.max(value);
                if greatest > 0.0 { value / greatest - 1.0 } else { 0.0 }
            })
            .collect()
    }

    /// The deepest drawdown, of equal ones the first; `None` if the value never fell.
    pub fn deepest_drawdown(&self) -> Option<Drawdown> {
        let drawdowns = self.drawdowns();
        let deepest = drawdowns.iter().copied().fold(0.0, f64::min);
        let trough = drawdowns.iter().position(|d| *d == deepest).filter(|_| deepest < 0.0)?;
        let peak = drawdowns[..trough].iter().rposition(|d| *d == 0.0).unwrap_or(0);
        let recovery = drawdowns[trough..].iter().position(|d| *d == 0.0);
        Some(Drawdown {
            depth: deepest,
            peak: self.dates[peak],
            trough: self.dates[trough],
            recovery: recovery.map(|r| self.dates[trough + r]),
        })
    }

    /// The return of each calendar year that the record touches, with the last value of the year before (or the start
    /// value) as its base; the first and last year may be parts of years.
    pub fn yearly_returns(&self) -> Vec<(i16, f64)> {
        self.period_returns(|d| d.year())
    }

    /// The return of each calendar month, likewise.
    pub fn monthly_returns(&self) -> Vec<((i16, i8), f64)> {
        self.period_returns(|d| (d.year(), d.month()))
    }

    fn period_returns<K: PartialEq>(&self, period: impl Fn(Date) -> K) -> Vec<(K, f64)> {
        let mut base = self.capital;
        let mut list = vec![];
        for (i, (&date, &value)) in self.dates.iter().zip(&self.nav).enumerate() {
            let ends = self.dates.get(i + 1).is_none_or(|next| period(*next) != period(date));
            // A lone first date is only where the record begins; it has no return of its own.
            if ends && (i > 0 || value != base) {
                list.push((period(date), value / base - 1.0));
                base = value;
            }
        }
        list
    }
}

fn returns_of(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|w| w[1] / w[0] - 1.0).collect()
}

/// The arithmetic mean; `None` of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sample standard deviation (n − 1); exactly 0 where all values are the same; `None` of fewer than two.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    if values.iter().all(|v| *v == values[0]) {
        return Some(0.0);
    }
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// A quotient; `None` by zero.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}
