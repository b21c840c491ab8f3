//! The report as text of at most 100 columns, for a terminal.

use super::{
    Column, Report, StrategyRun,
    chart::{braille, extremes, sparkline},
    exposure,
    number::{fixed, grouped, percent, written},
};
use crate::{
    backtest::Cause,
    metric::{METRICS, Value},
    portfolio::Funnel,
};
use comfy_table::{CellAlignment, Table, presets};
use std::{collections::BTreeSet, fmt::Write};

/// Whether escape codes for colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    /// Plain text.
    No,
    /// Headings bold, losses red, notes dim.
    Yes,
}

const WIDTH: usize = 100;
const LABEL: usize = 20;
const NAME: usize = 22;
const LINE: usize = 62;

/// The summary a reader sees after a run.
pub fn summary(report: &Report<'_>, colors: Colors) -> String {
    let mut page = Page { text: String::new(), colors };
    let columns: Vec<&Column> = report.columns.iter().collect();
    let strategies: Vec<&Column> = columns.iter().copied().filter(|c| c.run.is_some()).collect();
    page.heading(&title(report));
    for columns in fitting(&columns) {
        page.line("");
        page.figures(&metric_table(columns, false));
    }
    page.line("");
    page.heading("Net asset value");
    if let [only] = report.columns.as_slice() {
        page.chart(only);
    } else {
        page.value_lines(&report.columns);
    }
    page.line("");
    page.heading("Drawdown (taller is deeper)");
    page.drawdown_lines(&report.columns);
    page.line("");
    page.heading("Years");
    for columns in fitting(&columns) {
        page.figures(&year_table(columns));
    }
    page.line("");
    page.heading("Where the money came from");
    for runs in fitting(&strategies) {
        page.figures(&cause_table(report, runs));
    }
    page.line("");
    page.heading("From universe to holdings (fewest–most over the rebalances)");
    for run in report.runs {
        page.wrapped(&format!("{}: ", run.name), &funnel(run));
    }
    page.line("");
    page.heading("Notes");
    for note in &report.notes {
        page.wrapped("· ", note);
    }
    page.text
}

/// The further figures.
pub fn details(report: &Report<'_>, colors: Colors) -> String {
    let mut page = Page { text: String::new(), colors };
    let columns: Vec<&Column> = report.columns.iter().collect();
    page.heading("Further figures");
    for columns in fitting(&columns) {
        page.figures(&metric_table(columns, true));
    }
    let held = |c: &&Column| c.run.is_some_and(|i| !report.runs[i].factors.is_empty());
    let columns: Vec<&Column> = columns.into_iter().filter(held).collect();
    if !columns.is_empty() {
        page.line("");
        page.heading(
            "Exposure to factors (Σ weight × z-score across the market, mean over the decisions)",
        );
        for columns in fitting(&columns) {
            page.figures(&factor_table(report, columns));
        }
    }
    let strategies: Vec<&Column> = report.columns.iter().filter(|c| c.run.is_some()).collect();
    for columns in fitting(&strategies) {
        for (label, table) in contribution_tables(report, columns) {
            page.line("");
            page.heading(&format!("What each {label} brought"));
            page.figures(&table);
        }
    }
    page.text
}

fn title(report: &Report<'_>) -> String {
    let calendar = report.market.calendar();
    let period = report.period().map_or_else(String::new, |(a, b)| format!(" · {a} to {b}"));
    let schema = report.market.schema();
    let currency = schema.currency.as_ref().map_or(String::new(), |c| format!(" · {c}"));
    format!("{}{period} · {} rows a year{currency}", schema.name, calendar.rows_per_year())
}

/// The columns in groups that fit on a line.
fn fitting<'c, 'r>(columns: &'c [&'r Column]) -> Vec<&'c [&'r Column]> {
    let widths = columns.iter().map(|c| name(c).chars().count().max(10) + 2);
    let mut groups = vec![];
    let (mut from, mut used) = (0, LABEL);
    for (i, width) in widths.enumerate() {
        if used + width > WIDTH && i > from {
            groups.push(&columns[from..i]);
            (from, used) = (i, LABEL);
        }
        used += width;
    }
    groups.push(&columns[from..]);
    groups
}

/// A column's name, cut to fit.
fn name(column: &Column) -> String {
    if column.name.chars().count() <= NAME {
        return column.name.clone();
    }
    let start: String = column.name.chars().take(NAME - 1).collect();
    format!("{start}…")
}

