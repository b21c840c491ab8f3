//! What is to be said of a market as a whole: who leaves it, what its fields cover, labels without dates.

use super::{
    checks::{Check, Severity, limit},
    fields::FieldSummary,
    ledger::{Finding, Ledger},
    moves::median,
};
use crate::data::{Market, words::counted};
use crate::panel::{Date, FieldData, MarketData, Row};
use crate::types::Basis;
use std::collections::{BTreeMap, BTreeSet};

/// Sessions before the last within which an asset still counts as alive.
const END: Row = 5;
/// Assets and years under which nothing can be told of survivors.
const ASSETS: usize = 10;
const YEARS: f64 = 1.0;
/// Years under which a field has no usual coverage.
const COVERED_YEARS: usize = 3;

/// Adds what is to be said.
pub(super) fn check(market: &Market, fields: &[FieldSummary], ledger: &mut Ledger) {
    survivors(market, ledger);
    splits(market, ledger);
    for field in fields {
        covered(field, ledger);
        if field.kind == "label" && field.shape == "static" {
            let found = format!(
                "{}.{}: {}, the same on all dates",
                field.table,
                field.field,
                counted(field.labels.unwrap_or(0), "label")
            );
            ledger.add(Finding::new(Check::UndatedLabel, Severity::Note, found));
        }
    }
}

/// Compares prices as traded with the table of splits.
fn splits(market: &Market, ledger: &mut Ledger) {
    let schema = market.schema();
    let Some(FieldData::Steps(steps)) = schema.split_factor().map(|id| market.field(id)) else {
        return;
    };
    let (calendar, closes) = (market.calendar(), market.prices().close);
    let mut known: BTreeSet<(&str, Date)> = BTreeSet::new();
    for (asset, symbol) in schema.symbols.iter().enumerate() {
        let changes = steps.offsets[asset] as usize..steps.offsets[asset + 1] as usize;
        let mut before = steps.before;
        for (row, factor) in steps.from[changes.clone()].iter().zip(&steps.values[changes]) {
            let ratio = factor / before;
            before = *factor;
            // A table that dates a split by a day beside it is taken at its word.
            for near in row.saturating_sub(1)..=(row + 1).min(calendar.len() as Row - 1) {
                known.insert((symbol, calendar.date(near)));
            }
            let earlier = (0..*row).rev().take(5).map(|r| closes[[r as usize, asset]]);
            let (Some(earlier), now) =
                (earlier.into_iter().find(|c| !c.is_nan()), closes[[*row as usize, asset]])
            else {
                continue;
            };
            let (expected, found) = (-libm::log(ratio), libm::log(now / earlier));
            let is_large = expected.abs() >= libm::log(limit::LARGE_SPLIT);
            if is_large && found / expected < limit::SPLIT_MOVE {
                let date = calendar.date(*row);
                let text = format!("closes {earlier} and {now}, and a split of {ratio} for one");
                ledger.add(Finding {
                    symbol: Some(symbol.clone()),
                    ..Finding::of_day(Check::SplitNotInPrices, Severity::Warning, date, text)
                });
            }
        }
    }
    if schema.price_basis == Basis::Raw {
        let is_known = |f: &Finding| match (&f.symbol, f.date) {
            (Some(symbol), Some(date)) => known.contains(&(symbol.as_str(), date)),
            _ => false,
        };
        for check in [Check::UnadjustedSplit, Check::Jump, Check::UnitBreak] {
            ledger.withdraw(check, is_known);
        }
    }
}

fn survivors(market: &Market, ledger: &mut Ledger) {
    let calendar = market.calendar();
    let end = calendar.len() as Row;
    let lives: Vec<(Row, Row)> = market
        .lifetimes()
        .iter()
        .zip(market.is_reference())
        .filter_map(|(life, reference)| life.filter(|_| !reference))
        .collect();
    let mut by_row: BTreeMap<Row, usize> = BTreeMap::new();
    for (_, last) in lives.iter().filter(|(_, last)| last + END + 1 < end) {
        *by_row.entry(*last).or_default() += 1;
    }
    let early: usize = by_row.values().sum();
    let is_common = |count: usize| count >= 5 && count as f64 >= limit::COMMON_END * early as f64;
    for (row, count) in by_row.iter().filter(|(_, count)| is_common(**count)) {
        let found =
            format!("{} of {early} that end early end on this day", counted(*count, "asset"));
        let date = calendar.date(*row);
        ledger.add(Finding::of_day(Check::CommonEnd, Severity::Warning, date, found));
    }
    let years = f64::from(end) / f64::from(calendar.rows_per_year());
    if lives.len() < ASSETS || years < YEARS {
        return;
    }
    let left: usize = by_row.values().filter(|count| !is_common(**count)).sum();
    let days: f64 = lives.iter().map(|(first, last)| f64::from(last - first + 1)).sum();
    let share = left as f64 / (days / f64::from(calendar.rows_per_year()));
    if share < limit::LEAVERS {
        let found = format!(
            "{left} of {} leave before the end: {:.2}% a year",
            counted(lives.len(), "asset"),
            share * 100.0
        );
        ledger.add(Finding::new(Check::Survivors, Severity::Warning, found));
    }
}

fn covered(field: &FieldSummary, ledger: &mut Ledger) {
    if field.table == "members" || field.years.len() < COVERED_YEARS {
        return;
    }
    let usual = median(field.years.iter().map(|(_, share)| *share).filter(|share| *share > 0.0));
    let few = field.years.iter().filter(|(_, share)| *share < limit::COVERAGE * usual);
    // Years in a row with the same share are told together.
    let mut stretches: Vec<(i16, i16, String)> = vec![];
    for (year, share) in few {
        let share = percent(*share);
        match stretches.last_mut() {
            Some((_, to, same)) if *to + 1 == *year && *same == share => *to = *year,
            _ => stretches.push((*year, *year, share)),
        }
    }
    let of = |(from, to, share): &(i16, i16, String)| match from == to {
        true => format!("{from} {share}"),
        false => format!("{from} to {to} {share}"),
    };
    let few: Vec<String> = stretches.iter().map(of).collect();
    if !few.is_empty() {
        let severity = if field.table == "prices" { Severity::Warning } else { Severity::Note };
        let found = format!(
            "{}.{}: {} of the {}, {} in the median year",
            field.table,
            field.field,
            few.join(", "),
            field.covers,
            percent(usual)
        );
        ledger.add(Finding::new(Check::Coverage, severity, found));
    }
}

/// A share with a digit.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}
