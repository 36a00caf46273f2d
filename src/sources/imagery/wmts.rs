//! What a WMTS says of itself (OGC 07-057r7): its layers, how their tiles lie, and where.

use super::address::TileAddress;
use super::description::{TileSet, in_folder};
use super::grid::{TileGrid, TileLevel, set_of_name};
use super::mbtiles::box_in_crs;
use crate::georef::Crs;
use crate::sources::raster::whole;
use crate::sources::xml::Element;
use crate::sources::{crs_name, shortened};
use bevy::math::DVec2;

/// Metres of a pixel at scale one (OGC 07-057r7, 6.1).
const PIXEL_M: f64 = 0.000_28;
/// Metres of a degree there.
const DEGREE_M: f64 = 111_319.490_793_273_58;
/// Most levels, and most layers that are named.
const MAX_LEVELS: usize = 40;
const MAX_NAMED: usize = 8;

/// Which of what a service offers is meant; the first of what fits where nothing is said.
#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    pub(super) layer: Option<&'a str>,
    pub(super) tile_matrix_set: Option<&'a str>,
    pub(super) style: Option<&'a str>,
    pub(super) format: Option<&'a str>,
    pub(super) finest: Option<u8>,
}

/// The set of tiles of a layer; the text says what is wrong.
pub(super) fn read(root: &Element, path: &str, choice: &Choice<'_>) -> Result<TileSet, String> {
    let contents = child(root, "Contents").ok_or("this WMTS says nothing of its contents")?;
    let layer = layer(contents, choice.layer)?;
    let links: Vec<&Element> = children(layer, "TileMatrixSetLink").collect();
    let set_of = |link: &Element| {
        let name = text(link, "TileMatrixSet");
        children(contents, "TileMatrixSet").find(|set| text(set, "Identifier") == name)
    };
    let mut sets: Vec<(&Element, &Element, Crs)> = links
        .iter()
        .filter_map(|link| {
            let set = set_of(link)?;
            Some((*link, set, crs_of(&text(set, "SupportedCRS"))?))
        })
        .collect();
    if let Some(wanted) = choice.tile_matrix_set {
        let known = set_of_name(wanted).map(|set| Crs(set.epsg()));
        sets.retain(|(_, set, crs)| text(set, "Identifier") == wanted || known == Some(*crs));
    }
    // RD needs no bending in a Dutch site.
    let rank = |crs: Crs| match crs.0 {
        28992 => 0,
        3857 => 1,
        4326 | 4258 => 2,
        _ => 3,
    };
    sets.sort_by_key(|(.., crs)| rank(*crs));
    let (link, set, crs) = sets.into_iter().next().ok_or_else(|| {
        let names: Vec<String> = links
            .iter()
            .take(MAX_NAMED)
            .map(|link| shortened(&text(link, "TileMatrixSet"), 60))
            .collect();
        format!("none of its sets of tiles fits; there are: {}", names.join(", "))
    })?;
    let bounds = degrees(layer).and_then(|bounds| box_in_crs(crs, bounds));
    let mut levels = levels(set, crs, bounds)?;
    limit(&mut levels, link);
    if let Some(finest) = choice.finest {
        levels.retain(|level| {
            level
                .name
                .rsplit(':')
                .next()
                .and_then(|n| n.parse::<u8>().ok())
                .is_none_or(|zoom| zoom <= finest)
        });
    }
    let mut grid = TileGrid {
        crs,
        levels,
        extent: None,
    };
    if grid.levels.is_empty() {
        return Err("the set of tiles has no level that can be read".into());
    }
    if let Some((low, high)) = bounds.filter(|(low, high)| low.cmplt(*high).all()) {
        grid.keep_within(low, high);
    }
    let template = template(root, layer, set, choice)?;
    Ok(TileSet {
        grid,
        address: TileAddress::new(vec![in_folder(path, &template)?], false)?,
        name: shortened(&text(layer, "Title"), 200),
        attribution: String::new(),
    })
}

fn children<'a>(element: &'a Element, name: &'a str) -> impl Iterator<Item = &'a Element> {
    element.children.iter().filter(move |child| child.name == name)
}

fn child<'a>(element: &'a Element, name: &'a str) -> Option<&'a Element> {
    children(element, name).next()
}

fn text(element: &Element, name: &str) -> String {
    child(element, name)
        .map(|child| child.text.trim().to_owned())
        .unwrap_or_default()
}

fn numbers(text: &str) -> Option<[f64; 2]> {
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    <[f64; 2]>::try_from(numbers)
        .ok()
        .filter(|[a, b]| a.is_finite() && b.is_finite())
}

fn crs_of(name: &str) -> Option<Crs> {
    match crs_name::of_code_name(name)? {
        Crs(900_913 | 3785) => Some(Crs(3857)),
        crs => Some(crs),
    }
}

