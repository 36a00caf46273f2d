//! A scenario around one vector file: each layer of the file as a layer of features.
//!
//! Nothing is known of what they stand for, so their colours follow common fields and the names of the layers. There is
//! no ground and no variant, heights are not used, and nothing is written.

use super::feature_layer::FeatureCollector;
use super::feature_style::StyleWish;
use super::findings::Findings;
use super::projection::{MAX_DISTANCE_M, Projection, unusable};
use super::scratch::{beside, home, no_file_name, scratch};
use super::scratch_focus::focus;
use super::{LayerKind, LocalText, OpenScenario};
use crate::georef::{Crs, LonLatH, RdNap, SiteFrame, SitePos, Transformer, fits_rd};
use crate::model::{CrsAnswer, CrsQuestion, FeatureLayer};
use crate::sources::vector::{Bounds, VectorFile, VectorLayer};
use crate::sources::{Cause, Problem, Severity};
use bevy::math::{DVec2, DVec3};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Part of the radius of a file that is looked at.
const FILLED: f64 = 0.65;
/// Least radius that is looked at, metres.
const LEAST_M: f64 = 5.0;

impl OpenScenario {
    /// A scratch scenario around a vector file of any kind that is read, in the system that it says or that `answer` does.
    pub fn scratch_for_vector(path: &Path, answer: Option<CrsAnswer>) -> Result<Self, Vec<Problem>> {
        let (resources, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let file = VectorFile::open(path).map_err(|problem| vec![problem])?;
        let refuse = |message: String| vec![Problem::error(&name, "", message).because(Cause::Place)];
        let empty = || {
            let message = "no feature of this file has a place, so there is nothing to show";
            vec![Problem::error(&name, "", message).because(Cause::Empty)]
        };
        let first = file.layers.get(most_together(&file.layers, answer));
        let Some((first, bounds)) = first.and_then(|layer| Some((layer, layer.bounds?))) else {
            return Err(empty());
        };
        let mut findings = Findings::new(&name);
        // What a file does not say of its place, somebody said.
        let is_answered = |problem: &&Problem| {
            answer.is_some() && problem.cause == Cause::NoSystem && problem.severity == Severity::Warning
        };
        for problem in file.problems.iter().filter(|problem| !is_answered(problem)) {
            findings.found(problem.clone());
        }
        let taken = crs_of(first, answer);
        let site = site_around(taken, bounds).map_err(refuse)?;
        if first.crs.is_none() && answer.is_none() && taken.is_some() {
            let message =
                "the file does not say which CRS it is in; its coordinates fit RD (EPSG:28992), which is taken";
            findings.warning_because(Cause::NoSystem, "crs", message);
        }
        let question = (first.crs.is_none() || answer.is_some()).then(|| {
            let [left, bottom, right, top] = bounds;
            let bounds = [DVec2::new(left, bottom), DVec2::new(right, top)];
            let question = CrsQuestion::new(path, first.crs_name.clone(), bounds, taken);
            question.overruled(first.crs.is_some()).answered(answer)
        });
        let mut shown = Shown {
            site,
            origin: middle(bounds),
            answer,
            findings,
            layers: Vec::new(),
        };
        let too_wide = |message: String| vec![Problem::error(&name, "", message).because(Cause::TooWide)];
        shown.check_size(first).map_err(too_wide)?;
        for number in 0..file.layers.len() {
            shown.layer(&file, number);
        }
        // What a file says of itself may be of features that are gone.
        let Some((low, high)) = focus(&shown.layers) else {
            let mut problems = empty();
            problems.extend(shown.findings.into_problems());
            return Err(problems);
        };
        let radius_m = (low.distance(high) / 2.0).max(LEAST_M);
        // Flat data is seen from steeper, and its corners are emptier than its middle.
        let mut view = home(SitePos(low.midpoint(high).extend(0.0)), FILLED * radius_m);
        view.pitch_deg = -55.0;
        let kinds: Vec<_> = shown
            .layers
            .iter()
            .map(|layer| (LayerKind::Features, layer.layer.as_str()))
            .collect();
        let mut scenario = scratch(&name, &name, site, view, &kinds);
        if scenario.layers.len() > 1 {
            for layer in &mut scenario.layers {
                layer.title = LocalText([("nl".to_owned(), layer.id.clone())].into());
            }
        }
        let mut open = Self::without_data(scenario, resources);
        open.features = Arc::new(shown.layers);
        open.problems = shown.findings.into_problems();
        open.crs_question = question;
        Ok(open)
    }
}

/// The number of the layer around whose middle most features lie: one layer that lies elsewhere is then left out, and not all
/// the others.
fn most_together(layers: &[VectorLayer], answer: Option<CrsAnswer>) -> usize {
    // Layers are many times fewer than this; a file that says otherwise is not compared layer by layer.
    const COMPARED: usize = 200;
    let first = layers.iter().position(|layer| layer.bounds.is_some()).unwrap_or(0);
    let mut ways: BTreeMap<u32, Option<Transformer>> = BTreeMap::new();
    let placed: Vec<Option<[DVec3; 5]>> = layers
        .iter()
        .take(COMPARED)
        .map(|layer| {
            let bounds = layer.bounds?;
            let [a, b, c, d] = corners(bounds);
            let points = [middle(bounds), a, b, c, d];
            let Some(crs) = crs_of(layer, answer) else {
                return Some(points.map(|[x, y]| DVec3::new(x, y, 0.0)));
            };
            let way = ways
                .entry(crs.0)
                .or_insert_with(|| Transformer::new(crs, Crs(4326)).ok());
            let mut placed = [DVec3::ZERO; 5];
            for (place, point) in placed.iter_mut().zip(points) {
                let [lon, lat] = way.as_ref()?.convert_flat(point).ok()?;
                *place = on_earth(lon, lat);
            }
            Some(placed)
        })
        .collect();
    let has_place = |number: usize| layers.get(number).is_some_and(|layer| crs_of(layer, answer).is_some());
    let together = |number: usize| -> u64 {
        let Some([center, ..]) = placed.get(number).copied().flatten() else {
            return 0;
        };
        let near = placed.iter().enumerate().filter(|(other, place)| {
            has_place(*other) == has_place(number)
                && place.is_some_and(|points| points.iter().all(|p| p.distance(center) <= MAX_DISTANCE_M))
        });
        near.filter_map(|(other, _)| layers.get(other))
            .map(|layer| layer.count.max(1))
            .sum()
    };
    // Of equals the first.
    let best = (0..placed.len()).rev().max_by_key(|number| together(*number));
    best.filter(|number| together(*number) > 0).unwrap_or(first)
}

/// A place on a ball as large as the earth, metres: near enough to tell what lies far apart.
fn on_earth(lon_deg: f64, lat_deg: f64) -> DVec3 {
    const RADIUS_M: f64 = 6_371_000.0;
    let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (lon_deg.to_radians().sin_cos(), lat_deg.to_radians().sin_cos());
    RADIUS_M * DVec3::new(cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)
}

fn corners([left, bottom, right, top]: Bounds) -> [[f64; 2]; 4] {
    [[left, bottom], [right, bottom], [right, top], [left, top]]
}

fn middle([left, bottom, right, top]: Bounds) -> [f64; 2] {
    [f64::midpoint(left, right), f64::midpoint(bottom, top)]
}

/// The CRS of a layer: what a person says, what the layer says, else RD where its coordinates fit there.
fn crs_of(layer: &VectorLayer, answer: Option<CrsAnswer>) -> Option<Crs> {
    let is_rd = |[x, y, far_x, far_y]: Bounds| fits_rd(DVec2::new(x, y), DVec2::new(far_x, far_y));
    match answer {
        Some(CrsAnswer::In(crs)) => Some(crs),
        Some(CrsAnswer::Nowhere) => None,
        None => layer.crs.or_else(|| layer.bounds.is_some_and(is_rd).then_some(Crs::RD)),
    }
}

fn site_around(crs: Option<Crs>, bounds: Bounds) -> Result<SiteFrame, String> {
    let Some(crs) = crs else {
        return Ok(SiteFrame::Local);
    };
    let [x, y] = middle(bounds);
    let place = Transformer::new(crs, Crs(4326)).and_then(|to| to.convert([x, y, 0.0]));
    let [lon_deg, lat_deg, _] = place.map_err(|error| unusable(crs.0, &error))?;
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
    answer: Option<CrsAnswer>,
    findings: Findings,
    layers: Vec<FeatureLayer>,
}

impl Shown {
    fn projection(&self, layer: &VectorLayer) -> Result<Projection, String> {
        match (crs_of(layer, self.answer), self.site) {
            (_, SiteFrame::Local) => Ok(Projection::plain(self.origin)),
            (Some(crs), site) => Projection::new(site, &crs.to_string()),
            (None, _) => Err("the layer does not say which CRS it is in, and others of the file do".into()),
        }
    }

