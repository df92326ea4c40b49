//! Each function that the domain gives the platform, through `World::handle`.

#![allow(clippy::unwrap_used)]

mod visitor;

use hyper::Method;
use piaotan_platform::{Request, Storage, leaf_hash, link_hash, root_from_path};
use serde_json::{Value, json};
use visitor::{BUYER, Invoice, MOBILE, Visitor, multipart, world};

#[test]
fn register_login_and_reset_by_sms_code() {
    let mut v = Visitor::new("");
    assert_eq!(v.token.len(), 32);
    let taken = v.post(
        "/api/register",
        &json!({"mobile": MOBILE, "name": "x", "password": "secret123", "sms_code": "000000"}),
    );
    assert_eq!((taken.status, taken.code.as_str()), (409, "1002"));
    let wrong = v.post("/api/login", &json!({"mobile": MOBILE, "password": "secret124"}));
    assert_eq!((wrong.status, wrong.code.as_str()), (401, "1004"));
    v.post("/api/sms", &json!({"mobile": MOBILE}));
    let code = v.get(&format!("/_inbox/{MOBILE}")).data["code"].clone();
    let reset = json!({"mobile": MOBILE, "password": "other4567", "sms_code": code});
    assert_eq!(v.post("/api/reset", &reset).code, "0000");
    assert_eq!(v.post("/api/reset", &reset).code, "1003", "a code is good once");
    assert_eq!(v.get("/api/invoices").code, "1005", "old sessions end");
    assert_eq!(v.post("/api/login", &json!({"mobile": MOBILE, "password": "other4567"})).code, "0000");
    v.at(8000.0);
    assert_eq!(v.get(&format!("/_inbox/{MOBILE}")).code, "1006");
}

#[test]
fn an_sms_code_dies_after_five_wrong_tries_and_with_time() {
    let mut v = Visitor::new("");
    let other = "13900000002";
    v.post("/api/sms", &json!({"mobile": other}));
    let code = v.get(&format!("/_inbox/{other}")).data["code"].clone();
    let ask =
        |code: &Value| json!({"mobile": other, "name": "张三", "password": "secret123", "sms_code": code});
    for _ in 0..5 {
        assert_eq!(v.post("/api/register", &ask(&json!("x"))).code, "1003");
    }
    assert_eq!(v.post("/api/register", &ask(&code)).code, "1003");
    v.post("/api/sms", &json!({"mobile": other}));
    let code = v.get(&format!("/_inbox/{other}")).data["code"].clone();
    v.at(301.0);
    assert_eq!(v.post("/api/register", &ask(&code)).code, "1003");
}

#[test]
fn tokens_expire() {
    let mut v = Visitor::new("[rules]\ntoken_seconds = 60");
    assert_eq!(v.at(59.0).get("/api/invoices").code, "0000");
    assert_eq!(v.at(60.0).get("/api/invoices").code, "1005");
}

fn refused(change: impl Fn(Invoice) -> Invoice) -> (u16, String, String) {
    let v = Visitor::new("");
    let answer = v.upload(&change(Invoice::new(1)));
    let field = answer.data["fields"][0]["field"].as_str().unwrap_or_default().to_string();
    (answer.status, answer.code, field)
}

fn check(change: impl Fn(Invoice) -> Invoice, status: u16, code: &str, field: &str) {
    assert_eq!(refused(change), (status, code.into(), field.into()));
}

#[test]
fn uploads_are_really_checked() {
    check(|i| i, 200, "0000", "");
    check(|i| i.without("number"), 400, "2001", "number");
    check(|i| i.with("number", "12345"), 400, "2001", "number");
    check(|i| i.with("issue_date", "2026-02-30"), 400, "2001", "issue_date");
    check(|i| i.with("total", "1e3"), 400, "2001", "total");
    check(|i| i.with("total_words", "很多钱"), 400, "2001", "total_words");
    check(|i| i.with("buyer_tax_id", "abc"), 400, "2001", "buyer_tax_id");
    check(|i| i.with("region", "99"), 400, "2001", "region");
    check(|i| i.with("kind", "odd"), 400, "2001", "kind");
    check(|i| i.file(b"GIF89a"), 415, "2003", "");
    check(|i| i.file(b""), 415, "2003", "");
    check(|i| i.file(&[b"%PDF-1.4".as_slice(), &[0; 6_000_000]].concat()), 413, "2004", "file");
    check(|i| i.file(b"\xff\xd8\xff\xe0\xff\xd9"), 200, "0000", "");
    check(|i| i.file(b"\x89PNG\r\n\x1a\nIEND"), 200, "0000", "");
}

