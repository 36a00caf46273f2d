//! Numbers from the geometry of today and of the plan variants: pure functions, no ECS, no files.
//!
//! # What is counted, and where
//! Everything is counted within one [`StudyArea`]: the scenario's plan area, or the outline of the area where it has
//! none, which every report says. The plan area is taken as it is drawn; whether a park of its own belongs in it
//! (NEN 9300 counts one under 250 m² in and a larger one out) is for who draws it. Its scale is named beside every
//! density, since densities compare only between areas of the same scale.
//!
//! # Densities
//! With `A` the plan area, `F` the gross floor area above ground and `B` the built ground, as Berghauser Pont and
//! Haupt define them (*Spacematrix*, 2010; PBL's RUDIFUN counts the same):
//! `FSI = F / A`, `GSI = B / A`, `OSR = (1 − GSI) / FSI`, `L = FSI / GSI`. A ratio over nothing has no value.
//!
//! # Rules
//! - A building cut by the edge of the area counts by its **share**: the part of its footprint inside. Floor area
//!   goes in that proportion. Dwellings and parking places are whole things: they count where at least half of the
//!   footprint lies inside, places on a surface where at least half of that lies open inside.
//! - Built ground is what footprints cover **seen from above**, once where two overlap (a tower on its plinth).
//! - Floor area is what the register records, else footprint × storeys; of a plan's mass footprint × storeys. Storeys
//!   below ground are counted apart and in no density.
//! - Where ground cover overlaps, buildings win over a plan's surfaces, those over today's; within each the higher
//!   surface wins, and at one height paved over green over water, so that a mistake in the data never flatters.
//!   Built, green, paved, water and unknown ground together are the plan area.
//! - **What is not known is not guessed**: it is left out of the value and named, and the indicator is not
//!   [complete](Indicator::is_complete). Where a height is known, one storey per 3 m gives an [estimate](Indicator::estimate)
//!   beside the value, never in it.
//!
//! Site frame, metres, `f64`. Texts here are English sentences for files and scripts; panels have their own by key.

mod built;
mod cover;
mod indicators;
mod key;
mod report;
mod study_area;
mod survey;
mod tangle;

pub use indicators::{Basis, Counted, Indicator, Indicators, MissingData, ObjectKind, Role, Unknown, WindCheck};
pub use key::Key;
pub use report::{VariantNumbers, numbers_json, numbers_table};
pub use study_area::{AreaSource, StudyArea};
pub use survey::{Survey, SurveyError};
