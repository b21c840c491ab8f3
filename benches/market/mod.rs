//! What several benches share: the market of the card, and its line.

use decile::{Market, data::Sample};
use std::path::PathBuf;

/// The card's line.
pub(crate) const CARD: &str =
    "select top 50 by rank(value) + rank(momentum) weight equal cap sector 25% rebalance quarterly";

/// A stored market of 3,000 assets × 20 years, made once and kept beside the build.
pub(crate) fn stored() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("market-3000-20");
    if Market::open(&folder).is_err() {
        let market = Sample { assets: 3000, years: 20, ..Sample::default() }.market();
        market.store(&folder, &()).expect("the folder of the build can be written");
    }
    folder
}
