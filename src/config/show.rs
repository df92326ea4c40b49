//! The configuration as it is in effect, each value with where it came from. Secrets are masked.

use super::Settings;
use anyhow::Result;
use serde_json::Value;

/// One value.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Effective {
    /// As it is written in TOML: `probes.every`, `notify.webhook[0].url`.
    pub field: String,
    pub value: Value,
    pub from: From,
}

piaotan_record::closed_enum! {
    /// Where a value came from; the earlier one wins.
    pub enum From {
        Environment = "environment",
        File = "file",
        Default = "default",
    }
}

/// What is set in the environment for a field: the field, and the variable.
const BY_ENVIRONMENT: [(&str, &str); 2] =
    [("target.url", "PIAOTAN_TARGET"), ("target.profile", "PIAOTAN_PROFILE")];
/// Fields whose value is a secret or may hold one.
const SECRET: [&str; 5] = ["password", "secret", "token", "url", "user"];

/// Every value, in the order of the sections.
///
/// # Errors
/// When the settings cannot be written as JSON, which a test would have found.
pub fn effective(
    settings: &Settings,
    file: &toml::Table,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Effective>> {
    let mut all = Vec::new();
    let file = serde_json::to_value(file)?;
    flatten("", &serde_json::to_value(settings)?, Some(&file), &mut all);
    for (field, variable) in BY_ENVIRONMENT {
        let Some(set) = environment(variable).filter(|set| !set.is_empty()) else { continue };
        let found = all.iter_mut().find(|one| one.field == field);
        if let Some(one) = found {
            (one.value, one.from) = (Value::String(set), From::Environment);
        }
    }
    for one in &mut all {
        one.value = masked(&one.field, one.value.take());
    }
    Ok(all)
}

fn flatten(at: &str, value: &Value, file: Option<&Value>, all: &mut Vec<Effective>) {
    let join = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Value::Object(members) if !members.is_empty() => members.iter().for_each(|(name, member)| {
            flatten(&join(name), member, file.and_then(|file| file.get(name)), all);
        }),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (i, item) in items.iter().enumerate() {
                flatten(&format!("{at}[{i}]"), item, file.and_then(|file| file.get(i)), all);
            }
        }
        plain => {
            let from = if file.is_some() { From::File } else { From::Default };
            all.push(Effective { field: at.to_owned(), value: plain.clone(), from });
        }
    }
}

/// A secret stands nowhere; where it lies may be shown. An address is shown without what logs in.
fn masked(field: &str, value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    let name = field.rsplit('.').next().unwrap_or(field);
    let reference = text.starts_with("env:") || text.starts_with("file:");
    let secret = field.starts_with("secrets.") || SECRET.contains(&name);
    // The address of a webhook is a key as a whole; that of a platform or of a source only where it logs in.
    let address = name == "url" && !field.starts_with("notify.");
    if field == "store.path" {
        let place = piaotan_store::Place::of(std::path::Path::new(text));
        // An address that cannot be understood may hold anything.
        return Value::String(place.map_or_else(|_| "***".to_owned(), |place| place.to_string()));
    }
    match (secret && !reference, address) {
        (true, true) => Value::String(without_login(text)),
        (true, false) => Value::String("***".to_owned()),
        _ => value,
    }
}

/// `http://user:password@host/` without what stands before the `@`, and without a query.
fn without_login(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit('@').next().unwrap_or(host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn find(text: &str, environment: &str, field: &str) -> (Value, From) {
        let settings: Settings = toml::from_str(text).unwrap();
        let set = |name: &str| {
            (name == "PIAOTAN_TARGET" && !environment.is_empty()).then(|| environment.to_owned())
        };
        let all = effective(&settings, &text.parse().unwrap(), set).unwrap();
        let one = all.into_iter().find(|one| one.field == field).unwrap_or_else(|| panic!("no {field}"));
        (one.value, one.from)
    }

    #[test]
    fn each_value_says_where_it_came_from() {
        let text = "[target]\nurl = 'http://a'\n[probes]\nevery = '5m'\n";
        assert_eq!(find(text, "", "target.url"), (json!("http://a"), From::File));
        assert_eq!(find(text, "http://b", "target.url"), (json!("http://b"), From::Environment));
        assert_eq!(find(text, "", "probes.every").1, From::File);
        assert_eq!(find(text, "", "probes.concurrency"), (json!(8), From::Default));
    }

    #[test]
    fn secrets_are_masked_and_references_shown() {
        let text = "[account]\npassword = 'env:P'\n[secrets]\nkey = 'oops'\n[[notify.webhook]]\nurl = 'https://x/?key=1'\n";
        assert_eq!(find(text, "", "account.password").0, json!("env:P"));
        assert_eq!(find(text, "", "secrets.key").0, json!("***"));
        let store = "[store]\npath = 'postgres://li:oops@db/p'\n";
        assert_eq!(find(store, "", "store.path").0, json!("postgres://li@db/p"));
        assert_eq!(find(text, "", "notify.webhook[0].url").0, json!("***"));
        assert_eq!(find(text, "http://u:p@h:1/x?k=1", "target.url").0, json!("http://h:1/x"));
    }
}
