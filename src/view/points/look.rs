//! How the points of a cloud are coloured and which classes of them are shown, and the table that says so on the graphics
//! card.

use super::clouds::narrow_m;
use crate::model::points::CloudTraits;
use crate::schedule::FrameSystems;
use crate::view::palette::{self, Rgb};
use crate::view::scene::ScenarioShown;
use bevy::{asset::RenderAssetUsages, prelude::*, render::storage::ShaderBuffer};
use std::collections::{BTreeMap, BTreeSet};

/// What gives a point its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColorBy {
    /// The colour that was measured or taken from a photo.
    Rgb,
    /// What it lies on.
    Class,
    /// How high it lies.
    Height,
    /// How strong its echo was.
    Intensity,
}

impl ColorBy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rgb, Self::Class, Self::Height, Self::Intensity];

    /// Its number in the shader.
    fn number(self) -> u32 {
        match self {
            Self::Rgb => 0,
            Self::Class => 1,
            Self::Height => 2,
            Self::Intensity => 3,
        }
    }
}

/// How one cloud is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PointLook {
    /// What gives its points their colour.
    pub color_by: ColorBy,
    /// Classes that are left out.
    pub hidden: BTreeSet<u8>,
    /// What its points are like.
    pub traits: CloudTraits,
    pub(super) buffer: Handle<ShaderBuffer>,
}

impl PointLook {
    /// As a cloud is shown at first: in its own colours where it has them, else by class.
    pub fn of(traits: CloudTraits) -> Self {
        let says_something = traits.classes.iter().any(|class| *class > 1);
        let color_by = match (traits.has_colors, says_something) {
            (true, _) => ColorBy::Rgb,
            (false, true) => ColorBy::Class,
            (false, false) => ColorBy::Height,
        };
        Self {
            color_by,
            hidden: BTreeSet::new(),
            traits,
            buffer: Handle::default(),
        }
    }

    /// The colourings that say something of this cloud.
    pub fn choices(&self) -> Vec<ColorBy> {
        let [low, high] = self.traits.intensities;
        let is_useful = |by: &ColorBy| match by {
            ColorBy::Rgb => self.traits.has_colors,
            ColorBy::Class => self.traits.classes.len() > 1,
            ColorBy::Height => true,
            ColorBy::Intensity => high > low,
        };
        ColorBy::ALL.into_iter().filter(is_useful).collect()
    }
}

/// How each cloud is shown, by the id of its layer; a cloud comes in once its file has been looked through.
#[derive(Resource, Debug, Clone, Default, PartialEq)]
pub struct PointLooks(pub BTreeMap<String, PointLook>);

/// Request: colour the points of a layer by this.
#[derive(Message, Debug, Clone)]
pub struct ColorPoints {
    /// Layer id.
    pub layer: String,
    /// What gives the colour.
    pub by: ColorBy,
}

/// Request: show or leave out a class of the points of a layer.
#[derive(Message, Debug, Clone)]
pub struct ShowPointClass {
    /// Layer id.
    pub layer: String,
    /// The class.
    pub class: u8,
    /// Whether it shall be visible.
    pub visible: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<PointLooks>()
        .add_message::<ColorPoints>()
        .add_message::<ShowPointClass>()
        .add_systems(
            Update,
            (forget_looks, follow_requests).chain().in_set(FrameSystems::Derive),
        )
        .add_systems(PostUpdate, write_tables);
}

fn forget_looks(mut shown: MessageReader<ScenarioShown>, mut looks: ResMut<PointLooks>) {
    if shown.read().last().is_some() && !looks.0.is_empty() {
        looks.0.clear();
    }
}

fn follow_requests(
    mut colors: MessageReader<ColorPoints>,
    mut classes: MessageReader<ShowPointClass>,
    mut looks: ResMut<PointLooks>,
) {
    for request in colors.read() {
        if let Some(look) = looks.0.get_mut(&request.layer) {
            look.color_by = request.by;
        }
    }
    for request in classes.read() {
        if let Some(look) = looks.0.get_mut(&request.layer) {
            if request.visible {
                look.hidden.remove(&request.class);
            } else {
                look.hidden.insert(request.class);
            }
        }
    }
}

