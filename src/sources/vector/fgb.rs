//! `FlatGeobuf` ([specification](https://flatgeobuf.org/)): the tables come verified from the `flatgeobuf` crate; the
//! file around them is walked here.
//!
//! The crate's own reader reserves whatever size a feature declares, and its walk through the index trusts the places
//! in it; both would let a damaged file take all memory. Here a size is held against the bytes that are there, and an
//! index that does not hold together costs a walk over all features instead.

use super::MAX_FIELDS;
use super::cursor::Cursor;
use super::record::{
    Bounds, Features, Field, FieldKind, GeometryKind, Position, Rings, Summary, VectorFeature, VectorGeometry,
    VectorLayer, overlaps,
};
use crate::georef::Crs;
use crate::sources::{Cause, Problem, crs_name};
use flatgeobuf::{
    Column, ColumnType, Geometry, GeometryType, Header, size_prefixed_root_as_feature, size_prefixed_root_as_header,
};
use serde_json::{Map, Value};

/// What every file begins with; the byte after it is the version.
pub(super) const MAGIC: &[u8] = b"fgb";
/// Largest header, bytes.
const MAX_HEADER_BYTES: usize = 10 << 20;
/// Deepest nesting of collections.
const MAX_DEPTH: usize = 16;
/// Bytes of a node of the index: a box and an offset.
const NODE_BYTES: usize = 40;

/// A file in memory.
pub(super) struct FlatGeobuf {
    bytes: Vec<u8>,
    columns: Vec<(String, ColumnType)>,
    kind: GeometryType,
    features_at: usize,
    index: Option<Index>,
    path: String,
}

struct Index {
    at: usize,
    node_size: usize,
    /// First node and the one after the last of every level, leaves first.
    levels: Vec<(usize, usize)>,
}

impl FlatGeobuf {
    /// Reads the header; the layer beside it.
    pub(super) fn open(bytes: Vec<u8>, path: &str, name: &str) -> Result<(Self, VectorLayer), Problem> {
        let damaged = |message: String| Problem::error(path, "", message).because(Cause::Damaged);
        let mut cursor = Cursor::new(&bytes);
        let magic = cursor.take(8).map_err(damaged)?;
        if magic.get(3).is_some_and(|version| *version > flatgeobuf::VERSION) {
            let message = "this is a newer version of FlatGeobuf than is read";
            return Err(Problem::error(path, "", message).because(Cause::Newer));
        }
        let size = cursor.u32().map_err(damaged)? as usize;
        if !(8..=MAX_HEADER_BYTES).contains(&size) || size > cursor.remaining() {
            return Err(damaged(format!(
                "the header declares {size} bytes; the file is cut off or damaged"
            )));
        }
        let head = bytes.get(8..12 + size).unwrap_or_default();
        let header = size_prefixed_root_as_header(head)
            .map_err(|error| damaged(format!("the header is damaged ({})", first_line(&error))))?;
        let index_at = 12 + size;
        let index = Index::of(&header, index_at, bytes.len()).map_err(damaged)?;
        let columns: Vec<(String, ColumnType)> = columns_of(header.columns());
        let kind = header.geometry_type();
        let mut layer = VectorLayer {
            name: header.name().filter(|name| !name.is_empty()).unwrap_or(name).to_owned(),
            crs: crs_of(&header),
            crs_name: header.crs().and_then(|crs| crs.name().map(ToOwned::to_owned)),
            kinds: kind_of(kind).into_iter().collect(),
            has_z: header.has_z(),
            count: header.features_count(),
            fields: columns
                .iter()
                .map(|(name, kind)| Field {
                    name: name.clone(),
                    kind: field_kind(*kind),
                })
                .collect(),
            bounds: header
                .envelope()
                .and_then(|box_| match box_.iter().collect::<Vec<_>>()[..] {
                    // Two numbers per corner, more where there are heights.
                    [a, b, c, d] => Some([a, b, c, d]),
                    _ => None,
                }),
        };
        let features_at = index.as_ref().map_or(index_at, |index| index.at + index.bytes());
        let file = Self {
            columns,
            kind,
            features_at,
            index,
            path: path.to_owned(),
            bytes,
        };
        // Only a stream that was written without knowing its end declares nothing.
        if layer.count == 0 || layer.kinds.is_empty() || layer.bounds.is_none() {
            let found = Summary::of(file.features(None));
            layer.count = found.count;
            layer.kinds = if layer.kinds.is_empty() {
                found.kinds
            } else {
                layer.kinds
            };
            layer.bounds = layer.bounds.or(found.bounds);
        }
        Ok((file, layer))
    }

