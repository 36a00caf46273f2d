"""scenario.json: layers, phases, viewpoints and lens charters."""
from tiles import SOUTH, WEST

SOURCE = {"owner": "Stadslens (voorbeeld, geen echte situatie)", "date": "2026-11-22", "licence": "CC0-1.0", "url": ""}


def both(nl, en):
    """A text in two languages."""
    return {"nl": nl, "en": en}


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
# id, titles, captions, target (x, y, metres above ground), heading, pitch, distance
VIEWS = [
    ("overview", both("Overzicht", "Overview"), both("Het hele gebied, gezien naar het noorden.", "The whole area, looking north."),
     (285, 268, 0.0), 20, -35, 590),
    ("burg-jansenplein", both("Burg. Jansenplein", "Burg. Jansenplein"),
     both("Op het plein, met het stadhuis en zijn toren.", "On the square, with the town hall and its tower."), (247, 287, 1.6), 353, 0, 25),
    ("langestraat", both("Langestraat", "Langestraat"), both("Winkelen in de Langestraat, op ooghoogte.", "Shopping in Langestraat, at eye height."),
     (360, 205, 1.6), 10, 0, 25),
    ("kloosterhof", both("Kloosterhof", "Kloosterhof"), both("Het parkeerterrein waar de garage onder komt.", "The car park that will stand on the garage."),
     (316, 364, 3.0), 20, -22, 95),
    ("lambertus", both("Lambertusbasiliek", "Lambertus basilica"), both("De basiliek met haar toren van 80 meter.", "The basilica with its 80 metre tower."),
     (402, 378, 22.0), 52, -14, 150),
    ("boven", both("Recht van boven", "Straight from above"), both("De kaart: straten, pleinen en daken.", "The map: streets, squares and roofs."),
     (295, 290, 0.0), 0, -89, 740),
    ("binnenhof", both("Binnenhof Thiemsbrug", "Thiemsbrug courtyard"), both("In het hart van de nieuwe buurt.", "In the heart of the new neighbourhood."),
     (197, 184, 1.6), 62, -1, 12),
    ("kindhoogte", both("Op kindhoogte", "At a child's height"), both("De Enschedesestraat, gezien door een kind.", "Enschedesestraat, as a child sees it."),
     (405, 254, 1.1), 97, 0, 14),
    ("marktplein", both("Marktplein", "Marktplein"), both("Over het Marktplein naar de Lambertustoren.", "Across Marktplein to the Lambertus tower."),
     (464, 137, 1.6), 335, 0, 25),
    ("beek", both("Drienerbeek", "Drienerbeek"), both("De beek komt weer boven de grond.", "The stream returns above ground."), (262, 189, 1.5), 74, -14, 48),
]
EXTRA = {"binnenhof": {"variant": "A"}, "beek": {"variant": "B"}}
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
        v = dict(v)
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
        "crs": "EPSG:28992",
        "layers": layers,
        "phases": [{"id": i, "title": t, "year": y} for i, t, y in PHASES],
        "variants": out,
        "viewpoints": views,
        "lenses": {k: {"charter": c} for k, c in CHARTERS.items()},
        "annotations": [],
        "start": {"viewpoint": "overview", "variant": "0", "time": "2026-06-21T15:00:00+02:00"},
    }
