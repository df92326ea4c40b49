//! How fast notices are read: megabytes a second on texts like real ones, and on one very long text.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use piaotan_notices::{Context, RULES, html, read};

fn main() {
    let context = Context { published: "2026-11-20".parse().ok(), zone: "+08:00".parse().ok() };
    let notice = |n: usize| {
        let rows: Vec<&str> = RULES.iter().skip(n % 5).step_by(5).map(|row| row.example).collect();
        format!(
            "关于系统维护的公告\n尊敬的用户：\n{}\n给您带来的不便，敬请谅解。咨询电话：12366。",
            rows.join("。\n")
        )
    };
    let notices: Vec<String> = (0..5).map(notice).collect();
    measure("many notices", 20_000_000, || {
        notices
            .iter()
            .map(|text| {
                std::hint::black_box(read(text, &context));
                text.len()
            })
            .sum()
    });
    let long = notices.concat().repeat(2000);
    measure("one long text", long.len(), || {
        std::hint::black_box(read(&long, &context));
        long.len()
    });
    let page = format!(
        "<html><body>{}</body></html>",
        format!("<div><p>{}</p></div>", notices[0]).repeat(10_000_000 / notices[0].len())
    );
    measure("10 MB of HTML", page.len(), || {
        std::hint::black_box(html(&page));
        page.len()
    });
}

/// Prints bytes a second of the processor, and by the clock: other work on the machine slows only that.
fn measure(name: &str, bytes: usize, mut work: impl FnMut() -> usize) {
    let (start, began, mut done) = (Instant::now(), processor_time(), 0);
    while done < bytes {
        done += work();
    }
    let (spent, passed) = ((processor_time() - began).as_secs_f64(), start.elapsed().as_secs_f64());
    let megabytes = done as f64 / 1e6;
    println!(
        "{name}: {megabytes:.1} MB in {spent:.2} s of the processor, {:.1} MB/s; {:.1} MB/s by the clock",
        megabytes / spent,
        megabytes / passed
    );
}

/// Time that this thread has spent on a processor; without the kernel's book of it, no time passes.
fn processor_time() -> Duration {
    let book = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(book.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}
