//! Tilesets in many files, read as selection comes near to them: the picture must end as if all had been read at once, and
//! what nobody looks at must not be asked for.

use super::implicit::{Scene, assert_alike, camera, places};
use bevy::math::DVec3;
use proptest::prelude::*;
use stadslens::sources::http::Transfer;
use stadslens::sources::resource::{FetchFailure, Remote, ResourceError, Resources};
use stadslens::sources::tiles3d::{TileId, open_tileset, read_tileset};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Squares of a kilometre in rows along x and y, each a quadtree. Every tile on a level that `levels_in_file` divides stands
/// in a file of its own. Made up as it is asked for, as if it lay on a server.
#[derive(Debug, Clone)]
struct Country {
    columns: u32,
    rows: u32,
    levels: u32,
    levels_in_file: u32,
    refine: &'static str,
    /// The districts have contents of their own, and not only what is below them.
    has_cover: bool,
    /// Files that are missing.
    missing: BTreeSet<String>,
}

struct CountryFiles {
    country: Country,
    files_read: AtomicUsize,
}

/// A place in a district's quadtree: column, row, level, x, y.
type At = [u32; 5];

impl Country {
    fn files(&self) -> Arc<CountryFiles> {
        Arc::new(CountryFiles {
            country: self.clone(),
            files_read: AtomicUsize::new(0),
        })
    }

    fn is_apart(&self, [_, _, level, ..]: At) -> bool {
        level.is_multiple_of(self.levels_in_file) && (level > 0 || self.columns * self.rows > 1)
    }

    /// A tile as the file has it that stands at `file`.
    fn tile(&self, at: At, file: At) -> String {
        let [column, row, level, x, y] = at;
        let half = 500.0 / f64::from(1_u32 << level);
        let middle = |district: u32, place: u32| 1000.0 * f64::from(district) + half * (2.0 * f64::from(place) + 1.0);
        let (mx, my) = (middle(column, x), middle(row, y) - 500.0);
        let error = 64.0 / f64::from(1_u32 << level);
        let volume = format!(
            r#""boundingVolume": {{"box": [{mx},{my},0, {half},0,0, 0,{half},0, 0,0,20]}}, "geometricError": {error}"#
        );
        let name = format!("{column}_{row}_{level}_{x}_{y}");
        if at != file && self.is_apart(at) {
            return format!(r#"{{{volume}, "content": {{"uri": "{name}.json"}}}}"#);
        }
        let children: Vec<String> = (0..4)
            .filter(|_| level + 1 < self.levels)
            .map(|n| self.tile([column, row, level + 1, 2 * x + n % 2, 2 * y + n / 2], file))
            .collect();
        let content = if level > 0 || self.has_cover {
            format!(r#""content": {{"uri": "{name}.glb"}},"#)
        } else {
            String::new()
        };
        format!(r#"{{{volume}, {content} "children": [{}]}}"#, children.join(","))
    }

    fn text(&self, path: &str) -> Option<String> {
        let document =
            |root: &str| format!(r#"{{"asset": {{"version": "1.1"}}, "geometricError": 500, "root": {root}}}"#);
        if path == "tileset.json" {
            let districts = (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| [column, row, 0, 0, 0]));
            let nowhere = [u32::MAX; 5];
            let children: Vec<String> = districts.map(|at| self.tile(at, nowhere)).collect();
            let (wide, deep) = (500.0 * f64::from(self.columns), 500.0 * f64::from(self.rows));
            return Some(document(&format!(
                r#"{{"boundingVolume": {{"box": [{},{},0, {wide},0,0, 0,{deep},0, 0,0,20]}}, "geometricError": 256,
                "refine": "{}", "content": {{"uri": "all.glb"}}, "children": [{}]}}"#,
                wide,
                deep - 500.0,
                self.refine,
                children.join(",")
            )));
        }
        let numbers: Vec<u32> = path
            .strip_suffix(".json")?
            .split('_')
            .filter_map(|n| n.parse().ok())
            .collect();
        let at: At = numbers.try_into().ok()?;
        (!self.missing.contains(path)).then(|| document(&self.tile(at, at)))
    }
}

impl Resources for CountryFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.files_read.fetch_add(1, Ordering::Relaxed);
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        Ok(self.country.text(path).ok_or_else(missing)?.into_bytes())
    }
    fn exists(&self, _: &str) -> bool {
        true
    }
    fn name(&self) -> String {
        "country".to_owned()
    }
    fn remote(&self) -> Option<&dyn Remote> {
        Some(self)
    }
}

impl Remote for CountryFiles {
    fn host(&self, _: &str) -> String {
        "country".to_owned()
    }
    fn wait(&self, _: &str) -> Duration {
        Duration::ZERO
    }
    fn fetch(&self, path: &str, _: u64, _: &Transfer) -> Result<Vec<u8>, FetchFailure> {
        self.read(path).map_err(|error| FetchFailure {
            error,
            may_pass: false,
            wait: None,
            was_early: false,
        })
    }
    fn documents(&self) -> Vec<String> {
        Vec::new()
    }
    fn forget(&self, _: &str) {}
}

