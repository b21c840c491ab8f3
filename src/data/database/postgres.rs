//! PostgreSQL: a query is carried out in a transaction that only reads, and its rows are taken one by one.

use super::{Query, password};
use crate::data::{
    catalog::database::{Database, Plain, Server},
    gather::{Cell, Growing},
    progress::Progress,
    source::{Head, Rows},
    table::{Looks, Table, Wanted},
};
use crate::diagnostic::{Code, Diagnostic, io_reason};
use postgres::{
    Client, Config, Error, NoTls, Statement,
    config::Host,
    error::SqlState,
    fallible_iterator::FallibleIterator,
    types::{FromSql, Kind, ToSql, Type},
};
use std::{
    env, io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long a server may take to answer at first.
const PATIENCE: Duration = Duration::from_secs(20);
/// Days from 1970-01-01 to 2000-01-01, from which the server counts.
const EPOCH_DAYS: i64 = 10_957;

/// A query of which the columns are known.
pub(super) struct Postgres {
    head: Head,
    client: Mutex<Client>,
    statement: Statement,
}

impl Postgres {
    pub(super) fn open(database: &Database, query: &Query<'_>) -> Result<Self, Diagnostic> {
        let config = match (&database.postgres, &database.url_from) {
            (_, Some(name)) => {
                let url = password::variable(query, "url_from", name)?;
                let wrong = "the variable that `url_from` names holds no URL of a server, such as postgres://USER@HOST/DATABASE";
                url.parse::<Config>().map_err(|_| query.unreadable(wrong))?
            }
            (server, None) => described(&server.clone().unwrap_or_default()),
        };
        let config = with_password(config, database.postgres.as_ref(), query)?;
        let mut client = config.connect(NoTls).map_err(|e| {
            let error = query.unreadable(format!("the server cannot be used: {}", said(&e)));
            match (wants_password(&e), &database.postgres) {
                (true, _) => error.help(
                    "a password is taken from what `password_from` or `password_file` names, else PGPASSWORD, else ~/.pgpass (which nobody else may read)",
                ),
                (false, Some(_)) if e.as_db_error().is_none() => error.help(format!("it was looked for at {}", shown(&config))),
                // What stands in a URL is not repeated.
                _ => error,
            }
        })?;
        let fault = |e: Error| query.unreadable(failed(&e));
        let statement = client.prepare(query.text).map_err(fault)?;
        let names: Vec<String> = statement.columns().iter().map(|c| c.name().to_owned()).collect();
        if names.is_empty() {
            return Err(query.unreadable("the query gives no columns: expected a `select`"));
        }
        let looks = statement.columns().iter().map(|c| looks(c.type_())).collect();
        let head = Head { path: query.path().into(), names, looks };
        Ok(Self { head, client: Mutex::new(client), statement })
    }
}

/// A server as the catalog describes it; what it leaves out is as PostgreSQL's own programs have it.
fn described(server: &Server) -> Config {
    let mut config = Config::new();
    let or = |given: &Option<Plain>, name: &str| {
        given.as_ref().map(|g| g.0.clone()).or_else(|| env::var(name).ok())
    };
    let port = server.port.or_else(|| env::var("PGPORT").ok()?.parse().ok());
    config.host(&or(&server.host, "PGHOST").unwrap_or_else(|| "localhost".to_owned()));
    config.port(port.unwrap_or(5432));
    if let Some(user) = or(&server.user, "PGUSER").or_else(|| env::var("USER").ok()) {
        config.user(&user);
    }
    if let Some(dbname) = or(&server.dbname, "PGDATABASE") {
        config.dbname(&dbname);
    }
    config
}

fn with_password(
    mut config: Config,
    server: Option<&Server>,
    query: &Query<'_>,
) -> Result<Config, Diagnostic> {
    config.connect_timeout(PATIENCE).application_name("decile");
    if config.get_password().is_none() {
        let of_user = || {
            let (host, port) = place(&config)?;
            let user = config.get_user()?;
            password::of_user(&host, port, config.get_dbname().unwrap_or(user), user)
        };
        if let Some(password) = password::declared(query, server)?.or_else(of_user) {
            config.password(password);
        }
    }
    Ok(config)
}

/// The first host and its port.
fn place(config: &Config) -> Option<(String, u16)> {
    let host = match config.get_hosts().first()? {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    Some((host, config.get_ports().first().copied().unwrap_or(5432)))
}

fn shown(config: &Config) -> String {
    place(config).map_or_else(String::new, |(host, port)| format!("host {host}, port {port}"))
}

/// Whether a server does not take the password, or wants one that there is not.
fn wants_password(error: &Error) -> bool {
    error.code() == Some(&SqlState::INVALID_PASSWORD) || said(error) == "password missing"
}

fn looks(kind: &Type) -> Looks {
    match *kind {
        Type::DATE | Type::TIMESTAMP | Type::TIMESTAMPTZ => Looks::Date,
        Type::BOOL | Type::INT2 | Type::INT4 | Type::INT8 => Looks::Number,
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => Looks::Number,
        _ => Looks::Text,
    }
}

/// What an error says in the server's or the system's words.
fn said(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let source = std::error::Error::source(error);
    match source.and_then(|s| s.downcast_ref::<io::Error>()) {
        Some(error) => io_reason(error),
        None => match source {
            Some(source) => source.to_string(),
            None => error.to_string(),
        },
    }
}

fn failed(error: &Error) -> String {
    format!("the query cannot be carried out: {}", said(error))
}

impl Rows for Postgres {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(
        &self,
        wanted: &[(usize, Wanted)],
        missing: &[String],
        progress: &dyn Progress,
    ) -> Result<Table, Vec<Diagnostic>> {
        for (column, _) in wanted {
            let kind = self.statement.columns()[*column].type_();
            if !Cell::accepts(kind) {
                let message = format!("the column holds values of type {kind}, which are not read");
                let help = "cast it in the query, as in `NAME::text` or `NAME::float8`";
                return Err(vec![self.head.fault(*column, Code::DataFormat, message).help(help)]);
            }
        }
        let fault = |e: Error| {
            vec![Diagnostic::error(Code::DataUnreadable, failed(&e)).in_file(&self.head.path)]
        };
        let mut columns = self.head.growing(wanted, missing);
        progress.begin("reading", 1);
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = client.build_transaction().read_only(true).start().map_err(fault)?;
        let none = std::iter::empty::<&(dyn ToSql + Sync)>();
        let mut rows = transaction.query_raw(&self.statement, none).map_err(fault)?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(fault)? {
            count += 1;
            for ((column, _), to) in wanted.iter().zip(&mut columns) {
                to.push(row.try_get(*column).map_err(fault)?);
            }
        }
        progress.advance(1);
        Growing::table(columns, &self.head.path, count)
    }
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            Type::BOOL => Cell::Whole(bool::from_sql(kind, raw)?.into()),
            Type::INT2 => Cell::Whole(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Cell::Whole(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Cell::Whole(i64::from_sql(kind, raw)?),
            Type::FLOAT4 => Cell::Number(f32::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Cell::Number(f64::from_sql(kind, raw)?),
            Type::NUMERIC => Cell::Number(numeric(raw).ok_or("a numeric value is damaged")?),
            Type::DATE => {
                let days: [u8; 4] = raw.try_into()?;
                Cell::Day(i64::from(i32::from_be_bytes(days)) + EPOCH_DAYS)
            }
            Type::TIMESTAMP | Type::TIMESTAMPTZ => {
                const RATE: i64 = 1_000_000;
                let ticks = i64::from_be_bytes(raw.try_into()?);
                let ticks = ticks.saturating_add(EPOCH_DAYS * 86_400 * RATE);
                Cell::Moment { ticks, rate: RATE, is_instant: *kind == Type::TIMESTAMPTZ }
            }
            _ => Cell::Text(std::str::from_utf8(raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Cell::Missing)
    }

    fn accepts(kind: &Type) -> bool {
        let known = [
            Type::BOOL,
            Type::INT2,
            Type::INT4,
            Type::INT8,
            Type::FLOAT4,
            Type::FLOAT8,
            Type::NUMERIC,
            Type::DATE,
            Type::TIMESTAMP,
            Type::TIMESTAMPTZ,
            Type::TEXT,
            Type::VARCHAR,
            Type::BPCHAR,
            Type::NAME,
            Type::UNKNOWN,
        ];
        known.contains(kind) || matches!(kind.kind(), Kind::Enum(_))
    }
}

/// A decimal number: the count of its digits to the base 10,000, the power of the first, its sign, and the digits.
fn numeric(raw: &[u8]) -> Option<f64> {
    use std::fmt::Write as _;
    let word = |i: usize| raw.get(2 * i..2 * i + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
    let (count, weight, sign) = (word(0)?, i32::from(word(1)? as i16), word(2)?);
    let mut text = match sign {
        0x0000 => String::new(),
        0x4000 => "-".to_owned(),
        // Neither a number nor infinite ones are values.
        _ => return Some(f64::NAN),
    };
    text.push('0');
    for i in 0..usize::from(count) {
        let _ = write!(text, "{:04}", word(4 + i)?);
    }
    let _ = write!(text, "e{}", 4 * (weight + 1 - i32::from(count)));
    fast_float2::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers() {
        let words = |list: &[u16]| list.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<_>>();
        assert_eq!(numeric(&words(&[0, 0, 0, 2])), Some(0.0));
        assert_eq!(numeric(&words(&[2, 0, 0, 2, 12, 3_400])), Some(12.34));
        assert_eq!(numeric(&words(&[1, 0xFFFF, 0x4000, 4, 5])), Some(-0.0005));
        assert_eq!(numeric(&words(&[1, 2, 0, 0, 7])), Some(700_000_000.0));
        assert!(numeric(&words(&[0, 0, 0xC000, 0])).is_some_and(f64::is_nan));
        assert_eq!(numeric(&words(&[2, 0, 0, 2, 12])), None);
    }
}
