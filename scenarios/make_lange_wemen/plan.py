"""The plan variants: what goes, and what comes instead. Local metres.

Programme numbers follow what the town published (about 300 dwellings, a two-layer garage
under the Kloosterhof, the Thiemsbrug replaced by homes, the Drienerbeek back); every shape is ours.
"""
from chance import Chance
from exact import apart
from plane import along, area, box, centroid, convex_overlap, inset, inside, unit
from streets import NODES
from views import beside, standing


def strip(p, q, depth):
    """Rectangle along p-q, to its left."""
    dx, dy, _ = unit(p, q)
    ring = [p, q, (q[0] - dy * depth, q[1] + dx * depth), (p[0] - dy * depth, p[1] + dx * depth)]
    return [(round(x, 2), round(y, 2)) for x, y in ring]


def split(p, q, depth, shares):
    """A strip cut into parts by their shares of its length."""
    total = float(sum(shares))
    out, at = [], 0.0
    for share in shares:
        a = (p[0] + (q[0] - p[0]) * at / total, p[1] + (q[1] - p[1]) * at / total)
        at += share
        b = (p[0] + (q[0] - p[0]) * at / total, p[1] + (q[1] - p[1]) * at / total)
        out.append(strip(a, b, depth))
    return out


def ribbon(line, half):
    """A band of both sides of a line, mitred."""
    return beside_line(line, -half) + beside_line(line, half)[::-1]


def beside_line(line, off):
    """A line moved off metres to its left."""
    out = []
    for i, p in enumerate(line):
        dx, dy, _ = unit(line[max(0, i - 1)], line[min(len(line) - 1, i + 1)])
        out.append((round(p[0] - dy * off, 2), round(p[1] + dx * off, 2)))
    return out


# Metres above the terrain, as in today's ground.
LIFT = {"clinkers": 0.02, "paving": 0.02, "grass": 0.05, "planting": 0.1, "water": -0.6}


