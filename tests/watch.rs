//! The resident watch from outside: its life, its pages, its messages, its ledger.

use crate::house::postgres::{PASSWORD, Server};
use crate::house::{Ended, Platform, free_port, get, needs, piaotan, post, until};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::tempdir;

const QUICK: &str = "[probes]\nevery = '300ms'\nwhich = ['own_network', 'page', 'api_health', 'invoice_roundtrip', 'sync_delay']\nvisible_patience = '200ms'\nintervals = { invoice_roundtrip = '500ms' }\n";

/// A watch that ends with the test.
pub struct Watch {
    child: Child,
    pub url: String,
}

impl Watch {
    pub fn start(dir: &Path, target: &str, config: &str) -> Self {
        Self::on("w.db", dir, target, config)
    }

    fn on(store: &str, dir: &Path, target: &str, config: &str) -> Self {
        std::fs::write(dir.join("piaotan.toml"), config).unwrap();
        let mut child = piaotan(&["watch", "--target", target, "--listen", "127.0.0.1:0", "--store", store])
            .current_dir(dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().rsplit_once("status at ").expect("the watch starts").1.trim_end_matches('/');
        Self { url: url.to_owned(), child }
    }

    /// The value of a series; absent, nothing.
    fn metric(&self, series: &str) -> Option<f64> {
        let text = get(&self.url, "/metrics");
        let line =
            text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_watch_lives_reloads_and_ends_when_told() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let mut watch = Watch::start(dir.path(), &platform.url, QUICK);
    until("the loop goes round", || get(&watch.url, "/healthz") == "ok\n");
    until("a page was seen", || watch.metric("probe_success{probe=\"page\"}") == Some(1.0));
    let loaded = "piaotan_config_last_reload_successful";
    assert_eq!(watch.metric(loaded), Some(1.0));
    std::fs::write(dir.path().join("piaotan.toml"), "[probes]\nevry = '1s'\n").unwrap();
    until("a wrong file is told", || watch.metric(loaded) == Some(0.0));
    let before = watch.metric("piaotan_probe_runs_total{probe=\"page\",result=\"success\"}").unwrap();
    let runs = || watch.metric("piaotan_probe_runs_total{probe=\"page\",result=\"success\"}").unwrap();
    until("the old one goes on", || runs() > before);
    std::fs::write(dir.path().join("piaotan.toml"), QUICK.replace("'page', ", "")).unwrap();
    watch.signal("-HUP");
    until("a right file is taken up", || watch.metric(loaded) == Some(1.0));
    until("what is no longer watched is gone", || watch.metric("probe_success{probe=\"page\"}").is_none());
    watch.signal("-TERM");
    until("it ends", || watch.child.try_wait().unwrap().is_some());
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_people_say_of_windows_is_taken_up_while_it_runs() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let watch = Watch::start(dir.path(), &platform.url, QUICK);
    let windows = |args: &[&str]| {
        let mut all = vec!["windows", "--store", "w.db"];
        all.extend(args);
        let output = piaotan(&all).current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    until("the loop goes round", || get(&watch.url, "/healthz") == "ok\n");
    let start = (chrono::Utc::now() - chrono::TimeDelta::minutes(1)).to_rfc3339();
    let id = windows(&["add", "--start", &start, "--for", "1h", "--services", "query"]);
    let active = "piaotan_maintenance_active{source=\"person\",service=\"query\",status=\"confirmed\"}";
    until("the window is open", || watch.metric(active) == Some(1.0));
    windows(&["cancel", &id]);
    until("it is cancelled", || watch.metric(active) != Some(1.0));
}

#[test]
fn two_watches_do_not_share_a_store_and_kill_9_loses_nothing() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "[[sync]]\ndelay = {kind = \"constant\", seconds = 600.0}\n");
    let mut watch = Watch::start(dir.path(), &platform.url, QUICK);
    let pending = "piaotan_sync_pending{surface=\"number\"}";
    until("invoices are pending", || watch.metric(pending).is_some_and(|count| count >= 2.0));
    let second = piaotan(&["watch", "--target", &platform.url, "--listen", "127.0.0.1:0", "--store", "w.db"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(second.status.code() == Some(2) && told.contains("another watch"), "{told}");
    watch.child.kill().unwrap();
    watch.child.wait().unwrap();
    let uploads = platform.get("/_weather/counts")["data"]["arrivals"]["upload"].as_f64().unwrap();
    let again = Watch::start(dir.path(), &platform.url, QUICK);
    let submitted = "piaotan_sync_submitted_total";
    until("the ledger knows all of them", || again.metric(submitted).is_some_and(|count| count >= uploads));
}

/// A limit on file sizes stands for the full disk; the signal that comes with it is ignored.
#[test]
fn a_full_disk_is_one_line_and_costs_no_result() {
    if !needs("prlimit") {
        return;
    }
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let config = "[probes]\nevery = '200ms'\nwhich = ['page', 'api_health', 'own_network']\n";
    std::fs::write(dir.path().join("piaotan.toml"), config).unwrap();
    let log = dir.path().join("log");
    let line =
        "trap '' XFSZ; ulimit -S -f 512; exec \"$0\" watch --target \"$1\" --listen 127.0.0.1:0 --store w.db";
    let mut child = Command::new("bash")
        .args(["-c", line, crate::house::PROGRAM, &platform.url])
        .current_dir(dir.path())
        .env("PIAOTAN_LANG", "en")
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit_once("status at ").expect("the watch starts").1.trim_end_matches('/');
    let mut watch = Watch { url: url.to_owned(), child };
    let said = |words: &str| {
        let text = std::fs::read_to_string(&log).unwrap();
        text.lines().filter(|line| line.contains(words)).count()
    };
    // Tries are ten seconds apart.
    let patiently = |what: &str, holds: &dyn Fn() -> bool| {
        let begun = std::time::Instant::now();
        while !holds() {
            assert!(
                begun.elapsed().as_secs() < 60,
                "never: {what}: {}",
                std::fs::read_to_string(&log).unwrap()
            );
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    };
    let errors = "piaotan_ledger_errors_total";
    patiently("the disk is full", &|| watch.metric(errors).is_some_and(|count| count >= 2.0));
    assert!(watch.metric("piaotan_store_waiting_writes").is_some_and(|count| count > 0.0));
    assert_eq!(said("store w.db: "), 1, "{}", std::fs::read_to_string(&log).unwrap());
    let pid = watch.child.id().to_string();
    let room = ["--pid", &pid, "--fsize=unlimited"];
    assert!(Command::new("prlimit").args(room).status().unwrap().success());
    patiently("what waited is written", &|| watch.metric("piaotan_store_waiting_writes") == Some(0.0));
    assert_eq!(said("the store is written again"), 1);
    watch.signal("-TERM");
    until("it ends", || watch.child.try_wait().unwrap().is_some());
    let store = piaotan_store::Store::open(&dir.path().join("w.db")).unwrap();
    let day = chrono::TimeDelta::days(1);
    let runs = store.runs(Some("page"), chrono::Utc::now() - day, chrono::Utc::now() + day).unwrap();
    let gaps = runs.windows(2).filter(|two| two[1].due - two[0].due > chrono::TimeDelta::seconds(3));
    assert_eq!(gaps.count(), 0, "no stretch of the outage is missing among {} runs", runs.len());
}

#[test]
fn two_places_share_a_server_that_stops_and_starts_and_nothing_is_lost() {
    let Some(mut server) = Server::start() else { return };
    let (dir, store) = (tempdir().unwrap(), server.database());
    let platform = Platform::start(dir.path(), "[[sync]]\ndelay = {kind = \"constant\", seconds = 600.0}\n");
    let place = |name: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Watch::on(&store, &folder, &platform.url, &format!("{QUICK}location = '{name}'\n"))
    };
    let watches = [place("bj"), place("sh")];
    let kept =
        || piaotan_store::Store::open(Path::new(&store)).unwrap().to_void(&platform.url, 1_000_000).unwrap();
    until("both make invoices", || kept().len() >= 6);
    let second = piaotan(&["watch", "--target", &platform.url, "--listen", "127.0.0.1:0", "--store", &store])
        .current_dir(dir.path().join("bj"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(second.status.code() == Some(2) && told.contains("another watch"), "{told}");
    let before = kept();
    server.tell("stop");
    let troubles = |watch: &Watch| watch.metric("piaotan_ledger_errors_total").is_some_and(|n| n >= 1.0);
    until("both say that the store is away", || watches.iter().all(troubles));
    server.tell("start");
    let went_on = before.len() + 6;
    until("both go on", || kept().len() >= went_on);
    let uploads = || platform.get("/_weather/counts")["data"]["arrivals"]["upload"].as_u64().unwrap();
    let sent = uploads();
    let after = kept();
    assert!(after.len() as u64 >= sent, "{} in the ledger, {sent} at the platform", after.len());
    assert!(before.iter().all(|one| after.iter().any(|other| other.token == one.token)));
    let store = piaotan_store::Store::open(Path::new(&store)).unwrap();
    let mut places: Vec<String> = store.latest_runs().unwrap().into_iter().map(|run| run.location).collect();
    places.dedup();
    places.sort();
    places.dedup();
    assert_eq!(places, ["bj", "sh"]);
    let shown = watches.iter().map(|watch| get(&watch.url, "/") + &get(&watch.url, "/metrics"));
    assert!(shown.into_iter().all(|page| !page.contains(PASSWORD)), "the password is shown nowhere");
}

#[test]
fn what_a_platform_says_stays_text() {
    let dir = tempdir().unwrap();
    let answers = |_: &str| {
        "HTTP/1.1 500 x\r\nContent-Length: 34\r\n\r\n{\"code\":\"<script>alert(1)</script>\"}".to_owned()
    };
    let (address, _) = sink(answers);
    let watch = Watch::start(dir.path(), &format!("http://{address}"), QUICK);
    until("the failure is shown", || get(&watch.url, "/").contains("script&gt;"));
    let page = get(&watch.url, "/?lang=zh");
    assert!(!page.contains("<script") && page.contains("lang=\"zh-CN\""));
}

#[test]
fn people_without_a_shell_ask_where_their_invoice_is() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let watch = Watch::start(dir.path(), &platform.url, QUICK);
    assert!(get(&watch.url, "/trace?lang=zh").contains("name=\"number\""));
    let (status, page) = post(&watch.url, "/trace?lang=en", "number=26112000000000012345&batch=%3Cscript%3E");
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("batch_unanswered") && page.contains("customer service"), "{page}");
    assert!(page.contains("&lt;script") && !page.contains("<script"), "what was written is kept, as text");
    let (status, page) = post(&watch.url, "/trace?lang=en", "number=1&date=yesterday");
    assert_eq!(status, 422);
    assert!(page.contains("date: `yesterday` is no date; write 2026-11-20"), "{page}");
}

/// Takes HTTP requests, keeps them, and answers what it is told to.
fn sink(answer: impl Fn(&str) -> String + Send + 'static) -> (std::net::SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = kept.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let request = request(&mut stream);
            let _ = stream.write_all(answer(&request).as_bytes());
            keep.lock().unwrap().push(request);
        }
    });
    (address, kept)
}

