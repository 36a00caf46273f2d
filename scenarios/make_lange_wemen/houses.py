"""Town houses: one per plot, each with its own storeys, roof, colours and details."""
from chance import Chance
from exact import span, total
from facade import Style, back_wall, street_wall
from palette import DOORS, FLAT, GLASS, MODERN, ROOFS, STONE, TRIM, WALLS, mix, shade
from plane import area, flipped, shifted, unit, value
from shell import Roof, Wall, gable_end, slope


class Building:
    """Anything with an identity in the register. parts draw themselves."""

    def __init__(self, key):
        self.key, self.name = key, None
        self.identificatie = None
        self.rings = []           # convex (or simple) outlines on the ground, for claims
        self.outline = None       # register footprint
        self.parts = []
        self.year, self.storeys, self.use = 1960, 1, "housing"
        self.ground = self.top = 0.0
        self.dwellings, self.gfa = 0, {}
        self.places = None        # for cars
        self.block = ""

    def draw(self, mesh, fine):
        """Add the building to a mesh."""
        for part in self.parts:
            part.draw(mesh, fine)


class House:
    """A convex outline under one roof, between its neighbours."""

    def __init__(self, plot, terrain, rng, context):
        self.rng_key = "house " + plot.key
        self.open_sides = set()       # blank sides that turn out to face open ground
        self.plot = plot
        ring = [p for p, _ in plot.outline]
        zs = [terrain.at(*p) for p in ring]
        front = [p for p, t in plot.outline if isinstance(t, tuple) and t[0] == "street"] or ring
        self.floor = round(max(terrain.at(*p) for p in front) + plot.street.spec["kerb"], 2)
        self.base = round(min(zs) - 0.5, 2)
        self.ground = round(min(zs), 2)
        kind = plot.street.kind
        self.modern = rng.chance({"home": 0.25, "shop": 0.35}.get(kind, 0.4))
        self.rich = context["rich"]
        wall = shade(rng.weighted(MODERN if self.modern else WALLS), rng, 7)
        last = context.get("last")
        while last and sum(abs(a - b) for a, b in zip(wall, last)) < 26:
            wall = shade(rng.weighted(MODERN if self.modern else WALLS), rng, 9)
        self.style = Style(rng, wall, self.modern, self.rich)
        self.use = {"shop": "shop", "main": "shop" if rng.chance(0.6) else "home",
                    "town": "shop" if rng.chance(0.35) else "home"}.get(kind, "home")
        if kind == "home" and plot.corner and rng.chance(0.12):
            self.use = "shop"
        width = plot.width
        n = {"shop": rng.weighted([(2, 3), (3, 6), (4, 2)]), "main": rng.weighted([(2, 2), (3, 5), (4, 3), (5, 1)]),
             "town": rng.weighted([(2, 4), (3, 5), (4, 1)])}.get(kind, rng.weighted([(1, 0.4), (2, 7), (3, 2)]))
        if context["outer"] and n > 2 and rng.chance(0.5):
            n -= 1
        if width > 9.5 and kind != "home":
            n = max(n, 3) + (1 if rng.chance(0.4) else 0)
        self.storeys = n
        first = rng.between(3.5, 4.2) if self.use == "shop" else rng.between(2.85, 3.25)
        rest = rng.between(2.75, 3.05) if self.modern else rng.between(2.9, 3.45)
        self.heights = [first] + [round(rest - 0.08 * k, 2) for k in range(n - 1)]
        eaves = round(self.floor + total(self.heights) + rng.between(0.05, 0.45), 2)
        if last is not None and abs(eaves - context.get("eaves", 0)) < 0.25:
            eaves = round(eaves + (0.45 if rng.chance(0.6) else 0.3), 2)
        self.eaves = eaves
        self.shape(rng, kind, width)
        self.tile = shade(rng.weighted(ROOFS), rng, 8)
        self.year = (rng.whole(1968, 2021) if self.modern else
                     rng.weighted([(rng.whole(1892, 1914), 3), (rng.whole(1920, 1939), 4), (rng.whole(1947, 1962), 5)]))
        context["last"], context["eaves"] = wall, eaves

    def shape(self, rng, kind, width):
        """Choose a roof and build its planes."""
        plot = self.plot
        outline = plot.outline
        f = plot.front
        b = flipped(shifted(f, plot.depth))
        e = self.eaves
        form = rng.weighted([("flat", 5 if self.modern else 1), ("par", 5 if not self.modern else 2),
                             ("perp", 3.2 if not self.modern and width < 9.5 else 0.4),
                             ("mansard", 1.6 if not self.modern else 0.6), ("shed", 0.7 if self.modern else 0)])
        if width > 11:
            form = "flat" if rng.chance(0.6) else "par"
        if self.storeys > 3 and form in ("perp", "mansard"):
            form = "flat"
        self.form = form
        self.front_gable = None
        a = next((p for p, t in outline if isinstance(t, tuple) and t[0] == "street" and t[1] is plot.street), outline[0][0])
        dx, dy = f[1], -f[0]
        ts = [p[0] * dx + p[1] * dy for p, _ in outline]
        lo, hi = (dx, dy, -min(ts)), (-dx, -dy, max(ts))
        self.axis = (a, dx, dy)
        rise = rng.between(0.75, 1.2)
        if form == "flat":
            planes = [(0.0, 0.0, round(e - 0.3, 2))]
        elif form == "par":
            back = rise if rng.chance(0.75) else rise * 0.8
            planes = [slope(f, rise, e), slope(b, back, e)]
            if plot.corner and rng.chance(0.6):
                for p, q, t in edges(outline):
                    if isinstance(t, tuple) and t[0] == "street" and t[1] is not plot.street:
                        h = (-(q[1] - p[1]), q[0] - p[0], 0.0)
                        n = span(h[0], h[1])
                        h = (h[0] / n, h[1] / n, -(h[0] * p[0] + h[1] * p[1]) / n)
                        planes.append(slope(h, rise * 1.15, e))
        elif form == "perp":
            rise = rng.between(0.9, 1.45)
            planes = [slope(lo, rise, e), slope(hi, rise, e)]
            if rng.chance(0.35):
                planes.append(slope(b, rise, e))
            self.front_gable = rng.weighted([(None, 3), ("step", 1.6), ("neck", 1.0), ("lift", 1.6)])
        elif form == "mansard":
            steep, up = rng.between(2.2, 3.2), rng.between(1.9, 2.5)
            planes = [slope(f, steep, e), slope(b, steep, e), slope(f, 0.42, e + up), slope(b, 0.42, e + up)]
        else:
            planes = [slope(f, rng.between(0.16, 0.3), e)] if rng.chance(0.5) else [slope(b, rng.between(0.16, 0.3), e)]
        self.roof = Roof(outline, planes)
        self.top = max(self.roof.top(), e if form == "flat" else 0.0)

    def wall_low(self, p, q):
        """Lowest wall head along an edge, for what a neighbour may hide."""
        if self.form == "flat":
            return self.eaves
        return min(z for _, z in self.roof.profile(p, q))

    def draw(self, mesh, fine):
        """Walls, roof and details."""
        rng = Chance(self.rng_key)
        for p, q, tag in edges(self.plot.outline):
            wall = Wall(p, q)
            if wall.length < 0.05:
                continue
            profile = [(0.0, self.eaves), (wall.length, self.eaves)] if self.form == "flat" else self.roof.profile(p, q)
            head = min(z for _, z in profile)
            street = isinstance(tag, tuple) and tag[0] == "street"
            party = isinstance(tag, tuple) and tag[0] == "party"
            other = self.plot.neighbours.get(tag[1]) if party and tag[1] in (-1, 1) else None
            if other is not None and getattr(other, "house", None):
                self.party(mesh, wall, profile, tag[1], other)
            else:
                if not fine or (not street and tag != "back" and (p, q) not in self.open_sides):
                    wall.quad(mesh, 0, wall.length, self.base, head, 0.0, self.style.wall)
                elif street:
                    self.street(mesh, wall, profile, head, tag[1], rng)
                else:
                    back_wall(mesh, wall, self.base, self.floor, self.heights, head, self.style, rng)
                gable_end(mesh, wall, profile, self.style.wall)
                if fine and street and self.form == "perp" and wall.length > 3.5 and tag[1] is self.plot.street:
                    self.attic(mesh, wall, profile, head, rng)
        if self.form == "flat":
            self.flat(mesh, fine)
        else:
            self.roof.draw(mesh, self.tile)
        if fine:
            self.extras(mesh, rng)

    def street(self, mesh, wall, profile, head, stretch, rng):
        """A façade on a street, with its cornice or gutter."""
        rich = self.rich and stretch.kind != "rim"
        ground = "shop" if self.use == "shop" else "home"
        if stretch is not self.plot.street and not (self.use == "shop" and stretch.kind in ("shop", "main")):
            ground = "side"
        street_wall(mesh, wall, self.base, self.floor, self.heights, self.style, rng, ground, rich, head)
        if self.form == "flat":
            if self.rich:
                wall.block(mesh, -0.04, wall.length + 0.04, head - 0.22, head + 0.04, 0.0, 0.16 if self.modern else 0.32,
                           mix(self.style.wall, TRIM, 0.7), faces="fteb")
        elif max(z for _, z in profile) - head < 0.1:
            out = 0.32 if self.modern else 0.45
            wall.block(mesh, -0.02, wall.length + 0.02, head - 0.16, head + 0.08, 0.0, out, TRIM,
                       faces="fteb" if self.rich else "ft")

    def attic(self, mesh, wall, profile, head, rng):
        """A window in the gable, and the gable's outline raised in front of the roof."""
        top = max(z for _, z in profile)
        mid = next((t for t, z in profile if z == top), wall.length / 2)
        if top - head > 2.4:
            w = rng.between(0.7, 1.2)
            z0 = head + 0.35
            wall.quad(mesh, mid - w / 2, mid + w / 2, z0, z0 + 1.25, 0.06, self.style.frame)
            wall.quad(mesh, mid - w / 2 + 0.08, mid + w / 2 - 0.08, z0 + 0.08, z0 + 1.17, 0.12, self.style.glass)
        form = self.front_gable
        if form is None or not self.rich:
            return
        colour = mix(self.style.wall, TRIM, 0.35)
        if form == "step":
            steps = 4
            for k in range(steps):
                u = mid - (mid - 0.02) * (1 - k / steps)
                v = mid + (wall.length - 0.02 - mid) * (1 - k / steps)
                z0 = head + (top - head) * k / steps
                z1 = head + (top - head) * (k + 1) / steps + 0.28
                slab(mesh, wall, u, v, z0 - 0.05, z1, self.style.wall, TRIM)
        elif form == "neck":
            slab(mesh, wall, 0.02, wall.length - 0.02, head - 0.1, head + 0.75, self.style.wall, TRIM)
            slab(mesh, wall, mid - wall.length * 0.27, mid + wall.length * 0.27, head + 0.7, top + 0.35, self.style.wall, TRIM)
            slab(mesh, wall, mid - wall.length * 0.14, mid + wall.length * 0.14, top + 0.3, top + 0.75, colour, TRIM)
        else:
            for (t0, za), (t1, zb) in zip(profile, profile[1:]):
                a = wall.at
                up = 0.3
                mesh.face([a(t0, za, 0.08), a(t1, zb, 0.08), a(t1, zb + up, 0.08), a(t0, za + up, 0.08)], colour, wall.normal)
                mesh.face([a(t0, za + up, 0.08), a(t1, zb + up, 0.08), a(t1, zb + up, -0.3), a(t0, za + up, -0.3)], TRIM)
                mesh.face([a(t1, zb, -0.3), a(t0, za, -0.3), a(t0, za + up, -0.3), a(t1, zb + up, -0.3)], colour)
        self.top = max(self.top, top + {"step": 0.28, "neck": 0.75, "lift": 0.3}[form])

    def party(self, mesh, wall, profile, which, other):
        """A wall against a neighbour: only what sticks out of it."""
        house = other.house
        f = self.plot.front
        along_depth = lambda t: value(f, wall.at(t, 0)[:2])  # noqa: E731
        reach = other.depth
        # The wall runs to or from the street: split where the neighbour's house ends.
        d0, d1 = along_depth(0), along_depth(wall.length)
        cut = None
        if max(d0, d1) > reach + 0.05 and abs(d1 - d0) > 1e-6:
            cut = (reach - d0) / (d1 - d0) * wall.length
        spans = [(0.0, wall.length, True)]
        if cut is not None and 0.05 < cut < wall.length - 0.05:
            spans = [(0.0, cut, d0 < d1), (cut, wall.length, d0 >= d1)]
        head = min(z for _, z in profile)
        for a, b, hidden in spans:
            pa, pb = wall.at(a, 0)[:2], wall.at(b, 0)[:2]
            base = house.wall_low(pa, pb) - 0.1 if hidden else self.base
            base = max(base, self.base)
            if base < head - 0.02:
                wall.quad(mesh, a, b, base, head, -0.03, self.style.wall)
        gable_end(mesh, wall, profile, self.style.wall, -0.03)

    def flat(self, mesh, fine):
        """A flat roof behind a parapet."""
        ring = [p for p, _ in self.plot.outline]
        z = self.eaves - 0.3
        mesh.face([(p[0], p[1], z) for p in ring], mix(FLAT, self.style.wall, 0.15))
        if not fine:
            return
        for p, q in zip(ring, ring[1:] + ring[:1]):
            w = Wall(p, q)
            if w.length > 0.6:
                w.block(mesh, 0.0, w.length, z, self.eaves, -0.24, 0.0, STONE, faces="t")
                w2 = Wall(q, p)
                w2.quad(mesh, 0.0, w2.length, z, self.eaves, 0.24, STONE)

    def extras(self, mesh, rng):
        """Chimneys, dormers, roof lights."""
        ring = [p for p, _ in self.plot.outline]
        a, dx, dy = self.axis
        f = self.plot.front
        ts = [p[0] * dx + p[1] * dy for p in ring]
        lo, hi = min(ts), max(ts)

        def spot(t, d):
            """The ground point t along the street and d behind it."""
            k = d - f[2]
            return (dx * t + f[0] * k, dy * t + f[1] * k)

        def boxed(t0, t1, d0, d1):
            return [spot(t0, d0), spot(t1, d0), spot(t1, d1), spot(t0, d1)]
        depth = self.plot.depth
        if self.form in ("par", "perp", "mansard") and rng.chance(0.75):
            t = lo + 0.5 if rng.chance(0.5) else hi - 1.1
            d = depth * rng.between(0.4, 0.62)
            quad = boxed(t, t + 0.6, d, d + rng.between(0.6, 1.0))
            if all(inside_convex(p, ring, 0.1) for p in quad):
                zs = [self.roof.at(p) for p in quad]
                top = max(zs) + rng.between(0.9, 1.5)
                mesh.box(quad, min(zs) - 0.2, top, mix(self.style.wall, (150, 110, 95), 0.25), STONE)
                self.top = max(self.top, top)
        if self.form in ("par", "mansard") and rng.chance(0.55 if self.rich else 0.4) and hi - lo > 4.6:
            many = 2 if hi - lo > 7.5 and rng.chance(0.6) else 1
            w = rng.between(1.4, 2.6) if many == 1 else rng.between(1.1, 1.6)
            for k in range(many):
                c = lo + (hi - lo) * (k + 1) / (many + 1)
                self.dormer(mesh, boxed, c, w, ring)
        if self.form == "flat" and rng.chance(0.4) and area(ring) > 50:
            c = (lo + hi) / 2 + rng.between(-1, 1)
            quad = boxed(c - 0.9, c + 0.9, depth * 0.55, depth * 0.55 + 1.8)
            if all(inside_convex(p, ring, 0.4) for p in quad):
                mesh.box(quad, self.eaves - 0.3, self.eaves + rng.between(0.3, 1.2), STONE, FLAT)
                self.top = max(self.top, self.eaves + 1.2)

    def dormer(self, mesh, boxed, c, w, ring):
        """A flat-roofed dormer standing in the front slope."""
        e = self.eaves
        d0 = 0.55 if self.form == "par" else 0.25
        front = boxed(c - w / 2, c + w / 2, d0, d0)
        z0 = self.roof.at(front[0])
        z1 = z0 + 1.45
        d = d0
        while d < self.plot.depth * 0.5 and self.roof.at(boxed(c, c, d, d)[0]) < z1 - 0.1:
            d += 0.25
        quad = boxed(c - w / 2, c + w / 2, d0, d)
        if d - d0 < 0.4 or not all(inside_convex(p, ring, 0.2) for p in quad) or z1 > self.roof.top() + 0.2 or z0 < e:
            return
        wall = Wall(quad[0], quad[1])
        zs = [self.roof.at(p) for p in quad]
        for p, q, za, zb in ((quad[1], quad[2], zs[1], zs[2]), (quad[3], quad[0], zs[3], zs[0])):
            mesh.face([(p[0], p[1], min(za, z1)), (q[0], q[1], min(zb, z1)), (q[0], q[1], z1), (p[0], p[1], z1)], TRIM)
        wall.quad(mesh, 0, wall.length, z0, z1, 0.0, TRIM)
        wall.quad(mesh, 0.14, wall.length - 0.14, z0 + 0.25, z1 - 0.18, 0.05, self.style.glass)
        over = boxed(c - w / 2 - 0.15, c + w / 2 + 0.15, d0 - 0.18, d)
        mesh.box(over, z1, z1 + 0.14, TRIM, mix(FLAT, TRIM, 0.4))
        self.top = max(self.top, z1 + 0.14)


