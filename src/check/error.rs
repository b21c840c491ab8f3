//! The wording of every complaint of the checker.

use super::state::StateName;
use crate::{
    diagnostic::{Code, Diagnostic, nearest},
    operator::Operator,
    source::Span,
    types::{Basis, Kind, Shape, Type, Unit},
};

pub(super) fn unknown_name<'a>(
    span: Span,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let error = Diagnostic::error(Code::UnknownName, format!("unknown name `{name}`"))
        .at(span, "not a `let`, a field of this market, or a name of the library");
    did_you_mean(error, span, name, known)
}

pub(super) fn unknown_function<'a>(
    span: Span,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let error = Diagnostic::error(Code::UnknownName, format!("unknown function `{name}`"))
        .at(span, "no operator, function of the library, or `let` with parameters");
    did_you_mean(error, span, name, known)
}

pub(super) fn did_you_mean<'a>(
    error: Diagnostic,
    span: Span,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let found = nearest(name, known);
    match found.as_slice() {
        [] => error,
        [best] => error.change(format!("did you mean `{best}`?"), span, *best),
        [best, others @ ..] => {
            let others = others.iter().map(|o| format!("`{o}`")).collect::<Vec<_>>().join(", ");
            error.change(format!("did you mean `{best}`? (others: {others})"), span, *best)
        }
    }
}

pub(super) fn unknown_table<'a>(
    span: Span,
    table: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let list = known.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ");
    let error = Diagnostic::error(Code::UnknownName, format!("unknown table `{table}`"))
        .at(span, format!("this market has {list}"));
    did_you_mean(error, span, table, known)
}

pub(super) fn ambiguous(span: Span, name: &str, table: &str) -> Diagnostic {
    Diagnostic::error(
        Code::AmbiguousName,
        format!("`{name}` is both in the library and a field of `{table}`"),
    )
    .at(span, "which of the two?")
    .change("the library's definition", span, format!("std.{name}"))
    .change("the column of the data", span, format!("{table}.{name}"))
}

pub(super) fn several_tables(span: Span, name: &str, tables: &[&str]) -> Diagnostic {
    let mut error =
        Diagnostic::error(Code::AmbiguousName, format!("`{name}` is a field of several tables"))
            .at(span, "which of them?");
    for table in tables {
        error = error.change(format!("the one of `{table}`"), span, format!("{table}.{name}"));
    }
    error
}

pub(super) fn missing_fields(span: Span, name: &str, fields: &[String]) -> Diagnostic {
    let list = fields.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ");
    let lack = if fields.len() == 1 { "a field" } else { "fields" };
    Diagnostic::error(
        Code::MissingField,
        format!("`{name}` needs {list}, {lack} this market does not have"),
    )
    .at(span, format!("needs {list}"))
    .help(format!("load data that have {list}, or say what it is here: `let {name} = …`"))
}

pub(super) fn no_opening_prices(span: Span) -> Diagnostic {
    let text = "`trade at next open` needs `open`, a field this market does not have";
    Diagnostic::error(Code::MissingField, text)
        .at(span, "needs `open`")
        .help("load data that have `open`, or write `trade at next close`")
}

/// A state of the book where there is none.
pub(super) fn no_state(span: Span, state: &StateName) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("`{}` is the state of the portfolio", state.name))
        .at(span, "there is none here")
        .help(format!("it may stand only in {}", state.scope.clauses()))
}

pub(super) fn hidden_by_state(span: Span, first: Span, name: &str) -> Diagnostic {
    let text = format!("`{name}` is the state of the portfolio here, and a `let`");
    Diagnostic::error(Code::AmbiguousName, text)
        .at(span, "which of the two?")
        .also(first, "the `let`")
        .help("give the `let` another name")
}

/// A panel where one answer is wanted.
pub(super) fn one_answer(span: Span, text: &str) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, "expected one answer a date, found one for each asset")
        .at(span, "of which asset?")
        .help(format!("write `any({text})` or `all({text})`"))
}

pub(super) fn state_has_no_past(span: Span, operator: &str) -> Diagnostic {
    let text = format!("`{operator}` cannot look at the state of the portfolio");
    Diagnostic::error(Code::TypeMismatch, text)
        .at(span, "the state is known on the day itself only, and of what is held only")
        .help(
            "compare it, reckon with it element by element, or take `any`, `all`, `count` or `sum`",
        )
}

