# Een beeld van wat er te zien is, als bestand
picture = Beeld bewaren
picture-key = Bewaren wat er te zien is, als beeld
picture-started = Het beeld wordt gemaakt. Verder werken kan gewoon.
picture-busy = Er wordt al een beeld gemaakt. Wacht tot het klaar is.
picture-none = Open eerst een plan of een bestand. Dan is er iets om te bewaren.
picture-given-up = Het beeld is niet gemaakt: er is intussen iets anders gekozen om te tonen.
picture-incomplete = Het beeld is klaar, maar nog niet alles was geladen.
picture-failed = Het beeld kan niet worden gemaakt. Probeer het nog eens. { $reason }
picture-file = beeld
