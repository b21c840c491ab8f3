//! From a path to a market: what lies there, and the tables of a catalog one after the other.

use super::{
    Market, Options, actions, assemble, attach,
    catalog::{self, Catalog, Origin, PriceTable, SeriesTable},
    database::{self, Query},
    events, french,
    identity::Names,
    pattern,
    prices::{self, Read},
    reports::{self, ReadReports},
    source::Source,
    store,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use std::path::{Path, PathBuf};

const CATALOG: &str = "market.toml";

/// Where a catalog's files lie, and who is told how far reading them is.
pub(super) struct Context<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) root: PathBuf,
    pub(super) options: Options<'a>,
    /// The folder in which the market is being stored, if it is.
    pub(super) stage: Option<&'a Path>,
    /// What symbols stand for.
    pub(super) names: Names,
    /// Who looks at the tables as they were read, if somebody does.
    pub(super) inspector: Option<&'a dyn Inspector>,
}

/// Looks at tables between reading them and making a market of them.
pub(super) trait Inspector {
    /// A table of prices of which neither rows nor prices were refused. What is left must be sound.
    fn prices(&self, read: &mut Read) -> Result<(), Vec<Diagnostic>>;
    /// A table of reports, on assets with these symbols.
    fn reports(&self, reports: &ReadReports<'_>, symbols: &[String]);
}

impl Context<'_> {
    /// Opens what the catalog says that a table's rows come from.
    pub(super) fn source(&self, origin: Origin<'_>) -> Result<Source, Diagnostic> {
        if let (Some(name), Some(text)) = (origin.database, origin.query) {
            let query = Query { name, text, root: &self.root };
            return database::open(self.catalog, &query).map(Source::of_query);
        }
        let name = origin.file.unwrap_or_default();
        let path = self.root.join(name);
        if !path.exists() && !pattern::has_wildcards(name) && self.options.root.is_none() {
            let message = format!("there is no file `{}`", path.display());
            let error = Diagnostic::error(Code::DataNotFound, message);
            return Err(error.help(
                "paths in a `market.toml` are relative to its folder; `--data-root DIR` names another one",
            ));
        }
        Source::open(&self.root, name)
    }
}

impl Context<'_> {
    /// Opens a block of a file of the Ken French library.
    pub(super) fn french(&self, spec: &SeriesTable) -> Result<french::Block, Diagnostic> {
        let Some(name) = spec.file.as_deref() else {
            let message = "a `format` goes with a `file`, not with a `database`";
            return Err(Diagnostic::error(Code::BadCatalog, message));
        };
        let path = self.root.join(name);
        if !path.is_file() {
            let message = format!("there is no file `{}`", path.display());
            return Err(Diagnostic::error(Code::DataNotFound, message));
        }
        french::open(&path, spec.block.as_deref())
    }
}

/// Opens whatever lies at a path.
pub(super) fn open(
    path: &Path,
    options: Options<'_>,
    stage: Option<&Path>,
) -> Result<Market, Diagnostics> {
    open_inspected(path, options, stage, None)
}

