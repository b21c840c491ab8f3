//! Files of Kenneth French's data library as they come: prose, then blocks of daily, monthly or yearly rows, each with a
//! title and a header of its own, and a line of copyright.

use super::{
    csv::{self, Csv},
    source::Source,
};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use jiff::{Span, civil::Date};
use std::path::Path;

/// The largest of these files has a few MiB.
const LARGEST: usize = 128 << 20;

/// What the library writes for a missing number.
pub(super) const MISSING: [&str; 2] = ["-99.99", "-999"];

/// A block of a file, of which the names of the columns are known.
pub(super) struct Block {
    pub(super) source: Source,
    /// What stands for it in a list of what was read.
    pub(super) shown: String,
    /// What the numbers are divided by: returns are in percent.
    pub(super) divisor: f64,
    /// How long a value may be used if the catalog does not say: until the next one is surely there.
    pub(super) age: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Daily,
    Monthly,
    Annual,
}

impl Pace {
    fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Monthly => "monthly",
            Self::Annual => "annual",
        }
    }

    fn age(self) -> Span {
        match self {
            Self::Daily => Span::new().months(1),
            Self::Monthly => Span::new().days(35),
            Self::Annual => Span::new().days(370),
        }
    }
}

/// The lines of a block.
struct Found<'a> {
    title: String,
    pace: Pace,
    names: Vec<&'a str>,
    /// The first row's line, as an editor counts.
    first: u64,
    /// The lines from there on; blank ones stand for what is no row.
    rows: Vec<&'a str>,
}

impl Found<'_> {
    fn shown(&self) -> String {
        match self.title.is_empty() {
            true => format!("the {} rows without a title", self.pace.name()),
            false => format!("`{}`", self.title),
        }
    }

    /// Whether its numbers are percent: returns and rates are, counts and sizes are not.
    fn is_percent(&self) -> bool {
        let title = self.title.to_lowercase();
        title.is_empty() || title.contains("return") || title.contains("factor")
    }

    /// The rows as a plain table, with the day at which each number is complete.
    fn table(&self) -> Vec<u8> {
        let mut text = format!("date,{}\n", self.names.join(","));
        for row in &self.rows {
            if let Some((date, rest)) = row.split_once(',') {
                text.push_str(&last_day(date.trim()));
                text.push(',');
                text.push_str(rest);
            }
            text.push('\n');
        }
        text.into_bytes()
    }
}

/// Opens a block of a file: the one whose title holds a text, or whose rows are `daily`, `monthly` or `annual`, or the
/// first.
pub(super) fn open(path: &Path, wanted: Option<&str>) -> Result<Block, Diagnostic> {
    let bytes = csv::text(path, LARGEST).map_err(|e| {
        let message = format!("the file cannot be read: {}", io_reason(&e));
        Diagnostic::error(Code::DataUnreadable, message).in_file(path)
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let blocks = blocks(&text);
    let block = choose(&blocks, wanted).map_err(|d| d.in_file(path))?;
    let table = Csv::of_text(path, block.table(), block.first)?;
    Ok(Block {
        source: Source::of_file(Box::new(table)),
        shown: block.shown(),
        divisor: if block.is_percent() { 100.0 } else { 1.0 },
        age: block.pace.age(),
    })
}

fn choose<'a, 'b>(
    blocks: &'b [Found<'a>],
    wanted: Option<&str>,
) -> Result<&'b Found<'a>, Diagnostic> {
    let Some(first) = blocks.first() else {
        let message = "no row of the file begins with a date such as 19260701, 192607 or 1926: it is no file of the Ken French library";
        return Err(Diagnostic::error(Code::NoRows, message));
    };
    let Some(wanted) = wanted else { return Ok(first) };
    let text = wanted.trim().to_lowercase();
    let called: Vec<_> = blocks.iter().filter(|b| b.title.to_lowercase() == text).collect();
    if let [one] = called[..] {
        return Ok(one);
    }
    let fits = |b: &&Found<'_>| b.title.to_lowercase().contains(&text) || b.pace.name() == text;
    let fitting: Vec<_> = blocks.iter().filter(fits).collect();
    let listed = |blocks: &mut dyn Iterator<Item = &Found<'_>>| {
        blocks.map(Found::shown).collect::<Vec<_>>().join(", ")
    };
    match fitting[..] {
        [one] => Ok(one),
        [] => {
            let message = format!("no block of the file fits `{wanted}`");
            let error = Diagnostic::error(Code::BadCatalog, message);
            Err(error.help(format!("it has {}", listed(&mut blocks.iter()))))
        }
        _ => {
            let message = format!("{} blocks of the file fit `{wanted}`", fitting.len());
            let error = Diagnostic::error(Code::BadCatalog, message);
            Err(error.help(format!("name one of {}", listed(&mut fitting.into_iter()))))
        }
    }
}

