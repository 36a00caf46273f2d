//! What readers of city models hand on to the tiler: features as triangles, in the coordinates of their file.

use bevy::math::{DVec3, Vec2};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a surface is to the eye. Readers map the semantics of their format to it; what they do not know is
/// [`Self::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SurfaceRole {
    /// Roof.
    Roof,
    /// Outer or party wall.
    Wall,
    /// The building's surface on the ground, and floors that lie outside.
    Ground,
    /// Window or door.
    Opening,
    /// Carriageway, path, square, railway.
    Traffic,
    /// Water.
    Water,
    /// Grass, plants, woods.
    Green,
    /// Bare or other land.
    Land,
    /// Nothing said.
    Unknown,
}

/// Surfaces of one role and look.
#[derive(Debug, Clone, PartialEq)]
pub struct CityPart {
    /// What they are.
    pub role: SurfaceRole,
    /// Colour that the file gives them, sRGB and opacity; `None`: the program's own for the role.
    pub color: Option<[u8; 4]>,
    /// Picture on them.
    pub texture: Option<CityTexture>,
    /// Corners, in the coordinate system of the file, its units, east before north.
    pub positions: Vec<DVec3>,
    /// Corners of triangles, anticlockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

/// A picture on a part.
#[derive(Debug, Clone, PartialEq)]
pub struct CityTexture {
    /// Path of the picture beside the file, or a data URI, as the file names it.
    pub image: Arc<str>,
    /// Place in the picture of each corner, from 0 to 1, from its lower left.
    pub uvs: Vec<Vec2>,
}

/// A thing of the city that is picked, hidden and counted as one: a building with its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct CityFeature {
    /// Its id in the file.
    pub id: String,
    /// Its class, by `CityGML`'s names: `Building`, `Bridge`, `Road`.
    pub class: String,
    /// Attributes of it and, where it has no such attribute itself, of its only part.
    pub attributes: Map<String, Value>,
    /// Its surfaces in the level of detail that was asked for.
    pub parts: Vec<CityPart>,
}
