//! What a person chose: language, letters, quality, motion, theme, files opened lately, panels per lens, the tour seen.
//!
//! One small JSON file in the user's own configuration folder. A damaged one never stops the program: what it said is
//! lost, the file is set aside and a sentence says so. Not a place for anything of a scenario.

use atomic_write_file::AtomicWriteFile;
use bevy::prelude::Resource;
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Name of the file in the configuration folder.
const FILE_NAME: &str = "preferences.json";

/// A larger file is not one of ours.
const MAX_BYTES: u64 = 1 << 20;

/// How many recent files are kept.
const MAX_RECENT: usize = 8;

/// Of how many files the coordinate system is remembered.
const MAX_SYSTEMS: usize = 200;

/// How many lenses' panel states are kept; more would be somebody else's file.
const MAX_LENSES: usize = 16;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// Ink on paper.
    #[default]
    Light,
    /// Lamp low.
    Dark,
}

/// How much work the picture may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityChoice {
    /// The program finds out what this machine keeps up with.
    #[default]
    Automatic,
    /// For weak machines.
    Low,
    /// In between.
    Middle,
    /// Everything on.
    High,
}

/// Which panels were open and how wide.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelMemory {
    /// The left panel is open.
    pub left_open: bool,
    /// The right panel is open.
    pub right_open: bool,
    /// Width of the left panel, points.
    pub left_width: f32,
    /// Width of the right panel, points.
    pub right_width: f32,
}

impl Default for PanelMemory {
    fn default() -> Self {
        Self {
            left_open: true,
            right_open: true,
            left_width: 272.0,
            right_width: 288.0,
        }
    }
}

/// What was answered of the coordinates of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSystem {
    /// The file, from the root of its disk.
    pub path: PathBuf,
    /// `EPSG:28992`, or `none`.
    pub system: String,
}

/// What was said of the heights of a tile layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHeights {
    /// The file that the layer is of, from the root of its disk.
    pub path: PathBuf,
    /// Id of the layer.
    pub layer: String,
    /// `nap`, `ellipsoid`, or `moved` and the metres upwards.
    pub heights: String,
}

/// What a person chose.
#[derive(Resource, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Code of the language, or `None` to follow the system.
    pub language: Option<String>,
    /// Letters this many times as large as usual, 1 to 2.
    pub text_scale: f32,
    /// How much work the picture may be.
    pub quality: QualityChoice,
    /// No movement that is not needed.
    pub reduced_motion: bool,
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Nothing is asked of servers.
    pub offline: bool,
    /// The tour was taken, left or refused, so it is not offered again.
    pub tour_seen: bool,
    /// Files opened lately, the last one first.
    pub recent_files: Vec<PathBuf>,
    /// Files that do not say in which coordinate system they are, with what was answered, the last one first.
    pub systems: Vec<KnownSystem>,
    /// Tile layers that were put at another height, the last one first.
    pub heights: Vec<KnownHeights>,
    /// Panels, by lens.
    pub panels: BTreeMap<String, PanelMemory>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: None,
            text_scale: 1.0,
            quality: QualityChoice::default(),
            reduced_motion: false,
            theme: ThemeChoice::default(),
            offline: false,
            tour_seen: false,
            recent_files: Vec::new(),
            systems: Vec::new(),
            heights: Vec::new(),
            panels: BTreeMap::new(),
        }
    }
}

/// Why preferences could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum PreferencesError {
    /// There is no configuration folder for this user.
    #[error("this user has no configuration folder, so choices are not kept")]
    NoFolder {
        /// What the system said.
        #[source]
        source: etcetera::HomeDirError,
    },
    /// The file cannot be read.
    #[error("choices cannot be read, so the usual ones are used: {}", path.display())]
    Unreadable {
        /// What the system said.
        #[source]
        source: io::Error,
        /// The file.
        path: PathBuf,
    },
    /// The file is far larger than one of ours.
    #[error("the file with choices is too large to be one of ours, so the usual ones are used: {}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file does not hold preferences.
    #[error("the file with choices is damaged, so the usual ones are used: {}", path.display())]
    Damaged {
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("choices cannot be kept: {}", path.display())]
    Unwritable {
        /// What the system said.
        #[source]
        source: io::Error,
        /// The file.
        path: PathBuf,
    },
}

impl Preferences {
    /// The user's configuration folder for this program; it may not exist yet.
    pub fn folder() -> Result<PathBuf, PreferencesError> {
        etcetera::choose_base_strategy()
            .map(|strategy| strategy.config_dir().join("stadslens"))
            .map_err(|source| PreferencesError::NoFolder { source })
    }

