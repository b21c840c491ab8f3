//! The line editor: history, completion, hints, colours, lines that go on.

use super::{INTERRUPTED, Talk};
use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics},
    session::{Completion, Vocabulary, is_unfinished, start_of_word},
};
use rustyline::{
    CompletionType, Config, Context, Editor, Helper,
    completion::{Completer, FilenameCompleter, Pair},
    error::ReadlineError,
    highlight::{CmdKind, Highlighter},
    hint::Hinter,
    history::DefaultHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use std::{borrow::Cow, fs, path::PathBuf, sync::atomic::Ordering};

/// How many inputs the history keeps.
const HISTORY: usize = 2000;

/// Reads and answers until the reader leaves.
pub(super) fn converse(talk: &mut Talk) -> Result<(), Diagnostics> {
    let fault = |e: &ReadlineError| {
        Diagnostics::from(Diagnostic::error(Code::UnreadableFile, format!("the terminal: {e}")))
    };
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY)
        .map(|c| c.auto_add_history(true).build())
        .map_err(|e| fault(&e))?;
    let mut editor: Editor<Words, DefaultHistory> =
        Editor::with_config(config).map_err(|e| fault(&e))?;
    editor.set_helper(Some(Words {
        vocabulary: talk.session.vocabulary(),
        files: FilenameCompleter::new(),
        colors: talk.terminal.colors,
    }));
    // Ctrl-C stops what runs; without a handler it would end the program.
    let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed));
    let history = history_file();
    if let Some(path) = &history {
        // The first conversation has none.
        let _ = editor.load_history(path);
    }
    talk.terminal.print(&format!(
        "{}\n:help says what can be asked, :quit leaves\n",
        talk.session.greeting()
    ));
    loop {
        match editor.readline("> ") {
            Ok(input) => {
                let is_end = talk.answer(&input);
                if let Some(helper) = editor.helper_mut() {
                    helper.vocabulary = talk.session.vocabulary();
                }
                if is_end {
                    break;
                }
            }
            // Ctrl-C drops the line.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(fault(&error)),
        }
    }
    if let Some(path) = &history {
        let saved = path.parent().map_or(Ok(()), fs::create_dir_all);
        // A history that cannot be kept is no reason to complain at every end.
        let _ = saved.map(|()| editor.save_history(path));
    }
    Ok(())
}

/// Where the history is kept; nowhere without a home.
fn history_file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let state = folder("XDG_STATE_HOME")
        .or_else(|| Some(folder("HOME")?.join(".local").join("state")))
        .or_else(|| folder("LOCALAPPDATA"))?;
    Some(state.join("decile").join("history"))
}

/// What the editor knows of the language.
struct Words {
    vocabulary: Vocabulary,
    files: FilenameCompleter,
    colors: bool,
}

impl Helper for Words {}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let pair = |word: String| Pair { display: word.clone(), replacement: word };
        match self.vocabulary.complete(&line[..at]) {
            (_, Completion::Path) => self.files.complete(line, at, context),
            (start, Completion::Words(words)) => Ok((start, words.into_iter().map(pair).collect())),
        }
    }
}

impl Hinter for Words {
    type Hint = String;

    /// The arguments of the call that was just opened.
    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        let name = line[..at].strip_suffix('(').filter(|_| at == line.len())?;
        let start = start_of_word(name);
        let signature = self.vocabulary.signature(&name[start..])?;
        let (_, arguments) = signature.split_once('(')?;
        Some(arguments.to_owned())
    }
}

impl Highlighter for Words {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.colors { Cow::Owned(colored(line, &self.vocabulary)) } else { Cow::Borrowed(line) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.colors { Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")) } else { Cow::Borrowed(hint) }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.colors
    }
}

/// A line with the colours of its parts: words of the language bold, calls blue, numbers cyan, texts green, comments dim.
fn colored(line: &str, vocabulary: &Vocabulary) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => rest[1..].find('"').map_or(rest.len(), |i| i + 2),
            c if c.is_ascii_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (part, after) = rest.split_at(length);
        let color = match c {
            '#' => Some("2"),
            '"' => Some("32"),
            c if c.is_ascii_digit() => Some("36"),
            _ if crate::syntax::STATEMENTS.contains(&part) => Some("1"),
            _ if after.starts_with('(') && vocabulary.knows(part) => Some("34"),
            _ => None,
        };
        match color {
            Some(color) => out += &format!("\x1b[{color}m{part}\x1b[0m"),
            None => out += part,
        }
        rest = after;
    }
    out
}

impl Validator for Words {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_unfinished(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Market, report::Colors, session::Session};

    #[test]
    fn colours_leave_the_text_as_it_is() {
        let vocabulary = Session::new(Market::sample(), Colors::No).vocabulary();
        for line in ["select top 5 by rank(value) # best", "\"é\" ü(", "", "\"unfinished"] {
            let mut plain = String::new();
            let mut rest = colored(line, &vocabulary);
            while let Some(at) = rest.find('\x1b') {
                plain += &rest[..at];
                let end = rest[at..].find('m').expect("a colour ends");
                rest = rest[at + end + 1..].to_owned();
            }
            plain += &rest;
            assert_eq!(plain, line);
        }
    }
}
