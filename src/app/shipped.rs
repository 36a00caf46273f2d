//! Where the shipped scenario lies: a program that is moved with its scenarios folder, or renamed, still finds it.

use std::path::PathBuf;

/// The shipped Lange Wemen: beside the program, in its share folder, in the project it is run from.
pub(super) fn lange_wemen() -> Option<PathBuf> {
    let beside_program = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(PathBuf::from));
    let project = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let mut folders = Vec::new();
    if let Some(folder) = beside_program {
        folders.push(folder.join("scenarios"));
        folders.push(folder.join("../share/stadslens/scenarios"));
    }
    folders.extend(project.map(|folder| folder.join("scenarios")));
    folders.push(PathBuf::from("scenarios"));
    folders
        .into_iter()
        .map(|folder| folder.join("lange-wemen"))
        .find(|folder| folder.join("scenario.json").is_file())
}
