//! Instanced 3D Models: one model, and a feature table that says where it stands how often.
//!
//! Instances are placed in the tile's own z-up axes: the model is turned to z-up first, and what turns an instance works
//! on the turned model, as the specification orders. Vectors for right and up are the images of its x and y axes.

use super::b3dm::{batch_table, byte_offset, feature_numbers, object, split_sections};
use crate::{
    geometry::FeatureTable,
    sources::gltf::{Copies, Fault, little_endian_u32},
};
use bevy::math::{DAffine3, DMat3, DVec2, DVec3};
use serde_json::{Map, Value as Json};

/// Bytes before the sections.
const HEADER: usize = 32;

/// The model of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model<'a> {
    /// It stands in the tile.
    Embedded(&'a [u8]),
    /// It is a file of its own with this address.
    External(&'a str),
}

/// The parts of a tile.
pub(super) struct I3dm<'a> {
    pub(super) model: Model<'a>,
    /// Zero where the file gives none.
    pub(super) rtc_center: DVec3,
    /// How many instances it promises.
    pub(super) count: u32,
    features: Map<String, Json>,
    feature_binary: &'a [u8],
    pub(super) batch_json: &'a [u8],
    batch_binary: &'a [u8],
}

/// Instances and their attributes.
pub(super) struct Instances {
    pub(super) copies: Copies,
    pub(super) table: FeatureTable,
    pub(super) faults: Vec<Fault>,
}

impl<'a> I3dm<'a> {
    /// Splits a tile whose magic has been checked.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let field = |offset: usize| {
            little_endian_u32(bytes, offset).ok_or_else(|| Fault::new("", "the tile is cut off inside its header"))
        };
        let version = field(4)?;
        let length = field(8)? as usize;
        let sizes = [field(12)?, field(16)?, field(20)?, field(24)?];
        let format = field(28)?;
        if version != 1 {
            let message = format!("version {version} of instanced tiles is unknown");
            return Err(Fault::not_read("byte 4", message));
        }
        let tile = bytes.get(..length).ok_or_else(|| {
            let message = format!("the tile is cut off: {length} bytes promised, {} there", bytes.len());
            Fault::new("byte 8", message)
        })?;
        let (tables, rest) = split_sections(tile, HEADER, sizes)?;
        let [feature_json, feature_binary, batch_json, batch_binary] = tables;
        let features = object(feature_json, "feature table")?;
        let count = match features.get("INSTANCES_LENGTH") {
            Some(Json::Number(count)) => count.as_u64().and_then(|count| u32::try_from(count).ok()),
            Some(Json::Object(place)) => byte_offset(place).and_then(|at| little_endian_u32(feature_binary, at)),
            _ => None,
        };
        let rtc_center = feature_numbers(&features, feature_binary, "RTC_CENTER", 3);
        Ok(Self {
            model: model(rest, format)?,
            rtc_center: rtc_center.map_or(DVec3::ZERO, |c| DVec3::new(c[0], c[1], c[2])),
            count: count.ok_or_else(|| Fault::new("feature table.INSTANCES_LENGTH", "it is not a whole number"))?,
            features,
            feature_binary,
            batch_json,
            batch_binary,
        })
    }

    /// The instances, at most `limit`. `upright` gives the columns east, north and up at a place of the tile, for
    /// tiles whose instances stand upright wherever they are.
    pub(super) fn instances(&self, limit: usize, upright: impl Fn(DVec3) -> DMat3) -> Result<Instances, Fault> {
        let mut faults = Vec::new();
        let promised = self.count as usize;
        let count = promised.min(limit);
        if count < promised {
            let message = format!("{promised} instances are more than are read for one tile; {count} are");
            faults.push(Fault::too_large("feature table.INSTANCES_LENGTH", message));
        }
        let values = Values {
            features: &self.features,
            binary: self.feature_binary,
            count,
        };
        let positions = match values.positions() {
            Some(positions) => positions?,
            None if count == 0 => Vec::new(),
            None => return Err(Fault::new("feature table", "the instances have no positions")),
        };
        let mut soft = |read: Option<Result<Vec<DVec3>, Fault>>| match read? {
            Ok(read) => Some(read),
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        let ups = soft(values.directions("NORMAL_UP", "NORMAL_UP_OCT32P"));
        let rights = soft(values.directions("NORMAL_RIGHT", "NORMAL_RIGHT_OCT32P"));
        let scales = soft(values.vectors("SCALE", Number::Float, 1));
        let axes_scales = soft(values.vectors("SCALE_NON_UNIFORM", Number::Float, 3));
        let directions = ups.zip(rights);
        let is_upright = self.features.get("EAST_NORTH_UP").and_then(Json::as_bool) == Some(true);
        let mut without_direction = 0_usize;
        let mut places = Vec::with_capacity(count);
        for (i, position) in positions.into_iter().enumerate() {
            let rotation = match &directions {
                Some((ups, rights)) => turned(rights[i], ups[i]).unwrap_or_else(|| {
                    without_direction += 1;
                    DMat3::IDENTITY
                }),
                None if is_upright => upright(position),
                None => DMat3::IDENTITY,
            };
            let scale = scales.as_ref().map_or(DVec3::ONE, |scales| DVec3::splat(scales[i].x));
            let scale = scale * axes_scales.as_ref().map_or(DVec3::ONE, |scales| scales[i]);
            places.push(DAffine3::from_mat3_translation(
                rotation * DMat3::from_diagonal(scale),
                position,
            ));
        }
        if without_direction > 0 {
            let message = format!("{without_direction} instances have no usable direction; they are not turned");
            faults.push(Fault::new("feature table.NORMAL_UP", message));
        }
        let (rows, table_rows) = self.rows(&values, &mut faults);
        let (table, table_faults) = batch_table(self.batch_json, self.batch_binary, table_rows);
        faults.extend(table_faults);
        let mut copies = Copies {
            places,
            rows,
            ..Copies::default()
        };
        faults.extend(
            copies
                .drop_endless()
                .map(|fault| fault.moved_to("feature table.POSITION")),
        );
        Ok(Instances { copies, table, faults })
    }

    /// The row of each instance and how many rows there are: by its batch id, else one for each.
    fn rows(&self, values: &Values<'_>, faults: &mut Vec<Fault>) -> (Vec<u32>, u32) {
        let all = u32::try_from(values.count).unwrap_or(u32::MAX);
        let own = || ((0..all).collect(), all);
        let mut ids = match values.batch_ids() {
            None => return own(),
            Some(Ok(ids)) => ids,
            Some(Err(fault)) => {
                faults.push(fault);
                return own();
            }
        };
        // Ids count the features, and there are no more of those than instances.
        let is_known = |id: &u32| *id < self.count;
        let rows = ids.iter().filter(|id| is_known(id)).max().map_or(0, |most| most + 1);
        let unknown = ids.iter().filter(|id| !is_known(id)).count();
        if unknown > 0 {
            let message =
                format!("{unknown} instances have a batch id beyond the number of instances; they have no properties");
            faults.push(Fault::new("feature table.BATCH_ID", message));
        }
        for id in &mut ids {
            *id = (*id).min(rows);
        }
        (ids, rows)
    }
}

