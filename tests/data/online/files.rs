//! Heights, pictures and city models of an area.

use super::server::{Manner, Reply, Seen, Server, gzip};
use super::{area, client, endpoints, limits};
use crate::geotiff_fixture::Fixture;
use flatgeobuf::{
    ColumnType, FgbWriter, GeometryType,
    geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor, error::Result as GeozeroResult},
};
use sha2::{Digest, Sha256};
use stadslens::sources::{
    Cause,
    http::{Cancel, Client},
    online::{Fetched, Fetcher},
};
use std::{fs, path::Path, sync::Mutex, time::Duration};

const REPORT: &str =
    r"<ServiceExceptionReport><ServiceException>Raster too large</ServiceException></ServiceExceptionReport>";

fn tiff(_seen: &Seen) -> Reply {
    let block = Fixture::rd(4, 4, [250_500.0, 476_500.0], 125.0, vec![16.0; 16]);
    Reply::ok(block.bytes()).with("Content-Type", "image/tiff")
}

fn jpeg(_seen: &Seen) -> Reply {
    Reply::ok(b"\xFF\xD8\xFF\xE0picture".to_vec())
}

/// Runs one fetch in a cache folder.
fn fetched(server: &Server, cache: &Path, fetch: impl Fn(&Fetcher) -> Fetched) -> Fetched {
    let (client, endpoints) = (client(), endpoints(server));
    fetch(&Fetcher::new(&client, &endpoints, cache, &|_| {}))
}

fn heights(server: &Server, cache: &Path) -> Fetched {
    fetched(server, cache, |fetcher| {
        fetcher.fetch_heights("ahn-dtm", &area(), 0.5).unwrap()
    })
}

#[test]
fn heights_come_in_blocks_and_only_once() {
    let server = Server::new(tiff);
    let cache = tempfile::tempdir().unwrap();
    let first = heights(&server, cache.path());
    assert_eq!(
        (first.files.len(), first.record.missing, first.problems.len()),
        (4, 0, 0)
    );
    assert!(
        first
            .files
            .iter()
            .all(|file| file.is_new && file.path.is_file() && file.epsg == 28992)
    );
    assert!(first.files[0].path.ends_with("0.5m/ahn-dtm_250500_476000.tif"));
    {
        let seen = server.seen();
        let corner = seen
            .iter()
            .find(|seen| seen.query("BBOX") == Some("250500,476000,251000,476500"))
            .unwrap();
        assert_eq!(corner.path(), "/service.pdok.nl/rws/ahn/wcs/v1_0");
        for (name, value) in [
            ("WIDTH", "1000"),
            ("HEIGHT", "1000"),
            ("COVERAGE", "dtm_05m"),
            ("CRS", "EPSG:28992"),
        ] {
            assert_eq!(corner.query(name), Some(value));
        }
    }
    assert_eq!(first.record.about.licence, "CC0 1.0");
    assert_eq!(first.record.fetched_on.len(), 10);
    assert!(first.record.url.ends_with("/service.pdok.nl/rws/ahn/wcs/v1_0"));
    // What was there keeps its day.
    let earlier = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let oldest = fs::File::options().write(true).open(&first.files[2].path).unwrap();
    oldest.set_modified(earlier).unwrap();
    let second = heights(&server, cache.path());
    assert!(
        second.record.fetched_on.starts_with("2023-11-1"),
        "{}",
        second.record.fetched_on
    );
    assert_eq!((second.files.len(), server.count()), (4, 4));
    assert!(second.files.iter().all(|file| !file.is_new));
    assert!(server.busiest() <= 2);
}

#[test]
fn one_block_that_is_missing_costs_one_line() {
    let server = Server::new(|seen| {
        if seen.target.contains("BBOX=251000,476000") {
            Reply::of(404, "")
        } else {
            tiff(seen)
        }
    });
    let cache = tempfile::tempdir().unwrap();
    let fetched = heights(&server, cache.path());
    assert_eq!(
        (fetched.files.len(), fetched.record.missing, fetched.problems.len()),
        (3, 1, 1)
    );
    let line = fetched.problems[0].to_string();
    assert!(
        line.starts_with("ahn-dtm_251000_476000.tif: there is nothing at this address (status 404)"),
        "{line}"
    );
    assert_eq!(fetched.problems[0].cause, Cause::Missing);
    assert!(!fetched.is_stopped);
}

