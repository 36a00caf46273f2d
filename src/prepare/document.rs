//! `scenario.json` of a prepared area: its land, its layers with whose they are, and one place to look from.

use super::whole_file::WholeFile;
use super::{PrepareError, PrepareOptions};
use crate::model::scenario;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Whose the data of a layer are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SourceWords {
    /// Owner.
    pub(super) owner: String,
    /// Day of the data.
    pub(super) date: String,
    /// Licence.
    pub(super) licence: String,
    /// Where they come from.
    pub(super) url: String,
}

impl SourceWords {
    /// What a file says of itself: its name and its day. Whose it is nobody knows but who put it there.
    pub(super) fn of_file(path: &Path) -> Self {
        let modified = fs::metadata(path).and_then(|about| about.modified()).ok();
        let day = modified
            .and_then(|time| jiff::Timestamp::try_from(time).ok())
            .map(|time| time.to_zoned(jiff::tz::TimeZone::system()).date().to_string());
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        Self {
            owner: name.to_owned(),
            date: day.unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// A layer that is ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PreparedLayer {
    /// Id, unique in the scenario.
    pub(super) id: String,
    /// Kind by the scenario's words.
    pub(super) kind: String,
    /// File in the folder.
    pub(super) path: String,
    /// Title in Dutch and in English.
    pub(super) title: [String; 2],
    /// Register beside it.
    pub(super) register: Option<String>,
    /// Whose it is.
    pub(super) source: SourceWords,
    /// Height of the ground that it stands on, NAP metres, where it tells one.
    pub(super) ground_nap_m: Option<f64>,
}

impl PreparedLayer {
    fn json(&self) -> Value {
        let [nl, en] = &self.title;
        let mut layer = json!({
            "id": self.id,
            "kind": self.kind,
            "path": self.path,
            "title": {"nl": nl, "en": en},
            "height_reference": if self.kind == "tiles3d" { "ellipsoid" } else { "nap" },
            "source": self.source,
        });
        if let Some(register) = &self.register {
            layer["id_property"] = json!("id");
            layer["register"] = json!(register);
        }
        layer
    }
}

/// Writes the scenario, last of all.
pub(super) fn write(options: &PrepareOptions, layers: &[PreparedLayer]) -> Result<(), PrepareError> {
    let (low, high) = options.area.bounds();
    let middle = ((low + high) / 2.0).round();
    // Without a grid of heights the ground is flat, as high as most buildings stand.
    let told = || layers.iter().find_map(|layer| layer.ground_nap_m);
    let ground_nap_m = super::terrain::height_in(&options.folder, middle)
        .or_else(told)
        .unwrap_or(0.0);
    let ground_nap_m = (ground_nap_m * 10.0).round() / 10.0;
    let name = options
        .folder
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("gebied");
    let title = if options.title.trim().is_empty() {
        name
    } else {
        options.title.trim()
    };
    let outline: Vec<[f64; 2]> = options.area.ring().iter().map(|p| p.round().to_array()).collect();
    let reach_m = (high - low).max_element();
    let document = json!({
        "version": 1,
        "title": {"nl": title, "en": title},
        "area": {
            "name": {"nl": title, "en": title},
            "anchor": {"rd": middle.to_array(), "nap_m": ground_nap_m},
            "outline": outline,
        },
        "crs": "EPSG:28992",
        "layers": layers.iter().map(PreparedLayer::json).collect::<Vec<_>>(),
        "variants": [{"id": "nu", "title": {"nl": "Nu", "en": "Today"}}],
        "viewpoints": [{
            "id": "overzicht",
            "title": {"nl": "Overzicht", "en": "Overview"},
            "camera": {
                "target": [middle.x, middle.y, ground_nap_m],
                "heading_deg": 0,
                "pitch_deg": -40,
                "distance_m": (1.5 * reach_m).clamp(150.0, 4000.0).round(),
            },
        }],
        "start": {"viewpoint": "overzicht", "variant": "nu"},
    });
    let text =
        serde_json::to_string_pretty(&document).map_err(|error| PrepareError::machine(error.to_string(), error))?;
    WholeFile::create(&options.folder, scenario::DOCUMENT)?.fill(|to| to.write_all(text.as_bytes()))
}
