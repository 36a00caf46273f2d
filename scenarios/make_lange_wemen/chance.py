"""A small repeatable source of chance, the same on every Python and machine."""

from exact import total


def seed_of(text):
    """64-bit FNV-1a hash of a text."""
    h = 0xCBF29CE484222325
    for b in text.encode("utf-8"):
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


class Chance:
    """splitmix64, seeded by a text so that one thing's look does not depend on another's."""

    def __init__(self, text):
        self.state = seed_of(text)

    def bits(self):
        """The next 64 bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return z ^ (z >> 31)

    def unit(self):
        """A number from 0 up to 1."""
        return (self.bits() >> 11) / 9007199254740992.0

    def between(self, low, high):
        """A number between two bounds, in hundredths."""
        return round(low + (high - low) * self.unit(), 2)

    def whole(self, low, high):
        """A whole number, both bounds included."""
        return low + self.bits() % (high - low + 1)

    def pick(self, things):
        """One of a list; a pair (thing, weight) list is not accepted here."""
        return things[self.bits() % len(things)]

    def weighted(self, pairs):
        """One of a list of (thing, weight)."""
        at = self.unit() * total(w for _, w in pairs)
        for thing, weight in pairs:
            at -= weight
            if at < 0:
                return thing
        return pairs[-1][0]

    def chance(self, share):
        """True in this share of the cases."""
        return self.unit() < share
