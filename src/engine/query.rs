//! Expressions without a strategy: parse them, compile them for a market, evaluate them at some dates.

use super::load;
use crate::{
    check::{self, Expression, Loaded},
    diagnostic::{Diagnostics, Result},
    execute::{self, Signal},
    panel::{MarketData, Rows},
    plan::{self, Demand, LogicalPlan, NodeId},
    syntax::{self, ast},
    types::Type,
};
use std::{path::Path, sync::Arc};

/// Expressions to be evaluated: one that is given, or every `let` without parameters of a file.
#[derive(Debug, Clone)]
pub struct Query {
    loaded: Loaded,
    expression: Option<ast::Expression>,
}

impl Query {
    /// One expression, which sees the fields of the market and the standard library.
    ///
    /// # Errors
    /// Text that is no expression.
    pub fn parse(expression: &str) -> Result<Self> {
        Self { loaded: load::text("", "<text>", "expression")?, expression: None }.and(expression)
    }

    /// Every `let` without parameters of a file.
    ///
    /// # Errors
    /// A file that cannot be read or parsed, or that uses one such.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { loaded: load::file(path.as_ref())?, expression: None })
    }

    /// Instead of the `let`s, an expression that sees them.
    ///
    /// # Errors
    /// Text that is no expression.
    pub fn and(mut self, expression: &str) -> Result<Self> {
        let id = self.loaded.sources.add("<expression>", expression);
        let parsed = syntax::parse_expression(&self.loaded.sources, id);
        self.expression =
            Some(parsed.map_err(|d| Diagnostics::new(vec![d], &self.loaded.sources))?);
        Ok(self)
    }

    /// Sets a `param` from outside.
    ///
    /// # Errors
    /// A value that is no literal of the language.
    pub fn set(mut self, name: &str, value: &str) -> Result<Self> {
        load::set(&mut self.loaded, name, value)?;
        Ok(self)
    }

    /// Checks the expressions against a market's names and types, and plans them. Cross-sections are over all priced
    /// assets that are no reference.
    ///
    /// # Errors
    /// Everything that is wrong with the text, in one go.
    pub fn compile<'m>(&self, market: &'m dyn MarketData) -> Result<CompiledQuery<'m>> {
        let schema = market.schema();
        let checked = match &self.expression {
            Some(expression) => check::check_expression(&self.loaded, expression, schema)?,
            None => check::check_definitions(&self.loaded, schema)?,
        };
        let ids: Vec<_> = checked.named.iter().map(|(_, id)| *id).collect();
        let (plan, _) = plan::optimize(&plan::lower_expressions(&checked.expressions, &ids));
        let columns = checked
            .named
            .iter()
            .map(|(name, id)| ColumnType {
                name: name.clone(),
                ty: checked.expressions.ty(*id),
                labels: match checked.expressions.get(*id) {
                    Expression::Field(field) => Arc::clone(&schema.field(*field).labels),
                    _ => Arc::default(),
                },
            })
            .collect();
        let warnings = Diagnostics::new(checked.warnings, &self.loaded.sources);
        Ok(CompiledQuery { market, plan, columns, warnings })
    }
}

/// Expressions that are checked and planned for a market.
pub struct CompiledQuery<'m> {
    market: &'m dyn MarketData,
    plan: LogicalPlan,
    columns: Vec<ColumnType>,
    warnings: Diagnostics,
}

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnType {
    /// The name of the `let`, or the text of the expression.
    pub name: String,
    /// Kind, shape, unit.
    pub ty: Type,
    /// The texts of a label field, by code.
    pub labels: Arc<[String]>,
}

/// The values of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// What it is.
    pub column: ColumnType,
    /// Its values at the rows that were asked for.
    pub values: Signal,
}

impl CompiledQuery<'_> {
    /// What the reader should know of the text.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// What the expressions give.
    pub fn columns(&self) -> &[ColumnType] {
        &self.columns
    }

    /// Evaluates the expressions at some rows of the calendar.
    pub fn evaluate(&self, rows: &Rows) -> Vec<Evaluated> {
        let rows = Arc::new(rows.clone());
        let wanted: Vec<(NodeId, Arc<Rows>)> =
            self.plan.roots.iter().map(|id| (*id, Arc::clone(&rows))).collect();
        let demands: Vec<Demand> = wanted
            .iter()
            .map(|(node, rows)| Demand { node: *node, rows: rows.as_ref().clone() })
            .collect();
        let plan = plan::schedule(&self.plan, &demands, self.market.calendar());
        let (values, _) = execute::run(&plan, self.market, &wanted);
        let columns = self.columns.iter().cloned().zip(values);
        columns.map(|(column, values)| Evaluated { column, values }).collect()
    }
}
