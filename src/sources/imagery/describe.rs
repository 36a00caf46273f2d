//! What a file or folder of tiles holds, for `inspect`.

use super::description::{is_description, open_description};
use super::grid::TileGrid;
use super::mbtiles::MbTiles;
use super::server::ServerOptions;
use super::tiles::TileStore;
use crate::sources::resource::{folder, head};
use crate::sources::{Cause, Problem};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Names of files that describe the tiles beside them.
const DESCRIPTIONS: [&str; 5] = [
    "imagery.json",
    "tilejson.json",
    "tiles.json",
    "metadata.json",
    "tilemapresource.xml",
];

/// The file in a folder that describes its tiles, if there is one.
pub fn description_in(folder: &Path) -> Option<PathBuf> {
    DESCRIPTIONS
        .iter()
        .map(|name| folder.join(name))
        .find(|path| describes_tiles(path))
}

/// Whether a file describes a set of tiles of pictures.
pub fn describes_tiles(path: &Path) -> bool {
    head(path, 16 << 10).is_some_and(|head| is_description(&head))
}

/// Describes `MBTiles` and files that describe tiles, or a folder with one; `None` for anything else. A WMTS is asked.
pub fn describe(path: &Path) -> Option<Result<Value, Problem>> {
    let path = if path.is_dir() {
        description_in(path)?
    } else {
        path.to_owned()
    };
    let name = path.file_name()?.to_str()?.to_owned();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let resources = folder(parent.unwrap_or(Path::new(".")));
    let extension = name
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .to_ascii_lowercase();
    match extension.as_str() {
        "mbtiles" => Some(MbTiles::open(&*resources, &name).map(|opened| {
            let mut described = of_grid("mbtiles", &opened.grid);
            described["format"] = json!(opened.store.format());
            described["name"] = json!(opened.store.metadata().get("name"));
            described["attribution"] = json!(opened.store.metadata().get("attribution"));
            described["bounds_deg"] = json!(opened.store.bounds_deg());
            described["metadata"] = json!(opened.store.metadata().keys().collect::<Vec<_>>());
            described["path"] = json!(opened.store.path());
            described["problems"] = json!(opened.problems);
            described
        })),
        "json" | "xml" if describes_tiles(&path) => {
            let opened = open_description(&resources, &name, &ServerOptions::of_machine());
            Some(opened.map(|opened| {
                let mut described = of_grid("tiles", &opened.grid);
                let template = opened.address.template();
                let ending = template.rsplit_once('.').map(|(_, ending)| ending);
                described["format"] = json!(ending.filter(|ending| ending.len() <= 5 && !ending.contains('/')));
                described["name"] = json!(opened.name);
                described["attribution"] = json!(opened.attribution);
                described["tiles"] = json!(template);
                described["server"] = json!(opened.host);
                let problems: Vec<Problem> = opened
                    .host
                    .iter()
                    .map(|host| {
                        Problem::warning(&name, "", format!("this layer asks a server: {host}")).because(Cause::Server)
                    })
                    .collect();
                described["problems"] = json!(problems);
                described
            }))
        }
        _ => None,
    }
}

fn of_grid(kind: &str, grid: &TileGrid) -> Value {
    let (low, high) = grid.extent.unwrap_or_else(|| grid.finest_bounds());
    let finest = grid.levels.first();
    let levels: Vec<Value> = grid
        .levels
        .iter()
        .rev()
        .map(|level| json!({"name": level.name, "pixel_size": level.pixel, "columns_rows": level.limits}))
        .collect();
    json!({
        "kind": kind,
        "crs": grid.crs.to_string(),
        "bbox": [low.x, low.y, high.x, high.y],
        "levels": levels,
        "tile_size": finest.map(|level| level.tile_px),
        "pixel_size": finest.map(|level| level.pixel),
    })
}
