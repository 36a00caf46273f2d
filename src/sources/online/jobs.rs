//! Fetching many files, a few at a time; one that fails costs only itself.

use super::OutOfReach;
use super::fetcher::{Fetched, FetchedFile, Fetcher, SourceRecord, Step};
use crate::sources::http::{HttpError, Want};
use crate::sources::{Cause, Problem};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

/// Threads that fetch. What one host gets at a time is up to the client.
const WORKERS: usize = 4;
/// Problems of one source that are told one by one.
const TOLD: usize = 20;

/// One file to fetch.
pub(super) struct Job {
    pub(super) url: String,
    /// Where it goes.
    pub(super) path: PathBuf,
    /// What it is called in a problem.
    pub(super) name: String,
    pub(super) bounds: Option<[f64; 4]>,
    pub(super) epsg: u32,
}

/// A look at a file that came, before it gets its name; it is taken away and told where this fails.
pub(super) type Check<'a> = &'a (dyn Fn(&Job, &Path) -> Result<(), Problem> + Sync);

impl Fetcher<'_> {
    /// Fetches what is not there yet. The files come in the order of the jobs.
    pub(super) fn run(&self, mut record: SourceRecord, jobs: &[Job], want: &Want<'_>, check: Check<'_>) -> Fetched {
        let source = record.id.clone();
        let (next, done, received) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
        let is_stopped = AtomicBool::new(self.client.cancel().is_cancelled());
        let results: Mutex<BTreeMap<usize, Result<FetchedFile, Failed>>> = Mutex::default();
        let tell = || {
            (self.report)(Step {
                source: &source,
                done: done.load(Ordering::Relaxed),
                of: Some(jobs.len()),
                received_bytes: received.load(Ordering::Relaxed),
            });
        };
        let work = || {
            while !is_stopped.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(index) else { return };
                let result = self.one(&source, job, want, check, &is_stopped, &|bytes| {
                    received.fetch_add(bytes, Ordering::Relaxed);
                    tell();
                });
                if let Some(result) = result {
                    results
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(index, result);
                    done.fetch_add(1, Ordering::Relaxed);
                    tell();
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..WORKERS.min(jobs.len()) {
                scope.spawn(work);
            }
        });
        let mut problems = Problems::default();
        let (mut files, mut out_of_reach) = (Vec::new(), Vec::new());
        for (_, result) in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
            match result {
                Ok(file) => files.push(file),
                Err(Failed::File(problem)) => problems.add(problem),
                Err(Failed::Service(host)) => host.add_to(&mut out_of_reach),
            }
        }
        Self::count(&mut record, &files, jobs.len() - files.len());
        let mut told: Vec<Problem> = out_of_reach.iter().map(OutOfReach::problem).collect();
        told.extend(problems.told(&record.id));
        Fetched {
            files,
            problems: told,
            out_of_reach,
            record,
            is_stopped: is_stopped.into_inner(),
        }
    }

    /// `None` where it was stopped by the user: that is no problem of the file. `source` is what the file belongs to.
    fn one(
        &self,
        source: &str,
        job: &Job,
        want: &Want<'_>,
        check: Check<'_>,
        is_stopped: &AtomicBool,
        came: &dyn Fn(u64),
    ) -> Option<Result<FetchedFile, Failed>> {
        let file = |is_new| FetchedFile {
            path: job.path.clone(),
            url: job.url.clone(),
            bounds: job.bounds,
            epsg: job.epsg,
            is_new,
        };
        if job.path.is_file() {
            return Some(Ok(file(false)));
        }
        let before = AtomicU64::new(u64::MAX);
        let progress = |progress: crate::sources::http::Progress| {
            // The first call tells what was there from a run before.
            let last = before.swap(progress.received_bytes, Ordering::Relaxed);
            came(progress.received_bytes.saturating_sub(last));
        };
        // Under its name stands only what was looked at: a run that is killed in between leaves nothing that looks good.
        let unchecked = unchecked(&job.path);
        let came = if unchecked.is_file() {
            Ok(())
        } else {
            let came = self.client.download_to(&job.url, &unchecked, want, &progress);
            came.map(|_downloaded| ())
        };
        match came {
            Ok(()) => Some(match check(job, &unchecked).and_then(|()| name(&unchecked, job)) {
                Ok(()) => Ok(file(true)),
                Err(problem) => {
                    // What is not what it should be must not be taken for whole in the next run.
                    let _ = fs::remove_file(&unchecked);
                    Err(Failed::File(problem))
                }
            }),
            Err(error) => {
                if error.ends_all() {
                    is_stopped.store(true, Ordering::Relaxed);
                }
                if matches!(error, HttpError::Cancelled { .. }) {
                    return None;
                }
                let service = OutOfReach::of(&error, source).map(Failed::Service);
                Some(Err(
                    service.unwrap_or_else(|| Failed::File(error.problem(&job.name, "")))
                ))
            }
        }
    }
}

