//! A tile layer whose path is an address: nothing is asked before somebody wants to see it.

use super::file::{LayerFile, LayerKindFile};
use super::{LayerKind, OpenScenario};
use crate::sources::http::offline;
use crate::sources::remote::{checked_url, is_kept, server_of};
use crate::sources::resource::{self, ResourceError, is_url, shown_url};
use crate::sources::{Cause, Problem};
use std::path::Path;

/// The path of a layer: within the scenario's folder, of tiles also an address.
pub(super) fn layer_path(document: &str, file: &LayerFile) -> Result<String, ResourceError> {
    if file.kind == LayerKindFile::Tiles3d && is_url(&file.path) {
        return checked_url(&file.path);
    }
    resource::join(document, &file.path)
}

/// Says of each layer on a server that it is, and hides it until somebody wants to see it. Where nothing is asked anyway, as
/// in a kiosk, a layer that was kept on this machine is shown as its scenario wants it.
pub(super) fn hide_servers(open: &mut OpenScenario) {
    for layer in &mut open.scenario.layers {
        if layer.kind != LayerKind::Tiles3d {
            continue;
        }
        let Some(host) = server_of(&layer.path) else { continue };
        if offline::is_offline() && is_kept(&layer.path) {
            continue;
        }
        layer.visible = false;
        let message = format!("this layer asks a server: {host}, once it is shown");
        open.problems
            .push(Problem::warning(&layer.path, "", message).because(Cause::Server));
    }
}

/// What to call a tileset at an address.
pub(super) fn title_of(url: &str) -> String {
    let shown = shown_url(url);
    let path = Path::new(&shown);
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let name_of_file = name(path).unwrap_or_default();
    let folder = path.parent().and_then(name);
    match folder {
        Some(folder) if name_of_file.eq_ignore_ascii_case("tileset.json") => folder,
        _ if name_of_file.is_empty() => shown,
        _ => name_of_file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tileset_is_called_by_its_folder_or_its_host() {
        for (url, title) in [
            ("https://a.org/town/tileset.json?key=K", "town"),
            ("https://a.org/tileset.json", "a.org"),
            ("https://a.org/town/root.json", "root.json"),
        ] {
            assert_eq!(title_of(url), title);
        }
    }
}