#[test]
fn a_number_is_taken_once() {
    let v = Visitor::new("");
    v.uploaded(1);
    let again = v.upload(&Invoice::new(1));
    assert_eq!((again.status, again.code.as_str()), (409, "2002"));
    assert_eq!(v.get("/api/warnings").data["items"][0]["kind"], "duplicate_number");
}

#[test]
fn review_takes_its_time_and_is_told_step_by_step() {
    let mut v = Visitor::new("[[review]]\ndelay = 10.0\nreviewers = 1");
    let (first, second) = (v.uploaded(1), v.uploaded(2));
    assert_eq!((v.status(&first).as_str(), v.status(&second).as_str()), ("reviewing", "submitted"));
    v.at(10.0);
    assert_eq!((v.status(&first).as_str(), v.status(&second).as_str()), ("accepted", "reviewing"));
    v.at(20.0);
    let history = v.get(&format!("/api/invoices/{second}/status")).data["history"].clone();
    let steps: Vec<_> = history.as_array().unwrap().iter().map(|s| s["status"].as_str().unwrap()).collect();
    assert_eq!(steps, ["submitted", "reviewing", "accepted"]);
    assert_eq!(history[2]["at"], "2026-11-24T12:00:20.000000+08:00");
}

fn reason(change: impl Fn(Invoice) -> Invoice) -> String {
    let v = Visitor::new("");
    let invoice = change(Invoice::new(1));
    assert_eq!(v.upload(&invoice).code, "0000");
    let data = v.get(&format!("/api/invoices/{}/status", invoice.get("number"))).data;
    assert_eq!(v.verified(&invoice).code, "3102");
    data["reasons"][0]["reason"].as_str().unwrap_or("none").into()
}

#[test]
fn review_rejects_with_reasons() {
    assert_eq!(reason(|i| i.with("total_words", "壹元整")), "words_differ");
    assert_eq!(reason(|i| i.with("tax", "1.00")), "sums_differ");
    assert_eq!(reason(|i| i.with("issue_date", "2026-11-25")), "date_in_future");
    assert_eq!(reason(|i| i.with("number", "26990000000000000001")), "region_unknown");
    assert_eq!(reason(|i| i.file(b"%PDF-1.4 cut sho")), "file_unreadable");
}

#[test]
fn words_are_compared_by_value_and_wrong_ones_warned_of() {
    let v = Visitor::new("");
    let odd = Invoice::new(0).with("total_words", "人民币壹仟壹佰叁拾圆正");
    v.upload(&odd);
    assert_eq!(v.status(&odd.get("number")), "accepted");
    let wrong = Invoice::new(2).with("total_words", "壹元整").with("seller_tax_id", "91350100M000100Y44");
    v.upload(&wrong);
    let kinds: Vec<_> =
        v.get("/api/warnings").data["items"].as_array().unwrap().iter().map(|w| w["kind"].clone()).collect();
    assert_eq!(kinds, ["words_differ", "tax_id_doubtful"]);
}

#[test]
fn a_rejected_invoice_is_corrected_and_resubmitted() {
    let v = Visitor::new("");
    let wrong = Invoice::new(1).with("total_words", "壹元整");
    let number = wrong.get("number");
    v.upload(&wrong);
    assert_eq!(v.status(&number), "rejected");
    let put = |i: &Invoice| v.send(multipart(Method::PUT, &format!("/api/invoices/{number}"), i));
    assert_eq!(put(&Invoice::new(2)).code, "2001");
    assert_eq!(put(&Invoice::new(1)).code, "0000");
    assert_eq!(v.status(&number), "accepted");
    assert!(v.is_found(&number));
    assert_eq!(put(&Invoice::new(1)).code, "2006");
    let other = Visitor::of(v.world.clone(), "13900000003", "freelancer");
    assert_eq!(
        other.send(multipart(Method::PUT, &format!("/api/invoices/{number}"), &Invoice::new(1))).code,
        "1007"
    );
}

