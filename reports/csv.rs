//! The time series as CSV: one line a bin and operation, times RFC 3339, durations in seconds.

use crate::charts::family::{Family, counts};
use piaotan_analysis::summary::{Bin, Quantiles, Series};
use std::fmt::Write as _;

const HEAD: &str = "time,seconds,operation,count,ok,business_no,failed,timed_out,cut_off,inside,\
response_p50,response_p90,response_p95,response_p99,response_max,\
service_p50,service_p90,service_p95,service_p99,service_max\n";

/// Writes the series; an empty field is an unknown.
#[must_use]
pub fn csv(series: &Series) -> String {
    let mut out = HEAD.to_owned();
    for bin in &series.bins {
        push_bin(&mut out, series, bin);
    }
    out
}

fn push_bin(out: &mut String, series: &Series, bin: &Bin) {
    let time = series.wall(bin.t).to_rfc3339_opts(chrono::SecondsFormat::Millis, false);
    let inside = bin.inside.as_deref().map(quoted).unwrap_or_default();
    for (operation, cell) in &bin.operations {
        let by = counts(&cell.outcomes);
        let (ok, no, timed_out, cut) = (
            by[Family::Ok as usize],
            by[Family::No as usize],
            by[Family::Timeout as usize],
            by[Family::Cut as usize],
        );
        let failed = by.iter().sum::<u64>() - ok - no - timed_out - cut;
        let _ = write!(
            out,
            "{time},{},{operation},{},{ok},{no},{failed},{timed_out},{cut},{inside}",
            series.bin_seconds, cell.count
        );
        for quantiles in [cell.response, cell.service] {
            push_quantiles(out, quantiles);
        }
        out.push('\n');
    }
}

fn push_quantiles(out: &mut String, quantiles: Option<Quantiles>) {
    let values = quantiles.map(|q| [q.p50, q.p90, q.p95, q.p99, q.max]);
    for at in 0..5 {
        out.push(',');
        if let Some(value) = values.map(|v| v[at]).filter(|v| v.is_finite()) {
            let _ = write!(out, "{value}");
        }
    }
}

/// A field that may hold anything. What a spreadsheet would take for a formula is set off by a quote.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\"").replace(['\r', '\n'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use piaotan_analysis::summary::OpBin;
    use piaotan_record::{Operation, OutcomeKind};

    #[test]
    fn one_line_a_bin_and_operation() {
        let mut cell = OpBin { count: 3, ..OpBin::default() };
        cell.outcomes[OutcomeKind::Ok.index()] = 2;
        cell.outcomes[OutcomeKind::ServerError.index()] = 1;
        cell.response = Some(Quantiles { p50: 0.1, p90: 0.2, p95: 0.3, p99: f64::NAN, max: 0.5 });
        let bin = Bin {
            t: 2.0,
            operations: [(Operation::Upload, cell)].into(),
            inside: Some("=a\"b".into()),
            ..Bin::default()
        };
        let started = "2026-03-01T10:00:00+08:00".parse().expect("a constant");
        let text = csv(&Series { bins: vec![bin], ..Series::empty(started) });
        assert_eq!(
            text.lines().nth(1),
            Some("2026-03-01T10:00:02.000+08:00,1,upload,3,2,0,1,0,0,\"'=a\"\"b\",0.1,0.2,0.3,,0.5,,,,,")
        );
    }
}
