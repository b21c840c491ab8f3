//! Who is picked: the eligible in the order of their scores, with groups, buffers and ties.

use super::{Decision, Funnel};
use crate::{
    check::{Pick, PickCount, SignalId},
    execute::Signals,
    panel::{MISSING, Row},
};
use std::collections::BTreeMap;

/// An asset that was picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picked {
    /// The asset's column.
    pub asset: usize,
    /// Its score; 0 where the strategy has none.
    pub score: f64,
    /// 1 for the best of the picked.
    pub place: usize,
}

/// Who was picked, best first, and how many were left at each stage until then.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Best first.
    pub picked: Vec<Picked>,
    /// Filled in up to `picked`.
    pub funnel: Funnel,
}

struct Candidate {
    asset: usize,
    score: f64,
    held: bool,
    /// It is held, and keeps its place.
    stays: bool,
    /// The group in which the count is meant.
    group: u32,
    /// 1 is the best of its group.
    place: usize,
}

/// A candidate as two integers whose order is that of picking: sorting them is most of the work of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// The smaller, the better the score.
    score: u64,
    /// The asset; with `NOT_HELD` set it comes after all that are held.
    tie: u32,
}

impl Rank {
    const NOT_HELD: u32 = 1 << 31;

    fn new(score: f64, from_the_bottom: bool, asset: usize) -> Self {
        // Zero and negative zero are one score.
        let bits = (score + 0.0).to_bits();
        // The bits of floating-point numbers are in their order once those of negative ones are turned over.
        let ascending = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        let score = if from_the_bottom { ascending } else { !ascending };
        Self { score, tie: asset as u32 | Self::NOT_HELD }
    }

    /// Behind every score.
    fn last(asset: usize) -> Self {
        Self { score: u64::MAX, tie: asset as u32 | Self::NOT_HELD }
    }

    fn asset(self) -> usize {
        (self.tie & !Self::NOT_HELD) as usize
    }

    fn candidate(self, score: f64) -> Candidate {
        let held = self.tie & Self::NOT_HELD == 0;
        Candidate { asset: self.asset(), score, held, stays: false, group: 0, place: 0 }
    }
}

/// The values of a signal at one row.
#[derive(Clone, Copy)]
pub(super) struct AtRow<'a>(&'a [f64]);

impl<'a> AtRow<'a> {
    /// Everything is missing at a row that was not asked for.
    pub(super) fn new(signals: &'a Signals, id: SignalId, row: Row) -> Self {
        Self(signals.get(id).row(row).unwrap_or(&[MISSING]))
    }

    /// The value for an asset.
    pub(super) fn of(self, asset: usize) -> f64 {
        if self.0.len() == 1 { self.0[0] } else { self.0[asset] }
    }
}

/// The group of the assets without a label.
pub(super) const NO_GROUP: u32 = u32::MAX;

/// The group of a label's value; those without a label are one group.
pub(super) fn group_of(label: f64) -> u32 {
    if label.is_nan() { NO_GROUP } else { label as u32 }
}

/// What a pick has to know of the book; each list is of assets, sorted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Incumbents<'a> {
    /// What is held on the side of the pick.
    pub held: &'a [usize],
    /// What of it may not leave yet (`hold at least`), as long as it is in the universe.
    pub bound: &'a [usize],
    /// What of it a `keep until` keeps no longer.
    pub released: &'a [usize],
    /// What may not be picked (`exit when`).
    pub barred: &'a [usize],
}

/// Picks what is to be held long. Ties go to what is held, then to the symbol that sorts first.
pub fn select(decision: Decision<'_>, book: Incumbents<'_>) -> Selection {
    pick(decision, &decision.policy.pick, book, &[])
}

/// Picks what is to be sold short, of all that is not picked `long`. Empty for a strategy without that side.
pub fn select_short(decision: Decision<'_>, book: Incumbents<'_>, long: &[Picked]) -> Selection {
    match &decision.policy.short {
        None => Selection { picked: vec![], funnel: Funnel::default() },
        Some(short) => {
            let mut taken: Vec<usize> = long.iter().map(|p| p.asset).collect();
            taken.sort_unstable();
            pick(decision, short, book, &taken)
        }
    }
}

