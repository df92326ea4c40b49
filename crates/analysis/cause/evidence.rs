//! The steps of the walk, in words.

use super::facts::{Batch, Check, Facts, Found, Looked, Standing, Status, Verify};
use super::{Language, Step, StepResult, number};
use chrono::{DateTime, Utc};

pub(super) fn steps(facts: &Facts, language: Language) -> Vec<Step> {
    let mut steps = vec![
        check("own_network", &facts.own_network, language),
        check("dns", &facts.dns, language),
        check("tls", &facts.tls, language),
        check("platform", &facts.health, language),
        maintenance(facts, language),
        form(facts, language),
        status(facts, language),
        batch(facts, language),
    ];
    steps.extend(facts.upload.as_ref().map(|upload| {
        let result = if upload.taken { StepResult::Ok } else { StepResult::Failed };
        step(
            "upload",
            result,
            format!("{} {}", upload.code, upload.message).trim().to_owned(),
            Some(upload.at),
        )
    }));
    steps.extend(facts.looks.iter().map(|look| looked(look, language)));
    steps.push(verify(facts, language));
    steps.push(check("browser", &facts.browser, language));
    steps.retain(|step| step.result != StepResult::NotAsked);
    steps
}

fn step(name: &str, result: StepResult, detail: String, at: Option<DateTime<Utc>>) -> Step {
    Step { step: name.to_owned(), result, detail, at }
}

fn pick<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}

fn check(name: &str, check: &Check, language: Language) -> Step {
    let (result, detail) = match check {
        Check::NotAsked => (StepResult::NotAsked, String::new()),
        Check::Ok => (StepResult::Ok, pick(language, "正常", "works").to_owned()),
        Check::Failed(why) => (StepResult::Failed, why.clone()),
        Check::Maintenance => {
            (StepResult::Found, pick(language, "答复为维护中", "answers: maintenance").to_owned())
        }
    };
    step(name, result, detail, None)
}

fn maintenance(facts: &Facts, language: Language) -> Step {
    let shown = |at: DateTime<Utc>| at.with_timezone(&facts.zone).format("%m-%d %H:%M").to_string();
    if let Some(since) = facts.observed_maintenance {
        let text = format!("{} {}", pick(language, "观察到维护，始于", "observed since"), shown(since));
        return step("maintenance", StepResult::Found, text, Some(since));
    }
    match &facts.announced {
        Some(window) => {
            let open = pick(language, "恢复为止", "restored").to_owned();
            let end = window.end.map_or(open, shown);
            let doubt =
                if window.confirmed { "" } else { pick(language, "（未确认）", " (not confirmed)") };
            let text = format!(
                "{} {}–{end}{doubt}, {}, {}",
                window.id,
                shown(window.start),
                window.phase,
                window.services
            );
            step("maintenance", StepResult::Found, text, None)
        }
        None => step("maintenance", StepResult::Ok, pick(language, "无维护", "none").to_owned(), None),
    }
}

fn form(facts: &Facts, language: Language) -> Step {
    if !facts.subject.chinese_number {
        return step("number", StepResult::NotAsked, String::new(), None);
    }
    match number::form(&facts.subject.number, facts.now.with_timezone(&facts.zone)) {
        Ok(_) => {
            step("number", StepResult::Ok, pick(language, "号码格式正确", "well formed").to_owned(), None)
        }
        Err(fault) => step("number", StepResult::Failed, super::words::fault(fault, language), None),
    }
}

fn status(facts: &Facts, language: Language) -> Step {
    match &facts.status {
        Status::NotAsked => step("status", StepResult::NotAsked, String::new(), None),
        Status::NotSubmitted => {
            let text = pick(language, "平台未收到该号码", "nobody submitted this number here");
            step("status", StepResult::NotThere, text.to_owned(), None)
        }
        Status::Failed(outcome) => step("status", StepResult::NoAnswer, outcome.to_string(), None),
        Status::Known(history) => {
            let reasons = history.reasons.join("; ");
            let standing = standing(history.standing, language);
            let text =
                if reasons.is_empty() { standing.to_owned() } else { format!("{standing}: {reasons}") };
            step("status", StepResult::Found, text, history.at)
        }
    }
}

