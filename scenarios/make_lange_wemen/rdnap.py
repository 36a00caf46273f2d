"""RD New and NAP to ETRS89 geocentric coordinates, by RDNAPTRANS2018 variant 1.

Uses NSGI's correction grid and quasi-geoid as the program does (assets/georef).
Angles are radians inside, metres everywhere else. Heights: NAP in, ellipsoidal
only inside the geocentric result.
"""
import math
import struct

from exact import span, total

LAT_0, LON_0 = math.radians(52.156160556), math.radians(5.387638889)
SCALE, X_0, Y_0 = 0.9999079, 155000.0, 463000.0
BESSEL_A, BESSEL_RF = 6377397.155, 299.1528128
GRS80_A, GRS80_RF = 6378137.0, 298.257222101
SHIFT = (-565.7346, -50.4058, -465.2895)
TURN = (-0.395023, 0.330776, -1.876073)  # arc seconds, coordinate frame
STRETCH = 1.0 - 4.07242e-6
ROWS, COLS = 481, 301


def eccentricity2(rf):
    """Square of the first eccentricity."""
    f = 1.0 / rf
    return f * (2.0 - f)


def rotation():
    """Exact rotation matrix of the datum change, coordinate frame convention."""
    f, t, p = (math.radians(v / 3600.0) for v in TURN)
    sf, cf, st, ct, sp, cp = (math.sin(f), math.cos(f), math.sin(t),
                              math.cos(t), math.sin(p), math.cos(p))
    return ((ct * cp, cf * sp + sf * st * cp, sf * sp - cf * st * cp),
            (-ct * sp, cf * cp - sf * st * sp, sf * cp + cf * st * sp),
            (st, -sf * ct, cf * ct))


class Stereographic:
    """Inverse of the oblique double stereographic projection of RD."""

    def __init__(self):
        es = eccentricity2(BESSEL_RF)
        self.e = math.sqrt(es)
        s, c2 = math.sin(LAT_0), math.cos(LAT_0) ** 2
        self.r2 = 2.0 * math.sqrt(1.0 - es) / (1.0 - es * s * s)
        self.c = math.sqrt(1.0 + es * c2 * c2 / (1.0 - es))
        chi = math.asin(s / self.c)
        self.sin0, self.cos0 = math.sin(chi), math.cos(chi)
        ratio = ((1.0 - self.e * s) / (1.0 + self.e * s)) ** (0.5 * self.c * self.e)
        self.k = math.tan(0.5 * chi + math.pi / 4) / (
            math.tan(0.5 * LAT_0 + math.pi / 4) ** self.c * ratio)

    def lat_lon(self, x, y):
        """Latitude and longitude on Bessel's ellipsoid of an RD point."""
        u, v = (x - X_0) / (SCALE * BESSEL_A), (y - Y_0) / (SCALE * BESSEL_A)
        rho = span(u, v)
        if rho == 0.0:
            return LAT_0, LON_0
        angle = 2.0 * math.atan2(rho, self.r2)
        s, c = math.sin(angle), math.cos(angle)
        chi = math.asin(c * self.sin0 + v * s * self.cos0 / rho)
        lam = math.atan2(u * s, rho * self.cos0 * c - v * self.sin0 * s)
        num = (math.tan(0.5 * chi + math.pi / 4) / self.k) ** (1.0 / self.c)
        lat = chi
        for _ in range(20):
            es = self.e * math.sin(lat)
            new = 2.0 * math.atan(num * ((1.0 - es) / (1.0 + es)) ** (-0.5 * self.e)) - math.pi / 2
            if abs(new - lat) < 1e-14:
                lat = new
                break
            lat = new
        return lat, lam / self.c + LON_0


def cartesian(lat, lon, h, a, rf):
    """Geocentric coordinates of a point on an ellipsoid."""
    es = eccentricity2(rf)
    n = a / math.sqrt(1.0 - es * math.sin(lat) ** 2)
    p = (n + h) * math.cos(lat)
    return p * math.cos(lon), p * math.sin(lon), (n * (1.0 - es) + h) * math.sin(lat)


def geodetic(x, y, z, a, rf):
    """Latitude and longitude of a geocentric point (the height is not needed here)."""
    es = eccentricity2(rf)
    p = span(x, y)
    lat = math.atan2(z, p * (1.0 - es))
    for _ in range(10):
        n = a / math.sqrt(1.0 - es * math.sin(lat) ** 2)
        h = p / math.cos(lat) - n
        new = math.atan2(z, p * (1.0 - es * n / (n + h)))
        if abs(new - lat) < 1e-15:
            return new, math.atan2(y, x)
        lat = new
    return lat, math.atan2(y, x)


