//! Writes `FlatGeobuf` ([specification](https://flatgeobuf.org/)): features along a Hilbert curve, with a packed R-tree.
//!
//! Memory does not grow with the number of features. What is added goes to a spool on disk, as its geometry and its
//! properties; when all is there, the columns and the extent are known, and the spool is sorted in runs (`sort`), built
//! into tables (`feature`) and indexed (`tree`). The writer of the `flatgeobuf` crate keeps some 200 bytes of every
//! feature in memory and reads its spool feature by feature from anywhere, which takes a disk for a night.
//!
//! The values of a property get the narrowest column that holds all of them: what is a number here and a text there, a
//! list or an object becomes JSON, so that every value is read back as it was.

mod columns;
mod feature;
mod sort;
mod spool;
mod tree;

use super::record::{Bounds, GeometryKind, VectorGeometry, widened};
use crate::georef::Crs;
use columns::Columns;
use feature::FeatureBuilder;
use flatbuffers::FlatBufferBuilder;
use flatgeobuf::{Column, ColumnArgs, Crs as CrsTable, CrsArgs, GeometryType, Header, HeaderArgs};
use serde_json::{Map, Value};
use sort::RunSorter;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What every file begins with: three letters, the version, three letters, the version of the patch.
const MAGIC: [u8; 8] = [b'f', b'g', b'b', 3, b'f', b'g', b'b', 0];
/// Bytes of features that are sorted in memory at once.
const RUN_BYTES: usize = 32 << 20;
/// Cells along each side of the Hilbert curve.
const HILBERT_CELLS: f64 = 65_535.0;

/// A `FlatGeobuf` file under way.
pub struct FlatGeobufWriter {
    path: PathBuf,
    name: String,
    crs: Crs,
    scratch: Scratch,
    spool: BufWriter<File>,
    record: Vec<u8>,
    columns: Columns,
    count: u64,
    extent: Option<Bounds>,
    /// Kind of all geometries so far; `None` before the first one and when there are several.
    kind: Option<GeometryKind>,
    has_z: bool,
    run_bytes: usize,
}

impl FlatGeobufWriter {
    /// Begins the file `path` of a layer called `name`. Coordinates are in `crs`, east first. `scratch` is a folder for what
    /// is under way: it is made, has to be on the same disk, and is taken away in the end; nothing else may be in it.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn create(path: &Path, name: &str, crs: Crs, scratch: &Path) -> io::Result<Self> {
        let scratch = Scratch::create(scratch)?;
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            crs,
            spool: BufWriter::new(File::create(scratch.file("spool"))?),
            scratch,
            record: Vec::new(),
            columns: Columns::default(),
            count: 0,
            extent: None,
            kind: None,
            has_z: false,
            run_bytes: RUN_BYTES,
        })
    }

    /// Adds a feature. One without a finite place has none in the file and is left out: `false`. Rings are closed.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, geometry: &VectorGeometry, properties: &Map<String, Value>) -> io::Result<bool> {
        let is_sound = geometry
            .positions()
            .all(|p| p.is_finite() && p.z.is_none_or(f64::is_finite));
        let Some(bounds) = geometry.bounds().filter(|_| is_sound) else {
            return Ok(false);
        };
        // A kind of one part has one part in the file.
        let kind = match geometry.kind {
            GeometryKind::Point if geometry.points.len() != 1 => GeometryKind::MultiPoint,
            GeometryKind::LineString if geometry.lines.len() != 1 => GeometryKind::MultiLineString,
            GeometryKind::Polygon if geometry.polygons.len() != 1 => GeometryKind::MultiPolygon,
            kind => kind,
        };
        self.record.clear();
        spool::write(&mut self.record, kind, bounds, geometry, properties)?;
        self.spool.write_all(&self.record)?;
        self.columns.note(properties);
        self.extent = Some(widened(self.extent, bounds));
        self.has_z |= geometry.positions().next().is_some_and(|p| p.z.is_some());
        let is_first = self.count == 0;
        self.kind = self.kind.filter(|known| *known == kind).or(is_first.then_some(kind));
        self.count += 1;
        Ok(true)
    }

    /// Writes the file: whole, or not at all. Gives the number of features.
    ///
    /// # Errors
    /// When the disk does not take it; what was there under this name before is still there then.
    pub fn finish(mut self) -> io::Result<u64> {
        self.spool.flush()?;
        let extent = self.extent.unwrap_or_default();
        let mut spooled = BufReader::new(File::open(self.scratch.file("spool"))?);
        let mut sorter = RunSorter::new(self.scratch.folder(), self.run_bytes);
        let mut sequence: u32 = 0;
        while let Some(bounds) = spool::next(&mut spooled, &mut self.record)? {
            // One place on the curve may have many: they stay in the order in which they came.
            sorter.add(
                u64::from(place_on_curve(bounds, extent)) << 32 | u64::from(sequence),
                &self.record,
            )?;
            sequence = sequence.checked_add(1).ok_or_else(too_many)?;
        }
        drop(spooled);
        // Twice as much disk is enough where the sorted runs take the place of the spool.
        fs::remove_file(self.scratch.file("spool"))?;
        let kind = self.kind;
        let mut builder = FeatureBuilder::new(&self.columns, self.has_z);
        let mut features = BufWriter::new(File::create(self.scratch.file("features"))?);
        let mut leaves = BufWriter::new(File::create(self.scratch.file("nodes-0"))?);
        let mut offset = 0_u64;
        sorter.for_each(|record| {
            let (bounds, table) = builder.build(record)?;
            tree::write_node(&mut leaves, bounds, offset)?;
            features.write_all(table)?;
            offset += table.len() as u64;
            Ok(())
        })?;
        leaves.flush()?;
        features.flush()?;
        let levels = tree::write_levels(self.scratch.folder(), self.count)?;
        let part = self.scratch.file("part");
        let mut out = BufWriter::new(File::create(&part)?);
        out.write_all(&MAGIC)?;
        out.write_all(&self.header(kind, extent))?;
        // The root stands first and the leaves last.
        for level in (0..levels).rev() {
            append(&mut out, &self.scratch.file(&format!("nodes-{level}")))?;
        }
        append(&mut out, &self.scratch.file("features"))?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, &self.path)?;
        Ok(self.count)
    }

    fn header(&self, kind: Option<GeometryKind>, extent: Bounds) -> Vec<u8> {
        let mut tables = FlatBufferBuilder::new();
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|(name, type_)| {
                let name = Some(tables.create_string(name));
                let arguments = ColumnArgs {
                    name,
                    type_,
                    ..ColumnArgs::default()
                };
                Column::create(&mut tables, &arguments)
            })
            .collect();
        let columns = tables.create_vector(&columns);
        let crs = CrsArgs {
            org: Some(tables.create_string("EPSG")),
            code: i32::try_from(self.crs.0).unwrap_or_default(),
            name: Some(tables.create_string(&self.crs.to_string())),
            ..CrsArgs::default()
        };
        let arguments = HeaderArgs {
            name: Some(tables.create_string(&self.name)),
            envelope: Some(tables.create_vector(&extent)),
            geometry_type: kind.map_or(GeometryType::Unknown, feature::type_of),
            has_z: self.has_z,
            columns: Some(columns),
            features_count: self.count,
            index_node_size: if self.count == 0 { 0 } else { tree::NODE_SIZE },
            crs: Some(CrsTable::create(&mut tables, &crs)),
            ..HeaderArgs::default()
        };
        let header = Header::create(&mut tables, &arguments);
        tables.finish_size_prefixed(header, None);
        tables.finished_data().to_vec()
    }
}

