//! Metadata of glTF in the corpus: samples and files with defects.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use crate::bad_input::decode_file;
use crate::corpus;
use crate::feature_textures::{here, met, only};
use serde_json::Value as Json;
use stadslens::geometry::Value;
use std::{collections::BTreeMap, path::Path};

/// Files of the validator with one defect each, and whether it costs anything here.
const DEFECTS: [(&str, bool); 28] = [
    ("meshFeatures/FeatureIdAttributeAttributeInvalidType", true),
    ("meshFeatures/FeatureIdAttributeAttributeInvalidValue", true),
    ("meshFeatures/FeatureIdAttributeFeatureCountInvalidValue", true),
    ("meshFeatures/FeatureIdAttributeLabelInvalidType", false),
    ("meshFeatures/FeatureIdAttributeNullFeatureIdInvalidType", false),
    ("meshFeatures/FeatureIdTextureTextureChannelsInvalidElementType", true),
    ("meshFeatures/FeatureIdTextureTextureChannelsInvalidType", true),
    ("meshFeatures/FeatureIdTextureTextureChannelsTooManyElements", true),
    ("meshFeatures/FeatureIdTextureTextureTexCoordInvalidType", true),
    ("meshFeatures/FeatureIdTextureTextureTexCoordInvalidValue", true),
    ("structuralMetadata/PropertyAttributesClassPropertyArray", true),
    (
        "structuralMetadata/PropertyAttributesClassPropertyInvalidEnumValueType",
        false,
    ),
    (
        "structuralMetadata/PropertyAttributesMeshPrimitivePropertyAttributesInvalidElementType",
        true,
    ),
    (
        "structuralMetadata/PropertyAttributesMeshPrimitivePropertyAttributesInvalidLength",
        false,
    ),
    (
        "structuralMetadata/PropertyAttributesMeshPrimitivePropertyAttributesInvalidType",
        true,
    ),
    (
        "structuralMetadata/PropertyAttributesPropertyAttributePropertyInvalidAttribute",
        true,
    ),
    (
        "structuralMetadata/PropertyAttributesPropertyAttributePropertyMaxMismatch",
        false,
    ),
    (
        "structuralMetadata/PropertyAttributesPropertyAttributePropertyMinNotInRange",
        false,
    ),
    (
        "structuralMetadata/PropertyTextureClassPropertyWithOffsetScaleMinNotInRange",
        false,
    ),
    ("structuralMetadata/PropertyTextureEnumsInvalidEnumValue", false),
    (
        "structuralMetadata/PropertyTextureMeshPrimitivePropertyTextureTexCoordInvalidValue",
        true,
    ),
    (
        "structuralMetadata/PropertyTextureMeshPrimitivePropertyTexturesInvalidElementType",
        true,
    ),
    (
        "structuralMetadata/PropertyTextureMeshPrimitivePropertyTexturesInvalidLength",
        false,
    ),
    ("structuralMetadata/PropertyTexturePropertyIndexInvalidValue", true),
    ("structuralMetadata/PropertyTexturePropertyTexCoordInvalidValue", true),
    (
        "structuralMetadata/PropertyTexturePropertyTexturePropertyMaxMismatch",
        false,
    ),
    (
        "structuralMetadata/PropertyTexturePropertyTexturePropertyMinMismatch",
        false,
    ),
    ("structuralMetadata/StructuralMetadataSchemaAndSchemaUri", false),
];

#[test]
fn metadata_with_defects_is_drawn_and_told_in_one_line() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("invalid/validator/gltfExtensions");
    for (name, is_told) in DEFECTS {
        let content = decode_file(&folder.join(format!("{name}.gltf"))).unwrap_or_else(|problem| panic!("{problem}"));
        assert!(!content.meshes.is_empty(), "{name}");
        let told: Vec<String> = content.problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), usize::from(is_told), "{name}: {told:?}");
    }
}

/// The picture in a view of a GLB.
fn picture_of(path: &Path, view: usize) -> image::RgbaImage {
    let bytes = std::fs::read(path).unwrap();
    let length = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let json: Json = serde_json::from_slice(&bytes[20..20 + length(12)]).unwrap();
    let place = |key: &str| usize::try_from(json["bufferViews"][view][key].as_u64().unwrap_or(0)).unwrap();
    let start = 28 + length(12) + place("byteOffset");
    image::load_from_memory(&bytes[start..start + place("byteLength")])
        .unwrap()
        .into_rgba8()
}

