//! `/trace`: the question "where is my invoice?" for people who have no shell.

use crate::question;
use crate::serve::{Asked, Page};
use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use piaotan_analysis::cause::{Cause, Explanation, Language as Told, StepResult};
use piaotan_client::profile::Language;
use piaotan_probes::Setting;
use piaotan_probes::live::trace::{Question, trace};
use piaotan_reports::Lang;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

/// Invoices looked for at a time; the probes want their peace.
const AT_A_TIME: usize = 2;
/// How long a reader waits for others, and then for the answer.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is watched, and the runtime that its connections live on.
type Watched = Arc<Mutex<Option<(Arc<Setting>, Handle)>>>;

/// Looks for invoices, by the setting that is watched now.
#[derive(Debug, Clone)]
pub struct Asking {
    watched: Watched,
    room: Arc<Semaphore>,
    closed: watch::Sender<bool>,
}

impl Default for Asking {
    fn default() -> Self {
        let room = Arc::new(Semaphore::new(AT_A_TIME));
        Self { watched: Arc::default(), room, closed: watch::Sender::new(false) }
    }
}

impl Asking {
    /// From now on this is asked, on the runtime that calls.
    pub fn of(&self, setting: Arc<Setting>) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = Some((setting, Handle::current()));
    }

    /// Nothing is waited for any more.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// The form, and below it what was found.
    #[must_use]
    pub fn page(&self, asked: &Asked, lang: Lang) -> Page {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((setting, runtime)) = watched else { return Page::text(503, "starting\n") };
        let (mut view, mut status) = (View::of(asked, &setting), 200);
        if let Some(body) = &asked.posted {
            let found = question::filled(body, setting.client.profile().zone()).map_err(|why| (422, why));
            let found = found.and_then(|question| {
                runtime.block_on(self.look(&question, &setting, lang)).map_err(|why| (503, why))
            });
            match found {
                Ok(found) => view.found = Some(Found::of(&found, &setting, lang)),
                Err((code, why)) => (status, view.wrong) = (code, Some(format!("{why:#}"))),
            }
        }
        match drawn(&view, lang) {
            Ok(body) => Page { status, ..Page::html(body) },
            Err(why) => Page::text(500, format!("{why:#}\n")),
        }
    }

    async fn look(&self, question: &Question, setting: &Setting, lang: Lang) -> Result<Explanation> {
        let language = if lang == Lang::Zh { Language::Zh } else { Language::En };
        let setting = setting.speaking(language);
        let mut closed = self.closed.subscribe();
        let looked = async {
            let _place = self.room.acquire().await?;
            Ok(trace(question, &setting).await?)
        };
        tokio::select! {
            found = tokio::time::timeout(PATIENCE, looked) => found.unwrap_or_else(|_| {
                let text = lang.of("平台迟迟没有应答，请稍后再试", "no answer came in time; try again later");
                Err(anyhow!("{text}"))
            }),
            _ = closed.wait_for(|closed| *closed) => Err(anyhow!("{}", lang.of("监视程序正在退出", "the watch is ending"))),
        }
    }
}

#[derive(Debug, Serialize)]
struct View {
    target: String,
    zone: String,
    /// What was written into the form, so that it need not be written again.
    written: BTreeMap<String, String>,
    regions: Vec<String>,
    wrong: Option<String>,
    found: Option<Found>,
}

#[derive(Debug, Serialize)]
struct Found {
    number: String,
    /// How the answer is coloured, by what the reader has to do.
    tone: &'static str,
    says: String,
    cause: String,
    certainty: &'static str,
    advice: String,
    times: Vec<(&'static str, String)>,
    steps: Vec<(&'static str, String, String)>,
    ticket: String,
}

impl View {
    fn of(asked: &Asked, setting: &Setting) -> Self {
        let written = asked.posted.as_deref().unwrap_or(&asked.query);
        let written = form_urlencoded::parse(written.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let profile = setting.client.profile();
        let (target, zone) = (setting.target.clone(), profile.zone().to_string());
        Self { target, zone, written, regions: profile.regions().to_vec(), wrong: None, found: None }
    }
}

impl Found {
    fn of(found: &Explanation, setting: &Setting, lang: Lang) -> Self {
        let zone = setting.client.profile().zone();
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string();
        let times = [
            (lang.of("预计可见", "Expected by"), found.expected_by.map(local)),
            (lang.of("下次查看", "Look again at"), found.look_again_at.map(local)),
            (
                lang.of("今日剩余查验次数", "Verifications left today"),
                found.checks_left.map(|left| left.to_string()),
            ),
        ];
        let steps = found.evidence.iter().filter(|step| step.result != StepResult::NotAsked);
        Self {
            number: found.number.clone(),
            tone: tone(found.cause),
            says: found.says.clone(),
            cause: found.cause.to_string(),
            certainty: found.certainty.word(if lang == Lang::Zh { Told::Zh } else { Told::En }),
            advice: found.advice.clone(),
            times: times.into_iter().filter_map(|(name, at)| Some((name, at?))).collect(),
            steps: steps
                .map(|step| (step.result.mark(), name(&step.step, lang), step.detail.clone()))
                .collect(),
            ticket: found.ticket.clone(),
        }
    }
}

/// A step in the words of people who have never seen a probe.
fn name(step: &str, lang: Lang) -> String {
    let (first, region) = step.split_once(':').unwrap_or((step, ""));
    let (zh, en) = match first {
        "own_network" => ("本机网络", "our own network"),
        "dns" => ("域名解析", "the platform's name"),
        "tls" => ("安全连接", "secure channel"),
        "platform" => ("平台接口", "the platform itself"),
        "browser" => ("网页", "its page"),
        "maintenance" => ("维护", "maintenance"),
        "number" => ("号码格式", "form of the number"),
        "status" => ("上传与审核", "upload and review"),
        "batch" => ("批次", "batch"),
        "upload" => ("上传", "upload"),
        "query number" => ("按号码查询", "query by number"),
        "query keyword" => ("按关键字查询", "query by keyword"),
        "query region" => ("在地区查询", "query in region"),
        "verify" => ("查验", "verification"),
        other => (other, other),
    };
    format!("{} {region}", lang.of(zh, en)).trim_end().to_owned()
}

/// Fine, wait, or act.
const fn tone(cause: Cause) -> &'static str {
    match cause {
        Cause::Visible => "ok",
        Cause::NotYetSynced
        | Cause::ReviewPending
        | Cause::Maintenance
        | Cause::OverLimit
        | Cause::OtherRegion
        | Cause::BatchUnanswered
        | Cause::AgentIssued => "maintenance",
        Cause::Unknown | Cause::BrowserSide | Cause::NotUploaded | Cause::NotIssued | Cause::Voided => {
            "degraded"
        }
        _ => "down",
    }
}

fn drawn(view: &View, lang: Lang) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("trace.html", include_str!("trace.html"))?;
    let (zh, style) = (lang == Lang::Zh, include_str!("page.css"));
    let context = context! { view => Serde(view), zh, tag => lang.tag(), style };
    Ok(environment.get_template("trace.html")?.render(context)?)
}
