# Wat een pakket zegt.
export-difference = Verschil met nu:
export-unit = Eenheid
export-complete = Alles bekend
export-yes = ja
export-no = nee
export-made-on = Gemaakt met Stadslens op
export-variants = De varianten
export-pictures = De varianten naast elkaar
export-gaps = * Niet alles is bekend. Wat niet bekend is, telt niet mee.
export-sources = Waar de gegevens vandaan komen
export-open-again = Dit bestand opent ook in Stadslens. Daar kan men rondlopen en zelf kijken.
export-other-page = English
export-table = Deze tabel als bestand (CSV)
export-area = Geteld binnen het plangebied: { $title }. Het is { $size }. Schaal: { $scale }.
export-reactions = Wat bewoners ervan vinden
export-reaction-words = Wat bewoners schreven
