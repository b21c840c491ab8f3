//! Expressions: operands and operators in a row → a tree by precedence.

use super::{Builder, Result, Rule, optional, tagged};
use crate::{
    panel::Date,
    source::Span,
    syntax::{
        MAX_OPERATORS,
        ast::{
            Argument, BinaryOperator, DurationUnit, Expression, ExpressionKind, Path, Suffix,
            UnaryOperator,
        },
        error,
    },
};
use pest::{
    iterators::{Pair, Pairs},
    pratt_parser::{Assoc, Op, PrattParser},
};
use std::sync::LazyLock;

/// Loosest first: `|>`, `or`, `and`, `not`, comparisons, `??`, `+ -`, `* /`, unary `-`, `^`, `of` and members.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(Op::postfix(Rule::pipe_step))
        .op(left(Rule::or))
        .op(left(Rule::AND))
        .op(Op::prefix(Rule::NOT))
        .op(left(Rule::equal)
            | left(Rule::not_equal)
            | left(Rule::less)
            | left(Rule::less_or_equal)
            | left(Rule::greater)
            | left(Rule::greater_or_equal)
            | Op::postfix(Rule::in_list)
            | Op::postfix(Rule::between))
        .op(left(Rule::otherwise))
        .op(left(Rule::add) | left(Rule::subtract))
        .op(left(Rule::multiply) | left(Rule::divide))
        .op(Op::prefix(Rule::negative))
        .op(Op::infix(Rule::power, Assoc::Right))
        .op(Op::postfix(Rule::of_symbol) | Op::postfix(Rule::member))
});

const OPERATORS: &[(Rule, BinaryOperator)] = &[
    (Rule::or, BinaryOperator::Or),
    (Rule::AND, BinaryOperator::And),
    (Rule::equal, BinaryOperator::Equal),
    (Rule::not_equal, BinaryOperator::NotEqual),
    (Rule::less, BinaryOperator::Less),
    (Rule::less_or_equal, BinaryOperator::LessOrEqual),
    (Rule::greater, BinaryOperator::Greater),
    (Rule::greater_or_equal, BinaryOperator::GreaterOrEqual),
    (Rule::otherwise, BinaryOperator::Otherwise),
    (Rule::add, BinaryOperator::Add),
    (Rule::subtract, BinaryOperator::Subtract),
    (Rule::multiply, BinaryOperator::Multiply),
    (Rule::divide, BinaryOperator::Divide),
    (Rule::power, BinaryOperator::Power),
];

fn is_operand(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::date
            | Rule::duration
            | Rule::number
            | Rule::text
            | Rule::truth
            | Rule::MISSING
            | Rule::bracketed
            | Rule::list
            | Rule::reference
    )
}

