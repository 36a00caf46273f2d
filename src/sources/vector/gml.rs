//! The simple part of GML 2 and 3: features in a collection, their fields flat, and their geometries with arcs stroked.
//!
//! Elements count by their names without prefix. Each kind of feature is a layer. Coordinates whose `srsName` puts north
//! first (a URN of a geographic CRS) are turned round. Links between objects (`xlink`) are not followed, entities of a
//! DTD are not expanded.

use super::MAX_FIELDS;
use super::gml_geometry::{self, Found};
use super::record::{Features, Summary, VectorFeature, VectorLayer};
use crate::sources::xml::{Element, Elements};
use crate::sources::{Cause, Problem, crs_name};
use serde_json::{Map, Value};

/// Most kinds of features: each is a walk through the text.
const MAX_LAYERS: usize = 200;
/// Elements that hold features.
const HOLDERS: [&str; 5] = [
    "featuremember",
    "featuremembers",
    "member",
    "members",
    "cityobjectmember",
];

/// A file in memory.
pub(super) struct Gml {
    text: String,
    path: String,
    kinds: Vec<String>,
    /// What the collection says for all its features.
    srs: Option<String>,
}

/// Whether the first bytes of an XML text are those of GML.
pub(super) fn looks_like_gml(head: &str) -> bool {
    let head = head.to_ascii_lowercase();
    head.contains("opengis.net/gml") || head.contains("opengis.net/wfs") || head.contains("<gml:")
}

impl Gml {
    /// Looks through the text; a layer for each kind of feature.
    pub(super) fn open(text: String, path: &str) -> Result<(Self, Vec<VectorLayer>, Vec<Problem>), Problem> {
        let mut gml = Self {
            text,
            path: path.to_owned(),
            kinds: Vec::new(),
            srs: None,
        };
        let mut summaries: Vec<(Summary, Option<String>)> = Vec::new();
        let (mut kinds, mut collection_srs, mut first_problem) = (Vec::new(), None, None);
        for found in gml.elements(None) {
            match found {
                Ok(Item::Envelope(srs)) => collection_srs = collection_srs.or(srs),
                Ok(Item::Feature(element)) => {
                    let at = kinds
                        .iter()
                        .position(|kind| *kind == element.name)
                        .unwrap_or(kinds.len());
                    if at == kinds.len() {
                        if at >= MAX_LAYERS {
                            continue;
                        }
                        kinds.push(element.name.clone());
                        summaries.push((Summary::default(), None));
                    }
                    let Some((summary, srs)) = summaries.get_mut(at) else {
                        continue;
                    };
                    if let Ok((feature, found)) = feature(&element, 0, collection_srs.as_deref()) {
                        *srs = srs.take().or(found);
                        summary.add(&feature);
                    }
                }
                Err(problem) => first_problem = first_problem.or(Some(problem)),
            }
        }
        if kinds.is_empty() {
            let none = Problem::error(path, "", "there is no feature in this GML (no featureMember)");
            return Err(first_problem.unwrap_or_else(|| none.because(Cause::WrongKind)));
        }
        let mut problems = Vec::new();
        let mut layers = Vec::new();
        for (kind, (summary, srs)) in kinds.iter().zip(summaries) {
            let name = srs.or_else(|| collection_srs.clone());
            let known = name.as_deref().and_then(crs_name::of_name);
            if let (Some(name), None) = (&name, known) {
                let name: String = name.chars().take(80).collect();
                let message = format!("the srsName `{name}` is not known: say which CRS it is");
                problems.push(Problem::warning(path, kind.as_str(), message).because(Cause::NoSystem));
            }
            let mut layer = summary.into_layer(kind.clone(), known);
            layer.crs_name = name;
            layers.push(layer);
        }
        gml.kinds = kinds;
        gml.srs = collection_srs;
        Ok((gml, layers, problems))
    }

