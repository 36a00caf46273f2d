//! Files that describe a set of tiles: `TileJSON` with a few keys more, `tilemapresource.xml`, and what a WMTS says of
//! itself.
//!
//! A description in JSON is `TileJSON`: `tiles` (paths beside it, or addresses), `minzoom`, `maxzoom`, `bounds` (degrees),
//! `scheme` (`xyz` or `tms`). Ours are `tile_matrix_set` (`EPSG:3857`, which is meant when it is absent, or `EPSG:28992`
//! for the national one) and, instead of `tiles`, `wmts`: the address or the file of the capabilities of a WMTS, with
//! `layer`, `style` and `format` where it has several.

use super::address::TileAddress;
use super::folder::TileFolder;
use super::grid::{FINEST_ZOOM, TileGrid, set_of_name};
use super::mbtiles::box_in;
use super::pixels::PixelSource;
use super::server::{ServerOptions, ServerTiles, server_of};
use super::tiles::{TileStore, TiledPixels};
use super::{map_resource, wmts};
use crate::sources::http::{Expected, Want};
use crate::sources::resource::{Resources, join};
use crate::sources::{Cause, Problem, json_text, shortened};
use serde::Deserialize;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Largest description, bytes.
const MAX_BYTES: u64 = 32 << 20;
/// Most files of one set that are listed for a package.
const MAX_LISTED: usize = 200_000;

/// A description in JSON.
#[derive(Debug, Default, Deserialize)]
struct Description {
    #[serde(default)]
    name: String,
    #[serde(default)]
    attribution: String,
    #[serde(default)]
    tiles: Vec<String>,
    minzoom: Option<u8>,
    maxzoom: Option<u8>,
    bounds: Option<[f64; 4]>,
    scheme: Option<String>,
    tile_matrix_set: Option<String>,
    wmts: Option<String>,
    layer: Option<String>,
    style: Option<String>,
    format: Option<String>,
}

/// A set of tiles, however it was described.
#[derive(Debug, Clone)]
pub(super) struct TileSet {
    pub(super) grid: TileGrid,
    pub(super) address: TileAddress,
    pub(super) name: String,
    pub(super) attribution: String,
}

/// A described set of tiles, ready to be read.
#[derive(Debug)]
pub struct DescribedTiles {
    /// Its pixels.
    pub source: Arc<dyn PixelSource>,
    /// How its tiles lie.
    pub grid: TileGrid,
    /// Where they lie.
    pub address: TileAddress,
    /// What it is called.
    pub name: String,
    /// Whom to name.
    pub attribution: String,
    /// Host that is asked for tiles.
    pub host: Option<String>,
}

/// Whether a file describes a set of tiles of pictures, by its first bytes.
pub(super) fn is_description(head: &[u8]) -> bool {
    let holds = |word: &str| head.windows(word.len()).any(|part| part == word.as_bytes());
    if holds("<TileMap ") || holds("<TileMap\n") || holds("<TileMap\r") {
        return true;
    }
    if holds("Capabilities") && (holds("/wmts/1.0") || holds("OGC WMTS")) {
        return true;
    }
    let is_json = head.iter().find(|byte| !byte.is_ascii_whitespace() && **byte < 0x80) == Some(&b'{');
    let is_terrain = holds("quantized-mesh") || holds("heightmap-1.0");
    is_json && !is_terrain && (holds("\"tilejson\"") || holds("\"tile_matrix_set\"") || holds("\"wmts\""))
}

/// The host that the description at `path` has its tiles from; `None` where they are files, or where it makes no sense.
/// Nothing is asked.
pub fn asked_host(resources: &Arc<dyn Resources>, path: &str) -> Option<String> {
    let offline = ServerOptions {
        cache: None,
        is_offline: true,
        cache_bytes: 0,
    };
    let bytes = resources.read_at_most(path, MAX_BYTES).ok()?;
    if let Ok(Description { wmts: Some(wmts), .. }) = serde_json::from_slice(&bytes)
        && is_address(&wmts)
    {
        return Some(server_of(&wmts, path, &offline).ok()?.host().to_owned());
    }
    open_description(resources, path, &offline).ok()?.host
}

/// Opens the set that the file at `path` describes.
///
/// # Errors
/// When it cannot be read, makes no sense, or its server may not be asked or does not answer.
pub fn open_description(
    resources: &Arc<dyn Resources>,
    path: &str,
    options: &ServerOptions,
) -> Result<DescribedTiles, Problem> {
    let set = read(&**resources, path, options)?;
    opened(resources, path, set, options)
}