    /// How far a layer reaches from the middle of what is shown, metres; `None` where that cannot be told.
    fn reach_m(layer: &VectorLayer, projection: &Projection) -> Option<f64> {
        let corners = corners(layer.bounds?);
        let away = corners
            .iter()
            .map(|corner| projection.anywhere(*corner).map_or(f64::INFINITY, DVec2::length));
        Some(away.fold(0.0, f64::max))
    }

    /// Refuses what is larger than is shown, and says where there is no place on earth.
    fn check_size(&mut self, first: &VectorLayer) -> Result<(), String> {
        let projection = self.projection(first)?;
        if Self::reach_m(first, &projection).is_some_and(|reach_m| reach_m > MAX_DISTANCE_M) {
            if let Some(CrsAnswer::In(crs)) = self.answer {
                return Err(format!(
                    "in {crs}, which was chosen, this file covers more than {:.0} km around its middle: choose another \
                     system, or take a part of it",
                    MAX_DISTANCE_M / 1000.0
                ));
            }
            return Err(format!(
                "this file covers more than {:.0} km around its middle, which is more than is shown: take a part of it",
                MAX_DISTANCE_M / 1000.0
            ));
        }
        if self.site == SiteFrame::Local && self.answer.is_none() {
            let message = "the file does not say which CRS it is in: it is shown as metres, without a place on earth";
            self.findings.warning_because(Cause::NoSystem, "crs", message);
        }
        Ok(())
    }