    /// Features of a layer in file order.
    pub(super) fn features(&self, layer: usize) -> Features<'_> {
        let Some(kind) = self.kinds.get(layer) else {
            return Box::new(std::iter::empty());
        };
        let of_kind = self.elements(Some(kind)).filter_map(move |item| match item {
            Ok(Item::Feature(element)) => Some(Ok(element)),
            Ok(Item::Envelope(_)) => None,
            Err(problem) => Some(Err(problem)),
        });
        let feature = move |(index, element): (usize, Result<Element, Problem>)| {
            let element = element?;
            feature(&element, index, self.srs.as_deref())
                .map(|(feature, _)| feature)
                .map_err(|message| {
                    let place = format!("{kind} {}", index + 1);
                    let message = format!("{message}; the feature is left out");
                    Problem::error(&self.path, place, message).because(Cause::Damaged)
                })
        };
        Box::new(of_kind.enumerate().map(feature))
    }

    /// The features of one kind, or of all.
    fn elements<'a>(&'a self, kind: Option<&'a str>) -> impl Iterator<Item = Result<Item, Problem>> + 'a {
        let mut elements = Elements::new(&self.text);
        let mut depth_of_holder = None;
        let mut is_done = false;
        std::iter::from_fn(move || {
            if is_done {
                return None;
            }
            match next_item(&mut elements, &mut depth_of_holder, kind) {
                Ok(item) => item.map(Ok),
                Err(message) => {
                    is_done = true;
                    let message = format!("{message}; the features from here on are left out");
                    let place = format!("byte {}", elements.at());
                    Some(Err(Problem::error(&self.path, place, message).because(Cause::Damaged)))
                }
            }
        })
    }
}

enum Item {
    /// CRS of the whole collection.
    Envelope(Option<String>),
    Feature(Element),
}

fn next_item(
    elements: &mut Elements<'_>,
    holder: &mut Option<usize>,
    kind: Option<&str>,
) -> Result<Option<Item>, String> {
    loop {
        let depth = elements.depth();
        if holder.is_some_and(|holder| depth < holder) {
            *holder = None;
        }
        let Some(start) = elements.next_start()? else {
            return Ok(None);
        };
        let depth = elements.depth();
        if holder.is_some_and(|holder| depth <= holder) {
            *holder = None;
        }
        if holder.is_some() {
            if kind.is_some_and(|kind| kind != start.name) {
                elements.skip()?;
                continue;
            }
            return elements.whole(start).map(|element| Some(Item::Feature(element)));
        }
        if HOLDERS.contains(&start.name.to_ascii_lowercase().as_str()) {
            *holder = Some(depth);
        } else if start.name == "Envelope" || start.name == "Box" {
            let srs = start.attribute("srsName").map(ToOwned::to_owned);
            return Ok(Some(Item::Envelope(srs)));
        }
    }
}

/// The feature of an element, and the first `srsName` in it.
fn feature(element: &Element, index: usize, srs: Option<&str>) -> Result<(VectorFeature, Option<String>), String> {
    let mut properties = Map::new();
    let mut found = Found::new(srs);
    add_fields(element, "", &mut properties, &mut found)?;
    let id = element.attribute("id").or_else(|| element.attribute("fid"));
    let srs = found.srs.take();
    let feature = VectorFeature {
        index,
        id: id.filter(|id| !id.is_empty()).map(ToOwned::to_owned),
        geometry: found.geometry(),
        properties,
    };
    Ok((feature, srs))
}

/// Leaves as fields, geometries apart.
fn add_fields(
    element: &Element,
    parent: &str,
    properties: &mut Map<String, Value>,
    found: &mut Found,
) -> Result<(), String> {
    for child in &element.children {
        if child.name == "boundedBy" && child.children.iter().any(|inner| inner.name == "Envelope") {
            continue;
        }
        if gml_geometry::is_geometry(&child.name) {
            found.add(child)?;
        } else if child.children.is_empty() {
            let text = child.text.trim();
            let value = match child.attribute("href") {
                Some(link) if text.is_empty() => Value::String(link.to_owned()),
                _ => value_of(text),
            };
            // The first of a name keeps it; others take their parent's name with them.
            let name = if properties.contains_key(&child.name) && !parent.is_empty() {
                format!("{parent}.{}", child.name)
            } else {
                child.name.clone()
            };
            if properties.len() < MAX_FIELDS && !properties.contains_key(&name) {
                properties.insert(name, value);
            }
        } else {
            add_fields(child, &child.name, properties, found)?;
        }
    }
    Ok(())
}

/// A number or truth where the text is one and says no more than it (`0501` is a text).
pub(super) fn value_of(text: &str) -> Value {
    match text {
        "" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(whole) = text.parse::<i64>()
        && whole.to_string() == text
    {
        return whole.into();
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_decimal = digits.split_once('.').is_some_and(|(before, after)| {
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        all_digits(before) && all_digits(after) && (before == "0" || !before.starts_with('0')) && digits.len() < 18
    });
    let number = text
        .parse::<f64>()
        .ok()
        .filter(|_| is_decimal)
        .and_then(serde_json::Number::from_f64);
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
