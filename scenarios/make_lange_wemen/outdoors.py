"""The ground's surfaces and the things that stand on it: trees, lamps, benches, bins, manholes."""
import math

from chance import Chance
from exact import apart, span
from houses import inside_convex
from plane import along, area, centroid, cut, inset, inside, side

SPECIES = ["Tilia cordata", "Platanus x hispanica", "Acer campestre", "Quercus robur", "Gleditsia triacanthos",
           "Betula pendula", "Carpinus betulus", "Prunus avium", "Liquidambar styraciflua", "Fraxinus excelsior"]
STREET_TREES = {"Deldenerstraat": "Platanus x hispanica", "Oldenzaalsestraat": "Platanus x hispanica", "Wemenstraat": "Tilia cordata",
                "Marskant": "Quercus robur", "Bornsestraat": "Tilia cordata", "Langestraat": "Gleditsia triacanthos",
                "Enschedesestraat": "Gleditsia triacanthos", "Brugstraat": "Liquidambar styraciflua",
                "Nieuwstraat": "Acer campestre", "Beursstraat": "Fraxinus excelsior"}


class Surfaces:
    """Ground polygons; rings[0] is the outline, the others holes."""

    def __init__(self):
        self.items = []
        self.places = {}          # parking places by the number of the surface

    def add(self, rings, kind, lift=0.0, street=None):
        """One surface; slivers are left out."""
        if len(rings[0]) > 2 and area(rings[0]) > 0.02:
            self.items.append((rings, kind, lift, street))


def pond_ring(cx, cy, rx, ry, key, n=18):
    """A rounded irregular outline."""
    rng = Chance("pond " + key)
    out = []
    for k in range(n):
        a = 2 * math.pi * k / n
        r = rng.between(0.86, 1.1)
        out.append((round(cx + rx * r * math.cos(a), 2), round(cy + ry * r * math.sin(a), 2)))
    return out


def build_surfaces(city):
    """Everything that covers the ground today."""
    s = Surfaces()
    for ring, kind, lift, street in city.network.carriageways():
        s.add([ring], kind, lift, street)
    for ring, kind, lift, street, _ in city.network.roadsides():
        s.add([ring], kind, lift, street)
    for face in city.network.faces:
        ring = [p for p, _ in face.ring(2)]
        if face.kind == "square":
            square(s, ring)
        elif face.kind == "market":
            inner = inset(ring, 9.0)
            s.add([ring, inner], "paving", 0.0, "Marktplein")
            rest = inner
            for y in (112.0, 123.4, 134.8, 146.2, 999.0):
                band, rest = cut(rest, (0.0, -1.0, y)), cut(rest, (0.0, 1.0, -y))
                s.add([band], "clinkers", 0.0, "Marktplein")
                if rest:
                    band, rest = cut(rest, (0.0, -1.0, y + 0.9)), cut(rest, (0.0, 1.0, -y - 0.9))
                    s.add([band], "paving", 0.0, "Marktplein")
        elif face.kind == "park":
            park(s, ring)
        elif face.kind == "church":
            churchyard(s, ring)
        elif face.kind == "hall":
            s.add([ring] + HALL_LAWNS, "paving", 0.02, "Stadhuis")
            for k, lawn in enumerate(HALL_LAWNS):
                s.add([lawn], "planting" if k == 2 else "grass", 0.1, "Stadhuis")
        elif face.kind == "thiemsbrug":
            s.add([ring], "paving", 0.02, "Thiemsbrug")
        elif face.kind == "carpark":
            carpark(s, ring)
    for ring, kind, info, _ in city.grounds:
        if kind == "plot":
            plot_ground(s, ring, info)
    return s


