#![doc = include_str!("../ARCHITECTURE.md")]

pub mod analysis;
pub mod app;
pub mod export;
pub mod geometry;
pub mod georef;
pub mod lenses;
pub mod model;
pub mod panels;
pub mod prepare;
pub mod schedule;
pub mod sources;
pub mod streaming;
pub mod text;
pub mod ui;
pub mod view;