    fn layer(&mut self, file: &VectorFile, number: usize) {
        let Some(layer) = file.layers.get(number) else { return };
        let projection = match self.projection(layer) {
            Ok(projection) => projection,
            Err(message) => {
                let message = format!("{message}; it is left out");
                self.findings.error_because(Cause::Place, &layer.name, message);
                return;
            }
        };
        if Self::reach_m(layer, &projection).is_some_and(|reach_m| reach_m > MAX_DISTANCE_M) {
            let message = format!(
                "this layer reaches more than {:.0} km from the others and is left out: check its coordinate system ({}), or \
                 make a file of it",
                MAX_DISTANCE_M / 1000.0,
                projection.name()
            );
            self.findings.error_because(Cause::TooFar, &layer.name, message);
            return;
        }
        let mut collector = FeatureCollector::new(&projection, &mut self.findings);
        collector.add(file, number, None, None);
        let (features, table) = collector.finish();
        if features.is_empty() {
            return;
        }
        let style = StyleWish::opaque().style(&table, &layer.name, &mut self.findings);
        let is_taken = |id: &String| self.layers.iter().any(|other| other.layer == *id);
        let mut ids = (1_u32..).map(|n| {
            if n == 1 {
                layer.name.clone()
            } else {
                format!("{} {n}", layer.name)
            }
        });
        let id = ids.find(|id| !is_taken(id)).unwrap_or_default();
        self.layers.push(FeatureLayer {
            layer: id,
            features,
            table,
            style,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::features::Coloring;
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
            let layer = &open.features[0];
            assert_eq!((open.features.len(), layer.features.len()), (1, 3));
            assert!(matches!(open.scenario.area.site, SiteFrame::RdNap { anchor } if anchor.nap_m == 0.0));
            let [point, line, area] = &layer.features[..] else {
                panic!()
            };
            assert!(
                point.points[0].distance(DVec2::new(-50.0, -50.0)) < 1.0,
                "{}",
                point.points[0]
            );
            assert_eq!((line.lines[0].len(), area.areas[0].exterior.len()), (3, 3));
            assert_eq!(layer.table.column("soort").unwrap().text(0).as_deref(), Some("paal"));
            assert_eq!(
                layer.style.coloring,
                Coloring::one([0xBD, 0xB9, 0xB2]),
                "roads by the name of the layer"
            );
            assert_eq!(open.scenario.layers[0].id, layer.layer);
            assert_eq!(open.scenario.layers[0].kind, LayerKind::Features);
        }
    }

    #[test]
    fn a_drawing_without_a_place_is_shown_as_metres_in_the_colours_of_its_layers() {
        let line = |layer: &str| format!("0\nLINE\n8\n{layer}\n10\n0\n20\n0\n11\n40\n21\n30\n");
        let text = format!(
            "0\nSECTION\n2\nENTITIES\n{}{}0\nENDSEC\n0\nEOF\n",
            line("MUUR"),
            line("DEUR")
        );
        let drawing = open("plan.dxf", &text).unwrap();
        assert_eq!(drawing.scenario.area.site, SiteFrame::Local);
        let layer = &drawing.features[0];
        assert_eq!(layer.features.len(), 2);
        assert_eq!(layer.style.coloring.property.as_deref(), Some("layer"));
        let colors = layer.style.coloring.colors(&layer.table, 2);
        assert_ne!(colors[0], colors[1]);
        assert!(
            drawing.problems[0].message.contains("without a place"),
            "{:?}",
            drawing.problems
        );
    }

    #[test]
    fn a_continent_is_refused() {
        let wide = r#"{"type": "LineString", "coordinates": [[0, 40], [10, 60]]}"#;
        let problems = open("wide.geojson", wide).err().unwrap();
        assert!(problems[0].message.contains("more than 100 km"), "{problems:?}");
        assert_eq!(problems[0].cause, Cause::TooWide);
    }

    /// Points of two kinds, which are two layers, at these places in RD.
    fn two_layers(first: &[&str], second: &[&str]) -> String {
        let member = |kind: &str, place: &str| {
            format!(
                r#"<gml:featureMember><{kind}><punt><gml:Point srsName="EPSG:28992"><gml:pos>{place}</gml:pos></gml:Point></punt></{kind}></gml:featureMember>"#
            )
        };
        let first = first.iter().map(|place| member("Paal", place));
        let second = second.iter().map(|place| member("Boom", place));
        let members: String = first.chain(second).collect();
        format!(r#"<c xmlns:gml="http://www.opengis.net/gml">{members}</c>"#)
    }

    /// One layer that lay elsewhere refused the whole file, whether it was the first or not.
    #[test]
    fn one_layer_far_away_is_left_out_and_the_others_are_shown() {
        let (here, away) = (["251000 476000", "251100 476000"], ["20000 370000"]);
        for (name, text, kept, gone) in [
            ("a.gml", two_layers(&here, &away), "Paal", "Boom"),
            ("b.gml", two_layers(&away, &here), "Boom", "Paal"),
        ] {
            let open = open(name, &text).unwrap();
            let shown: Vec<(&str, usize)> = open
                .features
                .iter()
                .map(|layer| (layer.layer.as_str(), layer.features.len()))
                .collect();
            assert_eq!(shown, [(kept, 2)], "{:?}", open.problems);
            let told: Vec<(Cause, &str)> = open.problems.iter().map(|p| (p.cause, p.place.as_str())).collect();
            assert_eq!(told, [(Cause::TooFar, gone)], "{:?}", open.problems);
        }
    }
}