/// Why a file was not had.
enum Failed {
    /// Something is wrong with this one.
    File(Problem),
    /// Nothing can be had there now.
    Service(OutOfReach),
}

/// Where a file is until it was looked at.
fn unchecked(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unchecked");
    PathBuf::from(name)
}

/// Gives a file its name.
fn name(unchecked: &Path, job: &Job) -> Result<(), Problem> {
    fs::rename(unchecked, &job.path).map_err(|error| {
        let message = format!("it cannot be put in its place ({error}); run it again");
        Problem::error(&job.name, "", message).because(Cause::Machine)
    })
}

/// Problems of one source: the first ones in full, the rest counted.
#[derive(Default)]
struct Problems {
    told: Vec<Problem>,
    more: usize,
}

impl Problems {
    fn add(&mut self, problem: Problem) {
        if self.told.len() < TOLD {
            self.told.push(problem);
        } else {
            self.more += 1;
        }
    }

    fn told(mut self, source: &str) -> Vec<Problem> {
        if self.more > 0 {
            let message = format!("{} more files of this source could not be fetched", self.more);
            self.told.push(Problem::error(source, "", message).because(Cause::More));
        }
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{
        http::{Cancel, Client, Expected, Limits},
        online::Endpoints,
    };
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// A run that was killed before its look at a file left that file under its name, for the next one to trust.
    #[test]
    fn a_file_has_no_name_before_it_was_looked_at() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/a", listener.local_addr().unwrap());
        let served = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines();
            lines
                .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()))
                .for_each(drop);
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwhole";
            (&stream).write_all(answer.as_bytes()).unwrap();
        });
        let cache = tempfile::tempdir().unwrap();
        let client = Client::new(Limits::default(), Cancel::new()).with_plain_http(["127.0.0.1".to_owned()]);
        let endpoints = Endpoints::builtin("nl").unwrap();
        let fetcher = Fetcher::new(&client, &endpoints, cache.path(), &|_| {});
        let jobs = [Job {
            url,
            path: cache.path().join("a.bin"),
            name: "a".into(),
            bounds: None,
            epsg: 28992,
        }];
        let path = &jobs[0].path;
        let record = || fetcher.record("a", &endpoints.buildings.about, "");
        let want = Want::of(Expected::Data, 100);
        let looked = AtomicUsize::new(0);
        let check = |job: &Job, unchecked: &Path| {
            assert!(!job.path.exists() && fs::read(unchecked).unwrap() == b"whole");
            looked.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        assert_eq!(fetcher.run(record(), &jobs, &want, &check).files.len(), 1);
        served.join().unwrap();
        assert_eq!(fs::read(path).unwrap(), b"whole");
        // As one leaves it that is killed before its look: nobody is asked again, and the look is made.
        fs::rename(path, unchecked(path)).unwrap();
        assert_eq!(fetcher.run(record(), &jobs, &want, &check).files.len(), 1);
        assert!(looked.load(Ordering::Relaxed) == 2 && path.exists());
        // What does not pass is gone.
        fs::rename(path, unchecked(path)).unwrap();
        let refused = |job: &Job, _: &Path| Err(Problem::error(&job.name, "", "odd"));
        assert_eq!(fetcher.run(record(), &jobs, &want, &refused).problems.len(), 1);
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }
}
