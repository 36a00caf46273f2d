//! How the program behaves: its module graph, selection and loading of tiles, panels, lenses.

mod architecture;
mod cameras;
mod export;
mod export_heights;
mod kiosk_start;
mod lenses;
mod memory;
mod own_list;
mod panels;
mod reactions;
mod streaming;
