//! Values that lie on a surface and not on its features: read from a picture where somebody points.
//!
//! The numbers in such a picture are no colours: they are never filtered, and a place has those of the texel it lies in.

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
    /// Which of the texture coordinates of its [`Surface`].
    pub uv_set: usize,
}

impl TexelProperty {
    /// The value at texture coordinates.
    fn value(&self, uv: [f32; 2]) -> Value {
        let Some(texel) = self.texels.at_uv(uv, self.wrap) else {
            return Value::Null;
        };
        let channel = |channel: &u8| texel.get(usize::from(*channel)).copied().unwrap_or(0);
        let bytes: Vec<u8> = self.channels.iter().map(channel).collect();
        self.reader.value(&bytes)
    }
}

/// Triangles with properties in pictures.
#[derive(Debug, Clone, Default)]
pub struct Surface {
    /// Sets of texture coordinates, each with those of the three corners of every triangle.
    pub uvs: Vec<Vec<[[f32; 2]; 3]>>,
    /// The properties.
    pub properties: Vec<TexelProperty>,
}

impl Surface {
    fn triangles(&self) -> usize {
        self.uvs.first().map_or(0, Vec::len)
    }

    fn bytes(&self) -> u64 {
        let uvs: usize = self.uvs.iter().map(|uvs| size_of_val(&**uvs)).sum();
        let properties = size_of_val(&*self.properties);
        (uvs + properties) as u64
    }
}

/// Triangles of a mesh that show a surface.
#[derive(Debug, Clone)]
pub struct SurfaceSpan {
    /// Number in the mesh of the first of its triangles; the others follow.
    pub first_triangle: u32,
    /// Whether the mesh has the second and the third corner of each triangle in the other order.
    pub is_mirrored: bool,
    /// Which surface; copies of a model show the same one.
    pub surface: Arc<Surface>,
}

/// What lies on the surfaces of a mesh.
#[derive(Debug, Clone, Default)]
pub struct SurfaceValues(Vec<SurfaceSpan>);

impl SurfaceValues {
    /// Adds triangles behind those that are there.
    pub fn push(&mut self, span: SurfaceSpan) {
        self.0.push(span);
    }

    /// Whether nothing lies on it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values at a place on triangle `triangle` of the mesh, which is the mean of its corners with these
    /// `weights`.
    pub fn at(&self, triangle: u32, weights: [f32; 3]) -> Vec<(String, Value)> {
        let behind = self.0.partition_point(|span| span.first_triangle <= triangle);
        let Some(span) = behind.checked_sub(1).and_then(|number| self.0.get(number)) else {
            return Vec::new();
        };
        let number = (triangle - span.first_triangle) as usize;
        if number >= span.surface.triangles() {
            return Vec::new();
        }
        let [a, b, c] = weights;
        let weights = if span.is_mirrored { [a, c, b] } else { [a, b, c] };
        let value = |property: &TexelProperty| {
            let corners = span.surface.uvs.get(property.uv_set)?.get(number)?;
            let part = |axis: usize| (0..3).map(|corner| corners[corner][axis] * weights[corner]).sum();
            Some((property.name.clone(), property.value([part(0), part(1)])))
        };
        span.surface.properties.iter().filter_map(value).collect()
    }

    /// Bytes held in memory; what several triangles share counts once.
    pub fn bytes(&self) -> u64 {
        Self::bytes_together([self])
    }

    /// Bytes that the values of several meshes hold in memory together; what meshes share counts once.
    pub fn bytes_together<'a>(meshes: impl IntoIterator<Item = &'a Self>) -> u64 {
        let spans: Vec<&SurfaceSpan> = meshes.into_iter().flat_map(|values| &values.0).collect();
        let mut surfaces: Vec<&Arc<Surface>> = spans.iter().map(|span| &span.surface).collect();
        surfaces.sort_by_key(|surface| Arc::as_ptr(surface));
        surfaces.dedup_by(|a, b| Arc::ptr_eq(a, b));
        let properties = surfaces.iter().flat_map(|surface| &surface.properties);
        let mut pictures: Vec<&Arc<Texels>> = properties.map(|property| &property.texels).collect();
        pictures.sort_by_key(|picture| Arc::as_ptr(picture));
        pictures.dedup_by(|a, b| Arc::ptr_eq(a, b));
        let own: u64 = surfaces.iter().map(|surface| surface.bytes()).sum();
        let shown: u64 = pictures.iter().map(|picture| picture.bytes()).sum();
        own + shown + (spans.len() * size_of::<SurfaceSpan>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four by two texels that hold their own numbers in the first byte, and 9 in the second.
    fn numbered() -> Arc<Texels> {
        let bytes = (0..8).flat_map(|number| [number, 9, 0, 255]).collect();
        Arc::new(Texels::new(4, 2, bytes).unwrap())
    }

    /// All bytes as one number, the first the least.
    #[derive(Debug)]
    struct Plain;

    impl ReadTexel for Plain {
        fn value(&self, bytes: &[u8]) -> Value {
            Value::Int(bytes.iter().rev().fold(0, |sum, byte| sum * 256 + i64::from(*byte)))
        }
    }

    #[test]
    fn places_beyond_the_edges_are_wrapped_as_the_sampler_says() {
        let texels = numbered();
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

    fn values() -> SurfaceValues {
        let property = |name: &str, channels: &[u8]| TexelProperty {
            name: name.to_owned(),
            texels: numbered(),
            wrap: [Wrap::Repeat; 2],
            channels: channels.to_vec(),
            reader: Arc::new(Plain),
            uv_set: 0,
        };
        let surface = Arc::new(Surface {
            uvs: vec![vec![
                [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
                [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
            ]],
            properties: vec![property("n", &[0]), property("wide", &[1, 0])],
        });
        let mut values = SurfaceValues::default();
        for (first_triangle, is_mirrored) in [(3, false), (5, true)] {
            let surface = surface.clone();
            values.push(SurfaceSpan {
                first_triangle,
                is_mirrored,
                surface,
            });
        }
        values
    }

    #[test]
    fn the_place_between_the_corners_tells_the_texel() {
        let values = values();
        let near_second = [0.2, 0.7, 0.1];
        let told = |triangle| values.at(triangle, near_second);
        // u 0.7 and v 0.1: the third texel of the first row.
        let wanted = vec![
            ("n".to_owned(), Value::Int(2)),
            ("wide".to_owned(), Value::Int(9 + 2 * 256)),
        ];
        assert_eq!(told(3), wanted);
        // u 0.9 and v 0.8: the last of the second row.
        assert_eq!(told(4)[0].1, Value::Int(7));
        // A mirrored copy: u 0.1 and v 0.7.
        assert_eq!(told(5)[0].1, Value::Int(4));
        for other in [0, 2, 7, u32::MAX] {
            assert!(told(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn what_copies_share_is_counted_once() {
        let values = values();
        let surface = 2 * 24 + 2 * size_of::<TexelProperty>();
        let pictures = 2 * 32;
        let expected = surface + pictures + 2 * size_of::<SurfaceSpan>();
        assert_eq!(values.bytes(), expected as u64);
        assert!(!values.is_empty() && SurfaceValues::default().is_empty());
        // Two meshes, the second with a surface of its own that shows the same pictures.
        let mut second = SurfaceValues::default();
        second.push(SurfaceSpan {
            surface: Arc::new(Surface::clone(&values.0[0].surface)),
            ..values.0[0].clone()
        });
        let more = surface + size_of::<SurfaceSpan>();
        assert_eq!(
            SurfaceValues::bytes_together([&values, &second]),
            (expected + more) as u64
        );
    }
}
