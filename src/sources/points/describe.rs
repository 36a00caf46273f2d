//! What a file of points holds, for `stadslens inspect`.

use super::read::PointFile;
use crate::sources::{Cause, Problem, resource};
use bevy::math::DVec3;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Files with more points than about this have their classes counted in evenly spread parts.
const MAX_COUNTED: u64 = 20_000_000;

/// Whether the file at `path` holds points, by its first bytes.
pub fn is_points(path: &Path) -> bool {
    resource::head(path, 4).is_some_and(|head| head == b"LASF")
}

/// The file at `path` as one JSON object, as the command-line contract says; `None` when it holds no points. `classes`
/// counts the points that were looked at, `points_read`, which are all of them unless `is_sampled`.
pub fn describe(path: &Path) -> Option<Result<Value, Problem>> {
    is_points(path).then(|| PointFile::open(path).map(|file| report(&file, &path.display().to_string())))
}

/// What one piece of the file holds.
#[derive(Default)]
struct Counted {
    classes: BTreeMap<u8, u64>,
    outside: u64,
}

fn report(file: &PointFile, path: &str) -> Value {
    let header = &file.header;
    let [low, high] = header.bounds;
    // A bound is a number with a fraction, a coordinate a whole number of steps.
    let margin = header.scale;
    let visited = file.sampled(MAX_COUNTED, |counted: &mut Counted, _, point| {
        *counted.classes.entry(point.class).or_default() += 1;
        let p: DVec3 = point.position;
        let is_inside = p.cmpge(low - margin).all() && p.cmple(high + margin).all();
        counted.outside += u64::from(!is_inside);
    });
    let mut counted = Counted::default();
    for part in visited.parts {
        for (class, count) in part.classes {
            *counted.classes.entry(class).or_default() += count;
        }
        counted.outside += part.outside;
    }
    let mut problems = file.problems.clone();
    problems.extend(visited.problems);
    if counted.outside > 0 {
        let message = format!("{} points lie outside the bounds of the header", counted.outside);
        problems.push(Problem::warning(path, "header", message).because(Cause::Value));
    }
    if file.crs.is_none() {
        let message = match &file.crs_name {
            Some(name) => format!("the coordinate system {name} is not known here"),
            None => "the file names no coordinate system".to_owned(),
        };
        problems.push(Problem::warning(path, "crs", message).because(Cause::NoSystem));
    }
    for problem in &mut problems {
        path.clone_into(&mut problem.path);
    }
    let is_finite = low.is_finite() && high.is_finite();
    json!({
        "kind": file.kind.name(),
        "version": format!("{}.{}", header.version[0], header.version[1]),
        "point_format": header.point_format,
        "points": header.points,
        "points_read": visited.looked_at,
        "is_sampled": visited.looked_at < header.points && header.points > MAX_COUNTED,
        "bbox": is_finite.then_some([low.x, low.y, low.z, high.x, high.y, high.z]),
        "crs": file.crs.map(|crs| crs.to_string()),
        "crs_name": file.crs_name,
        "classes": counted.classes.iter().map(|(class, count)| (class.to_string(), *count)).collect::<BTreeMap<_, _>>(),
        "has_rgb": header.has_rgb(),
        "problems": problems,
    })
}
