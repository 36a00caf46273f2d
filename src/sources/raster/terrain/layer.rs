//! `layer.json`: which tiles of terrain there are and where.

use super::tile_id::{MAX_LEVEL, TileId};
use crate::sources::{Cause, Problem};
use serde_json::{Value, json};

/// Largest `layer.json` that is read, bytes.
pub const MAX_LAYER_BYTES: u64 = 64 << 20;
/// Most rectangles of all levels together.
const MAX_RECTANGLES: usize = 1_000_000;
/// Rectangles that are none beyond this number are counted, not listed.
const MAX_LISTED: usize = 20;

/// A rectangle of tiles of a level, first and last ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// First column.
    pub start_x: u32,
    /// First row.
    pub start_y: u32,
    /// Last column.
    pub end_x: u32,
    /// Last row.
    pub end_y: u32,
}

impl Availability {
    /// Tiles in it.
    pub fn count(&self) -> u64 {
        let side = |first: u32, last: u32| u64::from(last.saturating_sub(first)) + 1;
        side(self.start_x, self.end_x) * side(self.start_y, self.end_y)
    }

    fn holds(&self, id: TileId) -> bool {
        (self.start_x..=self.end_x).contains(&id.x) && (self.start_y..=self.end_y).contains(&id.y)
    }
}

/// What a `layer.json` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TerrainLayer {
    /// `quantized-mesh-1.0` or another form.
    pub format: String,
    /// Version of the data, part of the addresses.
    pub version: String,
    /// Whether rows are counted from the north (`slippyMap`) instead of the south (`tms`).
    pub is_north_first: bool,
    /// Addresses of tiles, with `{z}`, `{x}` and `{y}` in them.
    pub tiles: Vec<String>,
    /// Coarsest level.
    pub min_zoom: u32,
    /// Finest level.
    pub max_zoom: u32,
    /// Rectangles of tiles of each level from 0 on; empty where the file does not say.
    pub available: Vec<Vec<Availability>>,
    /// West, south, east, north, degrees.
    pub bounds_deg: Option<[f64; 4]>,
    /// Extensions that tiles may have.
    pub extensions: Vec<String>,
    /// Whom to name.
    pub attribution: String,
    /// Every so many levels tiles say themselves what is below them.
    pub metadata_levels: Option<u32>,
    /// Another layer that is used where this one has no tiles.
    pub parent: Option<String>,
}

impl TerrainLayer {
    /// Whether there is such a tile. Where the file does not say, every tile of its levels may be.
    pub fn has(&self, id: TileId) -> bool {
        if self.available.is_empty() {
            return (self.min_zoom..=self.max_zoom).contains(&id.z);
        }
        let level = self.available.get(id.z as usize);
        level.is_some_and(|level| level.iter().any(|rectangle| rectangle.holds(id)))
    }

    /// Address of a tile beside the file, from its first template.
    pub fn address(&self, id: TileId) -> Option<String> {
        let rows = 1_u32.checked_shl(id.z)?;
        let flipped = rows.checked_sub(1 + id.y)?;
        let (y, other) = if self.is_north_first {
            (flipped, id.y)
        } else {
            (id.y, flipped)
        };
        let template = self.tiles.first()?;
        let filled = template
            .replace("{z}", &id.z.to_string())
            .replace("{x}", &id.x.to_string())
            .replace("{y}", &y.to_string())
            .replace("{reverseY}", &other.to_string())
            .replace("{version}", &self.version);
        Some(filled)
    }
}

