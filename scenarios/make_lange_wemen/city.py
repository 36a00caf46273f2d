"""The whole city: streets, landmarks, rows of houses, sheds, and the ground around them."""
from blocks import Claims, rows_of
from chance import Chance
from houses import Building, House, Shed, edges, inside_convex
from landmarks import all_landmarks
from palette import DOORS, FLAT, mix, shade
from plane import area, box, centroid, convex_pieces, inset, inside, unit
from shell import Mesh
from streets import Network
from terrain import Terrain

# Streets on which special faces still get rows of houses.
ROWS_IN = {"carpark": ("Langestraat", "Oldenzaalsestraat"), "thiemsbrug": ("Langestraat",)}
CORE = (140, 60, 545, 440)      # where façades get full depth


class City:
    """Everything that stands or lies in the scene today."""

    def __init__(self):
        self.terrain = Terrain()
        self.network = Network()
        self.claims = Claims()
        self.buildings = []
        self.grounds = []
        self.gardens = []
        for b in all_landmarks(self.terrain):
            for ring in b.rings:
                self.claims.take(ring) if convex(ring) else [self.claims.take(r) for r in convex_cover(ring)]
            self.buildings.append(b)
        for number, face in enumerate(self.network.faces):
            face.number = number
            self.fill(face, "%02d" % number)
        for n, b in enumerate(self.buildings):
            b.identificatie = "NL.IMBAG.Pand.0164100000%06d" % (100100 + 7 * n)
        self.find_open_sides()
        for b in self.buildings:
            scratch = Mesh()
            b.draw(scratch, True)
            b.top = round(max(v[2] for v in scratch.vertices), 3)

    def find_open_sides(self):
        """Blank walls that face open ground get windows."""
        for b in self.buildings:
            house = b.parts[0]
            if not isinstance(house, House):
                continue
            for p, q, tag in edges(house.plot.outline):
                dx, dy, n = unit(p, q)
                if n < 3.0 or tag == "back" or (isinstance(tag, tuple) and tag[0] == "street"):
                    continue
                spots = [(p[0] + dx * n * t + dy * 1.2, p[1] + dy * n * t - dx * 1.2) for t in (0.2, 0.5, 0.8)]
                if all(2 < x < 598 and 2 < y < 598 and not self.covered((x, y)) for x, y in spots):
                    house.open_sides.add((p, q))

    def fill(self, face, key):
        """Rows, gardens and grounds of one face."""
        if face.kind in ("square", "market", "park", "church", "hall"):
            return
        plots, grounds = rows_of(face, key)
        wanted = ROWS_IN.get(face.kind)
        made = set()
        context, last_row = {}, None
        for plot in plots:
            if wanted and plot.street.name not in wanted:
                continue
            ring = [p for p, _ in plot.outline]
            row = plot.key.rsplit(".", 1)[0]
            if row != last_row:
                context, last_row = {}, row
            c = centroid(ring)
            if not self.claims.free(ring):
                context.pop("last", None)
                continue
            self.claims.take(ring)
            context["rich"] = CORE[0] < c[0] < CORE[2] and CORE[1] < c[1] < CORE[3]
            context["outer"] = not context["rich"]
            self.house(plot, context, wanted is None)
            made.add(id(plot))
        if wanted:
            self.grounds.append(([p for p, _ in face.ring(2)], face.kind, None, face))
            return
        for ring, stretch, plot in grounds:
            self.grounds.append((ring, "plot", (stretch, plot if plot and id(plot) in made else None), face))

    def house(self, plot, context, gardens):
        """A building on a plot, with its annexe."""
        rng = Chance("design " + plot.key)
        f = plot.front
        ts = [p[0] * f[1] - p[1] * f[0] for p, _ in plot.outline]
        plot.width = max(ts) - min(ts)
        house = House(plot, self.terrain, rng, context)
        plot.house = house
        b = Building(plot.key)
        b.parts = [house]
        ring = [p for p, _ in plot.outline]
        b.rings, b.outline = [ring], ring
        b.ground, b.storeys, b.year = house.ground, house.storeys, house.year
        b.use = "shops" if house.use == "shop" else "housing"
        b.block = plot.key.split(".")[0]
        foot = area(ring)
        if house.use == "shop":
            b.gfa = {"shops": int(round(foot)), "housing": int(round(foot * (house.storeys - 1)))}
            b.dwellings = max(0, house.storeys - 1)
        else:
            b.gfa = {"housing": int(round(foot * house.storeys))}
            b.dwellings = 1 if foot < 85 and house.storeys < 4 else house.storeys
        b.gfa = {k: v for k, v in b.gfa.items() if v}
        if plot.street.name == "Burg. Jansenplein" and centroid(ring)[0] > 290:
            b.name = "Horecawand"
        if gardens:
            self.annexe(b, plot, house, rng)
        self.buildings.append(b)
        if gardens:
            self.shed(plot, rng)

    def annexe(self, b, plot, house, rng):
        """A low extension behind the house."""
        backs = [(p, q) for p, q, t in edges(plot.outline) if t == "back"]
        if len(backs) != 1 or rng.chance(0.35):
            return
        p, q = backs[0]
        dx, dy, n = unit(p, q)
        if n < 4.6:
            return
        w = n * rng.between(0.42, 0.7)
        start = 0.0 if rng.chance(0.5) else n - w
        deep = rng.between(2.4, 5.5 if house.use == "home" else 9.0)
        nx, ny = dy, -dx
        a = (p[0] + dx * start, p[1] + dy * start)
        c = (a[0] + dx * w, a[1] + dy * w)
        ring = [a, (a[0] + nx * deep, a[1] + ny * deep), (c[0] + nx * deep, c[1] + ny * deep), c]
        if area(ring) < 0:
            ring.reverse()
        core = inset(ring, 0.12)
        if not all(inside_convex(v, plot.garden, 0.5) for v in ring if v not in (a, c)) or not self.claims.free(core):
            return
        self.claims.take(core)
        far = [(a[0] + nx * deep, a[1] + ny * deep), (c[0] + nx * deep, c[1] + ny * deep)]
        top = house.floor + rng.between(2.7, 3.4)
        b.parts.append(Shed(ring, house.base, round(top, 2), mix(house.style.wall, (245, 242, 236), 0.3), shade(FLAT, rng, 6),
                            {a, c}, (far[0], far[1]) if area([a, far[0], far[1], c]) > 0 else (far[1], far[0]), rng.pick(DOORS)))
        b.rings.append(ring)
        out = []
        for v, w2, t in edges(plot.outline):
            out.append(v)
            if t == "back" and (v, w2) == (p, q):
                for extra in (a, far[0], far[1], c):
                    if (abs(extra[0] - out[-1][0]) + abs(extra[1] - out[-1][1])) > 0.01 and extra is not q:
                        out.append(extra)
                if abs(c[0] - q[0]) + abs(c[1] - q[1]) < 0.01:
                    out.pop()
        b.outline = out

    def shed(self, plot, rng):
        """A separate shed at the end of a garden."""
        g = plot.garden
        if area(g) < 90 or rng.chance(0.35):
            return
        f = plot.front
        far = max(g, key=lambda p: f[0] * p[0] + f[1] * p[1])
        c = centroid(g)
        for pull in (0.25, 0.35, 0.45):
            x, y = far[0] + (c[0] - far[0]) * pull, far[1] + (c[1] - far[1]) * pull
            w, d = rng.between(1.2, 1.7), rng.between(1.3, 2.4)
            ring = []
            for u, v in ((-w, -d), (w, -d), (w, d), (-w, d)):
                ring.append((x + f[1] * u + f[0] * v, y - f[0] * u + f[1] * v))
            if all(inside_convex(p, g, 0.25) for p in ring) and self.claims.free(ring):
                self.claims.take(ring)
                z = self.terrain.at(x, y)
                b = Building(plot.key + ".s")
                b.rings, b.outline = [ring], ring
                b.parts = [Shed(ring, round(z - 0.5, 2), round(z + rng.between(2.2, 2.9), 2),
                                shade((0xD9, 0xCB, 0xBA), rng, 12), shade((0xC4, 0xB8, 0xAC), rng, 10),
                                None, (ring[0], ring[1]), shade(rng.pick(DOORS), rng, 10))]
                b.ground, b.use, b.year = round(z, 2), "other", rng.whole(1955, 2015)
                b.gfa = {"other": int(round(area(ring)))}
                b.block = plot.key.split(".")[0]
                self.buildings.append(b)
                return

    def covered(self, p, margin=0.0):
        """Whether a point lies in (or within margin of) a building."""
        x, y = p
        for ring, (x0, y0, x1, y1) in self.claims.rings:
            if x0 - margin < x < x1 + margin and y0 - margin < y < y1 + margin:
                if inside_convex(p, ring, -margin):
                    return True
        return False


def convex(ring):
    """Whether a ring turns left everywhere."""
    n = len(ring)
    for i in range(n):
        a, b, c = ring[i - 1], ring[i], ring[(i + 1) % n]
        if (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) < -1e-9:
            return False
    return True


def convex_cover(ring):
    """Convex pieces of a simple ring."""
    return [[p for p, _ in piece] for piece in convex_pieces([(p, None) for p in ring], None)]


def in_any(p, rings):
    """Whether a point is inside one of several rings."""
    for ring in rings:
        x0, y0, x1, y1 = box(ring)
        if x0 <= p[0] <= x1 and y0 <= p[1] <= y1 and inside(p, ring):
            return True
    return False
