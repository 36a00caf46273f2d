//! The packed R-tree: nodes of a box and a place, level by level, each level made of the one below it.

use super::super::record::{Bounds, widened};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Children of a node.
pub(super) const NODE_SIZE: u16 = 16;

/// Writes a node: a leaf has the first byte of its feature, another node the number of its first child.
pub(super) fn write_node(to: &mut impl Write, bounds: Bounds, place: u64) -> io::Result<()> {
    for number in bounds {
        to.write_all(&number.to_le_bytes())?;
    }
    to.write_all(&place.to_le_bytes())
}

/// Makes the levels above the leaves (`nodes-0` of `folder`); gives how many there are in all. One feature has a root too.
pub(super) fn write_levels(folder: &Path, leaves: u64) -> io::Result<usize> {
    if leaves == 0 {
        return Ok(0);
    }
    let mut counts = vec![leaves];
    while let Some(count) = counts.last().filter(|count| counts.len() == 1 || **count > 1) {
        counts.push(count.div_ceil(u64::from(NODE_SIZE)));
    }
    // Nodes are numbered from the root.
    let total: u64 = counts.iter().sum();
    let mut first = total;
    for (level, count) in counts.iter().enumerate().take(counts.len() - 1) {
        first -= count;
        let mut below = BufReader::new(File::open(folder.join(format!("nodes-{level}")))?);
        let mut above = BufWriter::new(File::create(folder.join(format!("nodes-{}", level + 1)))?);
        let mut read = 0;
        while read < *count {
            let mut bounds = None;
            let start = first + read;
            for _ in 0..u64::from(NODE_SIZE).min(count - read) {
                bounds = Some(widened(bounds, read_bounds(&mut below)?));
                read += 1;
            }
            write_node(&mut above, bounds.unwrap_or_default(), start)?;
        }
        above.flush()?;
    }
    Ok(counts.len())
}

fn read_bounds(from: &mut impl Read) -> io::Result<Bounds> {
    let mut node = [0; 40];
    from.read_exact(&mut node)?;
    let mut bounds = Bounds::default();
    for (number, bytes) in bounds.iter_mut().zip(node.chunks_exact(8)) {
        *number = bytes.try_into().map(f64::from_le_bytes).map_err(io::Error::other)?;
    }
    Ok(bounds)
}
