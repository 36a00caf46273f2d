# Gemeten punten: hoe ze gekleurd zijn, wat hun soort is, en de kaart van één punt.
points-color = Kleur
points-by-rgb = echte kleur
points-by-class = soort
points-by-height = hoogte
points-by-intensity = sterkte
points-classes = Soorten: druk erop om ze weg te laten
points-strong = sterke weerkaatsing
points-weak = zwakke weerkaatsing

points-class-none = Niet ingedeeld
points-class-ground = Grond
points-class-low = Lage begroeiing
points-class-middle = Struiken
points-class-high = Bomen
points-class-building = Gebouw
points-class-water = Water
points-class-rail = Spoor
points-class-road = Weg
points-class-wire = Leiding of mast
points-class-bridge = Brugdek
points-class-ignored = Grond, telt niet mee
points-class-works = Brug, viaduct of sluis
points-class-other = Soort { $class }

points-kind = Gemeten punt
points-x = x (RD)
points-y = y (RD)
points-east = Naar het oosten
points-north = Naar het noorden
points-height = Hoogte
points-intensity = Sterkte van de weerkaatsing
points-echo = Weerkaatsing
points-echo-of = { $number } van { $returns }
points-class = Soort (LAS)
points-rgb = Kleur (rood, groen, blauw)