/// Reads a `layer.json`. Problems that leave it usable come along.
///
/// # Errors
/// When it is something else, or of a form that is not read.
pub fn read_terrain_layer(bytes: &[u8], path: &str) -> Result<(TerrainLayer, Vec<Problem>), Problem> {
    let wrong = |place: &str, message: String, cause| Problem::error(path, place, message).because(cause);
    if bytes.len() as u64 > MAX_LAYER_BYTES {
        let message = format!(
            "{} MiB; at most {} MiB are read",
            bytes.len() >> 20,
            MAX_LAYER_BYTES >> 20
        );
        return Err(wrong("", message, Cause::TooLarge));
    }
    let starts_as_page = bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<');
    let json: Value = serde_json::from_slice(bytes).map_err(|error| {
        let what = if starts_as_page {
            "this is a web page, not JSON".into()
        } else {
            format!("this is no JSON ({error})")
        };
        wrong(
            "",
            format!("{what}: a layer.json of terrain is expected"),
            Cause::WrongKind,
        )
    })?;
    let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |key: &str| {
        json.get(key)
            .and_then(Value::as_u64)
            .and_then(|n| u32::try_from(n).ok())
    };
    let format = text("format");
    if json.get("tiles").and_then(Value::as_array).is_none() && format.is_empty() {
        return Err(wrong(
            "",
            "this is no layer.json of terrain: it names no tiles".into(),
            Cause::WrongKind,
        ));
    }
    let mut problems = Vec::new();
    if !format.starts_with("quantized-mesh-1.") {
        let shown: String = format.chars().take(40).collect();
        let message = format!("terrain of the form `{shown}` is not read: quantized-mesh-1.0 is");
        problems.push(wrong("format", message, Cause::NotRead));
    }
    let projection = text("projection");
    if !projection.is_empty() && projection != "EPSG:4326" {
        let shown: String = projection.chars().take(40).collect();
        let message = format!("tiles in `{shown}` are not read: those of EPSG:4326 are");
        problems.push(wrong("projection", message, Cause::NotRead));
    }
    let texts = |key: &str| -> Vec<String> {
        let list = json.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).take(100).map(str::to_owned).collect()
    };
    let tiles = texts("tiles");
    if tiles.is_empty() {
        problems.push(wrong("tiles", "there is no address of tiles".into(), Cause::Content));
    }
    let available = available(&json, &mut |place, message| {
        problems.push(wrong(&place, message.to_owned(), Cause::Content));
    });
    let deepest = u32::try_from(available.len().saturating_sub(1)).unwrap_or(MAX_LEVEL);
    let bounds = json
        .get("bounds")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_f64).collect::<Vec<_>>());
    let layer = TerrainLayer {
        format,
        version: text("version"),
        is_north_first: text("scheme") == "slippyMap",
        tiles,
        min_zoom: number("minzoom").unwrap_or(0),
        max_zoom: number("maxzoom").unwrap_or(deepest).min(MAX_LEVEL),
        available,
        bounds_deg: bounds.and_then(|list| <[f64; 4]>::try_from(list).ok()),
        extensions: texts("extensions"),
        attribution: text("attribution"),
        metadata_levels: number("metadataAvailability"),
        parent: json.get("parentUrl").and_then(Value::as_str).map(str::to_owned),
    };
    Ok((layer, problems))
}

fn available(json: &Value, problem: &mut dyn FnMut(String, &str)) -> Vec<Vec<Availability>> {
    let levels = json.get("available").and_then(Value::as_array);
    let mut found = Vec::new();
    let mut left = MAX_RECTANGLES;
    let mut wrong = 0_usize;
    'levels: for (z, level) in levels.into_iter().flatten().enumerate() {
        let Some(z) = u32::try_from(z).ok().filter(|z| *z <= MAX_LEVEL) else {
            problem(format!("available[{z}]"), "levels this deep are left out");
            break;
        };
        let mut rectangles = Vec::new();
        for (i, rectangle) in level.as_array().into_iter().flatten().enumerate() {
            if left == 0 {
                problem(
                    format!("available[{z}][{i}]"),
                    "more rectangles than are read; the rest is left out",
                );
                found.push(rectangles);
                break 'levels;
            }
            left -= 1;
            let side = |key: &str, count: u32| {
                let n = rectangle.get(key).and_then(Value::as_u64)?;
                u32::try_from(n).ok().filter(|n| *n < count)
            };
            let (columns, rows) = (2_u32 << z, 1_u32 << z);
            let read = || {
                Some(Availability {
                    start_x: side("startX", columns)?,
                    start_y: side("startY", rows)?,
                    end_x: side("endX", columns)?,
                    end_y: side("endY", rows)?,
                })
            };
            if let Some(rectangle) = read().filter(|r| r.start_x <= r.end_x && r.start_y <= r.end_y) {
                rectangles.push(rectangle);
                continue;
            }
            wrong += 1;
            if wrong <= MAX_LISTED {
                let place = format!("available[{z}][{i}]");
                problem(place, "this is no rectangle of tiles; it is left out");
            }
        }
        found.push(rectangles);
    }
    if let Some(more) = wrong.checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        let message = format!("{more} more are no rectangles of tiles; they are left out");
        problem("available".into(), &message);
    }
    found
}

