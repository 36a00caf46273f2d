//! Pictures on surfaces: found by their names when a tile needs them, so that only one tile's are in memory.
//!
//! Small ones are put into each tile that shows them. A large one, mostly an atlas that many tiles share, becomes a file
//! of its own that the tiles name: a copy in each of a thousand tiles would fill disks.

use crate::sources::{
    Cause, Problem,
    resource::{Resources, read_uri},
    tiles3d::write::{ImageFile, PayloadImage, SinkError, TileSink},
};
use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::{Arc, Mutex, PoisonError},
};

/// Largest picture, bytes.
const MAX_IMAGE_BYTES: usize = 64 << 20;
/// Largest picture that is put into tiles, bytes.
const MAX_EMBEDDED_BYTES: usize = 256 << 10;
/// Most names of pictures.
const MAX_NAMES: usize = 1 << 20;

/// Gives the bytes of a picture by the name that its file has in a [`crate::sources::CityTexture`], or what is wrong.
pub type ImageBytes<'a> = &'a (dyn Fn(&str) -> Result<Vec<u8>, String> + Sync);

/// Reads the pictures of `document` from beside it, or out of their data URIs.
pub fn images_beside(resources: Arc<dyn Resources>, document: &str) -> impl Fn(&str) -> Result<Vec<u8>, String> + Sync {
    let document = document.to_owned();
    move |uri| read_uri(&*resources, &document, uri, MAX_IMAGE_BYTES as u64).map_err(|error| error.to_string())
}

/// Names met while features came in.
#[derive(Debug, Default)]
pub(super) struct ImageNames {
    place: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl ImageNames {
    /// The number of a name; `None` when there are too many.
    pub(super) fn number(&mut self, name: &Arc<str>) -> Option<u32> {
        if let Some(number) = self.place.get(name) {
            return Some(*number);
        }
        let number = u32::try_from(self.names.len())
            .ok()
            .filter(|_| self.names.len() < MAX_NAMES)?;
        self.place.insert(name.clone(), number);
        self.names.push(name.clone());
        Some(number)
    }
}

/// All pictures of a run.
pub(super) struct Images<'a> {
    names: Vec<Arc<str>>,
    read: ImageBytes<'a>,
    sink: &'a dyn TileSink,
    /// What is wrong with a picture, told once.
    faults: Mutex<BTreeMap<u32, String>>,
    /// Large pictures that have a file of their own, and their bytes.
    written: Mutex<BTreeMap<u32, u64>>,
}

/// What a tile needs to know of a picture.
pub(super) struct FoundImage {
    pub(super) image: PayloadImage,
    pub(super) bytes: usize,
}

impl<'a> Images<'a> {
    pub(super) fn new(names: ImageNames, read: ImageBytes<'a>, sink: &'a dyn TileSink) -> Self {
        Self {
            names: names.names,
            read,
            sink,
            faults: Mutex::default(),
            written: Mutex::default(),
        }
    }

    /// Bytes of the files that pictures got.
    pub(super) fn bytes(&self) -> u64 {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.values().sum()
    }

    /// The picture of a number, where it can be had; `root` leads from the tile's folder to that of the tileset.
    ///
    /// # Errors
    /// [`SinkError`] when a file of its own cannot be written.
    pub(super) fn read(&self, number: u32, root: &str) -> Result<Option<FoundImage>, SinkError> {
        let Some(name) = self.names.get(number as usize) else {
            return Ok(None);
        };
        let read = (self.read)(name).and_then(|bytes| {
            if bytes.len() > MAX_IMAGE_BYTES {
                return Err(format!("it has more than {MAX_IMAGE_BYTES} bytes"));
            }
            let mime = mime(&bytes).ok_or("it is neither PNG, JPEG nor WebP")?;
            Ok((mime, bytes))
        });
        let (mime, data) = match read {
            Ok(read) => read,
            Err(fault) => {
                let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
                faults.insert(number, fault);
                return Ok(None);
            }
        };
        let bytes = data.len();
        let file = if bytes > MAX_EMBEDDED_BYTES {
            let ending = mime.rsplit('/').next().unwrap_or("image");
            let path = format!("images/{number}.{ending}");
            let uri = format!("{root}{path}");
            // One at a time, so that no tile names a file that is not there yet.
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            if let Entry::Vacant(entry) = written.entry(number) {
                self.sink.write(&path, data)?;
                entry.insert(bytes as u64);
            }
            ImageFile::Beside(uri)
        } else {
            ImageFile::Embedded(data)
        };
        Ok(Some(FoundImage {
            image: PayloadImage { mime, file },
            bytes,
        }))
    }

    /// What was wrong, by the order in which the pictures were first named.
    pub(super) fn problems(&self, path: &str) -> Vec<Problem> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = |(number, fault): (&u32, &String)| {
            let name: String = self
                .names
                .get(*number as usize)
                .map_or("", |name| &**name)
                .chars()
                .take(80)
                .collect();
            let message = format!("the picture cannot be used ({fault}); its surfaces have plain colours");
            Problem::warning(path, name, message).because(Cause::NotRead)
        };
        faults.iter().map(problem).collect()
    }
}

fn mime(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
