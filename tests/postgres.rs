//! Tables that queries to PostgreSQL give, from a server of its own that the test starts.
#![cfg(all(unix, feature = "postgres"))]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const PASSWORD: &str = "not-to-be-shown";

/// A server in a temporary folder, reached through a socket there and a port of its own.
struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

/// Where the server's programs are, if they are there.
fn programs() -> Option<PathBuf> {
    let mut places: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        places.extend(versions.flatten().map(|v| v.path().join("bin")));
    }
    let whole = |p: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|n| p.join(n).is_file());
    places.into_iter().find(whole)
}

/// A command that does not run as the administrator, as the server refuses to.
fn unprivileged(program: &Path) -> Command {
    let user = Command::new("id").arg("-u").output().map(|o| o.stdout).unwrap_or_default();
    if user.trim_ascii() != b"0" {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
    command
}

impl Server {
    /// Starts a server; `None` if there are no programs for it.
    fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().expect("a folder");
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("bound").port()
        };
        let server = Self { folder, programs, port };
        let password = server.path("password");
        fs::write(&password, PASSWORD).expect("writable");
        let owner =
            Command::new("chown").arg("-R").arg("nobody").arg(server.folder.path()).output();
        drop(owner);
        let data = server.path("data");
        server.done("initdb", |c| {
            c.args(["-U", "decile", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8"])
                .arg("--pwfile")
                .arg(&password)
                .arg("-D")
                .arg(&data)
        });
        let options = format!(
            "-F -k {} -p {} -c listen_addresses=127.0.0.1",
            server.folder.path().display(),
            server.port
        );
        server.done("pg_ctl", |c| {
            c.arg("start")
                .arg("-w")
                .arg("-D")
                .arg(&data)
                .args(["-o", &options])
                .arg("-l")
                .arg(server.path("log"))
        });
        Some(server)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn done(&self, program: &str, with: impl FnOnce(&mut Command) -> &mut Command) {
        let mut command = unprivileged(&self.programs.join(program));
        // Where a server keeps its output open, waiting for the output's end would be waiting for the server's.
        let errors = fs::File::create(self.path("errors")).expect("writable");
        let status = with(&mut command)
            .current_dir(self.folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(errors)
            .status()
            .expect("it can be started");
        let said = ["errors", "log"].map(|f| fs::read_to_string(self.path(f)).unwrap_or_default());
        assert!(status.success(), "{program}: {said:?}");
    }

    fn client(&self) -> postgres::Client {
        postgres::Config::new()
            .host(&self.folder.path().display().to_string())
            .port(self.port)
            .user("decile")
            .password(PASSWORD)
            .dbname("postgres")
            .connect(postgres::NoTls)
            .expect("the server answers")
    }

    /// `[databases.m]` of this server.
    fn described(&self) -> String {
        format!(
            "[databases.m.postgres]\nhost = \"{}\"\nport = {}\ndbname = \"postgres\"\nuser = \"decile\"\n",
            self.folder.path().display(),
            self.port
        )
    }

    fn url(&self, password: &str) -> String {
        format!("postgres://decile:{password}@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends the process of which the number stands in the folder.
        let mut stop = unprivileged(&self.programs.join("pg_ctl"));
        let _ = stop.arg("stop").args(["-m", "immediate", "-D"]).arg(self.path("data")).output();
    }
}

/// Imports a catalog with variables of the environment.
fn import(folder: &Path, catalog: &str, variables: &[(&str, &str)]) -> Output {
    let market = folder.join("market");
    fs::create_dir_all(&market).expect("writable");
    fs::write(market.join("market.toml"), catalog).expect("writable");
    let mut command = Command::new(env!("CARGO_BIN_EXE_decile"));
    for name in ["PGPASSWORD", "PGPASSFILE", "PGHOST", "PGUSER", "PGDATABASE", "PGPORT"] {
        command.env_remove(name);
    }
    command.env("HOME", folder).envs(variables.iter().copied());
    command.arg("import").arg(&market).arg("--to").arg(folder.join("store"));
    command.output().expect("it starts")
}

const TABLES: &str = "
create table prices (symbol text, day date, close numeric(10, 3), volume bigint, at timestamptz, done boolean, extra jsonb);
insert into prices values
  ('A', '2020-01-02', 1.250, 7, '2020-01-02 23:00+00', true, '{}'),
  ('A', '2020-01-03', 1234567.5, 8, '2020-01-03 01:00+00', false, null),
  ('B', '2020-01-02', 0.001, null, '2020-01-02 00:00+00', true, null),
  ('B', '2020-01-03', 'NaN', 9, '2020-01-03 12:00+00', null, null);
create type pace as enum ('slow', 'fast');
create table reports (ticker varchar(10), ended timestamp, filed date, equity double precision, kind pace);
insert into reports values ('A', '2018-12-31 10:00', '2019-03-01', 12.5, 'slow'), ('A', '2018-12-31', '2019-03-01', 5, 'fast'), ('B', '2018-12-31', null, 8, 'slow');
";

#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn tables_of_a_server() {
    let Some(server) = Server::start() else {
        println!("skipped: there is no PostgreSQL here (`initdb`, `pg_ctl` and `postgres`)");
        return;
    };
    server.client().batch_execute(TABLES).expect("sound statements");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let tables = r#"
[prices]
database = "m"
query = "select symbol, day, close, volume, done from prices"
basis = "raw"
[reports.r]
database = "m"
query = "select * from reports"
period_end = "ended"
published = "filed"
lag = "90d"
only = { kind = ["slow"] }
columns = { book_equity = "equity" }
"#;
    let catalog = format!("{}{tables}", server.described());
    // The password by each way.
    let file = |name: &str, text: &str| {
        fs::create_dir_all(folder.join("market")).expect("writable");
        fs::write(folder.join(name), text).expect("writable");
    };
    file("market/secret", &format!("{PASSWORD}\n"));
    let line = |password: &str| format!("# mine\nlocalhost:{}:*:decile:{password}\n", server.port);
    file("pass", &line(PASSWORD));
    file("open", &line(PASSWORD));
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.join("pass"), fs::Permissions::from_mode(0o600)).expect("own file");
    let pass = folder.join("pass").display().to_string();
    let with = |key: &str| catalog.replacen("user =", &format!("{key}\nuser ="), 1);
    let url = format!("databases.m.url_from = \"SOURCE\"\n{tables}");
    let ways = [
        (catalog.clone(), vec![("PGPASSWORD", PASSWORD)]),
        (with("password_from = \"MY_PASSWORD\""), vec![("MY_PASSWORD", PASSWORD)]),
        (with("password_file = \"secret\""), vec![]),
        (catalog.clone(), vec![("PGPASSFILE", &*pass)]),
    ];
    let address = server.url(PASSWORD);
    for (catalog, variables) in ways.into_iter().chain([(url.clone(), vec![("SOURCE", &*address)])])
    {
        let _ = fs::remove_dir_all(folder.join("store"));
        let output = import(folder, &catalog, &variables);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{variables:?}: {said}");
        let market = decile::data::Market::open(folder.join("store")).expect("it was stored");
        check(&market);
    }
    let mut all = String::new();
    let mut failing = |what: &str, catalog: &str, variables: &[(&str, &str)]| {
        let output = import(folder, catalog, variables);
        assert_eq!(output.status.code(), Some(3), "{what}");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for secret in [PASSWORD, "wrong-secret"] {
            assert!(!said.contains(secret), "{what}: {said}");
        }
        let said = said.replace(&folder.display().to_string(), "DIR");
        let said = said.replace(&server.folder.path().display().to_string(), "SERVER");
        let said = said.replace(&server.port.to_string(), "PORT");
        let _ = writeln!(all, "{what}\n-----\n{said}=====\n");
    };
    let right = [("PGPASSWORD", PASSWORD)];
    failing("no password", &catalog, &[]);
    failing("a wrong password", &catalog, &[("PGPASSWORD", "wrong-secret")]);
    let open = folder.join("open").display().to_string();
    failing("a password file that all may read", &catalog, &[("PGPASSFILE", &open)]);
    failing("no such variable", &with("password_from = \"NOT_THERE\""), &right);
    failing("no such password file", &with("password_file = \"nowhere\""), &right);
    let wrong = server.url("wrong-secret");
    failing("a URL with a wrong password", &url, &[("SOURCE", &wrong)]);
    failing("no URL", &url, &[("SOURCE", "wrong-secret")]);
    failing("a variable that is not there", &url, &[]);
    let nowhere = catalog.replace(&server.folder.path().display().to_string(), "127.0.0.1");
    let nowhere = nowhere.replace(&server.port.to_string(), "1");
    failing("no server", &nowhere, &right);
    let nobody = "postgres://decile:wrong-secret@127.0.0.1:1/postgres";
    failing("no server at a URL", &url, &[("SOURCE", nobody)]);
    let query = |text: &str| {
        let query = "select symbol, day, close, volume, done from prices";
        catalog.replace(&format!("\"{query}\""), &format!("\"{text}\""))
    };
    for text in [
        "selct 1",
        "select * from nowhere",
        "delete from prices returning *",
        "select symbol, day from prices",
        "select symbol, day, close from prices where symbol = 'C'",
        "select symbol, day, extra as close from prices",
        "select symbol, 'infinity'::date as date, close from prices",
        "select symbol, day, 1 / (volume - 8) as close from prices",
        "vacuum",
    ] {
        failing(text, &query(text), &right);
    }
    for (key, value) in [
        ("password", "wrong-secret"),
        ("host", "postgres://decile:wrong-secret@127.0.0.1"),
        ("password_from", "wrong-secret and more"),
    ] {
        failing(
            key,
            &with(&format!("{key} = \"{value}\"")).replacen(
                "host = \"/",
                "x = \"/",
                usize::from(key == "host"),
            ),
            &[],
        );
    }
    let secret = "\"postgres://decile:wrong-secret@127.0.0.1/postgres\"";
    for line in [
        format!("databases.m.postgres = {secret}"),
        format!("databases.m.url = {secret}"),
        format!("databases.m.url_from = {secret}"),
        format!("databases.m.sqlite = {secret}"),
        "databases.m.password = \"wrong-secret\"".to_owned(),
    ] {
        let key = line.split(' ').next().unwrap_or_default().to_owned();
        failing(&key, &format!("{line}\n{tables}"), &[]);
    }
    insta::assert_snapshot!("bad_postgres", all);
}

fn check(market: &decile::data::Market) {
    use decile::panel::MarketData;
    let value = |name: &str, row: u32, asset: usize| {
        market.value(market.schema().find(None, name)[0], row, asset)
    };
    assert_eq!(market.schema().symbols.as_ref(), ["A", "B"]);
    assert_eq!(market.prices().close.column(0).to_vec(), [1.25, 1_234_567.5]);
    assert_eq!(value("close", 0, 1), 0.001);
    assert!(value("close", 1, 1).is_nan() && value("volume", 0, 1).is_nan());
    assert_eq!((value("volume", 1, 1), value("done", 0, 0)), (9.0, 1.0));
    assert!(value("done", 1, 1).is_nan());
    assert_eq!([0, 1].map(|asset| value("book_equity", 0, asset)), [12.5, 8.0]);
}
