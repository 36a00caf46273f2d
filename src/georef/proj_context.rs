//! (georef) to be written.
