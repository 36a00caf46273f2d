//! Edits as commands with undo: the only way the open scenario changes.
