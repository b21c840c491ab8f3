//! Whether a market still says of the past what it said before.

use super::Market;
use super::words::counted;
use crate::diagnostic::{Code, Diagnostic};
use crate::panel::{
    AsOf, Date, Field, FieldData, FieldId, MISSING, MarketData, Row, days_since_epoch,
};
use crate::types::Kind;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// How far a return may be from what it was: the index that holds it may begin at another number.
const RETURN_TOLERANCE: f64 = 1e-9;
/// How many changes of a field are shown.
const SHOWN: usize = 3;

/// What a new version of a market adds to the one before, and what it says otherwise.
pub struct History {
    /// Dates that were added at the end.
    pub added: usize,
    /// What is different in what was there, a warning for each field.
    pub changes: Vec<Diagnostic>,
}

/// A value that is not what it was.
struct Change {
    symbol: Option<String>,
    date: Option<Date>,
    before: String,
    after: String,
}

/// The changes of a field: how many, and the first of them.
#[derive(Default)]
struct Changes {
    count: usize,
    assets: usize,
    shown: Vec<Change>,
}

impl Changes {
    fn of(list: impl Iterator<Item = Change>) -> Self {
        let mut changes = Self::default();
        for change in list {
            changes.count += 1;
            changes.assets = usize::from(change.symbol.is_some());
            if changes.shown.len() < SHOWN {
                changes.shown.push(change);
            }
        }
        changes
    }

    fn with(mut self, more: Self) -> Self {
        self.count += more.count;
        self.assets += more.assets;
        self.shown.extend(more.shown);
        self.shown.truncate(SHOWN);
        self
    }
}

/// Compares a market with its version before: everything that was there by that one's last date.
pub(super) fn compare(before: &Market, after: &Market) -> History {
    let pairing = Pairing::new(before, after);
    let mut changes = pairing.gone();
    let fields = before.schema.fields.iter().enumerate();
    let found: Vec<Option<Diagnostic>> = fields
        .map(|(id, field)| {
            let of_field = |f: &Field| f.table == field.table && f.name == field.name;
            let name = format!("`{}.{}`", field.table, field.name);
            match after.schema.fields.iter().position(of_field) {
                None => Some(changed(format!("{name} is not there any more"))),
                Some(new) if after.schema.fields[new].ty != field.ty => {
                    Some(changed(format!("{name} is of another kind or unit than it was")))
                }
                Some(new) => {
                    let list = pairing.field(FieldId(id as u16), FieldId(new as u16));
                    (list.count > 0).then(|| changed(told(&name, &list)))
                }
            }
        })
        .collect();
    changes.extend(found.into_iter().flatten());
    let last = before.calendar.dates().last();
    let later = |d: &&Date| last.is_none_or(|last| *d > last);
    History { added: after.calendar.dates().iter().filter(later).count(), changes }
}

fn changed(message: String) -> Diagnostic {
    Diagnostic::warning(Code::HistoryChanged, message)
}

fn told(name: &str, changes: &Changes) -> String {
    let of_assets = match changes.assets {
        0 => String::new(),
        n => format!(" of {}", counted(n, "asset")),
    };
    let one = |c: &Change| {
        let symbol = c.symbol.as_ref().map_or(String::new(), |s| format!("{s} "));
        let date = c.date.map_or(String::new(), |d| format!("{d} "));
        format!("{symbol}{date}{} → {}", c.before, c.after)
    };
    let shown: Vec<String> = changes.shown.iter().map(one).collect();
    let more = if changes.count > SHOWN { ", …" } else { "" };
    let values = counted(changes.count, "value");
    format!("{name}: {values}{of_assets} changed: {}{more}", shown.join(", "))
}

/// Two versions of a market, and where the dates and assets of the first are in the second.
struct Pairing<'a> {
    before: &'a Market,
    after: &'a Market,
    /// By row and by asset of the first that the second has too.
    rows: Vec<(Row, Row)>,
    assets: Vec<(usize, usize)>,
}