def square(s, ring):
    """Burg. Jansenplein: bands of paving, a fountain field, two green edges."""
    frame = inset(ring, 6.0)
    stripes = (229.0, 240.0, 261.0, 272.2, 283.4)
    fountain = [(243.0, 268.0), (258.0, 269.6), (257.0, 281.0), (242.4, 279.4)]
    water = inset(fountain, 1.6)
    s.add([ring, frame], "paving", 0.0, "Burg. Jansenplein")
    beds = [[(226.2, 240.0), (228.6, 240.2), (225.6, 296.0), (223.2, 295.8)]]
    things = [fountain] + beds
    rest = frame
    for x in stripes + (999.0,):
        band, rest = cut(rest, (-1.0, 0.0, x)), cut(rest, (1.0, 0.0, -x))
        s.add([band] + [t for t in things if inside(t[0], band)], "clinkers", 0.0, "Burg. Jansenplein")
        if rest:
            band, rest = cut(rest, (-1.0, 0.0, x + 1.2)), cut(rest, (1.0, 0.0, -x - 1.2))
            s.add([band], "paving", 0.0, "Burg. Jansenplein")
    s.add([fountain, water], "paving", 0.02, "Burg. Jansenplein")
    s.add([water], "water", -0.15, "Fontein")
    for b in beds:
        assert all(inside(p, frame) for p in b)
        s.add([b], "planting", 0.3, "Burg. Jansenplein")


PARK_POND = [(505, 473), (517, 467), (533, 470), (547, 477), (561, 477), (572, 484), (575, 494), (566, 501), (551, 502),
             (539, 496), (527, 498), (513, 495), (504, 487)]
PARK_PATH = [(486, 448), (489.5, 447), (500, 458), (536, 459.5), (584, 472), (593, 490), (589, 508), (560, 513), (500, 509),
             (486, 517), (484.5, 513), (498, 505.5), (559, 509), (586, 505), (589.5, 490), (581, 475.5), (536, 463), (498.5, 461.5)]


def park(s, ring):
    """Prins Bernhardplantsoen: lawn, pond with a planted bank, a path round it."""
    bank = inset(PARK_POND, -2.2)
    path = PARK_PATH
    s.add([ring, bank, path], "grass", 0.05, "Prins Bernhardplantsoen")
    s.add([path], "paving", 0.05, "Prins Bernhardplantsoen")
    s.add([bank, PARK_POND], "planting", 0.1, "Prins Bernhardplantsoen")
    s.add([PARK_POND], "water", -0.6, "Vijver")


def churchyard(s, ring):
    """The ground around the basilica: a forecourt and a church garden."""
    h = side((384.5, 330), (387.5, 425))
    west = cut(ring, h)
    east = cut(ring, (-h[0], -h[1], -h[2]))
    s.add([west], "paving", 0.03, "Kerkplein")
    garden = inset(east, 2.2)
    s.add([east, garden], "paving", 0.03, "Kerktuin")
    s.add([garden], "grass", 0.06, "Kerktuin")


def carpark(s, ring):
    """Kloosterhof: temporary asphalt with planted strips, between the rows of houses."""
    s.places[len(s.items)] = 110
    s.add([ring] + CAR_BEDS, "asphalt", 0.0, "Kloosterhof")
    for bed in CAR_BEDS:
        s.add([bed], "planting", 0.1, "Kloosterhof")


HALL_LAWNS = [[(241.0, 353.5), (266.0, 356.8), (264.5, 373.0), (240.5, 370.5)], [(212.5, 349.8), (224.0, 351.3), (223.4, 364.0), (212.8, 363.0)],
              [(212.8, 367.0), (225.0, 368.6), (224.5, 372.6), (213.2, 371.9)]]
CAR_BEDS = [[(297, 349.5), (339, 354.0), (338.8, 356.2), (296.8, 351.7)],
            [(295.0, 366.5), (340.0, 370.0), (339.8, 372.2), (294.8, 368.7)],
            [(292.0, 383.0), (339.5, 386.5), (339.3, 388.3), (291.8, 384.8)]]


