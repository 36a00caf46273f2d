use super::*;
use crate::sources::codecs::CodecErrorKind;
use draco_core::{EncoderBuffer, EncoderOptions, GeometryAttributeType, MeshEncoder, PointCloudEncoder, PointIndex};
use proptest::prelude::*;

/// Corners along one side of the sheet.
const SIDE: u32 = 5;

/// An attribute with these bytes for each value.
fn attribute_of<const N: usize>(
    kind: GeometryAttributeType,
    components: u8,
    data_type: DataType,
    values: &[[u8; N]],
) -> PointAttribute {
    let mut attribute = PointAttribute::new();
    attribute.init(kind, components, data_type, data_type == DataType::Uint8, values.len());
    for (number, bytes) in values.iter().enumerate() {
        attribute.buffer_mut().write(number * N, bytes);
    }
    attribute
}

fn corner(number: u32) -> [f32; 3] {
    let part = |n: u32| f32::from(u8::try_from(n).unwrap());
    [part(number % SIDE), part(number / SIDE), 0.5]
}

fn position_bytes() -> Vec<[u8; 12]> {
    let bytes = |n| corner(n).map(f32::to_le_bytes).concat().try_into().unwrap();
    (0..SIDE * SIDE).map(bytes).collect()
}

fn color_bytes() -> Vec<[u8; 3]> {
    (0..SIDE * SIDE)
        .map(|n| [u8::try_from(10 * n).unwrap(), 255, 0])
        .collect()
}

/// A sheet of 4 by 4 squares, positions under id 0 and colours under id 1, written by the encoder of the same crate:
/// in sequence for `method` 0, as Edgebreaker does for 1.
fn sheet(method: i32) -> Vec<u8> {
    let mut mesh = Mesh::new();
    mesh.add_attribute(attribute_of(
        GeometryAttributeType::Position,
        3,
        DataType::Float32,
        &position_bytes(),
    ));
    mesh.add_attribute(attribute_of(
        GeometryAttributeType::Color,
        3,
        DataType::Uint8,
        &color_bytes(),
    ));
    for y in 0..SIDE - 1 {
        for x in 0..SIDE - 1 {
            let a = y * SIDE + x;
            for face in [[a, a + 1, a + SIDE], [a + 1, a + SIDE + 1, a + SIDE]] {
                mesh.add_face(face.map(PointIndex));
            }
        }
    }
    let mut encoder = MeshEncoder::new();
    encoder.set_mesh(mesh);
    let mut options = EncoderOptions::new();
    options.set_global_int("encoding_method", method);
    options.set_attribute_int(0, "quantization_bits", 14);
    let mut buffer = EncoderBuffer::new();
    encoder.encode(&options, &mut buffer).unwrap();
    buffer.data().to_vec()
}

fn cloud() -> Vec<u8> {
    let mut cloud = PointCloud::new();
    cloud.add_attribute(attribute_of(
        GeometryAttributeType::Position,
        3,
        DataType::Float32,
        &position_bytes(),
    ));
    cloud.add_attribute(attribute_of(
        GeometryAttributeType::Color,
        3,
        DataType::Uint8,
        &color_bytes(),
    ));
    let mut encoder = PointCloudEncoder::new();
    encoder.set_point_cloud(cloud);
    let mut buffer = EncoderBuffer::new();
    encoder.encode(&EncoderOptions::new(), &mut buffer).unwrap();
    buffer.data().to_vec()
}

/// Twice the area of all triangles, and the first colour of each corner by its place.
fn measured(mesh: &DracoMesh) -> (f32, usize) {
    let positions = mesh.column(0).unwrap();
    let colors = mesh.column(1).unwrap();
    assert_eq!((positions.components, positions.largest), (3, None));
    assert_eq!((colors.components, colors.largest), (3, Some(255.0)));
    let at = |point: u32| &positions.values[3 * point as usize..3 * point as usize + 3];
    let indices = mesh.indices();
    let area = indices.chunks(3).map(|t| {
        let (a, b, c) = (at(t[0]), at(t[1]), at(t[2]));
        ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).abs()
    });
    let right = (0..mesh.points()).filter(|point| {
        let (p, c) = (&positions.values[3 * point..], &colors.values[3 * point..]);
        let expected = 10.0 * (p[0].round() + 5.0 * p[1].round());
        (p[2] - 0.5).abs() < 1e-3 && (c[0] - expected).abs() < 0.5 && (c[1] - 255.0).abs() < 0.5
    });
    (area.sum(), right.count())
}

