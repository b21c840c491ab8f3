//! The values of expressions over all their dates as a file: how features leave Decile.

use super::query::CompiledQuery;
use crate::{
    data::{LongColumn, LongTable, LongWriter, Progress},
    diagnostic::{Code, Diagnostic, Diagnostics, Result},
    panel::{Row, Rows},
    types::Shape,
};
use std::{collections::BTreeSet, ops::Range, path::Path, sync::Arc};

/// How many bytes the values take that are computed at once, about.
const BLOCK_BYTES: usize = 512 << 20;

impl CompiledQuery<'_> {
    /// Writes the values at some rows of the calendar as a long table: date, symbol, a column for each expression, by
    /// date and symbol; CSV or Parquet by the name's end. Without a panel there are only the columns of symbols or dates
    /// that are needed. A row is left out where all panels are missing (or all columns, where none is a panel). The
    /// dates are computed in blocks, so the memory does not grow with them. Gives how many rows were written.
    ///
    /// # Errors
    /// `output-folder` if the file cannot be written: then nothing is changed; two expressions of one name.
    pub fn write(&self, path: &Path, rows: Range<Row>, progress: &dyn Progress) -> Result<u64> {
        let schema = self.market.schema();
        let shape = self.columns().iter().fold(Shape::Scalar, |s, c| s.join(c.ty.shape));
        let has_dates = matches!(shape, Shape::Panel | Shape::Series);
        let has_symbols = matches!(shape, Shape::Panel | Shape::Static);
        self.unique_names(has_dates, has_symbols)?;
        let is_panel = |s: Shape| s == Shape::Panel;
        let any_panel = self.columns().iter().any(|c| is_panel(c.ty.shape));
        let columns = self.columns().iter().map(|c| LongColumn {
            name: c.name.clone(),
            kind: c.ty.kind,
            labels: Arc::clone(&c.labels),
            decides: is_panel(c.ty.shape) || !any_panel,
        });
        let table = LongTable {
            dates: has_dates.then(|| self.market.calendar().dates()),
            symbols: has_symbols.then_some(&schema.symbols[..]),
            columns: columns.collect(),
        };
        let mut writer = LongWriter::create(path, table)?;
        let rows = if has_dates { rows } else { rows.start..(rows.start + 1).min(rows.end) };
        let width = if has_symbols { schema.symbols.len() } else { 1 };
        let row_bytes = (width * self.columns().len() * size_of::<f64>()).max(1);
        let step = (BLOCK_BYTES / row_bytes).max(1) as Row;
        progress.begin("writing", u64::from(rows.end - rows.start));
        let mut start = rows.start;
        while start < rows.end {
            let end = start.saturating_add(step).min(rows.end);
            self.write_block(&mut writer, start..end)?;
            progress.advance(u64::from(end - start));
            start = end;
        }
        writer.finish()
    }

    fn write_block(&self, writer: &mut LongWriter<'_>, rows: Range<Row>) -> Result<()> {
        let rows = Rows::new(rows.collect(), self.market.calendar().len());
        let evaluated = self.evaluate(&rows);
        let values: Vec<Vec<&[f64]>> = rows
            .as_slice()
            .iter()
            .map(|row| evaluated.iter().filter_map(|e| e.values.row(*row)).collect())
            .collect();
        writer.write(rows.as_slice(), &values)
    }

    /// Two columns of one name could not be told apart.
    fn unique_names(&self, has_dates: bool, has_symbols: bool) -> Result<()> {
        let mut seen = BTreeSet::new();
        seen.extend(has_dates.then_some("date"));
        seen.extend(has_symbols.then_some("symbol"));
        match self.columns().iter().find(|c| !seen.insert(c.name.as_str())) {
            None => Ok(()),
            Some(column) => {
                let message = format!("two columns of the table would be called `{}`", column.name);
                let help = "give each expression a name of its own with `let`";
                let complaint = Diagnostic::error(Code::DuplicateName, message).help(help);
                Err(Diagnostics::from(complaint))
            }
        }
    }
}
