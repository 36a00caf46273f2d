//! Layers in `SQLite` files: `GeoPackage`, and the older `geometry_columns` of `SpatiaLite` and OGR.
//!
//! A file is opened read-only and immutable: nothing is written beside it, and what a `-wal` file still holds is not
//! seen (which is said). Rows come in batches, so a file of any size is read in little memory; a query that runs away
//! (a view can be endless) is stopped.

mod rows;

use super::record::{
    Bounds, Features, Field, FieldKind, GeometryKind, Summary, VectorFeature, VectorGeometry, VectorLayer, overlaps,
};
use super::{MAX_FIELDS, MAX_LAYERS};
use crate::georef::Crs;
pub(super) use crate::sources::sqlite::MAGIC;
use crate::sources::{Cause, Problem, crs_name, sqlite};
use rows::Batches;
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, ToSql};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most looks: 1,000 million steps, some tens of seconds.
const MAX_LOOKS: u64 = 100_000;
/// Most rows that are walked to find what a layer does not declare.
const MAX_WALKED: usize = 200_000;

/// An open file.
pub(super) struct Database {
    connection: Connection,
    looks: Arc<AtomicU64>,
    tables: Vec<Table>,
    path: String,
}

/// What a layer is read from.
#[derive(Debug)]
struct Table {
    name: String,
    geometry: String,
    /// Whole-number primary key, else the row id; `None` for a view, which has neither.
    key: Option<String>,
    columns: Vec<Column>,
    is_geopackage: bool,
    /// Its spatial index, where there is one.
    rtree: Option<String>,
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: FieldKind,
}

/// A file with its layers and what is wrong with it as a whole.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) is_geopackage: bool,
    pub(super) layers: Vec<VectorLayer>,
    pub(super) problems: Vec<Problem>,
}

/// Opens the file at `path`, called `shown` in problems.
pub(super) fn open_file(path: &Path, shown: &str) -> Result<Opened, Problem> {
    let unusable = || Problem::error(shown, "", "the path is not plain text; rename it").because(Cause::WrongKind);
    let connection = sqlite::connect_file(path)
        .ok_or_else(unusable)?
        .map_err(|error| damaged(shown, &error))?;
    let mut opened = open(connection, shown)?;
    let wal = path.with_file_name(format!(
        "{}-wal",
        path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    ));
    if wal.metadata().is_ok_and(|metadata| metadata.len() > 0) {
        let message = "the `-wal` file beside it holds changes that are not in this file yet: close it in the program \
                       that wrote it to have them";
        opened
            .problems
            .push(Problem::warning(shown, "", message).because(Cause::InUse));
    }
    Ok(opened)
}

/// Opens a file that is in memory.
pub(super) fn open_bytes(bytes: Vec<u8>, shown: &str) -> Result<Opened, Problem> {
    let connection = sqlite::connect_bytes(bytes).map_err(|error| damaged(shown, &error))?;
    open(connection, shown)
}

fn damaged(path: &str, error: &rusqlite::Error) -> Problem {
    Problem::error(path, "", format!("the file is damaged or cannot be opened ({error})")).because(Cause::Damaged)
}

fn open(connection: Connection, shown: &str) -> Result<Opened, Problem> {
    let looks = sqlite::bound_queries(&connection, MAX_LOOKS);
    let mut database = Database {
        connection,
        looks,
        tables: Vec::new(),
        path: shown.to_owned(),
    };
    let (is_geopackage, layers, problems) = database.find_layers().map_err(|error| damaged(shown, &error))?;
    if layers.is_empty() {
        let message = if is_geopackage {
            "this GeoPackage has no layer with features"
        } else {
            "this database has no layers: neither `gpkg_contents` nor `geometry_columns` names a table"
        };
        let cause = if is_geopackage { Cause::Empty } else { Cause::WrongKind };
        return Err(Problem::error(shown, "", message).because(cause));
    }
    Ok(Opened {
        database,
        is_geopackage,
        layers,
        problems,
    })
}

