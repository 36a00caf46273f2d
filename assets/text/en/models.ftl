# Models in a variant: adding and placing.
models-page = Models
models-about = Add a building or a thing to { $variant }, as glTF, GLB or OBJ.
models-browse = Choose a file
models-path = Or type the path of the file, or drop it on the picture
models-add = Add
models-busy = The model is being read…
models-list = Models in this variant
models-placing = Place the model
models-size = { $width } wide, { $depth } deep, { $height } high
models-too-large = This model is { $size } large. Is the unit right? It may have been made in millimetres.
models-too-small = This model is smaller than ten centimetres. Is the unit right?
models-own-place = This model stands at its own place, which is in the file.
models-unit = Made in
models-up = Which way is up?
models-up-y = Y axis
models-up-z = Z axis
models-rd-x = RD x (m)
models-rd-y = RD y (m)
models-nap = Height NAP (m)
models-east = To the east (m)
models-north = To the north (m)
models-height = Height (m)
models-on-ground = On the ground
models-heading = Turned, degrees clockwise
models-scale = Scale
models-point = Point at the place
models-pointing = Click where it shall stand
models-done = Done
models-remove = Remove the model
models-undo = Each step can be taken back with Ctrl+Z. All is kept in the folder of the scenario.
models-added = { $name } was added.
models-unread = { $name } cannot be added. { $reason }
models-unsaved = The models are not saved. { $reason }
models-no-file = No file was chosen. Type its path above instead.
models-no-variant = Models belong to a variant. Choose a variant first; today does not change.
models-no-scenario = No model can be added: this is no scenario. Open a folder with a scenario.json first.
models-package = This scenario is a single file and does not change. Unpack it into a folder first.
models-shipped = This example does not change. Copy its folder first and open that.
models-left-out = { $count ->
    [one] { $shown } file of the model is missing.
   *[other] { $shown } files of the model are missing.
  }
drop-hint-model = Letting go adds { $name } to this variant
