"""The buildings drawn by hand: church, town hall, towers, shopping centre, big blocks."""
import math

from chance import Chance
from exact import apart, total
from facade import GAP, Style, street_wall
from houses import Building
from palette import FLAT, GLASS, STONE, TRIM, mix, rgb
from plane import area, box, centroid, inset, inside, side
from shell import Roof, Wall, gable_end, slope

BRICK = rgb("#DBC0B0")
COPPER = rgb("#B4C4B8")
SLATE = rgb("#B0B0B0")


class Mass:
    """A flat-roofed block with storeys, on any simple outline."""

    def __init__(self, key, ring, base, floor, heights, wall, ground="home", roof=FLAT, parapet=0.5, **style):
        assert area(ring) > 0, key
        self.key, self.ring, self.base, self.floor, self.heights = key, ring, base, floor, heights
        self.wall, self.ground, self.roof, self.parapet, self.style = wall, ground, roof, parapet, style
        self.blind = style.pop("blind", False)
        self.top = round(floor + total(heights) + parapet, 3)

    def draw(self, mesh, fine):
        """Walls with storeys of windows, parapet and roof."""
        rng = Chance("mass " + self.key)
        style = Style(rng, self.wall, True, True)
        style.balcony, style.awning, style.wide_middle = False, None, False
        for name, value in self.style.items():
            setattr(style, name, value)
        ring = self.ring
        for p, q in zip(ring, ring[1:] + ring[:1]):
            wall = Wall(p, q)
            if fine and not self.blind:
                street_wall(mesh, wall, self.base, self.floor, self.heights, style, rng,
                            self.ground if wall.length > 8 else "side", True, self.top)
            else:
                wall.quad(mesh, 0, wall.length, self.base, self.top, 0.0, self.wall)
            if fine:
                inner = Wall(q, p)
                if wall.length > 1:
                    inner.quad(mesh, 0.2, wall.length - 0.2, self.top - self.parapet, self.top, 0.3, STONE)
                    wall.block(mesh, 0, wall.length, self.top - 0.2, self.top, -0.3, 0.06, TRIM, faces="ft")
        mesh.cap(ring, self.top - self.parapet, self.roof)


class Pitched:
    """A convex block under planes, with tall pointed or plain windows."""

    def __init__(self, ring, base, eaves, rises, wall, roof, windows=None):
        # rises: per edge, metres up per metre in, or None for a gable.
        assert area(ring) > 0
        self.ring, self.base, self.eaves, self.wall, self.tile = ring, base, eaves, wall, roof
        planes = [slope(side(p, q), r, eaves) for p, q, r in zip(ring, ring[1:] + ring[:1], rises) if r]
        self.roof = Roof([(p, i) for i, p in enumerate(ring)], planes)
        self.windows = windows
        self.top = self.roof.top()

    def draw(self, mesh, fine):
        """Walls, gables, windows, roof."""
        for p, q in zip(self.ring, self.ring[1:] + self.ring[:1]):
            wall = Wall(p, q)
            profile = self.roof.profile(p, q)
            head = min(z for _, z in profile)
            wall.quad(mesh, 0, wall.length, self.base, head, 0.0, self.wall)
            gable_end(mesh, wall, profile, self.wall)
            if max(z for _, z in profile) - head < 0.1 and fine and wall.length > 2:
                wall.block(mesh, -0.1, wall.length + 0.1, head - 0.2, head + 0.1, 0.0, 0.4, TRIM)
            if fine and self.windows and wall.length > 3:
                self.windows(mesh, wall, head, max(z for _, z in profile))
        self.roof.draw(mesh, self.tile)


class Spire:
    """A steep roof from a ring to one point."""

    def __init__(self, ring, z0, z1, colour):
        self.ring, self.z0, self.top, self.colour = ring, z0, z1, colour

    def draw(self, mesh, fine):
        """The faces."""
        c = centroid(self.ring)
        for p, q in zip(self.ring, self.ring[1:] + self.ring[:1]):
            mesh.face([(p[0], p[1], self.z0), (q[0], q[1], self.z0), (c[0], c[1], self.top)], self.colour)


