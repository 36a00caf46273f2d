"""The ground: a gentle slope from the south-west up to the north-east, with a shallow dip
where the Drienerbeek runs. Local metres in (0..600), NAP metres out."""
SIZE, CELL = 600, 5


def raw(x, y):
    """The smooth surface the grid is sampled from."""
    u, v = (x - 300.0) / 300.0, (y - 300.0) / 300.0
    dip = (x - 250.0 - 0.25 * y) / 130.0
    return 17.05 + 0.30 * u + 0.38 * v - 0.05 * u * v - 0.22 / (1.0 + dip * dip)


class Terrain:
    """The sampled grid and its bilinear value."""

    def __init__(self):
        n = SIZE // CELL + 1
        self.grid = [[round(raw(i * CELL, j * CELL), 2) for i in range(n)] for j in range(n)]

    def at(self, x, y):
        """NAP height between the grid's points."""
        top = SIZE // CELL - 1
        u = min(max(x / CELL, 0.0), SIZE / CELL)
        v = min(max(y / CELL, 0.0), SIZE / CELL)
        i, j = min(int(u), top), min(int(v), top)
        u, v = u - i, v - j
        g = self.grid
        return ((1 - v) * ((1 - u) * g[j][i] + u * g[j][i + 1])
                + v * ((1 - u) * g[j + 1][i] + u * g[j + 1][i + 1]))

    def text(self, west, south):
        """ESRI ASCII grid, rows from north to south."""
        n = SIZE // CELL + 1
        head = ("ncols %d\nnrows %d\nxllcenter %d\nyllcenter %d\ncellsize %d\nNODATA_value -9999\n"
                % (n, n, west, south, CELL))
        rows = [" ".join("%.2f" % v for v in row) for row in reversed(self.grid)]
        return head + "\n".join(rows) + "\n"
