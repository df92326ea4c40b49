//! One trouble that goes on is one line a minute, not one for every write that fails. Pure.

use std::time::{Duration, Instant};

/// A trouble that goes on is told again after so long.
const AGAIN: Duration = Duration::from_secs(60);

/// What was said of a trouble of one kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hush {
    last: Option<Instant>,
    unsaid: u64,
    told: bool,
}

impl Hush {
    /// The line for one more failure; nothing where one was written within the last minute.
    pub fn failed(&mut self, now: Instant, text: &str) -> Option<String> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < AGAIN) {
            self.unsaid += 1;
            return None;
        }
        self.last = Some(now);
        self.told = true;
        Some(match std::mem::take(&mut self.unsaid) {
            0 => text.to_owned(),
            unsaid => format!("{text} ({unsaid} more failures since this was last told)"),
        })
    }

    /// The line for its end; nothing where no failure was told.
    pub fn recovered(&mut self, text: &str) -> Option<String> {
        if !std::mem::take(&mut self.told) {
            return None;
        }
        Some(match std::mem::take(&mut self.unsaid) {
            0 => text.to_owned(),
            unsaid => format!("{text} ({unsaid} more failures until then)"),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use super::Hush;
    use std::time::{Duration, Instant};

    #[test]
    fn a_trouble_is_told_first_then_once_a_minute_then_at_its_end() {
        let (begun, mut hush, mut lines) = (Instant::now(), Hush::default(), Vec::new());
        for second in 0..150 {
            let line = hush.failed(begun + Duration::from_secs(second), "full");
            lines.extend(line.map(|line| (second, line)));
        }
        lines.extend(hush.recovered("written again").map(|line| (150, line)));
        let expected = [
            (0, "full"),
            (60, "full (59 more failures since this was last told)"),
            (120, "full (59 more failures since this was last told)"),
            (150, "written again (29 more failures until then)"),
        ];
        let lines: Vec<(u64, &str)> = lines.iter().map(|(second, line)| (*second, line.as_str())).collect();
        assert_eq!(lines, expected);
        assert_eq!(hush.recovered("written again"), None, "its end is told once");
    }

    #[test]
    fn a_trouble_that_comes_and_goes_writes_two_lines_a_minute_at_most() {
        let (begun, mut hush, mut lines) = (Instant::now(), Hush::default(), 0);
        for second in 0..600 {
            lines += hush.failed(begun + Duration::from_secs(second), "full").iter().len();
            lines += hush.recovered("written again").iter().len();
        }
        assert_eq!(lines, 20);
    }
}
