//! Values that lie on a surface or on points and not on their features: read from a picture, from the corners or from
//! another table where somebody points.

use super::{FeatureTable, OtherRows, RowSource, TexelProperty, Texels, Value, VertexProperty};
use std::sync::Arc;

/// Triangles, or points, with what lies on them.
#[derive(Debug, Clone, Default)]
pub struct Surface {
    /// How many triangles or points.
    pub count: usize,
    /// The vertices of each triangle; empty where nothing stands at vertices, and for points, each of which is a vertex.
    pub corners: Vec<[u32; 3]>,
    /// Sets of texture coordinates, each with those of the three corners of every triangle.
    pub uvs: Vec<Vec<[[f32; 2]; 3]>>,
    /// Properties in pictures.
    pub properties: Vec<TexelProperty>,
    /// Properties at vertices.
    pub numbers: Vec<VertexProperty>,
    /// Rows of other tables.
    pub rows: Vec<OtherRows>,
}

impl Surface {
    /// Adds names and values at a place on a triangle, or of a point.
    fn tell(&self, number: usize, weights: [f32; 3], found: &mut Vec<(String, Value)>) {
        let uv = |set: usize| {
            let corners = self.uvs.get(set)?.get(number)?;
            let part = |axis: usize| (0..3).map(|corner| corners[corner][axis] * weights[corner]).sum();
            Some([part(0), part(1)])
        };
        let in_picture = |property: &TexelProperty| Some((property.name.clone(), property.value(uv(property.uv_set)?)));
        found.extend(self.properties.iter().filter_map(in_picture));
        let corners = self.corners.get(number);
        let vertices = corners.map_or([number; 3], |corners| corners.map(|corner| corner as usize));
        let at_corners = |property: &VertexProperty| Some((property.name.clone(), property.value(vertices, weights)?));
        found.extend(self.numbers.iter().filter_map(at_corners));
        for set in &self.rows {
            let row = match &set.source {
                RowSource::Each(_) => set.of_each(vertices[nearest(weights)]),
                RowSource::Picture { uv_set, .. } => uv(*uv_set).and_then(|uv| set.source.at_uv(uv)),
            };
            if let Some(row) = row {
                set.tell(row, found);
            }
        }
    }

    fn bytes(&self) -> u64 {
        let uvs: usize = self.uvs.iter().map(|uvs| size_of_val(&**uvs)).sum();
        let own = uvs + size_of_val(&*self.properties) + size_of_val(&*self.corners);
        let numbers: u64 = self.numbers.iter().map(VertexProperty::bytes).sum();
        let rows: u64 = self.rows.iter().map(OtherRows::bytes).sum();
        own as u64 + numbers + rows
    }
}

/// The corner that weighs most.
pub fn nearest(weights: [f32; 3]) -> usize {
    let largest = (0..3).max_by(|a, b| weights[*a].total_cmp(&weights[*b]));
    largest.unwrap_or(0)
}

/// Triangles of a mesh, or points, that show a surface.
#[derive(Debug, Clone)]
pub struct SurfaceSpan {
    /// Number in the mesh of the first of its triangles, or of the first of its points; the others follow.
    pub first: u32,
    /// Whether the mesh has the second and the third corner of each triangle in the other order.
    pub is_mirrored: bool,
    /// Which surface; copies of a model show the same one.
    pub surface: Arc<Surface>,
    /// Which of the copies it is, with rows of other tables for each; `None` where copies have none.
    pub copy: Option<(Arc<[OtherRows]>, u32)>,
}

/// What lies on the surfaces of a mesh, or on points.
#[derive(Debug, Clone, Default)]
pub struct SurfaceValues(Vec<SurfaceSpan>);

impl SurfaceValues {
    /// Adds triangles or points behind those that are there.
    pub fn push(&mut self, span: SurfaceSpan) {
        self.0.push(span);
    }

    /// Adds the triangles or points of some spans behind those that are there.
    pub fn extend(&mut self, spans: impl IntoIterator<Item = SurfaceSpan>) {
        self.0.extend(spans);
    }

