//! Where a tile lies: a path or an address with places to fill in.

use super::grid::TileLevel;

/// Names that are filled in.
const NAMES: [&str; 8] = [
    "{z}",
    "{x}",
    "{y}",
    "{-y}",
    "{s}",
    "{TileMatrix}",
    "{TileCol}",
    "{TileRow}",
];

/// Addresses of tiles: `{z}/{x}/{y}.png`, `{-y}` for rows counted from the south, `{s}` for one of several hosts, and the
/// names that WMTS has for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileAddress {
    /// One or more; they answer the same.
    templates: Vec<String>,
    /// Whether `{y}` counts from the south.
    is_south_first: bool,
}

impl TileAddress {
    /// Addresses of these templates; the text says what is wrong with one.
    pub(super) fn new(templates: Vec<String>, is_south_first: bool) -> Result<Self, String> {
        if templates.is_empty() {
            return Err("no address of tiles is named".into());
        }
        for template in &templates {
            check(template)?;
        }
        Ok(Self {
            templates,
            is_south_first,
        })
    }

    /// The first template.
    pub fn template(&self) -> &str {
        self.templates.first().map_or("", String::as_str)
    }

    /// Path or address of a tile; the row counts from the north.
    pub(super) fn of(&self, level: &TileLevel, column: u32, row: u32) -> String {
        let from_south = level.size[1].saturating_sub(row.saturating_add(1));
        let own_row = if self.is_south_first { from_south } else { row };
        let pick = (column as usize).wrapping_add(row as usize);
        let template = &self.templates[pick % self.templates.len()];
        let column = column.to_string();
        template
            .replace("{z}", &level.name)
            .replace("{TileMatrix}", &level.name)
            .replace("{x}", &column)
            .replace("{TileCol}", &column)
            .replace("{-y}", &from_south.to_string())
            .replace("{y}", &own_row.to_string())
            .replace("{TileRow}", &row.to_string())
            .replace("{s}", ["a", "b", "c"][pick % 3])
    }

    /// Whether a path may be that of one of the tiles.
    pub(super) fn may_be(&self, path: &str) -> bool {
        self.templates.iter().any(|template| fits(template, path))
    }

    /// The folder that all paths have in common, without the slash; empty for the top.
    pub(super) fn folder(&self) -> &str {
        let fixed = self.template().split('{').next().unwrap_or_default();
        fixed.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

fn check(template: &str) -> Result<(), String> {
    let mut rest = template.to_owned();
    for name in NAMES {
        rest = rest.replace(name, "");
    }
    if let Some(at) = rest.find(['{', '}']) {
        let shown: String = rest[at..].chars().take(30).collect();
        return Err(format!(
            "`{shown}` in the address is not known; known are {{z}}, {{x}}, {{y}}, {{-y}} and {{s}}"
        ));
    }
    let has = |names: &[&str]| names.iter().any(|name| template.contains(name));
    for (names, what) in [
        (["{z}", "{TileMatrix}"].as_slice(), "{z}"),
        (&["{x}", "{TileCol}"], "{x}"),
        (&["{y}", "{-y}", "{TileRow}"], "{y}"),
    ] {
        if !has(names) {
            return Err(format!("`{what}` is missing in the address of the tiles"));
        }
    }
    Ok(())
}

/// Whether a path is a template with something plain in every place to fill in.
fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut of_path) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), of_path.next()) {
            (None, None) => return true,
            (Some(part), Some(found)) => {
                let fits = match (part.find('{'), part.rfind('}')) {
                    (Some(from), Some(to)) => {
                        let (before, after) = (&part[..from], &part[to + 1..]);
                        found.len() > before.len() + after.len() && found.starts_with(before) && found.ends_with(after)
                    }
                    _ => part == found,
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::math::DVec2;

    #[test]
    fn addresses_are_filled_checked_and_known_again() {
        let level = TileLevel {
            name: "3".into(),
            corner: DVec2::ZERO,
            pixel: 1.0,
            tile_px: [256, 256],
            size: [8, 8],
            limits: [0, 0, 7, 7],
        };
        let of = |template: &str, south: bool| {
            TileAddress::new(vec![template.into()], south).map(|address| address.of(&level, 5, 1))
        };
        assert_eq!(of("t/{z}/{x}/{y}.png", false).unwrap(), "t/3/5/1.png");
        assert_eq!(of("t/{z}/{x}/{y}.png", true).unwrap(), "t/3/5/6.png");
        assert_eq!(of("{z}/{x}/{-y}", false).unwrap(), "3/5/6");
        assert_eq!(
            of("https://{s}.x/{TileMatrix}/{TileRow}/{TileCol}", false).unwrap(),
            "https://a.x/3/1/5"
        );
        assert!(of("{z}/{x}.png", false).unwrap_err().contains("{y}"));
        assert!(of("{z}/{x}/{y}?k={key}", false).unwrap_err().contains("{key}"));
        let address = TileAddress::new(vec!["a/t/{z}/{x}/{y}.png".into()], false).unwrap();
        assert_eq!(address.folder(), "a/t");
        assert!(address.may_be("a/t/3/5/1.png"));
        assert!(!address.may_be("a/t/3/5/1.jpg") && !address.may_be("a/t/3/1.png") && !address.may_be("a/t/3/5/.png"));
    }
}
