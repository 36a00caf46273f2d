//! From the file structs to the domain: meaning is checked here, once, every problem with its place.
//!
//! What is wrong is left out and named; the rest is kept. Only an area without a usable anchor stops everything.

mod notes;
mod plan_area;
mod rings;
mod variants;

pub(super) use rings::{BadRing, site_ring};

use super::columns::Columns;
use super::feature_style::StyleWish;
use super::file::{self, ScenarioFile, Text};
use super::findings::Findings;
use super::place::LeftOut;
use super::projection::Projection;
use super::read::{has_extension, is_table};
use super::server_layer::layer_path;
use super::words::{certainty, layer_kind, lens_name};
use super::{Area, Charter, Layer, LayerKind, LensName, LocalText, Phase, Scenario, Source, Variant, Viewpoint};
use crate::georef::{HeightReference, LonLatH, RdNap, SiteFrame};
use crate::sources::{Cause, crs_name, resource};
use jiff::Timestamp;
use std::collections::BTreeMap;

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
    /// Places of what the kept variants remove, in their order.
    pub(super) removal_places: Vec<String>,
    /// What checking rings may still cost.
    pub(super) ring_budget: u64,
}

impl Converter<'_> {
    fn error(&mut self, place: impl ToString, message: impl ToString) {
        self.findings.error(place, message);
    }

    fn place_error(&mut self, place: impl ToString, message: impl ToString) {
        self.findings.error_because(Cause::Place, place, message);
    }

    /// The scenario, or `None` when it has no usable anchor.
    pub(super) fn scenario(&mut self, file: &ScenarioFile) -> Option<(Scenario, Projection)> {
        let site = self.site(&file.area.anchor)?;
        let crs = file.crs.as_deref().unwrap_or("EPSG:28992");
        let projection = match Projection::new(site, crs) {
            Ok(projection) => projection,
            Err(message) => {
                self.place_error("crs", message);
                return None;
            }
        };
        let area = self.area(file, site, &projection);
        let plan_area = file
            .plan_area
            .as_ref()
            .and_then(|file| self.plan_area(file, &projection));
        let layers = self.layers(file.layers.as_deref().unwrap_or_default());
        let phases = self.phases(file.phases.as_deref().unwrap_or_default());
        let variants = self.variants(file.variants.as_deref().unwrap_or_default(), &phases, &projection);
        let viewpoints = self.viewpoints(file.viewpoints.as_deref().unwrap_or_default(), &variants, &projection);
        let notes = self.notes(file.annotations.as_deref().unwrap_or_default(), &variants, &projection);
        let mut scenario = Scenario {
            title: text(Some(&file.title)),
            synthetic: file.synthetic.unwrap_or(false),
            area,
            plan_area,
            layers,
            phases,
            variants,
            viewpoints,
            charters: charters(file.lenses.as_ref()),
            notes,
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
                    self.place_error("area.anchor.rd", format!("{x_m}, {y_m} is no place in RD: {advice}"));
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
                    self.place_error("area.anchor.lon_lat", message);
                    return None;
                }
                let h_m = anchor.height_m.unwrap_or(0.0);
                Some(SiteFrame::Enu {
                    anchor: LonLatH { lon_deg, lat_deg, h_m },
                })
            }
            _ => {
                self.place_error(
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
                self.findings
                    .error_because(Cause::Duplicate, format!("{place}.id"), message);
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
            let path = match layer_path(self.document, file) {
                Ok(path) => path,
                Err(error) => {
                    let message = format!("{error}; {place} is left out");
                    self.findings
                        .error_because(error.cause(), format!("{place}.path"), message);
                    continue;
                }
            };
            let register = file.register.as_deref().and_then(|register| {
                resource::join(self.document, register)
                    .map_err(|error| {
                        let message = format!("{error}; it is left out");
                        self.findings
                            .error_because(error.cause(), format!("{place}.register"), message);
                    })
                    .ok()
            });
            let kind = layer_kind(file.kind);
            let height_reference = match (file.height_reference, kind) {
                (Some(reference), _) => reference,
                (None, LayerKind::Terrain) if !has_extension(&path, &["json"]) => {
                    let message = format!("say whether the heights are `nap` or `ellipsoid`; {place} is left out");
                    self.place_error(format!("{place}.height_reference"), message);
                    continue;
                }
                // The specifications of 3D Tiles and of quantized mesh fix it.
                (None, LayerKind::Tiles3d | LayerKind::Terrain) => HeightReference::Ellipsoid,
                (None, _) => HeightReference::Nap,
            };
            layers.push(Layer {
                id: file.id.clone(),
                title: text(file.title.as_ref()),
                kind,
                columns: self.columns(file, &place, kind, &path),
                style: self.style(file, &place, kind),
                crs: self.layer_crs(file, &place, kind, &path),
                path,
                height_reference,
                height_shift_m: self.height_shift_m(file, &place, kind),
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

    /// Metres upwards from the ellipsoid; beside NAP nobody could say from where.
    fn height_shift_m(&mut self, file: &file::LayerFile, place: &str, kind: LayerKind) -> f64 {
        let Some(shift_m) = file.height_shift_m else { return 0.0 };
        let message = match (kind, file.height_reference) {
            (LayerKind::Tiles3d, None | Some(HeightReference::Ellipsoid)) => return shift_m,
            (LayerKind::Tiles3d, Some(HeightReference::Nap)) => {
                "tiles are moved from heights above the ellipsoid: say `ellipsoid` in `height_reference`; this does nothing"
            }
            _ => "only a layer of kind tiles3d is moved up or down; this does nothing",
        };
        self.findings.warning(format!("{place}.height_shift_m"), message);
        0.0
    }

    fn columns(&mut self, file: &file::LayerFile, place: &str, kind: LayerKind, path: &str) -> Option<Columns> {
        let columns = file.columns.as_ref()?;
        if kind == LayerKind::Assets && is_table(path) {
            return Some(Columns::from_file(columns));
        }
        let message = "only a layer of kind assets whose path ends in `.csv` has columns; this does nothing";
        self.findings.warning(format!("{place}.columns"), message);
        None
    }

    fn style(&mut self, file: &file::LayerFile, place: &str, kind: LayerKind) -> Option<StyleWish> {
        let style = file.style.as_ref()?;
        let place = format!("{place}.style");
        if kind == LayerKind::Features {
            return Some(StyleWish::from_file(style, &place, &mut self.findings));
        }
        let message = "only a layer of kind features has a style; this does nothing";
        self.findings.warning(place, message);
        None
    }

    fn layer_crs(&mut self, file: &file::LayerFile, place: &str, kind: LayerKind, path: &str) -> Option<String> {
        let crs = file.crs.clone()?;
        let instead = match kind {
            LayerKind::Tiles3d => Some("3D Tiles are in EPSG:4978 by their specification"),
            LayerKind::Terrain if has_extension(path, &["json"]) => Some("its tiles say their own CRS"),
            LayerKind::Terrain if !has_extension(path, &["tif", "tiff"]) => {
                Some("a height grid without a CRS is in that of the scenario")
            }
            LayerKind::Terrain => {
                Some("a GeoTIFF is only placed by the CRS that it names: write it in with gdal_edit.py")
            }
            LayerKind::Points => Some("points are only placed by the CRS that they name: write it in with las2las"),
            LayerKind::Assets if is_table(path) => Some("that of a table stands in its `columns`"),
            _ => None,
        };
        if let Some(instead) = instead {
            let message = format!("this does nothing here: {instead}");
            self.findings.warning(format!("{place}.crs"), message);
            return None;
        }
        if crs_name::of_code_name(&crs).is_none() {
            let message = format!("the CRS `{crs}` is not known: write it as `EPSG:28992`; it is left out");
            self.place_error(format!("{place}.crs"), message);
            return None;
        }
        Some(crs)
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

    fn viewpoints(
        &mut self,
        files: &[file::ViewpointFile],
        variants: &[Variant],
        projection: &Projection,
    ) -> Vec<Viewpoint> {
        let mut viewpoints = Vec::new();
        for (place, file) in self.unique("viewpoints", files, |v| &v.id) {
            let camera = &file.camera;
            let target_place = format!("{place}.camera.target");
            let Some(target) = self.site_place(camera.target, &target_place, &place, projection) else {
                continue;
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
