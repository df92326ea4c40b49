//! A line to a PostgreSQL server: one connection on a thread of its own.
//!
//! The store is called from threads that may drive a runtime, where nothing may wait; so the thread here
//! drives the connection, and a call waits for its answer on a channel, as it waits for SQLite's disk.
//!
//! A connection that is lost fails the work that was under way, nothing else: the next piece of work begins
//! on a new one. What was committed is in the database; what was not has been answered with an error.
#![allow(clippy::disallowed_methods, reason = "a server that is down is not called again for a moment")]

mod tls;
mod value;

use crate::db::Value;
use crate::error::Error;
use crate::place::Server;
use futures_util::{StreamExt, TryStreamExt};
use std::collections::HashMap;
use std::future::Future;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_postgres::{Client, Row, Statement};
use value::Owned;

/// A statement that brings nothing for so long has lost its server.
const PATIENCE: Duration = Duration::from_secs(30);
/// A server that could not be reached is not called again for so long: calls fail at once meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// Rows are handed over so many at a time, and so many such heaps may wait.
const HEAP: usize = 256;
const HEAPS: usize = 4;

/// Waits for others are as short as SQLite's; a watcher that vanished in mid-work must not hold up the rest.
const MANNERS: &str = "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'";

/// One writer at a time, as with a file: what is read and then written is read of the last state. The key
/// spells "PTAN".
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(1347699022)";

/// A connection, made anew whenever it is lost.
#[derive(Debug)]
pub(crate) struct Line {
    path: String,
    asks: UnboundedSender<Ask>,
}

#[derive(Debug)]
struct Ask {
    what: What,
    reply: SyncSender<Reply>,
}

#[derive(Debug)]
enum What {
    Begin,
    Commit,
    Rollback,
    Batch(String),
    Execute(String, Vec<Owned>),
    Query(String, Vec<Owned>),
}

#[derive(Debug)]
enum Reply {
    Done(u64),
    Rows(Vec<Row>),
    Failed(Error),
}

/// A transaction that is taken back unless it is committed.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    line: &'a Line,
    committed: bool,
}

impl Line {
    /// Starts the thread, and connects.
    pub(crate) fn start(server: &Server, path: &str) -> Result<Self, Error> {
        let (asks, asked) = unbounded_channel();
        let failed = |error: std::io::Error| Error::unreachable(path, &error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let wire = Wire::new(server.clone(), path);
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || runtime.block_on(serve(wire, asked)))
            .map_err(failed)?;
        let line = Self { path: path.to_owned(), asks };
        line.batch("SELECT 1")?;
        Ok(line)
    }

    pub(crate) fn begin(&self) -> Result<Work<'_>, Error> {
        self.done(What::Begin)?;
        Ok(Work { line: self, committed: false })
    }

    /// Several statements without values.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.done(What::Batch(sql.to_owned())).map(drop)
    }

    pub(crate) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error> {
        self.done(What::Execute(sql.to_owned(), value::owned(values)))
    }

    pub(crate) fn each(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut take: impl FnMut(&Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for reply in self.ask(What::Query(sql.to_owned(), value::owned(values))) {
            match reply {
                Reply::Rows(rows) => rows.iter().try_for_each(&mut take)?,
                Reply::Done(_) => return Ok(()),
                Reply::Failed(error) => return Err(error),
            }
        }
        Err(Error::lost(&self.path))
    }

    fn done(&self, what: What) -> Result<u64, Error> {
        match self.ask(what).recv() {
            Ok(Reply::Done(count)) => Ok(count),
            Ok(Reply::Failed(error)) => Err(error),
            Ok(Reply::Rows(_)) | Err(_) => Err(Error::lost(&self.path)),
        }
    }

    fn ask(&self, what: What) -> Receiver<Reply> {
        let (reply, replies) = sync_channel(HEAPS);
        // A thread that is gone drops the other end, which is an answer too.
        let _ = self.asks.send(Ask { what, reply });
        replies
    }
}

impl Work<'_> {
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        self.committed = true;
        self.line.done(What::Commit).map(drop)
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        if !self.committed {
            let _ = self.line.done(What::Rollback);
        }
    }
}

async fn serve(mut wire: Wire, mut asks: UnboundedReceiver<Ask>) {
    while let Some(ask) = asks.recv().await {
        let reply = match wire.answer(&ask).await {
            Ok(count) => Reply::Done(count),
            Err(error) => Reply::Failed(error),
        };
        // Whoever stopped listening wanted no more.
        let _ = ask.reply.send(reply);
    }
}

/// The thread's side.
struct Wire {
    server: Server,
    path: String,
    live: Option<Live>,
    /// A transaction has begun, and belongs to the connection on which it did.
    working: bool,
    refused: Option<(Instant, String)>,
}

struct Live {
    client: Client,
    statements: HashMap<String, Statement>,
}

/// Why a statement brought nothing.
enum Trouble {
    Silent,
    Said(tokio_postgres::Error),
}

