//! (panels) to be written.
