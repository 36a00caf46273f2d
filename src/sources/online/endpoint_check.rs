//! Whether a list of services can be used: names, numbers and addresses, each problem with its place in the file.

use super::endpoints::{BOX, Endpoints, VERSION};
use super::template;
use super::tile_matrix::TileMatrixSet;
use crate::sources::http::Address;
use std::collections::BTreeSet;

impl Endpoints {
    /// The first thing that is wrong, with its place.
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        let at = |place: &str| {
            let place = place.to_owned();
            move |message: String| (place.clone(), message)
        };
        if self.version != VERSION {
            return Err(at("version")(format!("write {VERSION}")));
        }
        if self.crs != "EPSG:28992" {
            return Err(at("crs")("only EPSG:28992 is read".to_owned()));
        }
        let buildings = &self.buildings;
        self.check_address(&buildings.index, &[])
            .map_err(at("buildings.index"))?;
        if let Some(features) = &buildings.features {
            self.check_address(features, &[&BOX[..], &["limit"]].concat())
                .map_err(at("buildings.features"))?;
        }
        check_page_size(buildings.page_size).map_err(at("buildings.page_size"))?;
        let mut ids = BTreeSet::new();
        let mut check_id = |id: &str, place: &str| {
            let is_plain =
                (1..=40).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if !is_plain {
                return Err(at(place)("write 1 to 40 letters, digits, `-` and `_`".to_owned()));
            }
            if ids.insert(id.to_ascii_lowercase()) {
                Ok(())
            } else {
                Err(at(place)(format!("`{id}` stands here twice")))
            }
        };
        check_id(&buildings.id, "buildings.id")?;
        for (index, source) in self.heights.iter().enumerate() {
            let place = format!("heights[{index}]");
            check_id(&source.id, &format!("{place}.id"))?;
            let needed = [&BOX[..], &["width", "height"]].concat();
            self.check_address(&source.url, &needed)
                .map_err(at(&format!("{place}.url")))?;
            if !(source.finest_m.is_finite() && (0.01..=1000.0).contains(&source.finest_m)) {
                return Err(at(&format!("{place}.finest_m"))(
                    "write a size between 0.01 and 1000 metres".to_owned(),
                ));
            }
            if !(16..=4000).contains(&source.block_px) {
                return Err(at(&format!("{place}.block_px"))(
                    "write a number between 16 and 4000".to_owned(),
                ));
            }
        }
        for (index, source) in self.imagery.iter().enumerate() {
            let place = format!("imagery[{index}]");
            check_id(&source.id, &format!("{place}.id"))?;
            self.check_address(&source.url, &["z", "x", "y"])
                .map_err(at(&format!("{place}.url")))?;
            if !["jpeg", "jpg", "png", "webp"].contains(&source.ending.as_str()) {
                return Err(at(&format!("{place}.ending"))(
                    "write jpeg, jpg, png or webp".to_owned(),
                ));
            }
            if source.finest_zoom > TileMatrixSet::FINEST_ZOOM {
                return Err(at(&format!("{place}.finest_zoom"))(format!(
                    "at most {}",
                    TileMatrixSet::FINEST_ZOOM
                )));
            }
        }
        for (index, source) in self.features.iter().enumerate() {
            let place = format!("features[{index}]");
            check_id(&source.id, &format!("{place}.id"))?;
            let needed = [&BOX[..], &["collection", "limit"]].concat();
            self.check_address(&source.url, &needed)
                .map_err(at(&format!("{place}.url")))?;
            check_page_size(source.page_size).map_err(at(&format!("{place}.page_size")))?;
            for (number, collection) in source.collections.iter().enumerate() {
                let is_plain = (1..=80).contains(&collection.len())
                    && collection
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
                    && !collection.starts_with('.');
                if !is_plain {
                    let message = "write letters, digits, `-`, `_` and `.`".to_owned();
                    return Err(at(&format!("{place}.collections[{number}]"))(message));
                }
            }
        }
        Ok(())
    }

    fn check_address(&self, url: &str, needed: &[&str]) -> Result<(), String> {
        template::check(url, needed)?;
        let fillings: Vec<(&str, String)> = needed.iter().map(|name| (*name, "1".to_owned())).collect();
        let hosts: Vec<String> = self
            .plain_http_hosts
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect();
        Address::parse(&template::filled(url, &fillings), &hosts)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}

fn check_page_size(size: u32) -> Result<(), String> {
    if (1..=10_000).contains(&size) {
        Ok(())
    } else {
        Err("write a number between 1 and 10000".to_owned())
    }
}