class Variant:
    """One variant under construction."""

    def __init__(self, city, letter, nl, en, summary_nl, summary_en, certainty):
        self.city, self.letter = city, letter
        self.head = {"id": letter, "title": {"nl": nl, "en": en}, "summary": {"nl": summary_nl, "en": summary_en},
                     "certainty": certainty}
        self.removed, self.buildings, self.trees, self.surfaces = [], [], [], []
        self.gone = set()
        self.bare = []            # where nothing grows: water and bridges

    def remove(self, *names, phase):
        """Take away existing buildings by name or key, in a phase."""
        for b in self.city.buildings:
            if b.key in names or b.name in names:
                self.removed.append((b, phase))
                self.gone.add(id(b))

    def build(self, nl, en, ring, storeys, use="housing", phase="3", roof="flat", **more):
        """Add one mass; dwellings follow from its floor area unless given."""
        first = more.pop("first", 4.2 if more.get("ground_use") == "shops" else 3.2)
        size = more.pop("size", 92.0)
        floors = storeys - (1 if more.get("ground_use") not in (None, "housing") else 0)
        homes = int(round(area(ring) * floors * 0.82 / size)) if use == "housing" else 0
        item = {"id": "%s-%02d" % (self.letter, len(self.buildings) + 1), "name": {"nl": nl, "en": en}, "footprint": ring,
                "base_m": more.pop("base", 0.0), "storeys": storeys, "storey_height_m": more.pop("height", 3.0),
                "ground_storey_height_m": first, "underground_storeys": more.pop("under", 0), "roof": roof}
        if roof != "flat":
            item["roof_height_m"] = more.pop("roof_height", 3.4)
        item.update(use=use)
        if "ground_use" in more:
            item["ground_use"] = more.pop("ground_use")
        item.update(dwellings=more.pop("homes", homes), parking_places=more.pop("places", 0), phase=phase,
                    certainty=more.pop("certainty", self.head["certainty"]))
        assert not more, more
        self.buildings.append(item)

    def ground(self, kind, rings, phase="4"):
        """Add a surface at its kind's height; a plan's surfaces are cut out of the ground and may not overlap."""
        self.surfaces.append({"id": "%s-S%02d" % (self.letter, len(self.surfaces) + 1), "kind": kind, "polygon": rings,
                              "raise_m": LIFT[kind], "phase": phase})
        if kind == "water":
            self.bare.append(rings[0])

    def deck(self, ring):
        """A footbridge: paving at kerb height."""
        self.ground("paving", [ring])
        self.surfaces[-1]["raise_m"] = 0.12
        self.bare.append(ring)

    def grow(self, ring, many, species, phase="4", size=1.0, gap=5.0):
        """Scatter trees in a ring, clear of masses, water and each other."""
        rng = Chance("%s trees %.1f %.1f" % (self.letter, ring[0][0], ring[0][1]))
        x0, y0, x1, y1 = box(ring)
        done = 0
        for _ in range(many * 30):
            p = (rng.between(x0, x1), rng.between(y0, y1))
            h = round(rng.between(6.5, 12.0) * size, 1)
            if done < many and inside(p, ring) and self.clear(p, 1.8) and \
                    all(apart(p, t["position"]) > gap for t in self.trees):
                self.trees.append({"id": "%s-T%02d" % (self.letter, len(self.trees) + 1), "position": p, "height_m": h,
                                   "crown_m": round(h * rng.between(0.5, 0.7), 1), "species": rng.pick(species), "phase": phase})
                done += 1

    def clear(self, p, margin):
        """Whether a spot is free of new masses, water and remaining buildings."""
        for b in self.buildings:
            if inside(p, inset(b["footprint"], -margin)):
                return False
        if any(inside(p, inset(w, -0.4)) for w in self.bare) or (242 < p[0] < 259 and 267 < p[1] < 282):
            return False       # new water and bridges, or the fountain on the square
        if any(beside(p, at, ahead) < 5.0 for _, at, ahead in standing(self.city.terrain)):
            return False
        for b in self.city.buildings:
            if id(b) not in self.gone:
                for ring in b.rings:
                    x0, y0, x1, y1 = box(ring)
                    if x0 - 2 < p[0] < x1 + 2 and y0 - 2 < p[1] < y1 + 2 and inside(p, inset(ring, -1.0)):
                        return False
        return True

    def check(self):
        """No mass overlaps another at the same height, a remaining building or a carriageway."""
        clashes = []
        for i, b in enumerate(self.buildings):
            for o in self.buildings[:i]:
                if convex_overlap(b["footprint"], o["footprint"]):
                    lo, hi = sorted((b, o), key=lambda m: m["base_m"])
                    top = lo["base_m"] + lo["ground_storey_height_m"] + (lo["storeys"] - 1) * lo["storey_height_m"]
                    if hi["base_m"] < top - 1e-6:
                        clashes.append((b["id"], o["id"]))
            for old in self.city.buildings:
                if id(old) not in self.gone:
                    for ring in old.rings:
                        if len(ring) < 9 and convex_overlap(b["footprint"], ring, 0.1):
                            clashes.append((b["id"], old.key, old.name))
            for ring, _, _, street in self.city.network.carriageways():
                for p in b["footprint"] + [centroid(b["footprint"])]:
                    if inside(p, ring):
                        clashes.append((b["id"], street))
        assert not clashes, clashes
        homes = sum(b["dwellings"] for b in self.buildings)
        return homes

    def removals(self, assets):
        """What goes in each phase: buildings, and objects in the way of what is built then."""
        found = {}
        for b, phase in self.removed:
            found.setdefault(phase, ([], []))[0].append(b.identificatie)
        for item in assets.items:
            p = (item["x"], item["y"])
            built = [b["phase"] for b in self.buildings if b["base_m"] == 0 and inside(p, inset(b["footprint"], -0.9))]
            if built or any(inside(p, w) for w in self.bare):
                found.setdefault(min(built + ["4"]), ([], []))[1].append(item["id"])
        return [{"phase": phase, "ids": found[phase][0], "polygons": [], "assets": found[phase][1]} for phase in sorted(found)]


