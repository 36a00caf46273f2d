//! Reading a scenario folder or package: every check once, every problem with its place.
//!
//! A damaged part is named and left out, the rest opens. Paths in problems are relative to what was opened.

use super::ascii_grid;
use super::convert::{Converter, RING_BUDGET};
use super::describe::is_bare_folder;
use super::file::{self, ScenarioFile, VERSION};
use super::findings::Findings;
use super::geotiff_layer;
use super::imagery_layer::{self, MAX_GEOTIFF_BYTES};
use super::mesh_layer;
use super::place::LeftOut;
use super::projection::Projection;
use super::server_layer::hide_servers;
use super::{Address, Label, Layer, LayerKind, NewSurface, Scenario};
use super::{structure, table_layer, terrain_layer};
use crate::model::Reaction;
use crate::model::points::SiteCloud;
use crate::model::{
    AddedList, Asset, BuildingRegister, CityDetail, CrsQuestion, FeatureLayer, GroundPicture, RegisteredBuilding,
    Report, Sensor, Terrain,
};
use crate::sources::refusal::{can_be_read, unknown_kind};
use crate::sources::{
    Cause, Problem, json_text,
    resource::{self, Resources, is_url, plain_path},
    table,
};
use serde_json::Value;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::{path::Path, sync::Arc};

/// Name of the scenario's own file in a folder or package.
pub const DOCUMENT: &str = "scenario.json";
/// Largest terrain grid that is read, bytes: the most heights allowed, written out with a dozen digits each.
const MAX_GRID_BYTES: u64 = 256 << 20;

/// A scenario with the data of its vector layers, read and checked (tiles are streamed later).
#[derive(Clone)]
pub struct OpenScenario {
    /// The scenario.
    pub scenario: Scenario,
    /// Where its files are read from.
    pub resources: Arc<dyn Resources>,
    /// What its own file is called there; empty for a scratch scenario, which has none.
    pub document: String,
    /// Ground heights, flat at the anchor when there is no terrain layer.
    pub terrain: Arc<Terrain>,
    /// Whether `terrain` was read; where not, no ground belongs under the data.
    pub has_terrain: bool,
    /// It was made up, level, to lay a picture on: its heights mean nothing.
    pub is_terrain_made_up: bool,
    /// Ground cover of the base.
    pub surfaces: Arc<Vec<NewSurface>>,
    /// Buildings of all tile layers.
    pub register: Arc<BuildingRegister>,
    /// Ids of the layers that they come from, each with the place in the register at which the next one begins.
    pub building_layers: Vec<(String, usize)>,
    /// Managed objects.
    pub assets: Arc<Vec<Asset>>,
    /// Ids of the layers that they come from, each with the place in the list at which the next one begins.
    pub asset_layers: Vec<(String, usize)>,
    /// Lists that were added in the program, each a layer of its own.
    pub own_lists: Vec<AddedList>,
    /// What residents said at the kiosk of this machine, trials left out.
    pub reactions: Arc<[Reaction]>,
    /// Public-space reports.
    pub reports: Arc<Vec<Report>>,
    /// Sensors.
    pub sensors: Arc<Vec<Sensor>>,
    /// Names on the map.
    pub labels: Arc<Vec<Label>>,
    /// Addresses.
    pub addresses: Arc<Vec<Address>>,
    /// Clouds of measured points.
    pub points: Vec<Arc<SiteCloud>>,
    /// Points, lines and areas of any kind, in the order of their layers.
    pub features: Arc<Vec<FeatureLayer>>,
    /// Pictures of the ground, the first one on top.
    pub imagery: Vec<Arc<dyn GroundPicture>>,
    /// In which level of detail the city model is shown, where this is one by itself.
    pub detail: Option<CityDetail>,
    /// What is asked about the coordinates, where this is one file that does not say in which system they are.
    pub crs_question: Option<CrsQuestion>,
    /// Everything wrong with the files.
    pub problems: Vec<Problem>,
}

impl OpenScenario {
    /// A scenario whose layers have not been read: no ground, nothing on it.
    pub fn without_data(scenario: Scenario, resources: Arc<dyn Resources>) -> Self {
        Self {
            scenario,
            resources,
            document: String::new(),
            terrain: Arc::new(Terrain::flat()),
            has_terrain: false,
            is_terrain_made_up: false,
            surfaces: Arc::default(),
            register: Arc::default(),
            assets: Arc::default(),
            building_layers: Vec::new(),
            asset_layers: Vec::new(),
            own_lists: Vec::new(),
            reactions: Arc::default(),
            reports: Arc::default(),
            sensors: Arc::default(),
            labels: Arc::default(),
            addresses: Arc::default(),
            points: Vec::new(),
            features: Arc::default(),
            imagery: Vec::new(),
            detail: None,
            crs_question: None,
            problems: Vec::new(),
        }
    }
}

