//! The stored market: a folder of `.npy` files and a manifest. Written whole or not at all; opened by mapping.

use super::{
    Market, Progress,
    asof::Records,
    buffer::Buffer,
    fault,
    market::{Parts, Values},
    npy::{self, Element},
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::panel::{Calendar, Field, Lifetime, Row, days_since_epoch, from_days};
use crate::types::{Basis, Kind, Shape, Type, Unit};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file that makes a folder a stored market.
pub(super) const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;
/// The total return once more, assets × dates: the book follows a few assets through all dates, and finds each of them in
/// one stretch of this file rather than on a page of its own for every date.
pub(super) const BY_ASSET: &str = "book.total_return.npy";
const NO_ROW: Row = Row::MAX;

/// What stands in the manifest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// The version of this format.
    format: u32,
    /// The version of Decile that wrote it; for people.
    decile: String,
    name: String,
    rows: usize,
    rows_per_year: u32,
    price_basis: Basis,
    fields: Vec<StoredField>,
    notes: Vec<String>,
    detected: Vec<String>,
    warnings: Vec<StoredWarning>,
    /// Symbols of reference assets.
    references: Vec<String>,
    symbols: Vec<String>,
    /// Length in bytes of each file, by name.
    files: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct StoredWarning {
    code: String,
    message: String,
}

#[derive(Serialize, Deserialize)]
struct StoredField {
    name: String,
    table: String,
    note: String,
    kind: StoredKind,
    unit: Option<StoredUnit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    form: Form,
    /// The file of the values, or the beginning of the names of the files of spells.
    file: String,
    /// Of figures with publication dates: the beginning of the names of the files that their table shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    records: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum StoredKind {
    Number,
    Boolean,
    Label,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Form {
    Panel,
    Series,
    Static,
    AsOf,
    Spells,
}

#[derive(Serialize, Deserialize)]
struct StoredUnit {
    money: i8,
    shares: i8,
    rows: i8,
    basis: Option<Basis>,
}

/// Whether the folder is a stored market (or what is left of one).
pub(super) fn is_store(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file()
}

impl Market {
    /// Stores the market in a folder, which is made, or replaced if it is a stored market: whole or not at all.
    ///
    /// # Errors
    /// `output-folder` if the folder holds something else or cannot be written; nothing is changed then.
    pub fn store(&self, folder: &Path, progress: &dyn Progress) -> Result<(), Diagnostics> {
        Stage::new(folder)?.finish(self, progress)
    }
}

/// A folder aside, in which a store is made before it takes its place.
pub(super) struct Stage {
    target: PathBuf,
    aside: tempfile::TempDir,
    new: PathBuf,
}

impl Stage {
    /// Makes the folder beside `target`, if a store may stand there.
    pub(super) fn new(target: &Path) -> Result<Self, Diagnostics> {
        let occupied =
            fs::read_dir(target).is_ok_and(|mut d| d.next().is_some()) || target.is_file();
        if occupied && !is_store(target) {
            let message = format!("`{}` exists and is not a stored market", target.display());
            let error = Diagnostic::error(Code::OutputFolder, message);
            return Err(error.help("name a folder that does not exist yet").into());
        }
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let made = fs::create_dir_all(parent).and_then(|()| {
            let aside = tempfile::Builder::new().prefix(".decile-import-").tempdir_in(parent)?;
            let new = aside.path().join("new");
            fs::create_dir(&new)?;
            Ok(Self { target: target.to_owned(), aside, new })
        });
        made.map_err(|e| cannot(target, &e))
    }

    /// The folder to write into.
    pub(super) fn folder(&self) -> &Path {
        &self.new
    }

    /// Writes what is not there yet, and moves the store to its place.
    pub(super) fn finish(
        self,
        market: &Market,
        progress: &dyn Progress,
    ) -> Result<(), Diagnostics> {
        let writer = Writer { folder: &self.new, files: BTreeMap::new(), progress };
        let old = self.aside.path().join("old");
        let moved = writer.market(market).and_then(|()| {
            if self.target.exists() {
                fs::rename(&self.target, &old)?;
            }
            fs::rename(&self.new, &self.target).inspect_err(|_| {
                // The old one goes back, so that nothing was changed.
                let _ = fs::rename(&old, &self.target);
            })
        });
        moved.map_err(|e| cannot(&self.target, &e))
    }
}

fn cannot(folder: &Path, error: &io::Error) -> Diagnostics {
    let (folder, why) = (folder.display(), fault::worded(error));
    let message = format!("cannot store the market in `{folder}`: {why}");
    Diagnostic::error(Code::OutputFolder, message).into()
}

struct Writer<'a> {
    folder: &'a Path,
    files: BTreeMap<String, u64>,
    progress: &'a dyn Progress,
}

impl Writer<'_> {
    fn array<T: Element>(&mut self, name: &str, shape: &[usize], values: &[T]) -> io::Result<()> {
        let length = npy::write(&self.folder.join(name), shape, values)?;
        self.files.insert(name.to_owned(), length);
        Ok(())
    }

    /// Whether a panel was written when it was made.
    fn is_staged(&mut self, name: &str) -> io::Result<bool> {
        match self.folder.join(name).metadata() {
            Ok(metadata) => {
                self.files.insert(name.to_owned(), metadata.len());
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn market(mut self, market: &Market) -> io::Result<()> {
        let schema = &market.schema;
        self.progress.begin("storing", market.values.len() as u64);
        let dates: Vec<i32> =
            market.calendar.dates().iter().map(|d| days_since_epoch(*d)).collect();
        self.array("dates.npy", &[dates.len()], &dates)?;
        let lives: Vec<Row> = market
            .lifetimes
            .iter()
            .flat_map(|l| l.map_or([NO_ROW, NO_ROW], |(first, last)| [first, last]))
            .collect();
        self.array("lifetimes.npy", &[market.lifetimes.len(), 2], &lives)?;
        let mut fields = vec![];
        for (field, values) in schema.fields.iter().zip(&market.values) {
            fields.push(self.field(market, field, values, &fields)?);
            self.progress.advance(1);
        }
        let (rows, assets) = (market.calendar.len(), market.lifetimes.len());
        if !self.is_staged(BY_ASSET)? {
            let turned = by_asset(market.total_return_panel(), rows, assets);
            self.array(BY_ASSET, &[assets, rows], &turned)?;
        }
        let references = schema.symbols.iter().zip(&market.is_reference).filter(|(_, r)| **r);
        let warnings = market
            .warnings
            .iter()
            .map(|w| StoredWarning { code: w.code.name().to_owned(), message: w.message.clone() });
        let manifest = Manifest {
            format: FORMAT,
            decile: env!("CARGO_PKG_VERSION").to_owned(),
            name: schema.name.clone(),
            rows: market.calendar.len(),
            rows_per_year: schema.rows_per_year,
            price_basis: schema.price_basis,
            fields,
            notes: market.notes.clone(),
            detected: market.detected.clone(),
            warnings: warnings.collect(),
            references: references.map(|(s, _)| s.clone()).collect(),
            symbols: schema.symbols.to_vec(),
            files: self.files,
        };
        let body = serde_json::to_string_pretty(&manifest).map_err(io::Error::other)?;
        fs::write(self.folder.join(MANIFEST), sealed(&body))
    }

    fn field(
        &mut self,
        market: &Market,
        field: &Field,
        values: &Values,
        written: &[StoredField],
    ) -> io::Result<StoredField> {
        let (rows, assets) = (market.calendar.len(), market.schema.symbols.len());
        let base = self.free_name(field);
        let mut stored = StoredField {
            name: field.name.clone(),
            table: field.table.clone(),
            note: field.note.clone(),
            kind: match field.ty.kind {
                Kind::Boolean => StoredKind::Boolean,
                Kind::Label => StoredKind::Label,
                Kind::Number | Kind::Date => StoredKind::Number,
            },
            unit: match field.ty.unit {
                Unit::Unknown => None,
                Unit::Known { money, shares, rows, basis } => {
                    Some(StoredUnit { money, shares, rows, basis })
                }
            },
            labels: field.labels.to_vec(),
            form: Form::Panel,
            file: format!("{base}.npy"),
            records: None,
        };
        match values {
            Values::Panel(panel) => {
                // Two fields that are the same panel (a total return without dividends) share a file.
                let twin = market.values[..written.len()]
                    .iter()
                    .position(|v| matches!(v, Values::Panel(p) if p.as_ptr() == panel.as_ptr()));
                match twin {
                    Some(twin) if !panel.is_empty() => stored.file = written[twin].file.clone(),
                    _ if self.is_staged(&stored.file)? => {}
                    _ => self.array(&stored.file, &[rows, assets], panel)?,
                }
            }
            Values::Series(values) => {
                stored.form = Form::Series;
                self.array(&stored.file, &[rows], values)?;
            }
            Values::Static(values) => {
                stored.form = Form::Static;
                self.array(&stored.file, &[assets], values)?;
            }
            Values::AsOf { records, values } => {
                stored.form = Form::AsOf;
                self.array(&stored.file, &[values.len()], values)?;
                let twin = market.values[..written.len()].iter().position(
                    |v| matches!(v, Values::AsOf { records: r, .. } if Arc::ptr_eq(r, records)),
                );
                stored.records = match twin {
                    Some(twin) => written[twin].records.clone(),
                    None => Some(self.records(&base, records)?),
                };
            }
            Values::Spells { assets, from, until } => {
                stored.form = Form::Spells;
                stored.file = base.clone();
                self.array(&format!("{base}.assets.npy"), &[assets.len()], assets)?;
                self.array(&format!("{base}.from.npy"), &[from.len()], from)?;
                self.array(&format!("{base}.until.npy"), &[until.len()], until)?;
            }
        }
        Ok(stored)
    }

    fn records(&mut self, base: &str, records: &Records) -> io::Result<String> {
        self.array(&format!("{base}.offsets.npy"), &[records.offsets.len()], &records.offsets)?;
        let count = [records.known_from.len()];
        self.array(&format!("{base}.known_from.npy"), &count, &records.known_from)?;
        self.array(&format!("{base}.known_until.npy"), &count, &records.known_until)?;
        self.array(&format!("{base}.period_end.npy"), &count, &records.period_end)?;
        Ok(base.to_owned())
    }

    /// A file name for the field that no other has, whatever characters its name holds.
    fn free_name(&self, field: &Field) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
        let base: String = format!("{}.{}", field.table, field.name)
            .chars()
            .map(|c| if c == '.' { '.' } else { plain(c) })
            .take(100)
            .collect();
        let taken = |name: &str| {
            self.files
                .keys()
                .any(|f| f.to_lowercase().starts_with(&format!("{}.", name.to_lowercase())))
        };
        let mut name = base.clone();
        let mut count = 1;
        while taken(&name) {
            count += 1;
            name = format!("{base}_{count}");
        }
        name
    }
}

/// A panel turned to assets × dates, a square at a time, so that both sides stay in cache.
fn by_asset(panel: &[f64], rows: usize, assets: usize) -> Vec<f64> {
    const SQUARE: usize = 32;
    let mut turned = vec![0.0; panel.len()];
    turned.par_chunks_mut(SQUARE * rows.max(1)).enumerate().for_each(|(part, out)| {
        let first = part * SQUARE;
        for start in (0..rows).step_by(SQUARE) {
            let end = (start + SQUARE).min(rows);
            for (i, line) in out.chunks_exact_mut(rows).enumerate() {
                for row in start..end {
                    line[row] = panel[row * assets + first + i];
                }
            }
        }
    });
    turned
}

/// The manifest with the checksum of its text before it, on a line of its own.
fn sealed(body: &str) -> String {
    format!(
        "{{\"checksum\": \"{}\", \"market\":\n{body}\n}}\n",
        blake3::hash(body.as_bytes()).to_hex()
    )
}

/// The manifest's text, if its checksum is right.
fn unsealed(text: &str) -> Option<&str> {
    let (seal, rest) = text.split_once('\n')?;
    let checksum = seal.strip_prefix("{\"checksum\": \"")?.strip_suffix("\", \"market\":")?;
    let body = rest.strip_suffix("\n}\n")?;
    (blake3::hash(body.as_bytes()).to_hex().as_str() == checksum).then_some(body)
}

/// Opens a stored market: maps its files and reads none of its panels.
pub(super) fn open(folder: &Path) -> Result<Market, Diagnostics> {
    Reader { folder }.market().map_err(|(file, what)| {
        Diagnostic::error(Code::BrokenStore, format!("the stored market is damaged: {what}"))
            .in_file(file)
            .help("store it again: `decile import PATH --to DIR`")
            .into()
    })
}

struct Reader<'a> {
    folder: &'a Path,
}

type Fault = (PathBuf, String);

impl Reader<'_> {
    fn market(&self) -> Result<Market, Fault> {
        let path = self.folder.join(MANIFEST);
        let fault = |what: &str| (path.clone(), what.to_owned());
        let text = fs::read_to_string(&path).map_err(|e| fault(&fault::worded(&e)))?;
        let body = unsealed(&text)
            .ok_or_else(|| fault("the manifest is cut off or was changed by hand"))?;
        let format: FormatOnly = serde_json::from_str(body).map_err(|e| fault(&e.to_string()))?;
        if format.format != FORMAT {
            return Err(fault(&format!(
                "expected format {FORMAT}, found format {} of Decile {}",
                format.format, format.decile
            )));
        }
        let manifest: Manifest = serde_json::from_str(body).map_err(|e| fault(&e.to_string()))?;
        for (name, length) in &manifest.files {
            let path = self.folder.join(name);
            let found = fs::metadata(&path).map_err(|e| {
                let missing = e.kind() == io::ErrorKind::NotFound;
                let why = if missing { "a file is missing".to_owned() } else { fault::worded(&e) };
                (path.clone(), why)
            })?;
            let found = found.len();
            if found != *length {
                return Err((path, format!("expected {length} bytes, found {found}")));
            }
        }
        self.assemble(manifest, &fault)
    }

    fn array<T: Element>(&self, name: &str, shape: &[usize]) -> Result<Buffer<T>, Fault> {
        let path = self.folder.join(name);
        npy::map(&path, shape).map_err(|what| (path, what))
    }

    /// An array of one dimension, whose length the manifest's file length gives.
    fn list<T: Element>(&self, manifest: &Manifest, name: &str) -> Result<Buffer<T>, Fault> {
        let bytes = manifest.files.get(name).copied().unwrap_or(0).saturating_sub(128);
        self.array(name, &[bytes as usize / size_of::<T>()])
    }

    fn assemble(&self, manifest: Manifest, fault: &dyn Fn(&str) -> Fault) -> Result<Market, Fault> {
        let assets = manifest.symbols.len();
        let days: Buffer<i32> = self.array("dates.npy", &[manifest.rows])?;
        let dates: Option<Vec<_>> = days.iter().map(|d| from_days(*d)).collect();
        let dates = dates.ok_or_else(|| fault("a date lies outside the calendar"))?;
        let calendar = Calendar::new(dates).with_rows_per_year(manifest.rows_per_year);
        if calendar.len() != manifest.rows || !manifest.symbols.is_sorted() {
            return Err(fault("dates or symbols are not sorted"));
        }
        let lives: Buffer<Row> = self.array("lifetimes.npy", &[assets, 2])?;
        let lifetimes: Vec<Lifetime> = lives
            .chunks_exact(2)
            .map(|l| (l[1] != NO_ROW && (l[1] as usize) < manifest.rows).then_some((l[0], l[1])))
            .collect();
        let mut tables: BTreeMap<String, Arc<Records>> = BTreeMap::new();
        let mut values = vec![];
        let mut panels: BTreeMap<&str, Buffer<f64>> = BTreeMap::new();
        for field in &manifest.fields {
            values.push(match field.form {
                Form::Panel => {
                    if !panels.contains_key(field.file.as_str()) {
                        let panel = self.array(&field.file, &[manifest.rows, assets])?;
                        panels.insert(&field.file, panel);
                    }
                    Values::Panel(panels[field.file.as_str()].clone())
                }
                Form::Series => Values::Series(self.array(&field.file, &[manifest.rows])?),
                Form::Static => Values::Static(self.array(&field.file, &[assets])?),
                Form::AsOf => {
                    let base = field.records.as_deref().ok_or_else(|| fault("no records"))?;
                    let records = match tables.get(base) {
                        Some(records) => records.clone(),
                        None => Arc::new(self.records(&manifest, base)?),
                    };
                    tables.insert(base.to_owned(), records.clone());
                    let values = self.array(&field.file, &[records.known_from.len()])?;
                    Values::AsOf { records, values }
                }
                Form::Spells => self.spells(&manifest, &field.file)?,
            });
        }
        let symbols: Arc<[String]> = manifest.symbols.into();
        let mut parts = Parts::new(&manifest.name, &calendar, &symbols);
        parts.basis = manifest.price_basis;
        parts.is_reference =
            symbols.iter().map(|s| manifest.references.binary_search(s).is_ok()).collect();
        parts.fields = manifest.fields.into_iter().map(restored).collect();
        parts.values = values;
        parts.notes = manifest.notes;
        parts.detected = manifest.detected;
        parts.warnings =
            manifest.warnings.into_iter().filter_map(StoredWarning::restored).collect();
        parts.lifetimes = Some(lifetimes);
        parts.by_asset = Some(self.array(BY_ASSET, &[assets, manifest.rows])?);
        if !parts.has("close") {
            return Err(fault("it has no closing prices"));
        }
        Ok(parts.finish())
    }

    fn records(&self, manifest: &Manifest, base: &str) -> Result<Records, Fault> {
        let records = Records {
            offsets: self.list(manifest, &format!("{base}.offsets.npy"))?,
            known_from: self.list(manifest, &format!("{base}.known_from.npy"))?,
            known_until: self.list(manifest, &format!("{base}.known_until.npy"))?,
            period_end: self.list(manifest, &format!("{base}.period_end.npy"))?,
        };
        let count = records.known_from.len();
        let fits = records.offsets.len() == manifest.symbols.len() + 1
            && records.offsets.last().is_some_and(|l| *l as usize == count)
            && records.offsets.is_sorted()
            && records.known_until.len() == count
            && records.period_end.len() == count;
        if fits {
            Ok(records)
        } else {
            let file = self.folder.join(format!("{base}.offsets.npy"));
            Err((file, "the records do not fit each other".to_owned()))
        }
    }

    fn spells(&self, manifest: &Manifest, base: &str) -> Result<Values, Fault> {
        let assets: Buffer<u32> = self.list(manifest, &format!("{base}.assets.npy"))?;
        let from: Buffer<Row> = self.list(manifest, &format!("{base}.from.npy"))?;
        let until: Buffer<Row> = self.list(manifest, &format!("{base}.until.npy"))?;
        let fits = assets.len() == from.len()
            && assets.len() == until.len()
            && assets.iter().all(|a| (*a as usize) < manifest.symbols.len())
            && until.iter().all(|u| *u as usize <= manifest.rows);
        if fits {
            Ok(Values::Spells { assets, from, until })
        } else {
            let file = self.folder.join(format!("{base}.assets.npy"));
            Err((file, "the spells do not fit each other".to_owned()))
        }
    }
}

/// As much of a manifest as every version has.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
    decile: String,
}

impl StoredWarning {
    fn restored(self) -> Option<Diagnostic> {
        let code = crate::diagnostic::CODES.iter().find(|(_, e)| e.name == self.code)?.0;
        Some(Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, self.message) })
    }
}

fn restored(field: StoredField) -> Field {
    let shape = match field.form {
        Form::Series => Shape::Series,
        Form::Static => Shape::Static,
        Form::Panel | Form::AsOf | Form::Spells => Shape::Panel,
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
        name: field.name,
        table: field.table,
        ty: Type { kind, shape, unit },
        labels: field.labels.into(),
        note: field.note,
    }
}
