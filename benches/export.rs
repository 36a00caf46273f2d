//! What taking a scenario along costs without pictures: all files of the shipped scenario into a package in memory (aim
//! 1 s).

use criterion::{Criterion, criterion_group, criterion_main};
use stadslens::export::{Parts, package};
use stadslens::model::scenario;
use std::{hint::black_box, io::Cursor, path::Path};

fn export(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lange-wemen");
    let open = scenario::open(&path).unwrap_or_else(|problems| panic!("{problems:?}"));
    let parts = Parts::default();
    let mut group = criterion.benchmark_group("export");
    group.sample_size(20);
    group.bench_function("lange-wemen without pictures", |bencher| {
        bencher.iter(|| {
            let mut bytes = Cursor::new(Vec::new());
            let problems = package(&open, &parts, &mut bytes).expect("memory takes everything");
            black_box((problems, bytes));
        });
    });
}

criterion_group!(benches, export);
criterion_main!(benches);
