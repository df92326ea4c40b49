//! Gathers what can be known about one invoice, and hands it to the judge.
//!
//! Only reads are made, and of the daily verifications of an invoice at most two.

use crate::live::delays;
use crate::live::known::{day, known as known_to_us, spend, verifications_left};
use crate::live::port::ProbePort;
use crate::live::result::describe;
use crate::live::setting::Setting;
use crate::{Found as Probed, Health, api_health, dns, own_network, tls};
use chrono::{DateTime, NaiveDate, Offset, TimeDelta, Utc};
use piaotan_analysis::cause::facts::{
    Announced, Batch, Check, Facts, Found, History, Looked, Record, Standing, Status, Upload, Verify,
};
use piaotan_analysis::cause::number::plain;
use piaotan_analysis::cause::{Explanation, Language, decide};
use piaotan_analysis::sync::Estimate;
use piaotan_client::port::{FieldName, Fields, Port, Reply};
use piaotan_record::calendar::{Phase, PhaseName};
use piaotan_record::{Operation, Outcome, OutcomeKind, Service, Surface};
use piaotan_store::{Asked, Attempt, SightState};

/// Verifications that tracing may spend of one invoice in a day.
const VERIFICATIONS: u32 = 2;

/// What a person asks about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    pub number: String,
    pub issue_date: Option<NaiveDate>,
    /// Total with tax, in words of digits.
    pub total: Option<String>,
    pub uploaded: Option<DateTime<Utc>>,
    pub batch: Option<String>,
    /// The region in which it is looked for.
    pub region: Option<String>,
    pub by_agent: bool,
    pub unseen_in_browser: bool,
}

/// Answers the question, and remembers it: real invoices in a table that cleanup cannot touch.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn trace(question: &Question, setting: &Setting) -> Result<Explanation, piaotan_store::Error> {
    let facts = gather(question, setting).await?;
    let language = match setting.language {
        piaotan_client::profile::Language::Zh => Language::Zh,
        piaotan_client::profile::Language::En => Language::En,
    };
    Ok(decide(&facts, language))
}

/// Gathers the facts without judging them.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn gather(question: &Question, setting: &Setting) -> Result<Facts, piaotan_store::Error> {
    let mut facts = Facts::new(&plain(&question.number), setting.wall());
    facts.zone = setting.wall().with_timezone(&setting.client.profile().zone()).offset().fix();
    facts.platform.clone_from(&setting.target);
    facts.promise = TimeDelta::from_std(setting.section.promise.0).unwrap_or(facts.promise);
    facts.give_up = TimeDelta::from_std(setting.section.give_up.0).unwrap_or(facts.give_up);
    remember(&mut facts, question, setting)?;
    announced(&mut facts, setting);
    let mut io = ProbePort::new(setting);
    the_way(&mut facts, &mut io, setting).await;
    let wire = Asking { setting, question, number: facts.subject.number.clone() };
    wire.status(&mut facts, &mut io).await?;
    wire.batch(&mut facts, &mut io).await?;
    wire.surfaces(&mut facts, &mut io).await?;
    wire.verify(&mut facts, &mut io).await?;
    facts.now = setting.wall();
    facts.expected_by = expected(&facts, setting)?;
    Ok(facts)
}

/// What the person says, what the ledger knows, and what was tried before.
fn remember(facts: &mut Facts, question: &Question, setting: &Setting) -> Result<(), piaotan_store::Error> {
    let subject = &mut facts.subject;
    (subject.issue_date, subject.total) = (question.issue_date, question.total.clone());
    (subject.uploaded, subject.batch) = (question.uploaded, question.batch.clone());
    (subject.region, subject.by_agent) = (question.region.clone(), question.by_agent);
    subject.unseen_in_browser = question.unseen_in_browser;
    // Numbers of other countries' invoices follow rules of their own.
    subject.chinese_number = setting.client.profile().zone().name() == "Asia/Shanghai";
    let Some(store) = &setting.store else { return Ok(()) };
    let number = subject.number.clone();
    if let Some(known) = store.find(&number)?.into_iter().find(|known| known.issued.target == setting.target)
    {
        subject.synthetic = true;
        subject.issue_date = subject.issue_date.or(Some(known.issued.issue_date));
        subject.total = subject.total.take().or(Some(known.issued.total));
        subject.uploaded = subject.uploaded.or(Some(known.issued.uploaded));
        subject.accepted = known.issued.accepted;
        subject.given_up = known.sights.iter().any(|sight| sight.state == SightState::Lost);
    } else {
        let Question { issue_date, total, uploaded, batch, .. } = question.clone();
        let (first_asked, closed) = (setting.wall(), None);
        store.ask(&Asked {
            number: number.clone(),
            issue_date,
            total,
            uploaded,
            batch,
            first_asked,
            closed,
        })?;
    }
    let attempts = store.attempts(&number)?;
    facts.upload = attempts.iter().rev().find(|attempt| attempt.step == "upload").map(|attempt| Upload {
        at: attempt.at,
        taken: attempt.outcome == OutcomeKind::Ok,
        code: attempt.code.clone(),
        message: attempt.detail.clone(),
    });
    let told = |each: &Attempt| (each.at, format!("{} {} {}", each.step, each.outcome, each.code));
    facts.attempts = attempts.iter().map(told).collect();
    Ok(())
}

