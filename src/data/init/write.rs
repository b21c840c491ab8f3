//! Guesses as a `market.toml`, with what was guessed and what must be looked at as comments.

use super::{
    super::columns::snake_case,
    guess::{Guess, Kind},
};

/// Conventional names of figures, by names in small letters with nothing but letters and digits.
const CONVENTIONAL: &[(&str, &[&str])] = &[
    (
        "book_equity",
        &[
            "equity",
            "totalequity",
            "stockholdersequity",
            "totalstockholdersequity",
            "bookequity",
            "shareholdersequity",
            "ceq",
        ],
    ),
    ("net_income", &["netincome", "netincomeloss", "netearnings", "profit", "ni"]),
    ("revenue", &["revenue", "revenues", "totalrevenue", "sales", "netsales", "sale"]),
    ("gross_profit", &["grossprofit"]),
    ("operating_income", &["operatingincome", "operatingincomeloss", "opincome", "ebit"]),
    ("ebitda", &["ebitda"]),
    (
        "operating_cash_flow",
        &[
            "operatingcashflow",
            "cashflowop",
            "netcashflowoperating",
            "netcashfromoperations",
            "ncfo",
            "oancf",
        ],
    ),
    ("capital_expenditure", &["capitalexpenditures", "capitalexpenditure", "capex", "capx"]),
    ("total_assets", &["totalassets", "assets", "at"]),
    ("total_debt", &["totaldebt", "debt"]),
    ("cash", &["cash", "cashandcashequivalents", "che"]),
    ("current_assets", &["currentassets", "totalcurrentassets", "curassets", "act"]),
    ("current_liabilities", &["currentliabilities", "totalcurrentliabilities", "curliab", "lct"]),
    (
        "shares_outstanding",
        &["sharesoutstanding", "sharesadjusted", "csho", "commonsharesoutstanding"],
    ),
    ("market_cap", &["marketcap", "marketcapitalization", "mktcap"]),
];

/// A file with its guess.
#[derive(Debug)]
pub(super) struct Guessed {
    /// Its path, relative to the folder of the `market.toml`.
    pub(super) file: String,
    pub(super) guess: Guess,
}

impl Guessed {
    fn stem(&self) -> String {
        let name = self.file.rsplit('/').next().unwrap_or_default();
        let stem = snake_case(name.split('.').next().unwrap_or_default());
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
    }
}

/// A `market.toml`, and what it still needs from a person.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) needs: Vec<String>,
}

/// Writes all tables.
pub(super) fn write(name: &str, files: &[Guessed]) -> Written {
    let mut out = Written::default();
    out.line("# A first guess, by the names of columns and a look at the values. Whatever ends in a question mark must be");
    out.line("# looked at; then `decile data check` says what is wrong with the data, and `decile import` stores them.");
    out.line(&format!("name = {}", quoted(name)));
    out.line("notes = []  # what every report must say: survivors only?");
    let mut names: Vec<String> = vec![];
    let mut table_name = |file: &Guessed| {
        let mut name = file.stem();
        while names.contains(&name) || name.is_empty() {
            name.push('_');
        }
        names.push(name.clone());
        name
    };
    for file in files {
        out.prices(file);
    }
    let publications = files.iter().find(|f| matches!(f.guess, Guess::Publications { .. }));
    for file in files {
        match &file.guess {
            Guess::Reports { .. } => out.reports(file, &table_name(file), publications),
            Guess::Labels { symbol, labels } => {
                out.labels(file, &table_name(file), symbol, labels);
            }
            Guess::Members { symbol, start, end } => {
                out.table("members", &table_name(file), file);
                out.key("symbol", symbol);
                out.key("start", start);
                if let Some(end) = end {
                    out.line(&format!(
                        "end = {}  # the first day out? else: end_included = true",
                        quoted(end)
                    ));
                }
            }
            Guess::Series { date, figures } => out.series(file, &table_name(file), date, figures),
            _ => {}
        }
    }
    let mut given = vec![];
    for file in files {
        match &file.guess {
            Guess::Actions { what, .. } if given.contains(what) => {
                out.need(format!("{}: a market has one table of these", file.file));
            }
            Guess::Actions { what, symbol, date, number } => {
                given.push(*what);
                let (table, key, meaning) = match what {
                    Kind::Splits => ("splits", "ratio", "new shares for one old?"),
                    Kind::Dividends => ("dividends", "amount", "money for one share of the day?"),
                };
                out.text.push('\n');
                out.line(&format!(
                    "[{table}]  # prices must then be basis = \"raw\" to be brought through them"
                ));
                out.key("file", &file.file);
                out.key("symbol", symbol);
                out.line(&format!("date = {}  # the first day at the new price?", quoted(date)));
                out.line(&format!("{key} = {}  # {meaning}", quoted(number)));
            }
            Guess::Unknown { why } => {
                out.text.push('\n');
                out.line(&format!("# Not used: {}: {why}.", file.file));
            }
            _ => {}
        }
    }
    if !files.iter().any(|f| matches!(f.guess, Guess::LongPrices { .. } | Guess::WidePrices { .. }))
    {
        out.need("no file of prices was found: add [prices] with `file`, and `date`, `symbol` or `columns` where names do not show them".to_owned());
    }
    out
}

impl Written {
    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    fn key(&mut self, key: &str, value: &str) {
        self.line(&format!("{key} = {}", quoted(value)));
    }

    /// Something that a person must do, said in the file and to the person.
    fn need(&mut self, need: String) {
        self.line(&format!("# Needed: {need}"));
        self.needs.push(need);
    }

