//! Counts of arrivals and answers, the request log, and the platform's own metrics.

use crate::Code;
use crate::domain::moment::Nanos;
use crate::operation::Operation;
use crate::storage::lock;
use crate::wire::Reply;
use crate::world::World;
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// One request as the log keeps it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Logged {
    pub seq: u64,
    /// Arrival in nanoseconds since the Unix epoch.
    pub at: i64,
    pub operation: &'static str,
    /// HTTP status as decided; 0 where the connection was reset instead.
    pub status: u16,
    pub code: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct Counts {
    arrivals: Vec<AtomicU64>,
    /// By operation and business code; the last column is answers without envelope.
    answers: Vec<AtomicU64>,
    seq: AtomicU64,
    log: Mutex<VecDeque<Logged>>,
}

const COLUMNS: usize = Code::ALL.len() + 1;

impl Counts {
    pub(crate) fn new() -> Counts {
        let zeroes = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
        Counts {
            arrivals: zeroes(Operation::ALL.len()),
            answers: zeroes(Operation::ALL.len() * COLUMNS),
            seq: AtomicU64::new(0),
            log: Mutex::new(VecDeque::new()),
        }
    }

    pub(crate) fn arrived(&self, operation: Operation) -> u64 {
        self.arrivals[operation as usize].fetch_add(1, Relaxed);
        self.seq.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn answered(&self, operation: Operation, code: Option<Code>) {
        let column = code.map_or(COLUMNS - 1, |c| c as usize);
        self.answers[operation as usize * COLUMNS + column].fetch_add(1, Relaxed);
    }

    pub(crate) fn log(&self, keep: usize, logged: Logged) {
        let mut log = lock(&self.log);
        log.push_back(logged);
        while log.len() > keep {
            log.pop_front();
        }
    }

    /// Logged requests after `seq`, and how many were logged but have gone since.
    pub(crate) fn logged_after(&self, seq: u64, most: usize) -> Vec<Logged> {
        let log = lock(&self.log);
        // Requests enter the log in the order in which they end their handling, not quite in that of their numbers.
        let mut newer: Vec<Logged> = log.iter().filter(|l| l.seq > seq).copied().collect();
        newer.sort_by_key(|l| l.seq);
        newer.truncate(most);
        newer
    }

    pub(crate) fn by_operation(&self) -> serde_json::Map<String, serde_json::Value> {
        let all = Operation::ALL.iter();
        all.map(|o| (o.name().to_string(), self.arrivals[*o as usize].load(Relaxed).into())).collect()
    }
}

impl World {
    pub(crate) fn note(&self, seq: u64, at: Nanos, operation: Operation, reply: &Reply, keep: usize) {
        self.counts.answered(operation, reply.code);
        // The access log: off unless a subscriber asks for it, and then structured.
        tracing::debug!(target: "access", seq, operation = operation.name(), status = reply.status.as_u16(), code = reply.code.map(Code::digits), delay = ?reply.delay);
        if keep == 0 {
            return;
        }
        let reset = reply.manner == crate::wire::Manner::Reset;
        let logged = Logged {
            seq,
            at,
            operation: operation.name(),
            status: if reset { 0 } else { reply.status.as_u16() },
            code: reply.code.map(Code::digits),
        };
        self.counts.log(keep, logged);
    }

    /// The platform's own metrics in the Prometheus text format.
    pub(crate) fn metrics(&self, now: Nanos) -> String {
        let mut out = String::new();
        let head = |name: &str, kind: &str, help: &str, out: &mut String| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        head("invoice_platform_arrivals_total", "counter", "Requests that arrived, by operation.", &mut out);
        for operation in Operation::ALL {
            let count = self.counts.arrivals[*operation as usize].load(Relaxed);
            let _ = writeln!(
                out,
                "invoice_platform_arrivals_total{{operation=\"{}\"}} {count}",
                operation.name()
            );
        }
        head(
            "invoice_platform_answers_total",
            "counter",
            "Answers, by operation and business code.",
            &mut out,
        );
        for operation in Operation::ALL {
            for column in 0..COLUMNS {
                let count = self.counts.answers[*operation as usize * COLUMNS + column].load(Relaxed);
                let code = Code::ALL.get(column).map_or("none", |c| c.digits());
                if count > 0 {
                    let _ = writeln!(
                        out,
                        "invoice_platform_answers_total{{operation=\"{}\",code=\"{code}\"}} {count}",
                        operation.name()
                    );
                }
            }
        }
        let sky = self.sky();
        let open = sky.windows.iter().filter(|w| w.holds(now)).count();
        let behind = (now - sky.work.worked(now)) as f64 / 1e9;
        head("invoice_platform_invoices", "gauge", "Invoices in the store.", &mut out);
        let _ = writeln!(out, "invoice_platform_invoices {}", self.records.len());
        head("invoice_platform_ledger_rows", "gauge", "Rows of the hash-chained ledger.", &mut out);
        let _ = writeln!(out, "invoice_platform_ledger_rows {}", lock(&self.ledger).len());
        head("invoice_platform_maintenance_windows_open", "gauge", "Maintenance windows open now.", &mut out);
        let _ = writeln!(out, "invoice_platform_maintenance_windows_open {open}");
        head(
            "invoice_platform_pipelines_behind_seconds",
            "gauge",
            "How far review and synchronisation are behind the clock.",
            &mut out,
        );
        let _ = writeln!(out, "invoice_platform_pipelines_behind_seconds {behind}");
        out
    }
}
