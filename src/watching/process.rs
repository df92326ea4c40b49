//! What this process uses, as the system tells it.

use piaotan_reports::metrics::ProcessTotals;
use std::fs;

/// Ticks of `/proc` a second: 100 on every Linux that we know of, whatever the kernel's own.
const TICKS: f64 = 100.0;

/// Processor time, memory and start of this process; absent where there is no `/proc`.
#[must_use]
pub fn process() -> ProcessTotals {
    read().unwrap_or_default()
}

fn read() -> Option<ProcessTotals> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name may hold blanks and brackets; what follows does not. Fields are counted from the third.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = resident.split_whitespace().next()?.parse().ok()?;
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let booted: f64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(ProcessTotals {
        cpu_seconds: (number(11)? + number(12)?) / TICKS,
        resident_bytes: kibibytes * 1024.0,
        started: booted + number(19)? / TICKS,
    })
}

#[cfg(test)]
mod tests {
    use super::process;

    #[test]
    fn this_process_uses_memory_and_has_begun() {
        let now = process();
        assert!(now.resident_bytes > 1e5 && now.started > 1.6e9 && now.cpu_seconds >= 0.0, "{now:?}");
    }
}
