//! Vector data of every common format as one record: layers of features with points, lines, areas and properties.
//!
//! `GeoPackage` and `SpatiaLite`, `FlatGeobuf`, `GeoJSON` and its sequences, shapefiles, DXF drawings, simple GML, tables
//! with a place. What a file is is found in its bytes, not in its name. Coordinates stay those of the file, with east
//! first; the CRS is said where the file says it and `None` where not. Arcs are stroked with an error of 0.02 units or 5
//! degrees. Nothing is reprojected, simplified or mended here; what is written is `FlatGeobuf` ([`FlatGeobufWriter`]).
//!
//! # Invariant
//! A file cannot make a reader panic, wait or take memory that its own size does not explain: counts are held against
//! the bytes that are there, and size, number and depth are capped.

mod cursor;
mod dbf;
mod delimited;
mod describe;
mod dxf;
mod fgb;
mod fgb_write;
pub(crate) mod geojson;
mod gml;
mod gml_geometry;
mod handed_out;
mod record;
mod shp;
mod sqlite;
mod stroke;
mod wkb;
mod wkt_text;

pub use describe::{describe, is_vector};
pub use fgb_write::FlatGeobufWriter;
pub use record::{
    Bounds, Features, Field, FieldKind, GeometryKind, Position, Rings, VectorFeature, VectorGeometry, VectorLayer,
};

use super::resource::{self, Resources};
use super::{Cause, Problem};
use super::{crs_name, json_text};
use crate::georef::Crs;
use encoding_rs::{Encoding, WINDOWS_1252};
use handed_out::{HandedOut, guarded};
use record::overlaps;
use std::path::Path;

/// Largest file that is read into memory, bytes. `SQLite` files on disk may be larger: they are read in pieces.
pub const MAX_BYTES: u64 = 512 << 20;
/// Most features of a layer that are handed out.
pub const MAX_FEATURES: usize = 2_000_000;
/// Most JSON values of a file.
const MAX_VALUES: usize = 200_000_000;
/// Most layers of a file.
const MAX_LAYERS: usize = 1000;
/// Most fields of a layer.
const MAX_FIELDS: usize = 2000;
/// Most points of one feature.
const MAX_POSITIONS: usize = 4_000_000;
/// Problems of one layer beyond this number are counted, not listed.
const MAX_LISTED: usize = 20;
/// What is looked at to tell what a file is, bytes.
const HEAD_BYTES: usize = 8192;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorKind {
    /// `GeoPackage`.
    GeoPackage,
    /// `SQLite` with `geometry_columns`.
    SpatiaLite,
    /// `FlatGeobuf`.
    FlatGeobuf,
    /// `GeoJSON`, also as a sequence.
    GeoJson,
    /// Shapefile.
    Shapefile,
    /// Drawing in DXF.
    Dxf,
    /// GML.
    Gml,
    /// Table as text.
    Csv,
}

impl VectorKind {
    /// Its name in `inspect`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GeoPackage => "geopackage",
            Self::SpatiaLite => "spatialite",
            Self::FlatGeobuf => "flatgeobuf",
            Self::GeoJson => "geojson",
            Self::Shapefile => "shapefile",
            Self::Dxf => "dxf",
            Self::Gml => "gml",
            Self::Csv => "csv",
        }
    }
}

/// An open file.
pub struct VectorFile {
    /// What it is.
    pub kind: VectorKind,
    /// Its layers, at least one.
    pub layers: Vec<VectorLayer>,
    /// What is wrong with it as a whole; what is wrong with one feature comes among the features.
    pub problems: Vec<Problem>,
    path: String,
    content: Content,
}

/// What features are read from.
enum Content {
    Database(sqlite::Database),
    FlatGeobuf(fgb::FlatGeobuf),
    GeoJson(geojson::Document),
    Shapefile(shp::Shapefile),
    Gml(gml::Gml),
    /// All of them, for formats that have to be read whole.
    Features(Vec<Result<VectorFeature, Problem>>),
}

/// The text of a `GeoJSON` file, checked to be one that can be read feature by feature.
///
/// # Errors
/// When it is too large, or no text.
pub(crate) fn json_text_of(bytes: &[u8], path: &str) -> Result<String, Problem> {
    let max_bytes = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    Ok(json_text::text_at_most(bytes, path, max_bytes, MAX_VALUES)?.into_owned())
}

