//! Prices that move as no price does: spikes, breaks of unit, splits that were not adjusted, jumps.

use super::{
    asset::Found,
    bars::{ADJUSTED, Bars, CLOSE, HIGH, LOW, RETURN, VOLUME},
    checks::{Check, Severity, limit},
    days::Days,
};
use crate::panel::from_days;
use crate::report::exact;

/// Rows before and after a move by which its level is judged.
const AROUND: usize = 5;

/// The log return of each row since the one before, as a backtest has it: of the column of returns, else of adjusted
/// closes, else of closes.
pub(super) fn logs(bars: &Bars) -> Vec<f64> {
    let log = |i: usize| {
        let given = bars.value(RETURN, i);
        if !given.is_nan() {
            return libm::log(1.0 + given);
        }
        let ratio = bars.value(ADJUSTED, i) / bars.value(ADJUSTED, i - 1);
        let ratio =
            if ratio > 0.0 { ratio } else { bars.value(CLOSE, i) / bars.value(CLOSE, i - 1) };
        libm::log(ratio)
    };
    (0..bars.rows.len()).map(|i| if i == 0 { f64::NAN } else { log(i) }).collect()
}

fn close_logs(bars: &Bars) -> Vec<f64> {
    let closes = &bars.columns[CLOSE];
    let log = |i: usize| if i == 0 { f64::NAN } else { libm::log(closes[i] / closes[i - 1]) };
    (0..closes.len()).map(log).collect()
}

/// An asset's usual move: what the standard deviation would be, were its moves normal; without those of zero.
fn scale(logs: &[f64]) -> f64 {
    let mut moves: Vec<f64> =
        logs.iter().map(|l| l.abs()).filter(|l| *l > 0.0 && l.is_finite()).collect();
    if moves.is_empty() {
        return 0.0;
    }
    let middle = moves.len() / 2;
    1.4826 * *moves.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The median of what is there; missing if nothing is.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|v| !v.is_nan()).collect();
    if values.is_empty() {
        return f64::NAN;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Looks at the moves of an asset whose rows are sound. A row has one finding at most, the most telling.
pub(super) fn check(bars: &Bars, days: &Days, out: &mut Vec<Found>) {
    let (closes, totals) = (close_logs(bars), logs(bars));
    let same = !bars.has(ADJUSTED) && !bars.has(RETURN);
    let mut told = vec![false; bars.rows.len()];
    let asset = Moves { bars, days, totals: &totals, scale: scale(&totals) };
    for i in 1..bars.rows.len() {
        // Few rows have moves worth a look, and most work is over here.
        if closes[i].abs().max(totals[i].abs()) < libm::log(limit::GAP_FACTOR) || told[i] {
            continue;
        }
        let gap = bars.days[i] - bars.days[i - 1] > limit::GAP_DAYS && asset.sessions(i) > 2;
        let found = asset
            .gap_jump(i, &totals)
            .filter(|_| gap)
            .or_else(|| asset.spike(i, &closes, &mut told))
            .or_else(|| if same { None } else { asset.spike(i, &totals, &mut told) })
            .or_else(|| asset.unit_break(i, &closes))
            .or_else(|| if gap { None } else { asset.split(i, &totals) })
            .or_else(|| if gap { None } else { asset.jump(i, &totals) });
        out.extend(found);
    }
}

struct Moves<'a> {
    bars: &'a Bars,
    days: &'a Days,
    totals: &'a [f64],
    scale: f64,
}