/// [`open`], with somebody who looks at the tables.
pub(super) fn open_inspected(
    path: &Path,
    options: Options<'_>,
    stage: Option<&Path>,
    inspector: Option<&dyn Inspector>,
) -> Result<Market, Diagnostics> {
    let is_pattern = pattern::has_wildcards(&path.to_string_lossy());
    if !path.exists() && !is_pattern {
        let message = format!("there are no data at `{}`", path.display());
        return Err(Diagnostic::error(Code::DataNotFound, message).into());
    }
    if path.is_dir() {
        if store::is_store(path) {
            return store::open(path);
        }
        let inside = path.join(CATALOG);
        if !inside.is_file() {
            let message =
                format!("`{}` holds neither a stored market nor a `{CATALOG}`", path.display());
            let error = Diagnostic::error(Code::DataFormat, message);
            return Err(error
                .help("name a file of prices, or write a `market.toml` beside them")
                .into());
        }
        return open_catalog(&inside, options, stage, inspector);
    }
    if path.extension().is_some_and(|e| e == "toml") {
        return open_catalog(path, options, stage, inspector);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = name.split('.').next().unwrap_or_default().to_owned();
    // Wildcards may stand in the names of folders as well.
    let (root, file) = match path.parent().filter(|_| !is_pattern) {
        Some(folder) => (folder.to_owned(), name),
        None => (PathBuf::new(), path.to_string_lossy().into_owned()),
    };
    let table = PriceTable { file: Some(file), ..PriceTable::default() };
    let catalog = Catalog { prices: vec![table], ..Catalog::default() };
    load(
        Context { catalog: &catalog, root, options, stage, names: Names::default(), inspector },
        &stem,
    )
}

fn open_catalog(
    path: &Path,
    options: Options<'_>,
    stage: Option<&Path>,
    inspector: Option<&dyn Inspector>,
) -> Result<Market, Diagnostics> {
    let catalog = catalog::read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let root = options.root.unwrap_or(folder).to_owned();
    let called = std::path::absolute(folder).ok().and_then(|f| Some(f.file_name()?.to_owned()));
    let name = catalog.name.clone();
    let name = name.or(called.map(|n| n.to_string_lossy().into_owned())).unwrap_or_default();
    load(
        Context { catalog: &catalog, root, options, stage, names: Names::default(), inspector },
        &name,
    )
}

/// Reads all tables. Faults of several tables are reported together.
pub(super) fn load(mut context: Context<'_>, name: &str) -> Result<Market, Diagnostics> {
    context.names = Names::read(&context).map_err(all)?;
    let context = &context;
    let mut faults = vec![];
    let mut tables = vec![];
    let mut detected = vec![];
    for spec in &context.catalog.prices {
        let read = context.source(spec.origin()).map_err(|d| vec![d]).and_then(|file| {
            let progress = context.options.progress;
            let mut read = prices::read_rows(spec, &file, &context.names, progress, &mut detected)?;
            match context.inspector {
                Some(inspector) => inspector.prices(&mut read)?,
                None => prices::check(&mut read)?,
            }
            Ok(read)
        });
        match read {
            Ok(read) => tables.push(read),
            Err(more) => faults.extend(more),
        }
    }
    if tables.is_empty() || !faults.is_empty() {
        if faults.is_empty() {
            faults
                .push(Diagnostic::error(Code::BadCatalog, "the catalog names no table of prices"));
        }
        return Err(all(faults));
    }
    let (mut parts, actions) = assemble::assemble(context, name, tables, detected).map_err(all)?;
    faults.extend(actions::delistings(&mut parts, context).err().into_iter().flatten());
    for (table, spec) in &context.catalog.reports {
        faults.extend(
            reports::add(&mut parts, context, &actions, table, spec).err().into_iter().flatten(),
        );
    }
    for (table, spec) in &context.catalog.labels {
        faults.extend(attach::labels(&mut parts, context, table, spec).err().into_iter().flatten());
    }
    for (name, spec) in &context.catalog.members {
        faults.extend(attach::members(&mut parts, context, name, spec).err().into_iter().flatten());
    }
    for (name, spec) in &context.catalog.events {
        faults.extend(events::add(&mut parts, context, name, spec).err().into_iter().flatten());
    }
    for (table, spec) in &context.catalog.series {
        faults.extend(attach::series(&mut parts, context, table, spec).err().into_iter().flatten());
    }
    if faults.is_empty() { Ok(parts.finish()) } else { Err(all(faults)) }
}

fn all(list: Vec<Diagnostic>) -> Diagnostics {
    Diagnostics { list, ..Diagnostics::default() }
}

/// The place of a column that is named; an error lists the nearest names.
pub(super) fn column(file: &Source, name: &str) -> Result<usize, Diagnostic> {
    let names = file.names();
    if let Some(at) = names.iter().position(|n| n == name) {
        return Ok(at);
    }
    let message = format!("there is no column `{}`", shortened(name));
    let error = Diagnostic::error(Code::MissingColumn, message).in_file(file.path());
    let near = nearest(name, names.iter().map(String::as_str));
    Err(match near.first() {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("it has {}", listed(names))),
    })
}

/// The column of symbols of a table that is not of prices: declared, or by its name.
pub(super) fn symbol_column(file: &Source, declared: Option<&String>) -> Result<usize, Diagnostic> {
    match declared {
        Some(name) => column(file, name),
        None => {
            let roles = super::columns::detect(file.names());
            roles.iter().position(|r| *r == super::columns::Role::Symbol).ok_or_else(|| {
                missing_column(file, "a column of symbols", "`symbol`, `ticker`, `permno`, `name`")
            })
        }
    }
}

/// The column of dates: declared, or by its name.
pub(super) fn date_column(file: &Source, declared: Option<&String>) -> Result<usize, Diagnostic> {
    match declared {
        Some(name) => column(file, name),
        None => {
            let roles = super::columns::detect(file.names());
            let found = roles.iter().position(|r| *r == super::columns::Role::Date);
            found.ok_or_else(|| missing_column(file, "a column of dates", "`date`, `day`"))
        }
    }
}

/// A column that no name stands for.
pub(super) fn missing_column(file: &Source, what: &str, usual: &str) -> Diagnostic {
    let message = format!("expected {what}, found {}", listed(file.names()));
    let error = Diagnostic::error(Code::MissingColumn, message).in_file(file.path());
    error.help(format!("usual names are {usual}; a `market.toml` can name any other"))
}

/// A name of reasonable length.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut list: Vec<String> =
        names.iter().take(SHOWN).map(|n| format!("`{}`", shortened(n))).collect();
    if names.len() > SHOWN {
        list.push(format!("and {} more columns", names.len() - SHOWN));
    }
    list.join(", ")
}