impl VectorFile {
    /// Opens the file at `path` with what lies beside it.
    ///
    /// # Errors
    /// When it is of no kind that is read here, or nothing of it can be used.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let shown = path.display().to_string();
        let unusable = || Problem::error(&shown, "", "the path names no file").because(Cause::WrongKind);
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(unusable)?;
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let head = resource::head(path, sqlite::MAGIC.len()).unwrap_or_default();
        if head == sqlite::MAGIC {
            return guarded(&shown, || {
                sqlite::open_file(path, &shown).map(|opened| Self::of_database(opened, &shown))
            });
        }
        Self::open_in(&*resource::folder(parent), name).map_err(|problem| Problem { path: shown, ..problem })
    }

    /// Opens `name` in `resources`, with what lies beside it there. Everything is read into memory.
    ///
    /// # Errors
    /// As [`VectorFile::open`].
    pub fn open_in(resources: &dyn Resources, name: &str) -> Result<Self, Problem> {
        guarded(name, || Self::of_resources(resources, name))
    }

    fn of_resources(resources: &dyn Resources, name: &str) -> Result<Self, Problem> {
        let read = |name: &str| {
            resources
                .read_at_most(name, MAX_BYTES)
                .map_err(|error| error.problem(name, ""))
        };
        let mut bytes = read(name)?;
        let shape = beside(resources, name, "shp").filter(|shape| *shape != name);
        if let Some(shape) = shape.filter(|_| bytes.starts_with(shp::MAGIC) && has_ending(name, "shx")) {
            bytes = read(&shape)?;
        }
        let kind = kind_of(&bytes, name)?;
        match kind {
            VectorKind::Shapefile => Self::of_shapefile(resources, bytes, name),
            kind => Self::of_bytes(kind, bytes, name),
        }
    }

    fn of_database(opened: sqlite::Opened, path: &str) -> Self {
        Self {
            kind: if opened.is_geopackage {
                VectorKind::GeoPackage
            } else {
                VectorKind::SpatiaLite
            },
            layers: opened.layers,
            problems: opened.problems,
            path: path.to_owned(),
            content: Content::Database(opened.database),
        }
    }

    fn of_bytes(kind: VectorKind, bytes: Vec<u8>, path: &str) -> Result<Self, Problem> {
        let name = stem(path);
        let one = |layer, problems, content| Self {
            kind,
            layers: vec![layer],
            problems,
            path: path.to_owned(),
            content,
        };
        Ok(match kind {
            VectorKind::GeoPackage | VectorKind::SpatiaLite => {
                Self::of_database(sqlite::open_bytes(bytes, path)?, path)
            }
            VectorKind::FlatGeobuf => {
                let (file, layer) = fgb::FlatGeobuf::open(bytes, path, name)?;
                one(layer, Vec::new(), Content::FlatGeobuf(file))
            }
            VectorKind::GeoJson => Self::of_geojson(&bytes, path)?,
            VectorKind::Gml => {
                let (file, layers, problems) = gml::Gml::open(xml_text(&bytes), path)?;
                Self {
                    kind,
                    layers,
                    problems,
                    path: path.to_owned(),
                    content: Content::Gml(file),
                }
            }
            VectorKind::Dxf => {
                let (features, layer, problems) = dxf::open(&bytes, path, name)?;
                one(
                    layer,
                    problems,
                    Content::Features(features.into_iter().map(Ok).collect()),
                )
            }
            VectorKind::Csv => {
                let (features, layer, problems) = delimited::open(&bytes, path, name)?;
                one(layer, problems, Content::Features(features))
            }
            VectorKind::Shapefile => {
                let (file, layer) = shp::Shapefile::open(bytes, None, path, name)?;
                one(layer, Vec::new(), Content::Shapefile(file))
            }
        })
    }

    fn of_geojson(bytes: &[u8], path: &str) -> Result<Self, Problem> {
        /// Beyond these, coordinates are no degrees.
        const DEGREES: Bounds = [-181.0, -91.0, 361.0, 91.0];
        let text = json_text_of(bytes, path)?;
        let mut document = geojson::Document::open(text, path)?;
        let summary = record::Summary::of(document.features());
        if summary.count == 0
            && let Some(Err(problem)) = document.features().next()
        {
            return Err(problem);
        }
        let mut problems = std::mem::take(&mut document.problems);
        let crs = if let Some(name) = &document.crs {
            let known = crs_name::of_name(name);
            if known.is_none() {
                let name: String = name.chars().take(80).collect();
                let message = format!("the CRS `{name}` is not known: say which one it is");
                problems.push(Problem::warning(path, "crs", message).because(Cause::NoSystem));
            }
            known
        } else {
            let [left, bottom, right, top] = summary.bounds.unwrap_or_default();
            let is_degrees = left >= DEGREES[0] && bottom >= DEGREES[1] && right <= DEGREES[2] && top <= DEGREES[3];
            if !is_degrees {
                let message = "there is no `crs` and the coordinates are no degrees: say which CRS it is";
                problems.push(Problem::warning(path, "", message).because(Cause::NoSystem));
            }
            is_degrees.then_some(Crs(4326))
        };
        let name = document.name.clone().filter(|name| !name.trim().is_empty());
        let mut layer = summary.into_layer(name.unwrap_or_else(|| stem(path).to_owned()), crs);
        layer.crs_name.clone_from(&document.crs);
        Ok(Self {
            kind: VectorKind::GeoJson,
            layers: vec![layer],
            problems,
            path: path.to_owned(),
            content: Content::GeoJson(document),
        })
    }

    fn of_shapefile(resources: &dyn Resources, bytes: Vec<u8>, path: &str) -> Result<Self, Problem> {
        let mut problems = Vec::new();
        let read = |ending: &str, problems: &mut Vec<Problem>| {
            let name = beside(resources, path, ending)?;
            let bytes = resources.read_at_most(&name, MAX_BYTES);
            bytes.map_err(|error| problems.push(error.problem(&name, ""))).ok()
        };
        let warn = |problems: &mut Vec<Problem>, cause, message: String| {
            problems.push(Problem::warning(path, "", message).because(cause));
        };
        let code_page = read("cpg", &mut problems).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let dbf = match read("dbf", &mut problems) {
            None => {
                warn(
                    &mut problems,
                    Cause::Missing,
                    "there is no .dbf beside it: its shapes have no properties".into(),
                );
                None
            }
            Some(bytes) => match dbf::Dbf::open(bytes, code_page.as_deref()) {
                Ok(dbf) => Some(dbf),
                Err(message) => {
                    let message = format!("the .dbf beside it is damaged ({message}): its shapes have no properties");
                    warn(&mut problems, Cause::Damaged, message);
                    None
                }
            },
        };
        let wkt = read("prj", &mut problems).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let rows = dbf.as_ref().map(dbf::Dbf::rows);
        let (file, mut layer) = shp::Shapefile::open(bytes, dbf, path, stem(path))?;
        match wkt {
            None => {
                let message = "there is no .prj beside it: say which CRS it is (in the Netherlands nearly always \
                               EPSG:28992)";
                warn(&mut problems, Cause::NoSystem, message.into());
            }
            Some(wkt) => {
                layer.crs = crs_name::of_wkt(&wkt);
                let name = wkt
                    .split('"')
                    .nth(1)
                    .unwrap_or_default()
                    .chars()
                    .take(80)
                    .collect::<String>();
                if layer.crs.is_none() {
                    let message = format!("the .prj beside it names `{name}`, which is not known: say which CRS it is");
                    warn(&mut problems, Cause::NoSystem, message);
                }
                layer.crs_name = Some(name);
            }
        }
        let shapes = usize::try_from(layer.count).unwrap_or(usize::MAX);
        if let Some(rows) = rows.filter(|rows| *rows < shapes) {
            let message =
                format!("the .dbf beside it has {rows} rows for {shapes} shapes: the others have no properties");
            warn(&mut problems, Cause::Content, message);
        }
        Ok(Self {
            kind: VectorKind::Shapefile,
            layers: vec![layer],
            problems,
            path: path.to_owned(),
            content: Content::Shapefile(file),
        })
    }

    /// Features of the layer with this number, in file order; of more than [`MAX_FEATURES`] the last item says so.
    pub fn features(&self, layer: usize) -> Features<'_> {
        Box::new(HandedOut::new(self.all(layer), &self.path, MAX_FEATURES))
    }

    /// Those of them whose box meets `window`, in the file's own coordinates; by its index where it has one. What is
    /// damaged comes as well.
    pub fn features_in(&self, layer: usize, window: Bounds) -> Features<'_> {
        let near: Features<'_> = match &self.content {
            Content::Database(database) => database.features(layer, Some(window)),
            Content::FlatGeobuf(file) => file.features(Some(window)),
            _ => Box::new(self.all(layer).filter(move |feature| match feature {
                Ok(feature) => {
                    let bounds = feature.geometry.as_ref().and_then(VectorGeometry::bounds);
                    bounds.is_some_and(|bounds| overlaps(bounds, window))
                }
                Err(_) => true,
            })),
        };
        Box::new(HandedOut::new(near, &self.path, MAX_FEATURES))
    }

    /// However many there are.
    fn all(&self, layer: usize) -> Features<'_> {
        match &self.content {
            Content::Database(database) => database.features(layer, None),
            Content::FlatGeobuf(file) => file.features(None),
            Content::GeoJson(document) => Box::new(document.features()),
            Content::Shapefile(file) => file.features(),
            Content::Gml(file) => file.features(layer),
            Content::Features(features) => Box::new(features.iter().cloned()),
        }
    }
}

