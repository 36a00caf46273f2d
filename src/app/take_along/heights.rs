//! What was chosen of the heights of tile layers, from the window to the run that makes its package: one line of JSON. The
//! window knows it before the disk does.

use crate::model::TileHeights;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _, Write};

/// Longest line that is read, bytes.
const MAX_LINE: u64 = 16 << 20;

/// Writes what was chosen, by layer id.
pub(super) fn write(chosen: &BTreeMap<String, TileHeights>, output: &mut impl Write) -> io::Result<()> {
    let told: BTreeMap<&str, String> = chosen
        .iter()
        .map(|(layer, heights)| (layer.as_str(), heights.to_string()))
        .collect();
    writeln!(output, "{}", serde_json::to_string(&told)?)
}

/// Reads what [`write`] wrote; nothing where the input ends before it.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<BTreeMap<String, TileHeights>> {
    let mut line = String::new();
    input.by_ref().take(MAX_LINE).read_line(&mut line)?;
    if line.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let told: BTreeMap<String, String> = serde_json::from_str(&line)?;
    let chosen = told.into_iter().map(|(layer, heights)| {
        let heights = heights.parse().map_err(io::Error::other)?;
        Ok((layer, heights))
    });
    chosen.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::HeightReference;

    #[test]
    fn heights_come_over_and_what_comes_after_them_stays() {
        let chosen = [
            ("a\nb".to_owned(), TileHeights::From(HeightReference::Nap)),
            ("c".to_owned(), TileHeights::Moved(-43.4)),
        ];
        for chosen in [BTreeMap::from(chosen), BTreeMap::new()] {
            let mut sent = Vec::new();
            write(&chosen, &mut sent).unwrap();
            sent.extend(b"rest");
            let mut input = &sent[..];
            assert_eq!(read(&mut input).unwrap(), chosen);
            assert_eq!(input, b"rest");
        }
        assert!(read(&mut &b""[..]).unwrap().is_empty());
        assert!(read(&mut &b"{\"a\": \"msl\"}\n"[..]).is_err());
    }
}