    /// Whether nothing lies on it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values at a place on triangle `number` of the mesh, which is the mean of its corners with these
    /// `weights`.
    pub fn at(&self, number: u32, weights: [f32; 3]) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        let behind = self.0.partition_point(|span| span.first <= number);
        let Some(span) = behind.checked_sub(1).and_then(|place| self.0.get(place)) else {
            return found;
        };
        let number = (number - span.first) as usize;
        if number >= span.surface.count {
            return found;
        }
        let [a, b, c] = weights;
        let weights = if span.is_mirrored { [a, c, b] } else { [a, b, c] };
        span.surface.tell(number, weights, &mut found);
        if let Some((sets, copy)) = &span.copy {
            for set in sets.iter() {
                if let Some(row) = set.of_each(*copy as usize) {
                    set.tell(row, &mut found);
                }
            }
        }
        found
    }

    /// Names and values of point `number`.
    pub fn of_point(&self, number: u32) -> Vec<(String, Value)> {
        self.at(number, [1.0, 0.0, 0.0])
    }

    /// Bytes held in memory; what several triangles share counts once.
    pub fn bytes(&self) -> u64 {
        Self::bytes_together([self])
    }

    /// Bytes that the values of several meshes hold in memory together; what meshes share counts once.
    pub fn bytes_together<'a>(meshes: impl IntoIterator<Item = &'a Self>) -> u64 {
        let spans: Vec<&SurfaceSpan> = meshes.into_iter().flat_map(|values| &values.0).collect();
        let surfaces = each_once(spans.iter().map(|span| &span.surface).collect());
        let of_copies = each_once(spans.iter().filter_map(|span| Some(&span.copy.as_ref()?.0)).collect());
        let rows = || {
            let of_surfaces = surfaces.iter().flat_map(|surface| &surface.rows);
            of_surfaces.chain(of_copies.iter().flat_map(|sets| sets.iter()))
        };
        let tables: Vec<&Arc<FeatureTable>> = rows().filter_map(|set| set.table.as_ref()).collect();
        let properties = surfaces.iter().flat_map(|surface| &surface.properties);
        let with_rows = rows().filter_map(|set| match &set.source {
            RowSource::Picture { texels, .. } => Some(texels),
            RowSource::Each(_) => None,
        });
        let pictures: Vec<&Arc<Texels>> = properties.map(|property| &property.texels).chain(with_rows).collect();
        let own: u64 = surfaces.iter().map(|surface| surface.bytes()).sum();
        let copied: u64 = of_copies
            .iter()
            .flat_map(|sets| sets.iter())
            .map(OtherRows::bytes)
            .sum();
        let shown: u64 = each_once(pictures).iter().map(|picture| picture.bytes()).sum();
        let told: u64 = each_once(tables).iter().map(|table| table.bytes()).sum();
        own + copied + shown + told + (spans.len() * size_of::<SurfaceSpan>()) as u64
    }
}

