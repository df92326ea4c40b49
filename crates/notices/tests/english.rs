//! English notices of our own making.

mod check;
use check::{check_at, check_rules};

const PLANNED: &str = "planned_maintenance";

fn check(published: &str, text: &str, kind: &str, windows: &str) {
    check_at(published, "America/New_York", text, kind, windows);
}

#[test]
fn plain_ranges() {
    check(
        "2026-11-20",
        "The e-invoice portal will be unavailable from 10:00 PM on Tuesday, November 24, 2026 until 6:00 AM on Wednesday, November 25, 2026 due to scheduled maintenance.",
        PLANNED,
        "2026-11-24T22:00/2026-11-25T06:00",
    );
    check(
        "2026-11-20",
        "Scheduled maintenance: November 24, 10 p.m. to November 25, 6 a.m. ET. Online services will not be available during this time.",
        PLANNED,
        "2026-11-24T22:00/2026-11-25T06:00",
    );
    check(
        "2026-11-20",
        "We will be performing system maintenance on Saturday, November 28th between 1:00 am and 5:30 am. You may experience intermittent interruptions.",
        PLANNED,
        "2026-11-28T01:00/2026-11-28T05:30",
    );
    check(
        "2026-11-20",
        "Due to an upgrade, the website will be down Sunday, Nov. 29 from midnight to 4 a.m.",
        PLANNED,
        "2026-11-29T00:00/2026-11-29T04:00",
    );
    check(
        "2026-11-20",
        "Planned maintenance\nStart: 2026-11-28 22:00\nEnd: 2026-11-29 02:00\nAffected: API, Dashboard",
        PLANNED,
        "2026-11-28T22:00/2026-11-29T02:00",
    );
    check(
        "2026-11-20",
        "The payment gateway will be offline on 28 November 2026, 11pm - 3am.",
        PLANNED,
        "2026-11-28T23:00/2026-11-29T03:00",
    );
    check(
        "2026-11-20",
        "Our filing system will be unavailable from 8 to 10 pm on December 3 for routine maintenance.",
        PLANNED,
        "2026-12-03T20:00/2026-12-03T22:00",
    );
    check(
        "2026-11-20",
        "Starting at 9:00 p.m. Friday, December 4, the system will be down for maintenance. Service is expected to resume at 5:00 a.m. on Saturday, December 5.",
        PLANNED,
        "2026-12-04T21:00/2026-12-05T05:00",
    );
    check(
        "2026-11-20",
        "From noon on Friday, December 4 until noon on Monday, December 7, the registry will be closed for a system migration and no online filings can be made.",
        PLANNED,
        "2026-12-04T12:00/2026-12-07T12:00",
    );
}

#[test]
fn zones() {
    check(
        "2026-11-20",
        "Scheduled maintenance window: 2026-11-28 02:00 UTC to 2026-11-28 04:00 UTC. The API may be unavailable.",
        PLANNED,
        "2026-11-27T21:00/2026-11-27T23:00",
    );
    check_at(
        "2026-06-01",
        "UTC",
        "Maintenance is planned for Jun 13, 20:00 - 22:00 PDT. The dashboard will be read-only.",
        PLANNED,
        "2026-06-14T03:00/2026-06-14T05:00",
    );
    check_at(
        "2026-06-01",
        "UTC",
        "THIS IS A SCHEDULED EVENT Jun 13, 20:00 - Jun 14, 00:30 UTC\nWe will be upgrading database servers.",
        PLANNED,
        "2026-06-13T20:00/2026-06-14T00:30",
    );
    check_at(
        "2026-06-01",
        "UTC",
        "We will carry out network maintenance between 0200-0400 UTC on 14 June 2026. Customers may see short disruptions.",
        PLANNED,
        "2026-06-14T02:00/2026-06-14T04:00",
    );
    check_at(
        "2026-06-01",
        "UTC",
        "System upgrade: 14/06/2026 22:00 BST to 15/06/2026 02:00 BST. The service will be unavailable.",
        PLANNED,
        "2026-06-14T21:00/2026-06-15T01:00",
    );
    check_at(
        "2026-06-01",
        "+08:00",
        "The portal will be under maintenance on 13 June 2026 from 8.30pm to 11.45pm (GMT+8).",
        PLANNED,
        "2026-06-13T20:30/2026-06-13T23:45",
    );
    check_at(
        "2026-06-01",
        "Asia/Kolkata",
        "Net banking will not be available from 11:45 PM IST on 13th June to 02:15 AM IST on 14th June 2026 owing to a scheduled upgrade.",
        PLANNED,
        "2026-06-13T23:45/2026-06-14T02:15",
    );
    check_at(
        "2026-06-01",
        "Australia/Sydney",
        "Our online services will be unavailable from 11pm AEST Saturday 13 June until 7am AEST Sunday 14 June while we do planned maintenance.",
        PLANNED,
        "2026-06-13T23:00/2026-06-14T07:00",
    );
    check_at(
        "2026-06-01",
        "UTC",
        "Maintenance: 2026-06-14T22:00:00Z to 2026-06-15T01:00:00Z, all regions, API unavailable",
        PLANNED,
        "2026-06-14T22:00/2026-06-15T01:00",
    );
    check_at(
        "2026-06-01",
        "UTC",
        "Maintenance: 2026-06-14T22:00:00-05:00/2026-06-15T01:00:00-05:00, API unavailable",
        PLANNED,
        "2026-06-15T03:00/2026-06-15T06:00",
    );
}

