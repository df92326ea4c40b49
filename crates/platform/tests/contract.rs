//! What the documentation and the interface's own description say is what the platform does.

#![allow(clippy::unwrap_used)]

mod visitor;

use piaotan_platform::{Code, Operation};
use serde_json::Value;
use visitor::Visitor;

fn documentation() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/platform.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_code_is_documented_with_its_status() {
    let page = documentation();
    for code in Code::ALL {
        let row = format!("| {} | {} |", code.digits(), code.status().as_u16());
        assert!(page.contains(&row), "no row {row}");
    }
    let rows = page.lines().filter(|l| l.starts_with("| ") && l[2..6].bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(rows.count(), Code::ALL.len());
}

#[test]
fn every_operation_is_documented() {
    let page = documentation();
    let internal = [Operation::Inbox, Operation::Control, Operation::Other];
    for operation in Operation::ALL.iter().filter(|o| !internal.contains(o)) {
        assert!(page.contains(&format!("| `{}` |", operation.name())), "{}", operation.name());
    }
}

#[test]
fn every_test_that_the_documentation_names_exists() {
    let page = documentation();
    let proofs = page.split("## 8. Proofs").nth(1).unwrap();
    let sources: String = ["tests", "."]
        .iter()
        .flat_map(|d| std::fs::read_dir(d).unwrap())
        .filter_map(|f| std::fs::read_to_string(f.unwrap().path()).ok())
        .collect();
    let names = proofs.lines().filter(|l| l.starts_with("| ")).flat_map(|l| l.split('`').skip(1).step_by(2));
    for name in names {
        assert!(sources.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}

#[test]
fn the_weather_of_the_documentation_is_understood() {
    let page = documentation();
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    // Both ways of ending are shown at once there, which one window cannot have.
    piaotan_platform::Weather::parse(example).unwrap();
}

#[test]
fn every_described_path_exists_and_every_operation_is_described() {
    let v = Visitor::new("");
    let document: Value = serde_json::from_slice(&v.get("/openapi.json").reply.body).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path
                .replace("{number}", "26110000000000000001")
                .replace("{key}", "k")
                .replace("{mobile}", "13800000009");
            let request = piaotan_platform::Request::new(method.to_uppercase().parse().unwrap(), &path, "");
            let code = v.send(request).code;
            assert!(code != "4004" && code != "4005", "{method} {path}: {code}");
            described.push(operation["operationId"].as_str().unwrap().to_string());
        }
    }
    let apart = ["page", "openapi", "metrics", "control", "other"];
    for operation in Operation::ALL.iter().filter(|o| !apart.contains(&o.name())) {
        assert!(described.iter().any(|d| d == operation.name()), "{} is not described", operation.name());
    }
}

#[test]
fn metrics_tell_what_happened() {
    let v = Visitor::new("");
    v.uploaded(1);
    v.get("/api/invoices/26110000000000000009");
    let text = String::from_utf8(v.get("/metrics").reply.body.to_vec()).unwrap();
    for line in [
        "invoice_platform_arrivals_total{operation=\"upload\"} 1",
        "invoice_platform_answers_total{operation=\"query\",code=\"3001\"} 1",
        "invoice_platform_invoices 1",
        "invoice_platform_ledger_rows 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let v = Visitor::new("");
    let page = String::from_utf8(v.get("/").reply.body.to_vec()).unwrap();
    assert!(page.contains("发票上传") && page.contains("Upload"));
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
}