impl Builder<'_> {
    /// An `expression` or `operation` with `depth` operators above it.
    pub(super) fn expression(&self, pair: Pair<'_, Rule>, depth: usize) -> Result<Expression> {
        let inner = pair.into_inner();
        match inner.peek() {
            Some(first) if first.as_rule() == Rule::conditional => self.conditional(first, depth),
            _ => self.operations(inner, depth),
        }
    }

    fn operations(&self, inner: Pairs<'_, Rule>, depth: usize) -> Result<Expression> {
        let mut operators = inner.clone().filter(|pair| !is_operand(pair.as_rule()));
        if let Some(excess) = operators.nth(MAX_OPERATORS.saturating_sub(depth)) {
            return Err(error::too_many_operators(self.span(&excess)));
        }
        let depth = depth + inner.clone().filter(|pair| !is_operand(pair.as_rule())).count() + 1;
        PRECEDENCE
            .map_primary(|pair| self.operand(pair, depth))
            .map_prefix(|pair, operand| {
                let operator = match pair.as_rule() {
                    Rule::NOT => UnaryOperator::Not,
                    _ => UnaryOperator::Negate,
                };
                let operand = Box::new(operand?);
                let span = self.span(&pair).to(operand.span);
                Ok(Expression { kind: ExpressionKind::Unary { operator, operand }, span })
            })
            .map_infix(|left, pair, right| {
                let (left, right) = (Box::new(left?), Box::new(right?));
                let span = left.span.to(right.span);
                let operator = OPERATORS.iter().find(|(rule, _)| *rule == pair.as_rule());
                let operator = operator.expect("every infix rule is in the table").1;
                Ok(Expression { kind: ExpressionKind::Binary { left, operator, right }, span })
            })
            .map_postfix(|value, pair| self.postfix(value?, pair, depth))
            .parse(inner)
    }

    fn conditional(&self, pair: Pair<'_, Rule>, depth: usize) -> Result<Expression> {
        let span = self.span(&pair);
        let starts: Vec<Span> = pair
            .clone()
            .into_inner()
            .filter(|p| p.as_rule() == Rule::IF)
            .map(|p| self.span(&p))
            .collect();
        if let Some(excess) = starts.get(MAX_OPERATORS.saturating_sub(depth)) {
            return Err(error::too_many_operators(*excess));
        }
        let depth = depth + starts.len();
        let mut parts = pair
            .into_inner()
            .filter(|p| p.as_rule() == Rule::expression)
            .map(|p| self.expression(p, depth))
            .collect::<Result<Vec<_>>>()?;
        let mut otherwise = parts.pop().expect("an `if` ends with what follows its last `else`");
        for start in starts.iter().rev() {
            let then = parts.pop().expect("every `if` has a `then`");
            let condition = parts.pop().expect("every `if` has a condition");
            let kind = ExpressionKind::If {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            };
            otherwise = Expression { kind, span: start.to(span) };
        }
        Ok(otherwise)
    }

    fn postfix(&self, value: Expression, pair: Pair<'_, Rule>, depth: usize) -> Result<Expression> {
        let span = value.span.to(self.span(&pair));
        let rule = pair.as_rule();
        let inner = pair.into_inner();
        if rule == Rule::member {
            let kind = self.member(value, &inner, depth)?;
            return Ok(Expression { kind, span });
        }
        let value = Box::new(value);
        let kind = match rule {
            Rule::pipe_step => {
                let (callee, arguments) = self.called(tagged(&inner, "callee"), depth)?;
                ExpressionKind::Pipe { value, callee, arguments }
            }
            Rule::of_symbol => {
                ExpressionKind::Of { value, symbol: self.text(tagged(&inner, "symbol")) }
            }
            Rule::in_list => {
                let list = super::child(&inner, Rule::list).expect("`in` has a list");
                ExpressionKind::In { value, list: self.expressions(list, depth)? }
            }
            _ => ExpressionKind::Between {
                value,
                low: Box::new(self.expression(tagged(&inner, "low"), depth)?),
                high: Box::new(self.expression(tagged(&inner, "high"), depth)?),
            },
        };
        Ok(Expression { kind, span })
    }

    /// `.beta(f)` behind an expression. Behind a bare name it is that of a table's field, `reports.cash` with space
    /// around the dot.
    fn member(
        &self,
        value: Expression,
        inner: &Pairs<'_, Rule>,
        depth: usize,
    ) -> Result<ExpressionKind> {
        let name = self.name(tagged(inner, "name"));
        let arguments = self.arguments(inner, depth)?;
        Ok(match (value.kind, arguments) {
            (ExpressionKind::Name(Path { table: None, name: table }), arguments) => {
                let path = Path { table: Some(table), name };
                match arguments {
                    Some(arguments) => ExpressionKind::Call { callee: path, arguments },
                    None => ExpressionKind::Name(path),
                }
            }
            (kind, arguments) => {
                let value = Box::new(Expression { kind, span: value.span });
                ExpressionKind::Member { value, name, arguments }
            }
        })
    }

    /// What stands by itself: a literal, a reference, brackets.
    pub(super) fn operand(&self, pair: Pair<'_, Rule>, depth: usize) -> Result<Expression> {
        let span = self.span(&pair);
        let text = pair.as_str();
        let kind = match pair.as_rule() {
            Rule::number => number(text, span)?,
            Rule::duration => duration(text, span)?,
            Rule::date => ExpressionKind::Date(date(text, span)?),
            Rule::text => ExpressionKind::Text(self.text(pair).text),
            Rule::truth => ExpressionKind::Boolean(text == "true"),
            Rule::MISSING => ExpressionKind::Missing,
            Rule::list => ExpressionKind::List(self.expressions(pair, depth)?),
            Rule::bracketed => {
                let value = tagged(&pair.into_inner(), "value");
                ExpressionKind::Bracketed(Box::new(self.expression(value, depth)?))
            }
            _ => match self.called(pair, depth)? {
                (callee, Some(arguments)) => ExpressionKind::Call { callee, arguments },
                (name, None) => ExpressionKind::Name(name),
            },
        };
        Ok(Expression { kind, span })
    }

    /// The expressions of a list, of `neutralize`.
    pub(super) fn expressions(
        &self,
        pair: Pair<'_, Rule>,
        depth: usize,
    ) -> Result<Vec<Expression>> {
        pair.into_inner()
            .filter(|p| p.as_rule() == Rule::expression)
            .map(|p| self.expression(p, depth))
            .collect()
    }

    fn called(
        &self,
        reference: Pair<'_, Rule>,
        depth: usize,
    ) -> Result<(Path, Option<Vec<Argument>>)> {
        let inner = reference.into_inner();
        let parts = tagged(&inner, "path").into_inner();
        let first = self.name(tagged(&parts, "first"));
        let path = match optional(&parts, "second") {
            Some(second) => Path { table: Some(first), name: self.name(second) },
            None => Path { table: None, name: first },
        };
        Ok((path, self.arguments(&inner, depth)?))
    }

    /// The arguments among the children of a call.
    pub(super) fn arguments(
        &self,
        inner: &Pairs<'_, Rule>,
        depth: usize,
    ) -> Result<Option<Vec<Argument>>> {
        let Some(list) = super::child(inner, Rule::arguments) else { return Ok(None) };
        let arguments = list.into_inner().map(|pair| {
            let inner = pair.into_inner();
            Ok(Argument {
                name: optional(&inner, "name").map(|p| self.name(p)),
                value: self.expression(tagged(&inner, "value"), depth)?,
            })
        });
        arguments.collect::<Result<_>>().map(Some)
    }
}

