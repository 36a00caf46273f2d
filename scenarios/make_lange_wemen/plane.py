"""Plane geometry of small polygons: clipping, insets, triangles, tests.

Polygons are counter-clockwise lists of (x, y) in metres without a repeated end.
"Tagged" polygons are lists of (point, tag), the tag belonging to the edge that
starts at the point, so that a cut polygon still knows which side is which.
"""
from exact import apart, span, total


def area(ring):
    """Signed area; counter-clockwise is positive."""
    return 0.5 * total(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1]))


def centroid(ring):
    """Centre of gravity of a simple polygon."""
    a = area(ring)
    if abs(a) < 1e-9:
        return (total(p[0] for p in ring) / len(ring), total(p[1] for p in ring) / len(ring))
    x = y = 0.0
    for p, q in zip(ring, ring[1:] + ring[:1]):
        c = p[0] * q[1] - q[0] * p[1]
        x += (p[0] + q[0]) * c
        y += (p[1] + q[1]) * c
    return (x / (6 * a), y / (6 * a))


def unit(p, q):
    """Direction from p to q and the distance."""
    dx, dy = q[0] - p[0], q[1] - p[1]
    n = span(dx, dy)
    return (dx / n, dy / n, n) if n > 1e-9 else (1.0, 0.0, 0.0)


def along(p, q, t, off=0.0):
    """Point t metres from p towards q, off metres to the left."""
    dx, dy, _ = unit(p, q)
    return (p[0] + dx * t - dy * off, p[1] + dy * t + dx * off)


def side(p, q):
    """Half plane (a, b, c) with a*x + b*y + c the distance left of the line p-q."""
    dx, dy, _ = unit(p, q)
    return (-dy, dx, dy * p[0] - dx * p[1])


def value(h, p):
    """Distance of a point from a half plane's edge."""
    return h[0] * p[0] + h[1] * p[1] + h[2]


def shifted(h, d):
    """The half plane whose edge lies d metres further inside."""
    return (h[0], h[1], h[2] - d)


def flipped(h):
    """The other half of the plane."""
    return (-h[0], -h[1], -h[2])


def less(h, g):
    """Where h <= g, as a half plane (not normalised)."""
    return (g[0] - h[0], g[1] - h[1], g[2] - h[2])


def clip(poly, h, tag):
    """The part of a tagged polygon inside a half plane; new edges get the tag."""
    out = []
    n = len(poly)
    dist = [value(h, p) for p, _ in poly]
    for i in range(n):
        (p, t), (q, _) = poly[i], poly[(i + 1) % n]
        d, e = dist[i], dist[(i + 1) % n]
        if d >= -1e-9:
            out.append((p, t))
            if e < -1e-9 and d > 1e-9:
                k = d / (d - e)
                out.append(((p[0] + (q[0] - p[0]) * k, p[1] + (q[1] - p[1]) * k), tag))
            elif e < -1e-9:
                out[-1] = (p, tag)
        elif e > 1e-9:
            k = d / (d - e)
            out.append(((p[0] + (q[0] - p[0]) * k, p[1] + (q[1] - p[1]) * k), t))
    tidy = []
    for p, t in out:
        if tidy and apart(tidy[-1][0], p) < 1e-4:
            tidy[-1] = (tidy[-1][0], t)
        else:
            tidy.append((p, t))
    if len(tidy) > 1 and apart(tidy[-1][0], tidy[0][0]) < 1e-4:
        tidy.pop()
    return tidy if len(tidy) > 2 else []


def cut(ring, h):
    """clip without tags."""
    return [p for p, _ in clip([(p, None) for p in ring], h, None)]


def inset(ring, d):
    """Polygon moved inwards by d (a number or one per edge), mitred."""
    n = len(ring)
    ds = d if isinstance(d, (list, tuple)) else [d] * n
    hs = [shifted(side(ring[i], ring[(i + 1) % n]), ds[i]) for i in range(n)]
    out = []
    for i in range(n):
        p = meet(hs[i - 1], hs[i])
        if p is None:
            dx, dy, _ = unit(ring[i], ring[(i + 1) % n])
            p = (ring[i][0] - dy * ds[i], ring[i][1] + dx * ds[i])
        out.append(p)
    return out


