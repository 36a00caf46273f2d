# Meenemen: het plan als één bestand.
take-along = Meenemen
take-along-key = Plan meenemen als één bestand
take-along-about = Het plan gaat mee in één bestand: varianten, notities, cijfers en plaatjes. Het opent weer in Stadslens.
take-along-path = Waar moet het bestand komen?
take-along-save = Bestand maken
take-along-taken = Er is al een bestand met deze naam. Kies een andere naam.
take-along-started = Het bestand wordt gemaakt. Verder werken kan gewoon.
take-along-progress = Het bestand wordt gemaakt: plaatje { $done } van { $total }.
take-along-busy = Er wordt al een bestand gemaakt. Wacht tot het klaar is.
take-along-done = Het plan staat in { $path }.
take-along-gaps = { $count ->
    [one] Met { $shown } onderdeel is iets mis.
   *[other] Met { $shown } onderdelen is iets mis.
  }
take-along-failed = { $name } kan niet worden gemaakt. { $reason }
take-along-none = Open eerst een plan. Een los model kan niet mee.