    /// What was kept in `folder`; the defaults when nothing was, and the defaults with the reason when it is damaged.
    /// A damaged file is set aside as `preferences.damaged.json`, so that the next save does not destroy it.
    pub fn load(folder: &Path) -> (Self, Option<PreferencesError>) {
        let path = folder.join(FILE_NAME);
        match Self::read(&path) {
            Ok(preferences) => (preferences.within_limits(), None),
            Err(PreferencesError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                (Self::default(), None)
            }
            Err(error) => {
                if !matches!(error, PreferencesError::Unreadable { .. }) {
                    // Where this fails too, the file stays as it is and the error already says that it was not used.
                    drop(std::fs::rename(&path, path.with_extension("damaged.json")));
                }
                (Self::default(), Some(error))
            }
        }
    }

    fn read(path: &Path) -> Result<Self, PreferencesError> {
        let unreadable = |source| PreferencesError::Unreadable {
            source,
            path: path.to_owned(),
        };
        let mut bytes = Vec::new();
        File::open(path)
            .map_err(unreadable)?
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
            return Err(PreferencesError::TooLarge { path: path.to_owned() });
        }
        serde_json::from_slice(&bytes).map_err(|source| PreferencesError::Damaged {
            source,
            path: path.to_owned(),
        })
    }

    /// Keeps the preferences in `folder`, which is made if needed. Whoever reads meanwhile sees the old or the new file,
    /// never half of one.
    pub fn save(&self, folder: &Path) -> Result<(), PreferencesError> {
        let path = folder.join(FILE_NAME);
        self.write(folder, &path)
            .map_err(|source| PreferencesError::Unwritable { source, path })
    }

    fn write(&self, folder: &Path, path: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(&self.clone().within_limits())?;
        std::fs::create_dir_all(folder)?;
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(&text)?;
        file.commit()
    }

    /// Puts `path` first among the recent files.
    pub fn opened(&mut self, path: &Path) {
        self.recent_files.retain(|recent| recent != path);
        self.recent_files.insert(0, path.to_owned());
        self.recent_files.truncate(MAX_RECENT);
    }

    /// Remembers in which coordinate system the file at `path` is.
    pub fn know_system(&mut self, path: &Path, system: &str) {
        let path = rooted(path);
        self.systems.retain(|known| known.path != path);
        let system = system.to_owned();
        self.systems.insert(0, KnownSystem { path, system });
        self.systems.truncate(MAX_SYSTEMS);
    }

    /// What was answered of the file at `path`.
    pub fn known_system(&self, path: &Path) -> Option<&str> {
        let path = rooted(path);
        let known = self.systems.iter().find(|known| known.path == path);
        known.map(|known| known.system.as_str())
    }

    /// Remembers what the heights of a layer of the file at `path` are.
    pub fn know_heights(&mut self, path: &Path, layer: &str, heights: &str) {
        let path = rooted(path);
        self.heights.retain(|known| known.path != path || known.layer != layer);
        let (layer, heights) = (layer.to_owned(), heights.to_owned());
        self.heights.insert(0, KnownHeights { path, layer, heights });
        self.heights.truncate(MAX_SYSTEMS);
    }

    /// Layers of the file at `path` with what was said of their heights.
    pub fn known_heights(&self, path: &Path) -> impl Iterator<Item = (&str, &str)> {
        let path = rooted(path);
        let known = self.heights.iter().filter(move |known| known.path == path);
        known.map(|known| (known.layer.as_str(), known.heights.as_str()))
    }

    /// The same with every value within what the interface can show.
    fn within_limits(mut self) -> Self {
        self.text_scale = finite_within(self.text_scale, super::Theme::LEAST_SCALE, super::Theme::MOST_SCALE);
        self.recent_files.truncate(MAX_RECENT);
        self.systems.truncate(MAX_SYSTEMS);
        self.heights.truncate(MAX_SYSTEMS);
        while self.panels.len() > MAX_LENSES {
            self.panels.pop_last();
        }
        for panel in self.panels.values_mut() {
            panel.left_width = finite_within(panel.left_width, 200.0, 640.0);
            panel.right_width = finite_within(panel.right_width, 200.0, 640.0);
        }
        self
    }
}

/// A file from the root of its disk; an address stays what it is.
fn rooted(path: &Path) -> PathBuf {
    if path.to_str().is_some_and(|text| text.contains("://")) {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_unknown| path.to_owned())
}

