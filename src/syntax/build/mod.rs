//! Pairs of the grammar → syntax tree. Children are found by their tags, never by their number.

mod clause;
mod expression;

use super::{ast, expected, scan::Comment};
use crate::{
    diagnostic::Diagnostic,
    source::{SourceId, Span},
};
use ast::{Item, ItemKind, Let, LetParameter, Name, Param, ParamRange, StrategyBlock, Text};
use pest::{
    Parser as _,
    iterators::{Pair, Pairs},
};

/// The parser that the grammar describes.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/decile.pest"]
pub(super) struct Grammar;

type Result<T> = std::result::Result<T, Diagnostic>;

/// The tree of a file.
pub(super) fn file(text: &str, source: SourceId, comments: Vec<Comment>) -> Result<ast::File> {
    let builder = Builder { source, text, comments };
    let items = parse(Rule::file, text, source)?
        .filter(|pair| pair.as_rule() != Rule::EOI)
        .map(|pair| builder.item(pair))
        .collect::<Result<_>>()?;
    Ok(ast::File { items, span: Span::new(source, 0, text.len()) })
}

/// The tree of an expression.
pub(super) fn single_expression(
    text: &str,
    source: SourceId,
    comments: Vec<Comment>,
) -> Result<ast::Expression> {
    let builder = Builder { source, text, comments };
    let inner = parse(Rule::single_expression, text, source)?;
    builder.expression(tagged(&inner, "value"), 0)
}

/// The children of the one pair of a start rule.
fn parse(start: Rule, text: &str, source: SourceId) -> Result<Pairs<'_, Rule>> {
    match Grammar::parse(start, text) {
        Ok(mut pairs) => Ok(pairs.next().expect("a start rule gives one pair").into_inner()),
        Err(_) => Err(expected::explain(start, text, source)),
    }
}

/// The child with a tag.
fn tagged<'t>(pairs: &Pairs<'t, Rule>, tag: &str) -> Pair<'t, Rule> {
    optional(pairs, tag).expect("the grammar tags it")
}

/// The child with a tag that may be left out.
fn optional<'t>(pairs: &Pairs<'t, Rule>, tag: &str) -> Option<Pair<'t, Rule>> {
    pairs.clone().find(|pair| pair.as_node_tag() == Some(tag))
}

/// The first child of a rule.
fn child<'t>(pairs: &Pairs<'t, Rule>, rule: Rule) -> Option<Pair<'t, Rule>> {
    pairs.clone().find(|pair| pair.as_rule() == rule)
}

/// What turning pairs into a tree needs to know of their text.
struct Builder<'t> {
    source: SourceId,
    text: &'t str,
    comments: Vec<Comment>,
}

impl Builder<'_> {
    fn item(&self, pair: Pair<'_, Rule>) -> Result<Item> {
        let span = self.span(&pair);
        let documentation = self.documentation(span);
        let inner = pair.clone().into_inner();
        let kind = match pair.as_rule() {
            Rule::use_statement => ItemKind::Use(self.text(tagged(&inner, "path"))),
            Rule::param_statement => ItemKind::Param(self.param(&inner)?),
            Rule::let_statement => ItemKind::Let(self.definition(&inner)?),
            Rule::strategy_block => ItemKind::Strategy(self.strategy(&inner)?),
            _ => ItemKind::Clause(self.clause(pair)?),
        };
        Ok(Item { documentation, kind, span })
    }

    fn param(&self, inner: &Pairs<'_, Rule>) -> Result<Param> {
        let range = if let Some(choices) = child(inner, Rule::choices) {
            let list = choices.into_inner().map(|p| self.amount(p)).collect::<Result<_>>()?;
            Some(ParamRange::OneOf(list))
        } else if let Some(range) = child(inner, Rule::range) {
            let inner = range.into_inner();
            Some(ParamRange::Between {
                low: self.amount(tagged(&inner, "low"))?,
                high: self.amount(tagged(&inner, "high"))?,
                step: optional(&inner, "step").map(|p| self.amount(p)).transpose()?,
            })
        } else {
            None
        };
        Ok(Param {
            name: self.definition_name(tagged(inner, "name")),
            default: self.amount(tagged(inner, "default"))?,
            range,
        })
    }

    fn definition(&self, inner: &Pairs<'_, Rule>) -> Result<Let> {
        let parameters = child(inner, Rule::let_parameters)
            .map(|list| list.into_inner().map(|p| self.let_parameter(p)).collect::<Result<_>>())
            .transpose()?;
        Ok(Let {
            name: self.definition_name(tagged(inner, "name")),
            parameters,
            value: self.expression(tagged(inner, "value"), 0)?,
        })
    }

    fn let_parameter(&self, pair: Pair<'_, Rule>) -> Result<LetParameter> {
        let inner = pair.into_inner();
        Ok(LetParameter {
            name: self.definition_name(tagged(&inner, "name")),
            default: optional(&inner, "default").map(|p| self.expression(p, 0)).transpose()?,
        })
    }

    fn strategy(&self, inner: &Pairs<'_, Rule>) -> Result<StrategyBlock> {
        let name = tagged(inner, "name");
        let clauses = inner
            .clone()
            .filter(|pair| ![Rule::STRATEGY, Rule::definition_name].contains(&pair.as_rule()))
            .map(|pair| {
                let span = self.span(&pair);
                let documentation = self.documentation(span);
                Ok(ast::Clause { documentation, kind: self.clause(pair)?, span })
            })
            .collect::<Result<_>>()?;
        Ok(StrategyBlock { name: self.definition_name(name), clauses })
    }

    fn definition_name(&self, pair: Pair<'_, Rule>) -> Name {
        self.name(pair.into_inner().next().expect("it holds a name"))
    }

    fn name(&self, pair: Pair<'_, Rule>) -> Name {
        Name { text: pair.as_str().trim_matches('`').to_owned(), span: self.span(&pair) }
    }

    fn text(&self, pair: Pair<'_, Rule>) -> Text {
        let quoted = pair.as_str();
        let mut text = String::with_capacity(quoted.len());
        let mut characters = quoted[1..quoted.len() - 1].chars();
        while let Some(c) = characters.next() {
            text.push(match c {
                '\\' => match characters.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some(other) => other,
                    None => break,
                },
                other => other,
            });
        }
        Text { text, span: self.span(&pair) }
    }

    /// Where a pair stands, without the space and the comments that the parser skipped at its end.
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        let (start, mut end) = (span.start(), span.end());
        loop {
            end = start + self.text[start..end].trim_end().len();
            match self.comments.binary_search_by_key(&end, |c| c.range.end) {
                Ok(i) if self.comments[i].range.start > start => end = self.comments[i].range.start,
                _ => return Span::new(self.source, start, end),
            }
        }
    }

    /// The text of the `##` lines right before a statement.
    fn documentation(&self, statement: Span) -> Option<String> {
        let mut start = statement.start as usize;
        let before = self.comments.partition_point(|c| c.range.end <= start);
        let mut lines = vec![];
        for comment in self.comments[..before].iter().rev() {
            let between = &self.text[comment.range.end..start];
            if !comment.documents || !between.trim().is_empty() {
                break;
            }
            let line = self.text[comment.range.clone()].trim_start_matches('#');
            lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end());
            start = comment.range.start;
        }
        lines.reverse();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}
