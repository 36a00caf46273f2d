//! The file that tells where the services of a country are: `assets/online/nl.json`, or one that an installation puts
//! in its place.

use super::tile_matrix::TileMatrixSet;
use super::{area::RdArea, template};
use crate::sources::http::{Cancel, Client, Limits};
use crate::sources::{Cause, Problem, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

const FORMAT: &str = "stadslens-online";
/// Version that is read.
pub(super) const VERSION: u64 = 1;
/// Largest file, bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Names in an address that an area fills in.
pub(super) const BOX: [&str; 4] = ["min_x", "min_y", "max_x", "max_y"];

/// Whose data it is, and under which terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What it is called.
    pub name: String,
    /// Who made it.
    pub owner: String,
    /// Name of the licence.
    pub licence: String,
    /// Text of the licence.
    pub licence_url: String,
    /// What has to be shown with it.
    pub attribution: String,
    /// Where people read about it.
    pub page: String,
    /// Day of the data, where the service tells a fixed one.
    pub date: Option<String>,
}

/// A city model in tiles, with an index of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildingsSource {
    /// Short name.
    pub id: String,
    /// Whose it is.
    pub about: About,
    /// `FlatGeobuf` of the tiles (EPSG:28992).
    pub index: String,
    /// Names of its fields.
    pub fields: IndexFields,
    /// The same buildings one by one (OGC API Features with `CityJSONFeatures`), where there is such a service.
    pub features: Option<String>,
    /// Buildings per answer there.
    #[serde(default = "hundred")]
    pub page_size: u32,
}

/// Fields of the index of tiles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexFields {
    /// Name of the tile.
    pub id: String,
    /// Address of its `CityJSON`.
    pub url: String,
    /// SHA-256 of that file, where the index has it.
    pub sha256: Option<String>,
}

/// A grid of heights from a coverage service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeightsSource {
    /// Short name.
    pub id: String,
    /// Whose it is.
    pub about: About,
    /// Address of one block, with `{min_x}`, `{min_y}`, `{max_x}`, `{max_y}`, `{width}` and `{height}`.
    pub url: String,
    /// Size of the cells that the service has, metres.
    pub finest_m: f64,
    /// Cells along a side of one request.
    pub block_px: u32,
}

/// Pictures in tiles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagerySource {
    /// Short name.
    pub id: String,
    /// Whose it is.
    pub about: About,
    /// Address of one tile, with `{z}`, `{x}` (column) and `{y}` (row).
    pub url: String,
    /// How the tiles lie.
    pub tile_matrix_set: TileMatrixSet,
    /// Ending of the files.
    pub ending: String,
    /// Finest zoom level.
    pub finest_zoom: u8,
}

/// Maps as features (OGC API Features).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturesSource {
    /// Short name.
    pub id: String,
    /// Whose it is.
    pub about: About,
    /// First page, with `{collection}`, `{min_x}`, `{min_y}`, `{max_x}`, `{max_y}` and `{limit}`. It must ask for
    /// EPSG:28992 both ways.
    pub url: String,
    /// Features per page.
    pub page_size: u32,
    /// Properties that hold a day once the feature is not valid any more; such features are left out.
    pub ended: Vec<String>,
    /// Collections that are asked for.
    pub collections: Vec<String>,
}

/// All services of a country.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    format: String,
    pub(super) version: u64,
    /// Reference system of the areas; only EPSG:28992 is read.
    pub crs: String,
    /// Hosts that may be asked without encryption: for a mirror inside an organisation.
    #[serde(default)]
    pub plain_http_hosts: Vec<String>,
    /// City model.
    pub buildings: BuildingsSource,
    /// Height grids.
    pub heights: Vec<HeightsSource>,
    /// Aerial pictures.
    pub imagery: Vec<ImagerySource>,
    /// Maps.
    pub features: Vec<FeaturesSource>,
    #[serde(skip)]
    digest: String,
}

fn hundred() -> u32 {
    100
}

impl Endpoints {
    /// What is compiled in for a country (`nl`).
    ///
    /// # Errors
    /// No such country.
    pub fn builtin(country: &str) -> Result<Self, Problem> {
        match country {
            "nl" => Self::parse(include_bytes!("../../../assets/online/nl.json"), "online/nl.json"),
            _ => Err(Problem::error(
                country,
                "",
                "only `nl` is known; give the path of a file with the services instead",
            )
            .because(Cause::Missing)),
        }
    }

