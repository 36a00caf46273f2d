//! What the metadata extensions of a file say of its primitives, read once for all of them: pictures with feature ids,
//! property textures and property attributes.

use super::{
    Fault,
    accessor::Views,
    carried::{Carried, Extent, MAX_UV_SETS},
    copies::Budget,
    cut::{Effort, MAX_CUTS, RowGrid, cut},
    data::PrimitiveData,
    data_texture::{DataTexture, DataTextures, TexelSource},
    feature_ids::{FeatureIdSet, Rows},
    file::{Primitive, Root},
    metadata::schema,
    other_ids::OtherTables,
    primitive::{Part, Shape},
    property_attributes::AttributeProperty,
    property_format::{Element, PropertyFormat},
};
use crate::{
    geometry::TexelProperty,
    sources::{Cause, resource::Resources},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// What the extension with properties is called in a file.
pub(super) const METADATA: &str = "EXT_structural_metadata";
/// Most properties in textures and in attributes of one primitive, each.
pub(super) const MAX_PROPERTIES: usize = 256;
/// Most numbers of attributes, rows and texture coordinates that the corners of one file hold for its properties.
const MAX_NUMBERS: usize = 60_000_000;

/// One property of a property texture.
struct TextureProperty {
    name: String,
    source: TexelSource,
    format: Arc<PropertyFormat>,
}

/// All of it.
pub(super) struct FileMetadata {
    textures: DataTextures,
    /// Of the feature id sets that make no features.
    pub(super) other_tables: OtherTables,
    /// By the number of the property texture; empty where no primitive names it.
    in_textures: Vec<Vec<TextureProperty>>,
    /// By the number of the property attribute; empty where no primitive names it.
    in_attributes: Vec<Vec<Arc<AttributeProperty>>>,
    /// For cutting surfaces by their feature ids.
    cuts_left: AtomicUsize,
    looks_left: AtomicU64,
    numbers_left: AtomicUsize,
}

impl FileMetadata {
    /// Reads what the primitives of a file name; what cannot be read becomes faults. `are_of_copies` where an instanced
    /// tile draws the whole file.
    pub(super) fn load(
        views: &Views<'_>,
        are_of_copies: bool,
        resources: &dyn Resources,
        path: &str,
        budget: &mut Budget,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let primitives = || views.root.meshes.iter().flat_map(|mesh| &mesh.primitives);
        let mut metadata = Self {
            textures: DataTextures::default(),
            other_tables: OtherTables::load(views, are_of_copies, resources, path, faults),
            in_textures: Vec::new(),
            in_attributes: Vec::new(),
            cuts_left: AtomicUsize::new(budget.cutting.cuts),
            looks_left: AtomicU64::new(budget.cutting.looks),
            numbers_left: AtomicUsize::new(MAX_NUMBERS),
        };
        let named = |list: &str| -> BTreeSet<usize> { primitives().flat_map(|p| named(p, list).0).collect() };
        let (textures, attributes) = (named("propertyTextures"), named("propertyAttributes"));
        if !(textures.is_empty() && attributes.is_empty()) {
            match schema(views.root, resources, path) {
                Ok(schema) => {
                    let mut reader = Reader {
                        root: views.root,
                        schema: &schema,
                        faults,
                    };
                    metadata.in_textures = reader.all("propertyTextures", &textures, texture_property);
                    metadata.in_attributes = reader.all("propertyAttributes", &attributes, attribute_property);
                }
                Err(fault) => faults.push(fault),
            }
        }
        let sets = primitives().flat_map(FeatureIdSet::all_of);
        let ids = sets.filter_map(|set| set.texture());
        let properties = metadata.in_textures.iter().flatten().map(|property| property.source);
        let wanted: BTreeSet<usize> = ids.chain(properties).map(|source| source.texture).collect();
        metadata.textures = DataTextures::load(views, &wanted, resources, path, &mut budget.texture_bytes);
        metadata
    }

    /// Bytes read from other files.
    pub(super) fn bytes_read(&self) -> u64 {
        self.textures.bytes_read
    }

    /// Cuts a surface by the feature ids in a picture, as far as may still be cut; what is left coarse becomes a fault.
    pub(super) fn cut(&self, part: &mut Part, grid: &RowGrid, uvs: &[[f32; 2]]) -> Option<Fault> {
        let left = self.effort_left();
        // A triangle has three vertices of its own at most.
        let each = 3 * part.carried.width();
        let most = self.numbers_left.load(Ordering::Relaxed).checked_div(each);
        let allowed = Effort {
            cuts: left.cuts.min(most.unwrap_or(usize::MAX)),
            ..left
        };
        let outcome = cut(part, grid, uvs, allowed);
        self.take_effort(outcome.spent);
        let taken = self.take_numbers(outcome.spent.cuts.saturating_mul(each));
        taken.err().or_else(|| outcome.is_coarse.then(is_coarse))
    }

    /// What may still be spent on cutting surfaces.
    pub(super) fn effort_left(&self) -> Effort {
        Effort {
            cuts: self.cuts_left.load(Ordering::Relaxed),
            looks: self.looks_left.load(Ordering::Relaxed),
        }
    }

    /// Takes what cutting a surface cost from what is left.
    fn take_effort(&self, spent: Effort) {
        let left = self.effort_left();
        self.cuts_left
            .store(left.cuts.saturating_sub(spent.cuts), Ordering::Relaxed);
        self.looks_left
            .store(left.looks.saturating_sub(spent.looks), Ordering::Relaxed);
    }

    /// The texture with the feature ids of a primitive.
    pub(super) fn grid(&self, source: TexelSource, null_id: Option<u32>, rows: Rows) -> Result<RowGrid, Fault> {
        let texture = self.exact_texture(source);
        let texture = texture.map_err(|fault| fault.costs("the geometry is shown without features", ""))?;
        Ok(RowGrid {
            texture: texture.clone(),
            channels: source.channels,
            null_id,
            rows: rows.count,
        })
    }

    /// A texture whose numbers are those that were written.
    pub(super) fn exact_texture(&self, source: TexelSource) -> Result<&DataTexture, Fault> {
        let texture = self.textures.get(source.texture)?;
        if texture.is_exact {
            return Ok(texture);
        }
        let message = "feature ids are not told from a picture that does not keep every byte (JPEG, Basis Universal, \
                       WebP with losses); save it as PNG";
        Err(Fault::doubt(format!("textures[{}]", source.texture), message))
    }

    /// One more than the greatest id below `most` in a texture with feature ids, as far as texels may still be looked at,
    /// and whether there are others.
    pub(super) fn most_rows(&self, source: TexelSource, null_id: Option<u32>, most: u32) -> (u32, bool) {
        let Ok(texture) = self.textures.get(source.texture) else {
            return (0, false);
        };
        let [width, height] = texture.texels.size().map(u64::from);
        let looks = width.saturating_mul(height);
        if !texture.is_exact || looks > self.effort_left().looks {
            return (0, false);
        }
        self.take_effort(Effort { cuts: 0, looks });
        let ids = texture.texels.all().map(|texel| source.channels.id(texel));
        let mut is_beyond = false;
        let features = ids.filter(|id| Some(*id) != null_id).filter(|id| {
            is_beyond |= *id >= most;
            *id < most
        });
        let rows = features.max().map_or(0, |id| id + 1);
        (rows, is_beyond)
    }

    /// What the vertices of a primitive carry; properties that cannot be had become faults.
    pub(super) fn carried(
        &self,
        data: &PrimitiveData<'_>,
        primitive: &Primitive,
        extent: Extent,
        rows: Rows,
        faults: &mut Vec<Fault>,
    ) -> Carried {
        let mut carried = Carried::default();
        let mut read = |list: &str, add: &mut dyn FnMut(usize, &mut Vec<Fault>)| {
            let (numbers, fault) = named(primitive, list);
            faults.extend(fault);
            for number in numbers {
                add(number, faults);
            }
        };
        read("propertyTextures", &mut |number, faults| {
            // Points and lines have no surface.
            let properties = self.in_textures.get(number).filter(|_| extent.shape == Shape::Faces);
            for property in properties.into_iter().flatten() {
                let added = self.add_texture_property(property, data, primitive, extent, &mut carried);
                let place = || format!("{METADATA}.propertyTextures[{number}].properties.{}", property.name);
                faults.extend(added.err().map(|fault| fault.moved_to(place())));
            }
        });
        read("propertyAttributes", &mut |number, faults| {
            for property in self.in_attributes.get(number).into_iter().flatten() {
                let numbers = self
                    .take_numbers(extent.kept.saturating_mul(property.width()))
                    .and_then(|()| property.read(data, primitive, extent.count));
                let place = || format!("{METADATA}.propertyAttributes[{number}].properties.{}", property.name());
                match numbers {
                    Ok(numbers) if carried.numbers.len() < MAX_PROPERTIES => carried.numbers.push(numbers),
                    Ok(_) => faults.push(too_many().moved_to(place())),
                    Err(fault) => faults.push(fault.moved_to(place())),
                }
            }
        });
        self.add_other_rows(data, primitive, extent, rows, &mut carried, faults);
        carried
    }

    fn add_texture_property(
        &self,
        property: &TextureProperty,
        data: &PrimitiveData<'_>,
        primitive: &Primitive,
        extent: Extent,
        carried: &mut Carried,
    ) -> Result<(), Fault> {
        if carried.properties.len() >= MAX_PROPERTIES {
            return Err(too_many());
        }
        let source = property.source;
        let texture = self.textures.get(source.texture)?;
        let uv_set = self.uv_set(source, data, primitive, extent, carried)?;
        carried.properties.push(TexelProperty {
            name: property.name.clone(),
            texels: texture.texels.clone(),
            wrap: texture.wrap,
            channels: source.channels.as_slice().to_vec(),
            reader: property.format.clone(),
            uv_set,
        });
        Ok(())
    }

    /// The number of the texture coordinates of `carried` that find the texels of a picture.
    pub(super) fn uv_set(
        &self,
        source: TexelSource,
        data: &PrimitiveData<'_>,
        primitive: &Primitive,
        extent: Extent,
        carried: &mut Carried,
    ) -> Result<usize, Fault> {
        if let Some(known) = carried.sources.iter().position(|known| known.has_same_uvs(&source)) {
            return Ok(known);
        }
        if carried.sources.len() >= MAX_UV_SETS {
            let message = format!("pictures of properties lie on a primitive in more than {MAX_UV_SETS} ways");
            return Err(Fault::too_large("", message));
        }
        self.take_numbers(extent.corners.saturating_mul(2))?;
        carried
            .uvs
            .push(texture_coordinates(data, primitive, source, extent.count)?);
        carried.sources.push(source);
        Ok(carried.sources.len() - 1)
    }

    /// Takes so many numbers from those that may still be read.
    pub(super) fn take_numbers(&self, wanted: usize) -> Result<(), Fault> {
        let left = self.numbers_left.load(Ordering::Relaxed).checked_sub(wanted);
        let left = left.ok_or_else(|| {
            let message = format!("the properties of vertices have more than {MAX_NUMBERS} numbers");
            Fault::too_large("", message)
        })?;
        self.numbers_left.store(left, Ordering::Relaxed);
        Ok(())
    }
}

fn too_many() -> Fault {
    Fault::too_large(
        "",
        format!("a primitive has more than {MAX_PROPERTIES} properties of this kind"),
    )
}

/// The texture coordinates that find the texels of a picture.
pub(super) fn texture_coordinates(
    data: &PrimitiveData<'_>,
    primitive: &Primitive,
    source: TexelSource,
    count: usize,
) -> Result<Vec<[f32; 2]>, Fault> {
    let name = format!("TEXCOORD_{}", source.uv_set);
    let accessor = primitive.attributes.get(&name);
    let accessor = *accessor.ok_or_else(|| format!("the primitive has no attribute `{name}`"))?;
    let mut uvs = data.vectors::<2>(accessor)?;
    if uvs.len() < count {
        return Err(format!("`{name}` has {} values for {count} vertices", uvs.len()).into());
    }
    uvs.truncate(count);
    for uv in &mut uvs {
        source.transform.apply(uv);
    }
    Ok(uvs)
}

/// The numbers in one of the lists of a primitive, and what is wrong with it.
pub(super) fn named(primitive: &Primitive, list: &str) -> (Vec<usize>, Option<Fault>) {
    let Some(found) = primitive.extensions.get(METADATA).and_then(|own| own.get(list)) else {
        return (Vec::new(), None);
    };
    let number = |item: &Value| usize::try_from(item.as_u64()?).ok();
    let items = found.as_array().map_or(&[][..], Vec::as_slice);
    let mut numbers: Vec<usize> = items.iter().filter_map(number).collect();
    let is_sound = found.is_array() && numbers.len() == items.len();
    let fault = (!is_sound).then(|| Fault::new(format!("{METADATA}.{list}"), "it is no list of whole numbers"));
    numbers.sort_unstable();
    numbers.dedup();
    (numbers, fault)
}

/// Reads the properties that stand in one of the lists of a file.
struct Reader<'a, 'f> {
    root: &'a Root,
    schema: &'a Value,
    faults: &'f mut Vec<Fault>,
}

/// A property's definition, where its values stand, its name and its class.
type Named<'a> = (&'a Value, &'a Value, &'a str, &'a str);

impl Reader<'_, '_> {
    /// By the numbers in the list `list`; those that are not wanted are left empty.
    fn all<T>(
        &mut self,
        list: &str,
        wanted: &BTreeSet<usize>,
        read: impl Fn(&Value, Named<'_>) -> Result<T, String>,
    ) -> Vec<Vec<T>> {
        let found = self.root.extensions.get(METADATA).and_then(|own| own.get(list));
        let found = found.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut all = Vec::new();
        for number in wanted {
            let place = format!("{METADATA}.{list}[{number}]");
            let Some(item) = found.get(*number) else {
                self.faults.push(Fault::new(place, "there is nothing with this number"));
                continue;
            };
            let class = item.get("class").and_then(Value::as_str).unwrap_or_default();
            let definitions = self
                .schema
                .get("classes")
                .and_then(|classes| classes.get(class)?.get("properties"));
            let mut properties = Vec::new();
            for (name, property) in item.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let definition = definitions.and_then(|definitions| definitions.get(name));
                let definition = definition.ok_or_else(|| format!("the class `{class}` has no such property"));
                match definition.and_then(|definition| read(self.schema, (definition, property, name, class))) {
                    Ok(property) => properties.push(property),
                    Err(message) => self
                        .faults
                        .push(Fault::new(format!("{place}.properties.{name}"), message)),
                }
            }
            // Numbers are in the list of the file, so there are no more of them than it has items.
            all.resize_with(*number, Vec::new);
            all.push(properties);
        }
        all
    }
}

fn texture_property(schema: &Value, (definition, property, name, _): Named<'_>) -> Result<TextureProperty, String> {
    let format = PropertyFormat::new(schema, definition, property)?;
    let source = TexelSource::parse(property)?;
    let channels = source.channels.as_slice().len();
    let bytes = format.fixed_bytes();
    let bytes = bytes.ok_or("a value of this kind cannot stand in a texture")?;
    let is_enum = matches!(format.element, Element::Enum { .. });
    if channels > bytes || (channels < bytes && !is_enum) {
        return Err(format!(
            "a value of {bytes} bytes does not stand in {channels} channels"
        ));
    }
    Ok(TextureProperty {
        name: name.to_owned(),
        source,
        format: Arc::new(format),
    })
}

fn attribute_property(
    schema: &Value,
    (definition, property, name, class): Named<'_>,
) -> Result<Arc<AttributeProperty>, String> {
    AttributeProperty::new(schema, definition, property, name, class).map(Arc::new)
}

/// That a surface is cut coarser than its texture asks for.
fn is_coarse() -> Fault {
    let message = format!(
        "the feature ids in the texture would cut the surface into more than {MAX_CUTS} triangles more; it is cut \
         coarser"
    );
    Fault::doubt("EXT_mesh_features", message).because(Cause::TooLarge)
}
