//! `MBTiles` 1.3: tiles in an `SQLite` file, rows counted from the south.
//!
//! Such a file is in Web Mercator. Some say otherwise in a key `crs` (or `srs`, `projection`) of their own: RD New is then
//! the national set of tile matrices, in which rows are counted from the south too.

use super::decode::MAX_TILE_BYTES;
use super::grid::{FINEST_ZOOM, TileGrid, set_of_name};
use super::tiles::TileStore;
use crate::georef::{Crs, Transformer};
use crate::sources::online::TileMatrixSet;
use crate::sources::resource::Resources;
use crate::sources::sqlite::{bound_queries, connect_bytes, connect_file};
use crate::sources::{Cause, Problem, shortened};
use bevy::math::DVec2;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Largest file in a package, bytes; one in a folder may have any size.
pub const MAX_PACKED_MBTILES_BYTES: u64 = 1 << 30;
/// Most looks of ten thousand steps at one query: about a second.
const MAX_LOOKS: u64 = 3000;
/// Most keys of the metadata, and longest value, characters.
const MAX_KEYS: usize = 200;
const MAX_VALUE: usize = 4000;

/// An open file of tiles.
#[derive(Debug)]
pub struct MbTiles {
    connection: Mutex<Connection>,
    looks: Arc<AtomicU64>,
    path: String,
    metadata: BTreeMap<String, String>,
    is_north_first: bool,
    zooms: Vec<u8>,
}

/// What can be told of a file without a look at its tiles.
#[derive(Debug)]
pub struct OpenedMbTiles {
    /// Its tiles.
    pub store: MbTiles,
    /// How they lie.
    pub grid: TileGrid,
    /// What is wrong and leaves it usable.
    pub problems: Vec<Problem>,
}

