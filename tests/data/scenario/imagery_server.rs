//! Imagery from servers: a WMTS is asked as it wants to be, and what one gets wrong is one line.

use super::imagery::{ANCHOR, opened, png, tile_picture};
use crate::online::server::{Reply, Server};
use serde_json::json;
use stadslens::georef::Crs;
use stadslens::sources::imagery::{ServerOptions, open_description};
use stadslens::sources::online::TileMatrixSet;
use std::fs;
use std::sync::Arc;

/// What PDOK says of its photographs, in short: two sets, one of them with its corner north first.
fn capabilities(server: &str) -> String {
    let set = |name: &str, crs: &str, set: TileMatrixSet, turned: bool| {
        let matrices: Vec<String> = (0..=14_u8)
            .map(|zoom| {
                let [left, _, _, top] = set.tile_bounds(zoom, 0, 0);
                let corner = if turned {
                    format!("{top} {left}")
                } else {
                    format!("{left} {top}")
                };
                let (scale, count) = (set.metres_per_pixel(zoom) / 0.000_28, 1_u32 << zoom);
                format!(
                    "<TileMatrix><ows:Identifier>{zoom:02}</ows:Identifier><ScaleDenominator>{scale}</ScaleDenominator>
                    <TopLeftCorner>{corner}</TopLeftCorner><TileWidth>256</TileWidth><TileHeight>256</TileHeight>
                    <MatrixWidth>{count}</MatrixWidth><MatrixHeight>{count}</MatrixHeight></TileMatrix>"
                )
            })
            .collect();
        let matrices = matrices.concat();
        format!(
            "<TileMatrixSet><ows:Identifier>{name}</ows:Identifier><ows:SupportedCRS>{crs}</ows:SupportedCRS>{matrices}\
             </TileMatrixSet>"
        )
    };
    format!(
        r#"<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0">
        <Contents><Layer><ows:Title>Luchtfoto</ows:Title>
        <ows:WGS84BoundingBox><ows:LowerCorner>3.0 50.5</ows:LowerCorner><ows:UpperCorner>7.3 53.8</ows:UpperCorner></ows:WGS84BoundingBox>
        <ows:Identifier>photo</ows:Identifier><Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>
        <Format>image/png</Format>
        <TileMatrixSetLink><TileMatrixSet>EPSG:3857</TileMatrixSet></TileMatrixSetLink>
        <TileMatrixSetLink><TileMatrixSet>EPSG:28992</TileMatrixSet></TileMatrixSetLink>
        <ResourceURL format="image/png" resourceType="tile"
         template="{server}/photo/{{TileMatrixSet}}/{{TileMatrix}}/{{TileCol}}/{{TileRow}}.png?style={{Style}}"/></Layer>
        {}{}</Contents></Capabilities>"#,
        set(
            "EPSG:3857",
            "urn:ogc:def:crs:EPSG::3857",
            TileMatrixSet::WebMercatorQuad,
            false
        ),
        set(
            "EPSG:28992",
            "urn:ogc:def:crs:EPSG::28992",
            TileMatrixSet::RdNewQuad,
            true
        ),
    )
}

