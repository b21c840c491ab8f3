//! Expressions of the text to checked expressions: names, kinds, shapes, units, and nothing from the future.

use super::{
    error,
    expression::{Expression, ExpressionId, Expressions, OperatorRef},
    program::Loaded,
    scope::{Definition, DefinitionKind, FileId, Found, Names},
};
use crate::{
    diagnostic::{Code, Diagnostic, Severity},
    operator::{self, Body, Operator},
    panel::{FieldId, Schema, days_since_epoch},
    source::Span,
    syntax::ast::{self, BinaryOperator, ExpressionKind, UnaryOperator},
    types::{Basis, Kind, Shape, Type, Unit},
};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// How deep definitions and calls may nest while they are expanded.
const DEEPEST: usize = 300;

/// How many errors are told in one go, and how many warnings.
const MOST_COMPLAINTS: usize = 100;

/// How many expressions a program may expand to.
const MOST_EXPRESSIONS: usize = 200_000;

/// Names that exist only where the portfolio's state does.
const STATE: &[&str] = &[
    "turnover",
    "max_drift",
    "max_relative_drift",
    "book_drawdown",
    "held",
    "weight",
    "target",
    "drift",
    "gain",
    "drawdown",
    "age",
    "place",
];

/// Functions and library names of the language that this version does not carry out.
#[rustfmt::skip]
const LATER: &[&str] = &[
    // Portfolio, models and state
    "spread", "beta", "alpha", "residual", "r_squared", "tstat", "returns", "forward_return", "predict", "any", "all",
    "coverage",
    // Fundamentals
    "quarter", "year", "ttm", "yoy", "growth", "age", "new", "latest",
    // Element by element
    "cut",
    // In time
    "ts_product", "ts_median", "ts_skew", "ts_kurtosis", "ts_argmin", "ts_argmax", "ts_quantile", "ts_range", "ts_zscore",
    "ts_spearman", "ts_mad", "ts_entropy", "streak", "trend", "cumulative_sum", "cumulative_max", "cumulative_min",
    "fill", "since", "value_when", "previous", "crosses_above", "crosses_below", "trade_when", "hump", "regression",
    // Across assets
    "robust_zscore", "gauss", "minmax", "winsorize_std", "truncate", "bucket_number", "neutralize", "cs_median", "cs_std",
    "cs_min", "cs_max", "half", "tercile", "quintile", "decile", "group_fill", "average",
    // The library
    "log_return", "downside", "turnover_ratio", "amihud", "high_ratio", "max_return", "max_drawdown", "rsi", "atr",
    "macd", "bollinger", "enterprise_value", "earnings_yield", "cash_flow_yield", "sales_yield", "ev_ebitda",
    "dividend_yield", "reversal", "quality", "gross_profitability", "roe", "accruals", "piotroski",
    "idiosyncratic_volatility", "low_beta", "market_beta", "asset_growth", "investment", "share_issuance", "surprise",
    "mkt", "smb", "hml", "rmw", "cma", "umd",
];

/// Where an expression stands: in which file, with which parameters of a function.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: FileId,
    pub(super) locals: &'a [(&'a str, ExpressionId)],
}