fn number(text: &str, span: Span) -> Result<ExpressionKind> {
    const SUFFIXES: &[(&str, f64, Suffix)] = &[
        ("%", 1e-2, Suffix::Percent),
        ("bps", 1e-4, Suffix::BasisPoints),
        ("thousand", 1e3, Suffix::Thousand),
        ("million", 1e6, Suffix::Million),
        ("billion", 1e9, Suffix::Billion),
    ];
    let found = SUFFIXES.iter().find_map(|(word, factor, suffix)| {
        text.strip_suffix(word).map(|digits| (digits, *factor, *suffix))
    });
    let (digits, factor, suffix) = found.unwrap_or((text, 1.0, Suffix::None));
    let plain = decimal(digits.trim_end());
    // Dividing by a power of ten is exact where multiplying by its inverse is not: 7% is 0.07.
    let value = if factor < 1.0 { plain / (1.0 / factor).round() } else { plain * factor };
    if !value.is_finite() {
        return Err(error::number_too_large(span));
    }
    Ok(ExpressionKind::Number { value, suffix })
}

fn duration(text: &str, span: Span) -> Result<ExpressionKind> {
    let (digits, unit) = text.split_at(text.len() - 1);
    let unit = match unit {
        "d" => DurationUnit::Day,
        "w" => DurationUnit::Week,
        "m" => DurationUnit::Month,
        "q" => DurationUnit::Quarter,
        _ => DurationUnit::Year,
    };
    let count = decimal(digits);
    if !count.is_finite() {
        return Err(error::number_too_large(span));
    }
    Ok(ExpressionKind::Duration { count, unit })
}

fn decimal(digits: &str) -> f64 {
    digits.replace('_', "").parse().expect("the grammar admits only what reads as a number")
}

fn date(text: &str, span: Span) -> Result<Date> {
    let part = |range: std::ops::Range<usize>| text[range].parse::<i16>().ok();
    let date = (|| {
        let (month, day) = (i8::try_from(part(5..7)?).ok()?, i8::try_from(part(8..10)?).ok()?);
        Date::new(part(0..4)?, month, day).ok()
    })();
    date.ok_or_else(|| error::no_date(text, span))
}
