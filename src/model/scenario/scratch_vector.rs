//! A scenario around one vector file: its points as objects, its lines as narrow strips, its areas as ground.
//!
//! Nothing is known of what they stand for, so the colours only follow the words in the names of the layers. There is no
//! ground and no variant, heights are not used, and nothing is written.

use super::convert::RING_BUDGET;
use super::findings::Findings;
use super::geojson::{Feature, Geometry};
use super::layers::LayerReader;
use super::projection::{MAX_DISTANCE_M, Projection};
use super::properties::Properties;
use super::scratch::{beside, home, no_file_name, scratch};
use super::{LayerKind, NewSurface, OpenScenario, SurfaceKind};
use crate::georef::{Crs, LonLatH, RdNap, SiteFrame, SitePos, Transformer};
use crate::model::{Asset, AssetKind, Terrain};
use crate::sources::vector::{Bounds, VectorFeature, VectorFile, VectorLayer};
use crate::sources::{Cause, Problem};
use bevy::math::{DVec2, DVec3};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Most objects that are shown.
const MAX_OBJECTS: usize = 100_000;
/// Most pieces of ground that are shown, the parts of lines among them.
const MAX_SURFACES: usize = 50_000;
/// Narrowest and widest strip that stands for a line, metres.
const STRIP_M: [f64; 2] = [0.2, 20.0];
/// Width of a strip as a part of the size of the whole.
const STRIP_SHARE: f64 = 1.0 / 500.0;
/// Part of the radius of a file that is looked at.
const FILLED: f64 = 0.65;
/// Where RD is in use, metres, as EPSG bounds it.
const RD: Bounds = [-7_000.0, 289_000.0, 300_000.0, 629_000.0];

impl OpenScenario {
    /// A scratch scenario around a vector file of any kind that is read.
    pub fn scratch_for_vector(path: &Path) -> Result<Self, Vec<Problem>> {
        let (resources, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let file = VectorFile::open(path).map_err(|problem| vec![problem])?;
        let refuse = |message: String| vec![Problem::error(&name, "", message).because(Cause::Place)];
        let first = file.layers.iter().find(|layer| layer.bounds.is_some());
        let Some((first, bounds)) = first.and_then(|layer| Some((layer, layer.bounds?))) else {
            return Err(refuse(
                "no feature of this file has a place, so there is nothing to show".into(),
            ));
        };
        let mut findings = Findings::new(&name);
        for problem in &file.problems {
            findings.found(problem.clone());
        }
        let site = site_around(first, bounds).map_err(refuse)?;
        let mut shown = Shown {
            site,
            origin: middle(bounds),
            findings,
            surfaces: Vec::new(),
            assets: Vec::new(),
            strip_m: STRIP_M[0],
            ring_budget: RING_BUDGET,
            is_full: false,
        };
        let radius_m = shown.size(&file).map_err(refuse)?;
        shown.strip_m = (2.0 * radius_m * STRIP_SHARE).clamp(STRIP_M[0], STRIP_M[1]);
        for (number, layer) in file.layers.iter().enumerate() {
            shown.layer(&file, number, layer);
        }
        let kinds = [
            (LayerKind::Surfaces, "surfaces", shown.surfaces.is_empty()),
            (LayerKind::Assets, "assets", shown.assets.is_empty()),
        ];
        let kinds: Vec<_> = kinds
            .into_iter()
            .filter(|(.., is_empty)| !is_empty)
            .map(|(kind, id, _)| (kind, id))
            .collect();
        // Flat data is seen from steeper, and its corners are emptier than its middle.
        let mut view = home(SitePos(DVec3::ZERO), FILLED * radius_m);
        view.pitch_deg = -55.0;
        let scenario = scratch(&name, &name, site, view, &kinds);
        let mut open = Self::without_data(scenario, resources);
        open.asset_layers = vec![("assets".into(), shown.assets.len())];
        open.surfaces = Arc::new(shown.surfaces);
        open.assets = Arc::new(shown.assets);
        open.problems = shown.findings.into_problems();
        Ok(open)
    }
}

fn middle([left, bottom, right, top]: Bounds) -> [f64; 2] {
    [f64::midpoint(left, right), f64::midpoint(bottom, top)]
}

/// The CRS of a layer; RD where it says none and its coordinates fit there.
fn crs_of(layer: &VectorLayer) -> Option<Crs> {
    let fits_rd = |b: Bounds| b[0] >= RD[0] && b[1] >= RD[1] && b[2] <= RD[2] && b[3] <= RD[3];
    layer
        .crs
        .or_else(|| layer.bounds.is_some_and(fits_rd).then_some(Crs::RD))
}

fn site_around(layer: &VectorLayer, bounds: Bounds) -> Result<SiteFrame, String> {
    let Some(crs) = crs_of(layer) else {
        return Ok(SiteFrame::Local);
    };
    let [x, y] = middle(bounds);
    let place = Transformer::new(crs, Crs(4326)).and_then(|to| to.convert([x, y, 0.0]));
    let [lon_deg, lat_deg, _] = place.map_err(|error| format!("its CRS {crs} cannot be used: {error}"))?;
    Ok(
        match SiteFrame::around(LonLatH {
            lon_deg,
            lat_deg,
            h_m: 0.0,
        }) {
            // Flat ground at NAP, not at the ellipsoid 43 m below it.
            SiteFrame::RdNap { anchor } => SiteFrame::RdNap {
                anchor: RdNap { nap_m: 0.0, ..anchor },
            },
            other => other,
        },
    )
}

struct Shown {
    site: SiteFrame,
    /// Zero of a site without a place, in the coordinates of the file.
    origin: [f64; 2],
    findings: Findings,
    surfaces: Vec<NewSurface>,
    assets: Vec<Asset>,
    strip_m: f64,
    ring_budget: u64,
    is_full: bool,
}

impl Shown {
    fn projection(&self, layer: &VectorLayer) -> Result<Projection, String> {
        match (crs_of(layer), self.site) {
            (_, SiteFrame::Local) => Ok(Projection::plain(self.origin)),
            (Some(crs), site) => Projection::new(site, &crs.to_string()),
            (None, _) => Err("the layer does not say which CRS it is in, and others of the file do".into()),
        }
    }

