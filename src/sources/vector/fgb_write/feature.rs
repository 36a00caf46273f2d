//! The table of one feature.

use super::super::record::{Bounds, GeometryKind, Position, Rings, VectorGeometry};
use super::columns::Columns;
use super::spool;
use flatbuffers::{FlatBufferBuilder, WIPOffset};
use flatgeobuf::{Feature, FeatureArgs, Geometry, GeometryArgs, GeometryType};
use std::io;

/// Builds tables one after the other in the same memory.
pub(super) struct FeatureBuilder<'a> {
    tables: FlatBufferBuilder<'a>,
    columns: &'a Columns,
    has_z: bool,
    properties: Vec<u8>,
}

impl<'a> FeatureBuilder<'a> {
    pub(super) fn new(columns: &'a Columns, has_z: bool) -> Self {
        Self {
            tables: FlatBufferBuilder::new(),
            columns,
            has_z,
            properties: Vec::new(),
        }
    }

    /// The table of a spooled feature with its length before it, and the feature's box.
    pub(super) fn build(&mut self, record: &[u8]) -> io::Result<(Bounds, &[u8])> {
        let (bounds, geometry, properties) = spool::read(record).map_err(io::Error::other)?;
        self.tables.reset();
        self.properties.clear();
        self.columns.encode(&properties, &mut self.properties);
        let geometry = whole(&mut self.tables, &geometry, self.has_z);
        let values = (!self.properties.is_empty()).then(|| self.tables.create_vector(&self.properties));
        let arguments = FeatureArgs {
            geometry: Some(geometry),
            properties: values,
            columns: None,
        };
        let feature = Feature::create(&mut self.tables, &arguments);
        self.tables.finish_size_prefixed(feature, None);
        Ok((bounds, self.tables.finished_data()))
    }
}

/// The format's word for a kind.
pub(super) fn type_of(kind: GeometryKind) -> GeometryType {
    match kind {
        GeometryKind::Point => GeometryType::Point,
        GeometryKind::MultiPoint => GeometryType::MultiPoint,
        GeometryKind::LineString => GeometryType::LineString,
        GeometryKind::MultiLineString => GeometryType::MultiLineString,
        GeometryKind::Polygon => GeometryType::Polygon,
        GeometryKind::MultiPolygon => GeometryType::MultiPolygon,
        GeometryKind::GeometryCollection => GeometryType::GeometryCollection,
    }
}

type Tables<'a> = FlatBufferBuilder<'a>;
type Offset<'a> = WIPOffset<Geometry<'a>>;

fn whole<'a>(tables: &mut Tables<'a>, geometry: &VectorGeometry, has_z: bool) -> Offset<'a> {
    let type_ = type_of(geometry.kind);
    let mut parts = Vec::new();
    let simple = match geometry.kind {
        GeometryKind::Point | GeometryKind::MultiPoint => Some(vec![geometry.points.as_slice()]),
        GeometryKind::LineString | GeometryKind::MultiLineString => {
            Some(geometry.lines.iter().map(Vec::as_slice).collect())
        }
        GeometryKind::Polygon => Some(geometry.polygons.iter().flatten().map(Vec::as_slice).collect()),
        GeometryKind::MultiPolygon => {
            parts.extend(geometry.polygons.iter().map(|rings| polygon(tables, rings, has_z)));
            None
        }
        GeometryKind::GeometryCollection => {
            for point in &geometry.points {
                parts.push(simple_part(
                    tables,
                    &[std::slice::from_ref(point)],
                    GeometryType::Point,
                    has_z,
                ));
            }
            for line in &geometry.lines {
                parts.push(simple_part(tables, &[line], GeometryType::LineString, has_z));
            }
            parts.extend(geometry.polygons.iter().map(|rings| polygon(tables, rings, has_z)));
            None
        }
    };
    if let Some(lists) = simple {
        return simple_part(tables, &lists, type_, has_z);
    }
    let arguments = GeometryArgs {
        parts: Some(tables.create_vector(&parts)),
        type_,
        ..GeometryArgs::default()
    };
    Geometry::create(tables, &arguments)
}

fn polygon<'a>(tables: &mut Tables<'a>, rings: &Rings, has_z: bool) -> Offset<'a> {
    let rings: Vec<&[Position]> = rings.iter().map(Vec::as_slice).collect();
    simple_part(tables, &rings, GeometryType::Polygon, has_z)
}

/// Lists of positions as one, with where each of them ends; one list needs no end.
fn simple_part<'a>(tables: &mut Tables<'a>, lists: &[&[Position]], type_: GeometryType, has_z: bool) -> Offset<'a> {
    let mut end = 0_u32;
    let ends: Vec<u32> = lists
        .iter()
        .map(|list| {
            end = end.saturating_add(u32::try_from(list.len()).unwrap_or(u32::MAX));
            end
        })
        .collect();
    let positions = || lists.iter().copied().flatten();
    let xy: Vec<f64> = positions().flat_map(|p| [p.x, p.y]).collect();
    let z: Option<Vec<f64>> = has_z.then(|| positions().map(|p| p.z.unwrap_or_default()).collect());
    let arguments = GeometryArgs {
        ends: (ends.len() > 1).then(|| tables.create_vector(&ends)),
        xy: Some(tables.create_vector(&xy)),
        z: z.map(|z| tables.create_vector(&z)),
        type_,
        ..GeometryArgs::default()
    };
    Geometry::create(tables, &arguments)
}
