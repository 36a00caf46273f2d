//! Selection, residency and loading of tiles on tiny trees with a fake source.

mod flight;
mod loader;
mod properties;
mod residency;
mod selection;
mod world;
