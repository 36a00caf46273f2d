//! glTF and GLB to meshes in the site frame, over the `gltf` crate and our own accessor reader.
