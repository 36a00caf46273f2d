//! What counting costs: the numbers of today and all four variants of the shipped scenario, as the design lens asks for
//! them when a scenario is opened or another phase is chosen.

use criterion::{Criterion, criterion_group, criterion_main};
use stadslens::{analysis::Survey, model::scenario};
use std::{hint::black_box, path::Path};

fn count(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    let open = scenario::open(&path).unwrap_or_else(|problems| panic!("{problems:?}"));
    criterion.bench_function("indicators/lange-wemen, today and four variants", |bencher| {
        bencher.iter(|| {
            let survey = Survey::new(&open).expect("the shipped scenario has a plan area");
            for variant in &open.scenario.variants {
                black_box(survey.indicators(variant, None));
            }
        });
    });
}

criterion_group!(benches, count);
criterion_main!(benches);
