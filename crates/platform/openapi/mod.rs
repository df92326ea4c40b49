//! The interface's own description (OpenAPI 3.1): one entry an operation, schemas beside it.

mod schemas;

use crate::Code;
use schemas::{Schemed, envelope, object, optional, patterned, text, whole};
use std::sync::OnceLock;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Required};

/// The document as JSON text, made once.
pub(crate) fn document() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| described().to_json().expect("the description is made of plain strings"))
}

/// One operation as described.
struct Described {
    method: HttpMethod,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    /// Name, where it stands, whether it must be there, what it looks like.
    parameters: Vec<(&'static str, ParameterIn, bool, Schemed)>,
    body: Option<(&'static str, Schemed)>,
    /// `data` of success.
    data: Schemed,
    /// Codes besides success and those that any operation may answer.
    codes: Vec<Code>,
    token: bool,
}

/// What the weather, or a broken request, may bring to any operation.
const ANYWHERE: [Code; 9] = [
    Code::BadRequest,
    Code::NoPath,
    Code::NoMethod,
    Code::TooSlow,
    Code::TooMany,
    Code::ServerFault,
    Code::MaintenanceCode,
    Code::Maintenance,
    Code::Overloaded,
];

fn described() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for operation in operations() {
        paths = paths.path(operation.path, operation.item());
    }
    let mut components = Components::new();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let info = InfoBuilder::new()
        .title("Reference electronic-invoice platform")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Business codes, not HTTP statuses, decide; see docs/platform.md."));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

impl Described {
    fn item(self) -> PathItem {
        let mut operation = OperationBuilder::new().operation_id(Some(self.name)).summary(Some(self.summary));
        for (name, place, required, schema) in self.parameters {
            let parameter = ParameterBuilder::new()
                .name(name)
                .parameter_in(place)
                .required(if required { Required::True } else { Required::False })
                .schema(Some(schema));
            operation = operation.parameter(parameter);
        }
        operation = operation.request_body(self.body.map(|(kind, schema)| taken(kind, schema)));
        if self.token {
            operation = operation.security(SecurityRequirement::new("token", Vec::<String>::new()));
        }
        for (status, response) in answers(self.data, &self.codes, self.token) {
            operation = operation.response(status, response);
        }
        PathItem::new(self.method, operation)
    }
}

fn taken(kind: &str, schema: Schemed) -> RequestBody {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    RequestBodyBuilder::new().content(kind, content).required(Some(Required::True)).build()
}

/// The answers by status: the codes that go with each, and the shape of `data`.
fn answers(data: Schemed, codes: &[Code], token: bool) -> Vec<(String, Response)> {
    let mut all: Vec<Code> = vec![Code::Success];
    all.extend(codes.iter().chain(&ANYWHERE));
    if token {
        all.push(Code::BadToken);
    }
    let mut statuses: Vec<u16> = all.iter().map(|c| c.status().as_u16()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let answer = |status: u16| {
        let here: Vec<Code> = all.iter().copied().filter(|c| c.status().as_u16() == status).collect();
        let meanings: Vec<String> =
            here.iter().map(|c| format!("{}: {}", c.digits(), c.message(true))).collect();
        let schema = envelope(&here, if status == 200 { Some(data.clone()) } else { None });
        let mut response = ResponseBuilder::new().description(meanings.join("; "));
        response = response.content("application/json", ContentBuilder::new().schema(Some(schema)).build());
        if status == 503 {
            // A maintenance page in place of JSON is weather too.
            response = response.content("text/html", ContentBuilder::new().schema(Some(text())).build());
        }
        (status.to_string(), response.build())
    };
    statuses.into_iter().map(answer).collect()
}

fn get(path: &'static str, name: &'static str, summary: &'static str, data: Schemed) -> Described {
    Described {
        method: HttpMethod::Get,
        path,
        name,
        summary,
        parameters: Vec::new(),
        body: None,
        data,
        codes: Vec::new(),
        token: true,
    }
}

fn post(path: &'static str, name: &'static str, summary: &'static str, data: Schemed) -> Described {
    Described { method: HttpMethod::Post, ..get(path, name, summary, data) }
}

impl Described {
    fn query(mut self, name: &'static str, required: bool, schema: Schemed) -> Described {
        self.parameters.push((name, ParameterIn::Query, required, schema));
        self
    }

    fn place(mut self, name: &'static str) -> Described {
        self.parameters.push((name, ParameterIn::Path, true, text()));
        self
    }

    fn json(mut self, schema: Schemed) -> Described {
        self.body = Some(("application/json", schema));
        self.codes.extend([Code::BadContentType, Code::TooLarge]);
        self
    }

    fn form(mut self) -> Described {
        self.body = Some(("multipart/form-data", schemas::upload()));
        self.codes.extend([
            Code::BadContentType,
            Code::TooLarge,
            Code::BadFileType,
            Code::BadField,
            Code::BrokenMultipart,
        ]);
        self
    }

    fn or(mut self, codes: &[Code]) -> Described {
        self.codes.extend(codes);
        self
    }

    fn open(mut self) -> Described {
        self.token = false;
        self
    }
}

fn operations() -> Vec<Described> {
    let mut all = accounts();
    all.extend(invoices());
    all.extend(others());
    all
}

fn accounts() -> Vec<Described> {
    let (mobile, password, code) = (schemas::mobile(), schemas::password(), patterned("^[0-9]{6}$"));
    vec![
        get("/health", "health", "Whether the service is up", object(&[("status", text())])).open(),
        post("/api/sms", "sms", "Send a code by SMS", object(&[("expires_in", whole())]))
            .json(object(&[("mobile", mobile.clone())]))
            .or(&[Code::BadAccountField])
            .open(),
        get("/_inbox/{mobile}", "inbox", "The test inbox of a mobile number", object(&[("code", text())]))
            .place("mobile")
            .or(&[Code::NoSmsCode])
            .open(),
        post(
            "/api/register",
            "register",
            "Register an account",
            object(&[("mobile", text()), ("kind", schemas::account_kind())]),
        )
        .json(optional(
            object(&[
                ("mobile", mobile.clone()),
                ("name", schemas::named()),
                ("password", password.clone()),
                ("sms_code", code.clone()),
            ]),
            &[("kind", schemas::account_kind())],
        ))
        .or(&[Code::BadAccountField, Code::MobileTaken, Code::BadSmsCode])
        .open(),
        post("/api/login", "login", "Log in", object(&[("token", text()), ("expires_in", whole())]))
            .json(object(&[("mobile", mobile.clone()), ("password", password.clone())]))
            .or(&[Code::BadPassword])
            .open(),
        post("/api/reset", "reset", "Set a new password", schemas::null())
            .json(object(&[("mobile", mobile), ("sms_code", code), ("password", password)]))
            .or(&[Code::BadAccountField, Code::NoAccount, Code::BadSmsCode])
            .open(),
    ]
}

fn invoices() -> Vec<Described> {
    let taken_in = || {
        object(&[
            ("id", whole()),
            ("number", text()),
            ("status", text()),
            ("uploaded_at", schemas::instant()),
        ])
    };
    let ended = || object(&[("number", text()), ("status", text()), ("at", schemas::instant())]);
    let ending = [Code::NotOwner, Code::NotAccepted, Code::NotSubmitted];
    let mut again = post("/api/invoices/{number}", "resubmit", "Correct a rejected invoice", taken_in())
        .place("number")
        .form();
    again.method = HttpMethod::Put;
    vec![
        post("/api/invoices", "upload", "Upload an invoice", taken_in()).form().or(&[Code::NumberTaken]),
        again.or(&[Code::NotOwner, Code::NotRejected, Code::NotSubmitted]),
        get("/api/invoices/{number}", "query", "Query by number", schemas::record())
            .place("number")
            .query("region", false, schemas::or_empty(schemas::region()))
            .or(&[Code::NotFound, Code::NoRegion]),
        get("/api/invoices", "search", "Search by keyword and dates", schemas::found())
            .query("keyword", false, text())
            .query("from", false, schemas::or_empty(schemas::day()))
            .query("to", false, schemas::or_empty(schemas::day()))
            .query("page", false, schemas::between(1, 1_000_000))
            .query("size", false, schemas::between(1, 100))
            .query("region", false, schemas::or_empty(schemas::region()))
            .or(&[Code::NoRegion]),
        get("/api/invoices/{number}/status", "status", "Review state and history", schemas::standing())
            .place("number")
            .or(&[Code::NotSubmitted]),
        get("/api/verify", "verify", "Verify number, date and total", schemas::finding())
            .query("number", true, schemas::invoice_number())
            .query("date", true, schemas::day())
            .query("total", true, schemas::money())
            .or(&VERIFICATION)
            .open(),
        post("/api/invoices/{number}/void", "void", "Void an invoice", ended()).place("number").or(&ending),
        post(
            "/api/invoices/{number}/red-flush",
            "red_flush",
            "Red-flush an invoice",
            optional(ended(), &[("red_number", text())]),
        )
        .place("number")
        .or(&ending),
    ]
}

const VERIFICATION: [Code; 8] = [
    Code::Mismatch,
    Code::NoSuchInvoice,
    Code::OverLimit,
    Code::IssuedToday,
    Code::TooOld,
    Code::Voided,
    Code::RedFlushed,
    Code::BeingChecked,
];

fn others() -> Vec<Described> {
    vec![
        post("/api/batches", "batch", "Upload many under one key", schemas::batch())
            .json(schemas::batch_asked())
            .or(&[Code::BadField, Code::BatchDiffers, Code::BatchTooLong]),
        get("/api/batches/{key}", "batch_status", "A batch as it was answered", schemas::batch())
            .place("key")
            .or(&[Code::NoBatch]),
        post("/api/issue", "issue", "Issue an invoice and push it", schemas::issued())
            .json(schemas::issue_asked())
            .or(&[Code::BadField, Code::KindForbids, Code::NumberTaken]),
        get("/api/outbox", "outbox", "Deliveries of an issued invoice", schemas::outbox())
            .query("number", true, schemas::invoice_number())
            .or(&[Code::NotSubmitted]),
        get("/api/warnings", "warnings", "Risk warnings", schemas::warnings())
            .query("after", false, schemas::between(0, 1_000_000_000_000_000))
            .query("size", false, schemas::between(1, 1000)),
        get("/api/ledger/head", "ledger", "Head of the hash-chained ledger", schemas::head()),
        get("/api/ledger/proof/{number}", "proof", "Inclusion proof of an invoice", schemas::proof())
            .place("number")
            .or(&[Code::NotSubmitted]),
        get("/notices.json", "notices", "Notices, newest first", schemas::notices()).open(),
    ]
}
