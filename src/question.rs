//! What people write of an invoice that they look for: on the line, in a list from a spreadsheet, in a form.

use anyhow::{Result, anyhow};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use piaotan_probes::live::trace::Question;

/// Reads a date as people and invoices write it.
///
/// # Errors
/// One line that names the field.
pub fn date(field: &str, written: &str) -> Result<NaiveDate> {
    const FORMS: [&str; 4] = ["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d"];
    let text = written.trim();
    let read = FORMS.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    read.ok_or_else(|| anyhow!("{field}: `{text}` is no date; write 2026-11-20"))
}

/// Reads an amount in yuan, and writes it with two decimals, as platforms do.
///
/// # Errors
/// One line that names the field.
pub fn amount(field: &str, written: &str) -> Result<String> {
    let text: String =
        written.trim().chars().filter(|c| !matches!(c, ',' | '，' | '¥' | '￥' | '元' | ' ')).collect();
    let wrong =
        || anyhow!("{field}: `{}` is no amount; write the total with tax, as 1409.50", written.trim());
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || cents.len() > 2 || !numeric(whole) || !numeric(cents) {
        return Err(wrong());
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(format!("{sign}{whole}.{cents:0<2}"))
}

/// Reads an instant; without an offset it is the platform's local time.
///
/// # Errors
/// One line that names the field.
pub fn time(field: &str, written: &str, zone: Tz) -> Result<DateTime<Utc>> {
    const FORMS: [&str; 6] = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d %H:%M",
    ];
    let text = written.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.with_timezone(&Utc));
    }
    let local = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let instant = local.and_then(|local| zone.from_local_datetime(&local).earliest());
    let instant = instant.map(|instant| instant.with_timezone(&Utc));
    instant.ok_or_else(|| anyhow!("{field}: `{text}` is no time; write \"2026-11-20 10:30\""))
}

/// Which column holds what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Number,
    Date,
    Amount,
    Uploaded,
    Batch,
    Other,
}

impl Column {
    /// By its heading, in English or as spreadsheets of Chinese offices have it.
    fn named(heading: &str) -> Self {
        match heading.trim().to_lowercase().as_str() {
            "number" | "发票号码" | "号码" => Self::Number,
            "date" | "issue_date" | "开票日期" | "日期" => Self::Date,
            "amount" | "total" | "价税合计" | "金额" => Self::Amount,
            "uploaded" | "上传时间" => Self::Uploaded,
            "batch" | "批次" => Self::Batch,
            _ => Self::Other,
        }
    }
}

/// Reads a CSV of invoices; only the number is needed.
///
/// # Errors
/// One line that names the row and what to write instead.
pub fn listed(text: &str, zone: Tz) -> Result<Vec<Question>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, heading) =
        lines.next().ok_or_else(|| anyhow!("holds nothing; write number,date,amount,uploaded"))?;
    let mark = [',', '\t', ';'].into_iter().max_by_key(|mark| heading.matches(*mark).count()).unwrap_or(',');
    let columns: Vec<Column> = cells(heading, mark).iter().map(|cell| Column::named(cell)).collect();
    if !columns.contains(&Column::Number) {
        return Err(anyhow!("the first line names no column `number` (发票号码)"));
    }
    let questions: Result<Vec<Question>> =
        lines.map(|(at, line)| question(&columns, &cells(line, mark), at + 1, zone)).collect();
    questions.and_then(|all| {
        if all.is_empty() { Err(anyhow!("names no invoice below its headings")) } else { Ok(all) }
    })
}

fn question(columns: &[Column], cells: &[String], line: usize, zone: Tz) -> Result<Question> {
    let mut question = Question::default();
    for (column, cell) in columns.iter().zip(cells) {
        let (cell, field) = (cell.trim(), |name: &str| format!("line {line}, {name}"));
        match column {
            _ if cell.is_empty() => {}
            // A spreadsheet keeps long numbers whole when an apostrophe or =\"…\" stands before them.
            Column::Number => {
                cell.trim_matches(|c| matches!(c, '\'' | '=' | '"')).clone_into(&mut question.number)
            }
            Column::Date => question.issue_date = Some(date(&field("date"), cell)?),
            Column::Amount => question.total = Some(amount(&field("amount"), cell)?),
            Column::Uploaded => question.uploaded = Some(time(&field("uploaded"), cell, zone)?),
            Column::Batch => question.batch = Some(cell.to_owned()),
            Column::Other => {}
        }
    }
    if question.number.is_empty() {
        return Err(anyhow!("line {line} has no number"));
    }
    Ok(question)
}

