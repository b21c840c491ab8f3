//! Operators between operands: kinds that must agree, units, and texts that take the code of a label.

use super::{
    error,
    expression::{Expression, ExpressionId},
    infer::{Checker, builtin},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    panel::FieldId,
    source::Span,
    syntax::ast::BinaryOperator,
    types::{Basis, Kind, Shape, Type},
};
use std::sync::Arc;

/// To which set of texts the codes of a label belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Labels {
    Field(FieldId),
    /// The numbers from 1 to this.
    Bucket(u32),
    Text,
}

impl<'a> Checker<'a> {
    pub(super) fn binary(
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

    pub(super) fn check_units(
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
    pub(super) fn check_basis(
        &mut self,
        x: ExpressionId,
        y: ExpressionId,
        span: Span,
    ) -> Option<()> {
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
    pub(super) fn check_basis_of_quotient(
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
            let other = &self.written(other);
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
            let (x_fits, y_fits) = (self.has_labels(x, x_span), self.has_labels(y, y_span));
            return (x_fits && y_fits).then_some((x, y));
        }
        let (a, b) = (self.ty(x), self.ty(y));
        if a.kind != b.kind {
            let mut complaint = error::wrong_type(y_span, &format!("a {}", a.kind), b)
                .also(x_span, format!("this is a {}", a.kind));
            // `bucket(x, 5) == 5`, `sector == 10`: the label of that text is meant.
            for (number, label, at) in [(y, x, y_span), (x, y, x_span)] {
                let is_label = self.ty(label).kind == Kind::Label;
                if is_label && self.constant(number).is_some() {
                    let text = self.written(at);
                    let fits = match self.labels_of(label) {
                        Labels::Field(field) => self.schema.field(field).labels.contains(&text),
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

    /// Whether it is no text by itself: without a label to belong to, a text has no code and could equal nothing.
    pub(super) fn has_labels(&mut self, id: ExpressionId, span: Span) -> bool {
        let is_text = matches!(self.expressions.get(id), Expression::Text(_));
        if is_text {
            self.report(error::lone_text(span));
        }
        !is_text
    }

    /// The texts of a label's codes; none where the codes are numbers.
    pub(super) fn label_texts(&self, id: ExpressionId) -> Arc<[String]> {
        match self.labels_of(id) {
            Labels::Field(field) => Arc::clone(&self.schema.field(field).labels),
            Labels::Bucket(_) | Labels::Text => Arc::default(),
        }
    }

    /// To which set of texts a label's codes belong.
    fn labels_of(&self, id: ExpressionId) -> Labels {
        match self.expressions.get(id) {
            Expression::Field(field) => Labels::Field(*field),
            Expression::Text(_) => Labels::Text,
            // None of them is a label.
            Expression::State(_) => Labels::Bucket(0),
            Expression::Of { value, .. } => self.labels_of(*value),
            Expression::Apply { operator, inputs, constants, .. } => {
                let constants: Vec<f64> = constants.iter().map(|c| f64::from_bits(*c)).collect();
                if let Some(last) = operator.0.last_label(&constants) {
                    return Labels::Bucket(last);
                }
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

    pub(super) fn is_missing(&self, id: ExpressionId) -> bool {
        self.constant(id).is_some_and(f64::is_nan)
    }

    /// A missing literal takes the type of the other side.
    pub(super) fn retyped(&mut self, id: ExpressionId, like: ExpressionId) -> ExpressionId {
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
}
