//! The web page in a real Chromium: register, upload, query, verify, in both languages.
//!
//! Chromium is driven over its debugging pipe, so that no port and no further crate is needed. Skipped, loudly, where
//! there is no Chromium. The screenshots lie in the target folder's `tmp`.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod visitor;

use base64::Engine;
use piaotan_platform::{Clock, Storage, serve};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use visitor::{Invoice, start, world};

struct Browser {
    child: Child,
    orders: File,
    answers: BufReader<File>,
    last: u64,
    session: Option<String>,
}

impl Browser {
    fn start(folder: &Path) -> Option<Browser> {
        let found = |name: &&str| {
            Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success())
        };
        let program = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|n| found(n))?;
        let (orders, answers) = (folder.join("orders"), folder.join("answers"));
        assert!(Command::new("mkfifo").arg(&orders).arg(&answers).status().unwrap().success());
        let line = "exec \"$1\" --headless --no-sandbox --disable-gpu --no-first-run --window-size=1100,1500 --lang=zh-CN \
            --user-data-dir=\"$4/profile\" --remote-debugging-pipe about:blank 3<\"$2\" 4>\"$3\" 2>/dev/null";
        let child = Command::new("sh")
            .args(["-c", line, "sh", program])
            .arg(&orders)
            .arg(&answers)
            .arg(folder)
            .spawn()
            .unwrap();
        // Each opening waits for the shell's on the other side, in the shell's order.
        let orders = File::options().write(true).open(orders).unwrap();
        let answers = BufReader::new(File::open(answers).unwrap());
        Some(Browser { child, orders, answers, last: 0, session: None })
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut order = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            order["sessionId"] = json!(session);
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).unwrap();
        loop {
            let mut answer = Vec::new();
            assert!(self.answers.read_until(0, &mut answer).unwrap() > 0, "the browser has gone");
            answer.pop();
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == json!(self.last) {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    fn open(&mut self, url: &str) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let session = self.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        self.session = session["sessionId"].as_str().map(String::from);
        self.call("Page.enable", json!({}));
        self.call("Page.navigate", json!({"url": url}));
        self.run("new Promise(done => { const wait = () => document.querySelector('#verify') && document.readyState === 'complete' ? done() : setTimeout(wait, 20); wait(); })");
    }

    /// Runs a script, waits for its promise, and gives its value.
    fn run(&mut self, script: &str) -> Value {
        let asked = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let result = self.call("Runtime.evaluate", asked);
        assert!(result["exceptionDetails"].is_null(), "{result}");
        result["result"]["value"].clone()
    }

    /// Fills a form as a person would, sends it, and waits for what the page says.
    fn submit(&mut self, form: &str, fields: &[(&str, String)]) -> String {
        let fields: serde_json::Map<String, Value> =
            fields.iter().map(|(n, v)| (n.to_string(), json!(v))).collect();
        let script = format!(
            "new Promise(done => {{
                const form = document.getElementById('{form}'), out = document.getElementById('{form}-result');
                for (const [name, value] of Object.entries({})) form.elements[name].value = value;
                out.textContent = '';
                new MutationObserver(() => out.textContent && done(out.innerText)).observe(out, {{ childList: true, subtree: true, characterData: true }});
                if (!form.reportValidity()) done('the form is not valid: ' + form.querySelector(':invalid').name);
                form.requestSubmit();
            }})",
            Value::Object(fields)
        );
        self.run(&script).as_str().unwrap_or_default().to_string()
    }

    fn screenshot(&mut self, name: &str) {
        let shot =
            self.call("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true}));
        let bytes = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn platform() -> (std::net::SocketAddr, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let world = world("", Storage::Memory);
    let clock = runtime.block_on(async { Clock::showing(start()) });
    runtime.spawn(serve(listener, world, clock, None, std::future::pending()));
    (address, runtime)
}

#[test]
fn upload_query_and_verify_in_chromium() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut browser) = Browser::start(folder.path()) else {
        eprintln!("SKIPPED: no Chromium here");
        return;
    };
    let (address, _runtime) = platform();
    browser.open(&format!("http://{address}/"));
    browser.run("document.documentElement.lang = 'zh'");
    assert_eq!(browser.submit("account", &[]), "已登录");
    let invoice = Invoice::new(1);
    browser.run(
        "{ const files = new DataTransfer();
           files.items.add(new File(['%PDF-1.4\\nsample\\n%%EOF\\n'], 'invoice.pdf', { type: 'application/pdf' }));
           document.getElementById('upload').elements.file.files = files.files; 0 }",
    );
    let uploaded = browser.submit("upload", &invoice.fields);
    assert!(uploaded.contains("已提交审核") && uploaded.contains(&invoice.get("number")), "{uploaded}");
    let again = browser.submit("upload", &[]);
    assert!(again.contains("(2002)"), "{again}");
    let found = browser.submit("query", &[("keyword", "样例1号".into())]);
    assert!(found.contains("共 1"), "{found}");
    let asked = |total: &str| {
        [("number", invoice.get("number")), ("date", invoice.get("issue_date")), ("total", total.to_string())]
    };
    let wrong = browser.submit("verify", &asked("1.00"));
    assert!(wrong.contains("3101"), "{wrong}");
    let right = browser.submit("verify", &asked(&invoice.get("total")));
    assert!(right.contains("该发票为真"), "{right}");
    browser.screenshot("platform-page-zh.png");
    browser.run("document.getElementById('language').click()");
    let english = browser.submit("verify", &asked(&invoice.get("total")));
    assert!(english.contains("genuine"), "{english}");
    browser.screenshot("platform-page-en.png");
}
