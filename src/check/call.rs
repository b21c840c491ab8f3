//! Calls: which function or operator is meant, and which argument goes to which parameter.

use super::{
    error,
    expression::{Expression, ExpressionId},
    infer::{Checker, Place},
    scope::{Definition, Found},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    operator::{self, Accepts, Body, Default, Operator, Parameter},
    source::Span,
    syntax::ast,
    types::{Kind, Shape, Type, Unit},
};

/// The longest window, in rows: four centuries of daily data.
const LONGEST: f64 = 100_000.0;

/// The most values a rolling regression may be on.
const MOST_REGRESSORS: usize = 10;

/// A value after checking; `None` where something was wrong and has been said.
type Item = (Span, Option<ExpressionId>);

/// An argument after checking.
pub(super) struct Given<'a> {
    name: Option<&'a ast::Name>,
    span: Span,
    /// One value, or those of a list.
    items: Vec<Item>,
    is_list: bool,
}

/// What one parameter gets: several values only where it may be repeated or takes a list.
#[derive(Clone, Default)]
struct Slot {
    items: Vec<Item>,
    /// Where a list was given.
    list: Option<Span>,
}

impl<'a> Given<'a> {
    fn one(name: Option<&'a ast::Name>, span: Span, id: Option<ExpressionId>) -> Self {
        Self { name, span, items: vec![(span, id)], is_list: false }
    }
}

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
        let name = callee.name.text.as_str();
        if let Some(table) = &callee.table
            && let Some(value) = self.regression_named(table, place)
        {
            return self.member(value?, &callee.name, Some(arguments), span, place);
        }
        let is_let = callee.table.is_some() || self.names.function(place.file, name).is_some();
        let operator = operator::find(name).filter(|_| !is_let);
        let mut given: Vec<Given<'a>> =
            piped.map(|(e, id)| Given::one(None, e.span, id)).into_iter().collect();
        for argument in arguments {
            let name = argument.name.as_ref().map(|n| n.text.as_str());
            let parameter = operator.and_then(|o| o.parameter(name, given.len()));
            given.push(self.given(argument, parameter, place));
        }
        if let Some(table) = &callee.table {
            if table.text != "std" {
                self.report(
                    Diagnostic::error(Code::Arguments, "a field takes no arguments").at(span, "this is called").help(
                        format!("write `{}.{name}` without brackets; functions of the library are `std.NAME`", table.text),
                    ),
                );
                return None;
            }
            if let Some(definition) = self.names.in_library(name) {
                return self.call_definition(definition, given, span);
            }
        } else if let Some(definition) = self.names.function(place.file, name) {
            return self.call_definition(definition, given, span);
        }
        match operator {
            Some(operator) => self.call_operator(operator, given, span),
            None => match self.names.find(place.file, name, self.schema) {
                Found::Definition(definition) | Found::Both(definition, _) => {
                    self.call_definition(definition, given, span)
                }
                _ => {
                    self.look_up_function(name, callee.span(), place);
                    None
                }
            },
        }
    }

    fn given(
        &mut self,
        argument: &'a ast::Argument,
        parameter: Option<&Parameter>,
        place: Place<'_>,
    ) -> Given<'a> {
        let (name, span) = (argument.name.as_ref(), argument.value.span);
        if let Some(parameter) = parameter.filter(|p| p.accepts.is_word()) {
            return Given::one(name, span, self.word(parameter, &argument.value, place));
        }
        match &argument.value.kind {
            ast::ExpressionKind::List(items) => {
                let items = items.iter().map(|e| (e.span, self.infer(e, place))).collect();
                Given { name, span, items, is_list: true }
            }
            _ => Given::one(name, span, self.infer(&argument.value, place)),
        }
    }

    /// Complains of a name before brackets that is no function.
    pub(super) fn look_up_function(&mut self, name: &str, span: Span, place: Place<'_>) {
        if self.names.function(place.file, name).is_some() || operator::find(name).is_some() {
            return;
        }
        let is_value = place.locals.iter().any(|(local, _)| *local == name)
            || !matches!(self.names.find(place.file, name, self.schema), Found::Nothing);
        let error = if is_value {
            error::no_function(span, name)
        } else {
            let mut known: Vec<&str> = operator::nearest_names().collect();
            known.extend(self.names.functions(place.file));
            error::unknown_function(span, name, known)
        };
        self.report(error);
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
        let slots = self.distribute(name, &signature, &names, None, given, span)?;
        let mut bound = vec![];
        let mut complete = true;
        for (parameter, slot) in parameters.iter().zip(slots) {
            if let Some(at) = slot.list {
                self.report(error::misplaced_list(at));
                return None;
            }
            let id = match (slot.items.into_iter().next(), &parameter.default) {
                (Some((_, id)), _) => id,
                (None, Some(default)) => self.infer(default, Place::new(definition.file, &[])),
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

    /// What goes to which parameter: positional ones first, then named; the one that is `repeated` may take several.
    fn distribute(
        &mut self,
        name: &str,
        signature: &str,
        parameters: &[&str],
        repeated: Option<usize>,
        given: Vec<Given<'a>>,
        span: Span,
    ) -> Option<Vec<Slot>> {
        let mut slots: Vec<Slot> = vec![Slot::default(); parameters.len()];
        let (mut next, mut named, mut fine) = (0, false, true);
        let count = given.len();
        for Given { name: argument, span: at, items, is_list } in given {
            let place = match argument {
                None if named => {
                    let what = "a positional argument stands after a named one";
                    self.report(error::arguments(at, name, signature, what));
                    fine = false;
                    continue;
                }
                None => {
                    next += 1;
                    repeated.map_or(next - 1, |last| last.min(next - 1))
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
                    0 => "no arguments".to_owned(),
                    1 => "1 argument".to_owned(),
                    n => format!("{n} arguments"),
                };
                let were = if count == 1 { "was" } else { "were" };
                let what = format!("takes {takes}, but {count} {were} given");
                self.report(error::arguments(span, name, signature, &what));
                return None;
            }
            if !slots[place].items.is_empty() && repeated != Some(place) {
                let what = format!("`{}` is given twice", parameters[place]);
                self.report(error::arguments(at, name, signature, &what));
                fine = false;
                continue;
            }
            slots[place].items.extend(items);
            slots[place].list = slots[place].list.or(is_list.then_some(at));
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
        let many = |p: &Parameter| matches!(p.default, Default::Repeated | Default::Many);
        let repeated = operator.parameters.iter().position(many);
        if operator.takes_groups() {
            names.push("within");
        }
        let signature = operator.signature();
        let slots = self.distribute(operator.name, &signature, &names, repeated, given, span)?;
        let (mut inputs, mut constants, mut within, mut fine) = (vec![], vec![], None, true);
        for (place, slot) in slots.into_iter().enumerate() {
            let Some(parameter) = operator.parameters.get(place) else {
                if let Some(at) = slot.list {
                    self.report(error::misplaced_list(at));
                    fine = false;
                } else if let Some((at, id)) = slot.items.into_iter().next() {
                    within = id;
                    fine &= id.is_some_and(|id| self.want_groups(id, at).is_some());
                }
                continue;
            };
            let takes_list = matches!(parameter.default, Default::List(_));
            if let Some(at) = slot.list.filter(|_| !takes_list) {
                self.report(error::misplaced_list(at));
                fine = false;
                continue;
            }
            if slot.items.is_empty() {
                match parameter.default {
                    Default::Constant(value) => constants.push(value),
                    Default::Alternative => constants.push(f64::NAN),
                    Default::Absent | Default::List(0) => {}
                    Default::Value(value) => {
                        let ty = match parameter.accepts {
                            Accepts::Boolean => Type::boolean(Shape::Scalar),
                            _ => Type::number(Shape::Scalar, Unit::Unknown),
                        };
                        inputs.push((self.add_constant(value, ty, span), span));
                    }
                    _ => {
                        let what = format!("`{}` is missing", parameter.name);
                        self.report(error::arguments(span, operator.name, &signature, &what));
                        fine = false;
                    }
                }
            }
            for (at, id) in slot.items {
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
        if !fine
            || !self.one_alternative(operator, &constants, span)
            || !self.few_regressors(operator, inputs.len(), span)
            || !self.has_axis(operator, &inputs)
            || !self.window_can_be_full(operator, &constants, span)
            || !self.constants_agree(operator, inputs.len(), &constants, span)
            || !self.can_learn(operator, &inputs, &constants, span)
        {
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

    /// A label that differs between assets.
    pub(super) fn want_groups(&mut self, id: ExpressionId, at: Span) -> Option<()> {
        let ty = self.ty(id);
        if ty.kind == Kind::Label && ty.shape_has_assets() {
            return Some(());
        }
        self.report(error::wrong_type(at, "a label of each asset, such as `sector`", ty));
        None
    }

    /// A field of a table of reports.
    fn want_reported(&mut self, id: ExpressionId, at: Span) -> Option<()> {
        if let Expression::Field(field) = self.expressions.get(id)
            && self.schema.field(*field).reported
        {
            return Some(());
        }
        let known = self.schema.fields.iter().filter(|f| f.reported).map(|f| f.name.as_str());
        self.report(error::not_reported(at, &known.collect::<Vec<_>>()));
        None
    }

    /// Of parameters that are alternatives, exactly one is given.
    fn one_alternative(&mut self, operator: &Operator, constants: &[f64], at: Span) -> bool {
        let parameters = operator.parameters.iter().filter(|p| p.accepts.is_constant());
        let alternatives: Vec<(&str, f64)> = parameters
            .zip(constants)
            .filter(|(p, _)| p.default == Default::Alternative)
            .map(|(p, value)| (p.name, *value))
            .collect();
        let given = alternatives.iter().filter(|(_, value)| !value.is_nan()).count();
        if alternatives.is_empty() || given == 1 {
            return true;
        }
        let names: Vec<String> = alternatives.iter().map(|(name, _)| format!("`{name}`")).collect();
        let (last, others) = names.split_last().expect("there are some");
        let found = if given == 0 { "none is".to_owned() } else { format!("{given} are") };
        let what = format!("takes one of {} and {last}, but {found} given", others.join(", "));
        self.report(error::arguments(at, operator.name, &operator.signature(), &what));
        false
    }

    /// The regressors of a rolling regression: their products with each other are kept for every row of the window.
    fn few_regressors(&mut self, operator: &Operator, inputs: usize, at: Span) -> bool {
        let is_window = matches!(operator.body, Body::Window(_));
        let fits = !is_window || inputs <= MOST_REGRESSORS + 1;
        if !fits {
            let what = format!("the number of regressors of `{}`", operator.name);
            let expected = format!("at most {MOST_REGRESSORS}");
            self.report(error::out_of_range(at, &what, &expected, &(inputs - 1).to_string()));
        }
        fits
    }

    /// A window that needs more values than it has rows would never give one.
    fn window_can_be_full(&mut self, operator: &Operator, constants: &[f64], at: Span) -> bool {
        let constant = |name: &str| {
            let mut parameters = operator.parameters.iter().filter(|p| p.accepts.is_constant());
            constants.get(parameters.position(|p| p.name == name)?).copied()
        };
        let rows = constant("d").or(constant("window"));
        let (Some(rows), Some(least)) = (rows, constant("min")) else { return true };
        // NaN is three quarters of the rows.
        let fits = least.is_nan() || least <= rows;
        if !fits {
            let what = format!("`min` of `{}`", operator.name);
            let expected = format!("at most the {rows} rows of the window");
            self.report(error::out_of_range(at, &what, &expected, &least.to_string()));
        }
        fits
    }

    /// Constants that bound each other: edges rise, a low bound is not above the high one, and no more parts are wanted
    /// than there are.
    fn constants_agree(
        &mut self,
        operator: &Operator,
        inputs: usize,
        constants: &[f64],
        at: Span,
    ) -> bool {
        let of = |name: &str| {
            let mut parameters = operator.parameters.iter().filter(|p| p.accepts.is_constant());
            constants.get(parameters.position(|p| p.name == name)?).copied()
        };
        let takes = |default: fn(&Default) -> bool| {
            operator.parameters.iter().any(|p| default(&p.default) && p.accepts.is_constant())
        };
        let what = |name: &str| format!("`{name}` of `{}`", operator.name);
        let wrong =
            if takes(|d| matches!(d, Default::List(_))) && !constants.is_sorted_by(|a, b| a < b) {
                let found = constants.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
                Some((what("edges"), "rising numbers".to_owned(), found))
            } else if let (Some(low), Some(high)) = (of("low"), of("high"))
                && low > high
            {
                Some((what("low"), format!("at most `high`, {high}"), low.to_string()))
            } else if operator.parameters.iter().any(|p| p.default == Default::Many)
                && let Some(least) = of("min")
                && least > inputs as f64
            {
                Some((what("min"), format!("at most the {inputs} parts"), least.to_string()))
            } else {
                None
            };
        if let Some((what, expected, found)) = &wrong {
            self.report(error::out_of_range(at, what, expected, found));
        }
        wrong.is_none()
    }

    fn input_argument(&mut self, parameter: &Parameter, id: ExpressionId, at: Span) -> Option<()> {
        match parameter.accepts {
            Accepts::Number => self.want_kind(id, Kind::Number, at),
            Accepts::Boolean => self.want_kind(id, Kind::Boolean, at),
            Accepts::Label => self.want_kind(id, Kind::Label, at),
            Accepts::Reported => self.want_reported(id, at),
            Accepts::NumberOrLabel if self.ty(id).kind == Kind::Number => Some(()),
            Accepts::NumberOrLabel if self.ty(id).kind != Kind::Label => {
                self.report(error::wrong_type(at, "a number or a label", self.ty(id)));
                None
            }
            _ => self.has_labels(id, at).then_some(()),
        }
    }

    fn has_axis(&mut self, operator: &Operator, inputs: &[(ExpressionId, Span)]) -> bool {
        let Some(&(_, at)) = inputs.first() else { return true };
        let shape = inputs.iter().fold(Shape::Scalar, |s, (id, _)| s.join(self.ty(*id).shape));
        let ty = self.ty(inputs[0].0);
        let (axis, fits) = match operator.body {
            Body::Map(_) | Body::Reports(_) | Body::Forward | Body::Returns => return true,
            Body::Cross(_) | Body::Reduce(_) | Body::Spread | Body::Predict => {
                ("across assets", matches!(shape, Shape::Panel | Shape::Static))
            }
            Body::Lag | Body::Window(_) | Body::Scan(_) => {
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
        let ty = self.ty(id);
        if ty.kind != Kind::Number {
            let expected = match parameter.accepts {
                Accepts::Window | Accepts::Lag => format!("a number of rows as {what}"),
                _ => format!("a number as {what}"),
            };
            self.report(error::wrong_type(at, &expected, ty));
            return None;
        }
        let Some(value) = self.constant(id) else {
            self.report(error::not_constant(at, &what));
            return None;
        };
        let found = self.written(at);
        if value.is_nan() && matches!(parameter.default, Default::Constant(v) if v.is_nan()) {
            // `missing` asks for what is derived when nothing is given.
            return Some(value);
        }
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
}
