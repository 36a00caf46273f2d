"""3D Tiles 1.1: one coarse tile, replaced by a 4 by 4 grid of fine ones.

The root's transform is the east-north-up frame at the anchor. Positions are i16 steps around
each tile's centre in that frame (glTF y up), computed from exact geocentric coordinates.
"""
import json
import math
import struct

from exact import span, total
from palette import linear
from shell import Mesh

WEST, SOUTH = 250700, 476000


class Frame:
    """East-north-up metres around the anchor, from local plan metres and NAP."""

    def __init__(self, rdnap, anchor, nap):
        self.rdnap = rdnap
        lat, lon, _ = rdnap.etrs89(*anchor)
        sa, ca, so, co = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
        self.axes = ((-so, co, 0.0), (-sa * co, -sa * so, ca), (ca * co, ca * so, sa))
        # Rounded, so that the file and our arithmetic use the very same numbers.
        self.axes = tuple(tuple(round(v, 14) for v in axis) for axis in self.axes)
        self.origin = tuple(round(v, 4) for v in rdnap.ecef(anchor[0], anchor[1], nap))
        # Grid north is turned against true north here; directions follow the local turn.
        p, q = self.enu(300.0, 300.0, nap), self.enu(400.0, 300.0, nap)
        n = span(q[0] - p[0], q[1] - p[1])
        self.turn = ((q[0] - p[0]) / n, (q[1] - p[1]) / n)

    def enu(self, x, y, z):
        """East, north, up of a local point at a NAP height."""
        p = self.rdnap.ecef(WEST + x, SOUTH + y, z)
        d = [a - b for a, b in zip(p, self.origin)]
        return tuple(total(a * b for a, b in zip(axis, d)) for axis in self.axes)

    def direction(self, n):
        """A direction in plan axes as east, north, up."""
        c, s = self.turn
        return (n[0] * c - n[1] * s, n[0] * s + n[1] * c, n[2])

    def matrix(self):
        """Column-major transform from the frame to geocentric."""
        out = []
        for axis in self.axes:
            out += list(axis) + [0.0]
        return out + list(self.origin) + [1.0]


def pad(data, fill=b"\0", to=8):
    """Bytes padded to a multiple."""
    return data + fill * (-len(data) % to)


class Table:
    """The property table of one tile."""

    def __init__(self, buildings):
        self.buildings = buildings
        self.views = []

    def text(self, values):
        """String column: values and offsets."""
        raw = [v.encode("utf-8") for v in values]
        offsets, at = [0], 0
        for r in raw:
            at += len(r)
            offsets.append(at)
        self.views += [b"".join(raw) or b"\0", struct.pack("<%dI" % len(offsets), *offsets)]
        return {"values": len(self.views) - 2, "stringOffsets": len(self.views) - 1, "stringOffsetType": "UINT32"}

    def numbers(self, form, values):
        """Number column."""
        self.views.append(struct.pack("<%d%s" % (len(values), form), *values))
        return {"values": len(self.views) - 1}

    def columns(self):
        """All properties, in a fixed order."""
        bs = self.buildings
        return {
            "identificatie": self.text([b.identificatie for b in bs]),
            "naam": self.text([b.name or "" for b in bs]),
            "gebruik": self.text([b.use for b in bs]),
            "oorspronkelijkbouwjaar": self.numbers("i", [b.year for b in bs]),
            "bouwlagen": self.numbers("i", [b.storeys for b in bs]),
            "b3_h_maaiveld": self.numbers("f", [b.ground for b in bs]),
            "b3_h_dak_max": self.numbers("f", [b.top for b in bs]),
        }


SCHEMA = {"id": "stadslens_building", "classes": {"building": {"name": "building", "properties": {
    "identificatie": {"type": "STRING"}, "naam": {"type": "STRING"}, "gebruik": {"type": "STRING"},
    "oorspronkelijkbouwjaar": {"type": "SCALAR", "componentType": "INT32"},
    "bouwlagen": {"type": "SCALAR", "componentType": "INT32"},
    "b3_h_maaiveld": {"type": "SCALAR", "componentType": "FLOAT32"},
    "b3_h_dak_max": {"type": "SCALAR", "componentType": "FLOAT32"}}}}}


