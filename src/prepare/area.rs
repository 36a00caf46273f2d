//! The piece of land to be prepared: a box in RD, an outline from a file, or everything within a distance of a point.

use crate::geometry::polygon::{ring_contains, signed_area_m2};
use crate::georef::{LonLatH, RdNap, SiteFrame, in_rdnap_grid, lon_lat_from_rd, rd_from_lon_lat};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;
use serde_json::Value;
use std::f64::consts::TAU;
use std::path::Path;

/// Largest outline that is read, bytes.
const MAX_OUTLINE_BYTES: u64 = 16 << 20;
/// Corners of the ring around a point.
const CORNERS: u32 = 64;
/// The least and the most that is prepared at once, metres along the longer side.
const SIDES_M: std::ops::RangeInclusive<f64> = 1.0..=140_000.0;

/// A piece of land in RD (EPSG:28992), metres.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    ring: Vec<DVec2>,
    low: DVec2,
    high: DVec2,
}

impl Area {
    /// Of a ring of corners in RD.
    pub fn new(ring: Vec<DVec2>) -> Result<Self, String> {
        if ring.len() < 3 || !ring.iter().all(|p| p.is_finite()) || signed_area_m2(&ring).abs() < 1.0 {
            return Err("the area has no surface: give at least three different corners".to_owned());
        }
        let (low, high) = ring
            .iter()
            .fold((ring[0], ring[0]), |(low, high), p| (low.min(*p), high.max(*p)));
        if !SIDES_M.contains(&(high - low).max_element()) {
            return Err(format!(
                "the area is {:.0} by {:.0} m: between {} m and {} km can be prepared at once",
                high.x - low.x,
                high.y - low.y,
                SIDES_M.start(),
                SIDES_M.end() / 1000.0
            ));
        }
        for corner in &ring {
            let place = lon_lat_from_rd(corner.x, corner.y).ok();
            if !place.is_some_and(|place| in_rdnap_grid(place.x, place.y)) {
                return Err(format!(
                    "the corner {:.0}, {:.0} lies outside the Netherlands: are these RD coordinates, x before y?",
                    corner.x, corner.y
                ));
            }
        }
        Ok(Self { ring, low, high })
    }

    /// From `x,y,x,y`: two opposite corners in RD, metres; `RD` may stand before them.
    pub fn from_box(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let text = text.strip_prefix("RD").unwrap_or(text);
        let numbers: Result<Vec<f64>, _> = text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect();
        let Ok([x0, y0, x1, y1]) = numbers.as_deref().map_or(Ok([f64::NAN; 4]), <[f64; 4]>::try_from) else {
            return Err(format!(
                "`{text}` is no box: give two corners in RD, such as 250700,476000,251300,476600"
            ));
        };
        if ![x0, y0, x1, y1].iter().all(|number| number.is_finite()) {
            return Err(format!(
                "`{text}` is no box: give two corners in RD, such as 250700,476000,251300,476600"
            ));
        }
        if [x0, y0, x1, y1].iter().all(|number| number.abs() <= 180.0) {
            return Err(format!(
                "`{text}` are degrees: give two corners in RD, metres, or a point in degrees with --around LON,LAT,RADIUS_M"
            ));
        }
        let (low, high) = (DVec2::new(x0.min(x1), y0.min(y1)), DVec2::new(x0.max(x1), y0.max(y1)));
        Self::new(vec![low, DVec2::new(high.x, low.y), high, DVec2::new(low.x, high.y)])
    }

