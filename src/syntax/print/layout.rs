//! Text that knows where it may be broken: a group stays on one line if it fits and is broken at all its lines if not.

/// A piece of text to be laid out.
#[derive(Debug, Clone)]
pub(super) enum Layout {
    /// Text without a line break.
    Text(String),
    /// A space, or a new line in a broken group.
    Line,
    /// Nothing, or a new line in a broken group.
    SoftLine,
    /// Lines broken inside are indented by four more spaces.
    Nest(Box<Layout>),
    /// Broken as a whole or not at all.
    Group(Box<Layout>),
    /// One after the other.
    Row(Vec<Layout>),
}

/// Text.
pub(super) fn text(text: impl Into<String>) -> Layout {
    Layout::Text(text.into())
}

/// One after the other.
pub(super) fn row(parts: impl IntoIterator<Item = Layout>) -> Layout {
    Layout::Row(parts.into_iter().collect())
}

/// A row that is broken as a whole or not at all.
pub(super) fn group(parts: impl IntoIterator<Item = Layout>) -> Layout {
    Layout::Group(Box::new(row(parts)))
}

/// A row whose lines are indented.
pub(super) fn nest(parts: impl IntoIterator<Item = Layout>) -> Layout {
    Layout::Nest(Box::new(row(parts)))
}

const WIDTH: usize = 110;
const INDENT: usize = 4;

/// The text of a layout that starts at `indent` and should end by column 110.
pub(super) fn render(layout: &Layout, indent: usize) -> String {
    let mut out = String::new();
    let mut column = indent;
    let mut stack = vec![(indent, true, layout)];
    while let Some((indent, broken, layout)) = stack.pop() {
        match layout {
            Layout::Text(text) => {
                out.push_str(text);
                column += text.chars().count();
            }
            Layout::Line | Layout::SoftLine if broken => {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            }
            Layout::Line => {
                out.push(' ');
                column += 1;
            }
            Layout::SoftLine => {}
            Layout::Nest(inner) => stack.push((indent + INDENT, broken, inner)),
            Layout::Group(inner) => {
                let flat = fits(inner, &stack, WIDTH.saturating_sub(column));
                stack.push((indent, !flat, inner));
            }
            Layout::Row(parts) => {
                stack.extend(parts.iter().rev().map(|part| (indent, broken, part)));
            }
        }
    }
    out
}

/// Whether a group and what follows it up to the next line break have room on the line.
fn fits(group: &Layout, after: &[(usize, bool, &Layout)], mut room: usize) -> bool {
    let mut stack = vec![(false, group)];
    let mut after = after.iter().rev();
    loop {
        let Some((broken, layout)) =
            stack.pop().or_else(|| after.next().map(|(_, broken, layout)| (*broken, *layout)))
        else {
            return true;
        };
        let used = match layout {
            Layout::Text(text) => text.chars().count(),
            Layout::Line | Layout::SoftLine if broken => return true,
            Layout::Line => 1,
            Layout::SoftLine => 0,
            Layout::Nest(inner) => {
                stack.push((broken, inner));
                0
            }
            // A group behind the one in question may still be broken; its first line decides.
            Layout::Group(inner) => {
                stack.push((broken, inner));
                0
            }
            Layout::Row(parts) => {
                stack.extend(parts.iter().rev().map(|part| (broken, part)));
                0
            }
        };
        if used > room {
            return false;
        }
        room -= used;
    }
}
