//! The generator's machine, and how much of it a thread has used.

use piaotan_record::folder::Host;
use std::fs;

/// What matters for comparing runs; no host name.
#[must_use]
pub fn host() -> Host {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
    Host {
        cpu: model.unwrap_or("unknown").to_owned(),
        cores: cores(),
        memory_bytes: kilobytes.and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1024,
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

/// Cores that this process may use.
#[must_use]
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1))
}

/// CPU seconds that the calling thread has used.
#[must_use]
pub fn thread_cpu() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}