#[test]
fn a_wmts_is_asked_in_rd_its_tiles_are_kept_and_it_is_told() {
    let url = Arc::new(std::sync::OnceLock::<String>::new());
    let own = url.clone();
    let server = Server::new(move |seen| {
        let parts: Vec<&str> = seen.path().trim_matches('/').split('/').collect();
        match parts[..] {
            ["capabilities.xml"] => Reply::ok(capabilities(own.get().unwrap())),
            ["photo", "EPSG:28992", zoom, column, row] => {
                let number = |text: &str| text.trim_end_matches(".png").parse::<u32>().unwrap();
                assert_eq!((zoom, seen.query("style")), ("13", Some("default")));
                Reply::ok(png(&tile_picture(number(column), number(row))))
            }
            _ => Reply::of(404, "no"),
        }
    });
    url.set(server.url("").trim_end_matches('/').to_owned()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let description = json!({"wmts": server.url("/capabilities.xml"), "layer": "photo", "maxzoom": 13});
    fs::write(folder.path().join("photo.json"), description.to_string()).unwrap();
    let cache = folder.path().join("cache");
    let options = |is_offline: bool| ServerOptions {
        cache: Some(cache.clone()),
        is_offline,
        cache_bytes: 1 << 20,
    };
    let resources = stadslens::sources::resource::folder(folder.path());
    let read = |is_offline: bool| {
        let opened = open_description(&resources, "photo.json", &options(is_offline)).unwrap();
        assert_eq!(opened.host.as_deref(), Some("127.0.0.1"));
        assert_eq!(opened.source.crs(), Some(Crs::RD));
        let level = opened.source.levels()[0];
        let corner = level.transform.pixel_from_file(ANCHOR).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a pixel")]
        let (x, y) = (corner.x as u32, corner.y as u32);
        let window = stadslens::sources::raster::Window {
            x,
            y,
            width: 300,
            height: 2,
        };
        (opened.source.read(0, window).unwrap().pixels, x, y)
    };
    let (pixels, x, y) = read(false);
    assert_eq!(
        (x / 256, y / 256),
        (4988, 3972),
        "the tile that is known for this place"
    );
    for (i, pixel) in (0_u32..).zip(&pixels) {
        let (column, row) = (x + i % 300, y + i / 300);
        let blue = (column / 256 + row / 256) % 256;
        assert_eq!(
            [pixel[0], pixel[1], pixel[2]].map(u32::from),
            [column % 256, row % 256, blue]
        );
    }
    let asked = server.count();
    assert!((3..=4).contains(&asked), "{asked}");
    assert_eq!(read(true).0, pixels, "from what was kept");
    assert_eq!(server.count(), asked, "nothing is asked offline");
    // A scenario tells who is asked, asks nobody before the layer is shown, and a package takes the description along alone.
    let open = opened(folder.path(), "photo.json");
    assert_eq!(server.count(), asked, "opening asks nothing");
    assert_eq!(open.imagery[0].host(), Some("127.0.0.1"));
    assert!(!open.scenario.layers[0].visible, "it is hidden at first");
    assert!(
        open.problems
            .iter()
            .any(|p| p.to_string().contains("asks a server: 127.0.0.1")),
        "{:?}",
        open.problems
    );
    assert_eq!(stadslens::model::scenario::used_files(&open).paths.len(), 1);
}

#[test]
fn what_a_server_or_description_gets_wrong_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let resources = stadslens::sources::resource::folder(folder.path());
    let options = ServerOptions {
        cache: None,
        is_offline: false,
        cache_bytes: 0,
    };
    let server = Server::new(|seen| match seen.path() {
        "/report" => Reply::ok(
            r#"<?xml version="1.0"?><ExceptionReport><Exception><ExceptionText>no such layer</ExceptionText></Exception></ExceptionReport>"#,
        ),
        _ => Reply::ok("<!DOCTYPE html><html><head><title>Log in</title></head></html>"),
    });
    let mut count = 0;
    let mut told = |text: &str, what: &str| {
        fs::write(folder.path().join("d.json"), text).unwrap();
        let problem = open_description(&resources, "d.json", &options)
            .unwrap_err()
            .to_string();
        assert!(problem.contains(what) && !problem.contains('\n'), "{text}: {problem}");
        count += 1;
    };
    told(&json!({"wmts": server.url("/page")}).to_string(), "web page");
    told(&json!({"wmts": server.url("/report")}).to_string(), "no such layer");
    told(r#"{"wmts": "http://example.org/x"}"#, "not encrypted");
    told(r#"{"wmts": "file:///etc/passwd"}"#, "only https");
    told(r#"{"wmts": "../secret.xml"}"#, "out of its folder");
    told(
        r#"{"tilejson": "2.0.0", "tiles": ["../{z}/{x}/{y}.png"], "maxzoom": 3}"#,
        "out of its folder",
    );
    told(r#"{"tilejson": "2.0.0", "tiles": ["{z}/{x}/{y}.png"]}"#, "maxzoom");
    told(
        r#"{"tilejson": "2.0.0", "tiles": ["{z}/{x}.png"], "maxzoom": 3}"#,
        "{y}",
    );
    told(r#"{"tilejson": "2.0.0", "tiles": [], "maxzoom": 3}"#, "no address");
    told(
        r#"{"tilejson": "2.0.0", "tiles": ["{z}/{x}/{y}"], "maxzoom": 3, "tile_matrix_set": "EPSG:31370"}"#,
        "not known",
    );
    told(
        r#"{"tilejson": "2.0.0", "tiles": ["http://example.org/{z}/{x}/{y}"]}"#,
        "not encrypted",
    );
    told("<TileMap></TileMap>", "TileSets");
    told("<Capabilities><Contents></Contents></Capabilities>", "no layers");
    told("{", "no description");
    // Tiles that are web pages cost the picture alone.
    let page = json!({"tilejson": "2.0.0", "tiles": [server.url("/{z}/{x}/{y}.png")], "maxzoom": 4});
    fs::write(folder.path().join("d.json"), page.to_string()).unwrap();
    let opened = open_description(&resources, "d.json", &options).unwrap();
    let window = stadslens::sources::raster::Window {
        x: 0,
        y: 0,
        width: 9,
        height: 9,
    };
    let problem = opened.source.read(0, window).unwrap_err().to_string();
    assert!(problem.contains("a web page"), "{problem}");
    assert_eq!(count, 14);
}