/// `value` kept within the limits; the least where it is not a number.
fn finite_within(value: f32, least: f32, most: f32) -> f32 {
    if value.is_finite() {
        value.clamp(least, most)
    } else {
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn what_is_saved_is_loaded_again() {
        let folder = folder();
        let mut preferences = Preferences {
            language: Some("nl".to_owned()),
            text_scale: 1.5,
            quality: QualityChoice::Low,
            reduced_motion: true,
            theme: ThemeChoice::Dark,
            offline: true,
            tour_seen: true,
            ..Preferences::default()
        };
        preferences.opened(Path::new("/data/Hengelo.stadslens"));
        preferences.panels.insert("design".to_owned(), PanelMemory::default());
        let nested = folder.path().join("not/there/yet");
        preferences.save(&nested).unwrap();
        let (loaded, problem) = Preferences::load(&nested);
        assert!(problem.is_none(), "{problem:?}");
        assert_eq!(loaded, preferences);
    }

    #[test]
    fn a_first_start_has_defaults_and_no_problem() {
        let (loaded, problem) = Preferences::load(folder().path());
        assert!(problem.is_none());
        assert_eq!(loaded, Preferences::default());
    }

    #[test]
    fn a_damaged_file_gives_defaults_and_is_set_aside() {
        for damaged in ["", "{", "[1,2]", "{\"text_scale\": \"large\"}", "{\"theme\": \"pink\"}"] {
            let folder = folder();
            std::fs::write(folder.path().join(FILE_NAME), damaged).unwrap();
            let (loaded, problem) = Preferences::load(folder.path());
            assert_eq!(loaded, Preferences::default(), "{damaged:?}");
            assert!(
                matches!(problem, Some(PreferencesError::Damaged { .. })),
                "{damaged:?}: {problem:?}"
            );
            let aside = std::fs::read_to_string(folder.path().join("preferences.damaged.json")).unwrap();
            assert_eq!(aside, damaged);
            assert!(Preferences::load(folder.path()).1.is_none(), "said twice");
        }
    }

    #[test]
    fn a_huge_file_is_not_read_whole() {
        let folder = folder();
        std::fs::write(folder.path().join(FILE_NAME), vec![b' '; 3 << 20]).unwrap();
        let (_, problem) = Preferences::load(folder.path());
        assert!(
            matches!(problem, Some(PreferencesError::TooLarge { .. })),
            "{problem:?}"
        );
    }

    #[test]
    fn values_out_of_range_are_brought_back_and_unknown_keys_do_no_harm() {
        let folder = folder();
        let files: Vec<String> = (0..50).map(|i| format!("/f{i}")).collect();
        let text = serde_json::json!({
            "text_scale": 40.0, "recent_files": files, "from_the_future": 1,
            "panels": {"design": {"left_width": -5.0}},
        });
        std::fs::write(folder.path().join(FILE_NAME), text.to_string()).unwrap();
        let (loaded, problem) = Preferences::load(folder.path());
        assert!(problem.is_none(), "{problem:?}");
        assert!((loaded.text_scale - 2.0).abs() < 1e-6);
        assert_eq!(loaded.recent_files.len(), MAX_RECENT);
        assert!((loaded.panels["design"].left_width - 200.0).abs() < 1e-6);
        assert!(
            loaded.panels["design"].left_open,
            "a key that is absent has its usual value"
        );
    }

    #[test]
    fn a_file_opened_again_moves_to_the_front() {
        let mut preferences = Preferences::default();
        for path in ["/a", "/b", "/a"] {
            preferences.opened(Path::new(path));
        }
        assert_eq!(preferences.recent_files, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }

    #[test]
    fn the_heights_of_each_layer_are_remembered_apart() {
        let mut preferences = Preferences::default();
        let address = Path::new("https://example.org/tileset.json");
        preferences.know_heights(Path::new("/a"), "tiles", "nap");
        preferences.know_heights(Path::new("/a"), "trees", "moved 2.00");
        preferences.know_heights(Path::new("/a"), "tiles", "ellipsoid");
        preferences.know_heights(address, "tiles", "nap");
        let known: Vec<_> = preferences.known_heights(Path::new("/a")).collect();
        assert_eq!(known, [("tiles", "ellipsoid"), ("trees", "moved 2.00")]);
        assert_eq!(preferences.known_heights(address).count(), 1);
        assert_eq!(preferences.known_heights(Path::new("/b")).count(), 0);
        let folder = folder();
        preferences.save(folder.path()).unwrap();
        assert_eq!(Preferences::load(folder.path()).0, preferences);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_and_not_a_panic() {
        let folder = folder();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let result = Preferences::default().save(&file);
        assert!(matches!(result, Err(PreferencesError::Unwritable { .. })), "{result:?}");
    }
}
