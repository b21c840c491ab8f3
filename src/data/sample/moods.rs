//! Calm years, crises and rebounds, and the market that follows them.

use super::economy::{daily, normal, recentre, uniform};
use rand_pcg::Pcg64;

/// What times are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Calm,
    /// The market falls, all returns are larger, and companies move together.
    Crisis,
    /// The months after a crisis.
    Rebound,
}

impl Mood {
    /// Logarithmic return of the market above the rate, a year.
    fn drift(self) -> f64 {
        match self {
            Self::Calm => 0.128,
            Self::Crisis => -0.43,
            Self::Rebound => 0.36,
        }
    }

    /// Volatility of the market, a year.
    fn volatility(self) -> f64 {
        match self {
            Self::Calm => 0.12,
            Self::Crisis => 0.29,
            Self::Rebound => 0.19,
        }
    }

    /// How much larger than in calm times other returns are.
    pub(super) fn unrest(self) -> f64 {
        match self {
            Self::Calm => 1.0,
            Self::Crisis => 1.5,
            Self::Rebound => 1.25,
        }
    }
}

/// The mood of each row: about every seven and a half years a crisis of nine to fifteen months, and the rebound after
/// it. When, and for how long, is drawn.
pub(super) fn moods(rows: usize, random: &mut Pcg64) -> Vec<Mood> {
    let mut moods = vec![Mood::Calm; rows];
    let count = (rows as f64 / (7.5 * 252.0)).round() as usize;
    for crisis in 0..count {
        let length = rows as f64 / count as f64;
        let start = ((crisis as f64 + 0.25 + 0.4 * uniform(random)) * length) as usize;
        let end = start + 190 + (uniform(random) * 125.0) as usize;
        let last = end + 90 + (uniform(random) * 60.0) as usize;
        for (row, mood) in moods.iter_mut().enumerate() {
            match row {
                _ if (start..end).contains(&row) => *mood = Mood::Crisis,
                _ if (end..last).contains(&row) => *mood = Mood::Rebound,
                _ => {}
            }
        }
    }
    moods
}

/// Daily log returns of the market above the rate, and the yearly volatility that is expected on each day.
pub(super) fn market(moods: &[Mood], random: &mut Pcg64) -> (Vec<f64>, Vec<f64>) {
    // Within a mood the logarithm of volatility returns to its mean within some weeks.
    let mut nerves = 0.0;
    let mut fear = vec![];
    let mut returns = vec![];
    let mut expected = moods.first().map_or(0.0, |m| m.volatility());
    for mood in moods {
        nerves = 0.97 * nerves + 0.075 * normal(random);
        expected += 0.15 * (mood.volatility() - expected);
        let volatility = expected * libm::exp(nerves - 0.04);
        fear.push(volatility);
        returns.push(daily(volatility) * normal(random));
    }
    // Each spell goes the way of its mood: chance moves prices within it, not from its first day to its last.
    let mut start = 0;
    for spell in moods.chunk_by(|a, b| a == b) {
        let range = start..start + spell.len();
        recentre(&mut returns[range], spell[0].drift() / 252.0);
        start += spell.len();
    }
    (returns, fear)
}
