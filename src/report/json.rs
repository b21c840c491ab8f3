//! The report as JSON. What is missing is `null`.

use super::{Column, Report, StrategyRun, exposure};
use crate::{
    backtest::{Cause, Rebalance, Trade},
    metric::Value,
};
use serde_json::{Map, Value as Json, json};

/// The figures: metrics, years, drawdown, notes.
pub fn summary(report: &Report<'_>) -> Json {
    let columns: Vec<Json> = report.columns.iter().map(|c| column(report, c).into()).collect();
    page(report, columns)
}

/// The figures, and values by date, rebalances with their targets, delistings and trades.
pub fn full(report: &Report<'_>) -> Json {
    let columns = report.columns.iter().map(|c| {
        let mut json = column(report, c);
        let dates: Vec<String> = c.record.dates.iter().map(ToString::to_string).collect();
        json.insert("dates".into(), json!(dates));
        json.insert("nav".into(), json!(c.record.nav));
        json.insert("drawdown".into(), json!(c.record.drawdowns()));
        if let Some(run) = c.run.map(|i| &report.runs[i]) {
            details(report, run, &mut json);
        }
        json.into()
    });
    page(report, columns.collect())
}

fn page(report: &Report<'_>, columns: Vec<Json>) -> Json {
    json!({
        "market": report.market.schema().name,
        "currency": report.market.schema().currency,
        "rows_per_year": report.market.calendar().rows_per_year(),
        "total_return": report.market.schema().is_total_return(),
        "results": columns,
        "notes": report.notes,
    })
}

fn column(report: &Report<'_>, column: &Column) -> Map<String, Json> {
    let mut json = Map::new();
    let date = |d: Option<&crate::panel::Date>| d.map(ToString::to_string);
    json.insert("name".into(), json!(column.name));
    let kind = if column.run.is_some() { "strategy" } else { "benchmark" };
    json.insert("kind".into(), json!(kind));
    json.insert("from".into(), json!(date(column.record.dates.first())));
    json.insert("to".into(), json!(date(column.record.dates.last())));
    if let Some(run) = column.run.map(|i| &report.runs[i]) {
        json.insert("benchmark".into(), json!(run.benchmark.as_ref().map(|b| &b.name)));
        json.insert("capital".into(), json!(run.track.capital));
        let costs = &run.policy.costs;
        let commission = costs.commission.iter();
        let commission: Vec<Json> =
            commission.map(|c| json!({ "per_share": c.per_share, "least": c.least })).collect();
        json.insert("cost".into(), json!(costs.proportional));
        json.insert("commission".into(), json!(commission));
        json.insert("slippage".into(), json!(costs.slippage));
        json.insert("borrow".into(), json!(costs.borrow));
        let causes = Cause::ALL.iter();
        let causes: Map<String, Json> =
            causes.map(|c| (c.name().to_owned(), json!(run.track.ledger.total(*c)))).collect();
        json.insert("causes".into(), causes.into());
        let by_label = |list: exposure::ByLabel<'_>| -> Map<String, Json> {
            list.into_iter().map(|(label, groups)| (label.to_owned(), json!(groups))).collect()
        };
        let (market, track) = (report.market, run.track);
        json.insert("exposures".into(), by_label(exposure::weights(market, track)).into());
        json.insert(
            "contributions".into(),
            by_label(exposure::contributions(market, track)).into(),
        );
        if !run.factors.is_empty() {
            json.insert("factors".into(), json!(run.factors));
        }
    }
    let metrics: Map<String, Json> =
        column.metrics.iter().map(|(m, v)| (m.name.to_owned(), value(*v))).collect();
    json.insert("metrics".into(), metrics.into());
    let years: Map<String, Json> =
        column.years.iter().map(|(y, r)| (y.to_string(), json!(r))).collect();
    json.insert("years".into(), years.into());
    json
}

