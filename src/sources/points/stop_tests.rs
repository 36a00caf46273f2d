//! Trees whose making is stopped.

use super::tests::file;
use super::{PointFile, PointTree, Stop, StopOnDrop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Points of the file.
const COUNT: u32 = 60_000;

/// Makes a tree and tells it to stop at this point; how many points were looked at, and whether there is a tree.
fn stopped_at(bytes: Vec<u8>, at: u64) -> (u64, bool) {
    let stop = Stop::default();
    let seen = AtomicU64::new(0);
    let file = Arc::new(PointFile::of_bytes(bytes).unwrap());
    let tree = PointTree::of(file, 1_000_000, &stop, |_| {
        if seen.fetch_add(1, Ordering::Relaxed) + 1 == at {
            stop.tell();
        }
        true
    });
    (seen.into_inner(), tree.is_some())
}

#[test]
fn a_tree_that_nobody_waits_for_is_stopped_within_some_thousand_points() {
    for (format, chunk) in [(1, None), (3, Some(9_000)), (7, Some(50_000))] {
        let bytes = file(format, COUNT, chunk, &[]);
        let (seen, is_there) = stopped_at(bytes.clone(), 10_000);
        // At most four threads, each with 4096 points between two looks.
        assert!(seen < 30_000 && !is_there, "{seen} points of format {format}");
        // Told at the last point it does not make a tree of them either.
        assert_eq!(stopped_at(bytes.clone(), u64::from(COUNT)), (u64::from(COUNT), false));
        assert_eq!(stopped_at(bytes, u64::MAX), (u64::from(COUNT), true));
    }
}

#[test]
fn whoever_waits_stops_the_work_by_going() {
    let waiting = StopOnDrop::default();
    let stop = waiting.stop();
    assert!(!stop.is_told());
    drop(waiting);
    assert!(stop.is_told());
}
