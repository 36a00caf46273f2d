//! The file's words as the domain's, and back where the program writes them.

use super::file;
use super::{Certainty, LayerKind, LensName, PlanScale, SurfaceKind, Use};
use crate::model::AssetKind;
use crate::model::note::{AuthorRole, NoteKind};
use crate::sources::obj::Up;

/// The domain's kind of layer.
pub(super) fn layer_kind(file: file::LayerKindFile) -> LayerKind {
    match file {
        file::LayerKindFile::Tiles3d => LayerKind::Tiles3d,
        file::LayerKindFile::Terrain => LayerKind::Terrain,
        file::LayerKindFile::Surfaces => LayerKind::Surfaces,
        file::LayerKindFile::Assets => LayerKind::Assets,
        file::LayerKindFile::Reports => LayerKind::Reports,
        file::LayerKindFile::Sensors => LayerKind::Sensors,
        file::LayerKindFile::Labels => LayerKind::Labels,
        file::LayerKindFile::Addresses => LayerKind::Addresses,
        file::LayerKindFile::Imagery => LayerKind::Imagery,
        file::LayerKindFile::Features => LayerKind::Features,
        file::LayerKindFile::Points => LayerKind::Points,
    }
}

/// The domain's certainty.
pub(super) fn certainty(file: file::CertaintyFile) -> Certainty {
    match file {
        file::CertaintyFile::Decided => Certainty::Decided,
        file::CertaintyFile::Open => Certainty::Open,
        file::CertaintyFile::Sketch => Certainty::Sketch,
    }
}

/// The domain's scale of a plan area.
pub(super) fn plan_scale(file: file::PlanScaleFile) -> PlanScale {
    match file {
        file::PlanScaleFile::Plot => PlanScale::Plot,
        file::PlanScaleFile::Island => PlanScale::Island,
        file::PlanScaleFile::Fabric => PlanScale::Fabric,
        file::PlanScaleFile::District => PlanScale::District,
    }
}

/// The domain's use.
pub(super) fn use_of(file: file::UseFile) -> Use {
    match file {
        file::UseFile::Housing => Use::Housing,
        file::UseFile::Shops => Use::Shops,
        file::UseFile::Office => Use::Office,
        file::UseFile::Public => Use::Public,
        file::UseFile::Parking => Use::Parking,
        file::UseFile::Other => Use::Other,
    }
}

/// The use that a word stands for: ours, those of the BAG, and common Dutch ones.
pub(super) fn use_of_word(word: &str) -> Option<Use> {
    Some(match word.trim().to_lowercase().as_str() {
        "housing" | "woonfunctie" | "wonen" | "woningen" | "appartementen" => Use::Housing,
        "shops" | "winkelfunctie" | "winkel" | "winkels" | "detailhandel" | "horeca" => Use::Shops,
        "office" | "offices" | "kantoorfunctie" | "kantoor" | "kantoren" => Use::Office,
        "public"
        | "bijeenkomstfunctie"
        | "onderwijsfunctie"
        | "gezondheidszorgfunctie"
        | "sportfunctie"
        | "publiek"
        | "maatschappelijk" => Use::Public,
        "parking" | "parkeren" | "parkeergarage" => Use::Parking,
        "other" | "industriefunctie" | "logiesfunctie" | "celfunctie" | "overige gebruiksfunctie" | "overig" => {
            Use::Other
        }
        _ => return None,
    })
}

/// The axis that points up.
pub(super) fn up(file: file::UpFile) -> Up {
    match file {
        file::UpFile::Y => Up::Y,
        file::UpFile::Z => Up::Z,
    }
}