/// Opens a scenario folder, its `scenario.json`, or a package. `Err` when nothing can be shown at all.
pub fn open(path: &Path) -> Result<OpenScenario, Vec<Problem>> {
    let (resources, document) = locate(path).map_err(|problem| vec![problem])?;
    open_from(resources, &document)
}

/// Whether `path` is a table by its name.
pub(super) fn is_table(path: &str) -> bool {
    has_extension(path, &["csv"])
}

/// Whether `path` ends in one of `extensions`, in any case.
pub(super) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let found = Path::new(plain_path(path)).extension().and_then(|e| e.to_str());
    found.is_some_and(|found| extensions.iter().any(|e| e.eq_ignore_ascii_case(found)))
}

/// Where the files are and what the scenario's own file is called there.
fn locate(path: &Path) -> Result<(Arc<dyn Resources>, String), Problem> {
    can_be_read(path)?;
    let shown = path.display().to_string();
    if path.is_dir() {
        let resources = resource::folder(path);
        if !resources.exists(DOCUMENT) {
            // Elsewhere tiles or map pictures lie, and only a scenario is wanted.
            let nothing_else = if is_bare_folder(path) {
                ", and no tileset.json, layer.json or tiles either"
            } else {
                ""
            };
            let message = format!("there is no {DOCUMENT} in this folder{nothing_else}");
            return Err(Problem::error(shown, "", message).because(Cause::WrongKind));
        }
        return Ok((resources, DOCUMENT.into()));
    }
    if has_extension(&shown, &["stadslens", "zip"]) {
        let resources = resource::archive(path).map_err(|error| error.problem(&shown, ""))?;
        if !resources.exists(DOCUMENT) {
            let message = format!("there is no {DOCUMENT} at the top of this package");
            return Err(Problem::error(shown, "", message).because(Cause::WrongKind));
        }
        return Ok((resources, DOCUMENT.into()));
    }
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name.filter(|name| has_extension(name, &["json"])) else {
        return Err(unknown_kind(path));
    };
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    Ok((resource::folder(folder), name.to_owned()))
}

/// The file structs of a document, what is wrong with its shape, and which list entries were left out.
pub(super) struct ReadFile {
    pub(super) file: ScenarioFile,
    pub(super) problems: Vec<Problem>,
    pub(super) left_out: LeftOut,
}

/// Reads the text of a `scenario.json`. `Err` when nothing of it can be used.
pub(super) fn read_file(bytes: &[u8], document: &str) -> Result<ReadFile, Vec<Problem>> {
    let one = |problem| vec![problem];
    let text = json_text::text(bytes, document).map_err(one)?;
    let mut value = json_text::parse(PhantomData::<Value>, &text, document).map_err(one)?;
    check_version(&value, document).map_err(one)?;
    let (fits, found) = structure::prune(&file::schema(), &mut value, document);
    let mut problems = found.findings.into_problems();
    if !fits {
        return Err(problems);
    }
    match serde_json::from_value(value) {
        Ok(file) => Ok(ReadFile {
            file,
            problems,
            left_out: found.left_out,
        }),
        Err(error) => {
            let message = format!("this is no scenario: {error}");
            problems.push(Problem::error(document, "", message).because(Cause::WrongKind));
            Err(problems)
        }
    }
}

fn check_version(value: &Value, document: &str) -> Result<(), Problem> {
    let refuse = |cause, message: String| Err(Problem::error(document, "version", message).because(cause));
    let no_scenario = |message: String| refuse(Cause::WrongKind, message);
    let Some(version) = value.get("version") else {
        return no_scenario("the key `version` is missing: this is no scenario".into());
    };
    match version.as_f64() {
        Some(version) if version > f64::from(VERSION) => refuse(
            Cause::Newer,
            format!(
                "this scenario has version {version} and this program reads versions up to {VERSION}: open it with a \
                 newer Stadslens, or ask its maker for an older version of it"
            ),
        ),
        Some(version) if (version - f64::from(VERSION)).abs() < f64::EPSILON => Ok(()),
        _ => no_scenario(format!(
            "{} is no version of a scenario: use {VERSION}",
            json_text::display(version)
        )),
    }
}