/// The files beside `path` that belong to it: those of a shapefile.
pub fn files_beside(resources: &dyn Resources, path: &str) -> Vec<String> {
    if !has_ending(path, "shp") {
        return Vec::new();
    }
    let endings = ["dbf", "prj", "cpg", "shx"];
    endings
        .iter()
        .filter_map(|ending| beside(resources, path, ending))
        .collect()
}

/// What a file with these bytes is; the problem says why it is none of them.
fn kind_of(bytes: &[u8], name: &str) -> Result<VectorKind, Problem> {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    if let Some(kind) = kind_of_head(head) {
        return Ok(kind);
    }
    let refuse = |message: &str| Err(Problem::error(name, "", message).because(Cause::WrongKind));
    let text = String::from_utf8_lossy(head);
    let is_text = !text.contains('\0') && !head.is_empty();
    let begins = text
        .trim_start_matches(['\u{feff}', '\u{1e}'])
        .trim_start()
        .chars()
        .next();
    if begins == Some('{') {
        let whole = String::from_utf8_lossy(bytes);
        return match geojson::top_level_type(&whole) {
            Some(kind) if geojson::is_type(&kind) => Ok(VectorKind::GeoJson),
            _ => refuse("this is JSON and no GeoJSON: its `type` is none of FeatureCollection, Feature or a geometry"),
        };
    }
    match ending_of(name).as_str() {
        _ if bytes.is_empty() => refuse("the file is empty"),
        "csv" | "tsv" | "txt" => Ok(VectorKind::Csv),
        "gpkg" | "sqlite" if is_text => refuse("this is a text file and no GeoPackage"),
        "gpkg" | "sqlite" => refuse("this is no GeoPackage: it does not begin as an SQLite file does"),
        "dbf" => refuse("this is the table of a shapefile: open the .shp beside it"),
        "dwg" => refuse("DWG drawings are not read: save the drawing as DXF"),
        _ if begins == Some('<') => refuse("this is XML and no GML that is read here"),
        _ => refuse("this is no vector data that is read here"),
    }
}

