//! Opening a stored market: its files are mapped, and no panel is read.

use super::write::checksum;
use super::{
    BY_ASSET, MANIFEST, NO_ROW,
    manifest::{FORMAT, Form, FormatOnly, Manifest, StoredFile, StoredWarning, restored, unsealed},
};
use crate::data::{
    Market,
    asof::Records,
    buffer::Buffer,
    market::{Parts, Values},
    npy::{self, Element},
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, io_reason};
use crate::panel::{Calendar, Lifetime, MISSING, Row, from_days};
use rayon::prelude::*;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// Opens a stored market: maps its files and reads none of its panels.
pub(in crate::data) fn open(folder: &Path) -> Result<Market, Diagnostics> {
    whole(folder).map_err(|(file, what)| {
        Diagnostic::error(Code::BrokenStore, format!("the stored market is damaged: {what}"))
            .in_file(file)
            .help("store it again: `decile import PATH --to DIR`")
            .into()
    })
}

/// Opens a market of one piece. A store that is replaced while it is opened is opened anew: it is the one before or the
/// one after, never files of both.
fn whole(folder: &Path) -> Result<Market, Fault> {
    const TRIES: usize = 20;
    let path = folder.join(MANIFEST);
    let manifest = || {
        let read = fs::metadata(&path).and_then(|m| Ok((identity(&m), fs::read_to_string(&path)?)));
        read.map_err(|e| (path.clone(), io_reason(&e)))
    };
    let mut before = manifest()?;
    for _ in 0..TRIES {
        let market = Reader { folder }.market(&before.1);
        let after = manifest()?;
        if after == before {
            return market;
        }
        before = after;
    }
    Err((path, "it is being replaced again and again".to_owned()))
}

/// What tells a manifest from another with the same text: a store may be replaced twice, the second time by its like.
fn identity(metadata: &fs::Metadata) -> (Option<SystemTime>, u64) {
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let number = 0;
    (metadata.modified().ok(), number)
}

/// The files of a stored market that are not what was written, and what is wrong with each.
pub(in crate::data) fn damaged(folder: &Path) -> Vec<Fault> {
    let text = fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    let body = unsealed(&text).unwrap_or_default();
    let Ok(manifest) = serde_json::from_str::<Manifest>(body) else { return vec![] };
    let wrong = |(name, file): (&String, &StoredFile)| {
        let path = folder.join(name);
        let what = match checksum(&path) {
            Ok(found) if found == *file => return None,
            Ok(_) => "its checksum is not that of the file that was written".to_owned(),
            Err(error) => io_reason(&error),
        };
        Some((path, what))
    };
    let files: Vec<_> = manifest.files.iter().collect();
    files.into_par_iter().filter_map(wrong).collect()
}

struct Reader<'a> {
    folder: &'a Path,
}

type Fault = (PathBuf, String);

impl Reader<'_> {
    fn market(&self, text: &str) -> Result<Market, Fault> {
        let path = self.folder.join(MANIFEST);
        let fault = |what: &str| (path.clone(), what.to_owned());
        let body = unsealed(text)
            .ok_or_else(|| fault("the manifest is cut off or was changed by hand"))?;
        let format: FormatOnly = serde_json::from_str(body).map_err(|e| fault(&e.to_string()))?;
        if format.format != FORMAT {
            return Err(fault(&format!(
                "expected format {FORMAT}, found format {} of Decile {}",
                format.format, format.decile
            )));
        }
        let manifest: Manifest = serde_json::from_str(body).map_err(|e| fault(&e.to_string()))?;
        for (name, StoredFile { bytes: length, .. }) in &manifest.files {
            let path = self.folder.join(name);
            let found = fs::metadata(&path).map_err(|e| {
                let missing = e.kind() == io::ErrorKind::NotFound;
                let why = if missing { "a file is missing".to_owned() } else { io_reason(&e) };
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
        let bytes = manifest.files.get(name).map_or(0, |f| f.bytes).saturating_sub(128);
        self.array(name, &[bytes as usize / size_of::<T>()])
    }

    fn assemble(&self, manifest: Manifest, fault: &dyn Fn(&str) -> Fault) -> Result<Market, Fault> {
        let assets = manifest.symbols.len();
        let days: Buffer<i32> = self.array("dates.npy", &[manifest.rows])?;
        let dates: Option<Vec<_>> = days.iter().map(|d| from_days(*d)).collect();
        let dates = dates.ok_or_else(|| fault("a date lies outside the calendar"))?;
        let calendar = Calendar::new(dates)
            .with_rows_per_year(manifest.rows_per_year)
            .with_next_session(manifest.next_session.and_then(from_days));
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
                Form::Steps => self.steps(&manifest, &field.file, field.before)?,
            });
        }
        let symbols: Arc<[String]> = manifest.symbols.into();
        let mut parts = Parts::new(&manifest.name, &calendar, &symbols);
        parts.basis = manifest.price_basis;
        parts.currency = manifest.currency;
        parts.fingerprint = Some(manifest.fingerprint);
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

    fn steps(&self, manifest: &Manifest, base: &str, before: Option<f64>) -> Result<Values, Fault> {
        let offsets: Buffer<u32> = self.list(manifest, &format!("{base}.offsets.npy"))?;
        let from: Buffer<Row> = self.list(manifest, &format!("{base}.from.npy"))?;
        let values: Buffer<f64> = self.list(manifest, &format!("{base}.values.npy"))?;
        let fits = offsets.len() == manifest.symbols.len() + 1
            && offsets.is_sorted()
            && offsets.last().is_some_and(|l| *l as usize == from.len())
            && values.len() == from.len();
        if fits {
            Ok(Values::Steps { offsets, from, values, before: before.unwrap_or(MISSING) })
        } else {
            let file = self.folder.join(format!("{base}.offsets.npy"));
            Err((file, "the changes do not fit each other".to_owned()))
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
