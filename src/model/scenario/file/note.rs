//! A note in the file: what somebody wanted to say of a place or a thing.

use super::{CameraFile, Extra};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoteFile {
    /// Id, unique in the scenario and wherever notes of several machines come together.
    pub id: String,
    /// Number on its pin and in the list.
    pub number: u32,
    /// The words, at most 2000 characters.
    pub text: String,
    /// What it is about.
    pub kind: NoteKindFile,
    /// In which role it was written; a name does not belong here.
    pub role: AuthorRoleFile,
    /// ISO date of the day on which it was written.
    pub day: String,
    /// Where its pin stands: x, y in the file's `crs` and a height (NAP, or ellipsoidal with a `lon_lat` anchor).
    pub position: [f64; 3],
    /// Id of the building, tree or managed object that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// From where its author looked.
    pub viewpoint: NoteViewFile,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// From where the author of a note looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoteViewFile {
    /// Where the camera stood.
    pub camera: CameraFile,
    /// Variant that the note is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteKindFile {
    /// Something that was seen.
    Remark,
    /// Something that somebody wants to know.
    Question,
    /// A proposal.
    Idea,
    /// A worry.
    Concern,
    /// Something that has to be done.
    Task,
}

/// In which role a note was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorRoleFile {
    /// Makes plans.
    Planner,
    /// Lives or works there.
    Resident,
    /// Maintains what stands there.
    Maintainer,
    /// Somebody else.
    Other,
}
