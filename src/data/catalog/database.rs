//! `[databases.NAME]`: where a database is. What proves who asks is never written in a catalog, and no error repeats what
//! might be it.

#![cfg_attr(
    not(feature = "postgres"),
    allow(dead_code, reason = "a build that reads no such database checks the form alone")
)]

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::fmt;

/// A database.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::data) struct Database {
    /// A file of SQLite.
    pub(in crate::data) sqlite: Option<Plain>,
    /// A server of PostgreSQL.
    #[serde(default, deserialize_with = "server")]
    pub(in crate::data) postgres: Option<Server>,
    /// The variable of the environment that holds the URL of such a server.
    pub(in crate::data) url_from: Option<Variable>,
    #[allow(dead_code, reason = "it is never there")]
    password: Option<Secret>,
    #[allow(dead_code, reason = "it is never there")]
    url: Option<Secret>,
}

/// A server of PostgreSQL. What is left out is that of the variables that its own programs read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::data) struct Server {
    pub(in crate::data) host: Option<Plain>,
    pub(in crate::data) port: Option<u16>,
    pub(in crate::data) dbname: Option<Plain>,
    pub(in crate::data) user: Option<Plain>,
    /// The variable of the environment that holds the password, `PGPASSWORD` otherwise.
    pub(in crate::data) password_from: Option<Variable>,
    /// A file that holds the password and nothing else.
    pub(in crate::data) password_file: Option<Plain>,
    #[allow(dead_code, reason = "it is never there")]
    password: Option<Secret>,
}

/// A key that is refused whatever it holds.
#[derive(Debug, Clone)]
struct Secret;

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Err(D::Error::custom(NO_SECRETS))
    }
}

const NO_SECRETS: &str = "a `market.toml` holds no password and no URL: put a password into the variable PGPASSWORD or one that `password_from` names, into ~/.pgpass, or into a file that `password_file` names, and a URL into a variable that `url_from` names";

/// A text that is no URL, which may hold a password.
#[derive(Debug, Clone)]
pub(in crate::data) struct Plain(pub(in crate::data) String);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains("://") { Err(D::Error::custom(NO_SECRETS)) } else { Ok(Self(text)) }
    }
}

/// The name of a variable of the environment. It is not repeated either: somebody may have written the password itself.
#[derive(Debug, Clone)]
pub(in crate::data) struct Variable(pub(in crate::data) String);

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Ok(Self(name));
        }
        Err(D::Error::custom(
            "expected the name of a variable of the environment, such as `PGPASSWORD`, not what it holds",
        ))
    }
}

/// A table; a text is refused without being repeated.
fn server<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Server>, D::Error> {
    struct Table;

    impl<'de> Visitor<'de> for Table {
        type Value = Server;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table such as { host = \"localhost\", dbname = \"prices\" }")
        }

        fn visit_str<E: Error>(self, _text: &str) -> Result<Server, E> {
            Err(E::custom(NO_SECRETS))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Server, A::Error> {
            Server::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Table).map(Some)
}
