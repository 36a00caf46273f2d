//! The colours of the paper city, straight sRGB, as the interface guide gives them.

use crate::model::{Certainty, ReportStage, SurfaceKind, Use};

/// A straight sRGB colour.
pub type Rgb = [u8; 3];

/// Existing walls.
pub const WALL: Rgb = [0xF1, 0xEC, 0xE3];
/// Existing flat roofs.
pub const FLAT_ROOF: Rgb = [0xD8, 0xD4, 0xCB];
/// Existing tiled roofs.
pub const TILED_ROOF: Rgb = [0xC7, 0x95, 0x80];
/// Lines on the model.
pub const INK: Rgb = [0x4A, 0x43, 0x3B];
/// White paper of a sketch.
pub const PAPER: Rgb = [0xFB, 0xFA, 0xF7];
/// The table on which the model stands.
pub const TABLE: Rgb = [0xDB, 0xD6, 0xCB];
/// Kerbs and banks.
pub const KERB: Rgb = [0xC9, 0xC4, 0xBA];
/// Banks of water.
pub const BANK: Rgb = [0xA9, 0xB3, 0x9A];
/// Sky overhead.
pub const SKY_ZENITH: Rgb = [0xDC, 0xE6, 0xEE];
/// Sky and haze at the horizon.
pub const SKY_HORIZON: Rgb = [0xF6, 0xF3, 0xEC];
/// Outline of what is picked.
pub const SELECTION: Rgb = [0xA4, 0x00, 0x6D];
/// Edge of the plan area.
pub const PLAN_AREA: Rgb = [0x1D, 0x4E, 0x89];
/// Outline of what a plan removes.
pub const REMOVED: Rgb = [0xC8, 0x32, 0x2B];
/// Trunks.
pub const TRUNK: Rgb = [0x8A, 0x75, 0x64];
/// Pins of public-space reports that nobody has started on.
pub const REPORT: Rgb = [0x8A, 0x4B, 0x2A];
/// Pins of reports that somebody is at.
pub const REPORT_IN_HAND: Rgb = [0xC8, 0x92, 0x2E];
/// Pins of reports that are done with.
pub const REPORT_DONE: Rgb = [0x8E, 0x94, 0x98];
/// Pins of sensors.
pub const SENSOR: Rgb = [0x3F, 0x6A, 0x93];
/// Street furniture.
pub const METAL: Rgb = [0x8C, 0x90, 0x94];
/// Wood of benches.
pub const WOOD: Rgb = [0xB0, 0x93, 0x74];

/// From low to high, in equal steps: lighter is higher, also for who tells few colours apart.
pub const HEIGHTS: [Rgb; 5] = [
    [0x3B, 0x4E, 0x7A],
    [0x3D, 0x7F, 0x8C],
    [0x79, 0xAD, 0x7E],
    [0xD8, 0xC2, 0x74],
    [0xF7, 0xE9, 0xD2],
];
/// From weak to strong.
pub const STRENGTHS: [Rgb; 2] = [[0x3A, 0x36, 0x31], [0xF4, 0xF1, 0xEA]];

/// Colour of ground cover.
pub fn surface(kind: SurfaceKind) -> Rgb {
    match kind {
        SurfaceKind::Asphalt => [0xBD, 0xB9, 0xB2],
        SurfaceKind::Paving => [0xDA, 0xD4, 0xC8],
        SurfaceKind::Clinkers => [0xCF, 0xAE, 0x98],
        SurfaceKind::Grass => [0xBA, 0xCB, 0x9D],
        SurfaceKind::Planting => [0x9D, 0xB5, 0x83],
        SurfaceKind::Water => [0x9F, 0xC4, 0xD6],
    }
}

/// Colour of what a plan builds.
pub fn new_use(used_for: Use) -> Rgb {
    match used_for {
        Use::Housing => [0xF3, 0xC5, 0x83],
        Use::Shops => [0xE9, 0x91, 0x8C],
        Use::Office => [0x9F, 0xB6, 0xDA],
        Use::Public => [0xB9, 0xA0, 0xCE],
        Use::Parking => [0xB5, 0xB5, 0xB5],
        Use::Other => [0xD5, 0xCF, 0xC4],
    }
}