/// The state of checking: what is known so far, and what is wrong so far.
pub(super) struct Checker<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) schema: &'a Schema,
    pub(super) names: Names<'a>,
    pub(super) expressions: Expressions,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Definitions expanded with these arguments, and what came out.
    expanded: FxHashMap<(FileId, &'a str, Vec<ExpressionId>), Option<ExpressionId>>,
    /// Definitions of which it has been said that they need themselves.
    pub(super) broken: BTreeSet<(FileId, &'a str)>,
    /// Definitions with parameters that something calls.
    called: BTreeSet<(FileId, &'a str)>,
    /// Nothing more is looked at: too much is wrong, or too much would come of it.
    stopped: bool,
    /// Definitions that are being expanded, with the place that asked for each.
    pub(super) active: Vec<(FileId, &'a str, Span)>,
    /// Fields that definitions of the library wanted and the market lacks, since the library was last entered.
    lacking: Vec<String>,
    depth: usize,
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

    fn infer_kind(&mut self, e: &'a ast::Expression, place: Place<'_>) -> Option<ExpressionId> {
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
            ExpressionKind::Member { name, .. } => {
                self.report(error::not_available(
                    name.span,
                    &format!("`.{}` of a regression", name.text),
                ));
                None
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
                let (c, x, y) = (c?, x?, y?);
                self.want_kind(c, Kind::Boolean, condition.span)?;
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
                let x = self.infer(value, place)?;
                let mut any = None;
                for item in list {
                    let y = self.infer(item, place)?;
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
                self.report(
                    Diagnostic::error(Code::TypeMismatch, "a list may stand only after `in`")
                        .at(e.span, "this is a list")
                        .help("write for example `sector in [\"Energy\", \"Utilities\"]`"),
                );
                None
            }
            ExpressionKind::Bracketed(inner) => self.infer(inner, place),
        }
    }

    fn duration(
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
    fn chain(&mut self, e: &'a ast::Expression, place: Place<'_>) -> Option<ExpressionId> {
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

    fn binary(
        &mut self,
        operator: BinaryOperator,
        x: ExpressionId,
        y: ExpressionId,
        spans: (Span, Span),
        span: Span,
    ) -> Option<ExpressionId> {
        use BinaryOperator as B;
        let symbol = operator.symbol();
        match operator {
            B::Equal | B::NotEqual | B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual => {
                self.compare(symbol, x, y, spans, span)
            }
            B::Or | B::And => {
                let left = self.want_kind(x, Kind::Boolean, spans.0);
                self.want_kind(y, Kind::Boolean, spans.1)?;
                left?;
                Some(self.apply(builtin(symbol), vec![x, y], vec![], None, span))
            }
            B::Otherwise => {
                let (x, y) = self.same_kind(x, y, spans.0, spans.1)?;
                let (x, y) = (self.retyped(x, y), self.retyped(y, x));
                Some(self.apply(builtin(symbol), vec![x, y], vec![], None, span))
            }
            B::Add | B::Subtract | B::Multiply | B::Divide | B::Power => {
                let left = self.want_kind(x, Kind::Number, spans.0);
                self.want_kind(y, Kind::Number, spans.1)?;
                left?;
                match operator {
                    B::Add => self.check_units("adding", x, y, spans, span),
                    B::Subtract => self.check_units("subtracting", x, y, spans, span),
                    B::Multiply => self.check_basis(x, y, span)?,
                    B::Divide => self.check_basis_of_quotient(x, y, spans, span),
                    _ => {}
                }
                Some(self.apply(builtin(symbol), vec![x, y], vec![], None, span))
            }
        }
    }

    fn check_units(
        &mut self,
        verb: &str,
        x: ExpressionId,
        y: ExpressionId,
        spans: (Span, Span),
        span: Span,
    ) {
        let (a, b) = (self.ty(x).unit, self.ty(y).unit);
        if !a.agrees(b) {
            self.report(error::units(span, verb, (spans.0, a), (spans.1, b)));
        }
    }

    /// A price times a number of shares must be on one split basis.
    fn check_basis(&mut self, x: ExpressionId, y: ExpressionId, span: Span) -> Option<()> {
        let (a, b) = (self.ty(x).unit, self.ty(y).unit);
        let cancels = a.times(b, 1).basis().is_none();
        if let (Some(p), Some(q)) = (a.basis(), b.basis())
            && p != q
            && cancels
        {
            let (price, shares) = if a.is_price() { (p, q) } else { (q, p) };
            self.report(error::basis(span, price, shares));
            return None;
        }
        Some(())
    }

    /// A quotient in which share units of two bases would cancel.
    fn check_basis_of_quotient(
        &mut self,
        x: ExpressionId,
        y: ExpressionId,
        spans: (Span, Span),
        span: Span,
    ) {
        let (a, b) = (self.ty(x).unit, self.ty(y).unit);
        if let (Some(p), Some(q)) = (a.basis(), b.basis())
            && (p == Basis::Raw) != (q == Basis::Raw)
            && a.times(b, -1).basis().is_none()
        {
            self.report(error::basis_of_quotient(span, (spans.0, a), (spans.1, b)));
        }
    }

    /// A comparison; a text takes the code of the label it is compared with.
    pub(super) fn compare(
        &mut self,
        symbol: &str,
        x: ExpressionId,
        y: ExpressionId,
        spans: (Span, Span),
        span: Span,
    ) -> Option<ExpressionId> {
        let equality = matches!(symbol, "==" | "!=");
        if self.is_missing(x) || self.is_missing(y) {
            let (at, other) =
                if self.is_missing(y) { (spans.1, spans.0) } else { (spans.0, spans.1) };
            let other = self.loaded.sources.slice(other);
            self.report(error::compare_missing(at, other, span, symbol == "!="));
            return None;
        }
        for (id, at) in [(x, spans.0), (y, spans.1)] {
            let ty = self.ty(id);
            if !equality && !matches!(ty.kind, Kind::Number | Kind::Date) {
                self.report(error::no_order(at, symbol, ty));
                return None;
            }
        }
        let (x, y) = self.same_kind(x, y, spans.0, spans.1)?;
        let kind = self.ty(x).kind;
        if kind == Kind::Number {
            self.check_units("comparing", x, y, spans, span);
            for (one, other) in [(x, y), (y, x)] {
                let unit = self.ty(one).unit;
                let later = unit.basis().filter(|b| *b != Basis::Raw);
                // Being above zero does not depend on the level.
                let level = self.constant(other).filter(|c| *c != 0.0);
                if let (Some(basis), true, Some(_)) = (later, unit.is_price(), level) {
                    self.report(error::adjusted_price(span, basis));
                }
            }
        }
        Some(self.apply(builtin(symbol), vec![x, y], vec![], None, span))
    }

    /// The two with one kind; a text becomes the code of the other side's label.
    pub(super) fn same_kind(
        &mut self,
        x: ExpressionId,
        y: ExpressionId,
        x_span: Span,
        y_span: Span,
    ) -> Option<(ExpressionId, ExpressionId)> {
        if self.is_missing(x) || self.is_missing(y) {
            return Some((x, y));
        }
        let (a, b) = (self.ty(x), self.ty(y));
        if a.kind != b.kind {
            let mut complaint = error::wrong_type(y_span, &format!("a {}", a.kind), b)
                .also(x_span, format!("this is a {}", a.kind));
            // `bucket(x, 5) == 5`, `sector == 10`: the label of that text is meant.
            for (number, label, at) in [(y, x, y_span), (x, y, x_span)] {
                let is_label = self.ty(label).kind == Kind::Label;
                if is_label && self.constant(number).is_some() {
                    let text = self.loaded.sources.slice(at);
                    let fits = match self.labels_of(label) {
                        Labels::Field(field) => {
                            self.schema.field(field).labels.iter().any(|l| l == text)
                        }
                        Labels::Bucket(most) => {
                            text.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n))
                        }
                        Labels::Text => false,
                    };
                    if !fits {
                        continue;
                    }
                    complaint =
                        complaint.change("write the label as a text", at, format!("\"{text}\""));
                }
            }
            self.report(complaint);
            return None;
        }
        if a.kind != Kind::Label {
            return Some((x, y));
        }
        match (self.labels_of(x), self.labels_of(y)) {
            (Labels::Text, Labels::Text) => {
                self.report(
                    Diagnostic::error(
                        Code::TypeMismatch,
                        "two texts, and no label they could belong to",
                    )
                    .at(x_span.to(y_span), "expected a label, such as `sector`, on one side"),
                );
                None
            }
            (Labels::Text, labels) => Some((self.coded(x, x_span, labels)?, y)),
            (labels, Labels::Text) => Some((x, self.coded(y, y_span, labels)?)),
            (p, q) if p == q => Some((x, y)),
            (Labels::Bucket(_), Labels::Bucket(_)) => Some((x, y)),
            _ => {
                self.report(
                    Diagnostic::error(Code::TypeMismatch, "labels of two different kinds")
                        .at(y_span, "this label has other values")
                        .also(x_span, "than this one"),
                );
                None
            }
        }
    }

    /// To which set of texts a label's codes belong.
    fn labels_of(&self, id: ExpressionId) -> Labels {
        match self.expressions.get(id) {
            Expression::Field(field) => Labels::Field(*field),
            Expression::Text(_) => Labels::Text,
            Expression::Of { value, .. } => self.labels_of(*value),
            Expression::Apply { operator, constants, .. } if operator.0.name == "bucket" => {
                Labels::Bucket(constants.first().map_or(0, |n| f64::from_bits(*n) as u32))
            }
            Expression::Apply { inputs, .. } => {
                // A constant code says nothing of its own: it was made to belong to the other side's label.
                let labelled = inputs
                    .iter()
                    .find(|i| self.ty(**i).kind == Kind::Label && self.constant(**i).is_none());
                labelled.map_or(Labels::Bucket(0), |i| self.labels_of(*i))
            }
            Expression::Constant(_) => Labels::Bucket(0),
        }
    }

    fn coded(&mut self, id: ExpressionId, span: Span, labels: Labels) -> Option<ExpressionId> {
        let Expression::Text(text) = self.expressions.get(id).clone() else { return Some(id) };
        let code = match labels {
            Labels::Field(field) => {
                let field = self.schema.field(field);
                let place = field.labels.iter().position(|l| *l == text);
                if place.is_none() {
                    let known = field.labels.clone();
                    self.report(error::unknown_label(
                        span,
                        &text,
                        &field.name,
                        known.iter().map(String::as_str),
                    ));
                }
                place? as f64
            }
            Labels::Bucket(most) => match text.parse::<u32>() {
                Ok(number) if (1..=most).contains(&number) => f64::from(number),
                _ => {
                    self.report(error::unknown_bucket(span, &text, most));
                    return None;
                }
            },
            Labels::Text => return None,
        };
        Some(self.add_constant(code, Type::label(Shape::Scalar), span))
    }

    fn is_missing(&self, id: ExpressionId) -> bool {
        self.constant(id).is_some_and(f64::is_nan)
    }

    /// A missing literal takes the type of the other side.
    fn retyped(&mut self, id: ExpressionId, like: ExpressionId) -> ExpressionId {
        if !self.is_missing(id) {
            return id;
        }
        let ty = Type { shape: Shape::Scalar, ..self.ty(like) };
        let span = self.expressions.span(id);
        self.add_constant(f64::NAN, ty, span)
    }

    pub(super) fn want_kind(&mut self, id: ExpressionId, kind: Kind, span: Span) -> Option<()> {
        if self.ty(id).kind == kind || self.is_missing(id) {
            return Some(());
        }
        let mut complaint = error::wrong_type(span, &format!("a {kind}"), self.ty(id));
        match (kind, self.ty(id).kind) {
            (Kind::Number, Kind::Label) => {
                complaint = complaint.help(
                    "to work within each group, use `within:`, as in `rank(x, within: sector)`",
                );
            }
            (Kind::Number, Kind::Boolean) => {
                complaint = complaint.help("to count it, write `if … then 1 else 0`");
            }
            (Kind::Boolean, Kind::Number) => {
                complaint = complaint.help("compare it with something, as in `x > 0`");
            }
            _ => {}
        }
        self.report(complaint);
        None
    }

    fn of(
        &mut self,
        value: &'a ast::Expression,
        symbol: &ast::Text,
        span: Span,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        let id = self.infer(value, place)?;
        let ty = self.ty(id);
        if !matches!(ty.shape, Shape::Panel | Shape::Static) {
            self.report(error::wrong_type(value.span, "one value for each asset", ty));
            return None;
        }
        let Some(asset) = self.schema.asset(&symbol.text) else {
            self.report(error::unknown_symbol(
                symbol.span,
                &symbol.text,
                self.schema.symbols.iter().map(String::as_str),
            ));
            return None;
        };
        Some(self.expressions.add(
            Expression::Of { value: id, asset },
            Type { shape: Shape::Series, ..ty },
            span,
        ))
    }

    /// What a name without brackets stands for.
    fn name(&mut self, path: &'a ast::Path, place: Place<'_>) -> Option<ExpressionId> {
        if let Some(table) = &path.table {
            return self.table_name(table, &path.name, path.span());
        }
        self.resolve(&path.name.text, path.name.span, place)
    }

    /// What a bare name stands for.
    pub(super) fn resolve(
        &mut self,
        name: &'a str,
        span: Span,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        if let Some((_, id)) = place.locals.iter().rev().find(|(local, _)| *local == name) {
            return Some(*id);
        }
        match self.names.find(place.file, name, self.schema) {
            Found::Definition(definition) => self.expand_bare(definition, span),
            Found::Field(field) => Some(self.field(field, span)),
            Found::Both(definition, _) if place.file == FileId::Library => {
                self.expand_bare(definition, span)
            }
            Found::Both(definition, field) => {
                if self.feeds(definition) {
                    let table = self.schema.field(field).table.clone();
                    self.report(error::ambiguous(span, name, &table));
                    return None;
                }
                Some(self.field(field, span))
            }
            Found::Several(fields) => {
                let tables: Vec<&str> =
                    fields.iter().map(|f| self.schema.field(*f).table.as_str()).collect();
                self.report(error::several_tables(span, name, &tables));
                None
            }
            Found::Nothing => {
                self.unknown(name, span, place);
                None
            }
        }
    }

    pub(super) fn unknown(&mut self, name: &str, span: Span, place: Place<'_>) {
        if let Some(operator) = operator::find(name) {
            self.report(error::needs_arguments(span, operator));
        } else if place.file == FileId::Library {
            if !self.lacking.iter().any(|n| n == name) {
                self.lacking.push(name.to_owned());
            }
        } else if STATE.contains(&name) {
            self.report(
                Diagnostic::error(
                    Code::UnknownName,
                    format!("`{name}` is the state of the portfolio"),
                )
                .at(span, "there is none here")
                .help(
                    "it may stand only in `rebalance when`, `exit when`, `keep until` and `expect`",
                ),
            );
        } else if LATER.contains(&name) {
            self.report(error::not_available(span, &format!("`{name}`")));
        } else {
            let error = error::unknown_name(span, name, self.names.all(place.file, self.schema));
            self.report(error);
        }
    }

    /// Complains of a name that stands for nothing.
    pub(super) fn look_up_name(&mut self, name: &'a str, span: Span, place: Place<'_>) {
        if matches!(self.names.find(place.file, name, self.schema), Found::Nothing) {
            self.unknown(name, span, place);
        }
    }

    fn table_name(
        &mut self,
        table: &'a ast::Name,
        name: &'a ast::Name,
        span: Span,
    ) -> Option<ExpressionId> {
        if table.text == "std" {
            return match self.names.in_library(&name.text) {
                Some(definition) => self.expand_bare(definition, span),
                None => {
                    let known = self
                        .loaded
                        .definitions(FileId::Library)
                        .map(|d| d.kind.name().text.as_str());
                    self.report(error::unknown_field(name.span, "std", &name.text, known));
                    None
                }
            };
        }
        let tables = self.schema.fields.iter().map(|f| f.table.as_str());
        if !tables.clone().any(|t| t == table.text) {
            let mut known: Vec<&str> = tables.collect();
            known.sort_unstable();
            known.dedup();
            self.report(error::unknown_table(table.span, &table.text, known));
            return None;
        }
        if let [field, ..] = self.schema.find(Some(&table.text), &name.text)[..] {
            return Some(self.field(field, span));
        }
        let known =
            self.schema.fields.iter().filter(|f| f.table == table.text).map(|f| f.name.as_str());
        let known: Vec<&str> = known.collect();
        self.report(error::unknown_field(name.span, &table.text, &name.text, known));
        None
    }

    /// A constant number of rows.
    pub(super) fn rows_constant(&mut self, rows: f64, span: Span) -> ExpressionId {
        self.add_constant(rows, Type::number(Shape::Scalar, Unit::ROWS), span)
    }

    pub(super) fn field(&mut self, field: FieldId, span: Span) -> ExpressionId {
        self.expressions.add(Expression::Field(field), self.schema.field(field).ty, span)
    }

    /// Whether the market has all that a definition of the library needs.
    fn feeds(&mut self, definition: Definition<'a>) -> bool {
        let (said, lacking) = (self.diagnostics.len(), self.lacking.len());
        let span = definition.kind.name().span;
        self.active.push((FileId::Library, &definition.kind.name().text, span));
        let id = self.expand_bare(definition, span);
        self.active.pop();
        self.diagnostics.truncate(said);
        self.lacking.truncate(lacking);
        id.is_some()
    }

    /// A definition without brackets: a value, or a function whose parameters all have defaults.
    pub(super) fn expand_bare(
        &mut self,
        definition: Definition<'a>,
        span: Span,
    ) -> Option<ExpressionId> {
        match definition.kind.parameters() {
            None => self.expand(definition, vec![], span),
            Some(_) => {
                let arguments = self.bind(definition, vec![], span)?;
                self.expand(definition, arguments, span)
            }
        }
    }

    /// What a definition gives for these arguments.
    pub(super) fn expand(
        &mut self,
        definition: Definition<'a>,
        arguments: Vec<ExpressionId>,
        span: Span,
    ) -> Option<ExpressionId> {
        let name = definition.kind.name().text.as_str();
        if self.broken.contains(&(definition.file, name)) {
            return None;
        }
        if definition.kind.parameters().is_some() {
            self.called.insert((definition.file, name));
        }
        let key = (definition.file, name, arguments);
        if let Some(known) = self.expanded.get(&key) {
            // What was lacking was said where it was first used; say it again for this place.
            if known.is_some() || definition.file != FileId::Library {
                return *known;
            }
        }
        if self.active.iter().any(|(file, active, _)| *file == definition.file && *active == name) {
            let own = definition.kind.name().span;
            self.report(error::recursion(span, own, &[name], self.other_meaning(name)));
            return None;
        }
        let entered = definition.file == FileId::Library
            && !self.active.iter().any(|(f, ..)| *f == FileId::Library);
        if entered {
            self.lacking.clear();
        }
        self.active.push((definition.file, name, span));
        let id = match definition.kind {
            DefinitionKind::Let(l) => {
                let parameters = l.parameters.as_deref().unwrap_or(&[]);
                let locals: Vec<(&str, ExpressionId)> = parameters
                    .iter()
                    .map(|p| p.name.text.as_str())
                    .zip(key.2.iter().copied())
                    .collect();
                self.infer(&l.value, Place { file: definition.file, locals: &locals })
            }
            DefinitionKind::Param(p) => self.param(p, definition.file),
        };
        self.active.pop();
        if entered && !self.lacking.is_empty() {
            let fields = std::mem::take(&mut self.lacking);
            self.report(error::missing_fields(span, name, &fields));
        }
        self.expanded.insert(key, id);
        id
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
        let reduced = matches!(operator.body, Body::Reduce(_)) && within.is_none();
        let mut ty = operator.result.of(&types, reduced);
        if operator.is_cross() && !reduced {
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
        let constants = constants.into_iter().map(f64::to_bits).collect();
        self.expressions.add(
            Expression::Apply { operator: OperatorRef(operator), inputs, constants, within },
            ty,
            span,
        )
    }
}

/// To which set of texts the codes of a label belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Labels {
    Field(FieldId),
    /// The numbers from 1 to this.
    Bucket(u32),
    Text,
}

/// An operator that the checker itself uses.
pub(super) fn builtin(name: &str) -> &'static Operator {
    operator::find(name).expect("the table has the operators of the grammar")
}

/// Whether a function is part of the language but not of this version.
pub(super) fn comes_later(name: &str) -> bool {
    LATER.contains(&name)
}
