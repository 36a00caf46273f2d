//! What a file holds, independent of drawing (`stadslens inspect`).
