//! Reads a notice from standard input and prints the object of `piaotan windows parse`.
//!
//! `parse [--published DATE] [--zone ZONE]`
#![allow(clippy::print_stdout)]

use std::io::Read;

use piaotan_notices::{Context, read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut context = Context::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or(format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--published" => context.published = Some(value.parse()?),
            "--zone" => context.zone = Some(value.parse()?),
            _ => return Err(format!("unknown flag {flag}: write --published or --zone").into()),
        }
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    println!("{}", read(&text, &context).to_json());
    Ok(())
}