def plot_ground(s, ring, info):
    """A plot: a terrace behind the house and a garden or yard after that."""
    stretch, plot = info
    if stretch is None:
        s.add([ring], "grass", 0.03)
        return
    rng = Chance("garden " + (plot.key if plot else "%.2f %.2f" % ring[0]))
    busy = stretch.kind in ("shop", "lane") or (stretch.kind == "main" and rng.chance(0.5))
    if plot is None:
        size = area(ring)
        s.add([ring], "grass" if size > 220 and not busy else rng.pick(["clinkers", "paving", "paving"]), 0.03)
        return
    f = plot.front
    h = (f[0], f[1], f[2] - plot.depth - rng.between(2.4, 5.0))
    back = cut(ring, h)
    front = cut(ring, (-h[0], -h[1], -h[2]))
    s.add([front], rng.pick(["paving", "paving", "clinkers"]), 0.03)
    kinds = ["paving", "clinkers", "asphalt", "paving", "planting"] if busy else ["grass", "grass", "planting", "grass", "paving", "clinkers"]
    kind = rng.pick(kinds)
    if back and area(back) > 130:
        kind = rng.pick(["paving", "paving", "asphalt", "grass"]) if busy else "grass"
    if back and kind == "grass" and area(back) > 110 and not plot.corner and rng.chance(0.7):
        far = max(f[0] * p[0] + f[1] * p[1] + f[2] for p in back)
        near = min(f[0] * p[0] + f[1] * p[1] + f[2] for p in back)
        h2 = (f[0], f[1], f[2] - near - (far - near) * rng.between(0.35, 0.7))
        end, lawn = cut(back, h2), cut(back, (-h2[0], -h2[1], -h2[2]))
        s.add([lawn], rng.pick(["grass", "grass", "planting"]), 0.05)
        s.add([end], rng.pick(["planting", "grass", "paving", "clinkers", "planting"]), 0.05)
    elif back and kind == "grass" and area(back) > 30 and rng.chance(0.6):
        far = max(f[0] * p[0] + f[1] * p[1] + f[2] for p in back)
        h2 = (f[0], f[1], f[2] - far + rng.between(1.2, 2.6))
        bed, lawn = cut(back, h2), cut(back, (-h2[0], -h2[1], -h2[2]))
        s.add([lawn], "grass", 0.05)
        s.add([bed], "planting", 0.08)
    elif back:
        s.add([back], kind, 0.05 if kind in ("grass", "planting") else 0.03)


