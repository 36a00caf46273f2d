//! (export) to be written.
