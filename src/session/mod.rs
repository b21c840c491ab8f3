//! A conversation with a market: statements add up to a strategy, expressions answer at once. Knows nothing of terminals:
//! text goes in, text comes out.

mod command;
mod statement;
mod words;

pub use command::COMMANDS;
pub use words::{Completion, Vocabulary, is_unfinished, start_of_word};

use crate::{
    data::Market,
    diagnostic::{Code, Diagnostic, Diagnostics, Result},
    engine::{Compiled, CompiledQuery, Query, Strategy, session as session_row},
    execute::Kept,
    panel::{Date, MarketData, Row},
    report::{self, Colors},
    source::Sources,
    syntax,
};
use statement::Statement;
use std::{path::PathBuf, sync::Arc};

/// How many assets are listed at each end.
const TOP: u32 = 5;
/// How many bytes of computed values are kept at most.
const KEPT: usize = 1 << 29;
/// What errors call the text of the conversation.
const NAME: &str = "<session>";

/// What an input gave.
#[derive(Debug, Default)]
pub struct Reply {
    /// What is shown.
    pub text: String,
    /// What the reader should know.
    pub warnings: Option<Diagnostics>,
    /// Whether the conversation ends.
    pub is_end: bool,
}

impl Reply {
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// The state of a conversation. A clone shares the market and is otherwise its own.
#[derive(Clone)]
pub struct Session {
    market: Arc<Market>,
    /// Values of that market.
    kept: Arc<Kept>,
    colors: Colors,
    statements: Vec<Statement>,
    /// The statements before each change, the last at the end.
    before: Vec<Vec<Statement>>,
    settings: Vec<(String, String)>,
    at: Option<Date>,
    /// Where the market's files lie, if not where it says.
    root: Option<PathBuf>,
    /// Whether each answer says how long it took.
    pub shows_time: bool,
}

impl Session {
    /// A conversation with a market.
    pub fn new(market: Market, colors: Colors) -> Self {
        Self {
            market: Arc::new(market),
            kept: Arc::new(Kept::new(KEPT)),
            colors,
            statements: vec![],
            before: vec![],
            settings: vec![],
            at: None,
            root: None,
            shows_time: false,
        }
    }

    /// The folder that paths of markets opened later are relative to.
    #[must_use]
    pub fn with_root(mut self, root: Option<PathBuf>) -> Self {
        self.root = root;
        self
    }

    /// A line on the market.
    pub fn greeting(&self) -> String {
        let (schema, dates) = (self.market.schema(), self.market.calendar().dates());
        let period = match (dates.first(), dates.last()) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        format!("{}: {} assets{period}", schema.name, schema.symbols.len())
    }

    /// Takes an input: an expression, statements, a command. What went wrong changes nothing.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub fn enter(&mut self, input: &str) -> Result<Reply> {
        let text = input.trim();
        if text.is_empty() {
            return Ok(Reply::default());
        }
        if let Some(command) = text.strip_prefix(':') {
            return self.command(command.trim());
        }
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match word {
            "quit" | "exit" if rest.is_empty() => Ok(Reply { is_end: true, ..Reply::default() }),
            "run" if rest.is_empty() => self.run(),
            "show" if rest.is_empty() => self.show(),
            "save" if !rest.is_empty() => self.save(rest),
            "load" if !rest.is_empty() => self.load(rest),
            _ => self.statements_or_expression(text),
        }
    }

    fn statements_or_expression(&mut self, text: &str) -> Result<Reply> {
        let mut sources = Sources::default();
        let id = sources.add(NAME, text);
        let fault = match syntax::parse(&sources, id) {
            Ok(file) => return self.add(statement::of(&sources, &file)),
            Err(fault) => fault,
        };
        let word = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        if word.is_some_and(|w| syntax::STATEMENTS.contains(&w)) {
            return Err(Diagnostics::new(vec![fault], &sources));
        }
        let (expression, at) = self.dated(text)?;
        self.evaluate(expression, at)
    }

