//! What a prepared content holds, against what it was said to take before it was decoded.

use super::*;
use crate::sources::resource::{Resources, folder};
use bevy::math::DMat4;
use std::path::{Path, PathBuf};

fn payloads(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
            } else if ["b3dm", "i3dm", "pnts", "cmpt", "glb", "gltf"].contains(&kind) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn no_prepared_content_holds_more_than_it_was_said_to() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for root in ["tests/fixtures", "../shared/corpus/gltf", "../shared/corpus/tiles"] {
        let root = project.join(root);
        let resources: Arc<dyn Resources> = folder(&root);
        // Few are enough of the many that are alike.
        let files = payloads(&root);
        for file in files.iter().step_by((files.len() / 200).max(1)) {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            let request = DecodeRequest {
                resources: resources.clone(),
                path,
                root_from_tile: DMat4::IDENTITY,
                is_geocentric: false,
                site: crate::georef::SiteFrame::Local,
                volume: None,
                gltf_up_axis: 'Y',
                height_offset_m: 0.0,
            };
            let support = TextureSupport { bc7: true };
            let need = content_need(&request, &std::fs::read(file).unwrap(), support);
            if let Ok(content) = prepare(&request, support) {
                count += 1;
                let holds = content.bytes_resident();
                assert!(
                    holds <= need.held_bytes,
                    "{} holds {holds} bytes: {need:?}",
                    request.path
                );
            }
        }
    }
    assert!(count > 0);
}