fn announced(facts: &mut Facts, setting: &Setting) {
    let calendar = setting.calendar();
    let phase = calendar.phase_at(facts.now, Service::Query);
    let phase = if phase.is_maintenance() { phase } else { calendar.phase_at(facts.now, Service::All) };
    facts.announced = phase.window().filter(|_| phase.name() != PhaseName::Outside).map(|window| Announced {
        id: window.id.clone(),
        phase: Phase::name(&phase),
        start: window.start,
        end: window.end,
        services: window.services,
        confirmed: window.status == piaotan_record::window::Status::Confirmed,
    });
}

/// Own network, name, secure channel, and whether the platform says that it is up.
async fn the_way(facts: &mut Facts, io: &mut ProbePort<'_>, setting: &Setting) {
    facts.own_network = checked(own_network::run(setting).await);
    facts.dns = checked(dns::run(io, setting).await);
    facts.tls = checked(tls::run(io, setting).await);
    if setting.client.profile().supports(Operation::Health) {
        facts.health = checked(api_health::run(io, setting).await);
    }
}

fn checked(found: Probed) -> Check {
    match found.health {
        Health::Skipped => Check::NotAsked,
        _ if matches!(found.outcome, Some(Outcome::Maintenance { .. })) => Check::Maintenance,
        Health::Unhealthy => Check::Failed(found.detail),
        _ => Check::Ok,
    }
}

/// The questions about one invoice.
struct Asking<'a> {
    setting: &'a Setting,
    question: &'a Question,
    number: String,
}

