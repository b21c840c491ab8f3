//! Where the rows of a table come from: one file, or several that are read as one.

#[cfg(any(feature = "arrow", feature = "postgres", feature = "sqlite"))]
use super::gather::Growing;
use super::{
    buffer::Numbers,
    csv::{self, Csv},
    faults::SHOWN,
    parquet::Parquet,
    pattern,
    progress::Progress,
    table::{Column, Looks, Table, Text, Wanted},
};
use crate::diagnostic::{Code, Diagnostic};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// What is known of something that rows are read from before they are.
pub(super) struct Head {
    /// The file, or what stands for one in complaints.
    pub(super) path: PathBuf,
    /// What its columns are called.
    pub(super) names: Vec<String>,
    /// What each seems to hold.
    pub(super) looks: Vec<Looks>,
}

impl Head {
    /// A complaint about a column.
    pub(super) fn fault(
        &self,
        column: usize,
        code: Code,
        message: impl Into<String>,
    ) -> Diagnostic {
        let error = Diagnostic::error(code, message).in_file(&self.path);
        error.column(self.names[column].as_str())
    }

    /// Columns that are filled value by value, as they are wanted.
    #[cfg(any(feature = "arrow", feature = "postgres", feature = "sqlite"))]
    pub(super) fn growing<'a>(
        &'a self,
        wanted: &'a [(usize, Wanted)],
        missing: &'a [String],
    ) -> Vec<Growing<'a>> {
        let column = |(column, what): &'a (usize, Wanted)| {
            Growing::new(&self.path, &self.names[*column], what, missing)
        };
        wanted.iter().map(column).collect()
    }
}

/// Something that rows are read from, of which the names of the columns are known and nothing else was read.
pub(super) trait Rows: Send + Sync {
    fn head(&self) -> &Head;

    /// Reads columns, by their places in `names`; `missing` are more texts that stand for a missing number.
    fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>>;
}

const NO_ROWS: &str = "the table has a header and no rows";

/// The rows of a table, of which the names of the columns are known.
pub(super) struct Source {
    first: Box<dyn Rows>,
    /// More files with the same columns.
    rest: Vec<PathBuf>,
    /// By file: the symbol that its name holds. A column of these stands before the others.
    symbols: Vec<String>,
    names: Vec<String>,
    /// What is said if there are no rows.
    empty: &'static str,
}

impl Source {
    /// Opens a file, or all files whose names fit a pattern.
    pub(super) fn open(root: &Path, name: &str) -> Result<Self, Diagnostic> {
        let mut found = pattern::find(root, name)?;
        let first = open(&found.paths.remove(0))?;
        let own = (!found.symbols.is_empty()).then(|| pattern::SYMBOL.to_owned());
        let names = own.into_iter().chain(first.head().names.iter().cloned()).collect();
        Ok(Self { first, rest: found.paths, symbols: found.symbols, names, empty: NO_ROWS })
    }

    /// Opens one file, whatever characters its name holds.
    pub(super) fn at(path: &Path) -> Result<Self, Diagnostic> {
        Ok(Self::of_file(open(path)?))
    }

    /// One file that was opened.
    pub(super) fn of_file(rows: Box<dyn Rows>) -> Self {
        let names = rows.head().names.clone();
        Self { first: rows, rest: vec![], symbols: vec![], names, empty: NO_ROWS }
    }

    /// The rows of a query.
    pub(super) fn of_query(rows: Box<dyn Rows>) -> Self {
        Self { empty: "the query gives no rows", ..Self::of_file(rows) }
    }

    /// The first file.
    pub(super) fn path(&self) -> &Path {
        &self.first.head().path
    }

    /// What a list of what was read calls it.
    pub(super) fn label(&self) -> String {
        let name = self.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        match self.rest.len() {
            0 => name,
            more => format!("{name} and {more} more"),
        }
    }

    /// Whether there are several files.
    pub(super) fn has_several(&self) -> bool {
        !self.rest.is_empty()
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn looks(&self, column: usize) -> Looks {
        match column.checked_sub(self.own_columns()) {
            Some(column) => self.first.head().looks[column],
            None => Looks::Text,
        }
    }

    /// How many columns are made of the files' names.
    fn own_columns(&self) -> usize {
        self.names.len() - self.first.head().names.len()
    }

    /// Reads columns, by their places in `names`; `missing` are more texts that stand for a missing number.
    pub(super) fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let mut table = match self.rest.is_empty() {
            true => self.piece(0, &*self.first, wanted, missing, progress)?,
            false => self.pieces(wanted, missing, progress)?,
        };
        let numbers: Vec<f64> = missing.iter().filter_map(|m| m.trim().parse().ok()).collect();
        if !numbers.is_empty() {
            for column in &mut table.columns {
                let Column::Number(values) = column else { continue };
                values.iter_mut().filter(|v| numbers.contains(v)).for_each(|v| *v = f64::NAN);
            }
        }
        if table.rows == 0 {
            let error = Diagnostic::error(Code::NoRows, self.empty);
            return Err(vec![error.in_file(self.path())]);
        }
        Ok(table)
    }

