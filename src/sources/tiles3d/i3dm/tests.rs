//! Instanced tiles made by hand: every form of a place, a turn and a size, and tiles that are broken.

#![expect(clippy::float_cmp, reason = "what is read is the very number that was written")]

use super::*;
use crate::geometry::Column;
use bevy::math::DAffine3;
use proptest::prelude::*;

/// A tile with this feature table, batch table and model.
fn tile(features: &str, binary: &[u8], batch: &str, format: u32, model: &[u8]) -> Vec<u8> {
    let size = |n: usize| u32::try_from(n).unwrap();
    let body = [features.as_bytes(), binary, batch.as_bytes(), model].concat();
    let fields = [
        1,
        size(HEADER + body.len()),
        size(features.len()),
        size(binary.len()),
        size(batch.len()),
        0,
        format,
    ];
    let mut bytes = b"i3dm".to_vec();
    bytes.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    bytes.extend(body);
    bytes
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn shorts(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The instances of a tile whose upright frame is turned by a quarter around z.
fn read(bytes: &[u8]) -> Result<Instances, Fault> {
    I3dm::parse(bytes)?.instances(1000, |_| DMat3::from_rotation_z(std::f64::consts::FRAC_PI_2))
}

fn placed(bytes: &[u8]) -> Instances {
    let instances = read(bytes).unwrap();
    assert!(instances.faults.is_empty(), "{:?}", instances.faults);
    instances
}

/// Where instance `i` puts a point of the model.
fn put(instances: &Instances, i: usize, point: [f64; 3]) -> [f64; 3] {
    let point = instances.copies.places[i].transform_point3(DVec3::from_array(point));
    // Nine decimals, and no minus before a zero.
    point.to_array().map(|part| (part * 1e9).round() / 1e9 + 0.0)
}

#[test]
fn positions_come_plain_quantized_and_in_the_json_itself() {
    let plain = tile(
        r#"{"INSTANCES_LENGTH":2,"RTC_CENTER":[100,200,300],"POSITION":{"byteOffset":4}}"#,
        &floats(&[9.0, 1.0, 2.0, 3.0, -1.0, -2.0, -3.0]),
        "",
        1,
        b"glTF",
    );
    let instances = placed(&plain);
    assert_eq!(put(&instances, 0, [0.0; 3]), [1.0, 2.0, 3.0]);
    assert_eq!(put(&instances, 1, [10.0, 0.0, 0.0]), [9.0, -2.0, -3.0]);
    assert_eq!(I3dm::parse(&plain).unwrap().rtc_center, DVec3::new(100.0, 200.0, 300.0));
    let quantized = tile(
        r#"{"INSTANCES_LENGTH":{"byteOffset":0},"QUANTIZED_VOLUME_OFFSET":[10,20,30],"QUANTIZED_VOLUME_SCALE":{"byteOffset":4},
            "POSITION_QUANTIZED":{"byteOffset":16}}"#,
        &[
            &2_u32.to_le_bytes()[..],
            &floats(&[65.535, 131.07, 0.0]),
            &shorts(&[0, 0, 0, 65_535, 1_000, 7]),
        ]
        .concat(),
        "",
        1,
        b"glTF",
    );
    let instances = placed(&quantized);
    assert_eq!(put(&instances, 0, [0.0; 3]), [10.0, 20.0, 30.0]);
    let far = put(&instances, 1, [0.0; 3]);
    assert!(
        (far[0] - 75.535).abs() < 1e-5 && (far[1] - 22.0).abs() < 1e-5,
        "{far:?}"
    );
    let inline = tile(
        r#"{"INSTANCES_LENGTH":1,"POSITION":[0.1,0.2,1e6]}"#,
        b"",
        "",
        1,
        b"glTF",
    );
    assert_eq!(put(&placed(&inline), 0, [0.0; 3]), [0.1, 0.2, 1e6]);
}

#[test]
fn up_and_right_turn_a_model_as_they_say_plain_and_packed() {
    // x to (0,1,0) and y to (0,0,1), so z to (1,0,0).
    let plain = tile(
        r#"{"INSTANCES_LENGTH":1,"EAST_NORTH_UP":true,"POSITION":[5,5,5],"NORMAL_UP":{"byteOffset":0},"NORMAL_RIGHT":{"byteOffset":12}}"#,
        &floats(&[0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        "",
        1,
        b"glTF",
    );
    // (0,0,1) lies in the middle of the unfolded octahedron and (0,1,0) at the middle of its upper side.
    let packed = tile(
        r#"{"INSTANCES_LENGTH":1,"POSITION":[5,5,5],"NORMAL_UP_OCT32P":{"byteOffset":0},"NORMAL_RIGHT_OCT32P":{"byteOffset":4}}"#,
        &shorts(&[32_768, 32_768, 32_768, 65_535]),
        "",
        1,
        b"glTF",
    );
    for (bytes, slack) in [(plain, 1e-9), (packed, 1e-4)] {
        let instances = placed(&bytes);
        for (from, to) in [
            ([1.0, 0.0, 0.0], [5.0, 6.0, 5.0]),
            ([0.0, 1.0, 0.0], [5.0, 5.0, 6.0]),
            ([0.0, 0.0, 1.0], [6.0, 5.0, 5.0]),
        ] {
            let found = DVec3::from_array(put(&instances, 0, from));
            assert!(found.distance(DVec3::from_array(to)) < slack, "{from:?} {found}");
        }
    }
    let lower = from_octahedron(DVec2::new(0.0, 0.0));
    assert!(lower.distance(DVec3::NEG_Z) < 1e-9, "{lower}");
}

#[test]
fn without_directions_a_model_stands_upright_or_as_it_is() {
    let tile_with = |flag: &str| {
        let features = format!(r#"{{"INSTANCES_LENGTH":1,"POSITION":[1,2,3]{flag}}}"#);
        tile(&features, b"", "", 1, b"glTF")
    };
    let upright = placed(&tile_with(r#","EAST_NORTH_UP":true"#));
    assert_eq!(put(&upright, 0, [1.0, 0.0, 0.0]), [1.0, 3.0, 3.0]);
    for flag in [r#","EAST_NORTH_UP":false"#, ""] {
        assert_eq!(put(&placed(&tile_with(flag)), 0, [1.0, 0.0, 0.0]), [2.0, 2.0, 3.0]);
    }
    let flat = tile_with(r#","NORMAL_UP":[0,0,1],"NORMAL_RIGHT":[0,0,2]"#);
    let instances = read(&flat).unwrap();
    assert_eq!(instances.faults.len(), 1, "up and right are the same direction");
    assert_eq!(put(&instances, 0, [1.0, 0.0, 0.0]), [2.0, 2.0, 3.0]);
}

#[test]
fn sizes_multiply_before_the_turn() {
    let bytes = tile(
        r#"{"INSTANCES_LENGTH":1,"EAST_NORTH_UP":true,"POSITION":[0,0,0],"SCALE":[2],"SCALE_NON_UNIFORM":{"byteOffset":0}}"#,
        &floats(&[3.0, 5.0, 7.0]),
        "",
        1,
        b"glTF",
    );
    // Six times along x, then turned to y.
    assert_eq!(put(&placed(&bytes), 0, [1.0, 1.0, 1.0]), [-10.0, 6.0, 14.0]);
}

#[test]
fn batch_ids_of_every_width_name_rows_and_else_each_instance_is_one() {
    for (kind, ids) in [
        ("UNSIGNED_BYTE", vec![2, 0, 2]),
        ("UNSIGNED_SHORT", shorts(&[2, 0, 2])),
        ("", shorts(&[2, 0, 2])),
        (
            "UNSIGNED_INT",
            [2_u32, 0, 2].iter().flat_map(|id| id.to_le_bytes()).collect(),
        ),
    ] {
        let kind = if kind.is_empty() {
            String::new()
        } else {
            format!(r#","componentType":"{kind}""#)
        };
        let features =
            format!(r#"{{"INSTANCES_LENGTH":3,"POSITION":[0,0,0,1,1,1,2,2,2],"BATCH_ID":{{"byteOffset":0{kind}}}}}"#);
        let instances = placed(&tile(&features, &ids, r#"{"name":["a","b","c"]}"#, 1, b"glTF"));
        assert_eq!(instances.copies.rows, [2, 0, 2], "{kind}");
        assert_eq!(instances.table.rows, 3);
        let names = ["a", "b", "c"].map(|name| Some(name.to_owned()));
        assert_eq!(instances.table.column("name"), Some(&Column::Text(names.to_vec())));
    }
    let features = r#"{"INSTANCES_LENGTH":2,"POSITION":[0,0,0,1,1,1]}"#;
    let instances = placed(&tile(features, b"", r#"{"n":[7,8]}"#, 1, b"glTF"));
    assert_eq!((&instances.copies.rows[..], instances.table.rows), (&[0, 1][..], 2));
    let features = r#"{"INSTANCES_LENGTH":2,"POSITION":[0,0,0,1,1,1],"BATCH_ID":[0,9]}"#;
    let instances = read(&tile(features, b"", "", 1, b"glTF")).unwrap();
    assert_eq!((&instances.copies.rows[..], instances.table.rows), (&[0, 1][..], 1));
    assert_eq!(instances.faults.len(), 1, "an id without a feature");
}

#[test]
fn the_model_stands_in_the_tile_or_at_an_address() {
    let features = r#"{"INSTANCES_LENGTH":0}"#;
    let model = |format, bytes: &'static [u8]| {
        let tile = tile(features, b"", "", format, bytes);
        I3dm::parse(&tile).map(|i3dm| match i3dm.model {
            Model::Embedded(bytes) => format!("{} bytes", bytes.len()),
            Model::External(uri) => uri.to_owned(),
        })
    };
    assert_eq!(model(1, b"glTF1234").unwrap(), "8 bytes");
    assert_eq!(model(0, b"models/box.glb  \0").unwrap(), "models/box.glb");
    assert_eq!(model(0, b"glTF1234").unwrap(), "8 bytes", "a GLB is never an address");
    assert!(model(0, b"    ").is_err() && model(0, b"\xff\xfe").is_err() && model(2, b"x").is_err());
    assert_eq!(
        read(&tile(features, b"", "", 1, b"glTF")).unwrap().copies.places.len(),
        0
    );
}

#[test]
fn counts_that_lie_cost_nothing_but_a_line() {
    let fault = |features: &str, binary: &[u8]| read(&tile(features, binary, "", 1, b"glTF")).err();
    let huge = r#"{"INSTANCES_LENGTH":4000000000,"POSITION":{"byteOffset":0}}"#;
    assert!(fault(huge, &floats(&[1.0; 9])).is_some());
    assert!(fault(r#"{"INSTANCES_LENGTH":1}"#, b"").is_some());
    assert!(fault(r#"{"POSITION":[1,2,3]}"#, b"").is_some());
    assert!(fault(r#"{"INSTANCES_LENGTH":-1,"POSITION":[1,2,3]}"#, b"").is_some());
    assert!(fault(r#"{"INSTANCES_LENGTH":2,"POSITION":[1,2,3]}"#, b"").is_some());
    assert!(fault(r#"{"INSTANCES_LENGTH":1,"POSITION":[1,2,"3"]}"#, b"").is_some());
    let far = r#"{"INSTANCES_LENGTH":1,"POSITION":{"byteOffset":18446744073709551615}}"#;
    assert!(fault(far, &floats(&[1.0; 3])).is_some());
    // More than the limit of this test: the first are kept.
    let positions = floats(&vec![1.0; 3 * 1500]);
    let many = r#"{"INSTANCES_LENGTH":1500,"POSITION":{"byteOffset":0}}"#;
    let instances = read(&tile(many, &positions, "", 1, b"glTF")).unwrap();
    assert_eq!((instances.copies.places.len(), instances.faults.len()), (1000, 1));
    let endless = floats(&[f32::NAN, 0.0, 0.0, 1.0, 1.0, 1.0]);
    let instances = read(&tile(
        r#"{"INSTANCES_LENGTH":2,"POSITION":{"byteOffset":0}}"#,
        &endless,
        "",
        1,
        b"glTF",
    ))
    .unwrap();
    assert_eq!((&instances.copies.rows[..], instances.faults.len()), (&[1][..], 1));
}

fn whole_tile() -> Vec<u8> {
    tile(
        r#"{"INSTANCES_LENGTH":2,"POSITION":{"byteOffset":0},"NORMAL_UP":{"byteOffset":24},"NORMAL_RIGHT":{"byteOffset":48},
            "SCALE":{"byteOffset":72},"BATCH_ID":{"byteOffset":80,"componentType":"UNSIGNED_BYTE"}}"#,
        &[floats(&[1.0; 20]), vec![0, 1]].concat(),
        r#"{"id":["a","b"],"h":{"byteOffset":0,"componentType":"FLOAT","type":"SCALAR"}}"#,
        1,
        b"glTF",
    )
}

#[test]
fn a_tile_cut_off_anywhere_is_a_fault() {
    let good = whole_tile();
    assert!(I3dm::parse(&good).is_ok());
    for end in 4..good.len() {
        assert!(I3dm::parse(&good[..end]).is_err(), "{end}");
    }
}

proptest! {
    #[test]
    fn bytes_that_differ_anywhere_never_break_the_reader(
        flips in prop::collection::vec((4..whole_tile().len(), any::<u8>()), 1..12),
    ) {
        let mut bytes = whole_tile();
        for (at, byte) in flips {
            bytes[at] = byte;
        }
        if let Ok(instances) = read(&bytes) {
            let count = instances.copies.places.len();
            prop_assert!(count <= 1000 && instances.copies.rows.len() == count);
            prop_assert!(instances.copies.places.iter().all(DAffine3::is_finite));
            prop_assert!(instances.copies.rows.iter().all(|row| *row <= instances.table.rows));
        }
    }
}