    /// The file `online/COUNTRY.json` in the first of `folders` that has one (beside the program, in the user's own
    /// folder), else what is compiled in.
    ///
    /// # Errors
    /// What is wrong with the file: one that cannot be used is never passed over in silence.
    pub fn find(country: &str, folders: &[PathBuf]) -> Result<Self, Problem> {
        let is_plain = !country.is_empty() && country.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_plain {
            return Self::builtin(country);
        }
        let files = folders
            .iter()
            .map(|folder| folder.join("online").join(format!("{country}.json")));
        files
            .into_iter()
            .find(|path| path.is_file())
            .map_or_else(|| Self::builtin(country), |path| Self::read(&path))
    }

    /// A file at a given path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let unreadable = |error: std::io::Error| {
            let cause = if error.kind() == std::io::ErrorKind::NotFound {
                Cause::Missing
            } else {
                Cause::Unreadable
            };
            Problem::error(&name, "", format!("the list of services cannot be read ({error})")).because(cause)
        };
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Problem::error(&name, "", "the list of services is larger than 1 MB").because(Cause::TooLarge));
        }
        Self::parse(&bytes, &name)
    }

    /// Reads and checks a list of services that messages call `name`.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Self, Problem> {
        let head: serde_json::Value = serde_json::from_slice(bytes)
            .map_err(|error| Problem::error(name, place(&error), error.to_string()).because(Cause::Damaged))?;
        if head["format"] != FORMAT {
            return Err(
                Problem::error(name, "format", format!("this is no list of services; write `{FORMAT}`"))
                    .because(Cause::WrongKind),
            );
        }
        if head["version"].as_u64().is_some_and(|version| version > VERSION) {
            return Err(
                Problem::error(name, "version", format!("versions up to {VERSION} are read")).because(Cause::Newer),
            );
        }
        let mut endpoints: Self = serde_json::from_slice(bytes)
            .map_err(|error| Problem::error(name, place(&error), error.to_string()).because(Cause::Content))?;
        endpoints.digest = hex(&Sha256::digest(bytes));
        endpoints
            .check()
            .map_err(|(place, message)| Problem::error(name, place, message))?;
        Ok(endpoints)
    }

    /// SHA-256 of the file as it is written: another list of services has another one.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// A client that may ask these services, [`Self::plain_http_hosts`] included.
    pub fn client(&self, limits: Limits, cancel: Cancel) -> Client {
        Client::new(limits, cancel).with_plain_http(self.plain_http_hosts.iter().cloned())
    }

    /// Heights by name.
    ///
    /// # Errors
    /// No such name, with those that there are.
    pub fn heights(&self, id: &str) -> Result<&HeightsSource, Problem> {
        named(&self.heights, id, |source| &source.id)
    }

    /// Pictures by name.
    ///
    /// # Errors
    /// No such name, with those that there are.
    pub fn imagery(&self, id: &str) -> Result<&ImagerySource, Problem> {
        named(&self.imagery, id, |source| &source.id)
    }

    /// Maps by name.
    ///
    /// # Errors
    /// No such name, with those that there are.
    pub fn features(&self, id: &str) -> Result<&FeaturesSource, Problem> {
        named(&self.features, id, |source| &source.id)
    }
}

impl FeaturesSource {
    /// Address of the first page.
    pub(super) fn first_page(&self, collection: &str, area: &RdArea) -> String {
        let mut fillings = area.fillings().to_vec();
        fillings.push(("collection", collection.to_owned()));
        fillings.push(("limit", self.page_size.to_string()));
        template::filled(&self.url, &fillings)
    }
}

fn named<'a, T>(all: &'a [T], id: &str, id_of: impl Fn(&T) -> &str) -> Result<&'a T, Problem> {
    all.iter().find(|source| id_of(source) == id).ok_or_else(|| {
        let known = all
            .iter()
            .map(|source| id_of(source).to_owned())
            .collect::<Vec<_>>()
            .join(", ");
        Problem::error(id, "", format!("no service has this name; known are {known}")).because(Cause::Missing)
    })
}

