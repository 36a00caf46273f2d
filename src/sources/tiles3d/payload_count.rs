//! What a payload holds, without decoding its geometry.

use super::{
    b3dm::B3dm,
    cmpt,
    content::PayloadKind,
    i3dm::{I3dm, Model},
    pnts::Pnts,
};
use crate::sources::{
    Cause, Problem,
    gltf::{self, Document, Totals},
};

/// Counts of one payload.
pub(crate) struct PayloadCount {
    pub(crate) kind: PayloadKind,
    pub(crate) totals: Totals,
    pub(crate) extensions: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

/// Counts one payload. A kind that is not read yet, or a fault, is a problem; the counts then stay at what
/// could be counted. Models in files of their own are not looked into.
pub(crate) fn count_payload(bytes: &[u8], path: &str) -> PayloadCount {
    count_at(bytes, path, 0)
}

fn count_at(bytes: &[u8], path: &str, depth: usize) -> PayloadCount {
    let mut count = PayloadCount {
        kind: PayloadKind::of(bytes),
        totals: Totals::default(),
        extensions: Vec::new(),
        problems: Vec::new(),
    };
    if let Some((cause, message)) = count.kind.refusal() {
        count.problems.push(Problem::error(path, "", message).because(cause));
        return count;
    }
    match count.kind {
        PayloadKind::Empty => {}
        PayloadKind::Cmpt => count.composite(bytes, path, depth),
        PayloadKind::I3dm => match I3dm::parse(bytes) {
            Ok(i3dm) => {
                count.totals.instances = u64::from(i3dm.count);
                if let Model::Embedded(model) = i3dm.model {
                    count.model(model, path);
                }
                count.totals.instanced_triangles = count.totals.triangles.saturating_mul(u64::from(i3dm.count));
            }
            Err(fault) => count.problems.push(fault.at(path)),
        },
        PayloadKind::Pnts => match Pnts::parse(bytes) {
            Ok(tile) => {
                // The batches of a point cloud are not what the totals count.
                count.totals.points = u64::from(tile.count);
                count.extensions = tile.extensions();
            }
            Err(fault) => count.problems.push(fault.at(path)),
        },
        PayloadKind::B3dm => match B3dm::parse(bytes) {
            Ok(b3dm) => {
                count.totals.batch = u64::from(b3dm.batch_length);
                count.model(b3dm.gltf, path);
            }
            Err(fault) => count.problems.push(fault.at(path)),
        },
        _ => count.model(bytes, path),
    }
    count
}

impl PayloadCount {
    fn model(&mut self, bytes: &[u8], path: &str) {
        match Document::parse(bytes) {
            Ok(document) => {
                let (totals, extensions) = gltf::count(&document);
                self.totals = self.totals.plus(totals);
                self.extensions = extensions;
            }
            Err(fault) => self.problems.push(fault.at(path)),
        }
    }

    /// All inner tiles together. Their features are not those of the whole: the manifest counts features of tiles
    /// that stand by themselves.
    fn composite(&mut self, bytes: &[u8], path: &str, depth: usize) {
        if depth >= cmpt::MAX_DEPTH {
            let message = format!("composite tiles in one another are read {} deep", cmpt::MAX_DEPTH);
            self.problems
                .push(Problem::error(path, "", message).because(Cause::TooLarge));
            return;
        }
        let (inner, fault) = match cmpt::split(bytes) {
            Ok(split) => split,
            Err(fault) => {
                self.problems.push(fault.at(path));
                return;
            }
        };
        self.problems.extend(fault.map(|fault| fault.at(path)));
        for tile in inner {
            let found = count_at(tile, path, depth + 1);
            let is_instanced = matches!(found.kind, PayloadKind::I3dm | PayloadKind::Cmpt);
            let drawn = if is_instanced {
                found.totals.instanced_triangles
            } else {
                found.totals.triangles
            };
            self.totals = self.totals.plus(Totals {
                batch: 0,
                property_rows: 0,
                instanced_triangles: drawn,
                ..found.totals
            });
            self.extensions.extend(found.extensions);
            for problem in found.problems {
                if !self.problems.iter().any(|known| known.message == problem.message) {
                    self.problems.push(problem);
                }
            }
        }
        self.extensions.sort();
        self.extensions.dedup();
    }
}
