# In welk coördinatenstelsel een bestand staat.
system-title = Waar ligt dit bestand?
system-question = { $name } zegt niet in welk coördinatenstelsel het staat. Kies wat klopt, dan wordt dat onthouden.
system-unfit = { $name } noemt het stelsel { $said }. Daarmee lukt het niet. Kies wat klopt, dan wordt dat onthouden.
system-overruled = { $name } noemt zelf { $said }. Kies wat klopt, dan wordt dat onthouden.
system-rd = RD (Rijksdriehoek)
system-degrees = Lengte en breedte in graden
system-utm = UTM zone { $zone }
system-web-mercator = Web Mercator
system-lambert72 = Belgisch Lambert 72
system-lambert2008 = Belgisch Lambert 2008
system-laea = Europees raster (LAEA)
system-nowhere = Zonder plaats op aarde
system-nowhere-detail = Alleen de maten kloppen, zoals bij een losse tekening
system-near = Dan ligt het bij { $town }
system-km-from = Dan ligt het { $km } km van { $town }
system-at = Dan ligt het op { $place }
town-name = { $key ->
   *[other] { $town }
  }
system-shown-now = { $place } · zo staat het er nu
system-other = Ander stelsel (EPSG-nummer)
system-look = Waar ligt het dan?
system-take = Zo klopt het
system-unknown = Dit nummer is geen stelsel voor kaarten. Kijk het nog eens na.
system-off = In dit stelsel ligt het bestand nergens op aarde. Probeer een ander.