impl MbTiles {
    /// Opens the file at `path` in `resources`.
    ///
    /// # Errors
    /// When it is no such file, or holds no tiles of pictures in a set that is known.
    pub fn open(resources: &dyn Resources, path: &str) -> Result<OpenedMbTiles, Problem> {
        let connection = match resources.real_path(path) {
            Some(real) => connect_file(&real).unwrap_or_else(|| Err(rusqlite::Error::InvalidPath(real))),
            None => {
                let bytes = resources.read_at_most(path, MAX_PACKED_MBTILES_BYTES);
                connect_bytes(bytes.map_err(|error| error.problem(path, ""))?)
            }
        };
        let damaged = |error: rusqlite::Error| {
            Problem::error(path, "", format!("the file is damaged or cannot be opened ({error})"))
                .because(Cause::Damaged)
        };
        let connection = connection.map_err(damaged)?;
        connection
            .execute_batch("PRAGMA trusted_schema = OFF")
            .map_err(damaged)?;
        let has_tiles = "SELECT count(*) FROM sqlite_master WHERE name = 'tiles' AND type IN ('table', 'view')";
        let has_tiles: i64 = connection.query_row(has_tiles, [], |row| row.get(0)).map_err(damaged)?;
        if has_tiles == 0 {
            let message = "this database has no table of tiles: it is no MBTiles file";
            return Err(Problem::error(path, "", message).because(Cause::WrongKind));
        }
        let mut store = Self {
            looks: bound_queries(&connection, MAX_LOOKS),
            metadata: metadata(&connection),
            connection: Mutex::new(connection),
            path: path.to_owned(),
            is_north_first: false,
            zooms: Vec::new(),
        };
        let set = store.set()?;
        store.is_north_first = store
            .word("scheme")
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("xyz"));
        let zooms = store.find_zooms().map_err(damaged)?;
        let (Some(first), Some(last)) = (zooms.first().copied(), zooms.last().copied()) else {
            return Err(Problem::error(path, "tiles", "there are no tiles in it").because(Cause::Missing));
        };
        let mut grid = TileGrid::known(set, first, last);
        grid.levels
            .retain(|level| level.name.parse().is_ok_and(|zoom: u8| zooms.contains(&zoom)));
        store.zooms = zooms.iter().rev().copied().collect();
        let mut problems = Vec::new();
        store.limit(&mut grid, set, &mut problems);
        store.check_first(&mut grid)?;
        Ok(OpenedMbTiles { store, grid, problems })
    }

    /// What it says of itself.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    fn word(&self, key: &str) -> Option<&str> {
        self.metadata
            .get(key)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    fn problem(&self, place: &str, message: impl Into<String>, cause: Cause) -> Problem {
        Problem::error(&self.path, place, message.into()).because(cause)
    }

    fn set(&self) -> Result<TileMatrixSet, Problem> {
        if let Some(format) = self.word("format")
            && matches!(format, "pbf" | "mvt" | "application/x-protobuf")
        {
            let message = "its tiles are vector tiles; tiles of pictures (png, jpg, webp) are read";
            return Err(self.problem("metadata.format", message, Cause::NotRead));
        }
        let named = ["crs", "srs", "projection", "tile_matrix_set"];
        let Some((key, name)) = named.iter().find_map(|key| Some((*key, self.word(key)?))) else {
            return Ok(TileMatrixSet::WebMercatorQuad);
        };
        set_of_name(name).ok_or_else(|| {
            let message = format!(
                "tiles in `{}` are not read; those in EPSG:28992 and EPSG:3857 are",
                shortened(name, 60)
            );
            self.problem(&format!("metadata.{key}"), message, Cause::NotRead)
        })
    }

    /// Zoom levels that have a tile.
    fn find_zooms(&self) -> rusqlite::Result<Vec<u8>> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next =
            connection.prepare("SELECT zoom_level FROM tiles WHERE zoom_level > ?1 ORDER BY zoom_level LIMIT 1")?;
        let (mut zooms, mut last) = (Vec::new(), -1);
        while zooms.len() <= usize::from(FINEST_ZOOM) {
            self.looks.store(0, Ordering::Relaxed);
            let found: Option<i64> = next.query_row([last], |row| row.get(0)).optional()?;
            let Some(found) = found else { break };
            last = found;
            zooms.extend(u8::try_from(found).ok().filter(|zoom| *zoom <= FINEST_ZOOM));
        }
        Ok(zooms)
    }

    /// First and last column and row of a level, as the file counts rows; `None` where that takes too long.
    fn range(&self, zoom: u8) -> Option<[u32; 4]> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.looks.store(0, Ordering::Relaxed);
        let sql =
            "SELECT min(tile_column), min(tile_row), max(tile_column), max(tile_row) FROM tiles WHERE zoom_level = ?1";
        let range = connection.query_row(sql, [zoom], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, u32>(3)?])
        });
        range.ok()
    }

    /// Says of every level which tiles may be there: what the file has, else what its bounds say.
    fn limit(&self, grid: &mut TileGrid, set: TileMatrixSet, problems: &mut Vec<Problem>) {
        let stated = self.bounds_deg().and_then(|bounds| box_in(set, bounds));
        let mut known = None;
        // Of the finest level there are the most tiles, so a coarser one may answer where it takes too long.
        for level in &mut grid.levels {
            let zoom: u8 = level.name.parse().unwrap_or(0);
            let Some([left, first, right, last]) = self.range(zoom) else {
                continue;
            };
            let end = level.size[1] - 1;
            let [top, bottom] = if self.is_north_first {
                [first, last]
            } else {
                [last, first].map(|row| end.saturating_sub(row))
            };
            if left <= right && top <= bottom && right < level.size[0] && bottom < level.size[1] {
                level.limits = [left, top, right, bottom];
                known = known.or(Some(level.limit_bounds()));
            } else {
                let message = format!("tiles of level {zoom} lie outside of the world; they are left out");
                problems.push(self.problem("tiles", message, Cause::Content));
            }
        }
        if known.is_none()
            && let Some((low, high)) = stated
        {
            grid.keep_within(low, high);
        }
    }

    /// West, south, east and north that the metadata say.
    pub fn bounds_deg(&self) -> Option<[f64; 4]> {
        let numbers: Vec<f64> = self
            .word("bounds")?
            .split(',')
            .filter_map(|n| n.trim().parse().ok())
            .collect();
        let bounds = <[f64; 4]>::try_from(numbers).ok()?;
        let [west, south, east, north] = bounds;
        let is_box = west < east && south < north && west >= -180.0 && east <= 180.0 && south >= -90.0 && north <= 90.0;
        is_box.then_some(bounds)
    }

    /// Looks at one tile: that it is a picture, and how large its tiles are.
    fn check_first(&self, grid: &mut TileGrid) -> Result<(), Problem> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.looks.store(0, Ordering::Relaxed);
        let sql = "SELECT tile_data FROM tiles WHERE zoom_level = ?1 LIMIT 1";
        let bytes = connection.query_row(sql, [self.zooms.first().copied().unwrap_or(0)], |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Blob(bytes) if bytes.len() <= MAX_TILE_BYTES => bytes.to_vec(),
                _ => Vec::new(),
            })
        });
        let bytes = bytes.unwrap_or_default();
        let is_vector = bytes.starts_with(&[0x1F, 0x8B]) && super::decode::decode(&bytes).is_err();
        if is_vector {
            return Err(self.problem("tiles", "its tiles are no pictures (png, jpg, webp)", Cause::NotRead));
        }
        let tile = super::decode::decode(&bytes).ok();
        // 512 pixels on a tile are twice the resolution, not another set.
        if let Some(tile) = tile.filter(|tile| tile.width == tile.height && (64..=4096).contains(&tile.width)) {
            for level in &mut grid.levels {
                if level.size[0].saturating_mul(tile.width / 256) < 1 << 31 {
                    level.pixel *= 256.0 / f64::from(tile.width);
                    level.tile_px = [tile.width, tile.height];
                }
            }
        }
        Ok(())
    }

    /// What its tiles are, by the first one.
    pub fn format(&self) -> &str {
        match self.word("format") {
            Some("jpeg" | "image/jpeg") => "jpg",
            Some(format) => format,
            None => "",
        }
    }
}

