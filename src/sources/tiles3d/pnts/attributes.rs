//! What the feature table says of each point: its place, colour, direction and batch.
//!
//! [3D Tiles 1.0, point clouds](https://docs.ogc.org/cs/18-053r2/18-053r2.html#toc40). Where a table names several
//! colours, the specification's order decides: RGBA, RGB, RGB565, one colour for all.

use super::{DRACO, Pnts, byte_offset};
use crate::sources::{
    codecs::draco::{DecodedPoints, decode_points},
    gltf::{Fault, LocalPoints},
    tiles3d::b3dm::feature_numbers,
};
use bevy::math::{DVec3, Vec3};
use serde_json::{Map, Value as Json};

/// Attributes that a Draco stream can hold, and the numbers of each to a point.
const DRACO_ATTRIBUTES: [(&str, usize); 6] = [
    ("POSITION", 3),
    ("RGBA", 4),
    ("RGB", 3),
    ("NORMAL", 3),
    ("NORMAL_OCT16P", 2),
    ("BATCH_ID", 1),
];
/// Most attributes and properties of one Draco stream.
const MAX_COLUMNS: usize = 256;

/// What a Draco stream holds, by the names that the tables give its attributes.
#[derive(Default)]
pub(super) struct Unpacked {
    columns: Vec<(String, Vec<f32>)>,
}

impl Unpacked {
    /// The numbers of an attribute or a property.
    pub(super) fn column(&self, name: &str) -> Option<&[f32]> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found.map(|(_, numbers)| numbers.as_slice())
    }
}

