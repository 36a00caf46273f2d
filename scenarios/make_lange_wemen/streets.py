"""The street plan: a hand-drawn network, its faces, and the ground surfaces of the streets.

Every face of the network becomes a block, a square or a park. Each street side has three
lines, found by moving the face's edges inwards: the carriageway's edge, the kerb and the
building line. Shared corner points make the surfaces fit without gaps or overlaps.
"""
import math

from exact import apart, span
from plane import area, clip, inside, side, unit

# Local metres, x east, y north, from the south-west corner of the scene.
NODES = {
    "b0": (0, 0), "b1": (600, 0), "b2": (600, 600), "b3": (0, 600),
    "W0": (0, 393), "A": (87, 406), "N1": (184, 395), "N2": (268, 404), "N3": (366, 420),
    "O2": (474, 433), "O2b": (548, 446), "O3": (600, 458),
    "W2": (170, 312), "W3": (153, 217), "W4": (161, 130), "W5": (174, 61), "SP": (181, 0),
    "P1": (212, 317), "P2": (288, 327), "P3": (296, 236), "P4": (217, 224),
    "L2": (360, 339), "L3": (368, 258), "L4": (354, 181), "L5": (347, 113), "L6": (346, 53),
    "BK": (340, 0), "S2": (256, 139), "S3": (262, 57),
    "E1": (454, 246), "E2": (533, 215), "E3": (600, 193), "C2": (464, 329), "B1": (538, 322),
    "B2": (600, 309), "M1": (431, 172), "M2": (513, 158), "M3": (506, 83), "M4": (427, 92),
    "MB": (600, 139), "Q": (503, 57), "QE": (600, 49), "QS": (497, 0),
    "BU0": (0, 139), "BU1": (63, 152), "MK0": (0, 52), "MK1": (79, 66),
    "WT0": (0, 291), "WT1": (94, 288), "T0": (0, 486), "T1": (63, 509), "T1N": (35, 600),
    "T2": (197, 489), "T2b": (136, 505), "T2N": (151, 600), "T3": (266, 512), "T3N": (238, 600),
    "D1": (350, 503), "D1b": (402, 516), "D1N": (416, 600), "D2": (474, 531), "D2N": (499, 600),
    "D3": (600, 524),
}

# Half width of the carriageway, parking strip, pavement (kerb to building line); surfaces.
CLASSES = {
    "main": dict(road=3.9, park=0.0, walk=4.6, road_kind="asphalt", walk_kind="paving", kerb=0.12),
    "town": dict(road=2.9, park=2.1, walk=2.7, road_kind="asphalt", walk_kind="paving", kerb=0.12),
    "home": dict(road=2.5, park=2.0, walk=2.2, road_kind="clinkers", walk_kind="paving", kerb=0.12),
    "shop": dict(road=2.4, park=0.0, walk=2.6, road_kind="clinkers", walk_kind="paving", kerb=0.02),
    "lane": dict(road=1.6, park=0.0, walk=0.9, road_kind="clinkers", walk_kind="paving", kerb=0.02),
    "rim": dict(road=0.0, park=0.0, walk=0.0, road_kind="paving", walk_kind="paving", kerb=0.0),
}