    /// Features in file order, those in `window` only where one is given.
    pub(super) fn features(&self, window: Option<Bounds>) -> Features<'_> {
        let Some(window) = window else {
            return Box::new(self.walk());
        };
        match self.index.as_ref().and_then(|index| index.search(&self.bytes, window)) {
            Some(found) => {
                let feature = move |(offset, index): (usize, usize)| {
                    let at = self.features_at.saturating_add(offset);
                    self.feature_at(at, index)
                        .map_or_else(|problem| Some(Err(problem)), |found| found.map(|(feature, _)| feature))
                };
                Box::new(found.into_iter().filter_map(feature))
            }
            None => Box::new(self.walk().filter(move |feature| {
                feature.as_ref().map_or(true, |feature| {
                    let bounds = feature.geometry.as_ref().and_then(VectorGeometry::bounds);
                    bounds.is_some_and(|bounds| overlaps(bounds, window))
                })
            })),
        }
    }

    fn walk(&self) -> impl Iterator<Item = Result<VectorFeature, Problem>> + '_ {
        let mut at = Some(self.features_at);
        let mut index = 0;
        std::iter::from_fn(move || {
            let here = at?;
            match self.feature_at(here, index) {
                Ok(Some((feature, next))) => {
                    at = Some(next);
                    index += 1;
                    Some(feature)
                }
                Ok(None) => {
                    at = None;
                    None
                }
                Err(problem) => {
                    at = None;
                    Some(Err(problem))
                }
            }
        })
    }

    /// The feature that begins at byte `at`, and where the next one begins; `None` at the end. A file that breaks off
    /// is an error; a feature that is damaged in itself is one inside.
    fn feature_at(&self, at: usize, index: usize) -> Result<Option<(Result<VectorFeature, Problem>, usize)>, Problem> {
        let place = || format!("feature {index}");
        let mut cursor = Cursor::new(self.bytes.get(at..).unwrap_or_default());
        if cursor.remaining() == 0 {
            return Ok(None);
        }
        let broken = |message: String| {
            let message = format!("{message}; the features from here on are left out");
            Problem::error(&self.path, place(), message).because(Cause::Damaged)
        };
        let size = cursor.u32().map_err(broken)? as usize;
        if size > cursor.remaining() {
            return Err(broken(format!(
                "the feature declares {size} bytes and the file ends before them"
            )));
        }
        let end = at + 4 + size;
        let bytes = self.bytes.get(at..end).unwrap_or_default();
        let feature = self.feature(bytes, index).map_err(|message| {
            let message = format!("{message}; the feature is left out");
            Problem::error(&self.path, place(), message).because(Cause::Damaged)
        });
        Ok(Some((feature, end)))
    }

    fn feature(&self, bytes: &[u8], index: usize) -> Result<VectorFeature, String> {
        let feature = size_prefixed_root_as_feature(bytes)
            .map_err(|error| format!("the feature is damaged ({})", first_line(&error)))?;
        let geometry = match feature.geometry() {
            Some(geometry) => self.geometry(&geometry)?,
            None => None,
        };
        let own = columns_of(feature.columns());
        let columns = if own.is_empty() { &self.columns } else { &own };
        let properties = match feature.properties() {
            Some(bytes) => properties(bytes.bytes(), columns)?,
            None => Map::new(),
        };
        Ok(VectorFeature {
            index,
            id: None,
            geometry,
            properties,
        })
    }

    fn geometry(&self, geometry: &Geometry<'_>) -> Result<Option<VectorGeometry>, String> {
        let kind = if self.kind == GeometryType::Unknown {
            geometry.type_()
        } else {
            self.kind
        };
        let known = kind_of(kind).ok_or_else(|| format!("geometries of type {} are not read", kind.0))?;
        let mut out = VectorGeometry::new(known);
        add_parts(geometry, kind, &mut out, 0)?;
        Ok(Some(out).filter(|geometry| !geometry.is_empty()))
    }
}

fn first_line(error: &dyn std::error::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().trim().to_owned()
}

