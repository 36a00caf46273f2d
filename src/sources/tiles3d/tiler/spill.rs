//! Features put down on disk, sorted by where they stand, until it is their turn.

use super::record::{HEAD_BYTES, Head, Spilled, damaged, decode};
use bevy::math::DVec2;
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Cursor, Read, Write},
    path::{Path, PathBuf},
};

/// Bytes that wait in memory before they go to disk.
const MAX_WAITING: usize = 32 << 20;

/// Where records lie.
#[derive(Debug)]
pub(super) enum Place {
    File(PathBuf),
    Memory(Vec<u8>),
}

/// Records that lie together.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) place: Place,
    pub(super) bytes: u64,
    pub(super) triangles: u64,
    pub(super) features: u64,
}

impl Chunk {
    /// Every record, in the order of the input; the file is gone afterwards.
    pub(super) fn load(self) -> io::Result<Vec<Spilled>> {
        let mut features = Vec::new();
        self.each(|head, record| {
            features.push(decode(record, head.middle)?);
            Ok(())
        })?;
        Ok(features)
    }

    /// Deals the records out to as many chunks as `choose` has answers, in the order of these answers.
    pub(super) fn deal(self, mut choose: impl FnMut(DVec2, u64) -> u32) -> io::Result<Vec<Chunk>> {
        let base = match &self.place {
            Place::File(path) => Some(path.clone()),
            Place::Memory(_) => None,
        };
        let mut dealt: BTreeMap<u32, Writing> = BTreeMap::new();
        let mut number = 0;
        self.each(|head, record| {
            let answer = choose(head.middle, number);
            number += 1;
            let writing = match dealt.entry(answer) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let path = base.as_ref().map(|base| with_suffix(base, answer));
                    entry.insert(Writing::new(path)?)
                }
            };
            writing.push(head, record)
        })?;
        dealt.into_values().map(Writing::finish).collect()
    }

    fn each(self, mut visit: impl FnMut(Head, &[u8]) -> io::Result<()>) -> io::Result<()> {
        fn walk(mut from: impl Read, visit: &mut impl FnMut(Head, &[u8]) -> io::Result<()>) -> io::Result<()> {
            let mut record = Vec::new();
            while let Some(head) = Head::read(&mut from)? {
                record.resize(usize::try_from(head.bytes).map_err(|_error| damaged())?, 0);
                from.read_exact(&mut record)?;
                visit(head, &record)?;
            }
            Ok(())
        }
        match self.place {
            Place::Memory(bytes) => walk(Cursor::new(bytes), &mut visit),
            Place::File(path) => {
                walk(BufReader::with_capacity(1 << 20, File::open(&path)?), &mut visit)?;
                fs::remove_file(&path)
            }
        }
    }
}

fn with_suffix(base: &Path, number: u32) -> PathBuf {
    let mut name = base.as_os_str().to_owned();
    name.push(format!("-{number}"));
    PathBuf::from(name)
}

/// A chunk in the making.
struct Writing {
    file: Option<(PathBuf, BufWriter<File>)>,
    memory: Vec<u8>,
    bytes: u64,
    triangles: u64,
    features: u64,
}

impl Writing {
    fn new(path: Option<PathBuf>) -> io::Result<Self> {
        let file = path.map(|path| {
            let file = BufWriter::with_capacity(1 << 18, File::create(&path)?);
            Ok::<_, io::Error>((path, file))
        });
        Ok(Self {
            file: file.transpose()?,
            memory: Vec::new(),
            bytes: 0,
            triangles: 0,
            features: 0,
        })
    }

    fn push(&mut self, head: Head, record: &[u8]) -> io::Result<()> {
        self.bytes += (HEAD_BYTES + record.len()) as u64;
        self.triangles += head.triangles;
        self.features += 1;
        if let Some((_, file)) = &mut self.file {
            file.write_all(&head.bytes())?;
            return file.write_all(record);
        }
        self.memory.extend(head.bytes());
        self.memory.extend(record);
        Ok(())
    }

    fn finish(self) -> io::Result<Chunk> {
        let place = match self.file {
            Some((path, file)) => {
                file.into_inner().map_err(io::IntoInnerError::into_error)?;
                Place::File(path)
            }
            None => Place::Memory(self.memory),
        };
        Ok(Chunk {
            place,
            bytes: self.bytes,
            triangles: self.triangles,
            features: self.features,
        })
    }
}

/// Square of the first grid.
pub(super) type CellKey = (i64, i64);

/// All features on their way in, by square of the first grid.
#[derive(Debug)]
pub(super) struct Spill {
    /// Temporary files; without one everything stays in memory.
    folder: Option<PathBuf>,
    cells: BTreeMap<CellKey, Cell>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Cell {
    waiting: Vec<u8>,
    is_on_disk: bool,
    bytes: u64,
    triangles: u64,
    features: u64,
}

impl Spill {
    pub(super) fn new(folder: Option<PathBuf>) -> io::Result<Self> {
        if let Some(folder) = &folder {
            fs::create_dir_all(folder)?;
        }
        Ok(Self {
            folder,
            cells: BTreeMap::new(),
            waiting: 0,
        })
    }

