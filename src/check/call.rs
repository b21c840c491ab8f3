//! Calls: which function or operator is meant, and which argument goes to which parameter.

use super::{
    error,
    expression::ExpressionId,
    infer::{Checker, Place, comes_later},
    scope::{Definition, FileId, Found},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    operator::{self, Accepts, Body, Default, Operator, Parameter},
    source::Span,
    syntax::ast,
    types::{Kind, Shape, Unit},
};

/// The longest window, in rows: four centuries of daily data.
const LONGEST: f64 = 100_000.0;

/// An argument after checking; `None` where something was wrong and has been said.
type Given<'a> = (Option<&'a ast::Name>, Span, Option<ExpressionId>);

impl<'a> Checker<'a> {
    /// A call; `piped` is what stands before `|>`.
    pub(super) fn call(
        &mut self,
        callee: &'a ast::Path,
        piped: Option<(&'a ast::Expression, Option<ExpressionId>)>,
        arguments: &'a [ast::Argument],
        span: Span,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        let mut given: Vec<Given<'a>> =
            piped.map(|(e, id)| (None, e.span, id)).into_iter().collect();
        for argument in arguments {
            given.push((
                argument.name.as_ref(),
                argument.value.span,
                self.infer(&argument.value, place),
            ));
        }
        let name = callee.name.text.as_str();
        if let Some(table) = &callee.table {
            if table.text != "std" {
                self.report(
                    Diagnostic::error(Code::Arguments, "a field takes no arguments").at(span, "this is called").help(
                        format!("write `{}.{name}` without brackets; functions of the library are `std.NAME`", table.text),
                    ),
                );
                return None;
            }
            if let Some(definition) = self.loaded.in_library(name) {
                return self.call_definition(definition, given, span);
            }
        } else {
            match self.loaded.find(place.file, name, self.schema) {
                Found::Definition(definition) | Found::Both(definition, _) => {
                    return self.call_definition(definition, given, span);
                }
                Found::Field(_) | Found::Several(_) | Found::Nothing => {}
            }
        }
        match operator::find(name) {
            Some(operator) => self.call_operator(operator, given, span),
            None if comes_later(name) => {
                self.report(error::not_available(callee.span(), &format!("`{name}(…)`")));
                None
            }
            None => {
                let mut known: Vec<&str> = operator::nearest_names().collect();
                for file in [place.file, FileId::Library] {
                    let functions =
                        self.loaded.definitions(file).filter(|d| d.kind.parameters().is_some());
                    known.extend(functions.map(|d| d.kind.name().text.as_str()));
                }
                self.report(error::unknown_function(callee.span(), name, known));
                None
            }
        }
    }

    fn call_definition(
        &mut self,
        definition: Definition<'a>,
        given: Vec<Given<'a>>,
        span: Span,
    ) -> Option<ExpressionId> {
        let arguments = self.bind(definition, given, span)?;
        self.expand(definition, arguments, span)
    }

    /// The arguments of a call of a `let`, in the order of its parameters.
    pub(super) fn bind(
        &mut self,
        definition: Definition<'a>,
        given: Vec<Given<'a>>,
        span: Span,
    ) -> Option<Vec<ExpressionId>> {
        let name = definition.kind.name().text.as_str();
        let Some(parameters) = definition.kind.parameters() else {
            self.report(
                Diagnostic::error(Code::Arguments, format!("`{name}` takes no arguments"))
                    .at(span, "this is called")
                    .also(definition.kind.name().span, "defined without parameters")
                    .change("write it without brackets", span, name),
            );
            return None;
        };
        let names: Vec<&str> = parameters.iter().map(|p| p.name.text.as_str()).collect();
        let signature = format!("{name}({})", names.join(", "));
        let slots = self.distribute(name, &signature, &names, false, given, span)?;
        let mut bound = vec![];
        let mut complete = true;
        for (parameter, slot) in parameters.iter().zip(slots) {
            let id = match (slot.into_iter().next(), &parameter.default) {
                (Some((_, id)), _) => id,
                (None, Some(default)) => {
                    self.infer(default, Place { file: definition.file, locals: &[] })
                }
                (None, None) => {
                    let what = format!("`{}` is missing", parameter.name.text);
                    self.report(error::arguments(span, name, &signature, &what));
                    None
                }
            };
            complete &= id.is_some();
            bound.extend(id);
        }
        complete.then_some(bound)
    }

    /// What goes to which parameter: positional ones first, then named; the last may take several if `repeated`.
    fn distribute(
        &mut self,
        name: &str,
        signature: &str,
        parameters: &[&str],
        repeated: bool,
        given: Vec<Given<'a>>,
        span: Span,
    ) -> Option<Vec<Vec<(Span, Option<ExpressionId>)>>> {
        let mut slots: Vec<Vec<(Span, Option<ExpressionId>)>> = vec![vec![]; parameters.len()];
        let (mut next, mut named, mut fine) = (0, false, true);
        let count = given.len();
        for (argument, at, id) in given {
            let place = match argument {
                None if named => {
                    let what = "a positional argument stands after a named one";
                    self.report(error::arguments(at, name, signature, what));
                    fine = false;
                    continue;
                }
                None => {
                    next += 1;
                    if repeated { (next - 1).min(parameters.len() - 1) } else { next - 1 }
                }
                Some(argument) => {
                    named = true;
                    let Some(place) = parameters.iter().position(|p| *p == argument.text) else {
                        let known = parameters.iter().copied();
                        self.report(error::unknown_argument(
                            argument.span,
                            name,
                            signature,
                            &argument.text,
                            known,
                        ));
                        fine = false;
                        continue;
                    };
                    place
                }
            };
            if place >= parameters.len() {
                let takes = match parameters.len() {
                    1 => "1 argument".to_owned(),
                    n => format!("{n} arguments"),
                };
                let what = format!("takes {takes}, but {count} were given");
                self.report(error::arguments(span, name, signature, &what));
                return None;
            }
            let again = !slots[place].is_empty() && !(repeated && place == parameters.len() - 1);
            if again {
                let what = format!("`{}` is given twice", parameters[place]);
                self.report(error::arguments(at, name, signature, &what));
                fine = false;
                continue;
            }
            slots[place].push((at, id));
        }
        fine.then_some(slots)
    }

    fn call_operator(
        &mut self,
        operator: &'static Operator,
        given: Vec<Given<'a>>,
        span: Span,
    ) -> Option<ExpressionId> {
        let mut names: Vec<&str> = operator.parameters.iter().map(|p| p.name).collect();
        let repeated = operator.parameters.last().is_some_and(|p| p.default == Default::Repeated);
        if operator.is_cross() {
            names.push("within");
        }
        let signature = operator.signature();
        let slots = self.distribute(operator.name, &signature, &names, repeated, given, span)?;
        let (mut inputs, mut constants, mut within, mut fine) = (vec![], vec![], None, true);
        for (place, slot) in slots.into_iter().enumerate() {
            let Some(parameter) = operator.parameters.get(place) else {
                if let Some((at, id)) = slot.into_iter().next() {
                    within = id;
                    fine &= id.is_some_and(|id| self.want_kind(id, Kind::Label, at).is_some());
                }
                continue;
            };
            if slot.is_empty() {
                match parameter.default {
                    Default::Constant(value) => constants.push(value),
                    _ => {
                        let what = format!("`{}` is missing", parameter.name);
                        self.report(error::arguments(span, operator.name, &signature, &what));
                        fine = false;
                    }
                }
            }
            for (at, id) in slot {
                let Some(id) = id else {
                    fine = false;
                    continue;
                };
                if parameter.accepts.is_constant() {
                    match self.constant_argument(operator, parameter, id, at) {
                        Some(value) => constants.push(value),
                        None => fine = false,
                    }
                } else {
                    fine &= self.input_argument(parameter, id, at).is_some();
                    inputs.push((id, at));
                }
            }
        }
        if !fine || !self.has_axis(operator, &inputs) {
            return None;
        }
        Some(self.apply_operator(operator, &inputs, constants, within, span))
    }

    /// The call itself; `min(x, y, z)` is `min(min(x, y), z)`.
    fn apply_operator(
        &mut self,
        operator: &'static Operator,
        inputs: &[(ExpressionId, Span)],
        constants: Vec<f64>,
        within: Option<ExpressionId>,
        span: Span,
    ) -> ExpressionId {
        let repeated = operator.parameters.last().is_some_and(|p| p.default == Default::Repeated);
        let ids: Vec<ExpressionId> = inputs.iter().map(|i| i.0).collect();
        if !repeated {
            return self.apply(operator, ids, constants, within, span);
        }
        let folded =
            ids.into_iter().reduce(|x, y| self.apply(operator, vec![x, y], vec![], None, span));
        folded.expect("a repeated parameter follows a required one")
    }

    fn input_argument(&mut self, parameter: &Parameter, id: ExpressionId, at: Span) -> Option<()> {
        match parameter.accepts {
            Accepts::Number => self.want_kind(id, Kind::Number, at),
            Accepts::Boolean => self.want_kind(id, Kind::Boolean, at),
            Accepts::Label => self.want_kind(id, Kind::Label, at),
            _ => Some(()),
        }
    }

    fn has_axis(&mut self, operator: &Operator, inputs: &[(ExpressionId, Span)]) -> bool {
        let Some(&(_, at)) = inputs.first() else { return true };
        let shape = inputs.iter().fold(Shape::Scalar, |s, (id, _)| s.join(self.ty(*id).shape));
        let ty = self.ty(inputs[0].0);
        let (axis, fits) = match operator.body {
            Body::Map(_) => return true,
            Body::Cross(_) | Body::Reduce(_) => {
                ("across assets", matches!(shape, Shape::Panel | Shape::Static))
            }
            Body::Lag | Body::Window(_) | Body::Direct(_) => {
                ("in time", matches!(shape, Shape::Panel | Shape::Series))
            }
        };
        if !fits {
            self.report(error::no_axis(at, operator.name, axis, ty));
        }
        fits
    }

    /// The value of an argument that must be constant, within its range.
    fn constant_argument(
        &mut self,
        operator: &Operator,
        parameter: &Parameter,
        id: ExpressionId,
        at: Span,
    ) -> Option<f64> {
        let what = format!("`{}` of `{}`", parameter.name, operator.name);
        let Some(value) = self.constant(id).filter(|_| self.ty(id).kind == Kind::Number) else {
            self.report(error::not_constant(at, &what));
            return None;
        };
        let found = self.loaded.sources.slice(at).to_owned();
        let fail = |this: &mut Self, expected: &str| {
            this.report(error::out_of_range(at, &what, expected, &found));
            None
        };
        match parameter.accepts {
            Accepts::Lag if value < 0.0 => {
                self.report(error::negative_lag(at, value));
                None
            }
            Accepts::Lag if value.fract() != 0.0 || value.is_nan() => {
                fail(self, "a whole number of rows")
            }
            Accepts::Window if value.fract() != 0.0 || value.is_nan() => {
                fail(self, "a whole number of rows")
            }
            Accepts::Window if value < 1.0 => fail(self, "at least 1 row"),
            Accepts::Window | Accepts::Lag if value > LONGEST => fail(self, "at most 100,000 rows"),
            Accepts::Constant { low, high, whole } => {
                if value.is_nan() || value < low || value > high {
                    let expected = match (low, high) {
                        (l, h) if l <= f64::MIN && h >= f64::MAX => "a number".to_owned(),
                        (l, h) if h >= 1e9 && l <= f64::MIN_POSITIVE && l > 0.0 => {
                            "above 0".to_owned()
                        }
                        (l, h) if h >= 1e5 => format!("at least {l}"),
                        (l, h) => format!("between {l} and {h}"),
                    };
                    return fail(self, &expected);
                }
                if whole && value.fract() != 0.0 {
                    return fail(self, "a whole number");
                }
                Some(value)
            }
            _ => Some(value),
        }
    }

    /// The value of a `param`: what was set from outside, or its default, within its range.
    pub(super) fn param(&mut self, param: &'a ast::Param, file: FileId) -> Option<ExpressionId> {
        let place = Place { file, locals: &[] };
        let default = self.infer(&param.default, place)?;
        let loaded = self.loaded;
        let set = loaded.settings.iter().rev().find(|(name, _)| *name == param.name.text);
        let (id, at) = match set {
            Some((_, value)) => (self.infer(value, place)?, value.span),
            None => (default, param.default.span),
        };
        if self.ty(id).kind != self.ty(default).kind {
            self.report(error::wrong_type(
                at,
                &format!("a {}", self.ty(default).kind),
                self.ty(id),
            ));
            return None;
        }
        match &param.range {
            Some(ast::ParamRange::Between { low, high, step }) => {
                if let Some(step) = step {
                    let id = self.infer(step, place)?;
                    if self.constant(id).is_none_or(|s| s.is_nan() || s <= 0.0) {
                        let found = loaded.sources.slice(step.span);
                        self.report(error::out_of_range(step.span, "the step", "above 0", found));
                        return None;
                    }
                }
                let (low_id, high_id) = (self.infer(low, place)?, self.infer(high, place)?);
                if let (Some(value), Some(a), Some(b)) =
                    (self.constant(id), self.constant(low_id), self.constant(high_id))
                    && !(a..=b).contains(&value)
                {
                    let text = |e: &ast::Expression| loaded.sources.slice(e.span);
                    let expected = format!("between {} and {}", text(low), text(high));
                    let found = loaded.sources.slice(at);
                    self.report(error::out_of_range(
                        at,
                        &format!("`{}`", param.name.text),
                        &expected,
                        found,
                    ));
                    return None;
                }
            }
            Some(ast::ParamRange::OneOf(values)) => {
                let mut allowed = false;
                for value in values {
                    allowed |= self.infer(value, place)? == id;
                }
                if !allowed {
                    let list = values
                        .iter()
                        .map(|v| loaded.sources.slice(v.span))
                        .collect::<Vec<_>>()
                        .join(", ");
                    let found = loaded.sources.slice(at);
                    self.report(error::out_of_range(
                        at,
                        &format!("`{}`", param.name.text),
                        &format!("one of {list}"),
                        found,
                    ));
                    return None;
                }
            }
            None => {}
        }
        Some(id)
    }

    /// An amount of a clause: a constant number between the two.
    pub(super) fn amount(
        &mut self,
        e: &'a ast::Expression,
        what: &str,
        range: std::ops::RangeInclusive<f64>,
        expected: &str,
    ) -> Option<f64> {
        let id = self.infer(e, Place { file: FileId::File(0), locals: &[] })?;
        self.want_kind(id, Kind::Number, e.span)?;
        let Some(value) = self.constant(id) else {
            self.report(error::not_constant(e.span, what));
            return None;
        };
        if !range.contains(&value) {
            let found = self.loaded.sources.slice(e.span).to_owned();
            self.report(error::out_of_range(e.span, what, expected, &found));
            return None;
        }
        Some(value)
    }

    /// A whole number of at least one, or a share under one: `top 50`, `top 10%`.
    pub(super) fn count_or_share(
        &mut self,
        e: &'a ast::Expression,
        what: &str,
    ) -> Option<(f64, bool)> {
        let id = self.infer(e, Place { file: FileId::File(0), locals: &[] })?;
        let value = self.amount(e, what, f64::MIN_POSITIVE..=f64::MAX, "above 0")?;
        let is_share = self.ty(id).unit == Unit::RATIO;
        let found = self.loaded.sources.slice(e.span).to_owned();
        if is_share && value > 1.0 {
            self.report(error::out_of_range(e.span, what, "at most 100%", &found));
            return None;
        }
        if !is_share && (value.fract() != 0.0 || value > 1e7) {
            self.report(error::out_of_range(
                e.span,
                what,
                "a whole number, or a share such as 10%",
                &found,
            ));
            return None;
        }
        Some((value, is_share))
    }
}
