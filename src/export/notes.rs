//! The notes of a scenario as `GeoJSON`, for systems that are not Stadslens.

use crate::georef::SiteFrame;
use crate::model::Note;
use serde_json::{Value, json};

/// The coordinates of notes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteCrs {
    /// Longitude and latitude in degrees, ellipsoidal height in metres, as RFC 7946 asks.
    Wgs84,
    /// RD New and NAP, metres (EPSG:7415), with a `crs` member that says so.
    Rd,
}

/// The notes as points with their number, text, kind, role, day, object and variant. Notes that have no place in `crs`
/// (RD outside the Netherlands) are left out; `None` when that is all of them.
pub fn notes_geojson(notes: &[Note], site: &SiteFrame, crs: NoteCrs) -> Option<Value> {
    let features: Vec<Value> = notes
        .iter()
        .filter_map(|note| {
            let at = note.anchor.position;
            let coordinates = match crs {
                NoteCrs::Wgs84 => {
                    let place = site.lon_lat_h_from_site(at).ok()?;
                    [
                        rounded(place.lon_deg, 1e8),
                        rounded(place.lat_deg, 1e8),
                        rounded(place.h_m, 1e3),
                    ]
                }
                NoteCrs::Rd => {
                    let place = site.rd_nap_from_site(at)?;
                    [
                        rounded(place.x_m, 1e3),
                        rounded(place.y_m, 1e3),
                        rounded(place.nap_m, 1e3),
                    ]
                }
            };
            Some(json!({
                "type": "Feature",
                "id": note.id,
                "geometry": {"type": "Point", "coordinates": coordinates},
                "properties": {
                    "number": note.number,
                    "text": note.text,
                    "kind": note.kind.key(),
                    "role": note.role.key(),
                    "day": note.day.to_string(),
                    "object": note.anchor.object,
                    "variant": note.variant(),
                },
            }))
        })
        .collect();
    if features.is_empty() {
        return None;
    }
    let mut collection = json!({"type": "FeatureCollection", "features": features});
    if crs == NoteCrs::Rd {
        collection["crs"] = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::7415"}});
    }
    Some(collection)
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::RdNap;
    use crate::model::note::tests::note;

    #[test]
    fn a_note_stands_at_its_place_in_both_systems() {
        let site = SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 251_000.0,
                y_m: 476_250.0,
                nap_m: 17.0,
            },
        };
        let notes = [note(3, "Hier \"een\" bankje"), note(4, "b")];
        let rd = notes_geojson(&notes, &site, NoteCrs::Rd).expect("two notes");
        assert_eq!(
            rd["features"][0]["geometry"]["coordinates"],
            json!([251_003.0, 476_247.5, 17.3])
        );
        assert_eq!(rd["crs"]["properties"]["name"], "urn:ogc:def:crs:EPSG::7415");
        let wgs = notes_geojson(&notes, &site, NoteCrs::Wgs84).expect("two notes");
        let coordinates = &wgs["features"][0]["geometry"]["coordinates"];
        let near = |i: usize, wanted: f64| (coordinates[i].as_f64().expect("a number") - wanted).abs() < 0.001;
        assert!(near(0, 6.793_6) && near(1, 52.265_8), "{coordinates}");
        assert!(wgs.get("crs").is_none());
        assert_eq!(wgs["features"][0]["properties"]["text"], "Hier \"een\" bankje");
        assert_eq!(wgs["features"][0]["properties"]["variant"], "A");
        assert_eq!(wgs["features"][1]["properties"]["object"], "lamp 4");
        assert_eq!(notes_geojson(&[], &site, NoteCrs::Rd), None);
    }
}
