//! What a drag on the city does.

use bevy::{math::DVec2, prelude::*};

/// What a drag with one finger or the mouse does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DragMotion {
    /// As at a desk: the mouse slides with its left button and turns with its right one, a finger turns; a short press
    /// picks.
    #[default]
    Desk,
    /// Finger and mouse turn the city around what is looked at; nothing is picked.
    Turn,
    /// Finger and mouse slide the city; nothing is picked.
    Slide,
}

/// What drags do now.
#[derive(Resource, Debug, Clone, Copy, Default, PartialEq)]
pub struct Drags {
    /// What a drag does.
    pub motion: DragMotion,
    /// Pixel of the picture whose place the city turns around; the middle where it is `None`.
    pub pivot_px: Option<DVec2>,
}