/// Picks among all but those that are `taken`, sorted.
fn pick(decision: Decision<'_>, pick: &Pick, book: Incumbents<'_>, taken: &[usize]) -> Selection {
    let Decision { signals, row, .. } = decision;
    let (mut ranks, mut funnel) = eligible(decision, pick, book.bound);
    let is_free = |r: &Rank| {
        taken.binary_search(&r.asset()).is_err() && book.barred.binary_search(&r.asset()).is_err()
    };
    if !(taken.is_empty() && book.barred.is_empty()) {
        ranks.retain(is_free);
    }
    for asset in book.held {
        if let Ok(place) = ranks.binary_search_by_key(asset, |r| r.asset()) {
            ranks[place].tie &= !Rank::NOT_HELD;
        }
    }
    let total = ranks.len();
    if let Some(needed) = places_needed(pick, total)
        && needed < total
    {
        ranks.select_nth_unstable(needed);
        ranks.truncate(needed);
    }
    ranks.sort_unstable();
    let scores = pick.by.map(|id| AtRow::new(signals, id, row));
    let mut candidates: Vec<Candidate> =
        ranks.iter().map(|r| r.candidate(scores.map_or(0.0, |s| s.of(r.asset())))).collect();
    let sizes = number_places(&mut candidates, pick.per, signals, row);
    funnel.asked = asked(pick.count, sizes.len(), pick.per.is_some());
    for candidate in &mut candidates {
        candidate.stays = stays(candidate, pick, book);
    }
    let mut picked = fill_places(&candidates, pick, &sizes, total, decision);
    if let Some(most) = pick.replace_at_most {
        let is_picked = |c: &Candidate| picked.iter().any(|p| p.asset == c.asset);
        // Those that leave by their score alone, the best first.
        let leaving: Vec<usize> = (0..candidates.len())
            .filter(|&i| candidates[i].held && !is_picked(&candidates[i]))
            .collect();
        let remain = leaving.len().saturating_sub(most);
        if remain > 0 {
            leaving[..remain].iter().for_each(|&i| candidates[i].stays = true);
            picked = fill_places(&candidates, pick, &sizes, total, decision);
        }
    }
    funnel.picked = picked.len();
    let picked = best_first(&candidates, &picked);
    Selection { picked, funnel }
}

/// Whether a holding keeps its place whatever others score.
fn stays(candidate: &Candidate, pick: &Pick, book: Incumbents<'_>) -> bool {
    let is_in = |list: &[usize]| list.binary_search(&candidate.asset).is_ok();
    let has_buffer = pick.keep_until_place.is_some() || !pick.keep_until.is_empty();
    let is_near = pick.keep_until_place.is_none_or(|n| candidate.place <= n);
    candidate.held && (is_in(book.bound) || has_buffer && is_near && !is_in(book.released))
}

/// Gives the places there are, first to the holdings that stay.
fn fill_places<'c>(
    candidates: &'c [Candidate],
    pick: &Pick,
    sizes: &BTreeMap<u32, usize>,
    total: usize,
    decision: Decision<'_>,
) -> Vec<&'c Candidate> {
    let Decision { signals, row, .. } = decision;
    let whole = |size: usize| if pick.per.is_none() { total } else { size };
    let mut places_left: BTreeMap<u32, usize> =
        sizes.iter().map(|(&group, &size)| (group, share_of(pick.count, whole(size)))).collect();
    let at_most = pick.at_most.map(|(most, label)| (most, AtRow::new(signals, label, row)));
    let mut taken_per_label: BTreeMap<u32, usize> = BTreeMap::new();
    let mut picked = vec![];
    for candidate in in_turn(candidates, pick, sizes) {
        let left = places_left.entry(candidate.group).or_default();
        if *left == 0 {
            continue;
        }
        if let Some((most, labels)) = at_most {
            let group = group_of(labels.of(candidate.asset));
            let taken = taken_per_label.entry(group).or_default();
            if *taken == most {
                continue;
            }
            *taken += 1;
        }
        *left -= 1;
        picked.push(candidate);
    }
    picked
}