impl Pnts<'_> {
    /// The points of a Draco stream, where the tile has one; properties are told from attributes by a name that no attribute
    /// has.
    pub(super) fn unpacked(&self) -> Result<Unpacked, Fault> {
        let Some(extension) = extension(&self.features) else {
            return Ok(Unpacked::default());
        };
        let place = || format!("feature table.extensions.{DRACO}");
        let fault = |message: &str| Fault::new(place(), message);
        let offset = byte_offset(extension).ok_or_else(|| fault("it has no byte offset"))?;
        let length = extension.get("byteLength").and_then(Json::as_u64);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let stream = length
            .and_then(|length| self.feature_binary.get(offset..offset.checked_add(length)?))
            .ok_or_else(|| fault("its bytes reach past the end of the feature table"))?;
        let mut names = Vec::new();
        let mut wanted = Vec::new();
        for (name, components) in DRACO_ATTRIBUTES {
            if let Some(id) = unique_id(extension, name) {
                names.push(name.to_owned());
                wanted.push((id, components));
            }
        }
        for (name, id, components) in self.draco_properties() {
            names.push(property_name(name));
            wanted.push((id, components));
        }
        if wanted.len() > MAX_COLUMNS {
            let message = format!("it holds more than {MAX_COLUMNS} attributes");
            return Err(Fault::too_large(place(), message));
        }
        let DecodedPoints { count, columns } =
            decode_points(stream, &wanted).map_err(|message| Fault::new(place(), message))?;
        if count != self.count as usize {
            let message = format!("it holds {count} points, where the table promises {}", self.count);
            return Err(Fault::new(place(), message));
        }
        Ok(Unpacked {
            columns: names.into_iter().zip(columns).collect(),
        })
    }

    /// The names, unique ids and numbers to a point of the properties in the Draco stream.
    fn draco_properties(&self) -> Vec<(&str, u32, usize)> {
        let Ok(batch) = &self.batch else {
            return Vec::new();
        };
        let Some(extension) = extension(batch) else {
            return Vec::new();
        };
        let named = batch.iter().filter_map(|(name, column)| {
            let id = unique_id(extension, name)?;
            Some((name.as_str(), id, super::properties::components(column.as_object()?)?))
        });
        named.collect()
    }

    /// The points without features.
    pub(super) fn points(&self, unpacked: &Unpacked, faults: &mut Vec<Fault>) -> Result<LocalPoints, Fault> {
        let (positions, center) = self.positions(unpacked)?;
        let center = center + self.vector("RTC_CENTER").unwrap_or(DVec3::ZERO);
        let mut soft = |found: Result<Option<Vec<[u8; 4]>>, Fault>| {
            found.unwrap_or_else(|fault| {
                faults.push(fault);
                None
            })
        };
        let colors = soft(self.colors(unpacked)).unwrap_or_default();
        let normals = match self.normals(unpacked) {
            Ok(normals) => normals.unwrap_or_default(),
            Err(fault) => {
                faults.push(fault);
                Vec::new()
            }
        };
        Ok(LocalPoints {
            center,
            positions,
            normals,
            features: Vec::new(),
            colors,
        })
    }

    fn positions(&self, unpacked: &Unpacked) -> Result<(Vec<[f32; 3]>, DVec3), Fault> {
        if let Some(numbers) = unpacked.column("POSITION") {
            return Ok((numbers.as_chunks().0.to_vec(), DVec3::ZERO));
        }
        if let Some(bytes) = self.column::<12>("POSITION")? {
            return Ok((bytes.iter().map(floats).collect(), DVec3::ZERO));
        }
        let Some(bytes) = self.column::<6>("POSITION_QUANTIZED")? else {
            return Err(Fault::new("feature table", "the points have no positions"));
        };
        let missing = |key: &str| Fault::new(format!("feature table.{key}"), "it is missing or not three numbers");
        let volume = |key: &str| self.vector(key).ok_or_else(|| missing(key));
        let (offset, scale) = (volume("QUANTIZED_VOLUME_OFFSET")?, volume("QUANTIZED_VOLUME_SCALE")?);
        let scale = crate::georef::narrow(scale / 65_535.0);
        let position = |b: &[u8; 6]| {
            let steps = [[b[0], b[1]], [b[2], b[3]], [b[4], b[5]]].map(|two| f32::from(u16::from_le_bytes(two)));
            [steps[0] * scale[0], steps[1] * scale[1], steps[2] * scale[2]]
        };
        Ok((bytes.iter().map(position).collect(), offset))
    }

    /// One colour for each point; `None` where the file has none.
    fn colors(&self, unpacked: &Unpacked) -> Result<Option<Vec<[u8; 4]>>, Fault> {
        if let Some(numbers) = unpacked.column("RGBA") {
            return Ok(Some(
                numbers.as_chunks().0.iter().map(|c: &[f32; 4]| c.map(byte)).collect(),
            ));
        }
        if let Some(bytes) = self.column::<4>("RGBA")? {
            return Ok(Some(bytes.to_vec()));
        }
        if let Some(numbers) = unpacked.column("RGB") {
            let opaque = |c: &[f32; 3]| [byte(c[0]), byte(c[1]), byte(c[2]), 255];
            return Ok(Some(numbers.as_chunks().0.iter().map(opaque).collect()));
        }
        if let Some(bytes) = self.column::<3>("RGB")? {
            return Ok(Some(bytes.iter().map(|[r, g, b]| [*r, *g, *b, 255]).collect()));
        }
        if let Some(bytes) = self.column::<2>("RGB565")? {
            return Ok(Some(bytes.iter().map(|two| rgb565(u16::from_le_bytes(*two))).collect()));
        }
        let color = match self.features.get("CONSTANT_RGBA") {
            None => return Ok(None),
            Some(Json::Array(parts)) => parts
                .iter()
                .map(|part| part.as_u64().and_then(|part| u8::try_from(part).ok()))
                .collect::<Option<Vec<u8>>>(),
            Some(Json::Object(place)) => byte_offset(place)
                .and_then(|start| self.feature_binary.get(start..start.checked_add(4)?))
                .map(<[u8]>::to_vec),
            Some(_) => None,
        };
        let color: Option<[u8; 4]> = color.and_then(|parts| parts.try_into().ok());
        let color =
            color.ok_or_else(|| Fault::new("feature table.CONSTANT_RGBA", "it is not a colour of four bytes"))?;
        Ok(Some(vec![color; self.count as usize]))
    }

    /// One direction for each point; `None` where the file has none.
    fn normals(&self, unpacked: &Unpacked) -> Result<Option<Vec<[f32; 3]>>, Fault> {
        let unit = |v: [f32; 3]| Vec3::from_array(v).try_normalize().unwrap_or(Vec3::Z).to_array();
        if let Some(numbers) = unpacked.column("NORMAL") {
            return Ok(Some(numbers.as_chunks().0.iter().copied().map(unit).collect()));
        }
        if let Some(bytes) = self.column::<12>("NORMAL")? {
            return Ok(Some(bytes.iter().map(|bytes| unit(floats(bytes))).collect()));
        }
        if let Some(numbers) = unpacked.column("NORMAL_OCT16P") {
            let decode = |pair: &[f32; 2]| unit(octahedral(*pair));
            return Ok(Some(numbers.as_chunks().0.iter().map(decode).collect()));
        }
        let bytes = self.column::<2>("NORMAL_OCT16P")?;
        Ok(bytes.map(|bytes| bytes.iter().map(|pair| unit(octahedral(pair.map(f32::from)))).collect()))
    }

    /// The batch of each point; `None` where the points are not in batches.
    pub(super) fn batch_ids(&self, unpacked: &Unpacked, faults: &mut Vec<Fault>) -> Option<Vec<u32>> {
        if let Some(numbers) = unpacked.column("BATCH_ID") {
            return Some(numbers.iter().map(|number| whole(*number)).collect());
        }
        let column = self.features.get("BATCH_ID")?;
        let found = match column.get("componentType").and_then(Json::as_str) {
            Some("UNSIGNED_BYTE") => self
                .column::<1>("BATCH_ID")
                .map(|ids| ids.map(|ids| wide(ids, |[b]| u32::from(b)))),
            None | Some("UNSIGNED_SHORT") => self
                .column::<2>("BATCH_ID")
                .map(|ids| ids.map(|ids| wide(ids, |two| u32::from(u16::from_le_bytes(two))))),
            Some("UNSIGNED_INT") => self
                .column::<4>("BATCH_ID")
                .map(|ids| ids.map(|ids| wide(ids, u32::from_le_bytes))),
            Some(_) => Err(Fault::new("feature table.BATCH_ID", "its component type is unknown")),
        };
        found.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        })
    }

    /// `N` bytes for each point, at the place that the table names; `None` where it names none.
    fn column<const N: usize>(&self, name: &str) -> Result<Option<&[[u8; N]]>, Fault> {
        let Some(place) = self.features.get(name) else {
            return Ok(None);
        };
        let fault = |message: &str| Fault::new(format!("feature table.{name}"), message);
        let start = place.as_object().and_then(byte_offset);
        let start = start.ok_or_else(|| fault("it has no byte offset"))?;
        let bytes = (self.count as usize)
            .checked_mul(N)
            .and_then(|length| self.feature_binary.get(start..start.checked_add(length)?));
        let bytes = bytes.ok_or_else(|| fault("its values reach past the end of the feature table"))?;
        Ok(Some(bytes.as_chunks::<N>().0))
    }

    /// Three numbers for the tile.
    fn vector(&self, key: &str) -> Option<DVec3> {
        let numbers = feature_numbers(&self.features, self.feature_binary, key, 3)?;
        numbers.first_chunk().copied().map(DVec3::from_array)
    }
}

