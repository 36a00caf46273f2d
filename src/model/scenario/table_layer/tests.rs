use super::*;
use crate::georef::{LonLatH, RdNap};
use crate::model::AssetKind;
use crate::sources::Severity;
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
        assert_eq!(lines.len(), 2, "the guess and that there are no kinds: {lines:?}");
        assert!(lines[0].starts_with("t.csv: line 1: the layer names no `columns`, so they are guessed: x = `"));
        let apart = assets[0].position.distance(DVec2::new(-14.5, 0.25));
        assert!(apart < 0.3, "{text:?} lies {apart} m off");
    }
    let (assets, lines) = run("nr;x;y\n1;250.985;476.250\n2;250.986;476.251\n", None);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(assets[1].position, DVec2::new(-14.0, 1.0));
}

/// What a list gives whose columns are `x` and `y`; the first of its problems and the number of its objects.
fn placed(text: &str, crs: Option<&str>) -> (usize, Vec<String>) {
    let mut named = columns(&[(Meaning::X, "x"), (Meaning::Y, "y")]);
    named.crs = crs.map(str::to_owned);
    named.all_are = Some(AssetKind::Bench);
    let (assets, lines) = run(text, Some(&named));
    (assets.len(), lines)
}

#[test]
fn a_list_of_which_nothing_lies_here_is_left_out_with_what_to_do() {
    let refused = |text: &str, crs: Option<&str>| {
        let (assets, lines) = placed(text, crs);
        assert_eq!((assets, lines.len()), (0, 1), "{lines:?}");
        assert!(lines[0].starts_with("t.csv: the whole list is left out, "), "{lines:?}");
        lines[0].clone()
    };
    let swapped = refused("x;y\n476250;250985\n476251;250985\n", None);
    assert!(
        swapped.ends_with(
            "none of its 2 rows has a place here: x and y (longitude and latitude) seem to be swapped: exchange the two \
             columns"
        ),
        "{swapped}"
    );
    let amsterdam = refused("x;y\n121000;487000\n121001;487000\n", None);
    assert!(
        amsterdam.contains("fit neither RD (EPSG:28992) nor longitude and latitude (EPSG:4326)")
            && amsterdam.contains("(line 2: 121000, 487000)"),
        "{amsterdam}"
    );
    let named = refused("x;y\n121000;487000\n121001;487000\n", Some("EPSG:28992"));
    assert!(
        named.contains("the point 121000, 487000 lies 130 km") && named.contains("(line 2)"),
        "{named}"
    );
    let degrees = refused("x;y\n6,793351;52,265895\n", Some("EPSG:28992"));
    assert!(
        degrees.contains("its one row has no place here")
            && degrees.contains("these points are longitude and latitude: name `EPSG:4326`"),
        "{degrees}"
    );
    let mercator = refused("x;y\n756237,1;6852461,2\n", None);
    assert!(
        mercator.contains("these points are Web Mercator: name `EPSG:3857`"),
        "{mercator}"
    );
    let unknown = refused("x;y\n1;2\n", Some("RD"));
    assert!(unknown.contains("the CRS `RD` is not known"), "{unknown}");
    let words = refused("x;y\nhier;daar\n", None);
    assert!(
        words.contains("the columns `x` and `y` hold no numbers (the coordinate `hier` is no number)"),
        "{words}"
    );
    let empty = refused("nr;x;y\n1;;\n2;;\n", None);
    assert!(empty.contains("the columns `x` and `y` are empty"), "{empty}");
}

/// The bug that this file had: half of the rows elsewhere left out all of them, and nothing else was told.
#[test]
fn rows_that_have_no_place_are_left_out_row_by_row() {
    let (assets, lines) = placed("x;y\n250985;476250\n1;2\n250986;476250\n1;2\n", None);
    assert_eq!(assets, 2, "{lines:?}");
    assert_eq!(lines.len(), 1);
    assert!(
        lines[0].starts_with(
            "t.csv: lines 3 and 5: these 2 rows have no place here and are left out; the first: the point 1, 2 lies"
        ),
        "{lines:?}"
    );
}

