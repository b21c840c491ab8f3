//! The sample as tables with a `market.toml`: whole or not at all.

use super::{
    books::{FIGURES, SHARES},
    economy::SECTORS,
    indicators::{DAILY, MONTHLY, MONTHLY_AGE_MONTHS, MONTHLY_LAG_DAYS},
    market::note,
    world::{Company, World},
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, io_reason};
use crate::{
    panel::Date,
    table::{self, Column, TableFormat},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The catalog, with gaps for what depends on the market.
const CATALOG: &str = include_str!("market.toml");
/// Companies whose prices are written at once.
const BLOCK: usize = 64;

pub(super) fn write(world: &World, folder: &Path, format: TableFormat) -> Result<(), Diagnostics> {
    let occupied = fs::read_dir(folder).is_ok_and(|mut d| d.next().is_some()) || folder.is_file();
    if occupied {
        let message = format!("`{}` exists and is not an empty folder", folder.display());
        let error = Diagnostic::error(Code::OutputFolder, message);
        return Err(error.help("name a folder that does not exist yet").into());
    }
    write_aside(world, folder, format).map_err(|error| {
        let message = format!("cannot write `{}`: {}", folder.display(), io_reason(&error));
        Diagnostic::error(Code::OutputFolder, message).into()
    })
}

/// Writes beside the folder, which takes its place when all is there.
fn write_aside(world: &World, folder: &Path, format: TableFormat) -> io::Result<()> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent)?;
    let aside = tempfile::Builder::new().prefix(".decile-").tempdir_in(parent)?;
    // A folder inside the temporary one has the usual permissions, as the temporary one has not.
    let new = aside.path().join("new");
    fs::create_dir(&new)?;
    let tables = Tables { world, folder: new.clone(), format };
    tables.prices()?;
    tables.actions()?;
    tables.companies()?;
    tables.series()?;
    fs::write(new.join("market.toml"), tables.catalog())?;
    if folder.is_dir() {
        fs::remove_dir(folder)?;
    }
    fs::rename(&new, folder)
}

struct Tables<'w> {
    world: &'w World,
    folder: PathBuf,
    format: TableFormat,
}

