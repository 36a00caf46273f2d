# Wat er op de kaart en in de legenda over een ding staat.
kind-building = Gebouw
kind-new-building = Nieuw in dit plan
kind-asset = Beheerobject
kind-report = Melding
kind-sensor = Sensor
kind-thing = Onderdeel van de kaart

asset-tree = Boom
asset-lamp = Lichtmast
asset-bench = Bank
asset-bin = Afvalbak
asset-manhole = Rioolput
asset-other = Object

use-housing = wonen
use-shops = winkels en horeca
use-office = kantoor
use-public = publieke functie
use-parking = parkeren
use-other = overig

surface-asphalt = asfalt
surface-paving = bestrating
surface-clinkers = klinkers
surface-grass = gras
surface-planting = beplanting
surface-water = water

legend-wall = gevel
legend-flat-roof = plat dak
legend-tiled-roof = schuin dak
legend-new = nieuw: { $use }
legend-tree = boom
legend-report = melding
legend-sensor = sensor
legend-ground = maaiveld

fact-id = Kenmerk
fact-use = Gebruik
fact-storeys = Bouwlagen
fact-height = Hoogte boven maaiveld
fact-top = Hoogste punt
fact-year = Bouwjaar
fact-dwellings = Woningen
fact-area = Bruto vloeroppervlak
fact-here = { $name } (hier)
fact-phase = Fase
fact-condition = Conditiescore (NEN 2767)
fact-upkeep = Kwaliteitsniveau (CROW)
fact-inspected = Laatst geïnspecteerd
fact-next-inspection = Volgende inspectie
fact-no-data = geen gegevens
fact-category = Categorie
fact-theme = Onderwerp
fact-status = Stand van zaken
fact-created = Gemeld op
fact-crown = Kroondiameter
fact-parking = Parkeerplaatsen
fact-underground = Lagen onder de grond

opening = { $name } openen
open-failed = { $name } kan niet worden geopend. { $reason }
dialog-none = Er is geen bestand gekozen. Typ hier anders het pad.
preferences-lost = De instellingen konden niet worden gelezen; de gewone instellingen gelden.
preferences-unsaved = De instellingen konden niet worden bewaard.
meaning-error = Dit deel wordt niet getoond. De rest wel.
meaning-warning = Er ontbreekt niets op de kaart.

legend-removed = verdwijnt in dit plan
