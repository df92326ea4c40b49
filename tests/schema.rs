//! What verbs answer with `--format json` is what `docs/schema` says.

use crate::house::{Platform, needs, piaotan, run, scenario};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// The first place where a value is not what its schema says: the keywords that our schemas use, no more.
fn wrong(schema: &Value, value: &Value, at: &str) -> Option<String> {
    if schema.get("const").is_some_and(|only| only != value) {
        return Some(format!("{at} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        return Some(format!("{at} is {value}, not one of {}", schema["enum"]));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind, value)) {
        return Some(format!("{at} is {value}, not {kinds:?}"));
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    let mut items = items.filter_map(|(i, item)| wrong(schema.get("items")?, item, &format!("{at}[{i}]")));
    items.next().or_else(|| members(schema, value.as_object()?, at))
}

fn members(schema: &Value, value: &serde_json::Map<String, Value>, at: &str) -> Option<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.into_iter().find(|name| !value.contains_key(*name));
    if let Some(name) = missing {
        return Some(format!("{at}.{name} is missing"));
    }
    value.iter().find_map(|(name, member)| {
        let own = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"))?;
        wrong(own, member, &format!("{at}.{name}"))
    })
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("this validator knows no {other}"),
    }
}

pub fn check(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(wrong(&schema, value, name), None, "{value}");
    let first: Vec<&String> = value.as_object().unwrap().keys().take(2).collect();
    assert_eq!(first, ["schema", "kind"], "{name}");
}

/// What a JUnit file says, once xmllint found it to be what our schema of the format says.
pub fn junit(path: &Path, holds: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(holds), "no {holds} in {text}");
    if needs("xmllint") {
        let output = xmllint(path);
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    text
}

fn xmllint(path: &Path) -> std::process::Output {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/junit.xsd");
    Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).arg(schema).arg(path).output().unwrap()
}

#[test]
fn the_schema_of_junit_refuses_what_is_wrong() {
    if !needs("xmllint") {
        return;
    }
    let dir = tempdir().unwrap();
    let check = |case: &str, right: bool| {
        let head = "<testsuites name=\"p\"><testsuite name=\"s\" tests=\"1\" failures=\"0\" errors=\"0\">";
        let path = dir.path().join("junit.xml");
        std::fs::write(&path, format!("{head}{case}</testsuite></testsuites>")).unwrap();
        assert_eq!(xmllint(&path).status.success(), right, "{case}");
    };
    check("<testcase name=\"a\" classname=\"c\"/>", true);
    check("<testcase name=\"a\" classname=\"c\"><skipped message=\"m\"/></testcase>", true);
    check("<testcase name=\"a\"/>", false);
    check("<testcase name=\"\" classname=\"c\"/>", false);
    check("<testcase name=\"a\" classname=\"c\"><failed/></testcase>", false);
    check("<testcase name=\"a\" classname=\"c\" time=\"NaN\"/>", false);
    check("<testcase name=\"a\" classname=\"c\"/><testcase name=\"a\" classname=\"c\"/>", false);
    check("", false);
}

pub fn answer(dir: &Path, args: &[&str]) -> Value {
    let output = piaotan(args).args(["--format", "json"]).current_dir(dir).output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn the_validator_refuses_what_is_wrong() {
    let schema = serde_json::json!({"type": "object", "required": ["a"], "properties": {"a": {"type": ["number", "null"]}}});
    let wrong = |value: Value| wrong(&schema, &value, "v");
    assert_eq!(wrong(serde_json::json!({"a": null})), None);
    assert_eq!(wrong(serde_json::json!({})).as_deref(), Some("v.a is missing"));
    assert!(wrong(serde_json::json!({"a": "NaN"})).is_some());
}

#[test]
fn real_answers_are_what_the_schemas_say() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    let text = "name = \"t\"\nlimits = [\"errors < 1%\"]\n[load]\nrate = 20\nduration = \"2s\"\n[sync]\ntrack = 1.0\ndrain = \"1s\"\n[[mix]]\njourney = \"roundtrip\"\n";
    let (_, summary) = run(dir.path(), &scenario(dir.path(), text), &platform.url, &[]);
    check("summary", &summary);
    check("comparison", &answer(dir.path(), &["report", "--compare", "run", "run"]));
    check("profile_list", &answer(dir.path(), &["profile", "list"]));
    check("profile_check", &answer(dir.path(), &["profile", "check", "reference"]));
    std::fs::write(dir.path().join("empty.toml"), "").unwrap();
    check("profile_check", &answer(dir.path(), &["profile", "check", "empty.toml"]));
    check("profile_try", &answer(dir.path(), &["profile", "try", "verify", "--target", &platform.url]));
    check(
        "profile_try",
        &answer(dir.path(), &["profile", "try", "health", "--target", "http://127.0.0.1:9"]),
    );
    let add = ["windows", "add", "--start", "2030-01-01T00:00:00Z", "--for", "2h", "--services", "upload"];
    assert!(piaotan(&add).current_dir(dir.path()).status().unwrap().success());
    check("windows", &answer(dir.path(), &["windows", "list", "--to", "2031-01-01"]));
    check("windows_next", &answer(dir.path(), &["windows", "next"]));
    check("windows_check", &answer(dir.path(), &["windows", "check", "--at", "2030-01-01T01:00:00Z"]));
    check("check", &answer(dir.path(), &["check", "--probes", "api_health", "--target", &platform.url]));
}

#[test]
fn judges_of_other_peoples_data_answer_by_their_schemas() {
    let dir = tempdir().unwrap();
    let levels = (0..40).map(|i| format!("{i},{}\n", if i < 20 { 100 } else { 120 } + i % 3));
    std::fs::write(dir.path().join("h.csv"), format!("time,value\n{}", levels.collect::<String>())).unwrap();
    let history = answer(dir.path(), &["history", "h.csv"]);
    check("history", &history);
    assert_eq!(history["changes"][0]["index"], 20);
    let rows = (0..60).map(|i| {
        let (at, seen) = (i * 10, if i % 7 == 0 { String::new() } else { (i * 10 + 20 + i % 5).to_string() });
        format!("{i},{at},{},{seen}\n", at + 18)
    });
    let text = format!("id,uploaded,last_not_seen,first_seen\n{}", rows.collect::<String>());
    std::fs::write(dir.path().join("s.csv"), text).unwrap();
    check("sync", &answer(dir.path(), &["sync", "s.csv"]));
    check("config", &answer(dir.path(), &["config", "show"]));
}

#[test]
fn traces_and_cleanups_answer_by_their_schemas() {
    let dir = tempdir().unwrap();
    let platform = Platform::start(dir.path(), "");
    for number in ["26112000000000012345", "123"] {
        check("trace", &answer(dir.path(), &["trace", number, "--target", &platform.url]));
    }
    check("cleanup", &answer(dir.path(), &["cleanup", "--target", &platform.url]));
}
