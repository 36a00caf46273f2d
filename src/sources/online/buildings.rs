//! The city model: the tiles of its index that lie over an area, or the same buildings one by one.

use super::endpoints::BuildingsSource;
use super::features::{Kept, Pages};
use super::fetcher::{Fetched, Fetcher};
use super::jobs::Job;
use super::tile_index::{IndexedTile, tiles_over};
use super::{OutOfReach, RdArea, template};
use crate::sources::http::{Address, Expected, HttpError, Want};
use crate::sources::{Cause, Problem, hex};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fmt::Write,
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// Largest index, bytes.
const MAX_INDEX_BYTES: u64 = 256 << 20;
/// Largest tile, bytes.
const MAX_TILE_BYTES: u64 = 1 << 30;
/// Most tiles at a time.
const MAX_TILES: usize = 4096;

impl Fetcher<'_> {
    /// Fetches the tiles of the city model that lie over an area: `CityJSON`, packed with gzip where the service packs it
    /// (the readers tell that by the first bytes). Buildings at the edge stand in a tile that reaches beyond the area.
    ///
    /// # Errors
    /// An index that is none: nothing can be fetched. Tiles that fail are problems of the result, and so is a service that
    /// cannot be asked.
    pub fn fetch_buildings(&self, area: &RdArea) -> Result<Fetched, Problem> {
        let source = &self.endpoints.buildings;
        let folder = self
            .cache
            .join("buildings")
            .join(&source.id)
            .join(version_of(&source.index));
        let (tiles, base) = match self.index(source, &folder, area) {
            Ok(found) => found,
            Err(NoIndex::OutOfReach(host)) => {
                let mut record = self.record(&source.id, &source.about, &source.index);
                record.missing = 1;
                return Ok(Fetched {
                    files: Vec::new(),
                    record,
                    problems: vec![host.problem()],
                    out_of_reach: vec![host],
                    is_stopped: false,
                });
            }
            Err(NoIndex::Problem(problem)) => return Err(problem),
        };
        let mut jobs = Vec::new();
        let (mut problems, mut names) = (Vec::new(), BTreeSet::new());
        for tile in &tiles {
            let name = file_name(&tile.id);
            match base.follow(&tile.url, self.client.plain_http_hosts()) {
                Ok(address) if names.insert(name.clone()) => jobs.push(Job {
                    url: address.to_string(),
                    path: folder.join(&name),
                    name: format!("{} {}", source.id, tile.id),
                    bounds: Some(tile.bounds),
                    epsg: 28992,
                }),
                Ok(_) => {}
                Err(error) => problems.push(error.problem(format!("{} {}", source.id, tile.id), "")),
            }
        }
        let check = |job: &Job, path: &Path| {
            let told = tiles
                .iter()
                .find(|tile| job.path.ends_with(file_name(&tile.id)))
                .and_then(|tile| tile.sha256.as_deref());
            told.map_or(Ok(()), |told| check_sum(path, told, &job.name))
        };
        let want = Want::of(Expected::JsonOrGzip, MAX_TILE_BYTES);
        let mut fetched = self.run(
            self.record(&source.id, &source.about, &source.index),
            &jobs,
            &want,
            &check,
        );
        fetched.record.missing += problems.len();
        fetched.problems.splice(0..0, problems);
        Ok(fetched)
    }

    /// Fetches the buildings of an area one by one, as pages of `CityJSONSeq`: only what is in the area, for a service that
    /// is slower and meant for small areas.
    ///
    /// # Errors
    /// There is no such service.
    pub fn fetch_single_buildings(&self, area: &RdArea) -> Result<Fetched, Problem> {
        let source = &self.endpoints.buildings;
        let Some(features) = &source.features else {
            let message = "this source gives no single buildings; fetch its tiles";
            return Err(Problem::error(&source.id, "", message).because(Cause::Missing));
        };
        let mut fillings = area.fillings().to_vec();
        fillings.push(("limit", source.page_size.to_string()));
        let id = format!("{}-single", source.id);
        let base = features.split('?').next().unwrap_or_default();
        let pages = Pages {
            first: template::filled(features, &fillings),
            folder: self.cache.join("buildings").join(&id).join(area.key()),
            ending: "city.jsonl",
            accept: "application/city+json, application/json;q=0.9",
            keep: &sequence,
        };
        Ok(self.fetch_pages(self.record(&id, &source.about, base), &pages))
    }

    /// The tiles over an area, and where their index came from.
    fn index(
        &self,
        source: &BuildingsSource,
        folder: &Path,
        area: &RdArea,
    ) -> Result<(Vec<IndexedTile>, Address), NoIndex> {
        let path = folder.join("tile_index.fgb");
        let refused = |error: HttpError| match OutOfReach::of(&error, &source.id) {
            Some(host) => NoIndex::OutOfReach(host),
            None => NoIndex::Problem(error.problem(&source.id, "index")),
        };
        let base = Address::parse(&source.index, self.client.plain_http_hosts()).map_err(refused)?;
        if !path.is_file() {
            let want = Want::of(Expected::FlatGeobuf, MAX_INDEX_BYTES);
            self.client
                .download_to(base.as_str(), &path, &want, &|_| {})
                .map_err(refused)?;
        }
        let name = path.display().to_string();
        let unreadable = |error: io::Error| {
            NoIndex::Problem(Problem::error(&name, "", error.to_string()).because(Cause::Unreadable))
        };
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(MAX_INDEX_BYTES).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        let tiles = tiles_over(&bytes, &source.fields, area).map_err(|message| {
            // It would fail for ever.
            let _ = fs::remove_file(&path);
            let message = format!("the index of tiles cannot be read: {message}");
            NoIndex::Problem(Problem::error(&source.index, "", message).because(Cause::Damaged))
        })?;
        if tiles.len() > MAX_TILES {
            let message = format!(
                "{} tiles lie over the area, at most {MAX_TILES} are fetched; ask for a smaller area",
                tiles.len()
            );
            let problem = Problem::error(&source.id, "", message).because(Cause::TooLarge);
            return Err(NoIndex::Problem(problem));
        }
        Ok((tiles, base))
    }
}

