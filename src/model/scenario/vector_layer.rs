//! Layers in other formats than `GeoJSON`: `GeoPackage`, `FlatGeobuf`, shapefile, GML, DXF and their kin, through the
//! record that all vector readers share.
//!
//! All layers of a file count as one, as long as they share a CRS. What stands in no property but is the file's own
//! number of a feature becomes its `id`, so that notes can be kept with it.

use super::findings::Findings;
use super::geojson::{Feature, usable};
use super::projection::Projection;
use super::read::has_extension;
use crate::georef::{Crs, RdNap, SiteFrame, SitePos, fits_rd, nearest_town};
use crate::sources::resource::Resources;
use crate::sources::vector::{Bounds, VectorFile, VectorLayer};
use crate::sources::{Cause, Problem};
use bevy::math::DVec2;

/// Farther from the anchor than this, a file belongs to another place, metres.
const MAX_AWAY_M: f64 = 20_000.0;
/// The other Hengelo, in Bronckhorst, in RD metres: data for one is often fetched for the other.
const OTHER_HENGELO: DVec2 = DVec2::new(222_000.0, 453_000.0);
/// How near to it counts as in it, metres.
const NEAR_M: f64 = 5_000.0;

/// Whether `path` is in one of these formats by its name; its content decides which.
pub(super) fn is_other_format(path: &str) -> bool {
    has_extension(
        path,
        &[
            "gpkg", "sqlite", "fgb", "shp", "gml", "xml", "dxf", "geojsonl", "geojsons", "ndjson",
        ],
    )
}

/// Takes features with the way from their coordinates into the site, and where problems go.
pub(super) type Taker<'a> = dyn FnMut(&Projection, Vec<Feature>, &mut Findings) + 'a;

/// Gives the features of a file away in parts of at most `at_once`, at least one part. `crs` is that of a file that does not
/// say one.
pub(super) fn read(
    resources: &dyn Resources,
    path: &str,
    crs: Option<&str>,
    site: SiteFrame,
    findings: &mut Findings,
    at_once: usize,
    take: &mut Taker<'_>,
) -> Result<(), Problem> {
    let file = VectorFile::open_in(resources, path)?;
    let projection = projection(&file, path, crs, site, findings)?;
    let rest = features(&file, &projection, findings, at_once, &mut |features, findings| {
        take(&projection, features, findings);
    });
    take(&projection, rest, findings);
    Ok(())
}

/// The way from the coordinates of a file into the site, checked against where the site is.
pub(super) fn projection(
    file: &VectorFile,
    path: &str,
    crs: Option<&str>,
    site: SiteFrame,
    findings: &mut Findings,
) -> Result<Projection, Problem> {
    let refuse = |message: String| Problem::error(path, "crs", message).because(Cause::Place);
    // The CRS is dealt with here, so what asks for it is no longer a question.
    for problem in file.problems.iter().filter(|problem| problem.cause != Cause::NoSystem) {
        findings.found(problem.clone());
    }
    let known = file.layers.iter().find_map(|layer| layer.crs);
    // What is in another system is left out later.
    let boxes = file
        .layers
        .iter()
        .filter(|layer| layer.crs.is_none() || layer.crs == known);
    let boxes: Vec<Bounds> = boxes.filter_map(|layer| layer.bounds).collect();
    let projection = match (known, crs) {
        (Some(known), _) => Projection::new(site, &known.to_string()),
        (None, Some(stated)) => Projection::new(site, stated),
        (None, None) => {
            let is_rd = |[x, y, far_x, far_y]: &Bounds| fits_rd(DVec2::new(*x, *y), DVec2::new(*far_x, *far_y));
            if !boxes.iter().any(is_rd) {
                let named = file.layers.iter().find_map(|layer| layer.crs_name.as_deref());
                let named = named
                    .map(|name| format!(" that is known (it names `{name}`)"))
                    .unwrap_or_default();
                let message = format!("the file says no CRS{named}: save it with one, best EPSG:28992 or EPSG:4326");
                return Err(refuse(message).because(Cause::NoSystem));
            }
            let message =
                "the file does not say which CRS it is in; its coordinates fit RD (EPSG:28992), which is taken";
            findings.warning_because(Cause::NoSystem, "crs", message);
            Projection::new(site, &Crs::RD.to_string())
        }
    };
    let projection = projection.map_err(refuse)?;
    let all = boxes
        .iter()
        .copied()
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
    // One layer that lies elsewhere costs the others nothing.
    if let Some(message) = all.and_then(|all| misplaced(&projection, all))
        && boxes.iter().all(|bounds| misplaced(&projection, *bounds).is_some())
    {
        let message = format!("this file {message}");
        return Err(Problem::error(path, "", message).because(Cause::Elsewhere));
    }
    Ok(projection)
}