/// The blocks of a file. One begins where rows follow a header, or where dates get longer or shorter.
fn blocks(text: &str) -> Vec<Found<'_>> {
    let mut blocks: Vec<Found<'_>> = vec![];
    // What stands between the rows: the lines since the last blank one, and the header with its title.
    let mut paragraph: Vec<&str> = vec![];
    let mut header: Option<(String, Vec<&str>)> = None;
    for (i, line) in text.lines().enumerate() {
        let Some(pace) = pace(line) else {
            // A spreadsheet leaves commas where there is nothing.
            let said = line.trim().trim_end_matches(',').trim_end();
            if said.is_empty() {
                paragraph.clear();
                // Whatever was said before a blank line is no header.
                header = None;
            } else {
                if said.contains(',') {
                    let names = line.split(',').map(str::trim).collect();
                    header = Some((paragraph.join(" "), names));
                }
                paragraph.push(said);
            }
            continue;
        };
        let line_number = i as u64 + 1;
        let goes_on = paragraph.is_empty() && blocks.last().is_some_and(|b| b.pace == pace);
        if !goes_on {
            let columns = line.split(',').count() - 1;
            let (title, names) = match header.take() {
                Some((title, names)) => (title, own_names(names, columns)),
                // What has no header of its own has the columns of the block before.
                None => {
                    let names = blocks.last().map(|b| b.names.clone()).unwrap_or_default();
                    (paragraph.join(" "), names)
                }
            };
            paragraph.clear();
            blocks.push(Found { title, pace, names, first: line_number, rows: vec![] });
        }
        if let Some(block) = blocks.last_mut() {
            let before = (line_number - block.first) as usize;
            block.rows.resize(before, "");
            block.rows.push(line);
        }
    }
    blocks
}

/// The names of a header without that of the dates, which some files leave out.
fn own_names(mut names: Vec<&str>, columns: usize) -> Vec<&str> {
    if names.len() > columns {
        names.remove(0);
    }
    names
}

/// How often a line's number is made, if the line is a row: it begins with a date of eight, six or four digits.
fn pace(line: &str) -> Option<Pace> {
    let (date, _) = line.split_once(',')?;
    let date = date.trim();
    if !date.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match date.len() {
        8 => Some(Pace::Daily),
        6 => Some(Pace::Monthly),
        4 => Some(Pace::Annual),
        _ => None,
    }
}

/// The day at which the number of a day, month or year is complete; a text that is no date stays as it is.
fn last_day(digits: &str) -> String {
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|d| d.parse::<i16>().ok());
    let day = match digits.len() {
        6 => number(0, 4).zip(number(4, 6)).and_then(|(year, month)| {
            Date::new(year, i8::try_from(month).ok()?, 1).ok().map(Date::last_of_month)
        }),
        4 => number(0, 4).and_then(|year| Date::new(year, 12, 31).ok()),
        _ => None,
    };
    day.map_or_else(|| digits.to_owned(), |day| day.to_string())
}
