//! A model's file into the folder of a scenario, with the materials, buffers and pictures that it names.
//!
//! What lies in that folder already stays where it is. Nothing is overwritten, and nothing that a file names outside its
//! own folder is read.

use crate::model::scenario::{ModelFacts, model_facts};
use crate::sources::resource::{self, Resources};
use crate::sources::tiles3d::references;
use crate::sources::{Cause, Problem, obj};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Folder for models in that of the scenario.
const FOLDER: &str = "models";
/// Largest file that is copied, bytes.
const MAX_FILE_BYTES: u64 = 1 << 30;
/// Most bytes of a model with all that it names.
const MAX_BYTES: u64 = 2 << 30;
/// Most files that a model names.
const MAX_FILES: usize = 2_000;
/// Most models of one name.
const MOST_ALIKE: usize = 1_000;

/// A model that lies in the folder of the scenario now.
pub(super) struct Added {
    /// Its path there.
    pub(super) path: String,
    /// What it is like.
    pub(super) facts: ModelFacts,
    /// Files that it names and that could not be had.
    pub(super) missing: usize,
}

/// Whether a file is a model by its name.
pub(in crate::app) fn is_model(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ["glb", "gltf", "obj"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// Reads the model at `source` and copies it into the scenario in `root`. Waits for the disk.
pub(super) fn add(source: &Path, root: &Path) -> Result<Added, Problem> {
    let shown = source.display().to_string();
    let refused = |cause, message: &str| Problem::error(&shown, "", message).because(cause);
    if !is_model(source) {
        return Err(refused(Cause::WrongKind, "a model is a .glb, .gltf or .obj file"));
    }
    let real = source.canonicalize().map_err(|error| {
        let cause = if error.kind() == io::ErrorKind::NotFound {
            Cause::Missing
        } else {
            Cause::Unreadable
        };
        refused(cause, &format!("the file cannot be read ({error})"))
    })?;
    let names = real.parent().zip(real.file_name().and_then(|name| name.to_str()));
    let (folder, name) = names.ok_or_else(|| refused(Cause::WrongKind, "the name of this file is not plain text"))?;
    let inside = root.canonicalize().ok().and_then(|root| {
        let path = real.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
        Some(path)
    });
    if let Some(path) = inside {
        let (facts, _) = model_facts(&resource::folder(root), &path)?;
        return Ok(Added {
            path,
            facts,
            missing: 0,
        });
    }
    let resources = resource::folder(folder);
    let (facts, _) = model_facts(&resources, name)?;
    let files = files(&resources, name)?;
    let (target, place) = new_folder(root, name).map_err(|error| unwritable(root, &error))?;
    let copied = files.iter().try_fold(0_u64, |bytes, file| {
        let data = resources
            .read_at_most(file, MAX_FILE_BYTES)
            .map_err(|error| error.problem(file, ""))?;
        let bytes = bytes + data.len() as u64;
        if bytes > MAX_BYTES {
            return Err(refused(
                Cause::TooLarge,
                "the model and its pictures have more than 2 GiB",
            ));
        }
        write(&target, file, &data).map_err(|error| unwritable(&target, &error))?;
        Ok(bytes)
    });
    if let Err(problem) = copied {
        // The folder was made above and holds nothing else.
        let _left = fs::remove_dir_all(&target);
        return Err(problem);
    }
    let named = references_of(&resources, name).len() + 1;
    Ok(Added {
        path: format!("{FOLDER}/{place}/{name}"),
        facts,
        missing: named.saturating_sub(files.len()),
    })
}

/// The model and the files that it names and that are there, relative to its folder.
fn files(resources: &Arc<dyn Resources>, name: &str) -> Result<Vec<String>, Problem> {
    let named = references_of(resources, name);
    if named.len() > MAX_FILES {
        let message = format!("the model names more than {MAX_FILES} files");
        return Err(Problem::error(name, "", message).because(Cause::TooLarge));
    }
    let mut files = vec![name.to_owned()];
    files.extend(named.into_iter().filter(|path| resources.exists(path)));
    Ok(files)
}

/// Paths of the files that a model names within its folder, each once.
fn references_of(resources: &Arc<dyn Resources>, name: &str) -> Vec<String> {
    let Ok(bytes) = resources.read_at_most(name, MAX_FILE_BYTES) else {
        return Vec::new();
    };
    let mut named = if obj::is_obj(name) {
        obj::references(&bytes, &**resources, name)
    } else {
        let uris = references(&bytes);
        uris.iter().filter_map(|uri| resource::join(name, uri).ok()).collect()
    };
    named.sort_unstable();
    named.dedup();
    named.retain(|path| path != name);
    named
}

/// A new folder for a model and its name, such as `hal-2`.
fn new_folder(root: &Path, name: &str) -> io::Result<(PathBuf, String)> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let slug = resource::slug(stem, 60);
    let models = root.join(FOLDER);
    fs::create_dir_all(&models)?;
    for number in 1..=MOST_ALIKE {
        let place = if number == 1 {
            slug.clone()
        } else {
            format!("{slug}-{number}")
        };
        let target = models.join(&place);
        match fs::create_dir(&target) {
            Ok(()) => return Ok((target, place)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("there are too many models of this name"))
}

/// Writes a file below `folder`; `path` has no steps out of it.
fn write(folder: &Path, path: &str, data: &[u8]) -> io::Result<()> {
    let target = folder.join(path);
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(target, data)
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    let message = format!("the model cannot be copied there ({error})");
    Problem::error(path.display().to_string(), "", message).because(Cause::Unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIANGLE: &str = "mtllib mat/a.mtl\nv 0 0 0\nv 4 0 0\nv 4 3 0\nvt 0 0\nusemtl m\nf 1/1 2/1 3/1\n";

    fn scene() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (source, root) = (folder.path().join("bron"), folder.path().join("plan"));
        fs::create_dir_all(source.join("mat")).unwrap();
        fs::create_dir_all(&root).unwrap();
        fs::write(source.join("Hal.obj"), TRIANGLE).unwrap();
        fs::write(
            source.join("mat/a.mtl"),
            "newmtl m\nmap_Kd steen.png\nnewmtl n\nmap_Kd ../../geheim.png\n",
        )
        .unwrap();
        fs::write(source.join("mat/steen.png"), "picture").unwrap();
        fs::write(folder.path().join("geheim.png"), "secret").unwrap();
        fs::write(source.join("brief.txt"), "not named").unwrap();
        (folder, source, root)
    }

    #[test]
    fn a_model_is_copied_with_what_it_names_and_nothing_else() {
        let (_folder, source, root) = scene();
        let added = add(&source.join("Hal.obj"), &root).unwrap();
        assert_eq!((added.path.as_str(), added.missing), ("models/hal/Hal.obj", 0));
        let there = |path: &str| root.join("models/hal").join(path).is_file();
        assert!(there("Hal.obj") && there("mat/a.mtl") && there("mat/steen.png"));
        assert!(!there("brief.txt") && !there("geheim.png") && !root.join("geheim.png").exists());
        // A second one of the same name stands beside it, one that lies in the scenario stays where it is.
        fs::remove_file(source.join("mat/steen.png")).unwrap();
        let second = add(&source.join("Hal.obj"), &root).unwrap();
        assert_eq!((second.path.as_str(), second.missing), ("models/hal-2/Hal.obj", 1));
        let inside = add(&root.join("models/hal/Hal.obj"), &root).unwrap();
        assert_eq!(inside.path, "models/hal/Hal.obj");
    }

    #[test]
    fn what_is_no_model_leaves_nothing_behind() {
        let (_folder, source, root) = scene();
        fs::write(source.join("leeg.obj"), "# nothing\n").unwrap();
        fs::write(source.join("stuk.glb"), b"glTF\x02\0\0\0").unwrap();
        for (name, cause) in [
            ("leeg.obj", Cause::Content),
            ("stuk.glb", Cause::Damaged),
            ("brief.txt", Cause::WrongKind),
            ("geen.glb", Cause::Missing),
        ] {
            assert_eq!(
                add(&source.join(name), &root).err().map(|problem| problem.cause),
                Some(cause),
                "{name}"
            );
        }
        assert!(!root.join("models").exists());
    }
}
