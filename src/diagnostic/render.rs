//! Diagnostics as text: full (for people), short (for editors), JSON (for programs). The one user of its crate.

use super::{DataPlace, Diagnostic, Diagnostics, Severity};
use crate::source::{SourceId, Sources, Span};
use annotate_snippets::{
    AnnotationKind, Group, Level, Patch, Renderer, Snippet, renderer::DecorStyle,
};

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Unicode and colours.
    Terminal,
    /// ASCII, no colours.
    Plain,
    /// `file:line:column: error[code]: message`, a line each.
    Short,
    /// A JSON array.
    Json,
}

/// All of them as one text, errors before warnings.
pub fn render(diagnostics: &Diagnostics, style: Style) -> String {
    let mut ordered: Vec<&Diagnostic> = diagnostics.list.iter().collect();
    ordered.sort_by_key(|d| (d.severity, d.primary.as_ref().map(|l| l.span)));
    let sources = &diagnostics.sources;
    match style {
        Style::Json => {
            let list: Vec<_> = ordered.iter().map(|d| json(d, sources)).collect();
            serde_json::to_string_pretty(&list).expect("strings and numbers serialise")
        }
        Style::Short => ordered.iter().map(|d| short(d, sources)).collect::<Vec<_>>().join("\n"),
        Style::Terminal | Style::Plain => {
            let renderer = match style {
                Style::Terminal => Renderer::styled().decor_style(DecorStyle::Unicode),
                _ => Renderer::plain().decor_style(DecorStyle::Ascii),
            };
            ordered.iter().map(|d| full(d, sources, &renderer)).collect::<Vec<_>>().join("\n\n")
        }
    }
}

fn full(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name());
    let mut main = Group::with_title(title);
    if let Some(primary) = &diagnostic.primary {
        let mut ids: Vec<SourceId> = vec![primary.span.source];
        for label in &diagnostic.secondary {
            if !ids.contains(&label.span.source) {
                ids.push(label.span.source);
            }
        }
        for id in ids {
            let source = sources.get(id);
            let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
            if primary.span.source == id {
                snippet = snippet.annotation(
                    AnnotationKind::Primary
                        .span(clamp(primary.span, &source.text))
                        .label(primary.text.as_str()),
                );
            }
            for label in diagnostic.secondary.iter().filter(|l| l.span.source == id) {
                snippet = snippet.annotation(
                    AnnotationKind::Context
                        .span(clamp(label.span, &source.text))
                        .label(label.text.as_str()),
                );
            }
            main = main.element(snippet);
        }
    }
    if let Some(place) = &diagnostic.data {
        main = main.element(Level::NOTE.with_name("in").message(data_place(place)));
    }
    let mut groups = vec![];
    for help in &diagnostic.help {
        match &help.change {
            None => main = main.element(Level::HELP.message(help.text.as_str())),
            Some((span, replacement)) => {
                let source = sources.get(span.source);
                groups.push(
                    Group::with_title(Level::HELP.secondary_title(help.text.as_str())).element(
                        Snippet::source(source.text.as_str())
                            .path(source.name.as_str())
                            .patch(Patch::new(clamp(*span, &source.text), replacement.as_str())),
                    ),
                );
            }
        }
    }
    groups.insert(0, main);
    renderer.render(&groups)
}

fn clamp(span: Span, text: &str) -> std::ops::Range<usize> {
    let mut range = span.range();
    range.end = range.end.min(text.len());
    range.start = range.start.min(range.end);
    range
}

fn data_place(place: &DataPlace) -> String {
    let mut text = place.file.display().to_string();
    if let Some(row) = place.row {
        text += &format!(", row {row}");
    }
    if let Some(column) = &place.column {
        text += &format!(", column `{column}`");
    }
    text
}

fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn short(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = match (&diagnostic.primary, &diagnostic.data) {
        (Some(label), _) => {
            let source = sources.get(label.span.source);
            let (line, column) = line_column(&source.text, label.span.start as usize);
            format!("{}:{line}:{column}: ", source.name)
        }
        (None, Some(place)) => format!("{}: ", data_place(place)),
        (None, None) => String::new(),
    };
    format!(
        "{place}{}[{}]: {}",
        severity(diagnostic.severity),
        diagnostic.code.name(),
        diagnostic.message
    )
}

fn json(diagnostic: &Diagnostic, sources: &Sources) -> serde_json::Value {
    let place = |span: Span| {
        let source = sources.get(span.source);
        let (line, column) = line_column(&source.text, span.start as usize);
        serde_json::json!({ "file": source.name, "line": line, "column": column, "start": span.start, "end": span.end })
    };
    serde_json::json!({
        "code": diagnostic.code.name(),
        "severity": severity(diagnostic.severity),
        "message": diagnostic.message,
        "at": diagnostic.primary.as_ref().map(|l| place(l.span)),
        "label": diagnostic.primary.as_ref().map(|l| &l.text),
        "data": diagnostic.data,
        "help": diagnostic.help.iter().map(|h| serde_json::json!({
            "text": h.text,
            "replace": h.change.as_ref().map(|(span, _)| place(*span)),
            "with": h.change.as_ref().map(|(_, with)| with),
        })).collect::<Vec<_>>(),
    })
}