/// The domain's ground cover.
pub(super) fn surface_kind(file: file::SurfaceKindFile) -> SurfaceKind {
    match file {
        file::SurfaceKindFile::Asphalt => SurfaceKind::Asphalt,
        file::SurfaceKindFile::Paving => SurfaceKind::Paving,
        file::SurfaceKindFile::Clinkers => SurfaceKind::Clinkers,
        file::SurfaceKindFile::Grass => SurfaceKind::Grass,
        file::SurfaceKindFile::Planting => SurfaceKind::Planting,
        file::SurfaceKindFile::Water => SurfaceKind::Water,
    }
}

/// The domain's lens.
pub(super) fn lens_name(file: file::LensNameFile) -> LensName {
    match file {
        file::LensNameFile::Design => LensName::Design,
        file::LensNameFile::Participation => LensName::Participation,
        file::LensNameFile::Maintenance => LensName::Maintenance,
    }
}

/// The domain's kind of managed object.
pub(super) fn asset_kind(file: file::AssetKindFile) -> AssetKind {
    match file {
        file::AssetKindFile::Tree => AssetKind::Tree,
        file::AssetKindFile::Lamp => AssetKind::Lamp,
        file::AssetKindFile::Bench => AssetKind::Bench,
        file::AssetKindFile::Bin => AssetKind::Bin,
        file::AssetKindFile::Manhole => AssetKind::Manhole,
        file::AssetKindFile::Other => AssetKind::Other,
    }
}

/// The file's word for a kind of managed object.
pub(super) fn asset_kind_file(kind: AssetKind) -> file::AssetKindFile {
    match kind {
        AssetKind::Tree => file::AssetKindFile::Tree,
        AssetKind::Lamp => file::AssetKindFile::Lamp,
        AssetKind::Bench => file::AssetKindFile::Bench,
        AssetKind::Bin => file::AssetKindFile::Bin,
        AssetKind::Manhole => file::AssetKindFile::Manhole,
        AssetKind::Other => file::AssetKindFile::Other,
    }
}

/// What a message calls a kind of managed object.
pub(super) fn asset_kind_word(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Tree => "a tree",
        AssetKind::Lamp => "a lamp post",
        AssetKind::Bench => "a bench",
        AssetKind::Bin => "a litter bin",
        AssetKind::Manhole => "a manhole",
        AssetKind::Other => "another object",
    }
}

/// The domain's kind of note.
pub(super) fn note_kind(file: file::NoteKindFile) -> NoteKind {
    match file {
        file::NoteKindFile::Remark => NoteKind::Remark,
        file::NoteKindFile::Question => NoteKind::Question,
        file::NoteKindFile::Idea => NoteKind::Idea,
        file::NoteKindFile::Concern => NoteKind::Concern,
        file::NoteKindFile::Task => NoteKind::Task,
    }
}

/// The file's kind of note.
pub(super) fn note_kind_file(kind: NoteKind) -> file::NoteKindFile {
    match kind {
        NoteKind::Remark => file::NoteKindFile::Remark,
        NoteKind::Question => file::NoteKindFile::Question,
        NoteKind::Idea => file::NoteKindFile::Idea,
        NoteKind::Concern => file::NoteKindFile::Concern,
        NoteKind::Task => file::NoteKindFile::Task,
    }
}

/// The domain's role of an author.
pub(super) fn author_role(file: file::AuthorRoleFile) -> AuthorRole {
    match file {
        file::AuthorRoleFile::Planner => AuthorRole::Planner,
        file::AuthorRoleFile::Resident => AuthorRole::Resident,
        file::AuthorRoleFile::Maintainer => AuthorRole::Maintainer,
        file::AuthorRoleFile::Other => AuthorRole::Other,
    }
}

/// The file's role of an author.
pub(super) fn author_role_file(role: AuthorRole) -> file::AuthorRoleFile {
    match role {
        AuthorRole::Planner => file::AuthorRoleFile::Planner,
        AuthorRole::Resident => file::AuthorRoleFile::Resident,
        AuthorRole::Maintainer => file::AuthorRoleFile::Maintainer,
        AuthorRole::Other => file::AuthorRoleFile::Other,
    }
}
