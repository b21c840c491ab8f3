//! Syntax tree → checked program, against a schema, never against data.

mod amount;
mod call;
mod clause;
mod condition;
mod costs;
mod error;
mod expression;
mod foresight;
mod infer;
mod names;
mod operands;
mod order;
mod program;
mod rebalancing;
mod regression;
mod schedule;
mod scope;
mod state;
mod strategy;

pub use clause::weight::weight_methods;
pub use condition::{Condition, ConditionStep};
pub use costs::{Commission, Costs, Impact, VolumeCap};
pub use expression::{Expression, ExpressionId, Expressions, OperatorRef};
pub use order::names_used;
pub use program::{Checked, Loaded, LoadedFile, Scope, SignalSource, Strategy};
pub use rebalancing::{CalendarRule, Every, On, Triggers};
pub use state::{STATES, State, StateName, StateScope};
pub use strategy::{
    Benchmark, Bound, BoundKind, BoundTarget, CashRate, CovarianceMethod, Exposure, Held, HoldItem,
    Limit, LimitRule, Objective, OnInfeasible, Optimised, Pick, PickCount, Policy, RiskModel,
    SignalId, TargetVolatility, TradeAt, Weight,
};

use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics, Result},
    panel::Schema,
    source::Span,
    syntax::ast::{self, ClauseKind, ItemKind},
    types::Kind,
};
use clause::{FILE, Placed, clause_name, hold::shapes_picks};
use infer::Checker;
use scope::{DefinitionKind, FileId, duplicates};
use std::{collections::BTreeSet, sync::Arc};

/// Checks a program against the names and types of a market.
///
/// # Errors
/// All that is wrong, in one go: unknown names, wrong arguments, kinds, shapes and amounts, clauses that stand twice or
/// that this version does not carry out.
pub fn check(loaded: &Loaded, schema: &Schema) -> Result<Checked> {
    let mut checker = Checker::new(loaded, schema);
    let named = definitions(&mut checker);
    settings(&mut checker);
    let strategies = strategies(&mut checker);
    checker.foresight(&strategies);
    uncalled(&mut checker);
    finish(checker, strategies, named)
}

/// The file that was asked for; the others are used by it, or by one of those.
const FIRST: FileId = FileId::File(0);

/// Checks every definition of the files, used or not; but what the market lacks for a file that is used is said where
/// it is wanted only: a collection of factors serves markets that have the data for some of them.
fn definitions<'a>(checker: &mut Checker<'a>) -> Vec<(String, ExpressionId)> {
    let loaded = checker.loaded;
    let mut named = vec![];
    for index in 0..loaded.files.len() {
        let file = FileId::File(index);
        for (later, first) in duplicates(loaded, file) {
            checker.report(error::duplicate_name(later.span, first.span, &first.text));
        }
        for definition in loaded.definitions(file) {
            let parameters = definition.kind.parameters().unwrap_or(&[]);
            for (i, later) in parameters.iter().enumerate() {
                if let Some(first) = parameters[..i].iter().find(|p| p.name.text == later.name.text)
                {
                    let (later, first) = (&later.name, &first.name);
                    checker.report(error::duplicate_name(later.span, first.span, &first.text));
                }
            }
        }
    }
    // No file that is used needs what the first defines.
    let (own, used): (Vec<_>, Vec<_>) =
        order::in_order(checker).into_iter().partition(|d| d.file == FIRST);
    let mut bare = |checker: &mut Checker<'a>, definition: scope::Definition<'a>| {
        let parameters = definition.kind.parameters();
        if !parameters.is_none_or(|p| p.iter().all(|p| p.default.is_some())) {
            return;
        }
        let name = definition.kind.name();
        let id = checker.expand_bare(definition, name.span);
        if let (Some(id), DefinitionKind::Let(_)) = (id, definition.kind) {
            named.push(((definition.file, name.span), name.text.clone(), id));
        }
    };
    let said = checker.diagnostics.len();
    used.into_iter().for_each(|d| bare(checker, d));
    checker.forget_what_is_lacking(said);
    own.into_iter().for_each(|d| bare(checker, d));
    named.sort_unstable_by_key(|(place, ..)| *place);
    named.into_iter().map(|(_, name, id)| (name, id)).collect()
}