impl Wire {
    fn new(server: Server, path: &str) -> Self {
        Self { server, path: path.to_owned(), live: None, working: false, refused: None }
    }

    async fn answer(&mut self, ask: &Ask) -> Result<u64, Error> {
        let working = self.working;
        if matches!(ask.what, What::Commit | What::Rollback) {
            self.working = false;
        }
        let mut again = !working;
        loop {
            if working && !self.is_live() {
                return Err(Error::lost(&self.path));
            }
            let mut sent = false;
            let live = self.connected().await?;
            let trouble = match live.answer(ask, &mut sent).await {
                Ok(count) => {
                    self.working |= matches!(ask.what, What::Begin);
                    return Ok(count);
                }
                Err(trouble) => trouble,
            };
            let error = match &trouble {
                Trouble::Silent => Error::lost(&self.path),
                Trouble::Said(error) => Error::postgres(&self.path, error),
            };
            if matches!(ask.what, What::Begin) && self.is_live() {
                // It began and could not have the lock: without this the next one begins inside it.
                self.rolled_back().await;
            }
            let lost = matches!(trouble, Trouble::Silent) || !self.is_live() || error.is_lost();
            if lost {
                self.live = None;
            }
            // A connection that died while nobody used it is no reason to fail; a transaction that begins
            // and a statement that only reads may be sent twice. Silence has cost enough time already.
            let harmless = matches!(ask.what, What::Begin | What::Query(..)) && !sent;
            if !(lost && again && harmless && matches!(trouble, Trouble::Said(_))) {
                return Err(error);
            }
            again = false;
        }
    }

    fn is_live(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.client.is_closed())
    }

    async fn rolled_back(&mut self) {
        if let Some(live) = &self.live
            && live.batch("ROLLBACK").await.is_err()
        {
            self.live = None;
        }
    }

    async fn connected(&mut self) -> Result<&mut Live, Error> {
        if !self.is_live() {
            self.live = None;
            if let Some((_, why)) = self.refused.as_ref().filter(|(at, _)| at.elapsed() < PAUSE) {
                return Err(Error::unreachable(&self.path, why));
            }
            match within(self.connect()).await {
                Ok(live) => self.live = Some(live),
                Err(trouble) => return Err(self.refused(&trouble)),
            }
        }
        self.refused = None;
        self.live.as_mut().ok_or_else(|| Error::lost(&self.path))
    }

    async fn connect(&self) -> Result<Live, tokio_postgres::Error> {
        let (client, connection) = self.server.config.connect(tls::Tls).await?;
        // Its end is seen by the client, whose next call fails.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        client.batch_execute(MANNERS).await?;
        Ok(Live { client, statements: HashMap::new() })
    }

    fn refused(&mut self, trouble: &Trouble) -> Error {
        let Trouble::Said(error) = trouble else {
            let why = "no answer".to_owned();
            let error = Error::unreachable(&self.path, &why);
            self.refused = Some((Instant::now(), why));
            return error;
        };
        if let Some(error) = Error::login(&self.path, error) {
            return error;
        }
        let why = crate::error::whole(error);
        let error = Error::unreachable(&self.path, &why);
        self.refused = Some((Instant::now(), why));
        error
    }
}

impl Live {
    async fn answer(&mut self, ask: &Ask, sent: &mut bool) -> Result<u64, Trouble> {
        match &ask.what {
            What::Begin => self.batch(BEGIN).await,
            What::Commit => self.batch("COMMIT").await,
            What::Rollback => self.batch("ROLLBACK").await,
            What::Batch(sql) => self.batch(sql).await,
            What::Execute(sql, values) => {
                let statement = self.prepared(sql).await?;
                within(self.client.execute_raw(&statement, values)).await
            }
            What::Query(sql, values) => {
                let statement = self.prepared(sql).await?;
                let rows = within(self.client.query_raw(&statement, values)).await?;
                let mut heaps = std::pin::pin!(rows.try_ready_chunks(HEAP));
                while let Some(heap) = tokio::time::timeout(PATIENCE, heaps.next()).await? {
                    let heap = heap.map_err(|error| Trouble::Said(error.1))?;
                    *sent = true;
                    if ask.reply.send(Reply::Rows(heap)).is_err() {
                        break;
                    }
                }
                Ok(0)
            }
        }
    }

    async fn batch(&self, sql: &str) -> Result<u64, Trouble> {
        within(self.client.batch_execute(sql)).await.map(|()| 0)
    }

    async fn prepared(&mut self, sql: &str) -> Result<Statement, Trouble> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = within(self.client.prepare(&spoken(sql))).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A statement as PostgreSQL writes it: values are `$1`, and a join keeps no order of its own.
fn spoken(sql: &str) -> String {
    sql.replace('?', "$").replace("CROSS JOIN", "JOIN")
}

impl From<tokio::time::error::Elapsed> for Trouble {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Silent
    }
}

async fn within<T>(asked: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Trouble> {
    tokio::time::timeout(PATIENCE, asked).await?.map_err(Trouble::Said)
}
