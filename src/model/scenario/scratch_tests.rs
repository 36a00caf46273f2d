//! Where the first look goes in a tileset of which most is not read.

use super::*;
use crate::sources::http::Transfer;
use crate::sources::resource::{FetchFailure, Remote, ResourceError, Resources};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// Twenty by twenty towns on a server, each in a tileset of its own that names another for its houses.
#[derive(Default)]
struct Country {
    read: Mutex<Vec<String>>,
}

impl Country {
    fn text(path: &str) -> Option<String> {
        let tile = |x: f64, y: f64, half: f64, rest: &str| {
            format!(
                r#"{{"boundingVolume": {{"box": [{x},{y},6371000, {half},0,0, 0,{half},0, 0,0,5]}}, "geometricError": {half},
                {rest}}}"#
            )
        };
        let place = |n: u32| f64::from(n) * 1000.0;
        let root = if path == "tileset.json" {
            let towns = (0..400).map(|n| {
                let link = format!(r#""content": {{"uri": "{}_{}_town.json"}}"#, n % 20, n / 20);
                tile(place(n % 20), place(n / 20), 500.0, &link)
            });
            let children = format!(r#""children": [{}]"#, towns.collect::<Vec<_>>().join(","));
            tile(9500.0, 9500.0, 10_000.0, &children)
        } else {
            let mut parts = path.strip_suffix(".json")?.split('_');
            let (x, y) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let content = match parts.next()? {
                "town" => format!(r#""content": {{"uri": "{x}_{y}_houses.json"}}"#),
                _ => r#""content": {"uri": "gone.glb"}"#.to_owned(),
            };
            tile(place(x), place(y), 500.0, &content)
        };
        Some(format!(
            r#"{{"asset": {{"version": "1.1"}}, "geometricError": 9, "root": {root}}}"#
        ))
    }
}

impl Resources for Country {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        self.read.lock().unwrap().push(path.to_owned());
        let missing = || ResourceError::Missing { uri: path.to_owned() };
        Ok(Self::text(path).ok_or_else(missing)?.into_bytes())
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

impl Remote for Country {
    fn host(&self, _: &str) -> String {
        String::new()
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

fn is_json(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "json")
}

#[test]
fn a_country_of_external_tilesets_is_framed_by_the_few_in_its_middle() {
    let country = Arc::new(Country::default());
    let open = OpenScenario::scratch_of_tiles(country.clone(), "tileset.json", "land").unwrap();
    let read = country.read.lock().unwrap().clone();
    let towns: Vec<&String> = read.iter().filter(|path| is_json(path)).collect();
    assert!((3..=5).contains(&towns.len()), "{read:?}");
    for path in &towns[1..] {
        let x: u32 = path.split('_').next().unwrap().parse().unwrap();
        assert!((9..=10).contains(&x), "{path} is not in the middle");
    }
    // A town and not the country is in view, so that a picture comes soon.
    assert!(open.problems.is_empty(), "{:?}", open.problems);
    let distance_m = open.scenario.viewpoints[0].distance_m;
    assert!((500.0..5_000.0).contains(&distance_m), "{distance_m} m away");
}
