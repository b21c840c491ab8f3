//! Which asset a symbol stands for on a day: symbols are replaced, change, and are used again by other companies.

use super::{
    catalog::RenameTable,
    load::{Context, column},
    moment::DayForm,
    table::Wanted,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{Date, from_days};
use std::{borrow::Cow, collections::BTreeMap};

/// The day of what has no date: after every change.
pub(super) const LAST_DAY: i32 = i32::MAX;

/// What symbols stand for. An asset is called by its last symbol; one whose symbol another company used later, by that
/// symbol with the day before another had it: `ABC~2009-12-31`.
#[derive(Debug, Default)]
pub(super) struct Names {
    replace: Vec<(String, String)>,
    /// By symbol that ever changed hands: from which day on it stands for which asset. The first from the first day.
    spells: BTreeMap<String, Vec<(i32, String)>>,
}

/// A change of symbols: on `day`, `old` became `new`; or, without `new`, nobody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    day: i32,
    old: String,
    new: Option<String>,
}

impl Names {
    /// The replacements of the catalog, and the changes in its table of renames.
    pub(super) fn read(context: &Context<'_>) -> Result<Self, Vec<Diagnostic>> {
        let replace = context.catalog.symbol_replace.clone();
        let mut names = Self { replace, spells: BTreeMap::new() };
        if let Some(spec) = &context.catalog.renames {
            let changes = names.changes(context, spec)?;
            names.spells = spells(&changes);
        }
        Ok(names)
    }

    fn changes(
        &self,
        context: &Context<'_>,
        spec: &RenameTable,
    ) -> Result<Vec<Change>, Vec<Diagnostic>> {
        let one = |d: Diagnostic| vec![d];
        let file = context.source(spec.origin()).map_err(one)?;
        let date =
            Wanted::Date { form: DayForm::plain(spec.date_format.as_ref()), optional: false };
        let wanted = [
            (column(&file, &spec.old).map_err(one)?, Wanted::Text),
            (column(&file, &spec.new).map_err(one)?, Wanted::Text),
            (column(&file, &spec.date).map_err(one)?, date),
        ];
        let table = file.read(&wanted, &[], context.options.progress)?;
        let mut changes: Vec<Change> = (0..table.rows)
            .map(|row| {
                let symbol =
                    |at: usize| self.replaced(table.text(at).get(row), &spec.symbol_replace);
                let new = symbol(1);
                let new = (!new.is_empty()).then_some(new);
                Change { day: table.date(2)[row], old: symbol(0), new }
            })
            .filter(|change| change.new.as_ref() != Some(&change.old) && !change.old.is_empty())
            .collect();
        changes.sort();
        changes.dedup();
        for pair in changes.windows(2) {
            if pair[0].day == pair[1].day && pair[0].old == pair[1].old {
                let day = shown(pair[0].day);
                let message = format!("`{}` becomes two symbols on {day}", pair[0].old);
                let error = Diagnostic::error(Code::DuplicateRow, message).in_file(file.path());
                return Err(vec![error.help("a symbol changes to one other on a day")]);
            }
        }
        Ok(changes)
    }

    /// A symbol with the texts replaced that the catalog and the table say.
    pub(super) fn replaced(&self, text: &str, own: &[(String, String)]) -> String {
        let mut symbol = text.trim().to_owned();
        for (from, to) in self.replace.iter().chain(own) {
            if !from.is_empty() {
                symbol = symbol.replace(from.as_str(), to);
            }
        }
        symbol
    }

    /// Whether a symbol ever changed hands.
    pub(super) fn changes_hands(&self, symbol: &str) -> bool {
        self.spells.contains_key(symbol)
    }

    /// What the asset is called that a symbol stood for on a day.
    pub(super) fn asset<'a>(&'a self, symbol: &'a str, day: i32) -> Cow<'a, str> {
        match self.spells.get(symbol) {
            None => symbol.into(),
            Some(spells) => {
                let place = spells.partition_point(|(from, _)| *from <= day);
                spells[place.saturating_sub(1)].1.as_str().into()
            }
        }
    }
}

fn shown(day: i32) -> String {
    from_days(day).map_or_else(String::new, |d: Date| d.to_string())
}

/// The spells of every symbol that stands in a change, each with what its asset is called.
fn spells(changes: &[Change]) -> BTreeMap<String, Vec<(i32, String)>> {
    // The days on which a symbol begins to stand for another asset than before.
    let mut cuts: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for change in changes {
        for symbol in [Some(&change.old), change.new.as_ref()].into_iter().flatten() {
            let days = cuts.entry(symbol).or_default();
            if days.last() != Some(&change.day) {
                days.push(change.day);
            }
        }
    }
    let becomes: BTreeMap<(&str, i32), &str> =
        changes.iter().filter_map(|c| Some(((c.old.as_str(), c.day), c.new.as_deref()?))).collect();
    let named = |symbol: &str, place: usize| {
        // A spell that ends with a change goes on as the spell of the new symbol that begins that day.
        let (mut symbol, mut place) = (symbol, place);
        while let Some(end) = cuts[symbol].get(place) {
            let Some(next) = becomes.get(&(symbol, *end)) else { break };
            symbol = next;
            place = cuts[symbol].partition_point(|day| day <= end);
        }
        match cuts[symbol].get(place) {
            None => symbol.to_owned(),
            Some(end) => format!("{symbol}~{}", shown(end - 1)),
        }
    };
    let spells = |(symbol, days): (&&str, &Vec<i32>)| {
        let starts = std::iter::once(i32::MIN).chain(days.iter().copied());
        let list = starts.enumerate().map(|(place, from)| (from, named(symbol, place))).collect();
        ((*symbol).to_owned(), list)
    };
    cuts.iter().map(spells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(changes: &[(i32, &str, &str)]) -> Names {
        let mut changes: Vec<Change> = changes
            .iter()
            .map(|(day, old, new)| Change {
                day: *day,
                old: (*old).to_owned(),
                new: (!new.is_empty()).then(|| (*new).to_owned()),
            })
            .collect();
        changes.sort();
        Names { replace: vec![], spells: spells(&changes) }
    }

    #[test]
    fn a_company_keeps_its_asset_through_its_symbols() {
        let names = names(&[(100, "A", "B"), (200, "B", "C")]);
        for (symbol, day) in [("A", 99), ("B", 100), ("B", 199), ("C", 200), ("C", LAST_DAY)] {
            assert_eq!(names.asset(symbol, day), "C", "{symbol} on {day}");
        }
        assert_eq!(names.asset("D", 5), "D");
    }

    #[test]
    fn a_symbol_that_is_used_again_is_another_asset() {
        // Before day 100 `B` was another company, and from day 250 on `A` is.
        let names = names(&[(100, "A", "B"), (250, "A", ""), (400, "B", "")]);
        assert_eq!(names.asset("B", 99), "B~1970-04-10");
        assert_eq!(names.asset("A", 99), names.asset("B", 100));
        assert_eq!(names.asset("A", 100), "A~1970-09-07");
        assert_eq!(names.asset("A", 300), "A");
        assert_eq!(names.asset("B", LAST_DAY), "B");
    }

    #[test]
    fn symbols_may_change_places() {
        let names = names(&[(100, "A", "B"), (100, "B", "A")]);
        assert_eq!(names.asset("A", 99), "B");
        assert_eq!(names.asset("B", 99), "A");
        assert_eq!(names.asset("A", 100), "A");
    }
}
