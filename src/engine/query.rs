//! Expressions without a strategy: parse them, compile them for a market, evaluate them at some dates.

use super::{load, returns};
use crate::{
    check::{self, Loaded},
    diagnostic::{Code, Diagnostic, Diagnostics, Result},
    execute::{self, Kept, Signal},
    panel::{Calendar, Date, MarketData, Row, Rows},
    plan::{self, LogicalPlan, NodeId},
    report::{ExpressionValues, Given, Place},
    syntax::{self, ast},
    types::{Shape, Type},
};
use std::{path::Path, sync::Arc};

/// Expressions to be evaluated: some that are given, or every `let` without brackets of a file.
#[derive(Debug, Clone)]
pub struct Query {
    loaded: Loaded,
    expressions: Vec<ast::Expression>,
}

impl Query {
    /// Every `let` without brackets of files that are loaded.
    pub(super) fn of(loaded: Loaded) -> Self {
        Self { loaded, expressions: vec![] }
    }

    /// One expression, which sees the fields of the market and the standard library.
    ///
    /// # Errors
    /// Text that is no expression.
    pub fn parse(expression: &str) -> Result<Self> {
        Self::text("", "<text>")?.and(expression)
    }

    /// Every `let` without brackets of a text that errors show under a name.
    ///
    /// # Errors
    /// Text that does not follow the grammar; used files that cannot be read.
    pub fn text(text: &str, shown_as: &str) -> Result<Self> {
        Ok(Self { loaded: load::text(text, shown_as, "expression")?, expressions: vec![] })
    }

    /// Every `let` without brackets of a file.
    ///
    /// # Errors
    /// A file that cannot be read or parsed, or that uses one such.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { loaded: load::file(path.as_ref())?, expressions: vec![] })
    }

    /// Instead of the `let`s, an expression that sees them; after another one, both.
    ///
    /// # Errors
    /// Text that is no expression.
    pub fn and(mut self, expression: &str) -> Result<Self> {
        let id = self.loaded.sources.add("<expression>", expression);
        let parsed = syntax::parse_expression(&self.loaded.sources, id);
        self.expressions.push(parsed.map_err(|d| Diagnostics::new(vec![d], &self.loaded.sources))?);
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

    /// Whether the expressions fit a market.
    pub(super) fn fits(&self, market: &dyn MarketData) -> bool {
        check::check_expressions(&self.loaded, &self.expressions, market.schema()).is_ok()
    }

    /// Checks the expressions against a market's names and types, and plans them. Cross-sections are over all priced
    /// assets that are no reference.
    ///
    /// # Errors
    /// Everything that is wrong with the text, in one go; a strategy whose returns are taken and that cannot be run.
    pub fn compile<'m>(&self, market: &'m dyn MarketData) -> Result<CompiledQuery<'m>> {
        let schema = market.schema();
        let checked = match self.expressions.as_slice() {
            [] => check::check_definitions(&self.loaded, schema)?,
            some => check::check_expressions(&self.loaded, some, schema)?,
        };
        let ids: Vec<_> = checked.named.iter().map(|(_, id)| *id).collect();
        let (plan, _) =
            plan::optimize(&plan::lower_expressions(&checked.expressions, schema, &ids));
        let returns = returns::of_query(market, &checked, &ids)
            .map_err(|fault| Diagnostics::new(vec![*fault], &self.loaded.sources))?;
        let named = checked.named.into_iter().zip(checked.labels);
        let columns = named
            .map(|((name, id), labels)| ColumnType { name, ty: checked.expressions.ty(id), labels })
            .collect();
        let warnings = Diagnostics::new(checked.warnings, &self.loaded.sources);
        Ok(CompiledQuery { market, plan, returns, columns, warnings, kept: None })
    }
}

