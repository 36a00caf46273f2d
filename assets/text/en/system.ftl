# In which coordinate system a file is.
system-title = Where is this file?
system-question = { $name } does not say which coordinate system it is in. Choose what is right and it is remembered.
system-unfit = { $name } names the system { $said }, which does not work. Choose what is right and it is remembered.
system-overruled = { $name } says { $said } itself. Choose what is right, and that is remembered.
system-rd = RD (Dutch grid)
system-degrees = Longitude and latitude in degrees
system-utm = UTM zone { $zone }
system-web-mercator = Web Mercator
system-lambert72 = Belgian Lambert 72
system-lambert2008 = Belgian Lambert 2008
system-laea = European grid (LAEA)
system-nowhere = No place on earth
system-nowhere-detail = Only the sizes are right, as in a drawing by itself
system-near = Then it is near { $town }
system-km-from = Then it is { $km } km from { $town }
system-at = Then it is at { $place }
town-name = { $key ->
    [Aken] Aachen
    [Antwerpen] Antwerp
    [Brugge] Bruges
    [Brussel] Brussels
    [Den-Haag] The Hague
    [Gent] Ghent
    [Keulen] Cologne
    [Kleef] Kleve
    [Luik] Liège
    [Luxemburg] Luxembourg
    [Namen] Namur
    [Rijsel] Lille
   *[other] { $town }
  }
system-shown-now = { $place } · shown like this now
system-other = Another system (EPSG number)
system-look = Where is it then?
system-take = That is right
system-unknown = This number is no system for maps. Please check it.
system-off = In this system the file is nowhere on earth. Try another one.