impl Moves<'_> {
    /// How many sessions lie between a row and the one before, this one among them.
    fn sessions(&self, i: usize) -> u32 {
        let session = |i: usize| self.days.session(self.bars.days[i]);
        match (session(i - 1), session(i)) {
            (Some(a), Some(b)) => b.saturating_sub(a),
            _ => 1,
        }
    }

    fn found(&self, i: usize, check: Check, severity: Severity, text: String) -> Found {
        Found::at(self.bars, i, check, severity, text)
    }

    /// What the usual move was in the rows just before: in a panic, much moves much.
    fn scale_before(&self, i: usize) -> f64 {
        self.scale.max(scale(&self.totals[i.saturating_sub(20)..i]))
    }

    /// The least move that is told: by a factor and by so many usual moves, or by a factor that is told whatever is
    /// usual, as where companies are mixed much is usual.
    fn least(&self, i: usize, factor: f64, always: f64) -> f64 {
        let scales = limit::SPIKE_SCALES * self.scale_before(i);
        libm::log(factor).max(scales).min(libm::log(always))
    }

    /// A move without what a cent more or less makes of it, where prices are whole cents.
    fn without_ticks(&self, i: usize, log: f64) -> f64 {
        let (a, b) = (self.bars.value(CLOSE, i - 1), self.bars.value(CLOSE, i));
        if !is_in_cents(a) || !is_in_cents(b) {
            return log;
        }
        let (least, most) = (a.min(b), a.max(b));
        let ticks = libm::log((1.0 + CENT / least) / (1.0 - CENT / most).max(CENT));
        log.signum() * (log.abs() - ticks).max(0.0)
    }

    /// `close 31.6 to 0.65`.
    fn closes_at(&self, i: usize) -> String {
        let close = |i| price(self.bars.value(CLOSE, i));
        format!("close {} to {}", close(i - 1), close(i))
    }

    fn before(&self, i: usize, column: usize, rows: usize) -> f64 {
        median((i.saturating_sub(rows)..i).map(|j| self.bars.value(column, j)))
    }

    fn after(&self, i: usize, column: usize, rows: usize) -> f64 {
        let end = (i + rows).min(self.bars.rows.len());
        median((i..end).map(|j| self.bars.value(column, j)))
    }

    fn spike(&self, i: usize, logs: &[f64], told: &mut [bool]) -> Option<Found> {
        let out = logs[i];
        if out.is_nan()
            || self.without_ticks(i, out).abs()
                < self.least(i, limit::SPIKE_FACTOR, limit::SPIKE_ALWAYS)
        {
            return None;
        }
        let mut remains = out;
        for k in 1..=limit::SPIKE_ROWS.min(logs.len() - 1 - i) {
            remains += logs[i + k];
            if remains.abs() > limit::SPIKE_REMAINS * out.abs() {
                continue;
            }
            told[i..=i + k].iter_mut().for_each(|t| *t = true);
            let factor = libm::exp(out.abs());
            let severity = match factor >= limit::SPIKE_ERROR {
                true => Severity::Error,
                false => Severity::Warning,
            };
            let close = |i| price(self.bars.value(CLOSE, i));
            let text = format!(
                "{}, back to {} {}: {}",
                self.closes_at(i),
                close(i + k),
                if k == 1 { "in the next row".to_owned() } else { format!("{k} rows later") },
                times(out),
            );
            return Some(self.found(i, Check::Spike, severity, text));
        }
        None
    }

    fn unit_break(&self, i: usize, closes: &[f64]) -> Option<Found> {
        let near = libm::log(1.0 + limit::UNIT_NEAR);
        let of_unit = |log: f64| {
            limit::UNITS.iter().find(|unit| (log.abs() - libm::log(**unit)).abs() < near)
        };
        let unit = of_unit(closes[i])?;
        let shift = self.after(i, CLOSE, AROUND) / self.before(i, CLOSE, AROUND);
        of_unit(libm::log(shift)).filter(|u| *u == unit)?;
        // A series that leaves and returns after some rows is no change of unit; one that drifts is.
        let later = self.after(i, CLOSE, 4 * AROUND) / self.before(i, CLOSE, 4 * AROUND);
        if (libm::log(later).abs() - libm::log(*unit)).abs() > libm::log(2.0) {
            return None;
        }
        let (sign, unit) = (if closes[i] > 0.0 { "×" } else { "1/" }, exact(*unit));
        let text = format!("{}, and stays: {sign}{unit}", self.closes_at(i));
        Some(self.found(i, Check::UnitBreak, Severity::Error, text))
    }

    fn gap_jump(&self, i: usize, logs: &[f64]) -> Option<Found> {
        let sessions = self.sessions(i);
        let usual =
            limit::GAP_SCALES * self.scale * f64::from(sessions.min(limit::GAP_USUAL)).sqrt();
        if logs[i].is_nan() || logs[i].abs() < usual.max(libm::log(limit::GAP_FACTOR)) {
            return None;
        }
        let last = from_days(self.bars.days[i - 1]).map(|d| d.to_string()).unwrap_or_default();
        let text = format!(
            "{} across {} sessions, since {last}: {}",
            self.closes_at(i),
            sessions,
            times(logs[i])
        );
        Some(self.found(i, Check::GapJump, Severity::Warning, text))
    }

    fn split(&self, i: usize, logs: &[f64]) -> Option<Found> {
        let own = logs[i] - self.days.market(self.bars.days[i]);
        let near = libm::log(1.0 + limit::SPLIT_NEAR);
        // New shares for each old one: the price falls by as much.
        let distance = |split: f64| (own.abs() - libm::log(split)).abs();
        let split = *limit::SPLITS.iter().find(|s| distance(**s) < near)?;
        // Nobody joins three shares to two.
        let odd = split.fract() != 0.0 && own > 0.0;
        let (a, b) = (self.bars.value(CLOSE, i - 1), self.bars.value(CLOSE, i));
        let few_cents = a.min(b) < 25.0 * CENT && is_in_cents(a) && is_in_cents(b);
        if odd || few_cents || own.abs() < limit::SPLIT_SCALES * self.scale_before(i) {
            return None;
        }
        // A price that moves so by itself does so in turmoil: a split day is like others.
        let range = |i: usize| self.bars.value(HIGH, i) / self.bars.value(LOW, i);
        let usual = median((i.saturating_sub(20)..i).map(range));
        if libm::log(range(i)) > 2.0 * libm::log(usual) + 0.01 {
            return None;
        }
        let level = self.after(i, CLOSE, AROUND) / self.before(i, CLOSE, AROUND);
        let stays = (libm::log(level) - logs[i]).abs() < 0.15;
        let (before, after) = (self.before(i, VOLUME, 20), self.after(i, VOLUME, 20));
        let inverse = libm::log(after / before) * -own.signum() / libm::log(split);
        let turmoil = libm::log(self.bars.value(VOLUME, i) / before).abs() > libm::log(split) + 1.2;
        if !stays || turmoil || inverse < -0.5 {
            return None;
        }
        let ratio =
            if split.fract() == 0.0 { format!("{split}:1") } else { format!("{}:2", split * 2.0) };
        let ratio = match own < 0.0 {
            true => ratio,
            false => ratio.split_once(':').map(|(a, b)| format!("{b}:{a}")).unwrap_or_default(),
        };
        let volume = match inverse.is_finite() {
            true => format!(", volume ×{:.1}", after / before),
            false => String::new(),
        };
        let text = format!("{} as by a split {ratio}{volume}", self.closes_at(i));
        Some(self.found(i, Check::UnadjustedSplit, Severity::Warning, text))
    }

    fn jump(&self, i: usize, logs: &[f64]) -> Option<Found> {
        let log = self.without_ticks(i, logs[i]);
        if log.is_nan() || log.abs() < self.least(i, limit::JUMP_FACTOR, limit::JUMP_ALWAYS) {
            return None;
        }
        let text = format!("{}, and stays: {}", self.closes_at(i), times(logs[i]));
        Some(self.found(i, Check::Jump, Severity::Warning, text))
    }
}

const CENT: f64 = 0.01;

fn is_in_cents(price: f64) -> bool {
    let cents = price / CENT;
    (cents - cents.round()).abs() < 1e-4
}

/// A price to six digits.
pub(super) fn price(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return exact(number);
    }
    let digits = (5 - libm::log10(number.abs()).floor() as i32).clamp(0, 12) as usize;
    let text = format!("{number:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// `×52.3` or `1/52.3`.
fn times(log: f64) -> String {
    let factor = libm::exp(log.abs());
    let digits = if factor < 10.0 { 2 } else { usize::from(factor < 1000.0) };
    format!("{}{factor:.digits$}", if log > 0.0 { "×" } else { "1/" })
}