/// Expressions that are checked and planned for a market.
pub struct CompiledQuery<'m> {
    pub(super) market: &'m dyn MarketData,
    plan: LogicalPlan,
    /// By strategy of the file: its returns, if an expression takes them.
    returns: Vec<Vec<f64>>,
    columns: Vec<ColumnType>,
    warnings: Diagnostics,
    kept: Option<Arc<Kept>>,
}

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnType {
    /// The name of the `let`, or the text of the expression.
    pub name: String,
    /// Kind, shape, unit.
    pub ty: Type,
    /// The texts of a label, by code; none where its codes are numbers.
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
        self.evaluate_each(&vec![rows; self.columns.len()])
    }

    /// Takes values that are kept there, and keeps what it computes.
    #[must_use]
    pub fn keeping(self, kept: &Arc<Kept>) -> Self {
        Self { kept: Some(Arc::clone(kept)), ..self }
    }

    /// Evaluates each expression at rows of its own, in one go.
    ///
    /// # Panics
    /// If there are not as many sets of rows as expressions.
    pub fn evaluate_each(&self, rows: &[Arc<Rows>]) -> Vec<Evaluated> {
        assert_eq!(rows.len(), self.columns.len(), "a set of rows for each expression");
        let wanted: Vec<(NodeId, Arc<Rows>)> =
            self.plan.roots.iter().copied().zip(rows.iter().cloned()).collect();
        let kept = self.kept.as_deref();
        let values = execute::compute(&self.plan, self.market, &self.returns, &wanted, kept);
        let columns = self.columns.iter().cloned().zip(values);
        columns.map(|(column, values)| Evaluated { column, values }).collect()
    }

    /// By asset: whether cross-sections see it at a row, that is, whether it has a price and is no reference.
    pub fn eligible(&self, row: Row) -> Vec<bool> {
        let close = self.market.prices().close;
        let references = self.market.is_reference().iter();
        references.zip(close.row(row as usize)).map(|(r, c)| !r && !c.is_nan()).collect()
    }

    /// What the values of each expression look like at a row, with at most `top` of the best, worst or last. A series is
    /// shown over the year up to the row, or over as many rows as are asked for.
    pub fn sum_up(&self, row: Row, top: u32) -> Vec<ExpressionValues> {
        let calendar = self.market.calendar();
        let first = (row + 1).saturating_sub(calendar.rows_per_year().max(top));
        let of_series = Arc::new(Rows::new((first..=row).collect(), calendar.len()));
        let today = Arc::new(Rows::new(vec![row], calendar.len()));
        let rows = self.columns.iter().map(|c| match c.ty.shape {
            Shape::Series => Arc::clone(&of_series),
            _ => Arc::clone(&today),
        });
        let evaluated = self.evaluate_each(&rows.collect::<Vec<_>>());
        let eligible = self.eligible(row);
        let place = Place {
            dates: &calendar.dates()[first as usize..=row as usize],
            symbols: &self.market.schema().symbols,
            eligible: &eligible,
        };
        let sum_up = |e: &Evaluated| {
            let ColumnType { name, ty, labels } = &e.column;
            let given = Given { name, ty: *ty, labels, values: &e.values.values };
            ExpressionValues::new(given, place, top as usize)
        };
        evaluated.iter().map(sum_up).collect()
    }
}

/// The row of a date, or of the last session where none is given.
///
/// # Errors
/// A date that is no session; the nearest ones are named.
pub fn session(calendar: &Calendar, date: Option<Date>) -> Result<Row> {
    let wrong = |message: String| Diagnostic::error(Code::OutOfRange, message);
    let (Some(first), Some(last)) = (calendar.dates().first(), calendar.dates().last()) else {
        return Err(Diagnostic::error(Code::EmptyRun, "the market has no session").into());
    };
    let date = date.unwrap_or(*last);
    if date < *first || date > *last {
        let message = format!("{date} lies outside the data, which run from {first} to {last}");
        let nearest = if date < *first { first } else { last };
        return Err(wrong(message).help(format!("the nearest session is {nearest}")).into());
    }
    let next = calendar.first_at_or_after(date);
    if calendar.date(next) != date {
        let before = calendar.date(next - 1);
        let help = format!("the nearest sessions are {before} and {}", calendar.date(next));
        return Err(wrong(format!("the market has no session on {date}")).help(help).into());
    }
    Ok(next)
}
