//! Names: what a bare name stands for, and what a definition gives where it is used.

use super::{
    error,
    expression::{Expression, ExpressionId},
    infer::{Checker, Place},
    scope::{Definition, DefinitionKind, FileId, Found},
    state::{self, StateName},
};
use crate::{
    diagnostic::{Code, Diagnostic},
    operator,
    panel::FieldId,
    source::Span,
    syntax::ast,
    types::{Shape, Type, Unit},
};

impl<'a> Checker<'a> {
    /// What a name without brackets stands for.
    pub(super) fn name(&mut self, path: &'a ast::Path, place: Place<'_>) -> Option<ExpressionId> {
        if let Some(table) = &path.table {
            if let Some(value) = self.regression_named(table, place) {
                return self.member(value?, &path.name, None, path.span(), place);
            }
            return self.table_name(table, &path.name, path.span());
        }
        self.resolve(&path.name.text, path.name.span, place)
    }

    /// What a bare name stands for.
    pub(super) fn resolve(
        &mut self,
        name: &'a str,
        span: Span,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        if let Some((_, id)) = place.locals.iter().rev().find(|(local, _)| *local == name) {
            return *id;
        }
        if let Some(of) = place.condition
            && let Some(state) = state::find(name).filter(|s| s.scope.allows(of))
        {
            return self.state(state, span, place);
        }
        match self.names.find(place.file, name, self.schema) {
            Found::Definition(definition) => self.expand_bare(definition, span),
            Found::Field(field) => Some(self.field(field, span)),
            Found::Both(definition, _) if place.file == FileId::Library => {
                self.expand_bare(definition, span)
            }
            Found::Both(definition, field) => {
                if self.feeds(definition) {
                    let table = self.schema.field(field).table.clone();
                    self.report(error::ambiguous(span, name, &table));
                    return None;
                }
                Some(self.field(field, span))
            }
            Found::Several(fields) => {
                let tables: Vec<&str> =
                    fields.iter().map(|f| self.schema.field(*f).table.as_str()).collect();
                self.report(error::several_tables(span, name, &tables));
                None
            }
            Found::Nothing => {
                self.unknown(name, span, place);
                None
            }
        }
    }

    /// The state of the book. A `let` of the same name would be hidden by it, which nobody would see.
    fn state(
        &mut self,
        state: &'static StateName,
        span: Span,
        place: Place<'_>,
    ) -> Option<ExpressionId> {
        let found = self.names.find(place.file, state.name, self.schema);
        if let Found::Definition(definition) | Found::Both(definition, _) = found
            && definition.file != FileId::Library
        {
            let first = definition.kind.name().span;
            self.report(error::hidden_by_state(span, first, state.name));
            return None;
        }
        Some(self.expressions.add(Expression::State(state.state), state.ty, span))
    }

    pub(super) fn unknown(&mut self, name: &str, span: Span, place: Place<'_>) {
        if let Some(operator) = operator::find(name) {
            self.report(error::needs_arguments(span, operator));
        } else if place.file == FileId::Library {
            if !self.lacking.iter().any(|n| n == name) {
                self.lacking.push(name.to_owned());
            }
        } else if let Some(state) = state::find(name) {
            self.report(error::no_state(span, state));
        } else {
            let error = error::unknown_name(span, name, self.names.all(place.file, self.schema));
            self.report(error);
        }
    }

    /// Complains of a name that stands for nothing.
    pub(super) fn look_up_name(&mut self, name: &'a str, span: Span, place: Place<'_>) {
        if matches!(self.names.find(place.file, name, self.schema), Found::Nothing) {
            self.unknown(name, span, place);
        }
    }

    pub(super) fn table_name(
        &mut self,
        table: &'a ast::Name,
        name: &'a ast::Name,
        span: Span,
    ) -> Option<ExpressionId> {
        if table.text == "std" {
            return match self.names.in_library(&name.text) {
                Some(definition) => self.expand_bare(definition, span),
                None => {
                    let known = self
                        .loaded
                        .definitions(FileId::Library)
                        .map(|d| d.kind.name().text.as_str());
                    self.report(error::unknown_field(name.span, "std", &name.text, known));
                    None
                }
            };
        }
        let tables = self.schema.fields.iter().map(|f| f.table.as_str());
        if !tables.clone().any(|t| t == table.text) {
            let mut known: Vec<&str> = tables.collect();
            known.sort_unstable();
            known.dedup();
            self.report(error::unknown_table(table.span, &table.text, known));
            return None;
        }
        if let [field, ..] = self.schema.find(Some(&table.text), &name.text)[..] {
            return Some(self.field(field, span));
        }
        let known =
            self.schema.fields.iter().filter(|f| f.table == table.text).map(|f| f.name.as_str());
        let known: Vec<&str> = known.collect();
        self.report(error::unknown_field(name.span, &table.text, &name.text, known));
        None
    }

