//! The other files that a tile names: buffers, images and the schema of its metadata.

use super::{
    b3dm::B3dm,
    cmpt,
    content::{MAX_PAYLOAD_BYTES, PayloadKind},
    i3dm::{I3dm, Model},
};
use crate::sources::{gltf::json_of, resource::unzipped};
use serde_json::Value;

/// URIs of the files that a glTF, GLB or tile names, as written there; none of a tile that cannot be read. The files that
/// the model of an instanced tile names, when it is a file of its own, are named by that.
pub fn references(bytes: &[u8]) -> Vec<String> {
    if PayloadKind::of(bytes) != PayloadKind::Gzip {
        return references_at(bytes, 0);
    }
    match unzipped(bytes.to_vec(), MAX_PAYLOAD_BYTES, "") {
        Ok(bytes) => references_at(&bytes, 0),
        Err(_) => Vec::new(),
    }
}

fn references_at(bytes: &[u8], depth: usize) -> Vec<String> {
    let gltf = match PayloadKind::of(bytes) {
        PayloadKind::Glb | PayloadKind::Gltf => bytes,
        PayloadKind::B3dm => match B3dm::parse(bytes) {
            Ok(b3dm) => b3dm.gltf,
            Err(_) => return Vec::new(),
        },
        PayloadKind::I3dm => match I3dm::parse(bytes).map(|i3dm| i3dm.model) {
            Ok(Model::Embedded(model)) => model,
            Ok(Model::External(uri)) if !uri.starts_with("data:") => return vec![uri.to_owned()],
            _ => return Vec::new(),
        },
        PayloadKind::Cmpt if depth < cmpt::MAX_DEPTH => {
            let inner = cmpt::split(bytes).map(|(inner, _)| inner).unwrap_or_default();
            return inner
                .into_iter()
                .flat_map(|tile| references_at(tile, depth + 1))
                .collect();
        }
        _ => return Vec::new(),
    };
    let Some(root) = json_of(gltf).and_then(|json| serde_json::from_slice::<Value>(json).ok()) else {
        return Vec::new();
    };
    let lists = ["buffers", "images"]
        .iter()
        .filter_map(|list| root.get(list)?.as_array());
    let listed = lists.flatten().filter_map(|entry| entry.get("uri")?.as_str());
    let schema = root
        .pointer("/extensions/EXT_structural_metadata/schemaUri")
        .and_then(Value::as_str);
    listed
        .chain(schema)
        .filter(|uri| !uri.starts_with("data:"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_images_and_the_schema_are_named_and_data_is_not() {
        let gltf = br#"{"asset":{"version":"2.0"},"buffers":[{"uri":"a.bin"},{"uri":"data:,x"},{}],
            "images":[{"uri":"t/b.png"},{"bufferView":0}],
            "extensions":{"EXT_structural_metadata":{"schemaUri":"s.json"}}}"#;
        assert_eq!(references(gltf), ["a.bin", "t/b.png", "s.json"]);
        let mut glb = b"glTF\x02\0\0\0".to_vec();
        let json = br#"{"asset":{"version":"2.0"},"buffers":[{"uri":"a.bin"}]} "#;
        let chunk = u32::try_from(json.len()).unwrap();
        glb.extend((20 + chunk).to_le_bytes());
        glb.extend(chunk.to_le_bytes());
        glb.extend(b"JSON");
        glb.extend(json);
        assert_eq!(references(&glb), ["a.bin"]);
        assert_eq!(references(&glb[..30]), [""; 0]);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, &glb).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(references(&packed), ["a.bin"]);
        assert_eq!(references(&packed[..12]), [""; 0]);
        assert_eq!(references(b"pnts"), [""; 0]);
    }
}
