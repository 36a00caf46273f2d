//! A feature as bytes, while it waits for its turn.
//!
//! A record is written by this module and read by it alone, in the same run; what is damaged in between is an error
//! of the system, not a problem of the input.

use crate::sources::{CityFeature, SurfaceRole};
use bevy::math::{DVec2, DVec3};
use std::io::{self, Read};

/// Longest record, bytes.
pub(super) const MAX_RECORD: usize = 256 << 20;

/// A feature as it waits, its coordinates still those of the source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spilled {
    /// Place in the input.
    pub(super) order: u64,
    pub(super) id: String,
    pub(super) class: String,
    /// Attributes as JSON.
    pub(super) attributes: String,
    /// Middle of its box.
    pub(super) middle: DVec2,
    pub(super) parts: Vec<SpilledPart>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct SpilledPart {
    pub(super) role: SurfaceRole,
    pub(super) color: Option<[u8; 4]>,
    /// Number of its picture.
    pub(super) image: Option<u32>,
    pub(super) positions: Vec<DVec3>,
    /// Empty without a picture.
    pub(super) uvs: Vec<[f32; 2]>,
    pub(super) triangles: Vec<[u32; 3]>,
}

impl Spilled {
    pub(super) fn triangles(&self) -> u64 {
        self.parts.iter().map(|part| part.triangles.len() as u64).sum()
    }
}

const ROLES: [SurfaceRole; 9] = [
    SurfaceRole::Roof,
    SurfaceRole::Wall,
    SurfaceRole::Ground,
    SurfaceRole::Opening,
    SurfaceRole::Traffic,
    SurfaceRole::Water,
    SurfaceRole::Green,
    SurfaceRole::Land,
    SurfaceRole::Unknown,
];

/// What stands before each record: enough to sort it without reading it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) bytes: u64,
    pub(super) triangles: u64,
    pub(super) middle: DVec2,
}

pub(super) const HEAD_BYTES: usize = 32;

impl Head {
    pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut raw = [0_u8; HEAD_BYTES];
        let mut filled = 0;
        while filled < HEAD_BYTES {
            match from.read(&mut raw[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => filled += n,
            }
        }
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&raw[at..at + 8]);
            bytes
        };
        let head = Self {
            bytes: u64::from_le_bytes(word(0)),
            triangles: u64::from_le_bytes(word(8)),
            middle: DVec2::new(f64::from_le_bytes(word(16)), f64::from_le_bytes(word(24))),
        };
        if head.bytes > MAX_RECORD as u64 {
            return Err(damaged());
        }
        Ok(Some(head))
    }

    pub(super) fn bytes(self) -> [u8; HEAD_BYTES] {
        let mut raw = [0; HEAD_BYTES];
        raw[..8].copy_from_slice(&self.bytes.to_le_bytes());
        raw[8..16].copy_from_slice(&self.triangles.to_le_bytes());
        raw[16..24].copy_from_slice(&self.middle.x.to_le_bytes());
        raw[24..].copy_from_slice(&self.middle.y.to_le_bytes());
        raw
    }
}

pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a temporary file was damaged")
}

/// Adds the record of a feature: `order`, `id` and picture numbers are the tiler's.
pub(super) fn encode(
    feature: &CityFeature,
    order: u64,
    id: &str,
    images: &[Option<u32>],
    middle: DVec2,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.extend([0; HEAD_BYTES]);
    out.extend(order.to_le_bytes());
    let attributes = serde_json::to_string(&feature.attributes).unwrap_or_default();
    for text in [id, &feature.class, &attributes] {
        put_count(text.len(), out);
        out.extend(text.as_bytes());
    }
    put_count(feature.parts.len(), out);
    let mut triangles = 0;
    for (part, image) in feature.parts.iter().zip(images) {
        let role = ROLES
            .iter()
            .position(|role| *role == part.role)
            .unwrap_or(ROLES.len() - 1);
        out.push(u8::try_from(role).unwrap_or(0));
        out.push(u8::from(part.color.is_some()));
        out.extend(part.color.unwrap_or_default());
        out.extend(image.unwrap_or(u32::MAX).to_le_bytes());
        put_count(part.positions.len(), out);
        for position in &part.positions {
            out.extend(position.to_array().iter().flat_map(|n| n.to_le_bytes()));
        }
        if let (Some(_), Some(texture)) = (image, &part.texture) {
            for at in 0..part.positions.len() {
                let uv = texture.uvs.get(at).copied().unwrap_or_default();
                out.extend(uv.to_array().iter().flat_map(|n| n.to_le_bytes()));
            }
        }
        put_count(part.triangles.len(), out);
        triangles += part.triangles.len() as u64;
        out.extend(part.triangles.iter().flatten().flat_map(|n| n.to_le_bytes()));
    }
    let head = Head {
        bytes: (out.len() - start - HEAD_BYTES) as u64,
        triangles,
        middle,
    };
    out[start..start + HEAD_BYTES].copy_from_slice(&head.bytes());
}

fn put_count(count: usize, out: &mut Vec<u8>) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

/// What is left of a record.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    fn word(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn count(&mut self) -> io::Result<usize> {
        usize::try_from(self.word()?).map_err(|_error| damaged())
    }

    fn text(&mut self) -> io::Result<String> {
        let length = self.count()?;
        String::from_utf8(self.take(length)?.to_vec()).map_err(|_error| damaged())
    }

    /// `count` groups of `N` numbers of `S` bytes.
    fn groups<const N: usize, const S: usize, T>(
        &mut self,
        count: usize,
        of: fn([u8; S]) -> T,
    ) -> io::Result<Vec<[T; N]>> {
        let bytes = self.take(count.checked_mul(N * S).ok_or_else(damaged)?)?;
        let (numbers, _) = bytes.as_chunks::<S>();
        let (groups, _) = numbers.as_chunks::<N>();
        Ok(groups.iter().map(|group| group.map(of)).collect())
    }
}

pub(super) fn decode(record: &[u8], middle: DVec2) -> io::Result<Spilled> {
    let mut rest = Rest(record);
    let order = u64::from_le_bytes(rest.array()?);
    let (id, class, attributes) = (rest.text()?, rest.text()?, rest.text()?);
    let mut parts = Vec::new();
    for _ in 0..rest.count()? {
        let [role, has_color] = rest.array()?;
        let color = rest.array::<4>()?;
        let image = Some(rest.word()?).filter(|image| *image != u32::MAX);
        let corners = rest.count()?;
        let positions = rest.groups::<3, 8, f64>(corners, f64::from_le_bytes)?;
        let uvs = if image.is_some() {
            rest.groups::<2, 4, f32>(corners, f32::from_le_bytes)?
        } else {
            Vec::new()
        };
        let triangles = rest.count()?;
        parts.push(SpilledPart {
            role: ROLES.get(usize::from(role)).copied().unwrap_or(SurfaceRole::Unknown),
            color: (has_color == 1).then_some(color),
            image,
            positions: positions.into_iter().map(DVec3::from_array).collect(),
            uvs,
            triangles: rest.groups::<3, 4, u32>(triangles, u32::from_le_bytes)?,
        });
    }
    Ok(Spilled {
        order,
        id,
        class,
        attributes,
        middle,
        parts,
    })
}
