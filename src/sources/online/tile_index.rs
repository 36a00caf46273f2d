//! The list of the tiles of a city model: a `FlatGeobuf` file of their outlines, with the address of each.
//!
//! Read by a plain walk over all features: a national index has some ten thousand. The tables come verified from the
//! `flatgeobuf` crate; sizes are held against the bytes that are there.

use super::area::RdArea;
use super::endpoints::IndexFields;
use flatgeobuf::{ColumnType, Feature, Geometry, Header, size_prefixed_root_as_feature, size_prefixed_root_as_header};

/// Most tiles in an index.
const MAX_TILES: usize = 1_000_000;
/// Deepest nesting of outlines.
const MAX_DEPTH: u32 = 8;
/// Bytes of a node of the index: a box and an offset.
const NODE_BYTES: u64 = 40;

/// One tile of the index.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct IndexedTile {
    /// Its name, as in `9/944/676`.
    pub(super) id: String,
    /// Where its file is, as it stands in the index.
    pub(super) url: String,
    /// SHA-256 of that file, where it is told; lower case.
    pub(super) sha256: Option<String>,
    /// West, south, east, north.
    pub(super) bounds: [f64; 4],
}

/// The tiles that overlap an area, or why the index cannot be read. A tile without an address is left out.
pub(super) fn tiles_over(bytes: &[u8], fields: &IndexFields, area: &RdArea) -> Result<Vec<IndexedTile>, String> {
    if !bytes.starts_with(b"fgb") {
        return Err("this is no FlatGeobuf file".to_owned());
    }
    if bytes.get(3).is_some_and(|version| *version > flatgeobuf::VERSION) {
        return Err("this is a newer version of FlatGeobuf than is read".to_owned());
    }
    let (head, mut at) = sized(bytes, 8).ok_or("the file is cut off in its header")?;
    let header = size_prefixed_root_as_header(head).map_err(|_error| "the header is damaged".to_owned())?;
    let columns: Vec<(String, ColumnType)> = header
        .columns()
        .iter()
        .flatten()
        .map(|column| (column.name().to_owned(), column.type_()))
        .collect();
    for wanted in [&fields.id, &fields.url] {
        if !columns.iter().any(|(name, _)| name == wanted) {
            let known: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            return Err(format!("it has no field `{wanted}`; it has {}", known.join(", ")));
        }
    }
    let skipped = usize::try_from(search_tree_bytes(&header)).map_err(|_error| "the header is damaged".to_owned())?;
    at = at.saturating_add(skipped);
    let mut tiles = Vec::new();
    for _ in 0..MAX_TILES {
        if at >= bytes.len() {
            return Ok(tiles);
        }
        let (table, next) = sized(bytes, at).ok_or_else(|| format!("the file is cut off at byte {at}"))?;
        let feature =
            size_prefixed_root_as_feature(table).map_err(|_error| format!("the tile at byte {at} is damaged"))?;
        tiles.extend(tile_of(&feature, &columns, fields).filter(|tile| area.overlaps(tile.bounds)));
        at = next;
    }
    Err(format!("it has more than {MAX_TILES} tiles"))
}

/// A table with its size before it, and where the next one begins.
fn sized(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let size: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    let end = at
        .checked_add(4)?
        .checked_add(usize::try_from(u32::from_le_bytes(size)).ok()?)?;
    Some((bytes.get(at..end)?, end))
}

/// Size of the search tree between header and features.
fn search_tree_bytes(header: &Header) -> u64 {
    let (mut level, node_size) = (header.features_count(), u64::from(header.index_node_size()));
    if level == 0 || node_size < 2 {
        return 0;
    }
    let mut nodes = level;
    loop {
        // One tile has a root above it too.
        level = level.div_ceil(node_size);
        nodes = nodes.saturating_add(level);
        if level == 1 {
            break;
        }
    }
    nodes.saturating_mul(NODE_BYTES)
}

fn tile_of(feature: &Feature, columns: &[(String, ColumnType)], fields: &IndexFields) -> Option<IndexedTile> {
    let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    widen(&mut bounds, &feature.geometry()?, MAX_DEPTH);
    let texts = texts_of(feature.properties()?.bytes(), columns);
    let text = |wanted: &str| {
        texts
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, text)| text.clone())
    };
    let sha256 = fields
        .sha256
        .as_deref()
        .and_then(text)
        .map(|sum| sum.to_ascii_lowercase());
    Some(IndexedTile {
        id: text(&fields.id)?,
        url: text(&fields.url).filter(|url| !url.is_empty())?,
        sha256: sha256.filter(|sum| sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit())),
        bounds,
    })
}

fn widen(bounds: &mut [f64; 4], geometry: &Geometry, depth: u32) {
    let mut numbers = geometry.xy().into_iter().flatten();
    while let (Some(x), Some(y)) = (numbers.next(), numbers.next()) {
        *bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
    }
    if depth > 0 {
        for part in geometry.parts().into_iter().flatten() {
            widen(bounds, &part, depth - 1);
        }
    }
}

