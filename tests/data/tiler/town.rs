//! A made-up town in the form of 3DBAG: closed solids with roof, wall and ground surfaces and the attributes that come
//! with them. The same seed gives the same town.

use bevy::math::{DVec2, DVec3};
use stadslens::sources::{CityFeature, CityPart, SurfaceRole};
use std::collections::HashMap;

/// Where towns stand unless a test wants another place: RD, near Hengelo.
pub(crate) const CENTER: DVec2 = DVec2::new(251_000.0, 476_250.0);

/// `count` buildings about `spacing_m` apart around `center`.
pub(crate) fn town(seed: u64, count: u32, center: DVec2, spacing_m: f64) -> impl Iterator<Item = CityFeature> {
    let side = (1..=count).find(|n| n * n >= count).unwrap_or(1);
    (0..count).map(move |number| {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9).wrapping_add(u64::from(number)));
        let plot = DVec2::new(f64::from(number % side), f64::from(number / side)) - f64::from(side) / 2.0;
        let jitter = DVec2::new(dice.between(-0.15, 0.15), dice.between(-0.15, 0.15));
        building(number, center + (plot + jitter) * spacing_m, &mut dice)
    })
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

/// Roof heights of one cell of a footprint's grid, anticlockwise from its lower left corner; `None`: not built on.
type Cell = Option<[f64; 4]>;

fn building(number: u32, at: DVec2, dice: &mut Dice) -> CityFeature {
    let ground_m = 15.0 + 3.0 * (at.x / 700.0).sin() + 2.0 * (at.y / 900.0).cos();
    let is_block = dice.one_in(12);
    let (xs, ys, cells) = if is_block { block(dice) } else { house(dice) };
    let turn = DVec2::from_angle(dice.between(0.0, 3.0));
    let place = |x: f64, y: f64, z: f64| (at + turn.rotate(DVec2::new(x, y))).extend(ground_m + z);
    let parts = solid(&xs, &ys, &cells, &place);
    let top = cells.iter().flatten().flatten().flatten().copied().fold(0.0, f64::max);
    let mut attributes = serde_json::json!({
        "identificatie": format!("NL.IMBAG.Pand.{number:016}"),
        "status": "Pand in gebruik",
        "oorspronkelijkbouwjaar": 1880 + dice.next() % 140,
        "b3_dak_type": if is_block { "multiple horizontal" } else { "slanted" },
        "b3_h_maaiveld": (ground_m * 1000.0).round() / 1000.0,
        "b3_h_dak_max": ((ground_m + top) * 1000.0).round() / 1000.0,
        "b3_volume_lod22": (dice.between(150.0, 900.0) * 100.0).round() / 100.0,
        "b3_kas_warenhuis": false,
        "b3_bouwlagen": 1 + dice.next() % 4,
    });
    if dice.one_in(5)
        && let Some(attributes) = attributes.as_object_mut()
    {
        attributes["b3_bouwlagen"] = serde_json::Value::Null;
        attributes["b3_kas_warenhuis"] = serde_json::Value::Null;
    }
    CityFeature {
        id: format!("NL.IMBAG.Pand.{number:016}"),
        class: "Building".to_owned(),
        attributes: attributes.as_object().cloned().unwrap_or_default(),
        parts,
    }
}

/// A house under a gable, with a dormer flush with its ridge and a flat annex.
fn house(dice: &mut Dice) -> (Vec<f64>, Vec<f64>, Vec<Vec<Cell>>) {
    let (width, depth) = (dice.between(5.5, 11.0), dice.between(7.0, 10.0));
    let eave = dice.between(3.0, 6.5);
    let ridge = eave + dice.between(1.8, 3.5);
    let (low, annex) = (dice.between(2.4, 3.0), dice.between(2.0, 4.0));
    let shares = [0.0, dice.between(0.2, 0.35), dice.between(0.6, 0.8), 1.0];
    let xs = shares.map(|share| share * width).to_vec();
    let ys = vec![0.0, depth / 2.0, depth, depth + annex];
    let up = Some([eave, eave, ridge, ridge]);
    let down = Some([ridge, ridge, eave, eave]);
    let dormer = Some([ridge; 4]);
    let flat = Some([low; 4]);
    (
        xs,
        ys,
        vec![vec![up, down, flat], vec![dormer, down, flat], vec![up, down, None]],
    )
}

/// A large building of flat roofs at several heights.
fn block(dice: &mut Dice) -> (Vec<f64>, Vec<f64>, Vec<Vec<Cell>>) {
    let mut steps = |least: f64, most: f64| {
        let mut at = 0.0;
        let mut steps = vec![0.0];
        for _ in 0..3 {
            at += dice.between(least, most);
            steps.push(at);
        }
        steps
    };
    let (xs, ys) = (steps(4.0, 9.0), steps(4.0, 9.0));
    let cells = (0..3)
        .map(|_| (0..3).map(|_| Some([dice.between(4.0, 18.0); 4])).collect())
        .collect();
    (xs, ys, cells)
}