# Street, class, nodes along it, sideways bend of each stretch (metres to the left at its middle).
STREETS = [
    ("Deldenerstraat", "main", ["W0", "A", "N1", "N2"], [1.5, -2.0, -1.5]),
    ("Oldenzaalsestraat", "main", ["N2", "N3", "O2", "O2b", "O3"], [1.5, 1.0, 0, 0]),
    ("Wemenstraat", "town", ["N1", "W2", "W3", "W4", "W5"], [0, -1.5, 2.0, 0]),
    ("Spoorstraat", "home", ["W5", "SP"], [0]),
    ("Langestraat", "shop", ["N3", "L2", "L3", "L4", "L5", "L6"], [1.2, -1.5, 1.5, 0, 0]),
    ("Beekstraat", "home", ["L6", "BK"], [0]),
    ("Kloosterhof", "shop", ["W2", "P1", "P2", "L2"], [0, 0, 1.0]),
    ("Burg. Jansenplein", "shop", ["P2", "P3"], [0]),
    ("Burg. Jansenplein", "shop", ["P1", "P4"], [0]),
    ("Thiemsbrug", "shop", ["W3", "P4", "P3", "L3"], [0.8, 0, -1.0]),
    ("Marssteeg", "lane", ["N2", "P2"], [1.0]),
    ("Brugstraat", "town", ["W4", "S2", "L4"], [-1.5, 1.2]),
    ("Industrieplein", "home", ["S2", "S3"], [0]),
    ("Marskant", "town", ["MK0", "MK1", "W5", "S3", "L6", "Q", "QE"], [0, 1.2, -1.0, 0, -2.0, 0]),
    ("Enschedesestraat", "shop", ["L3", "E1", "E2", "E3"], [-1.5, 1.0, 0]),
    ("Pastoriestraat", "home", ["E1", "C2", "O2"], [1.0, -1.5]),
    ("Kerksteeg", "lane", ["L2", "C2"], [1.0]),
    ("Brinkstraat", "home", ["C2", "B1", "B2"], [0, 0]),
    ("Nieuwstraat", "shop", ["B1", "E2", "M2"], [0, 0]),
    ("Nieuwstraat", "town", ["M2", "M3", "Q", "QS"], [0, 0, 0]),
    ("Brinkstraat", "home", ["O2b", "B1"], [0]),
    ("Wetplein", "lane", ["E1", "M1"], [0]),
    ("Marktstraat", "shop", ["L4", "M1", "M2", "MB"], [0, 0, 0]),
    ("Marktplein", "shop", ["M1", "M4", "M3"], [0, 0]),
    ("Gieskestraat", "lane", ["L5", "M4"], [0]),
    ("Beursstraat", "town", ["BU0", "BU1", "W4"], [0, -1.0]),
    ("Trijpstraat", "home", ["BU1", "MK1"], [0]),
    ("Wolter ten Catestraat", "home", ["WT0", "WT1", "W2"], [0, 1.2]),
    ("Willemstraat", "home", ["A", "WT1", "BU1"], [0, 1.5]),
    ("Willemstraat", "home", ["A", "T1", "T1N"], [0, 0]),
    ("Tuindorpstraat", "home", ["T0", "T1", "T2b", "T2", "T3"], [0, 0.8, 0, -0.8]),
    ("Dorpsmatenstraat", "home", ["N1", "T2"], [1.6]),
    ("Tuindorpsteeg", "home", ["T2b", "T2N"], [1.0]),
    ("Bornsestraat", "town", ["N2", "T3", "T3N"], [-1.0, 0]),
    ("De Wetstraat", "home", ["T3", "D1", "D1b", "D2"], [1.0, 0, 0.5]),
    ("Smutsstraat", "home", ["D2", "D3"], [0]),
    ("Prinses Beatrixstraat", "home", ["N3", "D1"], [-1.2]),
    ("Ir. M. Schefferlaan", "home", ["D1b", "D1N"], [0]),
    ("Drienerstraat", "home", ["O2", "D2", "D2N"], [0.8, 0]),
]
RIM = ["b0", "SP", "BK", "QS", "b1", "QE", "MB", "E3", "B2", "O3", "D3", "b2",
       "D2N", "D1N", "T3N", "T2N", "T1N", "b3", "T0", "W0", "WT0", "BU0", "MK0", "b0"]
# A point inside each face that is not an ordinary block.
SPECIAL = {"square": [(250, 275)], "market": [(470, 128)], "park": [(540, 490)], "church": [(412, 385)],
           "hall": [(225, 360)], "carpark": [(320, 375)], "thiemsbrug": [(258, 185)]}


class Stretch:
    """One straight piece of street between two points of the network."""

    def __init__(self, name, kind, u, v):
        self.name, self.kind, self.u, self.v = name, kind, u, v
        self.spec = CLASSES[kind]