/// Words of the table; the shader reads it by these places.
const WORDS: usize = 280;
const HIDDEN_AT: usize = 8;
const HEIGHTS_AT: usize = 16;
const INTENSITIES_AT: usize = 21;
const CLASSES_AT: usize = 24;
/// Marks the class of something that stands or grows: it is darker near the ground.
const STANDS: u32 = 1 << 24;

fn write_tables(looks: Res<PointLooks>, buffers: Option<ResMut<Assets<ShaderBuffer>>>) {
    let Some(mut buffers) = buffers.filter(|_| looks.is_changed()) else {
        return;
    };
    for look in looks.0.values() {
        if let Some(mut buffer) = buffers.get_mut(&look.buffer) {
            buffer.data = Some(bytemuck::cast_slice(&table(look)).to_vec());
        }
    }
}

/// The table as it is at first.
pub(super) fn buffer(look: &PointLook) -> ShaderBuffer {
    ShaderBuffer::new(bytemuck::cast_slice(&table(look)), RenderAssetUsages::default())
}

fn table(look: &PointLook) -> Vec<u32> {
    let mut words = vec![0; WORDS];
    let heights = look.traits.heights_m.map(|z| narrow_m(z).to_bits());
    let intensities = look.traits.intensities.map(|value| f32::from(value).to_bits());
    words[0] = look.color_by.number();
    words[1..3].copy_from_slice(&heights);
    words[3..5].copy_from_slice(&intensities);
    for class in &look.hidden {
        words[HIDDEN_AT + usize::from(class >> 5)] |= 1 << (class & 31);
    }
    for (word, color) in words[HEIGHTS_AT..].iter_mut().zip(palette::HEIGHTS) {
        *word = packed(color);
    }
    for (word, color) in words[INTENSITIES_AT..].iter_mut().zip(palette::STRENGTHS) {
        *word = packed(color);
    }
    for (word, class) in words[CLASSES_AT..].iter_mut().zip(0..=u8::MAX) {
        let stands = if matches!(class, 2 | 8..=11) { 0 } else { STANDS };
        *word = packed(palette::measured(class)) | stands;
    }
    words
}

fn packed([r, g, b]: Rgb) -> u32 {
    u32::from_le_bytes([r, g, b, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(has_colors: bool, classes: &[u8]) -> PointLook {
        PointLook::of(CloudTraits {
            has_colors,
            classes: classes.iter().copied().collect(),
            heights_m: [0.0, 10.0],
            intensities: [0, 900],
        })
    }

    #[test]
    fn a_cloud_is_shown_at_first_as_says_most_of_it() {
        assert_eq!(look(true, &[2, 6]).color_by, ColorBy::Rgb);
        assert_eq!(look(false, &[2, 6]).color_by, ColorBy::Class);
        let bare = look(false, &[0, 1]);
        assert_eq!(bare.color_by, ColorBy::Height, "nothing was told apart");
        assert!(!bare.choices().contains(&ColorBy::Rgb));
        assert_eq!(look(true, &[2, 6]).choices(), ColorBy::ALL);
    }

    #[test]
    fn the_table_names_what_is_hidden_and_tells_classes_apart() {
        let mut look = look(false, &[2, 6]);
        look.hidden = [6, 64, 255].into();
        let words = table(&look);
        assert_eq!(words.len(), WORDS);
        assert_eq!((words[8], words[10], words[15]), (1 << 6, 1, 1 << 31));
        assert_eq!(words[2], 10.0_f32.to_bits());
        assert_ne!(words[CLASSES_AT + 2], words[CLASSES_AT + 6]);
        assert_eq!(words[CLASSES_AT + 6] & STANDS, STANDS);
    }
}
