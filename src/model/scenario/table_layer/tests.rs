use super::*;
use crate::georef::{LonLatH, RdNap};
use crate::sources::table::MAX_LISTED;

fn hengelo() -> SiteFrame {
    SiteFrame::RdNap {
        anchor: RdNap {
            x_m: 251_000.0,
            y_m: 476_250.0,
            nap_m: 17.0,
        },
    }
}

fn columns(names: &[(Meaning, &str)]) -> Columns {
    Columns {
        named: names
            .iter()
            .map(|(meaning, name)| (*meaning, (*name).to_owned()))
            .collect(),
        ..Columns::default()
    }
}

fn run_at(text: &[u8], columns: Option<&Columns>, site: SiteFrame) -> (Vec<Asset>, Vec<String>) {
    let mut findings = Findings::new("t.csv");
    let result = read(text, "t.csv", columns, &Ground { site, outline: &[] }, &mut findings);
    let mut lines: Vec<String> = findings.into_problems().iter().map(ToString::to_string).collect();
    let assets = match result {
        Ok(objects) => objects.assets,
        Err(problem) => {
            lines.push(problem.to_string());
            Vec::new()
        }
    };
    (assets, lines)
}

fn run(text: &str, columns: Option<&Columns>) -> (Vec<Asset>, Vec<String>) {
    run_at(text.as_bytes(), columns, hengelo())
}

#[test]
fn a_dutch_list_is_read_with_everything_in_it() {
    let mut named = columns(&[
        (Meaning::X, "X"),
        (Meaning::Y, "y"),
        (Meaning::Id, "Objectnr"),
        (Meaning::Kind, "Soort object"),
        (Meaning::Condition, "NEN"),
        (Meaning::Upkeep, "Niveau"),
        (Meaning::Inspected, "Laatst"),
        (Meaning::NextInspection, "Volgende"),
        (Meaning::Height, "Hoogte"),
    ]);
    named.kinds.insert("pomp".into(), AssetKind::Other);
    let (assets, lines) = run_at(
        b"Objectnr;Soort object;X;Y;NEN;Niveau;Laatst;Volgende;Hoogte;Wijk;Bijzonder\r\n\
          007;Boom;250.985,50;476.250,00;2;a+;21-03-2026;2028-03-21;9,5;Caf\xe9;\r\n\
          LP 12;Lichtmast;251005,5;476248;;;;;;Centrum;scheef\r\n\
          P-1;Pomp;251005,5;476249;;;;;;;\r\n",
        Some(&named),
        hengelo(),
    );
    assert_eq!(lines, Vec::<String>::new());
    let tree = &assets[0];
    assert_eq!((tree.id.as_str(), tree.kind), ("007", AssetKind::Tree));
    assert_eq!(tree.position, DVec2::new(-14.5, 0.0));
    assert_eq!((tree.condition, tree.upkeep.as_deref()), (Some(2), Some("A+")));
    assert_eq!(tree.inspected, jiff::civil::Date::new(2026, 3, 21).ok());
    assert_eq!(tree.next_inspection, jiff::civil::Date::new(2028, 3, 21).ok());
    assert!((tree.height_m - 9.5).abs() < 1e-9);
    assert!(tree.attributes.contains(&("Wijk".into(), "Café".into())));
    assert!(!tree.attributes.iter().any(|(name, _)| name == "Bijzonder"));
    assert_eq!((assets[1].kind, assets[2].kind), (AssetKind::Lamp, AssetKind::Other));
}

/// The same place, however it is written; a lone point before three digits is decided by where it leads.
#[test]
fn the_system_and_the_sign_of_decimals_are_found() {
    for text in [
        "nr;x;y\n1;250985,5;476250,25\n",
        "nr;x;y\n1;250.985,50;476.250,25\n",
        "nr;x;y\n1;250985.5;476250.25\n",
        "nr,x,y\n1,250985.5,476250.25\n",
        "nr\trd_x\trd_y\n1\t250 985,5\t476 250,25\n",
        "nr;lon;lat\n1;6,793351;52,265895\n",
        "nr,latitude,longitude\n1,52.265895,6.793351\n",
    ] {
        let (assets, lines) = run(text, None);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("t.csv: line 1: the layer names no `columns`, so they are guessed: x = `"));
        let apart = assets[0].position.distance(DVec2::new(-14.5, 0.25));
        assert!(apart < 0.3, "{text:?} lies {apart} m off");
    }
    let (assets, lines) = run("nr;x;y\n1;250.985;476.250\n2;250.986;476.251\n", None);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(assets[1].position, DVec2::new(-14.0, 1.0));
}

