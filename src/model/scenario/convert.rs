//! From the file structs to the domain: meaning is checked here, once, every problem with its place.
//!
//! What is wrong is left out and named; the rest is kept. Only an area without a usable anchor stops everything.

use super::file::{self, ScenarioFile, Text};
use super::findings::Findings;
use super::place::LeftOut;
use super::projection::{Projection, height_at_site_zero_m, site_pos};
use super::words::{certainty, layer_kind, lens_name, surface_kind, use_of};
use super::{
    Area, Certainty, Charter, Layer, LayerKind, LensName, LocalText, NewBuilding, NewSurface, NewTree, Phase, Roof,
    Scenario, Source, Use, Variant, Viewpoint,
};
use crate::georef::{HeightReference, LonLatH, RdNap, SiteFrame};
use crate::model::ring::{self, RingFault};
use crate::sources::resource;
use bevy::math::DVec2;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Storey height where the file gives none, metres.
const STOREY_HEIGHT_M: f64 = 3.0;
/// Height of a roof that is not flat where the file gives none, metres.
const ROOF_HEIGHT_M: f64 = 3.0;

/// How far a hole of ground cover may reach over the outline, metres: what rounding to centimetres does.
pub(super) const HOLE_TOLERANCE_M: f64 = 0.02;

/// Pair tests that all rings of an opening may cost together: about a second.
pub(super) const RING_BUDGET: u64 = 300_000_000;

/// What conversion needs besides the file, and where its problems go.
pub(super) struct Converter<'a> {
    /// Name of the document for messages and for joining paths.
    pub(super) document: &'a str,
    /// Entries that are gone from the file's lists.
    pub(super) left_out: &'a LeftOut,
    /// Everything found.
    pub(super) findings: Findings,
    /// Places of the variants that were kept, in their order.
    pub(super) variant_places: Vec<String>,
    /// What checking rings may still cost.
    pub(super) ring_budget: u64,
}

