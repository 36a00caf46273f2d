//! The look of the program: theme, widgets and the places of panels in the window.
//!
//! Knows no domain type: everything here is text, colours and positions in points (egui's unit, one pixel at 100 %).
//! Widgets read the [`Theme`] that [`Theme::install`] left in the egui context, so a panel never passes it along.

pub mod anchor;
mod contrast;
mod fonts;
pub mod large;
pub mod preferences;
pub mod shell;
mod theme;
mod tokens;
pub mod widgets;

pub use contrast::contrast_ratio;
pub use fonts::{FONT_CREDIT, SOURCE_SANS as FONT};
pub use preferences::Preferences;
pub use theme::{TextRole, Theme};
pub use tokens::{Tokens, blend};