pub(super) fn recursion(
    span: Span,
    own: Span,
    circle: &[&str],
    instead: Option<String>,
) -> Diagnostic {
    let name = circle[0];
    let mut error = Diagnostic::error(Code::Recursion, format!("`{name}` needs itself"))
        .at(span, "this leads back to where it began");
    if own != span {
        error = error.also(own, "defined here");
    }
    let shown: Vec<&str> = circle.iter().take(8).copied().collect();
    let dots = if circle.len() > 8 { " → …" } else { "" };
    match (circle.len(), instead) {
        (1, Some(instead)) => error.change("what has this name outside the file", span, instead),
        (1, None) => error,
        _ => error.help(format!("{}{dots} → {name}", shown.join(" → "))),
    }
}

pub(super) fn too_large(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(
        Code::TooLarge,
        format!("the definitions expand to more than {most} expressions"),
    )
    .at(span, "reached here")
    .help("functions that call each other twice or more grow with every level: make fewer levels")
}

pub(super) fn jumps_at_splits(span: Span, at: Span) -> Diagnostic {
    let message = "a window over a number that jumps at every split";
    let mut warning = Diagnostic::warning(Code::BasisMismatch, message)
        .at(span, "earlier values cannot be brought to the shares of today");
    if at != span {
        warning = warning.also(at, "made of prices or shares as they were on the day");
    }
    warning.help("take it of a ratio instead, as in `log(close / lag(close))`")
}

pub(super) fn basis_of_quotient(span: Span, left: (Span, Unit), right: (Span, Unit)) -> Diagnostic {
    Diagnostic::warning(
        Code::BasisMismatch,
        format!("{} divided by {}", with_basis(left.1), with_basis(right.1)),
    )
    .at(span, "the two refer to different share units")
    .also(left.0, with_basis(left.1))
    .also(right.0, with_basis(right.1))
    .help("every split changes the ratio: bring both to one basis")
}

/// The unit with its basis said, also where it is the ordinary one.
fn with_basis(unit: Unit) -> String {
    match unit.basis() {
        Some(Basis::Raw) => format!("a raw {unit}"),
        _ => with_article(unit),
    }
}

pub(super) fn lone_text(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, "a text, and no label it could belong to")
        .at(span, "expected a label, such as `sector`")
        .help("a text may be compared with a label: `sector == \"Energy\"`")
}

pub(super) fn too_many_signals(span: Span, most: usize) -> Diagnostic {
    let message =
        format!("the clauses of a strategy look at more than {most} different expressions");
    Diagnostic::error(Code::TooLarge, message)
        .at(span, "this strategy")
        .help("join conditions with `and` in one `where`")
}

pub(super) fn active_floor_of_positions(span: Span) -> Diagnostic {
    Diagnostic::error(Code::Arguments, "a floor of positions is not against the benchmark")
        .at(span, "what is below the floor is dropped, whatever the benchmark holds")
        .help("leave out `active`, or write a floor of a label, such as `floor sector 2% active`")
}

pub(super) fn too_many_bounds(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error(Code::TooLarge, format!("a strategy has at most {most} `cap`s and `floor`s"))
        .at(span, "one too many")
}

pub(super) fn no_function(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::Arguments, format!("`{name}` is no function"))
        .at(span, "a value, which takes no arguments")
        .help(format!("write `{name}` without brackets, or with an operator before them"))
}

pub(super) fn own_benchmark(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::OutOfRange, format!("`{name}` is compared with itself"))
        .at(span, "the strategy's own name")
        .help("name a symbol in quotes, `market_cap`, or another strategy of the file")
}

/// `picked`: how many are picked, `None` for all.
pub(super) fn idle_buffer(span: Span, kept: usize, picked: Option<usize>) -> Diagnostic {
    match picked {
        None => {
            Diagnostic::error(Code::OutOfRange, "`keep until` does nothing where all are picked")
                .at(span, "everybody stays anyway")
                .help("take it out, or pick `top 50`")
        }
        Some(picked) => Diagnostic::error(
            Code::OutOfRange,
            format!("this buffer keeps the best {kept}, but the best {picked} are picked anyway"),
        )
        .at(span, format!("expected a place of at least {picked}"))
        .help(format!("`keep until place > {}` would be a buffer", picked + picked.div_ceil(2))),
    }
}

pub(super) fn weekday_of_a_week(span: Span, weekday: &str) -> Diagnostic {
    Diagnostic::error(Code::OutOfRange, format!("a week has one {weekday}"))
        .at(span, "first to fifth, or last, are for months and longer")
        .help(format!("write `weekly on {weekday}`"))
}