/// Why a layer of a file with several is left out, where the others are used; `None` where it is not.
pub(super) fn left_out(file: &VectorFile, layer: &VectorLayer, projection: &Projection) -> Option<(Cause, String)> {
    let crs = file.layers.iter().find_map(|layer| layer.crs);
    if layer.crs.is_some() && layer.crs != crs {
        return Some((Cause::Place, other_crs(layer, crs)));
    }
    if file.layers.len() == 1 {
        return None;
    }
    let message = layer.bounds.and_then(|bounds| misplaced(projection, bounds))?;
    Some((Cause::Elsewhere, format!("this layer {message}")))
}

/// Gives all features away but the last ones, which it returns.
fn features(
    file: &VectorFile,
    projection: &Projection,
    findings: &mut Findings,
    at_once: usize,
    take: &mut dyn FnMut(Vec<Feature>, &mut Findings),
) -> Vec<Feature> {
    let mut features: Vec<Feature> = Vec::new();
    let is_one = file.layers.len() == 1;
    let mut first = 0;
    for (number, layer) in file.layers.iter().enumerate() {
        if let Some((cause, message)) = left_out(file, layer, projection) {
            findings.error_because(cause, &layer.name, message);
            continue;
        }
        let mut count = 0;
        for found in file.features(number) {
            let mut found = match found {
                Ok(found) => found,
                Err(problem) => {
                    findings.found(problem);
                    continue;
                }
            };
            count = count.max(found.index + 1);
            found.index += first;
            if !found.properties.contains_key("id")
                && let Some(id) = &found.id
            {
                let id = if is_one {
                    id.clone()
                } else {
                    format!("{}.{id}", layer.name)
                };
                found.properties.insert("id".into(), id.into());
            }
            features.extend(usable(found, findings));
            if features.len() >= at_once {
                take(std::mem::take(&mut features), findings);
            }
        }
        first += count;
    }
    features
}

/// What to say of a layer that is in another CRS than the rest of its file.
fn other_crs(layer: &VectorLayer, crs: Option<Crs>) -> String {
    let name = |crs: Option<Crs>| crs.map_or("no CRS".into(), |crs| crs.to_string());
    format!(
        "the layer is in {} and others of the file in {}; it is left out: make a file of it",
        name(layer.crs),
        name(crs)
    )
}

/// What to say of a file or layer that lies elsewhere; `None` for one that lies here, and for one whose place cannot be told,
/// whose features are then looked at one by one.
fn misplaced(projection: &Projection, [left, bottom, right, top]: Bounds) -> Option<String> {
    let middle = [f64::midpoint(left, right), f64::midpoint(bottom, top)];
    let corners = [middle, [left, bottom], [right, bottom], [right, top], [left, top]];
    let placed: Vec<DVec2> = corners
        .iter()
        .filter_map(|corner| projection.anywhere(*corner))
        .collect();
    let center = *placed.first().filter(|_| placed.len() == corners.len())?;
    let (low, high) = placed
        .iter()
        .fold((center, center), |(low, high), p| (low.min(*p), high.max(*p)));
    // A file of the whole country reaches this place too.
    let nearest = DVec2::ZERO.clamp(low, high);
    if nearest.length() <= MAX_AWAY_M {
        return None;
    }
    let mut message = format!(
        "lies {:.0} km to the {} of the area and is left out: check that it is the right one and its CRS ({})",
        nearest.length() / 1000.0,
        direction(nearest),
        projection.name()
    );
    let place = projection.site().lon_lat_h_from_site(SitePos(center.extend(0.0))).ok();
    if let Some((town, km)) = place.and_then(|place| nearest_town(place.lon_deg, place.lat_deg)) {
        message = format!("{message}; its middle lies {km:.0} km from {town}");
    }
    let rd = projection.site().rd_nap_from_site(SitePos(center.extend(0.0)));
    if rd.is_some_and(|RdNap { x_m, y_m, .. }| DVec2::new(x_m, y_m).distance(OTHER_HENGELO) <= NEAR_M) {
        message.push_str("; it is of the other Hengelo, in Bronckhorst (Gelderland)");
    }
    Some(message)
}

