//! Fills metric families of the catalogue, and holds each to the labels that the catalogue names.

use super::catalogue::{ALL, Kind, Metric, MetricId};
use super::classic::Classic;
use prometheus::proto;

/// One family for every metric of the catalogue.
#[derive(Debug)]
pub struct Sheet {
    rows: Vec<Vec<proto::Metric>>,
}

impl Default for Sheet {
    fn default() -> Self {
        Self { rows: vec![Vec::new(); ALL.len()] }
    }
}

impl Sheet {
    /// Sets a counter or gauge; a value that is not a number is not exported.
    pub fn put(&mut self, id: MetricId, labels: &[&str], value: f64) {
        let (metric, mut row) = (id.metric(), labelled(id.metric(), labels));
        if !value.is_finite() {
            return;
        }
        if metric.kind == Kind::Counter {
            let mut counter = proto::Counter::default();
            counter.set_value(value);
            row.set_counter(counter);
        } else {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            row.set_gauge(gauge);
        }
        self.rows[id as usize].push(row);
    }

    /// Sets a count.
    pub fn count(&mut self, id: MetricId, labels: &[&str], value: u64) {
        self.put(id, labels, value as f64);
    }

    /// Sets a state: 1 or 0.
    pub fn flag(&mut self, id: MetricId, labels: &[&str], value: bool) {
        self.put(id, labels, f64::from(u8::from(value)));
    }

    /// Sets a histogram.
    pub fn classic(&mut self, id: MetricId, labels: &[&str], value: &Classic) {
        let mut row = labelled(id.metric(), labels);
        let mut histogram = proto::Histogram::default();
        histogram.set_sample_count(value.count());
        histogram.set_sample_sum(value.sum());
        histogram.set_bucket(value.cumulative().map(bucket).collect());
        row.set_histogram(histogram);
        self.rows[id as usize].push(row);
    }

    /// The families that have a value.
    #[must_use]
    pub fn families(self) -> Vec<proto::MetricFamily> {
        let filled = ALL.iter().zip(self.rows).filter(|(_, rows)| !rows.is_empty());
        filled.map(|(metric, rows)| family(metric, rows)).collect()
    }
}

fn labelled(metric: &Metric, values: &[&str]) -> proto::Metric {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let pair = |(name, value): (&&str, &&str)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    proto::Metric::from_label(metric.labels.iter().zip(values).map(pair).collect())
}

fn bucket((edge, below): (f64, u64)) -> proto::Bucket {
    let mut bucket = proto::Bucket::default();
    bucket.set_upper_bound(edge);
    bucket.set_cumulative_count(below);
    bucket
}

fn family(metric: &Metric, rows: Vec<proto::Metric>) -> proto::MetricFamily {
    let mut family = proto::MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.to_owned());
    family.set_field_type(match metric.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
        _ => proto::MetricType::HISTOGRAM,
    });
    family.set_metric(rows);
    family
}
