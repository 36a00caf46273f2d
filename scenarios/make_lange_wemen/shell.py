"""Building meshes: flat-shaded faces, walls with openings, roofs as lower envelopes of planes.

Local metres and NAP heights. Faces are wound counter-clockwise seen from outside.
"""
import math

from exact import span
from plane import clip, ears, less, unit

WHITE = (0xF4, 0xF1, 0xEA)


class Mesh:
    """Vertices (x, y, z, normal, colour, feature) and triangles; features are building numbers."""

    def __init__(self):
        self.vertices, self.indices, self.feature = [], [], 0
        self.shared = {}

    def face(self, ring, colour, normal=None):
        """A flat convex polygon."""
        if normal is None:
            normal = newell(ring)
        first = len(self.vertices)
        for p in ring:
            self.vertices.append((p[0], p[1], p[2], normal, colour, self.feature))
        for k in range(1, len(ring) - 1):
            self.indices += (first, first + k, first + k + 1)

    def cap(self, ring, z, colour):
        """A level polygon of any simple outline, facing up."""
        first = len(self.vertices)
        for p in ring:
            self.vertices.append((p[0], p[1], z, (0.0, 0.0, 1.0), colour, self.feature))
        for tri in ears(ring):
            self.indices += [first + k for k in tri]

    def grid(self, points, keep, normal, colour):
        """Cells of a grid of points[row][column]; keep(row, column) tells which exist."""
        seen = {}

        def at(r, c):
            if (r, c) not in seen:
                p = points[r][c]
                seen[r, c] = len(self.vertices)
                self.vertices.append((p[0], p[1], p[2], normal, colour, self.feature))
            return seen[r, c]
        for r in range(len(points) - 1):
            for c in range(len(points[0]) - 1):
                if keep(r, c):
                    i, j, k, m = at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)
                    self.indices += (i, j, k, i, k, m)

    def box(self, ring, z0, z1, colour, top=None, bottom=False):
        """A prism on a convex ring."""
        for p, q in zip(ring, ring[1:] + ring[:1]):
            self.face([(p[0], p[1], z0), (q[0], q[1], z0), (q[0], q[1], z1), (p[0], p[1], z1)], colour)
        self.face([(p[0], p[1], z1) for p in ring], top or colour)
        if bottom:
            self.face([(p[0], p[1], z0) for p in reversed(ring)], colour)


def newell(ring):
    """Unit normal of a flat polygon in space."""
    x = y = z = 0.0
    for a, b in zip(ring, ring[1:] + ring[:1]):
        x += (a[1] - b[1]) * (a[2] + b[2])
        y += (a[2] - b[2]) * (a[0] + b[0])
        z += (a[0] - b[0]) * (a[1] + b[1])
    n = math.sqrt(x * x + y * y + z * z)
    return (x / n, y / n, z / n) if n > 1e-12 else (0.0, 0.0, 1.0)


class Wall:
    """A vertical plane from p to q (outside on the right), addressed by metres along and height."""

    def __init__(self, p, q):
        self.p, self.q = p, q
        self.dx, self.dy, self.length = unit(p, q)
        self.normal = (self.dy, -self.dx, 0.0)

    def at(self, u, z, out=0.0):
        """Point u metres along, at height z, out metres in front of the wall."""
        return (self.p[0] + self.dx * u + self.dy * out, self.p[1] + self.dy * u - self.dx * out, z)

    def quad(self, mesh, u0, u1, z0, z1, out, colour):
        """A rectangle parallel to the wall."""
        mesh.face([self.at(u0, z0, out), self.at(u1, z0, out), self.at(u1, z1, out), self.at(u0, z1, out)],
                  colour, self.normal)

    def block(self, mesh, u0, u1, z0, z1, out0, out1, colour, top=None, faces="fetb"):
        """A box standing out of the wall: front, ends, top, bottom."""
        a = self.at
        if "f" in faces:
            self.quad(mesh, u0, u1, z0, z1, out1, colour)
        if "t" in faces:
            mesh.face([a(u0, z1, out1), a(u1, z1, out1), a(u1, z1, out0), a(u0, z1, out0)], top or colour)
        if "b" in faces:
            mesh.face([a(u0, z0, out0), a(u1, z0, out0), a(u1, z0, out1), a(u0, z0, out1)], colour)
        if "e" in faces:
            mesh.face([a(u0, z0, out0), a(u0, z0, out1), a(u0, z1, out1), a(u0, z1, out0)], colour)
            mesh.face([a(u1, z0, out1), a(u1, z0, out0), a(u1, z1, out0), a(u1, z1, out1)], colour)

    def panel(self, mesh, z0, z1, openings, colour, u0=0.0, u1=None):
        """The wall's rectangle with holes (u0, u1, z0, z1); grid lines run through, so no cracks."""
        u1 = self.length if u1 is None else u1
        us, zs = [u0, u1], [z0, z1]
        for o in openings:
            us += o[0:2]
            zs += o[2:4]
        us, zs = thin(us), thin(zs)

        def keep(r, c):
            u, z = (us[c] + us[c + 1]) / 2, (zs[r] + zs[r + 1]) / 2
            return not any(o[0] < u < o[1] and o[2] < z < o[3] for o in openings)
        mesh.grid([[self.at(u, z) for u in us] for z in zs], keep, self.normal, colour)

    def reveal(self, mesh, o, depth, colour):
        """The four sides of a hole."""
        u0, u1, z0, z1 = o[:4]
        a = self.at
        mesh.face([a(u0, z0, -depth), a(u0, z1, -depth), a(u0, z1), a(u0, z0)], colour)
        mesh.face([a(u1, z0), a(u1, z1), a(u1, z1, -depth), a(u1, z0, -depth)], colour)
        mesh.face([a(u0, z1, -depth), a(u1, z1, -depth), a(u1, z1), a(u0, z1)], colour)
        mesh.face([a(u0, z0), a(u1, z0), a(u1, z0, -depth), a(u0, z0, -depth)], colour)


