//! The parts of a rolling regression: `regression(y, on: [f, g], window: d).beta(f)`, also of one that has a name.

use super::{
    error,
    expression::{Expression, ExpressionId},
    infer::{Checker, Place, builtin},
    scope::{DefinitionKind, FileId, Found},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    source::Span,
    syntax::ast,
};

/// The parts that belong to one regressor.
const OF_ONE: &[&str] = &["beta", "tstat"];

/// The parts of the whole.
const OF_ALL: &[&str] = &["alpha", "residual", "r_squared", "fitted", "residual_std"];

impl<'a> Checker<'a> {
    /// What stands before a dot, where it is no table but the name of a definition or a parameter.
    pub(super) fn regression_named(
        &mut self,
        table: &'a ast::Name,
        place: Place<'_>,
    ) -> Option<Option<ExpressionId>> {
        let name = table.text.as_str();
        let is_table = name == "std" || self.schema.fields.iter().any(|f| f.table == name);
        let is_local = place.locals.iter().any(|(local, _)| *local == name);
        let is_let = match self.names.find(place.file, name, self.schema) {
            Found::Definition(d) => {
                place.file == FileId::Library
                    || d.file != FileId::Library && matches!(d.kind, DefinitionKind::Let(_))
            }
            _ => false,
        };
        (is_local || is_let && !is_table).then(|| self.resolve(name, table.span, place))
    }

    /// A part of a regression.
    pub(super) fn member(
        &mut self,
        value: ExpressionId,
        name: &'a ast::Name,
        arguments: Option<&'a [ast::Argument]>,
        span: Span,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        let (mut inputs, constants) = match self.expressions.get(value) {
            Expression::Apply { operator, inputs, constants, .. }
                if operator.0.name == "regression" =>
            {
                let constants: Vec<f64> = constants.iter().map(|c| f64::from_bits(*c)).collect();
                (inputs.clone(), constants)
            }
            _ => {
                let what = format!("`.{}` is a part of a regression", name.text);
                self.report(
                    Diagnostic::error(Code::Arguments, what)
                        .at(name.span, "what stands before it is none")
                        .help("a regression is written `regression(y, on: [f, g], window: 1y)`"),
                );
                return None;
            }
        };
        let part = name.text.as_str();
        let given = arguments.unwrap_or(&[]);
        if OF_ONE.contains(&part) {
            let [argument @ ast::Argument { name: None, .. }] = given else {
                let what = "takes one of the regressors";
                self.report(error::arguments(span, part, &format!(".{part}(f)"), what));
                return None;
            };
            let regressor = self.infer(&argument.value, place)?;
            let Some(found) = inputs[1..].iter().position(|i| *i == regressor) else {
                let written = self.written(argument.value.span);
                self.report(
                    Diagnostic::error(Code::Arguments, format!("`{written}` is no regressor"))
                        .at(argument.value.span, "not among those after `on`")
                        .help(format!(
                            "`.{part}(f)` takes one of the values that the regression is on"
                        )),
                );
                return None;
            };
            // The one that is asked for stands first.
            inputs[1..=found + 1].rotate_right(1);
        } else if !OF_ALL.contains(&part) {
            let known = OF_ONE.iter().chain(OF_ALL).copied();
            self.report(error::unknown_field(name.span, "regression", part, known));
            return None;
        } else if !given.is_empty() {
            let what = "takes no arguments";
            self.report(error::arguments(span, part, &format!(".{part}"), what));
            return None;
        }
        Some(self.apply(builtin(part), inputs, constants, None, span))
    }
}