class Shed:
    """A low box in a garden, or an extension behind a house."""

    def __init__(self, ring, base, top, wall, roof, hidden=None, door=None, tone=None):
        # hidden: the two corners of a side against a house; door: the side with a door.
        self.ring, self.base, self.top, self.wall, self.roof = ring, base, top, wall, roof
        self.hidden, self.door, self.tone = hidden, door, tone or DOORS[0]

    def draw(self, mesh, fine):
        """Walls and lid."""
        ring = self.ring
        for p, q in zip(ring, ring[1:] + ring[:1]):
            if self.hidden is None or {p, q} != self.hidden:
                wall = Wall(p, q)
                wall.quad(mesh, 0, wall.length, self.base, self.top, 0.0, self.wall)
        mesh.face([(p[0], p[1], self.top) for p in ring], self.roof)
        if fine and self.door:
            wall = Wall(*self.door)
            u = wall.length * 0.3
            wall.quad(mesh, u, u + 0.95, self.top - 2.6, self.top - 0.45, 0.05, self.tone)
            if wall.length > 3.2:
                wall.quad(mesh, u + 1.3, wall.length - 0.3, self.top - 1.9, self.top - 0.45, 0.05, GLASS[0])


def slab(mesh, wall, u0, u1, z0, z1, colour, top):
    """An upright slab in the plane of a gable."""
    wall.block(mesh, u0, u1, z0, z1, -0.3, 0.07, colour, top=top, faces="fte")
    back = Wall(wall.q, wall.p)
    back.quad(mesh, wall.length - u1, wall.length - u0, z0, z1, 0.3, colour)


def edges(tagged):
    """(start, end, tag) of a tagged polygon."""
    n = len(tagged)
    for i in range(n):
        yield tagged[i][0], tagged[(i + 1) % n][0], tagged[i][1]


def inside_convex(p, ring, margin):
    """Whether a point lies inside a convex ring, at least margin from its edges."""
    for a, b in zip(ring, ring[1:] + ring[:1]):
        dx, dy, n = unit(a, b)
        if n > 1e-6 and (p[1] - a[1]) * dx - (p[0] - a[0]) * dy < margin:
            return False
    return True