fn table(columns: &[&Column]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let names = columns.iter().map(|c| name(c));
    table.set_header(std::iter::once(String::new()).chain(names));
    for i in 1..=columns.len() {
        if let Some(column) = table.column_mut(i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// What each cause brought or took, in money.
fn cause_table(report: &Report<'_>, columns: &[&Column]) -> String {
    let mut table = table(columns);
    let runs = || columns.iter().filter_map(|c| c.run).map(|i| &report.runs[i]);
    for cause in Cause::ALL {
        let money: Vec<f64> = runs().map(|run| run.track.ledger.total(*cause)).collect();
        if money.iter().any(|m| *m != 0.0) {
            let mut title = cause.name().to_owned();
            title[..1].make_ascii_uppercase();
            table.add_row(std::iter::once(title).chain(money.iter().map(|m| grouped(*m))));
        }
    }
    let gains = runs().map(|run| run.track.nav.last().map_or(0.0, |v| v - run.track.capital));
    table.add_row(std::iter::once("In all".to_owned()).chain(gains.map(grouped)));
    table.trim_fmt()
}

fn metric_table(columns: &[&Column], detail: bool) -> String {
    let mut table = table(columns);
    for (i, metric) in METRICS.iter().enumerate().filter(|(_, m)| m.detail == detail) {
        let values: Vec<Value> = columns.iter().map(|c| c.metrics[i].1).collect();
        if values.iter().any(|v| *v != Value::Missing) {
            let cells = values.iter().map(|v| written(metric.unit, *v));
            table.add_row(std::iter::once(metric.title.to_owned()).chain(cells));
        }
    }
    table.trim_fmt()
}

/// By label, the money of each of its groups; labels of many groups are left to files.
fn contribution_tables(report: &Report<'_>, columns: &[&Column]) -> Vec<(String, String)> {
    const MOST: usize = 25;
    let runs = columns.iter().filter_map(|c| c.run).map(|i| &report.runs[i]);
    let of_runs: Vec<exposure::ByLabel<'_>> =
        runs.map(|run| exposure::contributions(report.market, run.track)).collect();
    let labels = of_runs.first().map_or(0, Vec::len);
    let tables = (0..labels).filter_map(|place| {
        let groups: BTreeSet<&str> =
            of_runs.iter().flat_map(|labels| labels[place].1.keys().copied()).collect();
        if !(1..=MOST).contains(&groups.len()) {
            return None;
        }
        let mut table = table(columns);
        for group in groups {
            let of = |labels: &exposure::ByLabel<'_>| labels[place].1.get(group).copied();
            let money = of_runs.iter().map(|labels| grouped(of(labels).unwrap_or(0.0)));
            let name = if group.is_empty() { "without one" } else { group };
            table.add_row(std::iter::once(name.to_owned()).chain(money));
        }
        Some((of_runs[0][place].0.to_owned(), table.trim_fmt()))
    });
    tables.collect()
}

fn factor_table(report: &Report<'_>, columns: &[&Column]) -> String {
    let mut table = table(columns);
    let runs = || columns.iter().filter_map(|c| c.run).map(|i| &report.runs[i]);
    let mut names: Vec<&str> = runs().flat_map(|r| r.factors).map(|f| f.name.as_str()).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    for name in names {
        let of = |run: &StrategyRun<'_>| run.factors.iter().find(|f| f.name == name)?.mean;
        let cells = runs().map(|r| of(r).map_or_else(|| "–".to_owned(), |x| fixed(x, 2)));
        table.add_row(std::iter::once(name.to_owned()).chain(cells));
    }
    table.trim_fmt()
}

fn year_table(columns: &[&Column]) -> String {
    let mut years: Vec<i16> = columns.iter().flat_map(|c| c.years.iter().map(|y| y.0)).collect();
    years.sort_unstable();
    years.dedup();
    let mut table = table(columns);
    let first = columns.iter().filter_map(|c| c.record.dates.first()).min();
    let last = columns.iter().filter_map(|c| c.record.dates.last()).max();
    for year in years {
        let of = |c: &Column| c.years.iter().find(|y| y.0 == year).map(|y| y.1);
        let cells = columns.iter().map(|c| of(c).map_or_else(|| "–".to_owned(), percent));
        let begins = first.filter(|d| d.year() == year && d.day_of_year() > 7);
        let ends = last.filter(|d| d.year() == year && d.day_of_year() < 355);
        let label = match (begins, ends) {
            (Some(date), _) => format!("{year} from {}", date.strftime("%m-%d")),
            (_, Some(date)) => format!("{year} to {}", date.strftime("%m-%d")),
            _ => year.to_string(),
        };
        table.add_row(std::iter::once(label).chain(cells));
    }
    table.trim_fmt()
}

/// `500 universe › 120–310 where close > 5 › 50 picked › 48–50 held`
fn funnel(run: &StrategyRun<'_>) -> String {
    let funnels: Vec<&Funnel> = run.track.rebalances.iter().map(|r| &r.target.funnel).collect();
    let range = |count: &dyn Fn(&Funnel) -> usize| {
        let counts = || funnels.iter().map(|f| count(f));
        let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        if least == most { format!("{least}") } else { format!("{least}–{most}") }
    };
    let mut stages = vec![format!("{} in the universe", range(&|f| f.universe))];
    for (i, (_, text)) in run.policy.filters.iter().enumerate() {
        stages.push(format!("{} where {text}", range(&|f| f.filters[i])));
    }
    if run.policy.pick.by.is_some() {
        stages.push(format!("{} with a score", range(&|f| f.scored)));
    }
    stages.push(format!("{} picked", range(&|f| f.picked)));
    stages.push(format!("{} held", range(&|f| f.held)));
    format!("{} ({} rebalances)", stages.join(" › "), funnels.len())
}

struct Page {
    text: String,
    colors: Colors,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        match self.colors {
            Colors::No => self.line(text),
            Colors::Yes => self.line(&format!("\x1b[1m{text}\x1b[0m")),
        }
    }

    /// A table, with what is below zero in red.
    fn figures(&mut self, table: &str) {
        for line in table.lines() {
            let line = line.strip_prefix(' ').unwrap_or(line);
            match self.colors {
                Colors::No => self.line(line),
                Colors::Yes => self.line(&red_losses(line)),
            }
        }
    }

    /// One strategy's value, drawn large.
    fn chart(&mut self, column: &Column) {
        let nav = &column.record.nav;
        let (low, high) = extremes(nav);
        let lines = braille(&logarithms(nav), LINE + 16, 6);
        let last = lines.len() - 1;
        for (i, line) in lines.iter().enumerate() {
            let label = match i {
                0 => grouped(high),
                i if i == last => grouped(low),
                _ => String::new(),
            };
            self.line(&format!("{label:>16}  {line}"));
        }
        if let (Some(first), Some(end)) = (column.record.dates.first(), column.record.dates.last())
        {
            let width = braille_width(&lines).saturating_sub(10);
            self.line(&format!("{:16}  {first}{:>width$}", "", end.to_string()));
        }
    }

    /// Every column's value on a line, on one logarithmic scale from its start value.
    fn value_lines(&mut self, columns: &[Column]) {
        let growth = |c: &Column| -> Vec<f64> {
            c.record.nav.iter().map(|v| v / c.record.capital).collect()
        };
        let lines = aligned(columns, &|c| logarithms(&growth(c)));
        let (low, high) = extremes(&lines.concat());
        for (column, line) in columns.iter().zip(&lines) {
            let end = column.record.nav.last().unwrap_or(&f64::NAN) / column.record.capital;
            self.drawn(column, line, (low, high), &format!("{}×", fixed(end, 2)));
        }
    }

    fn drawdown_lines(&mut self, columns: &[Column]) {
        // Nothing is drawn where nothing is lost.
        let depth = |d: &f64| if *d < 0.0 { -d } else { f64::NAN };
        let depths = aligned(columns, &|c| c.record.drawdowns().iter().map(depth).collect());
        let deepest = extremes(&depths.concat()).1.max(0.0);
        for (column, line) in columns.iter().zip(&depths) {
            let most = extremes(line).1.max(0.0);
            self.drawn(column, line, (0.0, deepest), &percent(-most));
        }
    }

    fn drawn(&mut self, column: &Column, line: &[f64], range: (f64, f64), end: &str) {
        let drawn = sparkline(line, LINE, range.0, range.1);
        self.line(&format!("{:<NAME$} {drawn:<LINE$} {end:>9}", name(column)));
    }

    /// A paragraph that hangs behind its first word.
    fn wrapped(&mut self, start: &str, text: &str) {
        let indent = if start.chars().count() > NAME { 2 } else { start.chars().count() };
        let mut line = start.to_owned();
        let mut empty = true;
        for word in text.split(' ') {
            if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.note_line(&line);
                line = " ".repeat(indent);
                empty = true;
            }
            let _ = write!(line, "{}{word}", if empty { "" } else { " " });
            empty = false;
        }
        self.note_line(&line);
    }

    fn note_line(&mut self, line: &str) {
        match self.colors {
            Colors::No => self.line(line),
            Colors::Yes => self.line(&format!("\x1b[2m{line}\x1b[0m")),
        }
    }
}

/// A line of values for each column, on the dates of the longest; missing where a column has not begun.
fn aligned(columns: &[Column], values: &dyn Fn(&Column) -> Vec<f64>) -> Vec<Vec<f64>> {
    let longest = columns.iter().max_by_key(|c| c.record.dates.len());
    let dates = longest.map_or(&[][..], |c| &c.record.dates);
    let line = |c: &Column| {
        let first = c.record.dates.first().map_or(0, |d| dates.partition_point(|x| x < d));
        let mut line = vec![f64::NAN; first];
        line.extend(values(c));
        line.resize(dates.len().max(line.len()), f64::NAN);
        line
    };
    columns.iter().map(line).collect()
}

fn braille_width(lines: &[String]) -> usize {
    lines.first().map_or(0, |l| l.chars().count())
}

/// Logarithms; missing where there is none.
fn logarithms(values: &[f64]) -> Vec<f64> {
    values.iter().map(|&v| if v > 0.0 { libm::log(v) } else { f64::NAN }).collect()
}

/// Marks the words that are negative percentages.
fn red_losses(line: &str) -> String {
    let is_loss = |word: &str| word.starts_with('-') && word.ends_with('%');
    let words = line.split(' ');
    let marked =
        words.map(|w| if is_loss(w) { format!("\x1b[31m{w}\x1b[0m") } else { w.to_owned() });
    marked.collect::<Vec<_>>().join(" ")
}
