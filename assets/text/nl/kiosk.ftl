# De kiosk: wat een bezoeker leest, in woorden die een kind van negen kent.
kiosk-setting-up = De tentoonstelling wordt klaargezet. Een ogenblik.
kiosk-out-of-order = Deze kiosk kan nu geen reacties bewaren. Vraag een medewerker.
kiosk-closed = De tentoonstelling is open van { $from } tot { $until } uur.
kiosk-over = Meepraten over deze plannen kan niet meer. Bedankt voor alle reacties!
kiosk-question = { $area }: wat vind jij van de plannen?
kiosk-touch = Raak het scherm aan
kiosk-practice = Oefenen: reacties tellen niet mee
kiosk-example = Voorbeeld: dit is niet de echte situatie
kiosk-today = Zo is het nu
kiosk-enlarge = Grotere letters
kiosk-lower = Knoppen lager
kiosk-staff = Medewerkers
kiosk-stop = Stoppen
kiosk-back = Terug
kiosk-choose = Welk plan wil je bekijken?
kiosk-turn = Draaien
kiosk-nearer = Dichterbij
kiosk-further = Verder weg
kiosk-sun-morning = Zon: ochtend
kiosk-sun-noon = Zon: middag
kiosk-sun-evening = Zon: avond
kiosk-show-today = Zo is het nu
kiosk-show-plan = Zo kan het worden
kiosk-what-do-you-think = Wat vind je van “{ $plan }”?
kiosk-sad = Niet fijn
kiosk-neutral = Gaat wel
kiosk-glad = Fijn
kiosk-say-more = Wil je nog iets zeggen? Het hoeft niet.
kiosk-add-spot = Wijs een plek aan
kiosk-spot-set = Je plek staat er
kiosk-add-theme = Kies een onderwerp
kiosk-theme-set = Onderwerp: { $theme }
kiosk-add-words = Schrijf een paar woorden
kiosk-words-set = “{ $words }”
kiosk-send = Versturen
kiosk-spot = Schuif de stad tot de speld goed staat
kiosk-put-spot = Zet hier
kiosk-no-spot = Toch geen plek
kiosk-theme = Waar gaat het over?
kiosk-living = Fijn wonen
kiosk-shopping = Fijn winkelen
kiosk-green-theme = Groen
kiosk-safety = Veilig
kiosk-words-warning = Schrijf geen namen of telefoonnummers op. Een medewerker leest je tekst eerst.
kiosk-words-field = Jouw woorden
kiosk-words-left =
    { $count ->
        [one] Nog 1 letter
       *[other] Nog { $shown } letters
    }
kiosk-key-space = Spatie
kiosk-key-back = Wissen
kiosk-key-shift = Hoofdletter
kiosk-key-more = 123 é
kiosk-key-letters = abc
kiosk-key-done = Klaar
kiosk-sending = Je reactie wordt bewaard…
kiosk-failed = Je reactie kon niet worden bewaard
kiosk-failed-help = Probeer het nog een keer. Lukt het niet? Vraag een medewerker.
kiosk-again = Nog een keer
kiosk-thanks = Bedankt! Je reactie is bewaard.
kiosk-thanks-count =
    { $count ->
        [one] Er is nu 1 reactie.
       *[other] Er zijn nu { $shown } reacties.
    }
kiosk-thanks-trial =
    { $count ->
        [one] Dit was om te oefenen. Er is nu 1 oefenreactie.
       *[other] Dit was om te oefenen. Er zijn nu { $shown } oefenreacties.
    }
kiosk-thanks-after = De gemeente leest alle reacties voordat zij een plan kiest.
kiosk-thanks-until = De gemeente leest alle reacties voordat zij een plan kiest. Op { $day } worden ze gewist.
kiosk-done = Klaar
kiosk-still-there = Ben je er nog?
kiosk-still-there-left =
    { $count ->
        [one] Over 1 seconde begint de kiosk opnieuw.
       *[other] Over { $shown } seconden begint de kiosk opnieuw.
    }
kiosk-stay = Ja, verder
kiosk-leave = Nee, stoppen
kiosk-homes-now =
    { $count ->
        [one] 1 woning
       *[other] { $shown } woningen
    }
kiosk-trees-now =
    { $count ->
        [one] 1 boom
       *[other] { $shown } bomen
    }
kiosk-parking-now =
    { $count ->
        [one] 1 parkeerplaats
       *[other] { $shown } parkeerplaatsen
    }
kiosk-green-now =
    { $count ->
       *[other] { $shown } m² groen
    }
kiosk-homes =
    { $count ->
        [one] 1 woning
       *[other] { $shown } woningen
    }
kiosk-trees =
    { $count ->
        [one] 1 boom
       *[other] { $shown } bomen
    }
kiosk-parking =
    { $count ->
        [one] 1 parkeerplaats
       *[other] { $shown } parkeerplaatsen
    }
kiosk-green =
    { $count ->
       *[other] { $shown } m² groen
    }
kiosk-homes-same = evenveel woningen
kiosk-trees-same = evenveel bomen
kiosk-parking-same = evenveel parkeerplaatsen
kiosk-green-same = evenveel groen
kiosk-more = { $what } meer
kiosk-fewer = { $what } minder
