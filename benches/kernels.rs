//! Whole panels of 3,000 assets × 5,040 days through one operator each, as the executor runs them.

use criterion::{Criterion, criterion_group, criterion_main};
use decile::{
    Query,
    check::OperatorRef,
    data::Market,
    execute,
    operator::{self, Default, Parameter},
    panel::{MarketData, Rows, from_days},
    plan::{LogicalPlan, Node, NodeId, Op, schedule},
    types::{Shape, Type, Unit},
};
use std::{hint::black_box, sync::Arc};

const ASSETS: usize = 3000;
const DAYS: usize = 5040;

/// A random walk for each asset; one value in a hundred is missing.
fn market() -> Market {
    let mut state = 1u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut level = vec![100.0; ASSETS];
    let mut values = Vec::with_capacity(ASSETS * DAYS);
    for _ in 0..DAYS {
        for level in &mut level {
            *level *= 1.0 + (next() - 0.5) * 0.03;
            values.push(if next() < 0.01 { f64::NAN } else { *level });
        }
    }
    let symbols: Vec<String> = (0..ASSETS).map(|a| format!("A{a:04}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let dates =
        (0..DAYS as i32).map(|d| from_days(10_000 + d).expect("a date of this century")).collect();
    let sectors: Vec<String> = (0..ASSETS).map(|a| format!("sector {}", a * 7 % 11)).collect();
    let sectors: Vec<&str> = sectors.iter().map(String::as_str).collect();
    Market::from_parts(dates, &symbols).panel("close", &values).label("sector", &sectors).build()
}

fn plan(market: &Market, name: &str, constants: &[f64]) -> (LogicalPlan, NodeId) {
    let (name, grouped) = name.strip_suffix(" within").map_or((name, false), |name| (name, true));
    let operator = operator::find(name).expect("the operator is in the table");
    let ty = Type::number(Shape::Panel, Unit::Unknown);
    let mut plan = LogicalPlan::default();
    let close = market.schema().find(None, "close")[0];
    let x = plan.add(Node { op: Op::Field(close), inputs: vec![], ty });
    let given = operator.parameters.iter().filter(|p| !p.accepts.is_constant());
    let needed = |p: &&Parameter| !matches!(p.default, Default::Absent | Default::List(0));
    let mut inputs = vec![x; given.filter(needed).count()];
    if operator.is_cross() {
        inputs.push(plan.add(Node {
            op: Op::Priced,
            inputs: vec![],
            ty: Type::boolean(Shape::Panel),
        }));
        if grouped {
            let sector = Op::Field(market.schema().find(None, "sector")[0]);
            let ty = Type::label(Shape::Static);
            inputs.push(plan.add(Node { op: sector, inputs: vec![], ty }));
        }
    }
    let constants = constants.iter().map(|c| c.to_bits()).collect();
    let op = Op::Apply { operator: OperatorRef(operator), constants, grouped };
    let root = plan.add(Node { op, inputs, ty });
    plan.roots = vec![root];
    (plan, root)
}

fn panels(criterion: &mut Criterion) {
    let market = market();
    let all = Arc::new(Rows::all(DAYS));
    let mut group = criterion.benchmark_group("panel 3000x5040");
    group.sample_size(10);
    let nan = f64::NAN;
    let cases: &[(&str, &[f64])] = &[
        ("ts_mean", &[20.0, nan]),
        ("ts_mean", &[252.0, nan]),
        ("ts_std", &[20.0, nan, 1.0]),
        ("ts_min", &[252.0, nan]),
        ("ts_corr", &[20.0, nan]),
        ("ts_rank", &[20.0, nan]),
        ("decay_linear", &[10.0, nan]),
        ("ema", &[20.0, nan, nan]),
        ("ts_median", &[20.0, nan]),
        ("ts_median", &[252.0, nan]),
        ("ts_rank", &[252.0, nan]),
        ("beta", &[252.0, nan]),
        ("ts_argmax", &[20.0, nan]),
        ("ts_skew", &[20.0, nan]),
        ("ts_spearman", &[20.0, nan]),
        ("trend", &[20.0, nan]),
        ("cumulative_sum", &[]),
        ("rank", &[]),
        ("zscore", &[0.0]),
        ("demean", &[]),
        ("demean within", &[]),
        ("winsorize", &[0.01]),
        ("robust_zscore", &[]),
        ("gauss", &[]),
        ("negate", &[]),
    ];
    for (name, constants) in cases {
        let (logical, root) = plan(&market, name, constants);
        let wanted = [(root, Arc::clone(&all))];
        let plan = schedule(&logical, &wanted, market.calendar());
        let title = constants.first().map_or((*name).to_owned(), |c| format!("{name} {c}"));
        group.bench_function(title, |b| {
            b.iter(|| black_box(execute::run(&plan, &market, &[], &wanted)));
        });
    }
    group.finish();
}

/// Expressions of several operators, over all dates.
fn expressions(criterion: &mut Criterion) {
    let market = market();
    let rows = Rows::all(DAYS);
    let mut group = criterion.benchmark_group("expression 3000x5040");
    group.sample_size(10);
    for text in [
        "(close - ts_mean(close, 20)) / ts_std(close, 20)",
        "(close - ts_mean(close, 20)) / ts_std(close, 20) * rank(close)",
        "close / lag(close) - 1",
        "ts_std(close / lag(close) - 1, 252)",
        "(close - lag(close)) / (close + lag(close)) * 2",
    ] {
        let query = Query::parse(text).unwrap_or_else(|e| panic!("{e}"));
        let compiled = query.compile(&market).unwrap_or_else(|e| panic!("{e}"));
        group.bench_function(text, |b| b.iter(|| black_box(compiled.evaluate(&rows))));
    }
    group.finish();
}

criterion_group!(benches, panels, expressions);
criterion_main!(benches);