    /// Radius that shows every layer, metres.
    fn size(&mut self, file: &VectorFile) -> Result<f64, String> {
        let mut radius_m: f64 = 5.0;
        for layer in &file.layers {
            let (Some([left, bottom, right, top]), Ok(projection)) = (layer.bounds, self.projection(layer)) else {
                continue;
            };
            let corners = [[left, bottom], [right, bottom], [right, top], [left, top]];
            let away = corners
                .iter()
                .map(|corner| projection.anywhere(*corner).map_or(f64::INFINITY, DVec2::length));
            radius_m = radius_m.max(away.fold(0.0, f64::max));
        }
        if radius_m > MAX_DISTANCE_M {
            return Err(format!(
                "this file covers more than {:.0} km around its middle, which is more than is shown: take a part of it",
                MAX_DISTANCE_M / 1000.0
            ));
        }
        if self.site == SiteFrame::Local {
            let message = "the file does not say which CRS it is in: it is shown as metres, without a place on earth";
            self.findings.warning("crs", message);
        }
        Ok(radius_m)
    }

    fn layer(&mut self, file: &VectorFile, number: usize, layer: &VectorLayer) {
        let projection = match self.projection(layer) {
            Ok(projection) => projection,
            Err(message) => {
                let message = format!("{message}; it is left out");
                self.findings.error_because(Cause::Place, &layer.name, message);
                return;
            }
        };
        let kind = kind_of(&layer.name);
        for feature in file.features(number) {
            if self.assets.len() >= MAX_OBJECTS || self.surfaces.len() >= MAX_SURFACES {
                self.stop();
                return;
            }
            match feature {
                Ok(feature) => self.feature(feature, layer, kind, &projection),
                Err(problem) => self.findings.found(problem),
            }
        }
    }

    fn stop(&mut self) {
        if !std::mem::replace(&mut self.is_full, true) {
            let message =
                format!("more than {MAX_OBJECTS} points or {MAX_SURFACES} lines and areas; the rest is not shown");
            self.findings.error_because(Cause::TooLarge, "", message);
        }
    }

    fn feature(&mut self, found: VectorFeature, layer: &VectorLayer, kind: SurfaceKind, projection: &Projection) {
        let Some(geometry) = found.geometry else { return };
        let id = format!(
            "{} {}",
            layer.name,
            found.id.unwrap_or_else(|| (found.index + 1).to_string())
        );
        let mut feature = Feature {
            index: found.index,
            id: None,
            geometry: Geometry::Polygons(Vec::new()),
            properties: found.properties,
        };
        for point in geometry.points {
            match projection.site_from_file([point.x, point.y]) {
                Ok(position) => {
                    let attributes = Properties::new(&feature, &mut self.findings).all();
                    self.assets.push(object(id.clone(), position, attributes));
                }
                Err(message) => self.findings.error_because(Cause::Place, &id, message),
            }
        }
        for (number, line) in geometry.lines.iter().enumerate() {
            let placed: Vec<DVec2> = line
                .iter()
                .filter_map(|point| projection.site_from_file([point.x, point.y]).ok())
                .collect();
            self.strips(&format!("{id}/{number}"), &placed, kind);
        }
        if !geometry.polygons.is_empty() {
            let rings = geometry.polygons.iter().map(|rings| {
                let flat = |ring: &Vec<_>| {
                    ring.iter()
                        .map(|p: &crate::sources::vector::Position| [p.x, p.y])
                        .collect()
                };
                rings.iter().map(flat).collect()
            });
            feature.geometry = Geometry::Polygons(rings.collect());
            let mut reader = LayerReader {
                projection,
                terrain: &Terrain::flat(),
                ring_budget: &mut self.ring_budget,
                findings: &mut self.findings,
                ids: &mut HashSet::new(),
            };
            for (part, (outer, holes)) in reader.polygons(&feature).into_iter().enumerate() {
                self.surfaces.push(surface(format!("{id}/{part}"), kind, outer, holes));
            }
        }
    }

