"""What a façade shows: windows with frames and sills, doors, shopfronts, awnings, cornices."""
from palette import AWNINGS, DOORS, FRAMES, GLASS, SIGNS, STONE, TRIM, mix, shade

DEPTH = 0.16      # how far glass lies behind the wall
GAP = 0.05        # least distance between two parallel faces


class Style:
    """Choices shared by all sides of one house."""

    def __init__(self, rng, wall, modern, rich):
        self.wall, self.modern, self.rich = wall, modern, rich
        self.frame = rng.weighted(FRAMES)
        self.glass = rng.pick(GLASS)
        self.door = shade(rng.pick(DOORS), rng)
        self.bay = rng.between(1.9, 3.4) if modern else rng.between(1.55, 2.35)
        self.fill = rng.between(0.58, 0.84) if modern else rng.between(0.48, 0.64)
        self.tall = rng.between(1.25, 1.75) if modern else rng.between(1.45, 2.05)
        self.sill = rng.between(0.75, 0.95) if not modern else rng.between(0.45, 0.9)
        self.panes = rng.weighted([(1, 3), (2, 4), (3, 1)])
        self.light = not modern and rng.chance(0.55)
        self.lintel = rng.weighted([(None, 3), (mix(wall, (255, 255, 255), 0.5), 3), (mix(wall, (150, 110, 95), 0.35), 3)])
        self.band = rng.chance(0.3)
        self.plinth = rng.chance(0.6)
        self.balcony = modern and rng.chance(0.35)
        self.awning = rng.pick(AWNINGS) if rng.chance(0.42) else None
        self.sign = shade(rng.pick(SIGNS), rng)
        self.door_left = rng.chance(0.5)
        self.wide_middle = rng.chance(0.25)


def window(mesh, wall, o, style, rng, rich):
    """One window. o = (u0, u1, z0, z1); rich windows lie in the wall, plain ones on it."""
    u0, u1, z0, z1 = o
    back = -DEPTH if rich else 0.05
    if rich:
        wall.reveal(mesh, o, DEPTH, mix(style.wall, (255, 255, 255), 0.18))
    glass = mix(style.glass, (0xD8, 0xDD, 0xE0), rng.between(0.0, 0.35))
    wall.quad(mesh, u0, u1, z0, z1, back, style.frame)
    f = 0.075
    cut = z1 - 0.30 * (z1 - z0) if style.light and z1 - z0 > 1.3 else None
    tops = [(z0 + f, (cut or z1) - (f / 2 if cut else f))] + ([(cut + f / 2, z1 - f)] if cut else [])
    panes = style.panes if u1 - u0 > 0.55 * style.panes else 1
    w = (u1 - u0 - f * (panes + 1)) / panes
    for k, (za, zb) in enumerate(tops):
        many = panes if (rich and k == 0) else 1
        width = w if many > 1 else u1 - u0 - 2 * f
        for i in range(many):
            a = u0 + f + i * (w + f)
            wall.quad(mesh, a, a + width, za, zb, back + GAP, glass)
    if rich:
        wall.block(mesh, u0 - 0.07, u1 + 0.07, z0 - 0.1, z0, 0.0, 0.09, TRIM if not style.modern else STONE, faces="ft")
        if style.lintel:
            wall.quad(mesh, u0 - 0.1, u1 + 0.1, z1 + 0.02, z1 + 0.22, GAP, style.lintel)


def door(mesh, wall, o, style, rich):
    """A front door with a light above it."""
    u0, u1, z0, z1 = o
    back = -DEPTH if rich else 0.05
    if rich:
        wall.reveal(mesh, o, DEPTH, mix(style.wall, (255, 255, 255), 0.18))
    wall.quad(mesh, u0, u1, z0, z1, back, style.frame)
    head = z0 + 2.1
    wall.quad(mesh, u0 + 0.08, u1 - 0.08, z0 + 0.02, min(head, z1 - 0.06), back + GAP, style.door)
    if z1 - head > 0.2:
        wall.quad(mesh, u0 + 0.08, u1 - 0.08, head + 0.06, z1 - 0.06, back + GAP, style.glass)
    if rich:
        wall.block(mesh, u0 - 0.1, u1 + 0.1, z0 - 0.6, z0 + 0.02, 0.0, 0.22, STONE, faces="fte")


def bays(length, style, rng):
    """(start, end) of the windows of one storey along a wall."""
    margin = min(0.75, 0.1 * length + 0.15)
    room = length - 2 * margin
    n = max(1, int(room / style.bay + 0.5))
    step = room / n
    out = []
    for i in range(n):
        w = step * style.fill
        if style.wide_middle and n >= 3 and n % 2 and i == n // 2:
            w = step * min(0.9, style.fill * 1.35)
        c = margin + (i + 0.5) * step
        out.append((round(c - w / 2, 2), round(c + w / 2, 2)))
    return out


