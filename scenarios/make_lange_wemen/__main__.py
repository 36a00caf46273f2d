"""Makes scenarios/lange-wemen: a synthetic town centre, the same bytes every time.

usage: python3 scenarios/make_lange_wemen [--check] [--out FOLDER] [--grids FOLDER]

--check writes to a temporary folder and compares it with the folder in the project.
--grids names the folder with rdcorr2018.gsb and nlgeo2018.gtx (default assets/georef).
Python 3.9 or later, standard library only.
"""
import argparse
import filecmp
import json
import os
import re
import shutil
import sys
import tempfile

import checks
import notices
import outdoors
import plan
import story
import tiles
import views
from city import City
from plane import area
from rdnap import RdNap, verify

HERE = os.path.dirname(os.path.abspath(__file__))
FINISHED = os.path.join(os.path.dirname(HERE), "lange-wemen")
GRIDS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "assets", "georef")


def collection(features):
    """GeoJSON text in RD, one feature a line."""
    head = '{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::28992"}},"features":[\n'
    return head + ",\n".join(json.dumps(f, separators=(",", ":"), ensure_ascii=False) for f in features) + "\n]}\n"


def feature(kind, coordinates, properties):
    """One GeoJSON feature."""
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def polygon(rings):
    """Closed rings in RD: outline counter-clockwise, holes clockwise."""
    out = []
    for k, ring in enumerate(rings):
        pts = [story.rd(p, 3) for p in ring]
        clean = [p for i, p in enumerate(pts) if p != pts[i - 1]]
        if (area([tuple(p) for p in clean]) > 0) != (k == 0):
            clean.reverse()
        out.append(clean + clean[:1])
    return out


def write_all(folder, grids):
    """Write the whole scenario into a folder."""
    rdnap = RdNap(grids)
    print("worst distance to NSGI's points: %.2f mm" % (verify(rdnap) * 1000))
    city = City()
    surfaces = outdoors.build_surfaces(city)
    assets = outdoors.build_assets(city)
    notices.add_upkeep(assets)
    reports = notices.reports(city, assets)
    variants = plan.all_variants(city, assets)
    checks.check(city, surfaces, assets, reports)
    checks.plans(variants)
    print("least free sight at eye height: %.1f m (%s, variant %s)" % views.check(city, assets, variants))

    def put(path, data):
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode("utf-8"))
    frame = tiles.Frame(rdnap, (251000.0, 476250.0), 17.0)
    counts = tiles.write(city, frame, put)
    put("terrain.asc", city.terrain.text(tiles.WEST, tiles.SOUTH))
    put("register.geojson", collection(feature("Polygon", polygon([b.outline]), {
        "identificatie": b.identificatie, **({"naam": b.name} if b.name else {}), "ground_nap_m": b.ground, "roof_nap_m": round(b.top, 3),
        "bouwlagen": b.storeys, "gebruik": b.use, "oorspronkelijkbouwjaar": b.year, "dwellings": b.dwellings,
        **({} if b.places is None else {"parking_places": b.places}), "gfa_m2": b.gfa})
        for b in city.buildings))
    put("surfaces.geojson", collection(feature("Polygon", polygon(rings), {
        "id": "V-%04d" % (n + 1), "kind": kind, "raise_m": lift, **({"street": street} if street else {}),
        **({"parking_places": surfaces.places[n]} if n in surfaces.places else {})})
        for n, (rings, kind, lift, street) in enumerate(surfaces.items)))
    put("assets.geojson", collection(placed(assets.items)))
    put("reports.geojson", collection(placed(reports)))
    put("sensors.geojson", collection(placed(notices.SENSORS)))
    put("labels.geojson", collection(
        feature(kind, [story.rd(p) for p in c] if kind == "LineString" else story.rd(c), props)
        for kind, c, props in notices.labels(city)))
    put("scenario.json", readable(story.scenario(city, variants)))
    return city, counts, assets, surfaces


def readable(content):
    """Indented JSON with every point on one line."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([-\d.]+(?:,\s+[-\d.]+){1,2})\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", text) + "\n"


def placed(items):
    """Point features from dictionaries with x and y."""
    for item in items:
        yield feature("Point", story.rd((item["x"], item["y"])), {k: v for k, v in item.items() if k not in ("x", "y")})


def files_of(folder):
    """Relative paths of all files but the hand-written README."""
    out = []
    for top, _, names in os.walk(folder):
        out += [os.path.relpath(os.path.join(top, n), folder) for n in names]
    return sorted(n for n in out if n != "README.md")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--out", default=FINISHED)
    parser.add_argument("--grids", default=GRIDS)
    options = parser.parse_args()
    if options.check:
        with tempfile.TemporaryDirectory() as folder:
            write_all(folder, options.grids)
            old, new = files_of(options.out), files_of(folder)
            bad = sorted(set(old) ^ set(new))
            bad += [n for n in new if n in old and not filecmp.cmp(os.path.join(folder, n), os.path.join(options.out, n), False)]
            for name in bad:
                print("differs: " + name)
            print("%d files compared, %d differ" % (len(new), len(bad)))
            return 1 if bad else 0
    if os.path.isdir(os.path.join(options.out, "tiles")):
        shutil.rmtree(os.path.join(options.out, "tiles"))
    city, counts, assets, surfaces = write_all(options.out, options.grids)
    size = sum(os.path.getsize(os.path.join(options.out, n)) for n in files_of(options.out))
    fine = sum(v for k, v in counts.items() if k != "coarse")
    print("%d buildings, %d triangles fine, %d coarse, %d surfaces, %d assets, %.1f MB"
          % (len(city.buildings), fine, counts["coarse"], len(surfaces.items), len(assets.items), size / 1e6))
    print(", ".join("%s %d" % (k, n) for k, n in sorted(assets.counts.items())))
    assert size < 15e6
    return 0


if __name__ == "__main__":
    sys.exit(main())
