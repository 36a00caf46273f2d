//! (analysis) to be written.