    /// From `LON,LAT,RADIUS_M`: everything within a distance of a point, degrees (WGS 84) and metres.
    pub fn from_around(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse::<f64>()).collect();
        let bad = || format!("`{text}` is no point with a distance: give LON,LAT,RADIUS_M, such as 6.7931,52.2653,400");
        let [lon_deg, lat_deg, radius_m] =
            <[f64; 3]>::try_from(numbers.map_err(|_error| bad())?).map_err(|_error| bad())?;
        if !(lon_deg.is_finite() && lat_deg.is_finite() && radius_m > 0.0) {
            return Err(bad());
        }
        if (45.0..60.0).contains(&lon_deg) && (0.0..15.0).contains(&lat_deg) {
            return Err(format!(
                "`{text}`: the longitude comes first, {lat_deg},{lon_deg},{radius_m}"
            ));
        }
        let center = rd_from_lon_lat(lon_deg, lat_deg).map_err(|error| error.to_string())?;
        let ring = (0..CORNERS).map(|corner| {
            let angle = TAU * f64::from(corner) / f64::from(CORNERS);
            // Around the circle, not in it, so that everything within the distance is in.
            let reach = radius_m / (TAU / f64::from(CORNERS) / 2.0).cos();
            center + DVec2::from_angle(angle) * reach
        });
        Self::new(ring.collect())
    }

    /// From the first polygon of a `GeoJSON` file, in degrees or, where its `crs` says so, in RD.
    pub fn from_outline(path: &Path) -> Result<Self, Problem> {
        let shown = path.display().to_string();
        let bad = |place: &str, message: String| Problem::error(shown.clone(), place, message);
        let length = std::fs::metadata(path)
            .map_err(|error| bad("", format!("it cannot be read ({error}); check the name")).because(Cause::Missing))?;
        if length.len() > MAX_OUTLINE_BYTES {
            return Err(bad("", format!("an outline of {} bytes is too large", length.len())).because(Cause::TooLarge));
        }
        let bytes = std::fs::read(path)
            .map_err(|error| bad("", format!("it cannot be read ({error})")).because(Cause::Unreadable))?;
        let json: Value = serde_json::from_slice(&bytes).map_err(|error| {
            bad(&format!("line {}", error.line()), format!("it is no GeoJSON ({error})")).because(Cause::Damaged)
        })?;
        let crs = json
            .pointer("/crs/properties/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_rd = crs.ends_with("28992") || crs.ends_with("7415");
        if !(is_rd || crs.is_empty() || crs.contains("CRS84") || crs.ends_with("4326")) {
            return Err(bad(
                "crs",
                format!("the system {crs} is not read here: use RD (EPSG:28992) or degrees"),
            ));
        }
        let rings = rings(&json, 0);
        let ring = match rings.as_slice() {
            [] => {
                let message = "there is no polygon in it; draw one around the area";
                return Err(bad("", message.to_owned()));
            }
            [ring] => *ring,
            several => {
                let message = format!(
                    "there are {} polygons in it; keep one, or draw one around all",
                    several.len()
                );
                return Err(bad("", message));
            }
        };
        let corners: Result<Vec<DVec2>, String> = ring
            .iter()
            .map(|corner| {
                let at = |i: usize| {
                    corner
                        .get(i)
                        .and_then(Value::as_f64)
                        .ok_or("a corner is no pair of numbers")
                };
                let (x, y) = (at(0)?, at(1)?);
                if is_rd {
                    return Ok(DVec2::new(x, y));
                }
                rd_from_lon_lat(x, y).map_err(|error| error.to_string())
            })
            .collect();
        let mut corners = corners.map_err(|message| bad("", message))?;
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        Self::new(corners).map_err(|message| bad("", message))
    }

    /// Corners, RD metres.
    pub fn ring(&self) -> &[DVec2] {
        &self.ring
    }

    /// Lowest and highest x and y, RD metres.
    pub fn bounds(&self) -> (DVec2, DVec2) {
        (self.low, self.high)
    }

    /// Whether a point in RD lies in it.
    pub fn contains(&self, p: DVec2) -> bool {
        p.cmpge(self.low).all() && p.cmple(self.high).all() && ring_contains(&self.ring, p)
    }

    /// Its surface, m².
    pub fn area_m2(&self) -> f64 {
        signed_area_m2(&self.ring).abs()
    }

    /// A site frame with its zero in the middle, in whole metres, at `ground_nap_m`.
    pub fn site(&self, ground_nap_m: f64) -> SiteFrame {
        let middle = ((self.low + self.high) / 2.0).round();
        SiteFrame::RdNap {
            anchor: RdNap {
                x_m: middle.x,
                y_m: middle.y,
                nap_m: ground_nap_m,
            },
        }
    }

    /// Its middle, degrees, at height 0.
    pub fn middle(&self) -> LonLatH {
        let middle = (self.low + self.high) / 2.0;
        let place = lon_lat_from_rd(middle.x, middle.y).unwrap_or_default();
        LonLatH {
            lon_deg: place.x,
            lat_deg: place.y,
            h_m: 0.0,
        }
    }
}

