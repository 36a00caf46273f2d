//! The loader under a ceiling: nothing is decoded without room, what has none goes back, and what never fits is refused.

use stadslens::geometry::{FeatureMarks, FeatureTable};
use stadslens::georef::SiteFrame;
use stadslens::sources::Problem;
use stadslens::sources::resource::{ResourceError, Resources};
use stadslens::sources::tiles3d::{DecodeRequest, MemoryNeed, TileContent, TileId};
use stadslens::streaming::{ContentState, LoadWish, LoadedTile, TileDecoder, TileKey, TileLoader};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Payloads of eight bytes, whose names say what they take: `held-peak-promised`. With `-bad` at the end one is damaged, with
/// `-half` it holds half of what it says.
struct Named;

fn numbers(path: &str) -> [u64; 3] {
    let mut parts = path.split('-').map(|part| part.parse().expect("a number"));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

impl Resources for Named {
    fn read(&self, path: &str) -> Result<Vec<u8>, ResourceError> {
        match path {
            "gone" => Err(ResourceError::Missing { uri: path.to_owned() }),
            _ => Ok(vec![0; 8]),
        }
    }
    fn exists(&self, path: &str) -> bool {
        path != "gone"
    }
    fn name(&self) -> String {
        "names".to_owned()
    }
}

/// Takes what the names say, and notes the most that was taken at once.
#[derive(Default)]
struct Decoder {
    now: AtomicU64,
    most: AtomicU64,
    decoded: Mutex<Vec<String>>,
}

impl TileDecoder<TileContent> for Decoder {
    fn decode(&self, request: &DecodeRequest) -> Result<TileContent, Problem> {
        let payload = request.resources.read(&request.path);
        payload.map_err(|error| error.problem(request.path.clone(), ""))?;
        let [mut held, peak, _] = numbers(&request.path);
        let now = self.now.fetch_add(peak, Ordering::SeqCst) + peak;
        self.most.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1));
        self.now.fetch_sub(peak, Ordering::SeqCst);
        self.decoded.lock().unwrap().push(request.path.clone());
        if request.path.ends_with("-bad") {
            return Err(Problem::error(request.path.clone(), "", "damaged"));
        }
        if request.path.ends_with("-half") {
            held /= 2;
        }
        Ok(TileContent {
            instances: 0,
            meshes: Vec::new(),
            marks: FeatureMarks::default(),
            features: FeatureTable::default(),
            bytes_read: 8,
            bytes_resident: held,
            problems: Vec::new(),
        })
    }

    fn need(&self, request: &DecodeRequest, payload: &[u8]) -> MemoryNeed {
        assert_eq!(payload.len(), 8);
        let [held_bytes, peak, promised] = numbers(&request.path);
        MemoryNeed {
            held_bytes: held_bytes.min(promised),
            peak_bytes: peak.min(promised),
        }
    }
}

fn wish(tile: u32, path: &str) -> LoadWish {
    LoadWish {
        layer: 1,
        tile: TileId(tile),
        requests: vec![DecodeRequest {
            resources: Arc::new(Named),
            path: path.to_owned(),
            root_from_tile: bevy::math::DMat4::IDENTITY,
            is_geocentric: false,
            site: SiteFrame::Local,
            volume: None,
            gltf_up_axis: 'Y',
            height_offset_m: 0.0,
        }],
    }
}

fn key(tile: u32) -> TileKey {
    TileKey {
        layer: 1,
        tile: TileId(tile),
    }
}

/// Holds what `held` says and wishes for these until nothing is in flight any more; what came.
fn run(loader: &TileLoader, ceiling: u64, held: u64, wishes: &[(u32, String)]) -> Vec<LoadedTile> {
    let start = Instant::now();
    let mut done: Vec<LoadedTile> = Vec::new();
    let mut calm = 0;
    while calm < 20 {
        assert!(start.elapsed() < Duration::from_secs(30), "{} tiles came", done.len());
        done.extend(loader.take_finished());
        let total = loader.account(ceiling, held);
        assert!(total <= ceiling.max(held), "{total} bytes");
        let missing = wishes
            .iter()
            .filter(|(tile, _)| done.iter().all(|done| done.tile.0 != *tile));
        loader.replace_queue(missing.map(|(tile, path)| wish(*tile, path)).collect());
        std::thread::sleep(Duration::from_millis(1));
        calm = if loader.in_flight().is_empty() { calm + 1 } else { 0 };
    }
    done
}

fn started(workers: usize) -> (TileLoader, Arc<Decoder>) {
    let decoder = Arc::new(Decoder::default());
    (TileLoader::with_decoder(workers, decoder.clone()), decoder)
}

#[test]
fn no_more_is_decoded_at_once_than_fits_and_all_of_it_comes() {
    let (loader, decoder) = started(4);
    // Between a tenth and all of the ceiling each; the payloads take a little, too.
    let wishes: Vec<(u32, String)> = (0..60)
        .map(|tile: u32| (tile, format!("{0}-{1}-{1}", tile % 7, 100 + (tile * 37) % 890)))
        .collect();
    let done = run(&loader, 1000, 0, &wishes);
    assert_eq!(done.len(), 60);
    let most = decoder.most.load(Ordering::SeqCst);
    assert!(most <= 1000 && most > 500, "{most} at once");
    assert_eq!(decoder.decoded.lock().unwrap().len(), 60, "each once");
    assert_eq!(loader.bytes_set_aside(), 0);
}

