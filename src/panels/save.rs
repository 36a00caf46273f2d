//! A file that somebody wants to keep. Who makes it says what is in it; the program asks where it goes and writes it.

use bevy::prelude::Message;
use std::{fmt, sync::Arc};

/// Request: ask where a file should go, make it and write it there, all beside the picture, and say how that went.
#[derive(Message, Clone)]
pub struct SaveFile {
    /// Name that the dialog proposes, with its ending.
    pub name: String,
    /// Makes the bytes; run on a worker thread, and only once a place was chosen.
    pub content: Arc<dyn Fn() -> Vec<u8> + Send + Sync>,
}

impl fmt::Debug for SaveFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaveFile")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