fn crs_of(header: &Header<'_>) -> Option<Crs> {
    let crs = header.crs()?;
    let is_epsg = crs
        .org()
        .is_none_or(|org| org.is_empty() || org.eq_ignore_ascii_case("EPSG"));
    let code = u32::try_from(crs.code()).ok().filter(|code| *code > 0);
    if is_epsg && code.is_some() {
        return code.map(Crs);
    }
    let text = crs
        .code_string()
        .and_then(|text| crs_name::of_name(&format!("{}:{text}", crs.org().unwrap_or("EPSG"))));
    text.or_else(|| crs_name::of_wkt(crs.wkt()?))
        .or_else(|| crs_name::of_name(crs.name()?))
}

fn columns_of<'a>(columns: Option<impl IntoIterator<Item = Column<'a>>>) -> Vec<(String, ColumnType)> {
    let columns = columns.into_iter().flatten().take(MAX_FIELDS);
    columns
        .map(|column| (column.name().to_owned(), column.type_()))
        .collect()
}

fn kind_of(kind: GeometryType) -> Option<GeometryKind> {
    Some(match kind {
        GeometryType::Point => GeometryKind::Point,
        GeometryType::LineString => GeometryKind::LineString,
        GeometryType::Polygon | GeometryType::Triangle => GeometryKind::Polygon,
        GeometryType::MultiPoint => GeometryKind::MultiPoint,
        GeometryType::MultiLineString => GeometryKind::MultiLineString,
        GeometryType::MultiPolygon | GeometryType::PolyhedralSurface | GeometryType::TIN => GeometryKind::MultiPolygon,
        GeometryType::GeometryCollection => GeometryKind::GeometryCollection,
        _ => return None,
    })
}

fn add_parts(part: &Geometry<'_>, kind: GeometryType, out: &mut VectorGeometry, depth: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("the geometry is nested deeper than {MAX_DEPTH}"));
    }
    match kind {
        GeometryType::Point => out
            .points
            .extend(positions(part).into_iter().take(1).filter(|p| !p.x.is_nan())),
        GeometryType::MultiPoint => out.points.extend(positions(part)),
        GeometryType::LineString => out.lines.extend(Some(positions(part)).filter(|line| !line.is_empty())),
        GeometryType::MultiLineString => out.lines.extend(split(part)?),
        GeometryType::Polygon | GeometryType::Triangle => {
            let rings: Rings = split(part)?;
            out.polygons.extend(Some(rings).filter(|rings| !rings.is_empty()));
        }
        GeometryType::MultiPolygon
        | GeometryType::PolyhedralSurface
        | GeometryType::TIN
        | GeometryType::GeometryCollection => {
            for inner in part.parts().into_iter().flat_map(|parts| parts.iter()) {
                let kind = match kind {
                    GeometryType::GeometryCollection => inner.type_(),
                    _ => GeometryType::Polygon,
                };
                add_parts(&inner, kind, out, depth + 1)?;
            }
        }
        other => return Err(format!("geometries of type {} are not read", other.0)),
    }
    Ok(())
}

fn positions(part: &Geometry<'_>) -> Vec<Position> {
    let Some(xy) = part.xy() else { return Vec::new() };
    let z = part.z().filter(|z| z.len() == xy.len() / 2);
    let position = |i: usize| Position {
        x: xy.get(2 * i),
        y: xy.get(2 * i + 1),
        z: z.map(|z| z.get(i)),
    };
    (0..xy.len() / 2).map(position).collect()
}

/// Lines or rings; `ends` says where each stops.
fn split(part: &Geometry<'_>) -> Result<Vec<Vec<Position>>, String> {
    let all = positions(part);
    let Some(ends) = part.ends().filter(|ends| !ends.is_empty()) else {
        return Ok(Some(all).filter(|line| !line.is_empty()).into_iter().collect());
    };
    let mut start = 0;
    let mut lines = Vec::new();
    for end in ends {
        let end = end as usize;
        let line = all
            .get(start..end)
            .ok_or("the ends of the rings do not follow each other")?;
        lines.push(line.to_vec());
        start = end;
    }
    lines.retain(|line| !line.is_empty());
    Ok(lines)
}

