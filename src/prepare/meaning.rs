//! What a feature of a vector file is, by its form, its attributes and the name of its layer.
//!
//! The words are those of the BGT and the BAG in all the spellings that their downloads have; other files that use the
//! same words are read as well.

use crate::sources::vector::VectorFeature;
use serde_json::{Map, Value, json};

/// Attributes that say what covers the ground.
const COVER: [&str; 8] = [
    "bgt_fysiek_voorkomen",
    "bgt_fysiekvoorkomen",
    "fysiek_voorkomen",
    "fysiekvoorkomen",
    "surfacematerial",
    "kind",
    "class",
    "bgt_type",
];
/// Attributes that say more of it.
const COVER_PLUS: [&str; 4] = [
    "plus_fysiek_voorkomen",
    "plus_fysiekvoorkomen",
    "plus_fysiekvoorkomenwegdeel",
    "plus_fysiekvoorkomenonbegroeidterreindeel",
];
/// Attributes that say what an object is.
const OBJECT: [&str; 6] = ["plus_type", "bgt_type", "type", "soort", "class", "function"];
/// Attributes that are the object's number.
const NUMBER: [&str; 6] = [
    "identificatie_lokaalid",
    "lokaal_id",
    "lokaalid",
    "identificatie",
    "id",
    "gml_id",
];
/// Attributes that name a street.
const STREET: [&str; 4] = [
    "openbare_ruimte",
    "openbare_ruimte_naam",
    "openbareruimtenaam",
    "straatnaam",
];
/// Attributes that hold a day once a thing is not there any more.
const ENDED: [&str; 6] = [
    "eind_registratie",
    "eindregistratie",
    "terminationdate",
    "termination_date",
    "objecteindtijd",
    "object_eind_tijd",
];

/// What a feature becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Becomes {
    Surface(&'static str),
    Address,
    Asset(&'static str),
    /// Above or below the ground: a bridge, a tunnel. Left out.
    OtherLevel,
}

impl Becomes {
    pub(super) fn slot(self) -> Option<usize> {
        match self {
            Self::Surface(_) => Some(0),
            Self::Address => Some(1),
            Self::Asset(_) => Some(2),
            Self::OtherLevel => None,
        }
    }
}

/// Attributes by their names in lower case, empty values left out.
pub(super) fn lower(properties: &Map<String, Value>) -> Map<String, Value> {
    properties
        .iter()
        .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
        .map(|(key, value)| (key.to_ascii_lowercase(), value.clone()))
        .collect()
}

/// Whether a thing is not there any more.
pub(super) fn has_ended(properties: &Map<String, Value>) -> bool {
    first(properties, &ENDED).is_some()
}

fn text(properties: &Map<String, Value>, key: &str) -> Option<String> {
    match properties.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn first(properties: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| text(properties, key))
}

/// What a feature becomes by its form, its attributes and the name of its layer.
pub(super) fn becomes(feature: &VectorFeature, properties: &Map<String, Value>, layer: &str) -> Option<Becomes> {
    let geometry = feature.geometry.as_ref()?;
    let layer = layer.to_ascii_lowercase();
    if !geometry.polygons.is_empty() {
        // Bridges and what lies under the ground are no ground.
        let level = first(properties, &["relatieve_hoogteligging", "relatievehoogteligging"]);
        let level = level.and_then(|level| level.parse::<f64>().ok());
        if level.is_some_and(|level| level.abs() > 0.1) {
            return Some(Becomes::OtherLevel);
        }
        return cover(properties, &layer).map(Becomes::Surface);
    }
    if geometry.points.len() != 1 {
        return None;
    }
    if first(properties, &STREET).is_some() {
        return Some(Becomes::Address);
    }
    let is_of = |names: &[&str]| names.iter().any(|name| layer.contains(name));
    let words = OBJECT
        .iter()
        .filter_map(|key| text(properties, key))
        .collect::<Vec<_>>()
        .join(" ");
    let words = words.to_lowercase();
    let kind = [
        ("tree", ["boom", "tree"].as_slice()),
        ("lamp", &["lichtmast", "lamp"]),
        ("bench", &["bank", "bench"]),
        ("bin", &["afval", "prullen"]),
        ("manhole", &["put", "kolk"]),
    ];
    let by_words = kind
        .iter()
        .find(|(_, names)| names.iter().any(|name| words.contains(name)));
    let is_object = is_of(&[
        "vegetatieobject",
        "paal",
        "straatmeubilair",
        "put",
        "bak",
        "kast",
        "mast",
        "bord",
        "boom",
        "bomen",
    ]);
    match by_words {
        Some((kind, _)) => Some(Becomes::Asset(kind)),
        None if is_of(&["boom", "bomen"]) => Some(Becomes::Asset("tree")),
        None if is_object => Some(Becomes::Asset("other")),
        None => None,
    }
}

/// What covers the ground, by the words of the BGT.
fn cover(properties: &Map<String, Value>, layer: &str) -> Option<&'static str> {
    let says = COVER
        .iter()
        .filter_map(|key| text(properties, key))
        .collect::<Vec<_>>()
        .join(" ");
    let plus = first(properties, &COVER_PLUS).unwrap_or_default();
    let (says, plus) = (says.to_lowercase(), plus.to_lowercase());
    let has = |words: &[&str]| words.iter().any(|word| says.contains(word));
    if layer.contains("waterdeel") && !layer.contains("ondersteunend")
        || has(&["waterloop", "watervlakte", "water", "greppel", "zee"]) && !has(&["waterbouw"])
    {
        return Some("water");
    }
    if has(&["gesloten verharding", "asfalt", "asphalt"]) {
        return Some("asphalt");
    }
    if plus.contains("klinkers") || has(&["klinkers", "clinkers"]) {
        return Some("clinkers");
    }
    if has(&[
        "open verharding",
        "half verhard",
        "tegels",
        "paving",
        "erf",
        "zand",
        "onverhard",
    ]) {
        return Some("paving");
    }
    if has(&["gras", "groenvoorziening", "grass", "weide", "kruid"]) {
        // The BGT says of all municipal green the same; what grows there is said apart.
        return Some(
            if plus.contains("heester") || plus.contains("bosplantsoen") || plus.contains("planten") {
                "planting"
            } else {
                "grass"
            },
        );
    }
    let growing = [
        "bos", "struik", "heester", "plant", "houtwal", "heide", "riet", "teelt", "bouwland", "moeras", "duin",
    ];
    has(&growing).then_some("planting")
}

