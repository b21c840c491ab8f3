//! How the errors of a run read, with the text they point into.

use crate::market::{Market, Trial, weekdays};
use decile::{
    check::{Bound, BoundKind, BoundTarget, PickCount, Weight},
    diagnostic::{Diagnostics, Style, render},
    source::{SourceId, Sources, Span},
};
use ndarray::Array2;
use std::{fmt::Write, sync::Arc};

const TEXT: &str = "select top 12 by momentum
weight score
cap position 13%
cap sector 45%
where close > 5
rebalance monthly
";

fn span(of: &str) -> Span {
    let start = TEXT.find(of).expect("it is in the text");
    Span::new(SourceId(0), start, start + of.len())
}

fn shown(trial: &Trial<'_>) -> String {
    let mut sources = Sources::default();
    sources.add("caps.decile", TEXT);
    let diagnostic = trial.try_run().expect_err("a run that fails");
    render(&Diagnostics::new(vec![*diagnostic], &sources), Style::Plain)
}

#[test]
fn errors_of_a_run() {
    let symbols: Vec<String> = (0..12).map(|i| format!("S{i:02}")).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let close = Array2::from_elem((40, 12), 10.0);
    let market = Market::new(&symbols, weekdays("2020-01-01", 40), close);
    let mut trial = Trial::new(&market, &[22]);
    trial.policy.pick.span = span("select top 12 by momentum");
    trial.policy.pick.count = PickCount::Top(12);
    let mut page = String::new();

    let score: Vec<f64> = (0..12).map(|i| f64::from(i) - 0.5).collect();
    trial.policy.pick.by = Some(trial.constant(&score));
    trial.policy.weight = Weight::Score(span("weight score"));
    let _ = writeln!(page, "{}\n", shown(&trial));

    trial.policy.weight = Weight::Equal;
    let sector = trial.constant(&[0., 0., 0., 0., 0., 0., 0., 0., 1., 1., f64::NAN, f64::NAN]);
    let labels: Arc<[String]> = ["Energy", "Utilities"].map(str::to_owned).into();
    let bound = |target, amount, text: &str| Bound {
        kind: BoundKind::Cap,
        target,
        labels: labels.clone(),
        amount,
        else_cash: false,
        active: false,
        text: text.to_owned(),
        span: span(text),
    };
    trial.policy.bounds = vec![
        bound(BoundTarget::Position, 0.13, "cap position 13%"),
        bound(BoundTarget::Group(sector), 0.45, "cap sector 45%"),
    ];
    let _ = writeln!(page, "{}\n", shown(&trial));

    let filter = trial.constant(&[1., 1., 1., 1., 1., 1., 1., 0., 0., 0., 0., 0.]);
    trial.policy.filters = vec![(filter, "close > 5".to_owned())];
    trial.policy.eligible = filter;
    let _ = writeln!(page, "{}", shown(&trial));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("errors", page);
    });
}
