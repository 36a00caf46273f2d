//! What the vertices of a surface say beside their feature: numbers of properties, and rows of other tables than that of
//! the features.

use super::{FeatureTable, Texels, Value, Wrap};
use std::{fmt::Debug, sync::Arc};

/// Makes a value of the numbers at the corners of a triangle.
pub trait ReadCorners: Debug + Send + Sync {
    /// The value at the mean of the corners with these weights; each corner has as many numbers as the property.
    fn value(&self, corners: [&[f32]; 3], weights: [f32; 3]) -> Value;
}

/// One property whose numbers stand at vertices.
#[derive(Debug, Clone)]
pub struct VertexProperty {
    /// Name.
    pub name: String,
    /// Numbers of one vertex.
    pub width: usize,
    /// So many for each vertex.
    pub numbers: Vec<f32>,
    /// What they stand for.
    pub reader: Arc<dyn ReadCorners>,
}

impl VertexProperty {
    /// The value between three vertices; `None` where one of them is not there.
    pub(super) fn value(&self, vertices: [usize; 3], weights: [f32; 3]) -> Option<Value> {
        let of = |vertex: usize| {
            let start = vertex.checked_mul(self.width)?;
            self.numbers.get(start..start.checked_add(self.width)?)
        };
        let [a, b, c] = vertices;
        Some(self.reader.value([of(a)?, of(b)?, of(c)?], weights))
    }

    pub(super) fn bytes(&self) -> u64 {
        (size_of::<Self>() + size_of_val(&*self.numbers)) as u64
    }
}

/// Which row of another table each place belongs to.
#[derive(Debug, Clone)]
pub struct OtherRows {
    /// What stands before the names of its values.
    pub name: String,
    /// Where the rows stand.
    pub source: RowSource,
    /// The table; without one the row itself is what is known.
    pub table: Option<Arc<FeatureTable>>,
}

/// Where the rows of a set stand.
#[derive(Debug, Clone)]
pub enum RowSource {
    /// One for each vertex, or for each copy; [`u32::MAX`] for none.
    Each(Vec<u32>),
    /// In a picture.
    Picture {
        /// The picture.
        texels: Arc<Texels>,
        /// What lies beyond its edges.
        wrap: [Wrap; 2],
        /// Which bytes of a texel, 0 to 3, the least of them first.
        channels: Vec<u8>,
        /// This number means "none".
        null: Option<u32>,
        /// Which of the texture coordinates of its surface.
        uv_set: usize,
    },
}

impl OtherRows {
    /// The row of vertex or copy `number`, where each has one.
    pub(super) fn of_each(&self, number: usize) -> Option<u32> {
        match &self.source {
            RowSource::Each(rows) => rows.get(number).copied(),
            RowSource::Picture { .. } => None,
        }
    }

    /// Adds what is known of a row to the names and values in `found`.
    pub(super) fn tell(&self, row: u32, found: &mut Vec<(String, Value)>) {
        let name = &self.name;
        match &self.table {
            _ if row == u32::MAX => {}
            None => found.push((name.clone(), Value::Int(row.into()))),
            Some(table) => {
                let attributes = table.attributes(row).into_iter();
                found.extend(attributes.map(|(property, value)| (format!("{name}: {property}"), value)));
            }
        }
    }

    /// Bytes held in memory, those of tables and pictures not counted.
    pub(super) fn bytes(&self) -> u64 {
        let rows = match &self.source {
            RowSource::Each(rows) => size_of_val(&**rows),
            RowSource::Picture { .. } => 0,
        };
        (size_of::<Self>() + rows) as u64
    }
}

impl RowSource {
    /// The row at texture coordinates, where the rows stand in a picture.
    pub fn at_uv(&self, uv: [f32; 2]) -> Option<u32> {
        let Self::Picture {
            texels,
            wrap,
            channels,
            null,
            ..
        } = self
        else {
            return None;
        };
        let texel = texels.at_uv(uv, *wrap)?;
        let byte = |channel: &u8| u32::from(texel.get(usize::from(*channel)).copied().unwrap_or(0));
        let row = channels.iter().rev().fold(0, |row, channel| row << 8 | byte(channel));
        Some(row).filter(|row| Some(*row) != *null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Column;

    fn told(set: &OtherRows, row: u32) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        set.tell(row, &mut found);
        found
    }

    #[test]
    fn a_row_is_told_with_the_name_of_its_set() {
        let table = FeatureTable {
            rows: 2,
            class: None,
            columns: vec![("height".to_owned(), Column::Int(vec![3, 7]))],
        };
        let with_table = OtherRows {
            name: "roof".to_owned(),
            source: RowSource::Each(vec![1, u32::MAX]),
            table: Some(Arc::new(table)),
        };
        assert_eq!((with_table.of_each(0), with_table.of_each(2)), (Some(1), None));
        assert_eq!(told(&with_table, 1), [("roof: height".to_owned(), Value::Int(7))]);
        for none in [2, u32::MAX] {
            assert!(told(&with_table, none).is_empty(), "{none}");
        }
        let alone = OtherRows {
            table: None,
            ..with_table
        };
        assert_eq!(told(&alone, 5), [("roof".to_owned(), Value::Int(5))]);
        assert!(told(&alone, u32::MAX).is_empty());
    }

    #[test]
    fn a_picture_tells_the_row_of_its_texel() {
        let texels = Texels::new(2, 1, vec![1, 2, 0, 0, 9, 0, 0, 0]).unwrap();
        let source = RowSource::Picture {
            texels: Arc::new(texels),
            wrap: [Wrap::Clamp; 2],
            channels: vec![0, 1],
            null: Some(9),
            uv_set: 0,
        };
        assert_eq!(source.at_uv([0.1, 0.5]), Some(1 + 2 * 256));
        assert_eq!(source.at_uv([0.9, 0.5]), None);
        assert_eq!(source.at_uv([f32::NAN, 0.5]), None);
    }
}
