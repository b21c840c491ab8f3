//! The operator table as entries.

use super::{Entry, EntryKind, fact, formula};
use crate::operator::{Accepts, Body, Default, Example, FAMILIES, Operator, Parameter, ResultType};

/// Every operator, by family.
pub(super) fn entries() -> Vec<(&'static str, Vec<Entry>)> {
    let family = |f: &'static crate::operator::Family| {
        (f.title, f.operators.iter().map(|o| entry(o, f.title)).collect())
    };
    FAMILIES.iter().map(family).collect()
}

fn entry(operator: &Operator, section: &str) -> Entry {
    let mut facts = vec![];
    if operator.formula != operator.summary && !operator.formula.is_empty() {
        facts.push(formula("formula", operator.formula));
    }
    facts.push(fact("arguments", arguments(operator)));
    facts.push(fact("result", result(operator)));
    facts.push(fact("missing", operator.missing));
    if !operator.source.is_empty() {
        facts.push(fact("source", operator.source));
    }
    Entry {
        kind: EntryKind::Operator,
        name: operator.name.to_owned(),
        section: section.to_owned(),
        signature: signature(operator),
        summary: operator.summary.to_owned(),
        definition: None,
        facts,
        examples: operator.examples.iter().map(|e| example(operator, e)).collect(),
    }
}

/// How an operator is written that is no function.
fn written(operator: &Operator, operands: &[String]) -> Option<String> {
    Some(match (operator.name, operands) {
        ("negate", [x]) => format!("-{x}"),
        ("not", [x]) => format!("not {x}"),
        ("if", [c, a, b]) => format!("if {c} then {a} else {b}"),
        ("and" | "or", [x, y]) => format!("{x} {} {y}", operator.name),
        (symbol, [x, y]) if !symbol.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            format!("{x} {symbol} {y}")
        }
        _ => return None,
    })
}

fn signature(operator: &Operator) -> String {
    if operator.name == "if" {
        return "if condition then … else …".to_owned();
    }
    let operands: Vec<String> = operator.parameters.iter().map(|p| p.name.to_owned()).collect();
    written(operator, &operands).unwrap_or_else(|| operator.signature())
}

fn arguments(operator: &Operator) -> String {
    let mut list: Vec<String> = operator.parameters.iter().map(argument).collect();
    if operator.takes_groups() {
        list.push("`within` label, for each of whose groups it works apart".to_owned());
    }
    list.join("; ")
}

fn argument(parameter: &Parameter) -> String {
    let accepts = match parameter.accepts {
        Accepts::Number => "number".to_owned(),
        Accepts::Boolean => "boolean".to_owned(),
        Accepts::Label => "label".to_owned(),
        Accepts::Any => "of any kind".to_owned(),
        Accepts::SameAsFirst => "of the kind of the first".to_owned(),
        Accepts::Window => "constant rows, at least 1".to_owned(),
        Accepts::Lag => "constant rows, at least 0".to_owned(),
        Accepts::Constant { low, high, whole } => {
            let kind = if whole { "constant whole number" } else { "constant number" };
            match high {
                high if high >= 1e5 => format!("{kind}, at least {low}"),
                high => format!("{kind} from {low} to {high}"),
            }
        }
        Accepts::NumberOrLabel => "number or label".to_owned(),
        Accepts::Reported => "field of a table of reports".to_owned(),
        Accepts::Calendar => {
            "`monthly`, `quarterly`, `semiannually` or `annually`, with a month in brackets"
                .to_owned()
        }
        Accepts::Model => "`ols` or `ridge(λ)`".to_owned(),
        Accepts::Strategy => "name of a strategy of the file".to_owned(),
    };
    let default = match parameter.default {
        Default::Constant(_) if parameter.accepts == Accepts::Calendar => {
            ", monthly if not given".to_owned()
        }
        Default::Constant(_) if parameter.accepts == Accepts::Model => {
            ", `ols` if not given".to_owned()
        }
        Default::Required => String::new(),
        Default::Constant(value) if value.is_nan() => ", or what the missing rule says".to_owned(),
        Default::Constant(value) => format!(", {value} if not given"),
        Default::Repeated | Default::Many => ", and any number more".to_owned(),
        Default::Absent => ", may be left out".to_owned(),
        Default::List(least) => format!(", one or a list of at least {least}"),
        Default::Value(value) => format!(", {value} if not given"),
        Default::Alternative => ", exactly one of the parameters that say so".to_owned(),
    };
    format!("`{}` {accepts}{default}", parameter.name)
}

