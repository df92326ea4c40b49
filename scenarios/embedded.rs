//! The scenarios that come with the program, by an explicit list.

/// Name and text of every scenario.
pub const SCENARIOS: &[(&str, &str)] = &[
    ("steady_day", include_str!("steady_day.toml")),
    ("month_end", include_str!("month_end.toml")),
    ("filing_days", include_str!("filing_days.toml")),
    ("after_restore_rush", include_str!("after_restore_rush.toml")),
    ("spike", include_str!("spike.toml")),
    ("soak", include_str!("soak.toml")),
    ("batch_resubmit", include_str!("batch_resubmit.toml")),
    ("window_edge", include_str!("window_edge.toml")),
    ("throughput", include_str!("throughput.toml")),
    ("virtual_users", include_str!("virtual_users.toml")),
    ("demo", include_str!("demo.toml")),
];

/// The text of the scenario of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
