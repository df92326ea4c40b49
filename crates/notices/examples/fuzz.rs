//! Reads damaged and random texts for a given time; a panic or a text that takes too long is a finding.
//!
//! `fuzz SECONDS [SEED]`: the seed is printed, and every text follows from it.
#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use piaotan_notices::{Context, RULES, decode, feed, html, ical, json, read, rss, silences, statuspage};

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

const PIECES: &str = "0123456789年月日时点分:：-~至到、，。；|\n()（）至次日凌晨晚上每周三第2个周六系统维护升级暂停恢复取消推迟原定即日起24:00 am pm noon midnight Nov 28 until between and UTC+8 EST http://h/?a=1&b=2 \u{200b}\u{3000}民國115二〇二六 9/28 2026-11-28T22:00:00Z";

const CONTAINERS: [&str; 7] = [
    "<html><body><article><h2>t</h2><time datetime=\"2026-11-20\">d</time><p>11月28日22:00</p></article><table><tr><td>a</td></tr></table></body></html>",
    "<rss><channel><item><title>t</title><pubDate>Fri, 20 Nov 2026 08:00:00 +0800</pubDate><description><![CDATA[<p>22:00</p>]]></description></item></channel></rss>",
    "{\"data\":{\"list\":[{\"id\":1,\"title\":\"t\",\"content\":\"<p>x</p>\",\"publishTime\":\"2026-11-20 08:00:00\"}]}}",
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Asia/Shanghai:20261128T220000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;BYDAY=SA\nEND:VEVENT\nEND:VCALENDAR",
    "{\"scheduled_maintenances\":[{\"id\":\"m\",\"name\":\"n\",\"status\":\"scheduled\",\"scheduled_for\":\"2026-11-28T22:00:00Z\",\"scheduled_until\":\"2026-11-29T02:00:00Z\"}]}",
    "[{\"id\":\"a\",\"startsAt\":\"2026-11-28T22:00:00Z\",\"endsAt\":\"2026-11-29T02:00:00Z\",\"matchers\":[{\"name\":\"service\",\"value\":\"x\",\"isRegex\":false}]}]",
    "{\"status\":\"MAINTENANCE\",\"messages\":[{\"id\":\"1\",\"event\":\"e\",\"category\":\"MAINTENANCE\",\"type\":\"announcement\",\"start\":\"2026-11-28T22:00:00Z\",\"version\":1}]}",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().ok_or("usage: fuzz SECONDS [SEED]")?.parse()?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let mut random = Random(seed);
    let (start, mut texts, mut bytes, mut slowest) = (Instant::now(), 0_u64, 0_u64, Duration::ZERO);
    while start.elapsed() < Duration::from_secs(seconds) {
        let text = text(&mut random);
        // Ten times slower than usual is a finding; the machine may be busy, so processor time counts.
        let allowed = Duration::from_millis(50) + Duration::from_micros(text.len() as u64 * 2);
        let began = processor_time();
        read_all(&text, &mut random);
        let took = processor_time() - began;
        assert!(took < allowed, "{} bytes took {took:?} (seed {seed}, text {texts})", text.len());
        slowest = slowest.max(took);
        texts += 1;
        bytes += text.len() as u64;
    }
    println!("seed {seed}: {texts} texts, {:.1} MB, slowest {slowest:?}, no finding", bytes as f64 / 1e6);
    Ok(())
}

/// Time that this thread has spent on a processor; without the kernel's book of it, no time passes.
fn processor_time() -> Duration {
    let book = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(book.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

fn text(random: &mut Random) -> Vec<u8> {
    let mut text = match random.below(4) {
        0 => pieces(random),
        1 => CONTAINERS[random.below(CONTAINERS.len())].to_owned(),
        _ => RULES[random.below(RULES.len())].example.to_owned(),
    };
    for _ in 0..random.below(12) {
        text = mutated(&text, random);
    }
    if random.below(200) == 0 {
        text = text.repeat(1 + random.below(2000));
    }
    let mut bytes = text.into_bytes();
    for _ in 0..random.below(3) {
        if let Some(at) = (!bytes.is_empty()).then(|| random.below(bytes.len())) {
            bytes[at] = random.next() as u8;
        }
    }
    bytes
}

fn pieces(random: &mut Random) -> String {
    let chars: Vec<char> = PIECES.chars().collect();
    (0..random.below(400)).map(|_| chars[random.below(chars.len())]).collect()
}

/// One change: a piece dropped, doubled, exchanged, put in, or another text put behind.
fn mutated(text: &str, random: &mut Random) -> String {
    let chars: Vec<char> = text.chars().collect();
    let a = random.below(chars.len() + 1);
    let b = (a + random.below(12)).min(chars.len());
    let of = |chars: &[char]| chars.iter().collect::<String>();
    let (head, middle, tail) = (of(&chars[..a]), of(&chars[a..b]), of(&chars[b..]));
    match random.below(5) {
        0 => head + &tail,
        1 => head + &middle + &middle + &tail,
        2 => tail + &middle + &head,
        3 => head + &pieces(random).chars().take(6).collect::<String>() + &middle + &tail,
        _ => head + &middle + &tail + RULES[random.below(RULES.len())].example,
    }
}

/// Everything that takes text or bytes from outside.
fn read_all(bytes: &[u8], random: &mut Random) {
    let text = decode(bytes, None);
    let published = (random.below(2) == 0).then(|| "2026-11-20".parse().ok()).flatten();
    let zone = ["+08:00", "America/New_York", "Europe/London", ""][random.below(4)].parse().ok();
    let reading = read(&text, &Context { published, zone });
    for window in &reading.windows {
        assert!(window.end.is_none_or(|end| end > window.start), "a window ends after it starts");
        assert_eq!(text.get(window.evidence.bytes.clone()), Some(window.evidence.excerpt.as_str()));
    }
    std::hint::black_box((reading.to_json(), html(&text), rss(&text).is_ok(), ical(&text, zone).is_ok()));
    std::hint::black_box((
        json(bytes, zone).is_ok(),
        statuspage(bytes).is_ok(),
        silences(bytes).is_ok(),
        feed(bytes, zone).is_ok(),
    ));
}