def horecawand(v):
    """Phase 0: the café front on the east side of the square is renewed plot by plot."""
    old = [b for b in v.city.buildings if b.name == "Horecawand"]
    v.remove("Horecawand", phase="0")
    for k, b in enumerate(old):
        ring = [(round(x, 2), round(y, 2)) for x, y in b.rings[0]]
        v.build("Horecawand, pand %d" % (k + 1), "Café front, no. %d" % (k + 1), ring, (3, 4, 3, 4, 4, 3, 4)[k % 7], phase="0",
                roof=("flat", "gable", "flat")[k % 3], roof_height=2.6, ground_use="shops", size=62.0, certainty="decided") \
            if (k % 3) == 1 else \
            v.build("Horecawand, pand %d" % (k + 1), "Café front, no. %d" % (k + 1), ring, (3, 4, 3, 4, 4, 3, 4)[k % 7], phase="0",
                    ground_use="shops", size=62.0, certainty="decided")


PLINTH = [(292.5, 335.8), (339.6, 344.0), (340.2, 388.3), (285.5, 382.0)]


def kloosterhof(v, heights, places, under):
    """Phase 1: a garage under a floor of shops, homes round a garden on its roof."""
    v.build("Kloosterhof: winkels boven de garage", "Kloosterhof: shops above the garage", PLINTH, 1, "shops", "1", first=4.8,
            under=under, places=places)
    a, b, c, d = inset(PLINTH, 1.2)
    rows = split(a, b, 11.0, (3, 2)) + split(c, d, 11.0, (2, 3))
    rows += [strip(along(d, a, 12.6), along(d, a, apart(d, a) - 12.6), 10.5)]
    for k, ring in enumerate(rows):
        v.build("Kloosterhof, woningen %d" % (k + 1), "Kloosterhof, homes %d" % (k + 1), ring, heights[k], phase="1", base=4.8,
                first=3.0, size=60.0)


# Everything a plan touches, to the middle of the streets around it.
PLAN_AREA = [NODES[n] for n in ("W3", "W4", "S2", "L4", "L3", "L2", "N3", "N2", "P2", "P1", "P4")]


def thiemsbrug_gone(v):
    """Phase 2: shopping centre and garage go."""
    v.remove("thiemsbrug-w", "thiemsbrug-p", phase="2")


SITE = [(163.5, 211.0), (168.6, 174.6), (170.2, 140.7), (207.8, 143.0), (253.8, 148.8), (301.0, 170.5), (331.0, 183.0),
        (336.0, 239.2), (297.2, 229.2), (217.7, 217.3), (185.5, 214.3)]
LIMES = ["Tilia cordata", "Acer campestre", "Carpinus betulus", "Prunus avium"]
WET = ["Alnus glutinosa", "Salix alba", "Betula pendula", "Quercus robur", "Prunus padus"]


def houses(v, p, q, depth, shares, storeys, phase="3", size=92.0, roof="gable"):
    """A row of ground-bound houses in a few groups."""
    for k, ring in enumerate(split(p, q, depth, shares)):
        n = storeys[k % len(storeys)]
        flat = (k % 3) == 2
        if flat:
            v.build("Rijwoningen", "Terraced houses", ring, n, phase=phase, size=size)
        else:
            v.build("Rijwoningen", "Terraced houses", ring, n, phase=phase, roof=roof, roof_height=3.2 + 0.3 * (k % 2), size=size)