fn layer<'a>(contents: &'a Element, wanted: Option<&str>) -> Result<&'a Element, String> {
    let layers: Vec<&Element> = children(contents, "Layer").collect();
    let found = match wanted {
        Some(wanted) => layers.iter().find(|layer| text(layer, "Identifier") == wanted),
        None if layers.len() == 1 => layers.first(),
        None => None,
    };
    found.copied().ok_or_else(|| {
        let names: Vec<String> = layers.iter().take(MAX_NAMED).map(|layer| shortened(&text(layer, "Identifier"), 60)).collect();
        let names = names.join(", ");
        let more = if layers.len() > MAX_NAMED { " and more" } else { "" };
        match wanted {
            _ if layers.is_empty() => "this WMTS has no layers".into(),
            Some(wanted) => format!("there is no layer `{}`; there are: {names}{more}", shortened(wanted, 60)),
            None => format!(
                "this WMTS has {} layers: name one as `layer` in a file with `{{\"wmts\": …, \"layer\": …}}`; there are: \
                 {names}{more}",
                layers.len()
            ),
        }
    })
}

/// West, south, east, north.
fn degrees(layer: &Element) -> Option<[f64; 4]> {
    let bounds = child(layer, "WGS84BoundingBox")?;
    let [west, south] = numbers(&text(bounds, "LowerCorner"))?;
    let [east, north] = numbers(&text(bounds, "UpperCorner"))?;
    (west < east && south < north).then_some([west, south.max(-85.0), east, north.min(85.0)])
}

/// The levels of a set, finest first.
fn levels(set: &Element, crs: Crs, bounds: Option<(DVec2, DVec2)>) -> Result<Vec<TileLevel>, String> {
    let is_degrees = matches!(crs.0, 4326 | 4258 | 4979 | 4937);
    let unit_m = if is_degrees { DEGREE_M } else { 1.0 };
    let mut levels = Vec::new();
    for matrix in children(set, "TileMatrix").take(MAX_LEVELS) {
        let name = text(matrix, "Identifier");
        let wrong = |what: &str| format!("level `{}` of its tiles has no {what}", shortened(&name, 60));
        let number = |key: &str| {
            text(matrix, key)
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite() && *n > 0.0)
        };
        let scale = number("ScaleDenominator").ok_or_else(|| wrong("scale"))?;
        let corner = numbers(&text(matrix, "TopLeftCorner")).ok_or_else(|| wrong("corner"))?;
        let whole_of = |key: &str, what: &str| number(key).map(whole).filter(|n| *n > 0).ok_or_else(|| wrong(what));
        let tile_px = [
            whole_of("TileWidth", "width of tiles")?,
            whole_of("TileHeight", "height of tiles")?,
        ];
        let size = [whole_of("MatrixWidth", "columns")?, whole_of("MatrixHeight", "rows")?];
        let is_small = (0..2).all(|i| u64::from(size[i]) * u64::from(tile_px[i]) < 1 << 31);
        if !is_small
            || tile_px.iter().any(|side| !(16..=4096).contains(side))
            || name.contains(['/', '{', '?', '#', '&'])
        {
            continue;
        }
        let level = |[x, y]: [f64; 2]| TileLevel {
            name: name.clone(),
            corner: DVec2::new(x, y),
            pixel: scale * PIXEL_M / unit_m,
            tile_px,
            size,
            limits: [0, 0, size[0] - 1, size[1] - 1],
        };
        let (plain, turned) = (level(corner), level([corner[1], corner[0]]));
        levels.push(if is_turned(&plain, &turned, is_degrees, bounds) {
            turned
        } else {
            plain
        });
    }
    levels.sort_by(|a, b| a.pixel.total_cmp(&b.pixel));
    Ok(levels)
}

/// Whether a corner names north before east: some services write it as the official axes run, others east first.
fn is_turned(plain: &TileLevel, turned: &TileLevel, is_degrees: bool, bounds: Option<(DVec2, DVec2)>) -> bool {
    let holds = |level: &TileLevel| {
        let (low, high) = level.limit_bounds();
        match bounds {
            Some((from, to)) => {
                let p = from.midpoint(to);
                p.cmpge(low).all() && p.cmple(high).all()
            }
            None if is_degrees => level.corner.y.abs() <= 90.5 && low.x >= -180.5 && high.y > -90.0,
            // Outside of degrees the west edge of a set lies west of its north edge, as numbers.
            None => level.corner.x <= level.corner.y,
        }
    };
    !holds(plain) && holds(turned)
}