/// A row of the table of layers, whichever one it is.
struct Listed {
    table: String,
    geometry: String,
    kinds: BTreeSet<GeometryKind>,
    has_z: bool,
    crs: Option<Crs>,
    bounds: Option<Bounds>,
}

impl Database {
    fn find_layers(&mut self) -> rusqlite::Result<(bool, Vec<VectorLayer>, Vec<Problem>)> {
        self.connection.execute_batch("PRAGMA trusted_schema = OFF")?;
        let is_geopackage = self.exists("gpkg_contents")?;
        let listed = if is_geopackage && self.exists("gpkg_geometry_columns")? {
            self.listed_in_geopackage()?
        } else if self.exists("geometry_columns")? {
            self.listed_in_geometry_columns()?
        } else {
            Vec::new()
        };
        let mut problems = Vec::new();
        if listed.len() > MAX_LAYERS {
            let message = format!(
                "there are {} layers; those after {MAX_LAYERS} are left out",
                listed.len()
            );
            problems.push(Problem::error(&self.path, "", message).because(Cause::TooLarge));
        }
        let mut layers = Vec::new();
        for listed in listed.into_iter().take(MAX_LAYERS) {
            let name = listed.table.clone();
            match self.layer(listed, is_geopackage) {
                Ok(layer) => layers.push(layer),
                Err(error) => {
                    let message = format!("the layer cannot be read ({error}); it is left out");
                    problems.push(Problem::error(&self.path, name, message).because(Cause::Damaged));
                }
            }
        }
        Ok((is_geopackage, layers, problems))
    }