/// Reads a form as browsers send it (`application/x-www-form-urlencoded`); only the number is needed.
///
/// # Errors
/// One line that names the field.
pub fn filled(body: &str, zone: Tz) -> Result<Question> {
    let mut question = Question::default();
    for (name, written) in form_urlencoded::parse(body.as_bytes()) {
        let written = written.trim();
        match &*name {
            _ if written.is_empty() => {}
            "number" => written.clone_into(&mut question.number),
            "date" => question.issue_date = Some(date("date", written)?),
            "amount" => question.total = Some(amount("amount", written)?),
            "uploaded" => question.uploaded = Some(time("uploaded", written, zone)?),
            "batch" => question.batch = Some(written.to_owned()),
            "region" => question.region = Some(written.to_owned()),
            "by_agent" => question.by_agent = true,
            "unseen" => question.unseen_in_browser = true,
            _ => {}
        }
    }
    if question.number.is_empty() {
        return Err(anyhow!("number: write the number on the invoice, as 26112000000000012345"));
    }
    Ok(question)
}

/// The cells of a line; a mark within quotes is part of its cell, two quotes are one.
fn cells(line: &str, mark: char) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            c if c == mark && !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{amount, date, filled, listed, time};
    use chrono_tz::Asia::Shanghai;

    #[test]
    fn people_write_amounts_dates_and_times_in_many_ways() {
        assert_eq!(amount("a", "¥1,409.5元").unwrap(), "1409.50");
        assert_eq!(amount("a", "-007").unwrap(), "-7.00");
        assert!(["", "12.345", "1e3", "abc", "1.2.3"].iter().all(|text| amount("a", text).is_err()));
        assert_eq!(date("d", "2026年11月20日").unwrap(), date("d", "20261120").unwrap());
        assert!(date("d", "20.11.2026").is_err());
        let (local, zoned) =
            (time("t", "2026-11-20 10:30", Shanghai), time("t", "2026-11-20T02:30:00Z", Shanghai));
        assert_eq!(local.unwrap(), zoned.unwrap());
    }

    #[test]
    fn a_list_is_read_as_spreadsheets_write_it() {
        let text = "\u{feff}发票号码,开票日期,价税合计\r\n='26112000000000000001',2026/11/20,\"1,409.50\"\r\n\r\n2,,\r\n";
        let list = listed(text, Shanghai).unwrap();
        assert_eq!(
            (list[0].number.as_str(), list[0].total.as_deref()),
            ("26112000000000000001", Some("1409.50"))
        );
        assert_eq!((list.len(), list[1].issue_date), (2, None));
        assert!(listed("number\n", Shanghai).is_err());
        assert!(listed("a,b\n1,2\n", Shanghai).is_err());
        let wrong = listed("number,date\n1,tomorrow\n", Shanghai).unwrap_err().to_string();
        assert!(wrong.starts_with("line 2, date"), "{wrong}");
    }

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let body = "number=26112000000000000001&date=2026-11-20&amount=%C2%A51%2C409.5&uploaded=2026-11-20T10%3A30&batch=&by_agent=on";
        let question = filled(body, Shanghai).unwrap();
        assert_eq!((question.total.as_deref(), question.batch.as_deref()), (Some("1409.50"), None));
        assert_eq!(question.uploaded, Some(time("t", "2026-11-20 10:30", Shanghai).unwrap()));
        assert!(question.by_agent && !question.unseen_in_browser);
        let wrong = |body: &str| filled(body, Shanghai).unwrap_err().to_string();
        assert!(wrong("date=2026-11-20").starts_with("number:"));
        assert!(wrong("number=1&date=yesterday").starts_with("date:"));
    }
}
