# Measured points: how they are coloured, what their class is, and the card of one point.
points-color = Colour
points-by-rgb = real colour
points-by-class = class
points-by-height = height
points-by-intensity = strength
points-classes = Classes: press one to leave it out
points-strong = strong echo
points-weak = weak echo

points-class-none = Not classified
points-class-ground = Ground
points-class-low = Low vegetation
points-class-middle = Shrubs
points-class-high = Trees
points-class-building = Building
points-class-water = Water
points-class-rail = Rail
points-class-road = Road
points-class-wire = Wire or pylon
points-class-bridge = Bridge deck
points-class-ignored = Ground, not counted
points-class-works = Bridge, viaduct or lock
points-class-other = Class { $class }

points-kind = Measured point
points-x = x (RD)
points-y = y (RD)
points-east = To the east
points-north = To the north
points-height = Height
points-intensity = Strength of the echo
points-echo = Echo
points-echo-of = { $number } of { $returns }
points-class = Class (LAS)
points-rgb = Colour (red, green, blue)