def meet(h, g):
    """Where the edges of two half planes cross, None when (almost) parallel."""
    det = h[0] * g[1] - h[1] * g[0]
    if abs(det) < 1e-4:
        return None
    return ((h[1] * g[2] - g[1] * h[2]) / det, (g[0] * h[2] - h[0] * g[2]) / det)


def inside(p, ring):
    """Even-odd test."""
    x, y = p
    hit = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            hit = not hit
    return hit


def distance_to_ring(p, ring):
    """Distance from a point to the nearest edge."""
    best = 1e9
    for a, b in zip(ring, ring[1:] + ring[:1]):
        dx, dy, n = unit(a, b)
        t = max(0.0, min(n, (p[0] - a[0]) * dx + (p[1] - a[1]) * dy))
        best = min(best, span(p[0] - a[0] - dx * t, p[1] - a[1] - dy * t))
    return best


def box(ring):
    """Smallest upright box: x0, y0, x1, y1."""
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return min(xs), min(ys), max(xs), max(ys)


def ears(ring):
    """Triangles (index triples) of a simple counter-clockwise polygon."""
    left = list(range(len(ring)))
    out = []
    guard = 0
    while len(left) > 3 and guard < 10000:
        guard += 1
        done = False
        for k in range(len(left)):
            i, j, m = left[k - 1], left[k], left[(k + 1) % len(left)]
            a, b, c = ring[i], ring[j], ring[m]
            turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            if turn <= 1e-9:
                continue
            if any(in_triangle(ring[o], a, b, c) for o in left if o not in (i, j, m)):
                continue
            out.append((i, j, m))
            left.pop(k)
            done = True
            break
        if not done:
            left.pop(0)
    if len(left) == 3:
        out.append(tuple(left))
    return out


def in_triangle(p, a, b, c):
    """Strictly inside or on a counter-clockwise triangle."""
    for u, v in ((a, b), (b, c), (c, a)):
        if (v[0] - u[0]) * (p[1] - u[1]) - (v[1] - u[1]) * (p[0] - u[0]) < -1e-9:
            return False
    return True


def convex_overlap(a, b, slack=0.05):
    """Whether two convex polygons share more than slack metres of depth."""
    for ring, other in ((a, b), (b, a)):
        for p, q in zip(ring, ring[1:] + ring[:1]):
            if apart(p, q) < 1e-6:
                continue
            h = side(p, q)
            if all(value(h, o) <= slack for o in other):
                return False
    return True


def convex_pieces(poly, tag):
    """Split a tagged polygon at its reflex corners; new edges get the tag."""
    n = len(poly)
    pts = [p for p, _ in poly]
    for i in range(n):
        a, b, c = pts[i - 1], pts[i], pts[(i + 1) % n]
        ux, uy, _ = unit(a, b)
        vx, vy, _ = unit(b, c)
        if ux * vy - uy * vx > -0.012:
            continue
        dx, dy = ux - vx, uy - vy            # into the polygon at a reflex corner
        norm = span(dx, dy)
        dx, dy = dx / norm, dy / norm
        best = None
        for j in range(n):
            if j == i or (j + 1) % n == i:
                continue
            p, q = pts[j], pts[(j + 1) % n]
            ex, ey = q[0] - p[0], q[1] - p[1]
            det = dx * -ey + dy * ex
            if abs(det) < 1e-9:
                continue
            rx, ry = p[0] - b[0], p[1] - b[1]
            t = (rx * -ey + ry * ex) / det
            s = (dx * ry - dy * rx) / det
            if t > 1e-6 and -1e-9 <= s <= 1 + 1e-9 and (best is None or t < best[0]):
                best = (t, j)
        if best is None:
            continue
        t, j = best
        hit = (b[0] + dx * t, b[1] + dy * t)
        one, k = [], i
        while k != j:
            one.append(poly[k])
            k = (k + 1) % n
        one += [poly[j], (hit, tag)]
        two, k = [(b, tag), (hit, poly[j][1])], (j + 1) % n
        while k != i:
            two.append(poly[k])
            k = (k + 1) % n
        return convex_pieces(tidy(one), tag) + convex_pieces(tidy(two), tag)
    return [poly]


def tidy(poly):
    """A tagged polygon without doubled points."""
    out = []
    for p, t in poly:
        if out and apart(out[-1][0], p) < 1e-4:
            out[-1] = (out[-1][0], t)
        else:
            out.append((p, t))
    while len(out) > 1 and apart(out[-1][0], out[0][0]) < 1e-4:
        out.pop()
    return out
