//! How the elements of an accessor lie in memory, and the loops that read them.

use super::{Fault, accessor::MAX_ACCESSOR_ELEMENTS};
use gltf::json::{
    Accessor,
    accessor::{ComponentType, sparse::Sparse},
    validation::Checked,
};

/// How the elements lie in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) count: usize,
    pub(super) component: ComponentType,
    pub(super) components: usize,
    pub(super) is_normalized: bool,
}

impl Layout {
    pub(super) fn of(accessor: &Accessor, index: usize) -> Result<Self, Fault> {
        let place = || format!("accessors[{index}]");
        let fault = |message: &str| Fault::new(place(), message);
        let count = count(accessor.count.0);
        if count > MAX_ACCESSOR_ELEMENTS {
            return Err(Fault::too_large(
                place(),
                format!("{count} elements are more than are read"),
            ));
        }
        if accessor.sparse.as_ref().is_some_and(|s| s.count.0 > accessor.count.0) {
            return Err(fault("the sparse part has more elements than the whole"));
        }
        let Checked::Valid(element) = accessor.type_ else {
            return Err(fault("the type is unknown"));
        };
        let Checked::Valid(component) = accessor.component_type else {
            return Err(fault("the component type is unknown"));
        };
        Ok(Self {
            count,
            component: component.0,
            components: element.multiplicity(),
            is_normalized: accessor.normalized,
        })
    }

    /// The places of a sparse accessor, whose count has been checked.
    pub(super) fn of_places(sparse: &Sparse, index: usize) -> Result<Self, Fault> {
        let Checked::Valid(component) = sparse.indices.component_type else {
            let message = "the component type of the sparse indices is unknown";
            return Err(Fault::new(format!("accessors[{index}]"), message));
        };
        Ok(Self {
            count: count(sparse.count.0),
            component: component.0,
            components: 1,
            is_normalized: false,
        })
    }

    pub(super) fn expect_components(self, wanted: usize, index: usize) -> Result<(), Fault> {
        if self.components == wanted {
            return Ok(());
        }
        let message = format!("elements of {} numbers do not fit here", self.components);
        Err(Fault::new(format!("accessors[{index}]"), message))
    }

    /// Bytes of one element, without what stands between two.
    pub(super) fn bytes(self) -> usize {
        self.component.size() * self.components
    }

    /// Vectors as floats, integers normalised where the accessor says so. `bytes` holds all elements:
    /// [`super::accessor::Views`] has checked it.
    pub(super) fn read<const N: usize>(self, bytes: &[u8], stride: usize) -> Vec<[f32; N]> {
        let scale = |largest: f32| if self.is_normalized { 1.0 / largest } else { 1.0 };
        // Signed integers reach one further below zero than above it.
        let lowest = if self.is_normalized { -1.0 } else { f32::MIN };
        match self.component {
            ComponentType::F32 if stride == self.bytes() => {
                let (floats, _) = bytes.as_chunks::<4>();
                let (vectors, _) = floats.as_chunks::<N>();
                vectors.iter().map(|v| v.map(f32::from_le_bytes)).collect()
            }
            ComponentType::F32 => each(bytes, stride, |b| parts(b).map(f32::from_le_bytes)),
            ComponentType::I16 => {
                let scale = scale(32_767.0);
                each(bytes, stride, |b| {
                    parts(b).map(|pair| at_least(f32::from(i16::from_le_bytes(pair)) * scale, lowest))
                })
            }
            ComponentType::U16 => {
                let scale = scale(65_535.0);
                each(bytes, stride, |b| {
                    parts(b).map(|pair| f32::from(u16::from_le_bytes(pair)) * scale)
                })
            }
            ComponentType::I8 => {
                let scale = scale(127.0);
                each(bytes, stride, |b| {
                    parts(b).map(|[byte]: [u8; 1]| at_least(f32::from(byte.cast_signed()) * scale, lowest))
                })
            }
            ComponentType::U8 => {
                let scale = scale(255.0);
                each(bytes, stride, |b| {
                    parts(b).map(|[byte]: [u8; 1]| f32::from(byte) * scale)
                })
            }
            ComponentType::U32 => each(bytes, stride, |b| {
                parts(b).map(|number| float(u32::from_le_bytes(number)))
            }),
        }
    }

    /// Scalars as whole numbers; floats are rounded. `bytes` as for [`Layout::read`].
    pub(super) fn read_integers(self, bytes: &[u8], stride: usize) -> Vec<u32> {
        match self.component {
            ComponentType::U8 | ComponentType::I8 => each(bytes, stride, |b| {
                let [[byte]] = parts(b);
                u32::from(byte)
            }),
            ComponentType::U16 | ComponentType::I16 => each(bytes, stride, |b| {
                let [pair] = parts(b);
                u32::from(u16::from_le_bytes(pair))
            }),
            ComponentType::U32 if stride == 4 => {
                let (numbers, _) = bytes.as_chunks();
                numbers.iter().map(|b| u32::from_le_bytes(*b)).collect()
            }
            ComponentType::U32 => each(bytes, stride, |b| {
                let [number] = parts(b);
                u32::from_le_bytes(number)
            }),
            ComponentType::F32 => {
                // Neighbours mostly belong to one feature, and rounding takes longer than comparing.
                let mut last = (0, 0);
                each(bytes, stride, |b| {
                    let [number] = parts(b);
                    let bits = u32::from_le_bytes(number);
                    if bits != last.0 {
                        last = (bits, whole(f32::from_bits(bits)));
                    }
                    last.1
                })
            }
        }
    }
}