def masterplan(city):
    """A: about 300 homes with the two-layer garage."""
    v = Variant(city, "A", "Masterplan", "Masterplan",
                "Ongeveer 300 woningen, een garage van twee lagen onder het Kloosterhof en een nieuwe buurt op de plek van de Thiemsbrug.",
                "About 300 homes, a two-layer garage under the Kloosterhof and a new neighbourhood where the Thiemsbrug stands.", "open")
    horecawand(v)
    kloosterhof(v, (5, 5, 5, 6, 4), 400, 2)
    thiemsbrug_gone(v)
    houses(v, (165.6, 200.5), (169.8, 157.0), 9.6, (4, 5, 4), (3, 2, 3))
    houses(v, (171.0, 142.0), (221.0, 147.2), 10.0, (4, 5, 4), (3, 3, 2))
    houses(v, (212.0, 215.2), (166.0, 210.2), 9.6, (5, 4, 4), (3, 3, 4))
    houses(v, (222.5, 160.0), (219.0, 204.5), 9.4, (5, 4), (3, 2))
    for k, ring in enumerate(split((296.2, 228.4), (234.0, 219.0), 13.0, (4, 3, 4))):
        v.build("Appartementen aan het plein", "Flats on the square", ring, (6, 7, 5)[k], phase="3", ground_use="shops", size=60.0)
    for k, ring in enumerate(split((333.0, 238.0), (298.5, 228.9), 13.0, (1, 1))):
        v.build("Appartementen aan de Thiemsbrug", "Flats on Thiemsbrug", ring, (5, 6)[k], phase="3", ground_use="shops", size=60.0)
    houses(v, (236.0, 150.8), (249.5, 151.4), 10.0, (1,), (3,))
    houses(v, (257.0, 152.8), (299.0, 171.4), 10.5, (4, 5, 4), (3, 3, 4))
    for k, ring in enumerate(split((302.0, 172.8), (329.0, 184.0), 11.0, (1, 1))):
        v.build("Hofappartementen", "Courtyard flats", ring, (5, 6)[k], phase="3", size=60.0)
    houses(v, (312.0, 200.5), (250.0, 191.0), 9.6, (4, 5, 4), (3, 3, 3), size=100.0)
    lane = [(224.0, 146.9), (232.5, 148.0), (231.5, 218.6), (222.5, 217.3)]
    v.ground("clinkers", [lane])
    west = [(179.5, 158.0), (209.0, 160.5), (206.5, 200.5), (177.5, 197.0)]
    v.ground("grass", [west])
    east = [(236.0, 165.0), (254.0, 166.0), (296.0, 184.5), (328.0, 198.0), (330.0, 220.0), (298.0, 212.0), (236.0, 203.0)]
    v.ground("grass", [east])
    v.ground("planting", [strip((241.0, 205.2), (290.0, 212.4), 1.6)])
    v.grow(west, 12, LIMES)
    v.grow(east, 22, LIMES)
    v.grow([(240.0, 240.0), (285.0, 246.0), (283.0, 262.0), (240.0, 258.0)], 7, ["Gleditsia triacanthos"], gap=7.0)
    return v


BEEK = [(169.0, 181.5), (176.0, 184.5), (190.0, 182.0), (203.0, 175.0), (216.0, 172.0), (229.0, 176.5), (241.0, 184.5), (255.0, 189.5),
        (270.0, 188.5), (284.0, 191.0), (297.0, 198.0), (310.0, 206.0), (319.0, 209.8), (329.0, 210.6)]


FOOTBRIDGES = (2, 6, 10)      # halfway the stretches that start at these points


