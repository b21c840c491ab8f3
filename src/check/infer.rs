//! Expressions of the text to checked expressions: names, kinds, shapes, units, and nothing from the future.

use super::{
    error,
    expression::{Expression, ExpressionId, Expressions, OperatorRef},
    program::Loaded,
    scope::{Definition, FileId, Names},
    state::Use,
};
use crate::{
    diagnostic::{Code, Diagnostic, Severity},
    operator::{self, Body, Operator, ResultType},
    panel::{Schema, days_since_epoch},
    source::Span,
    syntax::{
        self,
        ast::{self, ExpressionKind, UnaryOperator},
    },
    types::{Kind, Shape, Type, Unit},
};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// How deep definitions and calls may nest while they are expanded.
const DEEPEST: usize = 300;

/// How many errors are told in one go, and how many warnings.
const MOST_COMPLAINTS: usize = 100;

/// How many expressions a program may expand to.
const MOST_EXPRESSIONS: usize = 200_000;

/// Where an expression stands: in which file, with which parameters of a function.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: FileId,
    /// `None` is a parameter of a function that nobody calls: it may be anything, so nothing is said of what is made of
    /// it.
    pub(super) locals: &'a [(&'a str, Option<ExpressionId>)],
    /// The condition it is part of, which may name the state of the book.
    pub(super) condition: Option<Use>,
}

impl<'a> Place<'a> {
    /// A place where no state of the book may be named.
    pub(super) const fn new(file: FileId, locals: &'a [(&'a str, Option<ExpressionId>)]) -> Self {
        Self { file, locals, condition: None }
    }
}