/// A count that does not fit is beyond every file, too.
fn count(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// What `read` makes of each element, from one start of an element to the next. The last may lack its padding.
fn each<T>(bytes: &[u8], stride: usize, mut read: impl FnMut(&[u8]) -> T) -> Vec<T> {
    /// With a stride that the compiler knows, it checks no byte.
    fn known<const STRIDE: usize, T>(bytes: &[u8], mut read: impl FnMut(&[u8]) -> T) -> Vec<T> {
        let (elements, last) = bytes.as_chunks::<STRIDE>();
        let mut values = Vec::with_capacity(elements.len() + 1);
        values.extend(elements.iter().map(|element| read(element)));
        if !last.is_empty() {
            values.push(read(last));
        }
        values
    }
    match stride {
        4 => known::<4, T>(bytes, read),
        8 => known::<8, T>(bytes, read),
        12 => known::<12, T>(bytes, read),
        16 => known::<16, T>(bytes, read),
        _ => bytes.chunks(stride).map(&mut read).collect(),
    }
}

/// The first `N` components of `SIZE` bytes of an element, which are there.
#[inline]
fn parts<const SIZE: usize, const N: usize>(element: &[u8]) -> [[u8; SIZE]; N] {
    let (parts, _) = element.as_chunks::<SIZE>();
    parts.first_chunk().copied().unwrap_or([[0; SIZE]; N])
}

/// As `max`, which would ask whether either is no number.
#[inline]
fn at_least(value: f32, lowest: f32) -> f32 {
    if value < lowest { lowest } else { value }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "32-bit integers as coordinates are rare and this rounds"
)]
fn float(value: u32) -> f32 {
    value as f32
}

/// The nearest whole number from 0 to the largest of 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and NaN becomes 0"
)]
pub(super) fn whole(value: f32) -> u32 {
    // As `round` does, which would be a library call on processors of the lowest common level.
    let down = value as u32;
    down.saturating_add(u32::from(value - float(down) >= 0.5))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "numbers that f32 holds exactly")]
mod tests {
    use super::*;

    #[test]
    fn floats_become_the_nearest_whole_number() {
        for (value, expected) in [
            (0.0, 0),
            (0.49, 0),
            (0.5, 1),
            (1.6, 2),
            (-3.0, 0),
            (f32::NAN, 0),
            (8_388_609.0, 8_388_609),
            (f32::INFINITY, u32::MAX),
        ] {
            assert_eq!(whole(value), expected, "{value}");
        }
    }

    fn layout(component: ComponentType, components: usize, is_normalized: bool) -> Layout {
        Layout {
            count: 3,
            component,
            components,
            is_normalized,
        }
    }

    /// Three elements at every distance from tight to far, the last without padding.
    fn spread(elements: [&[u8]; 3], stride: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, element) in elements.into_iter().enumerate() {
            bytes.resize(number * stride, 0xee);
            bytes.extend_from_slice(element);
        }
        bytes
    }

    #[test]
    fn elements_are_read_at_every_stride() {
        let numbers: [[i16; 3]; 3] = [[0, 16_384, -32_768], [32_767, -1, 1], [-32_767, 5, 6]];
        let bytes = numbers.map(|v| v.map(i16::to_le_bytes).concat());
        let floats = numbers.map(|v| v.map(f32::from));
        let small: [[i8; 3]; 3] = [[0, 127, -128], [-127, 1, 2], [3, 4, 5]];
        let small_bytes = small.map(|v| v.map(i8::cast_unsigned));
        for stride in 3..40 {
            if stride >= 6 {
                let spread = spread([&bytes[0], &bytes[1], &bytes[2]], stride);
                assert_eq!(layout(ComponentType::I16, 3, false).read::<3>(&spread, stride), floats);
                let normalized = layout(ComponentType::I16, 3, true).read::<3>(&spread, stride);
                let expected = floats.map(|v| v.map(|part| (part / 32_767.0).max(-1.0)));
                for (got, expected) in normalized.iter().flatten().zip(expected.iter().flatten()) {
                    assert!((got - expected).abs() < 1e-7, "{stride}: {got} is not {expected}");
                }
            }
            let spread = spread([&small_bytes[0], &small_bytes[1], &small_bytes[2]], stride);
            let expected = small.map(|v| v.map(f32::from));
            assert_eq!(layout(ComponentType::I8, 3, false).read::<3>(&spread, stride), expected);
            let normalized = layout(ComponentType::I8, 3, true).read::<3>(&spread, stride);
            assert_eq!(normalized[0], [0.0, 1.0, -1.0]);
        }
    }

    #[test]
    fn whole_numbers_are_read_at_every_stride() {
        for stride in 4..40 {
            let floats = [7.0_f32, 7.0, 1_027.0].map(f32::to_le_bytes);
            let spread_floats = spread([&floats[0], &floats[1], &floats[2]], stride);
            let read = layout(ComponentType::F32, 1, false).read_integers(&spread_floats, stride);
            assert_eq!(read, [7, 7, 1_027], "{stride}");
            let numbers = [0_u32, u32::MAX, 9].map(u32::to_le_bytes);
            let spread_numbers = spread([&numbers[0], &numbers[1], &numbers[2]], stride);
            let read = layout(ComponentType::U32, 1, false).read_integers(&spread_numbers, stride);
            assert_eq!(read, [0, u32::MAX, 9], "{stride}");
            let pairs = [1_u16, u16::MAX, 3].map(u16::to_le_bytes);
            let spread_pairs = spread([&pairs[0], &pairs[1], &pairs[2]], stride);
            let read = layout(ComponentType::U16, 1, false).read_integers(&spread_pairs, stride);
            assert_eq!(read, [1, 65_535, 3], "{stride}");
        }
    }
}
