//! Laws that hold for every operator of the table, and the examples of their declarations. An operator is covered the
//! day it is declared.

use decile::{
    check::OperatorRef,
    data::Market,
    execute,
    operator::{self, Accepts, Body, Default, Operator, Parameter},
    panel::{AssetId, FieldId, MarketData, Row, Rows, from_days},
    plan::{LogicalPlan, Node, NodeId, Op, schedule},
    types::{Kind, Shape, Type, Unit},
};
use std::sync::Arc;

const ROWS: usize = 90;
const ASSETS: usize = 9;
const WINDOW: f64 = 7.0;

/// Random values with missing ones, ties, a constant asset, a late start, huge and tiny magnitudes.
fn values(seed: u64, rows: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut out = vec![];
    for row in 0..rows {
        for asset in 0..ASSETS {
            let x = next();
            let missing = next() < 0.1 || (asset == 3 && row < 30);
            let value = match asset {
                0 => (x * 4.0).floor(),
                1 => 2.5,
                2 => x * 1e12,
                4 => x * 1e-12,
                5 => 1e6 + x * 1e-3,
                _ => x - 0.5,
            };
            out.push(if missing { f64::NAN } else { value });
        }
    }
    out
}

/// The operators that are computed from values; those over reports have cases of their own.
fn computed() -> impl Iterator<Item = &'static Operator> {
    let market = |body| {
        matches!(
            body,
            Body::Reports(_) | Body::Spread | Body::Forward | Body::Predict | Body::Returns
        )
    };
    operator::all().filter(move |o| !market(o.body))
}

fn booleans(values: &[f64]) -> Vec<f64> {
    values.iter().map(|x| if x.is_nan() { *x } else { f64::from(u8::from(*x > 0.2)) }).collect()
}

