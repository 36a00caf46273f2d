//! A city of implicit tilings that is made up as it is asked for: no file is ever written, and no list of tiles kept.
//!
//! `districts` squares of a kilometre stand in a row along x, each a quadtree. Whether a tile is there, and whether it
//! has a content, is a hash of its place; a child is there only where its parent is.

use stadslens::sources::resource::{ResourceError, Resources};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the city is like.
#[derive(Debug, Clone)]
pub(crate) struct ImplicitCity {
    pub(crate) districts: u32,
    pub(crate) levels: u32,
    pub(crate) subtree_levels: u32,
    /// Of a hundred children that could be there, so many are.
    pub(crate) tiles_percent: u64,
    /// Of a hundred tiles, so many have a content.
    pub(crate) contents_percent: u64,
    pub(crate) refine: &'static str,
    /// Subtree files that are missing.
    pub(crate) missing: BTreeSet<String>,
    pub(crate) seed: u64,
}

impl Default for ImplicitCity {
    /// 1,048,575 tiles, every one with a content: three full quadtrees of ten levels, five in a subtree.
    fn default() -> Self {
        Self {
            districts: 3,
            levels: 10,
            subtree_levels: 5,
            tiles_percent: 100,
            contents_percent: 100,
            refine: "REPLACE",
            missing: BTreeSet::new(),
            seed: 1,
        }
    }
}

/// The city as files, and how many subtrees were read.
pub(crate) struct CityFiles {
    city: ImplicitCity,
    pub(crate) subtrees_read: AtomicUsize,
}

/// A place in a district's quadtree.
type At = (u32, u32, u32);

impl ImplicitCity {
    pub(crate) fn files(self) -> Arc<CityFiles> {
        Arc::new(CityFiles {
            city: self,
            subtrees_read: AtomicUsize::new(0),
        })
    }

    /// A number from 0 to 99 that looks like chance.
    fn chance(&self, district: u32, (level, x, y): At, salt: u64) -> u64 {
        let mut hash = self.seed ^ salt << 32;
        for part in [district, level, x, y] {
            hash = (hash ^ u64::from(part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            hash ^= hash >> 29;
        }
        hash % 100
    }

    /// Whether the tile is there, if its parent is.
    fn is_there(&self, district: u32, at: At) -> bool {
        at.0 < self.levels && (at.0 == 0 || self.chance(district, at, 7) < self.tiles_percent)
    }

    fn has_content(&self, district: u32, at: At) -> bool {
        self.chance(district, at, 11) < self.contents_percent
    }

    fn tileset(&self) -> String {
        let tiling = format!(
            r#""implicitTiling": {{"subdivisionScheme": "QUADTREE", "subtreeLevels": {}, "availableLevels": {},"#,
            self.subtree_levels, self.levels
        );
        let districts = (0..self.districts).map(|district| {
            let x = f64::from(district) * 1000.0 + 500.0;
            format!(
                r#"{{"boundingVolume": {{"box": [{x},0,0, 500,0,0, 0,500,0, 0,0,20]}}, "geometricError": 64,
                "content": {{"uri": "{district}/{{level}}/{{x}}/{{y}}.glb"}},
                {tiling} "subtrees": {{"uri": "{district}/{{level}}/{{x}}/{{y}}.subtree"}}}}}}"#
            )
        });
        let middle = f64::from(self.districts) * 500.0;
        format!(
            r#"{{"asset": {{"version": "1.1"}}, "geometricError": 500, "root": {{
            "boundingVolume": {{"box": [{middle},0,0, {middle},0,0, 0,500,0, 0,0,20]}},
            "geometricError": 256, "refine": "{}", "children": [{}]}}}}"#,
            self.refine,
            districts.collect::<Vec<_>>().join(",")
        )
    }

    /// A binary subtree with three bit streams.
    fn subtree(&self, district: u32, (level, x, y): At) -> Vec<u8> {
        // Bits of each level of the subtree, then those of the child subtrees.
        let mut row = vec![true];
        let (mut tiles, mut contents, mut children) = (Bits::default(), Bits::default(), Bits::default());
        for step in 0..=self.subtree_levels {
            let below = level + step;
            let place = |morton: u32| {
                let (mut dx, mut dy) = (0, 0);
                for bit in 0..step {
                    dx |= (morton >> (2 * bit) & 1) << bit;
                    dy |= (morton >> (2 * bit + 1) & 1) << bit;
                }
                (below, x << step | dx, y << step | dy)
            };
            if step > 0 {
                row = (0..4_u32.pow(step))
                    .map(|morton| row[(morton >> 2) as usize] && self.is_there(district, place(morton)))
                    .collect();
            }
            for (morton, is_there) in (0..).zip(&row) {
                if step == self.subtree_levels {
                    children.push(*is_there);
                } else {
                    tiles.push(*is_there);
                    contents.push(*is_there && self.has_content(district, place(morton)));
                }
            }
        }
        let mut bytes = Vec::new();
        let mut views = Vec::new();
        for bits in [tiles, contents, children] {
            views.push(format!(
                r#"{{"buffer": 0, "byteOffset": {}, "byteLength": {}}}"#,
                bytes.len(),
                bits.bytes.len()
            ));
            bytes.extend(bits.bytes);
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        let mut json = format!(
            r#"{{"buffers": [{{"byteLength": {}}}], "bufferViews": [{}], "tileAvailability": {{"bitstream": 0}},
            "contentAvailability": [{{"bitstream": 1}}], "childSubtreeAvailability": {{"bitstream": 2}}}}"#,
            bytes.len(),
            views.join(",")
        );
        while !json.len().is_multiple_of(8) {
            json.push(' ');
        }
        let mut file = b"subt\x01\0\0\0".to_vec();
        file.extend((json.len() as u64).to_le_bytes());
        file.extend((bytes.len() as u64).to_le_bytes());
        file.extend(json.into_bytes());
        file.extend(bytes);
        file
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    length: usize,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.length.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (self.length % 8);
        }
        self.length += 1;
    }
}

impl Resources for CityFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        if path == "tileset.json" {
            return Ok(self.city.tileset().into_bytes());
        }
        let place = path.strip_suffix(".subtree").ok_or_else(missing)?;
        let numbers: Vec<u32> = place.split('/').filter_map(|part| part.parse().ok()).collect();
        let [district, level, x, y] = numbers[..] else {
            return Err(missing());
        };
        if self.city.missing.contains(path) {
            return Err(missing());
        }
        self.subtrees_read.fetch_add(1, Ordering::Relaxed);
        Ok(self.city.subtree(district, (level, x, y)))
    }
    fn exists(&self, path: &str) -> bool {
        self.read(path).is_ok()
    }
    fn name(&self) -> String {
        "city".to_owned()
    }
}
