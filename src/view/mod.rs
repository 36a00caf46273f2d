//! (view) to be written.
