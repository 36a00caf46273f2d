"""Upkeep data of the assets, public-space reports, sensors and labels. All invented."""
from chance import Chance
from exact import apart, total
from plane import along, centroid
from streets import street_lines

CATEGORIES = [("openbaar-groen-en-water/boom", "tree"), ("openbaar-groen-en-water/snoeien", "tree"),
              ("openbaar-groen-en-water/onkruid", "walk"), ("openbaar-groen-en-water/beplanting", "tree"),
              ("openbaar-groen-en-water/eikenprocessierups", "tree"), ("openbaar-groen-en-water/boom-stormschade", "tree"),
              ("wegen-verkeer-straatmeubilair/lantaarnpaal-straatverlichting", "lamp"),
              ("wegen-verkeer-straatmeubilair/onderhoud-stoep-straat-en-fietspad", "walk"),
              ("wegen-verkeer-straatmeubilair/put-riolering-verstopt", "manhole"),
              ("wegen-verkeer-straatmeubilair/straatmeubilair", "bench"),
              ("wegen-verkeer-straatmeubilair/fietsrek-nietje", "walk"),
              ("wegen-verkeer-straatmeubilair/prullenbakkapot", "bin"),
              ("wegen-verkeer-straatmeubilair/verkeersbord-verkeersafzetting", "walk"),
              ("schoon/prullenbak-vol", "bin"), ("schoon/veegzwerfvuil", "walk"), ("schoon/graffitiwildplak", "walk"),
              ("afval/container-is-vol", "walk"), ("afval/grofvuil", "walk")]
STATUSES = [("Afgehandeld", 9), ("Gemeld", 4), ("In behandeling", 3), ("Ingepland", 2), ("In afwachting", 1),
            ("Geannuleerd", 0.5), ("Heropend", 0.5)]
EVERY = {"tree": 3, "lamp": 4, "bench": 2, "bin": 2, "manhole": 8}
DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def day(number):
    """ISO date of a day counted from 1 January 2015."""
    year = 2015
    while True:
        leap = year % 4 == 0
        length = 366 if leap else 365
        if number < length:
            break
        number -= length
        year += 1
    for month, days in enumerate(DAYS, 1):
        days += 1 if month == 2 and leap else 0
        if number < days:
            return "%04d-%02d-%02d" % (year, month, number + 1)
        number -= days
    raise AssertionError


NOW = 4343        # 22 November 2026


def add_upkeep(assets):
    """Condition, level and inspection dates; some are missing, as in life."""
    for item in assets.items:
        rng = Chance("upkeep " + item["id"])
        if item.get("eigenaar") == "particulier":
            item.update(conditie=None, niveau=None, inspectie=None, volgende_inspectie=None)
            continue
        score = rng.weighted([(1, 3), (2, 6), (3, 5), (4, 2), (5, 0.8), (6, 0.25), (None, 1.4)])
        item["conditie"] = score
        item["niveau"] = rng.weighted([("A+", 1), ("A", 4), ("B", 7), ("C", 2), ("D", 0.6), (None, 1)])
        if rng.chance(0.07):
            item["inspectie"] = item["volgende_inspectie"] = None
            continue
        years = EVERY[item["type"]]
        ago = int(rng.unit() * years * 365 * 1.12)
        item["inspectie"] = day(NOW - ago)
        wait = years * 365 if score is None or score < 4 else 365
        item["volgende_inspectie"] = None if rng.chance(0.05) else day(NOW - ago + wait)


def reports(city, assets):
    """Two hundred example reports near the things they are about."""
    rng = Chance("meldingen")
    lines = [e for f in city.network.faces for e in f.edges
             if e.stretch.kind != "rim" and f.kind not in ("square", "market")]
    by_type = {k: [i for i in assets.items if i["type"] == k and i.get("eigenaar") != "particulier"] for k in EVERY}
    out = []
    while len(out) < 200:
        category, about = rng.pick(CATEGORIES)
        if about == "walk":
            e = rng.pick(lines)
            p, q = e.lines[1]
            spot = along(p, q, rng.between(0.1, 0.9) * apart(p, q), 1.0)
            if city.covered(spot, 0.2) or not (0 < spot[0] < 600 and 0 < spot[1] < 600):
                continue
        else:
            item = rng.pick(by_type[about])
            if category.endswith("rups") and not item["species"].startswith("Quercus"):
                oaks = [i for i in by_type["tree"] if i["species"].startswith("Quercus")]
                item = rng.pick(oaks)
            spot = (item["x"] + rng.between(-1, 1), item["y"] + rng.between(-1, 1))
        ago = int(rng.unit() * rng.unit() * 690)
        status = rng.weighted(STATUSES) if ago > 21 else rng.weighted([("Gemeld", 5), ("In behandeling", 3), ("Ingepland", 2), ("Afgehandeld", 2)])
        out.append(dict(id="SIG-%05d" % (20418 + 13 * len(out)), category=category, status=status, created=day(NOW - ago),
                        x=round(spot[0]), y=round(spot[1])))
    return out


SENSORS = [dict(id="S-001", name="Weerpunt Burg. Jansenplein", quantity="luchttemperatuur", unit="°C", value=7.4, x=232.0, y=262.0, height_m=3.0),
           dict(id="S-002", name="Waterstand vijver Prins Bernhardplantsoen", quantity="waterstand", unit="m NAP", value=16.62,
                x=520.0, y=478.0, height_m=0.5)]

LABEL_POINTS = [("Burg. Jansenplein", (252, 300)), ("Marktplein", (470, 128)), ("Prins Bernhardplantsoen", (540, 512)),
                ("Parkeerterrein Kloosterhof", (315, 362)), ("Kerktuin", (425, 400))]


def labels(city):
    """Street lines and landmark points, (kind, coordinates, properties)."""
    out = []
    best = {}
    for name, pts in street_lines(city.network):
        size = total(apart(a, b) for a, b in zip(pts, pts[1:]))
        if name not in ("Burg. Jansenplein", "Marktplein") and (name not in best or size > best[name][0]):
            best[name] = (size, pts)
    for name in sorted(best):
        pts = best[name][1]
        if pts[0][0] > pts[-1][0]:
            pts = pts[::-1]
        out.append(("LineString", pts, {"text": name}))
    for b in city.buildings:
        if b.name and b.name != "Horecawand":
            out.append(("Point", centroid(b.rings[0]), {"text": b.name, "top_nap_m": round(b.top, 2)}))
    wall = [b for b in city.buildings if b.name == "Horecawand"]
    if wall:
        b = wall[len(wall) // 2]
        out.append(("Point", centroid(b.rings[0]), {"text": "Horecawand", "top_nap_m": round(b.top, 2)}))
    for name, p in LABEL_POINTS:
        out.append(("Point", p, {"text": name, "top_nap_m": round(city.terrain.at(*p) + 4.0, 2)}))
    return out
