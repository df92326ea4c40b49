//! The closed set of operations, and how method and path name one.

use hyper::Method;

macro_rules! operations {
    ($($name:ident = $text:literal,)*) => {
        /// One operation of the platform, as weather, truth, log and metrics call it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation { $(#[doc = $text] $name,)* }

        impl Operation {
            /// Every operation, in the order of the documentation.
            pub const ALL: &'static [Operation] = &[$(Operation::$name,)*];

            /// The name in snake case.
            pub fn name(self) -> &'static str {
                match self { $(Operation::$name => $text,)* }
            }
        }
    };
}

operations! {
    Health = "health", Sms = "sms", Register = "register", Login = "login", Reset = "reset",
    Upload = "upload", Resubmit = "resubmit", Query = "query", Search = "search", Status = "status",
    Verify = "verify", Batch = "batch", BatchStatus = "batch_status", Void = "void",
    RedFlush = "red_flush", Issue = "issue", Outbox = "outbox", Warnings = "warnings",
    Ledger = "ledger", Proof = "proof", Notices = "notices", Page = "page", Openapi = "openapi",
    Metrics = "metrics", Inbox = "inbox", Control = "control", Other = "other",
}

/// A set of operations, as a bit mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Operations(u32);

impl Operations {
    pub(crate) fn contains(self, operation: Operation) -> bool {
        self.0 & (1 << operation as u32) != 0
    }

    pub(crate) fn with(self, operation: Operation) -> Operations {
        Operations(self.0 | 1 << operation as u32)
    }

    pub(crate) fn and(self, other: Operations) -> Operations {
        Operations(self.0 | other.0)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn names(self) -> Vec<&'static str> {
        let held = Operation::ALL.iter().filter(|o| self.contains(**o));
        held.map(|o| o.name()).collect()
    }

    /// What changes something. Logging in belongs here: without a new token nothing can be written.
    pub(crate) fn writes() -> Operations {
        use Operation::*;
        of(&[Sms, Register, Login, Reset, Upload, Resubmit, Batch, Void, RedFlush, Issue])
    }

    pub(crate) fn reads() -> Operations {
        use Operation::*;
        of(&[Query, Search, Status, Verify, BatchStatus, Outbox, Warnings, Ledger, Proof])
    }

    /// The whole service but its notices, which are kept up when the rest is down.
    pub(crate) fn all() -> Operations {
        let service = Operations::writes().and(Operations::reads());
        service.with(Operation::Health).with(Operation::Page)
    }

    pub(crate) fn everything() -> Operations {
        Operations::all().with(Operation::Notices)
    }
}

fn of(list: &[Operation]) -> Operations {
    list.iter().fold(Operations::default(), |set, o| set.with(*o))
}

/// Where a request goes: the operation and the variable part of its path (empty where none).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    To(Operation, &'a str),
    /// The path exists for these methods only.
    Method(&'static str),
    Nowhere,
}

pub(crate) fn route<'a>(method: &Method, path: &'a str) -> Route<'a> {
    if let Some(rest) = path.strip_prefix("/api/") {
        return api(method, rest);
    }
    if let Some(mobile) = path.strip_prefix("/_inbox/") {
        return only(method, Method::GET, "GET", Operation::Inbox, mobile);
    }
    let operation = match path {
        "/" => Operation::Page,
        "/health" => Operation::Health,
        "/notices" | "/notices.json" | "/notices.rss" => Operation::Notices,
        "/openapi.json" => Operation::Openapi,
        "/metrics" => Operation::Metrics,
        "/_weather" if method == Method::PUT => return Route::To(Operation::Control, path),
        "/_weather" if method != Method::GET => return Route::Method("GET, PUT"),
        "/_weather" | "/_weather/truth" | "/_weather/log" | "/_weather/counts" | "/_weather/sustainable" => {
            Operation::Control
        }
        _ => return Route::Nowhere,
    };
    only(method, Method::GET, "GET", operation, path)
}

fn api<'a>(method: &Method, rest: &'a str) -> Route<'a> {
    use Operation::*;
    if let Some(tail) = rest.strip_prefix("invoices/") {
        return invoice(method, tail);
    }
    if let Some(key) = rest.strip_prefix("batches/").filter(|k| one_segment(k)) {
        return only(method, Method::GET, "GET", BatchStatus, key);
    }
    if let Some(number) = rest.strip_prefix("ledger/proof/").filter(|k| one_segment(k)) {
        return only(method, Method::GET, "GET", Proof, number);
    }
    let (verb, allow, operation) = match rest {
        "invoices" if method == Method::POST => return Route::To(Upload, ""),
        "invoices" if method != Method::GET => return Route::Method("GET, POST"),
        "invoices" => (Method::GET, "GET", Search),
        "sms" => (Method::POST, "POST", Sms),
        "register" => (Method::POST, "POST", Register),
        "login" => (Method::POST, "POST", Login),
        "reset" => (Method::POST, "POST", Reset),
        "verify" => (Method::GET, "GET", Verify),
        "batches" => (Method::POST, "POST", Batch),
        "issue" => (Method::POST, "POST", Issue),
        "outbox" => (Method::GET, "GET", Outbox),
        "warnings" => (Method::GET, "GET", Warnings),
        "ledger/head" => (Method::GET, "GET", Ledger),
        _ => return Route::Nowhere,
    };
    only(method, verb, allow, operation, "")
}

fn invoice<'a>(method: &Method, tail: &'a str) -> Route<'a> {
    use Operation::*;
    let (number, action) = match tail.split_once('/') {
        Some((number, action)) => (number, Some(action)),
        None => (tail, None),
    };
    if number.is_empty() {
        return Route::Nowhere;
    }
    match action {
        None if method == Method::PUT => Route::To(Resubmit, number),
        None if method == Method::GET => Route::To(Query, number),
        None => Route::Method("GET, PUT"),
        Some("status") => only(method, Method::GET, "GET", Status, number),
        Some("void") => only(method, Method::POST, "POST", Void, number),
        Some("red-flush") => only(method, Method::POST, "POST", RedFlush, number),
        Some(_) => Route::Nowhere,
    }
}

fn one_segment(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

fn only<'a>(
    method: &Method,
    wanted: Method,
    allow: &'static str,
    operation: Operation,
    rest: &'a str,
) -> Route<'a> {
    let head = *method == Method::HEAD && wanted == Method::GET;
    if *method == wanted || head { Route::To(operation, rest) } else { Route::Method(allow) }
}