def shopfront(mesh, wall, z, height, style, rng, base):
    """Openings of a shop's ground floor: panes on a plinth and a recessed door; draws them too."""
    length = wall.length
    pier = rng.between(0.28, 0.5)
    top = z + height - rng.between(0.75, 0.95)
    sill = z + rng.pick([0.18, 0.35, 0.5])
    upstairs = length > 5.4 and rng.chance(0.6)
    left, right = pier, length - pier
    made = []
    if upstairs:
        o = ((left, left + 0.95) if style.door_left else (right - 0.95, right)) + (z + 0.02, z + 2.65)
        made.append((o, "door"))
        if style.door_left:
            left += 0.95 + 0.3
        else:
            right -= 0.95 + 0.3
    width = right - left
    n = max(1, int(width / rng.between(1.7, 2.8)))
    entry = rng.whole(0, n - 1)
    step = width / n
    for i in range(n):
        a, b = left + i * step + 0.06, left + (i + 1) * step - 0.06
        made.append(((a, b, (z + 0.03) if i == entry else sill, top), "entry" if i == entry else "pane"))
    for o, what in made:
        if what == "door":
            door(mesh, wall, o, style, True)
            continue
        deep = 0.5 if what == "entry" else 0.2
        wall.reveal(mesh, o, deep, mix(style.wall, style.sign, 0.4))
        wall.quad(mesh, o[0], o[1], o[2], o[3], -deep, style.frame)
        wall.quad(mesh, o[0] + 0.07, o[1] - 0.07, o[2] + 0.08, o[3] - 0.07, -deep + GAP,
                  mix(style.glass, (0xE8, 0xE2, 0xD2), rng.between(0.15, 0.5)))
    lo, hi = (pier * 0.5, length - pier * 0.5)
    wall.block(mesh, lo, hi, top + 0.14, z + height - 0.16, 0.0, 0.14, style.sign)
    if style.awning:
        drop, out = 0.65, rng.between(1.0, 1.5)
        a = wall.at
        za = top + 0.1
        mesh.face([a(left, za, 0.15), a(left, za - drop, out), a(right, za - drop, out), a(right, za, 0.15)], style.awning)
        mesh.face([a(left, za - 0.02, 0.15), a(right, za - 0.02, 0.15), a(right, za - drop - 0.02, out),
                   a(left, za - drop - 0.02, out)], mix(style.awning, (0, 0, 0), 0.1))
        wall.block(mesh, left, right, za - drop - 0.2, za - drop, out - 0.02, out, style.awning, faces="f")
    return [o for o, _ in made]


def street_wall(mesh, wall, base, floor, heights, style, rng, ground, rich, head):
    """A façade up to the eaves. heights: storey heights; ground: "shop", "home" or "blind"."""
    openings = []
    z = floor
    for s, h in enumerate(heights):
        if s == 0 and ground == "shop" and wall.length > 2.4:
            if rich:
                openings += shopfront(mesh, wall, z, h, style, rng, base)
            else:
                wall.quad(mesh, 0.35, wall.length - 0.35, z + 0.3, z + h - 0.8, GAP, style.glass)
                wall.block(mesh, 0.2, wall.length - 0.2, z + h - 0.7, z + h - 0.2, 0.0, 0.12, style.sign, faces="ft")
        elif wall.length > 1.6:
            spans = bays(wall.length, style, rng)
            at = None
            if s == 0 and ground == "home":
                at = 0 if style.door_left else len(spans) - 1
            for i, (a, b) in enumerate(spans):
                if i == at:
                    c = (a + b) / 2
                    o = (round(c - 0.5, 2), round(c + 0.5, 2), z + 0.12, z + 2.62)
                    door(mesh, wall, o, style, rich)
                else:
                    tall = min(style.tall * (0.86 if s == len(heights) - 1 and s > 1 else 1.0), h - style.sill - 0.3)
                    o = (a, b, round(z + style.sill, 2), round(z + style.sill + tall, 2))
                    window(mesh, wall, o, style, rng, rich)
                    if style.balcony and rich and s > 0 and i % 2 == 1 and b - a > 1.2:
                        balcony(mesh, wall, a - 0.4, b + 0.4, z, style)
                openings.append(o)
        z += h
    wall.panel(mesh, base, head, openings if rich else [], style.wall)
    if style.plinth and rich and ground != "shop":
        spans = sorted((o[0] - 0.12, o[1] + 0.12) for o in openings if o[2] < floor + 0.4)
        at = 0.0
        for a, b in spans + [(wall.length, wall.length)]:
            if a - at > 0.2:
                wall.block(mesh, at, a, base, floor + 0.45, 0.0, GAP, mix(style.wall, (140, 135, 130), 0.35), faces="ft")
            at = b
    if style.band and rich:
        z = floor + heights[0]
        wall.block(mesh, 0.0, wall.length, z - 0.02, z + 0.16, 0.0, 0.11, mix(style.wall, TRIM, 0.6), faces="ftb")


def balcony(mesh, wall, u0, u1, z, style):
    """A slab with a light railing."""
    u0, u1 = max(u0, 0.2), min(u1, wall.length - 0.2)
    wall.block(mesh, u0, u1, z - 0.18, z, 0.0, 1.2, STONE)
    wall.block(mesh, u0, u1, z + 0.1, z + 1.0, 1.1, 1.16, mix(style.glass, (255, 255, 255), 0.45), faces="f")
    wall.quad(mesh, u0, u1, z + 0.1, z + 1.0, 1.09, mix(style.glass, (255, 255, 255), 0.3))


def back_wall(mesh, wall, base, floor, heights, head, style, rng):
    """The garden side: flat windows and a door."""
    wall.quad(mesh, 0.0, wall.length, base, head, 0.0, style.wall)
    if wall.length < 2.0:
        return
    n = max(1, int(wall.length / rng.between(2.2, 3.2)))
    step = wall.length / n
    z = floor
    for s, h in enumerate(heights):
        for i in range(n):
            w = step * rng.between(0.38, 0.62)
            c = (i + 0.5) * step
            low = 0.1 if s == 0 and i == n - 1 else 0.9
            wall.quad(mesh, c - w / 2, c + w / 2, z + low, z + 2.35, GAP, style.glass)
        z += h
