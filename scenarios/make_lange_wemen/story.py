"""scenario.json: layers, phases, viewpoints and lens charters."""
from plan import PLAN_AREA
from tiles import SOUTH, WEST
from views import EXTRA, VIEWS, both

SOURCE = {"owner": "Stadslens (voorbeeld, geen echte situatie)", "date": "2026-11-22", "licence": "CC0-1.0", "url": ""}


LAYERS = [
    ("buildings", "tiles3d", "tiles/tileset.json", both("Gebouwen (voorbeeld)", "Buildings (example)"), "ellipsoid"),
    ("terrain", "terrain", "terrain.asc", both("Maaiveld (voorbeeld)", "Terrain (example)"), "nap"),
    ("ground", "surfaces", "surfaces.geojson", both("Verharding, groen en water (voorbeeld)", "Paving, green and water (example)"), "nap"),
    ("objects", "assets", "assets.geojson", both("Beheerobjecten (voorbeeld)", "Assets (example)"), "nap"),
    ("reports", "reports", "reports.geojson", both("Meldingen (voorbeeld)", "Public-space reports (example)"), "nap"),
    ("sensors", "sensors", "sensors.geojson", both("Sensoren (voorbeeld)", "Sensors (example)"), "nap"),
    ("names", "labels", "labels.geojson", both("Namen", "Names"), "nap"),
]
PHASES = [("0", both("Horecawand", "Café front"), 2026), ("1", both("Garage, winkels en woningen Kloosterhof", "Kloosterhof garage, shops and homes"), 2028),
          ("2", both("Sloop Thiemsbrug", "Demolition of Thiemsbrug"), 2029), ("3", both("Woningen", "Homes"), 2031),
          ("4", both("Openbare ruimte", "Public space"), 2032)]
CHARTERS = {
    "design": dict(audience=both("Planners, ontwerpers en raadsleden", "Planners, designers and councillors"),
                   question=both("Welke variant past hier het best, en waarom?", "Which variant fits best here, and why?"),
                   work_process=both("Het plan maken en de raad laten kiezen", "Making the plan and letting the council choose"),
                   replaces=both("De map met losse plaatjes en het rekenblad die rondgaan voor een raadsvergadering.",
                                 "The folder of separate renders and the spreadsheet that go round before a council meeting.")),
    "participation": dict(audience=both("Bewoners, bezoekers en kinderen", "Residents, visitors and children"),
                          question=both("Wat vind je van de plannen?", "What do you think of the plans?"),
                          work_process=both("Meedenken over de Lange Wemen", "Having a say about the Lange Wemen"),
                          replaces=both("De muur met plakbriefjes en het papieren formulier dat iemand later overtypt.",
                                        "The wall of sticky notes and the paper form that somebody types over afterwards.")),
    "maintenance": dict(audience=both("Beheerders en de buitendienst", "Maintenance staff"),
                        question=both("Wat heeft nu onderhoud nodig, en waar?", "What needs upkeep now, and where?"),
                        work_process=both("Inspecteren en onderhoud plannen", "Inspecting and planning upkeep"),
                        replaces=both("De geprinte kaart en lijst die mee naar buiten gaan en later worden overgetypt.",
                                      "The printed map and list that go outside and come back to be retyped.")),
}


def rd(p, digits=2):
    """Local metres to RD; centimetres unless more digits are asked for."""
    return [round(WEST + p[0], digits), round(SOUTH + p[1], digits)]


def scenario(city, variants):
    """The scenario file's content."""
    views = []
    for name, title, caption, (x, y, up), heading, pitch, distance in VIEWS:
        item = {"id": name, "title": title, "caption": caption, "camera": {
            "target": rd((x, y)) + [round(city.terrain.at(x, y) + up, 2)], "heading_deg": heading, "pitch_deg": pitch,
            "distance_m": distance}}
        item.update(EXTRA.get(name, {}))
        if name == "overview":
            item["time"] = "2026-06-21T15:00:00+02:00"
        views.append(item)
    layers = []
    for name, kind, path, title, reference in LAYERS:
        item = {"id": name, "kind": kind, "path": path, "title": title, "height_reference": reference}
        if kind == "tiles3d":
            item.update(id_property="identificatie", register="register.geojson")
        item.update(source=SOURCE, certainty="decided", visible=True, synthetic=True)
        layers.append(item)
    out = []
    for v in variants:
        v = dict(v, source=SOURCE)
        v["buildings"] = [dict(b, footprint=[rd(p) for p in b["footprint"]]) for b in v.get("buildings", [])]
        v["trees"] = [dict(t, position=rd(t["position"])) for t in v.get("trees", [])]
        v["surfaces"] = [dict(s, polygon=[[rd(p) for p in ring] for ring in s["polygon"]]) for s in v.get("surfaces", [])]
        if v["id"] == "0":
            for key in ("buildings", "trees", "surfaces"):
                v.pop(key)
        out.append(v)
    return {
        "$schema": "https://stadslens.nl/schema/scenario-1.json",
        "version": 1,
        "title": both("Lange Wemen, Hengelo", "Lange Wemen, Hengelo"),
        "synthetic": True,
        "area": {"name": both("Lange Wemen", "Lange Wemen"), "municipality": {"name": "Hengelo", "code": "GM0164"},
                 "anchor": {"rd": [251000.0, 476250.0], "nap_m": 17.0},
                 "outline": [rd(p) for p in ((0, 0), (600, 0), (600, 600), (0, 600))]},
        "plan_area": {
            "title": both("Thiemsbrug, Burgemeester Jansenplein, Horecawand en Kloosterhof, tot het midden van de straten",
                          "Thiemsbrug, Burgemeester Jansenplein, café front and Kloosterhof, to the middle of the streets"),
            "scale": "fabric", "polygons": [[[rd(p) for p in PLAN_AREA]]]},
        "crs": "EPSG:28992",
        "layers": layers,
        "phases": [{"id": i, "title": t, "year": y} for i, t, y in PHASES],
        "variants": out,
        "viewpoints": views,
        "lenses": {k: {"charter": c} for k, c in CHARTERS.items()},
        "annotations": [],
        "start": {"viewpoint": "overview", "variant": "0", "time": "2026-06-21T15:00:00+02:00"},
    }