/// A market whose fields `f0`, `f1`, `f2` are the inputs.
fn market(inputs: &[Vec<f64>], assets: usize) -> Market {
    let rows = inputs[0].len() / assets;
    let dates =
        (0..rows as i32).map(|d| from_days(18_000 + d).expect("a date of this century")).collect();
    let symbols: Vec<String> = (0..assets).map(|a| format!("A{a:04}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let mut builder = Market::from_parts(dates, &symbols).panel("close", &vec![1.0; rows * assets]);
    for (i, input) in inputs.iter().enumerate() {
        builder = builder.panel(&format!("f{i}"), input);
    }
    builder.build()
}

fn constants(operator: &Operator) -> Vec<f64> {
    let constants = operator.parameters.iter().filter(|p| p.accepts.is_constant());
    let alternative = |p: &Parameter| p.default == Default::Alternative;
    let first = operator.parameters.iter().find(|p| alternative(p)).map(|p| p.name);
    constants
        .map(|p| match (p.default, p.accepts) {
            (Default::Constant(value), _) => value,
            (Default::Alternative, _) if first != Some(p.name) => f64::NAN,
            (_, Accepts::Window | Accepts::Lag) => WINDOW,
            (_, Accepts::Constant { low, high, .. }) => {
                if low < 3.0 && high > 3.0 {
                    3.0
                } else {
                    low
                }
            }
            _ => 0.0,
        })
        .collect()
}

/// The inputs of a call: several where a parameter takes several, all of those that may be left out.
fn parameters(operator: &Operator) -> Vec<Parameter> {
    let given = operator.parameters.iter().filter(|p| !p.accepts.is_constant());
    given
        .flat_map(|p| {
            let several = matches!(p.default, Default::Many | Default::List(_));
            std::iter::repeat_n(*p, if several { 2 } else { 1 })
        })
        .collect()
}

/// The kind of each input: of several numbers or labels the last is a label.
fn kinds(operator: &Operator) -> Vec<Kind> {
    let parameters = parameters(operator);
    let kind = |(i, p): (usize, &Parameter)| match p.accepts {
        Accepts::Boolean => Kind::Boolean,
        Accepts::Label => Kind::Label,
        Accepts::NumberOrLabel if i + 1 == parameters.len() => Kind::Label,
        _ => Kind::Number,
    };
    parameters.iter().enumerate().map(kind).collect()
}

fn inputs(operator: &Operator, rows: usize) -> Vec<Vec<f64>> {
    let of = |(i, kind): (usize, Kind)| {
        let x = values(17 + i as u64, rows);
        match kind {
            Kind::Boolean => booleans(&x),
            Kind::Label => (0..x.len()).map(|i| (i % ASSETS % 3) as f64).collect(),
            _ => x,
        }
    };
    kinds(operator).into_iter().enumerate().map(of).collect()
}

/// What the inputs of an operator are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Inputs {
    /// Fields as they lie in memory.
    Fields,
    /// Computed asset by asset, in the same pass.
    Passed,
    /// Computed across the assets of the dates asked for.
    Crossed,
    /// One number a date.
    Series,
}

fn plan(
    operator: &'static Operator,
    market: &Market,
    inputs: usize,
    constants: &[f64],
    from: Inputs,
) -> LogicalPlan {
    let mut plan = LogicalPlan::default();
    let panel = Type::number(Shape::Panel, Unit::Unknown);
    let kinds = kinds(operator);
    let field = |plan: &mut LogicalPlan, i: usize| {
        let FieldId(id) = market.schema().find(None, &format!("f{i}"))[0];
        // Fewer inputs, as some examples have, are numbers.
        let kind = if inputs == kinds.len() { kinds[i] } else { Kind::Number };
        let ty = Type { kind, ..panel };
        let field = plan.add(Node { op: Op::Field(FieldId(id)), inputs: vec![], ty });
        let call = |name: &str| Op::Apply {
            operator: OperatorRef(operator::find(name).expect("it is in the table")),
            constants: vec![],
            grouped: false,
        };
        match from {
            Inputs::Fields => field,
            Inputs::Series => {
                let ty = Type { shape: Shape::Series, ..ty };
                plan.add(Node { op: Op::Of(AssetId(6)), inputs: vec![field], ty })
            }
            _ if kind != Kind::Number => field,
            Inputs::Passed => plan.add(Node { op: call("negate"), inputs: vec![field], ty }),
            Inputs::Crossed => {
                let priced = Type::boolean(Shape::Panel);
                let mask = plan.add(Node { op: Op::Priced, inputs: vec![], ty: priced });
                plan.add(Node { op: call("demean"), inputs: vec![field, mask], ty })
            }
        }
    };
    let mut ids: Vec<NodeId> = (0..inputs).map(|i| field(&mut plan, i)).collect();
    let mut ty = panel;
    if operator.is_cross() {
        ids.push(plan.add(Node {
            op: Op::Priced,
            inputs: vec![],
            ty: Type::boolean(Shape::Panel),
        }));
        if matches!(operator.body, Body::Reduce(_)) {
            ty.shape = Shape::Series;
        }
    }
    let constants = constants.iter().map(|c| c.to_bits()).collect();
    let op = Op::Apply { operator: OperatorRef(operator), constants, grouped: false };
    let root = plan.add(Node { op, inputs: ids, ty });
    plan.roots = vec![root];
    plan
}

/// The operator at some rows of a market made of its inputs.
fn run(
    operator: &'static Operator,
    data: &[Vec<f64>],
    assets: usize,
    constants: &[f64],
    rows: Rows,
) -> Vec<f64> {
    run_from(Inputs::Fields, operator, data, assets, constants, rows)
}

fn run_from(
    inputs: Inputs,
    operator: &'static Operator,
    data: &[Vec<f64>],
    assets: usize,
    constants: &[f64],
    rows: Rows,
) -> Vec<f64> {
    let market = market(data, assets);
    let logical = plan(operator, &market, data.len(), constants, inputs);
    let root = logical.roots[0];
    let signals = execute::compute(&logical, &market, &[], &[(root, Arc::new(rows))], None);
    signals[0].values.to_vec()
}

fn whole(operator: &'static Operator, data: &[Vec<f64>]) -> Vec<f64> {
    run(operator, data, ASSETS, &constants(operator), Rows::all(data[0].len() / ASSETS))
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-15)
        })
}

fn width(operator: &Operator) -> usize {
    if matches!(operator.body, Body::Reduce(_)) { 1 } else { ASSETS }
}

