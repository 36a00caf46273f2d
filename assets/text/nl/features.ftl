# Lagen met punten, lijnen en vlakken van elke soort.

kind-feature = Kaartobject
feature-number = Object { $number }
legend-other = overig
legend-from = vanaf { $from }
legend-from-to = { $from } tot { $to }
