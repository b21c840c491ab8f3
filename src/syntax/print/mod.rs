//! The syntax tree → canonical text: one clause a line, in one order, every comment kept.

mod clause;
mod expression;
mod layout;

use super::{
    ast::{Clause, File, Item, ItemKind, StrategyBlock},
    scan::Comment,
};
use crate::source::{Sources, Span};
use clause::Printer;
use layout::{render, row, text};

const INDENT: usize = 4;

/// The canonical text of a file.
pub(super) fn file(sources: &Sources, file: &File, comments: &[Comment]) -> String {
    let source = sources.get(file.span.source).text.as_str();
    let formatter = Formatter { text: source, comments, printer: Printer { sources } };
    formatter.file(file)
}

/// A comment that is to stand on a line of its own.
struct Line {
    text: String,
    /// Whether it documents what follows, unless a blank line does.
    documents: bool,
    /// Whether the author left a blank line behind it.
    blank_after: bool,
}

/// A statement or clause with what was said around it.
struct Framed {
    /// Whether the author left a blank line before it.
    blank_before: bool,
    leading: Vec<Line>,
    trailing: Option<String>,
}

struct Formatter<'s> {
    text: &'s str,
    comments: &'s [Comment],
    printer: Printer<'s>,
}

impl Formatter<'_> {
    fn file(&self, file: &File) -> String {
        let spans: Vec<Span> = file.items.iter().map(|item| item.span).collect();
        let is_block = |i: usize| matches!(file.items[i].kind, ItemKind::Strategy(_));
        let (mut frames, rest) = self.frames(&spans, 0..self.text.len(), is_block);
        let mut out = String::new();
        if let Some(first) = frames.first_mut() {
            // What stands apart at the top is about the file, not about the clause that happens to come first.
            let header = first.leading.iter().rposition(|line| line.blank_after);
            let header: Vec<Line> = first.leading.drain(..header.map_or(0, |i| i + 1)).collect();
            first.blank_before = false;
            push_lines(&mut out, &header, 0);
        }
        let mut items: Vec<(&Item, Framed)> = file.items.iter().zip(frames).collect();
        items.sort_by_key(|(item, _)| (section(item), item_order(item)));
        let mut before: Option<(u8, bool)> = None;
        for (item, framed) in &items {
            let body = self.item(item);
            let now = (section(item), !body.contains('\n') && framed.leading.is_empty());
            if before.is_some_and(|before| parted(before, now, framed.blank_before)) {
                out.push('\n');
            }
            before = Some(now);
            push_framed(&mut out, framed, &body, 0);
        }
        if !rest.leading.is_empty()
            && !out.is_empty()
            && rest.blank_before
            && !out.ends_with("\n\n")
        {
            out.push('\n');
        }
        push_lines(&mut out, &rest.leading, 0);
        let end = out.trim_end().len();
        out.truncate(end);
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    fn item(&self, item: &Item) -> String {
        match &item.kind {
            ItemKind::Use(path) => format!("use {}", self.printer.sources.slice(path.span)),
            ItemKind::Param(param) => render(&self.printer.param(param), 0),
            ItemKind::Let(definition) => render(&self.printer.definition(definition), 0),
            ItemKind::Clause(kind) => render(&self.printer.clause(kind), 0),
            ItemKind::Strategy(block) => self.strategy(block, item.span),
        }
    }

    fn strategy(&self, block: &StrategyBlock, span: Span) -> String {
        let head = format!("strategy {} {{", self.printer.sources.slice(block.name.span));
        let inside = span.start as usize..span.end as usize - 1;
        let spans: Vec<Span> = block.clauses.iter().map(|clause| clause.span).collect();
        let (frames, rest) = self.frames(&spans, inside, |_| false);
        let has_comments = !rest.leading.is_empty()
            || frames.iter().any(|f| !f.leading.is_empty() || f.trailing.is_some());
        let one_line = !self.text[span.range()].contains('\n') && !has_comments;
        match block.clauses.as_slice() {
            [] if !has_comments => return format!("{head}}}"),
            [only] if one_line => {
                let clause =
                    row([text(format!("{head} ")), self.printer.clause(&only.kind), text(" }")]);
                let line = render(&clause, 0);
                if !line.contains('\n') {
                    return line;
                }
            }
            _ => {}
        }
        let mut clauses: Vec<(&Clause, Framed)> = block.clauses.iter().zip(frames).collect();
        clauses.sort_by_key(|(clause, _)| clause::order(&clause.kind));
        let mut out = format!("{head}\n");
        for (clause, framed) in &clauses {
            push_framed(
                &mut out,
                framed,
                &render(&self.printer.clause(&clause.kind), INDENT),
                INDENT,
            );
        }
        push_lines(&mut out, &rest.leading, INDENT);
        out.truncate(out.trim_end().len());
        out + "\n}"
    }

    /// The comments around and inside each of some neighbours, and those behind the last. A block keeps what is inside
    /// it for itself.
    fn frames(
        &self,
        spans: &[Span],
        within: std::ops::Range<usize>,
        is_block: impl Fn(usize) -> bool,
    ) -> (Vec<Framed>, Framed) {
        let mut frames = vec![];
        let mut from = within.start;
        for (i, span) in spans.iter().enumerate() {
            let (start, end) = (span.start as usize, span.end as usize);
            let mut leading = self.lines(from, start);
            if !is_block(i) {
                let inner = self.between(start, end);
                let documentation = leading
                    .iter()
                    .rposition(|line| !line.documents || line.blank_after)
                    .map_or(0, |i| i + 1);
                let inner = inner.iter().map(|comment| self.line(comment, false, false));
                leading.splice(documentation..documentation, inner);
            }
            let next = spans.get(i + 1).map_or(within.end, |next| next.start as usize);
            let trailing = self
                .between(end, next)
                .first()
                .filter(|comment| !self.text[end..comment.range.start].contains('\n'));
            frames.push(Framed {
                blank_before: self.blank_before(from, start),
                leading,
                trailing: trailing
                    .map(|comment| self.text[comment.range.clone()].trim_end().to_owned()),
            });
            from = trailing.map_or(end, |comment| comment.range.end);
        }
        let leading = self.lines(from, within.end);
        let blank_before = self.blank_before(from, within.end);
        (frames, Framed { blank_before, leading, trailing: None })
    }

    fn between(&self, start: usize, end: usize) -> &[Comment] {
        let first = self.comments.partition_point(|c| c.range.start < start);
        let last = self.comments.partition_point(|c| c.range.start < end);
        &self.comments[first..last.max(first)]
    }

    /// The comments between two places, as lines.
    fn lines(&self, start: usize, end: usize) -> Vec<Line> {
        let comments = self.between(start, end);
        let mut lines = vec![];
        for (i, comment) in comments.iter().enumerate() {
            let next = comments.get(i + 1).map_or(end, |next| next.range.start);
            let gap = &self.text[comment.range.end..next];
            // Before the bracket of a block a comment documents nothing.
            let documents = comment.documents && gap.trim().is_empty();
            lines.push(self.line(comment, documents, gap.matches('\n').count() > 1));
        }
        lines
    }

    fn line(&self, comment: &Comment, documents: bool, blank_after: bool) -> Line {
        let text = self.text[comment.range.clone()].trim_end();
        let text =
            if documents { text.to_owned() } else { format!("#{}", text.trim_start_matches('#')) };
        Line { text, documents, blank_after }
    }

    /// Whether a blank line stands between a place and the first comment or word after it.
    fn blank_before(&self, from: usize, to: usize) -> bool {
        let first = self.between(from, to).first().map_or(to, |comment| comment.range.start);
        self.text[from..first].matches('\n').count() > 1
    }
}

