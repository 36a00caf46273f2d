//! Puts plugins together for a window or a headless run.