/// Opens the scenario called `document` in `resources`.
pub(super) fn open_from(resources: Arc<dyn Resources>, document: &str) -> Result<OpenScenario, Vec<Problem>> {
    let bytes = resources
        .read_at_most(document, json_text::MAX_BYTES as u64)
        .map_err(|error| vec![error.problem(document, "")])?;
    let read = read_file(&bytes, document)?;
    let mut converter = Converter {
        document,
        left_out: &read.left_out,
        findings: Findings::new(document),
        removal_places: Vec::new(),
        ring_budget: RING_BUDGET,
    };
    let Some((scenario, projection)) = converter.scenario(&read.file) else {
        let mut problems = read.problems;
        problems.extend(converter.findings.into_problems());
        return Err(problems);
    };
    let mut data = DataReader {
        resources: resources.clone(),
        projection,
        ring_budget: converter.ring_budget,
        problems: Vec::new(),
        open: OpenScenario::without_data(scenario, resources),
    };
    let found = data.read_layers();
    data.read_variant_files();
    let mut open = data.open;
    hide_servers(&mut open);
    let register = open.register.clone();
    let is_building = |id: &str| register.by_id.contains_key(id);
    let asset_ids: HashSet<String> = open.assets.iter().map(|asset| asset.id.clone()).collect();
    let is_asset = |id: &str| asset_ids.contains(id);
    converter.warn_of_unknown_removals(
        &open.scenario,
        found.register.then_some(&is_building as &dyn Fn(&str) -> bool),
        found.assets.then_some(&is_asset as &dyn Fn(&str) -> bool),
    );
    document.clone_into(&mut open.document);
    let refused = open.resources.refused();
    let refused = refused.iter().map(|error| error.problem(open.resources.name(), ""));
    open.problems.extend(refused.collect::<Vec<_>>());
    open.problems.extend(read.problems);
    open.problems.extend(converter.findings.into_problems());
    open.problems.append(&mut data.problems);
    let out_of_reach = open.surfaces_out_of_reach();
    open.problems.extend(out_of_reach);
    Ok(open)
}

/// The warning that objects of a file have numbers of earlier ones; `None` where they have not.
pub(super) fn taken_numbers(known: &[Asset], found: &[Asset], path: &str) -> Option<Problem> {
    let known: HashSet<&str> = known.iter().map(|asset| asset.id.as_str()).collect();
    let mut again = found.iter().filter(|asset| known.contains(asset.id.as_str()));
    let first = again.next()?;
    let message = format!(
        "{} object numbers are also those of an earlier layer (the first is `{}`); what a variant or a note says of such \
         a number counts for both",
        1 + again.count(),
        first.id
    );
    Some(Problem::warning(path, "", message).because(Cause::SameNumber))
}

/// Which kinds of data were there.
#[derive(Default)]
struct Read {
    register: bool,
    assets: bool,
}

/// Reads the files beside the scenario's own.
pub(super) struct DataReader {
    pub(super) resources: Arc<dyn Resources>,
    pub(super) projection: Projection,
    pub(super) ring_budget: u64,
    pub(super) problems: Vec<Problem>,
    pub(super) open: OpenScenario,
}