#[test]
fn names_are_unique_and_documented() {
    let mut names: Vec<&str> = computed().map(|o| o.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for o in computed() {
        assert!(o.summary.ends_with('.'), "{}: a summary is a sentence", o.name);
        assert!(!o.examples.is_empty(), "{}: no example", o.name);
        assert!(!o.missing.is_empty(), "{}: says nothing of missing values", o.name);
    }
}

#[test]
fn examples_come_out() {
    for o in computed() {
        for example in o.examples {
            let across = o.is_cross();
            let n = example.inputs[0].len();
            let assets = if across { n } else { 1 };
            let data: Vec<Vec<f64>> = example.inputs.iter().map(|i| i.to_vec()).collect();
            let mut all = constants(o);
            if example.constants.len() > all.len() {
                all = example.constants.to_vec();
            }
            all[..example.constants.len()].copy_from_slice(example.constants);
            let rows = Rows::all(if across { 1 } else { n });
            let result = run(o, &data, assets, &all, rows);
            assert!(
                close(&result, example.result),
                "{}: {result:?} rather than {:?}",
                o.name,
                example.result
            );
        }
    }
}

#[test]
fn no_operator_sees_the_future() {
    for o in computed() {
        let data = inputs(o, ROWS);
        let full = whole(o, &data);
        for cut in [1, 8, 40, ROWS - 1] {
            let head: Vec<Vec<f64>> = data.iter().map(|d| d[..cut * ASSETS].to_vec()).collect();
            assert!(same(&whole(o, &head), &full[..cut * width(o)]), "{} at {cut}", o.name);
        }
    }
}

#[test]
fn the_declared_lookback_is_exact() {
    for o in computed() {
        let lookback = o.lookback(&constants(o)) as usize;
        // The memory of `ema` ends where a weight falls under 1e-12: too little to show in the last bits.
        if o.name == "ema" || o.never_forgets() {
            continue;
        }
        let data = inputs(o, ROWS);
        let last = ROWS - 1;
        // What lies before `from` is made missing, and what was missing is there.
        let changed = |data: &[Vec<f64>], from: usize, there: f64| {
            let mut changed = data.to_vec();
            for input in &mut changed {
                for x in &mut input[..from * ASSETS] {
                    *x = if x.is_nan() { there } else { f64::NAN };
                }
            }
            whole(o, &changed)[last * width(o)..].to_vec()
        };
        let full = whole(o, &data)[last * width(o)..].to_vec();
        assert!(
            same(&changed(&data, last - lookback, 1.0), &full),
            "{}: sees more than {lookback} rows",
            o.name
        );
        // What looks for the last value present sees the oldest row only where all others are missing.
        let mut sparse = data.clone();
        for input in &mut sparse {
            input[(last - lookback + 1) * ASSETS..].fill(f64::NAN);
        }
        let of_sparse = whole(o, &sparse)[last * width(o)..].to_vec();
        assert!(
            [0.0, 1.0].iter().any(|there| {
                !same(&changed(&data, last - lookback + 1, *there), &full)
                    || !same(&changed(&sparse, last - lookback + 1, *there), &of_sparse)
            }),
            "{}: sees fewer than {lookback} rows",
            o.name
        );
    }
}

#[test]
fn the_memory_of_ema_ends_where_it_says() {
    let o = operator::find("ema").unwrap();
    let memory = [3.0, f64::NAN, f64::NAN];
    let lookback = o.lookback(&memory) as usize;
    let data = vec![vec![1.0; 3 * lookback]];
    let mut changed = data.clone();
    changed[0][..2 * lookback - 1].fill(1e9);
    let rows = || Rows::new(vec![3 * lookback as Row - 1], 3 * lookback);
    assert!(same(&run(o, &data, 1, &memory, rows()), &run(o, &changed, 1, &memory, rows())));
    changed[0][..2 * lookback].fill(1e9);
    assert!(!same(&run(o, &data, 1, &memory, rows()), &run(o, &changed, 1, &memory, rows())));
}

#[test]
fn what_never_forgets_is_given_every_row() {
    let mut declared = vec![];
    for o in operator::all().filter(|o| o.never_forgets()) {
        declared.push(o.name);
        let data = inputs(o, ROWS);
        let market = market(&data, ASSETS);
        let logical = plan(o, &market, data.len(), &constants(o), Inputs::Fields);
        let rows = Rows::new(vec![10, 60], ROWS);
        let plan = schedule(&logical, &[(logical.roots[0], Arc::new(rows))], market.calendar());
        let first = plan.rows.iter().find(|r| r.len() > 2).expect("the inputs");
        assert_eq!(first.as_slice(), (0..=60).collect::<Vec<Row>>(), "{}", o.name);
        // And it makes use of them: other early rows, another last one.
        let full = whole(o, &data);
        let mut changed = data.clone();
        for x in changed.iter_mut().flat_map(|input| &mut input[..60 * ASSETS]) {
            *x = if *x == 1.0 { 0.0 } else { 1.0 };
        }
        let later = 61 * width(o)..70 * width(o);
        assert!(!same(&whole(o, &changed)[later.clone()], &full[later]), "{}", o.name);
    }
    declared.sort_unstable();
    let expected = [
        "cumulative_max",
        "cumulative_min",
        "cumulative_product",
        "cumulative_sum",
        "hump",
        "previous",
        "since",
        "streak",
        "trade_when",
        "value_when",
    ];
    assert_eq!(declared, expected);
}

#[test]
fn which_dates_are_asked_for_changes_no_bit() {
    for o in computed() {
        let data = inputs(o, ROWS);
        let w = width(o);
        for from in [Inputs::Fields, Inputs::Passed, Inputs::Crossed, Inputs::Series] {
            // One number a date is no panel to go across, and needs no inputs but numbers.
            if from == Inputs::Series && (o.is_cross() || !matches!(o.body, Body::Window(_))) {
                continue;
            }
            let of = |rows| run_from(from, o, &data, ASSETS, &constants(o), rows);
            let full = of(Rows::all(ROWS));
            for rows in [
                vec![0],
                vec![5],
                vec![88],
                vec![3, 4, 5, 6, 7, 8],
                vec![10, 40, 41, 89],
                vec![0, 7, 14, 22, 30, 38],
                (20..70).collect(),
            ] {
                let some = of(Rows::new(rows.clone(), ROWS));
                for (i, row) in rows.iter().enumerate() {
                    let expected = &full[*row as usize * w..(*row as usize + 1) * w];
                    assert!(
                        same(&some[i * w..(i + 1) * w], expected),
                        "{} at {row} of {rows:?}, inputs {from:?}",
                        o.name
                    );
                }
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
    for o in computed() {
        let data = inputs(o, ROWS);
        let one = pool(1).install(|| whole(o, &data));
        let three = pool(3).install(|| whole(o, &data));
        assert!(same(&one, &three), "{}", o.name);
    }
}

#[test]
fn assets_may_come_in_any_order() {
    let turned = |x: &[f64], w: usize| {
        x.chunks(w).flat_map(|row| row.iter().rev().copied()).collect::<Vec<f64>>()
    };
    for o in computed() {
        if o.name == "top" {
            // Equal values go by symbol, so here the order is the meaning.
            continue;
        }
        let data = inputs(o, ROWS);
        let full = whole(o, &data);
        let back: Vec<Vec<f64>> = data.iter().map(|d| turned(d, ASSETS)).collect();
        let turned = turned(&whole(o, &back), width(o));
        let fits = if o.name == "neutralize" {
            // A residual may be the small rest of large numbers: what counts is the largest that went in.
            (0..ROWS * ASSETS).all(|i| {
                let row = &data[0][i / ASSETS * ASSETS..][..ASSETS];
                let largest = row.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
                let (a, b) = (turned[i], full[i]);
                a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * largest
            })
        } else {
            close(&turned, &full)
        };
        assert!(fits, "{}", o.name);
    }
}

#[test]
fn the_blocks_of_assets_change_no_bit() {
    let copies = 130;
    for o in computed().filter(|o| !o.is_cross()) {
        let data = inputs(o, ROWS);
        let narrow = whole(o, &data);
        let widened = |x: &[f64]| x.chunks(ASSETS).flat_map(|row| row.repeat(copies)).collect();
        let wide: Vec<Vec<f64>> = data.iter().map(|d| widened(d)).collect();
        let all = run(o, &wide, ASSETS * copies, &constants(o), Rows::all(ROWS));
        assert!(same(&all, &widened(&narrow)), "{}", o.name);
    }
}

#[test]
fn nothing_is_infinite() {
    for o in computed() {
        let mut data = inputs(o, ROWS);
        for (k, input) in data.iter_mut().enumerate() {
            for (i, x) in input.iter_mut().enumerate() {
                match (i + k) % 5 {
                    0 => *x = f64::MAX,
                    1 => *x = -f64::MAX,
                    2 => *x = 0.0,
                    _ => {}
                }
            }
        }
        let boolean = o.parameters.iter().any(|p| p.accepts == Accepts::Boolean);
        if !boolean {
            assert!(whole(o, &data).iter().all(|x| !x.is_infinite()), "{}", o.name);
        }
    }
}

/// Constants somewhere in their ranges, both ends included.
fn any_constants(operator: &Operator, next: &mut impl FnMut() -> f64) -> Vec<f64> {
    let mut alternatives = 0;
    let constants = operator.parameters.iter().filter(|p| p.accepts.is_constant());
    let mut any = |p: &Parameter| {
        let x = next();
        match p.accepts {
            _ if p.default == Default::Alternative => {
                alternatives += 1;
                if alternatives == 1 { 1.0 + x * 30.0 } else { f64::NAN }
            }
            Accepts::Window => 1.0 + (x * x * 60.0).floor(),
            Accepts::Lag => (x * x * 60.0).floor(),
            Accepts::Constant { low, high, whole } => {
                let value = match (x * 4.0) as u32 {
                    0 => low,
                    1 => high.min(1000.0),
                    _ => low.max(-50.0) + next() * (high.min(50.0) - low.max(-50.0)).abs(),
                };
                let value = if whole { value.floor().max(low) } else { value };
                if p.default == Default::Constant(f64::NAN) || p.name == "min" {
                    if x < 0.5 { f64::NAN } else { 1.0 }
                } else {
                    value
                }
            }
            _ => 0.0,
        }
    };
    constants.map(&mut any).collect()
}

#[test]
fn nothing_panics_on_extreme_values() {
    const EXTREME: [f64; 12] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        -f64::MAX,
        f64::MIN_POSITIVE,
        -5e-324,
        0.0,
        -0.0,
        1.0,
        1e-12,
        1e12,
    ];
    let mut state = 11u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    for o in computed() {
        for _ in 0..40 {
            let (rows, assets) = (1 + (next() * 40.0) as usize, 1 + (next() * 20.0) as usize);
            let extremes = next();
            let inputs = o.parameters.iter().filter(|p| !p.accepts.is_constant());
            let data: Vec<Vec<f64>> = inputs
                .map(|p| {
                    let mut number = || match next() < extremes {
                        true => EXTREME[(next() * 12.0) as usize],
                        false => next() - 0.5,
                    };
                    let values: Vec<f64> = (0..rows * assets).map(|_| number()).collect();
                    if p.accepts == Accepts::Boolean { booleans(&values) } else { values }
                })
                .collect();
            let constants = any_constants(o, &mut next);
            let some = Rows::new(vec![0, rows as Row / 2, rows as Row - 1], rows);
            let found = run(o, &data, assets, &constants, some);
            // What is handed on as it is may hold what came in; a market holds nothing infinite.
            let finite = data.iter().flatten().all(|x| !x.is_infinite());
            let computed = found.iter().all(|x| !x.is_infinite());
            assert!(computed || !finite, "{} {constants:?}", o.name);
        }
    }
}

#[test]
fn deviations_hold_on_a_high_level() {
    let std = operator::find("ts_std").unwrap();
    let correlation = operator::find("ts_corr").unwrap();
    let n = 300;
    let wave = |i: usize| libm::sin(i as f64 * 0.7) * 1e-3;
    let x: Vec<f64> = (0..n).map(|i| 1e6 + wave(i)).collect();
    let y: Vec<f64> = (0..n).map(|i| 5e8 - 3.0 * (x[i] - 1e6)).collect();
    let rows = || Rows::new(vec![n as Row - 1], n);
    let window = &x[n - 20..];
    let mean = window.iter().map(|v| v - 1e6).sum::<f64>() / 20.0;
    let expected = (window.iter().map(|v| (v - 1e6 - mean).powi(2)).sum::<f64>() / 19.0).sqrt();
    let found = run(std, std::slice::from_ref(&x), 1, &[20.0, f64::NAN, 1.0], rows())[0];
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    let found = run(correlation, &[x, y], 1, &[20.0, f64::NAN], rows())[0];
    assert!((found + 1.0).abs() < 1e-3, "{found}");
}

#[test]
fn flat_windows_have_no_deviation() {
    for level in [1e-12, 0.1, 1.0 / 3.0, 1e6 + 0.1, 1e12] {
        let std = operator::find("ts_std").unwrap();
        let data = vec![vec![level; 50]];
        let found = run(std, &data, 1, &[7.0, f64::NAN, 1.0], Rows::all(50));
        assert!(found[6..].iter().all(|x| *x == 0.0), "{found:?}");
        let correlation = operator::find("ts_corr").unwrap();
        let data = vec![vec![level; 50], (0..50).map(|i| i as f64).collect()];
        let found = run(correlation, &data, 1, &[7.0, f64::NAN], Rows::all(50));
        assert!(found.iter().all(|x| x.is_nan()), "{found:?}");
        let zscore = operator::find("zscore").unwrap();
        let found = run(zscore, &[vec![level; 7]], 7, &[0.0], Rows::all(1));
        assert!(found.iter().all(|x| x.is_nan()), "{found:?}");
    }
}