impl<'w> Tables<'w> {
    fn table(&self, name: &str, columns: Vec<(&str, Column<'w>)>) -> io::Result<()> {
        let (names, columns): (Vec<&str>, Vec<Column<'w>>) = columns.into_iter().unzip();
        let path = self.folder.join(format!("{name}.{}", self.format.extension()));
        table::write(&path, self.format, &names, vec![columns])
    }

    fn date(&self, row: usize) -> Date {
        self.world.economy.calendar.dates()[row]
    }

    fn catalog(&self) -> String {
        let figures: String = FIGURES
            .iter()
            .enumerate()
            .map(|(i, name)| match i {
                SHARES => format!("{name} = \"{name}\"\n"),
                _ => format!("{name} = {{ column = \"{name}\", unit = \"money\" }}\n"),
            })
            .collect();
        CATALOG
            .replace("{note}", &note(self.world))
            .replace("{end}", self.format.extension())
            .replace("{figures}", &figures)
            .replace("{lag}", &MONTHLY_LAG_DAYS.to_string())
            .replace("{age}", &MONTHLY_AGE_MONTHS.to_string())
    }

    fn prices(&self) -> io::Result<()> {
        const NAMES: [&str; 7] = ["symbol", "date", "open", "high", "low", "close", "volume"];
        let dates = self.world.economy.calendar.dates();
        let blocks = self.world.companies.chunks(BLOCK).map(|companies| {
            let (mut symbols, mut days) = (vec![], vec![]);
            let mut numbers: [Vec<f64>; 5] = Default::default();
            for company in companies {
                let trades = &company.history.trades;
                let panels =
                    [&trades.open, &trades.high, &trades.low, &trades.close, &trades.volume];
                for (row, date) in dates.iter().enumerate() {
                    if !trades.close[row].is_nan() {
                        symbols.push(company.symbol_on(*date));
                        days.push(Some(*date));
                        numbers.iter_mut().zip(panels).for_each(|(to, from)| to.push(from[row]));
                    }
                }
            }
            let columns = [Column::Text(symbols), Column::Date(days)];
            columns.into_iter().chain(numbers.map(Column::Number)).collect()
        });
        let path = self.folder.join(format!("prices.{}", self.format.extension()));
        table::write(&path, self.format, &NAMES, blocks)?;
        let days = dates.iter().map(|d| Some(*d)).collect();
        let level = self.world.benchmark.clone();
        self.table(
            "benchmark",
            vec![("date", Column::Date(days)), ("close", Column::Number(level))],
        )
    }

    /// Splits, dividends, delistings and changes of symbols.
    fn actions(&self) -> io::Result<()> {
        let companies = || self.world.companies.iter();
        let dated = |name: &str, number: &str, list: Vec<(&'w Company, usize, f64)>| {
            let symbol = |(c, row, _): &(&'w Company, usize, f64)| c.symbol_on(self.date(*row));
            let columns = vec![
                ("symbol", Column::Text(list.iter().map(symbol).collect())),
                ("date", Column::Date(list.iter().map(|l| Some(self.date(l.1))).collect())),
                (number, Column::Number(list.iter().map(|l| l.2).collect())),
            ];
            self.table(name, columns)
        };
        let of = |list: fn(&Company) -> &[(usize, f64)]| -> Vec<(&'w Company, usize, f64)> {
            companies().flat_map(|c| list(c).iter().map(move |(row, x)| (c, *row, *x))).collect()
        };
        dated("splits", "ratio", of(|c| &c.history.trades.splits))?;
        dated("dividends", "amount", of(|c| &c.history.trades.dividends))?;
        let ends = companies().filter_map(|c| {
            let end = c.history.delisting.as_ref()?;
            Some((c, end.row, end.outcome))
        });
        dated("delistings", "return", ends.collect())?;
        let renamed: Vec<(&str, &str, Date)> = companies()
            .filter_map(|c| c.before.as_ref().map(|(old, date)| (&**old, &*c.symbol, *date)))
            .collect();
        self.table(
            "renames",
            vec![
                ("old", Column::Text(renamed.iter().map(|r| r.0).collect())),
                ("new", Column::Text(renamed.iter().map(|r| r.1).collect())),
                ("date", Column::Date(renamed.iter().map(|r| Some(r.2)).collect())),
            ],
        )
    }

    /// Reports, labels and spells of membership.
    fn companies(&self) -> io::Result<()> {
        let companies = &self.world.companies;
        let reports: Vec<_> =
            companies.iter().flat_map(|c| c.history.reports.iter().map(move |r| (c, r))).collect();
        let symbols = reports.iter().map(|(c, r)| c.symbol_on(r.published)).collect();
        let mut columns = vec![
            ("symbol", Column::Text(symbols)),
            ("period_end", Column::Date(reports.iter().map(|r| Some(r.1.period_end)).collect())),
            ("filed", Column::Date(reports.iter().map(|r| Some(r.1.published)).collect())),
        ];
        for (i, name) in FIGURES.iter().enumerate() {
            columns.push((name, Column::Number(reports.iter().map(|r| r.1.values[i]).collect())));
        }
        self.table("fundamentals", columns)?;
        let sector = |c: &Company| SECTORS[c.history.sector];
        let industry = |c: &Company| sector(c).1[c.history.industry];
        self.table(
            "companies",
            vec![
                ("symbol", Column::Text(companies.iter().map(|c| &*c.symbol).collect())),
                ("sector", Column::Text(companies.iter().map(|c| sector(c).0).collect())),
                ("industry", Column::Text(companies.iter().map(industry).collect())),
            ],
        )?;
        let spells = self.world.index();
        let symbols = spells.iter().map(|s| companies[s.company].symbol_on(s.start)).collect();
        self.table(
            "index",
            vec![
                ("symbol", Column::Text(symbols)),
                ("start", Column::Date(spells.iter().map(|s| Some(s.start)).collect())),
                ("end", Column::Date(spells.iter().map(|s| s.end).collect())),
            ],
        )
    }

    fn series(&self) -> io::Result<()> {
        let indicators = &self.world.indicators;
        let dates = self.world.economy.calendar.dates().iter().map(|d| Some(*d)).collect();
        let mut columns = vec![("date", Column::Date(dates))];
        for ((name, _), values) in DAILY.iter().zip(&indicators.daily) {
            columns.push((name, Column::Number(values.clone())));
        }
        self.table("rates", columns)?;
        let months = &indicators.months;
        let mut columns =
            vec![("month_end", Column::Date(months.iter().map(|m| Some(m.end)).collect()))];
        for (i, (name, _)) in MONTHLY.iter().enumerate() {
            columns.push((name, Column::Number(months.iter().map(|m| m.values[i]).collect())));
        }
        self.table("economy", columns)
    }
}
