//! (prepare) to be written.