/// A folder of tiles as `z/x/y.ending`, without a description.
pub fn open_plain_folder(
    resources: &Arc<dyn Resources>,
    path: &str,
    ending: &str,
    zooms: [u8; 2],
    limits: [u32; 4],
) -> Result<DescribedTiles, Problem> {
    let wrong = |message: String| Problem::error(path, "", message).because(Cause::Content);
    let mut grid = TileGrid::known(super::TileMatrixSet::WebMercatorQuad, zooms[0], zooms[1]);
    let Some(finest) = grid.levels.first_mut() else {
        return Err(wrong("there are no tiles".into()));
    };
    finest.limits = limits.map(|n| n.min(finest.size[0] - 1));
    let address = TileAddress::new(vec![format!("{{z}}/{{x}}/{{y}}.{ending}")], false).map_err(wrong)?;
    let set = TileSet {
        grid,
        address,
        name: String::new(),
        attribution: String::new(),
    };
    opened(resources, path, set, &ServerOptions::of_machine())
}

/// Files that the description at `path` leads to, for a package. Tiles of a server are none.
pub fn description_files(resources: &dyn Resources, path: &str) -> Vec<String> {
    let offline = ServerOptions {
        cache: None,
        is_offline: true,
        cache_bytes: 0,
    };
    let mut files = Vec::new();
    if let Ok(bytes) = resources.read_at_most(path, MAX_BYTES)
        && let Ok(Description { wmts: Some(wmts), .. }) = serde_json::from_slice(&bytes)
        && let Ok(file) = join(path, &wmts)
    {
        files.push(file);
    }
    if let Ok(set) = read(resources, path, &offline)
        && !is_address(set.address.template())
    {
        let listed = resources.files_under(set.address.folder(), MAX_LISTED);
        files.extend(listed.into_iter().filter(|file| set.address.may_be(file)));
    }
    files
}

fn opened(
    resources: &Arc<dyn Resources>,
    path: &str,
    set: TileSet,
    options: &ServerOptions,
) -> Result<DescribedTiles, Problem> {
    let TileSet {
        grid,
        address,
        name,
        attribution,
    } = set;
    let levels = grid.levels.clone();
    let path = path.to_owned();
    let (source, host): (Arc<dyn PixelSource>, _) = if is_address(address.template()) {
        let store = ServerTiles {
            server: server_of(address.template(), &path, options)?,
            address: address.clone(),
            levels,
            path,
            ahead: Mutex::default(),
        };
        let host = store.host().map(str::to_owned);
        (Arc::new(TiledPixels::new(store, grid.clone())), host)
    } else {
        let store = TileFolder {
            resources: resources.clone(),
            address: address.clone(),
            levels,
            path,
        };
        (Arc::new(TiledPixels::new(store, grid.clone())), None)
    };
    Ok(DescribedTiles {
        source,
        grid,
        address,
        name,
        attribution,
        host,
    })
}

fn is_address(template: &str) -> bool {
    template.contains("://")
}

fn read(resources: &dyn Resources, path: &str, options: &ServerOptions) -> Result<TileSet, Problem> {
    let bytes = resources
        .read_at_most(path, MAX_BYTES)
        .map_err(|error| error.problem(path, ""))?;
    let is_xml = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && **byte < 0x80) == Some(&b'<');
    if is_xml {
        return read_xml(&bytes, path, &Description::default());
    }
    let text = json_text::text(&bytes, path)?;
    let description: Description = serde_json::from_str(&text).map_err(|error| {
        Problem::error(path, "", format!("this is no description of tiles ({error})")).because(Cause::WrongKind)
    })?;
    let wrong = |place: &str, message: String| Problem::error(path, place, message).because(Cause::Content);
    if let Some(wmts) = &description.wmts {
        return read_wmts(resources, path, wmts, &description, options);
    }
    let set_name = description.tile_matrix_set.as_deref().unwrap_or("EPSG:3857");
    let set = set_of_name(set_name).ok_or_else(|| {
        let message = format!(
            "`{}` is not known; EPSG:28992 and EPSG:3857 are",
            shortened(set_name, 60)
        );
        wrong("tile_matrix_set", message)
    })?;
    let is_south_first = match description.scheme.as_deref() {
        None | Some("xyz") => false,
        Some("tms") => true,
        Some(other) => {
            let message = format!("`{}` is not known; xyz and tms are", shortened(other, 60));
            return Err(wrong("scheme", message));
        }
    };
    let templates: Result<Vec<String>, Problem> = description
        .tiles
        .iter()
        .take(16)
        .map(|template| in_folder(path, template).map_err(|message| wrong("tiles", message)))
        .collect();
    let address = TileAddress::new(templates?, is_south_first).map_err(|message| wrong("tiles", message))?;
    let last = match description.maxzoom {
        Some(last) => last,
        None if is_address(address.template()) => 19,
        None => {
            return Err(wrong(
                "maxzoom",
                "the finest level of the tiles (`maxzoom`) is missing".into(),
            ));
        }
    };
    let first = description.minzoom.unwrap_or(0);
    if first > last {
        return Err(wrong(
            "minzoom",
            format!("`minzoom` ({first}) is more than `maxzoom` ({last})"),
        ));
    }
    let mut grid = TileGrid::known(set, first.min(FINEST_ZOOM), last);
    if let Some(bounds) = description.bounds {
        let found = box_in(set, bounds).filter(|(low, high)| low.cmplt(*high).all());
        let is_kept = found.is_some_and(|(low, high)| grid.keep_within(low, high));
        if !is_kept {
            return Err(wrong(
                "bounds",
                "west, south, east and north in degrees are no box of this set".into(),
            ));
        }
    }
    Ok(TileSet {
        grid,
        address,
        name: shortened(&description.name, 200),
        attribution: shortened(&description.attribution, 500),
    })
}