impl Asking<'_> {
    fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::default().with(FieldName::Number, &self.number);
        // An absence is then read as such, whether the platform would call it "not yet" or "no".
        fields.known = true;
        fields
    }

    /// Asks, and writes the attempt down. `None`: not asked, since profile or window forbid it.
    async fn ask(
        &self,
        io: &mut ProbePort<'_>,
        operation: Operation,
        fields: &Fields<'_>,
    ) -> Result<Option<Reply>, piaotan_store::Error> {
        if !self.setting.client.profile().supports(operation) {
            return Ok(None);
        }
        let at = self.setting.wall();
        let reply = io.call(operation, fields).await;
        if reply.held {
            return Ok(None);
        }
        // A verification is written down by what it spends.
        if operation != Operation::Verify
            && let Some(store) = &self.setting.store
        {
            let (number, step, outcome) = (self.number.clone(), operation.to_string(), reply.outcome.kind());
            let (code, detail) = (self.code(&reply), describe(&reply, operation, self.setting));
            store.attempt(&Attempt { number, at, step, outcome, code, detail, counts: false })?;
        }
        Ok(Some(reply))
    }

    fn code(&self, reply: &Reply) -> String {
        let codes = self.setting.client.profile().codes();
        reply.code.map(|code| codes.name(code).to_owned()).unwrap_or_default()
    }

    async fn status(&self, facts: &mut Facts, io: &mut ProbePort<'_>) -> Result<(), piaotan_store::Error> {
        let Some(reply) = self.ask(io, Operation::Review, &self.fields()).await? else { return Ok(()) };
        facts.status = match reply.outcome {
            Outcome::Ok => {
                self.history(&reply).map_or(Status::Failed(OutcomeKind::Unreadable), Status::Known)
            }
            Outcome::BusinessNo | Outcome::NotYetVisible => Status::NotSubmitted,
            // A number of no valid form is refused before it is looked up: nobody submitted it.
            Outcome::ClientError if reply.status == Some(400) => Status::NotSubmitted,
            other => Status::Failed(other.kind()),
        };
        Ok(())
    }

    fn history(&self, reply: &Reply) -> Option<History> {
        let instant = |name| reply.values.get(name).and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let standing = standing(reply.values.get("status").unwrap_or_default(), reply.values.get("review"))?;
        let at = Some(self.setting.wall());
        let reasons = reply.values.get("reasons").map(reasons).unwrap_or_default();
        Some(History {
            standing,
            uploaded: instant("uploaded_at"),
            reviewed: instant("reviewed_at"),
            reasons,
            at,
        })
    }

    async fn batch(&self, facts: &mut Facts, io: &mut ProbePort<'_>) -> Result<(), piaotan_store::Error> {
        let Some(key) = &self.question.batch else { return Ok(()) };
        let fields = self.fields().with(FieldName::BatchKey, key);
        let Some(reply) = self.ask(io, Operation::BatchStatus, &fields).await? else { return Ok(()) };
        facts.batch = match reply.outcome {
            Outcome::Ok => item(reply.values.get("results").unwrap_or_default(), &self.number),
            Outcome::BusinessNo | Outcome::NotYetVisible => Batch::NoSuchKey,
            other => Batch::Failed(other.kind()),
        };
        Ok(())
    }

    async fn surfaces(&self, facts: &mut Facts, io: &mut ProbePort<'_>) -> Result<(), piaotan_store::Error> {
        let profile = self.setting.client.profile();
        let own = self.number.get(2..4).unwrap_or_default();
        let mut places = vec![(Surface::Number, String::new())];
        let keyword = known_to_us(self.setting).into_iter().find(|known| known.number == self.number);
        let keyword = keyword.map(|known| known.keyword).filter(|keyword| *keyword != self.number);
        places.extend(keyword.iter().map(|_| (Surface::Keyword, String::new())));
        let others = profile.regions().iter().filter(|region| *region != own);
        places.extend(others.map(|region| (Surface::Region, region.clone())));
        let (date, total) =
            (facts.subject.issue_date.map(|date| date.to_string()), facts.subject.total.clone());
        for (surface, region) in places {
            let mut fields = self.fields();
            fields.compare = true;
            let given = [(FieldName::IssueDate, date.as_deref()), (FieldName::Total, total.as_deref())];
            given.iter().for_each(|(name, value)| {
                value.map(|value| fields.set(*name, value));
            });
            fields.set(FieldName::Keyword, keyword.as_deref().unwrap_or(&self.number));
            if !region.is_empty() {
                fields.set(FieldName::Region, &region);
            }
            let at = Some(self.setting.wall());
            if let Some(reply) = self.ask(io, surface.operation().wire(), &fields).await? {
                facts.looks.push(Looked {
                    surface,
                    region: region.clone(),
                    found: found(&reply),
                    code: self.code(&reply),
                    at,
                });
            }
        }
        Ok(())
    }

    async fn verify(&self, facts: &mut Facts, io: &mut ProbePort<'_>) -> Result<(), piaotan_store::Error> {
        facts.checks_left = verifications_left(self.setting, &self.number);
        let (Some(date), Some(total)) = (facts.subject.issue_date, facts.subject.total.clone()) else {
            return Ok(());
        };
        let (from, to) = day(self.setting, self.setting.wall());
        let spent = match &self.setting.store {
            Some(store) => store.verifications(&self.number, from, to)?,
            None => 0,
        };
        if spent >= VERIFICATIONS || facts.checks_left == Some(0) {
            return Ok(());
        }
        let date = date.to_string();
        let fields = self.fields().with(FieldName::IssueDate, &date).with(FieldName::Total, &total);
        let Some(reply) = self.ask(io, Operation::Verify, &fields).await? else { return Ok(()) };
        (facts.verify, facts.verified_at) = (verified(&reply), Some(self.setting.wall()));
        spend(self.setting, &self.number, reply.outcome.kind(), &self.code(&reply))?;
        let told = reply.values.get("checks_left").and_then(|left| left.parse().ok());
        facts.checks_left = told.or_else(|| verifications_left(self.setting, &self.number));
        Ok(())
    }
}

/// How far it has come, by the platform's own word where that tells more than the review does.
fn standing(word: &str, review: Option<&str>) -> Option<Standing> {
    let word = word.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    match review {
        _ if says(&["red_flush", "red-flush", "redflush", "红冲", "冲红"]) => Some(Standing::RedFlushed),
        _ if says(&["void", "作废"]) => Some(Standing::Voided),
        Some("accepted") => Some(Standing::Accepted),
        Some("rejected") => Some(Standing::Rejected),
        Some("pending") => Some(Standing::InReview),
        _ => None,
    }
}

