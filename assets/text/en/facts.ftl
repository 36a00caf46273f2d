# What the card and the legend say about a thing.
kind-building = Building
kind-new-building = New in this plan
kind-asset = Asset
kind-report = Report
kind-sensor = Sensor
kind-thing = Part of the map

asset-tree = Tree
asset-lamp = Lamp post
asset-bench = Bench
asset-bin = Litter bin
asset-manhole = Manhole
asset-other = Object

use-housing = housing
use-shops = shops and cafés
use-office = office
use-public = public
use-parking = parking
use-other = other

surface-asphalt = asphalt
surface-paving = paving
surface-clinkers = clinkers
surface-grass = grass
surface-planting = planting
surface-water = water

legend-wall = wall
legend-flat-roof = flat roof
legend-tiled-roof = pitched roof
legend-new = new: { $use }
legend-tree = tree
legend-report = report
legend-sensor = sensor
legend-ground = ground

fact-id = Identifier
fact-use = Use
fact-storeys = Storeys
fact-height = Height above ground
fact-top = Highest point
fact-year = Year built
fact-dwellings = Dwellings
fact-area = Gross floor area
fact-here = { $name } (here)
fact-phase = Phase
fact-condition = Condition score (NEN 2767)
fact-upkeep = Upkeep level (CROW)
fact-inspected = Last inspected
fact-next-inspection = Next inspection
fact-no-data = no data
fact-category = Category
fact-theme = Subject
fact-status = Status
fact-created = Reported on
fact-crown = Crown diameter
fact-parking = Parking places
fact-underground = Storeys below ground

opening = Opening { $name }
open-failed = { $name } cannot be opened. { $reason }
dialog-none = No file was chosen. Type its path here instead.
preferences-lost = The settings could not be read; the usual ones hold.
preferences-unsaved = The settings could not be saved.
meaning-error = This part is not shown. The rest is.
meaning-warning = Nothing is missing on the map.

legend-removed = goes in this plan