#[test]
fn what_has_no_room_goes_back_with_what_it_needs_and_comes_when_there_is_some() {
    let (loader, decoder) = started(2);
    let wishes = [(1, "300-600-600".to_owned()), (2, "100-200-200".to_owned())];
    let done = run(&loader, 1000, 700, &wishes);
    assert_eq!(done.iter().map(|done| done.tile.0).collect::<Vec<_>>(), [2]);
    assert_eq!(loader.needs([key(1), key(2), key(3)]), [Some(608), Some(208), None]);
    let done = run(&loader, 1000, 300, &wishes[..1]);
    assert_eq!(done[0].bytes_resident(), 300);
    assert_eq!(*decoder.decoded.lock().unwrap(), ["100-200-200", "300-600-600"]);
}

#[test]
fn what_never_fits_is_refused_in_one_line() {
    let (loader, decoder) = started(2);
    let megabyte = 1_u64 << 20;
    let path = format!("{0}-{1}-{1}", megabyte, 3 * megabyte);
    let done = run(
        &loader,
        2 * megabyte,
        0,
        &[(1, path.clone()), (2, "1-1-1".to_owned()), (3, "gone".to_owned())],
    );
    let result = |tile: u32| done.iter().find(|done| done.tile.0 == tile);
    let refused = result(1).expect("an answer");
    assert_eq!(
        (refused.state(), refused.results.len(), refused.retry_after),
        (ContentState::Failed, 1, None)
    );
    assert_eq!(refused.refused_bytes, Some(3 * megabyte + 8));
    let problem = refused.results[0].as_ref().err().expect("a problem");
    let line = format!(
        "{path}: the tile takes 4 MB of memory while it is read, more than the 2 MB that all tiles may take; make smaller tiles"
    );
    assert_eq!(problem.to_string(), line);
    assert_eq!(result(2).map(LoadedTile::state), Some(ContentState::Ready));
    let missing = result(3)
        .and_then(|done| done.results[0].as_ref().err())
        .expect("a problem");
    assert!(missing.to_string().contains("missing"), "{missing}");
    assert!(
        [2, 3]
            .map(result)
            .iter()
            .flatten()
            .all(|done| done.refused_bytes.is_none())
    );
    assert_eq!(*decoder.decoded.lock().unwrap(), ["1-1-1"]);
    // Once there may be so much it comes.
    let done = run(&loader, 3 * megabyte + 8, 0, &[(1, path)]);
    assert_eq!((done[0].state(), done[0].refused_bytes), (ContentState::Ready, None));
}

#[test]
fn a_tile_that_turns_out_larger_than_promised_goes_unless_there_is_room() {
    let (loader, decoder) = started(1);
    let wishes = [(1, "500-500-10".to_owned())];
    assert!(run(&loader, 1000, 600, &wishes).is_empty(), "it went again");
    assert_eq!(loader.needs([key(1)]), [Some(508)], "as it came out");
    assert_eq!(run(&loader, 1000, 400, &wishes).len(), 1);
    assert_eq!(decoder.decoded.lock().unwrap().len(), 2);
    let refused = run(&loader, 400, 0, &[(2, "500-500-10".to_owned())]);
    assert_eq!(refused[0].state(), ContentState::Failed, "not decoded for ever");
}

#[test]
fn one_tile_alone_may_take_the_room_that_is_kept_free() {
    let (loader, decoder) = started(2);
    loader.keep_free(256, [key(9)].into());
    let wishes = [(1, "400-800-800".to_owned())];
    let done = run(&loader, 1000, 0, &wishes);
    assert_eq!((done.len(), decoder.decoded.lock().unwrap().len()), (1, 1));
    assert!(
        run(&loader, 1000, 1, &wishes).is_empty(),
        "beside another one it may not"
    );
}

#[test]
fn what_failed_or_holds_less_than_thought_needs_no_less_the_next_time() {
    let (loader, _decoder) = started(1);
    let wishes = [(1, "300-600-600-bad".to_owned()), (2, "300-600-600-half".to_owned())];
    let done = run(&loader, 1000, 0, &wishes);
    let held: u64 = done.iter().map(LoadedTile::bytes_resident).sum();
    assert_eq!((done.len(), held), (2, 150));
    assert_eq!(loader.needs([key(1), key(2)]), [Some(608); 2]);
}

#[test]
fn a_closed_layer_gives_its_memory_back() {
    let (loader, _decoder) = started(1);
    loader.account(1000, 0);
    loader.replace_queue(vec![wish(1, "500-600-600")]);
    let start = Instant::now();
    while loader.stats().tiles_finished == 0 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!((loader.bytes_set_aside(), loader.account(1000, 100)), (500, 600));
    loader.forget_layer(1);
    assert_eq!((loader.bytes_set_aside(), loader.needs([key(1)])), (0, vec![None]));
}
