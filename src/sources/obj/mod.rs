//! Wavefront OBJ with its MTL, the version 3.0 that modelling programs write: `v`, `vt`, `f`, `o`, `g`, `usemtl`, `mtllib`;
//! of a material `Kd`, `d`, `Tr` and `map_Kd`: <https://paulbourke.net/dataformats/obj/>.
//!
//! Faces of any number of corners are cut by ear clipping as those of city models are, each with its own normal: `vn` and
//! smoothing groups are passed over. Objects (`o`), or groups (`g`) where there are none, are features. Coordinates stay
//! `f64` in the axes of the file until they are placed, so that those of a map projection keep their millimetres. Lines,
//! points and free-form curves are counted and not drawn. A crate was weighed (`tobj`): it keeps positions as `f32`, opens
//! material files by any path, and cuts faces as fans.

mod decode;
mod describe;
mod lines;
mod material;
mod own_place;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use decode::decode;
pub(crate) use describe::describe;
pub use own_place::OwnPlace;
pub use parse::{ObjModel, Up};

use super::resource::{Resources, encode_percent, join};
use std::collections::HashSet;

/// Largest OBJ that is read, bytes.
pub(crate) const MAX_BYTES: u64 = 1 << 30;

/// Whether a path is that of an OBJ; nothing in the file itself tells.
pub fn is_obj(path: &str) -> bool {
    path.len() > 4
        && path
            .as_bytes()
            .iter()
            .rev()
            .zip(b"jbo.")
            .all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Paths of the materials and pictures that the OBJ at `path` names and that may be read, each once.
pub(crate) fn references(bytes: &[u8], resources: &dyn Resources, path: &str) -> Vec<String> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for library in parse::libraries(bytes) {
        let Ok(library) = beside(path, &library) else { continue };
        if !seen.insert(library.clone()) {
            continue;
        }
        let materials = material::read(resources, &library, &mut |_| ());
        found.push(library);
        let pictures = materials.into_iter().filter_map(|material| material.picture);
        found.extend(pictures.filter(|picture| seen.insert(picture.clone())));
    }
    found
}

/// The path of a file that `document` names as `name`: a plain name, never percent codes; backslashes separate too.
fn beside(document: &str, name: &str) -> Result<String, super::resource::ResourceError> {
    join(document, &encode_percent(&name.replace('\\', "/")))
}
