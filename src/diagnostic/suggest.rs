//! "Did you mean": one function for names, fields, operators, parameters, keywords and symbols.

/// The candidates nearest to `name`, best first, at most three: within a third of its length by Damerau–Levenshtein
/// distance, or containing it. Names under three characters get none.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if name.chars().count() < 3 {
        return vec![];
    }
    let lower = name.to_lowercase();
    let limit = (lower.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &other);
            let contained = lower.len() >= 4
                && (other.contains(&lower) || (other.len() >= 4 && lower.contains(&other)));
            if distance <= limit {
                Some((distance, candidate))
            } else {
                contained.then_some((limit + distance, candidate))
            }
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|(_, candidate)| candidate).take(3).collect()
}
