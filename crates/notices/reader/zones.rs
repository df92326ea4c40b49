//! Zone names and abbreviations, with every meaning that an ambiguous one has.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::context::Zone;

/// What an abbreviation may mean, the commonest first.
#[derive(Debug)]
pub(crate) struct Abbreviation {
    pub(crate) names: &'static str,
    pub(crate) meanings: &'static [Meant],
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Meant {
    /// Minutes east of Greenwich.
    Fixed(i32),
    /// A place whose clocks change: "Eastern Time".
    Place(Tz),
}

use Meant::{Fixed, Place};

pub(crate) const ABBREVIATIONS: &[Abbreviation] = &[
    Abbreviation {
        names: "utc, gmt, z, coordinated universal time, universal time, greenwich mean time, zulu",
        meanings: &[Fixed(0)],
    },
    Abbreviation { names: "est, eastern standard time", meanings: &[Fixed(-300), Fixed(600)] },
    Abbreviation { names: "edt, eastern daylight time", meanings: &[Fixed(-240), Fixed(660)] },
    Abbreviation {
        names: "et, est/edt, edt/est, eastern time, us eastern, eastern, us/eastern, us eastern time",
        meanings: &[Place(Tz::America__New_York)],
    },
    Abbreviation { names: "cst, central standard time", meanings: &[Fixed(-360), Fixed(480), Fixed(570)] },
    Abbreviation { names: "cdt, central daylight time", meanings: &[Fixed(-300)] },
    Abbreviation {
        names: "ct, cst/cdt, cdt/cst, central time, us central, us/central",
        meanings: &[Place(Tz::America__Chicago)],
    },
    Abbreviation { names: "mst, mountain standard time", meanings: &[Fixed(-420), Fixed(480)] },
    Abbreviation { names: "mdt, mountain daylight time", meanings: &[Fixed(-360)] },
    Abbreviation { names: "mt, mst/mdt, mdt/mst, mountain time", meanings: &[Place(Tz::America__Denver)] },
    Abbreviation { names: "pst, pacific standard time", meanings: &[Fixed(-480), Fixed(480)] },
    Abbreviation { names: "pdt, pacific daylight time", meanings: &[Fixed(-420)] },
    Abbreviation {
        names: "pt, pst/pdt, pdt/pst, pacific time, us pacific, pacific, us/pacific",
        meanings: &[Place(Tz::America__Los_Angeles)],
    },
    Abbreviation { names: "akst", meanings: &[Fixed(-540)] },
    Abbreviation { names: "akdt", meanings: &[Fixed(-480)] },
    Abbreviation { names: "hst, hawaii time", meanings: &[Fixed(-600)] },
    Abbreviation { names: "ast, atlantic standard time", meanings: &[Fixed(-240), Fixed(180)] },
    Abbreviation { names: "adt", meanings: &[Fixed(-180)] },
    Abbreviation { names: "nst", meanings: &[Fixed(-210)] },
    Abbreviation { names: "brt, brasilia time", meanings: &[Fixed(-180)] },
    Abbreviation { names: "bst, british summer time", meanings: &[Fixed(60), Fixed(360)] },
    Abbreviation { names: "gmt/bst, bst/gmt, uk time, london time", meanings: &[Place(Tz::Europe__London)] },
    Abbreviation { names: "irish time, dublin time", meanings: &[Place(Tz::Europe__Dublin)] },
    Abbreviation { names: "wet", meanings: &[Fixed(0)] },
    Abbreviation { names: "west", meanings: &[Fixed(60)] },
    Abbreviation { names: "cet, central european time", meanings: &[Fixed(60)] },
    Abbreviation { names: "cest, central european summer time", meanings: &[Fixed(120)] },
    Abbreviation {
        names: "brussels time, paris time, berlin time, cet/cest, cest/cet",
        meanings: &[Place(Tz::Europe__Brussels)],
    },
    Abbreviation { names: "eet, eastern european time", meanings: &[Fixed(120)] },
    Abbreviation { names: "eest", meanings: &[Fixed(180)] },
    Abbreviation { names: "msk, moscow time", meanings: &[Fixed(180)] },
    Abbreviation { names: "trt", meanings: &[Fixed(180)] },
    Abbreviation { names: "sast, south african standard time", meanings: &[Fixed(120)] },
    Abbreviation { names: "eat", meanings: &[Fixed(180)] },
    Abbreviation { names: "wat", meanings: &[Fixed(60)] },
    Abbreviation { names: "gst, gulf standard time, uae time, dubai time", meanings: &[Fixed(240)] },
    Abbreviation { names: "pkt", meanings: &[Fixed(300)] },
    Abbreviation {
        names: "ist, indian standard time, india standard time",
        meanings: &[Fixed(330), Fixed(60), Fixed(120)],
    },
    Abbreviation { names: "npt", meanings: &[Fixed(345)] },
    Abbreviation { names: "ict, wib", meanings: &[Fixed(420)] },
    Abbreviation {
        names: "sgt, sst, hkt, pht, myt, awst, wita, singapore time, hong kong time, beijing time, china standard time, china time, taipei time, taiwan standard time, taiwan time, philippine time, malaysia time, perth time, manila time",
        meanings: &[Fixed(480)],
    },
    Abbreviation {
        names: "jst, kst, japan standard time, japan time, korea standard time, tokyo time",
        meanings: &[Fixed(540)],
    },
    Abbreviation { names: "acst", meanings: &[Fixed(570)] },
    Abbreviation { names: "acdt", meanings: &[Fixed(630)] },
    Abbreviation { names: "aest, australian eastern standard time, brisbane time", meanings: &[Fixed(600)] },
    Abbreviation { names: "aedt, australian eastern daylight time, aedst", meanings: &[Fixed(660)] },
    Abbreviation {
        names: "aet, aest/aedt, aedt/aest, australian eastern time, sydney time, melbourne time, canberra time",
        meanings: &[Place(Tz::Australia__Sydney)],
    },
    Abbreviation { names: "nzst", meanings: &[Fixed(720)] },
    Abbreviation { names: "nzdt", meanings: &[Fixed(780)] },
    Abbreviation { names: "nzt, new zealand time", meanings: &[Place(Tz::Pacific__Auckland)] },
];

/// A local time put on the line of instants, with what had to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) instant: DateTime<FixedOffset>,
    /// The clock skipped or repeated this time: shifted forward, or the first of the two.
    pub(crate) unclear: bool,
}