/// The reasons of a rejection: a list of objects or of texts.
fn reasons(json: &str) -> Vec<String> {
    let list: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    let one = |reason: &serde_json::Value| {
        let part = |name: &str| reason.get(name).and_then(serde_json::Value::as_str);
        match (part("reason"), part("text")) {
            (Some(reason), Some(text)) => format!("{reason} {text}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => reason.as_str().unwrap_or_default().to_owned(),
        }
    };
    list.iter().map(one).filter(|text| !text.is_empty()).collect()
}

/// What became of one number in the results of a batch.
fn item(results: &str, number: &str) -> Batch {
    let list: Vec<serde_json::Value> = serde_json::from_str(results).unwrap_or_default();
    let text = |item: &serde_json::Value, name: &str| {
        item.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let Some(item) = list.iter().find(|item| text(item, "number") == number) else { return Batch::NoItem };
    let code = text(item, "code");
    let taken = code.is_empty() || code.chars().all(|c| c == '0');
    if taken { Batch::Taken } else { Batch::Refused { code, message: text(item, "message") } }
}

fn found(reply: &Reply) -> Found {
    let record = |differs| {
        let standing = standing(reply.values.get("status").unwrap_or_default(), None);
        let agent_issued = reply.values.get("agent_issued") == Some("true");
        Found::Seen(Record { standing, agent_issued, differs })
    };
    match reply.outcome {
        Outcome::Ok => record(Vec::new()),
        Outcome::Mismatched { field } => record(vec![field]),
        Outcome::NotYetVisible | Outcome::BusinessNo => Found::NotThere,
        other => Found::Failed(other.kind()),
    }
}

/// By the result that the profile extracts; where it extracts none, by the outcome.
fn verified(reply: &Reply) -> Verify {
    match (reply.values.get("result"), reply.outcome) {
        (Some("genuine"), _) | (None, Outcome::Ok) => Verify::Genuine,
        (Some("mismatch"), _) => Verify::Mismatch,
        (Some("not_found"), _) | (None, Outcome::NotYetVisible) => Verify::NotFound,
        (Some("over_limit"), _) => Verify::OverLimit,
        (Some("issued_today"), _) => Verify::IssuedToday,
        (Some("too_old"), _) => Verify::TooOld,
        (Some("voided"), _) => Verify::Voided,
        (Some("red_flushed"), _) => Verify::RedFlushed,
        (Some("being_checked"), _) => Verify::BeingChecked,
        (_, Outcome::ClientError) => Verify::NotAsked,
        (_, other) => Verify::Failed(other.kind()),
    }
}

/// When nineteen of twenty like it will be visible, by the curve of the last week.
fn expected(facts: &Facts, setting: &Setting) -> Result<Option<DateTime<Utc>>, piaotan_store::Error> {
    let (Some(store), Some(began)) = (&setting.store, facts.began()) else { return Ok(None) };
    let delays = delays::recent(store, &setting.target, facts.now)?;
    let age = (facts.now - began).as_seconds_f64();
    let by = Estimate::new(&delays).and_then(|estimate| estimate.expected_by(age, 0.95));
    Ok(by.map(|by| began + TimeDelta::microseconds((by * 1e6) as i64)))
}

#[cfg(test)]
mod tests {
    use super::{item, reasons, standing};
    use piaotan_analysis::cause::facts::{Batch, Standing};

    #[test]
    fn words_of_the_platform_are_read() {
        assert_eq!(standing("voided", Some("accepted")), Some(Standing::Voided));
        assert_eq!(standing("accepted", Some("accepted")), Some(Standing::Accepted));
        assert_eq!(standing("已红冲", None), Some(Standing::RedFlushed));
        assert_eq!(standing("odd", None), None);
        assert_eq!(
            reasons(r#"[{"reason":"words_differ","text":"大写不符"},"plain"]"#),
            ["words_differ 大写不符", "plain"]
        );
        assert!(reasons("not json").is_empty());
    }

    #[test]
    fn a_batch_tells_of_each_number() {
        let results = r#"[{"number":"1","code":"0000"},{"number":"2","code":"2001","message":"bad"}]"#;
        assert_eq!(item(results, "1"), Batch::Taken);
        assert_eq!(item(results, "2"), Batch::Refused { code: "2001".into(), message: "bad".into() });
        assert_eq!(item(results, "3"), Batch::NoItem);
    }
}