impl Converter<'_> {
    fn error(&mut self, place: impl ToString, message: impl ToString) {
        self.findings.error(place, message);
    }

    /// The scenario, or `None` when it has no usable anchor.
    pub(super) fn scenario(&mut self, file: &ScenarioFile) -> Option<(Scenario, Projection)> {
        let site = self.site(&file.area.anchor)?;
        let crs = file.crs.as_deref().unwrap_or("EPSG:28992");
        let projection = match Projection::new(site, crs) {
            Ok(projection) => projection,
            Err(message) => {
                self.error("crs", message);
                return None;
            }
        };
        let area = self.area(file, site, &projection);
        let layers = self.layers(file.layers.as_deref().unwrap_or_default());
        let phases = self.phases(file.phases.as_deref().unwrap_or_default());
        let variants = self.variants(file.variants.as_deref().unwrap_or_default(), &phases, &projection);
        let viewpoints = self.viewpoints(file.viewpoints.as_deref().unwrap_or_default(), &variants, &projection);
        let mut scenario = Scenario {
            title: text(Some(&file.title)),
            synthetic: file.synthetic.unwrap_or(false),
            area,
            layers,
            phases,
            variants,
            viewpoints,
            charters: charters(file.lenses.as_ref()),
            start_viewpoint: None,
            start_variant: None,
            start_time: None,
        };
        if let Some(start) = &file.start {
            self.start(start, &mut scenario);
        }
        Some((scenario, projection))
    }

    fn site(&mut self, anchor: &file::AnchorFile) -> Option<SiteFrame> {
        match (anchor.rd, anchor.lon_lat) {
            (Some([x_m, y_m]), None) => {
                let is_inside =
                    |x: f64, y: f64| (-10_000.0..=310_000.0).contains(&x) && (300_000.0..=640_000.0).contains(&y);
                if !is_inside(x_m, y_m) {
                    let advice = if is_inside(y_m, x_m) {
                        "x and y seem to be swapped"
                    } else {
                        "outside the Netherlands write `lon_lat` instead"
                    };
                    self.error("area.anchor.rd", format!("{x_m}, {y_m} is no place in RD: {advice}"));
                    return None;
                }
                let nap_m = anchor.nap_m.unwrap_or(0.0);
                Some(SiteFrame::RdNap {
                    anchor: RdNap { x_m, y_m, nap_m },
                })
            }
            (None, Some([lon_deg, lat_deg])) => {
                if !(-180.0..=180.0).contains(&lon_deg) || !(-90.0..=90.0).contains(&lat_deg) {
                    let message = format!("{lon_deg}, {lat_deg} is no longitude and latitude in degrees");
                    self.error("area.anchor.lon_lat", message);
                    return None;
                }
                let h_m = anchor.height_m.unwrap_or(0.0);
                Some(SiteFrame::Enu {
                    anchor: LonLatH { lon_deg, lat_deg, h_m },
                })
            }
            _ => {
                self.error(
                    "area.anchor",
                    "give either `rd` with `nap_m`, or `lon_lat` with `height_m`",
                );
                None
            }
        }
    }

    fn area(&mut self, file: &ScenarioFile, site: SiteFrame, projection: &Projection) -> Area {
        let municipality = file.area.municipality.as_ref();
        let word = |pick: fn(&file::MunicipalityFile) -> &Option<String>| {
            municipality.and_then(|m| pick(m).clone()).unwrap_or_default()
        };
        let outline = file.area.outline.as_ref();
        Area {
            name: text(file.area.name.as_ref().or(Some(&file.title))),
            municipality: word(|m| &m.name),
            municipality_code: word(|m| &m.code),
            site,
            outline: outline
                .and_then(|ring| self.ring(&ring.0, "area.outline", projection))
                .unwrap_or_default(),
        }
    }

    /// The entries of `list` whose id is there and new, with their places.
    fn unique<'f, T>(&mut self, list: &str, entries: &'f [T], id: fn(&T) -> &str) -> Vec<(String, &'f T)> {
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        let mut kept = Vec::with_capacity(entries.len());
        for (entry, index) in entries.iter().zip(self.left_out.file_indices(list, entries.len())) {
            let place = format!("{list}[{index}]");
            let id = id(entry);
            if id.trim().is_empty() {
                self.error(format!("{place}.id"), format!("the id is empty; {place} is left out"));
            } else if let Some(first) = seen.get(id) {
                let message = format!("the id `{id}` is taken by {first}; {place} is left out");
                self.error(format!("{place}.id"), message);
            } else {
                seen.insert(id, place.clone());
                kept.push((place, entry));
            }
        }
        kept
    }

    fn layers(&mut self, files: &[file::LayerFile]) -> Vec<Layer> {
        let mut layers = Vec::new();
        for (place, file) in self.unique("layers", files, |l| &l.id) {
            let path = match resource::join(self.document, &file.path) {
                Ok(path) => path,
                Err(error) => {
                    self.error(format!("{place}.path"), format!("{error}; {place} is left out"));
                    continue;
                }
            };
            let register = file.register.as_deref().and_then(|register| {
                resource::join(self.document, register)
                    .map_err(|error| self.error(format!("{place}.register"), format!("{error}; it is left out")))
                    .ok()
            });
            let kind = layer_kind(file.kind);
            let height_reference = match (file.height_reference, kind) {
                (Some(reference), _) => reference,
                (None, LayerKind::Terrain) => {
                    let message = format!("say whether the heights are `nap` or `ellipsoid`; {place} is left out");
                    self.error(format!("{place}.height_reference"), message);
                    continue;
                }
                // The specification of 3D Tiles fixes it.
                (None, LayerKind::Tiles3d) => HeightReference::Ellipsoid,
                (None, _) => HeightReference::Nap,
            };
            layers.push(Layer {
                id: file.id.clone(),
                title: text(file.title.as_ref()),
                kind,
                path,
                height_reference,
                id_property: file.id_property.clone(),
                register,
                source: source(file.source.as_ref()),
                certainty: file.certainty.map(certainty).unwrap_or_default(),
                visible: file.visible.unwrap_or(true),
                synthetic: file.synthetic.unwrap_or(false),
            });
        }
        layers
    }

    fn phases(&mut self, files: &[file::PhaseFile]) -> Vec<Phase> {
        let unique = self.unique("phases", files, |p| &p.id);
        let phase = |file: &file::PhaseFile| Phase {
            id: file.id.clone(),
            title: text(file.title.as_ref()),
            year: file.year,
        };
        unique.into_iter().map(|(_, file)| phase(file)).collect()
    }

    fn variants(&mut self, files: &[file::VariantFile], phases: &[Phase], projection: &Projection) -> Vec<Variant> {
        let mut variants = Vec::new();
        for (place, file) in self.unique("variants", files, |v| &v.id) {
            let certain = file.certainty.map(certainty).unwrap_or_default();
            let removed = file.removed.as_ref();
            let buildings = self.unique(
                &format!("{place}.buildings"),
                file.buildings.as_deref().unwrap_or_default(),
                |b| &b.id,
            );
            let trees = self.unique(
                &format!("{place}.trees"),
                file.trees.as_deref().unwrap_or_default(),
                |t| &t.id,
            );
            let surfaces = self.unique(
                &format!("{place}.surfaces"),
                file.surfaces.as_deref().unwrap_or_default(),
                |s| &s.id,
            );
            let removed_polygons = removed.and_then(|r| r.polygons.as_deref()).unwrap_or_default();
            self.variant_places.push(place.clone());
            variants.push(Variant {
                id: file.id.clone(),
                title: text(file.title.as_ref()),
                summary: text(file.summary.as_ref()),
                certainty: certain,
                removed_ids: removed.and_then(|r| r.ids.clone()).unwrap_or_default(),
                removed_polygons: self.rings(removed_polygons, &format!("{place}.removed.polygons"), projection),
                removed_assets: removed.and_then(|r| r.assets.clone()).unwrap_or_default(),
                buildings: buildings
                    .into_iter()
                    .filter_map(|(place, file)| self.building(file, &place, certain, phases, projection))
                    .collect(),
                trees: trees
                    .into_iter()
                    .filter_map(|(place, file)| self.tree(file, &place, phases, projection))
                    .collect(),
                surfaces: surfaces
                    .into_iter()
                    .filter_map(|(place, file)| self.surface(file, &place, phases, projection))
                    .collect(),
            });
        }
        variants
    }

    fn building(
        &mut self,
        file: &file::BuildingFile,
        place: &str,
        of_variant: Certainty,
        phases: &[Phase],
        projection: &Projection,
    ) -> Option<NewBuilding> {
        let footprint = self.ring(&file.footprint.0, &format!("{place}.footprint"), projection)?;
        let holes_place = format!("{place}.holes");
        let holes = self.holes(
            file.holes.as_deref().unwrap_or_default(),
            &holes_place,
            0,
            &footprint,
            0.0,
            projection,
        );
        let storey_height_m = file.storey_height_m.unwrap_or(STOREY_HEIGHT_M);
        let roof_height_m = file.roof_height_m.unwrap_or(ROOF_HEIGHT_M);
        Some(NewBuilding {
            id: file.id.clone(),
            name: text(file.name.as_ref()),
            footprint,
            holes,
            base_m: file.base_m.unwrap_or(0.0),
            storeys: file.storeys,
            storey_height_m,
            ground_storey_height_m: file.ground_storey_height_m.unwrap_or(storey_height_m),
            underground_storeys: file.underground_storeys.unwrap_or(0),
            roof: match file.roof.unwrap_or(file::RoofFile::Flat) {
                file::RoofFile::Flat => Roof::Flat,
                file::RoofFile::Gable => Roof::Gable(roof_height_m),
                file::RoofFile::Hip => Roof::Hip(roof_height_m),
            },
            main_use: file.main_use.map_or(Use::Other, use_of),
            ground_use: file.ground_use.map(use_of),
            dwellings: file.dwellings.unwrap_or(0),
            parking_places: file.parking_places.unwrap_or(0),
            phase: self.phase(file.phase.as_deref(), place, phases),
            certainty: file.certainty.map_or(of_variant, certainty),
        })
    }

    fn tree(
        &mut self,
        file: &file::TreeFile,
        place: &str,
        phases: &[Phase],
        projection: &Projection,
    ) -> Option<NewTree> {
        let position = match projection.site_from_file(file.position) {
            Ok(position) => position,
            Err(message) => {
                self.error(format!("{place}.position"), format!("{message}; {place} is left out"));
                return None;
            }
        };
        Some(NewTree {
            id: file.id.clone(),
            position,
            height_m: file.height_m.unwrap_or(8.0),
            crown_m: file.crown_m.unwrap_or(5.0),
            species: file.species.clone().unwrap_or_default(),
            phase: self.phase(file.phase.as_deref(), place, phases),
        })
    }

    fn surface(
        &mut self,
        file: &file::SurfaceFile,
        place: &str,
        phases: &[Phase],
        projection: &Projection,
    ) -> Option<NewSurface> {
        let polygon = format!("{place}.polygon");
        let (outer, holes) = file.polygon.0.split_first()?;
        let outer = self.ring(&outer.0, &format!("{polygon}[0]"), projection)?;
        let holes = self.holes(holes, &polygon, 1, &outer, HOLE_TOLERANCE_M, projection);
        Some(NewSurface {
            id: file.id.clone(),
            kind: surface_kind(file.kind),
            outer,
            holes,
            raise_m: file.raise_m.unwrap_or(0.0),
            phase: self.phase(file.phase.as_deref(), place, phases),
        })
    }

    fn phase(&mut self, id: Option<&str>, place: &str, phases: &[Phase]) -> String {
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            return String::new();
        };
        if phases.iter().any(|phase| phase.id == id) {
            return id.to_owned();
        }
        let known: Vec<&str> = phases.iter().map(|phase| phase.id.as_str()).collect();
        let message = format!("there is no phase `{id}`{}; it stands in every phase", choices(&known));
        self.error(format!("{place}.phase"), message);
        String::new()
    }

    fn viewpoints(
        &mut self,
        files: &[file::ViewpointFile],
        variants: &[Variant],
        projection: &Projection,
    ) -> Vec<Viewpoint> {
        let mut viewpoints = Vec::new();
        for (place, file) in self.unique("viewpoints", files, |v| &v.id) {
            let camera = &file.camera;
            let [x, y, height] = camera.target;
            let target = projection.site_from_file([x, y]).and_then(|p| {
                let reference = natural_reference(projection.site());
                let zero = height_at_site_zero_m(projection.site(), p, reference)?;
                if (height - zero).abs() > 20_000.0 {
                    return Err(format!("a height of {height} m is no place to look at"));
                }
                Ok(site_pos(p, height - zero))
            });
            let target = match target {
                Ok(target) => target,
                Err(message) => {
                    self.error(
                        format!("{place}.camera.target"),
                        format!("{message}; {place} is left out"),
                    );
                    continue;
                }
            };
            viewpoints.push(Viewpoint {
                id: file.id.clone(),
                title: text(file.title.as_ref()),
                caption: text(file.caption.as_ref()),
                target,
                heading_deg: camera.heading_deg.rem_euclid(360.0),
                pitch_deg: camera.pitch_deg,
                distance_m: camera.distance_m,
                variant: self.known_variant(file.variant.as_deref(), &format!("{place}.variant"), variants),
                lens: file.lens.map(lens_name),
                time: self.time(file.time.as_deref(), &format!("{place}.time")),
            });
        }
        viewpoints
    }

    fn known_variant(&mut self, id: Option<&str>, place: &str, variants: &[Variant]) -> Option<String> {
        let id = id?;
        let known: Vec<&str> = variants.iter().map(|variant| variant.id.as_str()).collect();
        self.known("variant", id, place, &known)
    }

    fn known(&mut self, what: &str, id: &str, place: &str, known: &[&str]) -> Option<String> {
        if known.contains(&id) {
            return Some(id.to_owned());
        }
        self.error(
            place,
            format!("there is no {what} `{id}`{}; it is left out", choices(known)),
        );
        None
    }

    fn time(&mut self, time: Option<&str>, place: &str) -> Option<Timestamp> {
        let time = time?;
        let parsed = time.parse().ok();
        if parsed.is_none() {
            let message = format!("`{time}` is no date and time like `2026-06-21T15:00:00+02:00`; it is left out");
            self.error(place, message);
        }
        parsed
    }

    fn start(&mut self, file: &file::StartFile, scenario: &mut Scenario) {
        if let Some(id) = file.viewpoint.as_deref() {
            let known: Vec<&str> = scenario.viewpoints.iter().map(|v| v.id.as_str()).collect();
            scenario.start_viewpoint = self.known("viewpoint", id, "start.viewpoint", &known);
        }
        scenario.start_variant = self.known_variant(file.variant.as_deref(), "start.variant", &scenario.variants);
        scenario.start_time = self.time(file.time.as_deref(), "start.time");
    }

    fn rings(&mut self, rings: &[file::Ring], list: &str, projection: &Projection) -> Vec<Vec<DVec2>> {
        let indices = self.left_out.file_indices(list, rings.len());
        let rings = rings.iter().zip(indices);
        rings
            .filter_map(|(ring, index)| self.ring(&ring.0, &format!("{list}[{index}]"), projection))
            .collect()
    }

    fn holes(
        &mut self,
        holes: &[file::Ring],
        list: &str,
        first: usize,
        outer: &[DVec2],
        tolerance_m: f64,
        projection: &Projection,
    ) -> Vec<Vec<DVec2>> {
        let indices = self.left_out.file_indices(list, holes.len());
        let mut kept = Vec::new();
        for (hole, index) in holes.iter().zip(indices) {
            let place = format!("{list}[{}]", index + first);
            let Some(mut hole) = self.ring(&hole.0, &place, projection) else {
                continue;
            };
            if let Some(fault) = ring::hole_fault(outer, &hole, tolerance_m, &mut self.ring_budget) {
                self.error(place, format!("{fault}; it is left out"));
            } else {
                hole.reverse();
                kept.push(hole);
            }
        }
        kept
    }

    /// A checked ring in the site frame, counter-clockwise; a fault is reported and the ring left out.
    fn ring(&mut self, points: &[[f64; 2]], place: &str, projection: &Projection) -> Option<Vec<DVec2>> {
        match site_ring(points, projection, &mut self.ring_budget) {
            Ok(ring) => Some(ring),
            Err((point, message)) => {
                let whole = part_of(place);
                let place = point.map_or_else(|| place.to_owned(), |i| format!("{place}[{i}]"));
                self.error(place, format!("{message}; {whole} is left out"));
                None
            }
        }
    }

    /// Warns about removals of things that do not exist. `buildings` and `assets` are `None` where nothing was read.
    pub(super) fn warn_of_unknown_removals(
        &mut self,
        scenario: &Scenario,
        buildings: Option<&dyn Fn(&str) -> bool>,
        assets: Option<&dyn Fn(&str) -> bool>,
    ) {
        let places = std::mem::take(&mut self.variant_places);
        for (variant, place) in scenario.variants.iter().zip(&places) {
            for (what, key, ids, is_known) in [
                ("register holds a building", "ids", &variant.removed_ids, buildings),
                ("layer holds an object", "assets", &variant.removed_assets, assets),
            ] {
                let Some(is_known) = is_known else { continue };
                let list = format!("{place}.removed.{key}");
                for (id, index) in ids.iter().zip(self.left_out.file_indices(&list, ids.len())) {
                    if !is_known(id) {
                        let message = format!("no {what} `{id}`; nothing is removed for it");
                        self.findings.warning(format!("{list}[{index}]"), message);
                    }
                }
            }
        }
        self.variant_places = places;
    }
}

