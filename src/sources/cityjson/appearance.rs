//! Materials and textures of a document or of one feature.

use super::cursor::{Cursor, text};
use bevy::math::Vec2;
use serde_json::Value;
use std::sync::Arc;

/// Longest path of a picture; data URIs are longer.
const MAX_IMAGE_BYTES: usize = 32 << 20;

/// What surfaces look like, by number.
#[derive(Debug, Default)]
pub(super) struct Appearance {
    /// Colour and opacity of each material, sRGB; `None` for one without a colour.
    pub(super) materials: Vec<Option<[u8; 4]>>,
    /// Picture of each texture.
    pub(super) textures: Vec<Arc<str>>,
    /// Places in pictures.
    pub(super) uvs: Vec<Vec2>,
    pub(super) default_material_theme: Option<String>,
    pub(super) default_texture_theme: Option<String>,
}

impl Appearance {
    /// Reads the member `appearance`; what cannot be read in it is as if it were not there.
    pub(super) fn read(value: &[u8]) -> Self {
        let mut appearance = Self::default();
        // A broken rest costs what follows it only.
        let _rest = Cursor::new(value).members(|key, value| {
            match key {
                "materials" => appearance.materials = list(value, |value| material(&json(value)?)),
                "textures" => {
                    let images = list(value, image);
                    appearance.textures = images.into_iter().map(Option::unwrap_or_default).collect();
                }
                "vertices-texture" => {
                    let uvs = &mut appearance.uvs;
                    let _rest = Cursor::new(value).elements(|element| uvs.push(place(element).unwrap_or(Vec2::NAN)));
                }
                "default-theme-material" => appearance.default_material_theme = text(value).map(Into::into),
                "default-theme-texture" => appearance.default_texture_theme = text(value).map(Into::into),
                _ => {}
            }
            Ok(())
        });
        appearance
    }
}

fn json(value: &[u8]) -> Option<Value> {
    serde_json::from_slice(value).ok()
}

/// Each element read, `None` for those that cannot be.
fn list<T>(value: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Vec<Option<T>> {
    let mut all = Vec::new();
    let _rest = Cursor::new(value).elements(|element| all.push(read(element)));
    all
}

fn image(texture: &[u8]) -> Option<Arc<str>> {
    let mut image = None;
    let _rest = Cursor::new(texture).members(|key, value| {
        if key == "image" && value.len() <= MAX_IMAGE_BYTES {
            image = text(value).map(|path| Arc::from(&*path));
        }
        Ok(())
    });
    image
}

fn place(place: &[u8]) -> Option<Vec2> {
    let inner = place.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let (u, v) = std::str::from_utf8(inner).ok()?.split_once(',')?;
    let place = Vec2::new(u.trim().parse().ok()?, v.trim().parse().ok()?);
    place.is_finite().then_some(place)
}

/// `diffuseColor` from 0 to 1 is taken for sRGB, as every viewer does; `transparency` 1 is invisible.
fn material(material: &Value) -> Option<[u8; 4]> {
    let color = material.get("diffuseColor")?.as_array()?;
    let part = |i: usize| color.get(i).and_then(Value::as_f64).map(byte);
    let opacity = 1.0 - material.get("transparency").and_then(Value::as_f64).unwrap_or(0.0);
    Some([part(0)?, part(1)?, part(2)?, byte(opacity)])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of a byte before"
)]
fn byte(unit: f64) -> u8 {
    (unit.clamp(0.0, 1.0) * 255.0).round() as u8
}