#[test]
fn a_minority_that_can_be_placed_is_shown_with_a_word_about_the_mapping() {
    let first = |others: &str, crs: Option<&str>| {
        let (assets, lines) = placed(&format!("x;y\n{}250985;476250\n", others.repeat(15)), crs);
        assert_eq!((assets, lines.len()), (1, 2), "{lines:?}");
        let [loud, rows] = &lines[..] else { panic!("{lines:?}") };
        assert!(
            loud.starts_with(
                "t.csv: only 1 of 16 rows can be placed: check the columns of x and y (`x` and `y`, read as EPSG:28992); "
            ),
            "{loud}"
        );
        assert!(
            rows.starts_with("t.csv: lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 5 more: "),
            "{rows}"
        );
        loud.rsplit_once("); ").unwrap().1.to_owned()
    };
    assert_eq!(
        first("121000;487000\n", None),
        "is this a list of another area, or in another system?"
    );
    assert!(first("476250;250985\n", None).contains("seem to be swapped"));
    assert!(first("6,793351;52,265895\n", Some("EPSG:28992")).contains("these points are longitude and latitude"));
    assert_eq!(first(";476250\n", None), "the others have no number there");
}

/// A list of a province that is sorted by municipality: those of this area come after thousands of others.
#[test]
fn the_few_that_lie_here_are_found_wherever_they_stand() {
    let text = format!("x;y\n{}250985;476250\n", "121000;487000\n".repeat(3000));
    let (assets, lines) = placed(&text, None);
    assert_eq!(assets, 1, "{lines:?}");
}

#[test]
fn one_mistyped_coordinate_does_not_decide_how_all_are_written() {
    let (assets, lines) = placed("x;y\n250.985,5;476250\n250986.5;476250.0\n250987.5;476250.0\n", None);
    assert_eq!((assets, lines.len()), (2, 1), "{lines:?}");
    assert!(
        lines[0].contains("line 2: the coordinate `250.985,5` is no number; the row is left out"),
        "{lines:?}"
    );
}

/// Metres from where the meridian of Greenwich meets the equator: 1.5 km or 1.5 m, and both lie here.
#[test]
fn coordinates_that_can_be_read_in_two_ways_are_not_guessed() {
    let mut named = columns(&[(Meaning::X, "x"), (Meaning::Y, "y")]);
    named.crs = Some("EPSG:3857".into());
    named.all_are = Some(AssetKind::Bench);
    let anchor = LonLatH {
        lon_deg: 0.0,
        lat_deg: 0.0,
        h_m: 0.0,
    };
    let text = b"x;y\n1.500;2.500\n";
    let (assets, lines) = run_at(text, Some(&named), SiteFrame::Enu { anchor });
    assert_eq!((assets.len(), lines.len()), (0, 1), "{lines:?}");
    assert!(
        lines[0].contains("can be read in two ways that both lie here"),
        "{lines:?}"
    );
}

/// Whoever mends a list mends all of it: the fields of rows without a place are read as well.
#[test]
fn a_list_that_is_left_out_tells_its_other_mistakes() {
    let mut named = columns(&[
        (Meaning::X, "x"),
        (Meaning::Y, "y"),
        (Meaning::Id, "id"),
        (Meaning::Inspected, "dag"),
    ]);
    named.crs = Some("EPSG:28992".into());
    let (assets, lines) = run("id;x;y;dag\n1;1;2;gisteren\n1;1;2;\n", Some(&named));
    assert!(assets.is_empty());
    for part in [
        "line 2: expected a date",
        "lines 2 and 3: the object number `1` is used 2 times",
        "line 1: no column tells what kind of object each row is",
        "the whole list is left out",
    ] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:?}");
    }
    assert_eq!(lines.len(), 4, "{lines:?}");
}

