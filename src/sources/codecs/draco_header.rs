//! How large a Draco mesh promises to be, from its first bytes.
//!
//! [The bitstream](https://google.github.io/draco/spec/): a header, then the connectivity, which begins with the numbers.

/// What a mesh promises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DracoHeader {
    pub(crate) triangles: u64,
    /// Points, or corners of the surface: where attributes have seams there are more points than those.
    pub(crate) points: u64,
}

/// The header of a mesh; `None` where it is none, or begins with metadata.
pub(crate) fn draco_header(bytes: &[u8]) -> Option<DracoHeader> {
    const MESH: u8 = 1;
    const SEQUENTIAL: u8 = 0;
    const HAS_METADATA: u8 = 0x80;
    let (head, body) = bytes.split_at_checked(11)?;
    let (magic, rest) = head.split_at(5);
    let [major, minor, kind, method, _, flags] = *rest.first_chunk()?;
    if magic != b"DRACO" || kind != MESH || flags & HAS_METADATA != 0 {
        return None;
    }
    let version = (major, minor);
    let mut numbers = Numbers {
        bytes: body,
        are_fixed: version < (2, if method == SEQUENTIAL { 2 } else { 0 }),
    };
    if method == SEQUENTIAL {
        let (triangles, points) = (numbers.next()?, numbers.next()?);
        return Some(DracoHeader { triangles, points });
    }
    // How the surface was walked.
    numbers.bytes = numbers.bytes.get(1..)?;
    if version < (2, 2) {
        numbers.next()?;
    }
    let (points, triangles) = (numbers.next()?, numbers.next()?);
    Some(DracoHeader { triangles, points })
}

struct Numbers<'a> {
    bytes: &'a [u8],
    /// Four bytes each; else seven bits a byte, the lowest first.
    are_fixed: bool,
}

impl Numbers<'_> {
    fn next(&mut self) -> Option<u64> {
        if self.are_fixed {
            let (four, rest) = self.bytes.split_first_chunk()?;
            self.bytes = rest;
            return Some(u32::from_le_bytes(*four).into());
        }
        let mut number = 0_u64;
        for shift in (0..35).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(version: [u8; 2], kind: u8, method: u8, flags: u8, body: &[u8]) -> Vec<u8> {
        [b"DRACO", &version[..], &[kind, method, 0, flags], body].concat()
    }

    #[test]
    fn numbers_are_read_as_their_version_writes_them() {
        let header = |triangles, points| Some(DracoHeader { triangles, points });
        let walked = stream([2, 2], 1, 1, 0, &[0, 0xac, 0x02, 0x0a]);
        assert_eq!(draco_header(&walked), header(10, 300));
        let older = stream([2, 1], 1, 1, 0, &[0, 0x05, 0xac, 0x02, 0x0a]);
        assert_eq!(draco_header(&older), header(10, 300));
        let listed = stream([2, 2], 1, 0, 0, &[0x0a, 0xac, 0x02]);
        assert_eq!(draco_header(&listed), header(10, 300));
        let fixed = stream([2, 1], 1, 0, 0, &[10, 0, 0, 0, 44, 1, 0, 0]);
        assert_eq!(draco_header(&fixed), header(10, 300));
    }

    #[test]
    fn what_is_no_mesh_or_is_cut_off_has_none() {
        let walked = stream([2, 2], 1, 1, 0, &[0, 0xac, 0x02, 0x0a]);
        for length in 0..walked.len() {
            assert_eq!(draco_header(&walked[..length]), None, "{length}");
        }
        assert_eq!(draco_header(&stream([2, 2], 0, 1, 0, &[0; 20])), None, "points");
        assert_eq!(draco_header(&stream([2, 2], 1, 1, 0x80, &[0; 20])), None, "metadata");
        assert_eq!(
            draco_header(&stream([2, 2], 1, 0, 0, &[0xff; 20])),
            None,
            "endless numbers"
        );
    }
}
