//! Where the first look goes in a tileset of which most is not read.

use super::*;
use crate::sources::resource::made_up::{MadeUp, square, tileset};
use std::path::Path;

/// Twenty by twenty towns on a server, each in a tileset of its own that names another for its houses.
fn country(path: &str) -> Option<String> {
    let place = |x: u32, y: u32| [x, y].map(|n| f64::from(n) * 1000.0);
    let root = if path == "tileset.json" {
        let towns = (0..400).map(|n| {
            let link = format!(r#""content": {{"uri": "{}_{}_town.json"}}"#, n % 20, n / 20);
            square(place(n % 20, n / 20), 500.0, &link)
        });
        let children = format!(r#""children": [{}]"#, towns.collect::<Vec<_>>().join(","));
        square([9500.0; 2], 10_000.0, &children)
    } else {
        let mut parts = path.strip_suffix(".json")?.split('_');
        let (x, y) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let content = match parts.next()? {
            "town" => format!(r#""content": {{"uri": "{x}_{y}_houses.json"}}"#),
            _ => r#""content": {"uri": "gone.glb"}"#.to_owned(),
        };
        square(place(x, y), 500.0, &content)
    };
    Some(tileset(&root))
}

fn is_json(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "json")
}

#[test]
fn a_country_of_external_tilesets_is_framed_by_the_few_in_its_middle() {
    let country = MadeUp::of_texts(true, country);
    let open = OpenScenario::scratch_of_tiles(country.clone(), "tileset.json", "land").unwrap();
    let read = country.paths_read();
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