class Assets:
    """The objects, numbered by their owner's rules."""

    def __init__(self, city):
        self.city, self.items, self.counts = city, [], {}
        self.taken = {}

    def near(self, x, y, gap):
        """Whether something already stands within gap metres."""
        for i in range(int(x // 10) - 1, int(x // 10) + 2):
            for j in range(int(y // 10) - 1, int(y // 10) + 2):
                for a, b in self.taken.get((i, j), ()):
                    if span(a - x, b - y) < gap:
                        return True
        return False

    def put(self, kind, x, y, gap=1.5, margin=0.8, **more):
        """Place one object unless it would stand in a building or against another object."""
        x, y = round(x, 2), round(y, 2)
        if not (1.0 < x < 599.0 and 1.0 < y < 599.0) or self.near(x, y, gap) or self.city.covered((x, y), margin):
            return False
        self.taken.setdefault((int(x // 10), int(y // 10)), []).append((x, y))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        prefix = {"tree": "B", "lamp": "LM", "bench": "BK", "bin": "AB", "manhole": "RP"}[kind]
        self.items.append(dict(id="%s-%04d" % (prefix, self.counts[kind]), type=kind, x=x, y=y, **more))
        return True


def tree(assets, x, y, species, rng, size=1.0, gap=3.5, owner="Gemeente Hengelo"):
    """A tree with believable measures."""
    h = round(rng.between(6.0, 13.5) * size, 1)
    crown = round(h * rng.between(0.5, 0.72), 1)
    return assets.put("tree", x, y, gap, max(1.2, crown * 0.3), height_m=h, crown_m=crown, species=species,
                      eigenaar=owner, plantjaar=rng.whole(1962, 2021), standplaats=rng.pick(["verharding", "beplanting", "gras"]))


def build_assets(city):
    """All objects of today."""
    a = Assets(city)
    for face in city.network.faces:
        for e in face.edges:
            if e.stretch.kind != "rim":
                street_side(a, e)
        if face.kind in ("square", "market"):
            square_things(a, face)
    in_bays(a, city)
    for (x, y) in [(227.2 - 0.4 * k, 243.5 + 7.6 * k) for k in range(7)]:
        tree(a, x, y, "Gleditsia triacanthos", Chance("plein %.1f" % y), 0.9)
    rng = Chance("park trees")
    for _ in range(500):
        x, y = rng.between(482, 598), rng.between(446, 520)
        face = next(f for f in city.network.faces if f.kind == "park")
        ring = inset([p for p, _ in face.ring(2)], 2.5)
        if inside((x, y), ring) and not inside((x, y), inset(PARK_POND, -2.6)) and not inside((x, y), inset(PARK_PATH, -0.6)):
            if a.counts.get("park", 0) < 46 and tree(a, x, y, rng.pick(SPECIES), rng, 1.25, 6.5):
                a.counts["park"] = a.counts.get("park", 0) + 1
    for bed in CAR_BEDS:
        (x0, y0), (x1, y1) = centroid([bed[0], bed[3], bed[0]]), centroid([bed[1], bed[2], bed[1]])
        for k in range(6):
            t = (k + 0.5) / 6
            tree(a, x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, "Acer campestre", Chance("kloosterhof %d %.1f" % (k, y0)), 0.7)
    for lawn in HALL_LAWNS:
        for k in range(3):
            rng = Chance("stadhuis %.1f %d" % (lawn[0][0], k))
            x0, x1 = min(p[0] for p in lawn), max(p[0] for p in lawn)
            x, y = x0 + (x1 - x0) * (k + 0.5) / 3, centroid(lawn)[1] + rng.between(-2.5, 2.5)
            if inside((x, y), lawn):
                tree(a, x, y, rng.pick(["Tilia cordata", "Prunus avium", "Acer campestre"]), rng, 0.85, 5.0)
    for x, y in [(232.0 + 8.2 * k, 305.0 + 1.05 * k) for k in range(6)] + [(234.0 + 9.0 * k, 236.5 + 1.3 * k) for k in range(6)]:
        tree(a, x, y, "Gleditsia triacanthos", Chance("plein %.1f %.1f" % (x, y)), 0.85)
    for k in range(110):
        rng = Chance("kerktuin %d" % k)
        x, y = rng.between(388, 462), rng.between(343, 418)
        face = next(f for f in city.network.faces if f.kind == "church")
        if inside((x, y), inset([p for p, _ in face.ring(2)], 4.0)):
            tree(a, x, y, rng.pick(["Tilia cordata", "Fagus sylvatica", "Taxus baccata", "Quercus robur"]), rng, 1.15, 6.0)
    for ring, kind, info, _ in city.grounds:
        if kind == "plot" and info[0] is not None:
            rng = Chance("yard tree %.2f %.2f" % ring[0])
            if area(ring) > 110 and rng.chance(0.62):
                c = centroid(ring)
                x, y = c[0] + rng.between(-4.0, 4.0), c[1] + rng.between(-4.0, 4.0)
                if inside_convex((x, y), ring, 1.0):
                    tree(a, x, y, rng.pick(SPECIES), rng, 0.75, 3.5, "particulier")
    a.counts.pop("park", None)
    return a


def street_side(a, e):
    """Lamps, trees, benches and bins along one pavement; manholes along the axis (one side only)."""
    name, kind = e.stretch.name, e.stretch.kind
    length = apart(e.start, e.end)
    off = a.city.network.offsets(e)[1]
    left = (e.start, e.end) < (e.end, e.start)
    rng = Chance("side %s %.1f %.1f %d" % (name, e.start[0], e.start[1], left))
    if left:
        t = 9.0
        while t < length - 5:
            p = along(e.start, e.end, t, rng.between(-0.5, 0.5))
            a.put("manhole", p[0], p[1], 4.0, 0.3, height_m=0.0, stelsel=rng.pick(["gemengd", "HWA", "DWA"]),
                  materiaal=rng.pick(["beton", "gietijzer"]),
                  bob_m=round(a.city.terrain.at(*p) - rng.between(1.6, 3.2), 2))
            t += rng.between(30, 42)
    square_side = e.face.kind in ("square", "market")
    step = {"main": 24.0, "town": 25.0, "home": 27.0, "shop": 22.0, "lane": 24.0}[kind]
    t = 10.0 if left else 10.0 + step / 2
    turn = math.degrees(math.atan2(e.end[0] - e.start[0], e.end[1] - e.start[1]))
    heading = round((turn + 90.0) % 360.0, 1)        # towards the carriageway
    while t < length - 6 and not square_side:
        p = along(e.start, e.end, t, off + 0.45)
        if not left or kind not in ("lane",):
            high = {"main": 8.0, "town": 6.0, "shop": 5.0, "lane": 4.0}.get(kind, 5.0)
            a.put("lamp", p[0], p[1], 3.0, 0.25, height_m=high, heading_deg=heading, masthoogte=high,
                  lampsoort=rng.pick(["LED", "LED", "LED", "CosmoPolis", "SON-T"]), armatuurjaar=rng.whole(2004, 2024))
        t += step
    if square_side or kind == "lane":
        return
    species = STREET_TREES.get(name, rng.pick(SPECIES))
    if kind == "main" or (kind == "shop" and not left):
        t = 16.0 if kind == "main" else 13.0
        while t < length - 9:
            p = along(e.start, e.end, t, off + (1.1 if kind == "main" else 0.7))
            tree(a, p[0], p[1], species, Chance("t %.2f %.2f" % p), 1.0 if kind == "main" else 0.62)
            t += rng.between(9.5, 12.5) if kind == "main" else rng.between(15, 21)
    if kind in ("shop", "main", "town"):
        t = 14.0
        while t < length - 8:
            p = along(e.start, e.end, t, off + 0.8)
            what = rng.pick(["bench", "bin", "bin", None])
            if what:
                a.put(what, p[0], p[1], 2.0, 0.7, heading_deg=round((heading + 180) % 360, 1),
                      height_m=0.8 if what == "bench" else 1.1, materiaal=rng.pick(["hout/staal", "staal", "beton"]),
                      plaatsingsjaar=rng.whole(1998, 2024))
            t += rng.between(19, 34)


def in_bays(a, city):
    """A tree in every planted bay of the parking strips."""
    for ring, kind, _, street, role in city.network.roadsides():
        if role == "bay" and len(ring) > 2:
            x, y = centroid(ring)
            tree(a, x, y, STREET_TREES.get(street, Chance("species " + street).pick(SPECIES)), Chance("bay %.2f %.2f" % (x, y)), 0.85)


def square_things(a, face):
    """Benches, lamps, bins and trees on the squares."""
    ring = [p for p, _ in face.ring(2)]
    line = inset(ring, 4.2 if face.kind == "square" else 5.0)
    rng = Chance("plein " + face.kind)
    for p, q in zip(line, line[1:] + line[:1]):
        n = apart(p, q)
        turn = round(math.degrees(math.atan2(q[0] - p[0], q[1] - p[1])) % 360, 1)
        t = 7.0
        k = 0
        while t < n - 5:
            x, y = along(p, q, t)
            if k % 3 == 0:
                a.put("lamp", x, y, 2.0, 0.3, height_m=7.0, heading_deg=round((turn - 90) % 360, 1), masthoogte=7.0,
                      lampsoort="LED", armatuurjaar=2020)
            elif k % 3 == 1:
                tree(a, x, y, "Gleditsia triacanthos" if face.kind == "square" else "Platanus x hispanica", rng, 0.9)
            else:
                a.put(rng.pick(["bench", "bench", "bin"]), x, y, 1.5, 0.5, heading_deg=round((turn - 90) % 360, 1), height_m=0.8,
                      materiaal="hout/staal", plaatsingsjaar=2020)
            t += 5.6
            k += 1