/// A template as its description means it: an address as it is, a path beside the description.
pub(super) fn in_folder(path: &str, template: &str) -> Result<String, String> {
    if is_address(template) {
        return Ok(template.to_owned());
    }
    // The places to fill in stay: what is filled in later are numbers and names of levels.
    join(path, template).map_err(|error| error.to_string())
}

fn read_wmts(
    resources: &dyn Resources,
    path: &str,
    wmts: &str,
    description: &Description,
    options: &ServerOptions,
) -> Result<TileSet, Problem> {
    if !is_address(wmts) {
        let file = join(path, wmts).map_err(|error| error.problem(path, "wmts"))?;
        let bytes = resources
            .read_at_most(&file, MAX_BYTES)
            .map_err(|error| error.problem(path, "wmts"))?;
        return read_xml(&bytes, &file, description);
    }
    let server = server_of(wmts, path, options)?;
    let want = Want {
        accept: "application/xml, text/xml, */*",
        may_be_packed: true,
        ..Want::of(Expected::Data, MAX_BYTES)
    };
    let url = if wmts.contains('?') || wmts.to_ascii_lowercase().ends_with(".xml") {
        wmts.to_owned()
    } else {
        format!("{wmts}?SERVICE=WMTS&REQUEST=GetCapabilities&VERSION=1.0.0")
    };
    let answer = server.get(&url, Path::new("capabilities.xml"), &want);
    let answer = answer.map_err(|problem| Problem {
        path: path.to_owned(),
        place: "wmts".into(),
        ..problem
    })?;
    let bytes = answer.ok_or_else(|| {
        let message = format!("there is nothing at the address of this WMTS ({})", server.host());
        Problem::error(path, "wmts", message).because(Cause::Missing)
    })?;
    let set = read_xml(&bytes, path, description)?;
    // From the network only to the network: an answer does not choose files of this machine.
    if is_address(set.address.template()) {
        Ok(set)
    } else {
        let message = "this WMTS names no address of its tiles";
        Err(Problem::error(path, "wmts", message).because(Cause::Content))
    }
}

fn read_xml(bytes: &[u8], path: &str, description: &Description) -> Result<TileSet, Problem> {
    let text = String::from_utf8_lossy(bytes);
    let wrong = |message: String| Problem::error(path, "", message).because(Cause::WrongKind);
    let mut elements = crate::sources::xml::Elements::new(&text);
    let root = elements
        .next_start()
        .map_err(wrong)?
        .ok_or_else(|| wrong("the file is empty".into()))?;
    match root.name.as_str() {
        "TileMap" => map_resource::read(&elements.whole(root).map_err(wrong)?, path).map_err(wrong),
        "Capabilities" => {
            let root = elements.whole(root).map_err(wrong)?;
            let choice = wmts::Choice {
                layer: description.layer.as_deref(),
                tile_matrix_set: description.tile_matrix_set.as_deref(),
                style: description.style.as_deref(),
                format: description.format.as_deref(),
                finest: description.maxzoom,
            };
            let mut set = wmts::read(&root, path, &choice).map_err(wrong)?;
            if !description.attribution.is_empty() {
                set.attribution = shortened(&description.attribution, 500);
            }
            Ok(set)
        }
        "ExceptionReport" | "ServiceException" | "ServiceExceptionReport" => {
            let report = elements.whole(root).map_err(wrong)?;
            Err(wrong(format!(
                "the service answers with an error: {}",
                words(&report, 0)
            )))
        }
        "html" | "HTML" => Err(wrong("this is a web page, no description of tiles".into())),
        other => Err(wrong(format!(
            "`{}` is no description of tiles: a WMTS (Capabilities) or a TMS (TileMap) is",
            shortened(other, 60)
        ))),
    }
}

/// The first words in an element.
fn words(element: &crate::sources::xml::Element, depth: usize) -> String {
    let own = element.text.trim();
    if !own.is_empty() || depth > 10 {
        return shortened(own, 200);
    }
    let below = element.children.iter().map(|child| words(child, depth + 1));
    below.into_iter().find(|words| !words.is_empty()).unwrap_or_default()
}
