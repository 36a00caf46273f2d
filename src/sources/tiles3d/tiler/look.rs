//! What surfaces look like that neither the file nor a picture colours.
//!
//! The colours of the paper city (`view::palette`, held equal by a test there) go into the materials as base colours,
//! chosen by role **and** slope: our program draws a file's own colours as they are, and shades by slope only what
//! has none or one colour for all. So roofs stay told apart as flat and tiled, a steep roof is no wall, and the floor
//! of a building is neither; any other viewer shows the same town, matte (metallic 0, rough 1).
//!
//! Rejected: leaving the colour out. Our program would then colour by slope alone, without what the file knows of its
//! surfaces, and other viewers would show a white town.

use crate::sources::SurfaceRole;

/// Above this height of the normal a roof is flat, as in the view.
const FLAT: f32 = 0.985;
/// Above this height of the normal a face of unknown role is a roof, as in the view.
const SLOPED: f32 = 0.30;

const WALL: [u8; 3] = [0xF1, 0xEC, 0xE3];
const FLAT_ROOF: [u8; 3] = [0xD8, 0xD4, 0xCB];
const TILED_ROOF: [u8; 3] = [0xC7, 0x95, 0x80];
/// The floor on the ground, in the colour of kerbs.
const FLOOR: [u8; 3] = [0xC9, 0xC4, 0xBA];
/// Windows and doors, in the colour of metal.
const OPENING: [u8; 3] = [0x8C, 0x90, 0x94];
const ASPHALT: [u8; 3] = [0xBD, 0xB9, 0xB2];
const WATER: [u8; 3] = [0x9F, 0xC4, 0xD6];
const GRASS: [u8; 3] = [0xBA, 0xCB, 0x9D];
const LAND: [u8; 3] = [0xDA, 0xD4, 0xC8];

/// sRGB colour of a face of `role` whose unit normal reaches `normal_up` high.
pub fn face_color(role: SurfaceRole, normal_up: f32) -> [u8; 3] {
    let of_roof = if normal_up > FLAT { FLAT_ROOF } else { TILED_ROOF };
    match role {
        SurfaceRole::Roof => of_roof,
        SurfaceRole::Unknown if normal_up > SLOPED => of_roof,
        SurfaceRole::Wall | SurfaceRole::Unknown => WALL,
        SurfaceRole::Ground => FLOOR,
        SurfaceRole::Opening => OPENING,
        SurfaceRole::Traffic => ASPHALT,
        SurfaceRole::Water => WATER,
        SurfaceRole::Green => GRASS,
        SurfaceRole::Land => LAND,
    }
}