impl DataReader {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the lifetime in `LayerReader<'_>` makes its methods' paths too special for the bound"
    )]
    fn read_layers(&mut self) -> Read {
        let layers = self.open.scenario.layers.clone();
        let mut read = Read::default();
        // The ground first: everything else stands on it.
        for layer in layers.iter().filter(|layer| layer.kind == LayerKind::Terrain) {
            self.read_terrain(layer);
        }
        let mut buildings: Vec<RegisteredBuilding> = Vec::new();
        let (mut surfaces, mut assets, mut reports, mut sensors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut labels, mut addresses, mut features) = (Vec::new(), Vec::new(), Vec::new());
        for layer in &layers {
            let (path, crs) = (&layer.path, layer.crs.as_deref());
            match layer.kind {
                LayerKind::Terrain => {}
                LayerKind::Imagery => self.read_imagery(layer),
                LayerKind::Features => features.extend(self.read_feature_layer(layer)),
                LayerKind::Points => self.read_points(layer),
                LayerKind::Tiles3d => {
                    if !is_url(path) && !self.resources.exists(path) {
                        self.problems.push(
                            Problem::error(path, "", "the file is missing; this layer stays empty")
                                .because(Cause::Missing),
                        );
                    }
                    let Some(register) = &layer.register else { continue };
                    if let Some(found) =
                        self.read_features(register, None, |reader, features| reader.register(features))
                    {
                        read.register = true;
                        buildings.extend(found);
                        self.open.building_layers.push((layer.id.clone(), buildings.len()));
                    }
                }
                LayerKind::Surfaces => surfaces.extend(
                    self.read_features(path, crs, |reader, features| reader.surfaces(features))
                        .unwrap_or_default(),
                ),
                LayerKind::Assets => {
                    let found = if is_table(path) {
                        self.read_table(layer)
                    } else {
                        self.read_features(path, crs, |reader, features| reader.assets(features))
                    };
                    if let Some(found) = found {
                        read.assets = true;
                        self.add_assets(layer, found, &mut assets);
                    }
                }
                LayerKind::Reports => reports.extend(
                    self.read_features(path, crs, |reader, features| reader.reports(features))
                        .unwrap_or_default(),
                ),
                LayerKind::Sensors => sensors.extend(
                    self.read_features(path, crs, |reader, features| reader.sensors(features))
                        .unwrap_or_default(),
                ),
                LayerKind::Labels => labels.extend(
                    self.read_features(path, crs, |reader, features| reader.labels(features))
                        .unwrap_or_default(),
                ),
                LayerKind::Addresses => addresses.extend(
                    self.read_features(path, crs, |reader, features| reader.addresses(features))
                        .unwrap_or_default(),
                ),
            }
        }
        self.open.register = Arc::new(BuildingRegister::new(buildings));
        self.open.surfaces = Arc::new(surfaces);
        self.open.assets = Arc::new(assets);
        self.open.reports = Arc::new(reports);
        self.open.sensors = Arc::new(sensors);
        self.open.labels = Arc::new(labels);
        self.open.addresses = Arc::new(addresses);
        self.open.features = Arc::new(features);
        read
    }

    /// The objects of a table; `None` when nothing of it could be used.
    fn read_table(&mut self, layer: &Layer) -> Option<Vec<Asset>> {
        let path = &layer.path;
        let bytes = self.read_bytes(path, table::MAX_BYTES as u64)?;
        let mut findings = Findings::new(path);
        let ground = table_layer::Ground {
            site: *self.projection.site(),
            outline: &self.open.scenario.area.outline,
        };
        let assets = table_layer::read(&bytes, path, layer.columns.as_ref(), &ground, &mut findings);
        // That nothing can be used comes before what else is wrong.
        let objects = assets.map_err(|problem| self.problems.push(problem)).ok();
        self.problems.extend(findings.into_problems());
        Some(objects?.assets)
    }

    /// Adds the objects of a layer to those of the layers before it.
    fn add_assets(&mut self, layer: &Layer, found: Vec<Asset>, assets: &mut Vec<Asset>) {
        self.problems.extend(taken_numbers(assets, &found, &layer.path));
        assets.extend(found);
        self.open.asset_layers.push((layer.id.clone(), assets.len()));
    }

    fn read_terrain(&mut self, layer: &Layer) {
        let path = &layer.path;
        if self.open.has_terrain {
            let message = "there is another terrain layer already; this one is left out";
            self.problems
                .push(Problem::error(path, "", message).because(Cause::Duplicate));
            return;
        }
        let mut findings = Findings::new(path);
        let terrain = if has_extension(path, &["tif", "tiff"]) {
            self.read_geotiff(layer, &mut findings)
        } else if has_extension(path, &["json"]) {
            let area = &self.open.scenario.area;
            mesh_layer::terrain(&*self.resources, path, area.site, &area.outline, &mut findings)
        } else {
            let Some(bytes) = self.read_bytes(path, MAX_GRID_BYTES) else {
                return;
            };
            ascii_grid::read(&bytes, path, &mut findings).and_then(|grid| {
                terrain_layer::terrain(&grid, layer.height_reference, &self.projection).map_err(|message| {
                    Problem::error(path, "", format!("{message}; the ground stays flat")).because(Cause::Place)
                })
            })
        };
        self.problems.extend(findings.into_problems());
        match terrain {
            Ok(terrain) => {
                self.open.terrain = Arc::new(terrain);
                self.open.has_terrain = true;
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    fn read_imagery(&mut self, layer: &Layer) {
        let site = *self.projection.site();
        let picture = imagery_layer::open(&self.resources, layer, site, &mut self.problems);
        if picture.as_ref().is_some_and(|picture| picture.host().is_some()) {
            // Nothing is asked over a network before somebody wants to see it.
            let own = self.open.scenario.layers.iter_mut().filter(|own| own.id == layer.id);
            own.for_each(|own| own.visible = false);
        }
        self.open.imagery.extend(picture);
    }

    fn read_geotiff(&self, layer: &Layer, findings: &mut Findings) -> Result<Terrain, Problem> {
        let path = &layer.path;
        let source = self.resources.open(path, MAX_GEOTIFF_BYTES);
        let source = source.map_err(|error| error.problem(path, ""))?;
        let area = &self.open.scenario.area;
        geotiff_layer::terrain(source, path, layer.height_reference, area.site, &area.outline, findings)
    }

    pub(super) fn read_bytes(&mut self, path: &str, limit: u64) -> Option<Vec<u8>> {
        self.resources
            .read_at_most(path, limit)
            .map_err(|error| self.problems.push(error.problem(path, "")))
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_of_a_folder_without_anything_it_is_said_that_nothing_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let told = || open(folder.path()).err().unwrap().remove(0).message;
        assert!(told().ends_with("and no tileset.json, layer.json or tiles either"));
        std::fs::write(folder.path().join("tileset.json"), "{}").unwrap();
        assert_eq!(told(), "there is no scenario.json in this folder");
    }
}