#[test]
fn query_shows_what_was_uploaded() {
    let v = Visitor::new("");
    let invoice = Invoice::new(1).with("issuer_tax_id", BUYER).with("kind", "special");
    v.upload(&invoice);
    let data = v.get(&format!("/api/invoices/{}", invoice.get("number"))).data;
    for (field, value) in &invoice.fields {
        assert_eq!(data[field], json!(value), "{field}");
    }
    assert_eq!(data["agent_issued"], true);
    assert_eq!(data["file"]["kind"], "pdf");
    assert_eq!(data["uploaded_at"], "2026-11-24T12:00:00.000000+08:00");
    assert_eq!(v.get("/api/invoices/26110000000000000099").code, "3001");
    assert_eq!(v.get("/api/invoices/26110000000000000099/status").code, "2008");
}

#[test]
fn search_by_keyword_dates_and_pages() {
    let v = Visitor::new("");
    for n in 0..30 {
        let invoice = Invoice::new(n).with("issue_date", &format!("2026-10-{:02}", n + 1));
        assert_eq!(v.upload(&invoice).code, "0000");
    }
    let found = |query: &str| v.get(&format!("/api/invoices?{query}")).data;
    assert_eq!(found("")["total"], 30);
    assert_eq!(found("keyword=%E6%A0%B7%E4%BE%8B7%E5%8F%B7")["total"], 1);
    assert_eq!(found("keyword=26110000000000000007")["items"][0]["number"], "26110000000000000007");
    assert_eq!(found("keyword=m000100y43&from=2026-10-11&to=2026-10-20")["total"], 10);
    assert_eq!(found("page=2&size=20")["items"].as_array().unwrap().len(), 10);
    assert_eq!(found("page=1&size=1")["items"][0]["number"], "26110000000000000029", "newest first");
    for wrong in ["size=0", "size=101", "page=x", "from=yesterday"] {
        assert_eq!(v.get(&format!("/api/invoices?{wrong}")).code, "4000", "{wrong}");
    }
}

#[test]
fn verification_says_each_of_its_results() {
    let mut v = Visitor::new("[rules]\nsame_day = false\ndaily_limit = 3\ntoken_seconds = 1e6");
    let invoice = Invoice::new(1);
    v.upload(&invoice);
    assert_eq!(v.verified(&invoice).data["result"], "genuine");
    assert_eq!(v.verified(&invoice.clone().with("total", "1.00")).data["result"], "mismatch");
    assert_eq!(v.verified(&invoice.clone().with("issue_date", "2026-11-22")).code, "3101");
    assert_eq!(v.verified(&invoice).data["result"], "over_limit");
    assert_eq!(v.verified(&Invoice::new(2)).data["result"], "not_found");
    assert_eq!(v.verified(&invoice.clone().with("issue_date", "2026-11-24")).data["result"], "issued_today");
    assert_eq!(v.verified(&invoice.clone().with("issue_date", "2021-11-23")).data["result"], "too_old");
    v.at(12.0 * 3600.0);
    let next_day = v.verified(&invoice);
    assert_eq!((&next_day.data["result"], &next_day.data["checks_left"]), (&json!("genuine"), &json!(2)));
    assert_eq!(v.get("/api/verify?number=1&date=2026-11-23&total=1").code, "4000");
    assert_eq!(v.get("/api/warnings").data["items"][0]["kind"], "verification_mismatch");
}

