//! `decile eval`: the values of expressions, on a date or as a file.

use super::{
    Terminal,
    import::Bar,
    market::{MarketOptions, date, in_order, setting},
};
use crate::{
    data::LongWriter,
    diagnostic::{Code, Diagnostic, Diagnostics},
    engine::{CompiledQuery, Query, session},
    panel::{Date, MarketData, Row},
    report::{self, Colors},
};
use serde_json::json;
use std::{
    ops::Range,
    path::{Path, PathBuf},
};

/// Show the values of expressions on a date, or write those of all dates to a file.
#[derive(Debug, clap::Args)]
pub(super) struct Eval {
    /// A file, of which every `let` without brackets is evaluated, or whose definitions `-e` sees; `-` reads standard
    /// input.
    #[arg(value_name = "FILE", required_unless_present = "expressions")]
    file: Option<PathBuf>,
    /// An expression.
    #[arg(short = 'e', long = "expression", value_name = "EXPR", allow_hyphen_values = true)]
    expressions: Vec<String>,
    #[command(flatten)]
    market: MarketOptions,
    /// Set a `param` of the file.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// The date; the last session if none is given.
    #[arg(long, value_name = "DATE", value_parser = date)]
    at: Option<Date>,
    /// How many of the best and worst assets, or of a series' last values.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// Write the values of all dates as a table (date, symbol, a column for each expression) to this file, .csv or
    /// .parquet.
    #[arg(long, value_name = "FILE", value_parser = table_name)]
    out: Option<PathBuf>,
    /// First date of the file.
    #[arg(long, value_name = "DATE", value_parser = date, requires = "out", conflicts_with = "at")]
    from: Option<Date>,
    /// Last date of the file.
    #[arg(long, value_name = "DATE", value_parser = date, requires = "out", conflicts_with = "at")]
    to: Option<Date>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

fn table_name(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match LongWriter::knows(&path) {
        true => Ok(path),
        false => Err("expected a name that ends in .csv or .parquet".to_owned()),
    }
}

impl Eval {
    fn query(&self) -> Result<Query, Diagnostics> {
        let file = match &self.file {
            None => Query::text("", "<command line>")?,
            Some(file) if file.as_os_str() == "-" => {
                let text = crate::syntax::read_from(std::io::stdin().lock())?;
                Query::text(&text, "<standard input>")?
            }
            Some(file) => Query::open(file)?,
        };
        let query = self.expressions.iter().try_fold(file, |query, text| query.and(text))?;
        self.settings.iter().try_fold(query, |query, (name, value)| query.set(name, value))
    }

    /// The rows that are written.
    fn period(&self, market: &dyn MarketData) -> Result<Range<Row>, Diagnostics> {
        let calendar = market.calendar();
        if let Some(date) = self.at {
            let row = session(calendar, Some(date))?;
            return Ok(row..row + 1);
        }
        in_order(self.from, self.to)?;
        let first = self.from.map_or(0, |d| calendar.first_at_or_after(d));
        let end = match self.to {
            None => calendar.len() as Row,
            Some(date) => calendar.last_at_or_before(date).map_or(0, |row| row + 1),
        };
        if first < end {
            return Ok(first..end);
        }
        let message = match (calendar.dates().first(), calendar.dates().last()) {
            (Some(first), Some(last)) => {
                format!("no session lies in the period; the data run from {first} to {last}")
            }
            _ => "the market has no session".to_owned(),
        };
        Err(Diagnostic::error(Code::OutOfRange, message).into())
    }
}

pub(super) fn run(arguments: &Eval, terminal: Terminal) -> Result<(), Diagnostics> {
    let query = arguments.query()?;
    let market = arguments.market.open(terminal)?;
    let compiled = query.compile(&market)?;
    terminal.complain(compiled.warnings());
    match &arguments.out {
        Some(path) => write(arguments, &compiled, &market, path, terminal),
        None => show(arguments, &compiled, &market, terminal),
    }
}

fn write(
    arguments: &Eval,
    compiled: &CompiledQuery<'_>,
    market: &dyn MarketData,
    path: &Path,
    terminal: Terminal,
) -> Result<(), Diagnostics> {
    let rows = arguments.period(market)?;
    let bar = Bar::new();
    let written = compiled.write(path, rows, &bar);
    bar.finish();
    let written = written?;
    let names: Vec<&str> = compiled.columns().iter().map(|c| c.name.as_str()).collect();
    if arguments.json {
        let value =
            json!({ "path": path.display().to_string(), "rows": written, "columns": names });
        terminal.print(&format!("{value:#}\n"));
    } else {
        let rows = if written == 1 { "row" } else { "rows" };
        terminal.print(&format!(
            "{written} {rows} of {} written to {}\n",
            names.join(", "),
            path.display()
        ));
    }
    Ok(())
}

fn show(
    arguments: &Eval,
    compiled: &CompiledQuery<'_>,
    market: &dyn MarketData,
    terminal: Terminal,
) -> Result<(), Diagnostics> {
    let calendar = market.calendar();
    let row = session(calendar, arguments.at)?;
    let date = calendar.date(row);
    let list = compiled.sum_up(row, arguments.top);
    let name = &market.schema().name;
    if arguments.json {
        let value = json!({ "market": name, "date": date.to_string(), "expressions": list });
        terminal.print(&format!("{value:#}\n"));
    } else if arguments.expressions.is_empty() {
        terminal.print(&report::columns_to_text(name, date, &list));
    } else {
        let colors = if terminal.colors { Colors::Yes } else { Colors::No };
        let texts = list.iter().map(|v| report::values_to_text(name, date, v, colors));
        terminal.print(&texts.collect::<Vec<_>>().join("\n"));
    }
    Ok(())
}