/// Colour of a report's pin.
pub fn report(stage: ReportStage) -> Rgb {
    match stage {
        ReportStage::Open => REPORT,
        ReportStage::InHand => REPORT_IN_HAND,
        ReportStage::Done => REPORT_DONE,
    }
}

/// Colour of a crown, slightly varied by a number that belongs to the tree.
pub fn crown(seed: u32) -> Rgb {
    let share = f64::from(seed % 256) / 255.0;
    mix([0x8F, 0xAE, 0x79], [0xA9, 0xBD, 0x8B], share)
}

/// Colour of a measured point by its class of ASPRS LAS 1.4, table 17, where it has none of its own.
pub fn measured(class: u8) -> Rgb {
    match class {
        2 | 8 => mix(TABLE, INK, 0.25),
        3..=5 => crown(0),
        6 => TILED_ROOF,
        9 => surface(SurfaceKind::Water),
        10 | 11 => surface(SurfaceKind::Asphalt),
        // Bridges, and what AHN calls works of civil engineering.
        17 | 26 => FLAT_ROOF,
        _ => METAL,
    }
}

/// `a` and `b` mixed, `share` of `b` from 0 to 1.
pub fn mix(a: Rgb, b: Rgb, share: f64) -> Rgb {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|i| byte(f64::from(a[i]) + (f64::from(b[i]) - f64::from(a[i])) * share))
}

/// What of a colour is left on something new: all of it where it is decided, half of it where it is open, and the white
/// of the paper on a sketch.
pub fn as_sure(color: Rgb, certainty: Certainty) -> Rgb {
    match certainty {
        Certainty::Decided => color,
        Certainty::Open => mix(color, PAPER, 0.5),
        Certainty::Sketch => PAPER,
    }
}

/// The colour of a face of an existing building that the file gives no colour, by its normal's height.
pub fn existing_face(normal_up: f32) -> Rgb {
    if normal_up > 0.985 {
        FLAT_ROOF
    } else if normal_up > 0.30 {
        TILED_ROOF
    } else {
        WALL
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of a byte"
)]
fn byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_reaches_both_ends() {
        assert_eq!(mix(WALL, INK, 0.0), WALL);
        assert_eq!(mix(WALL, INK, 1.0), INK);
        assert_eq!(mix([0, 0, 0], [255, 255, 255], 0.5), [128, 128, 128]);
    }

    #[test]
    fn faces_get_their_colour_by_slope() {
        assert_eq!(existing_face(1.0), FLAT_ROOF);
        assert_eq!(existing_face(0.7), TILED_ROOF);
        assert_eq!(existing_face(0.0), WALL);
        assert_eq!(existing_face(-1.0), WALL);
    }

    #[test]
    fn tiles_that_are_made_here_have_the_same_colours() {
        use crate::sources::{SurfaceRole, tiles3d::tiler::face_color};
        for normal_up in [1.0, 0.98, 0.7, 0.31, 0.29, 0.0, -1.0] {
            assert_eq!(face_color(SurfaceRole::Unknown, normal_up), existing_face(normal_up));
        }
        for (role, color) in [
            (SurfaceRole::Roof, FLAT_ROOF),
            (SurfaceRole::Wall, WALL),
            (SurfaceRole::Ground, KERB),
            (SurfaceRole::Opening, METAL),
            (SurfaceRole::Traffic, surface(SurfaceKind::Asphalt)),
            (SurfaceRole::Water, surface(SurfaceKind::Water)),
            (SurfaceRole::Green, surface(SurfaceKind::Grass)),
            (SurfaceRole::Land, surface(SurfaceKind::Paving)),
        ] {
            assert_eq!(face_color(role, 1.0), color, "{role:?}");
        }
        assert_eq!(face_color(SurfaceRole::Roof, 0.1), TILED_ROOF);
    }
}