/// What the first bytes of a file say that cannot be anything else.
fn kind_of_head(head: &[u8]) -> Option<VectorKind> {
    if head.starts_with(sqlite::MAGIC) {
        return Some(VectorKind::GeoPackage);
    }
    if head.starts_with(fgb::MAGIC) && head.get(4..7) == Some(fgb::MAGIC) {
        return Some(VectorKind::FlatGeobuf);
    }
    if head.starts_with(shp::MAGIC) {
        return Some(VectorKind::Shapefile);
    }
    if dxf::looks_like_dxf(head) {
        return Some(VectorKind::Dxf);
    }
    let text = xml_text(head);
    (text.trim_start_matches('\u{feff}').trim_start().starts_with('<') && gml::looks_like_gml(&text))
        .then_some(VectorKind::Gml)
}

/// The text of an XML file: by its mark, else as its declaration says, else UTF-8.
fn xml_text(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let start = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes)).into_owned();
    let label = start
        .split_once("encoding=")
        .and_then(|(_, rest)| rest.get(1..)?.split(['"', '\'']).next());
    let encoding = label
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .unwrap_or(WINDOWS_1252);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn ending_of(path: &str) -> String {
    file_name(path)
        .rsplit_once('.')
        .map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase())
}

fn has_ending(path: &str, ending: &str) -> bool {
    ending_of(path) == ending
}

/// The file with another ending beside `path`, in small letters or capitals.
fn beside(resources: &dyn Resources, path: &str, ending: &str) -> Option<String> {
    let (base, _) = path.rsplit_once('.')?;
    let names = [ending.to_owned(), ending.to_ascii_uppercase()].map(|ending| format!("{base}.{ending}"));
    names.into_iter().find(|name| resources.exists(name))
}

#[cfg(test)]
mod tests;
