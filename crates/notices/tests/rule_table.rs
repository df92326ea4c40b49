//! The rule table of `docs/notices.md` is written from the program's own; `UPDATE=1` rewrites it.

use std::path::Path;

use piaotan_notices::RULES;

const BEGIN: &str = "<!-- rules: written from crates/notices/reader/rules.rs -->\n";
const END: &str = "<!-- end of rules -->";

#[test]
fn the_documented_table_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/notices.md");
    let page = std::fs::read_to_string(&path).expect("docs/notices.md is there");
    let (before, rest) = page.split_once(BEGIN).expect("the page marks where the table begins");
    let (_, after) = rest.split_once(END).expect("the page marks where the table ends");
    let written = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, written).expect("the page can be written");
    } else {
        assert_eq!(page, written, "run again with UPDATE=1");
    }
}

fn table() -> String {
    let head = "| rule | what it reads | example | answer |\n|---|---|---|---|\n".to_owned();
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ⏎ ");
    RULES.iter().fold(head, |table, row| {
        let name = row.name().map(|name| format!("`{name}`")).unwrap_or_default();
        format!("{table}| {name} | {} | {} | {} |\n", cell(row.says), cell(row.example), cell(row.reads))
    })
}
