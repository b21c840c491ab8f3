//! The sample market: its histories are plausible, and its tables import as what they were written from.

use decile::{
    Market, Query,
    data::Sample,
    panel::{FieldData, FieldId, MarketData, Rows},
    table::TableFormat,
    types::Basis,
};
use std::{fs, path::Path, process::Command, sync::LazyLock};

static SAMPLE: LazyLock<Market> = LazyLock::new(Market::sample);
static TRADED: LazyLock<Market> = LazyLock::new(|| Sample::default().market_as_traded());

fn field(market: &Market, table: &str, name: &str) -> FieldId {
    let found = market.schema().find(Some(table), name);
    assert_eq!(found.len(), 1, "{table}.{name}");
    found[0]
}

/// The numbers of a field as bits, in whichever form they are kept.
fn bits(market: &Market, id: FieldId) -> Vec<u64> {
    let floats = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let whole = |v: &[u32]| v.iter().map(|x| u64::from(*x)).collect::<Vec<_>>();
    match market.field(id) {
        FieldData::Panel(panel) => panel.iter().map(|x| x.to_bits()).collect(),
        FieldData::Series(values) | FieldData::Static(values) => floats(values),
        FieldData::AsOf(a) => {
            let ends = a.period_end.iter().map(|day| *day as u64).collect();
            let known = [whole(a.offsets), whole(a.known_from), whole(a.known_until), ends];
            [known.concat(), floats(a.values)].concat()
        }
        FieldData::Spells(s) => [whole(s.assets), whole(s.from), whole(s.until)].concat(),
        FieldData::Steps(s) => {
            [whole(s.offsets), whole(s.from), floats(s.values), floats(&[s.before])].concat()
        }
    }
}

/// How many rows a CSV file has.
fn rows(folder: &Path, name: &str) -> usize {
    fs::read_to_string(folder.join(name)).expect("readable").lines().count() - 1
}

#[test]
fn tables_import_as_the_market_they_were_written_from() {
    let sample = Sample { assets: 120, years: 10, seed: 3 };
    let market = sample.market_as_traded();
    for format in [TableFormat::Csv, TableFormat::Parquet] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("deep/tables");
        sample.write_tables(&folder, format).unwrap_or_else(|e| panic!("{e}"));
        let read = Market::open(&folder).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(read.warnings().len(), 0, "{:?}", read.warnings());
        let (found, expected) = (read.schema(), market.schema());
        assert_eq!(found.symbols, expected.symbols);
        assert_eq!(found.fields.len(), expected.fields.len());
        assert_eq!((found.price_basis, found.has_dividends), (Basis::Raw, true));
        assert_eq!(read.calendar(), market.calendar());
        assert_eq!(read.lifetimes(), market.lifetimes());
        assert_eq!(read.is_reference(), market.is_reference());
        for (i, expected) in expected.fields.iter().enumerate() {
            let id = field(&read, &expected.table, &expected.name);
            let found = found.field(id);
            assert_eq!(found.ty, expected.ty, "{}", expected.name);
            assert_eq!((&found.labels, found.reported), (&expected.labels, expected.reported));
            assert!(bits(&read, id) == bits(&market, FieldId(i as u16)), "{}", expected.name);
        }
        if format == TableFormat::Csv {
            // Nothing of this was compared while empty.
            for (name, least) in [
                ("splits.csv", 10),
                ("dividends.csv", 1000),
                ("delistings.csv", 10),
                ("renames.csv", 3),
                ("index.csv", 48),
                ("economy.csv", 90),
            ] {
                assert!(rows(&folder, name) >= least, "{name}");
            }
            let ratios = fs::read_to_string(folder.join("splits.csv")).expect("readable");
            assert!(ratios.contains(",2\n"), "there are splits");
        }
    }
}

#[test]
fn both_bases_have_the_same_returns_and_values() {
    let same = |name| {
        let ids = (field(&SAMPLE, "prices", name), field(&TRADED, "prices", name));
        bits(&SAMPLE, ids.0) == bits(&TRADED, ids.1)
    };
    assert!(same("total_return"));
    assert!(!same("close") && !same("volume"), "there are splits");
    // What a company is worth does not depend on the shares that it is counted in.
    let last = SAMPLE.calendar().len();
    let wanted = Rows::new((300..last as u32).step_by(97).collect(), last);
    for expression in ["market_cap", "value", "adv", "price_return(63)", "turnover_ratio"] {
        let (adjusted, traded) =
            (evaluate(&SAMPLE, expression, &wanted), evaluate(&TRADED, expression, &wanted));
        let mut compared = 0;
        for (a, b) in adjusted.iter().flatten().zip(traded.iter().flatten()) {
            assert_eq!(a.is_nan(), b.is_nan(), "{expression}");
            if !a.is_nan() {
                assert!((a - b).abs() <= 1e-9 * a.abs(), "{expression}: {a}, {b}");
                compared += 1;
            }
        }
        assert!(compared > 5_000, "{expression}: {compared}");
    }
}

