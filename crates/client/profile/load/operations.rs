//! `[operation.NAME]`, `[request]` and `[login]`: compiled to exchanges.

mod alike;
mod bodies;
mod parts;
mod readings;

use super::super::Profile;
use super::super::exchange::{Exchange, Stage};
use super::super::login::LoginPlan;
use super::super::problem::Problems;
use super::super::scope::Source;
use super::super::source::{Entry, Table};
use super::super::verdict::Reading;
use super::examples::{self, Example};
use super::{budget, operation};
use chrono::TimeDelta;
use hyper::header::HeaderName;
use parts::Common;
use piaotan_record::{Operation, Surface};
use readings::Answers;

/// Compiles every request; returns the examples that the profile gives of their answers.
pub(in super::super) fn operations(
    root: &mut Table,
    profile: &mut Profile,
    problems: &mut Problems,
) -> Vec<Example> {
    let mut common =
        root.table("request", problems).map_or_else(Common::default, |table| Common::read(table, problems));
    let mut answers = Answers::read(root, problems);
    let login = root.table("login", problems).map(|table| login(table, &mut answers, problems));
    if let Some(table) = root.table("inbox", problems) {
        profile.inbox = Some(profile.exchanges.len());
        let exchange = exchange("inbox", table, &mut common, &mut answers, profile, problems);
        profile.exchanges.push(exchange);
    }
    match root.table("operation", problems) {
        None => {
            let remedy = "write [operation.upload] request = \"POST /…\"";
            problems.add(1, "operation", "the profile has no operations", remedy);
        }
        Some(mut table) => {
            for entry in alike::resolved(table.rest(), problems) {
                one(entry, &mut common, &mut answers, profile, problems);
            }
        }
    }
    let (plan, prelude) = login.map_or((None, Vec::new()), |(plan, prelude)| (Some(plan), prelude));
    for (at, table) in prelude.into_iter().enumerate() {
        profile.prelude.push(profile.exchanges.len());
        let exchange =
            exchange(&format!("login step {at}"), table, &mut common, &mut answers, profile, problems);
        profile.exchanges.push(exchange);
    }
    profile.login = plan;
    track_as_queried(profile);
    answers.examples
}

fn one(
    entry: Entry,
    common: &mut Common,
    answers: &mut Answers,
    profile: &mut Profile,
    problems: &mut Problems,
) {
    let field = format!("operation.{}", entry.name);
    let known = operation(&entry.name, entry.line, &field, problems);
    let Some(mut table) = entry.node.into_table(field.clone(), problems) else { return };
    if let Some((ask, line)) = table.text("after_timeout", problems)
        && let (Some(sent), Some(ask)) =
            (known, operation(&ask, line, &format!("{field}.after_timeout"), problems))
    {
        profile.after_timeout.push((sent, ask));
    }
    let exchange = exchange(&entry.name, table, common, answers, profile, problems);
    if let Some(known) = known {
        profile.operations[known.index()] = Some(profile.exchanges.len());
        profile.exchanges.push(exchange);
    }
}

/// Compiles one request and the reading of its answer.
fn exchange(
    step: &str,
    mut table: Table,
    common: &mut Common,
    answers: &mut Answers,
    profile: &Profile,
    problems: &mut Problems,
) -> Exchange {
    let line = table.line;
    let reading = answers.reading(step, &mut table, problems);
    answers.examples.extend(examples::examples(&mut table, profile.exchanges.len(), problems));
    let mut exchange = parts::request(step, &mut table, common, &profile.scope, problems);
    exchange.reading = reading;
    exchange.line = line;
    exchange.sorted = profile
        .signs
        .iter()
        .enumerate()
        .map(|(at, sign)| sign.sorted.parameters(at, &exchange.query, &exchange.body))
        .collect();
    let mut plan =
        Plan { exchange: &exchange, profile, doing: Vec::new(), done: Vec::new(), sources: Vec::new() };
    plan.everything(&table.path, line, problems);
    let (order, sources) = (plan.done, plan.sources);
    if !order.iter().any(|stage| matches!(stage, Stage::Sign(_))) {
        exchange.sorted = Vec::new();
    }
    exchange.needs_token = sources.contains(&Source::Token);
    exchange.order = order;
    table.finish(problems);
    exchange
}

/// Finds the order in which the parts of a request must be rendered.
struct Plan<'p> {
    exchange: &'p Exchange,
    profile: &'p Profile,
    doing: Vec<Stage>,
    done: Vec<Stage>,
    sources: Vec<Source>,
}

