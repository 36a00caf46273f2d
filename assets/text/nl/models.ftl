# Modellen in een variant: toevoegen en plaatsen.
models-page = Modellen
models-about = Voeg een gebouw of ding toe aan { $variant }, als glTF, GLB of OBJ.
models-browse = Bestand kiezen
models-path = Of typ het pad van het bestand, of sleep het op het beeld
models-add = Toevoegen
models-busy = Het model wordt gelezen…
models-list = Modellen in deze variant
models-placing = Model plaatsen
models-size = { $width } breed, { $depth } diep, { $height } hoog
models-too-large = Dit model is { $size } groot. Klopt de eenheid? Misschien is het in millimeter gemaakt.
models-too-small = Dit model is kleiner dan tien centimeter. Klopt de eenheid?
models-own-place = Dit model staat op zijn eigen plek. Die staat in het bestand.
models-unit = Gemaakt in
models-up = Wat wijst omhoog?
models-up-y = Y-as
models-up-z = Z-as
models-rd-x = RD x (m)
models-rd-y = RD y (m)
models-nap = Hoogte NAP (m)
models-east = Naar het oosten (m)
models-north = Naar het noorden (m)
models-height = Hoogte (m)
models-on-ground = Op het maaiveld
models-heading = Gedraaid, graden met de klok mee
models-scale = Schaal
models-point = Aanwijzen in beeld
models-pointing = Klik waar het moet staan
models-done = Klaar
models-remove = Model weghalen
models-undo = Elke stap is terug te draaien met Ctrl+Z. Alles wordt bewaard in de map van het scenario.
models-added = { $name } is toegevoegd.
models-unread = { $name } kan niet worden toegevoegd. { $reason }
models-unsaved = De modellen zijn niet bewaard. { $reason }
models-no-file = Er is geen bestand gekozen. Typ anders hierboven het pad.
models-no-variant = Modellen horen bij een variant. Kies eerst een variant; aan nu verandert niets.
models-no-scenario = Hier kan geen model bij: dit is geen scenario. Open eerst een map met een scenario.json.
models-package = Dit scenario is één bestand en verandert niet. Pak het eerst uit in een map.
models-shipped = Dit voorbeeld verandert niet. Kopieer eerst de map en open die.
models-left-out = { $count ->
    [one] { $shown } bestand van het model ontbreekt.
   *[other] { $shown } bestanden van het model ontbreken.
  }
drop-hint-model = Loslaten voegt { $name } toe aan deze variant
