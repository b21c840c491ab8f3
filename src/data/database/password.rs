//! The password for a server: from the environment, a file that the catalog names, or the user's `.pgpass`.

use super::Query;
use crate::{
    data::catalog::database::{Server, Variable},
    diagnostic::{Diagnostic, io_reason},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// What a variable of the environment holds that a key of the catalog names. Neither is repeated.
pub(super) fn variable(
    query: &Query<'_>,
    key: &str,
    name: &Variable,
) -> Result<String, Diagnostic> {
    env::var(&name.0).map_err(|_| {
        query.unreadable(format!("the environment has no variable of the name in `{key}`"))
    })
}

/// The password that the catalog names, or that of the environment.
pub(super) fn declared(
    query: &Query<'_>,
    server: Option<&Server>,
) -> Result<Option<String>, Diagnostic> {
    if let Some(name) = server.and_then(|s| s.password_from.as_ref()) {
        return variable(query, "password_from", name).map(Some);
    }
    if let Some(file) = server.and_then(|s| s.password_file.as_ref()) {
        let text = fs::read_to_string(query.root.join(&file.0)).map_err(|e| {
            query.unreadable(format!("the `password_file` cannot be read: {}", io_reason(&e)))
        })?;
        return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    Ok(env::var("PGPASSWORD").ok())
}

/// The password of a line of `.pgpass` (or of the file that PGPASSFILE names) that fits.
pub(super) fn of_user(host: &str, port: u16, dbname: &str, user: &str) -> Option<String> {
    let usual = || Some(PathBuf::from(env::var_os("HOME")?).join(".pgpass"));
    let path = env::var_os("PGPASSFILE").map(PathBuf::from).or_else(usual)?;
    if !is_private(&path) {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let port = port.to_string();
    // The name that sockets of this machine have there.
    let host = if host.starts_with('/') { "localhost" } else { host };
    text.lines().filter(|l| !l.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let wanted = [host, &port, dbname, user];
        let fits = fields.len() == 5
            && fields.iter().zip(wanted).all(|(found, wanted)| found == "*" || found == wanted);
        fits.then(|| fields[4].clone())
    })
}

/// The fields of a line: between colons, with `\` before a colon or another `\` that belongs to the field.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        let taken = match c {
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => characters.next(),
            c => Some(c),
        };
        if let (Some(field), Some(c)) = (fields.last_mut(), taken) {
            field.push(c);
        }
    }
    fields
}

/// Whether nobody else may read a file, as PostgreSQL itself demands.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|m| m.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_password_file() {
        assert_eq!(fields("h:5432:*:me:a\\:b\\\\c"), ["h", "5432", "*", "me", "a:b\\c"]);
        assert_eq!(fields("h:1:d:u:a:b"), ["h", "1", "d", "u", "a:b"]);
        assert_eq!(fields(""), [""]);
    }
}
