//! Who is picked: the eligible in the order of their scores, with groups, buffers and ties.

use super::{Decision, Funnel};
use crate::{
    check::{Pick, PickCount, SignalId},
    execute::Signals,
    panel::{MISSING, Row},
};
use std::{borrow::Cow, collections::BTreeMap};

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
    key: u64,
    /// The asset; with `NOT_HELD` set it comes after all that are held.
    tie: u32,
}

/// The key of what has no score, behind every score.
const LAST: u64 = u64::MAX;

impl Rank {
    const NOT_HELD: u32 = 1 << 31;

    fn new(key: u64, asset: usize) -> Self {
        Self { key, tie: asset as u32 | Self::NOT_HELD }
    }

    fn asset(self) -> usize {
        (self.tie & !Self::NOT_HELD) as usize
    }

    fn candidate(self, score: f64) -> Candidate {
        let held = self.tie & Self::NOT_HELD == 0;
        Candidate { asset: self.asset(), score, held, stays: false, group: 0, place: 0 }
    }
}

/// A score as a whole number, the smaller, the better.
#[inline(always)]
fn key_of(score: f64, from_the_bottom: bool) -> u64 {
    // Zero and negative zero are one score.
    let bits = (score + 0.0).to_bits();
    // The bits of floating-point numbers are in their order once those of negative ones are turned over.
    let ascending = bits ^ (((bits as i64 >> 63) as u64) | 1 << 63);
    if from_the_bottom { ascending } else { !ascending }
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

    /// The values for so many assets.
    fn of_all(self, assets: usize) -> Cow<'a, [f64]> {
        if self.0.len() == 1 { vec![self.0[0]; assets].into() } else { self.0.into() }
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
    let (mut keys, mut funnel) = eligible(decision, pick);
    let mut total = funnel.scored;
    for asset in taken.iter().chain(book.barred) {
        total -= usize::from(keys[*asset] != LAST);
        keys[*asset] = LAST;
    }
    let needed = places_needed(pick, total).filter(|needed| *needed < total);
    let mut ranks = match needed {
        Some(needed) => best(&keys, needed),
        None => of_keys(&keys, LAST - 1),
    };
    if !book.bound.is_empty() {
        let is_free =
            |a: &usize| taken.binary_search(a).is_err() && book.barred.binary_search(a).is_err();
        let bound = with_bound(decision, pick, book.bound, &mut funnel);
        ranks.extend(bound.into_iter().filter(|r| is_free(&r.asset())));
        ranks.sort_unstable_by_key(|rank| rank.asset());
        total = ranks.len();
    }
    for asset in book.held {
        if let Ok(place) = ranks.binary_search_by_key(asset, |r| r.asset()) {
            ranks[place].tie &= !Rank::NOT_HELD;
        }
    }
    ranks.sort_unstable();
    ranks.truncate(needed.unwrap_or(total));
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

/// The key of each asset, `LAST` where it may not be picked, and the funnel so far.
fn eligible(decision: Decision<'_>, pick: &Pick) -> (Vec<u64>, Funnel) {
    let Decision { market, policy, signals, row } = decision;
    let closes = market.prices().close;
    let closes = closes.row(row as usize).to_slice().expect("panels are row-major");
    let count = closes.len();
    let at = |id: SignalId| AtRow::new(signals, id, row).of_all(count);
    let mut mask = vec![u64::MAX; count];
    let universe = at(policy.universe);
    let mut funnel = Funnel { universe: keep_true(&mut mask, &universe), ..Funnel::default() };
    for (filter, _) in &policy.filters {
        funnel.filters.push(keep_true(&mut mask, &at(*filter)));
    }
    let mut mask = vec![u64::MAX; count];
    keep_true(&mut mask, &universe);
    keep_present(&mut mask, closes);
    funnel.eligible = keep_true(&mut mask, &at(policy.eligible));
    let scores = pick.by.map_or_else(|| vec![0.0; count].into(), at);
    funnel.scored = score_keys(&scores, is_from_the_bottom(pick), &mut mask);
    (mask, funnel)
}

fn is_from_the_bottom(pick: &Pick) -> bool {
    matches!(pick.count, PickCount::Bottom(_) | PickCount::BottomShare(_))
}

/// Keeps the bits of a mask where a value is 1; gives how many are left.
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq",
    "x86_64+avx2",
    "aarch64+neon",
))]
fn keep_true(mask: &mut [u64], values: &[f64]) -> usize {
    let mut left = 0;
    for (mask, x) in mask.iter_mut().zip(values) {
        *mask &= if *x == 1.0 { u64::MAX } else { 0 };
        left += *mask & 1;
    }
    left as usize
}

/// Keeps the bits of a mask where a value is present.
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq",
    "x86_64+avx2",
    "aarch64+neon",
))]
fn keep_present(mask: &mut [u64], values: &[f64]) {
    for (mask, x) in mask.iter_mut().zip(values) {
        *mask &= if x.is_nan() { 0 } else { u64::MAX };
    }
}

/// Turns a mask into the keys of scores, `LAST` where it has no bits or the score is not finite; gives how many there are.
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq",
    "x86_64+avx2",
    "aarch64+neon",
))]
fn score_keys(scores: &[f64], from_the_bottom: bool, mask: &mut [u64]) -> usize {
    let mut count = 0;
    for (mask, score) in mask.iter_mut().zip(scores) {
        let kept = *mask & if score.abs() <= f64::MAX { u64::MAX } else { 0 };
        count += kept & 1;
        *mask = key_of(*score, from_the_bottom) | !kept;
    }
    count as usize
}

/// The ranks of all assets with a key up to the last of so many that are better than the others, by asset.
fn best(keys: &[u64], needed: usize) -> Vec<Rank> {
    let Some(last) = needed.checked_sub(1) else { return vec![] };
    let mut sorted = keys.to_vec();
    let (_, worst, _) = sorted.select_nth_unstable(last);
    of_keys(keys, *worst)
}

/// The ranks of all assets with a key up to one, by asset.
fn of_keys(keys: &[u64], worst: u64) -> Vec<Rank> {
    let assets = keys.iter().enumerate().filter(|(_, key)| **key <= worst);
    assets.map(|(asset, key)| Rank::new(*key, asset)).collect()
}

/// The ranks of those that are bound to be held though they are not eligible or have no score, which come last: it is
/// enough that they are in the universe. The funnel counts them.
fn with_bound(
    decision: Decision<'_>,
    pick: &Pick,
    bound: &[usize],
    funnel: &mut Funnel,
) -> Vec<Rank> {
    let Decision { market, policy, signals, row } = decision;
    let closes = market.prices().close;
    let at = |id: SignalId| AtRow::new(signals, id, row);
    let score = |asset: usize| pick.by.map_or(0.0, |id| at(id).of(asset));
    let in_universe = |asset: &&usize| {
        at(policy.universe).of(**asset) == 1.0 && !closes[[row as usize, **asset]].is_nan()
    };
    let mut ranks = vec![];
    for &asset in bound.iter().filter(in_universe) {
        let is_eligible = at(policy.eligible).of(asset) == 1.0;
        let is_scored = score(asset).is_finite();
        funnel.eligible += usize::from(!is_eligible);
        funnel.scored += usize::from(!is_eligible && is_scored);
        let key = if is_scored { key_of(score(asset), is_from_the_bottom(pick)) } else { LAST };
        if !(is_eligible && is_scored) {
            ranks.push(Rank::new(key, asset));
        }
    }
    ranks
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