    fn table(&mut self, kind: &str, name: &str, file: &Guessed) {
        self.text.push('\n');
        self.line(&format!("[{kind}.{name}]"));
        self.key("file", &file.file);
    }

    fn prices(&mut self, file: &Guessed) {
        match &file.guess {
            Guess::LongPrices { symbol, date, adjusted, returns } => {
                self.text.push('\n');
                self.line("[[prices]]  # a row for each symbol and date");
                self.key("file", &file.file);
                match symbol {
                    Some(symbol) => self.key("symbol", symbol),
                    None => {
                        self.line(&format!(
                            "symbol_is = {}  # the file is of one asset, called so?",
                            quoted(&file.stem())
                        ));
                    }
                }
                self.key("date", date);
                match (adjusted, returns) {
                    (true, _) => self.line("basis = \"split_adjusted\"  # as an adjusted close stands beside it? else \"raw\""),
                    (false, true) => self.line("basis = \"raw\"  # as returns stand beside it? else \"split_adjusted\""),
                    (false, false) => {
                        self.line("# basis = \"split_adjusted\"  # or \"raw\", \"fully_adjusted\": the file does not say; without this, prices are taken as traded");
                    }
                }
            }
            Guess::WidePrices { date } => {
                self.text.push('\n');
                self.line("[[prices]]  # a column of closes for each symbol");
                self.key("file", &file.file);
                self.line("wide = true");
                self.key("date", date);
                self.line("# basis = \"split_adjusted\"  # or \"raw\", \"fully_adjusted\": the file does not say; without this, prices are taken as traded");
            }
            _ => {}
        }
    }

    fn reports(&mut self, file: &Guessed, name: &str, publications: Option<&Guessed>) {
        let Guess::Reports { symbol, period_end, published, figures, kinds } = &file.guess else {
            return;
        };
        self.table("reports", name, file);
        self.key("symbol", symbol);
        self.key("period_end", period_end);
        match (published, publications.map(|f| (f, &f.guess))) {
            (Some(published), _) => {
                self.line(&format!(
                    "published = {}  # the day on which the public could know?",
                    quoted(published)
                ));
            }
            (None, Some((from, Guess::Publications { symbol, period_end, published }))) => {
                self.line(&format!(
                    "published = {{ file = {}, symbol = {}, period_end = {}, column = {} }}  # of the same symbols and periods?",
                    quoted(&from.file), quoted(symbol), quoted(period_end), quoted(published)
                ));
                self.line("# lag = \"90d\"  # for records that have no date there; without it they are left out");
            }
            _ => {
                self.need(format!(
                    "{}: no column of publication dates was found: name one as `published`, or declare a `lag` after the period's end; without either, all records are left out",
                    file.file
                ));
                self.line("# lag = \"90d\"");
            }
        }
        for (column, values) in kinds {
            let values: Vec<String> = values.iter().map(|v| quoted(v)).collect();
            self.line(&format!(
                "# only = {{ {} = [{}] }}  # take one kind? quarters and years in one table have flows of different lengths",
                key(column),
                values.join(", ")
            ));
        }
        self.text.push('\n');
        self.line(&format!("[reports.{name}.columns]"));
        self.columns(figures, true);
    }

    fn columns(&mut self, figures: &[String], conventional: bool) {
        let mut used: Vec<String> = vec![];
        for column in figures {
            let bare: String = column
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_ascii_lowercase();
            let known = CONVENTIONAL.iter().find(|(_, names)| names.contains(&bare.as_str()));
            let mut field = match known.filter(|_| conventional) {
                Some((field, _)) if !used.iter().any(|u| u == field) => (*field).to_owned(),
                _ => snake_case(column),
            };
            while used.contains(&field) {
                field.push('_');
            }
            self.line(&format!("{} = {}", key(&field), quoted(column)));
            used.push(field);
        }
    }

    fn labels(&mut self, file: &Guessed, name: &str, symbol: &str, labels: &[String]) {
        self.table("labels", name, file);
        self.key("symbol", symbol);
        self.text.push('\n');
        self.line(&format!("[labels.{name}.columns]  # dated as of the file, not of the day"));
        let mut used: Vec<String> = vec![];
        for column in labels {
            let own = snake_case(column);
            let word = match () {
                () if own.contains("industry") => "industry",
                () if own.contains("sector") => "sector",
                () => "",
            };
            let mut field = if word.is_empty() || used.iter().any(|u| u == word) {
                own
            } else {
                word.to_owned()
            };
            while used.contains(&field) {
                field.push('_');
            }
            self.line(&format!("{} = {}", key(&field), quoted(column)));
            used.push(field);
        }
    }

    fn series(&mut self, file: &Guessed, name: &str, date: &str, figures: &[String]) {
        self.table("series", name, file);
        self.key("date", date);
        self.line("# lag = \"1d\"  # how long after its date a value is public?");
        self.text.push('\n');
        self.line(&format!("[series.{name}.columns]"));
        self.columns(figures, false);
        if figures.iter().any(|f| f.eq_ignore_ascii_case("rf")) {
            self.line("# risk_free = { column = \"RF\", scale = 2.52 }  # a yearly rate as a decimal: percent a day × 252 / 100?");
        }
    }
}

/// A text in TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            c if c.is_control() => out += &format!("\\u{:04X}", c as u32),
            c => out.push(c),
        }
    }
    out + "\""
}

/// A key in TOML.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}