/// Leaves out what the link to the set says is not there.
fn limit(levels: &mut Vec<TileLevel>, link: &Element) {
    let Some(limits) = child(link, "TileMatrixSetLimits") else {
        return;
    };
    levels.retain_mut(|level| {
        let Some(found) = children(limits, "TileMatrixLimits").find(|found| text(found, "TileMatrix") == level.name)
        else {
            return false;
        };
        let number = |key: &str, most: u32| text(found, key).parse::<u32>().ok().map(|n| n.min(most - 1));
        let [columns, rows] = level.size;
        let edges = number("MinTileCol", columns)
            .zip(number("MinTileRow", rows))
            .zip(number("MaxTileCol", columns).zip(number("MaxTileRow", rows)));
        if let Some(((left, top), (right, bottom))) = edges {
            level.limits = [left, top, right, bottom];
            return left <= right && top <= bottom;
        }
        true
    });
}

/// The address of the tiles with all but their numbers filled in.
fn template(root: &Element, layer: &Element, set: &Element, choice: &Choice<'_>) -> Result<String, String> {
    let styles: Vec<&Element> = children(layer, "Style").collect();
    let default = styles
        .iter()
        .find(|style| style.attribute("isDefault") == Some("true"))
        .or(styles.first());
    let style = match choice.style {
        Some(style) => style.to_owned(),
        None => default.map(|style| text(style, "Identifier")).unwrap_or_default(),
    };
    let is_read = |format: &str| {
        ["image/jpeg", "image/jpg", "image/png", "image/webp"]
            .iter()
            .any(|known| format.starts_with(known))
    };
    let formats: Vec<String> = children(layer, "Format")
        .map(|format| format.text.trim().to_owned())
        .collect();
    let format = match choice.format {
        Some(wanted) => formats
            .iter()
            .find(|format| format.as_str() == wanted || format.ends_with(&format!("/{wanted}"))),
        None => formats.iter().find(|format| is_read(format)),
    };
    let format = format.ok_or_else(|| {
        let offered: Vec<String> = formats
            .iter()
            .take(MAX_NAMED)
            .map(|format| shortened(format, 60))
            .collect();
        format!(
            "its tiles come in no format that is read (jpeg, png, webp); there are: {}",
            offered.join(", ")
        )
    })?;
    let of_dimension = |mut template: String| {
        for dimension in children(layer, "Dimension") {
            let (name, value) = (text(dimension, "Identifier"), text(dimension, "Default"));
            template = template.replace(&format!("{{{name}}}"), &encoded(&value));
        }
        template
    };
    let names = [
        ("Style", style.as_str()),
        ("style", &style),
        ("TileMatrixSet", &text(set, "Identifier")),
        ("Layer", &text(layer, "Identifier")),
    ]
    .map(|(key, value)| (format!("{{{key}}}"), encoded(value)));
    let resources: Vec<&Element> = children(layer, "ResourceURL")
        .filter(|url| url.attribute("resourceType") == Some("tile"))
        .collect();
    let rest = resources
        .iter()
        .find(|url| url.attribute("format").is_none_or(|found| found == format));
    if let Some(template) = rest.and_then(|url| url.attribute("template")) {
        let filled = names
            .iter()
            .fold(template.to_owned(), |filled, (name, value)| filled.replace(name, value));
        return Ok(of_dimension(filled));
    }
    let address = get_tile(root).ok_or("this WMTS names no address of its tiles")?;
    let parts = [
        ("SERVICE", "WMTS".to_owned()),
        ("REQUEST", "GetTile".into()),
        ("VERSION", "1.0.0".into()),
        ("LAYER", encoded(&text(layer, "Identifier"))),
        ("STYLE", encoded(&style)),
        ("FORMAT", encoded(format)),
        ("TILEMATRIXSET", encoded(&text(set, "Identifier"))),
        ("TILEMATRIX", "{TileMatrix}".into()),
        ("TILEROW", "{TileRow}".into()),
        ("TILECOL", "{TileCol}".into()),
    ];
    let parts: Vec<String> = parts.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let joint = match address.rfind('?') {
        None => "?",
        Some(at) if at + 1 == address.len() || address.ends_with('&') => "",
        Some(_) => "&",
    };
    Ok(format!("{address}{joint}{}", parts.join("&")))
}

/// The address for questions with keys and values.
fn get_tile(root: &Element) -> Option<String> {
    let operations = child(root, "OperationsMetadata")?;
    let get_tile =
        children(operations, "Operation").find(|operation| operation.attribute("name") == Some("GetTile"))?;
    let ways: Vec<&Element> = children(get_tile, "DCP")
        .flat_map(|dcp| children(dcp, "HTTP"))
        .flat_map(|http| children(http, "Get"))
        .collect();
    let is_kvp = |way: &&&Element| {
        let values = children(way, "Constraint").flat_map(|constraint| children(constraint, "AllowedValues"));
        values
            .flat_map(|values| children(values, "Value"))
            .any(|value| value.text.trim() == "KVP")
    };
    let way = ways.iter().find(is_kvp).or(ways.first())?;
    way.attribute("href").map(str::to_owned)
}

/// A value as part of an address.
fn encoded(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2E", ".")
        .replace("%2D", "-")
        .replace("%5F", "_")
        .replace("%3A", ":")
}