/// What stands behind the sections; the format that the header names is 0 for an address, else 1.
fn model(bytes: &[u8], format: u32) -> Result<Model<'_>, Fault> {
    if format == 1 || bytes.starts_with(b"glTF") {
        return Ok(Model::Embedded(bytes));
    }
    if format != 0 {
        let message = format!("the format {format} of the model is neither 0 (an address) nor 1 (a GLB)");
        return Err(Fault::new("byte 28", message));
    }
    let text = std::str::from_utf8(bytes).map_err(|_error| Fault::new("model", "its address is not UTF-8"))?;
    // Padding is spaces by the specification, and zeros in practice.
    let address = text.trim_matches([' ', '\0']);
    if address.is_empty() {
        return Err(Fault::new("model", "its address is empty"));
    }
    Ok(Model::External(address))
}

/// The turn that takes x to `right` and y to `up`; `None` where these give none.
fn turned(right: DVec3, up: DVec3) -> Option<DMat3> {
    let right = right.try_normalize()?;
    let forward = right.cross(up).try_normalize()?;
    Some(DMat3::from_cols(right, forward.cross(right), forward))
}

/// How numbers stand in the binary part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    U8,
    U16,
    U32,
    Float,
}

impl Number {
    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::Float => 4,
        }
    }

    /// The number at the start of `bytes`, all of which are there.
    fn read(self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 4];
        for (to, from) in wide.iter_mut().zip(bytes).take(self.bytes()) {
            *to = *from;
        }
        match self {
            Self::Float => f64::from(f32::from_le_bytes(wide)),
            _ => f64::from(u32::from_le_bytes(wide)),
        }
    }
}

/// What the feature table says of each instance.
struct Values<'a> {
    features: &'a Map<String, Json>,
    binary: &'a [u8],
    count: usize,
}

