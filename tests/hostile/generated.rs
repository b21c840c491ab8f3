//! Random expressions of the grammar, most of them well typed, and texts of the corpus with random wounds.

use crate::{laws, market::TINY};
use decile::engine;
use proptest::{prelude::*, test_runner::RngSeed};
use std::{fs, path::Path};

fn number() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => prop_oneof![Just("close"), Just("volume"), Just("book_equity"), Just("risk_free"), Just("return"), Just("market_cap")]
            .prop_map(str::to_owned),
        2 => prop_oneof![Just("0"), Just("1"), Just("2.5"), Just("25%"), Just("missing"), Just("5d"), Just("-3"), Just("1e300")]
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let binary = prop_oneof![Just("+"), Just("-"), Just("*"), Just("/"), Just("^"), Just("??")];
        let map = prop_oneof![
            Just("abs"), Just("sign"), Just("exp"), Just("log"), Just("sqrt"), Just("floor"), Just("sigmoid"), Just("tanh"),
            Just("signed_log"), Just("rank"), Just("zscore"), Just("demean"), Just("ordinal"), Just("scale"), Just("winsorize"),
            Just("cs_mean"), Just("cs_sum"), Just("lag"), Just("delta"), Just("change"), Just("adv")
        ];
        let window = prop_oneof![
            Just("ts_sum"), Just("ts_mean"), Just("ts_std"), Just("ts_var"), Just("ts_min"), Just("ts_max"), Just("ts_rank"),
            Just("decay_linear"), Just("ema"), Just("lag"), Just("delta"), Just("change"), Just("bucket")
        ];
        let rows = prop_oneof![
            6 => (1..70i64).prop_map(|d| d.to_string()),
            1 => prop_oneof![Just("0"), Just("-1"), Just("2.5"), Just("100000"), Just("1m"), Just("99999999"), Just("close")]
                .prop_map(str::to_owned),
        ];
        let group = prop_oneof![Just("sector"), Just("country"), Just("bucket(close, 2)"), Just("(if close > 20 then sector else missing)")];
        prop_oneof![
            4 => (inner.clone(), binary, inner.clone()).prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            3 => (map, inner.clone()).prop_map(|(f, x)| format!("{f}({x})")),
            4 => (window.clone(), inner.clone(), rows.clone()).prop_map(|(f, x, d)| format!("{f}({x}, {d})")),
            1 => (window, inner.clone(), rows.clone(), rows.clone()).prop_map(|(f, x, d, m)| format!("{f}({x}, {d}, min: {m})")),
            2 => (prop_oneof![Just("ts_corr"), Just("ts_cov")], inner.clone(), inner.clone(), rows)
                .prop_map(|(f, x, y, d)| format!("{f}({x}, {y}, {d})")),
            2 => (prop_oneof![Just("rank"), Just("demean"), Just("cs_mean"), Just("cs_sum"), Just("cs_count"), Just("zscore")], inner.clone(), group)
                .prop_map(|(f, x, g)| format!("{f}({x}, within: {g})")),
            1 => inner.clone().prop_map(|x| format!("({x} of \"IDX\")")),
            1 => inner.clone().prop_map(|x| format!("-(-{x})")),
            1 => (truth(inner.clone()), inner.clone(), inner.clone()).prop_map(|(c, x, y)| format!("(if {c} then {x} else {y})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(x, a, b)| format!("min({x}, {a}, max({b}, {x}))")),
            1 => (inner.clone(), truth(inner)).prop_map(|(x, c)| format!("keep({x}, where: {c})")),
        ]
    })
    .boxed()
}

fn truth(number: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let compare = prop_oneof![Just(">"), Just("<="), Just("=="), Just("!=")];
    let leaf = prop_oneof![
        3 => (number.clone(), compare, number.clone()).prop_map(|(x, o, y)| format!("({x} {o} {y})")),
        1 => (number.clone(), number.clone(), number.clone()).prop_map(|(x, a, b)| format!("({x} between {a} and {b})")),
        1 => prop_oneof![Just("index"), Just("sector == \"Energy\""), Just("country in [\"US\", \"DE\"]"), Just("true"), Just("bucket(close, 3) == \"2\"")]
            .prop_map(str::to_owned),
        1 => number.prop_map(|x| format!("is_missing({x})")),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop_oneof![Just("and"), Just("or")], inner.clone())
                .prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            inner.prop_map(|x| format!("not {x}")),
        ]
    })
    .boxed()
}

/// Checks, plans and runs it; every error is fine, but nothing else.
fn try_out(text: &str) {
    let Ok(strategy) = engine::Strategy::parse(text) else { return };
    match strategy.compile(&*TINY) {
        Err(errors) => assert!(errors.has_errors() && !errors.to_string().is_empty(), "{text}"),
        Ok(compiled) => {
            let _ = compiled.warnings().to_string();
            let _ = compiled.explain(false).expect("it has been checked").to_text();
            let _ = compiled.run();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        // The same cases every time: a test does not depend on luck.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn expressions_never_panic_and_rules_keep_every_bit(x in number(), c in truth(number())) {
        let text = format!("where {c} select all by {x} weight equal rebalance weekly");
        try_out(&text);
        let strategy = engine::Strategy::parse(&text).expect("the grammar takes it");
        if let Ok(compiled) = strategy.compile(&*TINY) {
            laws::holds(compiled.checked(), &text);
        }
    }

    #[test]
    fn wounded_texts_never_panic(place in any::<prop::sample::Index>(), wounds in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6u8), 1..6)) {
        let texts = corpus();
        let mut words: Vec<String> = words(&texts[place.index(texts.len())]);
        let others = words.clone();
        for (at, from, how) in wounds {
            if words.is_empty() {
                break;
            }
            let (at, other) = (at.index(words.len()), others[from.index(others.len())].clone());
            match how {
                0 => { words.remove(at); }
                1 => words.insert(at, other),
                2 => words[at] = other,
                3 => { let (x, y) = (at, from.index(words.len())); words.swap(x, y); }
                4 => words.truncate(at),
                _ => words[at] = words[at].chars().rev().collect(),
            }
        }
        try_out(&words.concat());
    }
}

/// The strategies of the corpus, good and bad.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![];
    for folder in [
        "tests/corpus/syntax",
        "tests/corpus/check",
        "tests/corpus/types",
        "tests/corpus/plan",
        "strategies",
    ] {
        let mut files: Vec<_> = fs::read_dir(root.join(folder))
            .expect("it is in the tree")
            .map(|e| e.expect("readable").path())
            .collect();
        files.sort();
        let files = files.iter().filter(|f| f.extension().is_some_and(|e| e == "decile"));
        texts.extend(files.map(|f| fs::read_to_string(f).expect("readable")));
    }
    texts.retain(|t| !t.is_empty());
    texts
}

/// Words, numbers, signs and spaces.
fn words(text: &str) -> Vec<String> {
    let kind = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            0
        } else if c.is_whitespace() {
            1
        } else {
            2
        }
    };
    let mut words: Vec<String> = vec![];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if kind(c) != 2 && word.ends_with(|l| kind(l) == kind(c)) => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    words
}
