//! What is said of strategies that are wrong, the types of named expressions, and plans: every `.decile` file of the
//! corpus is a test, with what must come out beside it.

use decile::{data::Market, engine::Strategy, panel::Date};
use std::{fmt::Write, path::Path, sync::LazyLock};

static SAMPLE: LazyLock<Market> = LazyLock::new(Market::sample);
static SMALL: LazyLock<Market> = LazyLock::new(small_market);

/// Four companies, an index and 300 weekdays.
fn small_market() -> Market {
    let mut dates: Vec<Date> = vec![];
    let mut date = jiff::civil::date(2020, 1, 1);
    while dates.len() < 300 {
        if date.weekday().to_monday_zero_offset() < 5 {
            dates.push(date);
        }
        date = date.tomorrow().expect("the year has a next day");
    }
    let symbols = ["AAA", "BBB", "CCC", "DDD", "IDX"];
    let wave = |row: usize, asset: usize| {
        let phase = (row * (7 + asset) + asset * 13) % 29;
        100.0 * (1.0 + 0.01 * phase as f64) + row as f64 * 0.1 * (asset as f64 + 1.0)
    };
    let panel = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        (0..dates.len())
            .flat_map(|r| (0..symbols.len()).map(move |a| (r, a)))
            .map(|(r, a)| f(r, a))
            .collect()
    };
    let close = panel(&wave);
    let volume = panel(&|r, a| 1e4 * (1.0 + ((r + a) % 5) as f64));
    let rates = vec![0.01; dates.len()];
    Market::from_parts(dates, &symbols)
        .name("small")
        .rows_per_year(252)
        .panel("close", &close)
        .panel("volume", &volume)
        .label("sector", &["Energy", "Energy", "Utilities", "Utilities", ""])
        .series("risk_free", decile::types::Unit::RATIO, &rates)
        .reference("IDX")
        .build()
}

fn snapshot(path: &Path, actual: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let stem = path.file_stem().expect("a file of the corpus has a name").to_string_lossy();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder.parent().expect("it lies in a folder"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(stem.as_ref(), actual));
}

/// What the checker says of a strategy; it must say something.
fn check(path: &Path) -> datatest_stable::Result<()> {
    let said = match Strategy::open(path).and_then(|s| Ok(s.compile(&*SAMPLE)?.warnings())) {
        Ok(warnings) => warnings,
        Err(errors) => errors,
    };
    if said.list.is_empty() {
        return Err("nothing is said of this strategy".into());
    }
    snapshot(path, &said.to_string());
    Ok(())
}

/// The kind, shape and unit of every named expression.
fn types(path: &Path) -> datatest_stable::Result<()> {
    let strategy = Strategy::open(path)?;
    let compiled = strategy.compile(&*SAMPLE)?;
    let mut page = String::new();
    for (name, ty) in compiled.explain(false)?.types {
        let _ = writeln!(page, "{name} : {ty}");
    }
    let _ = write!(page, "\n{}", compiled.warnings());
    snapshot(path, &page);
    Ok(())
}

/// Every stage of a plan.
fn plan(path: &Path) -> datatest_stable::Result<()> {
    snapshot(path, &Strategy::open(path)?.compile(&*SMALL)?.explain(false)?.to_text());
    Ok(())
}

datatest_stable::harness! {
    { test = check, root = "tests/corpus/check", pattern = r"\.decile$" },
    { test = types, root = "tests/corpus/types", pattern = r"\.decile$" },
    { test = plan, root = "tests/corpus/plan", pattern = r"\.decile$" },
}
