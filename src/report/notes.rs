//! What a reader must know to judge a report: of the data, of costs, of what was settled or left undone.

use super::{
    Column, StrategyRun, construction,
    number::{counted, percent},
};
use crate::backtest::Delisting;
use crate::{panel::MarketData, types::Basis};

/// What is to be said of a strategy's run, if anything.
type Note = fn(&StrategyRun<'_>) -> Option<String>;

/// The notes, each with the strategies it is about where it is not about all.
pub(super) fn notes(
    market: &dyn MarketData,
    runs: &[StrategyRun<'_>],
    columns: &[Column],
) -> Vec<String> {
    let mut notes = market.notes().to_vec();
    let schema = market.schema();
    let dividends = match (schema.has_dividends, schema.is_total_return()) {
        (true, _) if schema.pays_dividends() => {
            "Returns include the dividends that the data know; they are paid in cash on the ex-date."
        }
        (true, _) => "Returns include the dividends that the data know; they are reinvested.",
        (false, true) => "Returns include dividends: the prices are adjusted for them.",
        (false, false) => "Returns are price returns: the data know no dividends.",
    };
    notes.push(dividends.to_owned());
    let about: [Note; 14] = [
        costs,
        too_large_lots,
        exits,
        passed_over,
        risk_free,
        delistings,
        fewer_than_asked,
        without_weight,
        construction::without_history,
        construction::estimates,
        construction::gaps,
        unfilled,
        cut_purchases,
        stale,
    ];
    for note in about {
        notes.extend(grouped_by_text(runs, note));
    }
    for run in runs {
        let shares = counted_shares(run, market);
        notes.extend(shares.map(|text| named(runs, &[run.name], text)));
        let said = construction::binding(run).into_iter().chain(construction::dearest(run));
        let said = said.chain(construction::relaxed(run));
        notes.extend(said.map(|text| named(runs, &[run.name], text)));
    }
    notes.extend(periods(runs, columns));
    notes
}

/// One note for all strategies of which the same is to be said.
fn grouped_by_text(runs: &[StrategyRun<'_>], note: Note) -> Vec<String> {
    let mut texts: Vec<(String, Vec<&str>)> = vec![];
    for run in runs {
        let Some(text) = note(run) else { continue };
        match texts.iter_mut().find(|(t, _)| *t == text) {
            Some((_, names)) => names.push(run.name),
            None => texts.push((text, vec![run.name])),
        }
    }
    texts.into_iter().map(|(text, names)| named(runs, &names, text)).collect()
}

fn named(runs: &[StrategyRun<'_>], names: &[&str], text: String) -> String {
    if names.len() == runs.len() { text } else { format!("{}: {text}", names.join(", ")) }
}

fn costs(run: &StrategyRun<'_>) -> Option<String> {
    let costs = &run.policy.costs;
    if !costs.are_declared() {
        return Some("Costs: none declared; trading is free here, as it never is.".to_owned());
    }
    let mut parts: Vec<String> = vec![];
    parts.extend(
        costs.proportional.map(|c| format!("{} of the value traded, each way", percent(c))),
    );
    parts.extend(costs.commission.iter().map(|c| {
        let least =
            if c.least > 0.0 { format!(", at least {} an order", c.least) } else { String::new() };
        format!("{} a share{least}", c.per_share)
    }));
    parts.extend(costs.slippage.map(|s| format!("slippage of {}", percent(s))));
    parts.extend(
        costs.impact.map(|_| "impact by the square root of the share of volume".to_owned()),
    );
    parts.extend(costs.borrow.map(|b| format!("{} a year on what is sold short", percent(b))));
    Some(format!("Costs: {}. Taxes are left out.", parts.join("; ")))
}

/// What whole lots and commissions by the share count, where prices are not as traded.
fn counted_shares(run: &StrategyRun<'_>, market: &dyn MarketData) -> Option<String> {
    let schema = market.schema();
    let counts = run.policy.lot.is_some() || !run.policy.costs.commission.is_empty();
    let is_raw = schema.price_basis == Basis::Raw;
    let knows_splits = !schema.find(Some("splits"), "split_factor").is_empty();
    (counts && !is_raw && !knows_splits).then(|| {
        "Shares are counted at adjusted prices, as the data know no splits: lots and commissions are not those of the day."
            .to_owned()
    })
}

fn too_large_lots(run: &StrategyRun<'_>) -> Option<String> {
    let lot = run.policy.lot?;
    let is_idle = run.track.trades.is_empty() && !run.track.rebalances.is_empty();
    is_idle.then(|| format!("No order was as large as a lot of {lot}: nothing was bought."))
}

fn passed_over(run: &StrategyRun<'_>) -> Option<String> {
    let count = run.track.passed_over;
    (count > 0).then(|| {
        let dates = counted(count, "date of the schedule", "dates of the schedule");
        format!("On {dates} its `if` did not hold and nothing was traded.")
    })
}

fn exits(run: &StrategyRun<'_>) -> Option<String> {
    let count = run.track.exits.len();
    (count > 0).then(|| format!("`exit when` had {} leave.", counted(count, "holding", "holdings")))
}

fn risk_free(run: &StrategyRun<'_>) -> Option<String> {
    let earns = run.track.cash_return.iter().any(|r| *r != 0.0);
    match (run.risk_free.is_some(), earns) {
        (true, _) => None,
        (false, true) => Some("Sharpe, Sortino and alpha are over the rate earned on cash.".into()),
        (false, false) => {
            Some("No risk-free rate: Sharpe, Sortino and alpha are over zero.".to_owned())
        }
    }
}

fn delistings(run: &StrategyRun<'_>) -> Option<String> {
    let (known, unknown): (Vec<&Delisting>, Vec<&Delisting>) =
        run.track.delistings.iter().partition(|d| d.outcome.is_some());
    let of = |list: &[&Delisting], how: &str| {
        let weight: f64 = list.iter().map(|d| d.weight).sum();
        let largest = list.iter().map(|d| d.weight).fold(0.0, f64::max);
        (!list.is_empty()).then(|| {
            format!(
                "{} stopped trading ({} of net asset value in all, {} the largest) and {} paid out {how}.",
                counted(list.len(), "holding", "holdings"),
                percent(weight),
                percent(largest),
                if list.len() == 1 { "was" } else { "were" },
            )
        })
    };
    let assumed: f64 = run.policy.delisting.unwrap_or(0.0);
    let unknown_how = match run.policy.delisting {
        Some(_) => format!("with the {} that the strategy assumes", percent(assumed)),
        None => "at the last price: what holders really received is not known".to_owned(),
    };
    let said = [of(&known, "with the return that the data give"), of(&unknown, &unknown_how)];
    said.into_iter().flatten().reduce(|a, b| format!("{a} {b}"))
}

fn fewer_than_asked(run: &StrategyRun<'_>) -> Option<String> {
    let short = |f: &crate::portfolio::Funnel| f.asked.is_some_and(|asked| f.picked < asked);
    let rebalances = &run.track.rebalances;
    let count = rebalances.iter().filter(|r| short(&r.target.funnel)).count();
    (count > 0).then(|| {
        format!(
            "On {} of {} fewer could be picked than asked for.",
            count,
            counted(rebalances.len(), "rebalance", "rebalances")
        )
    })
}

fn without_weight(run: &StrategyRun<'_>) -> Option<String> {
    let rebalances = &run.track.rebalances;
    let count: usize = rebalances.iter().map(|r| r.target.funnel.without_weight).sum();
    (count > 0).then(|| {
        format!(
            "{} left out for want of the number the weights are made of.",
            counted(count, "pick was", "picks were")
        )
    })
}

fn unfilled(run: &StrategyRun<'_>) -> Option<String> {
    let count: usize = run.track.rebalances.iter().map(|r| r.unfilled).sum();
    (count > 0).then(|| {
        format!(
            "{} could not be filled whole before the next decision and fell away.",
            counted(count, "order", "orders")
        )
    })
}

fn cut_purchases(run: &StrategyRun<'_>) -> Option<String> {
    // What costs and a day's drift take from a purchase is nothing to remark on.
    let list: Vec<f64> =
        run.track.rebalances.iter().map(|r| r.unpaid).filter(|&unpaid| unpaid > 0.02).collect();
    let most = list.iter().copied().reduce(f64::max)?;
    Some(format!(
        "On {} cash was short and purchases were cut, at most by {} of net asset value.",
        counted(list.len(), "rebalance", "rebalances"),
        percent(most)
    ))
}

fn stale(run: &StrategyRun<'_>) -> Option<String> {
    let share = run.track.stale as f64 / run.track.holding_rows.max(1) as f64;
    (run.track.stale > 0).then(|| {
        let text = if share < 0.0001 { "Under 0.01%".to_owned() } else { percent(share) };
        format!("{text} of all holdings and days had no price and were valued at the last one.")
    })
}

/// Where columns do not cover the same dates.
fn periods(runs: &[StrategyRun<'_>], columns: &[Column]) -> Vec<String> {
    let mut notes = vec![];
    let ends = |c: &Column| (c.record.dates.first().copied(), c.record.dates.last().copied());
    let of_runs: Vec<_> = columns.iter().filter(|c| c.run.is_some()).map(ends).collect();
    if of_runs.windows(2).any(|w| w[0] != w[1]) {
        notes.push(
            "The strategies begin on different dates; each figure is over its own period.".into(),
        );
    }
    for column in columns.iter().filter(|c| c.run.is_none()) {
        let longest = runs.iter().filter(|r| {
            r.benchmark.as_ref().is_some_and(|b| b.name == column.name && !b.is_strategy)
        });
        let rows = longest.map(|r| r.track.nav.len()).max().unwrap_or(0);
        if let (Some(first), Some(last)) = ends(column)
            && column.record.dates.len() < rows
        {
            notes.push(format!(
                "{} has prices from {first} to {last} only; comparisons with it are over those dates.",
                column.name
            ));
        }
    }
    notes
}