#[test]
fn batches_are_idempotent_by_key() {
    let v = Visitor::new("");
    let items =
        json!([Invoice::new(1).json(), Invoice::new(2).without("tax").json(), Invoice::new(1).json()]);
    let batch = json!({"key": "b-1", "items": items});
    let first = v.post("/api/batches", &batch);
    let codes: Vec<_> = first.data["results"].as_array().unwrap().iter().map(|r| r["code"].clone()).collect();
    assert_eq!(
        (codes, &first.data["accepted"]),
        (vec![json!("0000"), json!("2001"), json!("2002")], &json!(1))
    );
    assert_eq!(v.post("/api/batches", &batch).data, first.data);
    assert_eq!(v.get("/api/batches/b-1").data, first.data);
    assert_eq!(
        v.post("/api/batches", &json!({"key": "b-1", "items": [Invoice::new(3).json()]})).code,
        "6002"
    );
    assert_eq!(v.get("/api/batches/b-2").code, "6001");
    let small = Visitor::of(v.world.clone(), "13900000004", "freelancer");
    let many: Vec<_> = (10..31).map(|n| Invoice::new(n).json()).collect();
    assert_eq!(small.post("/api/batches", &json!({"key": "k", "items": many})).code, "6003");
}

#[test]
fn void_and_red_flush_by_the_owner_only() {
    let v = Visitor::new("");
    let other = Visitor::of(v.world.clone(), "13900000005", "accountant");
    let (voided, flushed) = (Invoice::new(1), Invoice::new(2));
    v.upload(&voided);
    v.upload(&flushed);
    let path = format!("/api/invoices/{}/void", voided.get("number"));
    assert_eq!((other.act(&path).status, other.act(&path).code.as_str()), (403, "1007"));
    assert_eq!(v.act(&path).data["status"], "voided");
    assert_eq!(v.act(&path).code, "2007");
    assert_eq!(v.verified(&voided).code, "3106");
    let red = v.act(&format!("/api/invoices/{}/red-flush", flushed.get("number"))).data;
    assert_eq!(red["red_number"].as_str().unwrap().len(), 20);
    assert_eq!(v.verified(&flushed).data["result"], "red_flushed");
    assert_eq!(
        v.get(&format!("/api/invoices/{}", flushed.get("number"))).data["red_number"],
        red["red_number"]
    );
}

#[test]
fn issued_invoices_are_pushed() {
    let mut v = Visitor::new("[push]\ndelay = 3.0");
    let asked = json!({
        "buyer": {"name": "北京样例贸易有限公司", "tax_id": BUYER, "email": "a@example.cn", "mobile": MOBILE},
        "lines": [{"name": "咨询", "quantity": "3", "unit_price": "33.333", "rate": "0.06"}, {"name": "书", "quantity": 2, "unit_price": 10.5, "rate": "0.09"}],
        "seller_name": "北京样例服务有限公司", "seller_tax_id": BUYER, "kind": "special",
    });
    let made = v.post("/api/issue", &asked).data;
    assert_eq!(
        (&made["amount"], &made["tax"], &made["total"]),
        (&json!("121.00"), &json!("7.89"), &json!("128.89"))
    );
    assert_eq!(made["total_words"], "壹佰贰拾捌元捌角玖分");
    let number = made["number"].as_str().unwrap();
    assert!(v.is_found(number));
    let sent = |v: &Visitor| v.get(&format!("/api/outbox?number={number}")).data["deliveries"].clone();
    assert_eq!((sent(&v).as_array().unwrap().len(), &sent(&v)[0]["delivered_at"]), (2, &Value::Null));
    v.at(3.0);
    assert_eq!(sent(&v)[1]["delivered_at"], "2026-11-24T12:00:03.000000+08:00");
    let shop = Visitor::of(v.world.clone(), "13900000006", "small_shop");
    assert_eq!(shop.post("/api/issue", &asked).code, "1008");
}