class Block:
    """A plain prism."""

    def __init__(self, ring, z0, z1, wall, roof, fine_only=False):
        self.ring, self.z0, self.top, self.wall, self.roof, self.fine_only = ring, z0, z1, wall, roof, fine_only

    def draw(self, mesh, fine):
        """Sides and lid."""
        if fine or not self.fine_only:
            mesh.box(self.ring, self.z0, self.top, self.wall, self.roof, bottom=True)


class Openings:
    """Flat windows on chosen walls of a plain part."""

    def __init__(self, walls, rows, colour, pointed=False, width=1.2, step=3.0):
        self.walls, self.rows, self.colour, self.pointed = walls, rows, colour, pointed
        self.width, self.step = width, step
        self.top = 0.0

    def draw(self, mesh, fine):
        """The windows; nothing from afar."""
        if not fine:
            return
        for p, q in self.walls:
            wall = Wall(p, q)
            for z0, z1 in self.rows:
                lancets(mesh, wall, z0, z1, self.width, self.step, self.colour, self.pointed)


def lancets(mesh, wall, z0, z1, width, step, colour, pointed=True):
    """A row of tall windows with a lighter edge."""
    n = max(1, int((wall.length - 1.0) / step))
    for i in range(n):
        c = wall.length * (i + 0.5) / n
        for w, lo, hi, out, tone in ((width + 0.3, z0 - 0.15, z1 + 0.2, GAP, STONE), (width, z0, z1, 2 * GAP, colour)):
            ring = [wall.at(c - w / 2, lo, out), wall.at(c + w / 2, lo, out)]
            if pointed:
                spring = hi - w * 0.9
                ring += [wall.at(c + w / 2, spring, out), wall.at(c + w * 0.28, hi - w * 0.28, out), wall.at(c, hi, out),
                         wall.at(c - w * 0.28, hi - w * 0.28, out), wall.at(c - w / 2, spring, out)]
            else:
                ring += [wall.at(c + w / 2, hi, out), wall.at(c - w / 2, hi, out)]
            mesh.face(ring, tone, wall.normal)


def turned(cx, cy, degrees, points):
    """Points (along, across) around a centre, turned."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(round(cx + u * c - v * s, 3), round(cy + u * s + v * c, 3)) for u, v in points]


def rect(u0, u1, v0, v1):
    """A rectangle's corners, counter-clockwise."""
    return [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]


def make(key, name, year, use, storeys, rings, parts, ground, gfa, dwellings=0, places=None):
    """A building from its parts."""
    b = Building(key)
    b.name, b.year, b.use, b.storeys = name, year, use, storeys
    b.rings, b.outline = rings, rings[0]
    b.parts, b.ground = parts, ground
    b.top = round(max(p.top for p in parts), 3)
    b.gfa, b.dwellings, b.places = gfa, dwellings, places
    return b


def ground_of(terrain, rings):
    """Ground level and foot of the walls."""
    low = min(terrain.at(*p) for ring in rings for p in ring)
    return round(low, 2), round(low - 0.5, 2)