/// Functions that nobody calls: their names, their calls, and whatever in them does not depend on their parameters.
fn uncalled(checker: &mut Checker<'_>) {
    let loaded = checker.loaded;
    for file in (0..loaded.files.len()).map(FileId::File) {
        let said = checker.diagnostics.len();
        for definition in loaded.definitions(file) {
            let DefinitionKind::Let(function) = definition.kind else { continue };
            let Some(parameters) = &function.parameters else { continue };
            if checker.is_called(definition) {
                continue;
            }
            let unknown: Vec<(&str, Option<ExpressionId>)> =
                parameters.iter().map(|p| (p.name.text.as_str(), None)).collect();
            let place = infer::Place::new(file, &unknown);
            // What depends on a parameter is not looked into, but its names are known all the same.
            for name in order::uses(&function.value) {
                let local = parameters.iter().any(|p| p.name.text == name.name);
                match name.called {
                    true => checker.look_up_function(name.name, name.span, place),
                    false if local => {}
                    false => checker.look_up_name(name.name, name.span, place),
                }
            }
            checker.infer(&function.value, place);
            for default in parameters.iter().filter_map(|p| p.default.as_ref()) {
                checker.infer(default, infer::Place::new(file, &[]));
            }
        }
        if file != FIRST {
            checker.forget_what_is_lacking(said);
        }
    }
}

/// Every setting must name a `param`.
fn settings(checker: &mut Checker<'_>) {
    let loaded = checker.loaded;
    let params: Vec<&str> = (0..loaded.files.len())
        .flat_map(|f| loaded.definitions(FileId::File(f)))
        .filter(|d| matches!(d.kind, DefinitionKind::Param(_)))
        .map(|d| d.kind.name().text.as_str())
        .collect();
    for (name, _) in &loaded.settings {
        if !params.contains(&name.as_str()) {
            let mut complaint = Diagnostic::error(
                Code::UnknownParameter,
                format!("`--set {name}` names no `param` of the file"),
            );
            complaint = match (
                crate::diagnostic::nearest(name, params.iter().copied()).first(),
                params.as_slice(),
            ) {
                (Some(best), _) => complaint.help(format!("did you mean `{best}`?")),
                (None, []) => {
                    complaint.help(format!("the file has none; write `param {name} = …` in it"))
                }
                (None, some) => {
                    let list: Vec<String> = some.iter().map(|n| format!("`{n}`")).collect();
                    complaint.help(format!("the file has {}", list.join(", ")))
                }
            };
            checker.report(complaint);
        }
    }
}

fn is_plain(definition: &scope::Definition<'_>) -> bool {
    matches!(definition.kind, DefinitionKind::Let(_)) && definition.kind.parameters().is_none()
}

fn strategies<'a>(checker: &mut Checker<'a>) -> Vec<Strategy> {
    let loaded = checker.loaded;
    let tree: &ast::File = &loaded.files[0].tree;
    let mut shared: Vec<Placed<'a>> = vec![];
    let mut blocks: Vec<(&ast::StrategyBlock, Option<&String>)> = vec![];
    let mut documentation = None;
    for item in &tree.items {
        match &item.kind {
            ItemKind::Clause(kind) => {
                shared.push((kind, item.span));
                documentation = documentation.or(item.documentation.as_ref());
            }
            ItemKind::Strategy(block) => blocks.push((block, item.documentation.as_ref())),
            _ => {}
        }
    }
    once_each(checker, &shared);
    if blocks.is_empty() {
        if shared.is_empty() {
            let what = if tree.items.is_empty() {
                "the file is empty"
            } else {
                "the file has no strategy"
            };
            checker.report(
                Diagnostic::error(Code::EmptyFile, what)
                    .at(Span { end: tree.span.start, ..tree.span }, "expected a clause or a strategy")
                    .help("a strategy can be one line: `select top 50 by rank(value) rebalance quarterly`"),
            );
            return vec![];
        }
        let first = shared[0].1;
        no_benchmark_of_itself(checker, &loaded.name, &shared);
        let strategy = checker.strategy(&loaded.name, documentation, first, &shared);
        return strategy.into_iter().collect();
    }
    let names = loaded.strategy_names();
    let mut checked = vec![];
    for (i, (block, documentation)) in blocks.iter().enumerate() {
        if let Some(first) = names[..i].iter().position(|n| *n == block.name.text) {
            let first = blocks[first].0.name.span;
            checker.report(error::duplicate_name(block.name.span, first, &block.name.text));
        }
        let own: Vec<Placed<'a>> = block.clauses.iter().map(|c| (&c.kind, c.span)).collect();
        once_each(checker, &own);
        no_benchmark_of_itself(checker, &block.name.text, &own);
        let clauses = inherit(&shared, own);
        checked.extend(checker.strategy(
            &block.name.text,
            *documentation,
            block.name.span,
            &clauses,
        ));
    }
    checked
}

