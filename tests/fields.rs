//! Every field of `piaotan.toml`, asked of the program's own schema, has a value that is refused with the
//! line that says what to write instead, or a reason why there is none.
//!
//! `tests/bad/fields.txt` holds them: a field by its path, below it files that are wrong, each with what is
//! said of it behind `=>`; or `any:` and the reason why no value is wrong.

use crate::house::piaotan;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::tempdir;

#[derive(Default)]
struct Field {
    /// Files, and what is said of them.
    cases: Vec<(String, String)>,
    any: Option<String>,
}

#[test]
fn every_field_of_the_configuration_is_wrong_once() {
    let known = known();
    let written = fields();
    let of = |names: BTreeSet<&String>| names.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let names: BTreeSet<&String> = written.keys().collect();
    let missing = of(known.iter().filter(|name| !names.contains(name)).collect());
    assert!(
        missing.is_empty(),
        "tests/bad/fields.txt has no bad case, and no reason why not, for: {missing}"
    );
    let gone = of(names.into_iter().filter(|name| !known.contains(*name)).collect());
    assert!(gone.is_empty(), "tests/bad/fields.txt has fields that the schema does not: {gone}");
    let each = written.iter().flat_map(|(name, field)| field.cases.iter().map(move |case| (name, case)));
    let wrong: Vec<String> = each.filter_map(|(name, (file, said))| check(name, file, said)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(name: &str, file: &str, expected: &str) -> Option<String> {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("c.toml"), file).unwrap();
    std::fs::write(dir.path().join("text.txt"), "no program").unwrap();
    let output =
        piaotan(&["config", "check", "--config", "c.toml"]).current_dir(dir.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let good = output.status.code() == Some(2) && told.contains(expected) && told.trim().lines().count() == 1;
    (!good).then(|| format!("{name}: exit {:?}, said: {told}\n{file}", output.status.code()))
}

/// The paths of the schema: `a.b`, `a[].b` in a list of tables, `a{}` for the entries of a dictionary.
fn known() -> BTreeSet<String> {
    let output = piaotan(&["config", "schema"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut paths = BTreeSet::new();
    walk(&schema, "", &mut paths);
    paths
}

fn walk(schema: &Value, path: &str, paths: &mut BTreeSet<String>) {
    if let Some(fields) = schema["properties"].as_object() {
        let joint = if path.is_empty() { "" } else { "." };
        fields.iter().for_each(|(name, field)| walk(field, &format!("{path}{joint}{name}"), paths));
    } else if schema["items"]["properties"].is_object() {
        walk(&schema["items"], &format!("{path}[]"), paths);
    } else if schema["additionalProperties"].is_object() {
        paths.insert(format!("{path}{{}}"));
    } else {
        paths.insert(path.to_owned());
    }
}

fn fields() -> BTreeMap<String, Field> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad/fields.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    let (mut name, mut file) = (String::new(), String::new());
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(line) = line.strip_prefix("    ") else {
            assert!(file.is_empty(), "{name}: a case without `=>`");
            line.clone_into(&mut name);
            assert!(fields.insert(name.clone(), Field::default()).is_none(), "{name} is there twice");
            continue;
        };
        let field = fields.get_mut(&name).unwrap();
        match (line.strip_prefix("=> "), line.strip_prefix("any: ")) {
            (Some(said), _) => field.cases.push((std::mem::take(&mut file), said.to_owned())),
            (_, Some(reason)) => field.any = Some(reason.to_owned()),
            _ => file += &format!("{line}\n"),
        }
    }
    let bare = fields.iter().find(|(_, field)| field.cases.is_empty() && field.any.is_none());
    assert!(bare.is_none(), "{:?} has neither a case nor a reason", bare.map(|(name, _)| name));
    fields
}