fn lazy(country: &Country) -> Scene {
    Scene::new(open_tileset(country.files(), "tileset.json").unwrap().0, 0)
}

fn countries() -> impl Strategy<Value = Country> {
    let sizes = (1_u32..4, 1_u32..3, 2_u32..6, 1_u32..4);
    (sizes, any::<bool>(), any::<bool>()).prop_map(|((columns, rows, levels, levels_in_file), adds, has_cover)| {
        Country {
            columns,
            rows,
            levels,
            levels_in_file,
            refine: if adds { "ADD" } else { "REPLACE" },
            has_cover,
            missing: BTreeSet::new(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn external_tilesets_read_on_the_way_end_as_if_read_at_once(
        country in countries(), first in places(), second in places(), failing in prop::sample::select(vec![0_u64, 5])
    ) {
        let tree = |is_lazy: bool| {
            let read = if is_lazy { open_tileset } else { read_tileset };
            read(country.files(), "tileset.json").unwrap().0
        };
        assert_alike([true, false].map(|is_lazy| Scene::new(tree(is_lazy), failing)), &first, &second)?;
    }
}

/// A thousand districts of 341 tiles each, every one in files of its own.
#[test]
fn a_view_of_one_place_in_a_country_reads_the_files_of_that_place() {
    let country = Country {
        columns: 40,
        rows: 25,
        levels: 5,
        levels_in_file: 3,
        refine: "REPLACE",
        has_cover: true,
        missing: BTreeSet::new(),
    };
    let files = country.files();
    let (tree, problems) = open_tileset(files.clone(), "tileset.json").unwrap();
    let read = || files.files_read.load(Ordering::Relaxed);
    // Nothing in it says where on earth it is, so that three were looked into.
    assert_eq!((read(), problems.len()), (4, 0));
    let opened = tree.tiles.len();
    assert!(
        (0..1001)
            .map(TileId)
            .filter(|tile| tree.is_external_awaited(*tile))
            .count()
            > 990
    );
    let mut scene = Scene::new(tree, 0);
    // Low over one place, looking down.
    let low = camera(
        DVec3::new(20_100.0, 12_100.0, 150.0),
        DVec3::new(20_100.5, 12_100.5, 0.0),
    );
    let now = scene.settle(&low);
    assert!(!now.render.is_empty());
    let finest = now
        .render
        .iter()
        .map(|tile| scene.tree.tiles[tile.0 as usize].depth)
        .max();
    assert!(finest > Some(4), "{finest:?}");
    assert!(read() < 4 + 20, "{} files were read", read());
    let held = scene.tree.tiles_held();
    assert!(held > opened && held < opened + 20 * 341, "{held} tiles are held");
    // Nothing comes that is not asked for, and what is not seen goes.
    let elsewhere = camera(DVec3::new(3_100.0, 2_100.0, 150.0), DVec3::new(3_100.5, 2_100.5, 0.0));
    let now = scene.settle(&elsewhere);
    assert!(scene.forget_unseen(&now) > 0);
    assert!(scene.tree.tiles_held() < opened + 20 * 341);
    assert!(read() < 4 + 40, "{} files were read", read());
}

#[test]
fn an_external_tileset_that_is_missing_leaves_its_place_to_its_parent_and_its_siblings_alone() {
    let sound = Country {
        columns: 1,
        rows: 1,
        levels: 4,
        levels_in_file: 2,
        refine: "REPLACE",
        has_cover: true,
        missing: BTreeSet::new(),
    };
    let broken = Country {
        missing: ["0_0_2_2_2.json".to_owned()].into(),
        ..sound.clone()
    };
    let above = camera(DVec3::new(510.0, 10.0, 150.0), DVec3::new(500.0, 0.0, 0.0));
    let (mut whole, mut scene) = (lazy(&sound), lazy(&broken));
    let (before, now) = (whole.settle(&above), scene.settle(&above));
    let ((all, _), (drawn, stand_ins)) = (whole.picture(&before), scene.picture(&now));
    let lost: Vec<&String> = all.difference(&drawn).collect();
    assert!(!lost.is_empty() && lost.len() < all.len(), "{lost:?} of {all:?}");
    for path in lost {
        let below = [
            "0_0_2_2_2.glb",
            "0_0_3_4_4.glb",
            "0_0_3_5_4.glb",
            "0_0_3_4_5.glb",
            "0_0_3_5_5.glb",
        ];
        assert!(below.contains(&path.as_str()), "{path} is no part of it");
    }
    assert_eq!(stand_ins.len(), 1, "{stand_ins:?}");
    assert!(
        stand_ins.iter().all(|stand_in| stand_in.starts_with("0_0_1_1_1.glb")),
        "{stand_ins:?}"
    );
}
