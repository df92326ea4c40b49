//! Where a store lies: a file, or a PostgreSQL database. Shown without its password, always.

use crate::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};

/// How long a server may take to answer the call for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long without a sign of life a connection counts as lost.
const SILENCE: Duration = Duration::from_secs(20);

/// Where a store lies.
#[derive(Debug, Clone)]
pub struct Place(pub(crate) Kind);

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    File(PathBuf),
    Server(Box<Server>),
}

/// A PostgreSQL database.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) config: tokio_postgres::Config,
    /// The address without what logs in.
    shown: String,
}

impl Place {
    /// `postgres://USER@HOST/DATABASE` is a database, everything else a file.
    ///
    /// # Errors
    /// When the address of a database cannot be understood. Nothing of a password is repeated.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let text = path.to_string_lossy();
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self(Kind::File(path.to_path_buf())));
        }
        let shown = shown(&text);
        let wrong = |why: &str| Error::address(&shown, why);
        let mut config: tokio_postgres::Config =
            text.parse().map_err(|error: tokio_postgres::Error| wrong(&reason(&error)))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("it names no host"));
        }
        if config.get_user().is_none() {
            return Err(wrong("it names no user"));
        }
        if config.get_dbname().is_none() {
            return Err(wrong("it names no database"));
        }
        // A server on this machine is reached without anybody in between; elsewhere TLS is used where the
        // server has it, and always with `sslmode=require`.
        if !text.contains("sslmode=") && config.get_hosts().iter().all(is_here) {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        config.tcp_user_timeout(SILENCE).keepalives_idle(SILENCE).application_name("piaotan");
        Ok(Self(Kind::Server(Box::new(Server { config, shown }))))
    }

    /// Whether a password is needed that the address does not hold.
    #[must_use]
    pub fn wants_password(&self) -> bool {
        matches!(&self.0, Kind::Server(server) if server.config.get_password().is_none())
    }

    /// The same, opened with this password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        if let Kind::Server(server) = &mut self.0 {
            server.config.password(password);
        }
        self
    }

    /// Whether something may be there: of a database, nothing is known before it is asked.
    #[must_use]
    pub fn exists(&self) -> bool {
        match &self.0 {
            Kind::File(path) => path.exists(),
            Kind::Server(_) => true,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::File(path) => path.display().fmt(f),
            Kind::Server(server) => f.write_str(&server.shown),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The address without password and options.
fn shown(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let rest = rest.split('?').next().unwrap_or_default();
    // A password may hold an `@` that somebody forgot to write as `%40`.
    let Some((login, host)) = rest.rsplit_once('@') else { return format!("{scheme}://{rest}") };
    let user = login.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}@{host}")
}

/// What the parser says, without its own name for where it says so.
fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Place;
    use std::path::Path;

    fn check(written: &str, expected: &str) {
        let place = Place::of(Path::new(written));
        let said = place.map_or_else(|error| error.to_string(), |place| format!("{place} {place:?}"));
        assert!(said.starts_with(expected), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }

    #[test]
    fn a_place_is_shown_without_its_password() {
        check("watch.db", "watch.db");
        check("postgres://li:secret@db.example/piaotan", "postgres://li@db.example/piaotan ");
        check("postgres://li:secret@db/p?sslmode=require", "postgres://li@db/p ");
        check("postgres://li:s@secret@db/p?sslmode=x", "store postgres://li@db/p: ");
    }

    #[test]
    fn an_address_names_user_host_and_database() {
        check(
            "postgres://db.example/p",
            "store postgres://db.example/p: the address cannot be used, it names no user",
        );
        check("postgres://li@db", "store postgres://li@db: the address cannot be used, it names no database");
        check("postgres://li@/p", "store postgres://li@/p: the address cannot be used, it names no host");
        check("postgres://li@db:0x/p", "store postgres://li@db:0x/p: the address cannot be used, ");
    }

    #[test]
    fn only_a_server_without_one_wants_a_password() {
        let wants = |text: &str| Place::of(Path::new(text)).unwrap().wants_password();
        assert!(!wants("watch.db") && wants("postgres://li@db/p") && !wants("postgres://li:secret@db/p"));
    }
}