/// The values of an expression on some rows, by row.
fn evaluate(market: &Market, expression: &str, wanted: &Rows) -> Vec<Vec<f64>> {
    let query = Query::parse(expression).unwrap_or_else(|e| panic!("{e}"));
    let compiled = query.compile(market).unwrap_or_else(|e| panic!("{e}"));
    let values = compiled.evaluate(wanted).remove(0).values;
    wanted.as_slice().iter().map(|r| values.row(*r).expect("asked for").to_vec()).collect()
}

/// A series over all rows.
fn series(expression: &str) -> Vec<f64> {
    let rows = evaluate(&SAMPLE, expression, &Rows::all(SAMPLE.calendar().len()));
    rows.into_iter().map(|row| row[0]).collect()
}

/// Mean and standard deviation, of what is there, a year.
fn yearly(returns: &[f64]) -> (f64, f64) {
    let there: Vec<f64> = returns.iter().copied().filter(|x| !x.is_nan()).collect();
    let mean = there.iter().sum::<f64>() / there.len() as f64;
    let squares: f64 = there.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean * 252.0, (squares / (there.len() - 1) as f64 * 252.0).sqrt())
}

#[test]
fn the_market_rises_and_falls_as_markets_do() {
    let asset = SAMPLE.schema().asset("MARKET").expect("the benchmark").0 as usize;
    let index: Vec<f64> = SAMPLE.prices().total_return.column(asset).to_vec();
    let returns: Vec<f64> = index.windows(2).map(|w| w[1] / w[0] - 1.0).collect();
    let growth = libm::pow(index[index.len() - 1] / index[0], 252.0 / returns.len() as f64) - 1.0;
    assert!((0.06..0.08).contains(&growth), "{growth}");
    let (_, volatility) = yearly(&returns);
    assert!((0.15..0.18).contains(&volatility), "{volatility}");
    let (mut peak, mut deepest, mut deep) = (0.0f64, 0.0f64, 0);
    let mut is_deep = false;
    for level in &index {
        peak = peak.max(*level);
        let fall = level / peak - 1.0;
        deepest = deepest.min(fall);
        deep += i32::from(fall < -0.3 && !is_deep);
        is_deep = fall < if is_deep { -0.1 } else { -0.3 };
    }
    assert!((-0.5..-0.35).contains(&deepest), "{deepest}");
    assert!((1..=2).contains(&deep), "{deep} deep falls");
}

#[test]
fn companies_move_together_in_a_crisis() {
    let correlation = |from: usize, until: usize| {
        let total = SAMPLE.prices().total_return;
        let own: Vec<Vec<f64>> = (0..total.ncols())
            .map(|a| (from..until).map(|r| total[[r, a]] / total[[r - 1, a]] - 1.0).collect())
            .filter(|returns: &Vec<f64>| returns.iter().all(|x| !x.is_nan()))
            .collect();
        // Variance of the mean over the mean variance: the average correlation, for many.
        let days = until - from;
        let mean: Vec<f64> =
            (0..days).map(|d| own.iter().map(|r| r[d]).sum::<f64>() / own.len() as f64).collect();
        let all = own.iter().map(|r| yearly(r).1.powi(2)).sum::<f64>() / own.len() as f64;
        yearly(&mean).1.powi(2) / all
    };
    // The rows at which the volatility that options imply is highest and lowest on average over half a year.
    let implied = series("volatility_index");
    let averages: Vec<f64> = implied.windows(126).map(|w| w.iter().sum::<f64>() / 126.0).collect();
    let most = |sign: f64| {
        let by = |a: &usize, b: &usize| (sign * averages[*a]).total_cmp(&(sign * averages[*b]));
        (1..averages.len()).max_by(by).expect("there are rows")
    };
    let (calm, crisis) = (most(-1.0), most(1.0));
    let (calm, crisis) = (correlation(calm, calm + 126), correlation(crisis, crisis + 126));
    assert!(crisis > calm + 0.15 && calm > 0.05, "{calm} and {crisis}");
}

