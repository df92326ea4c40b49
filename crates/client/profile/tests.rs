#![allow(clippy::unwrap_used)]
//! The reference profile, rendered and judged.

use super::{Answer, Base, Bases, Context, Language, Profile, ReviewState, Secrets};
use crate::invoice::{FileKind, Flaw, Generator, Invoice, Options};
use crate::port::{FieldName, Fields, Values};
use chrono::{DateTime, NaiveDate, Utc};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use piaotan_record::{Field, Operation, Outcome};
use std::time::Duration;

fn invoice(index: u64) -> Invoice {
    let options = Options {
        region: "11".into(),
        today: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
        days: 30,
        file_kind: FileKind::Pdf,
        file_bytes: 4096,
        seller: None,
        buyer: None,
    };
    Generator::new(7, options).invoice(index)
}

fn wire(profile: &Profile, operation: Operation, fields: &Fields<'_>) -> super::Wire {
    let bases = Bases::new(Base::parse("http://127.0.0.1:8080/x/").unwrap());
    let (secrets, carried) = (Secrets::default(), Values::default());
    let now = DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap();
    let context = Context {
        bases: &bases,
        token: Some("TOKEN"),
        carried: &carried,
        secrets: &secrets,
        now,
        nonce: 1,
        language: Language::Zh,
    };
    profile.render(operation, fields, &context).unwrap()
}

fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    list.iter().map(pair).collect()
}

