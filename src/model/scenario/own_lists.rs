//! Lists that were added to a scenario in the program: what a file would give, and those that are kept as layers.

use super::columns::{Columns, Meaning};
use super::findings::Findings;
use super::read::taken_numbers;
use super::table_layer::{self, Ground};
use super::{Certainty, Layer, LayerKind, LocalText, OpenScenario, Source};
use crate::georef::HeightReference;
use crate::model::own_list::{AddedList, OwnList};
use crate::sources::table::{self, Table};
use crate::sources::{Problem, Severity};
use std::sync::Arc;

/// Rows of a file that are shown as examples.
const SAMPLES: usize = 3;

/// A file that may become a list, read once.
#[derive(Debug, Clone, PartialEq)]
pub struct ListFile {
    /// What it is called.
    pub name: String,
    /// As it is.
    pub bytes: Arc<[u8]>,
    table: Table,
    problems: Vec<Problem>,
}

/// What a file would give with these columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListPreview {
    /// What the file is called.
    pub name: String,
    /// Headings.
    pub headers: Vec<String>,
    /// Which column holds what, the CRS as it was found.
    pub columns: Columns,
    /// Fields of the first rows.
    pub samples: Vec<Vec<String>>,
    /// Rows in the file, those that do not fit the columns among them.
    pub rows: usize,
    /// Objects that come of them.
    pub objects: usize,
    /// Why rows are lost, and what else is wrong.
    pub problems: Vec<Problem>,
}

impl ListFile {
    /// Reads a table.
    ///
    /// # Errors
    /// When nothing of it can be used.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<Self, Problem> {
        let (table, problems) = table::read(&bytes, name)?;
        Ok(Self {
            name: name.to_owned(),
            bytes: bytes.into(),
            table,
            problems,
        })
    }

    /// What it gives in a scenario; without `columns` with those that its headings look like.
    pub fn preview(&self, open: &OpenScenario, columns: Option<&Columns>) -> ListPreview {
        let mut columns = columns.cloned().unwrap_or_else(|| Columns::guess(&self.table));
        let mut findings = Findings::new(&self.name);
        let read = table_layer::assets(&self.table, &self.name, &columns, &ground(open), &mut findings);
        let mut problems = Vec::new();
        let objects = match read {
            Ok(objects) => {
                columns.crs = Some(objects.crs);
                problems.extend(taken_numbers(&open.assets, &objects.assets, &self.name));
                objects.assets.len()
            }
            Err(problem) => {
                problems.push(problem);
                0
            }
        };
        problems.extend(findings.into_problems());
        problems.extend(self.problems.iter().cloned());
        // What costs rows comes first: the page shows only some.
        problems.sort_by_key(|problem| problem.severity != Severity::Error);
        let fields = |row: &table::Row| {
            (0..self.table.headers.len())
                .map(|column| row.field(column).to_owned())
                .collect()
        };
        ListPreview {
            name: self.name.clone(),
            headers: self.table.headers.clone(),
            columns,
            samples: self.table.rows.iter().take(SAMPLES).map(fields).collect(),
            rows: self.table.rows.len() + self.table.unfit,
            objects,
            problems,
        }
    }
}

impl ListPreview {
    /// Whether it can become a layer.
    pub fn is_usable(&self) -> bool {
        let has = |meaning| self.columns.named.contains_key(&meaning);
        self.objects > 0 && has(Meaning::X) && has(Meaning::Y)
    }
}

impl OpenScenario {
    /// Adds lists that were kept, each as a layer of its own.
    pub fn add_lists(&mut self, lists: &[OwnList]) {
        for list in lists {
            let mut findings = Findings::new(&list.name);
            let read = table_layer::read(
                &list.bytes,
                &list.name,
                Some(&list.columns),
                &ground(self),
                &mut findings,
            );
            // That nothing can be used comes before what else is wrong.
            let assets = read.map_or_else(
                |problem| {
                    self.problems.push(problem);
                    Vec::new()
                },
                |objects| objects.assets,
            );
            self.problems.extend(findings.into_problems());
            self.problems.extend(taken_numbers(&self.assets, &assets, &list.name));
            self.own_lists.push(AddedList {
                list: list.clone(),
                objects: assets.len(),
            });
            Arc::make_mut(&mut self.assets).extend(assets);
            self.asset_layers.push((list.id.clone(), self.assets.len()));
            self.scenario.layers.push(layer_of(list));
        }
    }
}

