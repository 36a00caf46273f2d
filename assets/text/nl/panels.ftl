# Wat alle lenzen gemeen hebben.
lens-design = Ontwerp
lens-participation = Participatie
lens-maintenance = Beheer
certainty-decided = vastgesteld
certainty-open = nog niet besloten
certainty-sketch = schets
banner-synthetic = Voorbeeld: dit is niet de echte situatie

panel-variants = Varianten
panel-viewpoints = Camerastandpunten
panel-layers = Lagen
panel-card = Gegevens
panel-problems = Problemen
panel-fold = Inklappen
close = Sluiten

top-nothing-open = Niets geopend
top-open = Bestand of map openen
top-start = Beginscherm
top-charter = Waar is deze lens voor?
top-keys = Toetsen
top-settings = Instellingen
top-language = Taal

status-complete = Kaartbeeld compleet
status-loading = Kaartbeeld laden: { $done } van { $total }
status-problems = { $count ->
    [one] { $shown } probleem
   *[other] { $shown } problemen
  }
status-copy-place = Klik om te kopiëren
status-place-copied = Plaats gekopieerd

tools-home = Terug naar het begin
tools-north = Naar het noorden draaien
tools-sun = Zon en schaduw
tools-walk = Op ooghoogte lopen

sun-day = Dag kiezen
sun-time = Tijd
sun-time-typed = Tijd typen
sun-rise-set = Zon op { $rise }, onder { $set }
sun-month-earlier = Een maand eerder
sun-day-earlier = Een dag eerder
sun-day-later = Een dag later
sun-month-later = Een maand later

variants-none = Dit bestand heeft geen varianten.
viewpoints-none = Dit bestand heeft geen camerastandpunten.
layers-none = Er zijn geen lagen.
layers-synthetic = voorbeeld, niet gemeten
layers-system = Coördinaten
layers-system-change = Klopt de plaats niet?
heights-from = Hoogten gemeten vanaf
heights-nap = NAP
heights-ellipsoid = Ellipsoïde (hoogte van gps)
heights-moved-up = Ellipsoïde, { $m } m omhoog gezet
heights-moved-down = Ellipsoïde, { $m } m omlaag gezet
heights-float = Deze tegels zweven { $m } m boven de grond.
heights-buried = Deze tegels liggen { $m } m onder de grond.
heights-mend = Zet ze op de grond
heights-told = { $name }: { $stand } Zet ze goed bij Lagen.
layers-detail = Detail
layers-detail-flat = Grondvlak
layers-detail-block = Blok
layers-detail-parts = Blok met verdiepte delen
layers-detail-roof = Dakvorm
layers-detail-openings = Met ramen en deuren
layers-detail-more = Meer dan de buitenkant
layers-detail-highest = Hoogste per gebouw
source-unknown = eigenaar onbekend
source-no-licence = licentie onbekend

card-source = Bron
card-certainty = Status
card-fly-to = Erheen
card-copy = Kopiëren
card-copied = Gegevens gekopieerd
card-all = Alle gegevens
card-fewer = Minder gegevens

problems-none = Er zijn geen problemen.
problems-error = Er ontbreekt iets
problems-warning = Let op
problems-reopen = Opnieuw openen
problems-ignore = Negeren
problems-ignore-all = Alles negeren
problems-copy = Lijst kopiëren
problems-copied = Lijst gekopieerd
problems-more = { $count ->
    [one] En nog { $shown } probleem. De gekopieerde lijst is volledig.
   *[other] En nog { $shown } problemen. De gekopieerde lijst is volledig.
  }

charter-question = Vraag
charter-audience = Voor wie
charter-work = Bij welk werk
charter-replaces = Wat het vervangt
charter-none = Dit bestand zegt niet waar deze lens voor is.

