//! Serves the platform alone: `serve [--listen ADDR] [--weather FILE] [--data DIR] [--seed N] [--truth FILE]
//! [--tls CERT.pem] [--one-thread]`. The front door's `piaotan platform` does the same with better manners.

#![allow(clippy::print_stdout)]

use piaotan_platform::{ServeOptions, Tls, run};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = ServeOptions {
        listen: "127.0.0.1:0".parse()?,
        tls: None,
        data: None,
        weather: None,
        seed: 1,
        truth_file: None,
        exit_with_stdin: false,
    };
    let mut one_thread = false;
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--listen" => options.listen = value()?.parse()?,
            "--weather" => options.weather = Some(value()?.into()),
            "--data" => options.data = Some(value()?.into()),
            "--seed" => options.seed = value()?.parse()?,
            "--truth" => options.truth_file = Some(value()?.into()),
            "--tls" => options.tls = Some(Tls::Generated { certificate: Some(value()?.into()) }),
            "--one-thread" => one_thread = true,
            "--exit-with-stdin" => options.exit_with_stdin = true,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    let mut builder = if one_thread {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let ready = move |address| println!("listening on {scheme}://{address}");
    let interrupted = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    builder.enable_all().build()?.block_on(run(options, ready, interrupted))?;
    Ok(())
}