#[test]
fn another_system_is_used_when_it_is_named() {
    let mut named = columns(&[(Meaning::X, "x"), (Meaning::Y, "y")]);
    named.crs = Some("EPSG:3857".into());
    named.all_are = Some(AssetKind::Bench);
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

/// What a list gives, each problem with how bad it is and its cause.
fn causes(text: &str, columns: &Columns) -> Vec<(Severity, Cause, String)> {
    let mut findings = Findings::new("t.csv");
    let ground = Ground {
        site: hengelo(),
        outline: &[],
    };
    let result = read(text.as_bytes(), "t.csv", Some(columns), &ground, &mut findings);
    let mut problems = findings.into_problems();
    problems.extend(result.err());
    problems
        .into_iter()
        .map(|problem| (problem.severity, problem.cause, problem.place))
        .collect()
}

#[test]
fn a_bad_line_costs_itself_and_is_named() {
    let mut named = columns(&[
        (Meaning::X, "x"),
        (Meaning::Y, "y"),
        (Meaning::Id, "id"),
        (Meaning::Condition, "nen"),
        (Meaning::Inspected, "dag"),
        (Meaning::Crown, "kroon"),
    ]);
    named.all_are = Some(AssetKind::Tree);
    let (assets, lines) = run(
        "id;x;y;nen;dag\n1;250985;476250;7;gisteren\n1;250985;476250;;21-03-26\n3;;476250;;\n4;250985;x;;\n5;1;2;;\n;250986;476250;;\n6;250986;476250;;\n",
        Some(&named),
    );
    assert_eq!(
        lines,
        [
            "t.csv: line 1: there is no column `kroon`, which `columns.crown_m` names (there are id, x, y, nen, dag)",
            "t.csv: line 4: x or y is empty; the row is left out",
            "t.csv: line 5: the coordinate `x` is no number; the row is left out",
            "t.csv: line 6: the point 1, 2 lies 538 km from the anchor, more than 100 km: check the coordinate, and that it is written in EPSG:28992; the row is left out",
            "t.csv: line 2: expected a NEN 2767 score from 1 to 6 for condition, found `7`; it counts as unknown",
            "t.csv: line 2: expected a date like 2026-03-21 or 21-03-2026 for inspected, found `gisteren`; it counts as unknown",
            "t.csv: line 3: the year of `21-03-26` for inspected could be of any century: write the year with four figures, as in 21-03-2026; it counts as unknown",
            "t.csv: lines 2 and 3: the object number `1` is used 2 times; each row is shown, and what a note or a variant says of the number counts for all of them: give each object its own",
            "t.csv: line 7: there is no object number; notes cannot be kept with such an object: give it one",
        ]
    );
    let ids: Vec<&str> = assets.iter().map(|asset| asset.id.as_str()).collect();
    assert_eq!(ids, ["1", "1", "#7", "6"]);
}

/// What leaves something out is an error, what only counts as unknown is none; each has the words that the window says.
#[test]
fn only_what_is_left_out_is_an_error() {
    use Severity::{Error, Warning};
    let named = columns(&[
        (Meaning::X, "x"),
        (Meaning::Y, "y"),
        (Meaning::Id, "id"),
        (Meaning::Kind, "soort"),
        (Meaning::Condition, "nen"),
        (Meaning::Height, "hoogte"),
    ]);
    let head = "id;x;y;soort;nen;hoogte\n";
    let of = |rows: &str, named: &Columns| {
        let found = causes(&format!("{head}{rows}"), named);
        found
            .into_iter()
            .map(|(severity, cause, place)| (severity, cause, place.leak() as &str))
            .collect::<Vec<_>>()
    };
    let good = "8;250985;476250;bank;;\n9;250985;476250;bank;;\n";
    for (row, expected) in [
        ("1;250985;476250;bank;slecht;", (Warning, Cause::Value, "line 4")),
        ("1;250985;476250;boom;;75", (Warning, Cause::Value, "line 4")),
        ("9;250985;476250;bank;;", (Warning, Cause::SameNumber, "lines 3 and 4")),
        ("1;250985;476250;zuil;;", (Warning, Cause::UnknownKind, "line 4")),
        (";250985;476250;bank;;", (Warning, Cause::NoNumber, "line 4")),
        ("1;;476250;bank;;", (Error, Cause::NoCoordinates, "line 4")),
    ] {
        assert_eq!(of(&format!("{good}{row}\n"), &named), [expected], "{row}");
    }
    let nowhere = of("1;;476250;bank;;\n", &named);
    assert_eq!(nowhere, [(Error, Cause::Nowhere, "")]);
    let mostly = of("1;250985;476250;bank;;\n2;1;2;bank;;\n3;1;2;bank;;\n", &named);
    assert_eq!(
        mostly,
        [
            (Error, Cause::MostlyNowhere, ""),
            (Error, Cause::TooFar, "lines 3 and 4")
        ]
    );
    let mut without = named.clone();
    without.named.remove(&Meaning::Kind);
    assert_eq!(of(good, &without), [(Warning, Cause::UnknownKind, "line 1")]);
}

/// A tree of 75 m and a lamp of 400 m are centimetres, or heights above NAP: drawn they would hide the area.
#[test]
fn a_height_that_no_such_object_has_counts_as_unknown() {
    let named = columns(&[
        (Meaning::X, "x"),
        (Meaning::Y, "y"),
        (Meaning::Kind, "soort"),
        (Meaning::Height, "hoogte"),
    ]);
    let (assets, lines) = run(
        "x;y;soort;hoogte\n250985;476250;boom;75\n250985;476250;lichtmast;400\n250985;476250;boom;35,5\n\
         250985;476250;put;17,2\n250985;476250;overig;75\n250985;476250;boom;-3\n250985;476250;boom;hoog\n",
        Some(&named),
    );
    let heights: Vec<f64> = assets.iter().map(|asset| asset.height_m).collect();
    assert_eq!(heights, [0.0, 0.0, 35.5, 0.0, 75.0, 0.0, 0.0]);
    assert_eq!(
        lines,
        [
            "t.csv: line 2: `75` is no likely height of this object (a tree, 0 to 60 m): check that height_m is in metres above the ground; it counts as unknown",
            "t.csv: line 3: `400` is no likely height of this object (a lamp post, 0 to 50 m): check that height_m is in metres above the ground; it counts as unknown",
            "t.csv: line 5: `17,2` is no likely height of this object (a manhole, 0 to 2 m): check that height_m is in metres above the ground; it counts as unknown",
            "t.csv: line 7: `-3` is no likely height of this object (a tree, 0 to 60 m): check that height_m is in metres above the ground; it counts as unknown",
            "t.csv: line 8: expected a number of metres for height_m, found `hoog`; it counts as unknown",
        ]
    );
    assert!(
        assets[0].attributes.contains(&("hoogte".into(), "75".into())),
        "the card shows it as it stands"
    );
}

#[test]
fn problems_of_one_kind_are_counted_after_the_first_few() {
    let rows: Vec<String> = (0..100).map(|i| format!("{};250985;476250;slecht;x", i / 2)).collect();
    let named = columns(&[
        (Meaning::X, "x"),
        (Meaning::Y, "y"),
        (Meaning::Id, "id"),
        (Meaning::Condition, "nen"),
        (Meaning::Kind, "type"),
    ]);
    let (assets, lines) = run(&format!("id;x;y;nen;type\n{}", rows.join("\n")), Some(&named));
    assert_eq!(
        (assets.len(), lines.len()),
        (100, 2 * (MAX_LISTED + 1) + 1),
        "{lines:?}"
    );
    assert!(lines.contains(&"t.csv: 80 more problems of this kind (condition) are not listed".to_owned()));
    assert!(lines.contains(&"t.csv: 30 more problems of this kind (number used again) are not listed".to_owned()));
    let kinds = lines.iter().filter(|line| line.contains("these types are not known"));
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "t.csv: lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 90 more: these types are not known and count as other objects: `x` (100); say in `columns.types` what they are"
        ]
    );
}

