# Notities: wat mensen aan een plan toevoegen, en of het bewaard wordt.
cause-in-use = Dit plan staat al open in een andere Stadslens. Wat er hier bij komt, wordt niet bewaard. Sluit de andere en open het plan opnieuw.
cause-unwritable = Hier kan niets worden bewaard. Is de schijf vol of op slot? Wat er bij komt, is weg na het stoppen.
cause-set-aside = Het bestand met de notities was beschadigd. Het is apart gezet en er is een nieuw bestand begonnen.
notes-unkept = Wat hier geschreven wordt, wordt niet bewaard. { $reason }

panel-notes = Notities
notes-write = Notitie schrijven
notes-undo = Ongedaan maken
notes-redo = Opnieuw doen
notes-none = Er zijn nog geen notities. Kies iets in de stad, of kijk naar een plek. Druk dan op T.
notes-none-of-kind = Er zijn geen notities van deze soort.
notes-without-text = Nog zonder tekst
notes-text = Tekst van notitie { $number }
notes-hint = Wat moet er staan?
notes-kind = Soort
notes-role = Geschreven als
notes-remove = Notitie weghalen
card-note = Notitie
note-kind-remark = Opmerking
note-kind-question = Vraag
note-kind-idea = Idee
note-kind-concern = Zorg
note-kind-task = Taak
note-role-planner = Planner
note-role-resident = Bewoner
note-role-maintainer = Beheerder
note-role-other = Iemand anders
