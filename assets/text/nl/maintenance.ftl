# De lens beheer: objecten, meldingen, werklijst.
maintenance-page = Beheerobjecten
maintenance-assets = Objecten
maintenance-reports = Meldingen
maintenance-filters = Filters
maintenance-show-all = Toon alles
maintenance-save = Werklijst opslaan
maintenance-asset-count = { $left } van { $all } objecten
maintenance-report-count = { $left } van { $all } meldingen
maintenance-picked-hidden = Het gekozen ding past niet bij de filters. Daarom staat het niet in deze lijst.
maintenance-date = { $day }-{ $month }-{ $year }

maintenance-column-kind = Soort
maintenance-column-number = Nummer
maintenance-column-score = NEN
maintenance-column-level = CROW
maintenance-column-next = Inspectie
maintenance-column-category = Categorie
maintenance-column-status = Status
maintenance-column-created = Gemeld op

maintenance-scale-nen = Conditie NEN 2767
maintenance-scale-crow = Niveau CROW
maintenance-nen-1 = 1 uitstekend
maintenance-nen-2 = 2 goed
maintenance-nen-3 = 3 redelijk
maintenance-nen-4 = 4 matig
maintenance-nen-5 = 5 slecht
maintenance-nen-6 = 6 zeer slecht
maintenance-crow-1 = A+ zeer goed
maintenance-crow-2 = A goed
maintenance-crow-3 = B voldoende
maintenance-crow-4 = C matig
maintenance-crow-5 = D slecht
maintenance-no-data = geen gegevens

maintenance-overdue = Inspectie te laat
maintenance-overdue-hint = De volgende inspectie had voor vandaag, { $today }, moeten zijn. Zonder datum telt een object niet mee.
maintenance-removed = Verdwijnt in deze variant
maintenance-removed-hint = Het plan haalt dit weg in de variant en de fase die te zien zijn.

maintenance-stage-open = Nog open
maintenance-stage-in-hand = Mee bezig
maintenance-stage-done = Klaar

maintenance-file-assets = werklijst
maintenance-file-reports = meldingen

# Een bestand dat iemand wil bewaren.
save-done = Opgeslagen: { $path }
save-failed = Opslaan lukt niet in { $path }: { $reason }. Kies een andere plek.
save-no-place = Er is niets opgeslagen: er is geen plek gekozen.
save-title = Opslaan op deze computer
save-path = Waar moet het bestand komen?
save-button = Opslaan
save-taken = Er is al een bestand met deze naam. Kies een andere naam.
