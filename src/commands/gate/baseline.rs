//! Runs reduced to what a gate needs, and the small file that keeps them beside the code.

use crate::folders;
use crate::telling;
use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use piaotan_analysis::gate::Run;
use piaotan_record::folder::{RunFolder, write_json};
use piaotan_reports::Lang;
use piaotan_scenarios::scenario::Scenario;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Version of the file. Fields may be added under it, never renamed.
const SCHEMA: u32 = 1;
const KIND: &str = "gate_baseline";

/// The runs of one side with what they were made by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    pub schema: u32,
    pub kind: String,
    /// Of the program that pressed.
    pub version: String,
    pub scenario: String,
    /// SHA-256 of the scenario without its titles, seed and limits.
    pub scenario_hash: String,
    /// CPU model and cores of the generator; host names differ on hosted runners and say nothing.
    pub cpu: String,
    pub cores: u32,
    pub runs: Vec<Kept>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub run: String,
    pub started: DateTime<Utc>,
    #[serde(flatten)]
    pub what: Run,
    /// Median delay of each surface in seconds, where it was reached.
    pub sync: BTreeMap<String, f64>,
    /// The generator fell behind: it measured itself.
    pub generator_limited: bool,
}

impl Baseline {
    /// Reads what a flag names: run folders, folders that hold some, or one file that `--save` wrote.
    ///
    /// # Errors
    /// One line that names the flag and what to write instead.
    pub fn read(flag: &str, named: &[String], lang: Lang) -> Result<Self> {
        let paths: Vec<PathBuf> = named.iter().map(PathBuf::from).collect();
        if let [file] = paths.as_slice()
            && file.is_file()
        {
            return Self::load(flag, file);
        }
        if let Some(file) = paths.iter().find(|path| path.is_file()) {
            bail!("{flag} {}: a baseline file stands alone; name it, or folders", file.display());
        }
        let folders = folders::open(&paths).map_err(|e| anyhow!("{flag}: {e}"))?;
        let each: Result<Vec<Self>> = folders.iter().map(|folder| Self::of(flag, folder, lang)).collect();
        let mut each = each?.into_iter();
        let mut all = each.next().ok_or_else(|| anyhow!("{flag} names no run folder"))?;
        for one in each {
            if let Some(differs) = all.differs(&one) {
                bail!("{flag}: {} is not like the runs before it: {differs}", one.runs[0].run);
            }
            all.runs.extend(one.runs);
        }
        Ok(all)
    }

    fn load(flag: &str, path: &Path) -> Result<Self> {
        let origin = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("{flag} {origin}"))?;
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| {
            anyhow!("{flag} {origin} is not a baseline file ({e}); write one with gate --save")
        })?;
        if value["kind"] != KIND {
            bail!("{flag} {origin} is not a baseline file; write one with gate --save, or name run folders");
        }
        match value["schema"].as_u64() {
            Some(found) if found <= u64::from(SCHEMA) => {}
            found => bail!(
                "{flag} {origin} has schema {}, this program knows {SCHEMA}; save it again with this program",
                found.map_or_else(|| "none".to_owned(), |n| n.to_string())
            ),
        }
        serde_json::from_value(value)
            .map_err(|e| anyhow!("{flag} {origin} is damaged ({e}); save it again with gate --save"))
    }

    /// One folder.
    fn of(flag: &str, folder: &RunFolder, lang: Lang) -> Result<Self> {
        let manifest = folder.manifest();
        let at = folder.path().display();
        if manifest.segment.of > 1 {
            bail!(
                "{flag}: {at} is one of {} segments of a run; join them with piaotan merge first",
                manifest.segment.of
            );
        }
        let folded = telling::read(folder.path(), lang)?;
        let summary = &folded.summary;
        if let Some(reason) = &summary.cut_short {
            bail!("{flag}: {at} was cut short ({reason}); leave it out, or run it again");
        }
        if !summary.conserved {
            bail!("{flag}: {at} lost observations and proves nothing; leave it out");
        }
        let count = |cells: &BTreeMap<String, piaotan_analysis::summary::OperationSummary>| -> u64 {
            cells.values().map(|operation| operation.count).sum()
        };
        let spoilt = count(&summary.in_windows) > count(&summary.operations);
        let sync = summary.sync.iter().filter_map(|(surface, delays)| {
            let median = delays.quantiles.get("p50").filter(|q| q.reached && q.value > 0.0)?;
            Some((surface.clone(), median.value))
        });
        // Logins of the preparation and looks at notices are few, and no part of what is pressed.
        let scenario = Scenario::parse(&manifest.scenario_text, "the run's scenario", &[])?;
        let operations = scenario.operations();
        let kept = Kept {
            run: manifest.run.clone(),
            started: manifest.started,
            what: Run::of_cells(&folded.outside, &operations, spoilt),
            sync: sync.collect(),
            generator_limited: summary.generator.saturated,
        };
        Ok(Self {
            schema: SCHEMA,
            kind: KIND.to_owned(),
            version: manifest.version.clone(),
            scenario: manifest.scenario.clone(),
            scenario_hash: hash(&manifest.scenario_text),
            cpu: manifest.host.cpu.clone(),
            cores: manifest.host.cores,
            runs: vec![kept],
        })
    }

    /// Writes it down.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_json(path, self).with_context(|| format!("--save {}", path.display()))
    }

    /// Why another side cannot be compared with this one.
    pub fn differs(&self, other: &Self) -> Option<String> {
        let mut why = Vec::new();
        let mut same = |what: &str, mine: &str, theirs: &str| {
            if mine != theirs {
                why.push(format!("{what} `{mine}` against `{theirs}`"));
            }
        };
        same("scenario", &self.scenario, &other.scenario);
        same("version", &self.version, &other.version);
        same("CPU", &self.cpu, &other.cpu);
        same("cores", &self.cores.to_string(), &other.cores.to_string());
        if self.scenario == other.scenario && self.scenario_hash != other.scenario_hash {
            why.push(format!("scenario `{}` with other load, mix or data", self.scenario));
        }
        (!why.is_empty()).then(|| why.join(", "))
    }

    /// Median delays of one surface, one a run.
    pub fn delays(&self, surface: &str) -> Vec<f64> {
        let usable = self.runs.iter().filter(|kept| !kept.what.spoilt_by_window && !kept.generator_limited);
        usable.filter_map(|kept| kept.sync.get(surface).copied()).collect()
    }
}

/// The scenario's fingerprint: what it presses and with what, whatever it is called and must hold.
fn hash(scenario: &str) -> String {
    let text = match toml::from_str::<toml::Table>(scenario) {
        Ok(mut table) => {
            for aside in ["title", "title_zh", "seed", "limits"] {
                table.remove(aside);
            }
            table.to_string()
        }
        Err(_) => scenario.to_owned(),
    };
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_not_the_scenario_and_a_rate_is() {
        let of = |title: &str, rate: u32| {
            hash(&format!("title = \"{title}\"\nseed = {rate}\n[load]\nrate = {rate}\n"))
        };
        assert_eq!(of("a", 5), of("b", 5));
        assert_ne!(of("a", 5), of("a", 6));
    }
}
