//! Wrong inputs: one line that names what to write instead, and the right exit code.
//!
//! Each file of `tests/bad/cli/` is a case: arguments on the first line, the exit code on the second,
//! then what standard error must contain. `UPDATE=1` is not offered: the words are meant.

use crate::house::piaotan;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

#[test]
fn every_wrong_input_is_answered_on_one_line() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad/cli");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    files.sort();
    assert!(files.len() >= 15, "{} cases", files.len());
    let wrong: Vec<String> = files.iter().filter_map(|path| check(&cases, path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(cases: &Path, path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let args: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let code: i32 = lines.next().unwrap().parse().unwrap();
    let expected = lines.next().unwrap();
    let dir = tempdir().unwrap();
    for (name, body) in inputs(cases) {
        std::fs::write(dir.path().join(name), body).unwrap();
    }
    let output = piaotan(&args).current_dir(dir.path()).env("PIAOTAN_PROFILE", "reference").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let one_line = told.lines().filter(|line| line.starts_with("piaotan: ")).count() <= 1;
    let good = output.status.code() == Some(code) && told.contains(expected) && one_line;
    (!good).then(|| format!("{name}: exit {:?}, said: {told}", output.status.code()))
}

fn inputs(cases: &Path) -> Vec<(String, Vec<u8>)> {
    let all = std::fs::read_dir(cases.join("inputs")).unwrap().map(|entry| entry.unwrap().path());
    all.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn a_port_in_use_is_named_with_its_flag() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let output = piaotan(&["platform", "--listen", &address]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("--listen") && told.contains(&address), "{told}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "in the way").unwrap();
    let out = dir.path().join("file/run");
    let output =
        piaotan(&["run", "throughput", "--target", "http://127.0.0.1:9", "--out", out.to_str().unwrap()])
            .output()
            .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot create") && told.contains("file/run"), "{told}");
}

#[test]
fn a_full_disk_ends_the_run_and_keeps_what_is_there() {
    // A limit on file sizes stands for the full disk; the signal that comes with it is ignored.
    let dir = tempdir().unwrap();
    let platform = crate::house::Platform::start(dir.path(), "");
    let text = "name = \"t\"\n[load]\nrate = 20\nduration = \"30s\"\n[sync]\ntrack = 0.0\n[[mix]]\njourney = \"probe\"\n";
    let scenario = crate::house::scenario(dir.path(), text);
    let out = dir.path().join("run");
    let line = "trap '' XFSZ; ulimit -f 12; exec \"$0\" run \"$1\" --target \"$2\" --out \"$3\" --listen 127.0.0.1:0";
    let output = std::process::Command::new("bash")
        .args(["-c", line, crate::house::PROGRAM])
        .args([scenario.to_str().unwrap(), &platform.url, out.to_str().unwrap()])
        .env("PIAOTAN_LANG", "en")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot write") && told.contains("large"), "{told}");
    let kept = piaotan_record::RunFolder::open(&out).unwrap();
    let mut lines = 0;
    kept.tally(|_| lines += 1).unwrap();
    assert!(lines > 3, "{lines} lines were kept");
}