#[test]
fn premia_can_be_seen_and_fail_for_years() {
    let dates = SAMPLE.calendar().dates();
    for factor in ["value", "momentum", "gross_profitability", "size"] {
        let returns = series(&format!("spread({factor}, top: 20%, bottom: 20%)"));
        let (mean, deviation) = yearly(&returns);
        let sharpe = mean / deviation;
        assert!((0.2..0.75).contains(&sharpe), "{factor}: {sharpe}");
        let year = |y: i16| {
            let own = dates.iter().zip(&returns).filter(|(d, x)| d.year() == y && !x.is_nan());
            own.map(|(_, x)| x).sum::<f64>()
        };
        let lost = (2011..2024).filter(|y| year(*y) < 0.0).count();
        assert!((2..=8).contains(&lost), "{factor} lost in {lost} years");
    }
}

#[test]
fn single_companies_are_as_restless_as_stocks() {
    let total = SAMPLE.prices().total_return;
    let mut volatilities: Vec<f64> = (0..total.ncols())
        .map(|a| (1..total.nrows()).map(|r| total[[r, a]] / total[[r - 1, a]] - 1.0).collect())
        .filter(|returns: &Vec<f64>| returns.iter().filter(|x| !x.is_nan()).count() > 500)
        .map(|returns| yearly(&returns).1)
        .collect();
    volatilities.sort_by(f64::total_cmp);
    let at = |p: f64| volatilities[(p * (volatilities.len() - 1) as f64) as usize];
    assert!(at(0.1) > 0.23 && (0.28..0.38).contains(&at(0.5)) && at(0.9) < 0.5);
}

#[test]
fn reports_are_late_and_taken_back() {
    let id = field(&TRADED, "fundamentals", "net_income");
    let FieldData::AsOf(records) = TRADED.field(id) else { panic!("figures are records") };
    let (mut restated, mut late) = (0, 0);
    for own in records.offsets.windows(2) {
        // Those of before the first session are all known from it on.
        let mut seen = std::collections::BTreeMap::new();
        for i in own[0] as usize..own[1] as usize {
            if let Some(before) = seen.insert(records.period_end[i], records.values[i]) {
                assert_ne!(before, records.values[i], "a restatement says something else");
                restated += 1;
            } else if records.known_from[i] > 0 {
                let known = TRADED.calendar().dates().get(records.known_from[i] as usize);
                let day = known.map(|d| decile::panel::days_since_epoch(*d));
                late += usize::from(day.is_some_and(|d| d - records.period_end[i] > 80));
            }
        }
    }
    let share = |n: usize| n as f64 / records.values.len() as f64;
    assert!((0.005..0.03).contains(&share(restated)), "{restated} restated");
    assert!((0.01..0.06).contains(&share(late)), "{late} late");
}

#[test]
fn companies_that_leave_were_bought_or_failed() {
    let id = field(&SAMPLE, "delistings", "delisting_return");
    let FieldData::Static(outcomes) = SAMPLE.field(id) else { panic!("one of each company") };
    let last = SAMPLE.calendar().len() as u32 - 1;
    let (mut bought, mut failed) = (0, 0);
    for (asset, outcome) in outcomes.iter().enumerate() {
        let (_, end) = SAMPLE.lifetimes()[asset].expect("it was traded");
        assert_eq!(outcome.is_nan(), end == last, "{}", SAMPLE.schema().symbols[asset]);
        bought += usize::from(outcome.abs() < 0.02);
        failed += usize::from((-1.0..=-0.6).contains(outcome));
    }
    assert!(bought > 80 && failed > 25 && bought > failed, "{bought} and {failed}");
}

#[test]
fn tables_replace_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str| {
        let path = folder.path().join(name);
        let arguments = ["sample", "--assets", "5", "--years", "1", "--raw", "--to"];
        let output = Command::new(env!("CARGO_BIN_EXE_decile"))
            .args(arguments)
            .arg(path)
            .output()
            .expect("the program was built");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).expect("text"))
    };
    let (code, said) = write("new");
    assert!(code == Some(0) && said.starts_with("tables written to "), "{said}");
    let (code, said) = write("new");
    assert!(code == Some(2) && said.contains("is not an empty folder"), "{said}");
    fs::write(folder.path().join("thesis"), "years of work").expect("writable");
    assert_eq!(write("thesis").0, Some(2));
    assert_eq!(write("thesis/inside").0, Some(2));
    assert_eq!(fs::read_to_string(folder.path().join("thesis")).expect("readable").len(), 13);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "nothing is left beside");
}
