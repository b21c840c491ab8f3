//! Commands of a conversation: what begins with a colon.

use super::{Reply, Session, parsed_date, unquoted};
use crate::{
    data::{Market, Options},
    diagnostic::{Code, Diagnostic, Result, nearest},
    engine::{asset, run_together, session as session_row},
    execute::Kept,
    panel::{MISSING, MarketData, Row, Rows},
    reference, report,
};
use std::{fmt::Write as _, path::Path, sync::Arc};

/// The commands: each with its name, what it takes, and what it does.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    ("help", "[NAME]", "what an operator, factor, field, clause or error means; the commands"),
    ("fields", "[PART OF A NAME]", "the fields of the market"),
    ("data", "PATH", "take another market"),
    ("at", "DATE", "answer for this date; without one, for the last"),
    ("set", "NAME=VALUE", "set a param"),
    ("undo", "", "take the last statement back"),
    ("explain", "", "the plan of the strategy"),
    ("plot", "EXPRESSION [of SYMBOL]", "a line over all dates"),
    ("why", "SYMBOL [DATE]", "why an asset was held, or was not"),
    ("funnel", "[DATE]", "how many assets each clause leaves"),
    ("compare", "[FILE]", "run it beside what it was before the last change, or a file"),
    ("time", "", "say how long each answer took, or no more"),
    ("quit", "", "leave"),
];

impl Session {
    pub(super) fn command(&mut self, text: &str) -> Result<Reply> {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        match name {
            "help" | "h" | "?" => self.help(rest),
            "fields" => Ok(Reply::of(self.fields(rest))),
            "data" => self.open(rest),
            "at" => self.set_date(rest),
            "set" => self.set(rest),
            "undo" => self.undo(),
            "explain" => Ok(Reply::of(self.compiled()?.explain(false)?.to_text())),
            "plot" => self.plot(rest),
            "why" => self.why(rest),
            "funnel" => self.funnel(rest),
            "compare" => self.compare(rest),
            "time" => {
                self.shows_time = !self.shows_time;
                Ok(Reply::default())
            }
            "quit" | "q" | "exit" => Ok(Reply { is_end: true, ..Reply::default() }),
            _ => {
                let message = format!("there is no command `:{name}`");
                let error = Diagnostic::error(Code::UnknownName, message);
                let near = nearest(name, COMMANDS.iter().map(|c| c.0));
                let help = match near.first() {
                    Some(near) => format!("did you mean `:{near}`?"),
                    None => "`:help` lists the commands".to_owned(),
                };
                Err(error.help(help).into())
            }
        }
    }

    fn help(&self, name: &str) -> Result<Reply> {
        if !name.is_empty() {
            let entries = reference::find(name, &*self.market)?;
            return Ok(Reply::of(reference::to_text(&entries, self.colors)));
        }
        let mut text = "\
An expression shows its values: `rank(value)`, `momentum @ 2016-03-31`.
`let`, `param`, `use` and clauses add up to a strategy; one takes the place of what it stands for.
`select …` shows what it would hold, `run` backtests it, `show` prints it, `save FILE` and `load FILE`.

"
        .to_owned();
        for (name, takes, does) in COMMANDS {
            let form = format!(":{name} {takes}");
            let _ = writeln!(text, "{:32} {does}", form.trim_end());
        }
        Ok(Reply::of(text))
    }

    fn fields(&self, part: &str) -> String {
        let mut text = String::new();
        for field in &self.market.schema().fields {
            if field.name.contains(part) || field.table.contains(part) {
                let name = format!("{}.{}", field.table, field.name);
                let _ = writeln!(text, "{name:32} {}", field.ty);
            }
        }
        if text.is_empty() { format!("no field has `{part}` in its name\n") } else { text }
    }

    /// Takes another market, if what was said is sound on it.
    fn open(&mut self, path: &str) -> Result<Reply> {
        let mut after = self.clone();
        let market = match unquoted(path) {
            "" => Market::sample(),
            path => {
                let options = Options { root: self.root.as_deref(), ..Options::default() };
                Market::open_with(Path::new(path), options)?
            }
        };
        after.market = Arc::new(market);
        after.kept = Arc::new(Kept::new(super::KEPT));
        after.at = None;
        let reply = after.checked()?;
        let text = after.greeting() + "\n";
        *self = after;
        Ok(Reply { text, ..reply })
    }

    fn set_date(&mut self, date: &str) -> Result<Reply> {
        let at = if date.is_empty() { None } else { Some(parsed_date(date)?) };
        let row = session_row(self.market.calendar(), at)?;
        self.at = at;
        Ok(Reply::of(format!("answers are for {}\n", self.market.calendar().date(row))))
    }