/// Line and column in the file.
fn place(error: &serde_json::Error) -> String {
    if error.line() == 0 {
        String::new()
    } else {
        format!("line {}, column {}", error.line(), error.column())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn changed(pointer: &str, value: Value) -> Problem {
        let mut file: Value = serde_json::from_slice(include_bytes!("../../../assets/online/nl.json")).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        file.pointer_mut(parent).unwrap()[key] = value;
        Endpoints::parse(file.to_string().as_bytes(), "own.json").unwrap_err()
    }

    #[test]
    fn the_list_that_is_compiled_in_holds() {
        let endpoints = Endpoints::builtin("nl").unwrap();
        assert_eq!(endpoints.buildings.id, "3dbag");
        assert_eq!(endpoints.heights("ahn-dtm").unwrap().block_px, 1000);
        assert!(
            endpoints
                .heights("ahn-dtn")
                .unwrap_err()
                .message
                .contains("ahn-dtm, ahn-dsm")
        );
        assert!(
            endpoints
                .features("bgt")
                .unwrap()
                .collections
                .contains(&"wegdeel".to_owned())
        );
        assert!(endpoints.plain_http_hosts.is_empty());
        assert!(Endpoints::builtin("xx").is_err());
        let day = |about: &About| {
            about
                .date
                .as_deref()
                .is_none_or(|date| date.parse::<jiff::civil::Date>().is_ok())
        };
        assert!(day(&endpoints.buildings.about));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (pointer, value, place, words) in [
            ("/format", json!("x"), "format", "no list of services"),
            ("/version", json!(2), "version", "up to 1"),
            ("/crs", json!("EPSG:4326"), "crs", "only EPSG:28992"),
            (
                "/buildings/index",
                json!("file:///etc/passwd"),
                "buildings.index",
                "only https",
            ),
            (
                "/buildings/index",
                json!("http://example.org/x.fgb"),
                "buildings.index",
                "not encrypted",
            ),
            (
                "/heights/0/url",
                json!("https://example.org/{min_x}"),
                "heights[0].url",
                "is missing",
            ),
            (
                "/heights/1/block_px",
                json!(100_000),
                "heights[1].block_px",
                "between 16 and 4000",
            ),
            ("/heights/1/id", json!("ahn-dtm"), "heights[1].id", "twice"),
            ("/imagery/0/id", json!("../x"), "imagery[0].id", "letters"),
            (
                "/imagery/0/url",
                json!("https://example.org/{z}/{x}/{y}/{q}"),
                "imagery[0].url",
                "`{q}` is not known",
            ),
            ("/imagery/0/ending", json!("exe"), "imagery[0].ending", "jpeg"),
            (
                "/features/0/page_size",
                json!(0),
                "features[0].page_size",
                "between 1 and",
            ),
            (
                "/features/0/collections",
                json!(["../pand"]),
                "features[0].collections[0]",
                "letters",
            ),
        ] {
            let problem = changed(pointer, value);
            assert_eq!(problem.place, place, "{problem}");
            assert!(problem.message.contains(words), "{problem}");
            assert_eq!(problem.path, "own.json");
        }
        let problem = changed("/heights/0/blok_px", json!(1));
        assert!(
            problem.message.contains("blok_px") && problem.place.starts_with("line "),
            "{problem}"
        );
        let problem = Endpoints::parse(b"{", "own.json").unwrap_err();
        assert_eq!(problem.cause, Cause::Damaged);
    }

    #[test]
    fn a_list_of_the_installation_goes_before_what_is_compiled_in() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().join("none"), folder.path().to_owned()];
        assert_eq!(
            Endpoints::find("nl", &folders).unwrap(),
            Endpoints::builtin("nl").unwrap()
        );
        std::fs::create_dir(folder.path().join("online")).unwrap();
        let text = include_str!("../../../assets/online/nl.json").replace("data.3dbag.nl", "mirror.example.org");
        std::fs::write(folder.path().join("online/nl.json"), text).unwrap();
        assert!(
            Endpoints::find("nl", &folders)
                .unwrap()
                .buildings
                .index
                .contains("mirror.example.org")
        );
        std::fs::write(folder.path().join("online/nl.json"), "{}").unwrap();
        assert!(Endpoints::find("nl", &folders).is_err());
        assert_eq!(
            Endpoints::read(&folder.path().join("none.json")).unwrap_err().cause,
            Cause::Missing
        );
    }
}