/// The state of checking: what is known so far, and what is wrong so far.
pub(super) struct Checker<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) schema: &'a Schema,
    pub(super) names: Names<'a>,
    pub(super) expressions: Expressions,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Definitions expanded with these arguments, and what came out.
    pub(super) expanded: FxHashMap<(FileId, &'a str, Vec<ExpressionId>), Option<ExpressionId>>,
    /// Definitions of which it has been said that they need themselves.
    pub(super) broken: BTreeSet<(FileId, &'a str)>,
    /// Definitions with parameters that something calls.
    pub(super) called: BTreeSet<(FileId, &'a str)>,
    /// Nothing more is looked at: too much is wrong, or too much would come of it.
    pub(super) stopped: bool,
    /// Definitions that are being expanded, with the place that asked for each.
    pub(super) active: Vec<(FileId, &'a str, Span)>,
    /// Fields that definitions of the library wanted and the market lacks, since the library was last entered.
    pub(super) lacking: Vec<String>,
    pub(super) depth: usize,
    /// Expressions that jump at splits, whatever they are brought to.
    pub(super) jumping: BTreeSet<ExpressionId>,
    /// The names of the strategies of the file, in the order of the text.
    pub(super) strategies: Vec<&'a str>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(loaded: &'a Loaded, schema: &'a Schema) -> Self {
        Self {
            loaded,
            schema,
            names: Names::new(loaded),
            expressions: Expressions::default(),
            diagnostics: vec![],
            expanded: FxHashMap::default(),
            broken: BTreeSet::new(),
            called: BTreeSet::new(),
            stopped: false,
            active: vec![],
            lacking: vec![],
            depth: 0,
            jumping: BTreeSet::new(),
            strategies: loaded.strategy_names(),
        }
    }

    /// Takes a complaint down. One about a definition that is being expanded also points at the call, and one inside the
    /// standard library points only there, since nobody can change the library.
    pub(super) fn report(&mut self, mut diagnostic: Diagnostic) {
        let outside = self.active.iter().rev().find(|(file, ..)| *file != FileId::Library);
        let in_library = self.active.last().is_some_and(|(file, ..)| *file == FileId::Library);
        if in_library {
            let at = self
                .active
                .iter()
                .find(|(file, ..)| *file == FileId::Library)
                .expect("the last one is");
            let (name, span) = (at.1, at.2);
            let library = self.loaded.library.source;
            if diagnostic.primary.as_ref().is_none_or(|l| l.span.source == library) {
                diagnostic.secondary.clear();
                diagnostic.help.retain(|h| h.change.is_none());
                diagnostic =
                    diagnostic.at(span, format!("in the library's definition of `{name}`"));
            }
        } else if let Some((_, name, span)) = outside
            && diagnostic.primary.as_ref().is_some_and(|l| l.span != *span)
            && !self.names.is_definition(*span)
        {
            diagnostic = diagnostic.also(*span, format!("in this use of `{name}`"));
        }
        if self.diagnostics.contains(&diagnostic) {
            return;
        }
        let severity = diagnostic.severity;
        let said = self.diagnostics.iter_mut().filter(|d| d.severity == severity);
        match said.enumerate().last() {
            Some((last, _)) if last + 1 >= MOST_COMPLAINTS && severity == Severity::Warning => {}
            Some((last, complaint)) if last + 1 >= MOST_COMPLAINTS => {
                if !std::mem::replace(&mut self.stopped, true) {
                    *complaint = complaint.clone().help(format!(
                        "there are more errors than these {MOST_COMPLAINTS}: mend them first"
                    ));
                }
            }
            _ => self.diagnostics.push(diagnostic),
        }
    }

    /// Whether a function has been called, rightly or wrongly.
    pub(super) fn is_called(&self, definition: Definition<'a>) -> bool {
        self.called.contains(&(definition.file, definition.kind.name().text.as_str()))
    }

    /// How the thing of this name that is not the `let` is written.
    pub(super) fn other_meaning(&self, name: &str) -> Option<String> {
        let field = self.schema.find(None, name).first().copied();
        match field {
            Some(field) => Some(format!("{}.{name}", self.schema.field(field).table)),
            None => self.names.in_library(name).map(|_| format!("std.{name}")),
        }
    }

    /// What stands under a span, on one line and without comments.
    pub(super) fn written(&self, span: Span) -> String {
        syntax::on_one_line(self.loaded.sources.slice(span))
    }

    pub(super) fn ty(&self, id: ExpressionId) -> Type {
        self.expressions.ty(id)
    }

    pub(super) fn constant(&self, id: ExpressionId) -> Option<f64> {
        self.expressions.constant(id)
    }

    pub(super) fn add_constant(&mut self, value: f64, ty: Type, span: Span) -> ExpressionId {
        // One missing value, whatever bits it came with.
        let value = if value.is_nan() { f64::NAN } else { value };
        self.expressions.add(Expression::Constant(value.to_bits()), ty, span)
    }

    /// The checked form of an expression, or `None` when something was wrong and has been said.
    pub(super) fn infer(
        &mut self,
        e: &'a ast::Expression,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        if self.stopped {
            return None;
        }
        if self.expressions.len() > MOST_EXPRESSIONS {
            self.report(error::too_large(e.span, MOST_EXPRESSIONS));
            self.stopped = true;
            return None;
        }
        if self.depth >= DEEPEST {
            self.report(
                Diagnostic::error(
                    Code::TooDeep,
                    format!("definitions nest more than {DEEPEST} deep"),
                )
                .at(e.span, "too deep here")
                .help("make the chain of definitions shorter"),
            );
            return None;
        }
        self.depth += 1;
        let id = self.infer_kind(e, place);
        self.depth -= 1;
        id
    }

    pub(super) fn infer_kind(
        &mut self,
        e: &'a ast::Expression,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        let scalar = |kind, unit| Type { kind, shape: Shape::Scalar, unit };
        match &e.kind {
            ExpressionKind::Number { value, suffix } => {
                let unit = match suffix {
                    ast::Suffix::Percent | ast::Suffix::BasisPoints => Unit::RATIO,
                    _ => Unit::Unknown,
                };
                Some(self.add_constant(*value, scalar(Kind::Number, unit), e.span))
            }
            ExpressionKind::Duration { count, unit } => self.duration(*count, *unit, e.span),
            ExpressionKind::Text(text) => Some(self.expressions.add(
                Expression::Text(text.clone()),
                Type::label(Shape::Scalar),
                e.span,
            )),
            ExpressionKind::Boolean(b) => Some(self.add_constant(
                f64::from(u8::from(*b)),
                Type::boolean(Shape::Scalar),
                e.span,
            )),
            ExpressionKind::Missing => {
                Some(self.add_constant(f64::NAN, scalar(Kind::Number, Unit::Unknown), e.span))
            }
            ExpressionKind::Date(date) => Some(self.add_constant(
                f64::from(days_since_epoch(*date)),
                scalar(Kind::Date, Unit::RATIO),
                e.span,
            )),
            ExpressionKind::Name(path) => self.name(path, place),
            ExpressionKind::Call { callee, arguments } => {
                self.call(callee, None, arguments, e.span, place)
            }
            ExpressionKind::Pipe { value, callee, arguments } => {
                let first = self.infer(value, place);
                let arguments = arguments.as_deref().unwrap_or(&[]);
                self.call(callee, Some((value, first)), arguments, e.span, place)
            }
            ExpressionKind::Member { value, name, arguments } => {
                let value = self.infer(value, place)?;
                self.member(value, name, arguments.as_deref(), e.span, place)
            }
            ExpressionKind::Unary { operator, operand } => {
                let id = self.infer(operand, place)?;
                let (name, kind) = match operator {
                    UnaryOperator::Negate => ("negate", Kind::Number),
                    UnaryOperator::Not => ("not", Kind::Boolean),
                };
                self.want_kind(id, kind, operand.span)?;
                Some(self.apply(builtin(name), vec![id], vec![], None, e.span))
            }
            ExpressionKind::Binary { .. } => self.chain(e, place),
            ExpressionKind::If { condition, then, otherwise } => {
                let (c, x, y) = (
                    self.infer(condition, place),
                    self.infer(then, place),
                    self.infer(otherwise, place),
                );
                self.want_kind(c?, Kind::Boolean, condition.span)?;
                let (c, x, y) = (c?, x?, y?);
                let (x, y) = self.same_kind(x, y, then.span, otherwise.span)?;
                let (x, y) = if self.is_missing(x) {
                    (self.retyped(x, y), y)
                } else {
                    (x, self.retyped(y, x))
                };
                Some(self.apply(builtin("if"), vec![c, x, y], vec![], None, e.span))
            }
            ExpressionKind::Of { value, symbol } => self.of(value, symbol, e.span, place),
            ExpressionKind::In { value, list } => {
                let x = self.infer(value, place);
                let items: Vec<_> =
                    list.iter().map(|item| (item, self.infer(item, place))).collect();
                let x = x?;
                let mut any = None;
                for (item, y) in items {
                    let y = y?;
                    let equal = self.compare("==", x, y, (value.span, item.span), e.span)?;
                    any = Some(match any {
                        None => equal,
                        Some(before) => {
                            self.apply(builtin("or"), vec![before, equal], vec![], None, e.span)
                        }
                    });
                }
                if any.is_none() {
                    self.report(error::out_of_range(
                        e.span,
                        "a list",
                        "at least one value",
                        "none",
                    ));
                }
                any
            }
            ExpressionKind::Between { value, low, high } => {
                let (x, a, b) =
                    (self.infer(value, place), self.infer(low, place), self.infer(high, place));
                let (x, a, b) = (x?, a?, b?);
                let above = self.compare(">=", x, a, (value.span, low.span), e.span)?;
                let below = self.compare("<=", x, b, (value.span, high.span), e.span)?;
                Some(self.apply(builtin("and"), vec![above, below], vec![], None, e.span))
            }
            ExpressionKind::List(_) => {
                self.report(error::misplaced_list(e.span));
                None
            }
            ExpressionKind::Bracketed(inner) => self.infer(inner, place),
        }
    }

    pub(super) fn duration(
        &mut self,
        count: f64,
        unit: ast::DurationUnit,
        span: Span,
    ) -> Option<ExpressionId> {
        let year = self.schema.rows_per_year;
        let part = match unit {
            ast::DurationUnit::Year => 1.0,
            ast::DurationUnit::Quarter => 4.0,
            ast::DurationUnit::Month => 12.0,
            ast::DurationUnit::Week => 52.0,
            ast::DurationUnit::Day if year >= 252 => f64::from(year),
            ast::DurationUnit::Day => 365.0,
        };
        let rows = f64::from(year) / part;
        if rows < 0.95 {
            let letter = match unit {
                ast::DurationUnit::Year => "y",
                ast::DurationUnit::Quarter => "q",
                ast::DurationUnit::Month => "m",
                ast::DurationUnit::Week => "w",
                ast::DurationUnit::Day => "d",
            };
            self.report(error::short_duration(span, &format!("{count}{letter}"), year));
            return None;
        }
        Some(self.add_constant(count * rows.round(), Type::number(Shape::Scalar, Unit::ROWS), span))
    }

    /// Operators between operands, walked down the left side without recursion, so that a long sum is no deep one.
    pub(super) fn chain(
        &mut self,
        e: &'a ast::Expression,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        let mut spine = vec![];
        let mut leftmost = e;
        while let ExpressionKind::Binary { left, operator, right } = &leftmost.kind {
            spine.push((leftmost.span, left.span, *operator, right.as_ref()));
            leftmost = left;
        }
        let mut value = self.infer(leftmost, place);
        while let Some((span, left_span, operator, right)) = spine.pop() {
            let right_value = self.infer(right, place);
            value = match (value, right_value) {
                (Some(x), Some(y)) => self.binary(operator, x, y, (left_span, right.span), span),
                _ => None,
            };
        }
        value
    }

    pub(super) fn of(
        &mut self,
        value: &'a ast::Expression,
        symbol: &ast::Text,
        span: Span,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        let id = self.infer(value, place);
        let asset = self.schema.asset(&symbol.text);
        if asset.is_none() {
            let known = self.schema.symbols.iter().map(String::as_str);
            self.report(error::unknown_symbol(symbol.span, &symbol.text, known));
        }
        let (id, asset) = (id?, asset?);
        let ty = self.ty(id);
        if !matches!(ty.shape, Shape::Panel | Shape::Static) {
            self.report(error::wrong_type(value.span, "one value for each asset", ty));
            return None;
        }
        Some(self.expressions.add(
            Expression::Of { value: id, asset },
            Type { shape: Shape::Series, ..ty },
            span,
        ))
    }

    /// Whether anything that stops a run has been said.
    pub(super) fn failed(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// A call of an operator, folded when all is constant.
    pub(super) fn apply(
        &mut self,
        operator: &'static Operator,
        inputs: Vec<ExpressionId>,
        constants: Vec<f64>,
        within: Option<ExpressionId>,
        span: Span,
    ) -> ExpressionId {
        let mut types: Vec<Type> = inputs.iter().map(|i| self.ty(*i)).collect();
        let bare = |ty: &Type| ty.unit == Unit::Unknown;
        if matches!(operator.name, "*" | "/") && !types.iter().all(bare) {
            // A bare number scales; it does not take the unit away.
            for (ty, id) in types.iter_mut().zip(&inputs) {
                if self.constant(*id).is_some() && ty.unit == Unit::Unknown {
                    ty.unit = Unit::RATIO;
                }
            }
        }
        let reduced = match operator.body {
            Body::Reduce(_) => within.is_none(),
            Body::Spread | Body::Returns => true,
            _ => false,
        };
        let mut ty = operator.result.of(&types, reduced);
        let across = operator.is_cross() || matches!(operator.body, Body::Forward);
        if across && !reduced {
            ty.shape = Shape::Panel;
        }
        if let Body::Map(kernel) = operator.body
            && let Some(values) =
                inputs.iter().map(|i| self.constant(*i)).collect::<Option<Vec<f64>>>()
        {
            let slices: Vec<&[f64]> = values.iter().map(std::slice::from_ref).collect();
            let mut out = [0.0];
            kernel(&slices, &constants, &mut out);
            return self.add_constant(out[0], ty, span);
        }
        let jumps = self.jumps_at_splits(operator, &inputs, span);
        let constants = constants.into_iter().map(f64::to_bits).collect();
        let id = self.expressions.add(
            Expression::Apply { operator: OperatorRef(operator), inputs, constants, within },
            ty,
            span,
        );
        if jumps {
            self.jumping.insert(id);
        }
        id
    }

    /// Whether a call makes a number of prices as traded that cannot be brought to the shares of another day, as their
    /// logarithm; a window over such is warned of.
    fn jumps_at_splits(
        &mut self,
        operator: &Operator,
        inputs: &[ExpressionId],
        span: Span,
    ) -> bool {
        if self.schema.split_factor().is_none() {
            return false;
        }
        let jumping = inputs.iter().copied().find(|input| self.jumping.contains(input));
        match operator.body {
            Body::Map(_) => {
                let loses_shares =
                    matches!(operator.result, ResultType::Ratio | ResultType::Unknown)
                        && inputs.iter().any(|input| self.ty(*input).unit.share_power() != 0);
                jumping.is_some() || loses_shares
            }
            Body::Lag | Body::Window(_) | Body::Scan(_) => {
                if let Some(jumping) = jumping {
                    let at = self.expressions.span(jumping);
                    self.report(error::jumps_at_splits(span, at));
                }
                false
            }
            _ => false,
        }
    }
}

/// An operator that the checker itself uses.
pub(super) fn builtin(name: &str) -> &'static Operator {
    operator::find(name).expect("the table has the operators of the grammar")
}
