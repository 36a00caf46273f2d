//! Height grids, in blocks of a fixed pattern: areas that overlap share the blocks between them.

use super::area::number;
use super::fetcher::{Fetched, Fetcher};
use super::jobs::Job;
use super::{RdArea, template};
use crate::sources::http::{Expected, Want};
use crate::sources::raster::GeoTiff;
use crate::sources::{Cause, Problem, resource};
use std::ffi::OsStr;
use std::path::Path;

/// Most blocks at a time.
const MAX_BLOCKS: u64 = 20_000;
/// Coarsest cells, metres.
const COARSEST_M: f64 = 100.0;
/// What a block may need more than its bare cells, bytes.
const SPARE_BYTES: u64 = 4 << 20;

impl Fetcher<'_> {
    /// Fetches the heights `id` over an area as `GeoTIFF` files, with cells of `resolution_m` metres.
    ///
    /// # Errors
    /// No such source, or a resolution that makes no sense. Blocks that fail are problems of the result.
    pub fn fetch_heights(&self, id: &str, area: &RdArea, resolution_m: f64) -> Result<Fetched, Problem> {
        let source = self.endpoints.heights(id)?;
        if !(source.finest_m..=COARSEST_M).contains(&resolution_m) {
            let message = format!("write a resolution between {} and {COARSEST_M} metres", source.finest_m);
            return Err(Problem::error(id, "resolution", message));
        }
        let blocks = Blocks::over(area, resolution_m * f64::from(source.block_px));
        if blocks.count() > MAX_BLOCKS {
            let message = format!(
                "{} blocks are asked for, at most {MAX_BLOCKS} are; ask for a smaller area",
                blocks.count()
            );
            return Err(Problem::error(id, "", message).because(Cause::TooLarge));
        }
        let size = source.block_px.to_string();
        // Blocks of another size begin at the same corners.
        let sized = template::filled(&source.url, &[("width", size.clone()), ("height", size.clone())]);
        let folder = self.cache.join("heights").join(template::folder(id, &sized));
        let folder = folder.join(format!("{}m", number(resolution_m)));
        let jobs: Vec<Job> = blocks
            .all()
            .map(|bounds| {
                let [min_x, min_y, max_x, max_y] = bounds.map(number);
                let name = format!("{id}_{min_x}_{min_y}.tif");
                let fillings = [
                    ("min_x", min_x),
                    ("min_y", min_y),
                    ("max_x", max_x),
                    ("max_y", max_y),
                    ("width", size.clone()),
                    ("height", size.clone()),
                ];
                Job {
                    url: template::filled(&source.url, &fillings),
                    path: folder.join(&name),
                    name,
                    bounds: Some(bounds),
                    epsg: 28992,
                }
            })
            .collect();
        let cells = u64::from(source.block_px) * u64::from(source.block_px);
        let want = Want {
            accept: "image/tiff, application/geotiff;q=0.9, */*;q=0.1",
            ..Want::of(Expected::Tiff, cells * 8 + SPARE_BYTES)
        };
        let base = source.url.split('?').next().unwrap_or_default();
        Ok(self.run(self.record(id, &source.about, base), &jobs, &want, &check))
    }
}

/// A raster service makes its answer while it sends it and often tells no length, so that one that breaks off looks whole.
fn check(job: &Job, path: &Path) -> Result<(), Problem> {
    let named = |problem: Problem| Problem {
        message: format!("what came is no whole TIFF ({}); run it again", problem.message),
        ..problem
    };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) else {
        return Ok(());
    };
    let file = resource::folder(parent)
        .open(name, u64::MAX)
        .map_err(|error| error.problem(&job.name, ""))?;
    let tiff = GeoTiff::open(file, &job.name).map_err(named)?;
    if tiff.is_whole() {
        Ok(())
    } else {
        let short = Problem::error(&job.name, "", "it breaks off").because(Cause::Damaged);
        Err(named(short))
    }
}

/// Square blocks whose corners lie on whole multiples of their side.
struct Blocks {
    side_m: f64,
    columns: [i64; 2],
    rows: [i64; 2],
}

impl Blocks {
    fn over(area: &RdArea, side_m: f64) -> Self {
        // An area lies within 700 km of the origin and a block has at least 16 cells of a centimetre.
        #[expect(clippy::cast_possible_truncation, reason = "far below what an i64 holds")]
        let ends = |from: f64, to: f64| {
            let first = (from / side_m + 1e-9).floor() as i64;
            [first, ((to / side_m - 1e-9).ceil() as i64 - 1).max(first)]
        };
        Self {
            side_m,
            columns: ends(area.west_m, area.east_m),
            rows: ends(area.south_m, area.north_m),
        }
    }

    fn count(&self) -> u64 {
        let along = |[first, last]: [i64; 2]| last.abs_diff(first) + 1;
        along(self.columns).saturating_mul(along(self.rows))
    }

    /// West, south, east, north of each, from the south-west.
    fn all(&self) -> impl Iterator<Item = [f64; 4]> + '_ {
        #[expect(clippy::cast_precision_loss, reason = "numbers of blocks are small")]
        let edge = |number: i64| number as f64 * self.side_m;
        (self.rows[0]..=self.rows[1]).flat_map(move |row| {
            (self.columns[0]..=self.columns[1])
                .map(move |column| [edge(column), edge(row), edge(column + 1), edge(row + 1)])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lie_on_a_fixed_pattern_and_cover_the_area() {
        let area = RdArea::new([250_700.0, 476_000.0, 251_300.0, 476_600.0]).unwrap();
        let blocks = Blocks::over(&area, 500.0);
        let all: Vec<[f64; 4]> = blocks.all().collect();
        assert_eq!(all.len() as u64, blocks.count());
        let corners = |bounds: &[f64; 4]| bounds.map(number).join(" ");
        assert_eq!(corners(&all[0]), "250500 476000 251000 476500");
        assert_eq!(corners(&all[3]), "251000 476500 251500 477000");
        assert_eq!(all.len(), 4);
        let exact = RdArea::new([250_500.0, 476_000.0, 251_000.0, 476_500.0]).unwrap();
        assert_eq!(Blocks::over(&exact, 500.0).count(), 1);
        let west = RdArea::new([-10_100.0, 476_000.0, -9_900.0, 476_100.0]).unwrap();
        let first = Blocks::over(&west, 1000.0).all().next().unwrap();
        assert!(corners(&first).starts_with("-11000 "));
    }
}