/// A value from outside that is of another kind than the `param`'s own.
pub(super) fn wrong_setting(span: Span, name: &str, expected: Kind, found: Kind) -> Diagnostic {
    let help = match expected {
        Kind::Number => "such as 50, 25% or 12m",
        Kind::Label => "in quotes where it is not a name, such as '\"Health Care\"'",
        Kind::Boolean => "true or false",
        Kind::Date => "such as 2015-01-31",
    };
    Diagnostic::error(Code::TypeMismatch, format!("`{name}` is a {expected}, not a {found}"))
        .at(span, format!("expected a {expected}"))
        .help(format!("give a {expected}, {help}"))
}

pub(super) fn duplicate_name(span: Span, first: Span, name: &str) -> Diagnostic {
    Diagnostic::error(Code::DuplicateName, format!("`{name}` is defined twice"))
        .at(span, "defined again here")
        .also(first, "first defined here")
}

pub(super) fn duplicate_clause(span: Span, first: Span, clause: &str) -> Diagnostic {
    Diagnostic::error(Code::DuplicateClause, format!("`{clause}` stands twice in one strategy"))
        .at(span, "again here")
        .also(first, "first here")
        .help("keep one of the two")
}

pub(super) fn wrong_type(span: Span, expected: &str, found: Type) -> Diagnostic {
    let found = in_words(found);
    Diagnostic::error(Code::TypeMismatch, format!("expected {expected}, found {found}"))
        .at(span, format!("this is {found}"))
}

/// A kind and shape as one would say them.
fn in_words(ty: Type) -> String {
    let kind = ty.kind;
    match ty.shape {
        Shape::Scalar => format!("a constant {kind}"),
        Shape::Series => format!("a {kind} of each date, the same for all assets"),
        Shape::Static => format!("a {kind} of each asset that never changes"),
        Shape::Panel => format!("a {kind} of each date and asset"),
    }
}

pub(super) fn no_order(span: Span, symbol: &str, found: Type) -> Diagnostic {
    let found = in_words(found);
    Diagnostic::error(Code::TypeMismatch, format!("`{symbol}` compares numbers, not {found}"))
        .at(span, format!("this is {found}"))
        .help("`==`, `!=` and `in [...]` compare everything")
}

pub(super) fn not_constant(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(Code::TypeMismatch, format!("{what} must be a constant"))
        .at(span, "this changes with dates or assets")
        .help("write a number, a duration, or the name of a `param`")
}

pub(super) fn out_of_range(span: Span, what: &str, expected: &str, found: &str) -> Diagnostic {
    Diagnostic::error(Code::OutOfRange, format!("{what} must be {expected}, found {found}"))
        .at(span, format!("expected {expected}"))
}

pub(super) fn negative_lag(span: Span, rows: f64) -> Diagnostic {
    Diagnostic::error(Code::LookAhead, format!("a lag of {rows} rows would see the future"))
        .at(span, "expected 0 or more rows")
        .help("everything in Decile looks backwards; `lag(x, 1)` is yesterday's value")
}

pub(super) fn short_duration(span: Span, written: &str, rows_per_year: u32) -> Diagnostic {
    Diagnostic::error(Code::OutOfRange, format!("`{written}` is shorter than a row of this market"))
        .at(span, format!("this market has {rows_per_year} rows a year"))
        .help("write a longer duration, or a bare number of rows")
}

pub(super) fn compare_missing(span: Span, other: &str, whole: Span, negated: bool) -> Diagnostic {
    let replacement = format!("{}is_missing({other})", if negated { "not " } else { "" });
    Diagnostic::error(Code::TypeMismatch, "nothing is equal to `missing`")
        .at(span, "a comparison with it is missing")
        .change("ask whether the value is missing", whole, replacement)
}

pub(super) fn units(span: Span, verb: &str, left: (Span, Unit), right: (Span, Unit)) -> Diagnostic {
    Diagnostic::warning(
        Code::UnitMismatch,
        format!("{verb} {} and {}", with_article(left.1), with_article(right.1)),
    )
    .at(span, "two different units")
    .also(left.0, left.1.to_string())
    .also(right.0, right.1.to_string())
    .help("`rank` or `zscore` both sides, so that they are ratios")
}

fn with_article(unit: Unit) -> String {
    let text = unit.to_string();
    match text.as_str() {
        "money" | "rows" => text,
        _ if text.ends_with("shares") => text,
        _ if text.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {text}"),
        _ => format!("a {text}"),
    }
}

pub(super) fn basis(span: Span, left: Basis, right: Basis) -> Diagnostic {
    Diagnostic::error(
        Code::BasisMismatch,
        format!("a {left} price times a {right} number of shares"),
    )
    .at(span, "the two refer to different share units")
    .help("bring both to one basis: adjusted share counts, or raw prices with a split table")
}

