"""Colours of the paper city (sRGB) and their linear form for glTF."""


def rgb(text):
    """"#RRGGBB" to a triple."""
    return tuple(int(text[i:i + 2], 16) for i in (1, 3, 5))


def mix(a, b, k):
    """Between two colours."""
    return tuple(int(round(x + (y - x) * k)) for x, y in zip(a, b))


def linear(colour):
    """sRGB bytes to linear bytes, as COLOR_0 wants them."""
    out = []
    for c in colour:
        v = c / 255.0
        v = v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        out.append(int(v * 255.0 + 0.5))
    return tuple(out)


WALL = rgb("#F1ECE3")
FLAT = rgb("#D8D4CB")
TILE = rgb("#C79580")
STONE = rgb("#E4DED2")
TRIM = rgb("#F7F4EE")
DARK = rgb("#8B8984")



def pale(colour, share=0.34):
    """A colour moved towards paper."""
    return mix(colour, WALL, share)


# Brick and plaster, all pale; weights make red-brown brick the commonest.
WALLS = [(rgb("#DDBBA8"), 5), (rgb("#D3AD9A"), 4), (rgb("#E3CBB8"), 4), (rgb("#CFB7A6"), 3),
         (rgb("#F1ECE3"), 4), (rgb("#EDE3D0"), 3), (rgb("#E6E4DF"), 2), (rgb("#D9CFC2"), 3),
         (rgb("#F4F1EA"), 2), (rgb("#C9A594"), 2), (rgb("#E9D8C6"), 3), (rgb("#D6D3CC"), 1)]
WALLS = [(pale(c), w) for c, w in WALLS]
MODERN = [(rgb("#EFEBE3"), 4), (rgb("#E0DBD1"), 3), (rgb("#D7C3B4"), 3), (rgb("#CFCBC4"), 2),
          (rgb("#E8DFD3"), 3), (rgb("#C8B3A6"), 2)]
MODERN = [(pale(c), w) for c, w in MODERN]
ROOFS = [(rgb("#C79580"), 6), (rgb("#BE8C79"), 4), (rgb("#CFA28E"), 3), (rgb("#B59A8C"), 3),
         (rgb("#A9A39D"), 3), (rgb("#9C9A98"), 2), (rgb("#B8A398"), 2)]
GLASS = [rgb("#8FA0AE"), rgb("#8496A6"), rgb("#9AABB8"), rgb("#7D8E9E"), rgb("#A3B2BC")]
FRAMES = [(rgb("#F7F4EE"), 8), (rgb("#ECE6D6"), 4), (rgb("#8FA08F"), 1), (rgb("#7F8C93"), 2), (rgb("#A58E7C"), 1)]
DOORS = [rgb(c) for c in ("#7E9186", "#8A7A6C", "#7C8A9C", "#A3796B", "#B7AFA2", "#6F7D77", "#94705F", "#8C9BA8")]
AWNINGS = [rgb(c) for c in ("#C9A28F", "#A9B7A4", "#B9C2CB", "#D8C7A4", "#BFA7A4", "#E3DCCD")]
SIGNS = [rgb(c) for c in ("#B9B2A6", "#A8B3BC", "#C7B5A3", "#9FAF9F", "#CDBFAE", "#B4A4A4", "#DED8CC", "#8E979E")]


def shade(colour, rng, amount=8):
    """A slightly lighter or darker neighbour of a colour."""
    d = rng.whole(-amount, amount)
    return tuple(max(0, min(255, c + d)) for c in colour)