impl Plan<'_> {
    fn everything(&mut self, field: &str, line: usize, problems: &mut Problems) {
        for stage in [Stage::Path, Stage::Query, Stage::Body] {
            self.visit(stage, field, line, problems);
        }
        let headers: Vec<Source> =
            self.exchange.headers.iter().flat_map(|(_, value)| value.sources().cloned()).collect();
        self.need(headers, field, line, problems);
    }

    fn visit(&mut self, stage: Stage, field: &str, line: usize, problems: &mut Problems) {
        if self.done.contains(&stage) {
            return;
        }
        if self.doing.contains(&stage) {
            let chain: Vec<String> =
                self.doing.iter().chain([&stage]).map(|stage| self.name(*stage)).collect();
            problems.add(
                line,
                field,
                format!("circular: {}", chain.join(" needs ")),
                "take one out of the other",
            );
            return;
        }
        self.doing.push(stage);
        let needs = self.sources_of(stage);
        self.need(needs, field, line, problems);
        self.doing.pop();
        self.done.push(stage);
    }

    fn need(&mut self, sources: Vec<Source>, field: &str, line: usize, problems: &mut Problems) {
        for source in sources {
            let stages: &[Stage] = match source {
                Source::Path => &[Stage::Path],
                Source::Query => &[Stage::Query],
                Source::Target => &[Stage::Path, Stage::Query],
                Source::Body => &[Stage::Body],
                Source::Inner => &[Stage::Inner],
                Source::Signature(at) => &[Stage::Sign(at)],
                _ => &[],
            };
            for stage in stages {
                self.visit(*stage, field, line, problems);
            }
            if let Source::Header(name) = &source {
                self.header(name, field, line, problems);
            }
            if !self.sources.contains(&source) {
                self.sources.push(source);
            }
        }
    }

    /// What a header needs must be there before the header can be signed.
    fn header(&mut self, name: &HeaderName, field: &str, line: usize, problems: &mut Problems) {
        let exchange = self.exchange;
        match exchange.headers.iter().find(|(known, _)| known == name) {
            Some((_, template)) => {
                // A header within a header is refused elsewhere.
                let plain = template.sources().filter(|source| !matches!(source, Source::Header(_)));
                self.need(plain.cloned().collect(), field, line, problems);
            }
            None => problems.add(
                line,
                field,
                format!("{{header.{name}}} is signed but not sent"),
                format!("write headers = {{ {name} = \"…\" }}, here or in [request]"),
            ),
        }
    }

    fn sources_of(&self, stage: Stage) -> Vec<Source> {
        let exchange = self.exchange;
        match stage {
            Stage::Path => exchange.path.sources().cloned().collect(),
            Stage::Query => exchange.query.iter().flat_map(|pair| pair.value.sources().cloned()).collect(),
            Stage::Inner => {
                exchange.inner.templates().iter().flat_map(|each| each.sources().cloned()).collect()
            }
            Stage::Body => {
                exchange.body.templates().iter().flat_map(|each| each.sources().cloned()).collect()
            }
            Stage::Sign(at) => {
                let sign = &self.profile.signs[at];
                let mut sources: Vec<Source> = sign.text.sources().cloned().collect();
                sources.extend(sign.key.iter().flat_map(|key| key.sources().cloned()));
                if sources.contains(&Source::Sorted) {
                    let parameters = exchange.sorted[at].iter();
                    let templates = parameters.flat_map(|(_, parameter)| parameter.templates());
                    sources.extend(templates.flat_map(|template| template.sources().cloned()));
                }
                sources
            }
        }
    }

    fn name(&self, stage: Stage) -> String {
        match stage {
            Stage::Path => "path".to_owned(),
            Stage::Query => "query".to_owned(),
            Stage::Inner => "inner".to_owned(),
            Stage::Body => "body".to_owned(),
            Stage::Sign(at) => self.profile.scope.signatures[at].name.clone(),
        }
    }
}

/// `[login] token = "/data/token"`; `[[login.before]]` are the requests that come before it.
fn login(mut table: Table, answers: &mut Answers, problems: &mut Problems) -> (LoginPlan, Vec<Table>) {
    answers.grant(&mut table, problems);
    let prelude = super::tables(&mut table, "before", problems);
    let ahead = table.time("ahead", problems).unwrap_or(TimeDelta::seconds(120));
    let lifetime = table.time("lifetime", problems).unwrap_or(TimeDelta::hours(1));
    let budget = table.table("budget", problems).and_then(|mut table| {
        let found = budget(&mut table, problems);
        table.finish(problems);
        found
    });
    let carried = table.texts("carry", problems).into_iter().map(|(text, _)| text).collect();
    table.finish(problems);
    (LoginPlan { steps: prelude.len() + 1, ahead, lifetime, carried, budget }, prelude)
}

/// The tracker asks as a user would, unless the profile says otherwise.
fn track_as_queried(profile: &mut Profile) {
    let queries =
        [Operation::QueryNumber, Operation::QueryKeyword, Operation::Verify, Operation::QueryRegion];
    for (surface, query) in Surface::ALL.iter().zip(queries) {
        let tracking = surface.operation().index();
        if profile.operations[tracking].is_none() {
            profile.operations[tracking] = profile.operations[query.index()];
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            step: "".into(),
            line: 1,
            method: hyper::Method::GET,
            path: super::super::template::Template::default(),
            query: Vec::new(),
            headers: Vec::new(),
            inner: super::super::body::Body::None,
            body: super::super::body::Body::None,
            order: Vec::new(),
            sorted: Vec::new(),
            needs_token: false,
            reading: Reading::default(),
        }
    }
}
