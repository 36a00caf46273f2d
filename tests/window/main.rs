//! The real program in a real window, driven by key presses and clicks.

mod desktop;
