//! What only the whole profile can tell: what is signed but not sent, used but not given, declared but not used.

use super::super::Profile;
use super::super::body::{Body, Json};
use super::super::digest::Encoding;
use super::super::exchange::{Exchange, Stage};
use super::super::problem::Problems;
use super::super::scope::{Declared, Source};
use super::super::template::Template;
use super::super::verdict::{Class, Reading};
use crate::port::FieldName;
use piaotan_record::Operation;

pub(super) fn check(profile: &Profile, problems: &mut Problems) {
    for exchange in &profile.exchanges {
        places(exchange, problems);
        signatures(profile, exchange, problems);
        can_be_ok(profile, exchange, problems);
    }
    for exchange in &profile.exchanges {
        // What is written wrong in a request may be what would have said it.
        let own = field(exchange);
        if !problems.list().iter().any(|problem| problem.field.starts_with(&own)) {
            says_which(profile, exchange, problems);
        }
    }
    tokens(profile, problems);
    carried(profile, problems);
    unused(profile, problems);
    review(profile, problems);
    for (sent, _) in profile.after_timeout.iter().filter(|(sent, ask)| sent == ask) {
        let field = format!("operation.{sent}.after_timeout");
        let line = profile.exchange(*sent).map_or(1, |exchange| exchange.line);
        let message = "circular: to send again it asks itself";
        problems.add(line, &field, message, "name an operation that only reads, such as query_number");
    }
    for (sent, ask) in profile.after_timeout.iter().filter(|(_, ask)| !profile.supports(*ask)) {
        let field = format!("operation.{sent}.after_timeout");
        let line = profile.exchange(*sent).map_or(1, |exchange| exchange.line);
        problems.add(
            line,
            &field,
            format!("the profile has no operation `{ask}`"),
            "name one that it has, or add it",
        );
    }
}

/// What may stand where.
fn places(exchange: &Exchange, problems: &mut Problems) {
    let (field, line) = (field(exchange), exchange.line);
    let plain = exchange.plain_templates();
    let pairs = if let Body::Multipart(pairs) = &exchange.body { pairs.as_slice() } else { &[] };
    let parts = pairs.iter().map(|pair| &pair.value).filter(|value| !value.is_file());
    if plain.iter().copied().chain(parts).any(Template::has_bare_file) {
        problems.add(
            line,
            &field,
            "bytes of the file where text is due",
            "write {file|base64}, or a multipart part of its own",
        );
    }
    let signed = |source: &&Source| matches!(source, Source::Sorted | Source::Header(_));
    for source in plain.iter().flat_map(|template| template.sources()).filter(signed) {
        let slot = if let Source::Header(name) = source { format!("header.{name}") } else { "sorted".into() };
        let message = format!("{{{slot}}} has a meaning only in the text of a signature");
        problems.add(line, &field, message, "put it into [sign.NAME] text");
    }
    let uses_inner = exchange.all_sources().contains(&Source::Inner);
    if uses_inner && matches!(exchange.inner, Body::None) {
        problems.add(
            line,
            &field,
            "{inner} is not there",
            "write inner = { json = { … } } into the operation",
        );
    }
    let mut items = Vec::new();
    if let Body::Json(json) = &exchange.body {
        json.items(&mut items);
    }
    let whole = |source: &Source| {
        matches!(
            source,
            Source::Body
                | Source::Query
                | Source::Target
                | Source::Path
                | Source::Inner
                | Source::Signature(_)
        )
    };
    if items.iter().any(|template| template.sources().any(whole)) {
        problems.add(
            line,
            &field,
            "an item cannot hold a signature or another part of the request",
            "sign the whole",
        );
    }
}

/// What protects a request against replay must be signed, and what is signed must be sent.
fn signatures(profile: &Profile, exchange: &Exchange, problems: &mut Problems) {
    let signs: Vec<usize> = exchange.order.iter().filter_map(|stage| stage.signature()).collect();
    let Some(last) = signs.last() else { return };
    let mut signed = Vec::new();
    for at in &signs {
        exchange.signed_by(profile, *at, &mut signed);
    }
    let sent = exchange.all_sources();
    for at in signs.iter().filter(|at| sent.contains(&Source::Signature(**at))) {
        let (declared, sign) = (&profile.scope.signatures[*at], &profile.signs[*at]);
        if sign.encoding == Encoding::Raw {
            let remedy = "write encode = \"hex\" or \"base64\", or let it be the key of another one";
            problems.add(
                declared.line,
                &format!("sign.{}", declared.name),
                "raw bytes cannot be sent as text",
                remedy,
            );
        }
    }
    let declared = &profile.scope.signatures[*last];
    let field = format!("sign.{}", declared.name);
    for (at, value) in profile.scope.values.iter().enumerate() {
        let (is_sent, is_signed) = (sent.contains(&Source::Made(at)), signed.contains(&Source::Made(at)));
        let name = &value.name;
        let excused = signs.iter().any(|at| profile.signs[*at].unsigned.contains(name));
        if is_sent && !is_signed && !excused {
            let remedy = format!("add {{{name}}} to its text, or write unsigned = [\"{name}\"]");
            problems.add(declared.line, &field, format!("{{{name}}} is sent but not signed"), remedy);
        }
        if is_signed && !is_sent {
            let remedy = format!("add {{{name}}} to [request] headers or query");
            problems.add(declared.line, &field, format!("{{{name}}} is signed but not sent"), remedy);
        }
    }
}