class HalfEdge:
    """One side of a stretch, its face on the left. lines[k] is the (start, end) of line k."""

    def __init__(self, stretch, start, end):
        self.stretch, self.start, self.end = stretch, start, end
        self.face = None
        self.lines = [None, None, None]


class Face:
    """A loop of half edges around a block, square or park."""

    def __init__(self, edges):
        self.edges = edges
        self.kind = "block"
        self.name = ""

    def ring(self, k):
        """Outline at line k: 0 carriageway, 1 kerb, 2 building line; tagged with half edges."""
        out = []
        for e in self.edges:
            for p in e.lines[k]:
                if out and apart(out[-1][0], p) < 1e-6:
                    out[-1] = (out[-1][0], e)
                else:
                    out.append((p, e))
        while apart(out[0][0], out[-1][0]) < 1e-6:
            out.pop()
        return out


class Network:
    """The plan with its faces; build once."""

    def __init__(self):
        self.stretches = []
        points = dict(NODES)
        for name, kind, nodes, bends in STREETS:
            for (a, b), bend in zip(zip(nodes, nodes[1:]), bends):
                p, q = points[a], points[b]
                if bend:
                    dx, dy, _ = unit(p, q)
                    mid = (round((p[0] + q[0]) / 2 - dy * bend, 2), round((p[1] + q[1]) / 2 + dx * bend, 2))
                    self.stretches += [Stretch(name, kind, p, mid), Stretch(name, kind, mid, q)]
                else:
                    self.stretches.append(Stretch(name, kind, p, q))
        for a, b in zip(RIM, RIM[1:]):
            self.stretches.append(Stretch("", "rim", points[a], points[b]))
        self.faces = self.find_faces()
        self.label_faces()
        for face in self.faces:
            self.draw_lines(face)

    def find_faces(self):
        """Walk around every face, keeping it on the left."""
        halves = {}
        leaving = {}
        for s in self.stretches:
            for p, q in ((s.u, s.v), (s.v, s.u)):
                assert (p, q) not in halves, (s.name, p, q)
                halves[p, q] = HalfEdge(s, p, q)
                leaving.setdefault(p, []).append(q)
        for p, ends in leaving.items():
            ends.sort(key=lambda q: math.atan2(q[1] - p[1], q[0] - p[0]))
        faces, seen = [], set()
        for start in halves:
            if start in seen:
                continue
            loop, at = [], start
            while at not in seen:
                seen.add(at)
                loop.append(halves[at])
                p, q = at
                ring = leaving[q]
                at = (q, ring[ring.index(p) - 1])     # the next street clockwise
            if area([e.start for e in loop]) > 0:
                face = Face(loop)
                for e in loop:
                    e.face = face
                faces.append(face)
        self.halves = halves
        return faces

    def label_faces(self):
        """Give the hand-picked faces their kind."""
        for kind, spots in SPECIAL.items():
            for spot in spots:
                hit = [f for f in self.faces if inside(spot, [e.start for e in f.edges])]
                assert len(hit) == 1, kind
                hit[0].kind = kind

    @staticmethod
    def offsets(e):
        """Distances of the three lines from a half edge's axis."""
        s = e.stretch.spec
        if e.face.kind in ("square", "market"):
            return (s["road"],) * 3
        return (s["road"], s["road"] + s["park"], s["road"] + s["park"] + s["walk"])

    def draw_lines(self, face):
        """Corner points of the three lines by mitre; a step where the width jumps on a straight."""
        n = len(face.edges)
        for k in range(3):
            starts, ends = [None] * n, [None] * n
            for i in range(n):
                a, b = face.edges[i - 1], face.edges[i]
                oa, ob = self.offsets(a)[k], self.offsets(b)[k]
                ux, uy, _ = unit(a.start, a.end)
                vx, vy, _ = unit(b.start, b.end)
                cross = ux * vy - uy * vx
                p = b.start
                if abs(cross) < 0.12:
                    nx, ny = -(uy + vy), ux + vx
                    norm = span(nx, ny)
                    nx, ny = nx / norm, ny / norm
                    ca, cb = nx * -uy + ny * ux, nx * -vy + ny * vx
                    ends[i - 1] = (p[0] + nx * oa / ca, p[1] + ny * oa / ca)
                    starts[i] = (p[0] + nx * ob / cb, p[1] + ny * ob / cb)
                else:
                    ha, hb = side(a.start, a.end), side(b.start, b.end)
                    da, db = oa - ha[2], ob - hb[2]
                    det = ha[0] * hb[1] - ha[1] * hb[0]
                    ends[i - 1] = starts[i] = ((da * hb[1] - db * ha[1]) / det,
                                               (ha[0] * db - hb[0] * da) / det)
            for i, e in enumerate(face.edges):
                e.lines[k] = (starts[i], ends[i])
                assert k == 2 or (ends[i][0] - starts[i][0]) * (e.end[0] - e.start[0]) + \
                    (ends[i][1] - starts[i][1]) * (e.end[1] - e.start[1]) > 0, (e.stretch.name, e.start)

    def carriageways(self):
        """(ring, kind, raise, street) of every stretch's carriageway, node to node."""
        for s in self.stretches:
            if s.kind == "rim":
                continue
            left, right = self.halves[s.u, s.v], self.halves[s.v, s.u]
            ring = [s.u, right.lines[0][1], right.lines[0][0], s.v, left.lines[0][1], left.lines[0][0]]
            yield ring, s.spec["road_kind"], 0.0, s.name

    def roadsides(self):
        """(ring, kind, raise, street, role) of parking strips, tree bays and pavements."""
        for face in self.faces:
            if face.kind in ("square", "market"):
                continue
            for e in face.edges:
                if e.stretch.kind == "rim":
                    continue
                s = e.stretch.spec
                (a0, a1), (b0, b1), (c0, c1) = e.lines
                if s["park"]:
                    strip = [a0, a1, b1, b0]
                    yield from self.parking(e, strip)
                yield [b0, b1, c1, c0], s["walk_kind"], s["kerb"], e.stretch.name, "walk"

    @staticmethod
    def parking(e, strip):
        """A parking strip: built-out corners, bays of three cars, a planted bay between them."""
        name = e.stretch.name
        dx, dy, length = unit(e.start, e.end)
        across = lambda t: (dx, dy, -(dx * e.start[0] + dy * e.start[1]) - t)  # noqa: E731
        lo, hi = 11.0, length - 11.0
        bay = "paving" if e.stretch.spec["road_kind"] == "clinkers" else "clinkers"   # apart from the road
        tagged = [(p, None) for p in strip]

        def part(t0, t1):
            poly = clip(tagged, across(t0), None)
            h = across(t1)
            return [p for p, _ in clip(poly, (-h[0], -h[1], -h[2]), None)] if poly else []
        if hi - lo < 9.0:
            yield strip, "paving", 0.12, name, "walk"
            return
        yield part(-99, lo), "paving", 0.12, name, "walk"
        yield part(hi, length + 99), "paving", 0.12, name, "walk"
        at = lo
        while at < hi - 0.5:
            end = min(at + 16.5, hi)
            yield part(at, end), bay, 0.02, name, "cars"
            at = end
            if hi - at > 8.0:
                yield part(at, at + 2.4), "planting", 0.10, name, "bay"
                at += 2.4


def street_lines(network):
    """Street name to lists of points, chained, for labels."""
    lines = []
    for name, _, nodes, bends in STREETS:
        pts = [NODES[nodes[0]]]
        for (a, b), bend in zip(zip(nodes, nodes[1:]), bends):
            p, q = NODES[a], NODES[b]
            if bend:
                dx, dy, _ = unit(p, q)
                pts.append((round((p[0] + q[0]) / 2 - dy * bend, 2), round((p[1] + q[1]) / 2 + dx * bend, 2)))
            pts.append(q)
        lines.append((name, pts))
    return lines