/// What several share, once.
fn each_once<T: ?Sized>(mut shared: Vec<&Arc<T>>) -> Vec<&Arc<T>> {
    shared.sort_by_key(|one| Arc::as_ptr(one).cast::<()>());
    shared.dedup_by(|a, b| Arc::ptr_eq(a, b));
    shared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Column, ReadCorners, ReadTexel, Wrap};

    /// Four by two texels that hold their own numbers in the first byte, and 9 in the second.
    fn numbered() -> Arc<Texels> {
        let bytes = (0..8).flat_map(|number| [number, 9, 0, 255]).collect();
        Arc::new(Texels::new(4, 2, bytes).unwrap())
    }

    /// All bytes as one number, the first the least.
    #[derive(Debug)]
    struct Plain;

    impl ReadTexel for Plain {
        fn value(&self, bytes: &[u8]) -> Value {
            Value::Int(bytes.iter().rev().fold(0, |sum, byte| sum * 256 + i64::from(*byte)))
        }
    }

    fn values() -> SurfaceValues {
        let property = |name: &str, channels: &[u8]| TexelProperty {
            name: name.to_owned(),
            texels: numbered(),
            wrap: [Wrap::Repeat; 2],
            channels: channels.to_vec(),
            reader: Arc::new(Plain),
            uv_set: 0,
        };
        let surface = Arc::new(Surface {
            count: 2,
            uvs: vec![vec![
                [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]],
                [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
            ]],
            properties: vec![property("n", &[0]), property("wide", &[1, 0])],
            ..Surface::default()
        });
        let mut values = SurfaceValues::default();
        for (first, is_mirrored) in [(3, false), (5, true)] {
            let surface = surface.clone();
            values.push(SurfaceSpan {
                first,
                is_mirrored,
                surface,
                copy: None,
            });
        }
        values
    }

    #[test]
    fn the_place_between_the_corners_tells_the_texel() {
        let values = values();
        let near_second = [0.2, 0.7, 0.1];
        let told = |triangle| values.at(triangle, near_second);
        // u 0.7 and v 0.1: the third texel of the first row.
        let wanted = vec![
            ("n".to_owned(), Value::Int(2)),
            ("wide".to_owned(), Value::Int(9 + 2 * 256)),
        ];
        assert_eq!(told(3), wanted);
        // u 0.9 and v 0.8: the last of the second row.
        assert_eq!(told(4)[0].1, Value::Int(7));
        // A mirrored copy: u 0.1 and v 0.7.
        assert_eq!(told(5)[0].1, Value::Int(4));
        for other in [0, 2, 7, u32::MAX] {
            assert!(told(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn what_copies_share_is_counted_once() {
        let values = values();
        let surface = 2 * 24 + 2 * size_of::<TexelProperty>();
        let pictures = 2 * 32;
        let expected = surface + pictures + 2 * size_of::<SurfaceSpan>();
        assert_eq!(values.bytes(), expected as u64);
        assert!(!values.is_empty() && SurfaceValues::default().is_empty());
        // Two meshes, the second with a surface of its own that shows the same pictures.
        let mut second = SurfaceValues::default();
        second.push(SurfaceSpan {
            surface: Arc::new(Surface::clone(&values.0[0].surface)),
            ..values.0[0].clone()
        });
        let more = surface + size_of::<SurfaceSpan>();
        assert_eq!(
            SurfaceValues::bytes_together([&values, &second]),
            (expected + more) as u64
        );
    }

    /// The numbers of the corner that weighs most.
    #[derive(Debug)]
    struct Nearest;

    impl ReadCorners for Nearest {
        fn value(&self, corners: [&[f32]; 3], weights: [f32; 3]) -> Value {
            let numbers = corners[nearest(weights)].iter();
            Value::List(numbers.map(|number| Value::Float(f64::from(*number))).collect())
        }
    }

    fn set(name: &str, source: RowSource, table: &Arc<FeatureTable>) -> OtherRows {
        OtherRows {
            name: name.to_owned(),
            source,
            table: Some(table.clone()),
        }
    }

    /// A table of `rows` rows that says the number of each.
    fn table(rows: u32) -> Arc<FeatureTable> {
        Arc::new(FeatureTable {
            rows,
            class: None,
            columns: vec![("n".to_owned(), Column::Int((0..i64::from(rows)).collect()))],
        })
    }

    fn surface(table: &Arc<FeatureTable>) -> Surface {
        let in_picture = RowSource::Picture {
            texels: numbered(),
            wrap: [Wrap::Repeat; 2],
            channels: vec![0],
            null: None,
            uv_set: 0,
        };
        Surface {
            count: 2,
            corners: vec![[0, 1, 2], [2, 1, 3]],
            uvs: vec![vec![[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]; 2]],
            properties: Vec::new(),
            numbers: vec![VertexProperty {
                name: "way".to_owned(),
                width: 2,
                numbers: (0..8_u8).map(f32::from).collect(),
                reader: Arc::new(Nearest),
            }],
            rows: vec![
                set("corner", RowSource::Each(vec![3, 2, 1, u32::MAX]), table),
                set("texel", in_picture, table),
            ],
        }
    }

    #[test]
    fn a_place_has_the_row_of_its_nearest_corner_of_its_texel_and_of_its_copy() {
        let table = table(8);
        let surface = Arc::new(surface(&table));
        let copies: Arc<[OtherRows]> = vec![set("copy", RowSource::Each(vec![5, 6]), &table)].into();
        let mut values = SurfaceValues::default();
        for copy in 0..2 {
            values.push(SurfaceSpan {
                first: 2 * copy,
                is_mirrored: copy == 1,
                surface: surface.clone(),
                copy: Some((copies.clone(), copy)),
            });
        }
        let told = |triangle: u32, weights: [f32; 3]| -> Vec<String> {
            let found = values.at(triangle, weights);
            let line = |(name, value): &(String, Value)| match value {
                Value::Int(number) => format!("{name} {number}"),
                other => format!("{name} {}", serde_json::to_string(other).unwrap()),
            };
            found.iter().map(line).collect()
        };
        // u 0.7 and v 0.1: the third texel of the first row.
        assert_eq!(
            told(0, [0.2, 0.7, 0.1]),
            ["way [2.0,3.0]", "corner: n 2", "texel: n 2", "copy: n 5"]
        );
        // The last vertex has no row; u 0.1 and v 0.8: the first texel of the second row.
        assert_eq!(told(1, [0.1, 0.1, 0.8]), ["way [6.0,7.0]", "texel: n 4", "copy: n 5"]);
        // Mirrored: the second and the third corner change places.
        assert_eq!(
            told(2, [0.2, 0.1, 0.7]),
            ["way [2.0,3.0]", "corner: n 2", "texel: n 2", "copy: n 6"]
        );
        assert!(told(4, [1.0, 0.0, 0.0]).is_empty());
        let bytes = size_of_val(&*surface.corners)
            + 2 * 24
            + size_of::<VertexProperty>()
            + 8 * 4
            + 3 * size_of::<OtherRows>()
            + (4 + 2) * 4
            + 32
            + 8 * 8
            + 2 * size_of::<SurfaceSpan>();
        assert_eq!(values.bytes(), bytes as u64, "the table and the picture once");
    }

    #[test]
    fn points_are_their_own_vertices() {
        let table = table(4);
        let surface = Arc::new(Surface {
            corners: Vec::new(),
            count: 4,
            ..surface(&table)
        });
        let mut values = SurfaceValues::default();
        values.push(SurfaceSpan {
            first: 10,
            is_mirrored: false,
            surface,
            copy: None,
        });
        let told: Vec<String> = values.of_point(11).into_iter().map(|(name, _)| name).collect();
        assert_eq!(told, ["way", "corner: n", "texel: n"]);
        assert_eq!(values.of_point(11)[1].1, Value::Int(2));
        assert!(values.of_point(14).is_empty() && values.of_point(9).is_empty());
    }
}