keys-variants = Variant kiezen
keys-lenses = Lens kiezen
keys-home = Terug naar het begin
keys-space = Spatie
keys-north = Naar het noorden draaien
keys-sun = Zon en schaduw
keys-move = Schuiven over de grond
keys-turn = Draaien
keys-tilt = Kantelen
keys-zoom = Dichterbij en verder weg
keys-focus = Volgende knop
keys-open = Bestand openen
keys-quit = Afsluiten
keys-back = Een stap terug
keys-help = Dit overzicht
keys-press = Knop indrukken
keys-raise = Hoger en lager
keys-walk = Op ooghoogte lopen
keys-look = Rondkijken
keys-turn-tilt = Draaien en kantelen
keys-choose = Gebouw of ding kiezen
keys-group-desk = Programma
keys-group-view = Beeld
keys-group-mouse = Muis en trackpad
keys-group-touch = Aanraakscherm
keys-page-up = PgUp
keys-page-down = PgDn
keys-click = klik
keys-drag = slepen
keys-right-drag = rechts slepen
keys-middle-drag = midden slepen
keys-wheel = wiel of knijpen
keys-one-finger = één vinger
keys-two-fingers = twee vingers
keys-pinch = knijpen

settings-language = Taal
settings-text-size = Grootte van letters
settings-quality = Kwaliteit van het beeld
settings-quality-automatic = Vanzelf
settings-quality-low = Laag
settings-quality-middle = Midden
settings-quality-high = Hoog
settings-theme = Kleuren
settings-theme-light = Licht
settings-theme-dark = Donker
settings-reduced-motion = Minder beweging

start-about = Bekijk een plan in de stad, vanuit elke hoek en met de zon erop.
start-shipped = Lange Wemen, Hengelo
start-shipped-about = Een voorbeeld: het centrum van nu en drie manieren waarop het kan worden.
start-shipped-open = Lange Wemen bekijken
start-open = Map of bestand openen
start-open-about = Een scenario, 3D Tiles, CityJSON, glTF, een kaartbestand, luchtfoto, hoogtekaart of puntenwolk.
start-browse-file = Bestand kiezen
start-browse-folder = Map kiezen
start-path = Pad van een bestand of map
start-path-open = Openen
start-recent = Kort geleden geopend

phase-final = Eindbeeld
phase-final-about = Alles is klaar
phase-shown = Fase: { $phase }
phase-ready = Klaar in { $year }
reported-error = Er ging binnen het programma iets mis: { $what }. De rest werkt door.

drop-hint = Loslaten opent { $name }

tour-offer = Nieuw hier? Een rondleiding van een minuut wijst alles aan.
tour-start = Rondleiding
tour-not-now = Niet nu
tour-progress = { $number } van { $count }
tour-skip = Overslaan
tour-back = Vorige
tour-next = Volgende
tour-done = Klaar
tour-city = De stad bewegen
tour-city-about = Links slepen schuift, rechts slepen draait en het wiel brengt dichterbij. Spatie gaat terug naar het begin.
tour-variants = Een variant kiezen
tour-variants-about = Hier staan de situatie van nu en de plannen. Een klik of een cijfertoets laat er een zien.
tour-lenses = Een lens kiezen
tour-lenses-about = Elke lens past bij ander werk: ontwerpen, meepraten of beheren. F1, F2 en F3 wisselen ook.
tour-building = Een gebouw kiezen
tour-building-about = Een klik op een gebouw of boom toont de gegevens, met bron en datum. Esc laat weer los.
tour-layers = Lagen en legenda
tour-layers-about = Hier gaan lagen aan en uit. Eronder staat wat de kleuren betekenen en van wie de gegevens zijn.
tour-open = Iets anders openen
tour-open-about = Hier staan openen, het beginscherm en wat kort geleden open was. Een bestand op het venster slepen kan ook.
tour-keys = Alle toetsen
tour-keys-about = Achter het vraagteken staan alle toetsen. Daar begint ook deze rondleiding opnieuw.

status-coarser = Minder detail: het geheugen is vol
status-gaps = Kaartbeeld niet volledig
source-plan = plan { $variant } in { $scenario }