#[test]
fn day_first_and_month_first() {
    check(
        "2026-08-01",
        "The portal will be down for maintenance on 08/12/2026 from 22:00 to 23:00.",
        PLANNED,
        "2026-08-12T22:00/2026-08-12T23:00",
    );
    check_at(
        "2026-11-30",
        "Europe/London",
        "The portal will be down for maintenance on 08/12/2026 from 22:00 to 23:00.",
        PLANNED,
        "2026-12-08T22:00/2026-12-08T23:00",
    );
    check_at(
        "2026-11-01",
        "Europe/London",
        "Maintenance: 27/11/2026, 18:00-20:00. The VAT service is unavailable.",
        PLANNED,
        "2026-11-27T18:00/2026-11-27T20:00",
    );
}

#[test]
fn lengths_and_relative_days() {
    check(
        "2026-11-20",
        "On Thursday, December 3 at 9:00 PM, we will upgrade our servers. The site will be unavailable for about two hours.",
        PLANNED,
        "2026-12-03T21:00/2026-12-03T23:00",
    );
    check(
        "2026-11-20",
        "Tonight from 10 pm until 2 am our online banking will be undergoing maintenance.",
        PLANNED,
        "2026-11-20T22:00/2026-11-21T02:00",
    );
    check(
        "2026-11-20",
        "Maintenance will begin tomorrow at 6:00 AM and is expected to last 90 minutes. The app will be offline.",
        PLANNED,
        "2026-11-21T06:00/2026-11-21T07:30",
    );
    check(
        "2026-11-20",
        "This Sunday from 2am to 5am we are migrating our database. All systems will be unavailable.",
        PLANNED,
        "2026-11-22T02:00/2026-11-22T05:00",
    );
    check(
        "2026-11-20",
        "The system will be shut down at 6 p.m. on November 27 and will be available again at 8 a.m. on November 30.",
        PLANNED,
        "2026-11-27T18:00/2026-11-30T08:00",
    );
}

#[test]
fn several() {
    check(
        "2026-11-20",
        "Upcoming outages:\n- Invoicing API: Saturday, November 28, 1:00 AM - 3:00 AM\n- Reporting portal: Saturday, November 28, 2:00 AM - 6:00 AM\n- Payments: Sunday, November 29, 12:30 AM - 1:30 AM",
        PLANNED,
        "2026-11-28T01:00/2026-11-28T03:00 2026-11-28T02:00/2026-11-28T06:00 2026-11-29T00:30/2026-11-29T01:30",
    );
    check(
        "2026-11-20",
        "System | Start | End\nE-filing | Nov 28, 2026 10:00 PM | Nov 29, 2026 4:00 AM\nRegistry | Nov 28, 2026 11:00 PM | Nov 29, 2026 1:00 AM\nDuring maintenance the systems are unavailable.",
        PLANNED,
        "2026-11-28T22:00/2026-11-29T04:00 2026-11-28T23:00/2026-11-29T01:00",
    );
    check(
        "2026-11-20",
        "The service will be unavailable on 5 and 6 December between 22:00 and 23:30 while we replace network equipment.",
        PLANNED,
        "2026-12-05T22:00/2026-12-05T23:30 2026-12-06T22:00/2026-12-06T23:30",
    );
}