impl Values<'_> {
    /// `components` numbers for each instance, from the JSON itself or the binary part; `None` where there are none.
    fn numbers(&self, key: &str, number: Number, components: usize) -> Option<Result<Vec<f64>, Fault>> {
        let fault = |message: String| Fault::new(format!("feature table.{key}"), message);
        let wanted = self.count.checked_mul(components)?;
        Some(match self.features.get(key)? {
            Json::Array(items) if items.len() >= wanted => {
                let numbers: Option<Vec<f64>> = items.iter().take(wanted).map(Json::as_f64).collect();
                numbers.ok_or_else(|| fault("one of its values is not a number".to_owned()))
            }
            Json::Array(items) => Err(fault(format!(
                "{} values are too few for {} instances",
                items.len(),
                self.count
            ))),
            Json::Object(place) => {
                let start = byte_offset(place);
                let length = wanted.checked_mul(number.bytes());
                let range = start.zip(length).and_then(|(start, length)| {
                    let end = start.checked_add(length)?;
                    self.binary.get(start..end)
                });
                range
                    .map(|bytes| bytes.chunks_exact(number.bytes()).map(|raw| number.read(raw)).collect())
                    .ok_or_else(|| {
                        fault(format!(
                            "its values for {} instances reach past the end of the table",
                            self.count
                        ))
                    })
            }
            _ => Err(fault("it is neither a list nor a place in the binary part".to_owned())),
        })
    }

    /// Vectors; where there are fewer than three components the last ones are zero.
    fn vectors(&self, key: &str, number: Number, components: usize) -> Option<Result<Vec<DVec3>, Fault>> {
        let vector = |part: &[f64]| DVec3::from_array(std::array::from_fn(|i| part.get(i).copied().unwrap_or(0.0)));
        let numbers = self.numbers(key, number, components)?;
        Some(numbers.map(|numbers| numbers.chunks_exact(components).map(vector).collect()))
    }

    fn positions(&self) -> Option<Result<Vec<DVec3>, Fault>> {
        if let Some(positions) = self.vectors("POSITION", Number::Float, 3) {
            return Some(positions);
        }
        let quantized = self.vectors("POSITION_QUANTIZED", Number::U16, 3)?;
        let corner = |key: &str| {
            let numbers = feature_numbers(self.features, self.binary, key, 3);
            let message = "quantized positions need it, as three finite numbers";
            numbers
                .map(|n| DVec3::new(n[0], n[1], n[2]))
                .ok_or_else(|| Fault::new(format!("feature table.{key}"), message))
        };
        Some(quantized.and_then(|quantized| {
            let offset = corner("QUANTIZED_VOLUME_OFFSET")?;
            let scale = corner("QUANTIZED_VOLUME_SCALE")?;
            Ok(quantized.into_iter().map(|q| offset + q / 65_535.0 * scale).collect())
        }))
    }

    /// Directions, plain or as points of an octahedron.
    fn directions(&self, plain: &str, packed: &str) -> Option<Result<Vec<DVec3>, Fault>> {
        if let Some(directions) = self.vectors(plain, Number::Float, 3) {
            return Some(directions);
        }
        let packed = self.vectors(packed, Number::U16, 2)?;
        Some(packed.map(|packed| packed.into_iter().map(|p| from_octahedron(p.truncate())).collect()))
    }

    fn batch_ids(&self) -> Option<Result<Vec<u32>, Fault>> {
        let place = self.features.get("BATCH_ID")?;
        let number = match place.get("componentType").and_then(Json::as_str) {
            Some("UNSIGNED_BYTE" | "BYTE") => Number::U8,
            Some("UNSIGNED_INT" | "INT") => Number::U32,
            _ => Number::U16,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number below 2^32 from the binary part; any other from the JSON saturates"
        )]
        let whole = |id: f64| id as u32;
        let ids = self.numbers("BATCH_ID", number, 1)?;
        Some(ids.map(|ids| ids.into_iter().map(whole).collect()))
    }
}

/// A direction from its point on the unfolded octahedron, 16 bits to a side (Cigolle et al. 2014, "A Survey of Efficient
/// Representations for Independent Unit Vectors", Journal of Computer Graphics Techniques 3 (2)).
fn from_octahedron(packed: DVec2) -> DVec3 {
    let p = packed / 65_535.0 * 2.0 - 1.0;
    let z = 1.0 - p.x.abs() - p.y.abs();
    let sign = |value: f64| if value < 0.0 { -1.0 } else { 1.0 };
    let folded = if z < 0.0 {
        DVec2::new((1.0 - p.y.abs()) * sign(p.x), (1.0 - p.x.abs()) * sign(p.y))
    } else {
        p
    };
    folded.extend(z).normalize_or_zero()
}

#[cfg(test)]
mod tests;