/// The outer rings of the polygons in a piece of `GeoJSON`.
fn rings(json: &Value, depth: u8) -> Vec<&Vec<Value>> {
    if depth > 8 {
        return Vec::new();
    }
    let members = |key: &str| json.get(key).and_then(Value::as_array).into_iter().flatten();
    let outer = |polygon: &'static str| json.pointer(polygon).and_then(Value::as_array);
    match json.get("type").and_then(Value::as_str).unwrap_or_default() {
        "Polygon" => outer("/coordinates/0").into_iter().collect(),
        "MultiPolygon" => members("coordinates")
            .filter_map(|polygon| polygon.get(0).and_then(Value::as_array))
            .collect(),
        "Feature" => json
            .get("geometry")
            .map(|geometry| rings(geometry, depth + 1))
            .unwrap_or_default(),
        "FeatureCollection" => members("features")
            .flat_map(|feature| rings(feature, depth + 1))
            .collect(),
        "GeometryCollection" => members("geometries")
            .flat_map(|geometry| rings(geometry, depth + 1))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_box_is_read_whichever_corners_are_given() {
        let area = Area::from_box("RD 251300,476600,250700,476000").unwrap();
        assert_eq!(
            area.bounds(),
            (DVec2::new(250_700.0, 476_000.0), DVec2::new(251_300.0, 476_600.0))
        );
        assert!((area.area_m2() - 360_000.0).abs() < 1e-6);
        assert!(area.contains(DVec2::new(251_000.0, 476_250.0)) && !area.contains(DVec2::new(251_301.0, 476_250.0)));
        for bad in [
            "",
            "1,2,3",
            "a,b,c,d",
            "NaN,1,2,3",
            "250700 476000",
            "476000,250700,476600,251300",
            "0,0,0,0",
        ] {
            assert!(Area::from_box(bad).is_err(), "{bad}");
        }
        let degrees = Area::from_box("4.37,52.01,4.38,52.02").unwrap_err();
        assert!(degrees.contains("degrees") && degrees.contains("--around"), "{degrees}");
        let swapped = Area::from_around("52.2653,6.7931,600").unwrap_err();
        assert!(
            swapped.contains("longitude comes first, 6.7931,52.2653,600"),
            "{swapped}"
        );
    }

    #[test]
    fn everything_within_a_distance_is_in() {
        let area = Area::from_around("6.79306,52.26528,400").unwrap();
        let center = DVec2::new(250_966.89, 476_181.487);
        for step in 0..360 {
            let on_circle = center + DVec2::from_angle(f64::from(step).to_radians()) * 399.9;
            assert!(area.contains(on_circle), "{step}");
        }
        assert!(area.area_m2() < 1.01 * std::f64::consts::PI * 400.0 * 400.0);
        for bad in [
            "",
            "6.8,52.3",
            "6.8,52.3,0",
            "6.8,52.3,-5",
            "52.3;6.8;400",
            "-100,40,400",
            "6.8,52.3,inf",
        ] {
            assert!(Area::from_around(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_outline_is_read_in_degrees_and_in_rd() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outline.geojson");
        let write = |json: &Value| std::fs::write(&path, json.to_string()).unwrap();
        let ring = json!([[
            [250_700, 476_000],
            [251_300, 476_000],
            [251_000, 476_600],
            [250_700, 476_000]
        ]]);
        let polygon = json!({"type": "Polygon", "coordinates": ring});
        let feature = json!({"type": "Feature", "geometry": polygon, "properties": {}});
        write(&json!({"type": "FeatureCollection", "features": [feature],
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}}));
        let rd = Area::from_outline(&path).unwrap();
        assert_eq!(rd.ring().len(), 3);
        let degrees: Vec<[f64; 2]> = rd
            .ring()
            .iter()
            .map(|p| lon_lat_from_rd(p.x, p.y).unwrap().to_array())
            .collect();
        write(&json!({"type": "Polygon", "coordinates": [degrees]}));
        let same = Area::from_outline(&path).unwrap();
        for (a, b) in rd.ring().iter().zip(same.ring()) {
            assert!(a.distance(*b) < 0.001, "{a} {b}");
        }
        for bad in ["", "{", "{}", r#"{"type":"Point","coordinates":[6,52]}"#, "<html>"] {
            std::fs::write(&path, bad).unwrap();
            let problem = Area::from_outline(&path).unwrap_err();
            assert!(problem.path.ends_with("outline.geojson"), "{problem}");
        }
        let problem = Area::from_outline(&folder.path().join("nowhere.geojson")).unwrap_err();
        assert_eq!(problem.cause, Cause::Missing);
    }
}