/// A list as a layer. It has no path: its file is in no folder of the scenario.
fn layer_of(list: &OwnList) -> Layer {
    Layer {
        id: list.id.clone(),
        title: LocalText([("nl".to_owned(), list.name.clone())].into()),
        kind: LayerKind::Assets,
        path: String::new(),
        height_reference: HeightReference::Nap,
        height_shift_m: 0.0,
        id_property: None,
        register: None,
        columns: Some(list.columns.clone()),
        style: None,
        crs: None,
        source: Source {
            owner: list.name.clone(),
            date: list.day.to_string(),
            ..Source::default()
        },
        certainty: Certainty::Decided,
        visible: true,
        synthetic: false,
    }
}

fn ground(open: &OpenScenario) -> Ground<'_> {
    Ground {
        site: open.scenario.area.site,
        outline: &open.scenario.area.outline,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::edit::tests::scenario;
    use crate::sources::resource;
    use std::path::Path;

    fn open() -> OpenScenario {
        let mut scenario = scenario();
        scenario.area.site = crate::georef::SiteFrame::RdNap {
            anchor: crate::georef::RdNap {
                x_m: 251_000.0,
                y_m: 476_250.0,
                nap_m: 17.0,
            },
        };
        OpenScenario::without_data(scenario, resource::folder(Path::new(".")))
    }

    #[test]
    fn a_file_is_previewed_and_becomes_a_layer() {
        let text = "Nr;X;Y;Straat\n1;250985,5;476250;Langestraat\n2;;476250;\n3;a;b\n4;250986;476251;\n";
        let file = ListFile::read("bomen.csv", text.as_bytes().to_vec()).unwrap();
        let mut open = open();
        let preview = file.preview(&open, None);
        assert_eq!((preview.rows, preview.objects), (4, 2));
        assert!(preview.is_usable());
        assert_eq!(preview.columns.crs.as_deref(), Some("EPSG:28992"));
        assert_eq!(preview.samples[0], ["1", "250985,5", "476250", "Langestraat"]);
        assert_eq!(preview.problems.len(), 3, "{:?}", preview.problems);
        let severities = preview.problems.iter().map(|problem| problem.severity);
        assert_eq!(
            severities.collect::<Vec<_>>(),
            [Severity::Error, Severity::Error, Severity::Warning],
            "what costs rows comes first"
        );

        let mut columns = preview.columns.clone();
        columns.named.remove(&Meaning::Y);
        let without = file.preview(&open, Some(&columns));
        assert!(!without.is_usable() && without.objects == 0 && !without.problems.is_empty());

        let list = OwnList {
            id: OwnList::new_id(),
            name: file.name.clone(),
            bytes: file.bytes.clone(),
            columns: preview.columns,
            day: jiff::civil::date(2026, 11, 25),
        };
        open.add_lists(std::slice::from_ref(&list));
        assert_eq!(open.assets.len(), 2);
        assert_eq!(
            open.layer_of_asset(1).map(|layer| layer.id.as_str()),
            Some(list.id.as_str())
        );
        assert_eq!(open.own_lists[0].objects, 2);
        assert_eq!(open.problems.len(), 3);
        // The same numbers again: the page says so before anything is added.
        let again = file.preview(&open, None);
        assert!(
            again
                .problems
                .iter()
                .any(|p| p.message.contains("also those of an earlier layer"))
        );
        let used = super::super::used_files(&open);
        assert!(used.paths.is_empty() && used.problems.is_empty(), "it is in no folder");
    }
}
