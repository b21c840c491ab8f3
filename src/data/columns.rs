//! The names that people give to columns of prices, and what is meant by them.

use crate::types::{Basis, Unit};

/// What a column of a long price table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Symbol,
    Date,
    /// A close adjusted for dividends.
    AdjustedClose,
    /// A total return of one row.
    Return,
    /// A field of this name.
    Field(String),
}

// Each row: the role's name, then the names people use, in the order in which they are preferred; lower case, with
// nothing but letters and digits.
const SYMBOL: &[&str] = &[
    "symbol",
    "ticker",
    "tickersymbol",
    "sym",
    "permno",
    "instrument",
    "asset",
    "assetid",
    "security",
    "securityid",
    "code",
    "tscode",
    "stock",
    "stockcode",
    "ric",
    "isin",
    "cusip",
    "sedol",
    "figi",
    "sid",
    "secid",
    "gvkey",
    "tic",
    "actsymbol",
    "id",
    "name",
];
const DATE: &[&str] = &[
    "date",
    "timestamp",
    "datetime",
    "day",
    "time",
    "tradedate",
    "tradingdate",
    "pricedate",
    "session",
    "caldt",
    "datadate",
    "dt",
    "asof",
    "asofdate",
    "index",
];
const FIELDS: &[(&str, &[&str])] = &[
    ("open", &["open", "openprice", "pxopen", "priceopen", "o", "openprc"]),
    ("high", &["high", "highprice", "pxhigh", "pricehigh", "h", "hi", "askhi"]),
    ("low", &["low", "lowprice", "pxlow", "pricelow", "l", "lo", "bidlo"]),
    (
        "close",
        &[
            "close",
            "closeprice",
            "closingprice",
            "pxclose",
            "priceclose",
            "price",
            "last",
            "lastprice",
            "pxlast",
            "settle",
            "settlement",
            "value",
            "c",
            "prc",
            "prccd",
            "nav",
        ],
    ),
    (
        "volume",
        &["volume", "vol", "pxvolume", "totalvolume", "sharevolume", "tradedvolume", "v", "cshtrd"],
    ),
    (
        "market_cap",
        &[
            "marketcap",
            "marketcapitalization",
            "marketcapitalisation",
            "mktcap",
            "mcap",
            "marketvalue",
        ],
    ),
    ("shares_outstanding", &["sharesoutstanding", "shares", "shrout", "sharesout", "cshoc"]),
];
const ADJUSTED: &[&str] = &[
    "adjclose",
    "adjustedclose",
    "closeadj",
    "closeadjusted",
    "adjcloseprice",
    "adjustedcloseprice",
    "adjustedprice",
    "adjprice",
    "adjprc",
    "totalreturnindex",
    "tri",
    "totalreturn",
];
const RETURN: &[&str] = &["ret", "return", "returns", "dailyreturn", "totalret", "dlyret", "trt1d"];

fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// What each column of a long price table is, by its name; `None` where another column of the same role has a better
/// name or the name says nothing.
pub(super) fn detect(names: &[String]) -> Vec<Role> {
    let bare_names: Vec<String> = names.iter().map(|n| bare(n)).collect();
    let mut roles: Vec<Option<Role>> = vec![None; names.len()];
    let mut assign = |aliases: &[&str], role: Role| {
        for alias in aliases {
            let found = (0..names.len()).find(|&i| roles[i].is_none() && bare_names[i] == *alias);
            if let Some(i) = found {
                roles[i] = Some(role);
                return;
            }
        }
    };
    assign(SYMBOL, Role::Symbol);
    assign(DATE, Role::Date);
    assign(ADJUSTED, Role::AdjustedClose);
    assign(RETURN, Role::Return);
    for (name, aliases) in FIELDS {
        assign(aliases, Role::Field((*name).to_owned()));
    }
    let mut used: Vec<String> = roles
        .iter()
        .filter_map(|r| if let Some(Role::Field(n)) = r { Some(n.clone()) } else { None })
        .collect();
    roles
        .into_iter()
        .zip(names)
        .map(|(role, name)| {
            role.unwrap_or_else(|| {
                let mut field = snake_case(name);
                while used.contains(&field) {
                    field.push('_');
                }
                used.push(field.clone());
                Role::Field(field)
            })
        })
        .collect()
}

/// A name of the language from a column's name: `EarningsPerShare` → `earnings_per_share`, `P/E` → `p_e`.
pub(super) fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut previous = ' ';
    for c in name.trim().chars() {
        if c.is_alphanumeric() {
            if c.is_uppercase() && previous.is_lowercase() && !out.ends_with('_') {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        previous = c;
    }
    let out = out.trim_end_matches('_').to_owned();
    if out.is_empty() || out.starts_with(|c: char| c.is_numeric()) {
        format!("c_{out}")
    } else {
        out
    }
}

/// The unit that a field of this name conventionally has, with prices on `basis`.
pub(super) fn conventional_unit(name: &str, basis: Basis) -> Unit {
    match name {
        "open" | "high" | "low" | "close" => Unit::price(basis),
        "volume" => Unit::shares(basis),
        "total_return" | "risk_free" => Unit::RATIO,
        "shares_outstanding" => Unit::Known { money: 0, shares: 1, rows: 0, basis: None },
        "market_cap"
        | "book_equity"
        | "net_income"
        | "revenue"
        | "total_assets"
        | "total_debt"
        | "operating_cash_flow"
        | "gross_profit"
        | "cash"
        | "dollar_volume" => Unit::MONEY,
        _ => Unit::Unknown,
    }
}