    fn set(&mut self, setting: &str) -> Result<Reply> {
        let Some((name, value)) = setting.split_once('=') else {
            let error = Diagnostic::error(Code::Arguments, "expected NAME=VALUE");
            return Err(error.help("such as `:set n=30`").into());
        };
        let (name, value) = (name.trim(), value.trim());
        if !self.defined().any(|n| n == name) {
            let message = format!("there is no `param {name}`");
            return Err(Diagnostic::error(Code::UnknownParameter, message).into());
        }
        let mut after = self.clone();
        after.settings.retain(|(n, _)| n != name);
        after.settings.push((name.to_owned(), value.to_owned()));
        let reply = after.checked()?;
        *self = after;
        Ok(reply)
    }

    fn undo(&mut self) -> Result<Reply> {
        match self.before.pop() {
            Some(statements) => {
                self.statements = statements;
                self.show()
            }
            None => Ok(Reply::of("there is nothing to take back\n")),
        }
    }

    fn plot(&self, text: &str) -> Result<Reply> {
        if text.is_empty() {
            let error = Diagnostic::error(Code::Arguments, "expected an expression");
            return Err(error.help("such as `:plot close of \"BAB3\"`").into());
        }
        let of = text.rsplit_once(" of ").and_then(|(expression, symbol)| {
            let asset = asset(&*self.market, unquoted(symbol.trim()));
            Some((expression, asset.ok()?))
        });
        let (expression, asset) = match of {
            Some((expression, asset)) => (expression, Some(asset)),
            None => (text, None),
        };
        let compiled = self.compiled_query(expression)?;
        let calendar = self.market.calendar();
        let columns = compiled.columns();
        if asset.is_none() && columns.iter().any(|c| c.ty.shape_has_assets()) {
            let message = "a value of each asset is many lines: of which asset?";
            let error = Diagnostic::error(Code::Arguments, message);
            return Err(error.help(format!("such as `:plot {text} of \"SYMBOL\"`")).into());
        }
        let rows = calendar.len() as Row;
        let evaluated = compiled.evaluate(&Rows::all(calendar.len()));
        let mut out = String::new();
        for one in &evaluated {
            let asset = asset.map_or(0, |a| a.0 as usize);
            let at = |row: Row| one.values.row(row).map_or(MISSING, |r| r[asset.min(r.len() - 1)]);
            let values: Vec<f64> = (0..rows).map(at).collect();
            out += &report::line_to_text(text, calendar.dates(), &values);
        }
        Ok(Reply::of(out))
    }

    fn why(&self, text: &str) -> Result<Reply> {
        let mut words = text.split_whitespace();
        let Some(symbol) = words.next() else {
            let error = Diagnostic::error(Code::Arguments, "expected a symbol");
            return Err(error.help("such as `:why BAB3 2016-03-31`").into());
        };
        let date = match words.next() {
            Some(date) => Some(parsed_date(date)?),
            None => self.at,
        };
        let list = self.compiled()?.why(unquoted(symbol), date)?;
        let texts: Vec<String> = list.iter().map(report::why_to_text).collect();
        Ok(Reply::of(texts.join("\n")))
    }

    fn funnel(&self, text: &str) -> Result<Reply> {
        let until = if text.is_empty() { None } else { Some(parsed_date(text)?.to_string()) };
        let compiled = self.compiled()?;
        let mut funnels = compiled.funnels(&compiled.run()?);
        if let Some(until) = until {
            for funnel in &mut funnels {
                let last = funnel.rows.partition_point(|row| row.date <= until);
                funnel.rows.truncate(last);
                funnel.rows.drain(..last.saturating_sub(1));
                funnel.warnings.clear();
            }
        }
        let texts: Vec<String> = funnels.iter().map(report::funnel_to_text).collect();
        Ok(Reply::of(texts.join("\n")))
    }

    /// Runs the strategy beside what it was before its last change, or a file.
    fn compare(&self, file: &str) -> Result<Reply> {
        let now = self.compiled()?;
        let other = if file.is_empty() {
            let Some(statements) = self.before.last() else {
                let message = "there is nothing before to compare with";
                let error = Diagnostic::error(Code::EmptyFile, message);
                return Err(error
                    .help("name a file: `:compare strategies/momentum.decile`")
                    .into());
            };
            let before = Self { statements: statements.clone(), ..self.clone() };
            before.strategy_called("before")?
        } else {
            crate::engine::Strategy::open(unquoted(file))?
        };
        let other = other.compile(&*self.market)?.keeping(&self.kept);
        let results = run_together(&[now, other])?;
        Ok(Reply::of(results.report(|report| report::to_text(report, self.colors))))
    }

    fn strategy_called(&self, name: &str) -> Result<crate::engine::Strategy> {
        self.strategy()?;
        let strategy = crate::engine::Strategy::parse_as(&self.text(), super::NAME, name)?;
        self.settings.iter().try_fold(strategy, |s, (name, value)| s.set(name, value))
    }
}
