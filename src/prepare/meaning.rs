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

/// Words of objects in `plus_type` of the BGT and in lists of municipalities.
const KINDS: [(&str, &[&str]); 5] = [
    (
        "tree",
        &[
            "boom",
            "bomen",
            "tree",
            "trees",
            "knotboom",
            "leiboom",
            "laanboom",
            "solitaire boom",
        ],
    ),
    (
        "lamp",
        &[
            "lichtmast",
            "lichtmasten",
            "lamp",
            "lantaarn",
            "lantaarnpaal",
            "lantaarnpalen",
            "straatlantaarn",
            "street lamp",
        ],
    ),
    (
        "bench",
        &[
            "bank",
            "banken",
            "bankje",
            "zitbank",
            "parkbank",
            "picknickbank",
            "bench",
            "benches",
        ],
    ),
    (
        "bin",
        &[
            "afvalbak",
            "afvalbakken",
            "prullenbak",
            "prullenbakken",
            "prullenmand",
            "afval apart plaats",
            "litter bin",
            "bin",
        ],
    ),
    (
        "manhole",
        &[
            "put",
            "putten",
            "kolk",
            "kolken",
            "inspectieput",
            "rioolput",
            "drainageput",
            "gasput",
            "waterleidingput",
            "straatkolk",
            "trottoirkolk",
            "putdeksel",
            "manhole",
            "gully",
        ],
    ),
];
/// Words in the names of layers that hold trees.
const TREE_LAYERS: [&str; 8] = [
    "boom",
    "bomen",
    "boompunt",
    "boomkaart",
    "bomenkaart",
    "bomenbestand",
    "boomregister",
    "gemeentebomen",
];
/// Words in the names of layers that hold objects.
const OBJECT_LAYERS: [&str; 10] = [
    "vegetatieobject",
    "paal",
    "straatmeubilair",
    "put",
    "bak",
    "kast",
    "mast",
    "bord",
    "sensor",
    "installatie",
];
/// Words of the BGT and of others for what covers the ground.
const WATER: [&str; 9] = [
    "water",
    "waterloop",
    "watervlakte",
    "waterdeel",
    "greppel",
    "sloot",
    "zee",
    "vijver",
    "watergang",
];
const CLINKERS: [&str; 5] = [
    "klinkers",
    "clinkers",
    "gebakken klinkers",
    "betonstraatstenen",
    "straatklinkers",
];
const PAVING: [&str; 9] = [
    "open verharding",
    "half verhard",
    "onverhard",
    "tegels",
    "paving",
    "erf",
    "zand",
    "halfverharding",
    "schelpen",
];
const GRASS: [&str; 9] = [
    "gras",
    "grass",
    "grasland",
    "grasveld",
    "gazon",
    "groenvoorziening",
    "weide",
    "kruidachtigen",
    "kruiden",
];
const PLANTING: [&str; 26] = [
    "bos",
    "loofbos",
    "naaldbos",
    "gemengd bos",
    "bosplantsoen",
    "struiken",
    "struikrozen",
    "heesters",
    "heester",
    "planten",
    "vaste planten",
    "planting",
    "bodembedekkers",
    "houtwal",
    "hakhout",
    "heide",
    "riet",
    "rietland",
    "boomteelt",
    "fruitteelt",
    "bollenteelt",
    "bouwland",
    "moeras",
    "kwelder",
    "duin",
    "haag",
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
    let says: Vec<String> = OBJECT.iter().filter_map(|key| text(properties, key)).collect();
    let says = words(&says.join(" "));
    let of_layer = words(&layer);
    let kind = KINDS.iter().find(|(_, names)| says.has(names));
    match kind {
        Some((kind, _)) => Some(Becomes::Asset(kind)),
        None if of_layer.has(&TREE_LAYERS) => Some(Becomes::Asset("tree")),
        None if of_layer.has(&OBJECT_LAYERS) => Some(Becomes::Asset("other")),
        None => None,
    }
}

/// The words of a text, each as it stands there: `put` is in `put_punt` and not in `Putten`.
struct Words(Vec<String>);

fn words(text: &str) -> Words {
    let lower = text.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    Words(words.map(str::to_owned).collect())
}

impl Words {
    /// Whether one of the names is in it: all words of the name, one after the other.
    fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| {
            let name: Vec<&str> = name.split(' ').collect();
            self.0
                .windows(name.len())
                .any(|here| here.iter().zip(&name).all(|(word, wanted)| word == wanted))
        })
    }
}