fn value(value: Value) -> Json {
    match value {
        Value::Number(number) => json!(number),
        Value::Date(date) => json!(date.to_string()),
        Value::Missing => Json::Null,
    }
}

fn details(report: &Report<'_>, run: &StrategyRun<'_>, json: &mut Map<String, Json>) {
    let track = run.track;
    json.insert("cash".into(), json!(track.cash));
    json.insert("costs".into(), json!(track.ledger.costs()));
    json.insert("interest".into(), json!(track.ledger.interest()));
    let ledger: Map<String, Json> = Cause::ALL
        .iter()
        .map(|c| (c.name().to_owned(), json!(track.ledger.of(*c).collect::<Vec<f64>>())))
        .collect();
    json.insert("ledger".into(), ledger.into());
    let exits = track.exits.iter().map(|e| {
        json!({
            "decided": report.date(e.row),
            "symbol": symbol(report, e.asset.0),
            "when": run.policy.exits[e.condition].text,
        })
    });
    json.insert("exits".into(), exits.collect());
    json.insert("passed_over".into(), json!(track.passed_over));
    let rebalances: Vec<Json> =
        track.rebalances.iter().map(|r| rebalance(report, run, r)).collect();
    json.insert("rebalances".into(), rebalances.into());
    let delistings = track.delistings.iter().map(|d| {
        json!({
            "symbol": symbol(report, d.asset.0),
            "last_priced": report.date(d.last_priced),
            "settled": report.date(d.settled),
            "value": d.value,
            "return": d.outcome,
            "assumed": d.assumed,
            "weight": d.weight,
        })
    });
    json.insert("delistings".into(), delistings.collect());
    json.insert("trades".into(), track.trades.iter().map(|t| trade(report, t)).collect());
}

fn symbol<'a>(report: &Report<'a>, asset: u32) -> &'a str {
    &report.market.schema().symbols[asset as usize]
}

pub(super) fn rebalance(report: &Report<'_>, run: &StrategyRun<'_>, rebalance: &Rebalance) -> Json {
    let target = &rebalance.target;
    let weights: Map<String, Json> =
        target.weights.iter().map(|(a, w)| (symbol(report, a.0).to_owned(), json!(w))).collect();
    let binding = target.binding.iter();
    let binding: Vec<Json> = binding
        .map(|b| {
            let text = run.policy.constraint(b.bound).0;
            match b.price {
                Some(price) => json!({ "bound": text, "count": b.count, "price": price }),
                None => json!({ "bound": text, "count": b.count }),
            }
        })
        .collect();
    let mut decision = json!({
        "decided": report.date(target.row),
        "trigger": rebalance.trigger.text(run.policy),
        "traded": rebalance.traded.map(|r| report.date(r)),
        "turnover": rebalance.turnover,
        "unfilled": rebalance.unfilled,
        "unpaid": rebalance.unpaid,
        "funnel": target.funnel,
        "binding": binding,
        "weights": weights,
    });
    if let Some(estimate) = target.estimate {
        decision["estimate"] = json!(estimate);
    }
    if let Some(gap) = target.gap {
        decision["gap"] = json!(gap);
    }
    if let Some(factor) = target.scaled {
        decision["scaled"] = json!(factor);
    }
    if target.kept_holdings {
        decision["kept_holdings"] = json!(true);
    }
    if !target.relaxed.is_empty() {
        let relaxed = target.relaxed.iter();
        let relaxed = relaxed
            .map(|r| json!({ "constraint": run.policy.constraint(r.constraint).0, "by": r.by }));
        decision["relaxed"] = relaxed.collect();
    }
    decision
}

fn trade(report: &Report<'_>, trade: &Trade) -> Json {
    json!({
        "decided": report.date(trade.decided),
        "traded": report.date(trade.traded),
        "symbol": symbol(report, trade.asset.0),
        "shares": trade.shares,
        "price": trade.price,
        "value": trade.value,
        "cost": trade.cost(),
        "reason": trade.reason.name(),
    })
}
