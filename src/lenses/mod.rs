//! (lenses) to be written.
