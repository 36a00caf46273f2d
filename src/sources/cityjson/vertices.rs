//! The list of vertices of a document: whole numbers before the transform, held compactly.

use super::{
    cursor::{Broken, Cursor, Number},
    scan::{CUT_OFF, ScanError, Stream},
};
use bevy::math::DVec3;

/// Vertices in one piece of the list. Growing by pieces never needs the room for two lists at once.
const PIECE: usize = 1 << 16;
/// Most vertices in one list: 960 MB as whole numbers. The largest sheets of whole countries have a third of that.
const MAX_VERTICES: usize = 80_000_000;
/// The same where they are not all whole numbers of 32 bits, which take twice the room.
const MAX_LARGE_VERTICES: usize = MAX_VERTICES / 2;
/// Longest text of one vertex, bytes.
const MAX_VERTEX_BYTES: usize = 1 << 16;

/// What stands at a place in the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Vertex {
    /// A position before the transform.
    At(DVec3),
    /// A number that stands for "no value": the end of the range of 32 bits, where a conversion wrapped.
    NoValue,
    /// Not three numbers.
    Bad,
    /// The list is shorter.
    Missing,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Vertices {
    pieces: Pieces,
    len: usize,
    /// How many are not three finite numbers.
    pub(super) bad: u64,
    /// How many have a coordinate that stands for "no value".
    pub(super) no_value: u64,
    /// How many did not fit.
    pub(super) dropped: u64,
}

#[derive(Debug)]
enum Pieces {
    /// All so far are whole numbers of 32 bits.
    Small(Vec<Vec<[i32; 3]>>),
    Large(Vec<Vec<[f64; 3]>>),
}

/// Marks a place whose text is not three numbers. Wrapped values have it in one coordinate, never in all.
const BAD_SMALL: [i32; 3] = [i32::MIN; 3];

impl Default for Vertices {
    fn default() -> Self {
        Self {
            pieces: Pieces::Small(Vec::new()),
            len: 0,
            bad: 0,
            no_value: 0,
            dropped: 0,
        }
    }
}

#[expect(clippy::float_cmp, reason = "the mark of a wrapped number is exact")]
fn is_no_value(value: f64) -> bool {
    value == f64::from(i32::MIN) || value == f64::from(i32::MAX)
}

fn put<T>(pieces: &mut Vec<Vec<T>>, value: T) {
    match pieces.last_mut() {
        Some(piece) if piece.len() < PIECE => piece.push(value),
        // The first piece grows as it needs: most lists of a sequence are short.
        None => pieces.push(vec![value]),
        Some(_) => {
            let mut piece = Vec::with_capacity(PIECE);
            piece.push(value);
            pieces.push(piece);
        }
    }
}