def church(terrain):
    """Lambertusbasiliek: basilica with transept, choir and an 80 m tower."""
    at = lambda pts: turned(392.0, 377.0, -3.0, pts)  # noqa: E731
    outline = at([(-9.6, -5), (0.4, -5), (0.4, -11.5), (36, -11.5), (36, -17), (48.5, -17), (48.5, -6.5), (57, -6.5),
                  (62, -3), (62, 3), (57, 6.5), (48.5, 6.5), (48.5, 17), (36, 17), (36, 11.5), (0.4, 11.5), (0.4, 5), (-9.6, 5)])
    g, base = ground_of(terrain, [outline])
    z = lambda h: round(g + h, 3)  # noqa: E731
    glass = rgb("#8494A4")
    tall = lambda lo, hi, step: (lambda m, w, head, top: lancets(m, w, z(lo), z(hi), 1.5, step, glass))  # noqa: E731
    nave = Pitched(at(rect(0.4, 57, -6.5, 6.5)), base, z(17), [1.25, None, 1.25, None], BRICK, SLATE, tall(12.4, 16.2, 4.0))
    south = Pitched(at(rect(0.4, 36, -11.5, -6.5)), base, z(8.2), [0.72, None, None, None], BRICK, SLATE, tall(2.6, 7.2, 4.4))
    north = Pitched(at(rect(0.4, 36, 6.5, 11.5)), base, z(8.2), [None, None, 0.72, None], BRICK, SLATE, tall(2.6, 7.2, 4.4))
    cross = Pitched(at(rect(36, 48.5, -17, 17)), base, z(17), [None, 1.25, None, 1.25], BRICK, SLATE, tall(4.0, 14.5, 4.1))
    apse = Pitched(at([(57, -6.5), (62, -3), (62, 3), (57, 6.5)]), base, z(14.5), [1.3, 1.3, 1.3, None], BRICK, SLATE,
                   tall(4.0, 12.5, 3.2))
    shaft = at(rect(-9.6, 0.4, -5, 5))
    top = at(rect(-8.9, -0.3, -4.3, 4.3))
    parts = [nave, south, north, cross, apse,
             Block(shaft, base, z(30), BRICK, STONE), Block(top, z(30), z(47), BRICK, STONE),
             Block(at(rect(-9.9, 0.7, -5.3, 5.3)), z(29.4), z(30.4), STONE, STONE, True),
             Block(at(rect(-9.2, 0.0, -4.6, 4.6)), z(46.2), z(47.2), STONE, STONE, True),
             Spire(at(octagon(-4.6, 0, 4.4)), z(47.2), z(80.0), SLATE),
             Openings(list(zip(top, top[1:] + top[:1])), [(z(33), z(44.5))], glass, True, 1.6, 3.6),
             Openings(list(zip(shaft, shaft[1:] + shaft[:1])), [(z(14), z(19)), (z(22), z(27.5))], glass, True, 1.1, 4.2),
             Openings([(shaft[3], shaft[0])], [(z(0.3), z(5.2))], rgb("#8A7A6C"), True, 2.6, 8)]
    for u, v in ((-9.1, -4.5), (-0.1, -4.5), (-0.1, 4.5), (-9.1, 4.5)):
        ring = at(octagon(u, v, 0.9))
        parts += [Block(ring, z(44), z(50), BRICK, STONE, True), Spire(ring, z(50), z(56), SLATE)]
    cutouts = [shaft, at(rect(0.4, 36, -11.5, 11.5)), at(rect(36, 48.5, -17, 17)),
               at([(48.5, -6.5), (57, -6.5), (62, -3), (62, 3), (57, 6.5), (48.5, 6.5)])]
    b = make("lambertus", "Lambertusbasiliek", 1890, "other", 1, cutouts, parts, g, {"other": 1480})
    b.outline = outline
    return b


def octagon(u, v, r):
    """Eight points around a centre, flat sides along the axes."""
    k = r * 0.41421
    return [(u + r, v - k), (u + r, v + k), (u + k, v + r), (u - k, v + r), (u - r, v + k), (u - r, v - k), (u - k, v - r), (u + k, v - r)]


