//! The panels without a window: found, pressed and read through the tree that screen readers use, in every language.

mod actions;
mod keyboard;
mod layout;
mod scene;
mod start;
mod system;
mod tour;
