# Eigen gegevens: modellen in een plan.
counted-new-model = Nieuw model
owndata-model-uncounted = onbekend, telt niet mee
owndata-model-form = Bebouwd oppervlak en hoogte
owndata-model-file = Bestand