/// In which part of the file a statement stands.
fn section(item: &Item) -> u8 {
    match &item.kind {
        ItemKind::Use(_) => 0,
        ItemKind::Param(_) => 1,
        ItemKind::Clause(kind) if clause::opens(kind) => 2,
        ItemKind::Let(_) => 3,
        ItemKind::Clause(_) => 4,
        ItemKind::Strategy(_) => 5,
    }
}

fn item_order(item: &Item) -> u8 {
    match &item.kind {
        ItemKind::Clause(kind) => clause::order(kind),
        _ => 0,
    }
}

/// Whether a blank line parts two statements, each given by its section and whether it is one line.
fn parted(before: (u8, bool), now: (u8, bool), blank: bool) -> bool {
    let clauses = [2, 4].contains(&now.0);
    let blocks = now.0 == 5 && !(before.1 && now.1);
    before.0 != now.0 || blocks || (blank && !clauses)
}

fn push_lines(out: &mut String, lines: &[Line], indent: usize) {
    for line in lines {
        out.push_str(&format!("{:indent$}{}\n", "", line.text));
        if line.blank_after {
            out.push('\n');
        }
    }
}

fn push_framed(out: &mut String, framed: &Framed, body: &str, indent: usize) {
    push_lines(out, &framed.leading, indent);
    let trailing = framed.trailing.as_ref().map_or(String::new(), |comment| format!(" {comment}"));
    out.push_str(&format!("{:indent$}{body}{trailing}\n", ""));
}