fn request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head += &line;
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    format!("{head}\r\n{}", String::from_utf8_lossy(&body))
}

/// A mail server that takes everything and keeps it.
fn mail_server() -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept = Arc::new(Mutex::new(String::new()));
    let keep = kept.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = stream.write_all(b"220 sink\r\n");
            let mut in_letter = false;
            for line in lines.map_while(Result::ok) {
                keep.lock().unwrap().push_str(&format!("{line}\n"));
                let reply = match (in_letter, line.as_str()) {
                    (true, ".") => "250 taken",
                    (true, _) => continue,
                    (false, "DATA") => "354 go on",
                    (false, "QUIT") => "221 bye",
                    _ => "250 ok",
                };
                in_letter = line == "DATA";
                let _ = stream.write_all(format!("{reply}\r\n").as_bytes());
            }
        }
    });
    (port, kept)
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"errcode\":0}";

#[test]
fn messages_reach_a_mail_server_and_webhooks() {
    let dir = tempdir().unwrap();
    let (port, letters) = mail_server();
    let (hook, posts) = sink(|_| TAKEN.to_owned());
    let mut config = format!(
        "[target]\nurl = 'http://127.0.0.1:9'\n[notify.mail]\nserver = '127.0.0.1'\nport = {port}\nsecurity = 'none'\nfrom = 'piaotan@example.com'\nto = ['ops@example.com']\n"
    );
    for shape in ["generic", "wecom", "dingtalk", "feishu"] {
        config += &format!(
            "[[notify.webhook]]\nurl = 'http://{hook}/{shape}?key=k'\nshape = '{shape}'\nsecret = 'env:HOOK'\n"
        );
    }
    let output = test_notify(dir.path(), &config);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(0) && told.matches("taken").count() == 5, "{told}");
    assert!(!told.contains("key="), "an address is a secret: {told}");
    let letters = letters.lock().unwrap().clone();
    assert!(letters.contains("RCPT TO:<ops@example.com>") && letters.contains("Subject:"), "{letters}");
    let posts = posts.lock().unwrap().join("\n");
    for expected in [
        "POST /generic?key=k",
        "\"state\":\"firing\"",
        "\"msgtype\":\"text\"",
        "&sign=",
        "\"msg_type\":\"text\"",
        "\"sign\":",
    ] {
        assert!(posts.contains(expected), "{expected} is missing in {posts}");
    }
}