fn too_many() -> io::Error {
    io::Error::other("more features than one file can hold")
}

fn append(out: &mut impl Write, path: &Path) -> io::Result<()> {
    let mut from = BufReader::new(File::open(path)?);
    io::copy(&mut from, out)?;
    fs::remove_file(path)
}

/// Where along the curve through `extent` the middle of a box lies.
fn place_on_curve(bounds: Bounds, extent: Bounds) -> u32 {
    let cell = |low: f64, high: f64, from: f64, to: f64| -> u32 {
        let share = (f64::midpoint(low, high) - from) / (to - from);
        // An extent without a width has everything in its first cell.
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of cells"
        )]
        let cell = (share * HILBERT_CELLS) as u32;
        cell
    };
    hilbert(
        cell(bounds[0], bounds[2], extent[0], extent[2]),
        cell(bounds[1], bounds[3], extent[1], extent[3]),
    )
}

/// The number of a cell along the Hilbert curve of 2¹⁶ by 2¹⁶ cells
/// ([algorithm](https://en.wikipedia.org/wiki/Hilbert_curve#Applications_and_mapping_algorithms)).
fn hilbert(mut x: u32, mut y: u32) -> u32 {
    let mut place = 0;
    let mut side = 1_u32 << 15;
    while side > 0 {
        let (right, up) = (u32::from(x & side > 0), u32::from(y & side > 0));
        place += side * side * ((3 * right) ^ up);
        if up == 0 {
            if right == 1 {
                x = (side - 1).wrapping_sub(x);
                y = (side - 1).wrapping_sub(y);
            }
            std::mem::swap(&mut x, &mut y);
        }
        x &= side - 1;
        y &= side - 1;
        side /= 2;
    }
    place
}

/// A folder of what is under way, taken away when done or given up.
struct Scratch(PathBuf);

impl Scratch {
    fn create(folder: &Path) -> io::Result<Self> {
        // What a run that was killed left there is of no use.
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    fn folder(&self) -> &Path {
        &self.0
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// Fills `buffer` with the next `length` bytes.
fn read_into(from: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    buffer.resize(length, 0);
    from.read_exact(buffer)
}

/// The next eight bytes as a number; `None` at the end.
fn read_u64(from: &mut impl Read) -> io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    match from.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