    fn exists(&self, name: &str) -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) FROM sqlite_master WHERE lower(name) = lower(?1)";
        self.connection
            .query_row(sql, [name], |row| Ok(row.get::<_, i64>(0)? > 0))
    }

    /// Rows of a query, as whatever values they are.
    fn rows(&self, sql: &str, parameters: &[&dyn ToSql]) -> rusqlite::Result<Vec<Vec<SqlValue>>> {
        self.looks.store(0, Ordering::Relaxed);
        let mut statement = self.connection.prepare(sql)?;
        let width = statement.column_count();
        let rows = statement.query_map(parameters, |row| {
            (0..width).map(|i| row.get_ref(i).map(owned)).collect()
        })?;
        rows.take(100_000).collect()
    }

    fn listed_in_geopackage(&self) -> rusqlite::Result<Vec<Listed>> {
        let sql = "SELECT c.table_name, g.column_name, g.geometry_type_name, g.z, s.organization, \
                   s.organization_coordsys_id, s.definition, c.min_x, c.min_y, c.max_x, c.max_y \
                   FROM gpkg_contents c JOIN gpkg_geometry_columns g ON g.table_name = c.table_name \
                   LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id \
                   WHERE lower(c.data_type) = 'features' ORDER BY c.rowid";
        let rows = self.rows(sql, &[])?;
        let listed = rows.iter().filter_map(|row| {
            let bound = |i: usize| number(row.get(i)?).filter(|n| n.is_finite());
            let bounds = bound(7).zip(bound(8)).zip(bound(9)).zip(bound(10));
            Some(Listed {
                table: text(row.first()?)?,
                geometry: text(row.get(1)?)?,
                kinds: kind_of_name(&text(row.get(2)?).unwrap_or_default()),
                has_z: number(row.get(3)?).is_some_and(|z| z > 0.0),
                crs: crs_of(row.get(4)?, row.get(5)?, row.get(6)?),
                bounds: bounds.map(|(((a, b), c), d)| [a, b, c, d]),
            })
        });
        Ok(listed.collect())
    }

    fn listed_in_geometry_columns(&self) -> rusqlite::Result<Vec<Listed>> {
        let columns = self.columns_of("geometry_columns")?;
        let has = |name: &str| columns.iter().any(|(column, ..)| column.eq_ignore_ascii_case(name));
        let kind = if has("geometry_type") { "geometry_type" } else { "type" };
        let sql = format!("SELECT f_table_name, f_geometry_column, {kind}, srid FROM geometry_columns ORDER BY rowid");
        let rows = self.rows(&sql, &[])?;
        let mut listed = Vec::new();
        for row in &rows {
            let (Some(table), Some(geometry)) = (row.first().and_then(text), row.get(1).and_then(text)) else {
                continue;
            };
            let code = row.get(2).and_then(number).unwrap_or(0.0);
            let kinds = match row.get(2) {
                Some(SqlValue::Text(name)) => kind_of_name(name),
                _ => kind_of_code(code % 1000.0),
            };
            let crs = match row.get(3).and_then(number) {
                Some(srid) => self.crs_of_srid(srid)?,
                None => None,
            };
            listed.push(Listed {
                table,
                geometry,
                kinds,
                has_z: (1000.0..2000.0).contains(&code) || code >= 3000.0,
                crs,
                bounds: None,
            });
        }
        Ok(listed)
    }

    fn crs_of_srid(&self, srid: f64) -> rusqlite::Result<Option<Crs>> {
        if !self.exists("spatial_ref_sys")? {
            return Ok(None);
        }
        let columns = self.columns_of("spatial_ref_sys")?;
        let has = |name: &str| columns.iter().any(|(column, ..)| column.eq_ignore_ascii_case(name));
        let wkt = ["srtext", "srs_wkt"]
            .into_iter()
            .find(|name| has(name))
            .unwrap_or("NULL");
        let sql = format!("SELECT auth_name, auth_srid, {wkt} FROM spatial_ref_sys WHERE srid = ?1");
        let rows = self.rows(&sql, &[&srid])?;
        Ok(rows
            .first()
            .and_then(|row| crs_of(row.first()?, row.get(1)?, row.get(2)?)))
    }

    /// Name, declared type and place in the primary key of every column.
    fn columns_of(&self, table: &str) -> rusqlite::Result<Vec<(String, String, bool)>> {
        let rows = self.rows("SELECT name, type, pk FROM pragma_table_info(?1)", &[&table])?;
        let column = |row: &Vec<SqlValue>| {
            let is_key = row.get(2).and_then(number).is_some_and(|pk| pk > 0.0);
            Some((text(row.first()?)?, text(row.get(1)?).unwrap_or_default(), is_key))
        };
        Ok(rows.iter().filter_map(column).collect())
    }

    fn layer(&mut self, listed: Listed, is_geopackage: bool) -> rusqlite::Result<VectorLayer> {
        let all = self.columns_of(&listed.table)?;
        let mut keys = all.iter().filter(|(.., is_key)| *is_key);
        let key = match (keys.next(), keys.next()) {
            (Some((name, kind, _)), None) if kind.eq_ignore_ascii_case("INTEGER") => Some(name.clone()),
            _ => {
                let probe = format!("SELECT rowid FROM {} LIMIT 1", quoted(&listed.table));
                self.rows(&probe, &[]).is_ok().then(|| "rowid".to_owned())
            }
        };
        let rtree = format!("rtree_{}_{}", listed.table, listed.geometry);
        let is_other = |name: &str| !name.eq_ignore_ascii_case(&listed.geometry) && Some(name) != key.as_deref();
        let columns: Vec<Column> = all
            .iter()
            .filter(|(name, ..)| is_other(name))
            .take(MAX_FIELDS)
            .map(|(name, kind, _)| Column {
                name: name.clone(),
                kind: field_kind(kind),
            })
            .collect();
        let rtree = if is_geopackage && self.exists(&rtree)? {
            Some(rtree)
        } else {
            None
        };
        let sql = format!("SELECT count(*) FROM {}", quoted(&listed.table));
        let count = self
            .rows(&sql, &[])?
            .first()
            .and_then(|row| number(row.first()?))
            .unwrap_or(0.0);
        self.tables.push(Table {
            name: listed.table.clone(),
            geometry: listed.geometry,
            key,
            columns,
            is_geopackage,
            rtree,
        });
        let table = self.tables.last();
        let fields = table.into_iter().flat_map(|table| &table.columns).map(|column| Field {
            name: column.name.clone(),
            kind: column.kind,
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let mut layer = VectorLayer {
            name: listed.table,
            crs: listed.crs,
            crs_name: listed.crs.map(|crs| crs.to_string()),
            kinds: listed.kinds,
            has_z: listed.has_z,
            count: count as u64,
            fields: fields.collect(),
            bounds: listed.bounds,
        };
        if layer.kinds.is_empty() || layer.bounds.is_none() {
            let found = Summary::of(self.features(self.tables.len() - 1, None).take(MAX_WALKED));
            if layer.kinds.is_empty() {
                layer.kinds = found.kinds;
            }
            layer.has_z = layer.has_z || found.has_z;
            layer.bounds = layer.bounds.or(found.bounds);
        }
        Ok(layer)
    }

    /// Features of a layer, those in `window` only where one is given.
    pub(super) fn features(&self, layer: usize, window: Option<Bounds>) -> Features<'_> {
        let Some(table) = self.tables.get(layer) else {
            return Box::new(std::iter::empty());
        };
        let mut batches = Batches::new(self, table, window);
        let batches = std::iter::from_fn(move || batches.next_batch());
        let is_inside = move |feature: &Result<VectorFeature, Problem>| match (window, feature) {
            (Some(window), Ok(feature)) => {
                let bounds = feature.geometry.as_ref().and_then(VectorGeometry::bounds);
                bounds.is_some_and(|bounds| overlaps(bounds, window))
            }
            _ => true,
        };
        Box::new(batches.flatten().filter(is_inside))
    }
}

