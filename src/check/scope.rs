//! Where a name is defined: the file, the files it uses, the standard library, the fields of the market.

use super::program::{Loaded, LoadedFile};
use crate::{
    panel::{FieldId, Schema},
    source::Span,
    syntax::ast,
};

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

    fn in_file(&self, file: FileId, name: &str) -> Option<Definition<'_>> {
        self.definitions(file).find(|d| d.kind.name().text == name)
    }

    /// The definition in the file or in those it uses.
    fn in_files(&self, file: FileId, name: &str) -> Option<Definition<'_>> {
        // Files never use each other in a circle (the loader has made sure), so this ends.
        let uses = &self.file(file).uses;
        self.in_file(file, name)
            .or_else(|| uses.iter().find_map(|u| self.in_files(FileId::File(*u), name)))
    }

    /// What a name stands for in a file.
    pub(super) fn find(&self, file: FileId, name: &str, schema: &Schema) -> Found<'_> {
        if let Some(own) = self.in_files(file, name) {
            return Found::Definition(own);
        }
        let fields = schema.find(None, name);
        let library = self.in_file(FileId::Library, name);
        match (library, fields.as_slice()) {
            (Some(definition), &[field, ..]) => Found::Both(definition, field),
            (Some(definition), []) => Found::Definition(definition),
            (None, &[field]) => Found::Field(field),
            (None, []) => Found::Nothing,
            (None, _) => Found::Several(fields),
        }
    }

    /// A definition of the standard library.
    pub(super) fn in_library(&self, name: &str) -> Option<Definition<'_>> {
        self.in_file(FileId::Library, name)
    }

    /// All names that `find` knows in a file.
    pub(super) fn names<'a>(&'a self, file: FileId, schema: &'a Schema) -> Vec<&'a str> {
        let mut files = vec![file];
        let mut next = 0;
        while let Some(id) = files.get(next).copied() {
            files.extend(self.file(id).uses.iter().map(|u| FileId::File(*u)));
            next += 1;
        }
        files.push(FileId::Library);
        let mut names: Vec<&str> = files
            .into_iter()
            .flat_map(|f| self.definitions(f))
            .map(|d| d.kind.name().text.as_str())
            .collect();
        names.extend(schema.fields.iter().map(|f| f.name.as_str()));
        names
    }

    /// Two definitions of one name in one file.
    pub(super) fn duplicates(&self, file: FileId) -> Vec<(Span, Span, &str)> {
        let definitions: Vec<&ast::Name> = self.definitions(file).map(|d| d.kind.name()).collect();
        let twice = |(i, later): (usize, &&'_ ast::Name)| {
            let first = definitions[..i].iter().find(|n| n.text == later.text)?;
            Some((later.span, first.span))
        };
        let found: Vec<(Span, Span)> = definitions.iter().enumerate().filter_map(twice).collect();
        let text = |span: Span| {
            definitions.iter().find(|n| n.span == span).map_or("", |n| n.text.as_str())
        };
        found.into_iter().map(|(later, first)| (later, first, text(later))).collect()
    }
}