#[test]
fn other_kinds() {
    check(
        "2026-11-20",
        "The maintenance scheduled for November 21 from 10 pm to 11 pm has been cancelled.",
        "cancelled",
        "",
    );
    check(
        "2026-11-20",
        "The system upgrade originally scheduled for November 21, 10 PM - 2 AM has been rescheduled to November 28, 10 PM - 2 AM.",
        "postponed",
        "2026-11-28T22:00/2026-11-29T02:00",
    );
    check(
        "2026-11-20",
        "The scheduled maintenance has been completed. All services are back online.",
        "resumed",
        "",
    );
    check(
        "2026-11-20",
        "We are currently experiencing an unplanned outage affecting online payments. Engineers are working to restore service.",
        "emergency",
        "",
    );
    check(
        "2026-11-20",
        "Emergency maintenance: our API will be unavailable today from 3:00 PM to 3:30 PM.",
        "emergency",
        "2026-11-20T15:00/2026-11-20T15:30",
    );
}

#[test]
fn rules_that_recur() {
    let zone = "America/New_York";
    check_rules(
        "2026-11-20",
        zone,
        "Regular maintenance takes place every Sunday from 2:00 AM to 6:00 AM. The portal may be unavailable.",
        "FREQ=WEEKLY;BYDAY=SU 02:00 14400",
    );
    check_rules(
        "2026-11-20",
        zone,
        "Our servers are patched on the second Sunday of each month between 1 am and 4 am; the site is offline then.",
        "FREQ=MONTHLY;BYDAY=2SU 01:00 10800",
    );
    check_rules(
        "2026-11-20",
        zone,
        "The system is unavailable daily from 3:00 a.m. to 3:30 a.m. for routine maintenance.",
        "FREQ=DAILY 03:00 1800",
    );
    check_rules(
        "2026-11-20",
        zone,
        "System maintenance: Tuesdays and Thursdays, 10pm-11pm.",
        "FREQ=WEEKLY;BYDAY=TU,TH 22:00 3600",
    );
}

#[test]
fn distractors() {
    for text in [
        "Join our free webinar on e-invoicing on December 3, 2026 from 2:00 PM to 3:30 PM ET. Register by November 30.",
        "Our offices will be closed on November 26 and 27 for Thanksgiving. Phone support is available from 9 am to 5 pm.",
        "The filing deadline is January 31, 2027 at 11:59 PM. Submit your return online before the deadline.",
        "Business hours: Monday to Friday, 8:00 AM - 6:00 PM. Contact our help desk on 555-0100.",
        "Your package arrives within 2 hours. Delivery between 4:00 PM and 6:00 PM on November 21.",
        "The gym and swimming pool will be closed for maintenance from December 1, 8:00 AM to December 5, 6:00 PM.",
        "Version 4.2 was released on November 18, 2026 at 10:00 UTC with new invoice templates.",
        "Invoices uploaded after 18:00 are normally visible by 10:00 the next day.",
    ] {
        check("2026-11-20", text, "not_maintenance", "");
    }
}

#[test]
fn other_languages_yield_no_window() {
    for text in [
        "Wartungsarbeiten: Das Portal ist am 28.11.2026 von 22:00 bis 24:00 Uhr wegen Wartung nicht erreichbar. Wir bitten um Ihr Verständnis.",
        "Le service sera indisponible le 28 novembre 2026 de 22h00 à 23h30 pour cause de maintenance programmée de la plateforme.",
        "システムメンテナンスのため、11月28日22:00から翌6:00までサービスを停止いたします。",
        "시스템 점검으로 11월 28일 22:00부터 24:00까지 서비스가 중단됩니다.",
    ] {
        let reading = check::reading("2026-11-20", "UTC", text);
        assert!(reading.windows.is_empty() && !reading.doubts.is_empty(), "{text}");
    }
}
