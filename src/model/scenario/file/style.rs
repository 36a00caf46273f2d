//! How the features of a layer look, in the file.

use super::Extra;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the features of a layer look. What is absent is guessed from the data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StyleFile {
    /// Colour of all of them (`#5b8db8`), or of those that `color_by` gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Property whose value decides the colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color_by: Option<String>,
    /// Colours of the values of `color_by`, for words (chosen when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<BTreeMap<String, String>>,
    /// Colours of the values of `color_by`, for numbers (chosen when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<ClassFile>>,
    /// How much an area covers what lies under it, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub fill_opacity: Option<f64>,
    /// Width of lines on the ground, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.01, max = 1000))]
    pub line_width_m: Option<f64>,
    /// Width of lines on the screen, pixels, where they have none on the ground (3 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 100))]
    pub line_width_px: Option<f64>,
    /// Diameter of points, metres (1.5 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.05, max = 1000))]
    pub point_size_m: Option<f64>,
    /// Top of all areas above the ground, metres: they are drawn as blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2000))]
    pub height_m: Option<f64>,
    /// Property with the top of an area above the ground, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_property: Option<String>,
    /// Underside of all blocks above the ground, metres (0 when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2000))]
    pub base_m: Option<f64>,
    /// Property with the underside of a block above the ground, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_property: Option<String>,
    /// Property whose value names a feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_property: Option<String>,
    /// Property whose value stands at each feature on the map (no names there when absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The colour of numbers from one on, up to that of the next class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassFile {
    /// The least of them.
    pub from: f64,
    /// Their colour (`#5b8db8`).
    pub color: String,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}
