//! How wide a text is, from the advance widths of the font that is shipped.

/// Advance widths of U+0020 to U+007E in thousandths of an em, as `fonts/subset.sh` prints them.
const LATIN: [u16; 95] = [
    224, 323, 474, 555, 555, 921, 680, 278, 338, 338, 467, 555, 278, 347, 278, 392, 555, 555, 555, 555, 555,
    555, 555, 555, 555, 555, 278, 278, 555, 555, 555, 474, 946, 608, 657, 638, 688, 589, 552, 689, 728, 293,
    535, 646, 543, 812, 723, 742, 633, 742, 635, 596, 599, 721, 575, 878, 573, 531, 603, 338, 392, 338, 555,
    559, 606, 563, 618, 510, 620, 554, 325, 564, 607, 275, 275, 552, 284, 926, 610, 606, 620, 620, 388, 468,
    377, 607, 521, 802, 498, 521, 475, 338, 270, 338, 555,
];

/// Width of a text on one line, in the unit of `size`.
#[must_use]
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// The text, or as much of it as fits, with an ellipsis.
#[must_use]
pub fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = advance('…') * size;
    for c in text.chars() {
        used += advance(c) * size;
        if used > room {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// In em. Letters beyond Latin are taken as 0.6 em, ideographs and signs as one.
fn advance(c: char) -> f64 {
    match u32::from(c) {
        code @ 0x20..=0x7E => f64::from(LATIN[code as usize - 0x20]) / 1000.0,
        0x00..0x20 | 0x300..0x370 | 0x200B..=0x200F => 0.0,
        0x2013 | 0x2212 | 0xB0..=0xB3 => 0.555,
        0x7F..0x590 => 0.6,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ideograph_is_one_em_and_latin_is_proportional() {
        assert_eq!(width("票探", 10.0), 20.0);
        assert_eq!(width("i", 1000.0), 275.0);
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fitted("维护窗口", 10.0, 30.0), "维护…");
        assert_eq!(fitted("维护", 10.0, 30.0), "维护");
    }
}