/// The text of a `layer.json`; rows counted from the south.
pub fn write_terrain_layer(layer: &TerrainLayer) -> String {
    let rectangle =
        |r: &Availability| json!({"startX": r.start_x, "startY": r.start_y, "endX": r.end_x, "endY": r.end_y});
    let level = |level: &Vec<Availability>| Value::Array(level.iter().map(rectangle).collect());
    let mut json = json!({
        "tilejson": "2.1.0",
        "format": layer.format,
        "version": layer.version,
        "scheme": if layer.is_north_first { "slippyMap" } else { "tms" },
        "projection": "EPSG:4326",
        "tiles": layer.tiles,
        "minzoom": layer.min_zoom,
        "maxzoom": layer.max_zoom,
        "available": layer.available.iter().map(level).collect::<Vec<_>>(),
        "extensions": layer.extensions,
        "attribution": layer.attribution,
    });
    if let Some(bounds) = layer.bounds_deg {
        json["bounds"] = json!(bounds);
    }
    format!("{json:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let layer = TerrainLayer {
            format: "quantized-mesh-1.0".into(),
            version: "1.0.0".into(),
            tiles: vec!["{z}/{x}/{y}.terrain?v={version}".into()],
            max_zoom: 1,
            available: vec![
                vec![Availability {
                    start_x: 0,
                    start_y: 0,
                    end_x: 1,
                    end_y: 0,
                }],
                vec![Availability {
                    start_x: 2,
                    start_y: 1,
                    end_x: 2,
                    end_y: 1,
                }],
            ],
            bounds_deg: Some([6.0, 52.0, 7.0, 53.0]),
            attribution: "AHN".into(),
            ..TerrainLayer::default()
        };
        let (again, problems) = read_terrain_layer(write_terrain_layer(&layer).as_bytes(), "layer.json").unwrap();
        assert_eq!((again, problems), (layer.clone(), vec![]));
        let id = TileId { z: 1, x: 2, y: 1 };
        assert_eq!(layer.address(id).unwrap(), "1/2/1.terrain?v=1.0.0");
        assert!(layer.has(id) && !layer.has(TileId { x: 3, ..id }) && !layer.has(TileId { z: 2, ..id }));
        let flipped = TerrainLayer {
            is_north_first: true,
            ..layer
        };
        assert_eq!(flipped.address(id).unwrap(), "1/2/0.terrain?v=1.0.0");
        assert_eq!(flipped.address(TileId { z: 1, x: 0, y: 9 }), None);
    }

    #[test]
    fn other_files_are_told_apart() {
        for (text, expected) in [
            (
                "<html>\n<body>404</body>",
                "layer.json: this is a web page, not JSON: a layer.json of terrain is expected",
            ),
            (
                "",
                "layer.json: this is no JSON (EOF while parsing a value at line 1 column 0): a layer.json of terrain is expected",
            ),
            ("{}", "layer.json: this is no layer.json of terrain: it names no tiles"),
            ("[1]", "layer.json: this is no layer.json of terrain: it names no tiles"),
        ] {
            assert_eq!(
                read_terrain_layer(text.as_bytes(), "layer.json")
                    .unwrap_err()
                    .to_string(),
                expected
            );
        }
        let text = r#"{"format": "heightmap-1.0", "projection": "EPSG:3857", "tiles": [],
            "available": [[{"startX": 0, "startY": 0, "endX": 9, "endY": 0}, 5]]}"#;
        let (layer, problems) = read_terrain_layer(text.as_bytes(), "layer.json").unwrap();
        assert_eq!(layer.available, [vec![]]);
        let places: Vec<&str> = problems.iter().map(|p| p.place.as_str()).collect();
        assert_eq!(
            places,
            ["format", "projection", "tiles", "available[0][0]", "available[0][1]"]
        );
    }

    #[test]
    fn rectangles_that_are_none_do_not_fill_the_list() {
        let rectangles = ["5"; 500].join(", ");
        let text = format!(r#"{{"format": "quantized-mesh-1.0", "tiles": ["{{z}}"], "available": [[{rectangles}]]}}"#);
        let (layer, problems) = read_terrain_layer(text.as_bytes(), "layer.json").unwrap();
        assert_eq!((layer.available, problems.len()), (vec![vec![]], MAX_LISTED + 1));
        assert!(problems[MAX_LISTED].message.starts_with("480 more"), "{problems:?}");
    }
}
