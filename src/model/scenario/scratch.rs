//! A scenario around data that has none: a bare tileset, a single model, in [`super::scratch_vector`] a vector file, in
//! [`super::scratch_points`] a point cloud, in [`super::scratch_obj`] an OBJ, in [`super::scratch_raster`] a raster.
//!
//! It has one layer, one viewpoint that frames the data, no ground and no variants. Nothing is written.

use super::read::{has_extension, open};
use super::scratch_raster::is_flat_raster;
use super::server_layer::title_of;
use super::{Area, Layer, LayerKind, LocalText, OpenScenario, Scenario, Source, Viewpoint};
use crate::georef::{Ecef, HeightReference, SiteFrame, SitePos, lon_lat_h_from_ecef};
use crate::model::CrsAnswer;
use crate::sources::{
    Cause, Problem,
    cityjson::{LodChoice, is_city_json},
    obj::is_obj,
    points::is_points,
    refusal::can_be_read,
    remote::{HttpResources, Network},
    resource,
    tiles3d::{self, BoundingVolume, DecodeRequest, Tile, TileId, TileTree},
    vector,
};
use bevy::math::{DVec2, DVec3};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Id of the viewpoint that frames the data.
const HOME: &str = "home";
/// The one layer of tiles and models.
const TILES: [(LayerKind, &str); 1] = [(LayerKind::Tiles3d, "tiles")];

/// Eye distance for a ball of radius 1 that just fits a 45° field of view.
const FRAMING: f64 = 2.7;

/// Opens whatever `path` is: a scenario folder, file or package, else a tileset (also by its `http` or `https` address), model,
/// raster, vector file or point cloud in a scratch scenario. An address is asked, so call it from a thread that may wait.
pub fn open_any(path: &Path) -> Result<OpenScenario, Vec<Problem>> {
    open_with(path, OpenWishes::default())
}

/// What a person wants of a file that is opened by itself. It counts where the file is of a kind that it has a meaning for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenWishes {
    /// In which level of detail a city model is shown.
    pub detail: LodChoice,
    /// In which coordinate system a map file, raster, point cloud or city model is, whatever it says itself.
    pub crs: Option<CrsAnswer>,
}

/// The same as [`open_any`], as a person wants it.
///
/// # Errors
/// When nothing of it can be shown.
pub fn open_with(path: &Path, wishes: OpenWishes) -> Result<OpenScenario, Vec<Problem>> {
    let shown = path.display().to_string();
    if let Some(url) = HttpResources::url_of(path) {
        let opened = HttpResources::open(&Network::of_program(), url);
        let (resources, root) = opened.map_err(|error| vec![error.problem(url, "")])?;
        if has_extension(&root, &["glb", "gltf", "b3dm"]) {
            return OpenScenario::scratch_of_model(resources, &root, &title_of(url));
        }
        return OpenScenario::scratch_of_tiles(resources, &root, &title_of(url));
    }
    can_be_read(path).map_err(|problem| vec![problem])?;
    if path.is_dir() && !path.join("scenario.json").is_file() && path.join("tileset.json").is_file() {
        return OpenScenario::scratch_for_tileset(&path.join("tileset.json"));
    }
    if path.is_file() && has_extension(&shown, &["3tz", "3dtiles"]) {
        return OpenScenario::scratch_for_tileset(path);
    }
    if tiles3d::is_payload(path) {
        return OpenScenario::scratch_for_model(path);
    }
    if path.is_file() && is_obj(&shown) {
        return OpenScenario::scratch_for_obj(path);
    }
    if path.is_file() && has_extension(&shown, &["json"]) && is_tileset(path) {
        return OpenScenario::scratch_for_tileset(path);
    }
    if let Some(opened) = OpenScenario::scratch_for_raster(path, wishes.crs) {
        return opened;
    }
    if path.is_file() && is_city_json(path) {
        return OpenScenario::scratch_for_city_model(path, wishes, None);
    }
    if path.is_file() && vector::is_vector(path) {
        return OpenScenario::scratch_for_vector(path, wishes.crs);
    }
    if path.is_file() && is_points(path) {
        return OpenScenario::scratch_for_points(path, wishes.crs);
    }
    open(path)
}

/// Whether a coordinate system can be said of what `path` is: a map file, a raster, a point cloud or a city model.
pub fn takes_crs(path: &Path) -> bool {
    is_flat_raster(path) || path.is_file() && (is_city_json(path) || vector::is_vector(path) || is_points(path))
}

