//! Windows from outside: verbs, sources that fail and recover, and what other programs make of exports.

use crate::house::{Ended, Platform, get, needs, piaotan, until};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::tempdir;

/// What a source's server answers now, and the requests that it was sent.
#[derive(Clone)]
struct Server {
    url: String,
    answer: Arc<Mutex<String>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, answer: Arc::new(Mutex::new(answer)), requests: Arc::default() };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let mut head = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
                let unchanged = head.contains("if-none-match: \"1\"");
                let answer = own.answer.lock().unwrap().clone();
                let same = "HTTP/1.1 304 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let answer = if unchanged && answer.contains("ETag: \"1\"") { same } else { &answer };
                let _ = stream.write_all(answer.as_bytes());
                own.requests.lock().unwrap().push(head);
            }
        });
        server
    }

    fn answers(&self, answer: String) {
        *self.answer.lock().unwrap() = answer;
    }
}

fn http(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

fn event(id: &str, start: &str, end: &str) -> String {
    format!("BEGIN:VEVENT\r\nUID:{id}\r\nDTSTART:{start}\r\nDTEND:{end}\r\nSUMMARY:Upgrade\r\nEND:VEVENT\r\n")
}

fn windows(dir: &Path, args: &[&str]) -> (Output, Value) {
    let output =
        piaotan(&["windows"]).args(args).args(["--format", "json"]).current_dir(dir).output().unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, answer)
}