fn properties(bytes: &[u8], columns: &[(String, ColumnType)]) -> Result<Map<String, Value>, String> {
    let mut cursor = Cursor::new(bytes);
    let mut properties = Map::new();
    // Some writers leave one byte over after the last value.
    while cursor.remaining() > 1 {
        let number = cursor.u16()?;
        let column = columns.get(usize::from(number));
        let (name, kind) = column.ok_or_else(|| format!("there is no field {number}"))?;
        let value = match *kind {
            ColumnType::Byte => Value::from(i8::from_le_bytes([cursor.u8()?])),
            ColumnType::UByte => cursor.u8()?.into(),
            ColumnType::Bool => Value::Bool(cursor.u8()? != 0),
            ColumnType::Short => i16::from_le_bytes(cursor.u16()?.to_le_bytes()).into(),
            ColumnType::UShort => cursor.u16()?.into(),
            ColumnType::Int => cursor.i32()?.into(),
            ColumnType::UInt => cursor.u32()?.into(),
            ColumnType::Long => i64::from_le_bytes(cursor.u64()?.to_le_bytes()).into(),
            ColumnType::ULong => cursor.u64()?.into(),
            ColumnType::Float => float(f64::from(cursor.f32()?)),
            ColumnType::Double => float(cursor.f64()?),
            ColumnType::String | ColumnType::DateTime | ColumnType::Json => {
                let length = cursor.count(1)?;
                let text = String::from_utf8_lossy(cursor.take(length)?).into_owned();
                match *kind {
                    ColumnType::Json => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                    _ => Value::String(text),
                }
            }
            ColumnType::Binary => {
                let length = cursor.count(1)?;
                cursor.take(length)?;
                Value::Null
            }
            other => return Err(format!("the field `{name}` has an unknown type ({})", other.0)),
        };
        properties.insert(name.clone(), value);
    }
    Ok(properties)
}

fn float(number: f64) -> Value {
    serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn field_kind(kind: ColumnType) -> FieldKind {
    match kind {
        ColumnType::Bool => FieldKind::Boolean,
        ColumnType::Float | ColumnType::Double => FieldKind::Number,
        ColumnType::String | ColumnType::DateTime => FieldKind::Text,
        ColumnType::Json | ColumnType::Binary => FieldKind::Other,
        _ => FieldKind::Integer,
    }
}

impl Index {
    /// Where the index lies; `None` when the file has none.
    fn of(header: &Header<'_>, at: usize, file_bytes: usize) -> Result<Option<Self>, String> {
        let node_size = usize::from(header.index_node_size());
        if node_size == 0 || header.features_count() == 0 {
            return Ok(None);
        }
        let most = file_bytes.saturating_sub(at) / NODE_BYTES;
        let leaves = usize::try_from(header.features_count())
            .ok()
            .filter(|count| *count <= most);
        let Some(leaves) = leaves.filter(|_| node_size >= 2) else {
            return Err(format!(
                "the index of {} features does not fit in the file; it is cut off or damaged",
                header.features_count()
            ));
        };
        let mut counts = vec![leaves];
        // One feature has a root above it too.
        while let Some(&count) = counts.last().filter(|count| counts.len() == 1 || **count > 1) {
            counts.push(count.div_ceil(node_size));
        }
        let total: usize = counts.iter().sum();
        if total > most {
            return Err("the index does not fit in the file; it is cut off or damaged".into());
        }
        // The root stands first and the leaves last.
        let mut end = total;
        let levels = counts
            .iter()
            .map(|count| {
                end -= count;
                (end, end + count)
            })
            .collect();
        Ok(Some(Self { at, node_size, levels }))
    }

    fn bytes(&self) -> usize {
        self.levels.first().map_or(0, |(_, end)| end * NODE_BYTES)
    }

    /// Offset and number of every feature whose box meets `window`, in file order; `None` when the index does not hold
    /// together.
    fn search(&self, bytes: &[u8], window: Bounds) -> Option<Vec<(usize, usize)>> {
        let mut found = Vec::new();
        let mut waiting = vec![(0_usize, self.levels.len().checked_sub(1)?)];
        let total = self.levels.first()?.1;
        let mut visited = 0;
        while let Some((first, level)) = waiting.pop() {
            let (start, end) = *self.levels.get(level)?;
            if first < start || first >= end {
                return None;
            }
            for node in first..end.min(first + self.node_size) {
                visited += 1;
                // In a sound tree nobody is met twice.
                if visited > total {
                    return None;
                }
                let mut cursor = Cursor::new(bytes.get(self.at + node * NODE_BYTES..)?);
                let mut read = || cursor.f64().ok();
                let bounds = [read()?, read()?, read()?, read()?];
                let offset = usize::try_from(cursor.u64().ok()?).ok()?;
                if !overlaps(bounds, window) {
                    continue;
                }
                match level.checked_sub(1) {
                    None => found.push((offset, node - start)),
                    Some(below) => waiting.push((offset, below)),
                }
            }
        }
        found.sort_unstable();
        Some(found)
    }
}