/// At least one answer must be able to be good.
fn can_be_ok(profile: &Profile, exchange: &Exchange, problems: &mut Problems) {
    let Reading { codes, classes, text, .. } = &exchange.reading;
    let by_status = codes.first().is_none_or(|(place, _)| place.is_status());
    if !by_status || text.is_some() {
        return;
    }
    let is_status = |code: &str| code.len() == 3 && code.starts_with(|c: char| ('1'..='5').contains(&c));
    let exact = profile.codes.exact.iter().any(|(code, (_, class))| is_status(code) && *class == Class::Ok);
    let pattern =
        profile.codes.patterns.iter().any(|(code, _, class)| is_status(code) && *class == Class::Ok);
    if !exact && !pattern && !classes.iter().any(|(_, class)| *class == Class::Ok) {
        let remedy =
            "say where the code is ([answer] code = \"/code\"), or give \"2xx\" the class \"ok\" in [codes]";
        problems.add(
            exchange.line,
            &field(exchange),
            "the status is its code, and no status means ok",
            remedy,
        );
    }
}

/// A request about an invoice says which one; what always says the same is never answered otherwise.
fn says_which(profile: &Profile, exchange: &Exchange, problems: &mut Problems) {
    let about = [
        Operation::Upload,
        Operation::Resubmit,
        Operation::Review,
        Operation::QueryNumber,
        Operation::QueryKeyword,
        Operation::QueryRegion,
        Operation::Verify,
        Operation::Batch,
        Operation::BatchStatus,
        Operation::Void,
        Operation::RedFlush,
    ];
    let Ok(operation) = exchange.step.parse::<Operation>() else { return };
    let general = |field: FieldName| {
        matches!(field, FieldName::Region | FieldName::Page | FieldName::Size | FieldName::Kind)
            || matches!(field, FieldName::Mobile | FieldName::Name | FieldName::Password | FieldName::Email)
    };
    let says = |source: Source| match source {
        Source::Field(field) => !general(field),
        Source::File => true,
        _ => false,
    };
    let mut sources = exchange.all_sources();
    for at in exchange.order.iter().filter_map(|stage| stage.signature()) {
        exchange.signed_by(profile, at, &mut sources);
    }
    if about.contains(&operation) && !sources.into_iter().any(says) {
        let slot = match operation {
            Operation::QueryKeyword => "{keyword}",
            Operation::Batch => "items = { \"{items}\" = { no = \"{number}\" } }",
            Operation::BatchStatus => "{batch_key} or {id}",
            _ => "{number}",
        };
        let remedy = format!("put {slot} into its path, query or body");
        let message = "the request does not say which invoice it is about";
        problems.add(exchange.line, &field(exchange), message, remedy);
    }
}

fn tokens(profile: &Profile, problems: &mut Problems) {
    let login = profile.exchange(Operation::Login);
    let remedy = "leave {token} out of it, or write public = true there";
    let steps = profile.prelude.iter().map(|at| &profile.exchanges[*at]).chain(login);
    for exchange in steps.filter(|exchange| exchange.needs_token) {
        let message = "circular: the login needs the token that it is to give";
        problems.add(exchange.line, &field(exchange), message, remedy);
    }
    let user = profile.exchanges.iter().find(|exchange| exchange.needs_token);
    match (&profile.login, user) {
        (None, Some(exchange)) => {
            problems.add(
                exchange.line,
                &field(exchange),
                "needs {token}, which nothing gives",
                "write [login] token = \"/…\"",
            );
        }
        (Some(_), _) if login.is_none() => {
            problems.add(
                1,
                "login",
                "there is no operation that logs in",
                "write [operation.login] request = \"POST /…\"",
            );
        }
        _ => {}
    }
}

/// `{carried.x}` comes from an earlier step of the login.
fn carried(profile: &Profile, problems: &mut Problems) {
    let login = profile.exchange(Operation::Login);
    let steps: Vec<&Exchange> =
        profile.prelude.iter().map(|at| &profile.exchanges[*at]).chain(login).collect();
    let names: &[String] = profile.login.as_ref().map_or(&[], |plan| &plan.carried);
    let gives = |step: &Exchange, name: &str| step.reading.values.iter().any(|value| &*value.name == name);
    for name in names.iter().filter(|name| !steps.iter().any(|step| gives(step, name))) {
        let remedy = format!("add it to the values of a step: values = {{ {name} = \"/…\" }}");
        problems.add(1, "login.carry", format!("no step of the login gives `{name}`"), remedy);
    }
    for exchange in &profile.exchanges {
        let at = steps.iter().position(|step| std::ptr::eq(*step, exchange)).unwrap_or(steps.len());
        for source in exchange.all_sources() {
            let Source::Carried(name) = source else { continue };
            let field = field(exchange);
            if !names.iter().any(|known| **known == *name) {
                let remedy = format!("write [login] carry = [\"{name}\"] and take it from an answer");
                problems.add(exchange.line, &field, format!("nothing carries {{carried.{name}}}"), remedy);
            } else if !steps[..at].iter().any(|step| gives(step, &name)) {
                let message =
                    format!("circular: {{carried.{name}}} is not there before this step has been answered");
                problems.add(exchange.line, &field, message, "take it from an earlier step");
            }
        }
    }
}