/// The attributes that go along.
pub(super) fn kept(becomes: Becomes, feature: &VectorFeature, properties: &Map<String, Value>) -> Map<String, Value> {
    let number = first(properties, &NUMBER).or_else(|| feature.id.clone());
    let number = number.unwrap_or_else(|| format!("nr-{}", feature.index));
    let mut kept = Map::new();
    match becomes {
        Becomes::Surface(kind) => {
            kept.insert("id".into(), json!(number));
            kept.insert("kind".into(), json!(kind));
            kept.insert("raise_m".into(), json!(0.0));
        }
        Becomes::OtherLevel => {}
        Becomes::Address => kept.extend(properties.clone()),
        Becomes::Asset(kind) => {
            kept.insert("id".into(), json!(number));
            kept.insert("type".into(), json!(kind));
            let others = properties
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "id" | "type"));
            kept.extend(others.map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(properties: Value, layer: &str) -> Option<&'static str> {
        let Value::Object(properties) = properties else {
            return None;
        };
        cover(&lower(&properties), layer)
    }

    #[test]
    fn ground_is_told_by_the_words_of_the_bgt() {
        for (properties, layer, meant) in [
            (
                json!({"bgt_fysiek_voorkomen": "gesloten verharding"}),
                "wegdeel",
                Some("asphalt"),
            ),
            (
                json!({"fysiek_voorkomen": "open verharding"}),
                "wegdeel",
                Some("paving"),
            ),
            (
                json!({"surfacematerial": "open verharding", "plus_fysiekVoorkomenWegdeel": "gebakken klinkers"}),
                "trafficarea",
                Some("clinkers"),
            ),
            (
                json!({"bgt_fysiek_voorkomen": "groenvoorziening"}),
                "begroeidterreindeel",
                Some("grass"),
            ),
            (
                json!({"bgt_fysiek_voorkomen": "groenvoorziening", "plus_fysiek_voorkomen": "heesters"}),
                "begroeidterreindeel",
                Some("planting"),
            ),
            (
                json!({"bgt_fysiek_voorkomen": "loofbos"}),
                "begroeidterreindeel",
                Some("planting"),
            ),
            (json!({"class": "waterloop"}), "waterdeel", Some("water")),
            (
                json!({"bgt_fysiek_voorkomen": "erf"}),
                "onbegroeidterreindeel",
                Some("paving"),
            ),
            (json!({"naam": "x"}), "gebieden", None),
        ] {
            assert_eq!(said(properties.clone(), layer), meant, "{properties} in {layer}");
        }
    }
}