def stream(v, park):
    """Lawn, planted banks, water and footbridges; only a bridge's deck lies over another surface, the water."""
    line, cuts = [], []
    for i, p in enumerate(BEEK):
        line.append(p)
        if i in FOOTBRIDGES:
            half = apart(p, BEEK[i + 1]) / 2
            cuts.append(len(line))
            line += [along(p, BEEK[i + 1], half - 1.4), along(p, BEEK[i + 1], half + 1.4)]
    middle = [along(line[0], line[1], 1.5)] + line[1:-1] + [along(line[-1], line[-2], 1.5)]
    right, left = beside_line(line, -5.2), beside_line(line, 5.2)
    low, high = beside_line(middle, -2.4), beside_line(middle, 2.4)
    bank, water = right + left[::-1], low + high[::-1]
    assert all(inside(p, park) for p in bank)
    v.ground("grass", [park, bank])
    first, last = cuts[0] + 1, cuts[-1] + 1
    v.ground("planting", [right[:first] + low[:first][::-1] + high[:first] + left[:first][::-1]])
    for start, end in zip(cuts, cuts[1:]):
        reach = slice(start + 1, end + 1)
        v.ground("planting", [right[reach] + low[reach][::-1]])
        v.ground("planting", [high[reach] + left[reach][::-1]])
    v.ground("planting", [right[last:] + left[last:][::-1] + high[last:] + low[last:][::-1]])
    v.ground("water", [water])
    for k in cuts:
        v.deck([right[k], right[k + 1], left[k + 1], left[k]])


def greener(city):
    """B: fewer homes, the Drienerbeek visible."""
    v = Variant(city, "B", "Groener", "Greener",
                "Ongeveer 220 woningen. De Drienerbeek stroomt weer zichtbaar door de buurt, met natuurlijke oevers en veel bomen.",
                "About 220 homes. The Drienerbeek flows through the neighbourhood again, with natural banks and many trees.", "sketch")
    horecawand(v)
    kloosterhof(v, (3, 4, 3, 4, 2), 320, 2)
    thiemsbrug_gone(v)
    houses(v, (171.0, 142.0), (219.0, 147.0), 9.6, (4, 5, 4), (3, 3, 3), size=94.0)
    houses(v, (211.0, 215.0), (166.0, 210.1), 9.6, (5, 4, 4), (3, 3, 3), size=94.0)
    for k, ring in enumerate(split((296.2, 228.4), (236.0, 219.3), 12.0, (4, 3, 4))):
        v.build("Appartementen aan het plein", "Flats on the square", ring, (5, 6, 5)[k], phase="3", ground_use="shops", size=60.0)
    for k, ring in enumerate(split((333.0, 238.0), (298.5, 228.9), 12.0, (1, 1))):
        v.build("Appartementen aan de beek", "Flats on the stream", ring, (4, 5)[k], phase="3", size=60.0)
    houses(v, (236.0, 150.8), (249.5, 151.4), 10.0, (1,), (3,))
    houses(v, (258.0, 153.3), (298.0, 171.0), 10.5, (4, 5, 4), (3, 4, 3))
    for k, ring in enumerate(split((302.0, 172.8), (329.0, 184.0), 11.0, (1, 1))):
        v.build("Beekappartementen", "Stream flats", ring, (4, 5)[k], phase="3", size=60.0)
    park = [(165.5, 197.5), (169.3, 156.0), (222.0, 161.0), (236.0, 163.0), (254.0, 164.0), (296.0, 184.0), (331.5, 199.5),
            (333.8, 222.5), (298.0, 214.0), (236.0, 204.5), (213.0, 201.5)]
    stream(v, park)
    v.grow(park, 64, WET, gap=5.0, size=1.1)
    v.grow([(240.0, 240.0), (285.0, 246.0), (281.0, 312.0), (240.0, 306.0)], 18, ["Gleditsia triacanthos", "Tilia cordata"], gap=7.0)
    return v


