# Lagen met punten, lijnen en vlakken van elke soort.

kind-feature = Kaartobject
feature-number = Object { $number }
legend-other = overig
legend-from = vanaf { $from }
legend-from-to = { $from } tot { $to }

features-color-by = Kleur naar
features-color-as-made = zoals de laag het vraagt
features-label-by = Namen op de kaart
features-label-none = geen namen
features-height-by = Hoogte naar
features-height-flat = plat op de grond
