//! (ui) to be written.
