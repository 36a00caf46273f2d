"""Lengths and sums that give the same last bit on every Python.

`math.hypot`, `math.dist` and `sum` changed their rounding between versions (3.10, 3.12);
a square root and plain additions have not.
"""
import math


def span(dx, dy):
    """Length of a vector in the plane."""
    return math.sqrt(dx * dx + dy * dy)


def apart(p, q):
    """Distance between two points in the plane."""
    return span(q[0] - p[0], q[1] - p[1])


def total(values):
    """Sum from left to right."""
    out = 0.0
    for v in values:
        out += v
    return out