/// The clauses of a strategy: its own, and those outside that it does not replace.
fn inherit<'a>(shared: &[Placed<'a>], own: Vec<Placed<'a>>) -> Vec<Placed<'a>> {
    let is_hold = |kind: &ClauseKind| matches!(kind, ClauseKind::Hold(_));
    let is_pick = |kind: &ClauseKind| matches!(kind, ClauseKind::Pick(_));
    let (holds, picks) = (own.iter().any(|c| is_hold(c.0)), own.iter().any(|c| is_pick(c.0)));
    let replaced = |kind: &ClauseKind| {
        let (name, repeats) = clause_name(kind);
        // Fixed shares take the place of picks and of all that shapes them, and the other way round.
        let other_way = holds && shapes_picks(kind) || picks && is_hold(kind);
        other_way || !repeats && own.iter().any(|(k, _)| clause_name(k).0 == name)
    };
    let mut clauses: Vec<Placed<'a>> =
        shared.iter().copied().filter(|(kind, _)| !replaced(kind)).collect();
    clauses.extend(own);
    clauses
}

/// A strategy may be compared with itself only by a clause that several share.
fn no_benchmark_of_itself(checker: &mut Checker<'_>, own: &str, clauses: &[Placed<'_>]) {
    for (kind, _) in clauses {
        if let ClauseKind::Benchmark(ast::BenchmarkName::Name(name)) = kind
            && name.text == own
            && own != "market_cap"
        {
            checker.report(error::own_benchmark(name.span, own));
        }
    }
}

fn once_each(checker: &mut Checker<'_>, clauses: &[Placed<'_>]) {
    for (i, (kind, span)) in clauses.iter().enumerate() {
        let (name, repeats) = clause_name(kind);
        let first = clauses[..i].iter().find(|(k, _)| clause_name(k).0 == name);
        if let (false, Some((_, first))) = (repeats, first) {
            checker.report(error::duplicate_clause(*span, *first, name));
        }
    }
}

/// The checked form of expressions that see the definitions of a file; they are named by their texts.
///
/// # Errors
/// All that is wrong with them.
pub fn check_expressions(
    loaded: &Loaded,
    expressions: &[ast::Expression],
    schema: &Schema,
) -> Result<Checked> {
    let mut checker = Checker::new(loaded, schema);
    settings(&mut checker);
    let mut named = vec![];
    for expression in expressions {
        if let Some(id) = checker.infer(expression, FILE)
            && checker.has_labels(id, expression.span)
            && checker.sees_nothing_ahead(id)
        {
            named.push((loaded.sources.slice(expression.span).to_owned(), id));
        }
    }
    let strategies = strategies_needed(&mut checker, &named);
    finish(checker, strategies, named)
}

/// The strategies of the file, if the returns of one are wanted.
fn strategies_needed(checker: &mut Checker<'_>, named: &[(String, ExpressionId)]) -> Vec<Strategy> {
    let wanted = named.iter().map(|(_, id)| *id);
    if checker.expressions.strategies_in(wanted).is_empty() {
        return vec![];
    }
    let strategies = strategies(checker);
    checker.foresight(&strategies);
    strategies
}

/// The checked `let`s without brackets of a file, whatever its strategies are.
///
/// # Errors
/// All that is wrong with them; a file without any.
pub fn check_definitions(loaded: &Loaded, schema: &Schema) -> Result<Checked> {
    let mut checker = Checker::new(loaded, schema);
    let mut named = definitions(&mut checker);
    settings(&mut checker);
    uncalled(&mut checker);
    let own: BTreeSet<&str> = loaded
        .definitions(FileId::File(0))
        .filter(is_plain)
        .map(|d| d.kind.name().text.as_str())
        .collect();
    // The file's own come first, so a name that is also that of a used file is its own at its first place.
    let mut seen = BTreeSet::new();
    named.retain(|(name, id)| {
        own.contains(name.as_str())
            && seen.insert(name.clone())
            && !matches!(checker.expressions.get(*id), Expression::Text(_))
            // A target is nothing by itself.
            && checker.expressions.horizon(*id) == 0
    });
    if named.is_empty() && !checker.failed() {
        let complaint = Diagnostic::error(Code::EmptyFile, "the file has no `let` to evaluate");
        let help = "a definition is one line: `let cheap = book_equity / market_cap`";
        checker.report(
            complaint
                .at(loaded.files[0].tree.span, "expected a `let` without parameters")
                .help(help),
        );
    }
    let strategies = strategies_needed(&mut checker, &named);
    finish(checker, strategies, named)
}

fn finish(
    checker: Checker<'_>,
    strategies: Vec<Strategy>,
    named: Vec<(String, ExpressionId)>,
) -> Result<Checked> {
    if checker.failed() {
        return Err(Diagnostics::new(checker.diagnostics, &checker.loaded.sources));
    }
    let texts = |id: ExpressionId| match checker.expressions.ty(id).kind {
        Kind::Label => checker.label_texts(id),
        _ => Arc::default(),
    };
    let labels = named.iter().map(|(_, id)| texts(*id)).collect();
    let Checker { expressions, diagnostics: warnings, .. } = checker;
    Ok(Checked { expressions, strategies, named, labels, warnings })
}
