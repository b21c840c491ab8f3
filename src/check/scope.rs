//! Where a name is defined: the file, the files it uses, the standard library, the fields of the market.

use super::program::{Loaded, LoadedFile};
use crate::{
    panel::{FieldId, Schema},
    source::Span,
    syntax::ast,
};
use std::collections::{BTreeMap, BTreeSet};

/// A file of the program, or the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum FileId {
    File(usize),
    Library,
}

/// A definition and the file it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition<'a> {
    pub(super) file: FileId,
    pub(super) kind: DefinitionKind<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DefinitionKind<'a> {
    Let(&'a ast::Let),
    Param(&'a ast::Param),
}

impl<'a> DefinitionKind<'a> {
    pub(super) fn name(self) -> &'a ast::Name {
        match self {
            Self::Let(l) => &l.name,
            Self::Param(p) => &p.name,
        }
    }

    /// The parameters in brackets, if there are brackets.
    pub(super) fn parameters(self) -> Option<&'a [ast::LetParameter]> {
        match self {
            Self::Let(l) => l.parameters.as_deref(),
            Self::Param(_) => None,
        }
    }
}

/// What a bare name stands for.
pub(super) enum Found<'a> {
    Definition(Definition<'a>),
    Field(FieldId),
    /// A definition of the library and a field.
    Both(Definition<'a>, FieldId),
    /// A field of several tables.
    Several(Vec<FieldId>),
    Nothing,
}

impl Loaded {
    pub(super) fn file(&self, id: FileId) -> &LoadedFile {
        match id {
            FileId::File(i) => &self.files[i],
            FileId::Library => &self.library,
        }
    }

    /// The definitions of one file, in the order of the text.
    pub(super) fn definitions(&self, file: FileId) -> impl Iterator<Item = Definition<'_>> {
        self.file(file).tree.items.iter().filter_map(move |item| match &item.kind {
            ast::ItemKind::Let(l) => Some(Definition { file, kind: DefinitionKind::Let(l) }),
            ast::ItemKind::Param(p) => Some(Definition { file, kind: DefinitionKind::Param(p) }),
            _ => None,
        })
    }
}

/// Every definition of a program by its name, made once: a text may hold tens of thousands.
pub(super) struct Names<'a> {
    /// By file, the first definition of each name.
    own: Vec<BTreeMap<&'a str, Definition<'a>>>,
    library: BTreeMap<&'a str, Definition<'a>>,
    /// Where the names of the files are defined.
    places: BTreeSet<Span>,
    /// By file, itself and the files it uses, each once, in the order in which names are looked for.
    reach: Vec<Vec<usize>>,
}

impl<'a> Names<'a> {
    pub(super) fn new(loaded: &'a Loaded) -> Self {
        let by_name = |file| {
            let mut names = BTreeMap::new();
            for definition in loaded.definitions(file) {
                names.entry(definition.kind.name().text.as_str()).or_insert(definition);
            }
            names
        };
        let files = 0..loaded.files.len();
        let definitions = files.clone().flat_map(|i| loaded.definitions(FileId::File(i)));
        Self {
            places: definitions.map(|d| d.kind.name().span).collect(),
            own: files.clone().map(|i| by_name(FileId::File(i))).collect(),
            library: by_name(FileId::Library),
            reach: files.map(|i| reach(loaded, i)).collect(),
        }
    }

    /// The definitions of a name that a file sees, nearest first: its own, those of the files it uses.
    fn in_files(&self, file: FileId, name: &str) -> impl Iterator<Item = Definition<'a>> {
        let reach = match file {
            FileId::File(i) => self.reach[i].as_slice(),
            FileId::Library => &[],
        };
        reach.iter().filter_map(move |i| self.own[*i].get(name).copied())
    }

    /// What a bare name stands for in a file.
    pub(super) fn find(&self, file: FileId, name: &str, schema: &Schema) -> Found<'a> {
        if let Some(own) = self.in_files(file, name).next() {
            return Found::Definition(own);
        }
        let fields = schema.find(None, name);
        match (self.in_library(name), fields.as_slice()) {
            (Some(definition), &[field, ..]) => Found::Both(definition, field),
            (Some(definition), []) => Found::Definition(definition),
            (None, &[field]) => Found::Field(field),
            (None, []) => Found::Nothing,
            (None, _) => Found::Several(fields),
        }
    }

    /// What a name with brackets stands for in a file: always a function, so definitions without parameters are passed
    /// over where there is one with.
    pub(super) fn function(&self, file: FileId, name: &str) -> Option<Definition<'a>> {
        let definitions = self.in_files(file, name).chain(self.in_library(name));
        definitions.into_iter().find(|d| d.kind.parameters().is_some())
    }

    /// The definition of a file, or of those it uses.
    pub(super) fn definition(&self, file: FileId, name: &str) -> Option<Definition<'a>> {
        self.in_files(file, name).next()
    }

    /// Whether a name is being defined at a place.
    pub(super) fn is_definition(&self, span: Span) -> bool {
        self.places.contains(&span)
    }

    /// A definition of the standard library.
    pub(super) fn in_library(&self, name: &str) -> Option<Definition<'a>> {
        self.library.get(name).copied()
    }

    /// All names that `find` knows in a file.
    pub(super) fn all<'s>(&'s self, file: FileId, schema: &'s Schema) -> Vec<&'s str> {
        let reach = match file {
            FileId::File(i) => self.reach[i].as_slice(),
            FileId::Library => &[],
        };
        let maps = reach.iter().map(|i| &self.own[*i]).chain([&self.library]);
        let mut names: Vec<&str> = maps.flat_map(|m| m.keys().copied()).collect();
        names.extend(schema.fields.iter().map(|f| f.name.as_str()));
        names
    }

    /// The functions that a file can call, but for the operators.
    pub(super) fn functions(&self, file: FileId) -> Vec<&'a str> {
        let reach = match file {
            FileId::File(i) => self.reach[i].as_slice(),
            FileId::Library => &[],
        };
        let maps = reach.iter().map(|i| &self.own[*i]).chain([&self.library]);
        let functions = maps.flat_map(|m| m.values()).filter(|d| d.kind.parameters().is_some());
        functions.map(|d| d.kind.name().text.as_str()).collect()
    }
}

/// A file and the files it uses, depth first, each where it is met first.
fn reach(loaded: &Loaded, file: usize) -> Vec<usize> {
    let (mut found, mut open) = (vec![], vec![file]);
    let mut seen = vec![false; loaded.files.len()];
    while let Some(next) = open.pop() {
        if !std::mem::replace(&mut seen[next], true) {
            found.push(next);
            open.extend(loaded.files[next].uses.iter().rev());
        }
    }
    found
}

/// Two definitions of one name in one file: the later and the first.
pub(super) fn duplicates(loaded: &Loaded, file: FileId) -> Vec<(&ast::Name, &ast::Name)> {
    let mut first: BTreeMap<&str, &ast::Name> = BTreeMap::new();
    let mut twice = vec![];
    for definition in loaded.definitions(file) {
        let name = definition.kind.name();
        match first.get(name.text.as_str()) {
            Some(before) => twice.push((name, *before)),
            None => {
                first.insert(&name.text, name);
            }
        }
    }
    twice
}