def town_hall(terrain):
    """Stadhuis (1963) with its free-standing tower, and the stadskantoor (2020)."""
    out = []
    main = turned(243, 341.3, 7.4, rect(-29, 29, -7.2, 7.2))
    g, base = ground_of(terrain, [main])
    z = lambda h: round(g + h, 3)  # noqa: E731
    pale = rgb("#E2D2BC")

    def windows(m, w, head, top):
        for lo, hi in ((0.9, 3.4), (4.6, 7.0), (8.2, 10.2)):
            lancets(m, w, z(lo), z(hi), 1.5, 2.7, GLASS[1], False)
    hall = Pitched(main, base, z(11.2), [0.62, 0.62, 0.62, 0.62], pale, rgb("#B7A497"), windows)
    porch = turned(243, 341.3, 7.4, rect(-6, 6, -9.4, -7.2))
    parts = [hall, Block(porch, base, z(5.2), STONE, STONE),
             Openings([(porch[0], porch[1])], [(z(0.2), z(4.4))], GLASS[0], False, 1.9, 2.8)]
    out.append(make("stadhuis", "Stadhuis", 1963, "public", 3, [main, porch], parts, g, {"public": 2510}))
    # The register wants one outline: hall with the porch in front.
    out[-1].outline = [main[0], porch[3], porch[0], porch[1], porch[2], main[1], main[2], main[3]]

    wing = [(185.5, 327.0), (204.5, 329.6), (208.8, 366.0), (191.6, 365.0)]
    g2, b2 = ground_of(terrain, [wing])
    m = Mass("raadhuisvleugel", wing, b2, round(g2 + 0.12, 2), [3.6, 3.3, 3.3], pale, bay=2.6, fill=0.62, tall=1.9,
             sill=0.8, light=False, panes=2)
    out.append(make("stadhuisvleugel", "Stadhuis, vleugel", 1963, "public", 3, [wing], [m], g2,
                    {"public": round(area(wing) * 3)}))

    ring = turned(231.5, 361.5, 7.4, rect(-4.1, 4.1, -4.1, 4.1))
    g3, b3 = ground_of(terrain, [ring])
    t = lambda h: round(g3 + h, 3)  # noqa: E731
    walls = list(zip(ring, ring[1:] + ring[:1]))
    lantern = inset(ring, 0.7)
    top = inset(ring, 0.4)
    parts = [Block(ring, b3, t(43.5), rgb("#D9BFAC"), STONE), Block(lantern, t(43.5), t(50.5), STONE, STONE),
             Block(inset(ring, -0.35), t(43.2), t(44.0), STONE, STONE, True), Block(inset(ring, -0.15), t(50.2), t(50.9), COPPER, COPPER, True),
             Spire(top, t(50.9), t(57.0), COPPER),
             Openings(walls, [(t(37.5), t(41.8))], TRIM, False, 3.4, 8), Openings(walls, [(t(4 + 5 * k), t(6.2 + 5 * k)) for k in range(6)], GLASS[3], False, 0.8, 3.4),
             Openings(list(zip(lantern, lantern[1:] + lantern[:1])), [(t(44.8), t(49.6))], GLASS[3], False, 1.0, 1.7)]
    out.append(make("stadhuistoren", "Stadhuistoren", 1963, "public", 1, [ring], parts, g3, {"public": 67}))

    office = [(189.4, 374.0), (262.5, 379.4), (266.6, 394.0), (227.0, 388.4), (191.0, 385.6)]
    g4, b4 = ground_of(terrain, [office])
    m = Mass("stadskantoor", office, b4, round(g4 + 0.12, 2), [4.6, 3.6, 3.6, 3.6, 3.6], rgb("#E9E0D2"), bay=2.4, fill=0.74,
             tall=2.5, sill=0.45, light=False, panes=1, plinth=False)
    tall = Mass("stadskantoor top", [(226, 378.2), (259, 380.6), (262, 391.2), (228.2, 386.6)], m.top - 0.5, m.top - 0.5,
                [3.4], rgb("#DAD7D0"), bay=2.0, fill=0.85, tall=2.4, sill=0.4, panes=1)
    out.append(make("stadskantoor", "Stadskantoor", 2020, "office", 6, [office], [m, tall], g4, {"office": 8000, "public": 900}))
    return out