impl TileStore for MbTiles {
    fn bytes(&self, level: usize, column: u32, row: u32) -> Result<Option<Vec<u8>>, Problem> {
        let Some(zoom) = self.zooms.get(level).copied() else {
            return Ok(None);
        };
        let row = if self.is_north_first {
            row
        } else {
            ((1_u32 << zoom) - 1).saturating_sub(row)
        };
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.looks.store(0, Ordering::Relaxed);
        let place = || format!("tile {zoom}/{column}/{row}");
        let read = || -> rusqlite::Result<Option<Result<Vec<u8>, usize>>> {
            let sql = "SELECT tile_data FROM tiles WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((zoom, column, row))?;
            let Some(found) = rows.next()? else { return Ok(None) };
            Ok(match found.get_ref(0)? {
                ValueRef::Blob(bytes) | ValueRef::Text(bytes) if bytes.len() > MAX_TILE_BYTES => Some(Err(bytes.len())),
                ValueRef::Blob(bytes) => Some(Ok(bytes.to_vec())),
                _ => None,
            })
        };
        match read() {
            Ok(Some(Err(size))) => Err(self.problem(&place(), format!("the tile has {size} bytes"), Cause::TooLarge)),
            Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
            Ok(None) => Ok(None),
            Err(error) => {
                let message = format!("the file is damaged ({error})");
                Err(self.problem(&place(), message, Cause::Damaged))
            }
        }
    }

    fn path(&self) -> &str {
        &self.path
    }
}

/// The box of a set around one of longitudes and latitudes.
pub(super) fn box_in(set: TileMatrixSet, [west, south, east, north]: [f64; 4]) -> Option<(DVec2, DVec2)> {
    box_in_crs(Crs(set.epsg()), [west, south.max(-85.0), east, north.min(85.0)])
}

/// The box of a coordinate system around one of longitudes and latitudes.
pub(super) fn box_in_crs(crs: Crs, [west, south, east, north]: [f64; 4]) -> Option<(DVec2, DVec2)> {
    const STEPS: u32 = 8;
    let to = Transformer::new(Crs(4326), crs).ok()?;
    let mut found: Option<(DVec2, DVec2)> = None;
    for step in 0..=STEPS {
        let t = f64::from(step) / f64::from(STEPS);
        let (lon, lat) = (west + (east - west) * t, south + (north - south) * t);
        for place in [[lon, south], [lon, north], [west, lat], [east, lat]] {
            if let Ok(p) = to.convert_flat(place) {
                let p = DVec2::from_array(p);
                let (low, high) = found.unwrap_or((p, p));
                found = Some((low.min(p), high.max(p)));
            }
        }
    }
    found
}

fn metadata(connection: &Connection) -> BTreeMap<String, String> {
    let read = || -> rusqlite::Result<BTreeMap<String, String>> {
        let mut statement = connection.prepare("SELECT name, value FROM metadata")?;
        let mut rows = statement.query([])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let text = |value: ValueRef<'_>| match value {
                ValueRef::Text(text) => shortened(&String::from_utf8_lossy(text), MAX_VALUE),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                _ => String::new(),
            };
            found.insert(text(row.get_ref(0)?).to_ascii_lowercase(), text(row.get_ref(1)?));
            if found.len() >= MAX_KEYS {
                break;
            }
        }
        Ok(found)
    };
    // The specification asks for a table of metadata; a file without one is in Web Mercator all the same.
    read().unwrap_or_default()
}