#[test]
fn an_error_report_is_no_block() {
    let server = Server::new(|_| Reply::ok(REPORT).with("Content-Type", "image/tiff"));
    let cache = tempfile::tempdir().unwrap();
    let fetched = heights(&server, cache.path());
    assert_eq!((fetched.files.len(), fetched.problems.len(), server.count()), (0, 4, 4));
    assert!(
        fetched.problems[0]
            .message
            .contains("an error report (“Raster too large”)"),
        "{}",
        fetched.problems[0]
    );
    let service = fs::read_dir(cache.path().join("heights"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert!(service.file_name().to_str().unwrap().starts_with("ahn-dtm-"));
    assert_eq!(fs::read_dir(service.path().join("0.5m")).unwrap().count(), 0);
}

#[test]
fn an_odd_wish_is_told_before_anything_is_asked() {
    let server = Server::new(tiff);
    let cache = tempfile::tempdir().unwrap();
    let (client, endpoints) = (client(), endpoints(&server));
    let fetcher = Fetcher::new(&client, &endpoints, cache.path(), &|_| {});
    for resolution in [0.1, 0.0, -1.0, f64::NAN, 1e9] {
        assert_eq!(
            fetcher.fetch_heights("ahn-dtm", &area(), resolution).unwrap_err().place,
            "resolution"
        );
    }
    assert!(
        fetcher
            .fetch_heights("none", &area(), 0.5)
            .unwrap_err()
            .message
            .contains("ahn-dtm, ahn-dsm")
    );
    assert_eq!(
        fetcher.fetch_imagery("luchtfoto-hr", &area(), 17).unwrap_err().place,
        "zoom"
    );
    assert!(
        fetcher
            .fetch_features("bgt", "none", &area())
            .unwrap_err()
            .message
            .contains("wegdeel")
    );
    assert_eq!(server.count(), 0);
}

#[test]
fn pictures_come_in_tiles() {
    let server = Server::new(jpeg);
    let cache = tempfile::tempdir().unwrap();
    let steps = Mutex::new(Vec::new());
    let (client, endpoints) = (client(), endpoints(&server));
    let report = |step: stadslens::sources::online::Step<'_>| steps.lock().unwrap().push((step.done, step.of));
    let source = Fetcher::new(&client, &endpoints, cache.path(), &report);
    let pictures = source.fetch_imagery("luchtfoto-hr", &area(), 11).unwrap();
    // 1.68 m per pixel, 430.08 m per tile.
    assert_eq!((pictures.files.len(), pictures.problems.len()), (server.count(), 0));
    assert!(pictures.files.len() >= 4);
    let first = &pictures.files[0];
    assert!(first.path.is_file() && first.path.extension().is_some_and(|ending| ending == "jpeg"));
    let [west, south, east, north] = first.bounds.unwrap();
    assert!((east - west - 430.08).abs() < 1e-6 && (north - south - 430.08).abs() < 1e-6);
    assert!(west <= 250_700.0 && north >= 476_600.0);
    assert!(
        server.seen()[0]
            .path()
            .starts_with("/service.pdok.nl/hwh/luchtfotorgb/wmts/v1_0/Actueel_orthoHR/EPSG:28992/11/")
    );
    let last = *steps.lock().unwrap().last().unwrap();
    assert_eq!(last, (pictures.files.len(), Some(pictures.files.len())));
    assert!(pictures.record.about.attribution.contains("Beeldmateriaal"));
}

#[test]
fn a_picture_service_that_answers_with_web_pages_is_told_in_few_lines() {
    let server = Server::new(|_| Reply::ok("<html><title>Storing</title>").with("Content-Type", "image/jpeg"));
    let cache = tempfile::tempdir().unwrap();
    let fetched = fetched(&server, cache.path(), |fetcher| {
        fetcher.fetch_imagery("luchtfoto-hr", &area(), 14).unwrap()
    });
    assert_eq!(fetched.files.len(), 0);
    assert_eq!(fetched.problems.len(), 21);
    assert!(
        fetched.problems[0]
            .message
            .contains("a picture was expected and a web page (“Storing”) came")
    );
    assert_eq!(fetched.problems[20].cause, Cause::More);
    assert_eq!(fetched.record.missing, server.count());
}

#[test]
fn a_service_that_breaks_down_halfway_is_not_asked_for_every_tile() {
    let server = Server::new(|seen| {
        // After some tiles, nothing but failures.
        let row: u32 = seen
            .path()
            .rsplit('/')
            .next()
            .unwrap()
            .trim_end_matches(".jpeg")
            .parse()
            .unwrap();
        if row.is_multiple_of(2) && seen.path().contains("/9972/") {
            jpeg(seen)
        } else {
            Reply::of(500, "")
        }
    });
    let cache = tempfile::tempdir().unwrap();
    let fetched = fetched(&server, cache.path(), |fetcher| {
        fetcher.fetch_imagery("luchtfoto-hr", &area(), 14).unwrap()
    });
    let tiles = fetched.files.len() + fetched.record.missing;
    assert!(
        tiles > 100 && server.count() < 30,
        "{tiles} tiles, {} requests",
        server.count()
    );
    assert!(
        fetched
            .problems
            .iter()
            .any(|problem| problem.message.contains("failed 3 requests in a row"))
    );
    assert!(fetched.problems.len() <= 21);
}

#[test]
fn a_run_that_is_stopped_says_so_and_the_next_one_does_the_rest() {
    let server = Server::new(|seen| tiff(seen).sent(Manner::Drip(40, Duration::from_millis(5))));
    let cache = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    let (stopped, endpoints) = (Client::new(limits(), cancel.clone()), endpoints(&server));
    let stop = |step: stadslens::sources::online::Step<'_>| {
        if step.done >= 1 {
            cancel.cancel();
        }
    };
    let first = Fetcher::new(&stopped, &endpoints, cache.path(), &stop)
        .fetch_heights("ahn-dsm", &area(), 0.5)
        .unwrap();
    assert!(first.is_stopped && first.problems.is_empty(), "{first:?}");
    assert!((1..4).contains(&first.files.len()));
    let client = client();
    let second = Fetcher::new(&client, &endpoints, cache.path(), &|_| {})
        .fetch_heights("ahn-dsm", &area(), 0.5)
        .unwrap();
    assert!(!second.is_stopped && second.files.len() == 4);
    assert_eq!(
        second.files.iter().filter(|file| !file.is_new).count(),
        first.files.len()
    );
}

/// A tile of 500 m with this corner.
struct Square([f64; 2]);

impl GeozeroGeometry for Square {
    fn process_geom<P: GeomProcessor>(&self, processor: &mut P) -> GeozeroResult<()> {
        let [x, y] = self.0;
        processor.polygon_begin(true, 1, 0)?;
        processor.linestring_begin(false, 5, 0)?;
        for (index, (east, north)) in [(0.0, 0.0), (500.0, 0.0), (500.0, 500.0), (0.0, 500.0), (0.0, 0.0)]
            .into_iter()
            .enumerate()
        {
            processor.xy(x + east, y + north, index)?;
        }
        processor.linestring_end(false, 0)?;
        processor.polygon_end(true, 0)
    }
}

/// Tiles 0 to 3 from west to east; 1 and 2 lie over the area. All claim the sum of `content`.
pub(crate) fn index(content: &[u8], url_of: impl Fn(u32) -> String) -> Vec<u8> {
    let mut file = FgbWriter::create("tiles", GeometryType::Polygon).unwrap();
    for name in ["tile_id", "cj_download", "cj_sha256"] {
        file.add_column(name, ColumnType::String, |_, _| {});
    }
    let sum = format!("{:X}", Sha256::digest(content));
    for number in 0..4 {
        let corner = [250_000.0 + 500.0 * f64::from(number), 476_000.0];
        file.add_feature_geom(Square(corner), |feature| {
            let (id, url) = (format!("9/{number}/1"), url_of(number));
            for (column, text) in [&id, &url, &sum].into_iter().enumerate() {
                feature.property(column, "", &ColumnValue::String(text)).unwrap();
            }
        })
        .unwrap();
    }
    let mut bytes = Vec::new();
    file.write(&mut bytes).unwrap();
    bytes
}

const MODEL: &[u8] = br#"{"type": "CityJSON", "version": "2.0"}"#;

fn buildings(server: &Server, cache: &Path) -> Fetched {
    fetched(server, cache, |fetcher| fetcher.fetch_buildings(&area()).unwrap())
}

#[test]
fn the_tiles_of_the_city_model_over_the_area_come_once() {
    let server = Server::new(|seen| match seen.path() {
        path if path.ends_with("/tile_index.fgb") => {
            Reply::ok(index(&gzip(MODEL), |number| format!("tiles/{number}.city.json.gz")))
        }
        _ => Reply::file(seen, &gzip(MODEL), "\"v\""),
    });
    let cache = tempfile::tempdir().unwrap();
    let first = buildings(&server, cache.path());
    assert_eq!(
        (first.files.len(), first.problems.len()),
        (2, 0),
        "{:?}",
        first.problems
    );
    assert!(
        first
            .files
            .iter()
            .any(|file| file.path.ends_with("buildings/3dbag/v20250903/9-1-1.city.json.gz"))
    );
    assert_eq!(fs::read(&first.files[0].path).unwrap(), gzip(MODEL));
    assert_eq!(first.record.about.date.as_deref(), Some("2025-09-03"));
    assert!(
        server
            .seen()
            .iter()
            .any(|seen| seen.path() == "/data.3dbag.nl/v20250903/tiles/1.city.json.gz")
    );
    let second = buildings(&server, cache.path());
    assert_eq!((second.files.len(), server.count()), (2, 3));
}

#[test]
fn a_tile_that_is_not_the_one_of_the_index_is_not_kept() {
    let server = Server::new(|seen| match seen.path() {
        path if path.ends_with("/tile_index.fgb") => Reply::ok(index(&gzip(MODEL), |number| format!("{number}.gz"))),
        path if path.ends_with("/1.gz") => Reply::ok(gzip(b"{\"another\": 1}")),
        _ => Reply::of(404, ""),
    });
    let cache = tempfile::tempdir().unwrap();
    let fetched = buildings(&server, cache.path());
    assert_eq!(
        (fetched.files.len(), fetched.problems.len(), fetched.record.missing),
        (0, 2, 2)
    );
    assert!(
        fetched
            .problems
            .iter()
            .any(|problem| problem.message.contains("SHA-256 differs"))
    );
    assert!(fetched.problems.iter().any(|problem| problem.cause == Cause::Missing));
    assert!(
        !cache
            .path()
            .join("buildings/3dbag/v20250903/9-1-1.city.json.gz")
            .exists()
    );
}

/// Some servers unpack `.gz` files on the way and say so in a header.
#[test]
fn a_tile_that_was_unpacked_on_the_way_is_kept() {
    let server = Server::new(|seen| match seen.path() {
        path if path.ends_with("/tile_index.fgb") => Reply::ok(index(&gzip(MODEL), |number| format!("{number}.gz"))),
        _ => Reply::ok(gzip(MODEL)).with("Content-Encoding", "gzip"),
    });
    let cache = tempfile::tempdir().unwrap();
    let fetched = buildings(&server, cache.path());
    assert_eq!(
        (fetched.files.len(), fetched.problems.len()),
        (2, 0),
        "{:?}",
        fetched.problems
    );
    assert_eq!(fs::read(&fetched.files[0].path).unwrap(), MODEL);
}

#[test]
fn an_index_that_leads_elsewhere_or_is_damaged_is_told() {
    let server = Server::new(|_| {
        Reply::ok(index(b"", |number| {
            if number == 1 {
                "file:///etc/passwd".to_owned()
            } else {
                "ftp://x/".to_owned()
            }
        }))
    });
    let cache = tempfile::tempdir().unwrap();
    let found = buildings(&server, cache.path());
    assert_eq!(
        (
            found.files.len(),
            found.problems.len(),
            found.record.missing,
            server.count()
        ),
        (0, 2, 2, 1)
    );
    assert!(found.problems.iter().all(|problem| problem.cause == Cause::Outside));
    let whole = index(b"", |_| "x".to_owned());
    let server = Server::new(move |_| Reply::ok(&whole[..whole.len() - 20]));
    let cache = tempfile::tempdir().unwrap();
    let (client, endpoints) = (client(), endpoints(&server));
    let fetcher = Fetcher::new(&client, &endpoints, cache.path(), &|_| {});
    let problem = fetcher.fetch_buildings(&area()).unwrap_err();
    assert!(
        problem.message.contains("cut off") && problem.cause == Cause::Damaged,
        "{problem}"
    );
    // It is fetched again in the next run.
    assert!(!cache.path().join("buildings/3dbag/v20250903/tile_index.fgb").exists());
}
