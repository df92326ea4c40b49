use piaotan_record::Ledger;
use piaotan_store::Store;
use std::path::Path;
use std::time::Duration;

fn check(path: &Path, expected: &str) {
    let error = Store::open_with_patience(path, Duration::ZERO).unwrap_err().to_string();
    let line = error.replace(&path.display().to_string(), "FILE");
    assert_eq!(line, expected);
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let fresh = crate::fresh();
    let path = fresh.folder.path().join("watch.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let expected = "store FILE: written by a newer version (format 99, this one knows 2); \
                    use that version, or name another file";
    check(&path, expected);
}

#[test]
fn a_foreign_or_torn_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "These are notes, not a database. ".repeat(100)).unwrap();
    check(&text, "store FILE: not a store of Piaotan; name another file");
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    check(&other, "store FILE: not a store of Piaotan; name another file");
    let nowhere = folder.path().join("no/such/folder.db");
    check(&nowhere, "store FILE: cannot be opened; check that its folder exists and may be written");
}

#[test]
fn a_file_cut_short_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("watch.db");
    let store = Store::open(&path).unwrap();
    (0..300).for_each(|token| store.issue(&crate::issued("r", token, 0)).unwrap());
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let failed = Store::open(&path).and_then(|store| store.pending_sights().map(|_| ()));
    let error = failed.unwrap_err().to_string();
    assert!(error.contains("damaged or cut short"), "{error}");
}

#[test]
fn a_locked_file_is_named_and_may_be_tried_again() {
    let fresh = crate::fresh();
    let path = fresh.folder.path().join("watch.db");
    let store = Store::open_with_patience(&path, Duration::ZERO).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.issue_all(&[crate::issued("r", 1, 0)]).unwrap_err();
    assert!(error.is_passing());
    assert!(
        error.to_string().ends_with("another program holds it locked; end that program or name another file")
    );
    other.execute_batch("ROLLBACK").unwrap();
    store.issue_all(&[crate::issued("r", 1, 0)]).unwrap();
}

#[test]
fn a_full_disk_loses_nothing_that_was_written() {
    let fresh = crate::fresh();
    fresh.store.issue(&crate::issued("r", 1, 0)).unwrap();
    // SQLite's own limit on pages gives the very error that a full disk gives.
    let path = fresh.folder.path().join("watch.db");
    let store = Store::open(&path).unwrap();
    store.limit_pages(40);
    let many: Vec<_> = (2..5_000).map(|token| crate::issued("r", token, 0)).collect();
    let error = store.issue_all(&many).unwrap_err().to_string();
    assert!(error.ends_with("the disk is full; make room, what was written before is safe"), "{error}");
    assert_eq!(fresh.again().pending().unwrap().len(), 1);
}
