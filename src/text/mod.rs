//! (text) to be written.
