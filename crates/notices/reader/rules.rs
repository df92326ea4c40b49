//! The table of rules: how a window is put together, each with an example that a test reads.

use super::grammar::Join;

/// Which rule made a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Sign,
    BetweenAnd,
    Cell,
    Lost,
    EachDay,
    WholeDays,
    StartThenEnd,
    StartAndLength,
    OpenStart,
    FromNow,
}

impl Rule {
    pub(crate) fn of_join(join: Join) -> Self {
        match join {
            Join::Sign => Rule::Sign,
            Join::BetweenAnd => Rule::BetweenAnd,
            Join::Cell => Rule::Cell,
            Join::Lost => Rule::Lost,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Rule::Sign => "range",
            Rule::BetweenAnd => "between_and",
            Rule::Cell => "neighbouring_cells",
            Rule::Lost => "lost_sign",
            Rule::EachDay => "each_day",
            Rule::WholeDays => "whole_days",
            Rule::StartThenEnd => "start_then_end",
            Rule::StartAndLength => "start_and_length",
            Rule::OpenStart => "open_start",
            Rule::FromNow => "from_now",
        }
    }
}
