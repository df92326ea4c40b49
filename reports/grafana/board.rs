//! A dashboard and its panels, and how they become JSON of the classic model.

use crate::metrics::MetricId;
use crate::words::Lang;
use serde_json::{Value, json};

/// One dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Stable: links and bookmarks use it.
    pub uid: &'static str,
    pub title: &'static str,
    pub lang: Lang,
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    pub title: &'static str,
    pub description: &'static str,
    pub show: Show,
    pub unit: &'static str,
    pub targets: Vec<Target>,
    /// Grid units: 24 are the whole width.
    pub width: u32,
    pub height: u32,
    /// A value drawn as a line that must not be passed.
    pub threshold: Option<f64>,
    /// Numbers that stand for states: value, words, colour.
    pub states: Vec<(i64, &'static str, &'static str)>,
    /// Whether it is empty until something happens, and is no fault then.
    pub event: bool,
}

/// How a panel shows its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    Lines,
    /// Lines on a logarithmic axis.
    Log,
    Stacked,
    Number,
    Heatmap,
    States,
    Table,
}

/// One query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub expr: String,
    pub legend: &'static str,
}

/// A selector of the metric for the jobs and instances chosen, with further matchers.
#[must_use]
pub fn of(id: MetricId, matchers: &str) -> String {
    selector(id.name(), matchers)
}

/// The same for the buckets of a histogram.
#[must_use]
pub fn bucket(id: MetricId, matchers: &str) -> String {
    selector(&format!("{}_bucket", id.name()), matchers)
}

fn selector(name: &str, matchers: &str) -> String {
    let more = if matchers.is_empty() { String::new() } else { format!(",{matchers}") };
    format!("{name}{{job=~\"$job\",instance=~\"$instance\"{more}}}")
}

/// A quantile of a histogram, by labels.
#[must_use]
pub fn quantile(q: f64, id: MetricId, by: &str, matchers: &str) -> String {
    let by = if by.is_empty() { "le".to_owned() } else { format!("le, {by}") };
    format!("histogram_quantile({q}, sum by ({by}) (rate({}[$__rate_interval])))", bucket(id, matchers))
}

/// A rate per second, by labels.
#[must_use]
pub fn rate(id: MetricId, by: &str, matchers: &str) -> String {
    format!("sum by ({by}) (rate({}[$__rate_interval]))", of(id, matchers))
}

/// A query with the name of its lines.
#[must_use]
pub fn target(expr: String, legend: &'static str) -> Target {
    Target { expr, legend }
}

impl Panel {
    /// A panel of a third of the width; the other fields follow by the methods below.
    #[must_use]
    pub fn new(
        show: Show,
        title: &'static str,
        description: &'static str,
        unit: &'static str,
        targets: Vec<Target>,
    ) -> Self {
        let (width, height) = if show == Show::Number { (4, 4) } else { (12, 8) };
        Self {
            title,
            description,
            show,
            unit,
            targets,
            width,
            height,
            threshold: None,
            states: Vec::new(),
            event: false,
        }
    }

    #[must_use]
    pub fn sized(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    #[must_use]
    pub fn threshold(self, value: f64) -> Self {
        Self { threshold: Some(value), ..self }
    }

    #[must_use]
    pub fn states(self, states: &[(i64, &'static str, &'static str)]) -> Self {
        Self { states: states.to_vec(), ..self }
    }

    /// Says that it needs an event to show anything.
    #[must_use]
    pub fn event(self) -> Self {
        Self { event: true, ..self }
    }

    fn json(&self, id: usize, (x, y): (u32, u32)) -> Value {
        let targets: Vec<Value> =
            self.targets.iter().enumerate().map(|(i, target)| self.target(i, target)).collect();
        json!({
            "id": id,
            "type": self.kind(),
            "title": self.title,
            "description": self.description,
            "datasource": datasource(),
            "gridPos": { "x": x, "y": y, "w": self.width, "h": self.height },
            "targets": targets,
            "fieldConfig": { "defaults": self.defaults(), "overrides": [] },
            "options": self.options(),
        })
    }

    fn kind(&self) -> &'static str {
        match self.show {
            Show::Lines | Show::Log | Show::Stacked => "timeseries",
            Show::Number => "stat",
            Show::Heatmap => "heatmap",
            Show::States => "state-timeline",
            Show::Table => "table",
        }
    }

    fn target(&self, at: usize, target: &Target) -> Value {
        let letter = char::from(b'A' + u8::try_from(at % 26).unwrap_or(0)).to_string();
        let format = match self.show {
            Show::Heatmap => "heatmap",
            Show::Table => "table",
            _ => "time_series",
        };
        let instant = matches!(self.show, Show::Table);
        json!({
            "refId": letter,
            "datasource": datasource(),
            "expr": target.expr,
            "legendFormat": if self.show == Show::Heatmap { "{{le}}" } else { target.legend },
            "format": format,
            "instant": instant,
            "range": !instant,
        })
    }