/// Opens a city model in a level of detail. Where it is shown already, `site` is the frame that it stays in.
///
/// # Errors
/// When it is no city model, or nothing of it can be shown.
pub fn open_city_model(path: &Path, wishes: OpenWishes, site: Option<SiteFrame>) -> Result<OpenScenario, Vec<Problem>> {
    OpenScenario::scratch_for_city_model(path, wishes, site)
}

/// Whether a JSON file is a tileset, judged by its name or its keys.
fn is_tileset(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name.eq_ignore_ascii_case("scenario.json") {
        return false;
    }
    let Some((resources, name)) = beside(path) else {
        return false;
    };
    let keys = |bytes: &[u8]| {
        serde_json::from_slice::<TilesetKeys>(bytes).is_ok_and(|keys| keys.root.is_some() && keys.asset.is_some())
    };
    name.eq_ignore_ascii_case("tileset.json")
        || resources
            .read_at_most(&name, tiles3d::MAX_TILESET_BYTES)
            .is_ok_and(|bytes| keys(&bytes))
}

/// The keys that every tileset has and no scenario.
#[derive(serde::Deserialize)]
struct TilesetKeys {
    asset: Option<serde::de::IgnoredAny>,
    root: Option<serde::de::IgnoredAny>,
}

/// The folder of a file as resources, and its name in it.
pub(super) fn beside(path: &Path) -> Option<(Arc<dyn resource::Resources>, String)> {
    let name = path.file_name()?.to_str()?.to_owned();
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    Some((resource::folder(folder), name))
}

pub(super) fn no_file_name(path: &Path) -> Vec<Problem> {
    let message = "the name of this file is not plain text; rename it";
    vec![Problem::error(path.display().to_string(), "", message).because(Cause::WrongKind)]
}

/// Subtrees of an implicit tileset that are read to see where its contents lie.
const COARSE_SUBTREES: usize = 32;
/// The same of one on a server, which takes its time for each.
const COARSE_SUBTREES_ASKED: usize = 4;

