//! What a simulation can complain of; all its wording.

use super::simulate::Simulation;
use crate::{
    check::{Condition, Held, HoldItem, PickCount},
    diagnostic::{Code, Diagnostic},
    panel::Row,
    portfolio::Funnel,
};

fn date(simulation: &Simulation<'_>, row: Row) -> String {
    simulation.market.calendar().date(row).to_string()
}

/// The funnel in words: `500 in the universe, 120 after `close > 5`, 38 with a score`.
fn funnel_in_words(simulation: &Simulation<'_>, funnel: &Funnel) -> String {
    let mut parts = vec![format!("{} in the universe", funnel.universe)];
    let filters = simulation.policy.filters.iter().zip(&funnel.filters);
    parts.extend(filters.map(|((_, text), left)| format!("{left} after `where {text}`")));
    parts.push(format!("{} of them with a price", funnel.eligible));
    if simulation.policy.pick.by.is_some() {
        parts.push(format!("{} with a score", funnel.scored));
    }
    parts.push(format!("{} picked", funnel.picked));
    parts.join(", ")
}

/// No decision can start the run; `best` is the one with the most assets that have a score.
pub(super) fn empty_run(
    simulation: &Simulation<'_>,
    best: Option<(Row, Funnel)>,
) -> Box<Diagnostic> {
    let (first, last) = (date(simulation, simulation.first), date(simulation, simulation.last));
    let policy = simulation.policy;
    let span = policy.pick.span;
    let wanted = match policy.pick.count {
        PickCount::Top(n) | PickCount::Bottom(n) if policy.pick.by.is_some() => {
            format!("{n} eligible assets with a score")
        }
        PickCount::Top(n) | PickCount::Bottom(n) => format!("{n} eligible assets"),
        _ => "an asset to pick".to_owned(),
    };
    let in_period = |row: &&Row| (simulation.first..=simulation.last).contains(row);
    let diagnostic = match best {
        Some((row, funnel)) => Diagnostic::error(
            Code::EmptyRun,
            format!("no rebalance from {first} to {last} has {wanted}"),
        )
        .at(span, "asks for more than there are")
        .help(format!(
            "the most were on {}: {}",
            date(simulation, row),
            funnel_in_words(simulation, &funnel)
        )),
        None => match simulation.decisions.iter().rfind(in_period) {
            None => Diagnostic::error(
                Code::EmptyRun,
                format!("`rebalance` asks for no decision from {first} to {last}"),
            )
            .at(span, "nothing is ever picked")
            .help("rebalance more often, or take a longer period"),
            Some(&row) if row >= simulation.lookback => Diagnostic::error(
                Code::EmptyRun,
                format!("the first rebalance is on {last}, and nothing can be traded after it"),
            )
            .at(span, "is decided on the last date")
            .help("take a longer period"),
            Some(&row) => Diagnostic::error(
                Code::EmptyRun,
                format!(
                    "the windows need {} earlier rows, but the last rebalance, on {}, has {row}",
                    simulation.lookback,
                    date(simulation, row)
                ),
            )
            .at(span, "cannot be known yet")
            .help("take shorter windows or more data"),
        },
    };
    Box::new(diagnostic)
}

/// Of all that `hold` names, one had not begun on the last decision, nor had all on any before.
pub(super) fn cannot_be_held(
    simulation: &Simulation<'_>,
    row: Row,
    item: &HoldItem,
) -> Box<Diagnostic> {
    let (first, last) = (date(simulation, simulation.first), date(simulation, simulation.last));
    let what = match item.what {
        Held::Asset(_) => "has no price",
        Held::Strategy(_) => "has not begun",
    };
    let text = format!("no rebalance from {first} to {last} has all that `hold` names");
    let diagnostic = Diagnostic::error(Code::EmptyRun, text)
        .at(item.span, format!("{what} on {}", date(simulation, row)))
        .help("take another period, or hold something else");
    Box::new(diagnostic)
}

pub(super) fn no_open_prices() -> Box<Diagnostic> {
    let text = "`trade at next open` needs opening prices, which this market does not have";
    Box::new(Diagnostic::error(Code::MissingField, text).help("write `trade at next close`"))
}

pub(super) fn not_finite(simulation: &Simulation<'_>, row: Row) -> Box<Diagnostic> {
    let text = format!(
        "the net asset value on {} is no finite number: a price of a holding is too large",
        date(simulation, row)
    );
    Box::new(Diagnostic::error(Code::BadPrice, text))
}

pub(super) fn ruined(simulation: &Simulation<'_>, row: Row) -> Box<Diagnostic> {
    let text = format!("the net asset value falls to zero on {}", date(simulation, row));
    let span = simulation.policy.exposure.span.unwrap_or(simulation.policy.pick.span);
    let diagnostic = Diagnostic::error(Code::BadPrice, text)
        .at(span, "more is lost than there is")
        .help("make the book smaller with `exposure`, or leave out with `where` what jumps");
    Box::new(diagnostic)
}

pub(super) fn money_not_conserved(
    simulation: &Simulation<'_>,
    row: Row,
    difference: f64,
) -> Box<Diagnostic> {
    let text = format!(
        "money is not conserved on {}: {difference:e} appeared from nowhere",
        date(simulation, row)
    );
    Box::new(Diagnostic::error(Code::Internal, text).help("report this with the strategy's text"))
}

/// An `expect` that does not hold; `compared` are the numbers that it compares, where it does so.
pub(super) fn not_as_expected(
    simulation: &Simulation<'_>,
    row: Row,
    condition: &Condition,
    compared: Option<(f64, f64)>,
) -> Box<Diagnostic> {
    let text = format!("`expect {}` does not hold on {}", condition.text, date(simulation, row));
    let found = match compared {
        Some((a, b)) => format!("{a:.6} against {b:.6}"),
        None => "is not so at this decision".to_owned(),
    };
    let diagnostic = Diagnostic::error(Code::Expectation, text).at(condition.span, found);
    Box::new(diagnostic.help("look at the decision with `decile explain FILE --at DATE`"))
}