def denser(city):
    """C: about 400 homes, one block above 30 m."""
    v = Variant(city, "C", "Dichter", "Denser",
                "Ongeveer 400 woningen. Eén gebouw komt hoger dan 30 meter: ongeveer 45 meter.",
                "About 400 homes. One building rises above 30 metres: about 45 metres.", "sketch")
    horecawand(v)
    kloosterhof(v, (6, 7, 6, 7, 5), 420, 2)
    thiemsbrug_gone(v)
    houses(v, (165.6, 199.0), (169.8, 157.0), 10.0, (4, 5), (4, 3), size=95.0)
    for k, ring in enumerate(split((171.0, 142.0), (221.0, 147.2), 11.0, (3, 2, 3))):
        v.build("Stadsblok Brugstraat", "Brugstraat block", ring, (4, 5, 5)[k], phase="3", size=60.0)
    for k, ring in enumerate(split((212.0, 215.2), (166.0, 210.2), 10.5, (3, 2, 3))):
        v.build("Stadsblok Thiemsbrug", "Thiemsbrug block", ring, (5, 4, 5)[k], phase="3", ground_use="shops", size=60.0)
    v.build("Tussenblok", "Middle block", strip((222.5, 160.0), (219.0, 203.0), 10.0), 4, phase="3", size=60.0)
    for k, ring in enumerate(split((272.0, 224.7), (234.0, 219.0), 13.0, (1, 1))):
        v.build("Pleinblok", "Square block", ring, (6, 5)[k], phase="3", ground_use="shops", size=60.0)
    plinth = split((333.0, 238.0), (298.0, 228.8), 20.0, (1,))[0]
    v.build("Plint van de toren", "Base of the tower", plinth, 2, "shops", "3", first=4.6, height=3.6)
    tower = inset(plinth, [2.0, 12.0, 1.6, 2.0])
    v.build("Woontoren", "Residential tower", tower, 12, phase="3", base=8.2, first=3.1, height=3.06, size=58.0)
    houses(v, (236.0, 150.8), (249.5, 151.4), 11.0, (1,), (4,), size=90.0)
    for k, ring in enumerate(split((257.0, 152.8), (299.0, 171.4), 12.0, (4, 5, 4))):
        v.build("Stadsblok zuid", "South block", ring, (5, 6, 5)[k], phase="3", size=60.0)
    for k, ring in enumerate(split((302.0, 172.8), (329.0, 184.0), 12.0, (1, 1))):
        v.build("Stadsblok Langestraat", "Langestraat block", ring, (6, 5)[k], phase="3", size=60.0)
    v.ground("clinkers", [[(224.0, 146.9), (232.5, 148.0), (231.5, 218.6), (222.5, 217.3)]])
    west = [(180.0, 159.5), (208.5, 162.0), (206.0, 199.0), (178.0, 196.0)]
    v.ground("grass", [west])
    east = [(236.0, 168.0), (254.0, 169.0), (294.0, 187.0), (294.0, 206.0), (236.0, 202.0)]
    v.ground("paving", [east])
    v.grow(west, 10, LIMES)
    v.grow(east, 10, LIMES, gap=6.5)
    return v


HOMES = {"A": (290, 310), "B": (210, 230), "C": (390, 412)}


def all_variants(city, assets):
    """Today and the three plans, as the scenario file wants them (local coordinates)."""
    out = [{"id": "0", "title": {"nl": "Nu", "en": "Today"}, "summary": {
        "nl": "Zo is het nu, met het tijdelijke parkeerterrein Kloosterhof en winkelcentrum Thiemsbrug.",
        "en": "As it is today, with the temporary Kloosterhof car park and the Thiemsbrug shopping centre."}, "certainty": "decided"}]
    homes = {}
    for make in (masterplan, greener, denser):
        v = make(city)
        homes[v.letter] = v.check()
        item = dict(v.head)
        item["removed"] = {"phases": v.removals(assets)}
        item["buildings"], item["trees"], item["surfaces"] = v.buildings, v.trees, v.surfaces
        out.append(item)
        print("variant %s: %d homes, %d masses, %d trees" % (v.letter, homes[v.letter], len(v.buildings), len(v.trees)))
        spots = [p for b in v.buildings for p in b["footprint"]] + [t["position"] for t in v.trees] + \
            [p for s in v.surfaces for p in s["polygon"][0]]
        assert all(inside(p, PLAN_AREA) for p in spots), v.letter
    for letter, (low, high) in HOMES.items():
        assert low <= homes[letter] <= high, homes
    return out
