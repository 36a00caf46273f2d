//! Addresses with the attributes of the BAG (residences with their public space), as its web services and `GeoPackage` give
//! them; older spellings and plain Dutch ones are read too.

use super::Address;
use super::geojson::{Feature, Geometry};
use super::layers::LayerReader;
use super::properties::Properties;

const STREET: [&str; 6] = [
    "openbare_ruimte",
    "openbare_ruimte_naam",
    "openbareruimtenaam",
    "openbareruimte",
    "straatnaam",
    "straat",
];
const NUMBER: [&str; 2] = ["huisnummer", "nummer"];
const LETTER: [&str; 1] = ["huisletter"];
const ADDITION: [&str; 3] = ["toevoeging", "huisnummertoevoeging", "huisnummer_toevoeging"];
const POSTCODE: [&str; 1] = ["postcode"];
const TOWN: [&str; 3] = ["woonplaats", "woonplaats_naam", "woonplaatsnaam"];

impl LayerReader<'_> {
    /// Addresses; those without a street are left out.
    pub(super) fn addresses(&mut self, features: &[Feature]) -> Vec<Address> {
        let mut addresses = Vec::with_capacity(features.len());
        for feature in features {
            let Geometry::Point(point) = &feature.geometry else {
                self.leave_out(feature, ".geometry.type", "this layer holds points");
                continue;
            };
            let mut properties = Properties::new(feature, self.findings);
            let mut first = |keys: &[&str]| {
                let texts = keys.iter().find_map(|key| properties.text(key));
                texts.map(|text| text.trim().to_owned()).unwrap_or_default()
            };
            let (street, number) = (first(&STREET), first(&NUMBER));
            let (letter, addition) = (first(&LETTER), first(&ADDITION));
            let town = [first(&POSTCODE), first(&TOWN)];
            if street.is_empty() {
                self.leave_out(feature, ".properties", "an address needs its street (openbare_ruimte)");
                continue;
            }
            let Some(position) = self
                .line(feature, std::slice::from_ref(point))
                .and_then(|p| p.first().copied())
            else {
                continue;
            };
            // `12a`, `12-2`, `12a-2`: the BAG's way to write a letter and an addition.
            let addition = if addition.is_empty() {
                addition
            } else {
                format!("-{addition}")
            };
            let street_and_number = format!("{street} {number}{}{addition}", letter.to_lowercase());
            addresses.push(Address {
                street,
                place: town[1].clone(),
                street_and_number: street_and_number.trim().to_owned(),
                town: town.join(" ").trim().to_owned(),
                position,
            });
        }
        addresses
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DOCUMENT, open};
    use serde_json::{Value, json};
    use std::path::Path;

    fn feature(properties: &Value) -> Value {
        json!({"type": "Feature", "properties": properties,
            "geometry": {"type": "Point", "coordinates": [251_010.0, 476_260.0]}})
    }

    #[test]
    fn addresses_of_the_bag_are_read() {
        let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/klein/scenario.json");
        let mut document: Value = serde_json::from_slice(&std::fs::read(small).unwrap()).unwrap();
        document["layers"] = json!([{"id": "a", "kind": "addresses", "path": "a.geojson"}]);
        document["variants"] = json!([]);
        document["viewpoints"] = json!([]);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(DOCUMENT), document.to_string()).unwrap();
        let features = [
            feature(
                &json!({"openbare_ruimte": "Wemenstraat", "huisnummer": 12, "huisletter": "A", "toevoeging": "2",
                "postcode": "7551ET", "woonplaats": "Hengelo"}),
            ),
            feature(&json!({"openbareruimtenaam": "Langestraat", "huisnummer": 3, "huisletter": null})),
            feature(&json!({"huisnummer": 3})),
        ];
        let layer = json!({"type": "FeatureCollection", "features": features,
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}});
        std::fs::write(folder.path().join("a.geojson"), layer.to_string()).unwrap();
        let open = open(folder.path()).unwrap();
        let read: Vec<_> = open
            .addresses
            .iter()
            .map(|a| (a.street_and_number.as_str(), a.town.as_str()))
            .collect();
        assert_eq!(read, [("Wemenstraat 12a-2", "7551ET Hengelo"), ("Langestraat 3", "")]);
        let told: Vec<_> = open.problems.iter().filter(|p| p.path == "a.geojson").collect();
        assert_eq!(told.len(), 1, "{:?}", open.problems);
        assert!(told[0].message.contains("street"), "{}", told[0].message);
        let index = crate::model::search::PlaceIndex::of(&open);
        let found = index.find("wemenstr 12a", 3);
        assert_eq!(found[0].name, "Wemenstraat 12a-2, 7551ET Hengelo");
        assert_eq!(index.find("hengelo", 1)[0].name, "Hengelo", "the place itself");
        assert_eq!(
            index.find("langestraat", 1)[0].name,
            "Langestraat",
            "the street itself comes first"
        );
    }
}
