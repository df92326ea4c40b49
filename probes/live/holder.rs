//! Who holds a lease: a process of a machine, told apart from a later one with the same number.

use std::fs;

/// This process: machine, number, and the tick of the machine at which it began.
#[must_use]
pub fn this() -> String {
    let pid = std::process::id();
    format!("{} {pid} {}", machine(), began(pid).unwrap_or_default())
}

/// Whether the holder was a process of this machine that is no more. Of other machines nothing is known.
#[must_use]
pub fn is_gone(holder: &str) -> bool {
    let mut parts = holder.split(' ');
    let (host, pid, tick) = (parts.next(), parts.next(), parts.next());
    let Some(pid) = pid.and_then(|pid| pid.parse().ok()) else { return false };
    host == Some(machine().as_str()) && tick.is_some() && began(pid).as_deref() != tick
}

/// Name and boot of this machine: a number of another boot means nothing.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().replace(' ', "_");
    format!("{}/{}", read("/proc/sys/kernel/hostname"), read("/proc/sys/kernel/random/boot_id"))
}

/// The 22nd field of `stat`; the name before it may hold blanks and brackets.
fn began(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    after.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{is_gone, machine, this};

    #[test]
    fn only_the_dead_of_this_machine_are_gone() {
        assert!(!is_gone(&this()));
        assert!(is_gone(&format!("{} {} 1", machine(), std::process::id())), "the number was given again");
        assert!(is_gone(&format!("{} 4194999 7", machine())));
        assert!(!is_gone("elsewhere/boot 1 7"));
        assert!(!is_gone(""));
    }
}