def thin(values):
    """Sorted values without near doubles."""
    out = []
    for v in sorted(values):
        if not out or v - out[-1] > 1e-4:
            out.append(v)
    return out


def height(plane, p):
    """Height of a roof plane (a, b, c) at a point."""
    return plane[0] * p[0] + plane[1] * p[1] + plane[2]


def slope(h, rise, start):
    """Roof plane that is `start` high on a half plane's edge and rises `rise` per metre inwards."""
    return (h[0] * rise, h[1] * rise, h[2] * rise + start)


class Roof:
    """Lower envelope of planes over a tagged convex outline."""

    def __init__(self, outline, planes):
        self.outline, self.planes = outline, planes
        self.cells = []
        for i, plane in enumerate(planes):
            cell = outline
            for j, other in enumerate(planes):
                if j != i and cell:
                    h = less(plane, other)
                    n = span(h[0], h[1])
                    if n < 1e-9:
                        if h[2] < 0 or (h[2] == 0 and j < i):
                            cell = []
                        continue
                    cell = clip(cell, (h[0] / n, h[1] / n, h[2] / n), ("inner", j))
            if cell:
                self.cells.append((plane, cell))

    def at(self, p):
        """Height over a point."""
        return min(height(plane, p) for plane in self.planes)

    def profile(self, p, q):
        """Points (metres from p, height) of the roof along an outline edge."""
        dx, dy, length = unit(p, q)
        ts = [0.0, length]
        for _, cell in self.cells:
            for c, _ in cell:
                t = (c[0] - p[0]) * dx + (c[1] - p[1]) * dy
                off = abs((c[0] - p[0]) * dy - (c[1] - p[1]) * dx)
                if off < 0.01 and 0.02 < t < length - 0.02:
                    ts.append(t)
        return [(t, self.at((p[0] + dx * t, p[1] + dy * t))) for t in thin(ts)]

    def top(self):
        """Highest point."""
        return max(height(plane, p) for plane, cell in self.cells for p, _ in cell)

    def low(self):
        """Lowest point."""
        return min(height(plane, p) for plane, cell in self.cells for p, _ in cell)

    def draw(self, mesh, colour):
        """The roof's faces. colour may be a function of the plane."""
        for plane, cell in self.cells:
            n = math.sqrt(plane[0] ** 2 + plane[1] ** 2 + 1.0)
            tone = colour(plane) if callable(colour) else colour
            mesh.face([(p[0], p[1], height(plane, p)) for p, _ in cell], tone,
                      (-plane[0] / n, -plane[1] / n, 1.0 / n))


def gable_end(mesh, wall, profile, colour, out=0.0):
    """The part of a wall above its lowest roof height. Returns that height."""
    low = min(z for _, z in profile)
    if max(z for _, z in profile) - low < 0.02:
        return low
    ring = [wall.at(t, z, out) for t, z in reversed(profile) if z > low + 1e-6 or t in (profile[0][0], profile[-1][0])]
    ends = []
    if profile[0][1] > low + 1e-6:
        ends.append(wall.at(profile[0][0], low, out))
    if profile[-1][1] > low + 1e-6:
        ends.append(wall.at(profile[-1][0], low, out))
    ring = ends + ring
    if len(ring) > 2:
        mesh.face(ring, colour, wall.normal)
    return low