class RdNap:
    """The transformation with both grids loaded from a folder."""

    def __init__(self, folder):
        with open(folder + "/rdcorr2018.gsb", "rb") as f:
            self.corr = f.read()
        with open(folder + "/nlgeo2018.gtx", "rb") as f:
            self.geoid = f.read()
        assert len(self.corr) == 22 * 16 + ROWS * COLS * 16 + 16
        assert len(self.geoid) == 40 + ROWS * COLS * 4
        self.stereographic = Stereographic()
        self.turn = rotation()
        self.known = {}

    def correction(self, row, col):
        """Latitude and longitude correction in arc seconds, east positive."""
        at = 22 * 16 + (row * COLS + (COLS - 1 - col)) * 16
        lat, west = struct.unpack_from("<2f", self.corr, at)
        return lat, -west

    def undulation(self, row, col):
        """Height of NAP's surface above the ellipsoid at a node."""
        return struct.unpack_from(">f", self.geoid, 40 + (row * COLS + col) * 4)

    @staticmethod
    def bilinear(lat, lon, node):
        """Value of a grid between its four nodes."""
        r = (math.degrees(lat) - 50.0) / 0.0125
        c = (math.degrees(lon) - 2.0) / 0.02
        i, j = int(math.floor(r)), int(math.floor(c))
        assert 0 <= i < ROWS - 1 and 0 <= j < COLS - 1, "outside the Dutch grids"
        v, u = r - i, c - j
        quad = node(i, j), node(i, j + 1), node(i + 1, j), node(i + 1, j + 1)
        return [(1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * d + u * e)
                for a, b, d, e in zip(*quad)]

    def etrs89(self, x, y):
        """ETRS89 latitude, longitude (radians) and the geoid height there."""
        lat, lon = self.stereographic.lat_lon(x, y)
        dlat, dlon = self.bilinear(lat, lon, self.correction)
        lat += math.radians(dlat / 3600.0)
        lon += math.radians(dlon / 3600.0)
        q = [v - t for v, t in zip(cartesian(lat, lon, 0.0, BESSEL_A, BESSEL_RF), SHIFT)]
        m = self.turn
        p = [total(m[j][i] * q[j] for j in range(3)) / STRETCH for i in range(3)]
        lat, lon = geodetic(p[0], p[1], p[2], GRS80_A, GRS80_RF)
        return lat, lon, self.bilinear(lat, lon, self.undulation)[0]

    def ecef(self, x, y, nap):
        """Geocentric coordinates (ETRS89, GRS80). One point of the plane is worked out once."""
        key = (round(x * 1000.0), round(y * 1000.0))
        if key not in self.known:
            lat, lon, n = self.etrs89(key[0] / 1000.0, key[1] / 1000.0)
            base = cartesian(lat, lon, n, GRS80_A, GRS80_RF)
            up = (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))
            self.known[key] = base, up
        base, up = self.known[key]
        return tuple(b + nap * u for b, u in zip(base, up))


# id, latitude, longitude, height, x, y, NAP: NSGI's own validation file.
KNOWN_POINTS = (
    ("30010000", 51.728601274, 4.712120126, 301.7981, 108360.8790, 415757.2745, 258.0057),
    ("30010478", 52.333909349, 6.795181238, 100.4911, 250963.3417, 483819.1857, 57.2626),
    ("30010371", 52.298724805, 6.986438391, 264.9653, 264083.7753, 480175.6101, 221.5400),
    ("30010453", 52.317227456, 7.002862969, 302.6639, 265158.0611, 482258.7540, 259.2750),
    ("30010474", 52.233783442, 6.537920139, 61.8576, 233607.2777, 472370.2565, 18.4350),
    ("30010845", 52.150140752, 6.862085895, 234.3992, 255938.8209, 463466.4249, 190.6873),
)


def verify(rdnap):
    """Largest distance (metres) to the official points; more than 1 mm is an error."""
    worst = 0.0
    for name, lat, lon, h, x, y, nap in KNOWN_POINTS:
        la, lo, n = rdnap.etrs89(x, y)
        got = cartesian(la, lo, nap + n, GRS80_A, GRS80_RF)
        want = cartesian(math.radians(lat), math.radians(lon), h, GRS80_A, GRS80_RF)
        off = math.dist(got, want)
        assert off < 0.001, "%s is %.4f m off" % (name, off)
        worst = max(worst, off)
    return worst