#[test]
fn who_waits_for_an_invoice_is_told_when_it_appears() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "[[sync]]\ndelay = 2\n");
    let (hook, posts) = sink(|_| TAKEN.to_owned());
    let quick = "[probes]\nreview_patience = '200ms'\nvisible_patience = '200ms'\n";
    std::fs::write(
        dir.path().join("piaotan.toml"),
        format!("{quick}[[notify.webhook]]\nurl = 'http://{hook}/'\n"),
    )
    .unwrap();
    let check = ["check", "--target", &platform.url, "--probes", "invoice_roundtrip"];
    piaotan(&check).current_dir(dir.path()).output().unwrap();
    let store = piaotan_store::Store::open(&dir.path().join("piaotan.db")).unwrap();
    let number = store.to_void(&platform.url, 1).unwrap().pop().expect("an invoice was made").number;
    let follow = ["trace", &number, "--target", &platform.url, "--follow", "--every", "1s", "--for", "20s"];
    let output = piaotan(&follow).current_dir(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let posts = posts.lock().unwrap().join("\n");
    assert!(posts.contains(&number) && posts.contains("\"state\":\"resolved\""), "{posts}");
}

#[test]
fn a_webhook_that_refuses_with_200_is_a_failure() {
    let dir = tempdir().unwrap();
    let (hook, _) = sink(|_| TAKEN.replace("13", "18").replace(":0}", ":310000}"));
    let config = format!(
        "[target]\nurl = 'http://127.0.0.1:9'\n[[notify.webhook]]\nurl = 'http://{hook}/'\nshape = 'wecom'\n"
    );
    let output = test_notify(dir.path(), &config);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && told.contains("310000"), "{told}");
}

