# What all lenses share.
lens-design = Design
lens-participation = Participation
lens-maintenance = Maintenance
certainty-decided = decided
certainty-open = open
certainty-sketch = sketch
banner-synthetic = Example: this is not the real situation

panel-variants = Variants
panel-viewpoints = Viewpoints
panel-layers = Layers
panel-card = Details
panel-problems = Problems
panel-fold = Fold
close = Close

top-nothing-open = Nothing open
top-open = Open a file or folder
top-start = Start screen
top-charter = What is this lens for?
top-keys = Keys
top-settings = Settings
top-language = Language

status-complete = Picture complete
status-loading = Loading the picture: { $done } of { $total }
status-problems = { $count ->
    [one] { $shown } problem
   *[other] { $shown } problems
  }
status-copy-place = Click to copy
status-place-copied = Place copied

tools-home = Back to the start
tools-north = Turn to the north
tools-sun = Sun and shade

sun-day = Choose a day
sun-time = Time
sun-rise-set = Sunrise { $rise }, sunset { $set }
sun-month-earlier = A month earlier
sun-day-earlier = A day earlier
sun-day-later = A day later
sun-month-later = A month later

variants-none = This file has no variants.
viewpoints-none = This file has no viewpoints.
layers-none = There are no layers.
layers-synthetic = example, not measured
source-unknown = owner unknown
source-no-licence = licence unknown

card-source = Source
card-certainty = Status
card-fly-to = Fly there
card-copy = Copy
card-copied = Details copied
card-all = All details
card-fewer = Fewer details

problems-none = There are no problems.
problems-error = Something is missing
problems-warning = Note
problems-retry = Try again
problems-ignore = Ignore
problems-ignore-all = Ignore all
problems-copy = Copy the list
problems-copied = List copied
problems-more = { $count ->
    [one] And { $shown } more problem. The copied list is complete.
   *[other] And { $shown } more problems. The copied list is complete.
  }

charter-question = Question
charter-audience = For whom
charter-work = Part of which work
charter-replaces = What it replaces
charter-none = This file does not say what this lens is for.

keys-variants = Choose a variant
keys-lenses = Choose a lens
keys-home = Back to the start
keys-space = Space
keys-north = Turn to the north
keys-sun = Sun and shade
keys-move = Move along the ground
keys-turn = Turn
keys-tilt = Tilt
keys-zoom = Closer and farther
keys-focus = Next button
keys-open = Open a file
keys-quit = Quit
keys-back = One step back
keys-help = This overview
keys-mouse = Mouse: drag left to move over the ground, drag right to turn, the wheel comes closer.
keys-touch = Touch: one finger turns, two fingers move and come closer.

settings-language = Language
settings-text-size = Size of letters
settings-quality = Quality of the picture
settings-quality-automatic = Automatic
settings-quality-low = Low
settings-quality-middle = Middle
settings-quality-high = High
settings-theme = Colours
settings-theme-light = Light
settings-theme-dark = Dark
settings-reduced-motion = Less movement

start-about = See a plan in the city, from every side and with the sun on it.
start-shipped = Lange Wemen, Hengelo
start-shipped-about = An example: the centre as it is and three ways in which it could change.
start-shipped-open = See the Lange Wemen
start-open = Open a folder or file
start-open-about = A scenario, scenario package, 3D Tiles or glTF.
start-browse-file = Choose a file
start-browse-folder = Choose a folder
start-path = Path of a file or folder
start-path-open = Open
start-recent = Opened lately

phase-final = Final state
phase-final-about = Everything is finished
phase-shown = Phase: { $phase }
phase-ready = Ready in { $year }
reported-error = Something went wrong inside the program: { $what }. The rest goes on.
