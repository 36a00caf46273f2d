//! Pictures whose bytes are numbers and no colours: they are never filtered, and a place has those of the texel it lies in.

use super::{Value, Wrap};
use std::{fmt::Debug, sync::Arc};

/// A picture whose bytes are numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texels {
    width: u32,
    height: u32,
    /// Four for each texel, row by row from the top.
    bytes: Vec<u8>,
}

impl Texels {
    /// A picture of `width` by `height` texels with four bytes each; `None` where it is empty or bytes are missing.
    pub fn new(width: u32, height: u32, mut bytes: Vec<u8>) -> Option<Self> {
        let wanted = usize::try_from(u64::from(width) * u64::from(height) * 4).ok()?;
        let is_whole = wanted > 0 && bytes.len() >= wanted;
        bytes.truncate(wanted);
        bytes.shrink_to_fit();
        is_whole.then_some(Self { width, height, bytes })
    }

    /// Width and height in texels.
    pub fn size(&self) -> [u32; 2] {
        [self.width, self.height]
    }

    /// The texel at a place in texels from the upper left corner; `None` where that is no number.
    pub fn at(&self, place: [f64; 2], wrap: [Wrap; 2]) -> Option<[u8; 4]> {
        let [x, y] = [
            texel(place[0], self.width, wrap[0])?,
            texel(place[1], self.height, wrap[1])?,
        ];
        let texels = self.bytes.as_chunks::<4>().0;
        texels.get(y * self.width as usize + x).copied()
    }

    /// The texel at texture coordinates.
    pub fn at_uv(&self, [u, v]: [f32; 2], wrap: [Wrap; 2]) -> Option<[u8; 4]> {
        let place = [
            f64::from(u) * f64::from(self.width),
            f64::from(v) * f64::from(self.height),
        ];
        self.at(place, wrap)
    }

    /// All texels.
    pub fn all(&self) -> impl Iterator<Item = [u8; 4]> {
        self.bytes.as_chunks::<4>().0.iter().copied()
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
}

/// Which of `size` texels in a row a place falls on.
fn texel(place: f64, size: u32, wrap: Wrap) -> Option<usize> {
    if !place.is_finite() {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is too far away becomes the largest number, and is wrapped then"
    )]
    let place = place.floor() as i64;
    let size = i64::from(size);
    let place = match wrap {
        Wrap::Repeat => place.rem_euclid(size),
        Wrap::Clamp => place.clamp(0, size - 1),
        Wrap::Mirror => {
            let twice = place.rem_euclid(2 * size);
            twice.min(2 * size - 1 - twice)
        }
    };
    usize::try_from(place).ok()
}

/// Makes a value of the bytes of a texel.
pub trait ReadTexel: Debug + Send + Sync {
    /// The value that the bytes of the property's channels stand for, in their order.
    fn value(&self, bytes: &[u8]) -> Value;
}

/// One property in a picture.
#[derive(Debug, Clone)]
pub struct TexelProperty {
    /// Name.
    pub name: String,
    /// The picture.
    pub texels: Arc<Texels>,
    /// What lies beyond its edges.
    pub wrap: [Wrap; 2],
    /// Which bytes of a texel, 0 to 3, in their order.
    pub channels: Vec<u8>,
    /// What they stand for.
    pub reader: Arc<dyn ReadTexel>,
    /// Which of the texture coordinates of its surface.
    pub uv_set: usize,
}

impl TexelProperty {
    /// The value at texture coordinates.
    pub(super) fn value(&self, uv: [f32; 2]) -> Value {
        let Some(texel) = self.texels.at_uv(uv, self.wrap) else {
            return Value::Null;
        };
        let channel = |channel: &u8| texel.get(usize::from(*channel)).copied().unwrap_or(0);
        let bytes: Vec<u8> = self.channels.iter().map(channel).collect();
        self.reader.value(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_beyond_the_edges_are_wrapped_as_the_sampler_says() {
        let bytes = (0..8).flat_map(|number| [number, 9, 0, 255]).collect();
        let texels = Texels::new(4, 2, bytes).unwrap();
        let row = |wrap: Wrap| -> Vec<u8> {
            (-5_i32..9)
                .map(|x| texels.at([f64::from(x) + 0.5, 0.5], [wrap; 2]).unwrap()[0])
                .collect()
        };
        assert_eq!(row(Wrap::Repeat), [3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0]);
        assert_eq!(row(Wrap::Mirror), [3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0]);
        assert_eq!(row(Wrap::Clamp), [0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3]);
        let below = texels.at_uv([0.9, 1.75], [Wrap::Clamp, Wrap::Repeat]).unwrap();
        assert_eq!(below[0], 7);
        for endless in [f64::NAN, f64::INFINITY] {
            assert_eq!(texels.at([endless, 0.0], [Wrap::Repeat; 2]), None);
        }
        assert!(texels.at([1e300, -1e300], [Wrap::Mirror; 2]).is_some());
        assert!(Texels::new(4, 2, vec![0; 31]).is_none() && Texels::new(0, 2, Vec::new()).is_none());
    }
}
