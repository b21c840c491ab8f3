//! The manifest of a stored market: what it holds, in which files.

use crate::diagnostic::{Diagnostic, Severity};
use crate::panel::Field;
use crate::types::{Basis, Kind, Shape, Type, Unit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(super) const FORMAT: u32 = 4;

/// What stands in the manifest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The version of this format.
    pub(super) format: u32,
    /// The version of Decile that wrote it; for people.
    pub(super) decile: String,
    pub(super) name: String,
    pub(super) rows: usize,
    pub(super) rows_per_year: u32,
    /// Days since 1970-01-01 of the session after the last, where a calendar says so.
    pub(super) next_session: Option<i32>,
    pub(super) currency: Option<String>,
    pub(super) price_basis: Basis,
    pub(super) fields: Vec<StoredField>,
    pub(super) notes: Vec<String>,
    pub(super) detected: Vec<String>,
    pub(super) warnings: Vec<StoredWarning>,
    /// Symbols of reference assets.
    pub(super) references: Vec<String>,
    pub(super) symbols: Vec<String>,
    /// Of what all that counts is: the same values under the same names have the same, whoever imported them, and when.
    pub(super) fingerprint: String,
    /// The files, by name.
    pub(super) files: BTreeMap<String, StoredFile>,
}

/// What a file must be.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct StoredFile {
    pub(super) bytes: u64,
    /// BLAKE3 of its bytes.
    pub(super) checksum: String,
}

impl Manifest {
    /// The fingerprint of everything but the words for people and the version that wrote it.
    pub(super) fn fingerprint_of(&self) -> String {
        let Self { format, name, rows, rows_per_year, next_session, currency, .. } = self;
        let Self { price_basis, fields, references, symbols, files, .. } = self;
        let fields: Vec<_> = fields
            .iter()
            .map(|f| (&f.table, &f.name, f.kind, &f.unit, &f.labels, f.form, &f.file, f.before))
            .collect();
        let first = (format, name, rows, rows_per_year, next_session, currency, price_basis);
        let all = (first, fields, references, symbols, files);
        let text = serde_json::to_vec(&all).expect("names, numbers and texts can be written");
        blake3::hash(&text).to_hex().to_string()
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredWarning {
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredField {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) note: String,
    pub(super) kind: StoredKind,
    pub(super) unit: Option<StoredUnit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    pub(super) form: Form,
    /// The file of the values, or the beginning of the names of the files of spells and steps.
    pub(super) file: String,
    /// Of figures with publication dates: the beginning of the names of the files that their table shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) records: Option<String>,
    /// Of what changes on some rows only: the value before the first change; missing where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<f64>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredKind {
    Number,
    Boolean,
    Label,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    Panel,
    Series,
    Static,
    AsOf,
    Spells,
    Steps,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredUnit {
    pub(super) money: i8,
    pub(super) shares: i8,
    pub(super) rows: i8,
    pub(super) basis: Option<Basis>,
}

/// As much of a manifest as every version has.
#[derive(Deserialize)]
pub(super) struct FormatOnly {
    pub(super) format: u32,
    pub(super) decile: String,
}

impl StoredWarning {
    pub(super) fn restored(self) -> Option<Diagnostic> {
        let code = crate::diagnostic::CODES.iter().find(|(_, e)| e.name == self.code)?.0;
        Some(Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, self.message) })
    }
}

pub(super) fn restored(field: StoredField) -> Field {
    let shape = match field.form {
        Form::Series => Shape::Series,
        Form::Static => Shape::Static,
        Form::Panel | Form::AsOf | Form::Spells | Form::Steps => Shape::Panel,
    };
    let unit = field.unit.map_or(Unit::Unknown, |u| Unit::Known {
        money: u.money,
        shares: u.shares,
        rows: u.rows,
        basis: u.basis,
    });
    let kind = match field.kind {
        StoredKind::Number => Kind::Number,
        StoredKind::Boolean => Kind::Boolean,
        StoredKind::Label => Kind::Label,
    };
    Field {
        reported: field.form == Form::AsOf,
        name: field.name,
        table: field.table,
        ty: Type { kind, shape, unit },
        labels: field.labels.into(),
        note: field.note,
    }
}

/// The manifest with the checksum of its text before it, on a line of its own.
pub(super) fn sealed(body: &str) -> String {
    format!(
        "{{\"checksum\": \"{}\", \"market\":\n{body}\n}}\n",
        blake3::hash(body.as_bytes()).to_hex()
    )
}

/// The manifest's text, if its checksum is right.
pub(super) fn unsealed(text: &str) -> Option<&str> {
    let (seal, rest) = text.split_once('\n')?;
    let checksum = seal.strip_prefix("{\"checksum\": \"")?.strip_suffix("\", \"market\":")?;
    let body = rest.strip_suffix("\n}\n")?;
    (blake3::hash(body.as_bytes()).to_hex().as_str() == checksum).then_some(body)
}