    /// A strip for every part of a line.
    fn strips(&mut self, id: &str, line: &[DVec2], kind: SurfaceKind) {
        for (part, ends) in line.windows(2).enumerate() {
            let [from, to] = *ends else { continue };
            let Some(along) = (to - from).try_normalize() else {
                continue;
            };
            if self.surfaces.len() >= MAX_SURFACES {
                return;
            }
            let aside = along.perp() * self.strip_m / 2.0;
            let outer = vec![from - aside, to - aside, to + aside, from + aside];
            self.surfaces
                .push(surface(format!("{id}/{part}"), kind, outer, Vec::new()));
        }
    }
}

fn surface(id: String, kind: SurfaceKind, outer: Vec<DVec2>, holes: Vec<Vec<DVec2>>) -> NewSurface {
    NewSurface {
        id,
        kind,
        outer,
        holes,
        raise_m: 0.0,
        parking_places: None,
        phase: String::new(),
    }
}

fn object(id: String, position: DVec2, attributes: Vec<(String, String)>) -> Asset {
    Asset {
        id,
        kind: AssetKind::Other,
        position,
        heading_deg: 0.0,
        height_m: 0.0,
        crown_m: 0.0,
        condition: None,
        upkeep: None,
        inspected: None,
        next_inspection: None,
        attributes,
    }
}

/// Cover that the name of a layer suggests, in Dutch or English.
fn kind_of(layer: &str) -> SurfaceKind {
    let layer = layer.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| layer.contains(word));
    if has(&["water", "sloot", "beek"]) {
        SurfaceKind::Water
    } else if has(&["gras", "grass", "weide"]) {
        SurfaceKind::Grass
    } else if has(&["groen", "begroeid", "plant", "green"]) {
        SurfaceKind::Planting
    } else if has(&["weg", "road", "traffic", "straat"]) {
        SurfaceKind::Asphalt
    } else if has(&["pand", "building", "gebouw"]) {
        SurfaceKind::Clinkers
    } else {
        SurfaceKind::Paving
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::open_any;

    fn open(name: &str, text: &str) -> Result<OpenScenario, Vec<Problem>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        open_any(&path)
    }

    const FEATURES: &str = r#"{"type": "FeatureCollection", "name": "wegen", "features": [
        {"properties": {"soort": "paal"}, "geometry": {"type": "Point", "coordinates": [251000, 476000]}},
        {"properties": null, "geometry": {"type": "LineString", "coordinates": [[251000, 476000], [251010, 476000], [251010, 476020]]}},
        {"properties": null, "geometry": {"type": "Polygon", "coordinates": [[[251000, 476000], [251100, 476000], [251100, 476100], [251000, 476000]]]}}]"#;

    #[test]
    fn points_lines_and_areas_of_a_file_are_shown_around_their_middle() {
        for crs in [r#", "crs": {"properties": {"name": "EPSG:28992"}}}"#, "}"] {
            let open = open("a.geojson", &format!("{FEATURES}{crs}")).unwrap();
            assert_eq!((open.assets.len(), open.surfaces.len()), (1, 3));
            assert!(matches!(open.scenario.area.site, SiteFrame::RdNap { anchor } if anchor.nap_m == 0.0));
            assert!(
                open.assets[0].position.distance(DVec2::new(-50.0, -50.0)) < 1.0,
                "{}",
                open.assets[0].position
            );
            assert_eq!(open.assets[0].attributes, [("soort".to_owned(), "paal".to_owned())]);
            assert!(open.surfaces.iter().all(|surface| surface.kind == SurfaceKind::Asphalt));
            assert_eq!(open.layer_of_asset(0).unwrap().kind, LayerKind::Assets);
        }
    }

    #[test]
    fn a_drawing_without_a_place_is_shown_as_metres_and_a_continent_is_refused() {
        let pairs = "0\nSECTION\n2\nENTITIES\n0\nLINE\n8\nA\n10\n0\n20\n0\n11\n40\n21\n30\n0\nENDSEC\n0\nEOF\n";
        let drawing = open("plan.dxf", pairs).unwrap();
        assert_eq!(drawing.scenario.area.site, SiteFrame::Local);
        assert_eq!(drawing.surfaces.len(), 1);
        assert!(
            drawing.problems[0].message.contains("without a place"),
            "{:?}",
            drawing.problems
        );
        let wide = r#"{"type": "LineString", "coordinates": [[0, 40], [10, 60]]}"#;
        let problems = open("wide.geojson", wide).err().unwrap();
        assert!(problems[0].message.contains("more than 100 km"), "{problems:?}");
    }
}
