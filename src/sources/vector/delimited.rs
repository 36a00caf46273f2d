//! Tables as text with a place in each row: a column of well-known text, or x and y.

use super::gml::value_of;
use super::record::{Position, Summary, VectorFeature, VectorGeometry, VectorLayer};
use super::wkt_text;
use crate::georef::Crs;
use crate::sources::table::{self, NumberStyle, Table, line_place};
use crate::sources::{Cause, Problem};
use serde_json::Map;

/// Longest field, bytes: geometries are long.
const MAX_FIELD_BYTES: usize = 4 << 20;
/// Headings of a column of geometries, in lower case.
const GEOMETRIES: [&str; 6] = ["wkt", "geom", "geometry", "the_geom", "geometrie", "wkt_geom"];
/// Headings of x with those of y that belong to them, and the CRS that they tell.
const PLACES: [(&str, &str, Option<Crs>); 12] = [
    ("longitude", "latitude", Some(Crs(4326))),
    ("lon", "lat", Some(Crs(4326))),
    ("long", "lat", Some(Crs(4326))),
    ("lng", "lat", Some(Crs(4326))),
    ("rd_x", "rd_y", Some(Crs::RD)),
    ("x_rd", "y_rd", Some(Crs::RD)),
    ("rdx", "rdy", Some(Crs::RD)),
    ("x-coordinaat", "y-coordinaat", None),
    ("x_coordinaat", "y_coordinaat", None),
    ("xcoord", "ycoord", None),
    ("x_coord", "y_coord", None),
    ("x", "y", None),
];

enum Place {
    Text(usize),
    Numbers {
        x: usize,
        y: usize,
        z: Option<usize>,
        styles: [NumberStyle; 2],
    },
}

/// Rows of a table as features.
pub(super) fn open(
    bytes: &[u8],
    path: &str,
    name: &str,
) -> Result<(Vec<Result<VectorFeature, Problem>>, VectorLayer, Vec<Problem>), Problem> {
    let (table, problems) = table::read_with(bytes, path, MAX_FIELD_BYTES)?;
    let (place, mut crs) = place_of(&table).ok_or_else(|| {
        let message = "no column says where a row lies: name two columns x and y (or lon and lat), or one wkt";
        Problem::error(path, "line 1", message).because(Cause::Column)
    })?;
    let is_place = |column: usize| match place {
        Place::Text(at) => column == at,
        Place::Numbers { x, y, .. } => column == x || column == y,
    };
    let mut features = Vec::with_capacity(table.rows.len());
    for (index, row) in table.rows.iter().enumerate() {
        let geometry = match &place {
            Place::Text(at) => match row.field(*at) {
                "" => Ok(None),
                text => wkt_text::read(text).map(|(geometry, found)| {
                    crs = crs.or(found);
                    geometry
                }),
            },
            Place::Numbers { x, y, z, styles } => {
                let number = |column: usize, style: NumberStyle| match row.field(column) {
                    "" => Ok(None),
                    field => match style.number(field) {
                        Some(number) => Ok(Some(number)),
                        None => Err(format!("`{field}` is no number")),
                    },
                };
                let heights = z.and_then(|z| number(z, styles[0]).ok().flatten());
                number(*x, styles[0])
                    .and_then(|x| Ok((x, number(*y, styles[1])?)))
                    .map(|(x, y)| {
                        let (x, y) = x.zip(y)?;
                        Some(VectorGeometry::of_point(Position { x, y, z: heights }))
                    })
            }
        };
        let mut properties = Map::new();
        for (column, heading) in table.headers.iter().enumerate() {
            if !is_place(column) {
                properties.insert(heading.clone(), value_of(row.field(column)));
            }
        }
        features.push(geometry.map_or_else(
            |message| {
                let message = format!("{message}; the row is left out");
                Err(Problem::error(path, line_place(row.line), message).because(Cause::NoCoordinates))
            },
            |geometry| {
                Ok(VectorFeature {
                    index,
                    id: None,
                    geometry,
                    properties,
                })
            },
        ));
    }
    let layer = Summary::over(features.iter().flatten()).into_layer(name.to_owned(), crs);
    Ok((features, layer, problems))
}

fn place_of(table: &Table) -> Option<(Place, Option<Crs>)> {
    let plain: Vec<String> = table
        .headers
        .iter()
        .map(|heading| heading.trim().to_lowercase())
        .collect();
    let column = |name: &str| plain.iter().position(|heading| heading == name);
    let fields = |at: usize| {
        table
            .rows
            .iter()
            .map(move |row| row.field(at))
            .filter(|field| !field.is_empty())
    };
    let is_text = |at: usize| fields(at).next().is_some_and(wkt_text::looks_like_geometry);
    let named = GEOMETRIES
        .iter()
        .filter_map(|name| column(name))
        .find(|at| is_text(*at));
    if let Some(at) = named.or_else(|| (0..plain.len()).find(|at| is_text(*at))) {
        return Some((Place::Text(at), None));
    }
    PLACES.iter().find_map(|(x, y, crs)| {
        let (x, y) = (column(x)?, column(y)?);
        let style = |at: usize| NumberStyle::of(fields(at)).unwrap_or(NumberStyle::Point);
        let place = Place::Numbers {
            x,
            y,
            z: column("z").or_else(|| column("nap")),
            styles: [style(x), style(y)],
        };
        Some((place, *crs))
    })
}