/// The windows of the next years by id and status.
fn listed(dir: &Path, more: &[&str]) -> Vec<String> {
    let mut args = vec!["list", "--from", "2030-01-01", "--to", "2040-01-01"];
    args.extend(more);
    let (_, answer) = windows(dir, &args);
    let each = answer["windows"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    each.map(|w| format!("{} {}", w["id"].as_str().unwrap(), w["status"].as_str().unwrap())).collect()
}

fn configured(dir: &Path, source: &str) {
    std::fs::write(dir.join("piaotan.toml"), format!("[[maintenance.source]]\nname = 'ops'\n{source}\n"))
        .unwrap();
}

#[test]
fn a_source_is_asked_conditionally_fails_and_recovers() {
    let dir = tempdir().unwrap();
    let one = calendar(&event("a", "20300101T000000Z", "20300101T020000Z"));
    let server = Server::start(http("200 OK\r\nETag: \"1\"", &one));
    configured(dir.path(), &format!("kind = 'ical'\nurl = '{}/c.ics'", server.url));
    assert_eq!(listed(dir.path(), &[]), ["ops-a confirmed"]);
    // It fails in every way that servers do: what was known stays, and the failure is told.
    for (answer, told) in [
        (http("500 oops", ""), "status 500"),
        (http("200 OK", "<html>please log in</html>"), "does not begin with BEGIN:VCALENDAR"),
        (http("302 x\r\nLocation: http://localhost:1/x", ""), "which may not be asked"),
        (http("302 x\r\nLocation: http://10.0.0.1/x", ""), "which may not be asked"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\nBEGIN".to_owned(), "c.ics"),
    ] {
        server.answers(answer.clone());
        assert_eq!(listed(dir.path(), &[]), ["ops-a confirmed"], "{answer}");
        let (output, answer) = windows(dir.path(), &["next"]);
        let trouble = answer["sources"][0]["trouble"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(trouble.contains(told) && trouble.contains("last read"), "{trouble}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(told));
        let strict = windows(dir.path(), &["check", "--strict", "--at", "2035-01-01"]).0;
        assert_eq!(strict.status.code(), Some(3));
    }
    // Well again, with one window withdrawn and another new.
    let two = calendar(&event("b", "20300201T000000Z", "20300201T020000Z"));
    server.answers(http("200 OK", &two));
    assert_eq!(listed(dir.path(), &[]), ["ops-a cancelled", "ops-b confirmed"]);
    assert_eq!(listed(dir.path(), &["--offline"]), ["ops-a cancelled", "ops-b confirmed"]);
}

#[test]
fn a_check_says_whether_to_deploy() {
    let dir = tempdir().unwrap();
    let day = event("a", "20300101T000000Z", "20300101T020000Z");
    std::fs::write(dir.path().join("c.ics"), calendar(&day)).unwrap();
    configured(dir.path(), "kind = 'ical'\npath = 'c.ics'\nservices = ['upload']");
    let check = |args: &[&str], code: i32, inside: usize, near: usize| {
        let mut all = vec!["check", "--at"];
        all.extend(args);
        let (output, answer) = windows(dir.path(), &all);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {answer}");
        let count = |name: &str| answer[name].as_array().unwrap().len();
        assert_eq!((count("inside"), count("near")), (inside, near), "{args:?}: {answer}");
    };
    check(&["2030-01-01T00:00:00Z"], 4, 1, 0);
    check(&["2030-01-01T02:00:00Z"], 4, 0, 1);
    check(&["2030-01-01T03:00:00Z"], 0, 0, 0);
    check(&["2029-12-31T23:45:00Z"], 4, 0, 1);
    check(&["2029-12-31T23:45:00Z", "--margin", "5m"], 0, 0, 0);
    check(&["2029-12-31T23:00:00Z", "--for", "2h"], 4, 1, 0);
    check(&["2030-01-01T01:00:00Z", "--service", "query"], 0, 0, 0);
    check(&["2030-01-01T01:00:00Z", "--service", "upload"], 4, 1, 0);
}

#[test]
fn other_programs_take_what_is_exported() {
    let dir = tempdir().unwrap();
    let days = event("a", "20300101T150000Z", "20300101T200000Z");
    std::fs::write(dir.path().join("c.ics"), calendar(&days)).unwrap();
    configured(dir.path(), "kind = 'ical'\npath = 'c.ics'\nservices = ['upload']");
    let stretch = ["--from", "2030-01-01", "--to", "2030-02-01"];
    let export = |form: &str, more: &[&str]| {
        let output = piaotan(&["windows", "export", "--as", form])
            .args(stretch)
            .args(more)
            .current_dir(dir.path())
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let silences: Value = serde_json::from_str(&export("silences", &["--matcher", "job=x"])).unwrap();
    assert_eq!(silences[0]["startsAt"], "2030-01-01T15:00:00+00:00");
    assert_eq!(silences[0]["matchers"][0]["isRegex"], false);
    // Our own reader takes the calendar back, services and all.
    let again = tempdir().unwrap();
    std::fs::write(again.path().join("c.ics"), export("ical", &[])).unwrap();
    configured(again.path(), "kind = 'ical'\npath = 'c.ics'");
    let (_, back) = windows(again.path(), &["list", "--from", "2030-01-01", "--to", "2030-02-01"]);
    assert_eq!(back["windows"][0]["end"], "2030-01-01T20:00:00Z", "{back}");
    assert_eq!(back["windows"][0]["services"], serde_json::json!(["upload"]), "{back}");
    if needs("amtool") {
        let rest = "route:\n  receiver: a\n  mute_time_intervals: [maintenance]\n  routes:\n    - receiver: a\n      mute_time_intervals: [maintenance]\nreceivers:\n  - name: a\n";
        let rest = rest.replacen("  mute_time_intervals: [maintenance]\n", "", 1);
        std::fs::write(dir.path().join("am.yml"), export("mute-times", &[]) + &rest).unwrap();
        let output = Command::new("amtool").args(["check-config", "am.yml"]).current_dir(dir.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_notice_in_a_folder_is_corrected_by_a_later_one() {
    let dir = tempdir().unwrap();
    let notices = dir.path().join("notices");
    std::fs::create_dir(&notices).unwrap();
    let first = "系统维护公告\n电子发票服务平台定于2030年1月5日22:00至1月6日6:00进行系统升级，期间暂停服务。";
    // A page in GBK that says so nowhere but in its bytes.
    std::fs::write(notices.join("2030-01-01-first.txt"), in_gbk(first)).unwrap();
    configured(dir.path(), "kind = 'notices'\npath = 'notices'\nzone = 'Asia/Shanghai'");
    let found = |more: &[&str]| {
        let mut args = vec!["list", "--from", "2030-01-05", "--to", "2030-01-07"];
        args.extend(more);
        let (_, answer) = windows(dir.path(), &args);
        let window = &answer["windows"][0];
        (window["start"].clone(), window["status"].clone())
    };
    assert_eq!(found(&[]), ("2030-01-05T14:00:00Z".into(), "confirmed".into()));
    let second = "关于取消系统维护的公告\n原定于2030年1月5日22:00至1月6日6:00的系统升级维护取消，特此公告。";
    std::fs::write(notices.join("2030-01-03-second.txt"), second).unwrap();
    assert_eq!(found(&[]), ("2030-01-05T14:00:00Z".into(), "cancelled".into()));
    assert_eq!(found(&["--offline"]), ("2030-01-05T14:00:00Z".into(), "cancelled".into()));
}

fn in_gbk(text: &str) -> Vec<u8> {
    let mut iconv = Command::new("iconv");
    iconv.args(["-f", "utf-8", "-t", "gb18030"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = iconv.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// A watch in `dir`, which ends with the test, and where it shows what it sees.
fn watch(dir: &Path, target: &str) -> (Ended, String) {
    let mut child = piaotan(&["watch", "--target", target, "--listen", "127.0.0.1:0"])
        .current_dir(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit_once("status at ").expect("the watch starts").1.trim_end_matches('/');
    (Ended(child), url.to_owned())
}

#[test]
fn a_watch_tells_live_how_announced_and_seen_agree() {
    let (announced, silent) = (tempdir().unwrap(), tempdir().unwrap());
    let weather = "[[maintenance]]\nat = 2\nfor = 600\noperations = [\"everything\"]\n";
    let platform = Platform::start(announced.path(), weather);
    let quick = "[probes]\nevery = '300ms'\nwhich = ['own_network', 'page', 'api_health', 'query_number']\n";
    let now = chrono::Utc::now();
    let window = format!(
        "[[maintenance.window]]\nid = 'w'\nstart = '{}'\nend = '{}'\n",
        (now - chrono::TimeDelta::seconds(5)).to_rfc3339(),
        (now + chrono::TimeDelta::minutes(9)).to_rfc3339()
    );
    std::fs::write(announced.path().join("piaotan.toml"), format!("{quick}{window}")).unwrap();
    std::fs::write(silent.path().join("piaotan.toml"), quick).unwrap();
    let watches = [announced.path(), silent.path()].map(|dir| watch(dir, &platform.url));
    let told = |watch: usize, kind: &str| -> f64 {
        let page = get(&watches[watch].1, "/metrics");
        let start = format!("piaotan_findings{{kind=\"{kind}\",");
        let values = page.lines().filter(|line| line.starts_with(&start));
        values.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    until("the window is seen to be kept", || told(0, "window_announced_and_observed") == 1.0);
    until("maintenance without a window is told", || told(1, "window_observed_unannounced") >= 1.0);
    assert_eq!(told(0, "window_observed_unannounced"), 0.0);
    assert_eq!(told(1, "window_announced_and_observed"), 0.0);
}

#[test]
fn a_run_is_reported_with_windows_that_became_known_after_it() {
    let dir = tempdir().unwrap();
    let weather =
        "[rules]\ndaily_limit = 0\n[[maintenance]]\nat = 4\nfor = 3\noperations = [\"everything\"]\n";
    let platform = Platform::start(dir.path(), weather);
    let text = "name = \"t\"\nlimits = [\"errors < 1%\"]\n[load]\nrate = 20\nduration = \"8s\"\n[data]\nprepare = 2\nverify_quota = 0\n[sync]\ntrack = 0.0\ndrain = \"0s\"\n[[mix]]\njourney = \"query_number\"\n";
    let path = crate::house::scenario(dir.path(), text);
    let (output, before) =
        crate::house::run(dir.path(), &path, &platform.url, &["--during-maintenance", "press"]);
    // Limits never see maintenance, announced or not: it is a finding, and the run passes.
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        (&before["conserved"], &before["limits"][0]["verdict"]),
        (&true.into(), &"pass".into()),
        "{before}"
    );
    assert_eq!(before["windows"][0]["finding"], "observed_unannounced", "{before}");
    // Somebody learns afterwards that it had been announced.
    let truth = platform.get("/_weather/truth");
    let held = &truth.get("data").unwrap_or(&truth)["maintenance"][0];
    let at = |name: &str| held[name].as_str().unwrap_or_else(|| panic!("{held}")).to_owned();
    let added = piaotan(&["windows", "add", "--store", "piaotan.db"])
        .args(["--start", &at("begin"), "--end", &at("end")])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let report = |more: &[&str]| -> Value {
        let again =
            piaotan(&["report", "run", "--format", "json"]).args(more).current_dir(dir.path()).output();
        serde_json::from_slice(&again.unwrap().stdout).unwrap()
    };
    let after = report(&["--store", "piaotan.db"]);
    let windows = after["windows"].as_array().unwrap();
    let kept = windows.iter().filter(|window| window["finding"] == "announced_and_observed");
    assert_eq!(
        kept.map(|window| window["source"].as_str().unwrap()).collect::<Vec<_>>(),
        ["person"],
        "{after}"
    );
    assert!(windows.iter().all(|window| window["finding"] != "observed_unannounced"), "{}", after["windows"]);
    // The folder itself knows nothing of it.
    assert_eq!(report(&[])["windows"], before["windows"]);
}

#[test]
fn a_watch_shows_how_its_sources_fare() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let one = calendar(&event("a", "20300101T000000Z", "20300101T020000Z"));
    let server = Server::start(http("200 OK\r\nETag: \"1\"", &one));
    configured(dir.path(), &format!("kind = 'ical'\npoll = '1s'\nurl = '{}/c.ics'", server.url));
    let (_ended, url) = watch(dir.path(), &platform.url);
    let says = |series: &str| get(&url, "/metrics").lines().any(|line| line == series);
    until("it is read", || says("piaotan_announcement_source_up{source=\"ical\"} 1"));
    let asked = |word: &str| server.requests.lock().unwrap().iter().any(|head| head.contains(word));
    until("it is asked conditionally", || asked("if-none-match: \"1\""));
    server.answers(http("503 later", ""));
    until("it fails", || says("piaotan_announcement_source_up{source=\"ical\"} 0"));
    assert!(
        get(&url, "/metrics").contains("piaotan_announcement_source_read_timestamp_seconds{source=\"ical\"}")
    );
    server.answers(http("200 OK\r\nETag: \"1\"", &one));
    until("it is well again", || says("piaotan_announcement_source_up{source=\"ical\"} 1"));
}

#[test]
fn the_log_of_the_platform_shows_no_write_inside_a_window() {
    let dir = tempdir().unwrap();
    let weather =
        "[rules]\ndaily_limit = 0\n[log]\nkeep = 100000\n[[review]]\ndelay = 0.05\n[[sync]]\ndelay = 0.1\n";
    let platform = Platform::start(dir.path(), weather);
    // The window of an operator's own calendar; the platform itself knows nothing of it and serves.
    let start = chrono::Utc::now() + chrono::TimeDelta::seconds(6);
    let (start, end) = (whole(start), whole(start + chrono::TimeDelta::seconds(3)));
    let format = |at: chrono::DateTime<chrono::Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    std::fs::write(dir.path().join("c.ics"), calendar(&event("a", &format(start), &format(end)))).unwrap();
    configured(dir.path(), "kind = 'ical'\npath = 'c.ics'\nservices = ['upload', 'login', 'issue']");
    let text = "name = \"t\"\n[load]\nrate = 30\nduration = \"9s\"\n[data]\nprepare = 5\nverify_quota = 0\n[sync]\ndrain = \"1s\"\n[[mix]]\njourney = \"roundtrip\"\n[[mix]]\njourney = \"query_number\"\n";
    let path = crate::house::scenario(dir.path(), text);
    let output = piaotan(&["run", path.to_str().unwrap(), "--target", &platform.url, "--out", "run"])
        .args(["--format", "json", "--listen", "127.0.0.1:0", "--during-maintenance", "pause"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let arrivals = &summary["arrivals"];
    let number = |name: &str| arrivals[name].as_u64().unwrap();
    assert!(number("suppressed") > 20, "{arrivals}");
    assert_eq!(number("suppressed") + number("started") + number("dropped"), number("scheduled"));
    let log = platform.get("/_weather/log?limit=100000");
    let entries = log["data"]["entries"].as_array().unwrap();
    let inside = |entry: &&Value| {
        let at = entry["at"].as_i64().unwrap() as f64 / 1e9;
        (start.timestamp() as f64..end.timestamp() as f64).contains(&at)
    };
    let wrote = |entry: &&Value| ["login", "upload"].contains(&entry["operation"].as_str().unwrap());
    assert_eq!(entries.iter().filter(inside).filter(wrote).count(), 0);
    assert!(entries.iter().filter(wrote).count() > 50, "writes are in the log");
    assert!(entries.iter().filter(inside).count() > 20, "reads go on");
}

fn whole(at: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(at.timestamp(), 0).unwrap()
}
