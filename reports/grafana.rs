//! Grafana dashboards, one file each, from the catalogue that the exporter uses too.
//!
//! Classic model, a `datasource` variable and no `__inputs`, so that a dashboard works when it is
//! provisioned from a file. Every panel has a description and a unit.

mod board;
mod capacity;
mod health;
mod load;
mod sync;
mod week;

pub use board::{Board, Panel, Show, Target};

use crate::words::Lang;

/// Every dashboard in a language.
#[must_use]
pub fn dashboards(lang: Lang) -> Vec<Board> {
    vec![health::board(lang), week::board(lang), load::board(lang), sync::board(lang), capacity::board(lang)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::metrics::catalogue::ALL;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn panels() -> Vec<(String, Value)> {
        let boards = [Lang::Zh, Lang::En].into_iter().flat_map(dashboards);
        boards
            .flat_map(|board| {
                let json: Value = serde_json::from_str(&board.json()).unwrap();
                let panels = json["panels"].as_array().unwrap().clone();
                panels.into_iter().map(move |panel| (board.uid.to_owned(), panel)).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn every_panel_has_what_a_linter_asks_for() {
        for (board, panel) in panels() {
            let name = format!("{board}: {}", panel["title"]);
            assert!(!panel["title"].as_str().unwrap().is_empty(), "{name}");
            assert!(
                panel["description"].as_str().is_some_and(|d| d.chars().count() > 8),
                "{name} needs a description"
            );
            assert_eq!(panel["datasource"]["uid"], "$datasource", "{name}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{name} needs a unit");
            let targets = panel["targets"].as_array().unwrap();
            assert!(!targets.is_empty(), "{name}");
            for target in targets {
                let expr = target["expr"].as_str().unwrap();
                assert!(
                    expr.contains("job=~\"$job\"") && expr.contains("instance=~\"$instance\""),
                    "{name}: {expr}"
                );
                assert!(
                    !expr.contains("rate(") || expr.contains("$__rate_interval") || expr.contains("$__range"),
                    "{name}: {expr}"
                );
            }
        }
    }

    #[test]
    fn every_metric_in_a_query_is_exported() {
        let names: BTreeSet<&str> = ALL.iter().map(|metric| metric.name).collect();
        let base = |word: &str| {
            ["_bucket", "_sum", "_count"].iter().find_map(|s| word.strip_suffix(s)).unwrap_or(word).to_owned()
        };
        for (board, panel) in panels() {
            for target in panel["targets"].as_array().unwrap() {
                let expr = target["expr"].as_str().unwrap();
                let words = expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                for word in words.filter(|word| word.starts_with("piaotan_") || word.starts_with("probe_")) {
                    assert!(names.contains(word) || names.contains(base(word).as_str()), "{board}: {word}");
                }
            }
        }
    }

    #[test]
    fn panels_lie_within_the_grid_and_do_not_overlap() {
        for board in dashboards(Lang::En) {
            let json: Value = serde_json::from_str(&board.json()).unwrap();
            let mut cells = BTreeSet::new();
            let mut ids = BTreeSet::new();
            for panel in json["panels"].as_array().unwrap() {
                let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
                assert!(at("x") + at("w") <= 24 && ids.insert(panel["id"].as_u64().unwrap()));
                for x in at("x")..at("x") + at("w") {
                    for y in at("y")..at("y") + at("h") {
                        assert!(cells.insert((x, y)), "{}: {}", board.uid, panel["title"]);
                    }
                }
            }
        }
    }

    #[test]
    fn the_files_in_deploy_are_what_the_generator_writes() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/dashboards");
        for board in dashboards(Lang::En) {
            let path = folder.join(format!("{}.json", board.uid));
            if std::env::var_os("UPDATE").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, board.json()).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), board.json(), "run with UPDATE=1");
        }
    }
}