/// One face as corners in the footprint's own axes.
struct Faces<'a> {
    place: &'a dyn Fn(f64, f64, f64) -> DVec3,
    numbers: HashMap<[u64; 3], u32>,
    part: CityPart,
}

impl<'a> Faces<'a> {
    fn new(role: SurfaceRole, place: &'a dyn Fn(f64, f64, f64) -> DVec3) -> Self {
        Self {
            place,
            numbers: HashMap::new(),
            part: CityPart {
                role,
                color: None,
                texture: None,
                positions: Vec::new(),
                triangles: Vec::new(),
            },
        }
    }

    fn triangle(&mut self, corners: [[f64; 3]; 3]) {
        let triangle = corners.map(|corner| {
            let [x, y, z] = corner;
            *self.numbers.entry(corner.map(f64::to_bits)).or_insert_with(|| {
                self.part.positions.push((self.place)(x, y, z));
                u32::try_from(self.part.positions.len() - 1).unwrap_or(u32::MAX)
            })
        });
        self.part.triangles.push(triangle);
    }
}

fn solid(xs: &[f64], ys: &[f64], cells: &[Vec<Cell>], place: &dyn Fn(f64, f64, f64) -> DVec3) -> Vec<CityPart> {
    let cell = |i: usize, j: usize| cells.get(i).and_then(|column| column.get(j)).copied().flatten();
    // Every height that some roof has at a corner of the grid, so that walls meet without gaps there.
    let mut heights: HashMap<(usize, usize), Vec<f64>> = HashMap::new();
    for i in 0..xs.len() - 1 {
        for j in 0..ys.len() - 1 {
            if let Some([a, b, c, d]) = cell(i, j) {
                for (corner, z) in [((i, j), a), ((i + 1, j), b), ((i + 1, j + 1), c), ((i, j + 1), d)] {
                    heights.entry(corner).or_default().push(z);
                }
            }
        }
    }
    let mut roof = Faces::new(SurfaceRole::Roof, place);
    let mut wall = Faces::new(SurfaceRole::Wall, place);
    let mut ground = Faces::new(SurfaceRole::Ground, place);
    // The wall between a cell and what lies beyond its side from `a` to `b` (anticlockwise), where that is lower.
    let mut side = |a: (usize, usize), b: (usize, usize), top: [f64; 2], beyond: [f64; 2]| {
        if top[0] <= beyond[0] && top[1] <= beyond[1] {
            return;
        }
        let chain = |corner: (usize, usize), low: f64, high: f64| {
            let mut chain: Vec<f64> = heights[&corner]
                .iter()
                .copied()
                .filter(|z| *z > low && *z < high)
                .collect();
            chain.extend([low, high]);
            chain.sort_by(f64::total_cmp);
            chain.dedup();
            chain
                .into_iter()
                .map(|z| [xs[corner.0], ys[corner.1], z])
                .collect::<Vec<_>>()
        };
        let (left, right) = (chain(a, beyond[0], top[0]), chain(b, beyond[1], top[1]));
        let (mut l, mut r) = (0, 0);
        while l + 1 < left.len() || r + 1 < right.len() {
            let goes_left = r + 1 >= right.len() || (l + 1 < left.len() && left[l + 1][2] <= right[r + 1][2]);
            if goes_left {
                wall.triangle([left[l], right[r], left[l + 1]]);
                l += 1;
            } else {
                wall.triangle([left[l], right[r], right[r + 1]]);
                r += 1;
            }
        }
    };
    for i in 0..xs.len() - 1 {
        for j in 0..ys.len() - 1 {
            let Some([a, b, c, d]) = cell(i, j) else { continue };
            let corner = |i: usize, j: usize, z: f64| [xs[i], ys[j], z];
            let top = [
                corner(i, j, a),
                corner(i + 1, j, b),
                corner(i + 1, j + 1, c),
                corner(i, j + 1, d),
            ];
            roof.triangle([top[0], top[1], top[2]]);
            roof.triangle([top[0], top[2], top[3]]);
            let low = top.map(|[x, y, _]| [x, y, 0.0]);
            ground.triangle([low[0], low[2], low[1]]);
            ground.triangle([low[0], low[3], low[2]]);
            let none = [0.0; 2];
            let south = j.checked_sub(1).and_then(|j| cell(i, j)).map_or(none, |n| [n[3], n[2]]);
            let north = cell(i, j + 1).map_or(none, |n| [n[1], n[0]]);
            let west = i.checked_sub(1).and_then(|i| cell(i, j)).map_or(none, |n| [n[2], n[1]]);
            let east = cell(i + 1, j).map_or(none, |n| [n[0], n[3]]);
            side((i, j), (i + 1, j), [a, b], south);
            side((i + 1, j), (i + 1, j + 1), [b, c], east);
            side((i + 1, j + 1), (i, j + 1), [c, d], north);
            side((i, j + 1), (i, j), [d, a], west);
        }
    }
    vec![roof.part, wall.part, ground.part]
}
