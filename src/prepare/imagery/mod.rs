//! Pictures of the ground to tiles: `imagery/{zoom}/{column}/{row}.jpg` with a `tilemapresource.xml` that says which there are.
//!
//! The form is that of the Tile Map Service in Web Mercator: the one folder of pictures that `CesiumJS` opens by its name
//! alone, and that QGIS, Leaflet and `OpenLayers` know as XYZ tiles with rows from the south. `MBTiles` would be one file,
//! and no program in a browser opens it; the Dutch tiling in RD would save the way there and back, and only Dutch programs
//! know it. Tiles are JPEG; where the pictures end they are PNG under the same name, which can be clear.

mod mercator;
mod mosaic;
mod picture;
mod pyramid;
mod source;

use super::buildings::joined;
use super::document::PreparedLayer;
use super::journal::WORK;
use super::terrain::remove_folder;
use super::{Input, Inputs, PictureInput, PicturesFrom, PrepareError, PrepareOptions, PrepareReport, PrepareStep};
use crate::sources::online::TileRange;
use crate::sources::{Cause, Problem, hex};
use mercator::{FINEST_ZOOM, PictureTile, SIDE_PX, bounds_of, ground_m, range_over, zoom_for};
use pyramid::{ENDING, Pyramid, draw};
use quick_xml::escape::escape;
use sha2::{Digest, Sha256};
use source::{Source, Way};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Folder of the tiles.
pub(super) const FOLDER: &str = "imagery";
/// What says which tiles there are.
const DESCRIPTION: &str = "tilemapresource.xml";
/// Most tiles of the finest level.
const MAX_TILES: u64 = 120_000;
/// Most bytes of all tiles.
const MAX_BYTES: u64 = 2 << 30;
/// Tiles that are made to see how large they become.
const TRIALS: u64 = 16;

/// Makes the tiles.
pub(super) fn prepare(
    options: &PrepareOptions,
    inputs: &Inputs,
    report: &mut PrepareReport,
    told: &(dyn Fn(PrepareStep) + Sync),
) -> Result<Vec<PreparedLayer>, PrepareError> {
    let mut sources = Vec::new();
    for input in &inputs.imagery {
        match Source::open(input, inputs.imagery.len(), &mut report.problems)
            .and_then(|source| Ok((source.way()?, source)))
        {
            Ok((way, source)) => sources.push((way, source)),
            Err(problem) => report.problems.push(problem),
        }
    }
    let (ways, mut sources): (Vec<Way>, Vec<Source>) = sources.into_iter().unzip();
    // Sheets of one flight have one camera: were each made as bright as it can be, their edges would show.
    if let Some(white) = sources.iter().filter_map(Source::white).max() {
        sources = sources.into_iter().map(|source| source.with_white(white)).collect();
    }
    let (low, high) = options.area.bounds();
    let Some(bounds) = bounds_of(low, high).filter(|_| !sources.is_empty()) else {
        return Ok(Vec::new());
    };
    let Some(chosen) = choose(&sources, &ways, bounds, options, &names(&inputs.imagery), report) else {
        return Ok(Vec::new());
    };
    drop(ways);
    let staged = staged(options, &inputs.imagery, chosen.zoom);
    let pyramid = Pyramid {
        sources: &sources,
        zoom: chosen.zoom,
        range: chosen.range,
        folder: &staged,
        told: &|done, of, bytes| {
            told(PrepareStep {
                what: "making tiles of pictures".to_owned(),
                done,
                of,
                received_bytes: bytes,
            });
        },
    };
    let made = pyramid.make()?;
    report.problems.extend(made.problems);
    report.imagery_tiles = made.tiles;
    let source = joined(&as_inputs(&inputs.imagery));
    let path = staged.join(DESCRIPTION);
    let text = description(bounds, made.coarsest..=chosen.zoom, &title_of(options), &source.owner);
    fs::write(&path, text).map_err(|error| PrepareError::cannot_write(&path, error))?;
    let target = options.folder.join(FOLDER);
    remove_folder(&target)
        .and_then(|()| fs::rename(&staged, &target))
        .map_err(|error| PrepareError::cannot_write(&target, error))?;
    Ok(vec![PreparedLayer {
        id: "imagery".to_owned(),
        kind: "imagery".to_owned(),
        path: format!("{FOLDER}/{DESCRIPTION}"),
        title: ["Luchtfoto".to_owned(), "Aerial picture".to_owned()],
        register: None,
        source,
        ground_nap_m: None,
    }])
}

/// A level and its tiles.
struct Chosen {
    zoom: u8,
    range: TileRange,
}