    /// An expression and the row that it is asked for: `EXPR @ 2016-03-31`.
    fn dated<'t>(&self, text: &'t str) -> Result<(&'t str, Row)> {
        let (expression, date) = match text.rsplit_once('@') {
            Some((expression, date)) => (expression.trim(), Some(parsed_date(date.trim())?)),
            None => (text, self.at),
        };
        Ok((expression, session_row(self.market.calendar(), date)?))
    }

    /// The text of everything that was said.
    fn text(&self) -> String {
        self.statements.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The names of the definitions.
    fn defined(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().filter_map(|s| s.key.strip_prefix("let "))
    }

    fn query(&self, expression: &str) -> Result<Query> {
        let query = Query::text(&self.text(), NAME)?.and(expression)?;
        self.settings.iter().try_fold(query, |query, (name, value)| query.set(name, value))
    }

    fn strategy(&self) -> Result<Strategy> {
        if !self.statements.iter().any(Statement::holds_something) {
            let error = Diagnostic::error(Code::EmptyFile, "there is no strategy yet");
            let help = "begin with what to hold: `select top 50 by rank(value)`";
            return Err(error.help(help).into());
        }
        let strategy = Strategy::parse_as(&self.text(), NAME, "strategy")?;
        self.settings.iter().try_fold(strategy, |s, (name, value)| s.set(name, value))
    }

    fn compiled_query(&self, expression: &str) -> Result<CompiledQuery<'_>> {
        Ok(self.query(expression)?.compile(&*self.market)?.keeping(&self.kept))
    }

    fn compiled(&self) -> Result<Compiled<'_>> {
        Ok(self.strategy()?.compile(&*self.market)?.keeping(&self.kept))
    }

    fn evaluate(&self, expression: &str, row: Row) -> Result<Reply> {
        let compiled = self.compiled_query(expression)?;
        let (name, date) = (&self.market.schema().name, self.market.calendar().date(row));
        let list = compiled.sum_up(row, TOP);
        let text: Vec<String> =
            list.iter().map(|v| report::values_to_text(name, date, v, self.colors)).collect();
        let warnings = Some(compiled.warnings().clone());
        Ok(Reply { text: text.join("\n"), warnings, is_end: false })
    }

    /// Adds statements to the strategy, if it is sound with them.
    fn add(&mut self, new: Vec<Statement>) -> Result<Reply> {
        if new.is_empty() {
            return Ok(Reply::default());
        }
        let mut after = self.clone();
        new.iter().cloned().for_each(|s| statement::put(&mut after.statements, s));
        let mut reply = after.checked()?;
        if new.iter().any(Statement::holds_something) {
            reply.text = after.holdings()?;
        } else if let [only] = new.as_slice()
            && let Some(name) = only.key.strip_prefix("let ")
            && only.is_plain_let
        {
            let row = session_row(after.market.calendar(), after.at)?;
            let compiled_row = after.evaluate(name, row)?;
            reply = compiled_row;
        }
        after.before.push(std::mem::take(&mut self.statements));
        *self = after;
        Ok(reply)
    }

    /// Whether everything said so far is sound, as far as it goes.
    fn checked(&self) -> Result<Reply> {
        let holds = self.statements.iter().any(Statement::holds_something);
        let warnings = if holds {
            self.compiled()?.warnings()
        } else {
            // Clauses wait for what to hold; definitions are checked by themselves.
            let query = Query::text(&self.text(), NAME)?;
            match self.statements.iter().any(|s| s.is_plain_let) {
                true => query.compile(&*self.market)?.warnings().clone(),
                false => return Ok(Reply::default()),
            }
        };
        Ok(Reply { warnings: Some(warnings), ..Reply::default() })
    }

    /// What the strategy would hold today.
    fn holdings(&self) -> Result<String> {
        let row = session_row(self.market.calendar(), self.at)?;
        let compiled = self.compiled()?;
        let date = self.market.calendar().date(row);
        let mut text = String::new();
        for (name, target) in compiled.decide(row)? {
            let symbol = |asset: u32| self.market.schema().symbols[asset as usize].as_str();
            let weights: Vec<(&str, f64)> =
                target.weights.iter().map(|(a, w)| (symbol(a.0), *w)).collect();
            text += &report::holdings_to_text(&name, date, &weights, &target.funnel);
        }
        Ok(text)
    }

    fn run(&self) -> Result<Reply> {
        let results = self.compiled()?.run()?;
        Ok(Reply::of(results.report(|report| report::to_text(report, self.colors))))
    }

    fn show(&self) -> Result<Reply> {
        if self.statements.is_empty() {
            return Ok(Reply::of("nothing was said yet\n"));
        }
        self.canonical().map(Reply::of)
    }

    fn canonical(&self) -> Result<String> {
        let mut sources = Sources::default();
        let id = sources.add(NAME, self.text());
        syntax::format(&sources, id).map_err(|d| Diagnostics::new(vec![d], &sources))
    }

    fn save(&self, path: &str) -> Result<Reply> {
        let path = PathBuf::from(unquoted(path));
        let text = self.canonical()?;
        if text.trim().is_empty() {
            let error = Diagnostic::error(Code::EmptyFile, "there is nothing to save yet");
            return Err(error.into());
        }
        syntax::write(&path, &text)?;
        Ok(Reply::of(format!("saved to {}\n", path.display())))
    }

    /// Reads a file in place of what was said.
    fn load(&mut self, path: &str) -> Result<Reply> {
        let path = PathBuf::from(unquoted(path));
        let text = syntax::read(&path)?;
        let mut sources = Sources::default();
        let id = sources.add(path.display().to_string(), text);
        let file = syntax::parse(&sources, id).map_err(|d| Diagnostics::new(vec![d], &sources))?;
        let mut after = Self { statements: vec![], ..self.clone() };
        let folder = path.parent().unwrap_or(std::path::Path::new(""));
        for one in statement::of(&sources, &file) {
            statement::put(&mut after.statements, one.relative_to(folder));
        }
        let reply = after.checked()?;
        let text = after.canonical()?;
        after.before.push(std::mem::take(&mut self.statements));
        *self = after;
        Ok(Reply { text, ..reply })
    }

    /// What the words of the conversation may be, for completion.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary::new(&self.market, self.defined())
    }
}

fn parsed_date(text: &str) -> Result<Date> {
    text.parse().map_err(|_| {
        let message = format!("expected a date such as 2016-03-31, found `{text}`");
        Diagnostic::error(Code::BadDate, message).into()
    })
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}
