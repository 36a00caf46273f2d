# Own data: models in a plan.
counted-new-model = New model
owndata-model-uncounted = unknown, does not count
owndata-model-form = Built ground and height
owndata-model-file = File
