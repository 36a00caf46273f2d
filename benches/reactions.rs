//! What a visitor waits for after "Versturen": a reaction durably on the disk.

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::civil::date;
use stadslens::model::Reaction;
use stadslens::model::reaction::{DayPart, Moderation, Smiley, Theme, Words};
use stadslens::model::store::StoreHandle;
use std::time::Instant;

/// Reactions whose times the tail is taken from.
const MANY: usize = 2000;

fn reaction() -> Reaction {
    Reaction {
        id: Reaction::new_id(),
        is_trial: false,
        variant: "A".into(),
        smiley: Smiley::Glad,
        spot: None,
        theme: Some(Theme::Green),
        words: Some(Words {
            text: "Meer bomen bij de beek, en een bank om op te zitten.".into(),
            moderation: Moderation::Waiting,
        }),
        day: date(2026, 11, 25),
        part: DayPart::Afternoon,
    }
}

fn store_durably(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _) = StoreHandle::open(&folder.path().join("a.sqlite")).expect("a database");
    let keep = || {
        let sent = reaction();
        store
            .submit(move |store| store.add_reaction(&sent))
            .wait()
            .expect("kept");
    };
    let mut times: Vec<f64> = (0..MANY)
        .map(|_| {
            let start = Instant::now();
            keep();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    #[expect(
        clippy::print_stderr,
        reason = "the tail is what the aim is about, and criterion does not tell it"
    )]
    {
        let at = |share: usize| times[MANY * share / 1000];
        eprintln!(
            "a reaction on the disk: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms",
            at(500),
            at(990),
            at(999)
        );
    }
    c.bench_function("keep a reaction durably", |b| b.iter(keep));
}

criterion_group!(benches, store_durably);
criterion_main!(benches);