#[test]
fn the_ledger_proves_what_it_holds() {
    let v = Visitor::new("");
    let numbers: Vec<_> = (1..20).map(|n| v.uploaded(n)).collect();
    v.act(&format!("/api/invoices/{}/void", numbers[4]));
    let head = v.get("/api/ledger/head").data;
    assert_eq!(head["size"], 20);
    for number in &numbers {
        let proof = v.get(&format!("/api/ledger/proof/{number}")).data;
        let bytes = |text: &Value| -> [u8; 32] {
            let text = text.as_str().unwrap();
            std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        };
        let leaf = leaf_hash(proof["entry"].as_str().unwrap());
        let path: Vec<_> = proof["path"].as_array().unwrap().iter().map(bytes).collect();
        let root = root_from_path(leaf, proof["index"].as_u64().unwrap(), 20, &path);
        assert_eq!(root, Some(bytes(&head["root"])));
        assert_eq!(link_hash(&bytes(&proof["previous_link"]), &leaf), bytes(&proof["link"]));
        assert_eq!(proof["intact"], true);
    }
}

#[test]
fn regions_have_their_own_delays() {
    let mut v = Visitor::new(
        "[[sync]]\nsurfaces = [\"regions\"]\ndelay = 60.0\n[[sync]]\nsurfaces = [\"31\"]\ndelay = 5.0",
    );
    let number = v.uploaded(1);
    let seen =
        |v: &Visitor, region: &str| v.get(&format!("/api/invoices/{number}?region={region}")).code == "0000";
    assert!(seen(&v, "11") && !seen(&v, "31") && !seen(&v, "44"));
    v.at(5.0);
    assert!(seen(&v, "31") && !seen(&v, "44"));
    v.at(60.0);
    assert!(seen(&v, "44"));
    assert_eq!(v.get("/api/invoices?region=44").data["total"], 1);
    assert_eq!(v.get(&format!("/api/invoices/{number}?region=99")).code, "3002");
}

#[test]
fn surfaces_are_not_there_before_their_time() {
    let mut v = Visitor::new(
        "[[review]]\ndelay = 1.0\n[[sync]]\nsurfaces = [\"number\"]\ndelay = 2.0\n[[sync]]\nsurfaces = [\"keyword\"]\ndelay = 3.0\n[[sync]]\nsurfaces = [\"verify\"]\ndelay = 4.0\n[rules]\nchecking = 0.5",
    );
    let invoice = Invoice::new(1);
    let number = v.uploaded(1);
    let seen = |v: &Visitor| {
        (v.is_found(&number), v.get("/api/invoices").data["total"] == 1, v.verified(&invoice).code)
    };
    v.at(2.9);
    assert_eq!((v.status(&number).as_str(), seen(&v)), ("accepted", (false, false, "3102".into())));
    v.at(3.0);
    assert_eq!(seen(&v), (true, false, "3102".into()));
    v.at(4.5);
    assert_eq!(seen(&v), (true, true, "3108".into()));
    v.at(5.0);
    assert_eq!(seen(&v), (true, true, "0000".into()));
    let unknown = v.get("/api/invoices/26110000000000000099");
    assert_eq!(unknown.reply.body, {
        v.at(2.9);
        v.get(&format!("/api/invoices/{number}")).reply.body
    });
}

#[test]
fn wrong_paths_methods_types_and_languages() {
    let v = Visitor::new("");
    let code = |method: Method, uri: &str| {
        let answer = v.send(Request::new(method, uri, ""));
        (answer.status, answer.code)
    };
    assert_eq!(code(Method::GET, "/api/nowhere"), (404, "4004".into()));
    assert_eq!(code(Method::GET, "/api/../etc/passwd"), (404, "4004".into()));
    assert_eq!(code(Method::DELETE, "/api/invoices"), (405, "4005".into()));
    assert_eq!(code(Method::POST, "/api/login"), (415, "4015".into()));
    assert_eq!(code(Method::POST, "/api/invoices"), (415, "4015".into()));
    assert_eq!(code(Method::GET, "/api/invoices/%ff%fe"), (400, "4000".into()));
    let english = v.send(Request::new(Method::GET, "/health", "").with("accept-language", "en-GB,en;q=0.9"));
    assert!(String::from_utf8(english.reply.body.to_vec()).unwrap().contains("\"message\":\"success\""));
    let stranger = Visitor { world: world("", Storage::Memory), now: v.now, token: "0".repeat(32) };
    assert_eq!(
        (stranger.get("/api/invoices").status, stranger.get("/api/invoices").code.as_str()),
        (401, "1005")
    );
}
