//! What residents said at the kiosk, in the package that is taken along: counts, and the words that staff let through.

use stadslens::model::reaction::{DayPart, Moderation, Reaction, Smiley, Theme, Words};
use stadslens::model::scenario::open;
use stadslens::model::store::{StoreHandle, store_path};
use std::{collections::BTreeMap, fs, io::Read as _, path::Path, process::Command};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/hof");

fn reaction(variant: &str, is_trial: bool, words: Option<(&str, Moderation)>) -> Reaction {
    Reaction {
        id: Reaction::new_id(),
        is_trial,
        variant: variant.to_owned(),
        smiley: Smiley::Glad,
        spot: None,
        theme: Some(Theme::Green),
        words: words.map(|(text, moderation)| Words {
            text: text.to_owned(),
            moderation,
        }),
        day: jiff::civil::date(2026, 11, 20),
        part: DayPart::Morning,
    }
}

/// The text files of the package that `export` makes of the fixture, after these reactions were kept.
fn exported(reactions: &[Reaction]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let database = store_path(&data.join("stadslens"), Path::new(SCENARIO));
    let (handle, _) = StoreHandle::open(&database).expect("a store");
    for kept in reactions {
        let kept = kept.clone();
        handle
            .submit(move |store| store.add_reaction(&kept))
            .wait()
            .expect("kept");
    }
    drop(handle);
    let output = folder.path().join("plan.stadslens");
    let done = Command::new(env!("CARGO_BIN_EXE_stadslens"))
        .args(["export", SCENARIO, "--no-pictures", "--date", "2026-11-24", "-o"])
        .arg(&output)
        .env("XDG_DATA_HOME", &data)
        .output()
        .expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut zip = zip::ZipArchive::new(fs::File::open(&output).expect("the package")).expect("a zip");
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).expect("a file");
        let name = file.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its bytes");
        files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
    }
    files
}

#[test]
fn a_package_tells_reactions_as_counts_and_words_only_when_staff_let_them_through() {
    let scenario = open(Path::new(SCENARIO))
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .scenario;
    let ids: Vec<&str> = scenario.variants.iter().map(|variant| variant.id.as_str()).collect();
    let [large, small, ..] = ids.as_slice() else {
        panic!("two variants");
    };
    let mut reactions = vec![reaction(large, false, None); 4];
    reactions.push(reaction(large, false, Some(("Meer <b>bos</b>", Moderation::Released))));
    reactions.push(reaction(large, false, Some(("Ongelezen", Moderation::Waiting))));
    reactions.push(reaction(small, false, Some(("Achtergehouden", Moderation::Withheld))));
    reactions.push(reaction(small, true, Some(("Geoefend", Moderation::Released))));
    let files = exported(&reactions);
    for (name, text) in &files {
        for secret in ["Ongelezen", "Achtergehouden", "Geoefend"] {
            assert!(!text.contains(secret), "{secret} in {name}");
        }
    }
    let counts: Vec<&str> = files["tables/reactions.nl.csv"].lines().collect();
    assert!(counts[1].contains(";6;0;0;6;0;0;6;0;0;"), "{counts:?}");
    assert!(counts[2].contains(";1;;;;;;;;;minder dan 5"), "{counts:?}");
    assert!(files["tables/reaction-words.en.csv"].contains("Meer <b>bos</b>"));
    let page = &files["index.html"];
    assert!(page.contains("Wat bewoners ervan vinden") && page.contains("Er zijn nu 7 reacties."));
    assert!(
        page.contains("Meer &lt;b&gt;bos") && !page.contains("<b>bos"),
        "words are text, never markup"
    );
}

#[test]
fn a_package_without_reactions_says_nothing_of_them() {
    let files = exported(&[]);
    assert!(!files.keys().any(|name| name.contains("reaction")));
    assert!(!files["index.html"].contains("Wat bewoners ervan vinden"));
}
