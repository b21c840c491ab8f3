//! What the checker takes and gives: loaded files in, checked strategies out.

use super::{
    expression::{ExpressionId, Expressions},
    strategy::{Policy, SignalId},
};
use crate::{
    diagnostic::Diagnostic,
    source::{SourceId, Sources},
    syntax::ast,
};
use std::sync::Arc;

/// One parsed file and the files it uses.
#[derive(Debug, Clone)]
pub struct LoadedFile {
    /// Its text.
    pub source: SourceId,
    /// Its tree.
    pub tree: ast::File,
    /// The files of its `use` statements, by their index; in the order of the text.
    pub uses: Vec<usize>,
}

/// All files of a program, parsed; the first is the one that is run.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// All texts.
    pub sources: Sources,
    /// The files.
    pub files: Vec<LoadedFile>,
    /// The standard library.
    pub library: LoadedFile,
    /// The name of a strategy whose clauses stand alone.
    pub name: String,
    /// Values given for `param`s from outside: name, literal.
    pub settings: Vec<(String, ast::Expression)>,
}

impl Loaded {
    /// The names of the strategies of the file that is run, in the order of the text.
    pub fn strategy_names(&self) -> Vec<&str> {
        let items = &self.files[0].tree.items;
        let blocks = items.iter().filter_map(|item| match &item.kind {
            ast::ItemKind::Strategy(block) => Some(block.name.text.as_str()),
            _ => None,
        });
        let names: Vec<&str> = blocks.collect();
        let stands_alone = items.iter().any(|i| matches!(i.kind, ast::ItemKind::Clause(_)));
        if names.is_empty() && stands_alone { vec![&self.name] } else { names }
    }
}

/// Which assets the cross-sectional operators of a signal see; those of `universe` itself see every priced asset that is
/// no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The universe (`where`).
    Universe,
    /// Those that pass universe and filters (everything else).
    Eligible,
}

/// Where the values of a signal come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalSource {
    /// The mask of the universe.
    Universe,
    /// The mask of the eligible.
    Eligible,
    /// An expression, seen in a scope.
    Expression(ExpressionId, Scope),
}

/// A checked strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Strategy {
    /// Its name.
    pub name: String,
    /// Its documentation comment.
    pub documentation: Option<String>,
    /// Everything but the expressions.
    pub policy: Policy,
    /// The universe, if it is not every priced asset.
    pub universe: Option<ExpressionId>,
    /// The conditions of `where`.
    pub filters: Vec<ExpressionId>,
    /// Where the values of each `SignalId` come from.
    pub signals: Vec<SignalSource>,
    /// Signals that are wanted on every row rather than at decisions, those before the period among them.
    pub daily: Vec<SignalId>,
    /// Signals that are wanted on every row of the period: what conditions between decisions look at.
    pub watched: Vec<SignalId>,
}

/// A checked program.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its expressions.
    pub expressions: Expressions,
    /// Its strategies, in the order of the text.
    pub strategies: Vec<Strategy>,
    /// Its named expressions without parameters (for `explain` and the REPL): name and what it stands for.
    pub named: Vec<(String, ExpressionId)>,
    /// By named expression: the texts of a label's codes; none where the codes are numbers, or it is no label.
    pub labels: Vec<Arc<[String]>>,
    /// What the reader should know.
    pub warnings: Vec<Diagnostic>,
}