fn unused(profile: &Profile, problems: &mut Problems) {
    let mut used: Vec<Source> = profile.exchanges.iter().flat_map(Exchange::all_sources).collect();
    for exchange in &profile.exchanges {
        for at in exchange.order.iter().filter_map(|stage| stage.signature()) {
            exchange.signed_by(profile, at, &mut used);
        }
    }
    let mut check = |list: &[Declared], part: &str, source: fn(usize) -> Source| {
        for (_, declared) in list.iter().enumerate().filter(|(at, _)| !used.contains(&source(*at))) {
            let field = format!("{part}.{}", declared.name);
            problems.add(
                declared.line,
                &field,
                "no request uses it",
                "put it where the platform wants it, or remove it",
            );
        }
    };
    check(&profile.scope.values, "values", Source::Made);
    check(&profile.scope.signatures, "sign", Source::Signature);
    check(&profile.scope.secrets, "secrets", Source::Secret);
}

fn review(profile: &Profile, problems: &mut Problems) {
    let (Some(review), Some(exchange)) = (&profile.review, profile.exchange(Operation::Review)) else {
        return;
    };
    if !exchange.reading.values.iter().any(|value| *value.name == *review.value) {
        let remedy = format!("write values = {{ {} = \"/…\" }}", review.value);
        let message = format!("does not extract `{}`, by which [review] knows the state", review.value);
        problems.add(exchange.line, &field(exchange), message, remedy);
    }
}

fn field(exchange: &Exchange) -> String {
    match &*exchange.step {
        "inbox" => "inbox".to_owned(),
        step if step.starts_with("login step") => "login.before".to_owned(),
        step => format!("operation.{step}"),
    }
}

impl Stage {
    fn signature(&self) -> Option<usize> {
        if let Self::Sign(at) = self { Some(*at) } else { None }
    }
}

impl Json {
    /// The templates of the items of a batch.
    fn items<'j>(&'j self, list: &mut Vec<&'j Template>) {
        match self {
            Self::Items(json) => json.templates(list),
            Self::Object(members) => members.iter().for_each(|(_, json)| json.items(list)),
            Self::List(elements) => elements.iter().for_each(|json| json.items(list)),
            _ => {}
        }
    }
}

impl Exchange {
    /// Every template but the parts of a multipart body and the signatures.
    fn plain_templates(&self) -> Vec<&Template> {
        let mut list = vec![&self.path];
        list.extend(self.query.iter().map(|pair| &pair.value));
        list.extend(self.headers.iter().map(|(_, value)| value));
        list.extend(self.inner.templates());
        if !matches!(self.body, Body::Multipart(_)) {
            list.extend(self.body.templates());
        }
        list
    }

    /// Where everything that is sent comes from, signatures by their name.
    fn all_sources(&self) -> Vec<Source> {
        let parts = if matches!(self.body, Body::Multipart(_)) { self.body.templates() } else { Vec::new() };
        self.plain_templates()
            .into_iter()
            .chain(parts)
            .flat_map(|template| template.sources().cloned())
            .collect()
    }

    /// What a signature covers, down to fields and values.
    fn signed_by(&self, profile: &Profile, at: usize, covered: &mut Vec<Source>) {
        let sign = &profile.signs[at];
        let keys = sign.key.iter().flat_map(Template::sources);
        let sources: Vec<Source> = sign.text.sources().chain(keys).cloned().collect();
        for source in sources {
            self.cover(profile, at, source, covered);
        }
    }

    fn cover(&self, profile: &Profile, at: usize, source: Source, covered: &mut Vec<Source>) {
        if covered.contains(&source) {
            return;
        }
        covered.push(source.clone());
        let parts: Vec<&Template> = match source {
            Source::Path => vec![&self.path],
            Source::Query => self.query.iter().map(|pair| &pair.value).collect(),
            Source::Target => {
                std::iter::once(&self.path).chain(self.query.iter().map(|pair| &pair.value)).collect()
            }
            Source::Body => self.body.templates(),
            Source::Inner => self.inner.templates(),
            Source::Header(ref name) => {
                self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect()
            }
            Source::Sorted => {
                let parameters = self.sorted.get(at).map(Vec::as_slice).unwrap_or_default();
                parameters.iter().flat_map(|(_, parameter)| parameter.templates()).collect()
            }
            Source::Signature(other) => return self.signed_by(profile, other, covered),
            _ => Vec::new(),
        };
        for source in parts.into_iter().flat_map(|template| template.sources().cloned()) {
            self.cover(profile, at, source, covered);
        }
    }
}
