# Der Kiosk: was Besucher lesen, in Wörtern, die ein Kind von neun Jahren kennt.
kiosk-setting-up = Die Ausstellung wird vorbereitet. Einen Moment.
kiosk-out-of-order = Dieser Kiosk kann gerade nichts speichern. Frag bitte jemanden vom Personal.
kiosk-closed = Die Ausstellung ist von { $from } bis { $until } Uhr geöffnet.
kiosk-over = Die Beteiligung an diesen Plänen ist beendet. Danke für alle Antworten!
kiosk-question = { $area }: Was denkst du über die Pläne?
kiosk-touch = Berühre den Bildschirm
kiosk-practice = Übung: Antworten zählen nicht
kiosk-example = Beispiel: Das ist nicht die echte Situation
kiosk-today = So ist es jetzt
kiosk-enlarge = Größere Schrift
kiosk-lower = Knöpfe weiter unten
kiosk-staff = Personal
kiosk-stop = Beenden
kiosk-back = Zurück
kiosk-choose = Welchen Plan willst du sehen?
kiosk-turn = Drehen
kiosk-nearer = Näher
kiosk-further = Weiter weg
kiosk-sun-morning = Sonne: Morgen
kiosk-sun-noon = Sonne: Mittag
kiosk-sun-evening = Sonne: Abend
kiosk-show-today = So ist es jetzt
kiosk-show-plan = So kann es werden
kiosk-what-do-you-think = Wie findest du „{ $plan }“?
kiosk-sad = Nicht gut
kiosk-neutral = Geht so
kiosk-glad = Gut
kiosk-say-more = Willst du noch etwas sagen? Du musst nicht.
kiosk-add-spot = Zeige eine Stelle
kiosk-spot-set = Deine Stelle ist gesetzt
kiosk-add-theme = Wähle ein Thema
kiosk-theme-set = Thema: { $theme }
kiosk-add-words = Schreibe ein paar Worte
kiosk-words-set = „{ $words }“
kiosk-send = Abschicken
kiosk-spot = Schiebe die Stadt, bis die Stecknadel richtig steht
kiosk-put-spot = Hier setzen
kiosk-no-spot = Doch keine Stelle
kiosk-theme = Worum geht es?
kiosk-living = Schön wohnen
kiosk-shopping = Schön einkaufen
kiosk-green-theme = Grün
kiosk-safety = Sicher
kiosk-words-warning = Schreibe keine Namen oder Telefonnummern. Jemand vom Personal liest deinen Text zuerst.
kiosk-words-field = Deine Worte
kiosk-words-left =
    { $count ->
        [one] Noch 1 Buchstabe
       *[other] Noch { $shown } Buchstaben
    }
kiosk-key-space = Leertaste
kiosk-key-back = Löschen
kiosk-key-shift = Großbuchstabe
kiosk-key-more = 123 é
kiosk-key-letters = abc
kiosk-key-done = Fertig
kiosk-sending = Deine Antwort wird gespeichert…
kiosk-failed = Deine Antwort konnte nicht gespeichert werden
kiosk-failed-help = Versuche es noch einmal. Klappt es nicht? Frag jemanden vom Personal.
kiosk-again = Noch einmal
kiosk-thanks = Danke! Deine Antwort ist gespeichert.
kiosk-thanks-count =
    { $count ->
        [one] Es gibt jetzt 1 Antwort.
       *[other] Es gibt jetzt { $shown } Antworten.
    }
kiosk-thanks-trial =
    { $count ->
        [one] Das war eine Übung. Es gibt jetzt 1 Übungsantwort.
       *[other] Das war eine Übung. Es gibt jetzt { $shown } Übungsantworten.
    }
kiosk-thanks-after = Die Gemeinde liest alle Antworten, bevor sie einen Plan wählt.
kiosk-thanks-until = Die Gemeinde liest alle Antworten, bevor sie einen Plan wählt. Am { $day } werden sie gelöscht.
kiosk-done = Fertig
kiosk-still-there = Bist du noch da?
kiosk-still-there-left =
    { $count ->
        [one] In 1 Sekunde beginnt der Kiosk von vorn.
       *[other] In { $shown } Sekunden beginnt der Kiosk von vorn.
    }
kiosk-stay = Ja, weiter
kiosk-leave = Nein, beenden
kiosk-homes-now =
    { $count ->
        [one] 1 Wohnung
       *[other] { $shown } Wohnungen
    }
kiosk-trees-now =
    { $count ->
        [one] 1 Baum
       *[other] { $shown } Bäume
    }
kiosk-parking-now =
    { $count ->
        [one] 1 Parkplatz
       *[other] { $shown } Parkplätze
    }
kiosk-green-now =
    { $count ->
       *[other] { $shown } m² Grün
    }
kiosk-homes =
    { $count ->
        [one] 1 Wohnung
       *[other] { $shown } Wohnungen
    }
kiosk-trees =
    { $count ->
        [one] 1 Baum
       *[other] { $shown } Bäume
    }
kiosk-parking =
    { $count ->
        [one] 1 Parkplatz
       *[other] { $shown } Parkplätze
    }
kiosk-green =
    { $count ->
       *[other] { $shown } m² Grün
    }
kiosk-homes-same = gleich viele Wohnungen
kiosk-trees-same = gleich viele Bäume
kiosk-parking-same = gleich viele Parkplätze
kiosk-green-same = gleich viel Grün
kiosk-more = { $what } mehr
kiosk-fewer = { $what } weniger