fn test_notify(dir: &Path, config: &str) -> Output {
    std::fs::write(dir.join("piaotan.toml"), config).unwrap();
    piaotan(&["watch", "--test-notify"]).current_dir(dir).env("HOOK", "s3cret").output().unwrap()
}

#[test]
fn an_outage_is_mailed_and_taken_back_as_one_message_each() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(
        dir.path(),
        "[[fault]]\nat = 1\nfor = 4\nkind = \"error\"\nshare = 1.0\noperations = [\"everything\"]\n",
    );
    let (hook, posts) = sink(|_| TAKEN.to_owned());
    let config = format!("{QUICK}[notify]\ngroup = '1s'\n[[notify.webhook]]\nurl = 'http://{hook}/'\n");
    let watch = Watch::start(dir.path(), &platform.url, &config);
    let has = |word: &str| posts.lock().unwrap().iter().filter(|post| post.contains(word)).count();
    until("it is told", || has("\"state\":\"firing\"") > 0);
    until("it is taken back", || has("\"state\":\"resolved\"") > 0);
    until("both are counted", || {
        watch
            .metric("piaotan_notifications_total{channel=\"webhook\",result=\"taken\"}")
            .is_some_and(|n| n >= 2.0)
    });
}

#[test]
fn a_check_leaves_a_whole_file_and_puts_one_group() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "[[sync]]\ndelay = {kind = \"constant\", seconds = 600.0}\n");
    let (gateway, puts) = sink(|_| "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned());
    std::fs::write(dir.path().join("piaotan.toml"), "[probes]\nvisible_patience = '1s'\n").unwrap();
    let check = || {
        piaotan(&[
            "check",
            "--target",
            &platform.url,
            "--store",
            "w.db",
            "--textfile",
            "p.prom",
            "--format",
            "json",
        ])
        .args(["--push", &format!("http://{gateway}")])
        .current_dir(dir.path())
        .output()
        .unwrap()
    };
    let (first, second) = (check(), check());
    let told = String::from_utf8_lossy(&second.stdout).into_owned();
    assert!(first.status.code() == Some(0) && second.status.code() == Some(0), "{told}");
    assert!(told.contains("\"result\":\"pending\""), "{told}");
    let text = std::fs::read_to_string(dir.path().join("p.prom")).unwrap();
    assert!(text.contains("probe_success{probe=\"api_health\"} 1") && !text.contains("process_"), "{text}");
    assert!(text.contains("piaotan_sync_pending{surface=\"number\"} 2"), "the ledger is shared: {text}");
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")));
    let puts = puts.lock().unwrap();
    assert!(puts[0].starts_with("PUT /metrics/job/piaotan_check ") && puts[0].contains("probe_success"));
}

/// A real Prometheus and Alertmanager behind a watch, with the files of `deploy`.
struct Alerting {
    letters: Arc<Mutex<String>>,
    _programs: [Ended; 2],
}

