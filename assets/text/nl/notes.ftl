# Notities: wat mensen aan een plan toevoegen, en of het bewaard wordt.
cause-in-use = Dit plan staat al open in een andere Stadslens. Wat je hier toevoegt, wordt niet bewaard. Sluit de andere en open het plan opnieuw.
cause-unwritable = Hier kan niets worden bewaard. Is de schijf vol of op slot? Wat je toevoegt, gaat weg als je stopt.
cause-set-aside = Het bestand met je notities was beschadigd. Het is apart gezet en er is een nieuw bestand begonnen.
notes-unkept = Wat je schrijft, wordt niet bewaard. { $reason }
