//! What a scenario says of how the features of a layer look, checked, and the look that follows from it and the data.

use super::file::StyleFile;
use super::findings::Findings;
use crate::model::features::{AttributeTable, Coloring, FeatureStyle, LineWidth, Measure, Rgb, Scale};

/// Least width of lines on the screen when nobody chose one, pixels.
const LINE_PX: f64 = 3.0;
/// Diameter of points when nobody chose one, metres.
const POINT_M: f64 = 1.5;
/// How much of what lies under it an area covers when nobody chose that.
const OPACITY: f64 = 0.75;

/// What the file of a scenario asks for; what is `None` is guessed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StyleWish {
    color: Option<Rgb>,
    color_by: Option<String>,
    scale: Option<Scale>,
    fill_opacity: Option<f64>,
    line_width: Option<LineWidth>,
    point_size_m: Option<f64>,
    height: Option<Measure>,
    base: Option<Measure>,
    label: Option<String>,
    map_label: Option<String>,
}

impl StyleWish {
    /// What `file` at `place` asks for; colours that are none are named and left out.
    pub(super) fn from_file(file: &StyleFile, place: &str, findings: &mut Findings) -> Self {
        let mut color = |text: &str, key: &str| {
            let found = color_of(text);
            if found.is_none() {
                let message = format!("`{text}` is no colour like `#5b8db8`; it is left out");
                findings.error(format!("{place}.{key}"), message);
            }
            found
        };
        let mut scale = None;
        if let Some(categories) = &file.categories {
            let known = categories.iter();
            let known = known.filter_map(|(value, text)| Some((value.clone(), color(text, "categories")?)));
            scale = Some(Scale::Categories(known.collect()));
        }
        if let Some(classes) = &file.classes {
            let known = classes.iter();
            let known = known.filter_map(|class| Some((class.from, color(&class.color, "classes")?)));
            let mut known: Vec<(f64, Rgb)> = known.collect();
            known.sort_by(|a, b| a.0.total_cmp(&b.0));
            scale = Some(Scale::Classes(known));
        }
        let wish = Self {
            color: file.color.as_deref().and_then(|text| color(text, "color")),
            color_by: file.color_by.clone(),
            scale,
            fill_opacity: file.fill_opacity,
            line_width: file
                .line_width_m
                .map(LineWidth::Metres)
                .or(file.line_width_px.map(LineWidth::Pixels)),
            point_size_m: file.point_size_m,
            height: measure(file.height_property.as_ref(), file.height_m),
            base: measure(file.base_property.as_ref(), file.base_m),
            label: file.label_property.clone(),
            map_label: file.label.clone(),
        };
        if wish.scale.is_some() && wish.color_by.is_none() {
            findings.warning(format!("{place}.color_by"), "say which property these colours are for");
        }
        wish
    }

    /// For data that is looked at by itself: areas cover all there is under them.
    pub(super) fn opaque() -> Self {
        Self {
            fill_opacity: Some(1.0),
            ..Self::default()
        }
    }

    /// The look of a layer called `name` with these attributes. Properties that it has not are named and left out.
    pub(super) fn style(&self, table: &AttributeTable, name: &str, findings: &mut Findings) -> FeatureStyle {
        let mut known = |property: &Option<String>, key: &str| {
            let property = property.as_ref()?;
            if table.column(property).is_none() {
                let has: Vec<&str> = table
                    .columns()
                    .iter()
                    .take(20)
                    .map(|column| column.name.as_str())
                    .collect();
                let message = format!("no feature has a property `{property}` (there are {})", has.join(", "));
                findings.warning(format!("style.{key}"), message);
                return None;
            }
            Some(property.clone())
        };
        let property = known(&self.color_by, "color_by");
        let label = known(&self.label, "label_property");
        let map_label = known(&self.map_label, "label");
        let mut measure = |wanted: &Option<Measure>, key: &str| match wanted {
            Some(Measure::Property(name)) => known(&Some(name.clone()), key).map(Measure::Property),
            other => other.clone(),
        };
        let (height, base) = (
            measure(&self.height, "height_property"),
            measure(&self.base, "base_property"),
        );
        let mut coloring = match (&property, self.color) {
            (Some(property), _) => Coloring::by(table, property),
            (None, Some(color)) => Coloring::one(color),
            (None, None) => Coloring::guessed(table, name),
        };
        if let Some(color) = self.color {
            coloring.other = color;
        }
        if let Some(scale) = self.scale.as_ref().filter(|_| property.is_some()) {
            coloring.scale = scale.clone();
        }
        FeatureStyle {
            coloring,
            fill_opacity: self.fill_opacity.unwrap_or(OPACITY),
            line_width: self.line_width.unwrap_or(LineWidth::Pixels(LINE_PX)),
            point_size_m: self.point_size_m.unwrap_or(POINT_M),
            height,
            base,
            label,
            map_label,
        }
    }
}

fn measure(property: Option<&String>, metres: Option<f64>) -> Option<Measure> {
    property.cloned().map(Measure::Property).or(metres.map(Measure::Same))
}

/// A colour as web pages write it.
fn color_of(text: &str) -> Option<Rgb> {
    let digits = text.trim().strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let [_, r, g, b] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([r, g, b])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::features::TableBuilder;
    use serde_json::json;

    #[test]
    fn a_file_says_colours_and_what_is_wrong_with_them_is_said() {
        let file: StyleFile = serde_json::from_value(json!({
            "color": "#010203", "color_by": "n", "classes": [{"from": 10, "color": "#0a0b0c"}, {"from": 0, "color": "red"}],
            "height_property": "hoogte", "line_width_m": 2, "label": "n"
        }))
        .unwrap();
        let mut findings = Findings::new("s.json");
        let wish = StyleWish::from_file(&file, "layers[0].style", &mut findings);
        let mut builder = TableBuilder::default();
        builder.push(json!({"n": 5}).as_object().unwrap());
        builder.push(json!({"n": 15}).as_object().unwrap());
        let table = builder.build();
        let style = wish.style(&table, "x", &mut findings);
        assert_eq!(style.coloring.colors(&table, 2), [[1, 2, 3], [10, 11, 12]]);
        assert_eq!(style.line_width, LineWidth::Metres(2.0));
        assert_eq!(style.height, None, "no feature has that property");
        assert_eq!((style.map_label.as_deref(), style.label), (Some("n"), None));
        let lines: Vec<String> = findings.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "s.json: layers[0].style.classes: `red` is no colour like `#5b8db8`; it is left out",
                "s.json: style.height_property: no feature has a property `hoogte` (there are n)"
            ]
        );
    }
}