/// The assets that may be picked, in their own order, none of them marked as held, and the funnel so far. What is `bound`
/// to be held need only be in the universe; without a score it comes last.
fn eligible(decision: Decision<'_>, pick: &Pick, bound: &[usize]) -> (Vec<Rank>, Funnel) {
    let Decision { market, policy, signals, row } = decision;
    let closes = market.prices().close;
    let closes = closes.row(row as usize).to_slice().expect("panels are row-major");
    let at = |id: SignalId| AtRow::new(signals, id, row);
    let (universe, eligible) = (at(policy.universe), at(policy.eligible));
    let filters: Vec<AtRow<'_>> = policy.filters.iter().map(|(id, _)| at(*id)).collect();
    let scores = pick.by.map(at);
    let mut funnel = Funnel { filters: vec![0; filters.len()], ..Funnel::default() };
    let from_the_bottom = matches!(pick.count, PickCount::Bottom(_) | PickCount::BottomShare(_));
    let score = |asset: usize| scores.map_or(0.0, |s| s.of(asset));
    let rank = |asset: usize| Rank::new(score(asset), from_the_bottom, asset);
    // Without branches on what differs from asset to asset: those cost more than the work.
    let mut ranks = vec![Rank::last(0); closes.len()];
    let (mut in_universe, mut in_play, mut scored) = (0, 0, 0);
    for (asset, close) in closes.iter().enumerate() {
        let mut passes = universe.of(asset) == 1.0;
        in_universe += usize::from(passes);
        for (filter, left) in filters.iter().zip(&mut funnel.filters) {
            passes &= filter.of(asset) == 1.0;
            *left += usize::from(passes);
        }
        let is_eligible =
            (universe.of(asset) == 1.0) & !close.is_nan() & (eligible.of(asset) == 1.0);
        let is_scored = is_eligible & score(asset).is_finite();
        in_play += usize::from(is_eligible);
        ranks[scored] = rank(asset);
        scored += usize::from(is_scored);
    }
    ranks.truncate(scored);
    (funnel.universe, funnel.eligible, funnel.scored) = (in_universe, in_play, scored);
    for &asset in bound.iter().filter(|a| universe.of(**a) == 1.0 && !closes[**a].is_nan()) {
        let (is_eligible, is_scored) = (eligible.of(asset) == 1.0, score(asset).is_finite());
        funnel.eligible += usize::from(!is_eligible);
        funnel.scored += usize::from(!is_eligible && is_scored);
        match (is_eligible, is_scored) {
            (_, false) => ranks.push(Rank::last(asset)),
            (false, true) => ranks.push(rank(asset)),
            (true, true) => {}
        }
    }
    if !bound.is_empty() {
        ranks.sort_unstable_by_key(|rank| rank.asset());
    }
    (ranks, funnel)
}

/// How many of the best candidates decide the pick; `None` where all may.
fn places_needed(pick: &Pick, total: usize) -> Option<usize> {
    let every_place_counts = pick.per.is_some()
        || pick.at_most.is_some()
        || pick.hold_at_least > 0
        || pick.replace_at_most.is_some()
        || !pick.keep_until.is_empty()
        || matches!(pick.count, PickCount::All | PickCount::Quantile { .. });
    // The best n are never all passed over, so nobody behind both n and the buffer is picked.
    (!every_place_counts)
        .then(|| share_of(pick.count, total).max(pick.keep_until_place.unwrap_or(0)))
}

/// Numbers the sorted candidates within their groups; gives the size of each group.
fn number_places(
    candidates: &mut [Candidate],
    per: Option<SignalId>,
    signals: &Signals,
    row: Row,
) -> BTreeMap<u32, usize> {
    let mut sizes = BTreeMap::new();
    let labels = per.map(|label| AtRow::new(signals, label, row));
    for candidate in candidates {
        candidate.group = labels.map_or(0, |l| group_of(l.of(candidate.asset)));
        let size = sizes.entry(candidate.group).or_default();
        *size += 1;
        candidate.place = *size;
    }
    sizes
}

/// The order in which places are given: with a buffer, first the holdings that may stay.
fn in_turn<'a>(
    candidates: &'a [Candidate],
    pick: &Pick,
    sizes: &BTreeMap<u32, usize>,
) -> Vec<&'a Candidate> {
    let may_enter = |c: &&Candidate| match pick.count {
        PickCount::Quantile { number, of } => {
            let from_below = sizes[&c.group] - c.place;
            from_below * of / sizes[&c.group] + 1 == number
        }
        _ => true,
    };
    let kept = candidates.iter().filter(|c| c.stays);
    kept.chain(candidates.iter().filter(|c| !c.stays && may_enter(c))).collect()
}

/// How many of a group of `size` are picked.
fn share_of(count: PickCount, size: usize) -> usize {
    match count {
        PickCount::Top(n) | PickCount::Bottom(n) => n.min(size),
        // Rounded up, but for what only the rounding of the product puts above a whole number.
        PickCount::TopShare(share) | PickCount::BottomShare(share) => {
            ((share * size as f64 - 1e-9).ceil().max(0.0) as usize).min(size)
        }
        PickCount::All => size,
        PickCount::Quantile { number, of } => {
            (0..size).filter(|from_below| from_below * of / size + 1 == number).count()
        }
    }
}

/// How many the strategy asks for, where it names a number.
fn asked(count: PickCount, groups: usize, per_group: bool) -> Option<usize> {
    match count {
        PickCount::Top(n) | PickCount::Bottom(n) => Some(if per_group { n * groups } else { n }),
        _ => None,
    }
}

fn best_first(candidates: &[Candidate], picked: &[&Candidate]) -> Vec<Picked> {
    let chosen: std::collections::BTreeSet<usize> = picked.iter().map(|c| c.asset).collect();
    let in_order = candidates.iter().filter(|c| chosen.contains(&c.asset));
    in_order
        .enumerate()
        .map(|(i, c)| Picked { asset: c.asset, score: c.score, place: i + 1 })
        .collect()
}
