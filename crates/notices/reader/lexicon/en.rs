//! The words of English notices, in lower case, comma-separated; `*` stands for any ending.

use crate::reader::atoms::Meaning::{self, *};
use crate::reader::atoms::{Cue, Cycle, Part, Relative, Week};

pub(super) const WORDS: &[(Meaning, &str)] = &[
    (Part(Part::Dawn), "early hours, in the early hours, early hours of"),
    (Part(Part::Morning), "in the morning, morning, early morning"),
    (Part(Part::Afternoon), "in the afternoon, afternoon"),
    (Part(Part::Evening), "in the evening, evening, at night, night, overnight"),
    (Relative(Relative::FromPublication(0)), "today, tonight, this evening, this afternoon, this morning"),
    (Relative(Relative::FromPublication(1)), "tomorrow, tomorrow night, tomorrow morning, tomorrow evening"),
    (Relative(Relative::FromPublication(-1)), "yesterday"),
    (
        Relative(Relative::FromStart(1)),
        "the next day, next day, the following day, following day, the next morning, the following morning, next morning, following morning, the day after, (+1), +1 day, (next day)",
    ),
    (
        Relative(Relative::Same),
        "the same day, same day, that day, that evening, that night, the same evening",
    ),
    (Relative(Relative::Now), "with immediate effect, effective immediately, right now, immediately"),
    (Weekday(Week::Bare, 1), "monday, mon"),
    (Weekday(Week::Bare, 2), "tuesday, tue, tues"),
    (Weekday(Week::Bare, 3), "wednesday, wed, weds"),
    (Weekday(Week::Bare, 4), "thursday, thu, thur, thurs"),
    (Weekday(Week::Bare, 5), "friday, fri"),
    (Weekday(Week::Bare, 6), "saturday, sat"),
    (Weekday(Week::Bare, 7), "sunday, sun"),
    (Weekday(Week::Every, 1), "mondays, every monday, each monday"),
    (Weekday(Week::Every, 2), "tuesdays, every tuesday, each tuesday"),
    (Weekday(Week::Every, 3), "wednesdays, every wednesday, each wednesday"),
    (Weekday(Week::Every, 4), "thursdays, every thursday, each thursday"),
    (Weekday(Week::Every, 5), "fridays, every friday, each friday"),
    (Weekday(Week::Every, 6), "saturdays, every saturday, each saturday"),
    (Weekday(Week::Every, 7), "sundays, every sunday, each sunday"),
    (Weekday(Week::This, 1), "this monday, this coming monday"),
    (Weekday(Week::This, 2), "this tuesday, this coming tuesday"),
    (Weekday(Week::This, 3), "this wednesday, this coming wednesday"),
    (Weekday(Week::This, 4), "this thursday, this coming thursday"),
    (Weekday(Week::This, 5), "this friday, this coming friday"),
    (Weekday(Week::This, 6), "this saturday, this coming saturday"),
    (Weekday(Week::This, 7), "this sunday, this coming sunday"),
    (Weekday(Week::Next, 1), "next monday"),
    (Weekday(Week::Next, 2), "next tuesday"),
    (Weekday(Week::Next, 3), "next wednesday"),
    (Weekday(Week::Next, 4), "next thursday"),
    (Weekday(Week::Next, 5), "next friday"),
    (Weekday(Week::Next, 6), "next saturday"),
    (Weekday(Week::Next, 7), "next sunday"),
    (Weekday(Week::Last, 1), "last monday"),
    (Weekday(Week::Last, 2), "last tuesday"),
    (Weekday(Week::Last, 3), "last wednesday"),
    (Weekday(Week::Last, 4), "last thursday"),
    (Weekday(Week::Last, 5), "last friday"),
    (Weekday(Week::Last, 6), "last saturday"),
    (Weekday(Week::Last, 7), "last sunday"),
    (Every(None), "every, each"),
    (
        Every(Some(Cycle::Day)),
        "every day, each day, daily, nightly, every night, each night, each evening, every evening, each morning, every morning",
    ),
    (Every(Some(Cycle::Week)), "weekly, every week, each week"),
    (
        Every(Some(Cycle::Month)),
        "monthly, every month, each month, of every month, of each month, of the month",
    ),
    (Every(Some(Cycle::Quarter)), "quarterly, every quarter, each quarter"),
    (Every(Some(Cycle::Year)), "yearly, annually, every year, each year"),
    (
        Every(Some(Cycle::Workday)),
        "weekdays, every weekday, each weekday, monday to friday, mon-fri, monday through friday, business days, working days, monday-friday, mon - fri",
    ),
    (Every(Some(Cycle::Weekend)), "weekends, every weekend, each weekend"),
    (Nth(1), "first, 1st"),
    (Nth(2), "second, 2nd"),
    (Nth(3), "third, 3rd"),
    (Nth(4), "fourth, 4th"),
    (Nth(-1), "last"),
    (
        To,
        "to, until, till, til, 'til, through, thru, ending at, ending on, ends at, ends on, and ending, up to, up until, and end, and finishing at, finishing at, through to, ending, and ends, and will end, and conclude, and is expected to end, continuing until, and continue until, and continuing until, lasting until, and last until, and lasting until, completing at, completing by, and to end, and run until, and will run until, and will last until, and continue through, and should end, and be completed by, and finish, and finishing",
    ),
    (Between, "between"),
    (
        From,
        "from, starting, starting at, starting on, starting from, beginning, beginning at, beginning on, commencing, commencing at, commencing on, starts at, begins at, begins on, starts on, as of, as from, effective, scheduled for, start at, begin at, begin on, start on, to begin, to commence, will commence, commence on, commence at, commences, commences at",
    ),
    (And, "and, &"),
    (
        Glue,
        "the, of, in, at, on, around, approximately, about, approx, approx., local time, hours, hrs, hrs., hr, h, o'clock, or so, roughly, sharp, by the, time, night of, morning of, evening of, early, late",
    ),
    (
        Cue(Cue::StartLabel),
        "start time, start date, start, starts, begin, begins, from:, scheduled start, started, began, commences, commencing, start date/time, when, window start, start (utc)",
    ),
    (
        Cue(Cue::EndLabel),
        "end time, end date, end, ends, estimated end, expected end, scheduled end, completion, expected completion, estimated completion, concludes, concluding, finishes, completes, to:, end date/time, window end, estimated restoration, finish, end (utc), expected restoration",
    ),
    (
        Cue(Cue::Label),
        "schedule, dates and times, date and time, date/time, window, duration, time, timing, times, when:",
    ),
    (
        Cue(Cue::Published),
        "published, posted, posted on, last updated, updated on, updated, issued, date posted, release date, published on, date published, created, first published",
    ),
    (
        Cue(Cue::Work),
        "carry out work, carrying out work, perform work, works on, maintenance, outage, outages, planned work, brief works, overhaul*, refresh*, rework*, revamp*, tune-up, swap*, refit*, refurbish*, conversion, cut over, switching over, switched over, upgrad*, migrat*, upkeep, patch*, rebuilt, firmware update, security update*, updating, rebuild, works, routine work, repair*, cutover, cut-over, go-live, downtime, failover, fail-over, power outage, \
         switchover, switch over, replacement, replac*, installation, deploy*, software update, system update, database move, moving, changeover, housekeeping, servic* work, relocation, relocat*, transition*, \
         engineering work, engineering works, electrical work, server work, system work, power shutdown, disaster recovery, dr test, dr exercise, improvements, reboot*, restart*, resilienc* test*",
    ),
    (
        Cue(Cue::Stop),
        "unavailable, won't work, won't be available, can't use, cannot use, can not be used, not reachable, turned off, powered down, power down, go quiet, out of reach, hiccup*, blip*, frozen, unusable, stay away, locked, not accept*, not possible to, out of use, lost, not available, not be available, unavailability, offline, off-line, off line, interrupt*, disrupt*, down, go dark, goes dark, inaccessible, unreachable, not be accessible, \
         not accessible, shut down, shutdown, shut off, closed, closure, close, closes, suspend*, halt*, stop, stops, stopped, cannot be used, can't be used, cannot be reached, can't be reached, not able, unable, \
         cannot access, can't access, no access, not work, not be working, not function, degraded, intermittent*, slow, slowness, impact*, affect*, pause, paused, out of service, taken offline, brought down, \
         be off, stay off, stays off, go offline, goes offline, will fail, should fail, may fail, delays, delayed, loss of, lose access, not be possible, not possible, blackout, not be able, cannot log in, can't log in, dark, \
         fell over, errors, failures, failing, failed, elevated, will not be, may not be, won't be, cannot, can't, switched off, turned off, locked out, limited, bar visitors, read-only, read only, out of action, cut off",
    ),
    (
        Cue(Cue::Restore),
        "restored, available again, resume, resumes, resuming, back online, back in service, back up, reopen, reopens, re-open, back in operation, be available, is available again, returns, return, returning, reopening, coming back, back, \
         come back, comes back, normal service, restart live, be restored, starts live service, returned to service, switched back on",
    ),
    (
        Cue(Cue::Done),
        "has been restored, have been restored, has been resolved, have been resolved, has been completed, have been completed, is now complete, was completed, all services restored, is resolved, was resolved, now resolved, is now available, \
         are now available, is now back, are now back, now operational, has resumed, have resumed, has ended, is over, was restored, were restored, completed, resolved, \
         fixed, has been fixed, have been fixed, has since been, rolled back, is now up, are back online, is back online, fully operational, services are back, service is back, back to normal, successfully completed, fully restored, has now been restored, now been resolved, now been completed",
    ),
    (
        Cue(Cue::Cancel),
        "cancelled, canceled, cancel, cancellation, called off, not go ahead, will not take place, no longer take place, will no longer, leaving everything switched on, abandoned, not be going ahead, will not proceed, not proceed, no longer be required, withdrawn, not proceeding",
    ),
    (
        Cue(Cue::Postpone),
        "postpone*, rescheduled, reschedule, re-scheduled, rescheduling, moved to, delayed until, delayed to, deferred, defer, put off, pushed back, brought forward, new date, new time, moved from, pushed to, now take place on, now take place",
    ),
    (
        Cue(Cue::Extend),
        "extend*, overrun, overrunning, longer than expected, longer than planned, taking longer, running over",
    ),
    (
        Cue(Cue::Early),
        "ahead of schedule, earlier than planned, earlier than expected, ended early, completed early, finished early, sooner than expected, ahead of time",
    ),
    (
        Cue(Cue::Old),
        "originally, originally scheduled, originally scheduled for, originally planned, previously scheduled, previously announced, previously scheduled for, previously planned, was scheduled for, was planned for, were due, was due, original, first posted, had been scheduled, had been planned, was scheduled, was planned, instead of, rather than",
    ),
    (
        Cue(Cue::Past),
        "last time, last week, last month, last year, previous, earlier this, in the past, history, ago, founded, since, historically, past maintenance, past incidents",
    ),
    (
        Cue(Cue::Up),
        "operating normally, fully available, unaffected, not affected, not be affected, not impacted, not be impacted, remain available, remains available, still be available, still available, still file, stay up, stays up, continue to be available, continue to work, \
         operate as normal, as normal, as usual, still be able, can still, may still, remain open, remain online, continue to operate, remain accessible, \
         continue as normal, will continue, stay online, stays online",
    ),
    (
        Cue(Cue::NoStop),
        "without interruption, no impact, no downtime, without downtime, not interrupt*, no interruption*, no disruption, no outage, not expected to affect, will not be interrupted, zero downtime, will not affect, should not affect, not affect, no service interruption, no customer impact, no service impact, not expect any",
    ),
    (Cue(Cue::SameTimes), "same time, same times, same hours"),
    (
        Cue(Cue::Sudden),
        "emergency, unexpected*, unplanned, fault, incident, without any warning, without warning, engineers are, investigating, failure, glitch, crash*, fell over, urgent maintenance, urgent work, urgent repair*, urgent notice, root cause, postmortem, post-mortem, ddos, attack, we are aware, aware of an issue, technical fault, technical issue, technical difficult*, identified, experiencing, unscheduled, issue, the issues, issues with, issues affecting, issues accessing, error rates, degradation",
    ),
    (
        Cue(Cue::Planned),
        "plan, plans, will be, will, we'll, is to, are to, shall, going to, upcoming, please be advised, pre-planned, is due to",
    ),
    (
        Cue(Cue::System),
        "system*, e-service*, eservice*, e-filing, efile, e-file, platform*, portal*, website*, web, site, sites, server*, network*, database*, api, apis, app, apps, application*, online, software, login, gateway*, e-invoic*, einvoic*, invoic*, banking, \
         cloud, data, email, e-mail, wifi, wi-fi, vpn, storage, cluster*, host*, dns, cdn, mainframe, filings, filing, e-filing, payments, payment, internet, digital, node*, instance*, router*, switch*, firewall*, hub, console, dashboard*, \
         backend, back end, infrastructure, subsystem*, terminal*, atm, atms, phone lines, advice lines, helpline*, account*, campus, module*, environment*, sandbox*",
    ),
    (
        Cue(Cue::Service),
        "service, services, functions, transactions, operations, log in, logging in, sign in, access, users, customers",
    ),
    (
        Cue(Cue::Physical),
        "homes, households, residents, streets, crews, power lines, substation*, elevator*, lift, lifts, escalator*, parking, car park, swimming pool, pool, library building, gym, cafeteria, canteen, road, roads, bridge, water supply, gas supply, heating, air conditioning, bus, shuttle bus, train, trains, museum, ferry, gate, playground, building",
    ),
    (
        Cue(Cue::Event),
        "minutes of, users group, user group, committee, training, webinar*, workshop*, seminar*, meeting*, conference*, interview*, tour*, open house, concert, lecture*, orientation, tournament, q&a, livestream, town hall, briefing, presentation, demo, hearing*, exam*",
    ),
    (
        Cue(Cue::Counter),
        "support centre, support center, call centre, call center, support team, branch, branches, office, offices, counter, counters, help desk, service desk, front desk, store, stores, library",
    ),
    (
        Cue(Cue::Aside),
        "spring break, winter break, summer break, reading week, daylight saving, daylight saving time, clocks go back, clocks go forward, registration closes, registration will close, bookings close, opening times, retire*, deprecat*, end of life, end-of-life, sunset*, end of support, deadline*, cutoff, cut-off, due date, class, classes, office hours, hours during, library hours, service hours, hours of operation, open hours, counter hours, opening hours, business hours, working hours, support hours, open from, hotline*, call us, phone, telephone, contact*, \
         holiday, holidays, register, registration*, apply, applications close, session*, sale, promotion, competition, submit by, vacation, delivery, arrive*, \
         enrol*, valid, expires, expiry, comment period, consultation, hiring, survey, launch party, ticket*, flight*, fax, available from, is open, are open, staffed, drop-in, walk-in, office closure*, shipment*, shipping, reservations, appointments, enrollment, admissions, bids",
    ),
    (
        Cue(Cue::Before),
        "before, prior to, by, no later than, not later than, ahead of, in advance of, up until then",
    ),
    (Cue(Cue::After), "after"),
    (
        Cue(Cue::Advice),
        "usually, typically, normally, generally, often, as far as we, where possible, may be carried out, tend to, in general, for example, as an example, save while, on average, from time to time, reserve the right, reserves the right, reasonable efforts",
    ),
    (
        Cue(Cue::Tentative),
        "tentative*, provisional*, to be confirmed, tbc, subject to change, subject to confirmation, fallback, fall-back, backup window, contingency, alternate date, rain date, back-up date, backup date, reserve date",
    ),
    (
        Cue(Cue::About),
        "expected, estimated, duration, take, takes, require, requires, last, lasting, lasts, for, up to, no more than, approximately, about",
    ),
    (Cue(Cue::Now), "currently, right now, at the moment, at present, is ongoing, still"),
    (Cue(Cue::Staged), "of which, in stages, gradually, some services"),
    (Cue(Cue::AllDay), "all day, the whole day, the entire day, all day long"),
    (LastDay, "last day"),
    (
        Cue(Cue::Hearsay),
        "phishing, scam*, fake, fraud*, not from us, does not use, is it just me, anyone else, why is, why was, why were, so slow, too slow, complain*, widely reported, press reports, are we affected",
    ),
    (Cue(Cue::Changelog), "release notes, changelog, change log, what's new"),
    (Cue(Cue::SameEnd), "end time is unchanged, end time remains, end time unchanged"),
    (Cue(Cue::If), "if, in case, in the event, should any, should the, unless"),
    (Cue(Cue::Routine), "routine, regular, planned, scheduled, yearly, annual, pre-planned"),
];