fn standing(standing: Standing, language: Language) -> &'static str {
    match (standing, language) {
        (Standing::InReview, Language::Zh) => "审核中",
        (Standing::InReview, Language::En) => "under review",
        (Standing::Accepted, Language::Zh) => "已入库",
        (Standing::Accepted, Language::En) => "accepted",
        (Standing::Rejected, Language::Zh) => "已驳回",
        (Standing::Rejected, Language::En) => "rejected",
        (Standing::Voided, Language::Zh) => "已作废",
        (Standing::Voided, Language::En) => "voided",
        (Standing::RedFlushed, Language::Zh) => "已红冲",
        (Standing::RedFlushed, Language::En) => "red-flushed",
    }
}

fn batch(facts: &Facts, language: Language) -> Step {
    let (result, text) = match &facts.batch {
        Batch::NotAsked => (StepResult::NotAsked, String::new()),
        Batch::NoSuchKey => {
            (StepResult::NotThere, pick(language, "平台没有此批次", "no batch of this key").to_owned())
        }
        Batch::NoItem => {
            (StepResult::NotThere, pick(language, "批次中没有该发票", "not in the batch").to_owned())
        }
        Batch::Taken => (StepResult::Ok, pick(language, "批次已接收", "taken with its batch").to_owned()),
        Batch::Refused { code, message } => {
            (StepResult::Failed, format!("{code} {message}").trim().to_owned())
        }
        Batch::Failed(outcome) => (StepResult::NoAnswer, outcome.to_string()),
    };
    step("batch", result, text, None)
}

fn looked(look: &Looked, language: Language) -> Step {
    let name = match look.region.as_str() {
        "" => format!("query {}", look.surface),
        region => format!("query {}:{region}", look.surface),
    };
    let code = if look.code.is_empty() { String::new() } else { format!(" ({})", look.code) };
    let (result, text) = match &look.found {
        Found::Seen(record) if record.differs.is_empty() => {
            (StepResult::Found, pick(language, "可见", "visible").to_owned())
        }
        Found::Seen(record) => {
            let fields: Vec<&str> = record.differs.iter().map(|field| field.as_str()).collect();
            (StepResult::Found, format!("{}: {}", pick(language, "内容不符", "differs"), fields.join(", ")))
        }
        Found::NotThere => {
            (StepResult::NotThere, format!("{}{code}", pick(language, "查无此票", "not there")))
        }
        Found::Failed(outcome) => (StepResult::NoAnswer, format!("{outcome}{code}")),
    };
    step(&name, result, text, look.at)
}

fn verify(facts: &Facts, language: Language) -> Step {
    let zh = matches!(language, Language::Zh);
    let (result, text) = match facts.verify {
        Verify::NotAsked => (StepResult::NotAsked, String::new()),
        Verify::Failed(outcome) => (StepResult::NoAnswer, outcome.to_string()),
        Verify::Genuine => (StepResult::Found, if zh { "查验一致" } else { "genuine" }.to_owned()),
        Verify::Mismatch => (StepResult::Found, if zh { "查验不一致" } else { "details differ" }.to_owned()),
        Verify::NotFound => {
            (StepResult::NotThere, if zh { "查无此票" } else { "no such invoice" }.to_owned())
        }
        Verify::OverLimit => {
            (StepResult::Found, if zh { "超过当日次数" } else { "over today's limit" }.to_owned())
        }
        Verify::IssuedToday => {
            (StepResult::NoAnswer, if zh { "当日开具，不可查验" } else { "issued today" }.to_owned())
        }
        Verify::TooOld => {
            (StepResult::NoAnswer, if zh { "超过五年" } else { "more than five years old" }.to_owned())
        }
        Verify::Voided => (StepResult::Found, if zh { "已作废" } else { "voided" }.to_owned()),
        Verify::RedFlushed => (StepResult::Found, if zh { "已红冲" } else { "red-flushed" }.to_owned()),
        Verify::BeingChecked => {
            (StepResult::NoAnswer, if zh { "正在查验" } else { "being checked" }.to_owned())
        }
    };
    let left = facts.checks_left.filter(|_| result != StepResult::NotAsked);
    let left =
        left.map(|left| if zh { format!("；今日余 {left} 次") } else { format!("; {left} left today") });
    step("verify", result, text + &left.unwrap_or_default(), facts.verified_at)
}
