//! In which order definitions are checked: what a definition uses comes before it, and one that needs itself is found
//! here, used or not, however long the chain.

use super::{
    error,
    infer::Checker,
    scope::{Definition, DefinitionKind, FileId},
};
use crate::{
    operator,
    source::Span,
    syntax::ast::{self, Argument, Expression, ExpressionKind as K},
};
use std::collections::BTreeMap;

/// How many circles are followed.
const MOST_CIRCLES: usize = 100;

/// A name that an expression uses.
pub(super) struct Use<'a> {
    pub(super) name: &'a str,
    pub(super) span: Span,
    /// It stands before brackets or behind `|>`.
    pub(super) called: bool,
}

/// The names without a table that an expression uses, in no particular order; no recursion, however deep the text.
pub(super) fn uses(root: &Expression) -> Vec<Use<'_>> {
    let (mut found, mut open) = (vec![], vec![root]);
    while let Some(e) = open.pop() {
        let path = match &e.kind {
            K::Name(path) => Some((path, false)),
            K::Call { callee, .. } | K::Pipe { callee, .. } => Some((callee, true)),
            _ => None,
        };
        if let Some((path, called)) = path.filter(|(path, _)| path.table.is_none()) {
            found.push(Use { name: &path.name.text, span: path.name.span, called });
        }
        open.extend(parts(e));
    }
    found
}

/// The names without a table that an expression uses, each with whether it is called; in no particular order.
pub fn names_used(expression: &Expression) -> impl Iterator<Item = (&str, bool)> {
    uses(expression).into_iter().map(|u| (u.name, u.called))
}

/// The values of the arguments of a call, of which the first stands at a place among the parameters; what is written in
/// words of its own (`rebalance: monthly`, `model: ridge(1)`) holds no names.
fn values<'a>(
    callee: &ast::Path,
    first: usize,
    arguments: &'a [Argument],
) -> impl Iterator<Item = &'a Expression> {
    let operator = operator::find(&callee.name.text);
    arguments.iter().enumerate().filter_map(move |(i, argument)| {
        let name = argument.name.as_ref().map(|n| n.text.as_str());
        let parameter = operator.and_then(|o| o.parameter(name, first + i));
        (!parameter.is_some_and(|p| p.accepts.is_word())).then_some(&argument.value)
    })
}

fn parts(e: &Expression) -> Vec<&Expression> {
    match &e.kind {
        K::Number { .. }
        | K::Duration { .. }
        | K::Text(_)
        | K::Boolean(_)
        | K::Missing
        | K::Date(_)
        | K::Name(_) => vec![],
        K::Call { callee, arguments } => values(callee, 0, arguments).collect(),
        K::Pipe { value, callee, arguments } => {
            let rest = values(callee, 1, arguments.as_deref().unwrap_or(&[]));
            std::iter::once(value.as_ref()).chain(rest).collect()
        }
        K::Member { value, arguments, .. } => {
            let rest = arguments.iter().flatten().map(|a| &a.value);
            std::iter::once(value.as_ref()).chain(rest).collect()
        }
        K::Unary { operand, .. } => vec![operand],
        K::Binary { left, right, .. } => vec![left, right],
        K::If { condition, then, otherwise } => vec![condition, then, otherwise],
        K::Of { value, .. } => vec![value],
        K::In { value, list } => std::iter::once(value.as_ref()).chain(list).collect(),
        K::Between { value, low, high } => vec![value, low, high],
        K::List(items) => items.iter().collect(),
        K::Bracketed(inner) => vec![inner],
    }
}

/// The definitions of the files, what they use first. Those that need themselves are reported and left out.
pub(super) fn in_order<'a>(checker: &mut Checker<'a>) -> Vec<Definition<'a>> {
    let loaded = checker.loaded;
    let files = (0..loaded.files.len()).map(FileId::File);
    let all: Vec<Definition<'a>> = files.flat_map(|f| loaded.definitions(f)).collect();
    let place: BTreeMap<(FileId, Span), usize> =
        all.iter().enumerate().map(|(i, d)| ((d.file, d.kind.name().span), i)).collect();
    let wanted: Vec<Vec<(usize, Span)>> = all
        .iter()
        .map(|d| {
            let mut wanted: Vec<(usize, Span)> = used_definitions(checker, *d)
                .into_iter()
                .map(|(other, span)| (place[&(other.file, other.kind.name().span)], span))
                .collect();
            wanted.sort_unstable();
            wanted
        })
        .collect();
    let mut walk = Walk { state: vec![State::New; all.len()], order: vec![], circles: vec![] };
    for start in 0..all.len() {
        walk.from(start, &wanted);
    }
    for (circle, span) in &walk.circles {
        let names: Vec<&str> = circle.iter().map(|i| all[*i].kind.name().text.as_str()).collect();
        let first = all[circle[0]];
        let instead = checker.other_meaning(names[0]);
        checker.report(error::recursion(*span, first.kind.name().span, &names, instead));
    }
    for i in walk.circles.into_iter().flat_map(|(circle, _)| circle) {
        checker.broken.insert((all[i].file, all[i].kind.name().text.as_str()));
    }
    walk.order.into_iter().map(|i| all[i]).collect()
}

/// The definitions of the files that one uses, each with where it does.
fn used_definitions<'a>(
    checker: &Checker<'a>,
    definition: Definition<'a>,
) -> Vec<(Definition<'a>, Span)> {
    let (parameters, bodies): (&[ast::LetParameter], Vec<&Expression>) = match definition.kind {
        DefinitionKind::Let(l) => {
            let parameters = l.parameters.as_deref().unwrap_or(&[]);
            let defaults = parameters.iter().filter_map(|p| p.default.as_ref());
            (parameters, defaults.chain([&l.value]).collect())
        }
        DefinitionKind::Param(p) => (&[], vec![&p.default]),
    };
    let mut found = vec![];
    for name in bodies.into_iter().flat_map(uses) {
        let local = !name.called && parameters.iter().any(|p| p.name.text == name.name);
        let other = match name.called {
            true => checker.names.function(definition.file, name.name),
            false => checker.names.definition(definition.file, name.name),
        };
        if let (false, Some(other)) = (local, other)
            && other.file != FileId::Library
        {
            found.push((other, name.span));
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// A walk along what definitions use, without recursion.
struct Walk {
    state: Vec<State>,
    /// What is done, in that order.
    order: Vec<usize>,
    /// Definitions that lead back to the first of them, with the place that does.
    circles: Vec<(Vec<usize>, Span)>,
}

impl Walk {
    fn from(&mut self, start: usize, wanted: &[Vec<(usize, Span)>]) {
        if self.state[start] != State::New {
            return;
        }
        self.state[start] = State::Open;
        // Each open definition with how many of those it uses have been seen to.
        let mut open = vec![(start, 0)];
        while let Some((definition, seen)) = open.last_mut() {
            let Some(&(next, span)) = wanted[*definition].get(*seen) else {
                self.state[*definition] = State::Done;
                self.order.push(*definition);
                open.pop();
                continue;
            };
            *seen += 1;
            match self.state[next] {
                State::New => {
                    self.state[next] = State::Open;
                    open.push((next, 0));
                }
                // More circles than anybody would mend in one go are found when they are expanded.
                State::Open if self.circles.len() < MOST_CIRCLES => {
                    let begin = open.iter().position(|o| o.0 == next).expect("it is open");
                    self.circles.push((open[begin..].iter().map(|o| o.0).collect(), span));
                }
                State::Open | State::Done => {}
            }
        }
    }
}