    fn defaults(&self) -> Value {
        let steps = match self.threshold {
            Some(value) => json!([{ "color": "green", "value": null }, { "color": "red", "value": value }]),
            None => json!([{ "color": "green", "value": null }]),
        };
        let mut custom = json!({});
        if self.kind() == "timeseries" {
            custom = json!({
                "drawStyle": "line",
                "lineWidth": 2,
                "fillOpacity": if self.show == Show::Stacked { 60 } else { 0 },
                "showPoints": "auto",
                "spanNulls": false,
                "stacking": { "mode": if self.show == Show::Stacked { "normal" } else { "none" }, "group": "A" },
                "scaleDistribution": if self.show == Show::Log { json!({ "type": "log", "log": 10 }) } else { json!({ "type": "linear" }) },
                "thresholdsStyle": { "mode": if self.threshold.is_some() { "dashed" } else { "off" } },
            });
        }
        json!({
            "unit": self.unit,
            "custom": custom,
            "mappings": self.mappings(),
            "thresholds": { "mode": "absolute", "steps": steps },
        })
    }

    fn mappings(&self) -> Value {
        let mut options = serde_json::Map::new();
        for (index, (value, text, color)) in self.states.iter().enumerate() {
            options.insert(value.to_string(), json!({ "text": text, "color": color, "index": index }));
        }
        if options.is_empty() { json!([]) } else { json!([{ "type": "value", "options": options }]) }
    }

    fn options(&self) -> Value {
        match self.show {
            Show::Lines | Show::Log | Show::Stacked => json!({
                "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true },
                "tooltip": { "mode": "multi", "sort": "desc" },
            }),
            Show::Number => json!({
                "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
                "colorMode": "value", "graphMode": "area", "textMode": "auto",
            }),
            Show::Heatmap => json!({
                "calculate": false,
                "color": { "mode": "scheme", "scheme": "Blues", "steps": 32 },
                "yAxis": { "unit": self.unit },
                "tooltip": { "mode": "single", "showColorScale": true },
            }),
            Show::States => {
                json!({ "mergeValues": true, "showValue": "auto", "rowHeight": 0.8, "alignValue": "left" })
            }
            Show::Table => json!({ "showHeader": true }),
        }
    }
}

impl Board {
    /// The dashboard as Grafana reads it, ending in a newline.
    #[must_use]
    pub fn json(&self) -> String {
        let places = places(&self.panels);
        let panels: Vec<Value> = self
            .panels
            .iter()
            .zip(places)
            .enumerate()
            .map(|(i, (panel, place))| panel.json(i + 1, place))
            .collect();
        let board = json!({
            "id": null,
            "uid": self.uid,
            "title": self.title,
            "tags": ["piaotan"],
            "editable": false,
            "schemaVersion": 39,
            "version": 1,
            "timezone": "browser",
            "refresh": "30s",
            "time": { "from": "now-1h", "to": "now" },
            "templating": { "list": [variable_datasource(), variable("job"), variable("instance")] },
            "annotations": { "list": self.annotations() },
            "panels": panels,
        });
        serde_json::to_string_pretty(&board).expect("JSON values serialise") + "\n"
    }

    fn annotations(&self) -> Value {
        let windows = format!(
            "max by (source, service) ({}) == 1",
            of(MetricId::MaintenanceActive, "status=\"confirmed\"")
        );
        let runs = format!("max by (instance) ({}) == 1", of(MetricId::RunActive, ""));
        let one = |name: &str, expr: String, color: &str, title: &str, text: &str| {
            json!({
                "name": name, "datasource": datasource(), "enable": true, "hide": false, "iconColor": color,
                "expr": expr, "step": "15s", "titleFormat": title, "textFormat": text, "useValueForTime": false,
            })
        };
        let maintenance = self.lang.of("维护", "maintenance");
        json!([
            one(maintenance, windows, "orange", maintenance, "{{source}} · {{service}}"),
            one(
                self.lang.of("压测", "load test"),
                runs,
                "blue",
                self.lang.of("压测", "load test"),
                "{{instance}}"
            ),
        ])
    }
}

/// Panels from left to right, row by row; a row is as high as its highest panel.
fn places(panels: &[Panel]) -> Vec<(u32, u32)> {
    let (mut x, mut y, mut high) = (0, 0, 0);
    let mut all = Vec::with_capacity(panels.len());
    for panel in panels {
        if x + panel.width > 24 {
            (x, y, high) = (0, y + high, 0);
        }
        all.push((x, y));
        x += panel.width;
        high = high.max(panel.height);
    }
    all
}

fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": "$datasource" })
}

fn variable_datasource() -> Value {
    json!({ "name": "datasource", "label": "Data Source", "type": "datasource", "query": "prometheus", "current": { "text": "default", "value": "default" }, "hide": 0, "refresh": 1 })
}

fn variable(name: &str) -> Value {
    let query = format!("label_values({}, {name})", MetricId::Build.name());
    json!({
        "name": name, "label": name, "type": "query", "datasource": datasource(), "definition": query,
        "query": { "query": query, "refId": "A" }, "refresh": 2, "multi": true, "includeAll": true, "allValue": ".+",
        "current": { "text": "All", "value": "$__all" }, "sort": 1, "hide": 0,
    })
}