/// The table's Draco extension.
fn extension(table: &Map<String, Json>) -> Option<&Map<String, Json>> {
    table.get("extensions")?.get(DRACO)?.as_object()
}

fn unique_id(extension: &Map<String, Json>, name: &str) -> Option<u32> {
    let id = extension.get("properties")?.get(name)?.as_u64()?;
    u32::try_from(id).ok()
}

/// How a property is called among the unpacked columns, where an attribute may have its name.
pub(super) fn property_name(name: &str) -> String {
    format!("batch table.{name}")
}

fn wide<const N: usize>(ids: &[[u8; N]], number: impl Fn([u8; N]) -> u32) -> Vec<u32> {
    ids.iter().map(|id| number(*id)).collect()
}

fn floats(bytes: &[u8; 12]) -> [f32; 3] {
    let (numbers, _) = bytes.as_chunks::<4>();
    [numbers[0], numbers[1], numbers[2]].map(f32::from_le_bytes)
}

/// Five, six and five bits, each spread over its byte.
fn rgb565(packed: u16) -> [u8; 4] {
    let part = |shift: u32, bits: u32| {
        let value = (packed >> shift) & ((1 << bits) - 1);
        let byte = (value << (8 - bits)) | (value >> (2 * bits - 8));
        u8::try_from(byte).unwrap_or(u8::MAX)
    };
    [part(11, 5), part(5, 6), part(0, 5), 255]
}

/// A direction from two bytes on a flattened octahedron
/// ([Cigolle and others](http://jcgt.org/published/0003/02/01/)).
fn octahedral(pair: [f32; 2]) -> [f32; 3] {
    let [x, y] = pair.map(|byte| byte / 255.0 * 2.0 - 1.0);
    let z = 1.0 - x.abs() - y.abs();
    if z >= 0.0 {
        return [x, y, z];
    }
    let fold = |a: f32, b: f32| (1.0 - b.abs()) * if a >= 0.0 { 1.0 } else { -1.0 };
    [fold(x, y), fold(y, x), z]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn byte(value: f32) -> u8 {
    value.clamp(0.0, 255.0).round() as u8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and NaN becomes 0"
)]
fn whole(value: f32) -> u32 {
    value.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_colors_reach_from_black_to_white() {
        assert_eq!(rgb565(0), [0, 0, 0, 255]);
        assert_eq!(rgb565(0xffff), [255; 4]);
        assert_eq!(rgb565(0x07e0), [0, 255, 0, 255]);
        assert_eq!(rgb565(0b1000_0000_0010_0001), [132, 4, 8, 255]);
    }

    #[test]
    fn octahedral_directions_cover_the_ball() {
        let near = |pair: [f32; 2], expected: Vec3| {
            let found = Vec3::from_array(octahedral(pair)).normalize();
            assert!(found.distance(expected) < 0.02, "{pair:?}: {found}");
        };
        near([127.5, 127.5], Vec3::Z);
        near([255.0, 127.5], Vec3::X);
        near([127.5, 0.0], Vec3::NEG_Y);
        near([255.0, 255.0], Vec3::NEG_Z);
        near([0.0, 0.0], Vec3::NEG_Z);
    }
}