impl OpenScenario {
    /// A scratch scenario around a tileset.json or an archive with one.
    pub fn scratch_for_tileset(path: &Path) -> Result<Self, Vec<Problem>> {
        let (resources, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        let title = match path.parent().and_then(Path::file_name).and_then(|f| f.to_str()) {
            Some(folder) if name.eq_ignore_ascii_case("tileset.json") => folder.to_owned(),
            _ => name.clone(),
        };
        Self::scratch_of_tiles(resources, &name, &title)
    }

    /// A scratch scenario around the tileset called `name` in `resources`.
    pub(super) fn scratch_of_tiles(
        resources: Arc<dyn resource::Resources>,
        name: &str,
        title: &str,
    ) -> Result<Self, Vec<Problem>> {
        let subtrees = if resources.remote().is_some() {
            COARSE_SUBTREES_ASKED
        } else {
            COARSE_SUBTREES
        };
        let (mut tree, mut problems) =
            tiles3d::read_tileset_coarsely(resources.clone(), name, subtrees).map_err(|problem| vec![problem])?;
        read_towards_the_middle(&mut tree, subtrees);
        let is_filled =
            |(number, tile): (u32, &Tile)| !tile.contents.is_empty() || tree.is_subtree_awaited(TileId(number));
        if !(0..).zip(&tree.tiles).any(is_filled) {
            let message = "no tile of it has a content, so there is nothing to show";
            problems.push(Problem::error(name, "root", message).because(Cause::Empty));
        }
        Self::framed(resources, name, title, (&tree, problems), false)
    }

    /// A scratch scenario around tiles that have been read; whether all of them shall be in view, or where most of what is
    /// in them is.
    fn framed(
        resources: Arc<dyn resource::Resources>,
        name: &str,
        title: &str,
        (tree, problems): (&TileTree, Vec<Problem>),
        is_whole: bool,
    ) -> Result<Self, Vec<Problem>> {
        let middle = middle_tile(tree);
        let (center, radius_m) = middle.map_or((DVec3::ZERO, 100.0), |tile| ball(&volume_of(tile)));
        let refuse = |message: String| vec![Problem::error(name, "root.boundingVolume", message).because(Cause::Place)];
        if !center.is_finite() || !radius_m.is_finite() {
            return Err(refuse("the bounding volume has numbers that are not finite".into()));
        }
        let (mut site, mut target) = if tree.is_geocentric {
            let place = lon_lat_h_from_ecef(Ecef(center)).map_err(|error| refuse(error.to_string()))?;
            let site = SiteFrame::around(place);
            let target = site
                .site_from_ecef(Ecef(center))
                .map_err(|error| refuse(error.to_string()))?;
            (site, target)
        } else {
            (SiteFrame::Local, SitePos(center))
        };
        let mut radius_m = radius_m;
        // A volume may be a hundred times as large as what lies in it: what lies in it decides where to look.
        if let Some((seen, seen_radius_m)) = middle.and_then(|tile| seen_in(tile, tree, site, is_whole)) {
            (target, radius_m) = (seen, seen_radius_m);
            if tree.is_geocentric
                && let Ok(place) = site.lon_lat_h_from_site(seen)
            {
                let near = SiteFrame::around(place);
                if let Ok(moved) = near.site_from_lon_lat_h(place) {
                    (site, target) = (near, moved);
                }
            }
        }
        let scenario = scratch(title, name, site, home(target, radius_m), &TILES);
        let mut open = Self::without_data(scenario, resources);
        open.problems = problems;
        Ok(open)
    }

    /// A scratch scenario around one tile without a tileset, whose coordinates are taken as they are.
    pub fn scratch_for_model(path: &Path) -> Result<Self, Vec<Problem>> {
        let (resources, name) = beside(path).ok_or_else(|| no_file_name(path))?;
        Self::scratch_of_model(resources, &name, &name)
    }

    fn scratch_of_model(
        resources: Arc<dyn resource::Resources>,
        name: &str,
        title: &str,
    ) -> Result<Self, Vec<Problem>> {
        let (tree, problems) =
            tiles3d::read_lone_tile(resources.clone(), name, true).map_err(|problem| vec![problem])?;
        Self::framed(resources, name, title, (&tree, problems), true)
    }
}

/// The ball around the box around all places; `None` of none.
fn ball_around(places: impl Iterator<Item = DVec3>) -> Option<(DVec3, f64)> {
    let bounds = places.fold(None, |bounds: Option<(DVec3, DVec3)>, p| {
        Some(bounds.map_or((p, p), |(low, high)| (low.min(p), high.max(p))))
    });
    bounds.map(|(low, high)| ((low + high) / 2.0, low.distance(high) / 2.0))
}

/// Reads external tilesets, at most `most` and each in the middle of what is known, until a tile lies there: of a country
/// that is enough to see where to look.
fn read_towards_the_middle(tree: &mut TileTree, most: usize) {
    if !tree.has_external_awaited() {
        return;
    }
    for _ in 0..most {
        let Some(middle) = middle_number(tree) else { return };
        let Some(request) = tree.subtree_request(middle) else {
            return;
        };
        // What is wrong with it is told when it is looked at.
        let Ok(part) = request.read() else { return };
        tree.attach(middle, part);
    }
}

/// The number of the tile with content, or with what is read later, that lies nearest to the middle of all of them.
fn middle_number(tree: &TileTree) -> Option<TileId> {
    let middle = middle_tile(tree)?;
    let at = tree.tiles.iter().position(|tile| std::ptr::eq(tile, middle))?;
    u32::try_from(at).ok().map(TileId)
}

/// The tile with content that lies nearest to the middle of all of them; the root when none has content. An external tileset
/// that is not read counts as content.
fn middle_tile(tree: &TileTree) -> Option<&Tile> {
    let has_content =
        |(number, tile): (u32, &Tile)| !tile.contents.is_empty() || tree.is_external_awaited(TileId(number));
    let filled: Vec<&Tile> = (0..)
        .zip(&tree.tiles)
        .filter(|numbered| has_content(*numbered))
        .map(|(_, tile)| tile)
        .collect();
    // Coarse pictures of the whole say less of where the middle is than what has nothing finer below it.
    let leaves: Vec<&Tile> = filled.iter().copied().filter(|tile| tile.children.is_empty()).collect();
    let tiles = if leaves.is_empty() { filled } else { leaves };
    let centers: Vec<DVec3> = tiles.iter().map(|tile| ball(&volume_of(tile)).0).collect();
    let middle = DVec3::new(
        median(centers.iter().map(|c| c.x)),
        median(centers.iter().map(|c| c.y)),
        median(centers.iter().map(|c| c.z)),
    );
    let nearest = tiles
        .into_iter()
        .zip(centers)
        .min_by(|(_, a), (_, b)| a.distance_squared(middle).total_cmp(&b.distance_squared(middle)));
    nearest.map(|(tile, _)| tile).or(tree.tiles.first())
}

fn volume_of(tile: &Tile) -> BoundingVolume {
    tile.content_volume.unwrap_or(tile.bounding_volume)
}

/// The middle value, 0 of none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(&mut values.collect::<Vec<_>>(), 0.5)
}

