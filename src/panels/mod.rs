//! What the lenses share on screen: bars, lists, the card, dialogs.
//!
//! Every panel is a function from a plain state, which its caller fills from the model, to the actions that were asked
//! for. No panel changes the model, reads a resource or knows where in the window it stands; so each one is tested by
//! itself, in every language. Texts of a scenario come in as they should be shown, in the language of the interface.

pub mod banner;
pub mod card;
pub mod charter;
pub mod coloring;
pub mod desk;
mod drop_hint;
pub mod keep_layer;
pub mod keys;
mod languages;
pub mod layer_heights;
pub mod layers;
mod look;
pub mod meters;
pub mod minimap;
pub mod models;
pub mod network;
pub mod notes;
pub mod own_list;
#[cfg(test)]
mod page_harness;
pub mod problems;
pub mod report_words;
pub mod rooms;
pub mod save;
pub mod search;
pub mod settings;
pub mod start;
pub mod status_bar;
pub mod sun;
pub mod system;
pub mod take_along;
pub mod tools;
pub mod top_bar;
pub mod tour;
pub mod variants;
pub mod viewpoints;

pub use look::{accent, certainty_word, lens_icon, lens_key, lens_name};
