#![allow(clippy::unwrap_used)]
//! Wrong profiles and exactly what is said of them: `tests/bad/profile/NAME.toml` and `NAME.txt`.
//!
//! `UPDATE=1` rewrites the messages.

use piaotan_client::profile::Profile;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad/profile");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "toml"));
    files.sort();
    files
}

#[test]
fn every_wrong_profile_is_answered_with_its_messages() {
    let files = files();
    assert!(files.len() >= 40, "only {} files", files.len());
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let problems = match Profile::parse(&std::fs::read_to_string(&path).unwrap(), name) {
            Ok(_) => panic!("{name} is accepted"),
            Err(problems) => format!("{problems}\n"),
        };
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&golden, &problems).unwrap();
        }
        assert_eq!(problems, std::fs::read_to_string(&golden).unwrap_or_default(), "{name}");
    }
}

#[test]
fn every_problem_has_its_line_and_a_remedy() {
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let problems = Profile::parse(&text, "p").unwrap_err();
        for problem in problems.list() {
            assert!(
                (1..=text.lines().count().max(1)).contains(&problem.line),
                "{}: {problem}",
                path.display()
            );
            assert!(!problem.remedy.is_empty() && !problem.to_string().contains('\n'), "{problem}");
        }
    }
}