/// What is lost with the ring at `place`: the building or surface that it outlines, else the ring itself.
fn part_of(place: &str) -> &str {
    place
        .strip_suffix(".footprint")
        .or_else(|| place.strip_suffix(".polygon[0]"))
        .unwrap_or(place)
}

/// Points of a file as a checked ring, or the number of the bad point (if it is one point) and what is wrong.
pub(super) fn site_ring(
    points: &[[f64; 2]],
    projection: &Projection,
    budget: &mut u64,
) -> Result<Vec<DVec2>, (Option<usize>, String)> {
    if points.len() > ring::MAX_RING_POINTS + 1 {
        return Err((None, RingFault::TooManyPoints(points.len()).to_string()));
    }
    let mut site = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        site.push(
            projection
                .site_from_file(*point)
                .map_err(|message| (Some(index), message))?,
        );
    }
    ring::checked(site, budget).map_err(|fault| (None, fault.to_string()))
}

/// The reference that heights of cameras have: that of the site frame itself.
pub(super) fn natural_reference(site: &SiteFrame) -> HeightReference {
    match site {
        SiteFrame::RdNap { .. } => HeightReference::Nap,
        SiteFrame::Enu { .. } | SiteFrame::Local => HeightReference::Ellipsoid,
    }
}

fn choices(known: &[&str]) -> String {
    match known {
        [] => String::new(),
        _ => format!(
            " (there are {})",
            known.iter().take(20).copied().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// A text per language.
pub(super) fn text(file: Option<&Text>) -> LocalText {
    LocalText(file.cloned().unwrap_or_default())
}

fn charters(file: Option<&file::LensesFile>) -> BTreeMap<LensName, Charter> {
    let Some(file) = file else { return BTreeMap::new() };
    let lenses = [
        (LensName::Design, &file.design),
        (LensName::Participation, &file.participation),
        (LensName::Maintenance, &file.maintenance),
    ];
    let charter = |file: &file::CharterFile| Charter {
        audience: text(file.audience.as_ref()),
        question: text(file.question.as_ref()),
        work_process: text(file.work_process.as_ref()),
        replaces: text(file.replaces.as_ref()),
    };
    lenses
        .into_iter()
        .filter_map(|(name, lens)| Some((name, charter(lens.as_ref()?.charter.as_ref()?))))
        .collect()
}

fn source(file: Option<&file::SourceFile>) -> Source {
    let Some(file) = file else { return Source::default() };
    Source {
        owner: file.owner.clone().unwrap_or_default(),
        date: file.date.clone().unwrap_or_default(),
        licence: file.licence.clone().unwrap_or_default(),
        url: file.url.clone().unwrap_or_default(),
    }
}