impl Alerting {
    /// What waits for minutes in earnest waits for a second here.
    fn start(dir: &Path, watch: &Watch) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
        let (mail, letters) = mail_server();
        let (prometheus, alerts) = (free_port(), free_port());
        let ours = watch.url.strip_prefix("http://").unwrap();
        let quick = |text: String| {
            let text =
                text.replace("scrape_interval: 15s", "scrape_interval: 500ms\n  scrape_timeout: 400ms");
            text.replace("evaluation_interval: 15s", "evaluation_interval: 500ms")
                .replace("group_wait: 30s", "group_wait: 1s")
        };
        let config = quick(read("prometheus/prometheus.yml"))
            .replace("127.0.0.1:9465", ours)
            .replace("127.0.0.1:9093", &format!("127.0.0.1:{alerts}"));
        write("prometheus.yml", config);
        let rules = read("prometheus/piaotan.rules.yml");
        let rules = rules.replace("for: \"5m\"", "for: \"1s\"").replace("for: \"1m\"", "for: \"1s\"");
        write("piaotan.rules.yml", rules);
        let config = quick(read("alertmanager/alertmanager.yml"));
        write("alertmanager.yml", config.replace("127.0.0.1:25", &format!("127.0.0.1:{mail}")));
        let run = |program: &str, args: &[String]| {
            let mut command = Command::new(program);
            command.args(args).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
            Ended(command.spawn().unwrap())
        };
        let alertmanager = run(
            "prometheus-alertmanager",
            &[
                "--config.file=alertmanager.yml".to_owned(),
                "--storage.path=am".to_owned(),
                "--cluster.listen-address=".to_owned(),
                format!("--web.listen-address=127.0.0.1:{alerts}"),
            ],
        );
        let prometheus = run(
            "prometheus",
            &[
                "--config.file=prometheus.yml".to_owned(),
                "--storage.tsdb.path=tsdb".to_owned(),
                format!("--web.listen-address=127.0.0.1:{prometheus}"),
            ],
        );
        Self { letters, _programs: [alertmanager, prometheus] }
    }

    fn mailed(&self, alert: &str) -> bool {
        self.letters.lock().unwrap().contains(alert)
    }

    /// Waits until a letter about an alert has come, at most a minute.
    fn wait(&self, alert: &str) {
        let begun = std::time::Instant::now();
        while !self.mailed(alert) {
            assert!(begun.elapsed().as_secs() < 60, "no mail of {alert}: {}", self.letters.lock().unwrap());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

#[test]
fn a_real_prometheus_and_alertmanager_mail_what_a_watch_sees() {
    if !(needs("prometheus") && needs("prometheus-alertmanager")) {
        return;
    }
    let dir = tempdir().unwrap();
    // An outage from the start.
    let weather = "[[fault]]\nkind = \"error\"\nshare = 1.0\noperations = [\"everything\"]\n";
    let platform = Platform::start(dir.path(), weather);
    let watch = Watch::start(dir.path(), &platform.url, QUICK);
    let alerting = Alerting::start(dir.path(), &watch);
    alerting.wait("PiaotanProbeFailing");
    assert!(alerting.mailed("RCPT TO:<ops@example.com>"));
}

#[test]
fn a_real_alertmanager_mails_nothing_of_a_window_and_all_of_its_overrun() {
    if !(needs("prometheus") && needs("prometheus-alertmanager")) {
        return;
    }
    let dir = tempdir().unwrap();
    // In maintenance from the start, and past the end that was announced.
    let weather = "[[maintenance]]\nat = 0\nfor = 600\noperations = [\"everything\"]\n";
    let platform = Platform::start(dir.path(), weather);
    let now = chrono::Utc::now();
    let (start, end) = (now - chrono::TimeDelta::minutes(5), now + chrono::TimeDelta::seconds(15));
    let window = format!(
        "{QUICK}[[maintenance.window]]\nid = 'w'\nstart = '{}'\nend = '{}'\n",
        start.to_rfc3339(),
        end.to_rfc3339()
    );
    let watch = Watch::start(dir.path(), &platform.url, &window);
    let alerting = Alerting::start(dir.path(), &watch);
    let active = "piaotan_maintenance_active{source=\"config\",service=\"query\",status=\"confirmed\"}";
    until("the window is open", || watch.metric(active) == Some(1.0));
    let failing = "probe_success{probe=\"api_health\"}";
    until("a probe fails in it", || watch.metric(failing) == Some(0.0));
    while chrono::Utc::now() < end {
        assert!(!alerting.mailed("alertname"), "{}", alerting.letters.lock().unwrap());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    alerting.wait("PiaotanMaintenanceOverrun");
    let over = "piaotan_maintenance_overrun_seconds{service=\"query\"}";
    assert!(watch.metric(over).is_some_and(|seconds| seconds > 0.0));
}