#[test]
fn both_ways_of_writing_a_mesh_are_read() {
    for method in [0, 1] {
        let mesh = DracoMesh::decode(&sheet(method), 1000).unwrap();
        assert_eq!((mesh.points(), mesh.triangles()), (25, 32), "method {method}");
        let (area, right) = measured(&mesh);
        assert!((area - 32.0).abs() < 0.01, "method {method}: {area}");
        assert_eq!(right, 25, "method {method}");
        assert_eq!((mesh.components(1), mesh.components(7)), (3, 0));
        assert!(mesh.column(7).unwrap_err().message.contains("no attribute 7"));
    }
}

#[test]
fn a_mesh_above_its_cap_is_refused() {
    for method in [0, 1] {
        let error = DracoMesh::decode(&sheet(method), 10).err().unwrap();
        assert_eq!(error.kind, CodecErrorKind::TooLarge, "{}", error.message);
    }
}

#[test]
fn points_come_in_the_columns_that_were_asked_for() {
    let points = decode_points(&cloud(), &[(1, 3), (0, 3), (1, 4)]).unwrap();
    assert_eq!((points.count, points.columns.len()), (25, 3));
    let [colors, positions, wide] = &points.columns[..] else {
        panic!()
    };
    assert_eq!((colors.len(), positions.len(), wide.len()), (75, 75, 100));
    for point in 0..25 {
        let p = &positions[3 * point..];
        let expected = 10.0 * (p[0].round() + 5.0 * p[1].round());
        assert!((colors[3 * point] - expected).abs() < 0.5, "point {point}");
        assert_eq!(wide[4 * point + 1..4 * point + 4], [255.0, 0.0, 0.0]);
    }
    assert!(
        decode_points(&cloud(), &[(9, 1)])
            .unwrap_err()
            .contains("no attribute 9")
    );
    assert!(decode_points(&cloud(), &[(0, usize::MAX)]).is_err());
    assert!(decode_points(&cloud(), &[(0, usize::MAX), (1, 2)]).is_err());
    assert!(decode_points(b"DRACO", &[]).is_err());
}

#[test]
fn what_is_no_stream_of_points_is_said_in_words() {
    for bytes in [
        &b""[..],
        b"DRACO",
        b"DRACO\x02\x02\x00\x01\x00\x00\xff\xff\xff\xff\x00",
        &[0; 64],
    ] {
        let message = decode_points(bytes, &[(0, 3)]).err().unwrap();
        assert!(message.contains("Draco"), "{message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damage_is_an_error_or_a_mesh_within_its_caps(
        method in 0_i32..2,
        hits in prop::collection::vec((0_usize..300, any::<u8>()), 1..8),
        keep in 0.3_f64..1.0,
    ) {
        let mut bytes = sheet(method);
        for (at, value) in &hits {
            let at = at % bytes.len();
            bytes[at] = *value;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a few bytes")]
        let kept = (bytes.len() as f64 * keep) as usize;
        bytes.truncate(if hits.len() % 2 == 0 { bytes.len() } else { kept });
        match DracoMesh::decode(&bytes, 1000) {
            Ok(mesh) => {
                prop_assert!(mesh.points() <= 1000 && mesh.triangles() <= 1000);
                if let Ok(column) = mesh.column(0) {
                    prop_assert_eq!(column.values.len(), mesh.points() * column.components);
                }
            }
            Err(error) => prop_assert!(!error.message.contains('\n')),
        }
        let points = decode_points(&bytes, &[(0, 3)]);
        prop_assert!(points.is_err() || points.is_ok_and(|points| points.columns[0].len() == 3 * points.count));
    }
}