def towers(terrain):
    """Brinktoren (43 m) and Bellevue (38 m)."""
    out = []
    for key, name, year, ring, top, n, first, wall in (
            ("brinktoren", "Brinktoren", 2007, turned(494.5, 348.0, -5.5, rect(-12, 12, -9.5, 9.5)), 43.0, 13, 4.3, rgb("#E0CDBD")),
            ("bellevue", "Bellevue", 1999, turned(31.0, 119.5, 11.0, rect(-14, 14, -8.5, 8.5)), 38.0, 12, 3.9, rgb("#EDE6DA"))):
        g, base = ground_of(terrain, [ring])
        storey = (top - 0.12 - first - 0.6 - 2.6) / (n - 1)
        m = Mass(key, ring, base, round(g + 0.12, 2), [first] + [storey] * (n - 1), wall, bay=3.1, fill=0.7, tall=1.75, sill=0.5,
                 light=False, panes=2, balcony=True, parapet=0.6)
        m.top = round(g + top - 2.6, 3)
        crown = inset(ring, 3.2)
        lid = Block(crown, round(g + top - 3.4, 3), round(g + top, 3), mix(wall, FLAT, 0.5), FLAT)
        out.append(make(key, name, year, "housing", n, [ring], [m, lid], g,
                        {"housing": round(area(ring) * (n - 1)), "shops": round(area(ring))}, 4 * (n - 1)))
    return out


def big_blocks(terrain):
    """Shopping centre Thiemsbrug, its garage, and the department store."""
    out = []
    west = [(170.4, 140.9), (207.7, 143.3), (219.0, 144.9), (221.0, 217.0), (217.6, 216.6), (185.6, 213.9), (163.9, 211.2), (168.8, 174.6)]
    g, base = ground_of(terrain, [west])
    low = Mass("thiemsbrug west", west, base, round(g + 0.05, 2), [4.6, 4.2], rgb("#DDD3C6"), "shop", bay=4.6, fill=0.55, tall=1.5,
               sill=1.6, panes=3, light=False, sign=rgb("#B9C0C4"), lintel=None)
    up = Mass("thiemsbrug lucht", inset(west, 11.0), low.top - 0.5, low.top - 0.5, [2.6], rgb("#CFCBC4"), blind=True)
    out.append(make("thiemsbrug-w", "Winkelcentrum Thiemsbrug", 1974, "shops", 2, [west], [low, up], g,
                    {"shops": round(area(west) * 1.7)}))
    east = [(228.0, 148.2), (253.5, 149.4), (301.0, 171.0), (331.0, 183.2), (336.0, 239.0), (297.2, 228.6), (228.6, 218.2)]
    g, base = ground_of(terrain, [east])
    shop = Mass("thiemsbrug oost", east, base, round(g + 0.05, 2), [4.8], rgb("#D5CCC0"), "shop", parapet=0.2, sign=rgb("#A9B3B9"), lintel=None)
    deck = inset(east, 0.5)
    decks = []
    z = shop.top - 0.2
    for k in range(3):
        decks.append(Deck("deck%d" % k, deck, z, 2.9, k == 2))
        z += 2.9
    ramp = turned(247, 166, 0, [(8 * math.cos(math.radians(a)), 8 * math.sin(math.radians(a))) for a in range(0, 360, 24)])
    decks.append(Block(ramp, round(z - 0.4, 2), round(z + 3.2, 2), rgb("#D8D3C9"), FLAT))
    stair = turned(322, 224, 8, rect(-3.4, 3.4, -3, 3))
    decks.append(Block(stair, round(z - 0.4, 2), round(z + 3.6, 2), rgb("#CBB9AB"), FLAT))
    out.append(make("thiemsbrug-p", "Parkeergarage Thiemsbrug", 1974, "parking", 4, [east], [shop] + decks, g,
                    {"shops": round(area(east)), "parking": round(area(deck) * 3)}, places=640))
    store = [(173.6, 230.6), (206.5, 234.6), (204.2, 269.0), (168.8, 265.6)]
    g, base = ground_of(terrain, [store])
    m = Mass("warenhuis", store, base, round(g + 0.05, 2), [4.9, 4.4, 4.4, 3.8], rgb("#E6DDCF"), "shop", bay=5.4, fill=0.4, tall=2.2,
             sill=1.0, panes=2, light=False, sign=rgb("#A99F94"))
    out.append(make("warenhuis", "Warenhuis", 1958, "shops", 4, [store], [m], g, {"shops": round(area(store) * 4)}))
    return out