/// The values that are texts: pairs of a column number and a value whose size follows from the column's type.
fn texts_of<'a>(mut bytes: &[u8], columns: &'a [(String, ColumnType)]) -> Vec<(&'a str, String)> {
    let mut texts = Vec::new();
    while let Some((number, rest)) = bytes.split_first_chunk::<2>() {
        let Some((name, kind)) = columns.get(usize::from(u16::from_le_bytes(*number))) else {
            break;
        };
        let width = match *kind {
            ColumnType::Byte | ColumnType::UByte | ColumnType::Bool => 1,
            ColumnType::Short | ColumnType::UShort => 2,
            ColumnType::Int | ColumnType::UInt | ColumnType::Float => 4,
            ColumnType::Long | ColumnType::ULong | ColumnType::Double => 8,
            _ => {
                let Some((size, value)) = rest.split_first_chunk::<4>() else {
                    break;
                };
                let Some((value, after)) = usize::try_from(u32::from_le_bytes(*size))
                    .ok()
                    .and_then(|size| value.split_at_checked(size))
                else {
                    break;
                };
                if *kind == ColumnType::String {
                    texts.push((name.as_str(), String::from_utf8_lossy(value).into_owned()));
                }
                bytes = after;
                continue;
            }
        };
        let Some((_, after)) = rest.split_at_checked(width) else {
            break;
        };
        bytes = after;
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use flatgeobuf::geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor, error::Result};
    use flatgeobuf::{FgbWriter, FgbWriterOptions, GeometryType};

    /// A tile of 500 m with this corner.
    struct Square([f64; 2]);

    impl GeozeroGeometry for Square {
        fn process_geom<P: GeomProcessor>(&self, processor: &mut P) -> Result<()> {
            let [x, y] = self.0;
            processor.polygon_begin(true, 1, 0)?;
            processor.linestring_begin(false, 5, 0)?;
            for (index, (east, north)) in [(0.0, 0.0), (500.0, 0.0), (500.0, 500.0), (0.0, 500.0), (0.0, 0.0)]
                .into_iter()
                .enumerate()
            {
                processor.xy(x + east, y + north, index)?;
            }
            processor.linestring_end(false, 0)?;
            processor.polygon_end(true, 0)
        }
    }

    fn fields() -> IndexFields {
        IndexFields {
            id: "tile_id".to_owned(),
            url: "cj_download".to_owned(),
            sha256: Some("cj_sha256".to_owned()),
        }
    }

    fn index(with_search_tree: bool, tiles: u32) -> Vec<u8> {
        let options = FgbWriterOptions {
            write_index: with_search_tree,
            ..Default::default()
        };
        let mut file = FgbWriter::create_with_options("tiles", GeometryType::Polygon, options).unwrap();
        for (name, kind) in [
            ("level", ColumnType::Int),
            ("tile_id", ColumnType::String),
            ("cj_download", ColumnType::String),
            ("cj_sha256", ColumnType::String),
        ] {
            file.add_column(name, kind, |_, _| {});
        }
        for column in 0..tiles {
            let x = 250_000.0 + 500.0 * f64::from(column);
            file.add_feature_geom(Square([x, 476_000.0]), |feature| {
                let url = format!("https://example.org/{column}.city.json.gz");
                for (number, value) in [
                    ColumnValue::Int(9),
                    ColumnValue::String(&format!("9/{column}/1")),
                    ColumnValue::String(&url),
                    ColumnValue::String(&"AB".repeat(32)),
                ]
                .iter()
                .enumerate()
                {
                    feature.property(number, "", value).unwrap();
                }
            })
            .unwrap();
        }
        let mut bytes = Vec::new();
        file.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_tiles_over_an_area_are_found_with_and_without_a_search_tree() {
        let area = RdArea::new([250_700.0, 476_000.0, 251_300.0, 476_600.0]).unwrap();
        for with_search_tree in [true, false] {
            let mut tiles = tiles_over(&index(with_search_tree, 40), &fields(), &area).unwrap();
            tiles.sort_by(|a, b| a.id.cmp(&b.id));
            let ids: Vec<&str> = tiles.iter().map(|tile| tile.id.as_str()).collect();
            assert_eq!(ids, ["9/1/1", "9/2/1"]);
            assert_eq!(tiles[0].url, "https://example.org/1.city.json.gz");
            assert_eq!(tiles[0].sha256.as_deref(), Some("ab".repeat(32).as_str()));
            assert_eq!(
                format!("{:?}", tiles[0].bounds),
                "[250500.0, 476000.0, 251000.0, 476500.0]"
            );
        }
    }

    #[test]
    fn an_index_of_one_tile_has_a_root_above_it() {
        let area = RdArea::new([249_900.0, 475_900.0, 250_300.0, 476_300.0]).unwrap();
        for with_search_tree in [true, false] {
            let tiles = tiles_over(&index(with_search_tree, 1), &fields(), &area).unwrap();
            assert_eq!(tiles.len(), 1);
        }
    }

    #[test]
    fn an_index_that_is_cut_off_anywhere_or_has_other_fields_is_an_error_and_no_panic() {
        let area = RdArea::new([250_700.0, 476_000.0, 251_300.0, 476_600.0]).unwrap();
        let whole = index(true, 40);
        for length in (0..whole.len()).step_by(7) {
            let _ = tiles_over(&whole[..length], &fields(), &area);
        }
        assert!(
            tiles_over(&whole[..whole.len() - 5], &fields(), &area)
                .unwrap_err()
                .contains("cut off")
        );
        for at in (8..whole.len()).step_by(3) {
            let mut broken = whole.clone();
            broken[at] ^= 0xFF;
            let _ = tiles_over(&broken, &fields(), &area);
        }
        let other = IndexFields {
            url: "download".to_owned(),
            ..fields()
        };
        assert!(
            tiles_over(&whole, &other, &area)
                .unwrap_err()
                .contains("no field `download`; it has level, tile_id")
        );
        assert!(tiles_over(b"<html>", &fields(), &area).is_err());
    }
}
