//! Findings as one page that needs nothing but a browser.

use super::{
    Examination,
    ledger::{Finding, Group},
    svg::{self, escaped},
    text,
};
use crate::data::words::grouped;
use crate::panel::{MarketData, days_since_epoch};
use std::fmt::Write as _;

const PAGE: &str = include_str!("page.html");
/// Findings of each check that are listed.
const LISTED: usize = 200;

/// The page.
pub fn findings_to_page(examination: &Examination) -> String {
    let mut page = PAGE.to_owned();
    let parts = [
        // What comes from data is put in last, so that no name is taken for a place of the page.
        ("{{checks}}", checks(&examination.groups)),
        ("{{priced}}", priced(examination)),
        ("{{coverage}}", coverage(examination)),
        ("{{summary}}", escaped(&text::summary(examination))),
        ("{{name}}", escaped(&examination.name)),
        ("{{findings}}", examination.groups.iter().map(of_group).collect()),
    ];
    for (place, content) in parts {
        page = page.replace(place, &content);
    }
    page
}

fn checks(groups: &[Group]) -> String {
    let mut out = String::new();
    for group in groups {
        let (entry, severity) = (group.check.entry(), group.severity().name());
        let _ = writeln!(
            out,
            "<tr><td><a href=\"#{name}\">{name}</a></td><td class=\"{severity}\">{severity}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>",
            grouped(group.total() as usize),
            grouped(group.symbols as usize),
            prose(entry.finds),
            name = entry.name,
        );
    }
    out
}

fn priced(examination: &Examination) -> String {
    let Some(market) = &examination.market else { return String::new() };
    let close = market.prices().close;
    let dates = market.calendar().dates().iter();
    let counts: Vec<(String, f64)> = dates
        .zip(close.rows())
        .map(|(date, row)| (date.to_string(), row.iter().filter(|c| !c.is_nan()).count() as f64))
        .collect();
    format!("<h2>Assets with a price</h2>\n{}", svg::counts(&counts))
}

fn coverage(examination: &Examination) -> String {
    if examination.fields.is_empty() {
        return String::new();
    }
    let rows: Vec<(String, Vec<(i16, f64)>)> = examination
        .fields
        .iter()
        .map(|f| (format!("{}.{}", f.table, f.field), f.years.clone()))
        .collect();
    format!(
        "<h2>Coverage</h2>\n<p class=\"help\">The share of asset-days with a price that have a value, by year (of a series, of dates).</p>\n{}",
        svg::shares(&rows)
    )
}

fn of_group(group: &Group) -> String {
    let (entry, severity) = (group.check.entry(), group.severity().name());
    let mut out = format!(
        "<h3 id=\"{name}\"><span class=\"{severity}\">{severity}</span> {name}</h3>\n<p>{}</p>\n<p class=\"help\">Means: {}</p>\n<p class=\"help\">To mend: {}</p>\n",
        prose(entry.finds),
        prose(entry.means),
        prose(entry.mend),
        name = entry.name,
    );
    let pictures: String = group.findings.iter().filter_map(picture).collect();
    if !pictures.is_empty() {
        let _ = writeln!(out, "<div class=\"pictures\">{pictures}</div>");
    }
    out += "<div class=\"scroll\"><table><tr><th>file</th><th class=\"number\">row</th><th>symbol</th><th>date</th><th>found</th></tr>\n";
    for finding in group.findings.iter().take(LISTED) {
        let row = finding.row.map_or_else(String::new, |r| r.to_string());
        let date = finding.date.map_or_else(String::new, |d| d.to_string());
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"number\">{row}</td><td>{}</td><td>{date}</td><td>{}</td></tr>",
            escaped(&text::file_name(finding)),
            escaped(finding.symbol.as_deref().unwrap_or_default()),
            escaped(&finding.found)
        );
    }
    out += "</table></div>\n";
    let more = group.total() - group.findings.len().min(LISTED) as u64;
    if more > 0 {
        let _ = writeln!(out, "<p class=\"help\">… and {} more</p>", grouped(more as usize));
    }
    out
}

/// A sentence with what stands in backticks as code.
fn prose(text: &str) -> String {
    let part = |(i, part): (usize, &str)| match i % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    };
    text.split('`').enumerate().map(part).collect()
}

fn picture(finding: &Finding) -> Option<String> {
    let drawn = svg::around(&finding.picture, days_since_epoch(finding.date?));
    if drawn.is_empty() {
        return None;
    }
    let symbol = escaped(finding.symbol.as_deref().unwrap_or_default());
    let caption = format!("{symbol} {}: {}", finding.date?, escaped(&finding.found));
    Some(format!("<figure>{drawn}<figcaption>{caption}</figcaption></figure>"))
}