#[test]
fn coordinates_that_lie_elsewhere_refuse_the_table_in_one_line() {
    let refused = |text: &str, crs: Option<&str>| {
        let mut named = columns(&[(Meaning::X, "x"), (Meaning::Y, "y")]);
        named.crs = crs.map(str::to_owned);
        let (assets, lines) = run(text, Some(&named));
        assert!(assets.is_empty());
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].clone()
    };
    let swapped = refused("x;y\n476250;250985\n476251;250985\n", None);
    assert!(swapped.contains("seem to be swapped"), "{swapped}");
    let amsterdam = refused("x;y\n121000;487000\n121001;487000\n", None);
    assert!(
        amsterdam.contains("fit neither RD (EPSG:28992) nor longitude and latitude"),
        "{amsterdam}"
    );
    let named = refused("x;y\n121000;487000\n121001;487000\n", Some("EPSG:28992"));
    assert!(
        named.contains("2 of 2 points have no place here; the first: the point 121000, 487000 lies 130 km"),
        "{named}"
    );
    let mercator = refused("x;y\n756230;6852000\n", None);
    assert!(mercator.contains("name their system as `crs`"), "{mercator}");
    let unknown = refused("x;y\n1;2\n", Some("RD"));
    assert!(unknown.contains("the CRS `RD` is not known"), "{unknown}");
    let words = refused("x;y\nhier;daar\n", None);
    assert!(words.contains("the first point is hier, daar"), "{words}");
}

#[test]
fn another_system_is_used_when_it_is_named() {
    let mut named = columns(&[(Meaning::X, "x"), (Meaning::Y, "y")]);
    named.crs = Some("EPSG:3857".into());
    let (assets, lines) = run("x;y\n756237,1;6852461,2\n", Some(&named));
    assert_eq!((assets.len(), lines.len()), (1, 0), "{lines:?}");
}

/// Outside the Netherlands there is no RD; longitude and latitude lead to the site's own frame.
#[test]
fn a_site_abroad_takes_longitude_and_latitude() {
    let anchor = LonLatH {
        lon_deg: -75.6,
        lat_deg: 40.04,
        h_m: 0.0,
    };
    let (assets, _) = run_at(b"id,lat,lon\n1,40.04,-75.6\n", None, SiteFrame::Enu { anchor });
    assert!(assets[0].position.length() < 0.01);
}

#[test]
fn a_bad_line_costs_itself_and_is_named() {
    let named = columns(&[
        (Meaning::X, "x"),
        (Meaning::Y, "y"),
        (Meaning::Id, "id"),
        (Meaning::Condition, "nen"),
        (Meaning::Inspected, "dag"),
        (Meaning::Crown, "kroon"),
    ]);
    let (assets, lines) = run(
        "id;x;y;nen;dag\n1;250985;476250;7;gisteren\n1;250985;476250;;\n3;;476250;;\n4;250985;x;;\n5;1;2;;\n;250986;476250;;\n6;250986;476250;;\n",
        Some(&named),
    );
    assert_eq!(
        lines,
        [
            "t.csv: line 1: there is no column `kroon`, which `columns.crown_m` names (there are id, x, y, nen, dag)",
            "t.csv: line 2: expected a NEN 2767 score from 1 to 6 for condition, found `7`; it counts as unknown",
            "t.csv: line 2: expected a date like 2026-03-21 or 21-03-2026 for inspected, found `gisteren`; it counts as unknown",
            "t.csv: line 3: the number `1` is taken by an earlier line; the object is left out",
            "t.csv: line 4: x or y is empty; the object is left out",
            "t.csv: line 5: the coordinate `x` is no number; the object is left out",
            "t.csv: line 6: the point 1, 2 lies 538 km from the anchor, more than 50 km: check the coordinate, and that it is written in EPSG:28992; the object is left out",
            "t.csv: line 7: there is no object number; notes cannot be kept with this object",
        ]
    );
    let ids: Vec<&str> = assets.iter().map(|asset| asset.id.as_str()).collect();
    assert_eq!(ids, ["1", "#7", "6"]);
}

#[test]
fn problems_of_one_kind_are_counted_after_the_first_few() {
    let rows: Vec<String> = (0..100).map(|i| format!("{i};250985;476250;slecht;x")).collect();
    let named = columns(&[
        (Meaning::X, "x"),
        (Meaning::Y, "y"),
        (Meaning::Id, "id"),
        (Meaning::Condition, "nen"),
        (Meaning::Kind, "type"),
    ]);
    let (assets, lines) = run(&format!("id;x;y;nen;type\n{}", rows.join("\n")), Some(&named));
    assert_eq!((assets.len(), lines.len()), (100, MAX_LISTED + 2), "{lines:?}");
    assert!(lines.contains(&"t.csv: 80 more lines with such a problem (condition) are not listed".to_owned()));
    assert!(
        lines
            .iter()
            .any(|line| line.contains("these types are not known and count as other objects: `x` (100)"))
    );
}

#[test]
fn a_list_of_one_kind_says_so_once() {
    let mut named = columns(&[(Meaning::X, "x"), (Meaning::Y, "y"), (Meaning::Kind, "soort")]);
    named.all_are = Some(AssetKind::Tree);
    let (assets, lines) = run("x;y;soort\n250985;476250;Linde\n250986;476250;\n", Some(&named));
    assert_eq!(lines, Vec::<String>::new());
    assert!(assets.iter().all(|asset| asset.kind == AssetKind::Tree));
}

#[test]
fn a_table_without_a_place_names_its_columns() {
    let (_, lines) = run("naam;straat\nBoom;Langestraat\n", None);
    assert_eq!(
        lines,
        ["t.csv: line 1: no columns for x and y; name them as `columns` in the layer (there are naam, straat)"]
    );
}
