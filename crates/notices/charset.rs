//! Bytes to text: byte order mark, header, what the page says of itself, and at last how the bytes look.

use encoding_rs::{BIG5, Encoding, GB18030, UTF_8};

/// Decodes a page. `header` is the Content-Type or only its charset. Never fails: what cannot be decoded
/// becomes U+FFFD.
pub fn decode(bytes: &[u8], header: Option<&str>) -> String {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return decoded(encoding, &bytes[length..]);
    }
    let stated = header.and_then(charset_of).or_else(|| said_inside(bytes)).and_then(named);
    match stated {
        // Servers often say UTF-8 of pages that are not.
        Some(encoding) if encoding != UTF_8 || std::str::from_utf8(bytes).is_ok() => decoded(encoding, bytes),
        _ => sniffed(bytes),
    }
}

/// GB2312 and GBK are subsets of GB18030, and pages that say one mean the other.
fn named(label: String) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label.as_bytes())?;
    Some(if encoding == encoding_rs::GBK { GB18030 } else { encoding })
}

fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// The name after "charset=" or "encoding=", or the whole where there is no "=".
fn charset_of(header: &str) -> Option<String> {
    let lower = header.to_ascii_lowercase();
    let label = match lower.split_once("charset=").or_else(|| lower.split_once("encoding=")) {
        Some((_, label)) => label,
        None if lower.contains('/') || lower.contains('=') => return None,
        None => &lower,
    };
    let label: String = label
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:".contains(*c))
        .collect();
    (!label.is_empty()).then_some(label)
}

/// `<meta charset>`, `<meta http-equiv content>`, `<?xml encoding?>`: looked for in the first 4 KiB.
fn said_inside(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase();
    let declared = head.find("<?xml").and_then(|at| head[at..].find("?>").map(|end| &head[at..at + end]));
    if let Some(label) = declared.filter(|text| text.contains("encoding=")).and_then(charset_of) {
        return Some(label);
    }
    head.split("<meta")
        .skip(1)
        .filter_map(|tag| tag.split('>').next())
        .filter(|tag| tag.contains("charset="))
        .find_map(charset_of)
}

/// Valid UTF-8 is UTF-8; else the one of GB18030 and Big5 that gives the more ordinary text.
fn sniffed(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let sample = &bytes[..bytes.len().min(64 * 1024)];
    // Bytes of another encoding are hardly ever UTF-8 for long; a few broken ones do not change what it is.
    let lossy = String::from_utf8_lossy(sample);
    let (broken, whole) =
        lossy.chars().filter(|c| !c.is_ascii()).fold((0_usize, 0_usize), |(broken, whole), c| {
            if c == '\u{fffd}' { (broken + 1, whole) } else { (broken, whole + 1) }
        });
    if whole > 4 && broken * 5 < whole {
        return decoded(UTF_8, bytes);
    }
    let score = |encoding: &'static Encoding| decoded(encoding, sample).chars().map(ordinary).sum::<i64>();
    let candidates = [(score(UTF_8), UTF_8), (score(GB18030), GB18030), (score(BIG5), BIG5)];
    let best = candidates.iter().max_by_key(|(score, _)| *score).map_or(UTF_8, |(_, encoding)| *encoding);
    decoded(best, bytes)
}

/// Points for a character: frequent Chinese ones speak for an encoding, damage speaks against it.
fn ordinary(c: char) -> i64 {
    match c {
        '\u{fffd}' => -8,
        '\u{e000}'..='\u{f8ff}' => -4,
        c if "的一是在不了有和人这中为上个日月年时间系统统維維护護升级級网網平台服务服務公告将將于於至期请請".contains(c) => 6,
        '\u{4e00}'..='\u{9fff}' => 1,
        c if c.is_ascii() => 0,
        '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}' => 1,
        _ => -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMPLIFIED: &str = "系统将于11月28日22:00进行升级维护，请稍后再试。";
    const TRADITIONAL: &str = "系統將於11月28日22:00進行升級維護，請稍後再試。";

    fn check(encoding: &'static Encoding, text: &str, header: Option<&str>) {
        let (bytes, _, _) = encoding.encode(text);
        assert_eq!(decode(&bytes, header), text);
    }

    #[test]
    fn every_way_to_know_the_charset() {
        check(GB18030, SIMPLIFIED, None);
        check(BIG5, TRADITIONAL, None);
        check(UTF_8, SIMPLIFIED, None);
        check(GB18030, SIMPLIFIED, Some("text/html; charset=GB2312"));
        check(BIG5, TRADITIONAL, Some("big5"));
        check(GB18030, SIMPLIFIED, Some("text/html; charset=utf-8"));
        check(
            GB18030,
            &format!("<html><META http-equiv=Content-Type content=\"text/html; charset=gbk\">{SIMPLIFIED}"),
            None,
        );
        check(
            GB18030,
            &format!("<?xml version=\"1.0\" encoding=\"GBK\"?><rss>{SIMPLIFIED}</rss>"),
            Some("text/xml"),
        );
        check(UTF_8, &format!("<meta charset='utf-8'>{TRADITIONAL}"), None);
    }

    #[test]
    fn a_broken_byte_does_not_change_the_charset() {
        let mut bytes = SIMPLIFIED.as_bytes().to_vec();
        bytes[4] = 0xff;
        assert!(decode(&bytes, None).contains("进行升级维护"));
    }

    #[test]
    fn any_bytes_give_a_text() {
        assert_eq!(decode(b"\xff\xfe2\x00", None), "2");
        assert!(!decode(&[0xff, 0xff, 0x00, 0x81], Some("nonsense")).is_empty());
    }
}
