//! Prometheus rules: recording rules for burn rates, alerts on states, and no alert that a confirmed
//! maintenance explains. Overrun pages whatever else is held.

mod alerts;
mod burn;
mod yaml;

use crate::words::Lang;

/// What the rules promise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// Share of good events, 0 to 1: 0.995 unless told otherwise.
    pub objective: f64,
    /// Seconds within which the platform promises that an invoice is visible.
    pub visible_within: f64,
    pub lang: Lang,
}

impl Default for Promise {
    fn default() -> Self {
        Self { objective: 0.995, visible_within: 86_400.0, lang: Lang::default() }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The alert's or the recorded series' name.
    pub name: String,
    pub expr: String,
    /// What an alert has beyond its expression; absent in a recording rule.
    pub alert: Option<Alert>,
}

/// The rest of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// How long the expression must hold, as Prometheus writes it: `5m`.
    pub hold: &'static str,
    pub severity: Severity,
    pub summary: String,
    pub description: String,
}

/// Whom an alert concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Wakes somebody.
    Page,
    /// Can wait for working hours.
    Ticket,
}

/// All rules by group.
#[must_use]
pub fn groups(promise: &Promise) -> Vec<(&'static str, Vec<Rule>)> {
    vec![
        ("piaotan-recorded", burn::recorded()),
        ("piaotan-burn", burn::alerts(promise)),
        ("piaotan-states", alerts::states(promise)),
        ("piaotan-sync", alerts::sync(promise)),
    ]
}

/// The rules as a file that Prometheus reads.
#[must_use]
pub fn rules(promise: &Promise) -> String {
    yaml::file(&groups(promise))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::metrics::catalogue::ALL;
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;

    fn path(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus").join(name)
    }

    #[test]
    fn the_file_in_deploy_is_what_the_generator_writes() {
        let text = rules(&Promise { lang: Lang::En, ..Promise::default() });
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path("piaotan.rules.yml"), &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path("piaotan.rules.yml")).unwrap_or_default(),
            text,
            "run with UPDATE=1"
        );
    }

    #[test]
    fn every_metric_in_a_rule_is_exported_or_recorded() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        let groups = groups(&Promise::default());
        let recorded: BTreeSet<&str> = groups
            .iter()
            .flat_map(|(_, rules)| rules)
            .filter(|rule| rule.alert.is_none())
            .map(|rule| rule.name.as_str())
            .collect();
        for rule in groups.iter().flat_map(|(_, rules)| rules) {
            let words = rule.expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
            for word in words.filter(|word| word.starts_with("piaotan") || word.starts_with("probe_")) {
                let base = word.strip_suffix("_bucket").unwrap_or(word);
                assert!(names.contains(base) || recorded.contains(word), "{}: {word}", rule.name);
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_alerts() {
        let shape = |lang| {
            let groups = groups(&Promise { lang, ..Promise::default() });
            groups
                .into_iter()
                .flat_map(|(_, rules)| rules)
                .map(|rule| (rule.name, rule.expr))
                .collect::<Vec<_>>()
        };
        assert_eq!(shape(Lang::Zh), shape(Lang::En));
    }

    /// Skips loudly where promtool is not installed.
    fn promtool(arguments: &[&str]) {
        match Command::new("promtool").args(arguments).current_dir(path("")).output() {
            Ok(done) => assert!(
                done.status.success(),
                "{}{}",
                String::from_utf8_lossy(&done.stdout),
                String::from_utf8_lossy(&done.stderr)
            ),
            Err(_) => assert!(std::env::var_os("CI").is_none(), "promtool is needed in CI"),
        }
    }

    #[test]
    fn promtool_accepts_the_rules() {
        promtool(&["check", "rules", "piaotan.rules.yml"]);
    }

    #[test]
    fn alerts_fire_outside_a_window_and_not_inside() {
        promtool(&["test", "rules", "piaotan.rules.test.yml"]);
    }
}
