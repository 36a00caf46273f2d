//! Selection, residency and loading of tiles on tiny trees with a fake source.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops where its own set-up is wrong, and says how much of the corpus it compared"
)]

mod ceiling;
mod externals;
mod flight;
mod implicit;
mod implicit_city;
mod loader;
mod loader_memory;
mod points;
mod properties;
mod residency;
mod selection;
mod station;
mod world;