#[test]
fn the_samples_of_the_corpus_say_what_their_pictures_say() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("invalid/validator/gltfExtensions/meshFeatures");
    let ids = picture_of(&folder.join("ValidFeatureIdTexture.glb"), 5);
    for name in [
        "ValidFeatureIdTexture.glb",
        "ValidFeatureIdTexture.gltf",
        "ValidFeatureIdTextureUsingDefaultChannels.gltf",
    ] {
        let content = decode_file(&folder.join(name)).unwrap();
        assert!(content.problems.is_empty(), "{name}: {:?}", content.problems);
        assert_eq!(content.features.rows, 4, "{name}");
        let mut rows = BTreeMap::new();
        for (x, y, texel) in ids.enumerate_pixels() {
            // The square of one metre has v 0 at its top.
            let at = |place: u32| (f32::from(u16::try_from(place).unwrap()) + 0.5) / 16.0;
            let hit = met(&content, at(x), 1.0 - at(y));
            assert_eq!(hit.feature, u32::from(texel[0]).min(4), "{name}: {x} {y}");
            *rows.entry(hit.feature).or_insert(0) += 1;
        }
        assert!(rows.len() > 2, "{name}: {rows:?}");
    }
    for (name, null) in [
        ("ValidFeatureIdAttributeWithByteStride.glb", None),
        ("ValidFeatureIdAttributeWithLargerFeatureCount.gltf", None),
        ("ValidFeatureIdAttributeWithNullFeatureId.gltf", Some(2)),
    ] {
        let content = decode_file(&folder.join(name)).unwrap();
        assert!(content.problems.is_empty(), "{name}: {:?}", content.problems);
        let (mesh, _) = only(&content);
        let has = |row: u32| mesh.features.contains(&row);
        assert!(
            has(0) && has(1) && null.is_none_or(|null| !has(null)),
            "{name}: {:?}",
            mesh.features
        );
    }
    let sample = corpus.join("tiles/samples-gltf/EXT_structural_metadata-MultipleFeatureIdsAndProperties");
    let content = decode_file(&sample.join("MultipleFeatureIdsAndProperties.gltf")).unwrap();
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    // Both sets name the same table, and its second row for some corners and others for the others.
    let mut pairs = BTreeMap::new();
    for (x, y) in [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)] {
        let own = content
            .features
            .value(met(&content, x, y).feature, "example_STRING")
            .unwrap();
        let told = here(&content, x, y);
        assert_eq!(told.len(), 2);
        let other = told["Example property table: example_STRING"].clone();
        pairs.insert(format!("{own:?} {other:?}"), (own, other));
    }
    assert_eq!(pairs.len(), 4, "{pairs:?}");
    // Two tables of two classes.
    let folder = corpus.join("invalid/validator/gltfExtensions/structuralMetadata");
    let content = decode_file(&folder.join("ValidMultipleClasses.gltf")).unwrap();
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    let told = here(&content, 0.2, 0.2);
    let names: Vec<&str> = told.keys().map(String::as_str).collect();
    let name = |property: &str| format!("Second example property table: example_{property}");
    assert_eq!(names, [name("FLOAT64"), name("UINT16")]);
    let sample = corpus.join("tiles/samples-gltf/EXT_structural_metadata-SimplePropertyTexture");
    let content = decode_file(&sample.join("SimplePropertyTexture.gltf")).unwrap();
    assert!(content.problems.is_empty(), "{:?}", content.problems);
    let told = here(&content, 0.1, 0.1);
    let names: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(names, ["insideTemperature", "insulation", "outsideTemperature"]);
    let mut seen = BTreeMap::new();
    for step in 0..16_u16 {
        let at = (f32::from(step) + 0.5) / 16.0;
        let told = here(&content, at, at);
        let Value::Float(insulation) = told["insulation"] else {
            panic!("{told:?}")
        };
        assert!((0.0..=1.0).contains(&insulation), "{told:?}");
        let Value::Int(inside) = told["insideTemperature"] else {
            panic!("{told:?}")
        };
        *seen.entry(inside).or_insert(0) += 1;
    }
    assert!(seen.len() > 1, "{seen:?}");
}