    /// A constant number of rows.
    pub(super) fn rows_constant(&mut self, rows: f64, span: Span) -> ExpressionId {
        self.add_constant(rows, Type::number(Shape::Scalar, Unit::ROWS), span)
    }

    pub(super) fn field(&mut self, field: FieldId, span: Span) -> ExpressionId {
        self.expressions.add(Expression::Field(field), self.schema.field(field).ty, span)
    }

    /// Whether the market has all that a definition of the library needs.
    pub(super) fn feeds(&mut self, definition: Definition<'a>) -> bool {
        let (said, lacking) = (self.diagnostics.len(), self.lacking.len());
        let span = definition.kind.name().span;
        self.active.push((FileId::Library, &definition.kind.name().text, span));
        let id = self.expand_bare(definition, span);
        self.active.pop();
        self.diagnostics.truncate(said);
        self.lacking.truncate(lacking);
        id.is_some()
    }

    /// Takes back what was said, from a place on, of names and fields that are not there; what wants them will say so.
    pub(super) fn forget_what_is_lacking(&mut self, said: usize) {
        let lacks = |d: &Diagnostic| matches!(d.code, Code::UnknownName | Code::MissingField);
        let new = self.diagnostics.split_off(said);
        self.diagnostics.extend(new.into_iter().filter(|d| !lacks(d)));
        self.expanded.retain(|_, id| id.is_some());
    }

    /// A definition without brackets: a value, or a function whose parameters all have defaults.
    pub(super) fn expand_bare(
        &mut self,
        definition: Definition<'a>,
        span: Span,
    ) -> Option<ExpressionId> {
        match definition.kind.parameters() {
            None => self.expand(definition, vec![], span),
            Some(_) => {
                let arguments = self.bind(definition, vec![], span)?;
                self.expand(definition, arguments, span)
            }
        }
    }

    /// What a definition gives for these arguments.
    pub(super) fn expand(
        &mut self,
        definition: Definition<'a>,
        arguments: Vec<ExpressionId>,
        span: Span,
    ) -> Option<ExpressionId> {
        let name = definition.kind.name().text.as_str();
        if self.broken.contains(&(definition.file, name)) {
            return None;
        }
        if definition.kind.parameters().is_some() {
            self.called.insert((definition.file, name));
        }
        let key = (definition.file, name, arguments);
        if let Some(known) = self.expanded.get(&key) {
            // What was lacking was said where it was first used; say it again for this place.
            if known.is_some() || definition.file != FileId::Library {
                return *known;
            }
        }
        if self.active.iter().any(|(file, active, _)| *file == definition.file && *active == name) {
            let own = definition.kind.name().span;
            self.report(error::recursion(span, own, &[name], self.other_meaning(name)));
            return None;
        }
        let entered = definition.file == FileId::Library
            && !self.active.iter().any(|(f, ..)| *f == FileId::Library);
        if entered {
            self.lacking.clear();
        }
        self.active.push((definition.file, name, span));
        let id = match definition.kind {
            DefinitionKind::Let(l) => {
                let parameters = l.parameters.as_deref().unwrap_or(&[]);
                let locals: Vec<(&str, Option<ExpressionId>)> = parameters
                    .iter()
                    .map(|p| p.name.text.as_str())
                    .zip(key.2.iter().copied().map(Some))
                    .collect();
                self.infer(&l.value, Place::new(definition.file, &locals))
            }
            DefinitionKind::Param(p) => self.param(p, definition.file),
        };
        self.active.pop();
        if entered && !self.lacking.is_empty() {
            let fields = std::mem::take(&mut self.lacking);
            self.report(error::missing_fields(span, name, &fields));
        }
        self.expanded.insert(key, id);
        id
    }
}
