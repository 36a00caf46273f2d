# Layers with points, lines and areas of any kind.

kind-feature = Map feature
feature-number = Feature { $number }
legend-other = other
legend-from = from { $from }
legend-from-to = { $from } to { $to }
