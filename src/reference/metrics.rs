//! The metric table as entries.

use super::{Entry, EntryKind, fact, formula};
use crate::metric::{Better, METRICS, Unit};

/// Every metric, in the order of reports.
pub(super) fn entries() -> Vec<Entry> {
    let entry = |metric: &crate::metric::Metric| {
        let unit = match metric.unit {
            Unit::Percent => "a share, shown in percent",
            Unit::Ratio => "a number without a unit",
            Unit::Count => "how many",
            Unit::Money => "money",
            Unit::Date => "a date",
        };
        let better = match metric.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "neither",
        };
        let section = match (metric.relative, metric.detail) {
            (true, _) => "Against a benchmark",
            (false, false) => "Of the track record",
            (false, true) => "Further figures of the track record",
        };
        Entry {
            kind: EntryKind::Metric,
            name: metric.name.to_owned(),
            section: section.to_owned(),
            signature: metric.name.to_owned(),
            summary: metric.summary.to_owned(),
            definition: None,
            facts: vec![
                formula("formula", metric.formula),
                fact("in reports", format!("\"{}\", {unit}", metric.title.trim())),
                fact("better", better),
            ],
            examples: vec![],
        }
    };
    METRICS.iter().map(entry).collect()
}
