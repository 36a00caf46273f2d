//! Features to the payload of one tile.

use super::{
    feature::{Look, TileFeature, wide},
    images::Images,
    look::face_color,
    schema::Schema,
};
use crate::georef::{Ecef, GeorefError, east_north_up, lon_lat_h_from_ecef};
use crate::sources::SurfaceRole;
use crate::sources::tiles3d::write::{
    Payload, PayloadImage, PayloadMaterial, PayloadPart, QUANTIZED_ERROR_M, SinkError, normal_bytes,
};
use bevy::math::{DMat3, DMat4, DVec3, Vec3};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Most bytes of attributes in one tile. What is more, in tiles far up the tree with thousands of features, is left
/// out there: rows keep their ids and classes, and the tiles below have the rest.
const MAX_ATTRIBUTE_BYTES: usize = 640 << 10;
/// Most bytes of pictures in a tile that is not a leaf; beyond, its surfaces have the colours of their roles.
const MAX_COARSE_IMAGE_BYTES: usize = 2 << 20;
/// A corner may be stored this share of a tile's own error away from the true one, where that is more than
/// [`QUANTIZED_ERROR_M`].
const STORED_SHARE: f64 = 0.01;

/// East, north and up around the middle of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct TileFrame {
    /// Columns east, north, up.
    rotation: DMat3,
    zero: DVec3,
}

impl TileFrame {
    /// The frame around a position in ECEF.
    ///
    /// # Errors
    /// [`GeorefError::Outside`] when it is not on earth.
    pub(super) fn around(zero: DVec3) -> Result<Self, GeorefError> {
        let place = lon_lat_h_from_ecef(Ecef(zero))?;
        Ok(Self {
            rotation: east_north_up(place.lon_deg, place.lat_deg),
            zero,
        })
    }

    pub(super) fn ecef_from_tile(&self) -> DMat4 {
        DMat4::from_cols(
            self.rotation.x_axis.extend(0.0),
            self.rotation.y_axis.extend(0.0),
            self.rotation.z_axis.extend(0.0),
            self.zero.extend(1.0),
        )
    }

    /// Tile axes, metres.
    pub(super) fn tile_from_ecef(&self, ecef: DVec3) -> DVec3 {
        self.rotation.transpose() * (ecef - self.zero)
    }
}

/// The payload of a tile with `features` in their order, whose error is `error_m` (0 for a leaf); `root` leads from its
/// folder to that of the tileset.
///
/// # Errors
/// [`SinkError`] when a picture cannot be written beside it.
pub(super) fn payload(
    features: &[TileFeature],
    frame: &TileFrame,
    error_m: f64,
    schema: &Schema,
    images: &Images<'_>,
    root: &str,
) -> Result<Payload, SinkError> {
    let pictures = Pictures::of(features, error_m > 0.0, images, root)?;
    let mut parts: BTreeMap<PayloadMaterial, PayloadPart> = BTreeMap::new();
    // Callers keep well below that many rows.
    for (row, feature) in (0..=u16::MAX).zip(features) {
        add(feature, row, frame, &pictures, &mut parts);
    }
    let columns = features.iter().map(|f| (&*f.id, &*f.class, &*f.attributes));
    Ok(Payload {
        parts: parts.into_iter().collect(),
        images: pictures.files,
        properties: schema.properties(columns, MAX_ATTRIBUTE_BYTES),
        features: u32::try_from(features.len()).unwrap_or(u32::MAX),
        error_m: QUANTIZED_ERROR_M.max(error_m * STORED_SHARE),
    })
}

/// The pictures of one tile.
struct Pictures {
    files: Vec<PayloadImage>,
    /// Place in `files` by number of the picture.
    place: BTreeMap<u32, usize>,
}

impl Pictures {
    fn of(features: &[TileFeature], is_coarse: bool, images: &Images<'_>, root: &str) -> Result<Self, SinkError> {
        let mut wanted = BTreeSet::new();
        for feature in features {
            for look in &feature.look_of {
                wanted.extend(feature.looks.get(usize::from(*look)).and_then(|look| look.image));
            }
        }
        let mut pictures = Self {
            files: Vec::new(),
            place: BTreeMap::new(),
        };
        let mut bytes = 0;
        for image in wanted {
            let Some(found) = images.read(image, root)? else {
                continue;
            };
            bytes += found.bytes;
            if is_coarse && bytes > MAX_COARSE_IMAGE_BYTES {
                return Ok(Self {
                    files: Vec::new(),
                    place: BTreeMap::new(),
                });
            }
            pictures.place.insert(image, pictures.files.len());
            pictures.files.push(found.image);
        }
        Ok(pictures)
    }
}

/// Adds a feature's triangles, flat: corners are shared where the normal is the same to 1/127.
fn add(
    feature: &TileFeature,
    row: u16,
    frame: &TileFrame,
    pictures: &Pictures,
    parts: &mut BTreeMap<PayloadMaterial, PayloadPart>,
) {
    let mut place: HashMap<(PayloadMaterial, u32, [i8; 3]), u32> = HashMap::new();
    let (triangles, _) = feature.corners.as_chunks::<3>();
    for triangle in triangles {
        let [a, b, c] = triangle.map(|corner| wide(feature.positions[corner as usize]));
        let normal = (frame.rotation.transpose() * (b - a).cross(c - a)).normalize_or(DVec3::Z);
        let look = feature.look_of[triangle[0] as usize];
        let Some(look) = feature.looks.get(usize::from(look)) else {
            continue;
        };
        let material = material(&usual(look, &feature.class), normal, !feature.is_closed, pictures);
        let normal = normal_bytes(normal);
        let part = parts.entry(material).or_default();
        let corners = triangle.map(|corner| {
            *place.entry((material, corner, normal)).or_insert_with(|| {
                let at = corner as usize;
                part.positions.push(frame.tile_from_ecef(feature.ecef(at)));
                part.normals.push(normal);
                part.features.push(row);
                part.uvs.push(feature.uvs.get(at).copied().unwrap_or_default());
                u32::try_from(part.positions.len() - 1).unwrap_or(u32::MAX)
            })
        });
        part.triangles.push(corners);
    }
}

/// The look of a surface of a class: only a building has a roof where nobody says so; a bridge or a bench that slopes
/// is not tiled.
fn usual(look: &Look, class: &str) -> Look {
    let is_building = class.is_empty() || class.starts_with("Building");
    let role = match look.role {
        SurfaceRole::Unknown if !is_building => SurfaceRole::Wall,
        role => role,
    };
    Look { role, ..*look }
}

fn material(look: &Look, normal: DVec3, is_double_sided: bool, pictures: &Pictures) -> PayloadMaterial {
    let image = look.image.and_then(|image| pictures.place.get(&image).copied());
    let color = match (image, look.color) {
        (Some(_), _) => [255; 4],
        (None, Some(color)) => color,
        (None, None) => {
            let [r, g, b] = face_color(look.role, Vec3::from_array(crate::georef::narrow(normal)).z);
            [r, g, b, 255]
        }
    };
    PayloadMaterial {
        color,
        is_double_sided,
        image,
    }
}