    pub(super) fn has(&self, key: CellKey) -> bool {
        self.cells.contains_key(&key)
    }

    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Adds one record of `triangles` triangles.
    pub(super) fn push(&mut self, key: CellKey, record: &[u8], triangles: u64) -> io::Result<()> {
        let cell = self.cells.entry(key).or_default();
        cell.waiting.extend_from_slice(record);
        cell.bytes += record.len() as u64;
        cell.triangles += triangles;
        cell.features += 1;
        self.waiting += record.len();
        if self.waiting > MAX_WAITING && self.folder.is_some() {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(folder) = &self.folder {
            for (key, cell) in &mut self.cells {
                let waiting = std::mem::take(&mut cell.waiting);
                if !waiting.is_empty() {
                    cell.is_on_disk = true;
                    let path = folder.join(file_name(*key));
                    OpenOptions::new()
                        .create(true)
                        .append(true)
                        .open(path)?
                        .write_all(&waiting)?;
                }
            }
            self.waiting = 0;
        }
        Ok(())
    }

    /// All squares with what lies in them, by place.
    pub(super) fn finish(mut self) -> io::Result<Vec<(CellKey, Chunk)>> {
        // What never filled the memory needs no disk.
        if self.cells.values().any(|cell| cell.is_on_disk) {
            self.flush()?;
        }
        let folder = self.folder;
        let chunks = self.cells.into_iter().map(|(key, cell)| {
            let place = match &folder {
                Some(folder) if cell.is_on_disk => Place::File(folder.join(file_name(key))),
                _ => Place::Memory(cell.waiting),
            };
            let chunk = Chunk {
                place,
                bytes: cell.bytes,
                triangles: cell.triangles,
                features: cell.features,
            };
            (key, chunk)
        });
        Ok(chunks.collect())
    }
}

/// In the name of every temporary file.
const MARK: &str = ".features";

fn file_name((x, y): CellKey) -> String {
    format!("{x}_{y}{MARK}")
}

/// Removes temporary files from a folder, and the folder where nothing else is in it: a folder of this name may be
/// somebody's own.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut has_others = false;
    for file in files {
        let file = file?;
        let is_ours = file.file_name().to_string_lossy().contains(MARK) && file.file_type()?.is_file();
        if is_ours {
            fs::remove_file(file.path())?;
        }
        has_others |= !is_ours;
    }
    if has_others { Ok(()) } else { fs::remove_dir(folder) }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{CityFeature, CityPart, CityTexture, SurfaceRole, tiles3d::tiler::record::encode};
    use bevy::math::{DVec3, Vec2};

    fn feature() -> CityFeature {
        let attributes = serde_json::json!({"bouwjaar": 1931});
        CityFeature {
            id: "NL.IMBAG.Pand.1".to_owned(),
            class: "Building".to_owned(),
            attributes: attributes.as_object().unwrap().clone(),
            parts: vec![CityPart {
                role: SurfaceRole::Wall,
                color: Some([1, 2, 3, 4]),
                texture: Some(CityTexture {
                    image: "a.png".into(),
                    uvs: vec![Vec2::ZERO, Vec2::X, Vec2::Y],
                }),
                positions: vec![DVec3::ZERO, DVec3::X, DVec3::Y],
                triangles: vec![[0, 1, 2]],
            }],
        }
    }

    fn record(number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        encode(
            &feature(),
            number,
            &format!("f{number}"),
            &[Some(7)],
            DVec2::new(1.0, 2.0),
            &mut out,
        );
        out
    }

    #[test]
    fn features_come_back_as_they_went_from_disk_and_from_memory() {
        let folder = tempfile::tempdir().unwrap();
        for place in [None, Some(folder.path().join(".work"))] {
            let mut spill = Spill::new(place).unwrap();
            for number in 0..10 {
                spill.push((0, 0), &record(number), 1).unwrap();
                spill.flush().unwrap();
            }
            let [(key, chunk)] = <[_; 1]>::try_from(spill.finish().unwrap()).unwrap();
            assert_eq!((key, chunk.triangles, chunk.features), ((0, 0), 10, 10));
            let mut dealt = chunk.deal(|_, number| u32::from(number >= 4)).unwrap();
            let late = dealt.pop().unwrap().load().unwrap();
            assert_eq!((dealt[0].features, late.len()), (4, 6));
            assert_eq!((late[0].order, late[0].id.as_str()), (4, "f4"));
            assert_eq!(late[0].middle, DVec2::new(1.0, 2.0));
            assert_eq!(late[0].attributes, r#"{"bouwjaar":1931}"#);
            let part = &late[0].parts[0];
            assert_eq!(
                (part.role, part.color, part.image),
                (SurfaceRole::Wall, Some([1, 2, 3, 4]), Some(7))
            );
            assert_eq!(
                (part.positions[1], part.uvs[2], part.triangles[0]),
                (DVec3::X, [0.0, 1.0], [0, 1, 2])
            );
        }
        assert_eq!(
            fs::read_dir(folder.path().join(".work")).unwrap().count(),
            1,
            "what was read is gone"
        );
    }

    #[test]
    fn only_temporary_files_are_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join(".work");
        clear(&work).unwrap();
        fs::create_dir(&work).unwrap();
        fs::write(work.join(file_name((1, -2))), "").unwrap();
        fs::write(work.join("letter.txt"), "").unwrap();
        clear(&work).unwrap();
        assert_eq!(fs::read_dir(&work).unwrap().count(), 1);
        fs::remove_file(work.join("letter.txt")).unwrap();
        clear(&work).unwrap();
        assert!(!work.exists());
    }

    #[test]
    fn a_cut_off_record_is_an_error() {
        let mut bytes = record(0);
        bytes.truncate(bytes.len() - 1);
        let chunk = Chunk {
            place: Place::Memory(bytes),
            bytes: 0,
            triangles: 0,
            features: 0,
        };
        assert!(chunk.load().is_err());
        assert!(decode(&[255; 64], DVec2::ZERO).is_err());
    }
}