/// None only beyond the years that the calendar library knows.
pub(crate) fn place(local: NaiveDateTime, zone: Zone) -> Option<Placed> {
    match zone {
        Zone::Fixed(offset) => {
            offset.from_local_datetime(&local).single().map(|instant| Placed { instant, unclear: false })
        }
        Zone::Named(tz) => place_named(local, tz),
    }
}

fn place_named(local: NaiveDateTime, tz: Tz) -> Option<Placed> {
    let fixed = |time: DateTime<Tz>| time.with_timezone(&time.offset().fix());
    match tz.from_local_datetime(&local) {
        LocalResult::Single(time) => Some(Placed { instant: fixed(time), unclear: false }),
        LocalResult::Ambiguous(first, _) => Some(Placed { instant: fixed(first), unclear: true }),
        LocalResult::None => {
            // In a gap the offset before it carries the time over to the other side.
            let before =
                tz.from_local_datetime(&local.checked_sub_signed(chrono::Duration::hours(3))?).earliest()?;
            let instant = before.offset().fix().from_local_datetime(&local).single()?;
            Some(Placed { instant: fixed(instant.with_timezone(&tz)), unclear: true })
        }
    }
}

/// The meaning of an abbreviation at a local time: the one that agrees with the zone of the notice,
/// else the commonest; true where that is a guess.
pub(crate) fn meaning(row: &Abbreviation, at: NaiveDateTime, home: Option<Zone>) -> (Zone, bool) {
    let zones: Vec<Zone> = row.meanings.iter().filter_map(|meant| zone_of(*meant)).collect();
    let first = zones.first().copied().unwrap_or(Zone::UTC);
    let offset = |zone: Zone| place(at, zone).map(|placed| placed.instant.offset().local_minus_utc());
    // A home zone with summer time agrees with either of its two offsets.
    let near = |zone: &Zone| {
        home.is_some_and(|home| offset(home) == offset(*zone) || half_year_away(home, at) == offset(*zone))
    };
    match zones
        .iter()
        .find(|zone| home.is_some_and(|home| offset(home) == offset(**zone)))
        .or_else(|| zones.iter().find(|zone| near(zone)))
    {
        Some(zone) => (*zone, false),
        None => (first, zones.len() > 1),
    }
}

fn half_year_away(zone: Zone, at: NaiveDateTime) -> Option<i32> {
    let other = at.checked_add_signed(chrono::Duration::days(182))?;
    place(other, zone).map(|placed| placed.instant.offset().local_minus_utc())
}

fn zone_of(meant: Meant) -> Option<Zone> {
    match meant {
        Fixed(minutes) => FixedOffset::east_opt(minutes * 60).map(Zone::Fixed),
        Place(tz) => Some(Zone::Named(tz)),
    }
}
