"""Blocks to plots: rows of houses along the streets, gardens, sheds and gaps behind them."""
import math

from chance import Chance
from exact import apart, span
from plane import (area, box, clip, convex_overlap, convex_pieces, flipped, inset, less,
                   shifted, side, unit, value)


class Plot:
    """One piece of street frontage: its house outline (tagged) and its garden."""

    def __init__(self, key, street, outline, garden, front, corner):
        self.key, self.street = key, street      # street: Stretch
        self.outline = outline                   # tagged: ("street", Stretch) | ("party", n) | "back" | None
        self.garden = garden                     # ring of the whole ground behind and under it
        self.front = front                       # half plane of the street line
        self.corner = corner
        self.neighbours = {}


def street_edges(piece):
    """Indices of the edges of a piece that lie on a street."""
    n = len(piece)
    return [i for i, (p, e) in enumerate(piece)
            if e is not None and e.stretch.kind != "rim" and apart(p, piece[(i + 1) % n][0]) > SHORT]


SHORT = 2.5       # metres; shorter edges are corner cuts without a row of their own


def next_side(ring, i):
    """The edge after i, stepping over corner cuts."""
    n = len(ring)
    j = (i + 1) % n
    while j != i and apart(ring[j], ring[(j + 1) % n]) <= SHORT:
        j = (j + 1) % n
    return j


def depth_for(stretch, rng):
    """How deep the row along a street may be."""
    return {"shop": rng.between(12.0, 14.5), "main": rng.between(11.0, 13.0),
            "town": rng.between(10.0, 12.0), "lane": rng.between(8.5, 10.0)}.get(
                stretch.kind, rng.between(8.5, 10.5))


def width_for(stretch, rng):
    """Width of the next plot."""
    if stretch.kind == "shop":
        return rng.weighted([(rng.between(5.6, 7.2), 5), (rng.between(7.2, 9.4), 3), (rng.between(10.0, 13.0), 0.7)])
    if stretch.kind == "home":
        return rng.weighted([(rng.between(5.5, 6.6), 6), (rng.between(6.6, 8.5), 2)])
    return rng.weighted([(rng.between(5.6, 7.0), 4), (rng.between(7.0, 9.2), 3), (rng.between(10.0, 14.0), 0.5)])


def rows_of(face, key):
    """Plots of a block, and ground polygons (ring, street side class) that tile its inside."""
    rng = Chance("block " + key)
    plots, grounds = [], []
    for number, piece in enumerate(convex_pieces(face.ring(2), None)):
        got = piece_rows(piece, "%s.%d" % (key, number), rng)
        plots += got[0]
        grounds += got[1]
    return plots, grounds


def piece_rows(piece, key, rng):
    """Rows of one convex piece."""
    ring = [p for p, _ in piece]
    n = len(piece)
    streets = street_edges(piece)
    lines = {i: side(ring[i], ring[(i + 1) % n]) for i in streets}
    depth = {i: depth_for(piece[i][1].stretch, rng) for i in streets}
    length = {i: apart(ring[i], ring[(i + 1) % n]) for i in streets}
    chain, meets = chains(ring, lines)
    score = {c: max(rank(piece[i][1].stretch) + 0.01 * length[i] for i in streets if chain[i] == c) for c in set(chain.values())}
    plots, grounds = [], []
    for i in streets:
        stretch = piece[i][1].stretch
        strip = [(p, ("street", e.stretch) if k in lines else None) for k, (p, e) in enumerate(piece)]
        cell = [(p, None) for p in ring]
        for j in streets:
            if j == i:
                continue
            cell = clip(cell, less(lines[i], lines[j]), None)
            ours, theirs = chain[i], chain[j]
            if ours == theirs or frozenset((ours, theirs)) not in meets:
                strip = clip(strip, scaled(less(lines[i], lines[j])), "back")
            elif (score[ours], ours) < (score[theirs], theirs):
                strip = clip(strip, shifted(lines[j], depth[j]), ("party", None))
        strip = clip(strip, flipped(shifted(lines[i], depth[i])), "back") if strip else []
        if not cell:
            continue
        a, b = ring[i], ring[(i + 1) % n]
        dx, dy, _ = unit(a, b)
        t_of = lambda p: (p[0] - a[0]) * dx + (p[1] - a[1]) * dy  # noqa: E731
        at = lambda t: (dx, dy, -(dx * a[0] + dy * a[1]) - t)  # noqa: E731
        cuts = []
        if strip:
            ts = [t_of(p) for p, _ in strip]
            front = sorted(t_of(p) for p, _ in strip if value(lines[i], p) < 0.3) or [min(ts), max(ts)]
            t0, t1 = front[0], front[-1]
            cuts = cut_row(t0, t1, stretch, rng)
        bounds = [-1e4] + cuts[1:-1] + [1e4] if len(cuts) > 1 else [-1e4, 1e4]
        row = []
        for k in range(len(bounds) - 1):
            garden = clip(clip(cell, at(bounds[k]), None), flipped(at(bounds[k + 1])), None)
            ring_g = [p for p, _ in garden]
            plot = None
            if strip and len(cuts) > 1:
                d = depth[i] if k in (0, len(bounds) - 2) else rng.between(depth[i] * 0.78, depth[i])
                house = clip(clip(strip, at(bounds[k]), ("party", -1)), flipped(at(bounds[k + 1])), ("party", 1))
                house = clip(house, flipped(shifted(lines[i], d)), "back") if house else []
                gap = rng.chance(0.07 if stretch.kind == "home" else 0.03) and 0 < k < len(bounds) - 2
                ends = k in (0, len(bounds) - 2)
                if house and not gap and fit(house):
                    plot = Plot("%s.%d.%d" % (key, i, k), stretch, house, ring_g, lines[i], ends)
                    plot.depth = d
                    plots.append(plot)
            row.append(plot)
            if len(ring_g) > 2 and area(ring_g) > 0.01:
                grounds.append((ring_g, stretch, plot))
        for k, plot in enumerate(row):
            if plot:
                plot.neighbours = {-1: row[k - 1] if k else None, 1: row[k + 1] if k + 1 < len(row) else None}
    if not streets:
        grounds.append((ring, None, None))
    return plots, grounds