fn result(operator: &Operator) -> String {
    let first = operator.parameters.first().map_or("x", |p| p.name);
    let kind = match operator.result {
        ResultType::Same => format!("kind and unit of `{first}`"),
        ResultType::Joined(from) => match operator.parameters.get(from) {
            Some(p) if from > 0 => format!("kind and unit of `{}` and what follows", p.name),
            _ => "kind and unit of the inputs".to_owned(),
        },
        ResultType::Unknown => "number of unknown unit".to_owned(),
        ResultType::Ratio => "number (ratio)".to_owned(),
        ResultType::Rows => "number (rows)".to_owned(),
        ResultType::Boolean => "boolean".to_owned(),
        ResultType::Label(_) => "label".to_owned(),
        ResultType::Product => "number, the product of the units".to_owned(),
        ResultType::Quotient => "number, the quotient of the units".to_owned(),
        ResultType::Like(place) => match operator.parameters.get(place) {
            Some(parameter) => format!("kind and unit of `{}`", parameter.name),
            None => "kind and unit of an input".to_owned(),
        },
    };
    match operator.body {
        Body::Reduce(_) => format!("{kind}, one a date (one a group with `within:`)"),
        _ => kind,
    }
}

/// `ts_mean([1, 2, 6], 2) = [–, 1.5, 4]`; of reports, `quarter(f, k: 1) = [–, 10, 20] where the quarters are
/// published as [10, 20, 30]`.
fn example(operator: &Operator, example: &Example) -> String {
    if !matches!(operator.body, Body::Reports(_)) {
        return result_of(operator, example, example.inputs.iter().map(|i| list(i)).collect());
    }
    let names = operator.parameters.iter().take(example.inputs.len()).map(|p| p.name.to_owned());
    let result = result_of(operator, example, names.collect());
    format!("{result} where the quarters are published as {}", list(example.inputs[0]))
}

fn result_of(operator: &Operator, example: &Example, inputs: Vec<String>) -> String {
    let mut inputs = inputs.into_iter();
    let mut constants = example.constants.iter();
    let mut arguments = vec![];
    let later = |place: usize| {
        operator.parameters[place + 1..].iter().filter(|p| !p.accepts.is_constant()).count()
    };
    for (place, parameter) in operator.parameters.iter().enumerate() {
        if parameter.accepts.is_constant() {
            let given: Vec<String> = match parameter.default {
                Default::List(_) => constants.by_ref().map(|c| number(*c)).collect(),
                _ => constants
                    .next()
                    .filter(|c| !c.is_nan())
                    .map(|c| number(*c))
                    .into_iter()
                    .collect(),
            };
            arguments.extend(match (parameter.default, given.as_slice()) {
                (_, []) => None,
                (Default::Required, [one]) => Some(one.clone()),
                (_, [one]) => Some(format!("{}: {one}", parameter.name)),
                (_, some) => Some(format!("{}: [{}]", parameter.name, some.join(", "))),
            });
            continue;
        }
        let count = match parameter.default {
            Default::Repeated | Default::Many | Default::List(_) => {
                inputs.len().saturating_sub(later(place))
            }
            _ => 1,
        };
        let given: Vec<String> = inputs.by_ref().take(count).collect();
        match parameter.default {
            Default::List(_) => {
                arguments.push(format!("{}: [{}]", parameter.name, given.join(", ")))
            }
            Default::Absent => {
                arguments.extend(given.iter().map(|g| format!("{}: {g}", parameter.name)));
            }
            _ => arguments.extend(given),
        }
    }
    let call = written(operator, &arguments)
        .unwrap_or_else(|| format!("{}({})", operator.name, arguments.join(", ")));
    format!("{call} = {}", list(example.result))
}

fn list(values: &[f64]) -> String {
    match values {
        [one] => number(*one),
        some => format!("[{}]", some.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ")),
    }
}

/// A number with at most ten digits after the point.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value != 0.0 && !(1e-6..1e15).contains(&value.abs()) {
        return format!("{value:e}");
    }
    let text = format!("{value:.10}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
