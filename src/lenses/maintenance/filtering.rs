//! What a change of the filters makes the lens do, without a window: for benchmarks.

use super::page::{MaintenancePage, Stock};
use super::today;
use crate::model::OpenScenario;
use crate::view::ObjectLooks;
use std::collections::BTreeSet;

/// The list of managed objects of a scenario, to be filtered again and again.
pub struct Filtering(MaintenancePage);

impl Filtering {
    /// Everything on the list, late by the clock of this machine, nothing taken away by a variant.
    pub fn new(open: &OpenScenario) -> Self {
        let mut page = MaintenancePage::default();
        page.set_stock(Stock {
            assets: open.assets.clone(),
            reports: open.reports.clone(),
            removed: BTreeSet::new(),
            today: today(),
        });
        Self(page)
    }

    /// Leaves what has one of these NEN 2767 scores (1 to 6, 0 for objects without; none of them: everything), as
    /// pressing their filters does. Returns how many are left and how the view has to look.
    pub fn by_scores(&mut self, scores: &[u8]) -> (usize, ObjectLooks) {
        self.0.asset_filter.grades = scores.iter().copied().collect();
        self.0.refresh();
        (self.0.listed_assets().len(), self.0.looks())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::open_any;
    use std::path::Path;

    #[test]
    fn a_filter_leaves_what_has_its_scores() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
        let open = open_any(&path).unwrap();
        let mut filtering = Filtering::new(&open);
        let worn = open.assets.iter().filter(|asset| asset.condition >= Some(5)).count();
        assert!(worn > 0);
        assert_eq!(filtering.by_scores(&[5, 6]).0, worn);
        let unknown = open.assets.iter().filter(|asset| asset.condition.is_none()).count();
        assert_eq!(filtering.by_scores(&[0]).0, unknown);
        let (all, looks) = filtering.by_scores(&[]);
        assert_eq!((all, looks.assets.len()), (open.assets.len(), open.assets.len()));
    }
}