pub(super) fn adjusted_price(span: Span, basis: Basis) -> Diagnostic {
    Diagnostic::warning(Code::AdjustedPrice, format!("a {basis} price is compared with a constant"))
        .at(span, "not the price that was paid on the day: later splits and dividends have changed its level")
        .help("compare money traded (`adv(20d) > 1 million`) or market value, or load raw prices")
}

pub(super) fn arguments(span: Span, operator: &str, signature: &str, what: &str) -> Diagnostic {
    Diagnostic::error(Code::Arguments, format!("`{operator}`: {what}"))
        .at(span, "this call")
        .help(format!("it is `{signature}`"))
}

pub(super) fn unknown_argument<'a>(
    span: Span,
    operator: &str,
    signature: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let error =
        Diagnostic::error(Code::Arguments, format!("`{operator}` has no parameter `{name}`"))
            .at(span, format!("it is `{signature}`"));
    did_you_mean(error, span, name, known)
}

pub(super) fn needs_arguments(span: Span, operator: &Operator) -> Diagnostic {
    Diagnostic::error(
        Code::Arguments,
        format!("`{}` is a function and needs arguments", operator.name),
    )
    .at(span, "without brackets")
    .help(format!("it is `{}`", operator.signature()))
}

pub(super) fn no_axis(span: Span, operator: &str, axis: &str, found: Type) -> Diagnostic {
    Diagnostic::error(
        Code::TypeMismatch,
        format!("`{operator}` works {axis}, and this is {}", in_words(found)),
    )
    .at(span, format!("this is {}", in_words(found)))
}

pub(super) fn unknown_label<'a>(
    span: Span,
    text: &str,
    field: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let found: Vec<&str> = nearest(text, known.iter().copied());
    let error = Diagnostic::error(Code::UnknownName, format!("`{field}` never is \"{text}\""))
        .at(span, "no such label in this market");
    match found.first() {
        Some(best) => error.change(format!("did you mean \"{best}\"?"), span, format!("{best:?}")),
        None if known.len() <= 20 => error.help(format!(
            "its labels are {}",
            known.iter().map(|k| format!("{k:?}")).collect::<Vec<_>>().join(", ")
        )),
        None => error,
    }
}

/// A text that is no number from 1 to the `most` of a bucket.
pub(super) fn unknown_bucket(span: Span, text: &str, most: u32) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("this label never is \"{text}\""))
        .at(span, format!("expected \"1\" to \"{most}\""))
        .help(format!("the least values are in \"1\", the greatest in \"{most}\""))
}

pub(super) fn unknown_field<'a>(
    span: Span,
    table: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let error = Diagnostic::error(Code::UnknownName, format!("`{table}` has no `{name}`"))
        .at(span, format!("no such name in `{table}`"));
    did_you_mean(error, span, name, known)
}

pub(super) fn unknown_symbol<'a>(
    span: Span,
    symbol: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let found = nearest(symbol, known);
    let error =
        Diagnostic::error(Code::UnknownName, format!("no asset \"{symbol}\" in this market"))
            .at(span, "unknown symbol");
    match found.first() {
        Some(best) => error.change(format!("did you mean \"{best}\"?"), span, format!("{best:?}")),
        None => error,
    }
}

pub(super) fn missing_clause(
    span: Span,
    strategy: &str,
    clause: &str,
    example: &str,
) -> Diagnostic {
    Diagnostic::error(Code::MissingClause, format!("strategy `{strategy}` has no `{clause}`"))
        .at(span, "what is to be held?")
        .help(format!("write for example `{example}`"))
}

/// A list where one value is due.
pub(super) fn misplaced_list(at: Span) -> Diagnostic {
    let message = "a list may stand only after `in` and for arguments that take several values";
    Diagnostic::error(Code::TypeMismatch, message)
        .at(at, "this is a list")
        .help("write for example `sector in [\"Energy\", \"Utilities\"]`")
}

/// Something else where a reported field is due.
pub(super) fn not_reported(at: Span, known: &[&str]) -> Diagnostic {
    const SHOWN: usize = 8;
    let error = Diagnostic::error(Code::TypeMismatch, "expected a field of a table of reports")
        .at(at, "this has no fiscal periods");
    match known {
        [] => {
            error.help("the market has no table of reports: `[reports.NAME]` in its `market.toml`")
        }
        some => {
            let list: Vec<String> = some.iter().take(SHOWN).map(|n| format!("`{n}`")).collect();
            let more = if some.len() > SHOWN { ", …" } else { "" };
            error.help(format!("this market has {}{more}", list.join(", ")))
        }
    }
}