impl<'a> Pairing<'a> {
    fn new(before: &'a Market, after: &'a Market) -> Self {
        let row = |(row, date): (usize, &Date)| {
            let found = after.calendar.dates().binary_search(date).ok()?;
            Some((row as Row, found as Row))
        };
        let asset = |(asset, symbol): (usize, &String)| {
            Some((asset, after.schema.symbols.binary_search(symbol).ok()?))
        };
        Self {
            before,
            after,
            rows: before.calendar.dates().iter().enumerate().filter_map(row).collect(),
            assets: before.schema.symbols.iter().enumerate().filter_map(asset).collect(),
        }
    }

    /// Dates and assets that are not there any more, and dates that came between.
    fn gone(&self) -> Vec<Diagnostic> {
        let listed = |what: &str, kind: &str, list: Vec<String>| {
            let more = if list.len() > SHOWN { ", …" } else { "" };
            let shown = list.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            let count = counted(list.len(), kind);
            (!list.is_empty()).then(|| changed(format!("{what}: {count} ({shown}{more})")))
        };
        let (old, new) = (self.before.calendar.dates(), self.after.calendar.dates());
        let lost = old.iter().filter(|d| new.binary_search(d).is_err()).map(Date::to_string);
        let last = old.last();
        let between = new
            .iter()
            .filter(|d| last.is_some_and(|last| *d <= last) && old.binary_search(d).is_err())
            .map(Date::to_string);
        let symbols = &self.after.schema.symbols;
        let assets = self.before.schema.symbols.iter();
        let without = assets.filter(|s| symbols.binary_search(s).is_err()).cloned();
        [
            listed("no sessions any more", "date", lost.collect()),
            listed("new, and not after the last", "date", between.collect()),
            listed("not there any more", "asset", without.collect()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The values of a field that are not what they were.
    fn field(&self, old: FieldId, new: FieldId) -> Changes {
        let field = self.before.schema.field(old);
        let is_index = field.table == "prices" && field.name == "total_return";
        if let (FieldData::Series(before), FieldData::Series(after)) =
            (self.before.field(old), self.after.field(new))
        {
            let pairs =
                self.rows.iter().map(|(b, a)| (*b, before[*b as usize], after[*a as usize]));
            return self.differing((old, new), None, pairs);
        }
        let lists: Vec<Changes> = self
            .assets
            .par_iter()
            .map(|(b, a)| {
                let symbol = Some(&self.before.schema.symbols[*b]);
                match (self.before.field(old), self.after.field(new)) {
                    (FieldData::Static(before), FieldData::Static(after)) => {
                        let pair = std::iter::once((Row::MAX, before[*b], after[*a]));
                        self.differing((old, new), symbol, pair)
                    }
                    (FieldData::AsOf(before), FieldData::AsOf(after)) => {
                        self.records((&before, *b), (&after, *a), symbol)
                    }
                    (before, after) => {
                        let (old_rows, new_rows): (Vec<Row>, Vec<Row>) =
                            self.rows.iter().copied().unzip();
                        let before = column(&before, *b, &old_rows);
                        let after = column(&after, *a, &new_rows);
                        let (before, after) = match is_index {
                            true => (growth(&before), growth(&after)),
                            false => (before, after),
                        };
                        let pairs = old_rows.iter().zip(before.iter().zip(&after));
                        let pairs = pairs.map(|(row, (b, a))| (*row, *b, *a));
                        match is_index {
                            true => self.differing(
                                (old, new),
                                symbol,
                                pairs.filter(|(_, b, a)| {
                                    b.is_nan() != a.is_nan() || (b - a).abs() > RETURN_TOLERANCE
                                }),
                            ),
                            false => self.differing((old, new), symbol, pairs),
                        }
                    }
                }
            })
            .collect();
        lists.into_iter().fold(Changes::default(), Changes::with)
    }

    /// The changes among values, given with their rows in the first.
    fn differing(
        &self,
        (old, new): (FieldId, FieldId),
        symbol: Option<&String>,
        pairs: impl Iterator<Item = (Row, f64, f64)>,
    ) -> Changes {
        let is_label = self.before.schema.field(old).ty.kind == Kind::Label;
        let same = |before: f64, after: f64| match is_label {
            true => self.before.label(old, before) == self.after.label(new, after),
            false => before.to_bits() == after.to_bits() || (before.is_nan() && after.is_nan()),
        };
        let shown = |market: &Market, id: FieldId, value: f64| match market.label(id, value) {
            Some(text) if is_label => text.to_owned(),
            _ if value.is_nan() => "missing".to_owned(),
            _ => value.to_string(),
        };
        let change = |(row, before, after): (Row, f64, f64)| Change {
            symbol: symbol.cloned(),
            date: self.before.calendar.dates().get(row as usize).copied(),
            before: shown(self.before, old, before),
            after: shown(self.after, new, after),
        };
        Changes::of(pairs.filter(|(_, before, after)| !same(*before, *after)).map(change))
    }

    /// Records known by the last date of the first version that only one of the two has.
    fn records(
        &self,
        (before, b): (&AsOf<'_>, usize),
        (after, a): (&AsOf<'_>, usize),
        symbol: Option<&String>,
    ) -> Changes {
        let last = self.before.calendar.dates().last().copied();
        let of = |market: &Market, data: &AsOf<'_>, asset: usize| -> BTreeSet<(i32, i32, u64)> {
            let records = data.offsets[asset] as usize..data.offsets[asset + 1] as usize;
            let dates = market.calendar.dates();
            let record = |i: usize| {
                let known = *dates.get(data.known_from[i] as usize)?;
                let is_old = last.is_some_and(|last| known <= last);
                let value = data.values[i];
                let value = if value.is_nan() { f64::NAN } else { value };
                is_old.then(|| (days_since_epoch(known), data.period_end[i], value.to_bits()))
            };
            records.filter_map(record).collect()
        };
        let (old, new) = (of(self.before, before, b), of(self.after, after, a));
        let told = |(known, end, value): &(i32, i32, u64), is_old: bool| {
            let day = |days: i32| crate::panel::from_days(days);
            let period = day(*end).map_or(String::new(), |d| format!(" (period to {d})"));
            let value = format!("{}{period}", f64::from_bits(*value));
            let none = "nothing".to_owned();
            let (before, after) = if is_old { (value, none) } else { (none, value) };
            Change { symbol: symbol.cloned(), date: day(*known), before, after }
        };
        let lost = old.difference(&new).map(|r| told(r, true));
        Changes::of(lost.chain(new.difference(&old).map(|r| told(r, false))))
    }
}

/// What an index grew by at each value, from the value before that is there.
fn growth(index: &[f64]) -> Vec<f64> {
    let mut last = MISSING;
    let step = |value: &f64| {
        let grown = value / last - 1.0;
        if !value.is_nan() {
            last = *value;
        }
        grown
    };
    index.iter().map(step).collect()
}

/// The values of an asset at rows.
fn column(data: &FieldData<'_>, asset: usize, rows: &[Row]) -> Vec<f64> {
    let mut values = vec![MISSING; rows.len()];
    match data {
        FieldData::Panel(panel) => {
            rows.iter().zip(&mut values).for_each(|(row, v)| *v = panel[[*row as usize, asset]]);
        }
        FieldData::Series(series) => {
            rows.iter().zip(&mut values).for_each(|(row, v)| *v = series[*row as usize]);
        }
        FieldData::Static(all) => values.fill(all[asset]),
        FieldData::AsOf(records) => records.latest(asset, rows, |i, v| values[i] = v),
        FieldData::Steps(steps) => steps.at(asset, rows, |i, v| values[i] = v),
        FieldData::Spells(spells) => {
            values.fill(0.0);
            let list = spells.assets.iter().zip(spells.from.iter().zip(spells.until));
            for (_, (from, until)) in list.filter(|(a, _)| **a as usize == asset) {
                let inside =
                    rows.partition_point(|r| r < from)..rows.partition_point(|r| r < until);
                values[inside].fill(1.0);
            }
        }
    }
    values
}