def chains(ring, lines):
    """Street edges grouped into slightly bent rows; also which groups meet at a corner.

    At a corner one group runs through and the other stops behind it.
    """
    chain = {i: i for i in lines}
    corners = []
    for i in lines:
        j = next_side(ring, i)
        if j not in lines or j == i:
            continue
        if turn(ring, i, j) < math.radians(38):
            old, new = chain[j], chain[i]
            for k in chain:
                if chain[k] == old:
                    chain[k] = new
        else:
            corners.append((i, j))
    return chain, {frozenset((chain[i], chain[j])) for i, j in corners}


def scaled(h):
    """A half plane with unit normal."""
    n = span(h[0], h[1])
    return (h[0] / n, h[1] / n, h[2] / n) if n > 1e-9 else h


def rank(stretch):
    """Which street a corner house turns its face to first."""
    return {"main": 4, "shop": 3, "town": 2, "home": 1}.get(stretch.kind, 0)


def turn(ring, i, j):
    """Angle between two edges of the outline."""
    ux, uy, _ = unit(ring[i], ring[(i + 1) % len(ring)])
    vx, vy, _ = unit(ring[j], ring[(j + 1) % len(ring)])
    return abs(math.atan2(ux * vy - uy * vx, ux * vx + uy * vy))


def cut_row(t0, t1, stretch, rng):
    """Positions of the party walls along a row."""
    cuts, at = [t0], t0
    while True:
        w = width_for(stretch, rng)
        left = t1 - at
        if left < 10.5 or left - w < 5.2:
            if left > 13.0:
                cuts.append(round(at + left * rng.between(0.44, 0.56), 2))
            break
        at = round(at + w, 2)
        cuts.append(at)
    cuts.append(t1)
    return cuts if t1 - t0 > 4.5 else [t0]


def fit(house):
    """Whether a piece can hold a house at all."""
    ring = [p for p, _ in house]
    if area(ring) < 28.0:
        return False
    x0, y0, x1, y1 = box(ring)
    shrunk = inset(ring, 1.9)
    n = len(ring)
    for i in range(n):
        ux, uy, _ = unit(ring[i], ring[i - 1])
        vx, vy, _ = unit(ring[i], ring[(i + 1) % n])
        if ux * vx + uy * vy > 0.80:
            return False
    return area(shrunk) > 4.0 and x1 - x0 > 3 and y1 - y0 > 3 and min(
        apart(p, q) for p, q in zip(ring, ring[1:] + ring[:1])) > 0.25


class Claims:
    """Ground already built on, so that nothing overlaps."""

    def __init__(self):
        self.rings = []

    def free(self, ring, slack=0.05):
        """Whether a convex ring is clear of all others."""
        x0, y0, x1, y1 = box(ring)
        for other, (a0, b0, a1, b1) in self.rings:
            if x0 < a1 and a0 < x1 and y0 < b1 and b0 < y1 and convex_overlap(ring, other, slack):
                return False
        return True

    def take(self, ring):
        """Claim a convex ring."""
        self.rings.append((ring, box(ring)))