impl Vertices {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, index: u32) -> Vertex {
        let (piece, place) = (index as usize / PIECE, index as usize % PIECE);
        let value = match &self.pieces {
            Pieces::Small(pieces) => match pieces.get(piece).and_then(|piece| piece.get(place)) {
                Some(&BAD_SMALL) => return Vertex::Bad,
                Some(value) if value.iter().any(|v| matches!(*v, i32::MIN | i32::MAX)) => return Vertex::NoValue,
                Some(value) => return Vertex::At(DVec3::from_array(value.map(f64::from))),
                None => return Vertex::Missing,
            },
            Pieces::Large(pieces) => match pieces.get(piece).and_then(|piece| piece.get(place)) {
                Some(value) => *value,
                None => return Vertex::Missing,
            },
        };
        if value[0].is_nan() {
            Vertex::Bad
        } else if value.iter().copied().any(is_no_value) {
            Vertex::NoValue
        } else {
            Vertex::At(DVec3::from_array(value))
        }
    }

    /// Lowest and highest coordinates before the transform, those that stand for "no value" included; `None` without any.
    pub(super) fn bounds(&self) -> Option<(DVec3, DVec3)> {
        let mut bounds: Option<(DVec3, DVec3)> = None;
        let mut add = |value: [f64; 3]| {
            let value = DVec3::from_array(value);
            let (low, high) = bounds.unwrap_or((value, value));
            bounds = Some((low.min(value), high.max(value)));
        };
        match &self.pieces {
            Pieces::Small(pieces) => {
                let all = pieces.iter().flatten().filter(|value| **value != BAD_SMALL);
                all.for_each(|value| add(value.map(f64::from)));
            }
            Pieces::Large(pieces) => {
                let all = pieces.iter().flatten().filter(|value| !value[0].is_nan());
                all.for_each(|value| add(*value));
            }
        }
        bounds
    }

    #[inline]
    fn push(&mut self, numbers: Option<[Number; 3]>) {
        let most = match self.pieces {
            Pieces::Small(_) => MAX_VERTICES,
            Pieces::Large(_) => MAX_LARGE_VERTICES,
        };
        if self.len >= most {
            self.dropped += 1;
            return;
        }
        self.len += 1;
        if let Pieces::Small(pieces) = &mut self.pieces {
            match numbers {
                None => {
                    self.bad += 1;
                    put(pieces, BAD_SMALL);
                    return;
                }
                Some([Number::Integer(x), Number::Integer(y), Number::Integer(z)]) => {
                    if let (Ok(x), Ok(y), Ok(z)) = (i32::try_from(x), i32::try_from(y), i32::try_from(z)) {
                        let value = [x, y, z];
                        if value != BAD_SMALL {
                            let is_wrapped = value.iter().any(|v| matches!(*v, i32::MIN | i32::MAX));
                            self.no_value += u64::from(is_wrapped);
                            put(pieces, value);
                            return;
                        }
                    }
                }
                Some(_) => {}
            }
            if self.len > MAX_LARGE_VERTICES {
                self.dropped += 1;
                put(pieces, BAD_SMALL);
                return;
            }
            let widen = |value: [i32; 3]| {
                if value == BAD_SMALL {
                    [f64::NAN; 3]
                } else {
                    value.map(f64::from)
                }
            };
            let old = std::mem::take(pieces).into_iter();
            let wide = old.map(|piece| piece.into_iter().map(widen).collect());
            self.pieces = Pieces::Large(wide.collect());
        }
        let Pieces::Large(pieces) = &mut self.pieces else {
            return;
        };
        let value = match numbers {
            Some(numbers) => numbers.map(Number::as_f64),
            None => [f64::NAN; 3],
        };
        self.bad += u64::from(numbers.is_none());
        self.no_value += u64::from(value.iter().copied().any(is_no_value));
        put(pieces, value);
    }

    /// Adds the vertices of the list that comes next in memory.
    pub(super) fn read(&mut self, cursor: &mut Cursor) -> Result<(), Broken> {
        cursor.each_element(|cursor| {
            let mut ahead = cursor.clone();
            let numbers = ahead.triple();
            if numbers.is_some() {
                *cursor = ahead;
            } else {
                cursor.value()?;
            }
            self.push(numbers);
            Ok(())
        })
    }

    /// Adds the vertices of the list that comes next in a stream.
    pub(super) fn read_stream(&mut self, stream: &mut Stream) -> Result<(), ScanError> {
        stream.expect(b'[', "a list should stand here")?;
        if stream.peek()? == Some(b']') {
            stream.advance(1);
            return Ok(());
        }
        loop {
            // All that are held in full, with the comma behind each.
            let mut cursor = Cursor::new(stream.rest());
            let mut done = 0;
            loop {
                let numbers = cursor.triple();
                if numbers.is_none() || !cursor.takes(b',') {
                    break;
                }
                done = cursor.offset();
                self.push(numbers);
            }
            stream.advance(done);
            // The last of a piece, the last of all, or one that is not three numbers.
            let Some(range) = stream.value(MAX_VERTEX_BYTES)? else {
                return Err(stream.broken("a vertex is longer than any three numbers"));
            };
            let numbers = Cursor::new(stream.bytes(range)).triple();
            self.push(numbers);
            match stream.peek()? {
                Some(b',') => stream.advance(1),
                Some(b']') => {
                    stream.advance(1);
                    return Ok(());
                }
                Some(_) => return Err(stream.broken("a comma or the end of the list should stand here")),
                None => return Err(stream.broken(CUT_OFF)),
            }
            stream.peek()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte at a time is the hardest way for bytes to arrive.
    struct Drip(std::io::Cursor<Vec<u8>>);

    impl std::io::Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let one = out.len().min(1);
            self.0.read(&mut out[..one])
        }
    }

    fn both(text: &str) -> Vertices {
        let mut whole = Vertices::default();
        whole.read(&mut Cursor::new(text.as_bytes())).unwrap();
        let bytes = text.as_bytes().to_vec();
        let mut streamed = Vertices::default();
        streamed
            .read_stream(&mut Stream::new(Box::new(Drip(std::io::Cursor::new(bytes))), 0))
            .unwrap();
        assert_eq!(whole.len(), streamed.len());
        for i in 0..=u32::try_from(whole.len()).unwrap() {
            assert_eq!(whole.get(i), streamed.get(i));
        }
        whole
    }

    #[test]
    fn whole_numbers_stay_small_and_others_widen_the_list() {
        let small = both("[[1,2,3], [-4 ,5,6],[7,8,-2147483648]]");
        assert_eq!(small.get(1), Vertex::At(DVec3::new(-4.0, 5.0, 6.0)));
        assert_eq!((small.get(2), small.no_value), (Vertex::NoValue, 1));
        assert_eq!(small.get(3), Vertex::Missing);
        assert!(matches!(small.pieces, Pieces::Small(_)));
        let large = both("[[1,2,3],[null,1,2],[3000000000,0.5,1e2],[1,2],\"x\",[NaN,1,1],{\"a\":1}]");
        assert!(matches!(large.pieces, Pieces::Large(_)));
        assert_eq!(large.get(0), Vertex::At(DVec3::new(1.0, 2.0, 3.0)));
        assert_eq!(large.get(1), Vertex::Bad);
        assert_eq!(large.get(2), Vertex::At(DVec3::new(3e9, 0.5, 100.0)));
        assert_eq!((large.len(), large.bad), (7, 5));
        assert_eq!(
            large.bounds(),
            Some((DVec3::new(1.0, 0.5, 3.0), DVec3::new(3e9, 2.0, 100.0)))
        );
        assert_eq!(both("[]").bounds(), None);
    }

    #[test]
    fn a_list_that_breaks_off_keeps_what_was_there() {
        for text in ["[[1,2,3],[4,5", "[[1,2,3]", "[[1,2,3] [4,5,6]]", "[[1,2,3],"] {
            let mut vertices = Vertices::default();
            let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
            assert!(
                vertices.read_stream(&mut Stream::new(Box::new(bytes), 0)).is_err(),
                "{text}"
            );
            assert_eq!(vertices.len(), 1, "{text}");
        }
    }
}
