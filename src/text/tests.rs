use super::*;
use jiff::civil::{date, time};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn language(code: &str) -> Language {
    Language::from_code(code).expect("a language we ship")
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file below `folder` with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Keys and patterns of one language, read from its files and not through the loader, which would fall back.
fn messages(code: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for file in files(&project("assets/text").join(code), "ftl") {
        for (key, pattern) in read(&file) {
            let before = found.insert(key.clone(), pattern);
            assert_eq!(before, None, "{} defines {key} twice", file.display());
        }
    }
    found
}

/// Keys and patterns of one file.
fn read(file: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut key = String::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        if line.starts_with(|c: char| c.is_ascii_lowercase()) {
            let (name, pattern) = line.split_once('=').expect("a message");
            name.trim().clone_into(&mut key);
            let before = found.insert(key.clone(), pattern.trim().to_owned());
            assert_eq!(before, None, "{} defines {key} twice", file.display());
        } else if line.starts_with(' ') {
            let pattern = found.get_mut(&key).expect("a message to go on with");
            pattern.push('\n');
            pattern.push_str(line.trim());
        }
    }
    found
}

#[test]
fn languages_come_from_the_folders() {
    let codes: Vec<_> = Language::at_kiosk().iter().map(Language::code).collect();
    let mut folders: Vec<_> = std::fs::read_dir(project("assets/text"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(codes, folders);
    let of_desk: Vec<_> = Language::available().iter().map(Language::code).collect();
    assert_eq!(of_desk, ["en", "nl"]);
    assert!(of_desk.iter().all(|code| codes.contains(code)) && codes.contains(&"de".to_owned()));
    assert_eq!(language("nl").name(), "Nederlands");
}

#[test]
fn system_locale_decides_the_first_language() {
    let first = |codes: &[&str]| Language::first_known(codes.iter().map(|&code| code.to_owned())).code();
    for (locales, expected) in [
        (&["nl-NL", "en-US"][..], "nl"),
        (&["nl_BE.UTF-8"][..], "nl"),
        (&["fy-NL", "nl"][..], "nl"),
        (&["zh-Hans-CN"][..], "en"),
        (&["C"][..], "en"),
        (&[][..], "en"),
    ] {
        assert_eq!(first(locales), expected, "{locales:?}");
    }
}

#[test]
fn every_language_has_the_same_keys_and_arguments() {
    let variables = |pattern: &str| -> BTreeSet<String> {
        pattern
            .split('$')
            .skip(1)
            .map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect())
            .collect()
    };
    let reference = messages("en");
    assert!(reference.len() > 100, "only {} texts read", reference.len());
    for language in Language::at_kiosk() {
        let code = language.code();
        let own = messages(&code);
        // A language of the kiosk alone has the texts of the kiosk and those about itself.
        let needed: BTreeSet<String> = if Language::available().contains(&language) {
            reference.keys().cloned().collect()
        } else {
            let file = |name: &str| read(&project("assets/text/en").join(name)).into_keys();
            file("kiosk.ftl").chain(file("language.ftl")).collect()
        };
        let missing: Vec<_> = needed.iter().filter(|key| !own.contains_key(*key)).collect();
        let extra: Vec<_> = own.keys().filter(|key| !reference.contains_key(*key)).collect();
        assert!(
            missing.is_empty() && extra.is_empty(),
            "{code}: missing {missing:?}, extra {extra:?}"
        );
        for (key, pattern) in &own {
            assert!(!pattern.is_empty(), "{code}: {key} is empty");
            assert_eq!(
                variables(pattern),
                variables(&reference[key]),
                "{code}: arguments of {key}"
            );
            assert!(
                TEXTS
                    .lookup_no_default_fallback::<&str>(&language.0, key, None)
                    .is_some()
                    || pattern.contains('$'),
                "{code}: {key} cannot be looked up"
            );
        }
    }
}

#[test]
fn keys_in_the_code_exist_and_no_text_is_left_over() {
    let known = messages("en");
    let mut sources = String::new();
    for file in files(&project("src"), "rs") {
        if !file.ends_with("text/tests.rs") {
            sources.push_str(&std::fs::read_to_string(&file).unwrap());
        }
    }
    let mut used = 0;
    for call in ["tr(", "tr_args(", "tr_count("] {
        for (start, _) in sources.match_indices(call) {
            let before = sources[..start].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' {
                continue;
            }
            // The key is the second argument; `tr(lang, key)` with a computed key is covered by the second half.
            let rest = &sources[start + call.len()..];
            let Some((_, second)) = rest.split_once(',') else {
                continue;
            };
            let Some(literal) = second.trim_start().strip_prefix('"') else {
                continue;
            };
            let key = literal.split('"').next().unwrap_or_default();
            assert!(
                known.contains_key(key),
                "the code asks for {key:?}, which no language has"
            );
            used += 1;
        }
    }
    assert!(used > 40, "only {used} uses found");
    // Months are the one family whose keys are put together.
    let unused: Vec<_> = known
        .keys()
        .filter(|key| !key.starts_with("month-") && !sources.contains(&format!("\"{key}\"")))
        .collect();
    assert!(unused.is_empty(), "texts that nothing shows: {unused:?}");
}

