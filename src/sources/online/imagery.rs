//! Aerial pictures in tiles.

use super::fetcher::{Fetched, Fetcher};
use super::jobs::Job;
use super::{RdArea, template};
use crate::sources::http::{Expected, Want};
use crate::sources::{Cause, Problem};

/// Most tiles at a time.
const MAX_TILES: u64 = 50_000;
/// Largest tile, bytes.
const MAX_TILE_BYTES: u64 = 8 << 20;

impl Fetcher<'_> {
    /// Fetches the pictures `id` over an area at a zoom level. The files lie as `imagery/ID-KEY/ZOOM/COLUMN/ROW.ending`, where
    /// KEY stands for the address that they come from; their bounds are in the metres of their tile matrix set.
    ///
    /// # Errors
    /// No such source, a level that it does not have, or too many tiles. Tiles that fail are problems of the result.
    pub fn fetch_imagery(&self, id: &str, area: &RdArea, zoom: u8) -> Result<Fetched, Problem> {
        let source = self.endpoints.imagery(id)?;
        if zoom > source.finest_zoom {
            let message = format!("there is no level {zoom}; the finest one is {}", source.finest_zoom);
            return Err(Problem::error(id, "zoom", message));
        }
        let set = source.tile_matrix_set;
        let range = set
            .tiles_over(area, zoom)
            .map_err(|error| Problem::error(id, "area", error.to_string()).because(Cause::Place))?;
        if range.count() > MAX_TILES {
            let message = format!(
                "{} tiles are asked for, at most {MAX_TILES} are; ask for a smaller area or a coarser level",
                range.count()
            );
            return Err(Problem::error(id, "zoom", message).because(Cause::TooLarge));
        }
        let folder = self.cache.join("imagery").join(template::folder(id, &source.url));
        let folder = folder.join(zoom.to_string());
        let jobs: Vec<Job> = range
            .tiles()
            .map(|(column, row)| Job {
                url: template::filled(
                    &source.url,
                    &[
                        ("z", zoom.to_string()),
                        ("x", column.to_string()),
                        ("y", row.to_string()),
                    ],
                ),
                path: folder.join(column.to_string()).join(format!("{row}.{}", source.ending)),
                name: format!("{id}/{zoom}/{column}/{row}"),
                bounds: Some(set.tile_bounds(zoom, column, row)),
                epsg: set.epsg(),
            })
            .collect();
        let want = Want {
            accept: "image/*",
            ..Want::of(Expected::Picture, MAX_TILE_BYTES)
        };
        let base = source.url.split("/{").next().unwrap_or_default();
        Ok(self.run(self.record(id, &source.about, base), &jobs, &want, &|_, _| Ok(())))
    }
}