/// As fine as the pictures, unless that is too much; `None` where no picture lies in the area, which is told.
fn choose(
    sources: &[Source],
    ways: &[Way],
    bounds: [f64; 4],
    options: &PrepareOptions,
    names: &str,
    report: &mut PrepareReport,
) -> Option<Chosen> {
    let lat_deg = options.area.middle().lat_deg;
    // How fine they are is looked at where they are: on the tiles of a level with a few dozen of them.
    let look = (0..=FINEST_ZOOM)
        .rev()
        .find(|zoom| range_over(bounds, *zoom).count() <= 64)?;
    let tiles: Vec<PictureTile> = tiles_of(look, range_over(bounds, look)).collect();
    let mut finest_m = f64::INFINITY;
    for (source, way) in sources.iter().zip(ways) {
        for tile in &tiles {
            let places = tile.places();
            if source.touches(way, &places)
                && let Some(pixels) = source.pixels_per_pixel(way, &places)
            {
                finest_m = finest_m.min(ground_m(look, lat_deg) / pixels);
            }
        }
    }
    if !finest_m.is_finite() {
        let message = "no picture of it lies in this area; check the area and the coordinates of the file";
        report
            .problems
            .push(Problem::error(names, "", message).because(Cause::Elsewhere));
        return None;
    }
    let wanted = zoom_for(finest_m, lat_deg);
    let is_allowed = |zoom: &u8| {
        let count = range_over(bounds, *zoom).count();
        count <= MAX_TILES && bytes_of(sources, ways, *zoom, range_over(bounds, *zoom)) <= MAX_BYTES
    };
    let zoom = (0..=wanted).rev().find(is_allowed)?;
    if zoom < wanted {
        let message = format!(
            "its pixels of {finest_m:.2} m become pixels of {:.2} m, since finer ones of this area would be more than {} MB \
             or {MAX_TILES} tiles; prepare a smaller area to have them",
            ground_m(zoom, lat_deg),
            MAX_BYTES / 1_000_000
        );
        report
            .problems
            .push(Problem::warning(names, "", message).because(Cause::TooLarge));
    }
    Some(Chosen {
        zoom,
        range: range_over(bounds, zoom),
    })
}

fn tiles_of(zoom: u8, range: TileRange) -> impl Iterator<Item = PictureTile> {
    range
        .tiles()
        .map(move |(column, row)| PictureTile { zoom, column, row })
}

/// Bytes of all tiles from a level up, by a few of them.
fn bytes_of(sources: &[Source], ways: &[Way], zoom: u8, range: TileRange) -> u64 {
    let every = (range.count() / TRIALS).max(1);
    let every = usize::try_from(every).unwrap_or(usize::MAX);
    let (mut bytes, mut count) = (0_u64, 0_u64);
    for tile in tiles_of(zoom, range).step_by(every) {
        // What is wrong is told when the tile itself is made.
        let picture = draw(sources, ways, tile, &mut Vec::new());
        count += 1;
        if !picture.is_clear() {
            bytes += picture.packed().map_or(0, |packed| packed.len() as u64);
        }
    }
    // A third more for the levels above.
    bytes / count.max(1) * range.count() * 4 / 3
}

/// Where the tiles are made. Another set of pictures, as when some could not be fetched, is made elsewhere.
fn staged(options: &PrepareOptions, inputs: &[PictureInput], zoom: u8) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update([zoom]);
    for input in inputs {
        hash.update(format!("{:?}|", input.from));
    }
    let mut key = hex(&hash.finalize());
    key.truncate(16);
    options.folder.join(WORK).join(format!("{FOLDER}-{key}"))
}

/// Names of the inputs, for a problem of all.
fn names(inputs: &[PictureInput]) -> String {
    let names = inputs.iter().map(|input| match &input.from {
        PicturesFrom::File(path) => path.display().to_string(),
        PicturesFrom::Tiles { .. } => input.source.owner.clone(),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn as_inputs(inputs: &[PictureInput]) -> Vec<Input> {
    let of = |input: &PictureInput| Input {
        path: PathBuf::new(),
        source: input.source.clone(),
    };
    inputs.iter().map(of).collect()
}

fn title_of(options: &PrepareOptions) -> String {
    let title = options.title.trim();
    if title.is_empty() {
        let name = options.folder.file_name().and_then(|name| name.to_str());
        name.unwrap_or(FOLDER).to_owned()
    } else {
        title.to_owned()
    }
}

/// `tilemapresource.xml` (`OSGeo` Tile Map Service 1.0.0, profile `global-mercator`).
fn description(
    [west, south, east, north]: [f64; 4],
    zooms: std::ops::RangeInclusive<u8>,
    title: &str,
    owner: &str,
) -> String {
    let (edge, pixel_m) = (20_037_508.342_789_244_f64, ground_m(0, 0.0));
    let mut text = format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<TileMap version="1.0.0" tilemapservice="http://tms.osgeo.org/1.0.0">
  <Title>{}</Title>
  <Abstract>{}</Abstract>
  <SRS>EPSG:3857</SRS>
  <BoundingBox minx="{west:.3}" miny="{south:.3}" maxx="{east:.3}" maxy="{north:.3}"/>
  <Origin x="-{edge:.6}" y="-{edge:.6}"/>
  <TileFormat width="{SIDE_PX}" height="{SIDE_PX}" mime-type="image/jpeg" extension="{ENDING}"/>
  <TileSets profile="global-mercator">
"#,
        escape(title),
        escape(owner)
    );
    for zoom in zooms {
        let units = pixel_m / f64::from(1_u32 << zoom);
        // Writing to a string never fails.
        let _always = writeln!(
            text,
            r#"    <TileSet href="{zoom}" units-per-pixel="{units:.12}" order="{zoom}"/>"#
        );
    }
    text.push_str("  </TileSets>\n</TileMap>\n");
    text
}