/// Why it is not known which tiles there are.
enum NoIndex {
    OutOfReach(OutOfReach),
    Problem(Problem),
}

/// The folder that the index stands in, as part of a path: another version of the model is another cache.
fn version_of(index: &str) -> String {
    let folder = index.rsplit('/').nth(1).unwrap_or_default();
    crate::sources::resource::slug(folder, 40)
}

/// `9/944/676` as a file name.
fn file_name(id: &str) -> String {
    format!("{}.city.json.gz", crate::sources::resource::slug(id, 60))
}

/// Holds a file against the sum in the index. Some services unpack a file on the way: that one has another sum, and is
/// held to be whole by how it came.
fn check_sum(path: &Path, told: &str, name: &str) -> Result<(), Problem> {
    let unreadable = |error: io::Error| Problem::error(name, "", error.to_string()).because(Cause::Unreadable);
    let mut file = File::open(path).map_err(unreadable)?;
    let mut first = [0; 2];
    let count = file.read(&mut first).map_err(unreadable)?;
    if first != [0x1F, 0x8B] {
        return Ok(());
    }
    let mut sum = Sha256::new();
    sum.update(&first[..count]);
    io::copy(&mut file, &mut sum).map_err(unreadable)?;
    if hex(&sum.finalize()) == told {
        return Ok(());
    }
    let message = "it is not the file that the index tells of (SHA-256 differs); fetch it again later";
    Err(Problem::error(name, "", message).because(Cause::Damaged))
}

/// A page of single buildings as `CityJSONSeq`: the head of the page, then one building a line.
fn sequence(page: &mut Map<String, Value>) -> Result<Kept, String> {
    let Some(Value::Object(mut head)) = page.remove("metadata") else {
        return Err("the page has no `metadata` with the `transform` of its buildings".to_owned());
    };
    if !head.get("transform").is_some_and(Value::is_object) {
        return Err("its `metadata` has no `transform`".to_owned());
    }
    head.insert("type".to_owned(), json!("CityJSON"));
    head.entry("version").or_insert_with(|| json!("2.0"));
    head.insert("CityObjects".to_owned(), json!({}));
    head.insert("vertices".to_owned(), json!([]));
    let Some(Value::Array(features)) = page.remove("features") else {
        return Err("the page has no `features`".to_owned());
    };
    let mut text = Value::Object(head).to_string();
    let count = features.len();
    for feature in features {
        text.push('\n');
        // Writing to a string never fails.
        let _ = write!(text, "{feature}");
    }
    text.push('\n');
    Ok(Kept {
        text,
        count,
        left_out: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tiles_and_versions_stay_in_their_folder() {
        assert_eq!(file_name("9/944/676"), "9-944-676.city.json.gz");
        assert_eq!(file_name("../../x"), "------x.city.json.gz");
        assert_eq!(
            version_of("https://data.3dbag.nl/v20250903/tile_index.fgb"),
            "v20250903"
        );
        assert_eq!(version_of("x"), "");
    }

    #[test]
    fn a_page_of_buildings_becomes_a_sequence() {
        let mut page = json!({
            "metadata": {"transform": {"scale": [0.001, 0.001, 0.001], "translate": [0, 0, 0]}, "version": "2.0"},
            "features": [{"type": "CityJSONFeature", "id": "a"}, {"type": "CityJSONFeature", "id": "b"}],
        });
        let kept = sequence(page.as_object_mut().unwrap()).unwrap();
        let lines: Vec<Value> = kept
            .text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!((kept.count, lines.len()), (2, 3));
        assert_eq!(lines[0]["type"], "CityJSON");
        assert_eq!(lines[2]["id"], "b");
        for odd in [
            json!({}),
            json!({"metadata": {}}),
            json!({"metadata": {"transform": {}}}),
        ] {
            assert!(sequence(odd.clone().as_object_mut().unwrap()).is_err(), "{odd}");
        }
    }
}