fn direction(p: DVec2) -> &'static str {
    const WINDS: [&str; 8] = [
        "east",
        "north-east",
        "north",
        "north-west",
        "west",
        "south-west",
        "south",
        "south-east",
    ];
    let eighth = (p.y.atan2(p.x) / std::f64::consts::FRAC_PI_4).round().rem_euclid(8.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 8")]
    WINDS.get(eighth as usize).copied().unwrap_or("east")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::resource;

    fn run(name: &str, text: &str) -> (Result<(DVec2, usize), String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let site = SiteFrame::RdNap {
            anchor: RdNap {
                x_m: 251_000.0,
                y_m: 476_250.0,
                nap_m: 0.0,
            },
        };
        let mut findings = Findings::new(name);
        let mut found = (DVec2::ZERO, 0);
        let mut take = |projection: &Projection, features: Vec<Feature>, _: &mut Findings| {
            let super::super::geojson::Geometry::Point(point) = features[0].geometry else {
                panic!("{features:?}")
            };
            found = (projection.site_from_file(point).unwrap(), features.len());
        };
        let folder = resource::folder(folder.path());
        let read = read(&*folder, name, None, site, &mut findings, usize::MAX, &mut take);
        let found = read.map(|()| found);
        let lines = findings.into_problems().iter().map(ToString::to_string).collect();
        (found.map_err(|problem| problem.to_string()), lines)
    }

    fn gml(srs: &str, place: &str) -> String {
        format!(
            r#"<c xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><Paal gml:id="p"><punt>
            <gml:Point srsName="{srs}"><gml:pos>{place}</gml:pos></gml:Point></punt></Paal></gml:featureMember></c>"#
        )
    }

    #[test]
    fn a_file_in_another_crs_lands_in_the_site() {
        for (srs, place) in [
            ("EPSG:28992", "251010 476260"),
            ("urn:ogc:def:crs:EPSG::4258", "52.2667 6.7934"),
        ] {
            let (found, lines) = run("a.gml", &gml(srs, place));
            let (position, count) = found.unwrap();
            assert!(position.length() < 500.0 && count == 1, "{position}");
            assert_eq!(lines, Vec::<String>::new());
        }
    }

    #[test]
    fn a_file_without_a_crs_is_taken_as_rd_where_it_fits_and_refused_elsewhere() {
        let (found, lines) = run("a.gml", &gml("urn:mine", "251010 476260"));
        assert_eq!(found.unwrap().0, DVec2::new(10.0, 10.0));
        assert!(lines[0].contains("fit RD"), "{lines:?}");
        let (found, _) = run("a.gml", &gml("urn:mine", "5 5"));
        assert!(found.unwrap_err().contains("it names `urn:mine`"));
    }

    /// Objects in GML, those of another place, and a shapefile that is none.
    #[test]
    fn a_layer_of_a_scenario_may_be_in_any_of_these_formats() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.gml", &gml("EPSG:28992", "251010 476260"));
        write("b.gml", &gml("EPSG:28992", "222000 453000"));
        write("c.shp", "no shapes");
        for beside in ["c.dbf", "c.PRJ"] {
            write(beside, "");
        }
        write(
            "scenario.json",
            r#"{"version": 1, "title": {"nl": "x"}, "area": {"anchor": {"rd": [251000, 476250]}}, "layers": [
                {"id": "a", "kind": "assets", "path": "a.gml"}, {"id": "b", "kind": "assets", "path": "b.gml"},
                {"id": "c", "kind": "reports", "path": "c.shp"}]}"#,
        );
        let open = crate::model::scenario::open_any(folder.path()).unwrap();
        assert_eq!(open.assets.len(), 1, "{:?}", open.problems);
        assert_eq!(
            (open.assets[0].id.as_str(), open.assets[0].position),
            ("p", DVec2::new(10.0, 10.0))
        );
        let said = |path: &str| {
            open.problems
                .iter()
                .find(|problem| problem.path == path)
                .map(ToString::to_string)
        };
        assert!(
            said("b.gml").unwrap().contains("37 km to the south-west"),
            "{:?}",
            open.problems
        );
        assert!(said("c.shp").unwrap().contains("no vector data"), "{:?}", open.problems);
        let used = crate::model::scenario::used_files(&open).paths;
        assert!(
            used.contains("c.dbf") && used.contains("c.PRJ") && used.contains("a.gml"),
            "{used:?}"
        );
    }

    /// One layer that lies elsewhere costs the others nothing, also where it is the first.
    #[test]
    fn a_layer_of_another_place_is_left_out_and_the_others_are_used() {
        let member = |kind: &str, place: &str| {
            format!(
                r#"<gml:featureMember><{kind}><punt><gml:Point srsName="EPSG:28992"><gml:pos>{place}</gml:pos></gml:Point></punt></{kind}></gml:featureMember>"#
            )
        };
        for (paal, boom, gone) in [
            ("251010 476260", "100000 476260", "Boom"),
            ("100000 476260", "251010 476260", "Paal"),
        ] {
            let (paal, boom) = (member("Paal", paal), member("Boom", boom));
            let text = format!(r#"<c xmlns:gml="http://www.opengis.net/gml">{paal}{boom}</c>"#);
            let (found, lines) = run("a.gml", &text);
            assert_eq!(found.unwrap(), (DVec2::new(10.0, 10.0), 1), "{lines:?}");
            let [line] = &lines[..] else { panic!("{lines:?}") };
            assert!(
                line.starts_with(&format!(
                    "a.gml: {gone}: this layer lies 151 km to the west of the area"
                )),
                "{line}"
            );
        }
    }

    #[test]
    fn a_file_of_another_place_is_refused_with_distance_and_direction() {
        let (found, _) = run("a.gml", &gml("EPSG:28992", "222100 453200"));
        let message = found.unwrap_err();
        assert!(
            message.contains("37 km to the south-west") && message.contains("the other Hengelo"),
            "{message}"
        );
        let (found, _) = run("a.gml", &gml("EPSG:28992", "251000 600000"));
        let message = found.unwrap_err();
        assert!(
            message.contains("124 km to the north ") && !message.contains("Hengelo"),
            "{message}"
        );
    }
}
