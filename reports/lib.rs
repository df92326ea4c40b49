//! Tell: one file a report, one file a chart.
