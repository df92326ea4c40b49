//! `docs/metrics.md`, written from the catalogue.

use super::catalogue::{ALL, Metric, When};
use std::fmt::Write as _;

/// The page that documents every metric.
#[must_use]
pub fn document() -> String {
    let mut page = String::from(HEAD);
    for (when, title) in [
        (When::Always, "Always exported"),
        (When::Run, "While a load test runs"),
        (When::Watch, "While `piaotan watch` runs"),
        (When::Event, "Once the event has happened"),
    ] {
        let _ = write!(page, "\n## {title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n");
        for metric in ALL.iter().filter(|metric| metric.when == when) {
            page.push_str(&line(metric));
        }
    }
    page
}

const HEAD: &str = "# Metrics\n\nWritten from the catalogue in `reports/metrics/catalogue.rs`; a test compares them, and \
`UPDATE=1 cargo test -p piaotan-reports` rewrites this page. All durations are in seconds, all times in Unix seconds. Labels \
take their values from closed sets, so no platform can make the series grow without bound.\n";

fn line(metric: &Metric) -> String {
    let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
    let mut help = metric.help.to_owned();
    if let Some(edges) = metric.kind.edges() {
        let edges: Vec<String> = edges.iter().map(f64::to_string).collect();
        let _ = write!(help, " Buckets up to {} s.", edges.join(", "));
    }
    format!("| `{}` | {} | {} | {help} |\n", metric.name, metric.kind.type_name(), labels.join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_page_says_what_the_catalogue_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, document()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), document(), "run with UPDATE=1");
    }
}
