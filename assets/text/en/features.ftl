# Layers with points, lines and areas of any kind.

kind-feature = Map feature
feature-number = Feature { $number }
legend-other = other
legend-from = from { $from }
legend-from-to = { $from } to { $to }

features-color-by = Colour by
features-color-as-made = as the layer asks
features-label-by = Names on the map
features-label-none = no names
features-height-by = Height by
features-height-flat = flat on the ground
