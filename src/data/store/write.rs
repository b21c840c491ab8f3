//! Writing a stored market: its arrays, then the manifest.

use super::{
    BY_ASSET, MANIFEST, NO_ROW,
    manifest::{
        FORMAT, Form, Manifest, StoredField, StoredFile, StoredKind, StoredUnit, StoredWarning,
        sealed,
    },
};
use crate::data::{
    Market, Progress,
    asof::Records,
    market::Values,
    npy::{self, Element},
};
use crate::panel::{Field, Row, days_since_epoch};
use crate::types::{Kind, Unit};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

/// Writes the files of a market into a folder.
pub(super) struct Writer<'a> {
    folder: &'a Path,
    // Names of the files that were written.
    files: BTreeSet<String>,
    progress: &'a dyn Progress,
}

impl<'a> Writer<'a> {
    pub(super) fn new(folder: &'a Path, progress: &'a dyn Progress) -> Self {
        Self { folder, files: BTreeSet::new(), progress }
    }

    fn array<T: Element>(&mut self, name: &str, shape: &[usize], values: &[T]) -> io::Result<()> {
        npy::write(&self.folder.join(name), shape, values)?;
        self.files.insert(name.to_owned());
        Ok(())
    }

    /// Whether a panel was written when it was made.
    fn is_staged(&mut self, name: &str) -> io::Result<bool> {
        match self.folder.join(name).metadata() {
            Ok(_) => {
                self.files.insert(name.to_owned());
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes what is not there yet.
    ///
    /// Gives the fingerprint of what was stored.
    pub(super) fn market(mut self, market: &Market) -> io::Result<String> {
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
            let turned = by_asset(market.book_panel(), rows, assets);
            self.array(BY_ASSET, &[assets, rows], &turned)?;
        }
        let references = schema.symbols.iter().zip(&market.is_reference).filter(|(_, r)| **r);
        let warnings = market
            .warnings
            .iter()
            .map(|w| StoredWarning { code: w.code.name().to_owned(), message: w.message.clone() });
        self.progress.begin("checksums", self.files.len() as u64);
        let files = self.checksums()?;
        let mut manifest = Manifest {
            format: FORMAT,
            decile: env!("CARGO_PKG_VERSION").to_owned(),
            name: schema.name.clone(),
            rows: market.calendar.len(),
            rows_per_year: schema.rows_per_year,
            next_session: market.calendar.known_next_session().map(days_since_epoch),
            currency: schema.currency.clone(),
            price_basis: schema.price_basis,
            fields,
            notes: market.notes.clone(),
            detected: market.detected.clone(),
            warnings: warnings.collect(),
            references: references.map(|(s, _)| s.clone()).collect(),
            symbols: schema.symbols.to_vec(),
            fingerprint: String::new(),
            files,
        };
        manifest.fingerprint = manifest.fingerprint_of();
        let body = serde_json::to_string_pretty(&manifest).map_err(io::Error::other)?;
        fs::write(self.folder.join(MANIFEST), sealed(&body))?;
        Ok(manifest.fingerprint)
    }

    /// The checksums of all files, of which the pages are still in memory.
    fn checksums(&self) -> io::Result<BTreeMap<String, StoredFile>> {
        let one = |name: &String| {
            let file = checksum(&self.folder.join(name))?;
            self.progress.advance(1);
            Ok((name.clone(), file))
        };
        self.files.par_iter().map(one).collect()
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
            before: None,
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
            Values::Steps { offsets, from, values, before } => {
                stored.form = Form::Steps;
                stored.file = base.clone();
                stored.before = Some(*before).filter(|x| !x.is_nan());
                self.array(&format!("{base}.offsets.npy"), &[offsets.len()], offsets)?;
                self.array(&format!("{base}.from.npy"), &[from.len()], from)?;
                self.array(&format!("{base}.values.npy"), &[values.len()], values)?;
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
                .iter()
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

/// The length and checksum of a file.
pub(super) fn checksum(path: &Path) -> io::Result<StoredFile> {
    let mut file = fs::File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; 1 << 18];
    loop {
        match file.read(&mut block)? {
            0 => break,
            count => hasher.update(&block[..count]),
        };
    }
    Ok(StoredFile { bytes: hasher.count(), checksum: hasher.finalize().to_hex().to_string() })
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