    /// Reads all files, several at once.
    fn pieces(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        let count = self.rest.len() + 1;
        progress.begin("reading", count as u64);
        let read: Vec<Result<Table, Vec<Diagnostic>>> = (0..count)
            .into_par_iter()
            .map(|i| {
                let table = match i.checked_sub(1) {
                    None => self.piece(0, &*self.first, wanted, missing, &()),
                    Some(more) => {
                        let file = open(&self.rest[more]).map_err(|d| vec![d])?;
                        self.piece(i, &*file, wanted, missing, &())
                    }
                };
                progress.advance(1);
                table
            })
            .collect();
        let (mut tables, mut faults, mut faulty) = (vec![], vec![], 0);
        for table in read {
            match table {
                Ok(table) => tables.push(table),
                Err(more) if faults.len() < SHOWN => faults.extend(more),
                Err(_) => faulty += 1,
            }
        }
        if faulty > 0 {
            let message = format!("{faulty} more files of this table are faulty");
            faults.push(Diagnostic::error(Code::DataFormat, message));
        }
        // There is always a first file.
        let table = Table::join(tables, true).filter(|_| faults.is_empty());
        table.ok_or(faults)
    }

    /// Reads one of the files, whose columns may stand in another order.
    fn piece(
        &self,
        index: usize,
        file: &dyn Rows,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        self.same_columns(file).map_err(|d| vec![d])?;
        let own = self.own_columns();
        let place = |name: &String| file.head().names.iter().position(|n| n == name);
        let place = |column: usize| match file.head().names == self.first.head().names {
            true => column - own,
            false => place(&self.names[column]).unwrap_or(column - own),
        };
        let inside: Vec<(usize, Wanted)> = wanted
            .iter()
            .filter(|(c, _)| *c >= own)
            .map(|(c, what)| (place(*c), what.clone()))
            .collect();
        let mut table = file.read(&inside, missing, progress)?;
        for (at, _) in wanted.iter().enumerate().filter(|(_, (c, _))| *c < own) {
            let texts = vec![self.symbols[index].clone()];
            let text = Text { codes: Numbers::zeroed(table.rows), texts };
            table.columns.insert(at, Column::Text(text));
        }
        Ok(table)
    }

    /// Whether a file has the columns that the first has, by their names.
    fn same_columns(&self, file: &dyn Rows) -> Result<(), Diagnostic> {
        let (first, other) = (&self.first.head().names, &file.head().names);
        let without = |a: &[String], b: &[String]| {
            let names = a.iter().filter(|n| !b.contains(n)).map(|n| format!("`{n}`"));
            names.take(5).collect::<Vec<_>>().join(", ")
        };
        if first == other {
            return Ok(());
        }
        let (lacks, has) = (without(first, other), without(other, first));
        let what = match (lacks.is_empty(), has.is_empty()) {
            (true, true) if first.len() == other.len() => return Ok(()),
            (true, true) => "a name stands more often in one of them".to_owned(),
            (true, false) => format!("only it has {has}"),
            (false, true) => format!("it lacks {lacks}"),
            (false, false) => format!("it lacks {lacks}, and only it has {has}"),
        };
        let message =
            format!("the columns are not those of {}: {what}", self.first.head().path.display());
        let error = Diagnostic::error(Code::DataFormat, message).in_file(&file.head().path);
        Err(error.help("files that are read as one table have the same columns, in any order"))
    }
}

/// Opens a CSV file (`.csv`, `.tsv`, `.txt`, each also packed), a Parquet file (`.parquet`, `.pq`) or an Arrow file
/// (`.arrow`, `.arrows`, `.feather`, `.ipc`).
fn open(path: &Path) -> Result<Box<dyn Rows>, Diagnostic> {
    if !path.exists() {
        let message = format!("there is no file `{}`", path.display());
        return Err(Diagnostic::error(Code::DataNotFound, message));
    }
    if path.is_dir() {
        let message = format!("expected a file, found the folder `{}`", path.display());
        return Err(Diagnostic::error(Code::DataUnreadable, message));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain = csv::ENDINGS.iter().find_map(|e| name.strip_suffix(e)).unwrap_or(&name);
    let ends = |endings: &[&str]| endings.iter().any(|e| plain.ends_with(e));
    if ends(&[".parquet", ".pq"]) {
        Ok(Box::new(Parquet::open(path)?))
    } else if ends(&[".csv", ".tsv", ".txt"]) {
        Ok(Box::new(Csv::open(path)?))
    } else if ends(&[".arrow", ".arrows", ".feather", ".ipc"]) {
        open_arrow(path)
    } else {
        let message = format!("`{name}` is neither CSV nor Parquet nor Arrow by its name");
        let error = Diagnostic::error(Code::DataFormat, message).in_file(path);
        Err(error.help("name it `.csv`, `.csv.gz`, `.csv.zst`, `.parquet` or `.arrow`"))
    }
}

#[cfg(feature = "arrow")]
fn open_arrow(path: &Path) -> Result<Box<dyn Rows>, Diagnostic> {
    Ok(Box::new(super::arrow::Arrow::open(path)?))
}

#[cfg(not(feature = "arrow"))]
fn open_arrow(path: &Path) -> Result<Box<dyn Rows>, Diagnostic> {
    Err(not_built("Arrow files", "arrow").in_file(path))
}

/// What is said where this build cannot read a kind of data.
#[cfg(not(all(feature = "arrow", feature = "postgres", feature = "sqlite")))]
pub(super) fn not_built(what: &str, feature: &str) -> Diagnostic {
    let message = format!("this build of Decile does not read {what}");
    let error = Diagnostic::error(Code::DataFormat, message);
    error.help(format!("build one that does: `cargo build --release --features {feature}`"))
}