/// Without a column of kinds all count as other objects: that is said once, with how to name one.
#[test]
fn a_list_without_kinds_says_so_once() {
    let named = columns(&[(Meaning::X, "x"), (Meaning::Y, "y")]);
    let text = "x;y;soort boom\n250985;476250;linde\n250986;476250;eik\n";
    let (assets, lines) = run(text, Some(&named));
    assert!(assets.iter().all(|asset| asset.kind == AssetKind::Other));
    assert_eq!(
        lines,
        [
            "t.csv: line 1: no column tells what kind of object each row is, so all of them count as other objects: name that column as `type` in `columns`, or say as `all_are` what they are (headings that are known by themselves are type, objecttype, typeobject, objectsoort, soortobject, assettype, kind; there are x, y, soort boom)"
        ]
    );
    let (_, lines) = run("x;y;soort\n250985;476250;bank\n", Some(&named));
    assert!(lines[0].ends_with("what they are (`soort` looks like it)"), "{lines:?}");
    let (_, lines) = run("nr;type;x;y\n1;bank;250985;476250\n", None);
    assert_eq!(lines.len(), 1, "a column that is known by itself is taken: {lines:?}");
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
    let (_, lines) = run("naam;straat;type\nBoom;Langestraat;boom\n", None);
    assert_eq!(
        lines,
        [
            "t.csv: line 1: the whole list is left out, no columns for x and y: name them as `columns` in the layer (there are naam, straat, type)"
        ]
    );
}