/// As `rusqlite` does it, but for its panic at text that is not UTF-8.
fn owned(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => SqlValue::Null,
        ValueRef::Integer(number) => SqlValue::Integer(number),
        ValueRef::Real(number) => SqlValue::Real(number),
        ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
    }
}

fn text(value: &SqlValue) -> Option<String> {
    match value {
        SqlValue::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn number(value: &SqlValue) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "codes, counts and coordinates")]
        SqlValue::Integer(number) => Some(*number as f64),
        SqlValue::Real(number) => Some(*number),
        SqlValue::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn crs_of(organization: &SqlValue, code: &SqlValue, definition: &SqlValue) -> Option<Crs> {
    let is_epsg = text(organization).is_some_and(|name| name.trim().eq_ignore_ascii_case("epsg"));
    let code = number(code).filter(|code| (1.0..1e7).contains(code));
    match (is_epsg, code) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 10 million"
        )]
        (true, Some(code)) => Some(Crs(code as u32)),
        _ => crs_name::of_wkt(&text(definition)?),
    }
}

/// A name as SQL takes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn kind_of_name(name: &str) -> BTreeSet<GeometryKind> {
    let kind = match name.trim().to_ascii_uppercase().trim_end_matches([' ', 'Z', 'M']) {
        "CIRCULARSTRING" | "COMPOUNDCURVE" | "CURVE" => Some(GeometryKind::LineString),
        "CURVEPOLYGON" | "SURFACE" => Some(GeometryKind::Polygon),
        "MULTICURVE" => Some(GeometryKind::MultiLineString),
        "MULTISURFACE" => Some(GeometryKind::MultiPolygon),
        word => GeometryKind::of_word(word),
    };
    // A column of collections may hold anything.
    kind.into_iter()
        .filter(|kind| *kind != GeometryKind::GeometryCollection)
        .collect()
}

fn kind_of_code(code: f64) -> BTreeSet<GeometryKind> {
    let names = [
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small code")]
    let at = (code as usize).wrapping_sub(1);
    names.get(at).map(|name| kind_of_name(name)).unwrap_or_default()
}

fn field_kind(declared: &str) -> FieldKind {
    let declared = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if has(&["BOOL"]) {
        FieldKind::Boolean
    } else if has(&["INT"]) {
        FieldKind::Integer
    } else if has(&["REAL", "DOUB", "FLOA", "NUMERIC", "DECIMAL"]) {
        FieldKind::Number
    } else if has(&["CHAR", "TEXT", "CLOB", "DATE", "TIME", "JSON"]) {
        FieldKind::Text
    } else {
        FieldKind::Other
    }
}
