//! The few pictures of the page of findings, as SVG: a line, a map of shares, a small line around a finding.

use crate::panel::from_days;
use std::fmt::Write as _;

const WIDTH: f64 = 900.0;

/// A text that may stand between tags and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c => out.push(c),
        }
    }
    out
}

/// How many there are on each date, as a line from zero. Very many dates are thinned out.
pub(super) fn counts(values: &[(String, f64)]) -> String {
    const HEIGHT: f64 = 160.0;
    let most = values.iter().map(|(_, v)| *v).fold(1.0, f64::max);
    let step = values.len().div_ceil(WIDTH as usize).max(1);
    let x = |i: usize| i as f64 / (values.len().max(2) - 1) as f64 * WIDTH;
    let mut points = String::new();
    for (i, stretch) in values.chunks(step).enumerate() {
        // The least of a stretch: a lost day must not vanish.
        let least = stretch.iter().map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
        let _ = write!(points, "{:.1},{:.1} ", x(i * step), HEIGHT * (1.0 - least / most));
    }
    let first = values.first().map_or("", |(date, _)| date);
    let last = values.last().map_or("", |(date, _)| date);
    format!(
        "<svg viewBox=\"-60 -10 {} {}\" role=\"img\"><polyline class=\"line\" points=\"{}\"/>\
         <line class=\"axis\" x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>\
         <text x=\"-6\" y=\"5\" class=\"end\">{most}</text><text x=\"-6\" y=\"{HEIGHT}\" class=\"end\">0</text>\
         <text x=\"0\" y=\"{}\">{}</text><text x=\"{WIDTH}\" y=\"{}\" class=\"end\">{}</text></svg>",
        WIDTH + 70.0,
        HEIGHT + 40.0,
        points.trim_end(),
        HEIGHT + 18.0,
        escaped(first),
        HEIGHT + 18.0,
        escaped(last),
    )
}

/// Shares by name and year, darker where they are greater.
pub(super) fn shares(rows: &[(String, Vec<(i16, f64)>)]) -> String {
    const LEFT: f64 = 260.0;
    const LINE: f64 = 20.0;
    let years: Vec<i16> =
        rows.first().map_or_else(Vec::new, |(_, y)| y.iter().map(|y| y.0).collect());
    let cell = ((WIDTH - LEFT) / years.len().max(1) as f64).min(60.0);
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\">",
        (rows.len() + 1) as f64 * LINE + 6.0
    );
    for (i, year) in years.iter().enumerate() {
        let x = LEFT + (i as f64 + 0.5) * cell;
        let text = if cell < 30.0 { format!("{:02}", year % 100) } else { year.to_string() };
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"14\" class=\"middle\">{text}</text>");
    }
    for (line, (name, shares)) in rows.iter().enumerate() {
        let y = (line + 1) as f64 * LINE;
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" class=\"end\">{}</text>",
            LEFT - 8.0,
            y + 14.0,
            escaped(name)
        );
        for (i, (year, share)) in shares.iter().enumerate() {
            let x = LEFT + i as f64 * cell;
            let _ = write!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\" fill-opacity=\"{:.3}\" class=\"cell\"><title>{} {year}: {:.1}%</title></rect>",
                cell - 1.0,
                LINE - 1.0,
                share.clamp(0.0, 1.0),
                escaped(name),
                share * 100.0
            );
        }
    }
    out + "</svg>"
}

/// Closes around a day, on a logarithmic scale, with the day marked; nothing if there is no line to draw.
pub(super) fn around(closes: &[(i32, f64)], day: i32) -> String {
    const SIZE: (f64, f64) = (260.0, 90.0);
    let there: Vec<(i32, f64)> =
        closes.iter().filter(|(_, c)| *c > 0.0).map(|(d, c)| (*d, libm::log(*c))).collect();
    let (Some((first, _)), Some((last, _))) = (there.first(), there.last()) else {
        return String::new();
    };
    let least = there.iter().map(|(_, c)| *c).fold(f64::INFINITY, f64::min);
    let most = there.iter().map(|(_, c)| *c).fold(f64::NEG_INFINITY, f64::max);
    let days = f64::from((last - first).max(1));
    let x = |d: i32| f64::from(d - first) / days * SIZE.0;
    let y = |c: f64| SIZE.1 * (1.0 - (c - least) / (most - least).max(1e-9));
    let mut points = String::new();
    for (d, c) in &there {
        let _ = write!(points, "{:.1},{:.1} ", x(*d), y(*c));
    }
    let date = |d: i32| from_days(d).map(|d| d.to_string()).unwrap_or_default();
    format!(
        "<svg viewBox=\"-5 -16 {} {}\" class=\"small\" role=\"img\"><line class=\"mark\" x1=\"{mark:.1}\" y1=\"0\" x2=\"{mark:.1}\" y2=\"{}\"/>\
         <polyline class=\"line\" points=\"{}\"/><text x=\"0\" y=\"-4\">{}</text><text x=\"0\" y=\"{low}\">{}</text>\
         <text x=\"{}\" y=\"{low}\" class=\"end\">{}</text></svg>",
        SIZE.0 + 10.0,
        SIZE.1 + 36.0,
        SIZE.1,
        points.trim_end(),
        super::moves::price(libm::exp(most)),
        date(*first),
        SIZE.0,
        date(*last),
        mark = x(day.clamp(*first, *last)),
        low = SIZE.1 + 16.0,
    )
}