def glb(buildings, fine, frame):
    """A tile's bytes, its box in the frame (low, high) and its triangle count."""
    mesh = Mesh()
    for number, b in enumerate(buildings):
        mesh.feature = number
        b.draw(mesh, fine)
    known = {}
    points = []
    for v in mesh.vertices:
        key = (round(v[0], 3), round(v[1], 3), round(v[2], 3))
        if key not in known:
            known[key] = frame.enu(*key)
        points.append(known[key])
    low = [min(p[i] for p in points) for i in range(3)]
    high = [max(p[i] for p in points) for i in range(3)]
    centre = [round((a + b) / 2, 1) for a, b in zip(low, high)]
    reach = max(max(h - c, c - l) for h, l, c in zip(high, low, centre))
    step = math.ceil(reach / 32767 * 1e4) / 1e4        # metres per step, whole tenths of a millimetre
    packed, index, remap = [], {}, []
    normals = {}
    colours = {}
    for p, v in zip(points, mesh.vertices):
        e, n, u = (int(round((a - c) / step)) for a, c in zip(p, centre))
        if v[3] not in normals:
            d = frame.direction(v[3])
            normals[v[3]] = tuple(int(round(127 * k)) for k in (d[0], d[2], -d[1]))
        if v[4] not in colours:
            colours[v[4]] = linear(v[4])
        row = struct.pack("<3h2x3bx4BH2x", e, u, -n, *normals[v[3]], *colours[v[4]], 255, v[5])
        if row not in index:
            index[row] = len(packed)
            packed.append(row)
        remap.append(index[row])
    indices = []
    for k in range(0, len(mesh.indices), 3):
        tri = [remap[i] for i in mesh.indices[k:k + 3]]
        if len(set(tri)) == 3:
            indices += tri
    short = len(packed) < 65535
    table = Table(buildings)
    columns = table.columns()
    blobs = table.views + [b"".join(packed), struct.pack("<%d%s" % (len(indices), "H" if short else "I"), *indices)]
    views, body = [], b""
    for b in blobs:
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": len(b)})
        body = pad(body + b)
    vertex, tri = len(blobs) - 2, len(blobs) - 1
    views[vertex].update(byteStride=20, target=34962)
    views[tri]["target"] = 34963
    count = len(packed)
    shorts = [struct.unpack_from("<3h", row) for row in packed]
    lo = [min(s[i] for s in shorts) for i in range(3)]
    hi = [max(s[i] for s in shorts) for i in range(3)]
    scale = step * 32767
    doc = {
        "asset": {"version": "2.0", "generator": "make_lange_wemen"},
        "extensionsUsed": ["KHR_mesh_quantization", "EXT_mesh_features", "EXT_structural_metadata"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "extensions": {"EXT_structural_metadata": {"schema": SCHEMA, "propertyTables": [
            {"name": "buildings", "class": "building", "count": len(buildings), "properties": columns}]}},
        "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "matrix": [scale, 0, 0, 0, 0, scale, 0, 0, 0, 0, scale, 0,
                                         centre[0], centre[2], -centre[1], 1]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 1], "metallicFactor": 0, "roughnessFactor": 0.9}}],
        "meshes": [{"primitives": [{
            "attributes": {"POSITION": 0, "NORMAL": 1, "COLOR_0": 2, "_FEATURE_ID_0": 3}, "indices": 4, "material": 0, "mode": 4,
            "extensions": {"EXT_mesh_features": {"featureIds": [
                {"featureCount": len(buildings), "attribute": 0, "propertyTable": 0}]}}}]}],
        "accessors": [
            {"bufferView": vertex, "byteOffset": 0, "componentType": 5122, "normalized": True, "count": count, "type": "VEC3",
             "min": lo, "max": hi},
            {"bufferView": vertex, "byteOffset": 8, "componentType": 5120, "normalized": True, "count": count, "type": "VEC3"},
            {"bufferView": vertex, "byteOffset": 12, "componentType": 5121, "normalized": True, "count": count, "type": "VEC4"},
            {"bufferView": vertex, "byteOffset": 16, "componentType": 5123, "count": count, "type": "SCALAR"},
            {"bufferView": tri, "componentType": 5123 if short else 5125, "count": len(indices), "type": "SCALAR"}],
        "bufferViews": views, "buffers": [{"byteLength": len(body)}],
    }
    # Chunks are padded to 8 bytes, the JSON chunk with spaces.
    text = json.dumps(doc, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-(20 + len(text)) % 8)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(body), 0x004E4942) + body
    data = struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
    return data, (low, high), len(indices) // 3


def volume(low, high):
    """A tight axis-aligned box in the frame, rounded outwards to centimetres."""
    lo = [math.floor(v * 100 - 1) / 100 for v in low]
    hi = [math.ceil(v * 100 + 1) / 100 for v in high]
    c = [round((a + b) / 2, 3) for a, b in zip(lo, hi)]
    h = [round((b - a) / 2 + 0.01, 3) for a, b in zip(lo, hi)]
    return {"box": c + [h[0], 0, 0, 0, h[1], 0, 0, 0, h[2]]}


def write(city, frame, put):
    """Write all tiles through put(path, bytes); returns triangle counts by name."""
    counts = {}
    groups = {}
    for b in city.buildings:
        xs = [p[0] for ring in b.rings for p in ring]
        ys = [p[1] for ring in b.rings for p in ring]
        key = tuple(min(3, max(0, int((min(v) + max(v)) / 2 // 150))) for v in (xs, ys))
        groups.setdefault(key, []).append(b)
    data, whole, counts["coarse"] = glb(city.buildings, False, frame)
    put("tiles/coarse.glb", data)
    children = []
    low, high = list(whole[0]), list(whole[1])
    for (i, j), members in sorted(groups.items()):
        name = "tiles/fine-%d-%d.glb" % (i, j)
        data, (lo, hi), counts[name] = glb(members, True, frame)
        put(name, data)
        low = [min(a, b) for a, b in zip(low, lo)]
        high = [max(a, b) for a, b in zip(high, hi)]
        children.append({"boundingVolume": volume(lo, hi), "geometricError": 0,
                         "content": {"uri": "fine-%d-%d.glb" % (i, j)}})
    tileset = {
        "asset": {"version": "1.1", "generator": "make_lange_wemen"},
        "geometricError": 24,
        "root": {"transform": frame.matrix(), "boundingVolume": volume(low, high), "geometricError": 8,
                 "refine": "REPLACE", "content": {"uri": "coarse.glb"}, "children": children},
    }
    put("tiles/tileset.json", (json.dumps(tileset, indent=1) + "\n").encode("utf-8"))
    return counts
