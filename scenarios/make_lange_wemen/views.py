"""The viewpoints, and what must stay free in front of them in every variant."""
import math

from exact import apart, span, total
from plane import box, distance_to_ring, inside

FREE = 12.0       # metres of sight straight ahead that nothing may block
ROOM = 1.5        # metres between an eye and any wall


def both(nl, en):
    """A text in two languages."""
    return {"nl": nl, "en": en}


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
     (226.58, 174.82, 1.6), 10, 0, 12),
    ("kindhoogte", both("Op kindhoogte", "At a child's height"), both("De Enschedesestraat, gezien door een kind.", "Enschedesestraat, as a child sees it."),
     (405, 254, 1.1), 97, 0, 14),
    ("marktplein", both("Marktplein", "Marktplein"), both("Over het Marktplein naar de Lambertustoren.", "Across Marktplein to the Lambertus tower."),
     (464, 137, 1.6), 335, 0, 25),
    ("beek", both("Drienerbeek", "Drienerbeek"), both("De beek komt weer boven de grond.", "The stream returns above ground."), (255, 187, 0.0), 70, -24, 85),
]
EXTRA = {"binnenhof": {"variant": "A"}, "beek": {"variant": "B"}}


def eye(view, terrain):
    """Eye (x, y, NAP) and unit direction of a viewpoint."""
    (x, y, up), heading, pitch, distance = view[3:]
    h, p = math.radians(heading), math.radians(pitch)
    ahead = (math.sin(h) * math.cos(p), math.cos(h) * math.cos(p), math.sin(p))
    at = tuple(c - d * distance for c, d in zip((x, y, terrain.at(x, y) + up), ahead))
    return at, ahead


def standing(terrain):
    """(id, eye, direction) of the viewpoints where somebody stands on the ground."""
    for view in VIEWS:
        at, ahead = eye(view, terrain)
        if at[2] - terrain.at(at[0], at[1]) < 3.0:
            yield view[0], at, ahead


def beside(p, at, ahead):
    """Distance of a spot from the stretch of sight that must be free."""
    t = max(0.0, min(FREE, (p[0] - at[0]) * ahead[0] + (p[1] - at[1]) * ahead[1]))
    return span(p[0] - at[0] - ahead[0] * t, p[1] - at[1] - ahead[1] * t)


def solids(city, variant):
    """Outlines with the NAP heights between which a variant's buildings stand."""
    gone = {i for step in variant.get("removed", {}).get("phases", ()) for i in step["ids"]}
    for b in city.buildings:
        if b.identificatie not in gone:
            for ring in b.rings:
                yield b.identificatie, ring, b.ground - 1.0, b.top
    for b in variant.get("buildings", ()):
        ring = b["footprint"]
        base = total(city.terrain.at(*p) for p in ring) / len(ring) + b["base_m"]
        yield b["id"], ring, base - 1.0, base + b["ground_storey_height_m"] + (b["storeys"] - 1) * b["storey_height_m"] + b.get("roof_height_m", 0.0)


def sight(at, ahead, walls, far):
    """Metres until something blocks the sight or a line half a metre beside it; at most far."""
    n = span(ahead[0], ahead[1])
    right = (ahead[1] / n, -ahead[0] / n)
    for k in range(int(far / 0.2) + 1):
        t = 0.2 * k
        z = at[2] + ahead[2] * t
        for off in (-0.5, 0.0, 0.5):
            p = (at[0] + ahead[0] * t + right[0] * off, at[1] + ahead[1] * t + right[1] * off)
            for (x0, y0, x1, y1), ring, low, high in walls:
                if low < z < high and x0 < p[0] < x1 and y0 < p[1] < y1 and inside(p, ring):
                    return t
    return far


def check(city, assets, variants):
    """Every eye is outdoors in every variant, with free sight; returns the least sight at eye height."""
    least = (1e9, "", "")
    ground = {name for name, _, _ in standing(city.terrain)}
    for variant in variants:
        walls = [(box(ring), ring, low, high) for _, ring, low, high in solids(city, variant)]
        lost = {i for step in variant.get("removed", {}).get("phases", ()) for i in step["assets"]}
        trees = [((a["x"], a["y"]), a["crown_m"]) for a in assets.items if a["type"] == "tree" and a["id"] not in lost]
        trees += [(t["position"], t["crown_m"]) for t in variant.get("trees", ())]
        for view in VIEWS:
            name, (at, ahead) = (view[0], variant["id"]), eye(view, city.terrain)
            for _, ring, low, high in walls:
                if low < at[2] < high + ROOM:
                    assert not inside(at[:2], ring) and distance_to_ring(at[:2], ring) >= ROOM, (name, "stands in a building")
            free = sight(at, ahead, walls, 60.0 if view[0] in ground else FREE)
            assert free >= FREE, (name, "sight ends after", free)
            if view[0] in ground:
                for p, crown in trees:
                    assert apart(p, at) > crown / 2 + 0.5, (name, "stands in a tree", p)
                    assert beside(p, at, ahead) > 1.0, (name, "a tree in the way", p)
                least = min(least, (free, view[0], variant["id"]))
    return least
