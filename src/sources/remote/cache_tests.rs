use super::*;
use std::thread;

const LIMIT: u64 = 1 << 30;

fn fresh() -> Freshness {
    Freshness {
        etag: Some("\"1\"".into()),
        fresh_until_s: 10,
        serves_until_s: 20,
        ..Freshness::default()
    }
}

fn set_used(cache: &Cache, url: &str, hours_ago: u64) {
    let file = OpenOptions::new().write(true).open(cache.path(url, false)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(hours_ago))
        .unwrap();
}

#[test]
fn what_is_kept_comes_back_and_what_is_damaged_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path(), 1000);
    cache
        .put("https://a.org/x?key=secret", b"bytes\nof it", &fresh(), false)
        .unwrap();
    let kept = cache.get("https://a.org/x?key=secret", LIMIT).unwrap();
    assert_eq!((kept.bytes.as_slice(), kept.is_pinned), (&b"bytes\nof it"[..], false));
    assert_eq!(kept.freshness, fresh());
    assert!(cache.get("https://a.org/x", LIMIT).is_none() && !cache.has("https://a.org/x"));
    assert!(cache.get("https://a.org/x?key=secret", 5).is_none(), "above its cap");
    let path = cache.path("https://a.org/x?key=secret", false);
    let whole = fs::read(&path).unwrap();
    assert!(!String::from_utf8_lossy(&whole).contains("secret") && !path.display().to_string().contains("secret"));
    // Cut at every place, and one byte changed at every place.
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        assert!(cache.get("https://a.org/x?key=secret", LIMIT).is_none(), "{end}");
    }
    for at in whole.len() - 11..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert!(cache.get("https://a.org/x?key=secret", LIMIT).is_none(), "{at}");
    }
    cache.forget("https://a.org/x?key=secret");
    assert!(!path.exists());
}

#[test]
fn what_was_not_used_for_longest_goes_first_and_what_a_person_keeps_stays() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path(), 5000);
    for (url, hours_ago) in [("a", 5), ("b", 9), ("c", 7)] {
        cache.put(url, &[0; 900], &fresh(), false).unwrap();
        set_used(&cache, url, hours_ago);
    }
    cache.put("kept", &[1; 3000], &fresh(), true).unwrap();
    // Looking at it makes it the youngest.
    assert!(cache.get("b", LIMIT).is_some());
    let abandoned = folder.path().join("tiles/.1-1.part");
    fs::write(&abandoned, [0; 100]).unwrap();
    let file = OpenOptions::new().write(true).open(&abandoned).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(2)).unwrap();
    for url in ["d", "e"] {
        cache.put(url, &[0; 900], &fresh(), false).unwrap();
    }
    assert!(!cache.has("c"), "the one that was not used for longest");
    assert!(["b", "d", "e", "kept"].iter().all(|url| cache.has(url)));
    assert!(!abandoned.exists());
    let size = cache.size();
    assert!(
        size.bytes - size.pinned_bytes <= 5000 && size.pinned_bytes > 3000,
        "{size:?}"
    );
    cache.put("huge", &[0; 1300], &fresh(), false).unwrap();
    assert!(!cache.has("huge"), "one answer does not push out all others");
    cache.clear().unwrap();
    assert_eq!(cache.size(), CacheSize::default());
}

#[test]
fn keeping_what_was_there_for_a_while_moves_it() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path(), 4000);
    cache.put("a", b"1", &fresh(), false).unwrap();
    cache.put("a", b"2", &fresh(), true).unwrap();
    let kept = cache.get("a", LIMIT).unwrap();
    assert_eq!((kept.bytes.as_slice(), kept.is_pinned), (&b"2"[..], true));
    assert_eq!(cache.size().files, 1);
}

/// Two programs are two caches on one folder: nothing of them is shared but the disk.
#[test]
fn two_programs_at_once_never_see_half_an_answer_and_stay_near_their_cap() {
    const CAP: u64 = 40_000;
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for program in 0..4_u8 {
            let root = folder.path();
            scope.spawn(move || {
                let cache = Cache::new(root, CAP);
                for round in 0..200_u32 {
                    let url = format!("u{}", round % 61);
                    let body = vec![u8::try_from(round % 251).unwrap() ^ program; 2000 + round as usize];
                    cache.put(&url, &body, &fresh(), false).unwrap();
                    if let Some(kept) = cache.get(&format!("u{}", (round * 7) % 61), LIMIT) {
                        assert!(
                            kept.bytes.iter().all(|byte| *byte == kept.bytes[0]),
                            "bytes of two answers"
                        );
                    }
                }
            });
        }
    });
    // Each may write a sixteenth and one answer more before it counts what the others wrote.
    let most = CAP + 4 * (CAP / 16 + 2500);
    let size = Cache::new(folder.path(), CAP).size();
    assert!(size.bytes <= most && size.bytes > CAP / 4, "{size:?}");
}

#[test]
fn a_folder_that_cannot_be_written_costs_nothing_but_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let cache = Cache::new(&file, 1000);
    assert!(cache.put("a", b"1", &fresh(), false).is_err());
    assert!(cache.get("a", LIMIT).is_none() && cache.size() == CacheSize::default());
    cache.clear().unwrap();
}
