//! After a window, before anything else is believed: log in, upload, query, verify; and read again a
//! sample of invoices that were seen before it.

use crate::live::port::ProbePort;
use crate::live::setting::Setting;
use crate::{ProbeKind, run_one};
use chrono::{DateTime, Utc};
use piaotan_analysis::reconcile::{Baseline, Recovery, RecoveryOptions, Reread, Round};
use piaotan_client::port::{FieldName, Fields, Port};
use piaotan_record::{Operation, Outcome, Window};

/// The probes of one round, in the order of the check.
const ROUND: [ProbeKind; 4] =
    [ProbeKind::Login, ProbeKind::InvoiceRoundtrip, ProbeKind::QueryNumber, ProbeKind::Verify];

/// Makes one round and reads the sample again; `earlier` are the rounds made before, which did not pass.
pub async fn check(
    setting: &Setting,
    window: &Window,
    restored: DateTime<Utc>,
    earlier: &[Round],
    before: &Baseline,
) -> (Recovery, Round) {
    let made = round(setting).await;
    let rounds: Vec<Round> = earlier.iter().cloned().chain([made.clone()]).collect();
    let reread = reread(setting, window).await;
    let options = RecoveryOptions::default();
    (Recovery::judge(window.id.clone(), restored, &rounds, before, &reread, options), made)
}

/// Every request of the round with its outcome and its response time in seconds.
async fn round(setting: &Setting) -> Round {
    let mut steps = Vec::new();
    for kind in ROUND {
        let result = run_one(kind, setting).await;
        let step =
            |seen: &piaotan_record::Observation| (seen.operation, seen.outcome, seen.response() as f64 / 1e9);
        steps.extend(result.observations.iter().map(step));
    }
    Round { done: setting.wall(), steps }
}

async fn reread(setting: &Setting, window: &Window) -> Vec<Reread> {
    let Some(store) = &setting.store else { return Vec::new() };
    let sample = store.seen_before(&setting.target, window.start, setting.section.sample_after_window);
    let mut io = ProbePort::new(setting);
    let mut read = Vec::new();
    for issued in sample.unwrap_or_default() {
        let date = issued.issue_date.to_string();
        let mut fields = Fields::default()
            .with(FieldName::Number, &issued.number)
            .with(FieldName::IssueDate, &date)
            .with(FieldName::Total, &issued.total);
        (fields.known, fields.compare) = (true, true);
        let reply = io.call(Operation::QueryNumber, &fields).await;
        let outcome = if reply.held { Outcome::CutOff } else { reply.outcome };
        read.push(Reread { number: issued.number, outcome });
    }
    read
}
