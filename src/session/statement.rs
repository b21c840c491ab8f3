//! What was said: statements, each of which takes the place of the one before that it stands for.

use crate::{
    source::Sources,
    syntax::ast::{File, ItemKind},
};
use std::path::Path;

/// A statement as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// What it stands for: `let x`, `weight`, `cap sector`. Empty where it only adds.
    pub(super) key: String,
    /// Its text.
    pub(super) text: String,
    /// Whether it is a `let` without brackets, whose values can be shown.
    pub(super) is_plain_let: bool,
    /// Its place among statements of one line; blocks stand by themselves.
    is_block: bool,
}

/// Clauses that may stand more than once, each adding to the others.
const ADDING: [&str; 3] = ["where", "exit", "expect"];
/// Clauses of which one for each thing may stand.
const BY_TARGET: [&str; 3] = ["cap", "floor", "limit"];

impl Statement {
    /// Whether it says what to hold.
    pub(super) fn holds_something(&self) -> bool {
        self.key == "select" || self.is_block
    }

    /// The same with the paths of a `use` seen from the working folder.
    pub(super) fn relative_to(mut self, folder: &Path) -> Self {
        if let Some(path) = self.key.strip_prefix("use ")
            && !folder.as_os_str().is_empty()
            && Path::new(path).is_relative()
        {
            let path = folder.join(path).display().to_string();
            self.text = format!("use \"{path}\"");
            self.key = format!("use {path}");
        }
        self
    }
}

/// The statements of a file.
pub(super) fn of(sources: &Sources, file: &File) -> Vec<Statement> {
    let one = |item: &crate::syntax::ast::Item| {
        let source = sources.slice(item.span);
        let text = match &item.documentation {
            Some(words) => {
                let lines = words.lines().map(|line| format!("## {line}\n"));
                format!("{}{source}", lines.collect::<String>())
            }
            None => source.to_owned(),
        };
        let mut words = source.split(|c: char| !c.is_alphanumeric() && c != '_');
        let first = words.next().unwrap_or_default();
        let second = words.find(|w| !w.is_empty()).unwrap_or_default();
        let key = match &item.kind {
            ItemKind::Use(path) => format!("use {}", path.text),
            ItemKind::Param(param) => format!("let {}", param.name.text),
            ItemKind::Let(definition) => format!("let {}", definition.name.text),
            ItemKind::Strategy(block) => format!("strategy {}", block.name.text),
            ItemKind::Clause(_) if ADDING.contains(&first) => String::new(),
            ItemKind::Clause(_) if BY_TARGET.contains(&first) => format!("{first} {second}"),
            ItemKind::Clause(_) => match first {
                "long" | "hold" => "select".to_owned(),
                "trade" if second == "if" => "trade if".to_owned(),
                word => word.to_owned(),
            },
        };
        let is_plain_let = matches!(&item.kind, ItemKind::Let(d) if d.parameters.is_none());
        let is_block = matches!(&item.kind, ItemKind::Strategy(_));
        Statement { key, text, is_plain_let, is_block }
    };
    file.items.iter().map(one).collect()
}

/// Adds a statement, in the place of that which it stands for.
pub(super) fn put(list: &mut Vec<Statement>, new: Statement) {
    let same = |s: &Statement| match new.key.is_empty() {
        true => s.text == new.text,
        false => s.key == new.key,
    };
    match list.iter().position(same) {
        Some(place) => list[place] = new,
        None => list.push(new),
    }
}
