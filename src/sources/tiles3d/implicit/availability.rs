//! Which places of a subtree are taken: a constant, or one bit each.

use crate::sources::gltf::Fault;
use serde_json::Value;

/// Bits, or the same answer for all.
#[derive(Debug, Clone, Copy)]
pub(super) enum Availability<'a> {
    Constant(bool),
    /// The lowest bit of the first byte is place 0.
    Bits(&'a [u8]),
}

impl<'a> Availability<'a> {
    /// Nothing is there.
    pub(super) const NONE: Self = Self::Constant(false);

    /// Reads it for `places` places. `view_of` gives a buffer view by its number.
    pub(super) fn read(
        json: &Value,
        places: u64,
        view_of: impl Fn(usize) -> Result<&'a [u8], Fault>,
    ) -> Result<Self, Fault> {
        // `bufferView` is the name from before version 1.1.
        if let Some(view) = json.get("bitstream").or_else(|| json.get("bufferView")) {
            let number = view.as_u64().and_then(|number| usize::try_from(number).ok());
            let bits = view_of(number.ok_or("the bit stream is not the number of a buffer view")?)?;
            if (bits.len() as u64).saturating_mul(8) < places {
                let message = format!("the bit stream has {} bytes, too few for {places} places", bits.len());
                return Err(message.into());
            }
            return Ok(Self::Bits(bits));
        }
        match json.get("constant").and_then(Value::as_u64) {
            Some(0) => Ok(Self::Constant(false)),
            Some(1) => Ok(Self::Constant(true)),
            _ => Err("the availability is neither a bit stream nor the constant 0 or 1".into()),
        }
    }

    /// Whether there is something at a place; never past the end.
    pub(super) fn at(&self, place: u64) -> bool {
        match self {
            Self::Constant(is_there) => *is_there,
            Self::Bits(bytes) => usize::try_from(place / 8)
                .ok()
                .and_then(|byte| bytes.get(byte))
                .is_some_and(|byte| byte >> (place % 8) & 1 == 1),
        }
    }
}