fn judge(
    operation: Operation,
    fields: &Fields<'_>,
    status: u16,
    head: &[(&'static str, &str)],
    body: &str,
) -> super::Judged {
    let headers = headers(head);
    Profile::reference().judge(
        operation,
        fields,
        &Answer { status, headers: &headers, body: body.as_bytes() },
    )
}

#[test]
fn a_query_is_rendered_with_its_token_and_language() {
    let invoice = invoice(1);
    let wire = wire(&Profile::reference(), Operation::QueryRegion, &invoice.fields());
    assert_eq!(wire.target, format!("/x/api/invoices/{}?region=11", invoice.number));
    let header = |name: &str| {
        wire.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_str().unwrap())
    };
    assert_eq!((header("authorization"), header("accept-language")), (Some("Bearer TOKEN"), Some("zh")));
    assert!(wire.body.is_empty() && wire.content_type.is_none());
}

#[test]
fn public_operations_carry_no_token_and_optional_values_are_left_out() {
    let fields = Fields::default().with(FieldName::Keyword, "云帆 & co");
    let wire = wire(&Profile::reference(), Operation::QueryKeyword, &fields);
    assert_eq!(wire.target, "/x/api/invoices?keyword=%E4%BA%91%E5%B8%86%20%26%20co");
    let fields = Fields::default().with(FieldName::Mobile, "13800000000").with(FieldName::Password, "a\"b");
    let wire = self::wire(&Profile::reference(), Operation::Login, &fields);
    assert_eq!(&wire.body[..], br#"{"mobile":"13800000000","password":"a\"b"}"#);
    assert!(!wire.headers.iter().any(|(name, _)| name == "authorization"));
}

#[test]
fn an_upload_holds_every_field_and_the_file() {
    let invoice = invoice(2);
    let wire = wire(&Profile::reference(), Operation::Upload, &invoice.fields());
    let body = String::from_utf8_lossy(&wire.body).into_owned();
    assert!(body.contains(&format!("name=\"total\"\r\n\r\n{}\r\n", invoice.total)));
    assert!(body.contains("%PDF-1.7") && !body.contains("issuer_tax_id"));
    assert!(
        wire.content_type.unwrap().to_str().unwrap().starts_with("multipart/form-data; boundary=piaotan-")
    );
}

#[test]
fn a_batch_lists_its_items() {
    let (one, two) = (invoice(3), invoice(4));
    let items = [one.fields(), two.fields()];
    let mut fields = Fields::default().with(FieldName::BatchKey, "K1");
    fields.items = &items;
    let wire = wire(&Profile::reference(), Operation::Batch, &fields);
    let body: serde_json::Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(body["key"], "K1");
    assert_eq!(body["items"][1]["number"], two.number.as_str());
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
}

#[test]
fn codes_decide_and_nothing_unclassified_is_ok() {
    let (plain, mut known) = (Fields::default(), Fields::default());
    known.known = true;
    let check = |fields: &Fields<'_>,
                 status,
                 head: &[(&'static str, &str)],
                 body: &str,
                 expected: Outcome| {
        assert_eq!(judge(Operation::Verify, fields, status, head, body).outcome, expected, "{status} {body}");
    };
    check(&plain, 200, &[], r#"{"code":"0000","data":{"result":"genuine","checks_left":4}}"#, Outcome::Ok);
    check(&plain, 200, &[], r#"{"code":"0000","data":{}}"#, Outcome::Unreadable);
    check(&plain, 500, &[], r#"{"code":"0000","data":{"result":"genuine"}}"#, Outcome::Unreadable);
    check(&plain, 200, &[], r#"{"code":"0000","data":{"result":"genu"#, Outcome::Unreadable);
    check(&plain, 200, &[], r#"{"code":"3102","data":null}"#, Outcome::BusinessNo);
    check(&known, 200, &[], r#"{"code":"3102","data":null}"#, Outcome::NotYetVisible);
    check(&plain, 200, &[], r#"{"code":"9999"}"#, Outcome::Unreadable);
    check(&plain, 200, &[], "", Outcome::Unreadable);
    check(&plain, 404, &[], "", Outcome::ClientError);
    check(&plain, 500, &[], "<html>oops</html>", Outcome::ServerError);
    let wait = Some(Duration::from_secs(30));
    check(&plain, 503, &[("retry-after", "30")], "", Outcome::Maintenance { retry_after: wait });
    check(&plain, 503, &[], "", Outcome::ServerError);
    check(
        &plain,
        429,
        &[("retry-after", "30")],
        r#"{"code":"4029"}"#,
        Outcome::Throttled { retry_after: wait },
    );
    check(&plain, 200, &[], r#"{"code":"5001"}"#, Outcome::Maintenance { retry_after: None });
    check(&plain, 503, &[("retry-after", "1")], r#"{"code":"5004"}"#, Outcome::ServerError);
    check(
        &plain,
        200,
        &[("content-type", "text/html")],
        "<p>系统维护中</p>",
        Outcome::Maintenance { retry_after: None },
    );
    check(&plain, 200, &[("content-type", "text/html")], "<p>welcome</p>", Outcome::Unreadable);
}

#[test]
fn a_date_in_retry_after_is_read_against_the_platforms_clock() {
    let head = [("retry-after", "Tue, 24 Nov 2026 05:10:00 GMT"), ("date", "Tue, 24 Nov 2026 05:00:00 GMT")];
    let judged = judge(Operation::Health, &Fields::default(), 503, &head, "");
    assert_eq!(judged.outcome, Outcome::Maintenance { retry_after: Some(Duration::from_secs(600)) });
}

#[test]
fn a_resend_that_is_a_duplicate_is_good() {
    let (plain, mut resent) = (Fields::default(), Fields::default());
    resent.resend = true;
    let body = r#"{"code":"2002"}"#;
    assert_eq!(judge(Operation::Upload, &plain, 409, &[], body).outcome, Outcome::Duplicate);
    assert_eq!(judge(Operation::Upload, &resent, 409, &[], body).outcome, Outcome::Ok);
}

#[test]
fn a_keyword_finds_the_record_of_our_number_only() {
    let invoice = invoice(5);
    let mut fields = invoice.fields();
    fields.known = true;
    let item = |number: &str| {
        format!(r#"{{"total":"1.00","number":"{number}","issue_date":"{}"}}"#, invoice.issue_date)
    };
    let body = |items: &str| format!(r#"{{"code":"0000","data":{{"items":[{items}],"total":2}}}}"#);
    let both = body(&format!("{},{}", item("1"), item(&invoice.number)));
    let found = judge(Operation::TrackKeyword, &fields, 200, &[], &both);
    assert_eq!((found.outcome, found.values.get("number")), (Outcome::Ok, Some(&*invoice.number)));
    let profile = Profile::reference();
    assert_eq!(profile.compare(Operation::QueryKeyword, &fields, &found), Some(Field::Total));
    let absent = judge(Operation::TrackKeyword, &fields, 200, &[], &body(&item("1")));
    assert_eq!(absent.outcome, Outcome::NotYetVisible);
    assert_eq!(judge(Operation::QueryKeyword, &fields, 200, &[], &body("")).outcome, Outcome::NotYetVisible);
}

#[test]
fn the_entry_check_compares_by_value() {
    let (invoice, profile) = (invoice(6), Profile::reference());
    let fields = invoice.fields();
    let judged = |words: &str, total: &str| {
        let mut values = Values::default();
        values.set("total_words", words.to_owned());
        values.set("total", total.to_owned());
        super::Judged { outcome: Outcome::Ok, code: None, code_text: None, values, login_again: false }
    };
    let words = invoice.total_words.replace('元', "圆").replace('整', "正").replace("人民币", "");
    assert_eq!(profile.compare(Operation::QueryNumber, &fields, &judged(&words, &invoice.total)), None);
    let other = invoice.clone().with_flaw(Flaw::WordsDiffer);
    let differs =
        profile.compare(Operation::QueryNumber, &fields, &judged(&other.total_words, &invoice.total));
    assert_eq!(differs, Some(Field::TotalWords));
}

#[test]
fn states_of_the_review_are_known_or_the_answer_is_unreadable() {
    let body = |state: &str| format!(r#"{{"code":"0000","data":{{"status":"{state}"}}}}"#);
    let check = |state: &str, expected: Option<ReviewState>| {
        let judged = judge(Operation::Review, &Fields::default(), 200, &[], &body(state));
        assert_eq!(Profile::reference().review_state(&judged), expected, "{state}");
        assert_eq!(judged.outcome == Outcome::Ok, expected.is_some(), "{state}");
    };
    check("reviewing", Some(ReviewState::Pending));
    check("accepted", Some(ReviewState::Accepted));
    check("rejected", Some(ReviewState::Rejected));
    check("lost in space", None);
}

#[test]
fn a_login_gives_a_token_that_is_renewed_ahead() {
    let profile = Profile::reference();
    let body = r#"{"code":"0000","data":{"token":"T","expires_in":7200}}"#;
    let judged = judge(Operation::Login, &Fields::default(), 200, &[], body);
    let now = DateTime::<Utc>::from_timestamp(0, 0).unwrap();
    let grant = profile.login().unwrap().grant(&judged, now).unwrap();
    assert_eq!((grant.token.as_str(), grant.expires.timestamp(), grant.renew.timestamp()), ("T", 7200, 7080));
    assert!(judge(Operation::QueryNumber, &Fields::default(), 401, &[], r#"{"code":"1005"}"#).login_again);
    assert!(!format!("{grant:?}").contains('T'.to_string().as_str().repeat(2).as_str()));
}

#[test]
fn every_request_of_the_contract_is_there() {
    let profile = Profile::reference();
    let missing =
        Operation::ALL.iter().filter(|op| !op.is_journey() && !profile.supports(**op)).collect::<Vec<_>>();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_missing_operation_is_named_in_one_line() {
    let text = "name = \"small\"\nbase = \"http://h\"\n[codes]\n\"2xx\" = \"ok\"\nother = \"unreadable\"\n\
        [operation.health]\nrequest = \"GET /up\"\n";
    let profile = Profile::parse(text, "small.toml").unwrap();
    let line = profile.missing(&[Operation::Health, Operation::Upload, Operation::Verify]).unwrap();
    assert_eq!(line, "the profile `small` does not say how to do upload, verify");
}