#[test]
fn dutch_is_plain() {
    // Office Dutch, forms of address and borrowed words where a plain Dutch one exists.
    let avoided = [
        " u ",
        " uw ",
        " teneinde",
        " middels ",
        " betreffende",
        " derhalve",
        "ongeldig",
        "foutcode",
        "error",
        "layer",
        "viewer",
        "please",
        "gelieve",
        "dataset",
        "render",
    ];
    for (key, text) in messages("nl") {
        let lower = format!(" {} ", text.to_lowercase());
        for word in avoided {
            assert!(!lower.contains(word), "{key}: {text:?} holds {word:?}");
        }
        let longest = text
            .split(['.', '?', '!', '\n'])
            .map(|s| s.split_whitespace().count())
            .max();
        assert!(longest <= Some(20), "{key}: a sentence of {longest:?} words");
    }
}

#[test]
fn numbers_follow_the_language() {
    let (nl, en) = (language("nl"), language("en"));
    for (value, decimals, dutch, english) in [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (0.0, 0, "0", "0"),
        (-0.04, 1, "0,0", "0.0"),
        (-0.8, 1, "−0,8", "−0.8"),
        (999.0, 0, "999", "999"),
        (1_000_000.0, 2, "1.000.000,00", "1,000,000.00"),
        (999.96, 1, "1.000,0", "1,000.0"),
        (f64::NAN, 1, "–", "–"),
        (f64::INFINITY, 1, "–", "–"),
    ] {
        assert_eq!(format_number(value, decimals, &nl), dutch);
        assert_eq!(format_number(value, decimals, &en), english);
    }
    assert_eq!(format_count(12_345, &nl), "12.345");
    assert_eq!(format_length(17.24, 1, &nl), "17,2 m");
    assert_eq!(format_length(12_345.0, 0, &nl), "12,3 km");
    assert_eq!(format_area(1234.0, 0, &nl), "1.234 m²");
    assert_eq!(
        format_number(1e300, usize::MAX, &en).split('.').nth(1).map(str::len),
        Some(9)
    );
}

#[test]
fn dates_and_times_follow_the_language() {
    let (nl, en) = (language("nl"), language("en"));
    assert_eq!(format_date(date(2026, 3, 21), &nl), "21 maart 2026");
    assert_eq!(format_date(date(2026, 3, 21), &en), "21 March 2026");
    assert_eq!(format_date(date(2026, 12, 1), &nl), "1 december 2026");
    assert_eq!(format_time(time(7, 5, 59, 0)), "07:05");
}

#[test]
fn a_place_reads_as_on_a_dutch_map() {
    let nl = language("nl");
    let all = format_place(
        Some((251_003.2, 476_247.9)),
        Some(17.2),
        Some((52.265_87, 6.793_61)),
        &nl,
    );
    assert_eq!(all, "RD 251 003  476 248 · NAP 17,2 m · 52,26587° NB 6,79361° OL");
    assert_eq!(
        format_place(None, None, Some((-33.0, -70.5)), &nl),
        "33,00000° ZB 70,50000° WL"
    );
    assert_eq!(format_place(None, None, None, &nl), "");
    assert_eq!(format_rd(f64::NAN, -0.2), "RD –  0");
}

#[test]
fn counts_choose_the_grammatical_number() {
    let nl = language("nl");
    assert_eq!(tr_count(&nl, "status-problems", 1), "1 probleem");
    assert_eq!(tr_count(&nl, "status-problems", 1200), "1.200 problemen");
}

#[test]
fn an_unknown_key_shows_itself() {
    assert_eq!(tr(&Language::default(), "no-such-text"), "no-such-text");
}