/// The value that `share` of the values stay under, 0 of none.
pub(super) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list"
    )]
    let at = (values.len().saturating_sub(1) as f64 * share).round() as usize;
    values.get(at).copied().unwrap_or_default()
}

/// Where all of what a tile holds lies, or most of it where it is a piece of a town, and a radius that shows it, metres.
fn seen_in(tile: &Tile, tree: &TileTree, site: SiteFrame, is_whole: bool) -> Option<(SitePos, f64)> {
    let request = DecodeRequest {
        resources: tree.resources.clone(),
        path: tile.contents.first()?.clone(),
        root_from_tile: tile.root_from_tile,
        is_geocentric: tree.is_geocentric,
        site,
        volume: Some(tile.bounding_volume),
        gltf_up_axis: tree.gltf_up_axis,
        height_offset_m: 0.0,
    };
    let content = tiles3d::decode_content(&request).ok()?;
    let corners: Vec<DVec3> = content.places().filter(|p| p.is_finite()).collect();
    if corners.is_empty() {
        return None;
    }
    if is_whole || content.meshes.is_empty() {
        let (center, radius_m) = ball_around(corners.into_iter())?;
        return Some((SitePos(center), radius_m.max(1.0)));
    }
    // Where most corners lie close together is the village; farms far around it do not count.
    let middle = DVec2::new(median(corners.iter().map(|p| p.x)), median(corners.iter().map(|p| p.y)));
    let mut away: Vec<f64> = corners.iter().map(|p| p.truncate().distance(middle)).collect();
    let mut heights: Vec<f64> = corners.iter().map(|p| p.z).collect();
    let center = middle.extend(quantile(&mut heights, 0.05));
    Some((SitePos(center), quantile(&mut away, 0.4).max(1.0)))
}

/// The ball around a volume.
fn ball(volume: &BoundingVolume) -> (DVec3, f64) {
    match volume {
        BoundingVolume::Sphere { center, radius } => (*center, *radius),
        BoundingVolume::Box { center, half_axes }
        | BoundingVolume::Region { center, half_axes, .. }
        | BoundingVolume::S2 { center, half_axes, .. } => {
            let square: f64 = half_axes.iter().map(|axis| axis.length_squared()).sum();
            (*center, square.sqrt())
        }
    }
}

pub(super) fn home(target: SitePos, radius_m: f64) -> Viewpoint {
    Viewpoint {
        id: HOME.into(),
        title: LocalText(
            [("nl", "Overzicht"), ("en", "Overview")]
                .map(|(l, t)| (l.into(), t.into()))
                .into(),
        ),
        caption: LocalText::default(),
        target,
        heading_deg: 0.0,
        pitch_deg: -35.0,
        distance_m: (FRAMING * radius_m).clamp(1.0, 20_000_000.0),
        variant: None,
        lens: None,
        time: None,
    }
}

/// A scenario with a layer for each of `kinds`, which has that id.
pub(super) fn scratch(
    title: &str,
    path: &str,
    site: SiteFrame,
    home: Viewpoint,
    kinds: &[(LayerKind, &str)],
) -> Scenario {
    let title = LocalText(BTreeMap::from([("nl".to_owned(), title.to_owned())]));
    Scenario {
        title: title.clone(),
        synthetic: false,
        area: Area {
            name: title.clone(),
            municipality: String::new(),
            municipality_code: String::new(),
            site,
            outline: Vec::new(),
        },
        plan_area: None,
        layers: kinds
            .iter()
            .map(|(kind, id)| Layer {
                id: (*id).into(),
                title: title.clone(),
                kind: *kind,
                path: path.into(),
                height_reference: HeightReference::Ellipsoid,
                height_shift_m: 0.0,
                id_property: None,
                register: None,
                columns: None,
                style: None,
                crs: None,
                source: Source::default(),
                certainty: super::Certainty::Decided,
                visible: true,
                synthetic: false,
            })
            .collect(),
        phases: Vec::new(),
        variants: Vec::new(),
        start_viewpoint: Some(home.id.clone()),
        viewpoints: vec![home],
        charters: BTreeMap::new(),
        notes: Vec::new(),
        start_variant: None,
        start_time: None,
    }
}

#[cfg(test)]
#[path = "scratch_tests.rs"]
mod tests;