class Deck:
    """One open parking level: a parapet band, a dark gap, columns."""

    def __init__(self, key, ring, z, height, lines=False):
        self.ring, self.z, self.h, self.lines = ring, z, height, lines
        self.top = round(z + height, 3)

    def bays(self, mesh):
        """Painted bays on the roof: aisles across, cars on both sides of each."""
        inner = inset(self.ring, 2.5)
        x0, y0, x1, y1 = box(inner)
        white, x = rgb("#EFECE5"), x0 + 6.0
        while x < x1 - 5:
            y = y0
            while y < y1:
                for a, b in ((x - 5.0, x), (x, x + 5.0)):
                    line = [(a, y), (b, y), (b, y + 0.12), (a, y + 0.12)]
                    if all(inside(p, inner) for p in line) and apart((a, y), (247, 166)) > 14 and apart((a, y), (322, 224)) > 9:
                        mesh.face([(p[0], p[1], self.top + 0.05) for p in line], white)
                y += 2.5
            x += 16.0

    def draw(self, mesh, fine):
        """Band and gap; the roof is a floor with a low wall."""
        dark = inset(self.ring, 0.6)
        for p, q in zip(dark, dark[1:] + dark[:1]):
            w = Wall(p, q)
            w.quad(mesh, 0, w.length, self.z, self.top, 0.0, rgb("#A8A49E"))
        for p, q in zip(self.ring, self.ring[1:] + self.ring[:1]):
            w = Wall(p, q)
            w.block(mesh, 0, w.length, self.z - 0.25, self.z + 1.1, -0.15, 0.0, rgb("#E3DDD2"))
            if fine:
                Wall(q, p).quad(mesh, 0, w.length, self.z, self.z + 1.1, 0.15, rgb("#D6D0C5"))
                n = max(1, int(w.length / 7.5))
                for i in range(n):
                    u = (i + 0.5) * w.length / n
                    w.block(mesh, u - 0.25, u + 0.25, self.z + 1.1, self.top - 0.25, -0.5, -0.06, STONE, faces="fe")
        mesh.cap(self.ring, self.top, FLAT)
        if fine and self.lines:
            self.bays(mesh)
        for p, q in zip(self.ring, self.ring[1:] + self.ring[:1]):
            w = Wall(p, q)
            w.block(mesh, 0, w.length, self.top - 0.25, self.top, -0.05, 0.02, rgb("#E3DDD2"), faces="f")


def pavilions(terrain):
    """A café pavilion on the square and one on the market."""
    out = []
    for key, name, cx, cy, r in (("kiosk", "Paviljoen Burg. Jansenplein", 274.5, 254.0, 4.6), ("markthuisje", "Marktpaviljoen", 447.0, 146.0, 5.2)):
        ring = turned(cx, cy, 7.0, octagon(0, 0, r))
        g, base = ground_of(terrain, [ring])
        glass = rgb("#93A3B0")

        def panes(m, w, head, top, g=g):
            lancets(m, w, round(g + 0.4, 3), round(g + 2.9, 3), 2.0, 2.2, glass, False)
        body = Pitched(ring, base, round(g + 3.5, 3), [0.45] * 8, rgb("#EFE8DC"), rgb("#B8C0BC"), panes)
        brim = Block(inset(ring, -0.9), round(g + 3.35, 3), round(g + 3.5, 3), TRIM, rgb("#B8C0BC"), True)
        out.append(make(key, name, 2020, "shops", 1, [ring], [body, brim], g, {"shops": int(area(ring))}))
    return out


def all_landmarks(terrain):
    """Every hand-drawn building."""
    return [church(terrain)] + town_hall(terrain) + towers(terrain) + big_blocks(terrain) + pavilions(terrain)