/// What covers the ground, by the words of the BGT.
fn cover(properties: &Map<String, Value>, layer: &str) -> Option<&'static str> {
    let says = COVER
        .iter()
        .filter_map(|key| text(properties, key))
        .collect::<Vec<_>>()
        .join(" ");
    let says = words(&says);
    let plus = words(&first(properties, &COVER_PLUS).unwrap_or_default());
    let layer = words(layer);
    if layer.has(&["waterdeel"]) && !layer.has(&["ondersteunend"]) || says.has(&WATER) {
        return Some("water");
    }
    if says.has(&["gesloten verharding", "asfalt", "asphalt"]) {
        return Some("asphalt");
    }
    if plus.has(&CLINKERS) || says.has(&CLINKERS) {
        return Some("clinkers");
    }
    if says.has(&PAVING) {
        return Some("paving");
    }
    if says.has(&GRASS) {
        // The BGT says of all municipal green the same; what grows there is said apart.
        return Some(if plus.has(&PLANTING) { "planting" } else { "grass" });
    }
    says.has(&PLANTING).then_some("planting")
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
            (json!({"class": "greppel, droge sloot"}), "ondersteunend", Some("water")),
            (
                json!({"bgt_fysiek_voorkomen": "grasland agrarisch"}),
                "begroeidterreindeel",
                Some("grass"),
            ),
            (
                json!({"bgt_fysiek_voorkomen": "groenvoorziening", "plus_fysiek_voorkomen": "gras- en kruidachtigen"}),
                "begroeidterreindeel",
                Some("grass"),
            ),
            // Parts of words mean nothing: Bosch is no wood, Zandvoort no sand, a water tower no water.
            (json!({"kind": "Bosch"}), "gebieden", None),
            (json!({"kind": "Zandvoort"}), "gebieden", None),
            (json!({"class": "watertoren"}), "overigbouwwerk", None),
            (json!({"class": "waterbouwkundig werk"}), "kunstwerk", None),
            (json!({"class": "oever, slootkant"}), "ondersteunendwaterdeel", None),
            (json!({"kind": "terreindeel erfgoed"}), "erfgoed", None),
        ] {
            assert_eq!(said(properties.clone(), layer), meant, "{properties} in {layer}");
        }
    }

    #[test]
    fn objects_are_told_by_whole_words() {
        use crate::sources::vector::{GeometryKind, Position, VectorGeometry};
        let becomes_of = |properties: Value, layer: &str| {
            let Value::Object(properties) = properties else {
                return None;
            };
            let feature = VectorFeature {
                geometry: Some(VectorGeometry {
                    kind: GeometryKind::Point,
                    points: vec![Position::flat(0.0, 0.0)],
                    lines: Vec::new(),
                    polygons: Vec::new(),
                }),
                index: 0,
                id: None,
                properties: Map::new(),
            };
            becomes(&feature, &lower(&properties), layer)
        };
        for (properties, layer, meant) in [
            (json!({"plus_type": "boom"}), "vegetatieobject_punt", Some("tree")),
            (json!({"plus_type": "lichtmast"}), "paal", Some("lamp")),
            (json!({"plus_type": "bank"}), "straatmeubilair", Some("bench")),
            (json!({"plus_type": "afval apart plaats"}), "bak", Some("bin")),
            (json!({"plus_type": "inspectie- / rioolput"}), "put", Some("manhole")),
            (json!({"plus_type": "kolk"}), "put", Some("manhole")),
            (json!({"soort": "Quercus robur"}), "bomen_2024", Some("tree")),
            (json!({"plus_type": "waardeOnbekend"}), "put", Some("other")),
            (json!({"plus_type": "bloembak"}), "bgt:bak", Some("other")),
            // What only begins or ends like one.
            (json!({"type": "bankgebouw"}), "adressen", None),
            (json!({"type": "bibliotheek"}), "putten_gemeente", None),
            (json!({"soort": "computer"}), "computers", None),
            (json!({"soort": "backoffice"}), "bakkerijen", None),
            (json!({"type": "station"}), "mastenbroek", None),
        ] {
            let expected = meant.map(Becomes::Asset);
            assert_eq!(
                becomes_of(properties.clone(), layer),
                expected,
                "{properties} in {layer}"
            );
        }
    }
}
