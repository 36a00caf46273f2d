"""What must hold of the finished city; an error here stops the script."""
from plane import area, box, convex_overlap, inside

HEIGHTS = {"Lambertusbasiliek": 80.0, "Stadhuistoren": 57.0, "Brinktoren": 43.0, "Bellevue": 38.0}


def check(city, surfaces, assets, reports):
    """All of it."""
    ids = [b.identificatie for b in city.buildings]
    assert len(set(ids)) == len(ids) and all(len(i) == 30 for i in ids)
    for b in city.buildings:
        if b.name in HEIGHTS:
            assert abs(b.top - b.ground - HEIGHTS[b.name]) < 0.0015, (b.name, b.top - b.ground)
        assert b.top > b.ground + 1.5 and area(b.outline) > 1.0, b.key
        built = sum(area(ring) for ring in b.rings)
        assert abs(area(b.outline) - built) < 0.02 * built + 0.2, (b.key, area(b.outline), built)
    neighbours(city)
    overlaps(city)
    numbers = [i["id"] for i in assets.items]
    assert len(set(numbers)) == len(numbers)
    roads = [(ring, box(ring)) for ring, _, _, _ in city.network.carriageways()]
    for item in assets.items:
        p = (item["x"], item["y"])
        assert not city.covered(p), item["id"]
        on_road = any(x0 <= p[0] <= x1 and y0 <= p[1] <= y1 and inside(p, ring) for ring, (x0, y0, x1, y1) in roads)
        assert on_road == (item["type"] == "manhole"), (item["id"], p)
    assert len(reports) == 200 and len({r["id"] for r in reports}) == 200
    covered = sum(area(rings[0]) - sum(abs(area(h)) for h in rings[1:]) for rings, _, _, _ in surfaces.items)
    assert abs(covered - 360000.0) < 60.0, covered


def plans(variants):
    """A plan's surfaces are cut out of today's ground but not out of each other: none overlap, but a bridge its water."""
    for variant in variants:
        spots = {}
        for surface in variant.get("surfaces", ()):
            outline, holes = surface["polygon"][0], surface["polygon"][1:]
            assert area(outline) > 1.0 and all(area(hole) > 0 for hole in holes), surface["id"]
            x0, y0, x1, y1 = (int(2 * v) for v in box(outline))
            for i in range(x0, x1 + 1):
                for j in range(y0, y1 + 1):
                    p = (i / 2 + 0.25, j / 2 + 0.25)
                    if inside(p, outline) and not any(inside(p, hole) for hole in holes):
                        below = spots.setdefault((i, j), surface)
                        bridge = below["kind"] == "water" and surface["raise_m"] == 0.12
                        assert below is surface or bridge, (below["id"], surface["id"])


def neighbours(city):
    """No two façades side by side look alike."""
    for b in city.buildings:
        house = b.parts[0]
        plot = getattr(house, "plot", None)
        other = plot.neighbours.get(1) if plot else None
        mate = getattr(other, "house", None)
        if mate:
            tone = sum(abs(p - q) for p, q in zip(house.style.wall, mate.style.wall))
            assert tone >= 15 or abs(house.eaves - mate.eaves) > 0.2, (b.key, tone)


def overlaps(city):
    """No two buildings share ground, and all stay inside the scene."""
    flat = [(b, ring, box(ring)) for b in city.buildings for ring in b.rings if len(ring) < 9]
    for i, (b, ring, (x0, y0, x1, y1)) in enumerate(flat):
        assert x0 >= -0.01 and y0 >= -0.01 and x1 <= 600.01 and y1 <= 600.01, b.key
        for o, other, (a0, b0, a1, b1) in flat[:i]:
            if o is not b and x0 < a1 and a0 < x1 and y0 < b1 and b0 < y1:
                assert not convex_overlap(ring, other, 0.3), (b.key, o.key)
