//! Which tiles, in what order, within which budget.

pub mod loader;
pub mod selection;

pub use loader::TileLoader;
pub use selection::{Selection, SelectionSettings, SelectionState, View, select};
